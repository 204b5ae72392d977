//! Rosters: who is whose legal representative, as the schools' exports say.
//!
//! A person is keyed (academy, PERSONNE_ID), a pupil (academy, ELEVE_ID): two schools of an academy may name the
//! same one. Reading ([`formats`]) and comparing ([`reconcile`]) are pure, so that a file can be judged whole
//! before a database is touched. Only [`Level::Legal`] gives rights.

use crate::base::date::BirthDate;
use crate::base::phone::E164;

pub mod formats;
pub mod matching;
pub mod ops;
pub mod reconcile;
pub mod report;
pub mod sealed;
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

    /// As reports say it.
    pub fn words(self) -> &'static str {
        match self {
            Level::Legal => "legal representative",
            Level::InCharge => "person in charge",
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
    pub phone: Phone,
    /// The column, one of [`OTHER_NUMBERS`], that holds a mobile where TEL_PORTABLE has none: told to the school, which
    /// may move it. Never used: who reads a landline's messages, or those at work, nobody knows.
    pub mobile_in: Option<&'static str>,
}

/// Columns beside TEL_PORTABLE that people's mobiles are entered in by mistake.
pub const OTHER_NUMBERS: [&str; 3] = ["TEL_PERSONNEL", "TEL_PERSONNE", "TEL_PROFESSIONNEL"];

/// What the school's column for the mobile holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phone {
    Mobile(E164),
    /// Nothing.
    Absent,
    /// Something that takes no SMS; it is not kept.
    Unusable(Unusable),
}

/// What the school needs to find a number that takes no SMS in its base.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unusable {
    /// Absent in rows of before this was kept; the next import fills it in.
    pub why: Option<PhoneWhy>,
    /// Its last two digits, as far as there are.
    pub end: String,
}

/// Why it takes none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneWhy {
    /// It exists and is no mobile.
    Landline,
    /// It is too short, too long, or no number at all.
    Incomplete,
}

impl PhoneWhy {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            PhoneWhy::Landline => "landline",
            PhoneWhy::Incomplete => "incomplete",
        }
    }

    pub fn from_stored(text: &str) -> Option<Self> {
        [PhoneWhy::Landline, PhoneWhy::Incomplete].into_iter().find(|why| why.as_str() == text)
    }
}

impl Phone {
    pub fn mobile(&self) -> Option<&E164> {
        match self {
            Phone::Mobile(number) => Some(number),
            Phone::Absent | Phone::Unusable(_) => None,
        }
    }

    /// As it is stored, beside the sealed number.
    pub fn state(&self) -> &'static str {
        match self {
            Phone::Mobile(_) => "mobile",
            Phone::Absent => "none",
            Phone::Unusable(_) => "unusable",
        }
    }
}

/// What is kept of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkData {
    pub level: Level,
    /// CODE_PARENTE in its two digits (10 mother, 20 father, 70 the pupil himself …), where the school gave one.
    pub relation: Option<String>,
}
