//! Undoes the last run of an import, school by school, as long as nothing was imported after it.
//!
//! Nothing is deleted: people whom the run brought keep their rows, without an enrolment or a link.

use std::collections::BTreeMap;

use super::{ImportContext, ImportError, Result};
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::{Span, Timestamp};
use crate::db::{Durability, UnitOfWork};
use crate::roster::reconcile::ExportVersion;
use crate::roster::sealed_rows::{PersonRow, PupilRow};
use crate::roster::store::import::{self, RosterSetRow};
use crate::roster::store::runs::{self, FormerEnrolment, FormerLink, ImportRunRow, RunSetRow};
use crate::roster::uai::Uai;
use crate::tenants;

/// The time for which a run can be undone.
pub const UNDO_TTL: Span = Span::days(30);

/// The state of a school before a set.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct FormerSet {
    /// Absent before the first set.
    set: Option<RosterSetRow>,
    pupils_at: i64,
    persons_at: i64,
    pub persons: Vec<PersonRow>,
    pub pupils: Vec<PupilRow>,
    pub enrolments: Vec<FormerEnrolment>,
    pub links: Vec<FormerLink>,
}

impl FormerSet {
    pub fn of(set: Option<RosterSetRow>, export: ExportVersion) -> Self {
        let (pupils_at, persons_at) = (export.pupils_at.0, export.persons_at.0);
        let (persons, pupils, enrolments, links) = Default::default();
        Self { set, pupils_at, persons_at, persons, pupils, enrolments, links }
    }
}

/// The outcome of an undo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportUndo {
    /// No run that wrote something, or the last one is undone.
    NoRun,
    /// The last run is older than [`UNDO_TTL`].
    TooOld { started_at: Timestamp },
    /// Each school, and whether it is as before the run. One into which something was imported later is left alone.
    Done { run_id: String, schools: Vec<(Uai, bool)> },
}

/// Undoes the last run of an academy.
pub async fn undo_last_run(ctx: ImportContext<'_>, academy: &str) -> Result<ImportUndo> {
    let mut tx = ctx.storage.db.read().await?;
    let last = runs::list_runs(&mut tx, Some(academy)).await?.into_iter().find(|run| run.sets > 0);
    let Some(ImportRunRow { id, started_at, .. }) = last.filter(|run| run.undone_at.is_none()) else {
        return Ok(ImportUndo::NoRun);
    };
    if ctx.storage.now.since(Timestamp(started_at)) > UNDO_TTL {
        return Ok(ImportUndo::TooOld { started_at: Timestamp(started_at) });
    }
    let sets = runs::list_sets(&mut tx, &id).await?;
    drop(tx);
    // A run of several deltas wrote a school several times: each undo leaves the revision that the next one expects.
    let mut schools = BTreeMap::<Uai, bool>::new();
    let mut revisions = BTreeMap::<Uai, i64>::new();
    for set in sets.iter().filter(|set| !set.former.is_empty()) {
        let expected = revisions.get(&set.uai).copied().unwrap_or(set.revision);
        let so_far = schools.entry(set.uai.clone()).or_insert(true);
        let undone = if *so_far { undo_set(ctx, &id, set, expected).await? } else { None };
        *so_far = undone.is_some();
        revisions.extend(undone.map(|revision| (set.uai.clone(), revision)));
    }
    if schools.values().any(|undone| *undone) {
        let mut tx = ctx.storage.write(Durability::Durable).await?;
        runs::mark_undone(&mut tx, &id).await?;
        tx.commit().await?;
    }
    Ok(ImportUndo::Done { run_id: id, schools: schools.into_iter().collect() })
}

/// Undoes one set. Returns the revision that it leaves; `None` if the school has another one than was expected.
async fn undo_set(ctx: ImportContext<'_>, run_id: &str, set: &RunSetRow, expected: i64) -> Result<Option<i64>> {
    let former: FormerSet = serde_json::from_str(&set.former).map_err(ImportError::Former)?;
    let mut tx = ctx.storage.write(Durability::Durable).await?;
    let known = import::find_set(&mut tx, &set.uai).await?.filter(|known| known.revision == expected);
    let Some(known) = known else {
        tx.rollback().await?;
        return Ok(None);
    };
    let revision = known.revision.saturating_add(1);
    let new = match &former.set {
        Some(former) => RosterSetRow { revision, ..former.clone() },
        // Older than any export.
        None => RosterSetRow {
            revision,
            school_year: 0,
            eleves_exported_at: 0,
            responsables_exported_at: 0,
            leading_format: known.leading_format.clone(),
        },
    };
    if !import::compare_and_set(&mut tx, &set.uai, Some(&known), &new).await? {
        tx.rollback().await?;
        return Ok(None);
    }
    restore_rows(&mut tx, &set.uai, &former).await?;
    runs::clear_former(&mut tx, run_id, set).await?;
    let detail = format!("{} revision {revision}: undone: {}", set.uai, set.changes);
    let about = AuditDetails { uai: Some(&set.uai), detail: &detail, ..AuditDetails::default() };
    audit::store::record(&mut tx, AuditEvent::RosterImportUndone, about).await?;
    tx.commit().await?;
    Ok(Some(revision))
}

async fn restore_rows(tx: &mut UnitOfWork<'_>, uai: &Uai, former: &FormerSet) -> Result<()> {
    if former.set.is_none() {
        runs::end_all(tx, uai).await?;
    }
    // A row that another school's export wrote later is newer than this, and stays.
    let now = tx.now;
    for row in &former.persons {
        import::update_person(tx, now, &PersonRow { exported_at: former.persons_at, ..row.clone() }).await?;
    }
    for row in &former.pupils {
        import::update_pupil(tx, &PupilRow { exported_at: former.pupils_at, ..row.clone() }).await?;
    }
    for enrolment in &former.enrolments {
        runs::restore_enrolment(tx, uai, enrolment).await?;
    }
    for link in &former.links {
        runs::restore_link(tx, uai, link).await?;
    }
    tenants::store::settle_unreachable(tx, uai).await?;
    tenants::store::settle_country(tx, uai).await?;
    tenants::store::settle_ended(tx, uai).await?;
    Ok(tenants::store::reopen_hidden(tx, uai).await?)
}
