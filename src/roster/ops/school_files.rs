//! Imports files of which each is of one school: finds which speak of which, and reads those of one school while the one
//! before it is written.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use tokio::task::JoinHandle;

use super::{ImportContext, ImportProgress, ImportRequest, Result, import_roster, school_finding};
use crate::roster::formats::{
    DocumentOutline, FileError, FileErrorKind, SchoolFileFormat, SchoolReading, SchoolRoster,
};
use crate::roster::report::{ImportFinding, ImportRejection, SchoolImportOutcome};
use crate::roster::uai::Uai;

/// Imports the files of a format of which each file is of one school.
pub async fn import_school_files(
    ctx: ImportContext<'_>,
    request: &ImportRequest,
    format: SchoolFileFormat,
    tell: &mut (dyn FnMut(ImportFinding) + Send),
) -> Result<()> {
    let files = request.files.clone();
    let (schools, findings) = tokio::task::spawn_blocking(move || group_by_school(format, files)).await?;
    let no_roster = schools.is_empty() && findings.iter().all(ImportFinding::is_imported);
    findings.into_iter().chain(no_roster.then_some(ImportFinding::NoRoster)).for_each(&mut *tell);
    let mut progress = ImportProgress::of(ctx, schools.len());
    let start = |(uai, files): (Uai, _)| (uai.clone(), start_reading(format, uai, files));
    let mut schools = schools.into_iter();
    let mut next = schools.next().map(start);
    while let Some((uai, reading)) = next {
        (ctx.progress)(progress);
        progress.done += 1;
        let (set, broken) = reading.await?;
        // One school is read while the one before it is written.
        next = schools.next().map(start);
        broken.into_iter().for_each(|error| tell(ImportFinding::File(error)));
        match set {
            Ok(set) => _ = import_roster(ctx, request, set, None, tell).await?,
            Err(refused) => {
                let outcome = SchoolImportOutcome::Rejected(refused);
                tell(school_finding(request, uai, (outcome, Vec::new()), (Vec::new(), Vec::new())));
            }
        }
    }
    (ctx.progress)(progress);
    Ok(())
}

/// Groups the files by school, reading headers only, and returns the findings about the other files.
fn group_by_school(
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

/// One school's roster, or the reason for which there is none, with the errors of broken files.
type SchoolRead = (std::result::Result<SchoolRoster, ImportRejection>, Vec<FileError>);

/// Begins to read the files of one school to the end, beside whatever the caller does meanwhile.
fn start_reading(format: SchoolFileFormat, uai: Uai, files: BTreeSet<PathBuf>) -> JoinHandle<SchoolRead> {
    tokio::task::spawn_blocking(move || {
        let opened = files.iter().map(|file| Ok((file.to_string_lossy().into_owned(), open_file(file)?)));
        let SchoolReading { roster, broken } = format.read_school(&uai, opened);
        // A broken file is the reason for the rejection, whatever else is wrong with the roster.
        let set = roster.filter(|_| broken.is_empty());
        (set.map_or(Err(ImportRejection::UnreadableFile), |set| set.map_err(ImportRejection::Files)), broken)
    })
}
