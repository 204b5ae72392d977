//! Turns the records of a file into the records to import, errors and warnings.
//!
//! An unreadable or duplicate record is a [`RecordError`] and counts as unchanged; an imported record with an oddity
//! gives a [`RecordWarning`]. A duplicate link is kept: no parent loses a child because a secretary entered the parent
//! as father and again as a contact.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::record::RecordFields;
use super::{ExportContent, PROGRAM};
use crate::base::date::BirthDate;
use crate::base::replacement_chars::has_replacement;
use crate::roster::Level;
use crate::roster::formats::{
    LinkRecord, PersonRecord, PupilRecord, RecordError, RecordErrorKind, RecordWarning, RecordWarningKind,
    UnreadablePersons, UnreadablePupils,
};

/// A parsed record of a file, readable or not.
pub struct ParsedRecord<T> {
    /// The line of the record's end.
    pub line: u64,
    pub ids: RecordIds,
    pub record: Result<T, RecordErrorKind>,
}

/// The ids of a record, readable or not.
pub struct RecordIds {
    pupil: Option<String>,
    person: Option<String>,
}

impl RecordIds {
    pub fn of(fields: &RecordFields) -> Self {
        Self { pupil: fields.id("ELEVE_ID").ok(), person: fields.id("PERSONNE_ID").ok() }
    }
}

/// The validated content of a file.
pub struct ValidatedExport {
    pub content: ExportContent,
    /// In the order of the lines.
    pub errors: Vec<RecordError>,
    pub warnings: Vec<RecordWarning>,
}

/// Validates pupils and adds the classes (by ELEVE_ID), as of the day of the export.
pub fn validate_pupils(
    file: &str,
    day: NaiveDate,
    read: Vec<ParsedRecord<PupilRecord>>,
    mut classes: BTreeMap<String, String>,
) -> ValidatedExport {
    let (today, mut problems, mut remarks) = (BirthDate::from(day), ErrorCollector::of(file), Vec::new());
    let mut unreadable = UnreadablePupils::default();
    let double = duplicates(read.iter().filter_map(|read| read.ids.pupil.clone()));
    let shared = duplicates(read.iter().filter_map(|read| read.record.as_ref().ok()?.ine.clone()));
    let mut pupils = Vec::with_capacity(read.len());
    for ParsedRecord { line, ids: named, record } in read {
        let pupil = record.and_then(|pupil| match () {
            () if double.contains(&pupil.id) => Err(RecordErrorKind::Duplicate),
            () if pupil.data.born.is_after(today) => Err(RecordErrorKind::BirthDateInFuture("DATE_NAISS")),
            () => Ok(pupil),
        });
        match pupil {
            Ok(mut pupil) => {
                pupil.class = classes.remove(&pupil.id);
                let names = [&pupil.data.family, &pupil.data.given].into_iter().chain(&pupil.data.usage);
                remarks.extend(lost_letter_warning(|| format!("ELEVE {}", pupil.id), names));
                if pupil.ine.take_if(|ine| shared.contains(ine)).is_some() {
                    let record = format!("ELEVE {}", pupil.id);
                    remarks.push(RecordWarning { record, kind: RecordWarningKind::SharedIne });
                }
                pupils.push(pupil);
            }
            Err(reason) => {
                problems.add(line, format!("ELEVE {}", display_id(&named.pupil)), reason);
                match named.pupil {
                    Some(id) => _ = unreadable.ids.insert(id),
                    None => unreadable.unnamed += 1,
                }
            }
        }
    }
    problems.finish(ExportContent::Pupils { pupils, unreadable }, remarks)
}

/// Validates persons and the links to pupils.
pub fn validate_persons(
    file: &str,
    read: Vec<ParsedRecord<PersonRecord>>,
    links: Vec<ParsedRecord<LinkRecord>>,
) -> ValidatedExport {
    let (mut problems, mut remarks) = (ErrorCollector::of(file), Vec::new());
    let mut unreadable = UnreadablePersons::default();
    let double = duplicates(read.iter().filter_map(|read| read.ids.person.clone()));
    let mut persons = Vec::with_capacity(read.len());
    for ParsedRecord { line, ids: named, record } in read {
        match record
            .and_then(|found| if double.contains(&found.id) { Err(RecordErrorKind::Duplicate) } else { Ok(found) })
        {
            Ok(person) => persons.push(person),
            Err(reason) => {
                problems.add(line, format!("PERSONNE {}", display_id(&named.person)), reason);
                unreadable.ids.extend(named.person);
            }
        }
    }
    let links = merge_links(links, &mut problems, &mut unreadable);
    let repeated = links.iter().filter(|link| link.repeated);
    remarks.extend(repeated.map(|link| RecordWarning {
        record: format!("RESPONSABLE_ELEVE {} {}", link.pupil, link.person),
        kind: RecordWarningKind::DuplicateLink { kept: link.data.level },
    }));
    // Exports are full of persons no longer linked to any pupil.
    let linked: BTreeSet<&str> = links.iter().map(|link| link.person.as_str()).collect();
    for PersonRecord { id, family, usage, given, .. } in persons.iter().filter(|person| linked.contains(&*person.id)) {
        remarks.extend(lost_letter_warning(|| format!("PERSONNE {id}"), [family, given].into_iter().chain(usage)));
    }
    problems.finish(ExportContent::Persons { persons, links, unreadable }, remarks)
}

/// Merges duplicate links; the result is in the order of the ids.
fn merge_links(
    read: Vec<ParsedRecord<LinkRecord>>,
    problems: &mut ErrorCollector<'_>,
    unreadable: &mut UnreadablePersons,
) -> Vec<LinkRecord> {
    let mut links: BTreeMap<(String, String), LinkRecord> = BTreeMap::new();
    for ParsedRecord { line, ids: named, record } in read {
        let key = named.pupil.clone().zip(named.person.clone());
        let reason = match (record, &key) {
            (Ok(link), Some(key)) => {
                merge_link(&mut links, key.clone(), link);
                continue;
            }
            (Ok(_), None) => RecordErrorKind::Missing("ELEVE_ID"),
            (Err(reason), _) => reason,
        };
        let record = format!("RESPONSABLE_ELEVE {} {}", display_id(&named.pupil), display_id(&named.person));
        problems.add(line, record, reason);
        match key {
            Some(key) => _ = unreadable.links.insert(key),
            None => unreadable.unnamed_links += 1,
        }
    }
    // A link with both readable and unreadable records is legal if one readable record is; otherwise the unreadable
    // record may have been legal, so the link counts as unchanged.
    links.retain(|key, link| link.data.level == Level::Legal || !unreadable.links.contains(key));
    links.into_values().collect()
}

/// Inserts a link, or merges the link with its duplicate: legal as soon as one record is. The lowest relation code
/// wins, so the order of the file does not matter.
fn merge_link(links: &mut BTreeMap<(String, String), LinkRecord>, key: (String, String), link: LinkRecord) {
    let Some(kept) = links.get_mut(&key) else {
        links.insert(key, link);
        return;
    };
    let rank = |link: &LinkRecord| (link.data.level, link.data.relation.is_none(), link.data.relation.clone());
    let repeated = kept.repeated || kept.data != link.data;
    if rank(&link) < rank(kept) {
        *kept = link;
    }
    kept.repeated = repeated;
}

/// Returns a warning for a record with a lost letter in one of the names.
fn lost_letter_warning<'a>(
    record: impl Fn() -> String,
    mut names: impl Iterator<Item = &'a String>,
) -> Option<RecordWarning> {
    names
        .any(|name| has_replacement(name))
        .then(|| RecordWarning { record: record(), kind: RecordWarningKind::LostLetter { program: PROGRAM } })
}

struct ErrorCollector<'a> {
    file: &'a str,
    found: Vec<RecordError>,
}

impl<'a> ErrorCollector<'a> {
    fn of(file: &'a str) -> Self {
        Self { file, found: Vec::new() }
    }

    fn add(&mut self, line: u64, record: String, reason: RecordErrorKind) {
        self.found.push(RecordError { file: self.file.to_owned(), line, record, kind: reason });
    }

    fn finish(self, content: ExportContent, remarks: Vec<RecordWarning>) -> ValidatedExport {
        let mut problems = self.found;
        problems.sort_by_key(|problem| problem.line);
        ValidatedExport { content, errors: problems, warnings: remarks }
    }
}

fn display_id(id: &Option<String>) -> &str {
    id.as_deref().unwrap_or("without id")
}

fn duplicates<T: Ord + Clone>(ids: impl Iterator<Item = T>) -> BTreeSet<T> {
    let mut seen = BTreeSet::new();
    let mut double = BTreeSet::new();
    for id in ids {
        if !seen.insert(id.clone()) {
            double.insert(id);
        }
    }
    double
}
