//! Rows of access tokens that ended before their time: named by their `jti`, or all of one grant by its id.
//!
//! Read with what keeps the token alive, in one statement: most tokens are never revoked, and asking must cost nothing.

use crate::base::clock::Timestamp;
use crate::db::{CLEANED_AT_ONCE, Result, Tx, args};

/// Whether this call revoked it.
pub async fn insert(tx: &mut Tx, id: &str, until: Timestamp) -> Result<bool> {
    let sql = "INSERT INTO revoked_token (id, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    Ok(tx.execute(sql, args![id, until]).await? == 1)
}

pub async fn is_revoked(tx: &mut Tx, id: &str) -> Result<bool> {
    let sql = "SELECT id FROM revoked_token WHERE id = $1";
    Ok(tx.optional::<(String,)>(sql, args![id]).await?.is_some())
}

/// Forgets those whose tokens have expired anyway.
pub async fn clean(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM revoked_token WHERE id IN (SELECT id FROM revoked_token WHERE expires_at < $1 LIMIT $2)";
    tx.execute(sql, args![now, CLEANED_AT_ONCE]).await
}
