//! What a page that asks for a code says of it: why a code was refused, and what became of asking for another one.

use serde::Serialize;

/// The refusal of a typed code: the message is `code-refused-` and the kind.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum CodeFieldError {
    Empty,
    /// The input cannot be a code: no try is counted.
    NotSixDigits,
    Wrong {
        left: i64,
    },
    /// The tries of this code are used up, or it was used: another one must be asked for.
    UsedUp,
    /// The tries of the day are used up; `hour` as `14 h 30`.
    TooManyToday {
        hour: String,
    },
    Expired,
}

impl CodeFieldError {
    /// Returns one of each kind, for the samples of pages.
    pub fn samples() -> Vec<Self> {
        vec![
            Self::Empty,
            Self::NotSixDigits,
            Self::Wrong { left: 2 },
            Self::Wrong { left: 1 },
            Self::UsedUp,
            Self::TooManyToday { hour: "14 h 30".to_owned() },
            Self::Expired,
        ]
    }
}

/// The answer to asking for another code.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ResendNotice {
    ResendTooSoon { seconds: i64 },
    SentAgain,
    ResendLimit,
}

impl ResendNotice {
    pub const SAMPLES: [Self; 3] = [Self::ResendTooSoon { seconds: 42 }, Self::SentAgain, Self::ResendLimit];
}
