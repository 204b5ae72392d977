//! Reads any table of a school, by a mapping that says in which columns it has what ([`mapping`]). A first mapping can
//! be guessed ([`guess`]); nothing is imported by a guess that nobody saw.

pub mod guess;
pub mod mapping;
#[cfg(test)]
mod tests;

use super::columns::{TableRead, TableSource, TableWords, read_rows};
use super::reader::csv_table::{CsvTable, read_table};
use super::{FileError, FileErrorKind};
use crate::base::clock::Timestamp;
use mapping::ColumnMapping;

pub const WORDS: TableWords = TableWords { pupil: "pupil", person: "responsable" };
const REMEDY: &str = "; --guess-mapping prints a mapping for these files";

/// Reads one file to its end.
pub fn read_file(
    name: &str,
    input: impl std::io::Read,
    exported_at: Timestamp,
    (source, mapping): (&TableSource, &ColumnMapping),
) -> Result<TableRead, FileError> {
    let table = read_table(name, input)?;
    let columns = mapping.find_columns(&table.header).map_err(|fault| FileError {
        file: name.to_owned(),
        line: None,
        kind: FileErrorKind::from(fault),
        remedy: Some(REMEDY),
    })?;
    let records = read_rows(&table, &columns, source);
    let assumed_encoding = table.assumed_encoding;
    Ok(TableRead { name: name.to_owned(), exported_at, columns, records, assumed_encoding })
}

/// Reads the tables for which a mapping is to be guessed.
pub fn read_tables<R: std::io::Read>(
    files: impl Iterator<Item = (String, R)>,
) -> Result<Vec<(String, CsvTable)>, FileError> {
    files.map(|(name, input)| Ok((name.clone(), read_table(&name, input)?))).collect()
}
