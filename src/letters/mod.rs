//! Letters: a single-use code on paper, for a person who has no account or no mobile to prove.
//!
//! [`code`] is the form of a code: how it is drawn, printed and read again. [`pdf`] draws the pages that are printed.
//! Neither knows an account, a database or a clock.

pub mod code;
pub mod pdf;
