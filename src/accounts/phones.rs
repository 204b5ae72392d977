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
    pub history: PhoneHistory,
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
