//! From the records that a file holds to what is taken of them, and what is said of the others.
//!
//! A record that cannot be read, or that is there twice, is a [`Problem`] and counts as unchanged; one that is taken
//! though something is odd about it is a [`Remark`]. A link that is there twice is kept: nobody loses a child because a
//! secretary entered him as father and again as a contact.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::record::Fields;
use super::{Content, Link, Oddity, Person, Problem, Pupil, Reason, Remark, UnreadablePersons, UnreadablePupils};
use crate::base::date::BirthDate;
use crate::base::lost_letters::has_lost;
use crate::roster::Level;

/// A record of a file, readable or not.
pub struct Read<T> {
    /// Where it ends.
    pub line: u64,
    pub named: Named,
    pub record: Result<T, Reason>,
}

/// What a record says it is, readable or not.
pub struct Named {
    pupil: Option<String>,
    person: Option<String>,
}

impl Named {
    pub fn of(fields: &Fields) -> Self {
        Self { pupil: fields.id("ELEVE_ID").ok(), person: fields.id("PERSONNE_ID").ok() }
    }
}

/// What comes of a file.
pub struct Judged {
    pub content: Content,
    /// In the order of their lines.
    pub problems: Vec<Problem>,
    pub remarks: Vec<Remark>,
}

/// Pupils with their classes (by ELEVE_ID), as they were on the day of the export.
pub fn eleves(file: &str, day: NaiveDate, read: Vec<Read<Pupil>>, mut classes: BTreeMap<String, String>) -> Judged {
    let (today, mut problems, mut remarks) = (BirthDate::from(day), Problems::of(file), Vec::new());
    let mut unreadable = UnreadablePupils::default();
    let double = doubles(read.iter().filter_map(|read| read.named.pupil.clone()));
    let mut pupils = Vec::with_capacity(read.len());
    for Read { line, named, record } in read {
        let pupil = record.and_then(|pupil| match () {
            () if double.contains(&pupil.id) => Err(Reason::Double),
            () if pupil.data.born.is_after(today) => Err(Reason::BornLater),
            () => Ok(pupil),
        });
        match pupil {
            Ok(mut pupil) => {
                pupil.class = classes.remove(&pupil.id);
                let names = [&pupil.data.family, &pupil.data.given].into_iter().chain(&pupil.data.usage);
                remarks.extend(lost_letter(|| format!("ELEVE {}", pupil.id), names));
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
    problems.judged(Content::Eleves { pupils, unreadable }, remarks)
}

/// Persons and what links them to pupils.
pub fn responsables(file: &str, read: Vec<Read<Person>>, links: Vec<Read<Link>>) -> Judged {
    let (mut problems, mut remarks) = (Problems::of(file), Vec::new());
    let mut unreadable = UnreadablePersons::default();
    let double = doubles(read.iter().filter_map(|read| read.named.person.clone()));
    let mut persons = Vec::with_capacity(read.len());
    for Read { line, named, record } in read {
        match record.and_then(|found| if double.contains(&found.id) { Err(Reason::Double) } else { Ok(found) }) {
            Ok(person) => persons.push(person),
            Err(reason) => {
                problems.add(line, format!("PERSONNE {}", shown(&named.person)), reason);
                unreadable.ids.extend(named.person);
            }
        }
    }
    let links = joined(links, &mut problems, &mut unreadable);
    let repeated = links.iter().filter(|link| link.repeated);
    remarks.extend(repeated.map(|link| Remark {
        record: format!("RESPONSABLE_ELEVE {} {}", link.pupil, link.person),
        oddity: Oddity::Repeated { kept: link.data.level },
    }));
    // Exports are full of persons who are nobody's any more.
    let linked: BTreeSet<&str> = links.iter().map(|link| link.person.as_str()).collect();
    for Person { id, family, usage, given, .. } in persons.iter().filter(|person| linked.contains(&*person.id)) {
        remarks.extend(lost_letter(|| format!("PERSONNE {id}"), [family, given].into_iter().chain(usage)));
    }
    problems.judged(Content::Responsables { persons, links, unreadable }, remarks)
}

/// Each link once, in the order of their ids.
fn joined(read: Vec<Read<Link>>, problems: &mut Problems<'_>, unreadable: &mut UnreadablePersons) -> Vec<Link> {
    let mut links: BTreeMap<(String, String), Link> = BTreeMap::new();
    for Read { line, named, record } in read {
        let key = named.pupil.clone().zip(named.person.clone());
        let reason = match (record, &key) {
            (Ok(link), Some(key)) => {
                join(&mut links, key.clone(), link);
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
    links.into_values().collect()
}

/// Adds a link, or joins it with the one that is there: legal as soon as one is. Of relations the first by its code, so
/// that the order of the file does not matter.
fn join(links: &mut BTreeMap<(String, String), Link>, key: (String, String), link: Link) {
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

/// The remark on a record whose names have lost a letter.
fn lost_letter<'a>(record: impl Fn() -> String, mut names: impl Iterator<Item = &'a String>) -> Option<Remark> {
    names.any(|name| has_lost(name)).then(|| Remark { record: record(), oddity: Oddity::LostLetter })
}

struct Problems<'a> {
    file: &'a str,
    found: Vec<Problem>,
}

impl<'a> Problems<'a> {
    fn of(file: &'a str) -> Self {
        Self { file, found: Vec::new() }
    }

    fn add(&mut self, line: u64, record: String, reason: Reason) {
        self.found.push(Problem { file: self.file.to_owned(), line, record, reason });
    }

    fn judged(self, content: Content, remarks: Vec<Remark>) -> Judged {
        let mut problems = self.found;
        problems.sort_by_key(|problem| problem.line);
        Judged { content, problems, remarks }
    }
}

fn shown(id: &Option<String>) -> &str {
    id.as_deref().unwrap_or("without id")
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
