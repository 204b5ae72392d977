//! Finds which files speak of which school, and reads those of one school.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use super::Result;
use crate::roster::formats::{
    DocumentOutline, FileError, FileErrorKind, SchoolFileFormat, SchoolReading, SchoolRoster,
};
use crate::roster::report::{ImportFinding, ImportRejection};
use crate::roster::uai::Uai;

/// Groups the files by school, reading headers only, and returns the findings about the other files.
pub fn group_by_school(
    format: SchoolFileFormat,
    files: Vec<PathBuf>,
) -> (BTreeMap<Uai, BTreeSet<PathBuf>>, Vec<ImportFinding>) {
    let mut schools: BTreeMap<Uai, BTreeSet<PathBuf>> = BTreeMap::new();
    let mut findings = Vec::new();
    for file in files {
        match open_file(&file).and_then(|input| format.outline(&file.to_string_lossy(), input)) {
            Ok(found) => {
                for found in found {
                    match found {
                        DocumentOutline::School(uai) => _ = schools.entry(uai).or_default().insert(file.clone()),
                        DocumentOutline::Skipped(other) => findings.push(ImportFinding::Skipped(other)),
                    }
                }
            }
            Err(error) => findings.push(ImportFinding::File(error)),
        }
    }
    (schools, findings)
}

pub fn open_file(file: &Path) -> std::result::Result<BufReader<File>, FileError> {
    let refuse = |error: std::io::Error| FileError {
        file: file.to_string_lossy().into_owned(),
        line: None,
        kind: FileErrorKind::Unreadable(error.to_string()),
        remedy: None,
    };
    File::open(file).map(BufReader::new).map_err(refuse)
}

/// Reads the files of one school to the end; returns the school's roster and the errors of broken files.
pub async fn read_school(
    format: SchoolFileFormat,
    uai: Uai,
    files: BTreeSet<PathBuf>,
) -> Result<(std::result::Result<SchoolRoster, ImportRejection>, Vec<FileError>)> {
    let reading = move || {
        let opened = files.iter().map(|file| Ok((file.to_string_lossy().into_owned(), open_file(file)?)));
        let SchoolReading { roster, broken } = format.read_school(&uai, opened);
        // A broken file is the reason for the rejection, whatever else is wrong with the roster.
        let set = roster.filter(|_| broken.is_empty());
        (set.map_or(Err(ImportRejection::UnreadableFile), |set| set.map_err(ImportRejection::Files)), broken)
    };
    Ok(tokio::task::spawn_blocking(reading).await?)
}
