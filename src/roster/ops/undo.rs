//! Undoes the last run of an import, or the last set of a school, as long as nothing was imported into the school after
//! it.
//!
//! Everything is put back as it was: rows that the run changed, and those that it made are deleted, unless something else
//! names them meanwhile, such as an account or a notice. A row that was written again since stays, and so does one that an
//! import of another school took since as the run had left it; the outcome says how many. A pupil leaves the account that
//! the run joined in any case, and one that a sheet joined since by the words of the run: it may be somebody else's, so the
//! school's letters for it end. Whoever was erased since stays so.

use std::collections::{BTreeMap, BTreeSet};

use super::former::{FormerSet, NoticeChange};
use super::later_writers::LaterWriters;
pub use super::later_writers::RowsLeft;
use super::{ImportContext, ImportError, Result};
use crate::audit::{AuditDetails, AuditEvent};
use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::{AccountId, PersonId, PupilId};
use crate::db::{Durability, UnitOfWork};
use crate::roster::store::former::{FormerNotice, list_former_notices};
use crate::roster::store::import::{self, RosterSetRow};
use crate::roster::store::later_sets::UndoneSet;
use crate::roster::store::runs::{self, LastRunRow, RunSetRow};
use crate::roster::store::tables::{self, RosterSourceRow};
use crate::roster::store::{deliveries, locks, statements, undone};
use crate::roster::uai::Uai;
use crate::tenants;

/// The time for which a run can be undone.
pub const UNDO_TTL: Span = Span::days(30);
/// New people are deleted so many at a time.
const MAX_DELETED_AT_ONCE: usize = 2_000;

/// The outcome of an undo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportUndo {
    /// No run that wrote something, or the last one is undone.
    NoRun,
    /// The last run is older than [`UNDO_TTL`].
    TooOld { started_at: Timestamp },
    /// Each school, and whether it is as before the run. One into which something was imported later is left alone.
    /// `left` are the rows that stay as imports of other schools have them since.
    Done { run_id: String, schools: Vec<(Uai, bool)>, left: Box<RowsLeft> },
}

/// Undoes the last run of an academy, or of one of its schools in that school alone, whatever was imported into others
/// since. Interrupted, it is asked for again and does the rest.
pub async fn undo_last_run(ctx: ImportContext<'_>, academy: &str, uai: Option<&Uai>) -> Result<ImportUndo> {
    undo(ctx, (academy, uai), None).await
}

/// Undoes a run in a school, if it is the last one there at this moment.
pub async fn undo_run(ctx: ImportContext<'_>, academy: &str, uai: &Uai, run_id: &str) -> Result<ImportUndo> {
    undo(ctx, (academy, Some(uai)), Some(run_id)).await
}

async fn undo(ctx: ImportContext<'_>, (academy, uai): (&str, Option<&Uai>), only: Option<&str>) -> Result<ImportUndo> {
    let mut tx = ctx.storage.db.read().await?;
    let last = runs::find_last_run(&mut tx, academy, uai).await?;
    let Some(LastRunRow { id, started_at, .. }) =
        last.filter(|run| run.undone_at.is_none() && only.is_none_or(|id| run.id == id))
    else {
        return Ok(ImportUndo::NoRun);
    };
    if ctx.storage.now.since(Timestamp(started_at)) > UNDO_TTL {
        return Ok(ImportUndo::TooOld { started_at: Timestamp(started_at) });
    }
    let sets = runs::list_sets(&mut tx, &id).await?;
    drop(tx);
    // The last set first: of what two schools wrote, the first one's former state is the one before the run.
    let mut schools = BTreeMap::<Uai, bool>::new();
    let mut revisions = BTreeMap::<Uai, i64>::new();
    let (mut persons, mut pupils) = (Vec::new(), Vec::new());
    let mut left = RowsLeft::default();
    let is_meant = |set: &&RunSetRow| !set.former.is_empty() && uai.is_none_or(|uai| set.uai == *uai);
    for set in sets.iter().filter(is_meant) {
        let former: FormerSet = serde_json::from_str(&set.former).map_err(ImportError::Former)?;
        // A run of several deltas wrote a school several times: each undo leaves the revision that the next one expects.
        let expected = revisions.get(&set.uai).copied().unwrap_or(set.revision);
        let so_far = schools.entry(set.uai.clone()).or_insert(true);
        let undone = match former.undone_revision {
            Some(revision) => Some(revision),
            None if *so_far => {
                let undone = undo_set(ctx, &id, (set, &former), (expected, uai.is_some())).await?;
                undone.map(|(revision, rows)| {
                    left.persons.extend(rows.persons);
                    left.pupils.extend(rows.pupils);
                    left.by.extend(rows.by);
                    revision
                })
            }
            None => None,
        };
        *so_far = undone.is_some();
        if let Some(revision) = undone {
            revisions.insert(set.uai.clone(), revision);
            persons.extend(former.new_persons);
            pupils.extend(former.new_pupils);
        }
    }
    if schools.is_empty() {
        return Ok(ImportUndo::NoRun);
    }
    if schools.values().any(|undone| *undone) {
        delete_new_people(ctx, started_at, (&persons, &pupils)).await?;
        let mut tx = ctx.storage.write(Durability::Durable).await?;
        runs::clear_former_of(&mut tx, &id, uai).await?;
        runs::mark_undone(&mut tx, &id).await?;
        tx.commit().await?;
    }
    Ok(ImportUndo::Done { run_id: id, schools: schools.into_iter().collect(), left: Box::new(left) })
}

/// Undoes one set; `is_alone` if others of its run stay. Returns the revision that it leaves, and the rows that later
/// imports of other schools have; `None` if the school has another revision than was expected.
async fn undo_set(
    ctx: ImportContext<'_>,
    run_id: &str,
    (set, former): (&RunSetRow, &FormerSet),
    (expected, is_alone): (i64, bool),
) -> Result<Option<(i64, RowsLeft)>> {
    let mut tx = ctx.storage.write(Durability::Durable).await?;
    let known = import::find_set(&mut tx, &set.uai).await?.filter(|known| known.revision == expected);
    let Some(known) = known else {
        tx.rollback().await?;
        return Ok(None);
    };
    let revision = known.revision.saturating_add(1);
    let new = match &former.set {
        Some(former) => RosterSetRow { revision, ..former.clone() },
        None => RosterSetRow::without_export(revision),
    };
    if !import::compare_and_set(&mut tx, &set.uai, Some(&known), &new).await? {
        tx.rollback().await?;
        return Ok(None);
    }
    let joined = former.list_joined_accounts(&mut tx).await?;
    let joined: Vec<&AccountId> = joined.iter().collect();
    locks::lock_accounts(&mut tx, &joined).await?;
    former.lock_people(&mut tx).await?;
    let notices = list_former_notices(&mut tx, &set.uai).await?;
    let undone_set = UndoneSet {
        academy: &former.academy,
        uai: &set.uai,
        run_id,
        revision: set.revision,
        imported_at: former.imported_at,
        is_alone,
    };
    let mut later = LaterWriters::find(&mut tx, former, undone_set).await?;
    restore_people(&mut tx, former, &mut later).await?;
    undone::withdraw_letters(&mut tx, &set.uai, &joined, former.imported_at).await?;
    restore_school(&mut tx, &set.uai, former).await?;
    restore_notices(&mut tx, &set.uai, former, notices).await?;
    if let Some(delivery) = &former.delivery {
        deliveries::mark_undone(&mut tx, &set.uai, &former.format, delivery).await?;
    }
    let rest = FormerSet {
        undone_revision: Some(revision),
        new_persons: former.new_persons.clone(),
        new_pupils: former.new_pupils.clone(),
        ..FormerSet::default()
    };
    let rest = serde_json::to_string(&rest).map_err(ImportError::Former)?;
    runs::update_former(&mut tx, run_id, set, &rest).await?;
    let rows = later.left.persons.len() + later.left.pupils.len();
    let left = if rows > 0 { format!("; left to later imports: {rows} rows") } else { String::new() };
    let detail = format!("{} revision {revision}: undone: {}{left}", set.uai, set.changes);
    let about = AuditDetails { uai: Some(&set.uai), detail: &detail, ..AuditDetails::default() };
    ctx.record(&mut tx, AuditEvent::RosterImportUndone, about).await?;
    tx.commit().await?;
    Ok(Some((revision, later.left)))
}

async fn restore_people(tx: &mut UnitOfWork<'_>, former: &FormerSet, later: &mut LaterWriters) -> Result<()> {
    for (place, (row_id, format, row)) in former.statements.iter().enumerate() {
        match row {
            _ if later.has_statement(row_id, format, former.statements_written.get(place)) => {}
            Some(row) => statements::restore_statement(tx, row).await?,
            None => statements::delete_statement(tx, row_id, format).await?,
        }
    }
    // Whatever another set says of the row since: that it is the account's person, this set alone had said. A pupil who is
    // the same by the other one joins again with its next import.
    for (pupil_id, row, account) in &former.joined {
        match row {
            Some(row) => undone::leave_account(tx, row, account).await?,
            None => undone::leave_account_anew(tx, pupil_id, account).await?,
        }
    }
    // And so does one who was known to be the same since then, when a sheet was printed.
    undone::leave_accounts_since(tx, &former.pupils_without_account(), former.imported_at).await?;
    for (format, key, row_id) in former.keys.iter().filter(|(format, _, row_id)| !later.has_key(row_id, format)) {
        undone::delete_key(tx, &former.academy, format, key, row_id).await?;
    }
    let persons: Vec<_> = former.keyed_persons.iter().filter(|row| !later.has_key_column(row.id.as_str())).collect();
    let pupils: Vec<_> = former.keyed_pupils.iter().filter(|row| !later.has_key_column(row.id.as_str())).collect();
    undone::restore_key_columns(tx, &persons, &pupils).await?;
    for (former_at, ids) in &former.touched {
        for written_at in &former.touched_at {
            let mut ids = ids.clone();
            ids.persons.retain(|id| !later.has_person(id.as_str(), *written_at));
            ids.pupils.retain(|id| !later.has_pupil(id.as_str(), *written_at));
            undone::restore_export_times(tx, *former_at, *written_at, &ids).await?;
        }
    }
    for (row, written_at) in &former.persons {
        if !later.has_person(row.id.as_str(), *written_at) {
            undone::restore_person(tx, row, *written_at).await?;
        }
    }
    for (row, written_at) in &former.pupils {
        if !later.has_pupil(row.id.as_str(), *written_at) {
            undone::restore_pupil(tx, row, *written_at).await?;
        }
    }
    Ok(())
}

/// Puts back the word about its tables that the school said with the set: what it had said before stands again, unless it
/// said something else since.
async fn restore_source(tx: &mut UnitOfWork<'_>, uai: &Uai, former: &FormerSet) -> Result<()> {
    let Some(change) = &former.source else { return Ok(()) };
    if tables::find_source(tx, uai, &former.format).await?.as_ref() != Some(&change.after) {
        return Ok(());
    }
    // A first mapping stays: it gives nobody a right, and the next file needs one.
    let first = || RosterSourceRow { all_legal: false, mapping: change.after.mapping.clone() };
    let before = change.before.clone().unwrap_or_else(first);
    tables::upsert_source(tx, uai, &former.format, &before).await?;
    Ok(())
}

async fn restore_school(tx: &mut UnitOfWork<'_>, uai: &Uai, former: &FormerSet) -> Result<()> {
    for (pupil_id, row) in &former.enrolments {
        undone::restore_enrolment(tx, uai, pupil_id, row.as_ref()).await?;
    }
    for (person_id, pupil_id, row) in &former.links {
        undone::restore_link(tx, uai, (person_id, pupil_id), row.as_ref()).await?;
    }
    restore_source(tx, uai, former).await?;
    Ok(undone::restore_exports(tx, uai, &former.exports).await?)
}

/// Puts notices back as they were before the set. What came up since is settled where its cause is gone; `current` are the
/// notices before anything was put back.
async fn restore_notices(
    tx: &mut UnitOfWork<'_>,
    uai: &Uai,
    former: &FormerSet,
    current: Vec<FormerNotice>,
) -> Result<()> {
    tenants::store::settle_unreachable(tx, uai).await?;
    tenants::store::numbers::settle_numbers(tx, uai).await?;
    tenants::store::settle_ended(tx, uai).await?;
    tenants::store::reopen_hidden(tx, uai).await?;
    let changes: BTreeMap<&str, &NoticeChange> =
        former.notices.iter().map(|change| (change.after.id.as_str(), change)).collect();
    for notice in &current {
        match changes.get(notice.id.as_str()) {
            Some(change) if change.after == *notice => match &change.before {
                Some(before) => undone::restore_notice(tx, before).await?,
                None => undone::delete_notice(tx, &notice.id).await?,
            },
            Some(_) => {}
            None if notice.at <= former.imported_at => undone::restore_notice(tx, notice).await?,
            None => {}
        }
    }
    Ok(())
}

/// Deletes the people whom the run made, unless something else names them. They are locked before they are looked at: who
/// is given an account meanwhile stays.
async fn delete_new_people(
    ctx: ImportContext<'_>,
    since: i64,
    (persons, pupils): (&[PersonId], &[PupilId]),
) -> Result<()> {
    let mut tx = ctx.storage.write(Durability::Relaxed).await?;
    let named: BTreeSet<String> = undone::list_named_since(&mut tx, since).await?;
    tx.rollback().await?;
    let persons: Vec<&PersonId> = persons.iter().filter(|id| !named.contains(id.as_str())).collect();
    let pupils: Vec<&PupilId> = pupils.iter().filter(|id| !named.contains(id.as_str())).collect();
    for ids in persons.chunks(MAX_DELETED_AT_ONCE) {
        let mut tx = ctx.storage.write(Durability::Durable).await?;
        locks::lock_persons(&mut tx, ids).await?;
        undone::delete_persons(&mut tx, ids).await?;
        tx.commit().await?;
    }
    for ids in pupils.chunks(MAX_DELETED_AT_ONCE) {
        let mut tx = ctx.storage.write(Durability::Durable).await?;
        locks::lock_pupils(&mut tx, ids).await?;
        undone::delete_pupils(&mut tx, ids).await?;
        tx.commit().await?;
    }
    Ok(())
}
