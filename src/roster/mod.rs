//! Rosters: the legal representatives of each pupil, according to the schools' exports.
//!
//! A person or pupil has one key in each format of an academy, such as PERSONNE_ID and ELEVE_ID in SIECLE's: two schools
//! of an academy may name the same person or pupil, and two formats too ([`precedence`]). Reading ([`formats`]) and comparing ([`reconcile`]) are pure, so a file is validated as a
//! whole before the database is touched. Only [`Level::Legal`] gives rights.

use crate::base::date::BirthDate;
use crate::base::phone::E164;
pub use crate::base::phone::{PhoneState, UnusableReason};

pub mod absence;
pub mod formats;
pub mod ine;
pub mod matching;
pub mod ops;
pub mod planned_changes;
pub mod precedence;
pub mod reconcile;
pub mod report;
pub mod same_pupil;
pub mod sealed_rows;
pub mod search;
pub mod store;
pub use crate::base::uai;

/// The responsibility of a person for a pupil.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Level {
    /// *Représentant légal*.
    Legal,
    /// *Personne en charge de l'élève*.
    InCharge,
    /// *Personne à contacter*.
    Contact,
}

impl Level {
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the text used in import reports.
    pub fn label(self) -> &'static str {
        match self {
            Level::Legal => "legal representative",
            Level::InCharge => "person in charge",
            Level::Contact => "contact",
        }
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
    /// The HMAC of the INE; absent if no export gave one.
    pub ine_blind: Option<String>,
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
    /// The mail address, as `formats::fields::parse_mail` writes it. For reminders of a campaign only: never an
    /// account's address, never a claim, never a way to a new password.
    pub mail: Option<String>,
}

impl PersonData {
    /// True if both say the same of whoever it is, whatever their addresses: an address gives no power over an account.
    pub fn is_same_but_for_mail(&self, other: &Self) -> bool {
        let of = |data: &Self| Self { mail: None, ..data.clone() };
        of(self) == of(other)
    }

    /// True if the address is all that differs.
    pub fn differs_in_mail_alone(&self, other: &Self) -> bool {
        self.mail != other.mail && self.is_same_but_for_mail(other)
    }
}

/// Columns other than TEL_PORTABLE in which mobile numbers are entered by mistake.
pub const OTHER_NUMBERS: [&str; 3] = ["TEL_PERSONNEL", "TEL_PERSONNE", "TEL_PROFESSIONNEL"];

/// The content of TEL_PORTABLE, the school's column for the mobile number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phone {
    Mobile(E164),
    /// The column is empty.
    Absent,
    /// A text to which no SMS can be sent; the text itself is not stored, but for a landline to which calls speak codes.
    Unusable(UnusablePhone),
}

/// The details by which the school finds an unusable number in its own database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnusablePhone {
    /// Absent in rows older than this column; the next import fills the column in.
    pub reason: Option<UnusableReason>,
    /// The last two digits of the number, or fewer if the text has fewer.
    pub last_digits: String,
    /// A landline, where calls speak codes.
    pub landline: Option<E164>,
}

impl Phone {
    pub fn mobile(&self) -> Option<&E164> {
        match self {
            Phone::Mobile(number) => Some(number),
            Phone::Absent | Phone::Unusable(_) => None,
        }
    }

    /// True if a number that got messages is another one now, or none.
    pub fn is_replaced_by(&self, newer: &Phone) -> bool {
        self.mobile().is_some() && self != newer
    }

    /// Returns the state stored beside the encrypted number.
    pub fn state(&self) -> PhoneState {
        match self {
            Phone::Mobile(_) => PhoneState::Mobile,
            Phone::Absent => PhoneState::Absent,
            Phone::Unusable(_) => PhoneState::Unusable,
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
