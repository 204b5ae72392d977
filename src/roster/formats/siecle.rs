//! SIECLE's exports BEE_ELEVES and BEE_RESPONSABLES, both generations, as XML or in the export's ZIP.
//!
//! Of some eighty fields this keeps a dozen: what is not read cannot leak. Codes and dates of the two generations
//! (parents until spring 2018, names before 2016) become the same records.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};
use std::ops::ControlFlow;

use super::parametres::{self, PARAMETRES};
use super::record::{self, Fields};
use super::xml::{Step, walk};
use super::{
    Content, Fault, File, FileError, Header, Link, Oddity, PassedOver, Person, Problem, Pupil, Reason, Remark,
    UnreadablePersons, UnreadablePupils, archive,
};
use crate::base::date::BirthDate;
use crate::base::lost_letters::has_lost;
use crate::roster::Level;

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
pub fn read<R: Read + Seek>(name: &str, input: R) -> Result<Vec<File>, FileError> {
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
pub fn read_headers<R: Read + Seek>(name: &str, input: R) -> Result<Vec<Found>, FileError> {
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
    pupils: Vec<(u64, Result<Pupil, Reason>, Named)>,
    persons: Vec<(u64, Result<Person, Reason>, Named)>,
    links: Vec<(u64, Result<Link, Reason>, Named)>,
}

/// What a record says it is, readable or not.
struct Named {
    pupil: Option<String>,
    person: Option<String>,
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
                self.pupils.push((line, record::pupil(&record), named));
            }
            (Kind::Responsables, "/DONNEES/PERSONNES/PERSONNE") => {
                let named = Named::of(&record);
                self.persons.push((line, record::person(&record), named));
            }
            (Kind::Responsables, "/DONNEES/RESPONSABLES/RESPONSABLE_ELEVE") => {
                let named = Named::of(&record);
                self.links.push((line, record::link(&record), named));
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

    fn finish(mut self, file: &str) -> Result<File, FileError> {
        let (kind, header) = (self.kind(file)?, self.header(file)?);
        let mut problems = Problems { file, found: Vec::new() };
        let mut remarks = Vec::new();
        let content = match kind {
            Kind::Eleves => self.eleves(&header, &mut problems, &mut remarks),
            Kind::Responsables => self.responsables(&mut problems, &mut remarks),
        };
        let mut problems = problems.found;
        problems.sort_by_key(|problem| problem.line);
        Ok(File { name: file.to_owned(), header, content, problems, remarks })
    }

    fn eleves(&mut self, header: &Header, problems: &mut Problems<'_>, remarks: &mut Vec<Remark>) -> Content {
        let today = BirthDate::from(header.exported_on);
        let mut unreadable = UnreadablePupils::default();
        let double = doubles(self.pupils.iter().filter_map(|(_, _, named)| named.pupil.clone()));
        let mut pupils = Vec::with_capacity(self.pupils.len());
        for (line, pupil, named) in std::mem::take(&mut self.pupils) {
            let pupil = pupil.and_then(|pupil| match () {
                () if double.contains(&pupil.id) => Err(Reason::Double),
                () if pupil.data.born.is_after(today) => Err(Reason::BornLater),
                () => Ok(pupil),
            });
            match pupil {
                Ok(mut pupil) => {
                    pupil.class = self.classes.remove(&pupil.id);
                    pupils.push(pupil);
                }
                Err(reason) => {
                    problems.add(line, format!("ELEVE {}", shown(&named.pupil)), reason);
                    match named.pupil {
                        Some(id) => _ = unreadable.ids.insert(id),
                        None => unreadable.unnamed += 1,
                    }
                }
            }
        }
        for Pupil { id, data, .. } in &pupils {
            let names = [&data.family, &data.given].into_iter().chain(&data.usage);
            remarks.extend(lost_letter(format!("ELEVE {id}"), names));
        }
        Content::Eleves { pupils, unreadable }
    }

    fn responsables(&mut self, problems: &mut Problems<'_>, remarks: &mut Vec<Remark>) -> Content {
        let mut unreadable = UnreadablePersons::default();
        let double = doubles(self.persons.iter().filter_map(|(_, _, named)| named.person.clone()));
        let mut persons = Vec::with_capacity(self.persons.len());
        for (line, person, named) in std::mem::take(&mut self.persons) {
            match person.and_then(|found| if double.contains(&found.id) { Err(Reason::Double) } else { Ok(found) }) {
                Ok(person) => persons.push(person),
                Err(reason) => {
                    problems.add(line, format!("PERSONNE {}", shown(&named.person)), reason);
                    unreadable.ids.extend(named.person);
                }
            }
        }
        let mut links: BTreeMap<(String, String), Link> = BTreeMap::new();
        for (line, link, named) in std::mem::take(&mut self.links) {
            let key = named.pupil.clone().zip(named.person.clone());
            let reason = match (link, &key) {
                (Ok(link), Some(key)) => {
                    merge(&mut links, key.clone(), link);
                    continue;
                }
                (Ok(_), None) => Reason::Missing("ELEVE_ID"),
                (Err(reason), _) => reason,
            };
            let record = format!("RESPONSABLE_ELEVE {} {}", shown(&named.pupil), shown(&named.person));
            problems.add(line, record, reason);
            match key {
                Some(key) => _ = unreadable.links.insert(key),
                None => unreadable.unnamed_links += 1,
            }
        }
        // A link that is there readably and unreadably is legal if it is so once; anything less it may have been.
        links.retain(|key, link| link.data.level == Level::Legal || !unreadable.links.contains(key));
        let repeated = links.values().filter(|link| link.repeated);
        remarks.extend(repeated.map(|link| Remark {
            record: format!("RESPONSABLE_ELEVE {} {}", link.pupil, link.person),
            oddity: Oddity::Repeated { kept: link.data.level },
        }));
        let linked: BTreeSet<&str> = links.values().map(|link| link.person.as_str()).collect();
        for Person { id, family, usage, given, .. } in persons.iter().filter(|person| linked.contains(&*person.id)) {
            remarks.extend(lost_letter(format!("PERSONNE {id}"), [family, given].into_iter().chain(usage)));
        }
        Content::Responsables { persons, links: links.into_values().collect(), unreadable }
    }
}

impl Named {
    fn of(fields: &Fields) -> Self {
        Self { pupil: fields.id("ELEVE_ID").ok(), person: fields.id("PERSONNE_ID").ok() }
    }
}

struct Problems<'a> {
    file: &'a str,
    found: Vec<Problem>,
}

impl Problems<'_> {
    fn add(&mut self, line: u64, record: String, reason: Reason) {
        self.found.push(Problem { file: self.file.to_owned(), line, record, reason });
    }
}

fn shown(id: &Option<String>) -> &str {
    id.as_deref().unwrap_or("without id")
}

/// The remark on a record whose names have lost a letter.
fn lost_letter<'a>(record: String, mut names: impl Iterator<Item = &'a String>) -> Option<Remark> {
    names.any(|name| has_lost(name)).then_some(Remark { record, oddity: Oddity::LostLetter })
}

/// Adds a link, or joins it with the one that is there: legal as soon as one is. A parent who is entered as father and
/// again as a contact has not lost his rights. Of relations the first by its code, so that the order does not matter.
fn merge(links: &mut BTreeMap<(String, String), Link>, key: (String, String), link: Link) {
    let Some(kept) = links.get_mut(&key) else {
        links.insert(key, link);
        return;
    };
    let rank = |link: &Link| (link.data.level, link.data.relation.is_none(), link.data.relation.clone());
    let repeated = kept.repeated || kept.data != link.data;
    if rank(&link) < rank(kept) {
        *kept = link;
    }
    kept.repeated = repeated;
}

fn doubles(ids: impl Iterator<Item = String>) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut double = BTreeSet::new();
    for id in ids {
        if !seen.insert(id.clone()) {
            double.insert(id);
        }
    }
    double
}

/// Which export a path belongs to, and the path in it.
fn split(path: &str) -> Option<(Kind, &str)> {
    [("/BEE_ELEVES", Kind::Eleves), ("/BEE_RESPONSABLES", Kind::Responsables)].into_iter().find_map(|(root, kind)| {
        let inner = path.strip_prefix(root)?;
        (inner.is_empty() || inner.starts_with('/')).then_some((kind, inner))
    })
}
