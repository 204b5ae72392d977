//! The steps of activations, noted in memory and written by the worker: no activation waits for a figure.
//!
//! A crash loses ten seconds of a figure, never a fact: accounts and rosters have their own rows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::base::clock::Timestamp;
use crate::base::typed_ids::{AccountId, PersonId};

/// The maximum number of noted persons, and of accounts. Beyond it others are passed over until the next writing.
const MAX_NOTED: usize = 50_000;

/// A step of an activation, of a person whom the roster knows.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::EnumString, strum::IntoStaticStr, strum::EnumIter,
)]
#[strum(serialize_all = "snake_case")]
pub enum CampaignStep {
    /// A code was asked for.
    Asked,
    #[strum(serialize = "code")]
    CodeRight,
    #[strum(serialize = "children")]
    ChildrenConfirmed,
    #[strum(serialize = "active")]
    Activated,
}

impl CampaignStep {
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the place among the steps, from 1.
    pub fn number(self) -> i64 {
        match self {
            CampaignStep::Asked => 1,
            CampaignStep::CodeRight => 2,
            CampaignStep::ChildrenConfirmed => 3,
            CampaignStep::Activated => 4,
        }
    }
}

/// The notes since the last writing.
#[derive(Debug, Default)]
pub struct NotedSteps {
    /// The furthest step of each person.
    pub persons: BTreeMap<PersonId, (CampaignStep, Timestamp)>,
    /// The accounts whose password was chosen.
    pub accounts: BTreeSet<AccountId>,
}

/// The buffer of one server.
#[derive(Debug, Default)]
pub struct CampaignSteps(Mutex<NotedSteps>);

impl CampaignSteps {
    fn noted(&self) -> MutexGuard<'_, NotedSteps> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that persons reached a step.
    pub fn note(&self, persons: &[PersonId], step: CampaignStep, now: Timestamp) {
        let mut noted = self.noted();
        for person in persons {
            if noted.persons.len() >= MAX_NOTED && !noted.persons.contains_key(person) {
                continue;
            }
            let held = noted.persons.entry(person.clone()).or_insert((step, now));
            if held.0 < step {
                *held = (step, now);
            }
        }
    }

    /// Notes that an account has a password, by whichever way: the figures of its schools are counted again.
    pub fn note_account(&self, account_id: &AccountId) {
        let mut noted = self.noted();
        if noted.accounts.len() < MAX_NOTED {
            noted.accounts.insert(account_id.clone());
        }
    }

    /// Puts back notes that could not be written; those since then stay.
    pub fn put_back(&self, unwritten: NotedSteps) {
        for (person, (step, at)) in unwritten.persons {
            self.note(&[person], step, at);
        }
        for account_id in &unwritten.accounts {
            self.note_account(account_id);
        }
    }

    /// Takes the notes since the last call.
    pub fn take(&self) -> NotedSteps {
        std::mem::take(&mut *self.noted())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_furthest_step_of_a_person_counts_and_the_number_is_bounded() {
        let steps = CampaignSteps::default();
        let one = [PersonId::new("a")];
        for (step, at) in [(CampaignStep::Asked, 1), (CampaignStep::Activated, 2), (CampaignStep::CodeRight, 3)] {
            steps.note(&one, step, Timestamp(at));
        }
        assert_eq!(steps.take().persons.get(&one[0]), Some(&(CampaignStep::Activated, Timestamp(2))));
        assert!(steps.take().persons.is_empty());
        steps.note(&one, CampaignStep::CodeRight, Timestamp(4));
        let unwritten = steps.take();
        steps.note(&one, CampaignStep::Activated, Timestamp(5));
        steps.put_back(unwritten);
        assert_eq!(steps.take().persons.get(&one[0]), Some(&(CampaignStep::Activated, Timestamp(5))));
        let many: Vec<PersonId> = (0..=MAX_NOTED).map(|n| PersonId::new(n.to_string())).collect();
        steps.note(&many, CampaignStep::Asked, Timestamp(1));
        for person in &many {
            steps.note_account(&AccountId::new(person.as_str()));
        }
        let taken = steps.take();
        assert_eq!((taken.persons.len(), taken.accounts.len()), (MAX_NOTED, MAX_NOTED));
    }
}
