//! The two files of a school, put together.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{Content, File, Header, Link, Person, Problem, Pupil, Remark, UnreadablePersons, UnreadablePupils};
use crate::base::clock::Timestamp;
use crate::roster::uai::Uai;

/// One school's roster as its two exports give it.
#[derive(Clone, Debug)]
pub struct SchoolSet {
    pub uai: Uai,
    /// ANNEE_SCOLAIRE, the year of the rentrée.
    pub year: u16,
    pub eleves_exported_at: Timestamp,
    pub responsables_exported_at: Timestamp,
    /// The day of the export of the élèves, in Paris: a DATE_SORTIE before it is past.
    pub exported_on: NaiveDate,
    pub pupils: Vec<Pupil>,
    pub persons: Vec<Person>,
    pub links: Vec<Link>,
    pub unreadable_pupils: UnreadablePupils,
    pub unreadable_persons: UnreadablePersons,
    pub problems: Vec<Problem>,
    pub remarks: Vec<Remark>,
}

/// A school whose files make no set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    #[error("{uai}: the export of the {missing} is missing beside {given}")]
    Half { uai: Uai, given: String, missing: &'static str },
    #[error("{uai}: {first} and {second} are the same export twice")]
    Twice { uai: Uai, first: String, second: String },
    #[error("{uai}: the élèves are of the school year {eleves}, the responsables of {responsables}")]
    Years { uai: Uai, eleves: u16, responsables: u16 },
}

/// Puts files together by school, in the order of the UAI.
pub fn assemble(files: Vec<File>) -> Vec<Result<SchoolSet, SetError>> {
    let mut schools: BTreeMap<Uai, Halves> = BTreeMap::new();
    for file in files {
        schools.entry(file.header.uai.clone()).or_default().add(file);
    }
    schools.into_iter().map(|(uai, halves)| halves.join(uai)).collect()
}

/// A file's header and name, then its records.
type Eleves = (Header, String, Vec<Pupil>, UnreadablePupils);
type Responsables = (Header, String, Vec<Person>, Vec<Link>, UnreadablePersons);

#[derive(Default)]
struct Halves {
    eleves: Option<Eleves>,
    responsables: Option<Responsables>,
    problems: Vec<Problem>,
    remarks: Vec<Remark>,
    twice: Option<(String, String)>,
}

impl Halves {
    fn add(&mut self, file: File) {
        let File { name, header, content, problems, remarks } = file;
        self.problems.extend(problems);
        self.remarks.extend(remarks);
        let former = match content {
            Content::Eleves { pupils, unreadable } => {
                let former = self.eleves.replace((header, name.clone(), pupils, unreadable));
                former.map(|(_, former, ..)| former)
            }
            Content::Responsables { persons, links, unreadable } => {
                let former = self.responsables.replace((header, name.clone(), persons, links, unreadable));
                former.map(|(_, former, ..)| former)
            }
        };
        if let Some(former) = former {
            self.twice = Some((former, name));
        }
    }

    fn join(self, uai: Uai) -> Result<SchoolSet, SetError> {
        if let Some((first, second)) = self.twice {
            return Err(SetError::Twice { uai, first, second });
        }
        let half = |uai, given, missing| Err(SetError::Half { uai, given, missing });
        let (eleves, responsables) = match (self.eleves, self.responsables) {
            (Some(eleves), Some(responsables)) => (eleves, responsables),
            (Some((_, given, ..)), None) => return half(uai, given, "responsables"),
            (None, Some((_, given, ..))) => return half(uai, given, "élèves"),
            (None, None) => return half(uai, String::new(), "élèves"),
        };
        let (eleves, _, pupils, unreadable_pupils) = eleves;
        let (responsables, _, persons, links, unreadable_persons) = responsables;
        if eleves.year != responsables.year {
            return Err(SetError::Years { uai, eleves: eleves.year, responsables: responsables.year });
        }
        Ok(SchoolSet {
            uai,
            year: eleves.year,
            eleves_exported_at: eleves.exported_at,
            responsables_exported_at: responsables.exported_at,
            exported_on: eleves.exported_on,
            pupils,
            persons,
            links,
            unreadable_pupils,
            unreadable_persons,
            problems: self.problems,
            remarks: self.remarks,
        })
    }
}
