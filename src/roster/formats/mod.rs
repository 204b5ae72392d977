//! Roster formats: each reads files into one school's [`SchoolRoster`].
//!
//! A file is validated as a whole: a truncated or malformed file is rejected, because half a roster would end the links
//! of the other half. A single unreadable record is a [`RecordError`] and counts as unchanged. No size, depth or
//! encoding claimed by a file is trusted.

use std::collections::BTreeSet;
use std::fmt;

use chrono::NaiveDate;

use super::uai::{Uai, UaiError};
use super::{Level, LinkData, PupilData};
use crate::base::clock::Timestamp;

mod archive;
mod bounded;
mod encoding_check;
mod parameters;
mod prolog;
mod record;
pub mod school_roster;
pub mod siecle;
#[cfg(test)]
mod tests;
mod validation;
mod xml_elements;

pub use school_roster::{SchoolRoster, SchoolRosterError, assemble_rosters};

/// The header of an export (PARAMETRES).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportHeader {
    /// UAJ, with its check letter verified.
    pub uai: Uai,
    /// ANNEE_SCOLAIRE, the calendar year of the rentrée.
    pub year: u16,
    /// HORODATAGE, or else midnight of DATE_EXPORT, Paris time.
    pub exported_at: Timestamp,
    /// The Paris date of `exported_at`.
    pub exported_on: NaiveDate,
}

/// One export, read to the end.
#[derive(Clone, Debug)]
pub struct ExportFile {
    /// The file name, prefixed by the ZIP's if any: `ExportXML.zip/ElevesAvecAdresses.xml`.
    pub name: String,
    pub header: ExportHeader,
    pub content: ExportContent,
    pub errors: Vec<RecordError>,
    pub warnings: Vec<RecordWarning>,
}

/// The records of a file, in file order.
#[derive(Clone, Debug)]
pub enum ExportContent {
    Pupils { pupils: Vec<PupilRecord>, unreadable: UnreadablePupils },
    Persons { persons: Vec<PersonRecord>, links: Vec<LinkRecord>, unreadable: UnreadablePersons },
}

/// Pupils to treat as unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnreadablePupils {
    pub ids: BTreeSet<String>,
    /// The number of records without an id: any pupil may be concerned, so no pupil may be removed.
    pub unnamed: usize,
}

/// Persons and links to treat as unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnreadablePersons {
    pub ids: BTreeSet<String>,
    /// (ELEVE_ID, PERSONNE_ID)
    pub links: BTreeSet<(String, String)>,
    /// The number of links lacking an id: any link may be concerned.
    pub unnamed_links: usize,
}

/// A pupil of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PupilRecord {
    /// ELEVE_ID, unique in the academy.
    pub id: String,
    pub data: PupilData,
    /// CODE_STRUCTURE of the division.
    pub class: Option<String>,
    /// DATE_SORTIE.
    pub left_on: Option<NaiveDate>,
}

/// A person of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonRecord {
    /// PERSONNE_ID, unique in the academy.
    pub id: String,
    pub family: String,
    pub usage: Option<String>,
    /// Empty for an institution.
    pub given: String,
    /// TEL_PORTABLE as written.
    pub mobile: Option<String>,
    /// The contents of the columns [`super::OTHER_NUMBERS`].
    pub other_numbers: Vec<(&'static str, String)>,
}

/// A link of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkRecord {
    pub pupil: String,
    pub person: String,
    pub data: LinkData,
    /// True if the export holds the link several times with differing data: the strongest record is kept, for the
    /// school to look at.
    pub repeated: bool,
}

/// A rejected record: one line of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordError {
    pub file: String,
    /// The line of the record's end.
    pub line: u64,
    /// `ELEVE 900001`; never a name.
    pub record: String,
    pub kind: RecordErrorKind,
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: line {}: {}: {}", self.file, self.line, self.record, self.kind)
    }
}

/// An imported record for the school to look at: one line of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordWarning {
    /// `RESPONSABLE_ELEVE 900001 500001`; never a name.
    pub record: String,
    pub kind: RecordWarningKind,
}

impl fmt::Display for RecordWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.record, self.kind)
    }
}

/// The kind of a warning.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordWarningKind {
    #[error("is there more than once, and differs; taken as {}", .kept.label())]
    DuplicateLink { kept: Level },
    #[error("a name has « ? » for a letter that SIECLE could not write; at activation any letter agrees with it")]
    LostLetter,
}

/// The reason for rejecting a record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordErrorKind {
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("{0} is no id of letters and digits")]
    InvalidId(&'static str),
    #[error("{0} is no date of the form JJ/MM/AAAA")]
    InvalidDate(&'static str),
    #[error("DATE_NAISS lies after the export")]
    BirthDateInFuture,
    #[error("{field} has the unknown value {value:?}")]
    UnknownLevel { field: &'static str, value: String },
    #[error("the same id is there more than once")]
    Duplicate,
    #[error("{0} holds characters that do not belong in a name")]
    InvalidCharacters(&'static str),
    #[error("{0} is too long")]
    TooLong(&'static str),
}

/// A SIECLE export of another kind: the export screen delivers such files in the same ZIP or beside the rosters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedExport {
    pub file: String,
    pub root: String,
}

impl fmt::Display for SkippedExport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: its root is {}; BEE_ELEVES and BEE_RESPONSABLES are read", self.file, self.root)
    }
}

/// The rejection of a whole file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    pub file: String,
    /// The line at which reading stopped; absent if the error concerns no single line.
    pub line: Option<u64>,
    pub kind: FileErrorKind,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}: line {line}: {}", self.file, self.kind),
            None => write!(f, "{}: {}", self.file, self.kind),
        }
    }
}

impl std::error::Error for FileError {}

/// The reason for rejecting a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileErrorKind {
    #[error("cannot be read: {0}")]
    Unreadable(String),
    #[error("is no readable ZIP: {0}")]
    InvalidZip(String),
    #[error("the ZIP holds no XML file")]
    NoXml,
    #[error("the ZIP holds other ZIPs: unpack it, and give those")]
    NestedZip,
    #[error("is {0}: unpack it, and give the ZIP or XML that is in it")]
    UnsupportedArchive(&'static str),
    #[error("is {0}: give the ZIP or XML that SIECLE exported")]
    UnsupportedType(&'static str),
    #[error(
        "is a web page, not an export: the session had ended, and what was saved is the page to sign in; sign in and \
         export again"
    )]
    WebPage,
    #[error(
        "has {what} before its first line <?xml …, which XML does not allow: take it away, or give the ZIP as SIECLE \
         exported it"
    )]
    ContentBeforeDeclaration { what: &'static str },
    #[error("the ZIP is encrypted")]
    Encrypted,
    #[error("is larger than a school's export can be")]
    TooLarge,
    #[error("holds a text, a comment or a tag longer than an export's")]
    TokenTooLong,
    #[error("is nested deeper than an export")]
    TooDeep,
    #[error("holds more records than a school can have")]
    TooManyRecords,
    #[error(
        "is in the encoding {0}; ISO-8859-15, ISO-8859-1, Windows-1252, UTF-8, and UTF-16 with its byte-order mark are \
         read"
    )]
    UnsupportedEncoding(String),
    #[error(
        "says in its first line that it is in {declared}, and is in UTF-8: some program saved it anew; give the ZIP as \
         SIECLE exported it, or write encoding=\"UTF-8\" in the first line"
    )]
    UnexpectedUtf8 { declared: String },
    #[error(
        "should be in UTF-8 by its {said_by}, and is not: some program saved it anew; give the ZIP as SIECLE exported \
         it, or name in the first line the encoding it is in (ISO-8859-15 in SIECLE's exports)"
    )]
    InvalidUtf8 { said_by: &'static str },
    #[error("holds a DOCTYPE, which no export has")]
    Doctype,
    #[error("is not well-formed XML: {0}")]
    NotWellFormed(String),
    #[error("ends too early: the file was cut")]
    Truncated,
    #[error("is no roster: its root is {0}; BEE_ELEVES and BEE_RESPONSABLES are read")]
    UnknownRoot(String),
    #[error("{0} is missing in PARAMETRES")]
    MissingHeader(&'static str),
    #[error("{field} in PARAMETRES has the unreadable value {value:?}")]
    InvalidHeader { field: &'static str, value: String },
    #[error(transparent)]
    InvalidUai(#[from] UaiError),
}

impl FileErrorKind {
    /// True if a line number would mislead, because the reader's position is unrelated to the error.
    fn concerns_whole_file(&self) -> bool {
        matches!(
            self,
            FileErrorKind::TooLarge
                | FileErrorKind::UnexpectedUtf8 { .. }
                | FileErrorKind::InvalidUtf8 { .. }
                | FileErrorKind::WebPage
        )
    }
}
