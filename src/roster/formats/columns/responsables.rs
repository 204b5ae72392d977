//! Joins responsables with the pupils whom they name.
//!
//! A responsable without id is one row; two with the same names and a common child wait for the school, and what the child
//! has stays.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::assemble::{Assembly, place};
use super::children::{Certainty, PupilIndex};
use super::rows::{ChildReference, RowPerson};
use crate::base::names::roster_canonical_key;
use crate::roster::LinkData;
use crate::roster::formats::{LinkRecord, PersonRecord, RecordErrorKind, RecordWarning, RecordWarningKind};

impl Assembly {
    pub fn take_persons(&mut self, file: &str, rows: Vec<RowPerson>) {
        let pupils = std::mem::take(&mut self.roster.pupils);
        let pupil_rows = std::mem::take(&mut self.rows);
        let index = PupilIndex::new(&pupils, &pupil_rows);
        let mut found: BTreeMap<String, FoundPerson> = BTreeMap::new();
        for row in rows {
            let children = self.find_children(file, &row, &index);
            match row.record {
                Ok(_) if row.children.is_empty() => {
                    let record = format!("{}, line {}", self.words.person, row.line);
                    self.roster.warnings.push(RecordWarning { record, kind: RecordWarningKind::WithoutChild });
                }
                Ok((person, data)) => {
                    let link = |(pupil, is_doubtful)| (pupil, FoundLink { data: data.clone(), is_doubtful });
                    let links = children.into_iter().map(link).collect();
                    let new = FoundPerson { lines: vec![row.line], person, links, differs: false };
                    match found.entry(new.person.id.clone()) {
                        Entry::Vacant(free) => _ = free.insert(new),
                        Entry::Occupied(mut known) => known.get_mut().merge(new),
                    }
                }
                Err(kind) => {
                    self.refuse(file, row.line, self.words.person, kind);
                    self.leave_links(children.into_keys().collect());
                }
            }
        }
        self.roster.pupils = pupils;
        self.keep_persons(file, found);
    }

    /// Returns the pupils of a row, and whether each is of another class than the row says; of those who are not
    /// certain, all links stay as they are.
    fn find_children(&mut self, file: &str, row: &RowPerson, index: &PupilIndex<'_>) -> BTreeMap<String, bool> {
        let mut children = BTreeMap::new();
        for child in &row.children {
            match index.find(child) {
                Ok(found) if found.certainty == Certainty::Several => {
                    self.refuse(file, row.line, self.words.person, RecordErrorKind::AmbiguousChild);
                    self.leave_links(found.ids.into_iter().map(str::to_owned).collect());
                }
                Ok(found) => {
                    let is_doubtful = found.certainty == Certainty::OtherClass;
                    for id in found.ids {
                        *children.entry(id.to_owned()).or_insert(is_doubtful) &= is_doubtful;
                    }
                }
                // The pupil's own row was refused, and said so.
                Err(_) if matches!(child, ChildReference::Line(_)) => self.leave_links(Vec::new()),
                Err(_) if matches!(child, ChildReference::Id(id) if self.roster.unreadable_pupils.ids.contains(id)) => {
                }
                Err(kind) => {
                    self.refuse(file, row.line, self.words.person, kind);
                    if self.roster.unreadable_pupils.unnamed > 0 {
                        self.roster.unreadable_persons.unnamed_links += 1;
                    }
                }
            }
        }
        children
    }

    /// Has the links of pupils stay as they are: who is linked to them could not be read.
    fn leave_links(&mut self, pupils: Vec<String>) {
        if pupils.is_empty() {
            self.roster.unreadable_persons.unnamed_links += 1;
        }
        self.roster.unreadable_persons.pupils.extend(pupils);
    }

    fn keep_persons(&mut self, file: &str, found: BTreeMap<String, FoundPerson>) {
        let homonyms = match self.roster.identity.persons_without_ids {
            true => homonyms(found.values()),
            false => BTreeSet::new(),
        };
        let mut persons: Vec<FoundPerson> = found.into_values().collect();
        persons.sort_by_key(|found| found.lines.first().copied());
        for FoundPerson { lines, person, links, differs } in persons {
            let refusal = match () {
                () if differs => Some(RecordErrorKind::DifferingDuplicate),
                () if homonyms.contains(&person.id) => Some(RecordErrorKind::HomonymousPerson),
                () => None,
            };
            if let Some(kind) = refusal {
                for line in lines {
                    self.refuse(file, line, self.words.person, kind.clone());
                }
                self.leave_links(links.into_keys().collect());
                self.roster.unreadable_persons.ids.insert(person.id);
                continue;
            }
            let line = lines.first().copied().unwrap_or_default();
            self.roster.places.insert(person.id.clone(), place(file, line, &person.id));
            for (pupil, FoundLink { data, is_doubtful }) in links {
                let person = person.id.clone();
                self.roster.links.push(LinkRecord { pupil, person, data, repeated: false, is_doubtful });
            }
            self.roster.persons.push(person);
        }
    }
}

/// A responsable with the rows and links so far.
struct FoundPerson {
    lines: Vec<u64>,
    person: PersonRecord,
    links: BTreeMap<String, FoundLink>,
    differs: bool,
}

#[derive(Clone)]
struct FoundLink {
    data: LinkData,
    is_doubtful: bool,
}

impl FoundPerson {
    fn merge(&mut self, mut other: FoundPerson) {
        // Rows that differ in the mail address alone are of one person: the first address in the order of letters.
        let mail = [self.person.mail.take(), other.person.mail.take()].into_iter().flatten().min();
        self.person.keeps_mail &= other.person.keeps_mail;
        other.person.keeps_mail = self.person.keeps_mail;
        self.differs |= self.person != other.person;
        self.person.mail = mail;
        self.lines.extend(other.lines);
        for (pupil, link) in other.links {
            let rank = |data: &LinkData| (data.level, data.relation.is_none(), data.relation.clone());
            let kept = self.links.entry(pupil).or_insert_with(|| link.clone());
            kept.is_doubtful &= link.is_doubtful;
            if rank(&link.data) < rank(&kept.data) {
                kept.data = link.data;
            }
        }
    }
}

/// Returns the ids of responsables who have the names of another one of the same child.
fn homonyms<'a>(persons: impl Iterator<Item = &'a FoundPerson>) -> BTreeSet<String> {
    let mut by_child: BTreeMap<(&str, String, String), Vec<&str>> = BTreeMap::new();
    for found in persons {
        let (family, given) = (roster_canonical_key(&found.person.family), roster_canonical_key(&found.person.given));
        for pupil in found.links.keys() {
            by_child.entry((pupil, family.clone(), given.clone())).or_default().push(&found.person.id);
        }
    }
    by_child.into_values().filter(|ids| ids.len() > 1).flatten().map(str::to_owned).collect()
}
