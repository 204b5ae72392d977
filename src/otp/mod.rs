//! One-time codes sent by SMS: six digits, thirty minutes, three tries.
//!
//! The row of a challenge exists even if the worker found no person; without a code every try is counted and incorrect.
//! Tries are decremented before the comparison, in the statement that reads the HMAC (docs/threats.md#threat-s01,
//! #attack-l1).

pub mod api;
pub mod conversion;
pub mod ops;
pub mod outage;
pub mod pages;
pub mod store;
pub mod views;

use crate::base::clock::Span;
use crate::base::date::to_ascii_digit;
use crate::base::names::is_invisible;

pub const CODE_TTL: Span = Span::minutes(30);
pub const MAX_TRIES: i64 = 3;
/// The maximum number of sends per challenge, including the first.
pub const MAX_SENDS: i64 = 3;

/// The grace period for a repeated correct code: the first response may be lost (a double click).
pub const REPLAY_GRACE: Span = Span::seconds(10);

/// Returns the delay after the n-th send before the next send may be requested.
pub fn resend_delay(sends: i64) -> Span {
    if sends <= 1 { Span::seconds(60) } else { Span::seconds(120) }
}

/// The purpose of a challenge: the flow that sends the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum ChallengePurpose {
    Activation,
    Recovery,
    Email,
    Phone,
}

impl ChallengePurpose {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The number of digits of a code.
pub const CODE_DIGITS: usize = 6;

/// A code as typed: six digits. A malformed code is reported before a try is consumed.
#[derive(Clone, PartialEq, Eq)]
pub struct TypedCode(String);

/// The reason for rejecting typed text as a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeFormatError {
    Empty,
    NotSixDigits,
}

impl TypedCode {
    /// Parses a typed code; ignores spaces and dashes inserted by a phone, and accepts the digits of any keyboard.
    pub fn parse(typed: &str) -> Result<Self, CodeFormatError> {
        let inserted = |c: char| c.is_whitespace() || is_invisible(c) || matches!(c, '-' | '.');
        let digits: String =
            typed.chars().filter(|c| !inserted(*c)).map(to_ascii_digit).take(CODE_DIGITS + 1).collect();
        if digits.is_empty() {
            return Err(CodeFormatError::Empty);
        }
        let six = digits.len() == CODE_DIGITS && digits.bytes().all(|b| b.is_ascii_digit());
        if six { Ok(Self(digits)) } else { Err(CodeFormatError::NotSixDigits) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The result of verifying a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeVerification {
    Correct,
    /// Incorrect; `tries_left` tries of this code remain.
    Incorrect {
        tries_left: i64,
    },
    /// The code is no longer valid: tried three times, or used.
    Exhausted,
    Expired,
    /// The budget over all codes is exhausted until `until`.
    RateLimited {
        until: crate::base::clock::Timestamp,
    },
}

impl CodeVerification {
    /// True if the code may have been right a moment ago: the second request of a double click.
    pub fn may_be_repeated(self) -> bool {
        matches!(self, CodeVerification::Exhausted | CodeVerification::Correct)
    }
}
