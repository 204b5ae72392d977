//! The signing keys as rows: private parts sealed, one active an algorithm, renewed without anybody having to think
//! of it.
//!
//! Two servers that first start at once agree: the second insert does nothing, then both read back. So it is with each
//! step of a rotation: compare-and-set, and whoever comes second finds it done. What follows when is [`rotation`].

pub mod ops;
pub mod rotation;
pub mod store;
