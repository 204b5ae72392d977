//! Letters with a code: printed for a parent or a pupil, and typed.

use preau::base::profile::Profile;
use preau::base::typed_ids::{PersonId, PupilId};
use preau::base::uai::Uai;
use preau::db::Durability;
use preau::letters::ops::known_people::settle_accounts;
use preau::letters::ops::recipients::{self, LetterPerson, LetterScope};
use preau::letters::ops::{LetterOrder, draw, issue};
use preau::tenants;

use super::proofs::Flow;
use crate::support::Browser;
use crate::years::people::SCHOOLS;
use crate::years::who::Who;
use crate::years::world::{Act, World};

const PRINT: &str = "print a letter";

impl World {
    /// Prints a letter for a parent, as the command does.
    pub async fn print_letter(&mut self, h: usize) -> Result<Act, String> {
        let (who, human) = (Who::Parent(h), self.town.humans[h].clone());
        let school = SCHOOLS
            .iter()
            .zip(&self.rosters)
            .find(|(_, one)| one.links.iter().any(|link| link.contains(&human.record())));
        let Some((school, _)) = school else { return Ok(Act::of(PRINT, Some(who), "no school")) };
        let sql = "SELECT id FROM person WHERE academy = $1 AND person_key = $2";
        let args = vec![human.academy.into(), human.key.to_string().into()];
        let (id,): (String,) = self.server.app.db.read().await.unwrap().fetch_one(sql, args).await.unwrap();
        self.issue_letter(who, school.uai, LetterPerson::Parent(PersonId::new(id))).await
    }

    /// Prints a pupil's sheet.
    pub async fn print_sheet(&mut self, c: usize) -> Result<Act, String> {
        let who = Who::Pupil(c);
        let Some(school) = self.schools_of(c).into_iter().next() else {
            return Ok(Act::of(PRINT, Some(who), "no school"));
        };
        let id = self.pupil_id(c, SCHOOLS[school].academy).await;
        self.issue_letter(who, SCHOOLS[school].uai, LetterPerson::Pupil(PupilId::new(id))).await
    }

    /// Returns the id of a pupil's record in an academy whose roster names the pupil.
    pub(super) async fn pupil_id(&self, c: usize, academy: &'static str) -> String {
        let sql = "SELECT id FROM pupil WHERE academy = $1 AND pupil_key = $2";
        let args = vec![academy.into(), self.town.children[c].key_in(academy).to_string().into()];
        let (id,): (String,) = self.server.app.db.read().await.unwrap().fetch_one(sql, args).await.unwrap();
        id
    }

    async fn issue_letter(&mut self, who: Who, uai: &str, person: LetterPerson) -> Result<Act, String> {
        let uai = Uai::parse(uai).unwrap();
        let (profile, person_id) = match &person {
            LetterPerson::Parent(id) => (Profile::Responsable, Some(id.clone())),
            LetterPerson::Pupil(_) => (Profile::Eleve, None),
        };
        let op = self.server.operation();
        let mut tx = op.write(Durability::Durable).await.unwrap();
        let scope = LetterScope::Person(person);
        let mut all = recipients::list(&mut tx, &uai, &scope, profile, true).await.unwrap();
        let school = tenants::store::find_school(&mut tx, &uai).await.unwrap().unwrap();
        if settle_accounts(&mut tx, &self.server.app.master_key, &school, &all).await.unwrap() {
            all = recipients::list(&mut tx, &uai, &scope, profile, true).await.unwrap();
        }
        let Some(one) = all.into_iter().find(|one| one.left_out.is_none()) else {
            tx.rollback().await.unwrap();
            return Ok(Act::of(PRINT, Some(who), "left out"));
        };
        let account = recipients::account_for(&mut tx, &one).await.unwrap();
        let order = LetterOrder {
            account_id: &account.id,
            kind: one.kind(),
            uai: &uai,
            person_id: person_id.as_ref(),
            pupil_id: None,
            reason: "x",
        };
        let drawn = draw(&mut tx, order.kind, &uai).await.unwrap();
        issue(&mut tx, &self.server.app.master_key, order, &drawn).await.unwrap();
        tx.commit().await.unwrap();
        let letter = (account.identifiant.clone(), drawn.code.to_printed_form());
        self.take_letter(who, account.id.as_str(), letter).await;
        self.count(if profile == Profile::Eleve { "a pupil's sheet" } else { "a letter" });
        Ok(Act::of(PRINT, Some(who), "printed"))
    }

    /// Gives somebody a letter: identifiant and code.
    pub(super) async fn take_letter(&mut self, who: Who, account: &str, letter: (String, String)) {
        let sql = "SELECT id, account_id FROM letter WHERE account_id = $1 ORDER BY issued_at DESC, id DESC LIMIT 1";
        let args = vec![account.into()];
        let row = self.server.app.db.read().await.unwrap().fetch_one(sql, args).await.unwrap();
        let commits = self.commit_count();
        self.oracle.keep_for_this_act("letter", row, commits);
        self.life_mut(who).known.letter = Some(letter);
    }

    /// Types the code of a letter. One that serves no more is thrown away.
    pub async fn use_letter(&mut self, who: Who) -> Result<Act, String> {
        let Some((identifiant, code)) = self.life(who).known.letter.clone() else {
            return Ok(Act::of("letter", Some(who), "no letter"));
        };
        let mut browser = Browser::new(&self.server);
        browser.get("/lettre").await;
        browser.submit("continuer", &[("identifiant", &identifiant), ("code", &code)]).await;
        browser.follow().await;
        if browser.url.path() == "/lettre" {
            self.life_mut(who).known.letter = None;
        }
        match who {
            Who::Parent(h) => self.prove_dates(h, Flow::Letter, browser).await,
            Who::Pupil(c) => self.prove_birth(c, Flow::Letter, browser).await,
        }
    }
}
