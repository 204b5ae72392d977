//! Roster formats: each is a folder that reads files into one school's [`SchoolRoster`], by the tools of `reader`.
//!
//! A file is validated as a whole: a truncated or malformed file is rejected, because half a roster would end the links
//! of the other half. A single unreadable record is a [`RecordError`] and counts as unchanged. No size, depth or
//! encoding claimed by a file is trusted.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};

use chrono::NaiveDate;

use super::ine::Ine;
use super::uai::Uai;
use super::{LinkData, PupilData};
use crate::base::clock::Timestamp;

pub mod aaf;
pub mod columns;
pub mod csv;
mod faults;
pub(super) mod fields;
pub mod onde;
mod reader;
pub mod siecle;

pub use faults::{
    FileError, FileErrorKind, RecordError, RecordErrorKind, RecordWarning, RecordWarningKind, SkippedExport,
};
pub use fields::parse_export_time;
pub use reader::csv_table::{CsvRow, CsvTable, read_table};

/// The supported formats. A format is a folder beside this file, and an arm of each function of the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum RosterFormat {
    /// SIECLE's ElevesAvecAdresses and ResponsablesAvecAdresses, of any year.
    Siecle,
    /// The academy's ficAlimMENESR for an ENT, complet and delta.
    Aaf,
    /// ONDE's extractions of pupils and responsables, of one nursery or primary school.
    Onde,
    /// Tables of one school, by a mapping of their columns.
    Csv,
}

/// A format of which each file is of one school.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchoolFileFormat {
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
    /// Returns the name under which the database keeps the origin of a row.
    pub fn name(self) -> &'static str {
        match self {
            RosterFormat::Siecle => "siecle",
            RosterFormat::Aaf => "aaf",
            RosterFormat::Onde => "onde",
            RosterFormat::Csv => "csv",
        }
    }

    /// Returns the reader of files that say their school; `None` for a format whose files are of a whole academy, and
    /// for tables, which say no school.
    pub fn school_files(self) -> Option<SchoolFileFormat> {
        match self {
            RosterFormat::Siecle => Some(SchoolFileFormat::Siecle),
            RosterFormat::Aaf | RosterFormat::Onde | RosterFormat::Csv => None,
        }
    }

    /// True if the files are tables of one school, which is said beside them.
    pub fn is_tables(self) -> bool {
        matches!(self, RosterFormat::Onde | RosterFormat::Csv)
    }

    /// True if the keys of the format are columns of the rows.
    pub fn has_key_columns(self) -> bool {
        self == RosterFormat::Siecle
    }

    /// Returns the content of the key column for a row that this format makes: no id has a colon.
    pub fn key_column(self, key: &str) -> String {
        match self {
            RosterFormat::Siecle => key.to_owned(),
            RosterFormat::Aaf | RosterFormat::Onde | RosterFormat::Csv => format!("{}:{key}", self.name()),
        }
    }
}

/// The words of a format for records and columns, in reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordWords {
    pub pupil: &'static str,
    pub person: &'static str,
    pub link: &'static str,
    pub mobile: &'static str,
}

impl RosterFormat {
    pub fn words(self) -> RecordWords {
        match self {
            RosterFormat::Siecle => {
                RecordWords { pupil: "ELEVE", person: "PERSONNE", link: "RESPONSABLE_ELEVE", mobile: "TEL_PORTABLE" }
            }
            RosterFormat::Aaf => {
                RecordWords { pupil: "Eleve", person: "PersRelEleve", link: "ENTElevePersRelEleve", mobile: "mobile" }
            }
            RosterFormat::Onde => {
                RecordWords { pupil: "Élève", person: "Responsable", link: "link", mobile: "Téléphone portable" }
            }
            RosterFormat::Csv => {
                RecordWords { pupil: "pupil", person: "responsable", link: "link", mobile: "the mobile column" }
            }
        }
    }

    /// Returns the format's name for a column among [`super::OTHER_NUMBERS`].
    pub fn column(self, name: &'static str) -> &'static str {
        match (self, name) {
            (RosterFormat::Aaf, "TEL_PERSONNEL") => "homePhone",
            (RosterFormat::Aaf, "TEL_PROFESSIONNEL") => "telephoneNumber",
            (RosterFormat::Onde, "TEL_PERSONNEL") => "Téléphone domicile",
            (RosterFormat::Onde, "TEL_PROFESSIONNEL") => "Téléphone travail",
            (RosterFormat::Csv, "TEL_PERSONNEL") => "the home column",
            (RosterFormat::Csv, "TEL_PROFESSIONNEL") => "the work column",
            _ => name,
        }
    }
}

/// Returns the content of a key column as SIECLE's key; `None` if another format made the row.
pub fn siecle_key(column: &str) -> Option<&str> {
    Some(column).filter(|column| !column.contains(':'))
}

impl SchoolFileFormat {
    /// Reads the beginning of every document of a file, so that the files of a whole academy are read school by school.
    pub fn outline<R: Read + Seek>(self, file: &str, input: R) -> Result<Vec<DocumentOutline>, FileError> {
        match self {
            SchoolFileFormat::Siecle => siecle::outline(file, input),
        }
    }

    /// Reads the files of one school to the end. `files` are the names with the opened files.
    pub fn read_school<R: Read + Seek>(
        self,
        uai: &Uai,
        files: impl Iterator<Item = Result<(String, R), FileError>>,
    ) -> SchoolReading {
        match self {
            SchoolFileFormat::Siecle => siecle::read_school(uai, files),
        }
    }
}

/// One school's roster.
#[derive(Clone, Debug)]
pub struct SchoolRoster {
    pub uai: Uai,
    pub extent: RosterExtent,
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
    pub identity: RecordIdentity,
    /// The names that a report gives to records whose ids are no words of the school's.
    pub places: BTreeMap<String, String>,
    /// True if the files say no level of responsables.
    pub levels_unknown: bool,
    /// True if a pupil without a class is one of whom the files do not say it: tables, in which a cell may be empty.
    pub classes_unknown: bool,
}

/// The records whose ids are lines of a file, not keys of the format. The import finds the keys of those that it knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordIdentity {
    pub pupils_without_ids: bool,
    pub persons_without_ids: bool,
}

impl RecordIdentity {
    /// True if every id is a key.
    pub fn is_whole(self) -> bool {
        self == Self::default()
    }
}

/// The meaning of a record's absence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RosterExtent {
    /// Whoever is absent has left.
    #[default]
    Complete,
    /// Whoever is absent is unchanged.
    Changes(ChangeSet),
}

impl RosterExtent {
    pub fn changes(&self) -> Option<&ChangeSet> {
        match self {
            RosterExtent::Complete => None,
            RosterExtent::Changes(changes) => Some(changes),
        }
    }

    /// True if the set says nothing of the school under which it is written.
    pub fn is_people_only(&self) -> bool {
        self.changes().is_some_and(|changes| changes.people_only)
    }
}

/// The records that end by a set of changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeSet {
    pub pupils_removed: BTreeSet<String>,
    pub persons_removed: BTreeSet<String>,
    /// The pupils whose links are all in the set.
    pub links_restated: BTreeSet<String>,
    /// True for people who are of no school yet: the school's own set stays as old as it is.
    pub people_only: bool,
}

impl ChangeSet {
    /// True if the link with these ids of pupil and person stands in the set, or ends.
    pub fn speaks_of_link(&self, (pupil, person): &(String, String)) -> bool {
        self.links_restated.contains(pupil) || self.persons_removed.contains(person)
    }
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
    /// The keys of pupil and person.
    pub links: BTreeSet<(String, String)>,
    /// Pupils of whom no link could be read, where the links stand in the pupil's own record.
    pub pupils: BTreeSet<String>,
    /// The number of links lacking an id: any link may be concerned.
    pub unnamed_links: usize,
}

/// A pupil of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PupilRecord {
    /// The format's key, unique in the academy: ELEVE_ID in SIECLE's exports.
    pub id: String,
    /// ELEVE_ID, where the format has another key beside it.
    pub eleve_id: Option<String>,
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
    /// The format's key, unique in the academy: PERSONNE_ID in SIECLE's exports.
    pub id: String,
    pub family: String,
    pub usage: Option<String>,
    /// Empty for an institution.
    pub given: String,
    /// TEL_PORTABLE as written.
    pub mobile: Option<String>,
    /// The contents of the columns [`super::OTHER_NUMBERS`].
    pub other_numbers: Vec<(&'static str, String)>,
    /// True for a change that says nothing of the numbers: the known ones stay.
    pub keeps_phone: bool,
    /// The mail address; absent where the text is none.
    pub mail: Option<String>,
    /// True for an export that says nothing of the address: the known one stays.
    pub keeps_mail: bool,
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
    /// True if the child is named in another class than the only pupil of that name: the link counts only if it is there
    /// already.
    pub is_doubtful: bool,
}
