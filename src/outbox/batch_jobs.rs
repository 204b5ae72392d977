//! The jobs of a batch: what somebody orders for many at once, and may take back as long as it was not handed over.

use super::{JobKind, associated_data, enqueue_until};
use crate::base::clock::Timestamp;
use crate::crypto::MasterKey;
use crate::db::{Result, Tx, UnitOfWork, args};

/// Writes a job of a batch like [`enqueue_until`]. Returns the job's id.
pub async fn enqueue_of_batch(
    tx: &mut UnitOfWork<'_>,
    master_key: &MasterKey,
    kind: JobKind,
    body: &str,
    (batch, expires): (&str, Timestamp),
) -> anyhow::Result<String> {
    let id = enqueue_until(tx, master_key, kind, body, expires).await?;
    tx.execute("UPDATE outbox SET batch_id = $2 WHERE id = $1", args![&id, batch]).await?;
    Ok(id)
}

/// Counts the jobs of a batch that wait and that nobody may have taken.
pub async fn count_waiting_of_batch(tx: &mut Tx, batch: &str) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM outbox WHERE batch_id = $1 AND state = 'waiting' AND handovers = 0 AND NOT unsure";
    Ok(tx.fetch_one::<(i64,)>(sql, args![batch]).await?.0)
}

/// A job that was taken back.
#[derive(Clone, Debug)]
pub struct TakenBackJob {
    pub id: String,
    /// `None` if it cannot be read any more.
    pub body: Option<String>,
    pub created_at: Timestamp,
}

/// Takes the jobs of a batch back that wait and that nobody may have taken. A hand-over is counted first, on the same
/// row: one that has begun keeps its job, and one that comes later finds none. A job that is kept ends with the
/// hand-over that has begun: none follows.
pub async fn take_back_batch(
    tx: &mut UnitOfWork<'_>,
    master_key: &MasterKey,
    batch: &str,
) -> Result<Vec<TakenBackJob>> {
    let now = tx.now;
    let sql = "DELETE FROM outbox WHERE batch_id = $1 AND state = 'waiting' AND handovers = 0 AND NOT unsure \
               RETURNING id, body, created_at";
    let rows = tx.fetch_all::<(String, Option<String>, i64)>(sql, args![batch]).await?;
    let kept = "UPDATE outbox SET expires_at = $2 WHERE batch_id = $1 AND state = 'waiting'";
    tx.execute(kept, args![batch, now]).await?;
    let open = |(id, sealed, at): (String, Option<String>, i64)| {
        let body = sealed.and_then(|sealed| master_key.open(associated_data(&id), &sealed).ok());
        TakenBackJob { id, body, created_at: Timestamp(at) }
    };
    Ok(rows.into_iter().map(open).collect())
}
