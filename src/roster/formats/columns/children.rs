//! Finds the pupils whom responsables name: by line, by id, or by names and class.
//!
//! A row of a pupil that could not be read is somebody too: whoever is named like it is not taken for a namesake.

use std::collections::BTreeMap;

use super::cells::fold_header;
use super::rows::{ChildReference, RowNames};
use crate::base::names::roster_canonical_key;
use crate::roster::formats::{PupilRecord, RecordErrorKind};

/// The pupils of a school's files, to be found.
#[derive(Debug, Default)]
pub struct PupilIndex<'a> {
    by_line: BTreeMap<u64, &'a str>,
    by_id: BTreeMap<&'a str, &'a PupilRecord>,
    /// By each family name with the given name.
    by_names: BTreeMap<(String, String), Vec<Namesake<'a>>>,
    has_classes: bool,
}

/// A row with the names that are looked for.
#[derive(Clone, Debug)]
struct Namesake<'a> {
    /// The pupil's id; `None` for a row that could not be read.
    id: Option<&'a str>,
    /// The class cells of the pupil's rows, folded, each whole and in its parts between commas.
    classes: Vec<String>,
}

/// The pupils whom a reference may mean.
#[derive(Debug, PartialEq, Eq)]
pub struct FoundChildren<'a> {
    pub ids: Vec<&'a str>,
    pub certainty: Certainty,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// The only one who can be meant.
    Sole,
    /// The only one of the name, in another class than was said, or in an unknown one: a namesake, or a class that one of
    /// the tables has late.
    OtherClass,
    /// Not the only one; a row that could not be read may be another.
    Several,
}

/// The rows of pupils, as they were joined.
#[derive(Debug, Default)]
pub struct PupilRows {
    /// The ids of pupils by the lines of their rows.
    pub lines: BTreeMap<u64, String>,
    /// The class cells of a pupil's rows as they are written, by the id: a pupil's own class is shortened.
    pub classes: BTreeMap<String, Vec<String>>,
    /// The names of rows that could not be read.
    pub refused: Vec<RowNames>,
    /// True if the table has a column of classes: a cell of it that is empty is an unknown class.
    pub has_classes: bool,
}

impl<'a> PupilIndex<'a> {
    /// Indexes pupils with their rows.
    pub fn new(pupils: &'a [PupilRecord], rows: &'a PupilRows) -> Self {
        let mut index =
            Self { by_line: rows.lines.iter().map(|(line, id)| (*line, id.as_str())).collect(), ..Self::default() };
        index.has_classes = rows.has_classes;
        for pupil in pupils {
            index.by_id.insert(&pupil.id, pupil);
            let classes = rows.classes.get(&pupil.id).map_or(&[][..], Vec::as_slice);
            let names = (Some(pupil.data.family.as_str()), pupil.data.usage.as_deref());
            index.insert(names, &pupil.data.given, Some(&pupil.id), classes.iter().flat_map(|cell| fold_cell(cell)));
        }
        for row in &rows.refused {
            let names = (row.family.as_deref(), row.usage.as_deref());
            let class = row.class.iter().flat_map(|cell| fold_cell(cell));
            index.insert(names, row.given.as_deref().unwrap_or_default(), None, class);
        }
        index
    }

    fn insert(
        &mut self,
        (family, usage): (Option<&str>, Option<&str>),
        given: &str,
        id: Option<&'a str>,
        classes: impl Iterator<Item = String>,
    ) {
        let classes: Vec<String> = classes.filter(|class| !class.is_empty()).collect();
        let mut families: Vec<String> = [family, usage].into_iter().flatten().map(roster_canonical_key).collect();
        families.dedup();
        for family in families {
            let namesake = Namesake { id, classes: classes.clone() };
            self.by_names.entry((family, roster_canonical_key(given))).or_default().push(namesake);
        }
    }

    /// Returns the pupils who could be meant.
    pub fn find(&self, child: &ChildReference) -> Result<FoundChildren<'a>, RecordErrorKind> {
        let sole = |id: Option<&'a str>| {
            id.map(|id| FoundChildren { ids: vec![id], certainty: Certainty::Sole })
                .ok_or(RecordErrorKind::UnknownChild)
        };
        match child {
            ChildReference::Line(line) => sole(self.by_line.get(line).copied()),
            ChildReference::Id(id) => sole(self.by_id.get(id.as_str()).map(|pupil| pupil.id.as_str())),
            ChildReference::Unreadable => Err(RecordErrorKind::UnknownChild),
            ChildReference::Names { family, usage, given, class } => {
                let given = roster_canonical_key(given);
                let mut found = Vec::new();
                for family in [Some(family), usage.as_ref()].into_iter().flatten() {
                    let key = (roster_canonical_key(family), given.clone());
                    found.extend(self.by_names.get(&key).into_iter().flatten());
                    // The nom d'usage serves only where the family name finds nobody.
                    if !found.is_empty() {
                        break;
                    }
                }
                narrow(&found, class.as_deref(), self.has_classes)
            }
        }
    }
}

/// Returns a class cell, folded: whole, and in its parts between commas.
fn fold_cell(cell: &str) -> impl Iterator<Item = String> {
    std::iter::once(cell).chain(cell.split([',', '|'])).map(fold_header)
}

/// Keeps those of the class, if several have the names.
fn narrow<'a>(
    found: &[&Namesake<'a>],
    class: Option<&str>,
    has_classes: bool,
) -> Result<FoundChildren<'a>, RecordErrorKind> {
    let whole = fold_header(class.unwrap_or_default());
    let of_whole = |row: &&Namesake<'a>| !whole.is_empty() && row.classes.contains(&whole);
    let mut narrowed: Vec<&Namesake<'a>> = found.iter().copied().filter(of_whole).collect();
    if narrowed.is_empty() {
        // A child in several classes has them in one cell; « CM1/CM2 » is one class, if a pupil has it.
        let said = class.unwrap_or_default().split([',', '/', '|']).map(fold_header);
        let said: Vec<String> = said.filter(|class| !class.is_empty()).collect();
        let is_of_all = |row: &&Namesake<'a>| !said.is_empty() && said.iter().all(|class| row.classes.contains(class));
        narrowed = found.iter().copied().filter(is_of_all).collect();
    }
    let (meant, certainty) = match (&narrowed[..], found) {
        ([], []) => return Err(RecordErrorKind::UnknownChild),
        ([one], _) => (vec![*one], Certainty::Sole),
        // No class is said, or none is known of anybody. One whose cell alone is empty may be in another class.
        ([], [one]) if whole.is_empty() || (one.classes.is_empty() && !has_classes) => (vec![*one], Certainty::Sole),
        ([], [one]) => (vec![*one], Certainty::OtherClass),
        _ => (found.to_vec(), Certainty::Several),
    };
    let ids: Vec<&str> = meant.iter().filter_map(|row| row.id).collect();
    match ids.is_empty() {
        true => Err(RecordErrorKind::UnreadChild),
        false => Ok(FoundChildren { ids, certainty }),
    }
}
