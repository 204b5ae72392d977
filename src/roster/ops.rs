//! `preau import`: imports the files of an academy into the roster, school by school.
//!
//! A school is read and compared outside of the write transaction, then written in one transaction, beginning with a
//! compare-and-set on the revision of the school's roster. The files of one school never delay another school. In memory
//! are one school, and the next one that is read meanwhile.

use std::path::PathBuf;

use super::formats::aaf::DeliveryMark;
use super::formats::{RosterFormat, SchoolRoster};
use super::planned_changes::{PlannedChange, list_changes};
use super::reconcile::{ReconcileError, RemovalPolicy, plan_changes};
use super::report::{ImportFinding, ImportRejection, ImportSummary, SchoolImportOutcome, SchoolImportReport};
use super::sealed_rows::RowError;
use super::store::import;
use super::store::tables::RosterSourceRow;
use super::uai::Uai;
use crate::app::StorageOperation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::{Clock, Timestamp};
use crate::base::phone::PhoneParser;
use crate::crypto::MasterKey;
use crate::db::{self, UnitOfWork};
use crate::tenants::{self, School};

mod academy;
mod academy_changes;
mod academy_known;
mod bounds;
mod contested_rows;
mod deliveries;
mod doubtful_links;
mod former;
mod later_writers;
mod record_keys;
mod row_matching;
mod run;
mod school_changes;
mod school_files;
pub mod school_tables;
mod sealed_plan;
mod stored_roster;
mod stored_rows;
#[cfg(test)]
mod tests;
pub mod undo;
pub mod words;

pub use bounds::ImportBounds;
use deliveries::{DeliveryTurn, find_turn, settle_delivery};
use doubtful_links::settle_doubtful_links;
use record_keys::find_roster_keys;
pub use run::{finish_accounts_run, start_accounts_run};
use run::{finish_run, start_run};
use school_files::{import_school_files, open_file};
use school_tables::TableRequest;
use sealed_plan::SealedPlan;
use stored_roster::{RosterReading, StoredRoster};

/// The maximum number of comparisons when other imports of the same school keep committing first.
const MAX_CONFLICT_ATTEMPTS: usize = 8;

/// The dependencies of an import.
#[derive(Clone, Copy)]
pub struct ImportContext<'a> {
    pub storage: StorageOperation<'a>,
    pub phone_parser: &'a PhoneParser,
    /// Is told how far the import is.
    progress: &'a (dyn Fn(ImportProgress) + Sync),
    /// Tells when the import has ended; without it, that is when it began.
    clock: Option<&'a dyn Clock>,
    /// The row of the run and the delivery, set by the import itself.
    run: Option<&'a str>,
    is_resumed: bool,
    delivery: Option<&'a DeliveryMark>,
    /// The word of the school about its tables, to be kept with the set.
    source: Option<&'a RosterSourceRow>,
    /// Of a roster that was given on screen.
    bounds: Option<ImportBounds<'a>>,
}

impl<'a> ImportContext<'a> {
    /// Returns the dependencies of an import that tells nobody how far it is.
    pub fn new(storage: StorageOperation<'a>, phone_parser: &'a PhoneParser) -> Self {
        Self {
            storage,
            phone_parser,
            progress: &without_progress,
            clock: None,
            run: None,
            is_resumed: false,
            delivery: None,
            source: None,
            bounds: None,
        }
    }

    #[must_use]
    pub fn with_clock(self, clock: &'a dyn Clock) -> Self {
        Self { clock: Some(clock), ..self }
    }

    #[must_use]
    pub fn with_bounds(self, bounds: ImportBounds<'a>) -> Self {
        Self { bounds: Some(bounds), ..self }
    }

    /// Returns the time of what is written now; of an import without a clock, that of its beginning.
    pub fn now(&self) -> Timestamp {
        self.clock.map_or(self.storage.now, |clock| clock.now())
    }

    /// Records an event with the time at which it is written, not that of the beginning: the audit is sealed a minute after
    /// the time of its rows, and an import may take hours.
    async fn record(self, tx: &mut UnitOfWork<'_>, event: AuditEvent, about: AuditDetails<'_>) -> Result<()> {
        let began = std::mem::replace(&mut tx.now, self.now());
        let done = audit::store::record(tx, event, about).await;
        tx.now = began;
        Ok(done?)
    }

    /// Tells whoever asked how far the import is.
    pub fn report_progress(&self, progress: ImportProgress) {
        (self.progress)(progress);
    }

    #[must_use]
    pub fn with_progress(self, progress: &'a (dyn Fn(ImportProgress) + Sync)) -> Self {
        Self { progress, ..self }
    }
}

/// The schools done, of those of the files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportProgress {
    pub done: usize,
    pub total: usize,
    /// True after an interruption: what was taken before it is read again, and stays as it is.
    pub is_resumed: bool,
}

impl ImportProgress {
    fn of(ctx: ImportContext<'_>, total: usize) -> Self {
        Self { done: 0, total, is_resumed: ctx.is_resumed }
    }
}

/// Tells nobody how far an import is.
fn without_progress(_: ImportProgress) {}

/// The request of the operator.
#[derive(Clone, Debug)]
pub struct ImportRequest {
    pub format: RosterFormat,
    /// The academy in which the ids of the files are unique.
    pub academy: String,
    pub files: Vec<PathBuf>,
    /// Of a format whose files are tables.
    pub tables: Option<TableRequest>,
    pub removals: RemovalPolicy,
    /// The format becomes the leading one of the schools, whichever led before.
    pub takes_lead: bool,
    pub dry_run: bool,
}

/// The error that stops an import. Schools imported before the error stay imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Db(#[from] db::DbError),
    #[error(transparent)]
    Row(#[from] RowError),
    #[error("reading was interrupted: {0}")]
    Reading(#[from] tokio::task::JoinError),
    #[error("what an undo puts back: {0}")]
    Former(serde_json::Error),
    #[error("the row of {what} {key} is not known")]
    UnknownRow { what: &'static str, key: String },
}

type Result<T> = std::result::Result<T, ImportError>;

/// Imports the files, reporting each finding at once. Returns true if everything was imported, or would be.
pub async fn import_files(
    ctx: ImportContext<'_>,
    request: &ImportRequest,
    tell: &mut (dyn FnMut(ImportFinding) + Send),
) -> Result<bool> {
    let mut all = true;
    let mut tell = |finding: ImportFinding| {
        all &= finding.is_imported();
        tell(finding);
    };
    let run = start_run(ctx, request).await?;
    let is_resumed = run.as_ref().is_some_and(|run| run.is_resumed);
    if is_resumed {
        tell(ImportFinding::Resumed);
    }
    let run_id = run.as_ref().map(|run| run.id.as_str());
    let ctx = ImportContext { run: run_id, is_resumed, ..ctx };
    match (request.format.school_files(), &request.tables) {
        (Some(format), _) => Box::pin(import_school_files(ctx, request, format, &mut tell)).await?,
        (None, Some(tables)) => Box::pin(school_tables::import_tables(ctx, request, tables, &mut tell)).await?,
        (None, None) => Box::pin(academy::import_deliveries(ctx, request, &mut tell)).await?,
    }
    if let Some(run_id) = run_id {
        finish_run(ctx, &request.academy, run_id, all).await?;
    }
    Ok(all)
}

/// Imports the roster of a school, and reports it. Returns true if it was taken, or would be. `declared` is the school,
/// if it has no row yet in a dry run.
async fn import_roster(
    ctx: ImportContext<'_>,
    request: &ImportRequest,
    mut set: SchoolRoster,
    declared: Option<School>,
    tell: &mut (dyn FnMut(ImportFinding) + Send),
) -> Result<bool> {
    blind_ines(&mut set, ctx.storage.master_key);
    let said = (std::mem::take(&mut set.errors), std::mem::take(&mut set.warnings));
    let outcome = Box::pin(import_school(ctx, request, &set, declared)).await?;
    let is_taken = !matches!(outcome.0, SchoolImportOutcome::Rejected(_));
    tell(school_finding(request, set.uai, outcome, said));
    Ok(is_taken)
}

fn school_finding(
    request: &ImportRequest,
    uai: Uai,
    (outcome, planned): (SchoolImportOutcome, Vec<PlannedChange>),
    (errors, warnings): (Vec<super::formats::RecordError>, Vec<super::formats::RecordWarning>),
) -> ImportFinding {
    let (format, dry_run) = (request.format, request.dry_run);
    ImportFinding::School(Box::new(SchoolImportReport { uai, format, dry_run, outcome, planned, errors, warnings }))
}

/// Replaces the INE of each pupil by its HMAC.
fn blind_ines(set: &mut SchoolRoster, master_key: &MasterKey) {
    for pupil in &mut set.pupils {
        pupil.data.ine_blind = pupil.ine.take().map(|ine| ine.blind(master_key));
    }
}

/// Compares one school's roster with the database and writes the changes unless the request is a dry run.
async fn import_school(
    ctx: ImportContext<'_>,
    request: &ImportRequest,
    given: &SchoolRoster,
    declared: Option<School>,
) -> Result<(SchoolImportOutcome, Vec<PlannedChange>)> {
    let refused = |why: ImportRejection| Ok((SchoolImportOutcome::Rejected(why), Vec::new()));
    let mut tx = ctx.storage.db.read().await?;
    let Some(school) = tenants::store::find_school(&mut tx, &given.uai).await?.or(declared) else {
        return refused(ImportRejection::UndeclaredSchool { uai: given.uai.clone(), academy: request.academy.clone() });
    };
    if school.academy != request.academy {
        return refused(ImportRejection::OtherAcademy { declared: school.academy, given: request.academy.clone() });
    }
    if let (Some(_), Err(why)) = (ctx.bounds, bounds::check_times(given, ctx.storage.now)) {
        return refused(why);
    }
    match find_turn(ctx, &mut tx, request.format.name(), &given.uai).await? {
        DeliveryTurn::Now => {}
        DeliveryTurn::TakenBefore { later } => return Ok((SchoolImportOutcome::TakenBefore { later }, Vec::new())),
        DeliveryTurn::After { missing } => return refused(ImportRejection::AfterMissing { missing }),
    }
    let (master_key, phone_parser) = (ctx.storage.master_key, ctx.phone_parser);
    for _ in 0..MAX_CONFLICT_ATTEMPTS {
        let before = import::find_set(&mut tx, &given.uai).await?.map(|set| set.revision);
        let keyed = find_roster_keys(&mut tx, ctx, request, given).await?;
        let given = keyed.as_ref().map_or(given, |keyed| &keyed.set);
        let (db, now) = (ctx.storage.db, ctx.storage.now);
        let reading = RosterReading { db, request, master_key, phone_parser, now, set: given };
        let state = StoredRoster::read(&mut tx, reading).await?;
        if state.set.as_ref().map(|set| set.revision) != before {
            continue;
        }
        let set = state.matching.without_ambiguous(given);
        let (set, doubtful) = settle_doubtful_links(&state.current, set);
        let plan = match plan_changes(&state.current, &set, phone_parser, request.removals) {
            Ok(plan) => plan,
            Err(refusal) => {
                if !matches!(refusal, ReconcileError::TooManyRemovals { .. }) {
                    drop(tx);
                    settle_delivery(ctx, request, &given.uai, false).await?;
                }
                return refused(ImportRejection::Reconcile(refusal));
            }
        };
        let taken = ImportSummary { beside: Box::new(state.describe_others(&plan)), ..ImportSummary::from(&plan) };
        let taken = match &keyed {
            Some(keyed) => taken.with_ambiguous(&keyed.ambiguous_pupils, &keyed.ambiguous_persons),
            None => taken,
        };
        let taken = taken.with_doubtful_children(doubtful).with_places(&set.places);
        let nothing = plan.is_empty()
            && state.matching.is_empty()
            && !state.standing.takes_lead
            && (state.current.last_export == Some(plan.export) || set.extent.is_people_only());
        let (taken, planned) = match ctx.bounds {
            Some(bounds) => {
                let read = (&state, &*set, &plan);
                let (taken, planned) = bounds::bind(&mut tx, (ctx, request.format), read, taken).await?;
                if bounds.agreed.is_some_and(|digest| digest != taken.bounded.digest) {
                    return refused(ImportRejection::Changed);
                }
                (taken, Some(planned))
            }
            None => (taken, None),
        };
        if request.dry_run {
            let list = || list_changes(request.format, &state.current, &set, &plan);
            let planned = planned.unwrap_or_else(list);
            let taken = taken.with_departures(&state.current, &plan);
            return Ok((SchoolImportOutcome::Imported(taken), planned));
        }
        if nothing {
            drop(tx);
            school_tables::keep_source(ctx, request.format, &set.uai).await?;
            settle_delivery(ctx, request, &given.uai, true).await?;
            return Ok((SchoolImportOutcome::Imported(taken), Vec::new()));
        }
        let sealed = SealedPlan::seal(ctx, state, plan, (request.format, &set))?;
        match sealed.apply(ctx, &school.academy, &set.uai).await {
            Ok(true) => {
                if let Err(error) = ctx.storage.db.follow_growth().await {
                    tracing::warn!(%error, "the database does not know how many people it has: imports are slower");
                }
                return Ok((SchoolImportOutcome::Imported(taken), Vec::new()));
            }
            Ok(false) => {}
            Err(ImportError::Db(error)) if error.is_serialization_failure() => {}
            // Two rows were to have one key, or another import gave it meanwhile.
            Err(ImportError::Db(error)) if error.is_unique_violation() => {}
            // Somebody whom the set names again was erased since the comparison: with the next one it is a new person.
            Err(ImportError::Db(error)) if error.is_foreign_key_violation() => {}
            Err(error) => return Err(error),
        }
    }
    refused(ImportRejection::Conflict)
}
