//! Rows of initial access tokens (RFC 7591 1.2): permissions to register a number of clients until an expiry.

use crate::base::clock::Timestamp;
use crate::db::{FromRow, Result, Tx, args};

#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct InitialToken {
    /// The digest of the token.
    pub id: String,
    pub label: String,
    pub academy: String,
    pub remaining: i64,
    pub expires_at: i64,
    /// True if clients registered with the token need no approval.
    pub approves: bool,
    pub created_at: i64,
    pub revoked_at: Option<i64>,
}

pub async fn insert(tx: &mut Tx, t: &InitialToken) -> Result<()> {
    tx.execute(
        "INSERT INTO initial_token (id, label, academy, remaining, expires_at, approves, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        args![&t.id, &t.label, &t.academy, t.remaining, t.expires_at, t.approves, t.created_at],
    )
    .await?;
    Ok(())
}

/// Returns a token with remaining uses, unexpired and not revoked.
pub async fn find_usable(tx: &mut Tx, now: Timestamp, id: &str) -> Result<Option<InitialToken>> {
    let sql = "SELECT id, label, academy, remaining, expires_at, approves, created_at, revoked_at FROM initial_token \
               WHERE id = $1 AND remaining > 0 AND expires_at > $2 AND revoked_at IS NULL";
    tx.fetch_optional(sql, args![id, now]).await
}

/// Consumes one use; returns false if none is left, also under concurrent requests (docs/threats.md#attack-p5).
pub async fn consume(tx: &mut Tx, now: Timestamp, id: &str) -> Result<bool> {
    let sql = "UPDATE initial_token SET remaining = remaining - 1 \
               WHERE id = $1 AND remaining > 0 AND expires_at > $2 AND revoked_at IS NULL";
    Ok(tx.execute(sql, args![id, now]).await? == 1)
}

pub async fn list(tx: &mut Tx) -> Result<Vec<InitialToken>> {
    let sql = "SELECT id, label, academy, remaining, expires_at, approves, created_at, revoked_at FROM initial_token \
               ORDER BY created_at DESC, id LIMIT 1000";
    tx.fetch_all(sql, args![]).await
}

/// Revokes a token; returns the number of revoked tokens.
pub async fn revoke(tx: &mut Tx, now: Timestamp, id: &str) -> Result<u64> {
    tx.execute("UPDATE initial_token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL", args![id, now]).await
}

/// Revokes the initial access token that registered this client; returns the number of revoked tokens.
pub async fn revoke_for_client(tx: &mut Tx, now: Timestamp, client_id: &str) -> Result<u64> {
    let sql = "UPDATE initial_token SET revoked_at = $2 WHERE revoked_at IS NULL \
               AND id = (SELECT initial_token FROM client WHERE client_id = $1)";
    tx.execute(sql, args![client_id, now]).await
}
