//! Turns the rows of tables into the roster of a school, by the columns in which a format has what.
//!
//! Tables know no school, no time and often no ids: school and time are given beside them ([`TableSource`]), and a record
//! without id is named by its line, until the import finds its key (`src/roster/ops/record_keys.rs`).

mod assemble;
mod cells;
mod children;
mod responsables;
mod rows;

pub use assemble::{TableRead, TableWords, assemble_roster};
pub use cells::fold_header;
pub use rows::read_rows;

use super::RecordIdentity;
use crate::base::clock::Timestamp;
use crate::roster::Level;
use crate::roster::uai::Uai;

/// The facts that a table does not say itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableSource {
    pub uai: Uai,
    /// The time of all files; without it, each is of the time at which it was last written.
    pub exported_at: Option<Timestamp>,
    /// The level of responsables of whom the table says none.
    pub unknown_level: Level,
    /// True if the tables have no responsables.
    pub pupils_alone: bool,
}

/// The columns of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileColumns {
    pub pupil: Option<PupilColumns>,
    /// Several where one row has several responsables.
    pub persons: Vec<PersonColumns>,
    pub levels: LevelWords,
}

/// The columns of a pupil, by their places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PupilColumns {
    pub id: Option<usize>,
    pub eleve_id: Option<usize>,
    pub family: usize,
    pub usage: Option<usize>,
    pub given: usize,
    pub born: usize,
    pub ine: Option<usize>,
    pub class: Option<usize>,
    pub left_on: Option<usize>,
}

/// The columns of a responsable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonColumns {
    pub id: Option<usize>,
    pub family: usize,
    pub usage: Option<usize>,
    pub given: usize,
    pub mobile: Option<usize>,
    pub mail: Option<usize>,
    /// The columns among [`crate::roster::OTHER_NUMBERS`].
    pub other_numbers: Vec<(&'static str, usize)>,
    pub level: Option<usize>,
    pub relation: Option<usize>,
    pub children: Vec<ChildColumns>,
}

/// The columns by which a responsable names a child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChildColumns {
    /// The pupil of the same row.
    SameRow,
    Id(usize),
    Names {
        family: usize,
        usage: Option<usize>,
        given: usize,
        class: Option<usize>,
    },
}

/// The words that a school writes for each level, folded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LevelWords {
    pub legal: Vec<String>,
    pub in_charge: Vec<String>,
    pub contact: Vec<String>,
}

impl FileColumns {
    /// Says which records have no ids.
    pub fn identity(&self) -> RecordIdentity {
        RecordIdentity {
            pupils_without_ids: self.pupil.as_ref().is_some_and(|pupil| pupil.id.is_none()),
            persons_without_ids: self.persons.iter().any(|person| person.id.is_none()),
        }
    }

    /// True if no column says the level of a responsable.
    pub fn has_unknown_levels(&self) -> bool {
        self.persons.iter().any(|person| person.level.is_none())
    }
}
