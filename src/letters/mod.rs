//! Letters: a single-use code on paper, for a person who has no account or no mobile to prove.
//!
//! [`code`] is the form of a code: how it is drawn, printed and read again. It knows no account, database or clock.

pub mod code;
