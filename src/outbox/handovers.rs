//! Hand-overs, counted before they happen: by them a message is known that its recipient may have taken.

use super::Job;
use crate::db::{Result, Tx, args};

/// Counts a hand-over before it happens, so that it is counted also if the process dies in it. Returns false if the job
/// has ended, or was handed over by another server since it was claimed.
pub async fn begin_handover_in(tx: &mut Tx, job: &Job, recipient: &'static str) -> Result<bool> {
    // A server of an older release wrote `unsure` instead.
    let sql = "UPDATE outbox SET handovers = handovers + 1, handed_to = $2 WHERE id = $1 AND state = 'waiting' \
               AND handovers + CASE WHEN unsure THEN 1 ELSE 0 END = $3";
    Ok(tx.execute(sql, args![&job.id, recipient, job.handovers]).await? == 1)
}

/// Takes a hand-over back that its recipient certainly did not take.
pub async fn undo_handover_in(tx: &mut Tx, job: &Job) -> Result<()> {
    let sql = "UPDATE outbox SET handovers = handovers - 1, \
               handed_to = CASE WHEN handovers = 1 AND NOT unsure THEN NULL ELSE handed_to END WHERE id = $1";
    tx.execute(sql, args![&job.id]).await?;
    Ok(())
}
