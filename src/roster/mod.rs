//! Rosters: who is whose legal representative, as the schools' exports say.

pub mod formats;
pub mod reconcile;
pub mod uai;
