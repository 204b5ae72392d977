//! A mapping: which columns hold what, as TOML that people write and a school keeps.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::roster::formats::columns::{
    ChildColumns, FileColumns, LevelWords, PersonColumns, PupilColumns, fold_header,
};
use crate::roster::formats::reader::csv_table::TableFault;

/// The maximum bytes of a mapping.
pub const MAX_MAPPING_BYTES: usize = 16 << 10;
/// The maximum number of responsables of one row.
const MAX_RESPONSABLES: usize = 8;

/// The columns of a school's tables, by their names.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnMapping {
    pub pupils: PupilMapping,
    /// Empty if the tables have no responsables: pupils then come alone.
    #[serde(default)]
    pub responsables: Vec<ResponsableMapping>,
    #[serde(default)]
    pub levels: LevelMapping,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PupilMapping {
    pub id: Option<String>,
    pub eleve_id: Option<String>,
    pub family: String,
    pub usage: Option<String>,
    pub given: String,
    pub born: String,
    pub ine: Option<String>,
    pub class: Option<String>,
    pub left_on: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResponsableMapping {
    pub id: Option<String>,
    pub family: String,
    pub usage: Option<String>,
    pub given: String,
    pub mobile: Option<String>,
    pub mail: Option<String>,
    pub home: Option<String>,
    pub work: Option<String>,
    pub level: Option<String>,
    pub relation: Option<String>,
    /// The children whom the row names; without any, the pupil of the same row.
    #[serde(default)]
    pub children: Vec<ChildMapping>,
}

/// A child by its id, or by its names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChildMapping {
    pub id: Option<String>,
    pub family: Option<String>,
    pub usage: Option<String>,
    pub given: Option<String>,
    pub class: Option<String>,
}

/// The words for each level.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LevelMapping {
    pub legal: Vec<String>,
    pub in_charge: Vec<String>,
    pub contact: Vec<String>,
}

/// The reason for refusing a mapping.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MappingFault {
    #[error("cannot be read: {0}")]
    Unreadable(String),
    #[error("is longer than a mapping can be")]
    TooLong,
    #[error("the id of pupils is the column of the INE, which is no key: leave id out")]
    IdIsIne,
    #[error("a child of responsables has neither id nor family and given")]
    ChildWithoutColumns,
    #[error("responsables have a column of levels, and [levels] has no word for legal representatives")]
    LevelsWithoutWords,
    #[error("[levels] has the word {0:?} for two levels")]
    AmbiguousLevel(String),
    #[error("more than {MAX_RESPONSABLES} responsables or children in one row")]
    TooMany,
}

impl ColumnMapping {
    pub fn parse(text: &str) -> Result<Self, MappingFault> {
        if text.len() > MAX_MAPPING_BYTES {
            return Err(MappingFault::TooLong);
        }
        let source = config::File::from_str(text, config::FileFormat::Toml);
        let read = config::Config::builder().add_source(source).build().and_then(config::Config::try_deserialize);
        let mapping: Self = read.map_err(|error| MappingFault::Unreadable(error.to_string()))?;
        mapping.check()?;
        Ok(mapping)
    }

    fn check(&self) -> Result<(), MappingFault> {
        let fold = |name: &Option<String>| name.as_deref().map(fold_header);
        if self.pupils.id.is_some() && fold(&self.pupils.id) == fold(&self.pupils.ine) {
            return Err(MappingFault::IdIsIne);
        }
        let mut children = self.responsables.iter().flat_map(|person| &person.children);
        if children.any(|child| child.id.is_none() && (child.family.is_none() || child.given.is_none())) {
            return Err(MappingFault::ChildWithoutColumns);
        }
        let most = self.responsables.iter().map(|person| person.children.len()).max().unwrap_or_default();
        if most.max(self.responsables.len()) > MAX_RESPONSABLES {
            return Err(MappingFault::TooMany);
        }
        let LevelMapping { legal, in_charge, contact } = &self.levels;
        if self.responsables.iter().any(|person| person.level.is_some()) && legal.is_empty() {
            return Err(MappingFault::LevelsWithoutWords);
        }
        let mut seen = BTreeSet::new();
        match legal.iter().chain(in_charge).chain(contact).find(|word| !seen.insert(fold_header(word))) {
            Some(word) => Err(MappingFault::AmbiguousLevel(word.clone())),
            None => Ok(()),
        }
    }

    /// Says what a file has, by its first line: pupils, responsables, or both.
    pub fn find_columns(&self, header: &[String]) -> Result<FileColumns, TableFault> {
        let mut pupil_search = ColumnSearch::new(header);
        let pupil = self.pupils.find(&mut pupil_search);
        let mut person_search = ColumnSearch::new(header);
        let persons: Vec<PersonColumns> =
            self.responsables.iter().map(|person| person.find(&mut person_search)).collect();
        let is_same_file = self.responsables.iter().any(|person| person.children.is_empty());
        let (has_pupils, has_persons) = (pupil_search.is_complete(), person_search.is_complete());
        match (has_pupils, has_persons && !persons.is_empty()) {
            (false, false) => Err(pupil_search.nearer(person_search, persons.is_empty())),
            (true, false) if is_same_file => Err(person_search.into_fault()),
            (false, true) if is_same_file => Err(pupil_search.into_fault()),
            (has_pupils, has_persons) => {
                let fold = |words: &[String]| words.iter().map(|word| fold_header(word)).collect();
                let LevelMapping { legal, in_charge, contact } = &self.levels;
                Ok(FileColumns {
                    pupil: Some(pupil).filter(|_| has_pupils),
                    persons: if has_persons { persons } else { Vec::new() },
                    levels: LevelWords { legal: fold(legal), in_charge: fold(in_charge), contact: fold(contact) },
                })
            }
        }
    }
}

impl PupilMapping {
    fn find(&self, search: &mut ColumnSearch) -> PupilColumns {
        PupilColumns {
            id: search.find_optional(&self.id),
            eleve_id: search.find_optional(&self.eleve_id),
            family: search.find(&self.family),
            usage: search.find_optional(&self.usage),
            given: search.find(&self.given),
            born: search.find(&self.born),
            ine: search.find_optional(&self.ine),
            class: search.find_optional(&self.class),
            left_on: search.find_optional(&self.left_on),
        }
    }
}

impl ResponsableMapping {
    fn find(&self, search: &mut ColumnSearch) -> PersonColumns {
        let numbers = [("TEL_PERSONNEL", &self.home), ("TEL_PROFESSIONNEL", &self.work)];
        let mut children: Vec<ChildColumns> = self.children.iter().map(|child| child.find(search)).collect();
        if children.is_empty() {
            children.push(ChildColumns::SameRow);
        }
        PersonColumns {
            id: search.find_optional(&self.id),
            family: search.find(&self.family),
            usage: search.find_optional(&self.usage),
            given: search.find(&self.given),
            mobile: search.find_optional(&self.mobile),
            mail: search.find_optional(&self.mail),
            other_numbers: numbers
                .into_iter()
                .filter_map(|(name, column)| Some((name, search.find_optional(column)?)))
                .collect(),
            level: search.find_optional(&self.level),
            relation: search.find_optional(&self.relation),
            children,
        }
    }
}

impl ChildMapping {
    fn find(&self, search: &mut ColumnSearch) -> ChildColumns {
        match (&self.id, &self.family, &self.given) {
            (Some(id), ..) => ChildColumns::Id(search.find(id)),
            (None, family, given) => ChildColumns::Names {
                family: search.find(family.as_deref().unwrap_or_default()),
                usage: search.find_optional(&self.usage),
                given: search.find(given.as_deref().unwrap_or_default()),
                class: search.find_optional(&self.class),
            },
        }
    }
}

/// Looks columns up by name, and keeps what it did not find.
struct ColumnSearch {
    header: Vec<String>,
    missing: Vec<String>,
    duplicate: Option<String>,
}

impl ColumnSearch {
    fn new(header: &[String]) -> Self {
        Self { header: header.iter().map(|name| fold_header(name)).collect(), missing: Vec::new(), duplicate: None }
    }

    /// Returns the place of a column. `Nom #2` is the second of several with one name.
    fn find(&mut self, name: &str) -> usize {
        let (base, number) = match name.rsplit_once(" #").map(|(base, number)| (base, number.parse::<usize>())) {
            Some((base, Ok(number))) if number > 0 => (base, Some(number)),
            _ => (name, None),
        };
        let folded = fold_header(base);
        let mut places = self.header.iter().enumerate().filter(|(_, column)| **column == folded);
        match places.nth(number.unwrap_or(1) - 1) {
            Some((place, _)) if !folded.is_empty() => {
                if number.is_none() && places.next().is_some() {
                    self.duplicate = Some(name.to_owned());
                }
                place
            }
            _ => {
                self.missing.push(name.to_owned());
                usize::MAX
            }
        }
    }

    fn find_optional(&mut self, name: &Option<String>) -> Option<usize> {
        name.as_deref().map(|name| self.find(name))
    }

    fn is_complete(&self) -> bool {
        self.missing.is_empty() && self.duplicate.is_none()
    }

    fn into_fault(self) -> TableFault {
        match self.duplicate {
            Some(name) if self.missing.is_empty() => TableFault::DuplicateColumn(name),
            _ => {
                let names: Vec<String> = self.missing.iter().map(|name| format!("« {name} »")).collect();
                TableFault::UnknownColumns(names.join(", "))
            }
        }
    }

    /// Returns the fault of the search that found more.
    fn nearer(self, other: Self, is_alone: bool) -> TableFault {
        if is_alone || self.missing.len() <= other.missing.len() { self.into_fault() } else { other.into_fault() }
    }
}
