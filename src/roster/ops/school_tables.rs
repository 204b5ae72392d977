//! Imports the tables of one school: which school, of when and by which columns is said beside the files.
//!
//! What a school said once of its tables is kept, and written in the transaction in which its roster is taken.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::{ImportContext, ImportProgress, ImportRequest, Result, import_roster, school_finding};
use crate::base::clock::Timestamp;
use crate::db::Durability;
use crate::roster::Level;
use crate::roster::formats::columns::{TableRead, TableSource, assemble_roster};
use crate::roster::formats::csv::mapping::ColumnMapping;
use crate::roster::formats::{FileError, FileErrorKind, RosterFormat, SchoolRoster, csv, onde};
use crate::roster::report::{ImportFinding, ImportRejection, SchoolImportOutcome};
use crate::roster::store::tables::{self, RosterSourceRow};
use crate::roster::uai::Uai;

/// The facts that are said beside the tables of a school.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRequest {
    pub uai: Uai,
    /// The time of the export; without it, each file is of the time at which it was last written.
    pub exported_at: Option<Timestamp>,
    /// True if every responsable is a legal representative, false if not; without it, what the school said before.
    pub all_legal: Option<bool>,
    /// The mapping of the columns, as TOML; without it, the one that is kept for the school.
    pub mapping: Option<String>,
}

type Tell<'a> = &'a mut (dyn FnMut(ImportFinding) + Send);

/// Imports the tables of a school.
pub async fn import_tables(
    ctx: ImportContext<'_>,
    request: &ImportRequest,
    said: &TableRequest,
    tell: Tell<'_>,
) -> Result<()> {
    let progress = ImportProgress::of(ctx, 1);
    (ctx.progress)(progress);
    let format = request.format;
    let mut tx = ctx.storage.db.read().await?;
    let known = tables::find_source(&mut tx, &said.uai, format.name()).await?;
    let is_first_degree = crate::tenants::store::find_school(&mut tx, &said.uai).await?.map(|s| s.first_degree);
    drop(tx);
    if format == RosterFormat::Onde && is_first_degree == Some(false) {
        let outcome = SchoolImportOutcome::Rejected(ImportRejection::NotFirstDegree);
        tell(school_finding(request, said.uai.clone(), (outcome, Vec::new()), (Vec::new(), Vec::new())));
        return Ok(());
    }
    let kept = merge(known.clone().unwrap_or_default(), said);
    let mapping = match find_mapping(format, &kept) {
        Ok(mapping) => mapping,
        Err(refused) => {
            let outcome = SchoolImportOutcome::Rejected(refused);
            tell(school_finding(request, said.uai.clone(), (outcome, Vec::new()), (Vec::new(), Vec::new())));
            return Ok(());
        }
    };
    let source = TableSource {
        uai: said.uai.clone(),
        exported_at: said.exported_at,
        unknown_level: if kept.all_legal { Level::Legal } else { Level::InCharge },
        pupils_alone: mapping.as_ref().is_some_and(|mapping| mapping.responsables.is_empty()),
    };
    let (files, now) = (request.files.clone(), ctx.storage.now);
    let (set, broken) =
        tokio::task::spawn_blocking(move || read_tables(&source, mapping.as_ref(), &files, now)).await?;
    broken.into_iter().for_each(|error| tell(ImportFinding::File(error)));
    match set {
        Ok(set) => {
            let is_unknown = set.levels_unknown && !kept.all_legal;
            let source = Some(&kept).filter(|_| known.as_ref() != Some(&kept));
            let taken = import_roster(ImportContext { source, ..ctx }, request, set, None, tell).await?;
            if taken && is_unknown {
                tell(ImportFinding::UnknownLevels { uai: said.uai.clone() });
            }
        }
        Err(refused) => {
            let outcome = SchoolImportOutcome::Rejected(refused);
            tell(school_finding(request, said.uai.clone(), (outcome, Vec::new()), (Vec::new(), Vec::new())));
        }
    }
    (ctx.progress)(ImportProgress { done: 1, ..progress });
    Ok(())
}

/// Keeps what a school said of tables in which nothing is new.
pub(super) async fn keep_source(ctx: ImportContext<'_>, format: RosterFormat, uai: &Uai) -> Result<()> {
    let Some(source) = ctx.source else { return Ok(()) };
    let mut tx = ctx.storage.write(Durability::Durable).await?;
    tables::upsert_source(&mut tx, uai, format.name(), source).await?;
    Ok(tx.commit().await?)
}

fn merge(known: RosterSourceRow, said: &TableRequest) -> RosterSourceRow {
    // The school's word was of the columns of that mapping: another one may name people of every kind.
    let is_same = said.mapping.is_none() || said.mapping == known.mapping;
    RosterSourceRow {
        all_legal: said.all_legal.unwrap_or(known.all_legal && is_same),
        mapping: said.mapping.clone().or(known.mapping),
    }
}

/// Returns the mapping of a format that needs one.
fn find_mapping(
    format: RosterFormat,
    kept: &RosterSourceRow,
) -> std::result::Result<Option<ColumnMapping>, ImportRejection> {
    if format != RosterFormat::Csv {
        return Ok(None);
    }
    let text = kept.mapping.as_deref().ok_or(ImportRejection::NoMapping)?;
    ColumnMapping::parse(text).map(Some).map_err(ImportRejection::Mapping)
}

/// Reads the files to the end. Of broken files nothing is taken.
fn read_tables(
    source: &TableSource,
    mapping: Option<&ColumnMapping>,
    files: &[PathBuf],
    now: Timestamp,
) -> (std::result::Result<SchoolRoster, ImportRejection>, Vec<FileError>) {
    let (mut read, mut broken) = (Vec::new(), Vec::new());
    let words = if mapping.is_some() { csv::WORDS } else { onde::WORDS };
    for path in files {
        match read_file(source, mapping, path, now) {
            Ok(table) => read.push(table),
            Err(error) => broken.push(error),
        }
    }
    let set = match broken.is_empty() {
        true => assemble_roster(source, words, read).map_err(ImportRejection::Files),
        false => Err(ImportRejection::UnreadableFile),
    };
    (set, broken)
}

fn read_file(
    source: &TableSource,
    mapping: Option<&ColumnMapping>,
    path: &Path,
    now: Timestamp,
) -> std::result::Result<TableRead, FileError> {
    let name = path.to_string_lossy();
    let refuse = |error: std::io::Error| FileError {
        file: name.clone().into_owned(),
        line: None,
        kind: FileErrorKind::Unreadable(error.to_string()),
        remedy: None,
    };
    let input = File::open(path).map_err(refuse)?;
    let written = input.metadata().and_then(|data| data.modified()).map_err(refuse)?;
    let written = written.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(0));
    // A clock that is ahead must not make the next export older than this one.
    let exported_at = source.exported_at.unwrap_or(Timestamp(written)).min(now);
    match mapping {
        Some(mapping) => csv::read_file(&name, input, exported_at, (source, mapping)),
        None => onde::read_file(&name, input, exported_at, source),
    }
}
