//! Rows of the table `service_use`: what each client was granted of an account.

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
    first_at: i64,
    last_at: i64,
}

/// The use of an account by a client.
#[derive(Clone, Debug)]
pub struct ServiceUse {
    pub client_id: ClientId,
    /// Everything granted so far.
    pub disclosure: Disclosure,
    pub first_at: Timestamp,
    /// The latest session in which the client asked.
    pub last_at: Timestamp,
}

impl TryFrom<Row> for ServiceUse {
    type Error = DbError;
    fn try_from(r: Row) -> Result<ServiceUse> {
        let bad = |column| DbError::Inconsistent { table: "service_use", column, row: r.client_id.to_string() };
        let disclosure = Disclosure {
            scopes: Scopes::parse(&r.scopes).ok_or_else(|| bad("scopes"))?,
            claims: serde_json::from_str(&r.claims).map_err(|_| bad("claims"))?,
        };
        let (first_at, last_at) = (Timestamp(r.first_at), Timestamp(r.last_at));
        Ok(ServiceUse { client_id: r.client_id, disclosure, first_at, last_at })
    }
}

pub async fn find(tx: &mut Tx, account_id: &AccountId, client_id: &ClientId) -> Result<Option<ServiceUse>> {
    let sql = "SELECT client_id, scopes, claims, first_at, last_at FROM service_use \
               WHERE account_id = $1 AND client_id = $2";
    tx.fetch_optional::<Row>(sql, args![account_id, client_id]).await?.map(ServiceUse::try_from).transpose()
}

/// Lists the clients that were granted something, the last used first.
pub async fn list_for_account(tx: &mut Tx, account_id: &AccountId) -> Result<Vec<ServiceUse>> {
    let sql = "SELECT client_id, scopes, claims, first_at, last_at FROM service_use WHERE account_id = $1 \
               ORDER BY last_at DESC, client_id LIMIT 200";
    tx.fetch_all::<Row>(sql, args![account_id]).await?.into_iter().map(ServiceUse::try_from).collect()
}

/// Lists the clients that know an account: they were granted something, hold a token, or stand in a session.
pub async fn list_clients_of_account(tx: &mut Tx, account_id: &AccountId) -> Result<Vec<ClientId>> {
    let sql = "SELECT client_id FROM service_use WHERE account_id = $1 \
               UNION SELECT client_id FROM consent WHERE account_id = $1 \
               UNION SELECT client_id FROM refresh_family WHERE account_id = $1 \
               UNION SELECT c.client_id FROM session_client c JOIN session s ON s.id = c.session_id \
               WHERE s.account_id = $1 ORDER BY client_id LIMIT 1000";
    Ok(tx.fetch_all::<(ClientId,)>(sql, args![account_id]).await?.into_iter().map(|(id,)| id).collect())
}

/// Records what a client is granted now, everything so far included.
pub async fn upsert(
    tx: &mut Tx,
    now: Timestamp,
    (account_id, client_id): (&AccountId, &ClientId),
    (scopes, claims): (&str, &str),
) -> Result<()> {
    tx.execute(
        "INSERT INTO service_use (account_id, client_id, scopes, claims, first_at, last_at) \
         VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (account_id, client_id) DO UPDATE SET \
         scopes = excluded.scopes, claims = excluded.claims, last_at = excluded.last_at",
        args![account_id, client_id, scopes, claims, now],
    )
    .await?;
    Ok(())
}

/// Deletes what a closed account's services were granted.
pub async fn delete_all(tx: &mut Tx, account_id: &AccountId) -> Result<()> {
    tx.execute("DELETE FROM service_use WHERE account_id = $1", args![account_id]).await?;
    Ok(())
}

/// Copies what the clients of an account were granted to another one that they do not know. Returns these clients.
pub async fn copy_all(tx: &mut Tx, from: &AccountId, to: &AccountId) -> Result<Vec<ClientId>> {
    let sql = "INSERT INTO service_use (account_id, client_id, scopes, claims, first_at, last_at) \
               SELECT $2, client_id, scopes, claims, first_at, last_at FROM service_use WHERE account_id = $1 \
               ON CONFLICT DO NOTHING RETURNING client_id";
    Ok(tx.fetch_all::<(ClientId,)>(sql, args![from, to]).await?.into_iter().map(|(id,)| id).collect())
}

/// Deletes a copy that was not used since then; one that was tells what the client was granted.
pub async fn delete_unused_since(
    tx: &mut Tx,
    since: Timestamp,
    account_id: &AccountId,
    client_id: &ClientId,
) -> Result<()> {
    let sql = "DELETE FROM service_use WHERE account_id = $1 AND client_id = $2 AND last_at <= $3";
    tx.execute(sql, args![account_id, client_id, since]).await?;
    Ok(())
}
