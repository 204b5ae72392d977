//! What holds after every act, whatever came before (docs/threats.md#property-p13).

use std::collections::BTreeSet;

use serde_json::Value;

use super::people::SCHOOLS;
use super::state::State;
use super::world::{Act, World};

impl World {
    /// Checks the state after an act. `unanswered` is what the act would have led to, if a crash broke it off.
    pub fn check(&self, now: &State, act: &Act, unanswered: Option<&State>) -> Result<(), String> {
        if let Some(fault) = now.faults.first() {
            return Err(fault.clone());
        }
        self.check_passwords(now, act)?;
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
        let proven_by = act.human.filter(|_| act.is_proven).map(|h| self.town.humans[h].record());
        let account_of = |record: &String| now.get("holder", record);
        for (account, hash) in now.of("password") {
            let is_new = self.last_state.get("password", account) != Some(hash);
            if is_new && proven_by.as_ref().and_then(account_of) != Some(account) {
                return Err(format!("a password without its proofs: of {account}, in « {} »", act.name));
            }
        }
        Ok(())
    }

    /// A `sub` is the same for life.
    fn check_subjects(&self, now: &State) -> Result<(), String> {
        for (place, sub) in self.last_state.of("subject") {
            let found = now.get("subject", place);
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

    /// No child in the claims of somebody without a current legal link.
    pub fn check_claims(&self, h: usize, claims: &Value) -> Result<(), String> {
        let record = self.town.humans[h].record();
        let told = claims["children"].as_array().map_or(&[][..], Vec::as_slice);
        for child in told {
            let name = child["given_name"].as_str().unwrap_or_default();
            let is_linked = self.town.children.iter().filter(|one| one.given == name).any(|one| {
                let link = |uai| format!("{uai} {record} {}", one.key);
                (0..SCHOOLS.len()).any(|s| self.rosters[s].links.contains(&link(SCHOOLS[s].uai)))
            });
            if !is_linked {
                return Err(format!("without a current link of the roster: {record} is told of {name}"));
            }
        }
        Ok(())
    }
}
