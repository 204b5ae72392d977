//! Rows of what a person agreed to.

use crate::base::clock::Timestamp;
use crate::db::{Error, FromRow, Result, Tx, args};
use crate::grants::Consent;
use crate::protocol::scope::Scopes;

#[derive(FromRow)]
struct Row {
    client_id: String,
    scopes: String,
    claims: String,
}

impl TryFrom<Row> for Consent {
    type Error = Error;
    fn try_from(r: Row) -> Result<Consent> {
        let bad = |column| Error::Inconsistent { table: "consent", column, row: r.client_id.clone() };
        Ok(Consent {
            scopes: Scopes::parse(&r.scopes).ok_or_else(|| bad("scopes"))?,
            claims: serde_json::from_str(&r.claims).map_err(|_| bad("claims"))?,
        })
    }
}

pub async fn find(tx: &mut Tx, account_id: &str, client_id: &str) -> Result<Option<Consent>> {
    let sql = "SELECT client_id, scopes, claims FROM consent WHERE account_id = $1 AND client_id = $2";
    tx.optional::<Row>(sql, args![account_id, client_id]).await?.map(Consent::try_from).transpose()
}

/// Writes what was agreed to, in place of what was before.
pub async fn put(
    tx: &mut Tx,
    now: Timestamp,
    account_id: &str,
    client_id: &str,
    scopes: &str,
    claims: &str,
) -> Result<()> {
    tx.execute(
        "INSERT INTO consent (account_id, client_id, scopes, claims, granted_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (account_id, client_id) DO UPDATE SET scopes = excluded.scopes, claims = excluded.claims, \
         granted_at = excluded.granted_at",
        args![account_id, client_id, scopes, claims, now],
    )
    .await?;
    Ok(())
}

/// Whether there was one to take back.
pub async fn remove(tx: &mut Tx, account_id: &str, client_id: &str) -> Result<bool> {
    let sql = "DELETE FROM consent WHERE account_id = $1 AND client_id = $2";
    Ok(tx.execute(sql, args![account_id, client_id]).await? == 1)
}

/// The clients that an account agreed to, and since when.
pub async fn of_account(tx: &mut Tx, account_id: &str) -> Result<Vec<(String, i64)>> {
    let sql = "SELECT client_id, granted_at FROM consent WHERE account_id = $1 ORDER BY granted_at DESC LIMIT 100";
    tx.all(sql, args![account_id]).await
}
