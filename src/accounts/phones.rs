//! The mobile number of an account: the roster's, with what is known of who holds it.

use crate::base::clock::Timestamp;
use crate::base::typed_ids::PersonId;

/// The mobile number to which the account's codes are sent.
#[derive(Clone, Debug)]
pub struct AccountPhone {
    pub person_id: PersonId,
    /// Encrypted.
    pub sealed: String,
    /// The time of the last right code from this number; `None` for a number that was never proven.
    pub code_typed_at: Option<Timestamp>,
    /// True for a number that was given up, and that the school exported again later.
    pub exported_again: bool,
    pub history: PhoneHistory,
}

impl AccountPhone {
    /// True if a signed-in person may prove the number.
    pub fn is_provable(&self) -> bool {
        !self.history.disowned || self.exported_again
    }
}

/// The facts about the account's mobile number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhoneHistory {
    /// The time at which the school wrote the number, 0 if not recorded.
    pub since: Timestamp,
    /// The time of the last right code from this number, or of the account's last password.
    pub proven_at: Option<Timestamp>,
    pub disowned: bool,
}
