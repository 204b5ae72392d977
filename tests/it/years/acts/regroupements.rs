//! Two accounts of one person: joined with the proof of both, and separated again within seven days.

use axum::http::StatusCode;
use preau::regroup::UNDO_TTL;

use super::has_button;
use crate::support::Browser;
use crate::years::people::NOBODYS_BIRTH_DATE;
use crate::years::who::Who;
use crate::years::world::{Act, World};

const JOIN: &str = "regroupement";
const UNDO: &str = "undo of a regroupement";
const WRONG_PASSWORD: &str = "Faux-mot-de-passe-2";

/// The typed proof of the other account.
enum OtherProof {
    Password(String),
    Letter(String),
}

impl World {
    /// Joins the accounts of somebody of whom two academies have a record, or separates them. Whoever lacks one of the
    /// accounts activates it first.
    pub async fn regroup(&mut self) -> Result<Act, String> {
        let (all, young) = (self.town.pairs(), self.young_pairs());
        let [home, elsewhere] =
            if young.is_empty() || self.dice.one_in(3) { self.dice.pick(&all) } else { self.dice.pick(&young) };
        let (here, there) = if self.dice.one_in(2) { (home, elsewhere) } else { (elsewhere, home) };
        for n in [here, there] {
            if self.life(Who::Parent(n)).known.identifiant.is_none() {
                return Box::pin(self.activate(n)).await;
            }
        }
        let accounts = [here, there].map(|n| self.town.account_in(&self.last_state, Who::Parent(n)));
        if accounts[0] == accounts[1] {
            return Box::pin(self.undo_regroupement(here)).await;
        }
        let keeps_other = self.dice.one_in(2);
        Box::pin(self.join_accounts([here, there], keeps_other)).await
    }

    /// Returns the people whose accounts were joined within seven days, by the places of their records.
    pub(super) fn young_pairs(&self) -> Vec<[usize; 2]> {
        let now = self.server.now();
        let is_young = |pair: &[usize; 2]| {
            let [kept, other] = pair.map(|n| self.town.account_in(&self.last_state, Who::Parent(n)));
            let mut absorbed = self.last_state.of("merged").filter(|(_, into)| Some(*into) == kept);
            kept == other && absorbed.any(|(id, _)| self.oracle.joined_at(id).is_some_and(|at| now < at.plus(UNDO_TTL)))
        };
        self.town.pairs().into_iter().filter(is_young).collect()
    }

    /// Signs in to the account of one record, and proves the account of the other one.
    pub async fn join_accounts(&mut self, [here, there]: [usize; 2], keeps_other: bool) -> Result<Act, String> {
        let (who, other) = (Who::Parent(here), Who::Parent(there));
        let (Some(own), Some(others)) = (self.account_of(who).await, self.account_of(other).await) else {
            return Ok(Act::of(JOIN, Some(who), "no account"));
        };
        let Some(mut browser) = Box::pin(self.open_account(who)).await? else {
            return Ok(Act::of(JOIN, Some(who), "must wait"));
        };
        let known = self.life(other).known.clone();
        let (identifiant, proof) = match known.letter {
            Some((identifiant, code)) if self.dice.one_in(2) => (identifiant, OtherProof::Letter(code)),
            _ => (known.identifiant.unwrap_or_default(), OtherProof::Password(known.password.to_owned())),
        };
        if self.dice.one_in(6) {
            self.type_other_proof(who, &mut browser, (&identifiant, WRONG_PASSWORD)).await;
            if browser.url.path().ends_with("/choix") {
                return Err(format!("a wrong password proved {identifiant}"));
            }
        }
        let (OtherProof::Password(typed) | OtherProof::Letter(typed)) = &proof;
        self.type_other_proof(who, &mut browser, (&identifiant, typed)).await;
        if !browser.url.path().ends_with("/choix") || !has_button(&browser, "confirmer") {
            let word = format!("{} {}", browser.page.status.as_u16(), browser.url.path());
            return Ok(Act::of(JOIN, Some(who), word));
        }
        let mut act =
            Act { pair: Some([own.clone(), others.clone()]), ..Act::of(JOIN, Some(who), "left at the choice") };
        if self.dice.one_in(8) {
            return Ok(act);
        }
        let may_keep_other = browser.page.has_element("#garder-b");
        act.word = self.choose(there, &mut browser, keeps_other).await?;
        if browser.page.has_element("#reunis") {
            let keeps_other = keeps_other && may_keep_other;
            let (kept, absorbed) = if keeps_other { (others, own) } else { (own, others) };
            self.life_mut(who).browser = browser;
            if let OtherProof::Letter(_) = proof {
                self.life_mut(other).known.letter = None;
            }
            let commits = self.commit_count();
            self.oracle.keep("merged", (absorbed, kept.clone()), commits);
            self.acknowledge_session(&kept).await?;
            self.acknowledge_journal().await;
            self.count("a regroupement");
            act.word = "joined".to_owned();
        }
        Ok(act)
    }

    /// Types the proof of the other account, and the own password where the sign-in is old.
    async fn type_other_proof(&self, who: Who, browser: &mut Browser, (identifiant, proof): (&str, &str)) {
        browser.get("/compte/regrouper").await;
        if !has_button(browser, "continuer") {
            return;
        }
        let mut typed = vec![("identifiant", identifiant), ("mot_de_passe", proof)];
        if browser.page.has_element("#actuel") {
            typed.push(("actuel", self.life(who).known.password));
        }
        browser.submit("continuer", &typed).await;
        browser.follow().await;
    }

    /// Chooses the account that is kept, after the birth date of a child of the other one where a code proved it. Returns
    /// a word for the trace.
    async fn choose(&self, there: usize, browser: &mut Browser, keeps_other: bool) -> Result<String, String> {
        for is_right in [!self.dice.one_in(6), true] {
            let asks_date = browser.page.has_element("#jour");
            let dates = self.town.dates_on(there, &browser.page.visible_text());
            let mut typed = Vec::new();
            if browser.page.has_element("#garder-a") {
                typed.push(("garder", if keeps_other { "b" } else { "a" }));
            }
            if asks_date {
                let right = dates.first().copied().unwrap_or(NOBODYS_BIRTH_DATE);
                typed.push(("date_naissance", if is_right { right } else { NOBODYS_BIRTH_DATE }));
            }
            browser.submit("confirmer", &typed).await;
            browser.follow().await;
            let is_joined = browser.page.has_element("#reunis");
            if is_joined && asks_date && !is_right {
                return Err("a wrong birth date joined two accounts".to_owned());
            }
            if is_joined || !asks_date || !has_button(browser, "confirmer") {
                break;
            }
        }
        Ok(format!("{} {}", browser.page.status.as_u16(), browser.url.path()))
    }

    /// Separates the accounts again, by the password of the kept one. Within seven days that is always possible, and never
    /// later.
    pub async fn undo_regroupement(&mut self, here: usize) -> Result<Act, String> {
        let who = Who::Parent(here);
        let Some(kept) = self.account_of(who).await else {
            return Ok(Act::of(UNDO, Some(who), "no account"));
        };
        let absorbed = self.last_state.of("merged").find(|(_, into)| *into == kept).map(|(id, _)| id.to_owned());
        let Some(absorbed) = absorbed else { return Ok(Act::of(UNDO, Some(who), "one account from the beginning")) };
        let joined_at = self.oracle.joined_at(&absorbed);
        let may_undo = joined_at.is_some_and(|at| self.server.now() < at.plus(UNDO_TTL));
        let Some(mut browser) = Box::pin(self.open_account(who)).await? else {
            return Ok(Act::of(UNDO, Some(who), "must wait"));
        };
        browser.get("/compte/regrouper").await;
        if browser.page.status != StatusCode::OK {
            return Ok(Act::of(UNDO, Some(who), browser.page.status.as_u16().to_string()));
        }
        let is_offered = has_button(&browser, "defaire");
        if is_offered != may_undo {
            return Err(format!("an undo of what was joined at {joined_at:?} is offered: {is_offered}"));
        }
        let mut act = Act { pair: Some([kept.clone(), absorbed.clone()]), ..Act::of(UNDO, Some(who), "not offered") };
        if !is_offered {
            self.count("a regroupement that is final");
            return Ok(act);
        }
        if self.dice.one_in(6) {
            browser.submit("defaire", &[("mot_de_passe", WRONG_PASSWORD)]).await;
            browser.follow().await;
            if browser.page.has_element("#defait") {
                return Err("a wrong password separated two accounts".to_owned());
            }
        }
        if has_button(&browser, "defaire") {
            let password = self.life(who).known.password;
            browser.submit("defaire", &[("mot_de_passe", password)]).await;
            browser.follow().await;
        }
        act.word = format!("{} {}", browser.page.status.as_u16(), browser.url.path());
        if browser.page.has_element("#defait") {
            self.end_undo(here, browser, (kept, absorbed)).await?;
            act.word = "separated".to_owned();
        }
        Ok(act)
    }

    /// Keeps what the answer of an undo said. The browser is signed in to the account that was kept, whose record may be
    /// the other one.
    async fn end_undo(&mut self, here: usize, browser: Browser, pair: (String, String)) -> Result<(), String> {
        let (kept, absorbed) = pair;
        let mut browser = Some(browser);
        for n in self.town.records_of(here) {
            let who = Who::Parent(n);
            let is_kept = self.account_of(who).await.as_deref() == Some(kept.as_str());
            let own = if is_kept { browser.take() } else { None };
            self.life_mut(who).browser = own.unwrap_or_else(|| Browser::new(&self.server));
        }
        let commits = self.commit_count();
        self.oracle.keep("merged", (absorbed, String::new()), commits);
        self.acknowledge_session(&kept).await?;
        self.acknowledge_journal().await;
        self.count("an undo of a regroupement");
        Ok(())
    }
}
