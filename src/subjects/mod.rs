//! The `sub` of an account: a row for each space of subjects, so that no later change of the roster or of the account
//! gives a relying party another one.
//!
//! A row is written when a client of the space first gets a grant of the account. Until then, and for accounts older
//! than the rows, the value is computed, always in the same way (docs/decisions/0022-pairwise-subjects-and-perimeters.md).

pub mod ops;
pub mod store;

use serde::{Deserialize, Serialize};

use crate::base::clock::Span;
use crate::base::roster_key::RosterKey;
use crate::clients::{ClientMetadata, SubjectType};

/// The time for which clients that ask for it are told by what an absorbed account was known.
pub const FORMER_SUBJECT_TTL: Span = Span::days(400);

/// A `sub` that is written, with the stored name of its space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedSubject {
    pub space: String,
    pub value: String,
}

/// The clients that know a person by the same `sub`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubjectSpace {
    /// The clients of a sector.
    Pairwise { sector: String },
    /// Every client with public subjects.
    Public,
    /// The clients that know people by a roster's key of an academy. An account without a key there gets the pairwise
    /// value of the client's sector, which is never written.
    Roster { academy: String, sector: String, key: RosterKey },
}

impl SubjectSpace {
    /// Returns the space of a client; `key` is what holds for a client with roster subjects.
    pub fn of(meta: &ClientMetadata, key: RosterKey) -> Self {
        let sector = meta.sector.clone();
        match meta.subject_type {
            SubjectType::Pairwise => SubjectSpace::Pairwise { sector },
            SubjectType::Public => SubjectSpace::Public,
            SubjectType::Roster => {
                let academy = meta.perimeter.academies.first().cloned().unwrap_or_default();
                SubjectSpace::Roster { academy, sector, key }
            }
        }
    }

    /// Returns the stored name.
    pub fn name(&self) -> String {
        match self {
            SubjectSpace::Pairwise { sector } => format!("pairwise/{sector}"),
            SubjectSpace::Public => "public".to_owned(),
            SubjectSpace::Roster { academy, key, .. } => roster_space(academy, *key),
        }
    }
}

/// Returns the stored name of the space of an academy's roster keys.
pub fn roster_space(academy: &str, key: RosterKey) -> String {
    match key {
        RosterKey::Siecle => format!("roster/{academy}"),
        RosterKey::Aaf => format!("roster/{academy}/aaf"),
    }
}

/// Returns the academy of a space of roster keys; `None` for another space.
pub fn academy_of_space(name: &str) -> Option<&str> {
    name.strip_prefix("roster/")?.split('/').next()
}

/// Returns the `sub` that a roster key makes: unique within its academy, so together with the academy in the issuer.
pub fn roster_value(academy: &str, key: &str) -> String {
    format!("{}-{key}", academy.to_uppercase())
}
