//! The changes of a plan one by one, with their reasons, for whoever looks before anything is written.
//!
//! Pure. Records are named by their ids, never by a name or a number.

use std::collections::BTreeSet;
use std::fmt;

use super::formats::{RosterFormat, SchoolRoster};
use super::reconcile::{CurrentState, LinkKey, ReconcilePlan};
use super::{LinkData, PersonData, PupilData};

/// The sign of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    Added,
    Changed,
    Gone,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedChange {
    pub kind: ChangeKind,
    pub record: String,
    pub why: String,
}

impl fmt::Display for PlannedChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.kind {
            ChangeKind::Added => '+',
            ChangeKind::Changed => '~',
            ChangeKind::Gone => '-',
        };
        write!(f, "{sign} {}: {}", self.record, self.why)
    }
}

/// Lists the changes of a plan.
pub fn list_changes(
    format: RosterFormat,
    known: &CurrentState,
    set: &SchoolRoster,
    plan: &ReconcilePlan,
) -> Vec<PlannedChange> {
    let words = format.words();
    let name = |id: &'_ String| set.places.get(id).unwrap_or(id).clone();
    let mut changes = Vec::new();
    let mut add = |kind, record: String, why: String| changes.push(PlannedChange { kind, record, why });
    for (id, _) in &plan.pupils_new {
        add(ChangeKind::Added, format!("{} {}", words.pupil, name(id)), "is not known yet".to_owned());
    }
    for (id, data) in &plan.pupils_changed {
        let why = known.pupils.get(id).map(|old| pupil_differences(&old.data, data)).unwrap_or_default();
        add(ChangeKind::Changed, format!("{} {}", words.pupil, name(id)), why);
    }
    for (id, _) in &plan.persons_new {
        add(ChangeKind::Added, format!("{} {}", words.person, name(id)), "is not known yet".to_owned());
    }
    for (id, data) in &plan.persons_changed {
        let why = known.persons.get(id).map(|old| person_differences(&old.data, data)).unwrap_or_default();
        add(ChangeKind::Changed, format!("{} {}", words.person, name(id)), why);
    }
    for (id, class) in &plan.enrolments_started {
        let class = class.as_deref().map(|class| format!("enters the class {class}"));
        let why = class.unwrap_or_else(|| "enters the school".to_owned());
        add(ChangeKind::Added, format!("enrolment of {} {}", words.pupil, name(id)), why);
    }
    for (id, class) in &plan.enrolments_moved {
        let former = known.enrolments.get(id).cloned().flatten().unwrap_or_else(|| "none".to_owned());
        let why = format!("the class was {former}, is {}", class.as_deref().unwrap_or("none"));
        add(ChangeKind::Changed, format!("enrolment of {} {}", words.pupil, name(id)), why);
    }
    let named: BTreeSet<&str> = set.pupils.iter().map(|pupil| pupil.id.as_str()).collect();
    for id in &plan.enrolments_ended {
        let why = if named.contains(id.as_str()) { "the last day is past" } else { "is absent from the set" };
        add(ChangeKind::Gone, format!("enrolment of {} {}", words.pupil, name(id)), why.to_owned());
    }
    let link = |(pupil, person): &LinkKey| {
        format!("link of {} {} and {} {}", words.pupil, name(pupil), words.person, name(person))
    };
    for (key, data) in &plan.links_started {
        add(ChangeKind::Added, link(key), data.level.label().to_owned());
    }
    for (key, data) in &plan.links_changed {
        let why = known.links.get(key).map(|old| link_differences(old, data)).unwrap_or_default();
        add(ChangeKind::Changed, link(key), why);
    }
    for key in &plan.links_ended {
        let left = plan.enrolments_ended.contains(&key.0);
        let why = if left { "the pupil is gone" } else { "is absent from the set" };
        add(ChangeKind::Gone, link(key), why.to_owned());
    }
    changes
}

fn joined(differences: &[(&'static str, bool)]) -> String {
    let names: Vec<&str> = differences.iter().filter(|(_, differs)| *differs).map(|(name, _)| *name).collect();
    if names.is_empty() { "another format led it".to_owned() } else { format!("other {}", names.join(", ")) }
}

/// Names what differs between two data of a pupil.
pub fn pupil_differences(old: &PupilData, new: &PupilData) -> String {
    joined(&[
        ("names", (&old.family, &old.usage, &old.given) != (&new.family, &new.usage, &new.given)),
        ("birth date", old.born != new.born),
        ("INE", old.ine_blind != new.ine_blind),
    ])
}

/// Names what differs between two data of a person.
pub fn person_differences(old: &PersonData, new: &PersonData) -> String {
    joined(&[
        ("names", (&old.family, &old.usage, &old.given) != (&new.family, &new.usage, &new.given)),
        ("mobile", (&old.phone, old.mobile_column) != (&new.phone, new.mobile_column)),
        ("mail address", old.mail != new.mail),
    ])
}

fn link_differences(old: &LinkData, new: &LinkData) -> String {
    match old.level == new.level {
        true => "other relation".to_owned(),
        false => format!("was {}, is {}", old.level.label(), new.level.label()),
    }
}
