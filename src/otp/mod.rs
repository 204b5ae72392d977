//! A code sent by SMS: six digits, thirty minutes, three tries.
//!
//! The row exists whether or not the worker found anybody; without a code every try is counted and wrong.
//! Tries are decremented before the comparison, in the statement that reads the HMAC (ABUSE S-01, L1).

pub mod ops;
pub mod outage;
pub mod store;

use crate::base::clock::Span;

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

/// What a person typed, reduced to digits: blanks and dashes that a phone inserts do not count.
pub fn digits(typed: &str) -> String {
    typed.chars().filter(|c| !c.is_whitespace() && *c != '-' && *c != '.').collect()
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
