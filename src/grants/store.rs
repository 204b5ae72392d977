//! Rows of client sessions; refresh token families and consents have separate files.

pub mod consents;
pub mod families;
pub mod revoked;
pub mod uses;

use super::ClientSession;
use crate::base::clock::Timestamp;
use crate::base::typed_ids::{AccountId, ClientId, ClientSessionId, SessionId};
use crate::db::{FromRow, Result, Tx, args};

#[derive(FromRow)]
struct Row {
    session_id: SessionId,
    client_id: ClientId,
    sid: ClientSessionId,
    generation: i64,
}

impl From<Row> for ClientSession {
    fn from(r: Row) -> Self {
        ClientSession { session_id: r.session_id, client_id: r.client_id, sid: r.sid, generation: r.generation }
    }
}

/// Raises the generation of every client session, for a restored database, beyond those that it may have had since.
pub async fn raise_every_generation(tx: &mut Tx) -> Result<()> {
    tx.execute("UPDATE session_client SET generation = generation + 1000000", args![]).await?;
    Ok(())
}

pub async fn find(tx: &mut Tx, session_id: &SessionId, client_id: &ClientId) -> Result<Option<ClientSession>> {
    let sql =
        "SELECT session_id, client_id, sid, generation FROM session_client WHERE session_id = $1 AND client_id = $2";
    Ok(tx.fetch_optional::<Row>(sql, args![session_id, client_id]).await?.map(ClientSession::from))
}

pub async fn find_by_sid(tx: &mut Tx, sid: &ClientSessionId) -> Result<Option<ClientSession>> {
    let sql = "SELECT session_id, client_id, sid, generation FROM session_client WHERE sid = $1";
    Ok(tx.fetch_optional::<Row>(sql, args![sid]).await?.map(ClientSession::from))
}

/// Inserts the row at the client's first request in a session, unless the row exists.
pub async fn insert_if_absent(
    tx: &mut Tx,
    now: Timestamp,
    session_id: &SessionId,
    client_id: &ClientId,
    sid: &ClientSessionId,
) -> Result<()> {
    tx.execute(
        "INSERT INTO session_client (session_id, client_id, sid, generation, created_at) VALUES ($1, $2, $3, 1, $4) \
         ON CONFLICT DO NOTHING",
        args![session_id, client_id, sid, now],
    )
    .await?;
    Ok(())
}

/// Moves the client sessions to another session, which is new and has none.
pub async fn move_clients(tx: &mut Tx, from: &SessionId, to: &SessionId) -> Result<()> {
    tx.execute("UPDATE session_client SET session_id = $2 WHERE session_id = $1", args![from, to]).await?;
    Ok(())
}

/// Locks the row until the end of the transaction. Returns false if the generation has changed.
pub async fn lock(tx: &mut Tx, sid: &ClientSessionId, generation: i64) -> Result<bool> {
    let sql = "UPDATE session_client SET generation = generation WHERE sid = $1 AND generation = $2";
    Ok(tx.execute(sql, args![sid, generation]).await? == 1)
}

/// Revokes the tokens held by a client in every session of an account, by incrementing the generation.
pub async fn revoke_access_tokens(tx: &mut Tx, account_id: &AccountId, client_id: &ClientId) -> Result<()> {
    tx.execute(
        "UPDATE session_client SET generation = generation + 1 WHERE client_id = $2 \
         AND session_id IN (SELECT id FROM session WHERE account_id = $1)",
        args![account_id, client_id],
    )
    .await?;
    Ok(())
}
