//! Rows of invitations.

use crate::base::clock::Timestamp;
use crate::base::typed_ids::AdministratorId;
use crate::db::{FromRow, Result, Tx, UnitOfWork, args};

/// An invitation that serves.
#[derive(Clone, Debug, FromRow)]
pub struct OpenInvitation {
    pub id: String,
    pub administrator_id: AdministratorId,
    pub expires_at: i64,
}

/// Writes an invitation in place of an open one of the administrator.
pub async fn replace(
    tx: &mut UnitOfWork<'_>,
    (id, token): (&str, &str),
    administrator_id: &AdministratorId,
    (invited_by, expires_at): (&str, Timestamp),
) -> Result<()> {
    let now = tx.now;
    end_open(tx, administrator_id).await?;
    let sql = "INSERT INTO invitation (id, administrator_id, token, state, invited_by, created_at, expires_at) \
               VALUES ($1, $2, $3, 'open', $4, $5, $6)";
    tx.execute(sql, args![id, administrator_id, token, invited_by, now, expires_at]).await?;
    Ok(())
}

/// Ends the open invitation of an administrator.
pub async fn end_open(tx: &mut UnitOfWork<'_>, administrator_id: &AdministratorId) -> Result<()> {
    let now = tx.now;
    let sql = "UPDATE invitation SET state = 'replaced', ended_at = $2 WHERE administrator_id = $1 AND state = 'open'";
    tx.execute(sql, args![administrator_id, now]).await?;
    Ok(())
}

/// Finds the invitation of a token, by its digest, if it still serves.
pub async fn find_open(tx: &mut Tx, token: &str, now: Timestamp) -> Result<Option<OpenInvitation>> {
    let sql = "SELECT id, administrator_id, expires_at FROM invitation \
               WHERE token = $1 AND state = 'open' AND expires_at > $2";
    tx.fetch_optional(sql, args![token, now]).await
}

/// Returns the time until which an administrator's open invitation serves.
pub async fn find_expiry(tx: &mut Tx, administrator_id: &AdministratorId) -> Result<Option<Timestamp>> {
    let sql = "SELECT expires_at FROM invitation WHERE administrator_id = $1 AND state = 'open'";
    Ok(tx.fetch_optional::<(i64,)>(sql, args![administrator_id]).await?.map(|(at,)| Timestamp(at)))
}

/// Uses an invitation up: true for one call only.
pub async fn consume(tx: &mut UnitOfWork<'_>, id: &str) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE invitation SET state = 'used', ended_at = $2 \
               WHERE id = $1 AND state = 'open' AND expires_at > $2";
    Ok(tx.execute(sql, args![id, now]).await? == 1)
}
