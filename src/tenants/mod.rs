//! Academies, schools, their activation campaigns and the notices they must see.

pub mod ops;
pub mod store;

use serde::{Deserialize, Serialize};

use crate::base::clock::Timestamp;

/// A declared school. UAI: seven digits and a control letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct School {
    pub uai: String,
    pub name: String,
    pub academy: String,
    pub ministry: String,
    #[serde(default)]
    pub telephone: Option<String>,
}

/// Where a family turns to: a school, and the number to call where it is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Office {
    pub name: String,
    /// As it is dialled, for people.
    pub telephone: Option<String>,
    /// As a link dials it.
    pub tel: Option<String>,
}

impl Office {
    pub fn new(name: String, telephone: Option<String>) -> Self {
        let tel = telephone.as_deref().map(|text| text.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect());
        Office { name, telephone, tel }
    }
}

/// Whether a text can stand as a school's telephone: digits as they are dialled, with blanks and dots.
pub fn is_telephone(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let known = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '\u{a0}' | '.' | '+');
    (4..=15).contains(&digits) && text.chars().all(known) && !text.chars().skip(1).any(|c| c == '+')
}

/// When the parents of a school may activate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Campaign {
    pub opens: Timestamp,
    pub closes: Timestamp,
}

/// What a campaign says at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    Open,
    /// Opens then.
    NotYet(Timestamp),
    /// Ended then.
    Closed(Timestamp),
    /// The school never opened one.
    Never,
}

/// Decides for one school.
pub fn opening(campaign: Option<Campaign>, now: Timestamp) -> Opening {
    match campaign {
        None => Opening::Never,
        Some(c) if now < c.opens => Opening::NotYet(c.opens),
        Some(c) if now >= c.closes => Opening::Closed(c.closes),
        Some(_) => Opening::Open,
    }
}

/// Why a school is told something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    /// The parent said *Non*.
    Contested,
    /// The birth date was wrong too often.
    SetAside,
    /// Whoever asked for a new password knew no child's birth date.
    RecoveryFailed,
    /// A parent asks to open the campaign again.
    Reopening,
    /// No mobile of the roster can take a code.
    Unreachable,
    /// The roster has one link more than once, and not always the same.
    LinkRepeated,
}

impl NoticeKind {
    pub fn name(self) -> &'static str {
        match self {
            NoticeKind::Contested => "contested",
            NoticeKind::SetAside => "set_aside",
            NoticeKind::RecoveryFailed => "recovery_failed",
            NoticeKind::Reopening => "reopening",
            NoticeKind::Unreachable => "unreachable",
            NoticeKind::LinkRepeated => "link_repeated",
        }
    }
}

/// A row for the school.
#[derive(Clone, Debug)]
pub struct Notice<'a> {
    pub uai: &'a str,
    pub person_id: &'a str,
    pub pupil_id: Option<&'a str>,
    pub kind: NoticeKind,
    pub support_code: &'a str,
}
