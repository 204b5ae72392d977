//! Rows (session, client); refresh families and consents have files of their own.

pub mod consents;
pub mod families;
pub mod revoked;

use super::SessionClient;
use crate::base::clock::Timestamp;
use crate::db::{FromRow, Result, Tx, args};

#[derive(FromRow)]
struct Row {
    session_id: String,
    client_id: String,
    sid: String,
    generation: i64,
}

impl From<Row> for SessionClient {
    fn from(r: Row) -> Self {
        SessionClient { session_id: r.session_id, client_id: r.client_id, sid: r.sid, generation: r.generation }
    }
}

pub async fn find(tx: &mut Tx, session_id: &str, client_id: &str) -> Result<Option<SessionClient>> {
    let sql =
        "SELECT session_id, client_id, sid, generation FROM session_client WHERE session_id = $1 AND client_id = $2";
    Ok(tx.optional::<Row>(sql, args![session_id, client_id]).await?.map(SessionClient::from))
}

pub async fn by_sid(tx: &mut Tx, sid: &str) -> Result<Option<SessionClient>> {
    let sql = "SELECT session_id, client_id, sid, generation FROM session_client WHERE sid = $1";
    Ok(tx.optional::<Row>(sql, args![sid]).await?.map(SessionClient::from))
}

/// As [`by_sid`], for an access token: none where the token itself, or its grant, was revoked.
pub async fn of_token(tx: &mut Tx, sid: &str, (jti, grant): (&str, &str)) -> Result<Option<SessionClient>> {
    let sql = "SELECT session_id, client_id, sid, generation FROM session_client WHERE sid = $1 \
               AND NOT EXISTS (SELECT 1 FROM revoked_token WHERE id IN ($2, $3))";
    Ok(tx.optional::<Row>(sql, args![sid, jti, grant]).await?.map(SessionClient::from))
}

/// Writes the row at the client's first request of a session; a second writer's changes nothing.
pub async fn join(tx: &mut Tx, now: Timestamp, session_id: &str, client_id: &str, sid: &str) -> Result<()> {
    tx.execute(
        "INSERT INTO session_client (session_id, client_id, sid, generation, created_at) VALUES ($1, $2, $3, 1, $4) \
         ON CONFLICT DO NOTHING",
        args![session_id, client_id, sid, now],
    )
    .await?;
    Ok(())
}

/// What clients hold of one session becomes another's, which is new and has none.
pub async fn move_clients(tx: &mut Tx, from: &str, to: &str) -> Result<()> {
    tx.execute("UPDATE session_client SET session_id = $2 WHERE session_id = $1", args![from, to]).await?;
    Ok(())
}

/// Keeps the row as it is until the transaction ends, if it is still of this generation.
pub async fn hold(tx: &mut Tx, sid: &str, generation: i64) -> Result<bool> {
    let sql = "UPDATE session_client SET generation = generation WHERE sid = $1 AND generation = $2";
    Ok(tx.execute(sql, args![sid, generation]).await? == 1)
}

/// Kills the tokens that a client holds of any session of an account.
pub async fn kill_tokens(tx: &mut Tx, account_id: &str, client_id: &str) -> Result<()> {
    tx.execute(
        "UPDATE session_client SET generation = generation + 1 WHERE client_id = $2 \
         AND session_id IN (SELECT id FROM session WHERE account_id = $1)",
        args![account_id, client_id],
    )
    .await?;
    Ok(())
}
