//! Words that every other room uses: time, ids, randomness, secrets, names, telephone numbers.
//!
//! Pure: std and the small crates the words need. No I/O, no framework, no configuration.

pub mod clock;
pub mod date;
pub mod ids;
pub mod lang;
pub mod latin;
pub mod lost_letters;
pub mod names;
pub mod phone;
pub mod rng;
pub mod secret;
pub mod source;
pub mod uai;
