//! What an undo of one set leaves alone: rows that other schools have too, and whose sets were written since.
//!
//! Persons, pupils, their keys and what formats say of them are the academy's, not a school's. A set that was written
//! after the undone one took them as they were: it found a person by the key that the undone set had written, or confirmed
//! the number. Put back under it, its next import would find nobody, or the wrong one.

use std::collections::{BTreeMap, BTreeSet};

use super::Result;
use super::former::FormerSet;
use crate::db::UnitOfWork;
use crate::roster::formats::RosterFormat;
use crate::roster::store::later_sets::{LaterUse, UndoneSet, has_later_set, list_later_uses};
use crate::roster::store::statements::{StatementRow, list_statements};
use crate::roster::uai::Uai;

/// The rows that an undo left as a later import of another school has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowsLeft {
    pub persons: BTreeSet<String>,
    pub pupils: BTreeSet<String>,
    /// The schools of these imports.
    pub by: BTreeSet<Uai>,
}

/// The rows of a set that later sets of other schools name.
#[derive(Debug, Default)]
pub struct LaterWriters {
    uses: BTreeMap<String, Vec<LaterUse>>,
    /// The statements of formats about rows as they are now.
    statements: BTreeMap<(String, String), StatementRow>,
    pub left: RowsLeft,
}

impl LaterWriters {
    pub async fn find(tx: &mut UnitOfWork<'_>, former: &FormerSet, set: UndoneSet<'_>) -> Result<Self> {
        let mut found = Self::default();
        let said: Vec<&str> = former.statements.iter().map(|(id, ..)| id.as_str()).collect();
        for row in list_statements(tx, &said).await? {
            found.statements.insert((row.row_id.clone(), row.format.clone()), row);
        }
        if !has_later_set(tx, set).await? {
            return Ok(found);
        }
        let mut ids: BTreeSet<&str> = said.into_iter().collect();
        ids.extend(former.persons.iter().map(|(row, _)| row.id.as_str()));
        ids.extend(former.pupils.iter().map(|(row, _)| row.id.as_str()));
        ids.extend(former.keyed_persons.iter().map(|row| row.id.as_str()));
        ids.extend(former.keyed_pupils.iter().map(|row| row.id.as_str()));
        ids.extend(former.keys.iter().map(|(_, _, id)| id.as_str()));
        for touched in former.touched.values() {
            ids.extend(touched.persons.iter().map(|id| id.as_str()));
            ids.extend(touched.pupils.iter().map(|id| id.as_str()));
        }
        let ids: Vec<&str> = ids.into_iter().collect();
        for row in list_later_uses(tx, set, &ids).await? {
            found.uses.entry(row.row_id.clone()).or_default().push(row);
        }
        Ok(found)
    }

    /// True if a later export has the row as the undone one wrote it, or wrote it itself. One that is older left it.
    fn has_data(&self, id: &str, written_at: i64) -> bool {
        let is_later = |later: &LaterUse| later.leading_at.max(later.beside_at) >= written_at;
        self.uses.get(id).is_some_and(|uses| uses.iter().any(is_later))
    }

    pub fn has_person(&mut self, id: &str, written_at: i64) -> bool {
        let has = self.has_data(id, written_at);
        if has {
            self.left.persons.insert(id.to_owned());
            self.note_schools(id);
        }
        has
    }

    pub fn has_pupil(&mut self, id: &str, written_at: i64) -> bool {
        let has = self.has_data(id, written_at);
        if has {
            self.left.pupils.insert(id.to_owned());
            self.note_schools(id);
        }
        has
    }

    /// True if a later set of the format finds the row by its key in it.
    pub fn has_key(&self, id: &str, format: &str) -> bool {
        self.uses.get(id).is_some_and(|uses| uses.iter().any(|later| later.format == format))
    }

    /// True if the column of SIECLE's key may be another set's by now: of SIECLE's, or of one that names its keys.
    pub fn has_key_column(&self, id: &str) -> bool {
        let names_it = [RosterFormat::Siecle, RosterFormat::Csv].map(RosterFormat::name);
        names_it.into_iter().any(|format| self.has_key(id, format))
    }

    /// True if a later set of the format says something of the row, the same or not. Of a set of an older release, it is
    /// not known what it had said.
    pub fn has_statement(&self, id: &str, format: &str, written: Option<&StatementRow>) -> bool {
        let stands = self.statements.get(&(id.to_owned(), format.to_owned()));
        self.has_key(id, format) || written.is_some_and(|written| stands.is_some_and(|stands| stands != written))
    }

    fn note_schools(&mut self, id: &str) {
        self.left.by.extend(self.uses.get(id).into_iter().flatten().map(|later| later.uai.clone()));
    }
}
