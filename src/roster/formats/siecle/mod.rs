//! Reads SIECLE's exports BEE_ELEVES and BEE_RESPONSABLES, of both generations, as XML or in the export's ZIP.
//!
//! A dozen of some eighty fields are kept: an unread field cannot leak. Codes and dates of the two generations (parents
//! until spring 2018, names before 2016) become the same records.

use std::collections::BTreeMap;
use std::io::{Read, Seek};
use std::ops::ControlFlow;

use chrono::NaiveDate;

use super::fields::parse_class;
use super::reader::archive;
use super::reader::xml_elements::{XmlEvent, walk_elements};
use super::{
    DocumentOutline, FileError, FileErrorKind, LinkRecord, PersonRecord, PupilRecord, RecordError, RecordWarning,
    SchoolReading, SkippedExport, UnreadablePersons, UnreadablePupils,
};
use crate::base::clock::Timestamp;
use crate::roster::uai::Uai;

mod halves;
mod parameters;
mod record;
#[cfg(test)]
mod tests;
mod validation;

pub use halves::assemble_rosters;
use parameters::HEADER_FIELDS;
use record::RecordFields;
use validation::{ParsedRecord, RecordIds, ValidatedExport};

/// The program that writes the exports, as it is called in messages.
const PROGRAM: &str = "SIECLE";
/// The roots of the exports that are read.
const ROOTS: &str = "BEE_ELEVES and BEE_RESPONSABLES";

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

/// Reads the headers of a file's documents.
pub fn outline<R: Read + Seek>(name: &str, input: R) -> Result<Vec<DocumentOutline>, FileError> {
    let found = read_headers(name, input)?;
    let outline = found.into_iter().map(|found| match found {
        DetectedExport::Roster(_, header) => DocumentOutline::School(header.uai),
        DetectedExport::Other(other) => DocumentOutline::Skipped(other),
    });
    Ok(outline.collect())
}

/// Reads the files of one school, and joins both exports.
pub fn read_school<R: Read + Seek>(
    uai: &Uai,
    files: impl Iterator<Item = Result<(String, R), FileError>>,
) -> SchoolReading {
    let mut read: Vec<ExportFile> = Vec::new();
    let mut broken = Vec::new();
    for file in files {
        match file.and_then(|(name, input)| read_exports(&name, input)) {
            Ok(found) => read.extend(found.into_iter().filter(|found| found.header.uai == *uai)),
            Err(error) => broken.push(error),
        }
    }
    SchoolReading { roster: assemble_rosters(read).into_iter().next(), broken }
}

/// The maximum number of records of one type in a file; a school has a few thousand.
const MAX_RECORDS: usize = 200_000;

/// The type of a roster export: pupils, or persons and links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ExportKind {
    Pupils,
    Persons,
}

/// Reads every roster in `input` to the end; other exports of SIECLE are skipped. `name` is the file name in reports.
pub fn read_exports<R: Read + Seek>(name: &str, input: R) -> Result<Vec<ExportFile>, FileError> {
    let mut files = Vec::new();
    archive::for_each_document(name, input, |name, bytes| {
        let mut reading = ExportParser::default();
        walk_elements(name, bytes, |step| reading.handle(step))?;
        if reading.other_root.is_none() {
            files.push(reading.finish(name)?);
        }
        Ok(())
    })
    .map_err(with_remedy)?;
    Ok(files)
}

/// The type of a document, according to its root and PARAMETRES.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DetectedExport {
    Roster(ExportKind, ExportHeader),
    /// Another export of SIECLE: structures, nomenclatures.
    Other(SkippedExport),
}

/// Reads no further than PARAMETRES to find the schools of the exports, so the caller can read the files of a whole
/// academy school by school.
pub fn read_headers<R: Read + Seek>(name: &str, input: R) -> Result<Vec<DetectedExport>, FileError> {
    let mut found = Vec::new();
    archive::for_each_document(name, input, |name, bytes| {
        let mut reading = ExportParser { header_only: true, ..ExportParser::default() };
        walk_elements(name, bytes, |step| reading.handle(step))?;
        found.push(match reading.other_root.take() {
            Some(root) => DetectedExport::Other(SkippedExport { file: name.to_owned(), root, known: ROOTS }),
            None => DetectedExport::Roster(reading.kind(name)?, reading.header(name)?),
        });
        Ok(())
    })
    .map_err(with_remedy)?;
    Ok(found)
}

/// Ends the message about a file with the remedy for an export of SIECLE.
fn with_remedy(error: FileError) -> FileError {
    let remedy = match &error.kind {
        FileErrorKind::UnsupportedType(_) => ": give the ZIP or XML that SIECLE exported",
        FileErrorKind::ContentBeforeDeclaration { .. } => ": take it away, or give the ZIP as SIECLE exported it",
        FileErrorKind::UnexpectedUtf8 { .. } => {
            "; give the ZIP as SIECLE exported it, or write encoding=\"UTF-8\" in the first line"
        }
        FileErrorKind::InvalidUtf8 { .. } => {
            "; give the ZIP as SIECLE exported it, or name in the first line the encoding it is in (ISO-8859-15 in \
             SIECLE's exports)"
        }
        _ => return error,
    };
    FileError { remedy: Some(remedy), ..error }
}

#[derive(Default)]
struct ExportParser {
    header_only: bool,
    kind: Option<ExportKind>,
    /// The root element of another export: the rest of such a document is not read.
    other_root: Option<String>,
    parameters: RecordFields,
    current: RecordFields,
    /// ELEVE_ID of the open STRUCTURES_ELEVE; `structure` holds the fields of the open structure.
    structures_of: Option<String>,
    structure: RecordFields,
    classes: BTreeMap<String, String>,
    pupils: Vec<ParsedRecord<PupilRecord>>,
    persons: Vec<ParsedRecord<PersonRecord>>,
    links: Vec<ParsedRecord<LinkRecord>>,
    /// True if a person has the element of the mail address, with or without one.
    states_mail: bool,
}

impl ExportParser {
    fn handle(&mut self, step: XmlEvent<'_>) -> ControlFlow<Option<FileErrorKind>> {
        match step {
            XmlEvent::Open { path, attributes } => self.open(path, attributes),
            XmlEvent::Close { path, text, line } => self.close(path, text, line),
        }
    }

    fn open(&mut self, path: &str, attributes: &[(String, String)]) -> ControlFlow<Option<FileErrorKind>> {
        let id = |name: &str| attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim());
        let Some((kind, inner)) = split_root(path) else {
            let root: String = path.trim_start_matches('/').chars().take(40).collect();
            if !root.starts_with("BEE_") {
                return ControlFlow::Break(Some(FileErrorKind::UnknownRoot { root, known: ROOTS }));
            }
            self.other_root = Some(root);
            return ControlFlow::Break(None);
        };
        self.kind = Some(kind);
        match (kind, inner) {
            (ExportKind::Pupils, "/DONNEES/ELEVES/ELEVE") => {
                self.current = RecordFields::default();
                self.current.insert("ELEVE_ID", id("ELEVE_ID").unwrap_or_default());
            }
            (ExportKind::Pupils, "/DONNEES/STRUCTURES/STRUCTURES_ELEVE") => {
                self.structures_of = id("ELEVE_ID").map(str::to_owned);
            }
            (ExportKind::Pupils, "/DONNEES/STRUCTURES/STRUCTURES_ELEVE/STRUCTURE") => {
                self.structure = RecordFields::default()
            }
            (ExportKind::Persons, "/DONNEES/PERSONNES/PERSONNE") => {
                self.current = RecordFields::default();
                self.current.insert("PERSONNE_ID", id("PERSONNE_ID").unwrap_or_default());
            }
            (ExportKind::Persons, "/DONNEES/RESPONSABLES/RESPONSABLE_ELEVE") => self.current = RecordFields::default(),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn close(&mut self, path: &str, text: &str, line: u64) -> ControlFlow<Option<FileErrorKind>> {
        let Some((kind, inner)) = split_root(path) else { return ControlFlow::Continue(()) };
        let record = std::mem::take(&mut self.current);
        match (kind, inner) {
            (_, "/PARAMETRES") if self.header_only => return ControlFlow::Break(None),
            (ExportKind::Pupils, "/DONNEES/ELEVES/ELEVE") => {
                let named = RecordIds::of(&record);
                self.pupils.push(ParsedRecord { line, ids: named, record: record::parse_pupil(&record) });
            }
            (ExportKind::Persons, "/DONNEES/PERSONNES/PERSONNE") => {
                let named = RecordIds::of(&record);
                self.persons.push(ParsedRecord { line, ids: named, record: record::parse_person(&record) });
            }
            (ExportKind::Persons, "/DONNEES/RESPONSABLES/RESPONSABLE_ELEVE") => {
                let named = RecordIds::of(&record);
                self.links.push(ParsedRecord { line, ids: named, record: record::parse_link(&record) });
            }
            (ExportKind::Pupils, "/DONNEES/STRUCTURES/STRUCTURES_ELEVE/STRUCTURE") => self.keep_class(),
            _ => {
                self.current = record;
                self.field(kind, inner, text);
            }
        }
        let most = self.pupils.len().max(self.persons.len()).max(self.links.len()).max(self.classes.len());
        if most > MAX_RECORDS {
            ControlFlow::Break(Some(FileErrorKind::TooManyRecords))
        } else {
            ControlFlow::Continue(())
        }
    }

    fn field(&mut self, kind: ExportKind, inner: &str, text: &str) {
        let Some((parent, element)) = inner.rsplit_once('/') else { return };
        let (fields, names): (&mut RecordFields, &[&'static str]) = match (kind, parent) {
            (_, "/PARAMETRES") => (&mut self.parameters, &HEADER_FIELDS),
            (ExportKind::Pupils, "/DONNEES/ELEVES/ELEVE") => (&mut self.current, &record::PUPIL_FIELDS),
            (ExportKind::Pupils, "/DONNEES/STRUCTURES/STRUCTURES_ELEVE/STRUCTURE") => {
                (&mut self.structure, &["CODE_STRUCTURE", "TYPE_STRUCTURE"])
            }
            (ExportKind::Persons, "/DONNEES/PERSONNES/PERSONNE") => (&mut self.current, &record::PERSON_FIELDS),
            (ExportKind::Persons, "/DONNEES/RESPONSABLES/RESPONSABLE_ELEVE") => {
                (&mut self.current, &record::LINK_FIELDS)
            }
            _ => return,
        };
        self.states_mail |= parent == "/DONNEES/PERSONNES/PERSONNE" && element == record::MAIL;
        if let Some(name) = names.iter().find(|name| **name == element) {
            fields.insert(name, text);
        }
    }

    /// Keeps the first of several divisions in alphabetical order, so the order of the file does not matter.
    fn keep_class(&mut self) {
        let structure = std::mem::take(&mut self.structure);
        if structure.get("TYPE_STRUCTURE") != Some("D") {
            return;
        }
        let class = structure.get("CODE_STRUCTURE").and_then(parse_class);
        if let Some((pupil, class)) = self.structures_of.clone().zip(class) {
            let kept = self.classes.entry(pupil).or_insert_with(|| class.clone());
            if class < *kept {
                *kept = class;
            }
        }
    }

    fn kind(&self, file: &str) -> Result<ExportKind, FileError> {
        self.kind.ok_or_else(|| FileError {
            file: file.to_owned(),
            line: None,
            kind: FileErrorKind::Truncated,
            remedy: None,
        })
    }

    fn header(&self, file: &str) -> Result<ExportHeader, FileError> {
        parameters::parse_header(&self.parameters).map_err(|fault| FileError {
            file: file.to_owned(),
            line: None,
            kind: fault,
            remedy: None,
        })
    }

    fn finish(mut self, file: &str) -> Result<ExportFile, FileError> {
        // An export without the element says nothing of addresses.
        for person in self.persons.iter_mut().filter_map(|person| person.record.as_mut().ok()) {
            person.keeps_mail = !self.states_mail;
        }
        let (kind, header) = (self.kind(file)?, self.header(file)?);
        let ValidatedExport { content, errors: problems, warnings: remarks } = match kind {
            ExportKind::Pupils => validation::validate_pupils(file, header.exported_on, self.pupils, self.classes),
            ExportKind::Persons => validation::validate_persons(file, self.persons, self.links),
        };
        Ok(ExportFile { name: file.to_owned(), header, content, errors: problems, warnings: remarks })
    }
}

/// Returns the export of a path, and the path below the root.
fn split_root(path: &str) -> Option<(ExportKind, &str)> {
    [("/BEE_ELEVES", ExportKind::Pupils), ("/BEE_RESPONSABLES", ExportKind::Persons)].into_iter().find_map(
        |(root, kind)| {
            let inner = path.strip_prefix(root)?;
            (inner.is_empty() || inner.starts_with('/')).then_some((kind, inner))
        },
    )
}
