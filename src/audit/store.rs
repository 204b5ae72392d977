//! The audit rows, append-only.

use super::{AuditDetails, AuditEvent};
use crate::base::clock::Timestamp;
use crate::base::ids::{row_id, row_id_lower_bound};
use crate::db::{CLEANUP_BATCH_ROWS, Result, Tx, UnitOfWork, args};

/// Writes an event in the unit of work that causes it, with the time, the actor and the request of the unit of work.
pub async fn record(work: &mut UnitOfWork<'_>, fact: AuditEvent, about: AuditDetails<'_>) -> Result<()> {
    let (id, now) = (row_id(work.now, work.rng), work.now);
    let (kind, actor, request) = (work.actor.kind(), work.actor.id().map(str::to_owned), work.request_id.clone());
    work.execute(
        "INSERT INTO audit (id, at, fact, account_id, client_id, detail, uai, person_id, actor_kind, actor_id, \
         request_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        args![
            id,
            now,
            fact.name(),
            about.account,
            about.client,
            about.detail,
            about.uai,
            about.person,
            kind,
            actor,
            request
        ],
    )
    .await?;
    Ok(())
}

/// Deletes the events before the given time, at most [`CLEANUP_BATCH_ROWS`] per call.
/// Row ids begin with their time, so that the query is a range scan of the primary key.
pub async fn delete_expired(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE id < $1 ORDER BY id LIMIT $2)";
    tx.execute(sql, args![row_id_lower_bound(before), CLEANUP_BATCH_ROWS]).await
}
