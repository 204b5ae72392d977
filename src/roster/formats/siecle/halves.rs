//! Joins the two exports of a school into one roster.

use std::collections::BTreeMap;

use super::{ExportContent, ExportFile, ExportHeader};
use crate::roster::formats::{
    LinkRecord, PersonRecord, PupilRecord, RecordError, RecordIdentity, RecordWarning, RosterExtent, SchoolRoster,
    SchoolRosterError, UnreadablePersons, UnreadablePupils,
};
use crate::roster::uai::Uai;

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
                first: ("élèves", eleves.year),
                second: ("responsables", responsables.year),
            });
        }
        Ok(SchoolRoster {
            uai,
            extent: RosterExtent::Complete,
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
            identity: RecordIdentity::default(),
            places: BTreeMap::new(),
            levels_unknown: false,
            classes_unknown: false,
        })
    }
}
