//! Rows of consents.

use crate::accounts::JoinedPair;
use crate::base::clock::Timestamp;
use crate::base::typed_ids::{AccountId, ClientId};
use crate::db::{DbError, FromRow, Result, Tx, args};
use crate::protocol::disclosure::Disclosure;
use crate::protocol::scope::Scopes;

#[derive(FromRow)]
struct Row {
    client_id: ClientId,
    scopes: String,
    claims: String,
}

impl TryFrom<Row> for Disclosure {
    type Error = DbError;
    fn try_from(r: Row) -> Result<Disclosure> {
        let bad = |column| DbError::Inconsistent { table: "consent", column, row: r.client_id.to_string() };
        Ok(Disclosure {
            scopes: Scopes::parse(&r.scopes).ok_or_else(|| bad("scopes"))?,
            claims: serde_json::from_str(&r.claims).map_err(|_| bad("claims"))?,
        })
    }
}

pub async fn find(tx: &mut Tx, account_id: &AccountId, client_id: &ClientId) -> Result<Option<Disclosure>> {
    let sql = "SELECT client_id, scopes, claims FROM consent WHERE account_id = $1 AND client_id = $2";
    tx.fetch_optional::<Row>(sql, args![account_id, client_id]).await?.map(Disclosure::try_from).transpose()
}

/// Inserts or replaces a consent.
pub async fn upsert(
    tx: &mut Tx,
    now: Timestamp,
    account_id: &AccountId,
    client_id: &ClientId,
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

/// Deletes a consent. Returns false if there was none.
pub async fn delete(tx: &mut Tx, account_id: &AccountId, client_id: &ClientId) -> Result<bool> {
    let sql = "DELETE FROM consent WHERE account_id = $1 AND client_id = $2";
    Ok(tx.execute(sql, args![account_id, client_id]).await? == 1)
}

/// Deletes every consent of a closed account.
pub async fn delete_all(tx: &mut Tx, account_id: &AccountId) -> Result<()> {
    tx.execute("DELETE FROM consent WHERE account_id = $1", args![account_id]).await?;
    Ok(())
}

/// Returns the clients with a consent of the account, and the time of each consent.
pub async fn list_for_account(tx: &mut Tx, account_id: &AccountId) -> Result<Vec<(ClientId, i64)>> {
    let sql = "SELECT client_id, granted_at FROM consent WHERE account_id = $1 ORDER BY granted_at DESC LIMIT 100";
    tx.fetch_all(sql, args![account_id]).await
}

/// Copies the consents of an account to another one without a consent to the same client. Returns these clients.
pub async fn copy_all(tx: &mut Tx, from: &AccountId, to: &AccountId) -> Result<Vec<ClientId>> {
    let sql = "INSERT INTO consent (account_id, client_id, scopes, claims, granted_at) \
               SELECT $2, client_id, scopes, claims, granted_at FROM consent WHERE account_id = $1 \
               ON CONFLICT DO NOTHING RETURNING client_id";
    Ok(tx.fetch_all::<(ClientId,)>(sql, args![from, to]).await?.into_iter().map(|(id,)| id).collect())
}

/// Ends the copy of a consent on the kept account, unless it was given anew since then. A copy that was withdrawn is
/// withdrawn on the absorbed account, from which it came, too.
pub async fn return_copy(
    tx: &mut Tx,
    since: Timestamp,
    pair: JoinedPair<&AccountId>,
    client_id: &ClientId,
) -> Result<()> {
    if find(tx, pair.kept, client_id).await?.is_none() {
        delete(tx, pair.absorbed, client_id).await?;
        return Ok(());
    }
    let sql = "DELETE FROM consent WHERE account_id = $1 AND client_id = $2 AND granted_at <= $3";
    tx.execute(sql, args![pair.kept, client_id, since]).await?;
    Ok(())
}
