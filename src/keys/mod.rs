//! The signing keys as rows: private parts sealed, one active an algorithm.
//!
//! Two servers that first start at once agree: the second insert does nothing, then both read back.

pub mod ops;
pub mod store;
