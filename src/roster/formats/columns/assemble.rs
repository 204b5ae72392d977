//! Joins the records of a school's tables into one roster.
//!
//! A pupil or responsable may stand on several rows: rows that agree are one record, and of rows that do not agree none
//! is believed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate};
use chrono_tz::Europe::Paris;

use super::children::PupilRows;
use super::rows::{RowNames, RowPupil, RowRecords};
use super::{FileColumns, TableSource};
use crate::base::clock::Timestamp;
use crate::base::date::BirthDate;
use crate::base::names::roster_canonical_key;
use crate::roster::formats::fields::school_year_of;
use crate::roster::formats::{
    PupilRecord, RecordError, RecordErrorKind, RecordIdentity, RecordWarning, RecordWarningKind, RosterExtent,
    SchoolRoster, SchoolRosterError, UnreadablePersons, UnreadablePupils,
};

/// The words of a format for a pupil and a responsable.
#[derive(Clone, Copy, Debug)]
pub struct TableWords {
    pub pupil: &'static str,
    pub person: &'static str,
}

/// One file, read to its end.
#[derive(Debug)]
pub struct TableRead {
    pub name: String,
    pub exported_at: Timestamp,
    pub columns: FileColumns,
    pub records: RowRecords,
    /// See [`CsvTable::assumed_encoding`](crate::roster::formats::CsvTable::assumed_encoding).
    pub assumed_encoding: Option<&'static str>,
}

/// Joins the files of a school.
pub fn assemble_roster(
    source: &TableSource,
    words: TableWords,
    files: Vec<TableRead>,
) -> Result<SchoolRoster, SchoolRosterError> {
    let uai = &source.uai;
    let (pupils_file, persons_file) = find_halves(source, &files)?;
    let (pupils_at, persons_at) = (pupils_file.exported_at, persons_file.exported_at);
    let (pupils_on, persons_on) = (paris_date(pupils_at), paris_date(persons_at));
    let (pupils_year, persons_year) = (school_year_of(pupils_on), school_year_of(persons_on));
    if pupils_year != persons_year {
        let (first, second) = (("élèves", pupils_year), ("responsables", persons_year));
        return Err(SchoolRosterError::SchoolYearMismatch { uai: uai.clone(), first, second });
    }
    let pupils_identity = pupils_file.columns.identity();
    let persons_identity = persons_file.columns.identity();
    let identity = RecordIdentity {
        pupils_without_ids: pupils_identity.pupils_without_ids,
        persons_without_ids: persons_identity.persons_without_ids,
    };
    let levels_unknown = persons_file.columns.has_unknown_levels();
    let (pupils_name, persons_name) = (pupils_file.name.clone(), persons_file.name.clone());
    let roster = SchoolRoster {
        uai: uai.clone(),
        extent: RosterExtent::Complete,
        year: pupils_year,
        pupils_exported_at: pupils_at,
        persons_exported_at: persons_at,
        exported_on: pupils_on,
        pupils: Vec::new(),
        persons: Vec::new(),
        links: Vec::new(),
        unreadable_pupils: UnreadablePupils::default(),
        unreadable_persons: UnreadablePersons::default(),
        errors: Vec::new(),
        warnings: Vec::new(),
        identity,
        places: BTreeMap::new(),
        levels_unknown,
        classes_unknown: true,
    };
    let has_classes = pupils_file.columns.pupil.as_ref().is_some_and(|pupil| pupil.class.is_some());
    let rows = PupilRows { has_classes, ..PupilRows::default() };
    let mut assembly = Assembly { roster, words, rows, class_cells: BTreeMap::new() };
    let (mut pupils, mut persons) = (Vec::new(), Vec::new());
    for file in files {
        let warn =
            |encoding| RecordWarning { record: file.name.clone(), kind: RecordWarningKind::AssumedEncoding(encoding) };
        assembly.roster.warnings.extend(file.assumed_encoding.map(warn));
        pupils.extend(file.records.pupils);
        persons.extend(file.records.persons);
    }
    assembly.take_pupils(&pupils_name, pupils);
    assembly.take_persons(&persons_name, persons);
    Ok(assembly.roster)
}

/// Returns the file of pupils and that of responsables, which may be the same.
fn find_halves<'a>(
    source: &TableSource,
    files: &'a [TableRead],
) -> Result<(&'a TableRead, &'a TableRead), SchoolRosterError> {
    let uai = || source.uai.clone();
    let half = |missing, is_of: fn(&&TableRead) -> bool| {
        let mut found = files.iter().filter(is_of);
        let given = || files.first().map(|file| file.name.clone()).unwrap_or_default();
        let first =
            found.next().ok_or_else(|| SchoolRosterError::MissingExport { uai: uai(), given: given(), missing })?;
        match found.next() {
            None => Ok(first),
            Some(second) => {
                let (first, second) = (first.name.clone(), second.name.clone());
                Err(SchoolRosterError::DuplicateExport { uai: uai(), first, second })
            }
        }
    };
    let pupils = half("élèves", |file| file.columns.pupil.is_some())?;
    if source.pupils_alone {
        return Ok((pupils, pupils));
    }
    Ok((pupils, half("responsables", |file| !file.columns.persons.is_empty())?))
}

fn paris_date(at: Timestamp) -> NaiveDate {
    DateTime::from_timestamp_millis(at.0).unwrap_or_default().with_timezone(&Paris).date_naive()
}

pub struct Assembly {
    pub roster: SchoolRoster,
    pub words: TableWords,
    pub rows: PupilRows,
    /// The class cells of the pupils' rows under way, by the line.
    class_cells: BTreeMap<u64, String>,
}

impl Assembly {
    pub fn refuse(&mut self, file: &str, line: u64, record: &str, kind: RecordErrorKind) {
        self.roster.errors.push(RecordError { file: file.to_owned(), line, record: record.to_owned(), kind });
    }

    fn take_pupils(&mut self, file: &str, rows: Vec<RowPupil>) {
        let word = self.words.pupil;
        let today = BirthDate::from(self.roster.exported_on);
        let mut groups: BTreeMap<String, Vec<(u64, PupilRecord)>> = BTreeMap::new();
        self.class_cells = rows.iter().filter_map(|row| Some((row.line, row.names.class.clone()?))).collect();
        for RowPupil { line, names, record } in rows {
            let record = record.and_then(|pupil| match pupil.data.born.is_after(today) {
                true => Err(RecordErrorKind::BirthDateInFuture("the birth date")),
                false => Ok(pupil),
            });
            match record {
                Ok(pupil) => {
                    let key = match self.roster.identity.pupils_without_ids {
                        true => names_and_birth(&pupil),
                        false => pupil.id.clone(),
                    };
                    groups.entry(key).or_default().push((line, pupil));
                }
                Err(kind) => {
                    self.refuse(file, line, word, kind);
                    self.rows.refused.push(names);
                    self.roster.unreadable_pupils.unnamed += 1;
                }
            }
        }
        let mut pupils: Vec<(u64, PupilRecord)> = Vec::new();
        for rows in groups.into_values() {
            match self.roster.identity.pupils_without_ids {
                true => pupils.extend(self.merge_by_ine(file, rows)),
                false => pupils.extend(self.merge_by_id(file, rows)),
            }
        }
        pupils.sort_by_key(|(line, _)| *line);
        self.check_ines(&pupils);
        let shared = duplicates(pupils.iter().filter_map(|(_, pupil)| pupil.ine.clone()));
        for (line, mut pupil) in pupils {
            pupil.ine.take_if(|ine| shared.contains(ine));
            self.roster.places.insert(pupil.id.clone(), place(file, line, &pupil.id));
            self.roster.pupils.push(pupil);
        }
    }

    /// Warns of an INE that two pupils have.
    fn check_ines(&mut self, pupils: &[(u64, PupilRecord)]) {
        let shared = duplicates(pupils.iter().filter_map(|(_, pupil)| pupil.ine.clone()));
        for (line, _) in pupils.iter().filter(|(_, pupil)| pupil.ine.as_ref().is_some_and(|ine| shared.contains(ine))) {
            let record = format!("{}, line {line}", self.words.pupil);
            self.roster.warnings.push(RecordWarning { record, kind: RecordWarningKind::SharedIne });
        }
    }

    /// Makes one pupil of the rows with one id, if they agree.
    fn merge_by_id(&mut self, file: &str, mut rows: Vec<(u64, PupilRecord)>) -> Option<(u64, PupilRecord)> {
        let (line, mut pupil) = rows.swap_remove(0);
        for (_, other) in &rows {
            pupil.ine = pupil.ine.or_else(|| other.ine.clone());
        }
        let differs = |other: &PupilRecord| {
            other.data != pupil.data || other.eleve_id != pupil.eleve_id || other.left_on != pupil.left_on
        };
        if rows.iter().any(|(_, other)| differs(other)) {
            for line in std::iter::once(line).chain(rows.iter().map(|(line, _)| *line)) {
                self.refuse(file, line, self.words.pupil, RecordErrorKind::DifferingDuplicate);
            }
            let refused = rows.iter().map(|(line, other)| self.row_names(*line, other));
            let refused: Vec<RowNames> = refused.chain([self.row_names(line, &pupil)]).collect();
            self.rows.refused.extend(refused);
            self.roster.unreadable_persons.pupils.insert(pupil.id.clone());
            self.roster.unreadable_pupils.ids.insert(pupil.id);
            return None;
        }
        Some(self.keep_lines(line, pupil, &rows))
    }

    /// Makes pupils of the rows with the same names and birth date: one, or one for each INE.
    fn merge_by_ine(&mut self, file: &str, rows: Vec<(u64, PupilRecord)>) -> Vec<(u64, PupilRecord)> {
        let numbers: BTreeSet<_> = rows.iter().filter_map(|(_, pupil)| pupil.ine.clone()).collect();
        let mut by_ine: BTreeMap<_, Vec<(u64, PupilRecord)>> = BTreeMap::new();
        for (line, pupil) in rows {
            let ine = pupil.ine.clone().or_else(|| numbers.first().filter(|_| numbers.len() == 1).cloned());
            if ine.is_none() && !numbers.is_empty() {
                self.refuse(file, line, self.words.pupil, RecordErrorKind::HomonymousPupil);
                self.rows.refused.push(self.row_names(line, &pupil));
                self.roster.unreadable_pupils.unnamed += 1;
                continue;
            }
            by_ine.entry(ine.clone()).or_default().push((line, PupilRecord { ine, ..pupil }));
        }
        let merge = |mut rows: Vec<(u64, PupilRecord)>| {
            let (line, pupil) = rows.swap_remove(0);
            self.keep_lines(line, pupil, &rows)
        };
        by_ine.into_values().map(merge).collect()
    }

    fn row_names(&self, line: u64, pupil: &PupilRecord) -> RowNames {
        let PupilRecord { data, .. } = pupil;
        let (family, given) = (Some(data.family.clone()), Some(data.given.clone()));
        RowNames { family, usage: data.usage.clone(), given, class: self.class_cells.get(&line).cloned() }
    }

    /// Keeps the lines of a pupil's rows, and of several classes the first in the order of letters.
    fn keep_lines(&mut self, line: u64, pupil: PupilRecord, others: &[(u64, PupilRecord)]) -> (u64, PupilRecord) {
        let classes = others.iter().filter_map(|(_, other)| other.class.clone()).chain(pupil.class.clone());
        let pupil = PupilRecord { class: classes.min(), ..pupil };
        let lines: Vec<u64> = others.iter().map(|(line, _)| *line).chain([line]).collect();
        let cells = lines.iter().filter_map(|line| self.class_cells.get(line).cloned()).collect();
        self.rows.classes.insert(pupil.id.clone(), cells);
        self.rows.lines.extend(lines.into_iter().map(|line| (line, pupil.id.clone())));
        (line, pupil)
    }
}

fn names_and_birth(pupil: &PupilRecord) -> String {
    let (family, given) = (roster_canonical_key(&pupil.data.family), roster_canonical_key(&pupil.data.given));
    format!("{family}|{given}|{}", pupil.data.born)
}

/// Returns how a report names a record: by its id without the school, else by its line.
pub fn place(file: &str, line: u64, id: &str) -> String {
    match id.split_once('.') {
        Some((_, id)) => id.to_owned(),
        None => format!("of line {line} of {file}"),
    }
}

fn duplicates<T: Ord + Clone>(ids: impl Iterator<Item = T>) -> BTreeSet<T> {
    let (mut seen, mut double) = (BTreeSet::new(), BTreeSet::new());
    for id in ids {
        if !seen.insert(id.clone()) {
            double.insert(id);
        }
    }
    double
}
