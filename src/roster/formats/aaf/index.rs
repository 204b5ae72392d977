//! The first reading of a complet: its schools, how many pupils each has, and the ids that are there twice.
//!
//! Every file is read to its end, so that nothing of a broken delivery is taken. Kept are ids and counts.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::file_name::RecordKind;
use super::record::{AafSchool, SchoolFault, key_of, parse_school, structure_of};
use super::requests::{AafDocument, AafRequest, RequestKind};
use crate::roster::formats::{RecordError, RecordErrorKind};

/// The schools whose pupils are kept in memory at once have at most so many pupils, unless one alone has more.
pub const MAX_PUPILS_IN_MEMORY: usize = 40_000;

/// A school that is passed over, for the report.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: line {line}: EtabEducNat {key} with its pupils: {fault}")]
pub struct PassedOverSchool {
    pub file: String,
    pub line: u64,
    pub key: String,
    pub fault: SchoolFault,
}

/// The content of a complet, without its records.
#[derive(Debug, Default)]
pub struct DeliveryIndex {
    /// By the key of the structure.
    pub schools: BTreeMap<String, AafSchool>,
    pub passed_over: Vec<PassedOverSchool>,
    /// Records that are of no school, so that whoever they are is unchanged everywhere.
    pub errors: Vec<RecordError>,
    pub unplaced_pupils: BTreeSet<String>,
    /// True if a pupil's record has no id: any pupil may be meant.
    pub has_unnamed_pupils: bool,
    /// Pupils by structure.
    pupils: BTreeMap<String, usize>,
    pupil_ids: HashSet<Box<str>>,
    person_ids: HashSet<Box<str>>,
    pub duplicate_pupils: BTreeSet<String>,
    pub duplicate_persons: BTreeSet<String>,
}

impl DeliveryIndex {
    /// Takes a request of a document.
    pub fn take(&mut self, document: &AafDocument, request: &AafRequest) {
        match (document.kind, request.operation) {
            (_, RequestKind::Modify | RequestKind::Delete) => {
                self.refuse(document, request, RecordErrorKind::NotAnAddition);
            }
            (RecordKind::EtabEducNat, RequestKind::Add) => self.take_school(document, request),
            (RecordKind::Eleve, RequestKind::Add) => self.take_pupil(document, request),
            (RecordKind::PersRelEleve, RequestKind::Add) => {
                if let Ok(id) = key_of(request)
                    && !self.person_ids.insert(id.as_str().into())
                {
                    self.duplicate_persons.insert(id);
                }
            }
        }
    }

    fn refuse(&mut self, document: &AafDocument, request: &AafRequest, kind: RecordErrorKind) {
        let id = if request.id.is_empty() { "without id" } else { &request.id };
        let record = format!("{} {}", document.kind.name(), id.chars().take(20).collect::<String>());
        self.errors.push(RecordError { file: document.name.clone(), line: request.line, record, kind });
    }

    fn take_school(&mut self, document: &AafDocument, request: &AafRequest) {
        let school = parse_school(request).and_then(|school| match self.schools.contains_key(&school.key) {
            true => Err(SchoolFault::Record(RecordErrorKind::Duplicate)),
            false => Ok(school),
        });
        match school {
            Ok(school) => _ = self.schools.insert(school.key.clone(), school),
            Err(fault) => self.pass_over(document, request, fault),
        }
    }

    fn pass_over(&mut self, document: &AafDocument, request: &AafRequest, fault: SchoolFault) {
        let key = request.id.chars().take(20).collect();
        self.passed_over.push(PassedOverSchool { file: document.name.clone(), line: request.line, key, fault });
    }

    fn take_pupil(&mut self, document: &AafDocument, request: &AafRequest) {
        let Ok(id) = key_of(request) else {
            self.has_unnamed_pupils = true;
            return self.refuse(document, request, RecordErrorKind::InvalidId("identifier"));
        };
        if !self.pupil_ids.insert(id.as_str().into()) {
            self.duplicate_pupils.insert(id.clone());
        }
        match structure_of(request) {
            Some(structure) => *self.pupils.entry(structure.to_owned()).or_default() += 1,
            None => {
                self.unplaced_pupils.insert(id);
                self.refuse(document, request, RecordErrorKind::Missing("ENTPersonStructRattach"));
            }
        }
    }

    /// Ends the reading: ids serve no more. Returns the structures of pupils that are no schools, with their pupils.
    pub fn finish(&mut self) -> Vec<(String, usize)> {
        self.pupil_ids = HashSet::new();
        self.person_ids = HashSet::new();
        let unknown = self.pupils.iter().filter(|(key, _)| !self.schools.contains_key(*key));
        unknown.map(|(key, count)| (key.clone(), *count)).collect()
    }

    /// Parts the schools so that the pupils of each part fit in memory. A school without pupils is in no part: its
    /// pupils may stand in another delivery.
    pub fn batches(&self) -> Vec<BTreeSet<String>> {
        let mut batches = Vec::new();
        let (mut batch, mut size) = (BTreeSet::new(), 0_usize);
        for key in self.schools.keys() {
            let count = self.pupils.get(key).copied().unwrap_or_default();
            if count == 0 {
                continue;
            }
            if size > 0 && size + count > MAX_PUPILS_IN_MEMORY {
                batches.push(std::mem::take(&mut batch));
                size = 0;
            }
            batch.insert(key.clone());
            size += count;
        }
        batches.extend(Some(batch).filter(|batch| !batch.is_empty()));
        batches
    }
}
