//! Finds the keys of records that have no id, and replaces their lines by them.
//!
//! A pupil is known again by the INE, else in the school by names and birth date. A responsable is known again by the
//! names and one common child; telephone and address are no part of it, because they change. Who could be several is
//! left unchanged. A new record's key is an HMAC of what it is known by, so that the same file gives the same keys.

use std::collections::{BTreeMap, BTreeSet};

use super::{ImportContext, ImportRequest, Result};
use crate::base::clock::Timestamp;
use crate::base::names::roster_canonical_key;
use crate::base::typed_ids::PupilId;
use crate::base::uai::Uai;
use crate::crypto::{HmacPurpose, MasterKey};
use crate::db::Tx;
use crate::roster::PupilData;
use crate::roster::formats::{PersonRecord, PupilRecord, SchoolRoster};
use crate::roster::sealed_rows::PupilRow;
use crate::roster::store::keys;
use crate::roster::store::tables::{self, KeyedResponsable};

/// The characters of a key that is drawn from an HMAC: 120 bits.
const KEY_CHARS: usize = 20;

/// The place in which keys are looked for.
#[derive(Clone, Copy)]
struct KeySearch<'a> {
    pub academy: &'a str,
    /// The stored name of the format.
    pub format: &'static str,
    pub master_key: &'a MasterKey,
    pub now: Timestamp,
}

/// A roster by keys, and who could be several rows.
pub struct KeyedRoster {
    pub set: SchoolRoster,
    /// The names that a report gives them.
    pub ambiguous_pupils: Vec<String>,
    pub ambiguous_persons: Vec<String>,
}

/// Gives the records of a roster their keys.
async fn find_keys(tx: &mut Tx, search: KeySearch<'_>, given: &SchoolRoster) -> Result<KeyedRoster> {
    let mut keyed = KeyedRoster { set: given.clone(), ambiguous_pupils: Vec::new(), ambiguous_persons: Vec::new() };
    if given.identity.pupils_without_ids {
        let found = find_pupil_keys(tx, search, given).await?;
        keyed.rename_pupils(found);
    }
    if given.identity.persons_without_ids {
        let found = find_person_keys(tx, search, &keyed.set).await?;
        keyed.rename_persons(found);
    }
    Ok(keyed)
}

/// Returns a roster by the keys of its records; `None` if their ids are keys.
pub async fn find_roster_keys(
    tx: &mut Tx,
    ctx: ImportContext<'_>,
    request: &ImportRequest,
    given: &SchoolRoster,
) -> Result<Option<KeyedRoster>> {
    if given.identity.is_whole() {
        return Ok(None);
    }
    let (academy, format) = (request.academy.as_str(), request.format.name());
    let search = KeySearch { academy, format, master_key: ctx.storage.master_key, now: ctx.storage.now };
    Box::pin(find_keys(tx, search, given)).await.map(Some)
}

/// The keys by record, and for records that could be several the keys that could be theirs.
#[derive(Default)]
struct FoundKeys {
    keys: BTreeMap<String, String>,
    ambiguous: BTreeMap<String, BTreeSet<String>>,
}

impl FoundKeys {
    /// Takes the keys that each record could have; a key that two records could have is nobody's.
    fn settle(candidates: BTreeMap<String, BTreeSet<String>>) -> Self {
        let mut claims = BTreeMap::<&str, usize>::new();
        for key in candidates.values().flatten() {
            *claims.entry(key.as_str()).or_default() += 1;
        }
        let is_sole = |keys: &BTreeSet<String>| {
            keys.len() == 1 && keys.iter().all(|key| claims.get(key.as_str()).is_some_and(|count| *count == 1))
        };
        let mut found = Self::default();
        for (id, keys) in &candidates {
            match keys.first().filter(|_| is_sole(keys)) {
                Some(key) => _ = found.keys.insert(id.clone(), key.clone()),
                None => _ = found.ambiguous.insert(id.clone(), keys.clone()),
            }
        }
        found
    }
}

async fn find_pupil_keys(tx: &mut Tx, search: KeySearch<'_>, set: &SchoolRoster) -> Result<FoundKeys> {
    let blinds: BTreeSet<&str> = set.pupils.iter().filter_map(|pupil| pupil.data.ine_blind.as_deref()).collect();
    let blinds: Vec<&str> = blinds.into_iter().collect();
    let mut by_ine = BTreeMap::<String, Vec<PupilRow>>::new();
    for row in tables::list_pupils_by_ine(tx, search.academy, search.format, &blinds).await? {
        by_ine.entry(row.ine_blind.clone().unwrap_or_default()).or_default().push(row);
    }
    let mut by_names = BTreeMap::<(String, String), Vec<PupilRow>>::new();
    for row in tables::list_pupils_of_school(tx, &set.uai, search.format).await? {
        by_names.entry(names_of(&row.family_name, &row.given_name)).or_default().push(row);
    }
    let mut candidates = BTreeMap::new();
    for pupil in &set.pupils {
        let ine = pupil.data.ine_blind.as_deref();
        let same_ine = ine.and_then(|ine| by_ine.get(ine)).map_or(&[][..], Vec::as_slice);
        let names = names_of(&pupil.data.family, &pupil.data.given);
        let same_names = by_names.get(&names).map_or(&[][..], Vec::as_slice);
        let keys = pupil_candidates(search.master_key, &pupil.data, same_ine, same_names)?;
        let keys = if keys.is_empty() { BTreeSet::from([new_pupil_key(search, &set.uai, pupil)]) } else { keys };
        candidates.insert(pupil.id.clone(), keys);
    }
    Ok(FoundKeys::settle(candidates))
}

fn names_of(family: &str, given: &str) -> (String, String) {
    (roster_canonical_key(family), roster_canonical_key(given))
}

/// Returns the keys of the rows that a pupil could be. A row with the INE of somebody with another birth date and other
/// names is a mistake of one of the two: it makes the record uncertain, whatever else is found. So does a row with the
/// INE of somebody with another name, where another row has just the names and the birth date: twins whose INEs were
/// exchanged are still themselves.
fn pupil_candidates(
    master_key: &MasterKey,
    pupil: &PupilData,
    same_ine: &[PupilRow],
    same_names: &[PupilRow],
) -> Result<BTreeSet<String>> {
    let mut keys = BTreeSet::new();
    let (mut is_doubtful, mut is_exact) = (false, true);
    let names = names_of(&pupil.family, &pupil.given);
    for row in same_ine {
        let known = row.open(master_key)?.data;
        let known_names = names_of(&known.family, &known.given);
        is_doubtful |= known.born != pupil.born && known_names.1 != names.1;
        is_exact &= known.born == pupil.born && known_names == names;
        keys.insert(row.pupil_key.clone());
    }
    if !keys.is_empty() && !is_doubtful {
        for row in same_names.iter().filter(|_| !is_exact) {
            if row.open(master_key)?.data.born == pupil.born {
                keys.insert(row.pupil_key.clone());
            }
        }
        return Ok(keys);
    }
    for row in same_names {
        let is_other = row.ine_blind.is_some() && pupil.ine_blind.is_some() && row.ine_blind != pupil.ine_blind;
        if !is_other && row.open(master_key)?.data.born == pupil.born {
            keys.insert(row.pupil_key.clone());
        }
    }
    if is_doubtful && keys.len() == 1 {
        // Not this one row, and not a new one: nobody knows.
        keys.insert(String::new());
    }
    Ok(keys)
}

fn new_pupil_key(search: KeySearch<'_>, uai: &Uai, pupil: &PupilRecord) -> String {
    let data = &pupil.data;
    let (family, given) = names_of(&data.family, &data.given);
    let text = match &data.ine_blind {
        Some(ine) => format!("pupil|{ine}"),
        None => format!("pupil|{uai}|{family}|{given}|{}", data.born),
    };
    new_key(search.master_key, &text)
}

fn new_key(master_key: &MasterKey, text: &str) -> String {
    master_key.hmac(HmacPurpose::RosterKey, text).chars().take(KEY_CHARS).collect()
}

async fn find_person_keys(tx: &mut Tx, search: KeySearch<'_>, set: &SchoolRoster) -> Result<FoundKeys> {
    // The children of each person, those first who are surely meant.
    let mut children = BTreeMap::<&str, BTreeSet<(bool, &str)>>::new();
    for link in &set.links {
        children.entry(&link.person).or_default().insert((link.is_doubtful, &link.pupil));
    }
    let pupil_keys: BTreeSet<&str> = children.values().flatten().map(|(_, pupil)| *pupil).collect();
    let pupil_keys: Vec<&str> = pupil_keys.into_iter().collect();
    let rows = keys::list_pupils_by_key(tx, search.academy, search.format, &pupil_keys).await?;
    let key_of: BTreeMap<PupilId, String> = rows.into_iter().map(|row| (row.id, row.pupil_key)).collect();
    let ids: Vec<&PupilId> = key_of.keys().collect();
    let mut around = BTreeMap::<&str, Vec<KeyedResponsable>>::new();
    for row in tables::list_keyed_responsables(tx, search.academy, search.format, &ids).await? {
        let Some(key) = key_of.get(&row.pupil_id) else { continue };
        around.entry(key).or_default().push(row);
    }
    let mut candidates = BTreeMap::new();
    for person in &set.persons {
        let Some(children) = children.get(person.id.as_str()) else { continue };
        let known = |is_doubtful: bool| {
            let children = children.iter().filter(move |(doubt, _)| *doubt == is_doubtful);
            children.filter_map(|(_, child)| around.get(child)).flatten()
        };
        let mut keys = BTreeSet::new();
        for is_doubtful in [false, true] {
            if keys.is_empty() {
                let meant = known(is_doubtful).filter(|row| row.is_still_meant(search.now));
                keys = person_candidates(person, &set.uai, meant);
            }
        }
        if let Some((_, child)) = children.first().filter(|_| keys.is_empty()) {
            let taken: BTreeSet<&str> = known(false).chain(known(true)).map(|row| row.person_key.as_str()).collect();
            keys.insert(new_person_key(search, (&set.uai, person, child), &taken));
        }
        candidates.insert(person.id.clone(), keys);
    }
    Ok(FoundKeys::settle(candidates))
}

/// Returns the keys of the rows that a person could be. Those of the school come before those of a school in which the
/// child was before, those with the family name before those with it as nom d'usage.
fn person_candidates<'a>(
    person: &PersonRecord,
    uai: &Uai,
    known: impl Iterator<Item = &'a KeyedResponsable>,
) -> BTreeSet<String> {
    let (family, given) = names_of(&person.family, &person.given);
    let usage = person.usage.as_deref().map(roster_canonical_key);
    let mut ranked = BTreeMap::<(bool, bool), BTreeSet<String>>::new();
    for row in known.filter(|row| roster_canonical_key(&row.given_name) == given) {
        let row_family = roster_canonical_key(&row.family_name);
        let row_usage = row.usage_name.as_deref().map(roster_canonical_key);
        let is_same = row_family == family;
        let is_near = usage.as_ref() == Some(&row_family) || row_usage.as_ref() == Some(&family);
        if is_same || is_near {
            ranked.entry((row.uai != *uai, !is_same)).or_default().insert(row.person_key.clone());
        }
    }
    ranked.into_values().next().unwrap_or_default()
}

/// Returns the key of a new person. Whoever had that name and child before, and is not meant, keeps the key.
fn new_person_key(
    search: KeySearch<'_>,
    (uai, person, child): (&Uai, &PersonRecord, &str),
    taken: &BTreeSet<&str>,
) -> String {
    let (family, given) = names_of(&person.family, &person.given);
    let text = format!("person|{uai}|{family}|{given}|{child}");
    let first = new_key(search.master_key, &text);
    let later = (1..=u32::MAX).map(|number| new_key(search.master_key, &format!("{text}|{number}")));
    std::iter::once(first.clone()).chain(later).find(|key| !taken.contains(key.as_str())).unwrap_or(first)
}

impl KeyedRoster {
    fn rename_pupils(&mut self, found: FoundKeys) {
        let set = &mut self.set;
        let places = std::mem::take(&mut set.places);
        let mut pupils = std::mem::take(&mut set.pupils);
        pupils.retain_mut(|pupil| match found.keys.get(&pupil.id) {
            Some(key) => {
                pupil.id.clone_from(key);
                true
            }
            None => false,
        });
        set.pupils = pupils;
        for (id, keys) in &found.ambiguous {
            set.unreadable_pupils.ids.extend(keys.iter().cloned());
            set.unreadable_persons.pupils.extend(keys.iter().cloned());
            self.ambiguous_pupils.push(places.get(id).unwrap_or(id).clone());
        }
        let renamed = |id: &String| found.keys.get(id).cloned();
        set.links.retain_mut(|link| renamed(&link.pupil).map(|key| link.pupil = key).is_some());
        let unread = std::mem::take(&mut set.unreadable_persons.pupils);
        set.unreadable_persons.pupils = unread.into_iter().map(|id| renamed(&id).unwrap_or(id)).collect();
        set.places = places.into_iter().map(|(id, place)| (renamed(&id).unwrap_or(id), place)).collect();
    }

    fn rename_persons(&mut self, found: FoundKeys) {
        let set = &mut self.set;
        // Persons whose only children are uncertain have no link left, and so no key.
        set.persons.retain_mut(|person| match found.keys.get(&person.id) {
            Some(key) => {
                person.id.clone_from(key);
                true
            }
            None => false,
        });
        for (id, keys) in &found.ambiguous {
            set.unreadable_persons.ids.extend(keys.iter().cloned());
            let children = set.links.iter().filter(|link| link.person == *id).map(|link| link.pupil.clone());
            let children: Vec<String> = children.collect();
            set.unreadable_persons.pupils.extend(children);
            self.ambiguous_persons.push(set.places.get(id).unwrap_or(id).clone());
        }
        let renamed = |id: &String| found.keys.get(id).cloned();
        set.links.retain_mut(|link| renamed(&link.person).map(|key| link.person = key).is_some());
        let places = std::mem::take(&mut set.places);
        set.places = places.into_iter().map(|(id, place)| (renamed(&id).unwrap_or(id), place)).collect();
    }
}
