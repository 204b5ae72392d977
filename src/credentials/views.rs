//! The forms of a new password and of a second factor, common to the pages that have one.

use serde::Serialize;

use super::NewPasswordError;
use super::ProofRefusal;
use super::factors::{FactorFormatError, FactorVerification};
use crate::accounts::password::PasswordPolicyError;
use crate::base::lang::Lang;
use crate::http::pages::dates;

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
    Child,
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
                PasswordPolicyError::Child => guessable(GuessableReason::Child),
                PasswordPolicyError::Common => guessable(GuessableReason::Common),
                PasswordPolicyError::UnmetRules(_) => PasswordFieldError::Missing,
            },
        }
    }
}

/// The error beside the current password, where a page asks for it again.
#[derive(Clone, Debug, Serialize)]
pub struct CurrentPasswordError {
    pub kind: CurrentPasswordProblem,
    /// The time from which it is compared again, as `14 h 30`; empty for other kinds.
    pub until: String,
    /// The wait while too many hashes are queued; 0 for other kinds.
    pub seconds: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CurrentPasswordProblem {
    Empty,
    Wrong,
    /// The attempts are used up.
    Waiting,
    /// Too many hashes are queued.
    Busy,
}

impl CurrentPasswordError {
    pub fn new(why: ProofRefusal, lang: Lang) -> Self {
        let plain = |kind| CurrentPasswordError { kind, until: String::new(), seconds: 0 };
        match why {
            ProofRefusal::Empty => plain(CurrentPasswordProblem::Empty),
            ProofRefusal::Wrong | ProofRefusal::FactorNeeded | ProofRefusal::UpstreamNeeded => {
                plain(CurrentPasswordProblem::Wrong)
            }
            ProofRefusal::Limited { until } => CurrentPasswordError {
                until: dates::hour_rounded_up(lang, until),
                ..plain(CurrentPasswordProblem::Waiting)
            },
            ProofRefusal::Busy { seconds } => {
                CurrentPasswordError { seconds: i64::from(seconds), ..plain(CurrentPasswordProblem::Busy) }
            }
        }
    }

    /// An example, for the samples of pages.
    pub fn sample(kind: CurrentPasswordProblem) -> Self {
        CurrentPasswordError { kind, until: "14\u{a0}h\u{a0}30".to_owned(), seconds: 5 }
    }
}

/// The error beside the field of a second factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FactorFieldError {
    pub kind: FactorProblem,
    /// The time from which it is compared again, as `14 h 30`; empty for other kinds.
    pub until: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorProblem {
    Empty,
    /// It cannot be a code: no attempt is counted.
    Malformed,
    Wrong,
    /// The attempts are used up.
    Waiting,
    /// The passkey could not be verified, deliberately not said why.
    Passkey,
}

impl FactorFieldError {
    /// The error of a passkey that was not accepted.
    pub fn passkey() -> Self {
        FactorFieldError { kind: FactorProblem::Passkey, until: String::new() }
    }

    pub fn new(refused: FactorVerification, lang: Lang) -> Self {
        match refused {
            FactorVerification::Limited { until } => {
                FactorFieldError { kind: FactorProblem::Waiting, until: dates::hour_rounded_up(lang, until) }
            }
            FactorVerification::Correct(_) | FactorVerification::Incorrect => {
                FactorFieldError { kind: FactorProblem::Wrong, until: String::new() }
            }
        }
    }

    pub fn wrong() -> Self {
        FactorFieldError { kind: FactorProblem::Wrong, until: String::new() }
    }

    /// Examples, for the samples of pages.
    pub fn samples() -> Vec<Self> {
        let error = |kind| FactorFieldError { kind, until: "14\u{a0}h\u{a0}30".to_owned() };
        [
            FactorProblem::Empty,
            FactorProblem::Malformed,
            FactorProblem::Wrong,
            FactorProblem::Waiting,
            FactorProblem::Passkey,
        ]
        .map(error)
        .to_vec()
    }
}

impl From<FactorFormatError> for FactorFieldError {
    fn from(error: FactorFormatError) -> Self {
        let kind = match error {
            FactorFormatError::Empty => FactorProblem::Empty,
            FactorFormatError::Malformed => FactorProblem::Malformed,
        };
        FactorFieldError { kind, until: String::new() }
    }
}
