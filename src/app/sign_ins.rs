//! The ends of sign-ins, counted in memory and written by the worker: no sign-in waits for a figure.
//!
//! A crash loses ten seconds of a figure, never a fact: a session has its own row, and so has its event in the audit.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::base::clock::Timestamp;
use crate::base::typed_ids::{AccountId, ClientId};
use crate::http::pages::dates;

/// The maximum number of different notes. Beyond it a sign-in is counted for nobody in particular.
const MAX_NOTED: usize = 50_000;

/// The end of a sign-in.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::EnumString, strum::IntoStaticStr, strum::EnumIter,
)]
#[strum(serialize_all = "snake_case")]
pub enum SignInResult {
    SignedIn,
    WrongPassword,
    /// Too many wrong tries: nothing was compared.
    MustWait,
    WrongFactor,
    WrongPasskey,
    Suspended,
    /// A new password must be chosen first.
    ForcedChange,
    /// The provider of others did not vouch for the person.
    UpstreamRefused,
    /// Too many people at once.
    Busy,
    /// Signed in, and nothing in the perimeter of the relying party.
    OutsidePerimeter,
    /// The relying party asked wrongly.
    BadRequest,
}

impl SignInResult {
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// True for what is counted beside a sign-in that succeeded.
    pub fn is_success(self) -> bool {
        self == SignInResult::SignedIn
    }
}

/// The sign-ins that are counted together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SignInNote {
    /// `None` if nobody knows whose it would have been.
    pub account_id: Option<AccountId>,
    pub client_id: Option<ClientId>,
    pub result: SignInResult,
    pub day: String,
}

/// The buffer of one server.
#[derive(Debug, Default)]
pub struct SignInCounters(Mutex<BTreeMap<SignInNote, i64>>);

impl SignInCounters {
    fn noted(&self) -> MutexGuard<'_, BTreeMap<SignInNote, i64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts the end of a sign-in.
    pub fn note(
        &self,
        result: SignInResult,
        (account_id, client_id): (Option<&AccountId>, Option<&ClientId>),
        now: Timestamp,
    ) {
        let day = dates::date_key(now);
        self.add(SignInNote { account_id: account_id.cloned(), client_id: client_id.cloned(), result, day }, 1);
    }

    fn add(&self, note: SignInNote, n: i64) {
        let mut noted = self.noted();
        let key = match noted.len() < MAX_NOTED || noted.contains_key(&note) {
            true => note,
            false => SignInNote { account_id: None, client_id: None, ..note },
        };
        let held = noted.entry(key).or_default();
        *held = held.saturating_add(n);
    }

    /// Puts back what could not be written.
    pub fn put_back(&self, unwritten: impl IntoIterator<Item = (SignInNote, i64)>) {
        for (note, n) in unwritten {
            self.add(note, n);
        }
    }

    /// Takes what was counted since the last call.
    pub fn take(&self) -> BTreeMap<SignInNote, i64> {
        std::mem::take(&mut *self.noted())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_ends_are_one_note_and_their_number_is_bounded() {
        let counters = SignInCounters::default();
        let (account, client) = (AccountId::new("a"), ClientId::new("ent"));
        for _ in 0..3 {
            counters.note(SignInResult::WrongPassword, (Some(&account), Some(&client)), Timestamp(0));
        }
        counters.note(SignInResult::SignedIn, (Some(&account), Some(&client)), Timestamp(0));
        let taken = counters.take();
        assert_eq!(taken.values().copied().collect::<Vec<_>>(), [1, 3]);
        assert!(counters.take().is_empty());
        counters.put_back(taken.clone());
        assert_eq!(counters.take(), taken);
        for n in 0..MAX_NOTED + 7 {
            counters.note(SignInResult::BadRequest, (None, Some(&ClientId::new(n.to_string()))), Timestamp(0));
        }
        let taken = counters.take();
        assert_eq!(taken.len(), MAX_NOTED + 1);
        assert_eq!(taken.values().sum::<i64>(), i64::try_from(MAX_NOTED + 7).unwrap(), "none is lost");
    }
}
