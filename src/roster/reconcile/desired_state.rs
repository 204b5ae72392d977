//! The desired state of a school after an import: the records of the roster, and the unreadable ones unchanged.

use std::collections::{BTreeMap, BTreeSet};

use super::{CurrentState, LinkKey, RosterCounts};
use crate::roster::formats::{PupilRecord, SchoolRoster};
use crate::roster::{Level, LinkData};

/// The enrolments and links current at the school after the import.
pub struct DesiredState {
    pub enrolments: BTreeMap<String, Option<String>>,
    pub links: BTreeMap<LinkKey, LinkData>,
    /// Current links with several differing records in the roster.
    pub duplicate_links: Vec<LinkKey>,
    /// Links to a pupil or person neither in the roster nor in the database.
    pub dangling_links: Vec<LinkKey>,
}

impl DesiredState {
    pub fn of(known: &CurrentState, set: &SchoolRoster) -> Self {
        let enrolments = Self::enrolments(known, set);
        let persons: BTreeSet<&str> = set.persons.iter().map(|person| person.id.as_str()).collect();
        let pupils: BTreeSet<&str> = set.pupils.iter().map(|pupil| pupil.id.as_str()).collect();
        let unreadable = &set.unreadable_persons;
        let mut links = BTreeMap::new();
        let mut links_nowhere = Vec::new();
        let mut links_repeated = Vec::new();
        // A set of changes may speak of pupils whose enrolment is another format's.
        let is_held = |pupil: &str| set.extent.changes().is_some() && known.held.enrolments.contains(pupil);
        for link in &set.links {
            let person = persons.contains(link.person.as_str()) || known.persons.contains_key(&link.person);
            if (enrolments.contains_key(&link.pupil) || is_held(&link.pupil)) && person {
                let key = (link.pupil.clone(), link.person.clone());
                links_repeated.extend(link.repeated.then(|| key.clone()));
                links.insert(key, link.data.clone());
            } else if !pupils.contains(link.pupil.as_str()) && !set.unreadable_pupils.ids.contains(&link.pupil)
                || !person && !unreadable.ids.contains(&link.person)
            {
                links_nowhere.push((link.pupil.clone(), link.person.clone()));
            }
        }
        links_nowhere.sort();
        for (key, data) in &known.links {
            let unread =
                unreadable.links.contains(key) || unreadable.pupils.contains(&key.0) || unreadable.unnamed_links > 0;
            let unsaid = set.extent.changes().is_some_and(|changes| !changes.speaks_of_link(key));
            let is_enrolled = enrolments.contains_key(&key.0) || is_held(&key.0);
            if (unread || unsaid) && is_enrolled && !links.contains_key(key) {
                links.insert(key.clone(), data.clone());
            }
        }
        links_repeated.sort();
        Self { enrolments, links, duplicate_links: links_repeated, dangling_links: links_nowhere }
    }

    fn enrolments(known: &CurrentState, set: &SchoolRoster) -> BTreeMap<String, Option<String>> {
        let unreadable = &set.unreadable_pupils;
        let named: BTreeSet<&str> = set.pupils.iter().map(|pupil| pupil.id.as_str()).collect();
        let current = set.pupils.iter().filter(|pupil| !has_left(pupil, set));
        // An unknown class is no change, but for last year's.
        let is_kept = set.classes_unknown && known.last_export.is_some_and(|last| last.year == set.year);
        let known_class = |id: &str| known.enrolments.get(id).filter(|_| is_kept).cloned().flatten();
        let class = |pupil: &PupilRecord| pupil.class.clone().or_else(|| known_class(&pupil.id));
        let current = current.map(|pupil| (pupil.id.clone(), class(pupil)));
        let unread = known
            .enrolments
            .iter()
            .filter(|(id, _)| unreadable.ids.contains(*id) || (unreadable.unnamed > 0 && !named.contains(id.as_str())));
        let mut all: BTreeMap<String, Option<String>> =
            unread.map(|(id, class)| (id.clone(), class.clone())).chain(current).collect();
        if let Some(changes) = set.extent.changes() {
            for (id, class) in known.enrolments.iter().filter(|(id, _)| !named.contains(id.as_str())) {
                if !changes.pupils_removed.contains(id) {
                    all.entry(id.clone()).or_insert_with(|| class.clone());
                }
            }
        }
        all
    }

    pub fn counts(&self, set: &SchoolRoster) -> RosterCounts {
        let linked: BTreeSet<&str> = self.links.keys().map(|(_, person)| person.as_str()).collect();
        let alone = set.persons.iter().filter(|person| !linked.contains(person.id.as_str()));
        RosterCounts {
            pupils: self.enrolments.len(),
            pupils_departed: set.pupils.iter().filter(|pupil| has_left(pupil, set)).count(),
            linked_persons: linked.len(),
            persons_without_link: alone.count(),
            legal_links: self.links.values().filter(|data| is_legal(data)).count(),
            dangling_links: self.dangling_links.len(),
        }
    }
}

/// True if the pupil's last day lies before the day of the export.
fn has_left(pupil: &PupilRecord, set: &SchoolRoster) -> bool {
    pupil.left_on.is_some_and(|day| day < set.exported_on)
}

pub fn is_legal(data: &LinkData) -> bool {
    data.level == Level::Legal
}
