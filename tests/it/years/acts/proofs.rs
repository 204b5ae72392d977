//! Activation and recovery: codes, birth dates, and the password that they lead to.

use super::has_button;
use crate::support::Browser;
use crate::years::people::NOBODYS_BIRTH_DATE;
use crate::years::who::Who;
use crate::years::world::{Act, World};

const PASSWORDS: [&str; 4] = ["Cheval-7-bleu", "Tilleul+9-orage", "Autre-mot-99", "Marmotte-4-neige"];

/// A flow that asks for birth dates: an activation asks *Oui* or *Non* too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
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
    fn ended(self, who: Who) -> &'static str {
        match (self, who) {
            (Flow::Activation, _) => "an activation",
            (Flow::Letter, Who::Parent(_)) => "a password by letter",
            (Flow::Letter, Who::Pupil(_)) => "a pupil's password by letter",
            (Flow::Recovery, Who::Parent(_)) => "a recovery",
            (Flow::Recovery, Who::Pupil(_)) => "a pupil's password by mail",
        }
    }
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
        let who = Who::Parent(h);
        let Some(identifiant) = self.life(who).known.identifiant.clone() else {
            return Ok(Act::of("recovery", Some(who), "no identifiant"));
        };
        let mut browser = Browser::new(&self.server);
        let sent = self.post.arrived_count();
        browser.forget(&identifiant).await;
        self.prove_code(h, (Flow::Recovery, sent), browser).await
    }

    /// Returns the code that came by SMS since then, to whichever mobile of the person.
    fn code_by_sms(&self, h: usize, sent: usize) -> Option<String> {
        let records = self.town.records_of(h).into_iter();
        let mut numbers = records.map(|n| self.town.humans[n].number());
        numbers.find_map(|number| self.post.code_for(&number, sent))
    }

    /// Types the code that came by SMS, sometimes after a wrong one.
    async fn prove_code(&mut self, h: usize, (flow, sent): (Flow, usize), browser: Browser) -> Result<Act, String> {
        let mut browser = browser;
        let stopped = |word: &str| Ok(Act::of(flow.name(), Some(Who::Parent(h)), word));
        if !browser.url.path().ends_with("/code") || !has_button(&browser, "continuer") {
            return stopped(browser.url.path());
        }
        self.server.drain_outbox().await;
        let Some(code) = self.code_by_sms(h, sent) else {
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
    pub(super) async fn prove_dates(&mut self, h: usize, flow: Flow, browser: Browser) -> Result<Act, String> {
        let mut browser = browser;
        let stopped = |word: &str| Ok(Act::of(flow.name(), Some(Who::Parent(h)), word));
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
                return self.choose_password(Who::Parent(h), flow, browser).await;
            }
        }
        stopped(browser.url.path())
    }

    /// Types a pupil's own birth date, sometimes after a wrong one, and chooses a password.
    pub(super) async fn prove_birth(&mut self, c: usize, flow: Flow, browser: Browser) -> Result<Act, String> {
        let mut browser = browser;
        let who = Who::Pupil(c);
        let born = self.town.children[c].born.clone();
        for is_right in [!self.dice.one_in(6), true] {
            if !browser.url.path().ends_with("/naissance") || !has_button(&browser, "confirmer") {
                break;
            }
            browser.type_own_date(if is_right { born.as_str() } else { NOBODYS_BIRTH_DATE }).await;
            let led_on = browser.url.path().ends_with("/mot-de-passe");
            if led_on && !is_right {
                return Err(format!("a wrong birth date led to {}", browser.url));
            }
            if led_on {
                return self.choose_password(who, flow, browser).await;
            }
        }
        Ok(Act::of(flow.name(), Some(who), browser.url.path()))
    }

    /// Chooses a password after the proofs, or leaves.
    async fn choose_password(&mut self, who: Who, flow: Flow, browser: Browser) -> Result<Act, String> {
        let mut browser = browser;
        let mut act = Act { is_proven: true, ..Act::of(flow.name(), Some(who), "left before the password") };
        if self.dice.one_in(8) || !has_button(&browser, "terminer") {
            return Ok(act);
        }
        let former = self.life(who).known.password;
        let others: Vec<&str> = PASSWORDS.into_iter().filter(|one| *one != former).collect();
        let password = self.dice.pick(&others);
        browser.choose_password(password).await;
        act.word = browser.url.path().to_owned();
        if act.word.ends_with("/terminee") || act.word.ends_with("/termine") {
            let life = self.life_mut(who);
            life.known.password = password;
            life.known.letter = life.known.letter.take().filter(|_| flow != Flow::Letter);
            life.browser = browser;
            self.acknowledge_password(who, password).await?;
            self.count(flow.ended(who));
        }
        Ok(act)
    }

    /// Keeps what the answer said: this password, and a session.
    async fn acknowledge_password(&mut self, who: Who, password: &'static str) -> Result<(), String> {
        let missing = || format!("acknowledged, and never there: the password of {who:?}");
        let Some(account) = self.account_of(who).await else { return Err(missing()) };
        let sql = "SELECT id, password FROM account WHERE id = $1 AND password IS NOT NULL";
        let args = vec![account.as_str().into()];
        let found = self.server.app.db.read().await.unwrap().fetch_optional(sql, args).await.unwrap();
        let Some(stored) = found else { return Err(missing()) };
        let commits = self.commit_count();
        self.oracle.keep("password", stored, commits);
        self.chosen.insert(account.clone(), password);
        self.acknowledge_session(&account).await?;
        self.acknowledge_journal().await;
        Ok(())
    }
}
