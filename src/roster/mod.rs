//! Rosters: the legal representatives of each pupil, according to the schools' exports.
//!
//! A person is keyed by (academy, PERSONNE_ID), a pupil by (academy, ELEVE_ID): two schools of an academy may name the
//! same person or pupil. Reading ([`formats`]) and comparing ([`reconcile`]) are pure, so a file is validated as a
//! whole before the database is touched. Only [`Level::Legal`] gives rights.

use crate::base::date::BirthDate;
use crate::base::phone::E164;

pub mod formats;
pub mod matching;
pub mod ops;
pub mod reconcile;
pub mod report;
pub mod sealed_rows;
pub mod store;
pub use crate::base::uai;

/// The responsibility of a person for a pupil.
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
    /// Returns the text stored in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Legal => "legal",
            Level::InCharge => "in_charge",
            Level::Contact => "contact",
        }
    }

    /// Returns the text used in import reports.
    pub fn label(self) -> &'static str {
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

/// The stored data of a pupil. Names are as the school wrote them, normalized ([`crate::base::names::normalize_name`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PupilData {
    /// *Nom de famille*.
    pub family: String,
    /// *Nom d'usage*, if any.
    pub usage: Option<String>,
    pub given: String,
    pub born: BirthDate,
}

/// The stored data of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonData {
    /// *Nom de famille*.
    pub family: String,
    /// *Nom d'usage*, if any.
    pub usage: Option<String>,
    /// Empty for an institution.
    pub given: String,
    pub phone: Phone,
    /// The column, among [`OTHER_NUMBERS`], holding a mobile number when TEL_PORTABLE has none: reported to the school,
    /// which may move the number. Never used to send a code: nobody knows who reads the messages of a landline or a
    /// telephone at work.
    pub mobile_column: Option<&'static str>,
}

/// Columns other than TEL_PORTABLE in which mobile numbers are entered by mistake.
pub const OTHER_NUMBERS: [&str; 3] = ["TEL_PERSONNEL", "TEL_PERSONNE", "TEL_PROFESSIONNEL"];

/// The content of TEL_PORTABLE, the school's column for the mobile number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phone {
    Mobile(E164),
    /// The column is empty.
    Absent,
    /// A text to which no SMS can be sent; the text itself is not stored.
    Unusable(UnusablePhone),
}

/// The details by which the school finds an unusable number in its own database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnusablePhone {
    /// Absent in rows older than this column; the next import fills the column in.
    pub reason: Option<UnusableReason>,
    /// The last two digits of the number, or fewer if the text has fewer.
    pub last_digits: String,
}

/// The reason for which no SMS can be sent to a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnusableReason {
    /// An existing number, but not a mobile.
    Landline,
    /// Too short, too long, or not a telephone number.
    Incomplete,
}

impl UnusableReason {
    /// Returns the text stored in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            UnusableReason::Landline => "landline",
            UnusableReason::Incomplete => "incomplete",
        }
    }

    pub fn from_stored(text: &str) -> Option<Self> {
        [UnusableReason::Landline, UnusableReason::Incomplete].into_iter().find(|why| why.as_str() == text)
    }
}

impl Phone {
    pub fn mobile(&self) -> Option<&E164> {
        match self {
            Phone::Mobile(number) => Some(number),
            Phone::Absent | Phone::Unusable(_) => None,
        }
    }

    /// Returns the state stored beside the encrypted number.
    pub fn state(&self) -> &'static str {
        match self {
            Phone::Mobile(_) => "mobile",
            Phone::Absent => "none",
            Phone::Unusable(_) => "unusable",
        }
    }
}

/// The stored data of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkData {
    pub level: Level,
    /// CODE_PARENTE as two digits (10 mother, 20 father, 70 the pupil, …), if the school gave a code.
    pub relation: Option<String>,
}
