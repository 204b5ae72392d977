//! The form of a new password, common to the pages that have one.

use serde::Serialize;

use super::NewPasswordError;
use crate::accounts::password::PasswordPolicyError;

/// The error beside the fields of a new password.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PasswordFieldError {
    /// Some rules are not met; the page lists them.
    Missing,
    /// The confirmation differs.
    Different,
    Guessable {
        because: GuessableReason,
    },
    /// More than 128 characters.
    TooLong,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GuessableReason {
    Name,
    Identifiant,
    School,
    Common,
    /// The account's password already.
    Current,
}

impl From<NewPasswordError> for PasswordFieldError {
    fn from(error: NewPasswordError) -> Self {
        let guessable = |because| PasswordFieldError::Guessable { because };
        match error {
            NewPasswordError::Mismatch => PasswordFieldError::Different,
            NewPasswordError::Unchanged => guessable(GuessableReason::Current),
            NewPasswordError::Rejected(why) => match why {
                PasswordPolicyError::TooLong => PasswordFieldError::TooLong,
                PasswordPolicyError::Name => guessable(GuessableReason::Name),
                PasswordPolicyError::Identifiant => guessable(GuessableReason::Identifiant),
                PasswordPolicyError::School => guessable(GuessableReason::School),
                PasswordPolicyError::Common => guessable(GuessableReason::Common),
                PasswordPolicyError::UnmetRules(_) => PasswordFieldError::Missing,
            },
        }
    }
}
