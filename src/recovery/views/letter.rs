//! The pages of whoever has a letter: its code, and a pupil's own birth date.

use serde::Serialize;

use super::IdentifiantFieldError;
use crate::base::date::TypedDate;
use crate::http::pages::Page;
use crate::http::pages::date_fields::{DateFieldError, DateFields};

/// `/lettre`. Posts `identifiant` and `code` to the URL of the page. A script fills the fields from the fragment of a
/// QR code's address.
#[derive(Debug, Serialize)]
pub struct LetterPage {
    /// `?i=…&client_id=…`, or empty.
    pub query: String,
    pub identifiant: String,
    /// The typed text, if it cannot be a code; never a code.
    pub code: String,
    pub identifiant_fault: Option<IdentifiantFieldError>,
    pub code_fault: Option<LetterCodeFieldError>,
    pub refusal: Option<LetterRefusal>,
}

/// The error of a code that cannot be one: no try is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LetterCodeFieldError {
    Empty,
    WrongForm,
    /// A sign that no code has: 0, O, 1, I or L.
    Confusable,
    /// The check sign does not agree.
    Slip,
}

/// The refusal of a code. The dates of a code's end are told only to whoever typed that very code.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LetterRefusal {
    NoCookies,
    Wrong {
        left: i64,
    },
    /// The tries of the day are used up; `hour` as `14 h 30`.
    TooManyToday {
        hour: String,
    },
    /// Too many letters, activations and recoveries of this connection never came to anything: another one helps.
    ManyFromHere {
        hour: String,
    },
    /// Too many from this browser, or from all connections.
    Many {
        hour: String,
    },
    Used {
        date: String,
    },
    Replaced {
        date: String,
    },
    Expired {
        date: String,
    },
}

/// `/mot-de-passe-oublie/naissance`: a pupil's own birth date. Posts `date_naissance_jour`, `_mois`, `_annee` to the
/// URL of the page.
#[derive(Debug, Serialize)]
pub struct OwnBirthPage {
    pub query: String,
    /// `Anaïs L.`
    pub name: String,
    pub school: String,
    /// True for a code that a parent handed over; false for the school's sheet.
    pub by_parent: bool,
    pub date: DateFields,
    pub error: Option<OwnBirthError>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum OwnBirthError {
    Wrong {
        left: i64,
    },
    /// The tries of the day are used up; `hour` as `14 h 30`.
    NoMore {
        hour: String,
    },
    Date {
        fault: DateFieldError,
    },
}

impl Page for LetterPage {
    const TEMPLATE: &'static str = "recovery/letter.html";
    fn samples() -> Vec<Self> {
        let page = |identifiant_fault, code_fault, refusal| LetterPage {
            query: "?i=0123456789abcdefghijkl&client_id=mon-ent".to_owned(),
            identifiant: "a.leboeuf12".to_owned(),
            code: match code_fault {
                None | Some(LetterCodeFieldError::Empty) => String::new(),
                Some(_) => "K7PM-4XHA-9RT".to_owned(),
            },
            identifiant_fault,
            code_fault,
            refusal,
        };
        let date = || "3 septembre".to_owned();
        let mut all = vec![
            page(None, None, None),
            page(Some(IdentifiantFieldError::Empty), Some(LetterCodeFieldError::Empty), None),
            page(Some(IdentifiantFieldError::Malformed), None, None),
        ];
        for fault in [LetterCodeFieldError::WrongForm, LetterCodeFieldError::Confusable, LetterCodeFieldError::Slip] {
            all.push(page(None, Some(fault), None));
        }
        for refusal in [
            LetterRefusal::NoCookies,
            LetterRefusal::Wrong { left: 9 },
            LetterRefusal::Wrong { left: 1 },
            LetterRefusal::TooManyToday { hour: "14 h 30".to_owned() },
            LetterRefusal::ManyFromHere { hour: "14 h 30".to_owned() },
            LetterRefusal::Many { hour: "14 h 30".to_owned() },
            LetterRefusal::Used { date: date() },
            LetterRefusal::Replaced { date: date() },
            LetterRefusal::Expired { date: date() },
        ] {
            all.push(page(None, None, Some(refusal)));
        }
        all
    }
}

impl Page for OwnBirthPage {
    const TEMPLATE: &'static str = "recovery/birth.html";
    fn samples() -> Vec<Self> {
        let page = |typed: &str, error| OwnBirthPage {
            query: "?i=0123456789abcdefghijkl&r=lkjihgfedcba9876543210".to_owned(),
            name: "Anaïs L.".to_owned(),
            school: "Clg Théodore Monod".to_owned(),
            by_parent: false,
            date: DateFields::from(TypedDate::from_text(typed)),
            error,
        };
        vec![
            page("", None),
            OwnBirthPage { by_parent: true, ..page("", None) },
            page("14/02/2012", Some(OwnBirthError::Wrong { left: 3 })),
            page("14/02/2012", Some(OwnBirthError::NoMore { hour: "14 h 30".to_owned() })),
            page("31/02/2013", Some(OwnBirthError::Date { fault: DateFieldError::NoSuchDay })),
            page("", Some(OwnBirthError::Date { fault: DateFieldError::Empty })),
        ]
    }
}
