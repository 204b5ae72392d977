//! Roster formats: each is a folder that reads files into one school's [`SchoolRoster`], by the tools of `reader`.
//!
//! A file is validated as a whole: a truncated or malformed file is rejected, because half a roster would end the links
//! of the other half. A single unreadable record is a [`RecordError`] and counts as unchanged. No size, depth or
//! encoding claimed by a file is trusted.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{Read, Seek};

use chrono::NaiveDate;

use super::ine::Ine;
use super::uai::{Uai, UaiError};
use super::{Level, LinkData, PupilData};
use crate::base::clock::Timestamp;

mod reader;
pub mod siecle;

/// The supported formats. A format is a folder beside this file, and an arm of each function of the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum RosterFormat {
    /// SIECLE's ElevesAvecAdresses and ResponsablesAvecAdresses, of any year.
    Siecle,
}

/// A document among the files of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentOutline {
    /// Records of this school.
    School(Uai),
    Skipped(SkippedExport),
}

/// The files of one school, read to the end.
pub struct SchoolReading {
    /// Absent if the files hold nothing of the school.
    pub roster: Option<Result<SchoolRoster, SchoolRosterError>>,
    /// The reasons for files that could not be read.
    pub broken: Vec<FileError>,
}

impl RosterFormat {
    /// Returns the name under which the database keeps the origin of a link.
    pub fn name(self) -> &'static str {
        match self {
            RosterFormat::Siecle => "siecle",
        }
    }

    /// Reads the beginning of every document of a file, so that the files of a whole academy are read school by school.
    pub fn outline<R: Read + Seek>(self, file: &str, input: R) -> Result<Vec<DocumentOutline>, FileError> {
        match self {
            RosterFormat::Siecle => siecle::outline(file, input),
        }
    }

    /// Reads the files of one school to the end. `files` are the names with the opened files.
    pub fn read_school<R: Read + Seek>(
        self,
        uai: &Uai,
        files: impl Iterator<Item = Result<(String, R), FileError>>,
    ) -> SchoolReading {
        match self {
            RosterFormat::Siecle => siecle::read_school(uai, files),
        }
    }
}

/// One school's roster.
#[derive(Clone, Debug)]
pub struct SchoolRoster {
    pub uai: Uai,
    /// The calendar year of the rentrée.
    pub year: u16,
    /// The times of the data of pupils, and of persons and links: a format may export each apart.
    pub pupils_exported_at: Timestamp,
    pub persons_exported_at: Timestamp,
    /// The Paris date of the pupils' data: an earlier last day is past.
    pub exported_on: NaiveDate,
    pub pupils: Vec<PupilRecord>,
    pub persons: Vec<PersonRecord>,
    pub links: Vec<LinkRecord>,
    pub unreadable_pupils: UnreadablePupils,
    pub unreadable_persons: UnreadablePersons,
    pub errors: Vec<RecordError>,
    pub warnings: Vec<RecordWarning>,
}

/// The reason for which a school's files form no roster.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchoolRosterError {
    #[error("{uai}: the export of the {missing} is missing beside {given}")]
    MissingExport { uai: Uai, given: String, missing: &'static str },
    #[error("{uai}: {first} and {second} are the same export twice")]
    DuplicateExport { uai: Uai, first: String, second: String },
    /// Two exports with their school years.
    #[error("{uai}: the {} are of the school year {}, the {} of {}", .first.0, .first.1, .second.0, .second.1)]
    SchoolYearMismatch { uai: Uai, first: (&'static str, u16), second: (&'static str, u16) },
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
    /// [`PupilData::ine_blind`] is filled in by the import, which has the key.
    pub data: PupilData,
    /// Absent if missing, of another form, or given to two pupils of the file.
    pub ine: Option<Ine>,
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
    #[error("a name has « ? » for a letter that {program} could not write; at activation any letter agrees with it")]
    LostLetter { program: &'static str },
    #[error("has the INE of another pupil of the file; taken without")]
    SharedIne,
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
    #[error("{0} lies after the export")]
    BirthDateInFuture(&'static str),
    #[error("{field} has the unknown value {value:?}")]
    UnknownLevel { field: &'static str, value: String },
    #[error("the same id is there more than once")]
    Duplicate,
    #[error("{0} holds characters that do not belong in a name")]
    InvalidCharacters(&'static str),
    #[error("{0} is too long")]
    TooLong(&'static str),
}

/// An export of another kind: export screens deliver such files in the same ZIP or beside the rosters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedExport {
    pub file: String,
    pub root: String,
    /// The roots that the format reads.
    pub known: &'static str,
}

impl fmt::Display for SkippedExport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: its root is {}; {} are read", self.file, self.root, self.known)
    }
}

/// The rejection of a whole file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    pub file: String,
    /// The line at which reading stopped; absent if the error concerns no single line.
    pub line: Option<u64>,
    pub kind: FileErrorKind,
    /// The end of the message: the remedy in the words of the format.
    pub remedy: Option<&'static str>,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let remedy = self.remedy.unwrap_or_default();
        match self.line {
            Some(line) => write!(f, "{}: line {line}: {}{remedy}", self.file, self.kind),
            None => write!(f, "{}: {}{remedy}", self.file, self.kind),
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
    #[error("is {0}")]
    UnsupportedType(&'static str),
    #[error(
        "is a web page, not an export: the session had ended, and what was saved is the page to sign in; sign in and \
         export again"
    )]
    WebPage,
    #[error("has {what} before its first line <?xml …, which XML does not allow")]
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
    #[error("says in its first line that it is in {declared}, and is in UTF-8: some program saved it anew")]
    UnexpectedUtf8 { declared: String },
    #[error("should be in UTF-8 by its {said_by}, and is not: some program saved it anew")]
    InvalidUtf8 { said_by: &'static str },
    #[error("holds a DOCTYPE, which no export has")]
    Doctype,
    #[error("is not well-formed XML: {0}")]
    NotWellFormed(String),
    #[error("ends too early: the file was cut")]
    Truncated,
    #[error("is no roster: its root is {root}; {known} are read")]
    UnknownRoot { root: String, known: &'static str },
    #[error("{field} is missing in {header}")]
    MissingHeader { header: &'static str, field: &'static str },
    #[error("{field} in {header} has the unreadable value {value:?}")]
    InvalidHeader { header: &'static str, field: &'static str, value: String },
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
