//! `preau import`: files of an academy, school by school, into the roster.
//!
//! A school is read and compared outside the writer, then written in one transaction that first compares and sets
//! the revision of its set. One school's files never hold another's back, and only one school is in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File as Opened;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use super::formats::siecle::{self, Found};
use super::formats::{Fault, File, FileError, SchoolSet, assemble};
use super::reconcile::{Removals, plan};
use super::report::{Finding, Outcome, Refused, SchoolReport, Taken};
use super::sealed::RowError;
use super::uai::Uai;
use crate::base::clock::Timestamp;
use crate::base::phone::Numbering;
use crate::base::rng::Random;
use crate::db::{self, Db};
use crate::seal::Vault;
use crate::tenants;

#[cfg(test)]
mod tests;
mod writing;

use writing::{State, Writing};

/// How often a set is compared again because another import of the school came first.
const TRIES: usize = 8;

/// What an import stands on.
#[derive(Clone, Copy)]
pub struct House<'a> {
    pub db: &'a Db,
    pub vault: &'a Vault,
    pub rng: &'a dyn Random,
    pub numbering: &'a Numbering,
    pub now: Timestamp,
}

/// What the operator asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// The academy that the ids of the files are unique in.
    pub academy: String,
    pub files: Vec<PathBuf>,
    pub removals: Removals,
    pub dry_run: bool,
}

/// Why an import stopped. Schools that were taken before it stay taken.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error(transparent)]
    Row(#[from] RowError),
    #[error("reading was interrupted: {0}")]
    Reading(#[from] tokio::task::JoinError),
    #[error("the row of {what} {key} is not known")]
    Lost { what: &'static str, key: String },
}

type Result<T> = std::result::Result<T, ImportError>;

/// Imports the files, telling each finding as soon as it is one. True if all was taken, or would be.
pub async fn import(house: House<'_>, request: &Request, tell: &mut (dyn FnMut(Finding) + Send)) -> Result<bool> {
    let mut all = true;
    let mut tell = |finding: Finding| {
        all &= finding.is_taken();
        tell(finding);
    };
    let files = request.files.clone();
    let (schools, findings) = tokio::task::spawn_blocking(move || by_school(files)).await?;
    let no_roster = schools.is_empty() && findings.iter().all(Finding::is_taken);
    findings.into_iter().chain(no_roster.then_some(Finding::NoRoster)).for_each(&mut tell);
    for (uai, files) in schools {
        let (set, broken) = read_school(uai.clone(), files).await?;
        broken.into_iter().for_each(|error| tell(Finding::File(error)));
        let (outcome, problems, remarks) = match set {
            Ok(mut set) => {
                let (problems, remarks) = (std::mem::take(&mut set.problems), std::mem::take(&mut set.remarks));
                (take(house, request, &set).await?, problems, remarks)
            }
            Err(refused) => (Outcome::Refused(refused), Vec::new(), Vec::new()),
        };
        tell(Finding::School(Box::new(SchoolReport { uai, dry_run: request.dry_run, outcome, problems, remarks })));
    }
    Ok(all)
}

/// Which files speak of which school, by their headers alone, and what is told of the others.
fn by_school(files: Vec<PathBuf>) -> (BTreeMap<Uai, BTreeSet<PathBuf>>, Vec<Finding>) {
    let mut schools: BTreeMap<Uai, BTreeSet<PathBuf>> = BTreeMap::new();
    let mut findings = Vec::new();
    for file in files {
        match open(&file).and_then(|input| siecle::read_headers(&file.to_string_lossy(), input)) {
            Ok(found) => {
                for found in found {
                    match found {
                        Found::Roster(_, header) => _ = schools.entry(header.uai).or_default().insert(file.clone()),
                        Found::Other(other) => findings.push(Finding::PassedOver(other)),
                    }
                }
            }
            Err(error) => findings.push(Finding::File(error)),
        }
    }
    (schools, findings)
}

fn open(file: &Path) -> std::result::Result<BufReader<Opened>, FileError> {
    let refuse = |error: std::io::Error| FileError {
        file: file.to_string_lossy().into_owned(),
        line: None,
        fault: Fault::Read(error.to_string()),
    };
    Opened::open(file).map(BufReader::new).map_err(refuse)
}

/// Reads the files of one school to their ends; gives its set and the files that are broken.
async fn read_school(
    uai: Uai,
    files: BTreeSet<PathBuf>,
) -> Result<(std::result::Result<SchoolSet, Refused>, Vec<FileError>)> {
    let reading = move || {
        let mut read: Vec<File> = Vec::new();
        let mut broken = Vec::new();
        for file in &files {
            match open(file).and_then(|input| siecle::read(&file.to_string_lossy(), input)) {
                Ok(found) => read.extend(found.into_iter().filter(|found| found.header.uai == uai)),
                Err(error) => broken.push(error),
            }
        }
        // Whatever else is wrong with the set, a broken file is the reason.
        let set = assemble(read).into_iter().next().filter(|_| broken.is_empty());
        (set.map_or(Err(Refused::Unreadable), |set| set.map_err(Refused::Set)), broken)
    };
    Ok(tokio::task::spawn_blocking(reading).await?)
}

/// One school: compared, and written unless that was not wanted.
async fn take(house: House<'_>, request: &Request, set: &SchoolSet) -> Result<Outcome> {
    let refused = |why: Refused| Ok(Outcome::Refused(why));
    let mut tx = house.db.read().await?;
    let Some(school) = tenants::store::school(&mut tx, set.uai.as_str()).await? else {
        return refused(Refused::Undeclared { uai: set.uai.clone(), academy: request.academy.clone() });
    };
    if school.academy != request.academy {
        return refused(Refused::Academy { declared: school.academy, given: request.academy.clone() });
    }
    for _ in 0..TRIES {
        let state = State::read(&mut tx, house.vault, &school.academy, set).await?;
        let plan = match plan(&state.known, set, house.numbering, request.removals) {
            Ok(plan) => plan,
            Err(refusal) => return refused(Refused::Roster(refusal)),
        };
        let taken = Taken::from(&plan);
        let nothing = plan.is_empty() && state.known.exported == Some(plan.exported);
        if request.dry_run || nothing {
            return Ok(Outcome::Taken(taken));
        }
        match Writing::prepare(house, state, plan)?.apply(house, &school.academy, &set.uai).await {
            Ok(true) => return Ok(Outcome::Taken(taken)),
            Ok(false) => {}
            Err(ImportError::Db(error)) if error.gave_way() => {}
            Err(error) => return Err(error),
        }
    }
    refused(Refused::Busy)
}
