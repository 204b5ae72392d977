//! Relying parties in the console: who sees which of them, what the page of one shows, and the acts on it.
//!
//! What a relying party is, and which of its states may follow which, is decided in `clients`. What an academy may do
//! holds for the whole perimeter of a relying party, seeing it for any part (docs/threats.md#threat-s15).

pub mod api;
pub mod extent;
pub mod ops;
pub mod pages;
pub mod requests;
pub mod standing;
pub mod store;
pub mod views;
