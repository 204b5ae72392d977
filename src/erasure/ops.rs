//! The steps of the erasure.

use std::collections::BTreeMap;

use super::{CLOSED_RETENTION, ErasedCounts, ErasurePosition, ErasureStage, store};
use crate::app::{App, Operation};
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::db::{Durability, UnitOfWork};
use crate::passes::DailyPass;
use crate::passes::store::{self as passes, PassClaim};
use crate::roster::absence::{ABSENCE, is_between_schools};
use crate::roster::ops::undo::UNDO_TTL;
use crate::roster::store::erased::{self, ErasureTimes, GoneRow};
use crate::roster::store::runs;

/// A step reads so many rows of the roster, without the writer.
const STEP_ROWS: i64 = 5_000;
/// A step erases so many people at most: SQLite's other writers wait for it.
const MAX_ERASED_AT_ONCE: i64 = 200;

/// Erases what is due, until `is_stopping`: what is left of accounts closed a year ago, one transaction each; then, once a
/// day and on one server at a time, the people whom no school names any more. Returns what was erased.
pub async fn erase_due(app: &App, is_stopping: &(dyn Fn() -> bool + Sync)) -> anyhow::Result<ErasedCounts> {
    let mut counts = ErasedCounts { accounts: erase_closed_accounts(app, is_stopping).await?, ..Default::default() };
    let op = operation(app);
    if is_between_schools(op.now) {
        return Ok(counts);
    }
    let mut tx = op.write(Durability::Relaxed).await?;
    let claimed = passes::claim(&mut tx, DailyPass::Erasure).await?;
    if claimed.is_some() {
        // What an undo would put back has names too, and no import may have come since to clear it.
        runs::clear_former_before(&mut tx, op.now.minus(UNDO_TTL)).await?;
    }
    tx.commit().await?;
    let Some(mut claim) = claimed else { return Ok(counts) };
    while !is_stopping() {
        match take_step(&operation(app), &claim, &mut counts).await? {
            Some(next) => claim = next,
            None => return Ok(counts),
        }
    }
    let op = operation(app);
    let mut tx = op.write(Durability::Relaxed).await?;
    passes::release(&mut tx, &claim).await?;
    tx.commit().await?;
    Ok(counts)
}

/// Returns the operation of a step, at the present time: a pass may take hours.
fn operation(app: &App) -> Operation<'_> {
    Operation::of_job(app, "erasure")
}

async fn erase_closed_accounts(app: &App, is_stopping: &(dyn Fn() -> bool + Sync)) -> anyhow::Result<u64> {
    let mut erased = 0;
    loop {
        let before = operation(app).now.minus(CLOSED_RETENTION);
        let due = store::list_due_accounts(&mut app.db.read().await?, before).await?;
        let mut progressed = false;
        for id in due {
            if is_stopping() {
                return Ok(erased);
            }
            let op = operation(app);
            let mut tx = op.write(Durability::Durable).await?;
            if store::erase_account(&mut tx, &id, before).await? {
                let about = AuditDetails { account: Some(&id), ..AuditDetails::default() };
                audit::store::record(&mut tx, AuditEvent::AccountErased, about).await?;
                progressed = true;
                erased += 1;
            }
            tx.commit().await?;
        }
        if !progressed {
            return Ok(erased);
        }
    }
}

/// Takes one step. Returns the claim for the next one; `None` at the end of the pass, or where another server has it.
async fn take_step(
    op: &Operation<'_>,
    claim: &PassClaim,
    counts: &mut ErasedCounts,
) -> anyhow::Result<Option<PassClaim>> {
    let ErasurePosition { stage, after } = ErasurePosition::parse(&claim.position);
    let times = ErasureTimes { before: op.now.minus(ABSENCE), now: op.now };
    let mut read = op.app.db.read().await?;
    let last = match stage {
        ErasureStage::Persons => erased::find_last_person(&mut read, &after, STEP_ROWS).await?,
        ErasureStage::Pupils => erased::find_last_pupil(&mut read, &after, STEP_ROWS).await?,
    };
    let Some(last) = last else {
        drop(read);
        return end_stage(op, claim, stage).await;
    };
    let range = (after.as_str(), last.as_str());
    let gone = match stage {
        ErasureStage::Persons => erased::list_gone_persons(&mut read, range, times, MAX_ERASED_AT_ONCE).await?,
        ErasureStage::Pupils => erased::list_gone_pupils(&mut read, range, times, MAX_ERASED_AT_ONCE).await?,
    };
    drop(read);
    // As many as a step takes: there may be more before the end of the range.
    let is_full = i64::try_from(gone.len()).is_ok_and(|listed| listed >= MAX_ERASED_AT_ONCE);
    let reached = gone.last().filter(|_| is_full).map_or(last, |row| row.id.clone());
    let durability = if gone.is_empty() { Durability::Relaxed } else { Durability::Durable };
    let mut tx = op.write(durability).await?;
    let position = ErasurePosition { stage, after: reached }.to_text();
    let Some(next) = passes::advance(&mut tx, claim, position).await? else {
        tx.rollback().await?;
        return Ok(None);
    };
    let erased = match stage {
        ErasureStage::Persons => erased::erase_persons(&mut tx, &gone, times).await?,
        ErasureStage::Pupils => erased::erase_pupils(&mut tx, &gone, times).await?,
    };
    record_erased(&mut tx, stage, &erased).await?;
    tx.commit().await?;
    let erased = u64::try_from(erased.len()).unwrap_or_default();
    match stage {
        ErasureStage::Persons => counts.persons += erased,
        ErasureStage::Pupils => counts.pupils += erased,
    }
    Ok(Some(next))
}

/// Goes on with the next table, or ends the pass.
async fn end_stage(op: &Operation<'_>, claim: &PassClaim, stage: ErasureStage) -> anyhow::Result<Option<PassClaim>> {
    let mut tx = op.write(Durability::Relaxed).await?;
    let next = match stage {
        ErasureStage::Persons => {
            let begin = ErasurePosition { stage: ErasureStage::Pupils, after: String::new() };
            passes::advance(&mut tx, claim, begin.to_text()).await?
        }
        ErasureStage::Pupils => {
            passes::finish(&mut tx, claim).await?;
            None
        }
    };
    tx.commit().await?;
    Ok(next)
}

/// Records how many people of each academy were erased: their names, and their ids, are gone.
async fn record_erased(tx: &mut UnitOfWork<'_>, stage: ErasureStage, rows: &[GoneRow]) -> anyhow::Result<()> {
    let mut by_academy: BTreeMap<&str, u64> = BTreeMap::new();
    for row in rows {
        *by_academy.entry(&row.academy).or_default() += 1;
    }
    let what: &'static str = stage.into();
    for (academy, count) in by_academy {
        let detail = format!("{what}: {count}");
        let about = AuditDetails { academy: Some(academy), detail: &detail, ..AuditDetails::default() };
        audit::store::record(tx, AuditEvent::PeopleErased, about).await?;
    }
    Ok(())
}
