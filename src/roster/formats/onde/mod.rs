//! Reads the extractions of ONDE, the base of nursery and primary schools: pupils, and their responsables.
//!
//! Columns are found by their names, never by their places: the program writes as many blocks of a child as the widest
//! family has, and its releases add columns. No responsable has an id, a birth date or a legal level.

use super::columns::{
    ChildColumns, FileColumns, PersonColumns, PupilColumns, TableRead, TableSource, TableWords, fold_header, read_rows,
};
use super::reader::csv_table::{CsvTable, TableFault, read_table};
use super::{FileError, FileErrorKind};
use crate::base::clock::Timestamp;

#[cfg(test)]
mod tests;

pub const WORDS: TableWords = TableWords { pupil: "Élève", person: "Responsable" };
const REMEDY: &str = "; export pupils and responsables anew from ONDE's menu « Extractions »";

/// The names of a column in ONDE's releases, folded; the newest first.
type Names = &'static [&'static str];
const PUPIL_FAMILY: Names = &["nom eleve", "nom de famille eleve"];
const PUPIL_USAGE: Names = &["nom d usage eleve", "nom usage eleve"];
const PUPIL_GIVEN: Names = &["prenom eleve"];
const BORN: Names = &["date naissance", "date de naissance", "date naissance eleve"];
const INE: Names = &["ine", "ine eleve"];
const CLASS: Names = &["libelle classe", "classe"];
const PERSON_FAMILY: Names = &["nom responsable", "nom de famille responsable"];
const PERSON_USAGE: Names = &["nom usage responsable", "nom d usage responsable"];
const PERSON_GIVEN: Names = &["prenom responsable"];
const MOBILE: Names = &["telephone portable"];
const MAIL: Names = &["courriel", "courriel responsable"];
const HOME: Names = &["telephone domicile"];
const WORK: Names = &["telephone travail"];
const CHILD_FAMILY: Names = &["nom de famille eleve", "nom de famille enfant"];
const CHILD_USAGE: Names = &["nom d usage eleve", "nom d usage enfant"];
const CHILD_GIVEN: Names = &["prenom eleve", "prenom enfant"];
const CHILD_CLASS: Names = &["classes eleves", "classes enfants"];

/// Reads one file to its end.
pub fn read_file(
    name: &str,
    input: impl std::io::Read,
    exported_at: Timestamp,
    source: &TableSource,
) -> Result<TableRead, FileError> {
    let refuse = |error: FileError| FileError { remedy: Some(REMEDY), ..error };
    let table = read_table(name, input).map_err(refuse)?;
    let columns = find_columns(&table).map_err(|fault| {
        refuse(FileError { file: name.to_owned(), line: None, kind: FileErrorKind::from(fault), remedy: None })
    })?;
    let records = read_rows(&table, &columns, source);
    let assumed_encoding = table.assumed_encoding;
    Ok(TableRead { name: name.to_owned(), exported_at, columns, records, assumed_encoding })
}

/// Says which extraction a table is, and where its columns are.
fn find_columns(table: &CsvTable) -> Result<FileColumns, TableFault> {
    let header = Header(table.header.iter().map(|name| fold_header(name)).collect());
    let is_persons = header.find(PERSON_GIVEN).is_some() || header.find(PERSON_FAMILY).is_some();
    match is_persons {
        true => Ok(FileColumns { persons: vec![header.person()?], ..FileColumns::default() }),
        false => Ok(FileColumns { pupil: Some(header.pupil()?), ..FileColumns::default() }),
    }
}

/// The folded names of a table's columns.
struct Header(Vec<String>);

impl Header {
    /// Returns the places of all columns with one of the names.
    fn places(&self, names: Names) -> Vec<usize> {
        let has_name = |column: &String| names.contains(&column.as_str());
        self.0.iter().enumerate().filter(|(_, column)| has_name(column)).map(|(place, _)| place).collect()
    }

    /// Returns the first column with the first of the names that is there.
    fn find(&self, names: Names) -> Option<usize> {
        names.iter().find_map(|name| self.0.iter().position(|column| column == name))
    }

    fn require(&self, names: Names, label: &str) -> Result<usize, TableFault> {
        self.find(names).ok_or_else(|| TableFault::UnknownColumns(label.to_owned()))
    }

    fn pupil(&self) -> Result<PupilColumns, TableFault> {
        Ok(PupilColumns {
            family: self.require(PUPIL_FAMILY, "« Nom élève »")?,
            usage: self.find(PUPIL_USAGE),
            given: self.require(PUPIL_GIVEN, "« Prénom élève »")?,
            born: self.require(BORN, "« Date naissance »")?,
            ine: self.find(INE),
            class: self.find(CLASS),
            ..PupilColumns::default()
        })
    }

    fn person(&self) -> Result<PersonColumns, TableFault> {
        let numbers = [("TEL_PERSONNEL", HOME), ("TEL_PROFESSIONNEL", WORK)];
        let children = self.children();
        if children.is_empty() {
            return Err(TableFault::UnknownColumns("« Nom de famille élève » and « Prénom élève »".to_owned()));
        }
        Ok(PersonColumns {
            id: None,
            family: self.require(PERSON_FAMILY, "« Nom responsable »")?,
            usage: self.find(PERSON_USAGE),
            given: self.require(PERSON_GIVEN, "« Prénom responsable »")?,
            mobile: Some(self.require(MOBILE, "« Téléphone portable »")?),
            mail: self.find(MAIL),
            other_numbers: numbers.iter().filter_map(|(name, names)| Some((*name, self.find(names)?))).collect(),
            level: None,
            relation: None,
            children,
        })
    }

    /// Returns the blocks of a child: each begins after the one before.
    fn children(&self) -> Vec<ChildColumns> {
        let (families, givens) = (self.places(CHILD_FAMILY), self.places(CHILD_GIVEN));
        let (usages, classes) = (self.places(CHILD_USAGE), self.places(CHILD_CLASS));
        let block = |(number, (family, given)): (usize, (&usize, &usize))| ChildColumns::Names {
            family: *family,
            usage: usages.get(number).copied(),
            given: *given,
            class: classes.get(number).copied(),
        };
        families.iter().zip(&givens).enumerate().map(block).collect()
    }
}
