//! Rows of administrators' sessions.

use super::super::{ADMIN_SESSION_TTL, AdminProof, AdminSession};
use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::{AdminSessionId, AdministratorId};
use crate::db::{CLEANUP_BATCH_ROWS, FromRow, Result, Tx, UnitOfWork, args, parse_word};

#[derive(FromRow)]
struct Row {
    id: AdminSessionId,
    administrator_id: AdministratorId,
    method: String,
    authenticated_at: i64,
    proven_at: i64,
    seen_at: i64,
    ended_at: Option<i64>,
}

pub async fn insert(
    tx: &mut UnitOfWork<'_>,
    id: &AdminSessionId,
    administrator_id: &AdministratorId,
    method: AdminProof,
) -> Result<()> {
    let now = tx.now;
    let sql = "INSERT INTO admin_session (id, administrator_id, method, authenticated_at, proven_at, seen_at) \
               VALUES ($1, $2, $3, $4, $4, $4)";
    tx.execute(sql, args![id, administrator_id, method.name(), now]).await?;
    Ok(())
}

pub async fn find(tx: &mut Tx, id: &AdminSessionId) -> Result<Option<AdminSession>> {
    let sql = "SELECT id, administrator_id, method, authenticated_at, proven_at, seen_at, ended_at FROM admin_session \
               WHERE id = $1";
    let Some(row) = tx.fetch_optional::<Row>(sql, args![id]).await? else { return Ok(None) };
    Ok(Some(AdminSession {
        method: parse_word::<AdminProof>("admin_session", "method", &row.id, &row.method)?,
        id: row.id,
        administrator_id: row.administrator_id,
        authenticated_at: Timestamp(row.authenticated_at),
        proven_at: Timestamp(row.proven_at),
        seen_at: Timestamp(row.seen_at),
        ended: row.ended_at.is_some(),
    }))
}

pub async fn touch(tx: &mut Tx, now: Timestamp, id: &AdminSessionId) -> Result<()> {
    tx.execute("UPDATE admin_session SET seen_at = $2 WHERE id = $1 AND seen_at < $2", args![id, now]).await?;
    Ok(())
}

/// Ends a session. Returns true for the call that did.
pub async fn end(tx: &mut UnitOfWork<'_>, id: &AdminSessionId) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE admin_session SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
    Ok(tx.execute(sql, args![id, now]).await? == 1)
}

/// Ends every session of an administrator. Returns their number.
pub async fn end_all(tx: &mut UnitOfWork<'_>, administrator_id: &AdministratorId) -> Result<u64> {
    let now = tx.now;
    let sql = "UPDATE admin_session SET ended_at = $2 WHERE administrator_id = $1 AND ended_at IS NULL";
    tx.execute(sql, args![administrator_id, now]).await
}

/// Ends every session of every administrator, for a restored database.
pub async fn end_of_everybody(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let now = tx.now;
    tx.execute("UPDATE admin_session SET ended_at = $1 WHERE ended_at IS NULL", args![now]).await
}

/// Ends every session of an administrator but one.
pub async fn end_others(
    tx: &mut UnitOfWork<'_>,
    administrator_id: &AdministratorId,
    kept: &AdminSessionId,
) -> Result<u64> {
    let now = tx.now;
    let sql = "UPDATE admin_session SET ended_at = $3 WHERE administrator_id = $1 AND id <> $2 AND ended_at IS NULL";
    tx.execute(sql, args![administrator_id, kept, now]).await
}

/// Records a fresh proof. Returns false if the session ended meanwhile.
pub async fn set_proven(tx: &mut UnitOfWork<'_>, id: &AdminSessionId) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE admin_session SET proven_at = $2 WHERE id = $1 AND ended_at IS NULL";
    Ok(tx.execute(sql, args![id, now]).await? == 1)
}

/// Deletes sessions a day after their end at the latest.
pub async fn delete_expired(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let before = tx.now.minus(ADMIN_SESSION_TTL).minus(Span::days(1));
    let sql = "DELETE FROM admin_session WHERE id IN \
               (SELECT id FROM admin_session WHERE authenticated_at < $1 ORDER BY authenticated_at, id LIMIT $2)";
    tx.execute(sql, args![before, CLEANUP_BATCH_ROWS]).await
}
