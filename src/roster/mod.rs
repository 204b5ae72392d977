//! Rosters: who is whose legal representative, as the schools' exports say.
//!
//! A person is keyed (academy, PERSONNE_ID), a pupil (academy, ELEVE_ID): two schools of an academy may name the
//! same one. Reading ([`formats`]) and comparing ([`reconcile`]) are pure, so that a file can be judged whole
//! before a database is touched. Only [`Level::Legal`] gives rights.

use crate::base::date::BirthDate;
use crate::base::phone::E164;

pub mod formats;
pub mod matching;
pub mod reconcile;
pub mod store;
pub use crate::base::uai;

/// What a person is to a pupil.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// *Représentant légal*.
    Legal,
    /// *Personne en charge de l'élève*.
    InCharge,
    /// *Personne à contacter*.
    Contact,
}

impl Level {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Legal => "legal",
            Level::InCharge => "in_charge",
            Level::Contact => "contact",
        }
    }

    pub fn from_stored(text: &str) -> Option<Self> {
        [Level::Legal, Level::InCharge, Level::Contact].into_iter().find(|level| level.as_str() == text)
    }
}

/// What is kept of a pupil. Names are as the school wrote them, cleaned ([`crate::base::names::clean`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PupilData {
    /// *Nom de famille*.
    pub family: String,
    /// *Nom d'usage*, where there is one.
    pub usage: Option<String>,
    pub given: String,
    pub born: BirthDate,
}

/// What is kept of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonData {
    /// *Nom de famille*.
    pub family: String,
    /// *Nom d'usage*, where there is one.
    pub usage: Option<String>,
    /// Empty for an institution.
    pub given: String,
    /// Absent too where the school's column holds no mobile.
    pub mobile: Option<E164>,
}

/// What is kept of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkData {
    pub level: Level,
    /// CODE_PARENTE in its two digits (10 mother, 20 father, 70 the pupil himself …), where the school gave one.
    pub relation: Option<String>,
}
