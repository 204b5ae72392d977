//! What may be wrong with a record or a file: each is a line of the report.

use std::fmt;

use super::reader::csv_table::TableFault;
use crate::roster::Level;
use crate::roster::uai::UaiError;

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
    #[error("has the ELEVE_ID of another pupil of the file; taken without")]
    SharedEleveId,
    #[error("says no encoding, and is read as {0}, by its letters: if names are wrong, save it in UTF-8")]
    AssumedEncoding(&'static str),
    #[error("names no child; passed over")]
    WithoutChild,
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
    #[error("{field} has not {expected} parts")]
    WrongFieldCount { field: &'static str, expected: usize },
    #[error("is no addition, and a complet has nothing else")]
    NotAnAddition,
    #[error("names the structure {0}, which is no school of the academy")]
    UnknownStructure(String),
    #[error("is not known, so it cannot be changed")]
    UnknownRecord,
    #[error("has {found} values, and the first line {expected}: a separator stands in a value")]
    TooManyValues { found: usize, expected: usize },
    #[error(
        "{0} is a number, as spreadsheets keep dates: give the column the form JJ/MM/AAAA there, and export it again"
    )]
    SerialDate(&'static str),
    #[error("{0} is no date of the form JJ/MM/AAAA or AAAA-MM-JJ")]
    InvalidTableDate(&'static str),
    #[error("the same id is there more than once, with other data")]
    DifferingDuplicate,
    #[error("{0} is an INE, which is no key: leave the id out, and say in which column the INE stands")]
    IdIsIne(&'static str),
    #[error("has the names of another responsable of the same child")]
    HomonymousPerson,
    #[error("has the names and the birth date of another pupil, and no INE tells them apart")]
    HomonymousPupil,
    #[error("names a child who is not among the pupils")]
    UnknownChild,
    #[error("names a child whose own row could not be read")]
    UnreadChild,
    #[error("names a child who could be several pupils")]
    AmbiguousChild,
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
    #[error("holds a record of the kind {found:?}, and by its name only those of {expected}")]
    UnexpectedKind { found: String, expected: &'static str },
    #[error("its name is none of a delivery, such as ENT_Complet_20250908_Eleve_0000.xml")]
    UnknownName,
    #[error("{field} is missing in {header}")]
    MissingHeader { header: &'static str, field: &'static str },
    #[error("{field} in {header} has the unreadable value {value:?}")]
    InvalidHeader { header: &'static str, field: &'static str, value: String },
    #[error(transparent)]
    InvalidUai(#[from] UaiError),
    #[error(transparent)]
    Table(#[from] TableFault),
}

impl FileErrorKind {
    /// True if a line number would mislead, because the reader's position is unrelated to the error.
    pub fn concerns_whole_file(&self) -> bool {
        matches!(
            self,
            FileErrorKind::TooLarge
                | FileErrorKind::UnexpectedUtf8 { .. }
                | FileErrorKind::InvalidUtf8 { .. }
                | FileErrorKind::WebPage
        )
    }
}
