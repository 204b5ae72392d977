//! Compares one school's roster with the stored state and plans the writes. Pure: the caller reads and writes.
//!
//! Nothing is ever deleted: an enrolment or a link *with this school* ends when the roster no longer holds the record,
//! or when the pupil's DATE_SORTIE is past. Unreadable records count as unchanged. A roster ending too many records is
//! rejected ([`ReconcileError`]), because an export of the wrong group looks exactly like a school losing its pupils.

use std::collections::{BTreeMap, BTreeSet};

use super::formats::{PersonRecord, PupilRecord, SchoolRoster};
use super::same_pupil::{IneConflict, PupilElsewhere, find_same_pupil};
use super::{LinkData, PersonData, Phone, PupilData, UnusablePhone, UnusableReason};
use crate::base::clock::Timestamp;
use crate::base::phone::PhoneParser;

mod desired_state;
mod held;
mod records;
mod removals;
#[cfg(test)]
mod tests;

use desired_state::{DesiredState, is_legal};
pub use held::HeldRows;
pub use records::{person_data, pupil_data};
pub use removals::{RemovalCounts, RemovedShare};

/// (ELEVE_ID, PERSONNE_ID)
pub type LinkKey = (String, String);

/// The stored state of one school.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CurrentState {
    /// The export times of the last imported roster; absent before the first.
    pub last_export: Option<ExportVersion>,
    /// Pupils of the *academy*: at least those in the roster.
    pub pupils: BTreeMap<String, Dated<PupilData>>,
    /// Persons of the *academy*: at least those in the roster.
    pub persons: BTreeMap<String, Dated<PersonData>>,
    /// Current enrolments at this school, with the class.
    pub enrolments: BTreeMap<String, Option<String>>,
    /// Current links given by this school's rosters.
    pub links: BTreeMap<LinkKey, LinkData>,
    /// The rows that the import leaves to another format, or takes over from one.
    pub held: HeldRows,
    /// Of the roster's pupils without account, by ELEVE_ID: the records with an account that have the same INE.
    pub elsewhere: BTreeMap<String, Vec<PupilElsewhere>>,
    /// The pupils of [`CurrentState::elsewhere`] who were enrolled in the academy within
    /// [`MIN_ABSENCE`](super::same_pupil::MIN_ABSENCE).
    pub lately_enrolled: BTreeSet<String>,
}

/// A row with the time of its export: another school of the academy may have exported the same record later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dated<T> {
    pub data: T,
    pub exported_at: Timestamp,
}

/// The school year and the export times of a roster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportVersion {
    pub year: u16,
    pub pupils_at: Timestamp,
    pub persons_at: Timestamp,
}

impl ExportVersion {
    pub fn of(set: &SchoolRoster) -> Self {
        Self { year: set.year, pupils_at: set.pupils_exported_at, persons_at: set.persons_exported_at }
    }
}

/// The operator's policy for a roster ending many records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemovalPolicy {
    Guarded,
    Accepted,
}

/// The rows to write; each list is in the order of its ids.
#[derive(Clone, Debug, PartialEq)]
pub struct ReconcilePlan {
    /// Stored as [`CurrentState::last_export`]; [`ExportVersion::persons_at`] dates persons,
    /// [`ExportVersion::pupils_at`] pupils.
    pub export: ExportVersion,
    pub persons_new: Vec<(String, PersonData)>,
    pub persons_changed: Vec<(String, PersonData)>,
    pub pupils_new: Vec<(String, PupilData)>,
    pub pupils_changed: Vec<(String, PupilData)>,
    /// Records with other data than the rows, which stay as they are: another format is their source.
    pub persons_kept: Vec<(String, PersonData)>,
    pub pupils_kept: Vec<(String, PupilData)>,
    /// Known persons with the same data in this newer export: only the export time changes.
    pub persons_unchanged: Vec<String>,
    pub pupils_unchanged: Vec<String>,
    /// Pupil and class.
    pub enrolments_started: Vec<(String, Option<String>)>,
    pub enrolments_moved: Vec<(String, Option<String>)>,
    pub enrolments_ended: Vec<String>,
    pub links_started: Vec<(LinkKey, LinkData)>,
    pub links_changed: Vec<(LinkKey, LinkData)>,
    pub links_ended: Vec<LinkKey>,
    pub counts: RosterCounts,
    /// Links to a pupil or person neither in the roster nor in the database.
    pub dangling_links: Vec<LinkKey>,
    /// Current links with several differing records in the roster.
    pub duplicate_links: Vec<LinkKey>,
    /// Persons with a number in TEL_PORTABLE to which no SMS can be sent, for the school.
    pub unusable_numbers: Vec<(String, UnusableReason)>,
    /// Legal representatives without a usable mobile, and the other column holding a mobile, if any. Institutions need
    /// no mobile and are left out.
    pub unreachable: Vec<(String, Option<&'static str>)>,
    pub removals: RemovalCounts,
    /// Pupils who have the account of the same pupil elsewhere from now on.
    pub accounts_joined: Vec<(String, PupilElsewhere)>,
    pub ine_conflicts: Vec<(String, IneConflict)>,
}

/// The content of the roster, for the report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RosterCounts {
    /// Current pupils.
    pub pupils: usize,
    /// Pupils of the roster with a past DATE_SORTIE.
    pub pupils_departed: usize,
    /// Persons with a link, of any level, to a current pupil.
    pub linked_persons: usize,
    pub persons_without_link: usize,
    pub legal_links: usize,
    /// The length of [`ReconcilePlan::dangling_links`].
    pub dangling_links: usize,
}

/// The reason for rejecting a roster.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReconcileError {
    #[error("{gone} of {of} current {what} would end, more than {percent} %")]
    TooManyRemovals { what: &'static str, gone: usize, of: usize, percent: usize },
    #[error("the set was exported before the one that was taken last")]
    OlderExport { known: Timestamp, given: Timestamp },
    #[error("the set is of the school year {given}, the one taken last of {known}")]
    EarlierSchoolYear { known: u16, given: u16 },
}

impl ReconcilePlan {
    /// True if nothing changes but export times ([`ReconcilePlan::export`] and those of unchanged rows).
    pub fn is_empty(&self) -> bool {
        self.persons_new.is_empty()
            && self.persons_changed.is_empty()
            && self.pupils_new.is_empty()
            && self.pupils_changed.is_empty()
            && self.enrolments_started.is_empty()
            && self.enrolments_moved.is_empty()
            && self.enrolments_ended.is_empty()
            && self.links_started.is_empty()
            && self.links_changed.is_empty()
            && self.links_ended.is_empty()
            && self.accounts_joined.is_empty()
    }
}

/// Plans the import of `set` for a school with the stored state `known`.
pub fn plan_changes(
    known: &CurrentState,
    set: &SchoolRoster,
    numbering: &PhoneParser,
    removals: RemovalPolicy,
) -> Result<ReconcilePlan, ReconcileError> {
    check_export_order(known, set)?;
    let exported = ExportVersion::of(set);
    let target = DesiredState::of(known, set);
    let mut plan = ReconcilePlan {
        export: exported,
        persons_new: Vec::new(),
        persons_changed: Vec::new(),
        pupils_new: Vec::new(),
        pupils_changed: Vec::new(),
        persons_kept: Vec::new(),
        pupils_kept: Vec::new(),
        persons_unchanged: Vec::new(),
        pupils_unchanged: Vec::new(),
        enrolments_started: Vec::new(),
        enrolments_moved: Vec::new(),
        enrolments_ended: Vec::new(),
        links_started: Vec::new(),
        links_changed: Vec::new(),
        links_ended: Vec::new(),
        counts: target.counts(set),
        dangling_links: target.dangling_links.clone(),
        duplicate_links: target.duplicate_links.clone(),
        unusable_numbers: Vec::new(),
        unreachable: Vec::new(),
        removals: RemovalCounts::default(),
        accounts_joined: Vec::new(),
        ine_conflicts: Vec::new(),
    };
    plan.plan_pupils(known, set, &target);
    plan.plan_accounts(known, set, &target);
    plan.plan_persons(known, set, numbering);
    if !set.extent.is_people_only() {
        plan.unreachable = plan.list_unreachable(known, &target);
    }
    (plan.enrolments_started, plan.enrolments_moved, plan.enrolments_ended) =
        diff_maps(&known.enrolments, &target.enrolments);
    (plan.links_started, plan.links_changed, plan.links_ended) = diff_maps(&known.links, &target.links);
    plan.enrolments_started.retain(|(pupil, _)| !known.held.enrolments.contains(pupil));
    plan.links_started.retain(|(key, _)| !known.held.links.contains(key));
    plan.removals = plan.count_removals(known);
    if removals == RemovalPolicy::Guarded {
        plan.check_removals(known)?;
    }
    Ok(plan)
}

/// Checks that each file is as new as its own predecessor: new élèves with last year's responsables are no new roster.
fn check_export_order(known: &CurrentState, set: &SchoolRoster) -> Result<(), ReconcileError> {
    let Some(last) = known.last_export.filter(|_| !set.extent.is_people_only()) else { return Ok(()) };
    for (known, given) in [(last.pupils_at, set.pupils_exported_at), (last.persons_at, set.persons_exported_at)] {
        if given < known {
            return Err(ReconcileError::OlderExport { known, given });
        }
    }
    if set.year < last.year {
        return Err(ReconcileError::EarlierSchoolYear { known: last.year, given: set.year });
    }
    Ok(())
}

impl ReconcilePlan {
    fn plan_pupils(&mut self, known: &CurrentState, set: &SchoolRoster, target: &DesiredState) {
        for pupil in in_id_order(&set.pupils, |pupil: &PupilRecord| &pupil.id) {
            let old = known.pupils.get(&pupil.id);
            let row = (pupil.id.clone(), pupil_data(pupil, old.map(|old| &old.data)));
            match old {
                None if target.enrolments.contains_key(&pupil.id) => self.pupils_new.push(row),
                // A pupil gone before the first import is not stored.
                None => {}
                Some(old) if known.held.pupils.contains(&row.0) => {
                    self.pupils_kept.extend((old.data != row.1).then_some(row));
                }
                Some(old) if old.exported_at > set.pupils_exported_at => {}
                Some(old) if old.data != row.1 || known.held.pupils_to_lead.contains(&row.0) => {
                    self.pupils_changed.push(row);
                }
                Some(old) if old.exported_at < set.pupils_exported_at => self.pupils_unchanged.push(row.0),
                Some(_) => {}
            }
        }
    }

    /// Recognises enrolled pupils who have an account by another record with their INE. A row that another export
    /// wrote later is left to that export's school. An INE of two pupils of the school is of neither.
    fn plan_accounts(&mut self, known: &CurrentState, set: &SchoolRoster, target: &DesiredState) {
        let is_newer = |id: &str| known.pupils.get(id).is_some_and(|old| old.exported_at > set.pupils_exported_at);
        let here = |pupil: &&PupilRecord| target.enrolments.contains_key(&pupil.id) && !is_newer(&pupil.id);
        let repeated = repeated_ines(set, target);
        for pupil in in_id_order(&set.pupils, |pupil: &PupilRecord| &pupil.id).into_iter().filter(here) {
            if pupil.data.ine_blind.as_deref().is_some_and(|ine| repeated.contains(ine)) {
                self.ine_conflicts.push((pupil.id.clone(), IneConflict::Repeated));
                continue;
            }
            let Some(others) = known.elsewhere.get(&pupil.id) else { continue };
            match find_same_pupil(&pupil.data, others, !known.lately_enrolled.contains(&pupil.id)) {
                Ok(Some(other)) => self.accounts_joined.push((pupil.id.clone(), other.clone())),
                Ok(None) => {}
                Err(conflict) => self.ine_conflicts.push((pupil.id.clone(), conflict)),
            }
        }
    }

    fn plan_persons(&mut self, known: &CurrentState, set: &SchoolRoster, numbering: &PhoneParser) {
        for person in in_id_order(&set.persons, |person: &PersonRecord| &person.id) {
            let old = known.persons.get(&person.id);
            let data = person_data(person, numbering, old.map(|old| &old.data));
            if let (Phone::Unusable(UnusablePhone { reason: Some(why), .. }), false) = (&data.phone, person.keeps_phone)
            {
                self.unusable_numbers.push((person.id.clone(), *why));
            }
            match old {
                None => self.persons_new.push((person.id.clone(), data)),
                // Another address alone is nothing to tell of.
                Some(old) if known.held.persons.contains(&person.id) => {
                    self.persons_kept.extend((!old.data.is_same_but_for_mail(&data)).then(|| (person.id.clone(), data)))
                }
                Some(old) if old.exported_at > set.persons_exported_at => {}
                Some(old) if old.data != data || known.held.persons_to_lead.contains(&person.id) => {
                    self.persons_changed.push((person.id.clone(), data));
                }
                Some(old) if old.exported_at < set.persons_exported_at => {
                    self.persons_unchanged.push(person.id.clone());
                }
                Some(_) => {}
            }
        }
    }

    /// Lists legal representatives without a mobile, with the other column holding a mobile, if any.
    fn list_unreachable(&self, known: &CurrentState, target: &DesiredState) -> Vec<(String, Option<&'static str>)> {
        let said: BTreeMap<&str, &PersonData> =
            self.persons_new.iter().chain(&self.persons_changed).map(|(id, data)| (id.as_str(), data)).collect();
        let data = |id: &str| said.get(id).copied().or_else(|| known.persons.get(id).map(|row| &row.data));
        let legal = target.links.iter().filter(|(_, link)| is_legal(link)).map(|((_, person), _)| person);
        let without = |id: &String| {
            let person = data(id).filter(|p| p.phone.mobile().is_none() && !p.given.is_empty())?;
            Some((id.clone(), person.mobile_column))
        };
        legal.collect::<BTreeSet<_>>().into_iter().filter_map(without).collect()
    }
}

/// Returns the INEs, as HMAC, of several enrolled pupils of an export.
fn repeated_ines<'a>(set: &'a SchoolRoster, target: &DesiredState) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let enrolled = set.pupils.iter().filter(|pupil| target.enrolments.contains_key(&pupil.id));
    enrolled.filter_map(|pupil| pupil.data.ine_blind.as_deref()).filter(|ine| !seen.insert(*ine)).collect()
}

fn in_id_order<T>(records: &[T], id: impl Fn(&T) -> &str) -> Vec<&T> {
    let mut sorted: Vec<&T> = records.iter().collect();
    sorted.sort_by(|left, right| id(left).cmp(id(right)));
    sorted
}

type MapDiff<K, V> = (Vec<(K, V)>, Vec<(K, V)>, Vec<K>);

/// Returns the entries started, changed and ended between two states.
fn diff_maps<K: Ord + Clone, V: PartialEq + Clone>(old: &BTreeMap<K, V>, new: &BTreeMap<K, V>) -> MapDiff<K, V> {
    let mut started = Vec::new();
    let mut changed = Vec::new();
    for (key, value) in new {
        match old.get(key) {
            None => started.push((key.clone(), value.clone())),
            Some(former) if former != value => changed.push((key.clone(), value.clone())),
            Some(_) => {}
        }
    }
    let ended = old.keys().filter(|key| !new.contains_key(*key)).cloned().collect();
    (started, changed, ended)
}
