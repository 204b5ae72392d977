//! Signing keys stored in the database: private parts encrypted, one active key per algorithm, rotated automatically.
//!
//! Two servers started for the first time at once agree: the second insert does nothing, then both read the keys back.
//! Each step of a rotation works in the same way: compare-and-set, and the second server finds the step done. The
//! schedule is in [`rotation`].

pub mod ops;
pub mod rotation;
pub mod store;
