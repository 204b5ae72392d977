//! Rows of revoked access tokens: a single token by its `jti`, or all tokens of a grant by its id.
//!
//! Token look-ups read these rows in the same statement as the session or family: most tokens are never revoked, so the
//! check must cost no extra query.

use crate::base::clock::Timestamp;
use crate::db::{CLEANUP_BATCH_ROWS, Result, Tx, args};

/// Inserts a revocation. Returns true only for the call that inserted the row.
pub async fn insert(tx: &mut Tx, id: &str, until: Timestamp) -> Result<bool> {
    let sql = "INSERT INTO revoked_token (id, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    Ok(tx.execute(sql, args![id, until]).await? == 1)
}

pub async fn is_revoked(tx: &mut Tx, id: &str) -> Result<bool> {
    let sql = "SELECT id FROM revoked_token WHERE id = $1";
    Ok(tx.fetch_optional::<(String,)>(sql, args![id]).await?.is_some())
}

/// Deletes the revocations of expired tokens.
pub async fn delete_expired(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM revoked_token WHERE id IN (SELECT id FROM revoked_token WHERE expires_at < $1 LIMIT $2)";
    tx.execute(sql, args![now, CLEANUP_BATCH_ROWS]).await
}
