//! Finds the rows of another format that the records of this one are (docs/decisions/0052-several-formats-of-one-roster.md).
//!
//! A pupil is found by ELEVE_ID, else by the INE with the same birth date and names; a parent among the current
//! responsables of the same child, by the names. One row is taken; of several none, and the record counts as unchanged.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::Result;
use super::stored_roster::{RosterReading, StoredRoster};
use crate::base::names::roster_canonical_key;
use crate::base::typed_ids::{PersonId, PupilId};
use crate::crypto::HmacPurpose;
use crate::db::Tx;
use crate::roster::PupilData;
use crate::roster::formats::{LinkRecord, PersonRecord, PupilRecord, SchoolRoster};
use crate::roster::sealed_rows::open_birth_date;
use crate::roster::store::import;
use crate::roster::store::keys::{self, UnkeyedResponsable};

/// The rows that records have from now on, and the records that could be several rows.
#[derive(Debug, Default)]
pub struct RowMatching {
    /// Keys of the format.
    pub persons: BTreeMap<PersonId, String>,
    pub pupils: BTreeMap<PupilId, String>,
    /// ELEVE_ID of rows that had none.
    pub eleve_ids: BTreeMap<PupilId, String>,
    pub ambiguous_persons: BTreeSet<String>,
    pub ambiguous_pupils: BTreeSet<String>,
}

impl RowMatching {
    /// True if no row gets a key.
    pub fn is_empty(&self) -> bool {
        self.persons.is_empty() && self.pupils.is_empty()
    }

    /// Returns the roster in which ambiguous records count as unreadable, so as unchanged.
    pub fn without_ambiguous<'a>(&self, set: &'a SchoolRoster) -> Cow<'a, SchoolRoster> {
        if self.ambiguous_persons.is_empty() && self.ambiguous_pupils.is_empty() {
            return Cow::Borrowed(set);
        }
        let mut set = set.clone();
        set.pupils.retain(|pupil| !self.ambiguous_pupils.contains(&pupil.id));
        set.persons.retain(|person| !self.ambiguous_persons.contains(&person.id));
        set.unreadable_pupils.ids.extend(self.ambiguous_pupils.iter().cloned());
        set.unreadable_persons.ids.extend(self.ambiguous_persons.iter().cloned());
        Cow::Owned(set)
    }
}

impl StoredRoster {
    /// Matches the records whose key no row has.
    pub async fn match_rows(&mut self, tx: &mut Tx, reading: RosterReading<'_>) -> Result<()> {
        if !reading.request.format.has_key_columns() {
            self.match_pupils_by_eleve_id(tx, reading).await?;
        }
        self.match_pupils_by_ine(tx, reading).await?;
        self.match_persons(tx, reading).await
    }

    fn unmatched_pupils<'a>(&self, reading: RosterReading<'a>) -> Vec<&'a PupilRecord> {
        let is_new = |pupil: &&PupilRecord| {
            !self.pupils.contains_key(&pupil.id) && !self.matching.ambiguous_pupils.contains(&pupil.id)
        };
        reading.set.pupils.iter().filter(is_new).collect()
    }

    async fn match_pupils_by_eleve_id(&mut self, tx: &mut Tx, reading: RosterReading<'_>) -> Result<()> {
        let unmatched = self.unmatched_pupils(reading);
        let by_id: BTreeMap<&str, &PupilRecord> =
            unmatched.iter().filter_map(|pupil| Some((pupil.eleve_id.as_deref()?, *pupil))).collect();
        let (academy, format) = (reading.request.academy.as_str(), reading.request.format.name());
        let ids: Vec<&str> = by_id.keys().copied().collect();
        let rows = import::list_pupils(tx, academy, &ids).await?;
        let found: Vec<&PupilId> = rows.iter().map(|row| &row.id).collect();
        let keyed: BTreeSet<PupilId> =
            keys::list_keyed_pupils(tx, academy, format, &found).await?.into_iter().collect();
        self.read_statements(tx, rows.iter().map(|row| (row.id.as_str(), row.led_by.as_deref()))).await?;
        for row in rows {
            let Some(pupil) = by_id.get(row.pupil_key.as_str()) else { continue };
            let key = pupil.id.clone();
            // A school may have written the number of another school's pupil.
            let born = open_birth_date(reading.master_key, &row.id, &row.birth_date)?;
            if keyed.contains(&row.id) || born != pupil.data.born {
                self.matching.ambiguous_pupils.insert(key);
                continue;
            }
            self.matching.pupils.insert(row.id.clone(), key.clone());
            self.take_pupil(reading, key, row)?;
        }
        Ok(())
    }

    async fn match_pupils_by_ine(&mut self, tx: &mut Tx, reading: RosterReading<'_>) -> Result<()> {
        let unmatched = self.unmatched_pupils(reading);
        let by_ine: BTreeMap<&str, &PupilRecord> =
            unmatched.iter().filter_map(|pupil| Some((pupil.data.ine_blind.as_deref()?, *pupil))).collect();
        let (academy, format) = (reading.request.academy.as_str(), reading.request.format.name());
        let blinds: Vec<&str> = by_ine.keys().copied().collect();
        let found = keys::list_unkeyed_by_ine(tx, academy, format, &blinds).await?;
        self.read_statements(tx, found.iter().map(|row| (row.id.as_str(), row.led_by.as_deref()))).await?;
        let mut rows = BTreeMap::<String, Vec<_>>::new();
        for row in found {
            let Some(pupil) = row.ine_blind.as_deref().and_then(|blind| by_ine.get(blind)) else { continue };
            let data = row.open(reading.master_key)?.data;
            let is_other_number = pupil.eleve_id.is_some() && !row.pupil_key.contains(':');
            if !is_other_number && is_same_pupil(&pupil.data, &data) && !self.matching.pupils.contains_key(&row.id) {
                rows.entry(pupil.id.clone()).or_default().push(row);
            }
        }
        for (key, mut rows) in rows {
            let Some(row) = rows.pop().filter(|_| rows.is_empty()) else {
                self.matching.ambiguous_pupils.insert(key);
                continue;
            };
            let eleve_id = unmatched.iter().find(|pupil| pupil.id == key).and_then(|pupil| pupil.eleve_id.clone());
            self.matching.eleve_ids.extend(eleve_id.map(|eleve_id| (row.id.clone(), eleve_id)));
            self.matching.pupils.insert(row.id.clone(), key.clone());
            self.take_pupil(reading, key, row)?;
        }
        Ok(())
    }

    async fn match_persons(&mut self, tx: &mut Tx, reading: RosterReading<'_>) -> Result<()> {
        let set = reading.set;
        let unmatched: BTreeMap<&str, &PersonRecord> = set
            .persons
            .iter()
            .filter(|person| !self.persons.contains_key(&person.id))
            .map(|person| (person.id.as_str(), person))
            .collect();
        let mut children = BTreeMap::<&str, BTreeSet<&PupilId>>::new();
        let is_sure = |link: &&LinkRecord| unmatched.contains_key(link.person.as_str()) && !link.is_doubtful;
        for link in set.links.iter().filter(is_sure) {
            children.entry(link.person.as_str()).or_default().extend(self.pupils.get(&link.pupil));
        }
        let pupils: BTreeSet<&PupilId> = children.values().flatten().copied().collect();
        let pupils: Vec<&PupilId> = pupils.into_iter().collect();
        let (academy, format) = (reading.request.academy.as_str(), reading.request.format.name());
        let mut around = BTreeMap::<PupilId, Vec<UnkeyedResponsable>>::new();
        for row in keys::list_unkeyed_responsables(tx, (academy, format, &set.uai), &pupils).await? {
            around.entry(row.pupil_id.clone()).or_default().push(row);
        }
        let mut claims = BTreeMap::<PersonId, Vec<String>>::new();
        let mut ambiguous = BTreeSet::new();
        for (key, pupils) in &children {
            let Some(person) = unmatched.get(key) else { continue };
            let known = pupils.iter().filter_map(|pupil| around.get(*pupil)).flatten();
            match sole_row(person, known, |number| blind(reading, number)) {
                Ok(Some(id)) => claims.entry(id).or_default().push((*key).to_owned()),
                Ok(None) => {}
                Err(Ambiguous) => _ = ambiguous.insert((*key).to_owned()),
            }
        }
        // Two records that would be one row are two people, or one written twice: nobody knows here.
        claims.retain(|_, claimed| {
            let is_sole = claimed.len() == 1;
            ambiguous.extend(claimed.iter().filter(|_| !is_sole).cloned());
            is_sole
        });
        self.matching.ambiguous_persons.extend(ambiguous);
        let ids: Vec<&PersonId> = claims.keys().collect();
        let found = keys::list_persons_by_id(tx, academy, &ids).await?;
        self.read_statements(tx, found.iter().map(|row| (row.id.as_str(), row.led_by.as_deref()))).await?;
        for row in found {
            let Some(key) = claims.get(&row.id).and_then(|claimed| claimed.first()).cloned() else { continue };
            self.matching.persons.insert(row.id.clone(), key.clone());
            self.take_person(reading, key, row)?;
        }
        Ok(())
    }
}

/// Several rows could be meant.
struct Ambiguous;

/// Returns the only row with the names of a record; the mobile tells two apart. A parent whom only another school has
/// is taken by the mobile too: a child may have a mother here and a stepmother there, of one name.
fn sole_row<'a>(
    person: &PersonRecord,
    known: impl Iterator<Item = &'a UnkeyedResponsable>,
    blind: impl Fn(&str) -> Option<String>,
) -> std::result::Result<Option<PersonId>, Ambiguous> {
    let mobile = person.mobile.as_deref().and_then(blind);
    let has_mobile = |row: &UnkeyedResponsable| mobile.is_some() && row.phone_blind == mobile;
    let known = known.filter(|row| is_same_person(person, row) && (row.is_own || has_mobile(row)));
    let agreeing: BTreeMap<&PersonId, &UnkeyedResponsable> = known.map(|row| (&row.person_id, row)).collect();
    let mut rows: Vec<&UnkeyedResponsable> = agreeing.into_values().collect();
    if rows.len() > 1 {
        rows.retain(|row| has_mobile(row));
        if rows.len() != 1 {
            return Err(Ambiguous);
        }
    }
    Ok(rows.first().map(|row| row.person_id.clone()))
}

fn is_same_person(person: &PersonRecord, row: &UnkeyedResponsable) -> bool {
    let names = |family: &str, usage: Option<&str>| -> BTreeSet<String> {
        [Some(family), usage].into_iter().flatten().map(roster_canonical_key).collect()
    };
    let (told, known) =
        (names(&person.family, person.usage.as_deref()), names(&row.family_name, row.usage_name.as_deref()));
    roster_canonical_key(&person.given) == roster_canonical_key(&row.given_name) && !told.is_disjoint(&known)
}

fn is_same_pupil(left: &PupilData, right: &PupilData) -> bool {
    let same = |left: &str, right: &str| roster_canonical_key(left) == roster_canonical_key(right);
    left.born == right.born && same(&left.family, &right.family) && same(&left.given, &right.given)
}

/// Returns the blind index of a number as a school writes it.
fn blind(reading: RosterReading<'_>, number: &str) -> Option<String> {
    let number = reading.phone_parser.parse_mobile(number).ok()?;
    Some(reading.master_key.hmac(HmacPurpose::Phone, number.as_str()))
}
