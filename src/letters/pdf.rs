//! The printed pages: letters, one a person, and the leaflet for all families of a school. A4, black on white, readable
//! after a bad photocopy.
//!
//! The text of a file can be searched and read aloud; its fonts are in the file. A name that is too long for its line
//! wraps, and a page that becomes too full is set smaller as a whole. Drawing takes time in proportion to the pages, so
//! that a server does it on a thread of its own. This module must not know an account, a store or a clock: it prints
//! the words that it is given, and those of `templates/messages/`.

mod compose;
mod document;
mod leaflet;
mod letter;
mod page;
mod qr;
#[cfg(test)]
mod tests;
mod text;

use super::code::LetterCode;
use crate::base::lang::Lang;
use crate::http::pages::{PageRenderer, PagesError};
use crate::http::paths;

use compose::Words;
use document::{FinishedPage, PdfWriter};
use text::TypeSetter;

/// The maximum length of a word or name that is printed, in characters. A longer one is cut, with an ellipsis.
pub const MAX_PRINTED_CHARS: usize = 200;

/// The school and the service in whose name pages are printed.
#[derive(Clone, Copy, Debug)]
pub struct Letterhead<'a> {
    pub lang: Lang,
    /// The service's name (`deployment.name`).
    pub service: &'a str,
    pub school: &'a str,
    /// The academy's name, « Académie de Montpellier »; may be empty.
    pub academy: &'a str,
    /// The issuer, `https://compte.exemple.fr`.
    pub issuer: &'a str,
    /// The day of printing in words, « 28 novembre 2026 ».
    pub printed_on: &'a str,
}

/// The use of a letter's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterUse {
    /// The account's first password.
    First,
    /// A new password.
    Reset,
    /// A new password in place of lost second factors.
    Factor,
    /// One more child for the account, of a parent who is signed in.
    Child,
}

/// The person who reads a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterReader {
    Pupil,
    Parent,
}

/// A letter to print.
#[derive(Clone, Copy, Debug)]
pub struct PrintedLetter<'a> {
    pub purpose: LetterUse,
    pub reader: LetterReader,
    /// Given name and family name, as the school writes them.
    pub name: &'a str,
    /// The class of a pupil.
    pub class: Option<&'a str>,
    pub identifiant: &'a str,
    pub code: &'a LetterCode,
    /// The code's last day in words, « mercredi 16 décembre ».
    pub valid_until: &'a str,
    /// True if the school hands the letter over in person or posts it, and no child carries it.
    pub in_person: bool,
}

/// The leaflet's own data: the portal of the school.
#[derive(Clone, Copy, Debug)]
pub struct LeafletPortal<'a> {
    /// The place of the button MON ENT, « clg-monod.exemple.fr »; empty where only the school's own site is known.
    pub school_site: &'a str,
    /// The portal's line to choose, « de l'académie de Montpellier avec Mon compte École »; empty where it is not known.
    pub choice: &'a str,
}

/// A finished file. Its bytes hold codes, so that there is no `Debug`.
pub struct PdfFile {
    pub bytes: Vec<u8>,
    /// The signs that no font has; an empty box is printed in their place.
    pub unprintable: Vec<UnprintableSign>,
}

/// A sign that no font has, and its page, from 1 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnprintableSign {
    pub sheet: usize,
    pub sign: char,
}

/// The errors of printing, always internal errors.
#[derive(Debug, thiserror::Error)]
pub enum LetterPdfError {
    #[error("words of a letter: {0}")]
    Words(#[from] PagesError),
    #[error("the font {0} is missing or damaged")]
    Font(&'static str),
    #[error("the page {0} is too full")]
    TooFull(usize),
    #[error("the address of the QR code is too long")]
    QrCode,
    #[error("a shape cannot be drawn")]
    Shape,
    #[error("no letter to print")]
    NothingToPrint,
    #[error("PDF: {0}")]
    Pdf(String),
}

/// Draws a file with one page a letter.
pub fn print_letters(
    pages: &PageRenderer,
    head: &Letterhead<'_>,
    letters: &[PrintedLetter<'_>],
) -> Result<PdfFile, LetterPdfError> {
    let words = Words { pages, lang: head.lang };
    let title = match letters {
        [] => return Err(LetterPdfError::NothingToPrint),
        [one] => words.plain("printed-title-one", &[("service", head.service), ("name", &printed(one.name))])?,
        _ => words.plain("printed-title-many", &[("service", head.service), ("school", &printed(head.school))])?,
    };
    let mut setter = TypeSetter::new()?;
    let mut writer = PdfWriter::new(head.lang, &title, head.service)?;
    for (place, letter) in letters.iter().enumerate() {
        let items = letter::compose(&words, &mut setter, head, letter, place + 1)?;
        writer.add(FinishedPage { title: printed(letter.name), items })?;
    }
    writer.finish()
}

/// Draws the leaflet: the steps of an activation, for one school and its portal.
pub fn print_leaflet(
    pages: &PageRenderer,
    head: &Letterhead<'_>,
    portal: &LeafletPortal<'_>,
) -> Result<PdfFile, LetterPdfError> {
    let words = Words { pages, lang: head.lang };
    let title = words.plain("leaflet-title", &[])?;
    let mut setter = TypeSetter::new()?;
    let mut writer = PdfWriter::new(head.lang, &title, head.service)?;
    let items = leaflet::compose(&words, &mut setter, head, portal)?;
    writer.add(FinishedPage { title, items })?;
    writer.finish()
}

/// Returns the address in a letter's QR code. Identifiant and code stand in the fragment, which reaches no server and
/// no log.
pub fn letter_address(issuer: &str, identifiant: &str, code: &LetterCode) -> String {
    let fragment = form_urlencoded::Serializer::new(String::new())
        .append_pair("i", identifiant)
        .append_pair("c", code.as_str())
        .finish();
    format!("{}{}#{fragment}", issuer.trim_end_matches('/'), paths::LETTER)
}

/// Returns a path of the service as people type it: without the scheme.
fn typed_address(issuer: &str, path: &str) -> String {
    let host = issuer.split_once("://").map_or(issuer, |(_, host)| host).trim_end_matches('/');
    format!("{host}{path}")
}

/// Returns a name or word as printed: normalized and of bounded length.
fn printed(text: &str) -> String {
    let text = crate::base::names::normalize_name(text);
    if text.chars().count() <= MAX_PRINTED_CHARS {
        return text;
    }
    text.chars().take(MAX_PRINTED_CHARS - 1).chain(['…']).collect()
}
