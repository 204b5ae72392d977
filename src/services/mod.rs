//! The services of the house that concern a person: as doors, where somebody knocked at the wrong one.
//!
//! One portal has a client for each academy (docs/decisions/0022-pairwise-subjects-and-perimeters.md), and a parent
//! knows neither clients nor perimeters. What is said here is of the person's own children only, and the links are
//! those of the client's file.

pub mod ops;

use serde::Serialize;

/// A service, and for whom one goes there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Door {
    pub client_id: String,
    pub sector: String,
    /// The client's name.
    pub name: String,
    /// The client's `initiate_login_uri`, else its `client_uri`.
    pub href: String,
    /// Ids of the academies, or names of the schools, of the children that it knows.
    pub places: Vec<String>,
    /// Given names of those children.
    pub children: Vec<String>,
}
