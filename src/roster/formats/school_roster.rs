//! Joins the two exports of a school into one roster.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{
    ExportContent, ExportFile, ExportHeader, LinkRecord, PersonRecord, PupilRecord, RecordError, RecordWarning,
    UnreadablePersons, UnreadablePupils,
};
use crate::base::clock::Timestamp;
use crate::roster::uai::Uai;

/// One school's roster, joined from its two exports.
#[derive(Clone, Debug)]
pub struct SchoolRoster {
    pub uai: Uai,
    /// ANNEE_SCOLAIRE, the calendar year of the rentrée.
    pub year: u16,
    pub pupils_exported_at: Timestamp,
    pub persons_exported_at: Timestamp,
    /// The Paris date of the élèves export: an earlier DATE_SORTIE is past.
    pub exported_on: NaiveDate,
    pub pupils: Vec<PupilRecord>,
    pub persons: Vec<PersonRecord>,
    pub links: Vec<LinkRecord>,
    pub unreadable_pupils: UnreadablePupils,
    pub unreadable_persons: UnreadablePersons,
    pub errors: Vec<RecordError>,
    pub warnings: Vec<RecordWarning>,
}

/// The reason for which a school's files form no roster.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchoolRosterError {
    #[error("{uai}: the export of the {missing} is missing beside {given}")]
    MissingExport { uai: Uai, given: String, missing: &'static str },
    #[error("{uai}: {first} and {second} are the same export twice")]
    DuplicateExport { uai: Uai, first: String, second: String },
    #[error("{uai}: the élèves are of the school year {eleves}, the responsables of {responsables}")]
    SchoolYearMismatch { uai: Uai, eleves: u16, responsables: u16 },
}

/// Groups the files by school, in the order of the UAI.
pub fn assemble_rosters(files: Vec<ExportFile>) -> Vec<Result<SchoolRoster, SchoolRosterError>> {
    let mut schools: BTreeMap<Uai, PartialRoster> = BTreeMap::new();
    for file in files {
        schools.entry(file.header.uai.clone()).or_default().add(file);
    }
    schools.into_iter().map(|(uai, halves)| halves.into_roster(uai)).collect()
}

/// The header and name of a file, followed by the records.
type PupilsExport = (ExportHeader, String, Vec<PupilRecord>, UnreadablePupils);
type PersonsExport = (ExportHeader, String, Vec<PersonRecord>, Vec<LinkRecord>, UnreadablePersons);

#[derive(Default)]
struct PartialRoster {
    pupils: Option<PupilsExport>,
    persons: Option<PersonsExport>,
    errors: Vec<RecordError>,
    warnings: Vec<RecordWarning>,
    duplicate: Option<(String, String)>,
}

impl PartialRoster {
    fn add(&mut self, file: ExportFile) {
        let ExportFile { name, header, content, errors: problems, warnings: remarks } = file;
        self.errors.extend(problems);
        self.warnings.extend(remarks);
        let former = match content {
            ExportContent::Pupils { pupils, unreadable } => {
                let former = self.pupils.replace((header, name.clone(), pupils, unreadable));
                former.map(|(_, former, ..)| former)
            }
            ExportContent::Persons { persons, links, unreadable } => {
                let former = self.persons.replace((header, name.clone(), persons, links, unreadable));
                former.map(|(_, former, ..)| former)
            }
        };
        if let Some(former) = former {
            self.duplicate = Some((former, name));
        }
    }

    fn into_roster(self, uai: Uai) -> Result<SchoolRoster, SchoolRosterError> {
        if let Some((first, second)) = self.duplicate {
            return Err(SchoolRosterError::DuplicateExport { uai, first, second });
        }
        let half = |uai, given, missing| Err(SchoolRosterError::MissingExport { uai, given, missing });
        let (eleves, responsables) = match (self.pupils, self.persons) {
            (Some(eleves), Some(responsables)) => (eleves, responsables),
            (Some((_, given, ..)), None) => return half(uai, given, "responsables"),
            (None, Some((_, given, ..))) => return half(uai, given, "élèves"),
            (None, None) => return half(uai, String::new(), "élèves"),
        };
        let (eleves, _, pupils, unreadable_pupils) = eleves;
        let (responsables, _, persons, links, unreadable_persons) = responsables;
        if eleves.year != responsables.year {
            return Err(SchoolRosterError::SchoolYearMismatch {
                uai,
                eleves: eleves.year,
                responsables: responsables.year,
            });
        }
        Ok(SchoolRoster {
            uai,
            year: eleves.year,
            pupils_exported_at: eleves.exported_at,
            persons_exported_at: responsables.exported_at,
            exported_on: eleves.exported_on,
            pupils,
            persons,
            links,
            unreadable_pupils,
            unreadable_persons,
            errors: self.errors,
            warnings: self.warnings,
        })
    }
}
