//! The demo: an invented Occitanie, its rosters, and the neighbours of an identity provider.

pub mod neighbours;
pub mod rosters;
