//! A code sent by SMS: six digits, thirty minutes, three tries.
//!
//! The row exists whether or not the worker found anybody; without a code every try is counted and wrong. Tries are
//! decremented before the comparison, in the statement that reads the HMAC (docs/threats.md#threat-s01, #attack-l1).

pub mod ops;
pub mod outage;
pub mod store;

use crate::base::clock::Span;
use crate::base::date::plain_digit;
use crate::base::names::is_invisible;

pub const LIFE: Span = Span::minutes(30);
pub const TRIES: i64 = 3;
/// Sends of one challenge, the first included.
pub const SENDS: i64 = 3;

/// The answer to a right code may be lost (a double click): so long the same code is taken again where it was right.
pub const REPEAT: Span = Span::seconds(10);

/// How long after the n-th send the next may be asked for.
pub fn cool_down(sends: i64) -> Span {
    if sends <= 1 { Span::seconds(60) } else { Span::seconds(120) }
}

/// Digits of a code.
pub const DIGITS: usize = 6;

/// A code as typed: six digits. What is none is told before a try is spent on it.
#[derive(Clone, PartialEq, Eq)]
pub struct TypedCode(String);

/// Why what was typed cannot be a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoCode {
    Empty,
    NotSixDigits,
}

impl TypedCode {
    /// Blanks and dashes that a phone inserts do not count, and digits of any keyboard do.
    pub fn read(typed: &str) -> Result<Self, NoCode> {
        let inserted = |c: char| c.is_whitespace() || is_invisible(c) || matches!(c, '-' | '.');
        let digits: String = typed.chars().filter(|c| !inserted(*c)).map(plain_digit).take(DIGITS + 1).collect();
        if digits.is_empty() {
            return Err(NoCode::Empty);
        }
        let six = digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_digit());
        if six { Ok(Self(digits)) } else { Err(NoCode::NotSixDigits) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What checking a code gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    Right,
    /// So many tries of this code remain.
    Wrong {
        left: i64,
    },
    /// This code serves no more: tried three times, or used.
    UsedUp,
    Expired,
    /// The budget over all codes is used up until then.
    TooMany {
        until: crate::base::clock::Timestamp,
    },
}
