//! The rosters of some schools of a complet, from the records that were kept of them.

use std::collections::{BTreeMap, BTreeSet};

use super::PROGRAM;
use super::file_name::{DeliveryName, RecordKind};
use super::index::DeliveryIndex;
use super::record::{children_of, key_of, parse_person, parse_pupil, states_mail, structure_of};
use super::requests::{AafDocument, AafRequest, RequestKind};
use crate::base::date::BirthDate;
use crate::base::replacement_chars::has_replacement;
use crate::roster::formats::{
    LinkRecord, PersonRecord, PupilRecord, RecordError, RecordErrorKind, RecordIdentity, RecordWarning,
    RecordWarningKind, RosterExtent, SchoolRoster, UnreadablePersons, UnreadablePupils,
};
use crate::roster::uai::Uai;

/// An empty roster of a delivery, for a school.
pub fn empty_roster(delivery: &DeliveryName, uai: Uai, extent: RosterExtent) -> SchoolRoster {
    let at = delivery.exported_at();
    SchoolRoster {
        uai,
        extent,
        year: delivery.school_year(),
        pupils_exported_at: at,
        persons_exported_at: at,
        exported_on: delivery.day,
        pupils: Vec::new(),
        persons: Vec::new(),
        links: Vec::new(),
        unreadable_pupils: UnreadablePupils::default(),
        unreadable_persons: UnreadablePersons::default(),
        errors: Vec::new(),
        warnings: Vec::new(),
        identity: RecordIdentity::default(),
        places: BTreeMap::new(),
        levels_unknown: false,
        classes_unknown: false,
    }
}

/// The rosters of some schools, while records are read: first those of pupils, then those of persons.
pub struct SchoolBatch<'a> {
    index: &'a DeliveryIndex,
    delivery: &'a DeliveryName,
    /// By the key of the structure.
    rosters: BTreeMap<String, SchoolRoster>,
    /// The structures of the pupils by whom a person is of this batch.
    persons: BTreeMap<String, BTreeSet<String>>,
    /// The structures of the pupils of the batch.
    pupils: BTreeMap<String, String>,
    /// The structures of whose persons at least one has the attribute of the mail address, with or without one.
    stating_mail: BTreeSet<String>,
}

impl<'a> SchoolBatch<'a> {
    pub fn new(index: &'a DeliveryIndex, delivery: &'a DeliveryName, keys: &BTreeSet<String>) -> Self {
        let roster = |key: &String| {
            let school = index.schools.get(key)?;
            let mut roster = empty_roster(delivery, school.uai.clone(), RosterExtent::Complete);
            roster.unreadable_pupils.ids.extend(index.unplaced_pupils.iter().cloned());
            roster.unreadable_persons.pupils.extend(index.unplaced_pupils.iter().cloned());
            roster.unreadable_pupils.unnamed = usize::from(index.has_unnamed_pupils);
            roster.unreadable_persons.unnamed_links = usize::from(index.has_unnamed_pupils);
            Some((key.clone(), roster))
        };
        let rosters = keys.iter().filter_map(roster).collect();
        let (persons, pupils, stating_mail) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
        Self { index, delivery, rosters, persons, pupils, stating_mail }
    }

    /// Takes a request of a document, if it is of one of the schools.
    pub fn take(&mut self, document: &AafDocument, request: &AafRequest) {
        match (document.kind, request.operation) {
            (RecordKind::Eleve, RequestKind::Add) => self.take_pupil(document, request),
            (RecordKind::PersRelEleve, RequestKind::Add) => self.take_person(document, request),
            _ => {}
        }
    }

    fn take_pupil(&mut self, document: &AafDocument, request: &AafRequest) {
        let (Ok(id), Some(structure)) = (key_of(request), structure_of(request)) else { return };
        let Some(roster) = self.rosters.get_mut(structure) else { return };
        let today = BirthDate::from(self.delivery.day);
        let is_double = self.index.duplicate_pupils.contains(&id);
        let pupil = parse_pupil(request).and_then(|pupil| match () {
            () if is_double => Err(RecordErrorKind::Duplicate),
            () if pupil.record.data.born.is_after(today) => {
                Err(RecordErrorKind::BirthDateInFuture("ENTPersonDateNaissance"))
            }
            () => Ok(pupil),
        });
        let refused = |kind| record_error(document, request, kind);
        match pupil {
            Ok(pupil) => {
                for link in pupil.links.links {
                    self.persons.entry(link.person.clone()).or_default().insert(structure.to_owned());
                    roster.links.push(link);
                }
                for (person, reason) in pupil.links.unreadable {
                    roster.errors.push(refused(reason));
                    match person {
                        Some(person) => _ = roster.unreadable_persons.links.insert((id.clone(), person)),
                        None => roster.unreadable_persons.unnamed_links += 1,
                    }
                }
                self.pupils.insert(id, structure.to_owned());
                roster.pupils.push(pupil.record);
            }
            Err(reason) => {
                roster.errors.push(refused(reason));
                roster.unreadable_persons.pupils.insert(id.clone());
                roster.unreadable_pupils.ids.insert(id);
            }
        }
    }

    fn take_person(&mut self, document: &AafDocument, request: &AafRequest) {
        let Ok(id) = key_of(request) else { return };
        // In the first degree a person names the children.
        for link in children_of(request, &id) {
            let Some(structure) = self.pupils.get(&link.pupil) else { continue };
            let Some(roster) = self.rosters.get_mut(structure) else { continue };
            if !roster.links.iter().any(|known| known.pupil == link.pupil && known.person == link.person) {
                self.persons.entry(id.clone()).or_default().insert(structure.clone());
                roster.links.push(link);
            }
        }
        let Some(structures) = self.persons.get(&id) else { return };
        let is_double = self.index.duplicate_persons.contains(&id);
        let person = match is_double {
            true => Err(RecordErrorKind::Duplicate),
            false => parse_person(request),
        };
        for key in structures {
            let Some(roster) = self.rosters.get_mut(key) else { continue };
            if states_mail(request) {
                self.stating_mail.insert(key.clone());
            }
            match &person {
                Ok(person) => roster.persons.push(person.clone()),
                Err(reason) => {
                    roster.errors.push(record_error(document, request, reason.clone()));
                    roster.unreadable_persons.ids.insert(id.clone());
                }
            }
        }
    }

    /// Returns the rosters, each with its warnings. One without any attribute of an address says nothing of them.
    pub fn finish(mut self) -> Vec<SchoolRoster> {
        for (key, roster) in &mut self.rosters {
            let keeps_mail = !self.stating_mail.contains(key);
            roster.persons.iter_mut().for_each(|person| person.keeps_mail = keeps_mail);
        }
        let mut rosters: Vec<SchoolRoster> = self.rosters.into_values().collect();
        rosters.iter_mut().for_each(check_roster);
        rosters
    }
}

pub fn record_error(document: &AafDocument, request: &AafRequest, kind: RecordErrorKind) -> RecordError {
    let record = format!("{} {}", document.kind.name(), request.id);
    RecordError { file: document.name.clone(), line: request.line, record, kind }
}

/// Takes away what a roster may not hold twice, and adds the warnings for the school.
pub fn check_roster(roster: &mut SchoolRoster) {
    let shared = duplicates(roster.pupils.iter().filter_map(|pupil| pupil.ine.clone()));
    let numbers = duplicates(roster.pupils.iter().filter_map(|pupil| pupil.eleve_id.clone()));
    for pupil in &mut roster.pupils {
        let record = || format!("Eleve {}", pupil.id);
        if pupil.ine.as_ref().is_some_and(|ine| shared.contains(ine)) {
            pupil.ine = None;
            roster.warnings.push(RecordWarning { record: record(), kind: RecordWarningKind::SharedIne });
        }
        if pupil.eleve_id.as_ref().is_some_and(|id| numbers.contains(id)) {
            pupil.eleve_id = None;
            roster.warnings.push(RecordWarning { record: record(), kind: RecordWarningKind::SharedEleveId });
        }
    }
    let lost = |record: String| RecordWarning { record, kind: RecordWarningKind::LostLetter { program: PROGRAM } };
    for PupilRecord { id, data, .. } in &roster.pupils {
        let mut names = [&data.family, &data.given].into_iter().chain(&data.usage);
        roster.warnings.extend(names.any(|name| has_replacement(name)).then(|| lost(format!("Eleve {id}"))));
    }
    for PersonRecord { id, family, usage, given, .. } in &roster.persons {
        let mut names = [family, given].into_iter().chain(usage);
        roster.warnings.extend(names.any(|name| has_replacement(name)).then(|| lost(format!("PersRelEleve {id}"))));
    }
    for LinkRecord { pupil, person, data, .. } in roster.links.iter().filter(|link| link.repeated) {
        let record = format!("ENTElevePersRelEleve {pupil} {person}");
        roster.warnings.push(RecordWarning { record, kind: RecordWarningKind::DuplicateLink { kept: data.level } });
    }
}

fn duplicates<T: Ord + Clone>(ids: impl Iterator<Item = T>) -> BTreeSet<T> {
    let (mut seen, mut double) = (BTreeSet::new(), BTreeSet::new());
    for id in ids {
        if !seen.insert(id.clone()) {
            double.insert(id);
        }
    }
    double
}
