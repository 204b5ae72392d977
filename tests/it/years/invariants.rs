//! What holds after every act, whatever came before (docs/threats.md#property-p13).

use std::collections::BTreeSet;

use serde_json::Value;

use super::people::SCHOOLS;
use super::state::State;
use super::who::Who;
use super::world::{Act, World};

impl World {
    /// Checks the state after an act. `unanswered` is what the act would have led to, if a crash broke it off.
    pub fn check(&self, now: &State, act: &Act, unanswered: Option<&State>) -> Result<(), String> {
        if let Some(fault) = now.faults.first() {
            return Err(fault.clone());
        }
        self.check_passwords(now, act)?;
        self.check_joins(now, act)?;
        self.check_subjects(now)?;
        self.check_links(now)?;
        for (account, _) in now.of("closed") {
            if !self.oracle.may_close.contains(account) {
                return Err(format!("an account closed, and nobody asked for it: {account}"));
            }
        }
        self.oracle.find_lost(now, unanswered)
    }

    /// Never a password without its proofs: it changes in an act that proved a code and dates, of the account's person.
    fn check_passwords(&self, now: &State, act: &Act) -> Result<(), String> {
        let proven = act.who.filter(|_| act.is_proven).and_then(|who| self.town.account_in(now, who));
        for (account, hash) in now.of("password") {
            let is_new = self.last_state.get("password", account) != Some(hash);
            if is_new && proven != Some(account) {
                return Err(format!("a password without its proofs: of {account}, in « {} »", act.name));
            }
        }
        Ok(())
    }

    /// Never two accounts joined without the proofs of both, or separated by anybody else.
    fn check_joins(&self, now: &State, act: &Act) -> Result<(), String> {
        for (account, kept) in now.of("merged") {
            let former = self.last_state.get("merged", account).unwrap_or_default();
            let pair = act.pair.as_ref().map_or(&[][..], |pair| pair.as_slice());
            let other = if kept.is_empty() { former } else { kept };
            if former != kept && ![account, other].iter().all(|id| pair.iter().any(|one| one == id)) {
                return Err(format!("accounts joined or separated without proofs: {account}, in « {} »", act.name));
            }
        }
        Ok(())
    }

    /// A `sub` is the same for life, through a regroupement and its undo too.
    fn check_subjects(&self, now: &State) -> Result<(), String> {
        for (place, sub) in self.last_state.of("subject") {
            let found = now.subject_of(&self.oracle.owner_of(place));
            if found != Some(sub) {
                return Err(format!("a sub changed: {place} was {sub} and is {found:?}"));
            }
        }
        Ok(())
    }

    /// The links of each school are those of the last roster that it gave and the house took: no other, and each of them.
    fn check_links(&self, now: &State) -> Result<(), String> {
        let stored: BTreeSet<&str> = now.of("link").map(|(link, _)| link).collect();
        let given: BTreeSet<&str> = self.rosters.iter().flat_map(|one| one.links.iter().map(String::as_str)).collect();
        if let Some(link) = stored.difference(&given).next() {
            return Err(format!("without a current link of the roster: {link} stands in the table"));
        }
        match given.difference(&stored).next() {
            Some(link) => Err(format!("a roster was taken, and its link is not there: {link}")),
            None => Ok(()),
        }
    }

    /// Compares what a service is told of somebody with the rosters, and with the accounts that are joined.
    pub async fn check_claims(&self, (who, account): (Who, &str), space: &str, claims: &Value) -> Result<(), String> {
        match who {
            Who::Parent(h) => self.check_children(h, account, claims).await?,
            Who::Pupil(c) => self.check_own_schools(c, claims)?,
        }
        let sql = "SELECT s.value FROM subject s JOIN account a ON a.id = s.account_id \
                   WHERE a.merged_into = $1 AND s.space = $2";
        let args = vec![account.into(), space.into()];
        let rows: Vec<(String,)> = self.server.app.db.read().await.unwrap().fetch_all(sql, args).await.unwrap();
        let expected: BTreeSet<&str> = rows.iter().map(|(value,)| value.as_str()).collect();
        let told = claims["former_subs"].as_array().map_or(&[][..], Vec::as_slice);
        let told: BTreeSet<&str> = told.iter().filter_map(Value::as_str).collect();
        match told == expected {
            true => Ok(()),
            false => Err(format!("another former sub than that of the absorbed account: {told:?}, not {expected:?}")),
        }
    }

    /// No child in the claims of somebody without a current legal link, by a record of the account.
    async fn check_children(&self, h: usize, account: &str, claims: &Value) -> Result<(), String> {
        let mut records = Vec::new();
        for n in self.town.records_of(h) {
            if self.account_of(Who::Parent(n)).await.as_deref() == Some(account) {
                records.push(self.town.humans[n].record());
            }
        }
        let told = claims["children"].as_array().map_or(&[][..], Vec::as_slice);
        for child in told {
            let name = child["given_name"].as_str().unwrap_or_default();
            let is_linked = self.town.children.iter().filter(|one| one.given == name).any(|one| {
                SCHOOLS.iter().zip(&self.rosters).any(|(school, roster)| {
                    let key = one.key_in(school.academy);
                    records.iter().any(|record| roster.links.contains(&format!("{} {record} {key}", school.uai)))
                })
            });
            if !is_linked {
                return Err(format!("without a current link of the roster: {records:?} are told of {name}"));
            }
        }
        Ok(())
    }

    /// A pupil is told as a pupil of the current school, and never with children.
    fn check_own_schools(&self, c: usize, claims: &Value) -> Result<(), String> {
        let given = self.town.children[c].given;
        if !claims["children"].is_null() || claims["education_profile"] != "eleve" {
            return Err(format!("a pupil is told of like a parent: {given}: {claims}"));
        }
        let current: Vec<&str> = self.schools_of(c).into_iter().map(|school| SCHOOLS[school].uai).collect();
        let told = claims["schools"].as_array().map_or(&[][..], Vec::as_slice);
        let mut told = told.iter().filter_map(|school| school["uai"].as_str());
        match told.find(|uai| !current.contains(uai)) {
            Some(uai) => Err(format!("a pupil is told of at a school that does not name the pupil: {given} at {uai}")),
            None => Ok(()),
        }
    }
}
