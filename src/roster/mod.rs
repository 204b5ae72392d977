//! Rosters: who is whose legal representative, as the schools' exports say.

pub mod formats;
pub mod matching;
pub mod reconcile;
pub mod store;
pub use crate::base::uai;
