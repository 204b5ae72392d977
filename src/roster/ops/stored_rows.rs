//! The rows of a school and of the people whom its files name, read before anything is compared.
//!
//! Most nights change next to nothing, so reading is most of what an import does. The rows of the school are read without the
//! keys of their people, which nearly all come with the people's own rows; and on PostgreSQL persons are read on one
//! connection while all else is read on another one, so that the database is at work while rows are decoded.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Display;
use std::hash::Hash;

use super::Result;
use super::stored_roster::RosterReading;
use crate::base::typed_ids::{PersonId, PupilId};
use crate::db::Tx;
use crate::roster::formats::RosterFormat;
use crate::roster::sealed_rows::{PersonRow, PupilRow};
use crate::roster::store::import::{self, EnrolmentRow, LinkRow};
use crate::roster::store::keys;

/// The rows that an import compares with. Nothing of them is older than the revision of the school that was read before.
pub struct StoredRows {
    pub persons: Vec<PersonRow>,
    pub of_pupils: SchoolRows,
}

/// The pupils whom the files name, and the enrolments and links of the school.
pub struct SchoolRows {
    pub pupils: Vec<PupilRow>,
    pub enrolments: Vec<EnrolmentRow>,
    pub links: Vec<LinkRow>,
}

impl StoredRows {
    /// Reads the rows; `with_ended` says whether ended enrolments and links are needed too.
    pub async fn read(tx: &mut Tx, reading: RosterReading<'_>, with_ended: bool) -> Result<Self> {
        // Each statement sees the latest commit, on one connection or on two.
        let (persons, of_pupils) = match reading.db.read_beside().await {
            Some(mut beside) => {
                let of_pupils = Box::pin(SchoolRows::read(&mut beside, reading, with_ended));
                tokio::join!(Box::pin(read_persons(tx, reading)), of_pupils)
            }
            None => {
                let persons = Box::pin(read_persons(tx, reading)).await;
                (persons, Box::pin(SchoolRows::read(tx, reading, with_ended)).await)
            }
        };
        Ok(Self { persons: persons?, of_pupils: of_pupils? })
    }
}

async fn read_persons(tx: &mut Tx, reading: RosterReading<'_>) -> Result<Vec<PersonRow>> {
    let RosterReading { request, set, .. } = reading;
    let named = set.persons.iter().map(|person| &person.id).chain(set.links.iter().map(|link| &link.person));
    let named: Vec<&str> = named.map(String::as_str).collect::<BTreeSet<_>>().into_iter().collect();
    Ok(match request.format.has_key_columns() {
        true => import::list_persons(tx, &request.academy, &named).await?,
        false => keys::list_persons_by_key(tx, &request.academy, request.format.name(), &named).await?,
    })
}

impl SchoolRows {
    async fn read(tx: &mut Tx, reading: RosterReading<'_>, with_ended: bool) -> Result<Self> {
        let RosterReading { request, set, .. } = reading;
        let named: Vec<&str> = set.pupils.iter().map(|pupil| pupil.id.as_str()).collect();
        let pupils = match request.format.has_key_columns() {
            true => import::list_pupils(tx, &request.academy, &named).await?,
            false => keys::list_pupils_by_key(tx, &request.academy, request.format.name(), &named).await?,
        };
        let enrolments = import::list_enrolments(tx, &set.uai, with_ended).await?;
        let links = import::list_links(tx, &set.uai, with_ended).await?;
        Ok(Self { pupils, enrolments, links })
    }
}

/// The keys of rows in a format, by row id. A row may have several.
pub struct RowKeys<Id>(HashMap<Id, Vec<String>>);

impl<Id: Clone + Display + Hash + Ord> RowKeys<Id> {
    /// Takes the rows that were read by their keys.
    fn of(known: &BTreeMap<String, Id>) -> Self {
        let mut keys = HashMap::<Id, Vec<String>>::with_capacity(known.len());
        for (key, id) in known {
            keys.entry(id.clone()).or_default().push(key.clone());
        }
        Self(keys)
    }

    /// Returns those of the rows that were not.
    fn unknown<'a>(&self, ids: &[&'a Id]) -> Vec<&'a Id> {
        let unknown: BTreeSet<&'a Id> = ids.iter().copied().filter(|id| !self.0.contains_key(*id)).collect();
        unknown.into_iter().collect()
    }

    fn add(&mut self, found: Vec<(Id, String)>) {
        for (id, key) in found {
            self.0.entry(id).or_default().push(key);
        }
    }

    /// Gives rows without a key in the format `~` and their ids in its place. Of SIECLE every row has something there.
    fn fill(&mut self, format: RosterFormat, ids: &[&Id]) {
        if format.has_key_columns() {
            return;
        }
        for id in ids {
            self.0.entry((*id).clone()).or_insert_with(|| vec![format!("~{id}")]);
        }
    }

    pub fn of_row(&self, id: &Id) -> &[String] {
        self.0.get(id).map_or(&[][..], Vec::as_slice)
    }
}

impl RowKeys<PupilId> {
    /// Returns the keys of pupils; reads those of whom none is among the known rows.
    pub async fn of_pupils(
        tx: &mut Tx,
        format: RosterFormat,
        known: &BTreeMap<String, PupilId>,
        rows: &[&PupilId],
    ) -> Result<Self> {
        let mut all = Self::of(known);
        let unknown = all.unknown(rows);
        let ids: Vec<&str> = unknown.iter().map(|id| id.as_str()).collect();
        all.add(keys::list_keys_of_pupils(tx, format.name(), &ids).await?);
        all.fill(format, &unknown);
        Ok(all)
    }
}

impl RowKeys<PersonId> {
    /// Returns the keys of persons, like [`RowKeys::of_pupils`].
    pub async fn of_persons(
        tx: &mut Tx,
        format: RosterFormat,
        known: &BTreeMap<String, PersonId>,
        rows: &[&PersonId],
    ) -> Result<Self> {
        let mut all = Self::of(known);
        let unknown = all.unknown(rows);
        let ids: Vec<&str> = unknown.iter().map(|id| id.as_str()).collect();
        all.add(keys::list_keys_of_persons(tx, format.name(), &ids).await?);
        all.fill(format, &unknown);
        Ok(all)
    }
}
