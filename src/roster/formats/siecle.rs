//! SIECLE's exports BEE_ELEVES and BEE_RESPONSABLES, both generations, as XML or in the export's ZIP.
//!
//! Of some eighty fields this keeps a dozen: what is not read cannot leak. Codes and dates of the two generations
//! (parents until spring 2018, names before 2016) become the same records.

use std::collections::BTreeMap;
use std::io::{Read as Input, Seek};
use std::ops::ControlFlow;

use super::judging::{self, Judged, Named, Read};
use super::parametres::{self, PARAMETRES};
use super::record::{self, Fields};
use super::xml::{Step, walk};
use super::{Fault, File, FileError, Header, Link, PassedOver, Person, Pupil, archive};

/// Records of one kind in a file; a school has a few thousand.
const MAX_RECORDS: usize = 200_000;

/// Which of a school's two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    Eleves,
    Responsables,
}

/// Reads every roster in `input`, each to its end; other exports of SIECLE are passed over. `name` is what reports call
/// the file.
pub fn read<R: Input + Seek>(name: &str, input: R) -> Result<Vec<File>, FileError> {
    let mut files = Vec::new();
    archive::each_document(name, input, |name, bytes| {
        let mut reading = Reading::default();
        walk(name, bytes, |step| reading.take(step))?;
        if reading.other_root.is_none() {
            files.push(reading.finish(name)?);
        }
        Ok(())
    })?;
    Ok(files)
}

/// What a document is, by its root and PARAMETRES.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    Roster(Kind, Header),
    /// Another export of SIECLE: structures, nomenclatures.
    Other(PassedOver),
}

/// Reads no further than PARAMETRES: whose exports these are, so that a caller with a whole academy's files can
/// read them school by school.
pub fn read_headers<R: Input + Seek>(name: &str, input: R) -> Result<Vec<Found>, FileError> {
    let mut found = Vec::new();
    archive::each_document(name, input, |name, bytes| {
        let mut reading = Reading { header_only: true, ..Reading::default() };
        walk(name, bytes, |step| reading.take(step))?;
        found.push(match reading.other_root.take() {
            Some(root) => Found::Other(PassedOver { file: name.to_owned(), root }),
            None => Found::Roster(reading.kind(name)?, reading.header(name)?),
        });
        Ok(())
    })?;
    Ok(found)
}

#[derive(Default)]
struct Reading {
    header_only: bool,
    kind: Option<Kind>,
    /// The root, where it is another export's: nothing more is read then.
    other_root: Option<String>,
    parameters: Fields,
    current: Fields,
    /// ELEVE_ID of the STRUCTURES_ELEVE that is open, and the structure in it.
    structures_of: Option<String>,
    structure: Fields,
    classes: BTreeMap<String, String>,
    pupils: Vec<Read<Pupil>>,
    persons: Vec<Read<Person>>,
    links: Vec<Read<Link>>,
}

impl Reading {
    fn take(&mut self, step: Step<'_>) -> ControlFlow<Option<Fault>> {
        match step {
            Step::Open { path, attributes } => self.open(path, attributes),
            Step::Close { path, text, line } => self.close(path, text, line),
        }
    }

    fn open(&mut self, path: &str, attributes: &[(String, String)]) -> ControlFlow<Option<Fault>> {
        let id = |name: &str| attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim());
        let Some((kind, inner)) = split(path) else {
            let root: String = path.trim_start_matches('/').chars().take(40).collect();
            if !root.starts_with("BEE_") {
                return ControlFlow::Break(Some(Fault::Root(root)));
            }
            self.other_root = Some(root);
            return ControlFlow::Break(None);
        };
        self.kind = Some(kind);
        match (kind, inner) {
            (Kind::Eleves, "/DONNEES/ELEVES/ELEVE") => {
                self.current = Fields::default();
                self.current.put("ELEVE_ID", id("ELEVE_ID").unwrap_or_default());
            }
            (Kind::Eleves, "/DONNEES/STRUCTURES/STRUCTURES_ELEVE") => {
                self.structures_of = id("ELEVE_ID").map(str::to_owned);
            }
            (Kind::Eleves, "/DONNEES/STRUCTURES/STRUCTURES_ELEVE/STRUCTURE") => self.structure = Fields::default(),
            (Kind::Responsables, "/DONNEES/PERSONNES/PERSONNE") => {
                self.current = Fields::default();
                self.current.put("PERSONNE_ID", id("PERSONNE_ID").unwrap_or_default());
            }
            (Kind::Responsables, "/DONNEES/RESPONSABLES/RESPONSABLE_ELEVE") => self.current = Fields::default(),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn close(&mut self, path: &str, text: &str, line: u64) -> ControlFlow<Option<Fault>> {
        let Some((kind, inner)) = split(path) else { return ControlFlow::Continue(()) };
        let record = std::mem::take(&mut self.current);
        match (kind, inner) {
            (_, "/PARAMETRES") if self.header_only => return ControlFlow::Break(None),
            (Kind::Eleves, "/DONNEES/ELEVES/ELEVE") => {
                let named = Named::of(&record);
                self.pupils.push(Read { line, named, record: record::pupil(&record) });
            }
            (Kind::Responsables, "/DONNEES/PERSONNES/PERSONNE") => {
                let named = Named::of(&record);
                self.persons.push(Read { line, named, record: record::person(&record) });
            }
            (Kind::Responsables, "/DONNEES/RESPONSABLES/RESPONSABLE_ELEVE") => {
                let named = Named::of(&record);
                self.links.push(Read { line, named, record: record::link(&record) });
            }
            (Kind::Eleves, "/DONNEES/STRUCTURES/STRUCTURES_ELEVE/STRUCTURE") => self.keep_class(),
            _ => {
                self.current = record;
                self.field(kind, inner, text);
            }
        }
        let most = self.pupils.len().max(self.persons.len()).max(self.links.len()).max(self.classes.len());
        if most > MAX_RECORDS { ControlFlow::Break(Some(Fault::TooMany)) } else { ControlFlow::Continue(()) }
    }

    fn field(&mut self, kind: Kind, inner: &str, text: &str) {
        let Some((parent, element)) = inner.rsplit_once('/') else { return };
        let (fields, names): (&mut Fields, &[&'static str]) = match (kind, parent) {
            (_, "/PARAMETRES") => (&mut self.parameters, &PARAMETRES),
            (Kind::Eleves, "/DONNEES/ELEVES/ELEVE") => (&mut self.current, &record::ELEVE),
            (Kind::Eleves, "/DONNEES/STRUCTURES/STRUCTURES_ELEVE/STRUCTURE") => {
                (&mut self.structure, &["CODE_STRUCTURE", "TYPE_STRUCTURE"])
            }
            (Kind::Responsables, "/DONNEES/PERSONNES/PERSONNE") => (&mut self.current, &record::PERSONNE),
            (Kind::Responsables, "/DONNEES/RESPONSABLES/RESPONSABLE_ELEVE") => {
                (&mut self.current, &record::RESPONSABLE_ELEVE)
            }
            _ => return,
        };
        if let Some(name) = names.iter().find(|name| **name == element) {
            fields.put(name, text);
        }
    }

    /// Of several divisions the first in alphabetical order, so that the order of the file does not matter.
    fn keep_class(&mut self) {
        let structure = std::mem::take(&mut self.structure);
        if structure.get("TYPE_STRUCTURE") != Some("D") {
            return;
        }
        let class = structure.get("CODE_STRUCTURE").and_then(record::class);
        if let Some((pupil, class)) = self.structures_of.clone().zip(class) {
            let kept = self.classes.entry(pupil).or_insert_with(|| class.clone());
            if class < *kept {
                *kept = class;
            }
        }
    }

    fn kind(&self, file: &str) -> Result<Kind, FileError> {
        self.kind.ok_or_else(|| FileError { file: file.to_owned(), line: None, fault: Fault::Cut })
    }

    fn header(&self, file: &str) -> Result<Header, FileError> {
        parametres::header(&self.parameters).map_err(|fault| FileError { file: file.to_owned(), line: None, fault })
    }

    fn finish(self, file: &str) -> Result<File, FileError> {
        let (kind, header) = (self.kind(file)?, self.header(file)?);
        let Judged { content, problems, remarks } = match kind {
            Kind::Eleves => judging::eleves(file, header.exported_on, self.pupils, self.classes),
            Kind::Responsables => judging::responsables(file, self.persons, self.links),
        };
        Ok(File { name: file.to_owned(), header, content, problems, remarks })
    }
}

/// Which export a path belongs to, and the path in it.
fn split(path: &str) -> Option<(Kind, &str)> {
    [("/BEE_ELEVES", Kind::Eleves), ("/BEE_RESPONSABLES", Kind::Responsables)].into_iter().find_map(|(root, kind)| {
        let inner = path.strip_prefix(root)?;
        (inner.is_empty() || inner.starts_with('/')).then_some((kind, inner))
    })
}
