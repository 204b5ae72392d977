//! Messages of an academy, or of all, on the pages of sign-in and activation: what they may say, and who sees them.
//!
//! A message is plain text for everybody who opens such a page. It has no address, because the page that asks for a
//! password is the last one from which people should be sent elsewhere, and depends on nobody: only on the service that
//! one comes from.

pub mod extract;
pub mod ops;
pub mod store;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::base::clock::{Span, Timestamp};
use crate::base::names::is_invisible;
use crate::clients::Perimeter;

/// The maximum length of a message in one language, in characters.
pub const MAX_TEXT_CHARS: usize = 280;
/// The maximum number of messages of one academy, or of all, that are shown or will be.
pub const MAX_OPEN_ANNOUNCEMENTS: usize = 3;
/// The retention of a message that has ended; the journal keeps it longer.
pub const ANNOUNCEMENT_RETENTION: Span = Span::days(400);

/// The level of a message.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::EnumIter,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum AnnouncementLevel {
    /// Something does not work, or will not.
    Disturbance,
    Information,
}

impl AnnouncementLevel {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    pub id: String,
    /// The academy, by id; `None` for all.
    pub academy: Option<String>,
    pub level: AnnouncementLevel,
    pub fr: String,
    pub en: String,
    pub begins_at: Timestamp,
    pub ends_at: Timestamp,
}

impl Announcement {
    /// True if visitors whose academy is known, or is not, see the message at a time.
    pub fn is_shown(&self, academy: Option<&str>, now: Timestamp) -> bool {
        let is_theirs = self.academy.is_none() || self.academy.as_deref() == academy;
        is_theirs && self.begins_at <= now && now < self.ends_at
    }
}

/// A message on a page, in its language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShownAnnouncement {
    pub level: AnnouncementLevel,
    pub text: String,
}

impl ShownAnnouncement {
    /// Returns one of each level, for the samples of pages.
    pub fn samples() -> Vec<Self> {
        let text = |level, text: &str| ShownAnnouncement { level, text: text.to_owned() };
        vec![
            text(
                AnnouncementLevel::Disturbance,
                "Les codes par SMS arrivent avec retard\u{a0}: comptez 10\u{a0}minutes.",
            ),
            text(AnnouncementLevel::Information, "Le <b>portail</b> est fermé samedi de 8\u{a0}h à 12\u{a0}h."),
        ]
    }
}

/// Returns the one academy that a service is about; `None` if there are several, or something else.
pub fn academy_of(perimeter: &Perimeter) -> Option<&str> {
    match perimeter.academies.as_slice() {
        [one] if perimeter.ministries.is_empty() && perimeter.schools.is_empty() => Some(one),
        _ => None,
    }
}

/// The reason for refusing a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TextFault {
    Empty,
    TooLong,
    /// It has control or invisible characters, which would make it look like another text.
    Hidden,
    Address,
}

/// Returns a typed text as it is shown: one paragraph.
///
/// # Errors
/// The text is empty or too long, or holds what is not shown or leads elsewhere.
pub fn judge_text(typed: &str) -> Result<String, TextFault> {
    let one_line: String = typed.nfc().map(|c| if matches!(c, '\r' | '\n' | '\t') { ' ' } else { c }).collect();
    let text = one_line.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if text.trim().is_empty() {
        return Err(TextFault::Empty);
    }
    if text.chars().any(|c| c.is_control() || is_invisible(c) || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Err(TextFault::Hidden);
    }
    if text.chars().count() > MAX_TEXT_CHARS {
        return Err(TextFault::TooLong);
    }
    if names_address(&text) {
        return Err(TextFault::Address);
    }
    Ok(text)
}

/// True if a text holds something that a person would open, or write to.
fn names_address(text: &str) -> bool {
    // What a browser takes for a dot or a slash; marks, which it takes away or a person overlooks, are left out.
    let letters = text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase);
    let plain: String = letters.map(|c| if c == '\u{3002}' { '.' } else { c }).collect();
    if plain.contains("://") || plain.contains(['@', '\\']) {
        return true;
    }
    // A host is one whatever it is glued to: « l'ent.example/connexion », « Portail:ent.example ».
    let pieces = plain.split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '.')));
    pieces.flat_map(|piece| piece.split("..")).any(is_host)
}

/// True if a piece of letters, digits, hyphens and dots is a host: a name, or four numbers. The form of identifiants,
/// `p.nomXX`, is none.
fn is_host(piece: &str) -> bool {
    let piece = piece.trim_matches(|c: char| !c.is_alphanumeric());
    if piece == "p.nomxx" {
        return false;
    }
    let labels: Vec<&str> = piece.split('.').collect();
    let Some((last, others)) = labels.split_last() else { return false };
    let is_top = last.starts_with("xn--") || last.chars().count() >= 2 && last.chars().all(char::is_alphabetic);
    // A telephone number has five groups.
    let is_address = labels.len() == 4 && labels.iter().all(|label| label.parse::<u8>().is_ok());
    is_address || is_top && !others.is_empty() && others.iter().all(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threat_s12_a_message_is_plain_text_that_shows_what_it_is_and_leads_nowhere() {
        for text in [
            "Le portail est fermé samedi de 8 h à 12 h.",
            "Les codes par SMS arrivent avec retard\u{a0}: comptez 10 minutes.",
            "L'identifiant a la forme p.nomXX. Appelez le 04 67 00 00 00 !",
            "<b>Texte</b> & \"guillemets\"",
            "Version 2.0, 14.30",
            "Fermé dès 8 h. Merci de votre patience.",
            "M. Durand, Mme N'Diaye et S.N.C.F. répondent au 04.67.00.00.00, c.-à-d. etc.",
            "Le 12.10.2026 de 8.30 à 9.15 (p. ex.) : rendez-vous... demain, 3 500 €/mois.",
            "Choisissez « Parent/élève », l'un et/ou l'autre, puis validez…merci !",
            "À l'école, aujourd'hui : 50 % des comptes sont activés (p.nomXX).",
        ] {
            assert_eq!(judge_text(text).as_deref(), Ok(text));
        }
        assert_eq!(judge_text(" Deux\r\n\r\n lignes \t ").as_deref(), Ok("Deux lignes"));
        for (text, fault) in [
            ("", TextFault::Empty),
            (" \n\t", TextFault::Empty),
            ("\u{a0}", TextFault::Empty),
            ("gauche \u{202e}etiord", TextFault::Hidden),
            ("\u{2067}a\u{2069}", TextFault::Hidden),
            ("a\u{200b}b", TextFault::Hidden),
            ("a\u{0}b", TextFault::Hidden),
            ("a\u{1b}[31m", TextFault::Hidden),
            ("a\u{2028}b", TextFault::Hidden),
            ("ent\u{34f}.example", TextFault::Hidden),
            ("ent\u{fe00}.example", TextFault::Hidden),
            ("ent\u{e0100}.example", TextFault::Hidden),
            ("ent\u{17b4}.example", TextFault::Hidden),
            ("Allez sur l'ent.example/connexion", TextFault::Address),
            ("Portail:ent.example", TextFault::Address),
            ("portail/ent.example", TextFault::Address),
            ("ent.example,merci", TextFault::Address),
            ("voir...ent.example", TextFault::Address),
            ("voir…ent.example !", TextFault::Address),
            ("«ent.example»", TextFault::Address),
            ("https:\\\\ent.example", TextFault::Address),
            ("ent\\x", TextFault::Address),
            ("192.0.2.7/connexion", TextFault::Address),
            ("(192.0.2.7)", TextFault::Address),
            ("ent.xn--p1ai", TextFault::Address),
            ("ent.e\u{338}xample", TextFault::Address),
            ("école.example", TextFault::Address),
            ("mon-ent.example:8080", TextFault::Address),
            ("p.nomxx.example", TextFault::Address),
            ("Allez sur https://ent.example", TextFault::Address),
            ("Allez sur ENT.Example/connexion", TextFault::Address),
            ("Allez sur (t.me/x).", TextFault::Address),
            ("ent。example", TextFault::Address),
            ("ent\u{ff0e}example", TextFault::Address),
            ("Écrivez à aide\u{ff20}ac", TextFault::Address),
            ("javascript://x", TextFault::Address),
        ] {
            assert_eq!(judge_text(text), Err(fault), "{text:?}");
        }
        assert!(judge_text(&"é".repeat(MAX_TEXT_CHARS)).is_ok());
        assert_eq!(judge_text(&"é".repeat(MAX_TEXT_CHARS + 1)), Err(TextFault::TooLong));
        assert_eq!(judge_text(&"x".repeat(1_000_000)), Err(TextFault::TooLong));
    }

    #[test]
    fn a_message_is_shown_in_its_time_where_its_academy_is_known() {
        let at = Timestamp;
        let all = Announcement {
            id: "1".into(),
            academy: None,
            level: AnnouncementLevel::Information,
            fr: "f".into(),
            en: "e".into(),
            begins_at: at(10),
            ends_at: at(20),
        };
        let shown = |one: &Announcement, academy| [9, 10, 19, 20].map(|now| one.is_shown(academy, at(now)));
        assert_eq!(shown(&all, None), [false, true, true, false]);
        assert_eq!(shown(&all, Some("toulouse")), [false, true, true, false]);
        let own = Announcement { academy: Some("montpellier".into()), ..all };
        assert_eq!(shown(&own, Some("montpellier")), [false, true, true, false]);
        for other in [None, Some("toulouse"), Some("")] {
            assert_eq!(shown(&own, other), [false; 4], "{other:?}");
        }
    }

    #[test]
    fn the_academy_is_known_from_a_perimeter_that_is_one_academy_and_nothing_else() {
        let list = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        let one = Perimeter { academies: list(&["montpellier"]), ..Perimeter::default() };
        assert_eq!(academy_of(&one), Some("montpellier"));
        for other in [
            Perimeter::default(),
            Perimeter { academies: list(&["montpellier", "toulouse"]), ..Perimeter::default() },
            Perimeter { schools: list(&["0319999A"]), ..one.clone() },
            Perimeter { ministries: list(&["mer"]), ..one },
        ] {
            assert_eq!(academy_of(&other), None, "{other:?}");
        }
    }
}
