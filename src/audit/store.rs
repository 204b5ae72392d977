//! The audit rows, append-only.

use super::{AuditDetails, AuditEvent};
use crate::base::clock::Timestamp;
use crate::base::ids::{row_id, row_id_lower_bound};
use crate::base::rng::Random;
use crate::db::{CLEANUP_BATCH_ROWS, Result, Tx, args};

pub async fn record(
    tx: &mut Tx,
    rng: &dyn Random,
    now: Timestamp,
    fact: AuditEvent,
    about: AuditDetails<'_>,
) -> Result<()> {
    tx.execute(
        "INSERT INTO audit (id, at, fact, account_id, client_id, detail) VALUES ($1, $2, $3, $4, $5, $6)",
        args![row_id(now, rng), now, fact.name(), about.account, about.client, about.detail],
    )
    .await?;
    Ok(())
}

/// Deletes the events before the given time, at most [`CLEANUP_BATCH_ROWS`](crate::db::CLEANUP_BATCH_ROWS) per call.
/// Row ids begin with their time, so that the query is a range scan of the primary key.
pub async fn delete_expired(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE id < $1 ORDER BY id LIMIT $2)";
    tx.execute(sql, args![row_id_lower_bound(before), CLEANUP_BATCH_ROWS]).await
}
