//! The reading of a complet: its schools, how many pupils each has, and the ids that are there twice.
//!
//! Every file is read to its end, so that nothing of a broken delivery is taken. The records are kept compressed, in parts
//! of some schools each: to read the files again for each part would cost more than all else with a million records.

use std::collections::{BTreeMap, BTreeSet};

use super::file_name::RecordKind;
use super::id_parts::IdParts;
use super::kept_requests::{KeptRequests, KeptRequestsError};
use super::record::{AafSchool, SchoolFault, children_of, key_of, parse_school, persons_of, structure_of};
use super::requests::{AafDocument, AafRequest, RequestKind};
use crate::roster::formats::{RecordError, RecordErrorKind};

/// The most parts. A part of the schools is unpacked at once, so many parts are little memory; a part has some kilobytes that
/// are not yet compressed.
const MAX_PARTS: usize = 250;

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
    /// The part of each school, as soon as the first pupil is read: the files of schools come before. The pupils of a
    /// structure that is no school are in the first part.
    parts: Option<BTreeMap<String, usize>>,
    kept: Vec<KeptRequests>,
    documents: Vec<AafDocument>,
    /// While the files are read: each pupil, each person whom a pupil names, and each person who has a record.
    pupil_parts: IdParts,
    named_persons: IdParts,
    read_persons: IdParts,
    /// The ids that are there twice, known at the end.
    pub duplicate_pupils: BTreeSet<String>,
    pub duplicate_persons: BTreeSet<String>,
}

/// The part of a pupil who is of no structure, and of a record whose part nobody asks.
const NO_PART: u8 = u8::MAX;

/// The schools of a part, by the keys of their structures, and what was kept of them.
#[derive(Debug)]
pub struct DeliveryPart {
    pub schools: BTreeSet<String>,
    kept: KeptRequests,
}

impl DeliveryPart {
    /// Calls `visit` with each record of the part's pupils and of the persons whom they name, pupils first.
    pub fn for_each_request(
        self,
        index: &DeliveryIndex,
        mut visit: impl FnMut(&AafDocument, &AafRequest),
    ) -> Result<(), KeptRequestsError> {
        self.kept.for_each(|number, request| {
            if let Some(document) = index.documents.get(number) {
                visit(document, &request);
            }
        })
    }
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
            (RecordKind::PersRelEleve, RequestKind::Add) => self.take_person(document, request),
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
        let Some(structure) = structure_of(request) else {
            self.pupil_parts.push(&id, NO_PART);
            self.unplaced_pupils.insert(id);
            return self.refuse(document, request, RecordErrorKind::Missing("ENTPersonStructRattach"));
        };
        let part = self.part_of(structure);
        *self.pupils.entry(structure.to_owned()).or_default() += 1;
        self.pupil_parts.push(&id, part);
        for person in persons_of(request) {
            self.named_persons.push(person, part);
        }
        self.keep(part, document, request);
    }

    /// Keeps a person for the parts of the pupils who name the person, or whom the person names as in the first degree.
    fn take_person(&mut self, document: &AafDocument, request: &AafRequest) {
        let Ok(id) = key_of(request) else { return };
        self.read_persons.push(&id, NO_PART);
        let mut parts: BTreeSet<u8> = self.named_persons.parts_of(&id).into_iter().collect();
        for link in children_of(request, &id) {
            parts.extend(self.pupil_parts.parts_of(&link.pupil));
        }
        for part in parts {
            self.keep(part, document, request);
        }
    }

    fn keep(&mut self, part: u8, document: &AafDocument, request: &AafRequest) {
        if self.documents.last() != Some(document) {
            self.documents.push(document.clone());
        }
        let number = self.documents.len().saturating_sub(1);
        // There is none of NO_PART.
        if let Some(kept) = self.kept.get_mut(usize::from(part)) {
            kept.push(number, request);
        }
    }

    /// Returns the part of a structure. The parts follow the order of the schools' keys.
    fn part_of(&mut self, structure: &str) -> u8 {
        let schools = &self.schools;
        let parts = self.parts.get_or_insert_with(|| {
            let count = schools.len().clamp(1, MAX_PARTS);
            self.kept.resize_with(count, KeptRequests::default);
            schools.keys().enumerate().map(|(place, key)| (key.clone(), place * count / schools.len())).collect()
        });
        parts.get(structure).and_then(|part| u8::try_from(*part).ok()).unwrap_or_default()
    }

    /// Ends the reading: ids serve no more. Returns the structures of pupils that are no schools, with their pupils.
    pub fn finish(&mut self) -> Vec<(String, usize)> {
        self.duplicate_pupils = std::mem::take(&mut self.pupil_parts).into_repeated();
        self.duplicate_persons = std::mem::take(&mut self.read_persons).into_repeated();
        self.named_persons = IdParts::default();
        self.kept.iter_mut().for_each(KeptRequests::close_block);
        let unknown = self.pupils.iter().filter(|(key, _)| !self.schools.contains_key(*key));
        unknown.map(|(key, count)| (key.clone(), *count)).collect()
    }

    /// Returns the schools that have pupils, in parts, with what was kept. A school without pupils is in no part: its pupils
    /// may stand in another delivery.
    pub fn take_parts(&mut self) -> Vec<DeliveryPart> {
        let kept = std::mem::take(&mut self.kept);
        let mut parts: Vec<_> = kept.into_iter().map(|kept| DeliveryPart { schools: BTreeSet::new(), kept }).collect();
        for key in self.schools.keys().filter(|key| self.pupils.contains_key(*key)) {
            let number = self.parts.as_ref().and_then(|parts| parts.get(key)).copied().unwrap_or_default();
            if let Some(part) = parts.get_mut(number) {
                part.schools.insert(key.clone());
            }
        }
        parts.retain(|part| !part.schools.is_empty());
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roster::formats::SchoolRoster;
    use crate::roster::formats::aaf::DeliveryFileName;
    use crate::roster::formats::aaf::schools::SchoolBatch;
    use crate::roster::uai::{Uai, UaiError};

    const SCHOOLS: usize = 600;

    fn uai(number: usize) -> String {
        let digits = format!("034{number:04}");
        match Uai::parse(&format!("{digits}A")) {
            Err(UaiError::WrongCheckLetter { right, .. }) => format!("{digits}{right}"),
            _ => format!("{digits}A"),
        }
    }

    fn take(index: &mut DeliveryIndex, kind: RecordKind, id: usize, attributes: &[(&'static str, &str)]) {
        let attributes = attributes.iter().map(|(name, value)| (*name, vec![(*value).to_owned()])).collect();
        let document = AafDocument { file: "f".into(), name: kind.name().to_owned(), kind };
        index.take(&document, &AafRequest::of_known(&id.to_string(), attributes));
    }

    /// A school, a pupil and a parent for each number; the first parent has a child in the last school too.
    fn academy() -> DeliveryIndex {
        let mut index = DeliveryIndex::default();
        for n in 0..SCHOOLS {
            take(&mut index, RecordKind::EtabEducNat, 7_000 + n, &[("ENTStructureUAI", &uai(n))]);
        }
        for n in 0..SCHOOLS {
            let (structure, parent) = (format!("{}", 7_000 + n), format!("{}$10$1$1$1$1", 3_500_000 + n));
            take_pupil(&mut index, 2_900_000 + n, &structure, &parent);
        }
        take_pupil(&mut index, 2_999_999, &format!("{}", 7_000 + SCHOOLS - 1), "3500000$10$1$1$1$1");
        for n in 0..SCHOOLS {
            take(&mut index, RecordKind::PersRelEleve, 3_500_000 + n, &[("sn", "DURAND"), ("givenName", "Anne")]);
        }
        index
    }

    fn take_pupil(index: &mut DeliveryIndex, id: usize, structure: &str, parent: &str) {
        let attributes = [
            ("sn", "DURAND"),
            ("givenName", "Zoé"),
            ("ENTPersonDateNaissance", "14/02/2013"),
            ("ENTPersonStructRattach", structure),
            ("ENTElevePersRelEleve", parent),
        ];
        take(index, RecordKind::Eleve, id, &attributes);
    }

    /// The rosters of all parts, in their order.
    fn rosters(index: &mut DeliveryIndex) -> Vec<SchoolRoster> {
        let delivery = DeliveryFileName::parse("ENT_Complet_20250908_Eleve_0000.xml").unwrap().delivery;
        let parts = index.take_parts();
        assert_eq!(parts.len(), MAX_PARTS);
        let index = &*index;
        let read = |part: DeliveryPart| {
            let mut batch = SchoolBatch::new(index, &delivery, &part.schools);
            part.for_each_request(index, |document, request| batch.take(document, request)).unwrap();
            batch.finish()
        };
        parts.into_iter().flat_map(read).collect()
    }

    fn ids<'a>(ids: impl Iterator<Item = &'a String>) -> Vec<&'a str> {
        ids.map(String::as_str).collect()
    }

    #[test]
    fn each_school_has_its_pupils_and_their_parents_wherever_the_part_ends() {
        let mut index = academy();
        assert!(index.finish().is_empty());
        let rosters = rosters(&mut index);
        let uais: Vec<String> = rosters.iter().map(|set| set.uai.to_string()).collect();
        assert_eq!(uais, (0..SCHOOLS).map(uai).collect::<Vec<_>>());
        for (n, set) in rosters.iter().enumerate() {
            assert!(set.errors.is_empty() && set.unreadable_persons.ids.is_empty());
            let (own, parent) = (format!("{}", 2_900_000 + n), format!("{}", 3_500_000 + n));
            let is_last = n == SCHOOLS - 1;
            let (pupils, persons) = match is_last {
                true => (vec![own.as_str(), "2999999"], vec!["3500000", parent.as_str()]),
                false => (vec![own.as_str()], vec![parent.as_str()]),
            };
            assert_eq!(ids(set.pupils.iter().map(|pupil| &pupil.id)), pupils, "{n}");
            assert_eq!(ids(set.persons.iter().map(|person| &person.id)), persons, "{n}");
            assert_eq!(set.links.len(), pupils.len(), "{n}");
        }
    }

    #[test]
    fn a_person_of_the_first_degree_is_where_the_child_is() {
        let mut index = academy();
        let names = [("sn", "PETIT"), ("givenName", "Paul"), ("ENTPersRelEleveEleve", "2900077")];
        take(&mut index, RecordKind::PersRelEleve, 3_600_000, &names);
        // Whom nobody names is nowhere.
        take(&mut index, RecordKind::PersRelEleve, 3_700_000, &[("sn", "PETIT"), ("givenName", "Paul")]);
        index.finish();
        for (n, set) in rosters(&mut index).iter().enumerate() {
            let is_there = |id: &str| set.persons.iter().any(|person| person.id == id);
            assert_eq!(is_there("3600000"), n == 77, "{n}");
            assert!(!is_there("3700000"));
        }
    }

    #[test]
    fn what_is_twice_is_known_in_every_part_and_what_is_of_no_school_is_counted() {
        let mut index = academy();
        take(&mut index, RecordKind::PersRelEleve, 3_500_000, &[("sn", "DURAND"), ("givenName", "Jean")]);
        take_pupil(&mut index, 2_900_003, "7140", "3500003$10$1$1$1$1");
        take_pupil(&mut index, 2_888_888, "9999", "3500004$10$1$1$1$1");
        take(&mut index, RecordKind::Eleve, 2_777_777, &[("sn", "DURAND")]);
        assert_eq!(index.finish(), [("9999".to_owned(), 1)]);
        assert!(index.unplaced_pupils.contains("2777777"));
        let rosters = rosters(&mut index);
        for n in [0, SCHOOLS - 1] {
            assert!(rosters[n].unreadable_persons.ids.contains("3500000"), "{n}");
            assert!(!rosters[n].persons.iter().any(|person| person.id == "3500000"), "{n}");
        }
        for n in [3, 140] {
            assert!(rosters[n].unreadable_pupils.ids.contains("2900003"), "{n}");
            assert!(!rosters[n].pupils.iter().any(|pupil| pupil.id == "2900003"), "{n}");
        }
        assert!(rosters.iter().all(|set| !set.pupils.iter().any(|pupil| pupil.id == "2888888")));
    }
}
