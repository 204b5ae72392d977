//! Finds the pupils whom responsables name: by line, by id, or by names and class.

use std::collections::BTreeMap;

use super::cells::fold_header;
use super::rows::ChildReference;
use crate::base::names::roster_canonical_key;
use crate::roster::formats::{PupilRecord, RecordErrorKind};

/// The pupils of a school's files, to be found.
#[derive(Debug, Default)]
pub struct PupilIndex<'a> {
    by_line: BTreeMap<u64, &'a str>,
    by_id: BTreeMap<&'a str, &'a PupilRecord>,
    /// By each family name with the given name.
    by_names: BTreeMap<(String, String), Vec<&'a PupilRecord>>,
}

impl<'a> PupilIndex<'a> {
    /// Indexes pupils; `lines` are those of the rows of each.
    pub fn new(pupils: &'a [PupilRecord], lines: &'a BTreeMap<u64, String>) -> Self {
        let mut index =
            Self { by_line: lines.iter().map(|(line, id)| (*line, id.as_str())).collect(), ..Self::default() };
        for pupil in pupils {
            index.by_id.insert(&pupil.id, pupil);
            let given = roster_canonical_key(&pupil.data.given);
            let mut families = vec![roster_canonical_key(&pupil.data.family)];
            families.extend(pupil.data.usage.as_deref().map(roster_canonical_key));
            families.dedup();
            for family in families {
                index.by_names.entry((family, given.clone())).or_default().push(pupil);
            }
        }
        index
    }

    /// Returns the ids of the pupils who could be meant; one is certain.
    pub fn find(&self, child: &ChildReference) -> Result<Vec<&'a str>, RecordErrorKind> {
        let sole = |id: Option<&'a str>| id.map(|id| vec![id]).ok_or(RecordErrorKind::UnknownChild);
        match child {
            ChildReference::Line(line) => sole(self.by_line.get(line).copied()),
            ChildReference::Id(id) => sole(self.by_id.get(id.as_str()).map(|pupil| pupil.id.as_str())),
            ChildReference::Unreadable => Err(RecordErrorKind::UnknownChild),
            ChildReference::Names { family, usage, given, class } => {
                let given = roster_canonical_key(given);
                let mut found = Vec::new();
                for family in [Some(family), usage.as_ref()].into_iter().flatten() {
                    let key = (roster_canonical_key(family), given.clone());
                    found.extend(self.by_names.get(&key).into_iter().flatten().copied());
                    // The nom d'usage serves only where the family name finds nobody.
                    if !found.is_empty() {
                        break;
                    }
                }
                Self::narrow(found, class.as_deref())
            }
        }
    }

    /// Keeps those of the class, if several have the names.
    fn narrow(found: Vec<&'a PupilRecord>, class: Option<&str>) -> Result<Vec<&'a str>, RecordErrorKind> {
        let ids = |pupils: &[&'a PupilRecord]| pupils.iter().map(|pupil| pupil.id.as_str()).collect();
        if found.is_empty() {
            return Err(RecordErrorKind::UnknownChild);
        }
        let class = class.map(fold_header);
        let in_class = |pupil: &&&PupilRecord| {
            // A long name was shortened for the pupil.
            let is_same = |own: String, said: &str| said == own || own.len() >= 12 && said.starts_with(&own);
            pupil.class.as_deref().map(fold_header).zip(class.as_deref()).is_some_and(|(own, said)| is_same(own, said))
        };
        let narrowed: Vec<&PupilRecord> = found.iter().filter(in_class).copied().collect();
        match narrowed.len() {
            1 if found.len() > 1 => Ok(ids(&narrowed)),
            _ => Ok(ids(&found)),
        }
    }
}
