//! Basic types used by every other module: time, ids, randomness, secrets, names, telephone numbers.
//!
//! This module is pure and depends only on std and a few small crates: no I/O, no framework, no configuration.

pub mod actor;
pub mod calling_hours;
pub mod clock;
pub mod csv;
pub mod date;
pub mod destinations;
pub mod ids;
pub mod lang;
pub mod latin;
pub mod names;
pub mod phone;
pub mod profile;
pub mod replacement_chars;
pub mod rng;
pub mod roster_key;
pub mod secret;
pub mod source;
pub mod typed_ids;
pub mod uai;
