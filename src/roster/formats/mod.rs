//! Formats of rosters: each reads files into one school's [`SchoolSet`].
//!
//! A file is judged as a whole: cut or not well-formed, it is refused, because half a roster would end the links of
//! the other half. A single record that cannot be read is a [`Problem`]; it counts as unchanged. Nothing here
//! trusts a size, a depth or an encoding that the file claims.

use std::collections::BTreeSet;
use std::fmt;

use chrono::NaiveDate;

use super::uai::{Uai, UaiError};
use super::{Level, LinkData, PupilData};
use crate::base::clock::Timestamp;

mod archive;
mod bounded;
mod judging;
mod parametres;
mod prolog;
mod record;
pub mod set;
pub mod siecle;
#[cfg(test)]
mod tests;
mod utf8;
mod xml;

pub use set::{SchoolSet, SetError, assemble};

/// What a file says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// UAJ, whose letter was checked.
    pub uai: Uai,
    /// ANNEE_SCOLAIRE, the year of the rentrée.
    pub year: u16,
    /// HORODATAGE, else midnight of DATE_EXPORT, Paris time.
    pub exported_at: Timestamp,
    /// The same as a date in Paris.
    pub exported_on: NaiveDate,
}

/// One export, read to its end.
#[derive(Clone, Debug)]
pub struct File {
    /// Its name, with the ZIP it came in: `ExportXML.zip/ElevesAvecAdresses.xml`.
    pub name: String,
    pub header: Header,
    pub content: Content,
    pub problems: Vec<Problem>,
    pub remarks: Vec<Remark>,
}

/// The records of a file, in its order.
#[derive(Clone, Debug)]
pub enum Content {
    Eleves { pupils: Vec<Pupil>, unreadable: UnreadablePupils },
    Responsables { persons: Vec<Person>, links: Vec<Link>, unreadable: UnreadablePersons },
}

/// Pupils that must count as unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnreadablePupils {
    pub ids: BTreeSet<String>,
    /// Records without an id: any pupil may be meant, so none may be taken for gone.
    pub unnamed: usize,
}

/// Persons and links that must count as unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnreadablePersons {
    pub ids: BTreeSet<String>,
    /// (ELEVE_ID, PERSONNE_ID)
    pub links: BTreeSet<(String, String)>,
    /// Links without both ids: any link may be meant.
    pub unnamed_links: usize,
}

/// A pupil of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pupil {
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
pub struct Person {
    /// PERSONNE_ID, unique in the academy.
    pub id: String,
    pub family: String,
    pub usage: Option<String>,
    /// Empty for an institution.
    pub given: String,
    /// TEL_PORTABLE as it was written.
    pub mobile: Option<String>,
    /// What stands in the columns of [`super::OTHER_NUMBERS`].
    pub other_numbers: Vec<(&'static str, String)>,
}

/// A link of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub pupil: String,
    pub person: String,
    pub data: LinkData,
    /// It stands there more than once and not always the same: the strongest is kept, and the school should look.
    pub repeated: bool,
}

/// A record that was not taken: one line of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub file: String,
    /// Line where the record ends.
    pub line: u64,
    /// `ELEVE 900001`; never a name.
    pub record: String,
    pub reason: Reason,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: line {}: {}: {}", self.file, self.line, self.record, self.reason)
    }
}

/// A record that was taken and that the school should look at: one line of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// `RESPONSABLE_ELEVE 900001 500001`; never a name.
    pub record: String,
    pub oddity: Oddity,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.record, self.oddity)
    }
}

/// What is odd about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Oddity {
    #[error("is there more than once, and differs; taken as {}", .kept.words())]
    Repeated { kept: Level },
    #[error("a name has « ? » for a letter that SIECLE could not write; at activation any letter agrees with it")]
    LostLetter,
}

/// Why a record was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("{0} is no id of letters and digits")]
    Id(&'static str),
    #[error("{0} is no date of the form JJ/MM/AAAA")]
    Date(&'static str),
    #[error("DATE_NAISS lies after the export")]
    BornLater,
    #[error("{field} has the unknown value {value:?}")]
    Level { field: &'static str, value: String },
    #[error("the same id is there more than once")]
    Double,
    #[error("{0} holds characters that do not belong in a name")]
    Characters(&'static str),
    #[error("{0} is too long")]
    TooLong(&'static str),
}

/// An export of SIECLE that is no roster: the screen gives it in the same ZIP or beside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    pub file: String,
    pub root: String,
}

impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: its root is {}; BEE_ELEVES and BEE_RESPONSABLES are read", self.file, self.root)
    }
}

/// A file that was refused as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    pub file: String,
    /// Where reading stopped; absent where the fault is no matter of a line.
    pub line: Option<u64>,
    pub fault: Fault,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}: line {line}: {}", self.file, self.fault),
            None => write!(f, "{}: {}", self.file, self.fault),
        }
    }
}

impl std::error::Error for FileError {}

/// Why a file was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("cannot be read: {0}")]
    Read(String),
    #[error("is no readable ZIP: {0}")]
    Zip(String),
    #[error("the ZIP holds no XML file")]
    NoXml,
    #[error("the ZIP holds other ZIPs: unpack it, and give those")]
    ZipInZip,
    #[error("is {0}: unpack it, and give the ZIP or XML that is in it")]
    Packed(&'static str),
    #[error("is {0}: give the ZIP or XML that SIECLE exported")]
    Foreign(&'static str),
    #[error(
        "is a web page, not an export: the session had ended, and what was saved is the page to sign in; sign in and \
         export again"
    )]
    WebPage,
    #[error(
        "has {what} before its first line <?xml …, which XML does not allow: take it away, or give the ZIP as SIECLE \
         exported it"
    )]
    BeforeDeclaration { what: &'static str },
    #[error("the ZIP is encrypted")]
    Encrypted,
    #[error("is larger than a school's export can be")]
    TooBig,
    #[error("holds a text, a comment or a tag longer than an export's")]
    TooLong,
    #[error("is nested deeper than an export")]
    TooDeep,
    #[error("holds more records than a school can have")]
    TooMany,
    #[error(
        "is in the encoding {0}; ISO-8859-15, ISO-8859-1, Windows-1252, UTF-8, and UTF-16 with its byte-order mark are \
         read"
    )]
    Encoding(String),
    #[error(
        "says in its first line that it is in {declared}, and is in UTF-8: some program saved it anew; give the ZIP as \
         SIECLE exported it, or write encoding=\"UTF-8\" in the first line"
    )]
    IsUtf8 { declared: String },
    #[error(
        "should be in UTF-8 by its {said_by}, and is not: some program saved it anew; give the ZIP as SIECLE exported \
         it, or name in the first line the encoding it is in (ISO-8859-15 in SIECLE's exports)"
    )]
    NotUtf8 { said_by: &'static str },
    #[error("holds a DOCTYPE, which no export has")]
    Doctype,
    #[error("is not well-formed XML: {0}")]
    NotWellFormed(String),
    #[error("ends too early: the file was cut")]
    Cut,
    #[error("is no roster: its root is {0}; BEE_ELEVES and BEE_RESPONSABLES are read")]
    Root(String),
    #[error("{0} is missing in PARAMETRES")]
    Header(&'static str),
    #[error("{field} in PARAMETRES has the unreadable value {value:?}")]
    HeaderValue { field: &'static str, value: String },
    #[error(transparent)]
    Uai(#[from] UaiError),
}

impl Fault {
    /// Whether a line would mislead: where the reader stood says nothing of it.
    fn is_of_the_whole(&self) -> bool {
        matches!(self, Fault::TooBig | Fault::IsUtf8 { .. } | Fault::NotUtf8 { .. } | Fault::WebPage)
    }
}
