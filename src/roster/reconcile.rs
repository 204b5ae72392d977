//! Compares one school's set with what is known, and says what to write. Pure: the caller reads and writes.
//!
//! Nothing is ever deleted: an enrolment or a link *with this school* ends when the set no longer holds it, or when
//! the pupil's DATE_SORTIE is past. What could not be read counts as unchanged. A set that would end too much is
//! refused ([`Refusal`]), because an export of the wrong group looks exactly like a school that lost its pupils.

use std::collections::{BTreeMap, BTreeSet};

use super::formats::{Person, Pupil, SchoolSet};
use super::{LinkData, PersonData, Phone, PhoneWhy, PupilData, Unusable};
use crate::base::clock::Timestamp;
use crate::base::phone::{Numbering, PhoneError};

mod target;
#[cfg(test)]
mod tests;

use target::{Target, is_legal};

/// (ELEVE_ID, PERSONNE_ID)
pub type LinkKey = (String, String);

/// What the database holds for one school.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The last set taken; absent before the first.
    pub exported: Option<Exported>,
    /// Pupils of the *academy*: at least those the set names.
    pub pupils: BTreeMap<String, Dated<PupilData>>,
    /// Persons of the *academy*: at least those the set names.
    pub persons: BTreeMap<String, Dated<PersonData>>,
    /// Current enrolments at this school, with the class.
    pub enrolments: BTreeMap<String, Option<String>>,
    /// Current links that this school's sets gave.
    pub links: BTreeMap<LinkKey, LinkData>,
}

/// A row, and the time of the export it came from: another school of the academy may have said it later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dated<T> {
    pub data: T,
    pub exported_at: Timestamp,
}

/// Of when and of which school year a set is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exported {
    pub year: u16,
    pub eleves: Timestamp,
    pub responsables: Timestamp,
}

/// Whether the operator has looked at a set that ends much (`--accept-removals`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removals {
    Guarded,
    Accepted,
}

/// What to write; each list in the order of its ids.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// To be kept as [`Known::exported`]; [`Exported::responsables`] dates persons, [`Exported::eleves`] pupils.
    pub exported: Exported,
    pub persons_new: Vec<(String, PersonData)>,
    pub persons_changed: Vec<(String, PersonData)>,
    pub pupils_new: Vec<(String, PupilData)>,
    pub pupils_changed: Vec<(String, PupilData)>,
    /// Known ones of which this newer export says the same: only their time moves.
    pub persons_confirmed: Vec<String>,
    pub pupils_confirmed: Vec<String>,
    /// Pupil and class.
    pub enrolments_started: Vec<(String, Option<String>)>,
    pub enrolments_moved: Vec<(String, Option<String>)>,
    pub enrolments_ended: Vec<String>,
    pub links_started: Vec<(LinkKey, LinkData)>,
    pub links_changed: Vec<(LinkKey, LinkData)>,
    pub links_ended: Vec<LinkKey>,
    pub counts: Counts,
    /// Links to a pupil or person that neither the set nor the database has.
    pub links_nowhere: Vec<LinkKey>,
    /// Current links that the set has more than once and not always the same.
    pub links_repeated: Vec<LinkKey>,
    /// What the school should be told: persons whose mobile column holds a number that takes no SMS.
    pub unusable_numbers: Vec<(String, PhoneWhy)>,
    /// Legal representatives whom no code can reach, and the column in which a mobile of theirs stands; institutions are
    /// not meant to have one.
    pub unreachable: Vec<(String, Option<&'static str>)>,
    pub gone: Gone,
}

/// What the set holds, for the report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Current pupils.
    pub pupils: usize,
    /// Pupils of the set whose DATE_SORTIE is past.
    pub pupils_gone: usize,
    /// Persons with a link, of any level, to a current pupil.
    pub responsables: usize,
    pub persons_without_link: usize,
    pub legal_links: usize,
    /// How many [`Plan::links_nowhere`].
    pub links_nowhere: usize,
}

/// What a set would end, of what is current.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gone {
    pub pupils: Share,
    /// Legal links that end or become something less.
    pub legal_links: Share,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    pub gone: usize,
    pub of: usize,
}

impl Gone {
    /// The larger share, 0 to 1.
    pub fn ratio(&self) -> f64 {
        let of = |share: Share| if share.of == 0 { 0.0 } else { share.gone as f64 / share.of as f64 };
        of(self.pupils).max(of(self.legal_links))
    }
}

/// Why a set is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("{gone} of {of} current {what} would end, more than {percent} %; if this is right: --accept-removals")]
    TooManyRemovals { what: &'static str, gone: usize, of: usize, percent: usize },
    #[error("the set was exported before the one that was taken last")]
    Older { known: Timestamp, given: Timestamp },
    #[error("the set is of the school year {given}, the one taken last of {known}")]
    EarlierYear { known: u16, given: u16 },
}

/// Within one school year, and at the first set of a new one, when a whole level has left.
const PERCENT: usize = 5;
const PERCENT_NEW_YEAR: usize = 40;
/// Below so many current ones 5 % is less than one: a family may still leave, one pupil with two legal links.
const SMALL: usize = 20;

impl Plan {
    /// Whether nothing changes but times: [`Plan::exported`] and those of the confirmed.
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
    }
}

/// What taking `set` means for a school of which `known` is current.
pub fn plan(known: &Known, set: &SchoolSet, numbering: &Numbering, removals: Removals) -> Result<Plan, Refusal> {
    in_order(known, set)?;
    let exported =
        Exported { year: set.year, eleves: set.eleves_exported_at, responsables: set.responsables_exported_at };
    let target = Target::of(known, set);
    let mut plan = Plan {
        exported,
        persons_new: Vec::new(),
        persons_changed: Vec::new(),
        pupils_new: Vec::new(),
        pupils_changed: Vec::new(),
        persons_confirmed: Vec::new(),
        pupils_confirmed: Vec::new(),
        enrolments_started: Vec::new(),
        enrolments_moved: Vec::new(),
        enrolments_ended: Vec::new(),
        links_started: Vec::new(),
        links_changed: Vec::new(),
        links_ended: Vec::new(),
        counts: target.counts(set),
        links_nowhere: target.links_nowhere.clone(),
        links_repeated: target.links_repeated.clone(),
        unusable_numbers: Vec::new(),
        unreachable: Vec::new(),
        gone: Gone::default(),
    };
    plan.pupils(known, set, &target);
    plan.persons(known, set, numbering);
    plan.unreachable = plan.unreachable(known, &target);
    (plan.enrolments_started, plan.enrolments_moved, plan.enrolments_ended) =
        difference(&known.enrolments, &target.enrolments);
    (plan.links_started, plan.links_changed, plan.links_ended) = difference(&known.links, &target.links);
    plan.gone = plan.gone(known);
    if removals == Removals::Guarded {
        plan.few_gone(known)?;
    }
    Ok(plan)
}

/// Each file must be as new as its own predecessor: new élèves with last year's responsables are no new set.
fn in_order(known: &Known, set: &SchoolSet) -> Result<(), Refusal> {
    let Some(last) = known.exported else { return Ok(()) };
    for (known, given) in [(last.eleves, set.eleves_exported_at), (last.responsables, set.responsables_exported_at)] {
        if given < known {
            return Err(Refusal::Older { known, given });
        }
    }
    if set.year < last.year {
        return Err(Refusal::EarlierYear { known: last.year, given: set.year });
    }
    Ok(())
}

impl Plan {
    fn pupils(&mut self, known: &Known, set: &SchoolSet, target: &Target) {
        for pupil in in_id_order(&set.pupils, |pupil: &Pupil| &pupil.id) {
            let row = (pupil.id.clone(), pupil.data.clone());
            match known.pupils.get(&pupil.id) {
                None if target.enrolments.contains_key(&pupil.id) => self.pupils_new.push(row),
                // Who left before Préau heard of him is none of its business.
                None => {}
                Some(old) if old.exported_at > set.eleves_exported_at => {}
                Some(old) if old.data != pupil.data => self.pupils_changed.push(row),
                Some(old) if old.exported_at < set.eleves_exported_at => self.pupils_confirmed.push(row.0),
                Some(_) => {}
            }
        }
    }

    fn persons(&mut self, known: &Known, set: &SchoolSet, numbering: &Numbering) {
        for person in in_id_order(&set.persons, |person: &Person| &person.id) {
            let phone = phone(person.mobile.as_deref().unwrap_or_default(), numbering);
            if let Phone::Unusable(Unusable { why: Some(why), .. }) = &phone {
                self.unusable_numbers.push((person.id.clone(), *why));
            }
            let mut others = person.other_numbers.iter().filter(|_| phone.mobile().is_none());
            let mobile_in = others.find(|(_, text)| numbering.mobile(text).is_ok()).map(|(column, _)| *column);
            let Person { family, usage, given, .. } = person.clone();
            let data = PersonData { family, usage, given, phone, mobile_in };
            match known.persons.get(&person.id) {
                None => self.persons_new.push((person.id.clone(), data)),
                Some(old) if old.exported_at > set.responsables_exported_at => {}
                Some(old) if old.data != data => self.persons_changed.push((person.id.clone(), data)),
                Some(old) if old.exported_at < set.responsables_exported_at => {
                    self.persons_confirmed.push(person.id.clone());
                }
                Some(_) => {}
            }
        }
    }

    /// Legal representatives without a mobile, and where one of theirs stands.
    fn unreachable(&self, known: &Known, target: &Target) -> Vec<(String, Option<&'static str>)> {
        let said: BTreeMap<&str, &PersonData> =
            self.persons_new.iter().chain(&self.persons_changed).map(|(id, data)| (id.as_str(), data)).collect();
        let data = |id: &str| said.get(id).copied().or_else(|| known.persons.get(id).map(|row| &row.data));
        let legal = target.links.iter().filter(|(_, link)| is_legal(link)).map(|((_, person), _)| person);
        let without = |id: &String| {
            let person = data(id).filter(|p| p.phone.mobile().is_none() && !p.given.is_empty())?;
            Some((id.clone(), person.mobile_in))
        };
        legal.collect::<BTreeSet<_>>().into_iter().filter_map(without).collect()
    }

    fn gone(&self, known: &Known) -> Gone {
        let was_legal = |key: &LinkKey| known.links.get(key).is_some_and(is_legal);
        let ended = self.links_ended.iter().filter(|key| was_legal(key)).count();
        let lowered = self.links_changed.iter().filter(|(key, data)| was_legal(key) && !is_legal(data)).count();
        let legal = known.links.values().filter(|data| is_legal(data)).count();
        Gone {
            pupils: Share { gone: self.enrolments_ended.len(), of: known.enrolments.len() },
            legal_links: Share { gone: ended + lowered, of: legal },
        }
    }

    fn few_gone(&self, known: &Known) -> Result<(), Refusal> {
        let new_year = known.exported.is_some_and(|last| last.year < self.exported.year);
        let percent = if new_year { PERCENT_NEW_YEAR } else { PERCENT };
        for (what, share, family) in [("pupils", self.gone.pupils, 1), ("legal links", self.gone.legal_links, 2)] {
            let Share { gone, of } = share;
            let small = of < SMALL && gone <= family;
            if gone.saturating_mul(100) > of.saturating_mul(percent) && !small {
                return Err(Refusal::TooManyRemovals { what, gone, of, percent });
            }
        }
        Ok(())
    }
}

/// What TEL_PORTABLE holds.
fn phone(text: &str, numbering: &Numbering) -> Phone {
    let why = match numbering.mobile(text) {
        Ok(number) => return Phone::Mobile(number),
        Err(PhoneError::Empty) => return Phone::Absent,
        Err(PhoneError::Landline) => PhoneWhy::Landline,
        Err(PhoneError::Incomplete) => PhoneWhy::Incomplete,
    };
    let digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
    let end = digits.iter().skip(digits.len().saturating_sub(2)).collect();
    Phone::Unusable(Unusable { why: Some(why), end })
}

fn in_id_order<T>(records: &[T], id: impl Fn(&T) -> &str) -> Vec<&T> {
    let mut sorted: Vec<&T> = records.iter().collect();
    sorted.sort_by(|left, right| id(left).cmp(id(right)));
    sorted
}

type Difference<K, V> = (Vec<(K, V)>, Vec<(K, V)>, Vec<K>);

/// What starts, changes and ends between two states.
fn difference<K: Ord + Clone, V: PartialEq + Clone>(old: &BTreeMap<K, V>, new: &BTreeMap<K, V>) -> Difference<K, V> {
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
