//! Jobs that are put off without an attempt.

use super::{Job, LAST_TURN_DELAY};
use crate::base::clock::Timestamp;
use crate::db::{Db, Durability, Result, args};

/// Reschedules a job without an attempt; the attempt counter is restored.
pub async fn requeue(db: &Db, job: &Job, due: Timestamp) -> Result<()> {
    let mut tx = db.write(Durability::Relaxed).await?;
    let sql = "UPDATE outbox SET due_at = $2, turn_at = CASE WHEN turn_at >= created_at + $3 THEN $2 + $3 \
               WHEN turn_at > $2 THEN turn_at ELSE $2 END, attempts = attempts - 1 WHERE id = $1 AND state = 'waiting'";
    tx.execute(sql, args![&job.id, due, LAST_TURN_DELAY.0]).await?;
    tx.commit().await
}

/// Reschedules a job that was not tried at all, for a moment: it keeps its turn before those that were.
pub async fn hold_back(db: &Db, job: &Job, due: Timestamp) -> Result<()> {
    let mut tx = db.write(Durability::Relaxed).await?;
    let sql = "UPDATE outbox SET due_at = $2, attempts = attempts - 1 WHERE id = $1 AND state = 'waiting'";
    tx.execute(sql, args![&job.id, due]).await?;
    tx.commit().await
}
