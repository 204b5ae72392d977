//! Reads the records of each row, without knowing the other rows.

use super::cells::{parse_level, parse_school_id, parse_table_date};
use super::{ChildColumns, FileColumns, PersonColumns, PupilColumns, TableSource};
use crate::base::date::BirthDate;
use crate::roster::formats::fields::{parse_class, parse_id, parse_mail, parse_name};
use crate::roster::formats::reader::csv_table::{CsvRow, CsvTable};
use crate::roster::formats::{PersonRecord, PupilRecord, RecordErrorKind};
use crate::roster::ine::Ine;
use crate::roster::{LinkData, PupilData};

/// The records of a table.
#[derive(Debug, Default)]
pub struct RowRecords {
    pub pupils: Vec<RowPupil>,
    pub persons: Vec<RowPerson>,
}

/// A pupil of a row. Without an id, the record's is the line.
#[derive(Debug)]
pub struct RowPupil {
    pub line: u64,
    pub names: RowNames,
    pub record: Result<PupilRecord, RecordErrorKind>,
}

/// The names in a pupil's row, whether or not it can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowNames {
    pub family: Option<String>,
    pub usage: Option<String>,
    pub given: Option<String>,
    pub class: Option<String>,
}

/// A responsable of a row.
#[derive(Debug)]
pub struct RowPerson {
    pub line: u64,
    /// The place among the responsables of the row, from 0.
    pub place: usize,
    pub children: Vec<ChildReference>,
    /// The person, with what links them to the children.
    pub record: Result<(PersonRecord, LinkData), RecordErrorKind>,
}

/// A child as a responsable names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChildReference {
    /// The pupil of this line.
    Line(u64),
    /// The key in the school.
    Id(String),
    Names {
        family: String,
        usage: Option<String>,
        given: String,
        class: Option<String>,
    },
    Unreadable,
}

/// Reads the rows of a table.
pub fn read_rows(table: &CsvTable, columns: &FileColumns, source: &TableSource) -> RowRecords {
    let mut records = RowRecords::default();
    for row in &table.rows {
        let expected = table.header.len();
        let whole = match row.filled() {
            found if found > expected => Err(RecordErrorKind::TooManyValues { found, expected }),
            _ => Ok(()),
        };
        if let Some(pupil) = columns.pupil.as_ref().filter(|pupil| has_pupil(row, pupil)) {
            let record = whole.clone().and_then(|()| read_pupil(row, pupil, source));
            records.pupils.push(RowPupil { line: row.line, names: read_names(row, pupil), record });
        }
        for (place, person) in columns.persons.iter().enumerate().filter(|(_, person)| has_person(row, person)) {
            let record = whole.clone().and_then(|()| read_person(row, place, person, (columns, source)));
            let children = person.children.iter().filter_map(|child| read_child(row, child, source)).collect();
            records.persons.push(RowPerson { line: row.line, place, children, record });
        }
    }
    records
}

/// True if the row has a pupil: in a file of responsables, some rows may have none.
fn has_pupil(row: &CsvRow, columns: &PupilColumns) -> bool {
    [Some(columns.family), Some(columns.given), Some(columns.born), columns.id, columns.ine]
        .into_iter()
        .flatten()
        .any(|column| row.cell(column).is_some())
}

fn has_person(row: &CsvRow, columns: &PersonColumns) -> bool {
    let filled = [Some(columns.family), columns.usage, Some(columns.given), columns.id, columns.mobile];
    filled.into_iter().flatten().any(|column| row.cell(column).is_some())
}

fn read_names(row: &CsvRow, columns: &PupilColumns) -> RowNames {
    let cell = |column: Option<usize>| row.cell(column?).map(str::to_owned);
    RowNames {
        family: cell(Some(columns.family)),
        usage: cell(columns.usage),
        given: cell(Some(columns.given)),
        class: cell(columns.class),
    }
}

fn read_pupil(row: &CsvRow, columns: &PupilColumns, source: &TableSource) -> Result<PupilRecord, RecordErrorKind> {
    let cell = |column: Option<usize>| row.cell(column?);
    let id = match columns.id {
        Some(column) => parse_school_id(&source.uai, "the id", row.cell(column))?,
        None => row.line.to_string(),
    };
    let family = parse_name("the family name", row.cell(columns.family))?;
    let given = parse_name("the given name", row.cell(columns.given))?;
    let born = row.cell(columns.born).ok_or(RecordErrorKind::Missing("the birth date"))?;
    let data = PupilData {
        family: family.ok_or(RecordErrorKind::Missing("the family name"))?,
        usage: parse_name("the nom d'usage", cell(columns.usage))?,
        given: given.ok_or(RecordErrorKind::Missing("the given name"))?,
        born: BirthDate::from(parse_table_date("the birth date", born)?),
        ine_blind: None,
    };
    let eleve_id = cell(columns.eleve_id).map(|id| parse_id("ELEVE_ID", Some(id))).transpose()?;
    let left_on = cell(columns.left_on).map(|day| parse_table_date("the last day", day)).transpose()?;
    let ine = cell(columns.ine).and_then(Ine::parse);
    Ok(PupilRecord { id, eleve_id, data, ine, class: cell(columns.class).and_then(shorten_class), left_on })
}

/// Returns a class as far as it fits: the first degree has long names such as « CE1 de Mme Fictive ».
fn shorten_class(name: &str) -> Option<String> {
    parse_class(name).or_else(|| {
        let words: Vec<&str> = name.split_whitespace().collect();
        (1..words.len()).rev().find_map(|count| parse_class(&words.get(..count)?.join(" ")))
    })
}

fn read_person(
    row: &CsvRow,
    place: usize,
    columns: &PersonColumns,
    (file, source): (&FileColumns, &TableSource),
) -> Result<(PersonRecord, LinkData), RecordErrorKind> {
    let cell = |column: Option<usize>| row.cell(column?);
    let id = match columns.id {
        Some(column) => parse_school_id(&source.uai, "the id", row.cell(column))?,
        None => format!("{}-{place}", row.line),
    };
    let usage = parse_name("the nom d'usage", cell(columns.usage))?;
    let family = parse_name("the family name", row.cell(columns.family))?;
    // ONDE has people with a nom d'usage only.
    let (family, usage) = match (family, usage) {
        (Some(family), usage) => (family, usage),
        (None, Some(usage)) => (usage, None),
        (None, None) => return Err(RecordErrorKind::Missing("the family name")),
    };
    let level = match cell(columns.level) {
        Some(text) => parse_level(&file.levels, text)?,
        None if columns.level.is_some() => return Err(RecordErrorKind::Missing("the level")),
        None => source.unknown_level,
    };
    let relation = cell(columns.relation).filter(|code| code.len() <= 2 && code.is_ascii()).map(str::to_owned);
    let number = |(name, column): &(&'static str, usize)| Some((*name, row.cell(*column)?.to_owned()));
    let person = PersonRecord {
        id,
        family,
        usage,
        given: parse_name("the given name", row.cell(columns.given))?.unwrap_or_default(),
        mobile: cell(columns.mobile).map(str::to_owned),
        other_numbers: columns.other_numbers.iter().filter_map(number).collect(),
        keeps_phone: false,
        mail: parse_mail(cell(columns.mail)),
        keeps_mail: columns.mail.is_none(),
    };
    Ok((person, LinkData { level, relation }))
}

/// Returns the child of a row's columns; `None` if they are empty.
fn read_child(row: &CsvRow, columns: &ChildColumns, source: &TableSource) -> Option<ChildReference> {
    match columns {
        ChildColumns::SameRow => Some(ChildReference::Line(row.line)),
        ChildColumns::Id(column) => {
            let id = parse_school_id(&source.uai, "the id", Some(row.cell(*column)?));
            Some(id.map_or(ChildReference::Unreadable, ChildReference::Id))
        }
        ChildColumns::Names { family, usage, given, class } => {
            let cell = |column: &Option<usize>| (*column).and_then(|column| row.cell(column)).map(str::to_owned);
            let (family, usage, given) = (cell(&Some(*family)), cell(usage), cell(&Some(*given)));
            if family.is_none() && usage.is_none() && given.is_none() {
                return None;
            }
            match (family.or_else(|| usage.clone()), given) {
                (Some(family), Some(given)) => Some(ChildReference::Names { family, usage, given, class: cell(class) }),
                _ => Some(ChildReference::Unreadable),
            }
        }
    }
}
