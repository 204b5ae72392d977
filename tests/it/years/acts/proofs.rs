//! Activation, recovery and letters: codes, birth dates, and the password that they lead to.

use preau::base::profile::Profile;
use preau::base::typed_ids::PersonId;
use preau::base::uai::Uai;
use preau::db::Durability;
use preau::letters::ops::recipients::{self, LetterPerson, LetterScope};
use preau::letters::ops::{LetterOrder, draw, issue};

use crate::support::Browser;
use crate::years::people::{NOBODYS_BIRTH_DATE, SCHOOLS};
use crate::years::world::{Act, World};

const PASSWORDS: [&str; 4] = ["Cheval-7-bleu", "Tilleul+9-orage", "Autre-mot-99", "Marmotte-4-neige"];

/// A flow that asks for birth dates: an activation asks *Oui* or *Non* too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    Activation,
    Recovery,
    Letter,
}

impl Flow {
    fn name(self) -> &'static str {
        match self {
            Flow::Activation => "activation",
            Flow::Recovery => "recovery",
            Flow::Letter => "letter",
        }
    }

    /// Returns the count of those that came to their end.
    fn ended(self) -> &'static str {
        match self {
            Flow::Activation => "an activation",
            Flow::Recovery => "a recovery",
            Flow::Letter => "a password by letter",
        }
    }
}

fn has_button(browser: &Browser, button: &str) -> bool {
    browser.page.has_element(&format!("button#{button}"))
}

/// Returns another code, which is as well formed.
fn other_code(code: &str) -> String {
    let last = if code.ends_with('0') { '1' } else { '0' };
    format!("{}{last}", &code[..code.len() - 1])
}

impl World {
    /// Activates, or tries to.
    pub async fn activate(&mut self, h: usize) -> Result<Act, String> {
        let human = self.town.humans[h].clone();
        let mut browser = Browser::new(&self.server);
        browser.get("/activation").await;
        let sent = self.post.arrived_count();
        browser.identify_as(human.nom, human.prenom, &human.phone).await;
        browser.follow().await;
        self.prove_code(h, (Flow::Activation, sent), browser).await
    }

    /// Asks for a new password.
    pub async fn recover(&mut self, h: usize) -> Result<Act, String> {
        let Some(identifiant) = self.lives[h].known.identifiant.clone() else {
            return Ok(Act::of("recovery", Some(h), "no identifiant"));
        };
        let mut browser = Browser::new(&self.server);
        let sent = self.post.arrived_count();
        browser.forget(&identifiant).await;
        self.prove_code(h, (Flow::Recovery, sent), browser).await
    }

    /// Types the code that came by SMS, sometimes after a wrong one.
    async fn prove_code(&mut self, h: usize, (flow, sent): (Flow, usize), browser: Browser) -> Result<Act, String> {
        let mut browser = browser;
        let stopped = |word: &str| Ok(Act::of(flow.name(), Some(h), word));
        if !browser.url.path().ends_with("/code") || !has_button(&browser, "continuer") {
            return stopped(browser.url.path());
        }
        self.server.drain_outbox().await;
        let Some(code) = self.post.code_for(&self.town.humans[h].number(), sent) else {
            return stopped("no code came");
        };
        if self.dice.one_in(6) {
            browser.type_code(&other_code(&code)).await;
            if ["/enfants", "/preuve", "/mot-de-passe"].iter().any(|end| browser.url.path().ends_with(end)) {
                return Err(format!("a wrong code led to {}", browser.url));
            }
            if !browser.url.path().ends_with("/code") || !has_button(&browser, "continuer") {
                return stopped(browser.url.path());
            }
        }
        browser.type_code(&code).await;
        self.prove_dates(h, flow, browser).await
    }

    /// Types the children's birth dates, sometimes after wrong ones, and chooses a password.
    async fn prove_dates(&mut self, h: usize, flow: Flow, browser: Browser) -> Result<Act, String> {
        let mut browser = browser;
        let stopped = |word: &str| Ok(Act::of(flow.name(), Some(h), word));
        for is_right in [!self.dice.one_in(6), true] {
            if !browser.url.path().ends_with("/enfants") || !has_button(&browser, "confirmer") {
                return stopped(browser.url.path());
            }
            let right = self.town.dates_on(h, &browser.page.visible_text());
            let wrong = vec![NOBODYS_BIRTH_DATE; right.len()];
            let dates = if is_right { &right } else { &wrong };
            match flow {
                Flow::Activation => _ = browser.answer_children(dates).await,
                Flow::Recovery | Flow::Letter => browser.type_dates(dates).await,
            }
            let led_on = browser.url.path().ends_with("/mot-de-passe");
            if led_on && !is_right {
                return Err(format!("wrong dates led to {}", browser.url));
            }
            if led_on {
                return self.choose_password(h, flow, browser).await;
            }
        }
        stopped(browser.url.path())
    }

    /// Chooses a password after the proofs, or leaves.
    async fn choose_password(&mut self, h: usize, flow: Flow, browser: Browser) -> Result<Act, String> {
        let mut browser = browser;
        let mut act = Act { is_proven: true, ..Act::of(flow.name(), Some(h), "left before the password") };
        if self.dice.one_in(8) || !has_button(&browser, "terminer") {
            return Ok(act);
        }
        let former = self.lives[h].known.password;
        let others: Vec<&str> = PASSWORDS.into_iter().filter(|one| *one != former).collect();
        let password = self.dice.pick(&others);
        browser.choose_password(password).await;
        act.word = browser.url.path().to_owned();
        if act.word.ends_with("/terminee") || act.word.ends_with("/termine") {
            let life = &mut self.lives[h];
            life.known.password = password;
            life.known.letter = life.known.letter.take().filter(|_| flow != Flow::Letter);
            life.browser = browser;
            self.acknowledge_password(h).await?;
            self.count(flow.ended());
        }
        Ok(act)
    }

    /// Keeps what the answer said: this password, and a session.
    async fn acknowledge_password(&mut self, h: usize) -> Result<(), String> {
        let human = self.town.humans[h].record();
        let missing = format!("acknowledged, and never there: the password of {human}");
        let Some(account) = self.find_account(h).await else { return Err(missing) };
        let sql = "SELECT id, password FROM account WHERE id = $1 AND password IS NOT NULL";
        let args = vec![account.as_str().into()];
        let found = self.server.app.db.read().await.unwrap().fetch_optional(sql, args).await.unwrap();
        let Some(stored) = found else { return Err(missing) };
        let commits = self.commit_count();
        self.oracle.keep("password", stored, commits);
        self.acknowledge_session(&account).await?;
        self.acknowledge_journal().await;
        Ok(())
    }

    /// Prints a letter for a parent, as the command does.
    pub async fn print_letter(&mut self, h: usize) -> Result<Act, String> {
        const NAME: &str = "print a letter";
        let human = self.town.humans[h].clone();
        let school = SCHOOLS
            .iter()
            .zip(&self.rosters)
            .find(|(_, one)| one.links.iter().any(|link| link.contains(&human.record())));
        let Some((school, _)) = school else { return Ok(Act::of(NAME, Some(h), "no school")) };
        let uai = Uai::parse(school.uai).unwrap();
        let op = self.server.operation();
        let mut tx = op.write(Durability::Durable).await.unwrap();
        let sql = "SELECT id FROM person WHERE academy = $1 AND person_key = $2";
        let args = vec![human.academy.into(), human.key.to_string().into()];
        let (person,): (String,) = tx.fetch_one(sql, args).await.unwrap();
        let person = PersonId::new(person);
        let scope = LetterScope::Person(LetterPerson::Parent(person.clone()));
        let all = recipients::list(&mut tx, &uai, &scope, Profile::Responsable, true).await.unwrap();
        let Some(one) = all.into_iter().find(|one| one.left_out.is_none()) else {
            tx.rollback().await.unwrap();
            return Ok(Act::of(NAME, Some(h), "left out"));
        };
        let account = recipients::account_for(&mut tx, &one).await.unwrap();
        let order = LetterOrder {
            account_id: &account.id,
            kind: one.kind(),
            uai: &uai,
            person_id: Some(&person),
            pupil_id: None,
            reason: "x",
        };
        let drawn = draw(&mut tx, order.kind, &uai).await.unwrap();
        issue(&mut tx, &self.server.app.master_key, order, &drawn).await.unwrap();
        tx.commit().await.unwrap();
        self.lives[h].known.letter = Some((account.identifiant.clone(), drawn.code.to_printed_form()));
        let sql = "SELECT id, account_id FROM letter WHERE account_id = $1 ORDER BY issued_at DESC, id DESC LIMIT 1";
        let args = vec![account.id.as_str().into()];
        let row = self.server.app.db.read().await.unwrap().fetch_one(sql, args).await.unwrap();
        let commits = self.commit_count();
        self.oracle.keep_for_this_act("letter", row, commits);
        self.count("a letter");
        Ok(Act::of(NAME, Some(h), "printed"))
    }

    /// Types the code of a letter.
    pub async fn use_letter(&mut self, h: usize) -> Result<Act, String> {
        let Some((identifiant, code)) = self.lives[h].known.letter.clone() else {
            return Ok(Act::of("letter", Some(h), "no letter"));
        };
        let mut browser = Browser::new(&self.server);
        browser.get("/lettre").await;
        browser.submit("continuer", &[("identifiant", &identifiant), ("code", &code)]).await;
        browser.follow().await;
        self.prove_dates(h, Flow::Letter, browser).await
    }
}
