//! Rows of sessions.

pub mod holders;

use super::{Session, UpstreamOrigin};
use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::{AccountId, SessionId};
use crate::db::{BATCH_SIZE, CLEANUP_BATCH_ROWS, FromRow, Result, Tx, Value, args, batch_args, batch_placeholders};
use crate::protocol::acr::{Acr, Amr};

#[derive(FromRow)]
struct Row {
    id: SessionId,
    account_id: AccountId,
    authenticated_at: i64,
    amr: String,
    factor_at: Option<i64>,
    seen_at: i64,
    ended_at: Option<i64>,
    device_id: Option<String>,
    upstream: Option<String>,
    upstream_acr: Option<String>,
    upstream_acr_value: Option<String>,
    answered_at: Option<i64>,
}

impl From<Row> for Session {
    fn from(r: Row) -> Self {
        Session {
            id: r.id,
            account_id: r.account_id,
            authenticated_at: Timestamp(r.authenticated_at),
            amr: Amr::parse_list(&r.amr),
            factor_at: r.factor_at.map(Timestamp),
            seen_at: Timestamp(r.seen_at),
            ended: r.ended_at.is_some(),
            device_id: r.device_id,
            // A level of a newer release is none here.
            upstream: r.upstream.map(|upstream_id| UpstreamOrigin {
                upstream_id,
                acr: r.upstream_acr_value,
                level: r.upstream_acr.and_then(|word| word.parse().ok()),
            }),
            answered_at: r.answered_at.map(Timestamp),
        }
    }
}

/// The columns of a new session.
#[derive(Debug)]
pub struct NewSessionRow<'a> {
    pub id: &'a SessionId,
    pub account_id: &'a AccountId,
    pub authenticated_at: Timestamp,
    pub amr: &'a [Amr],
    pub factor_at: Option<Timestamp>,
    pub device: Option<&'a str>,
    pub upstream: Option<&'a UpstreamOrigin>,
    /// The upstream's ID token, sealed, for the sign-out there.
    pub upstream_id_token: Option<&'a str>,
    /// The time of the upstream's answer.
    pub answered_at: Option<Timestamp>,
}

pub async fn insert(tx: &mut Tx, now: Timestamp, new: &NewSessionRow<'_>) -> Result<()> {
    tx.execute(
        "INSERT INTO session (id, account_id, authenticated_at, amr, seen_at, device_id, factor_at, \
         upstream, upstream_acr, upstream_id_token, upstream_acr_value, answered_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        args![
            new.id,
            new.account_id,
            new.authenticated_at,
            Amr::join(new.amr),
            now,
            new.device,
            new.factor_at,
            new.upstream.map(|upstream| upstream.upstream_id.as_str()),
            new.upstream.and_then(|upstream| upstream.level).map(Acr::name),
            new.upstream_id_token,
            new.upstream.and_then(|upstream| upstream.acr.as_deref()),
            new.answered_at
        ],
    )
    .await?;
    Ok(())
}

pub async fn find(tx: &mut Tx, id: &SessionId) -> Result<Option<Session>> {
    let sql = "SELECT id, account_id, authenticated_at, amr, factor_at, seen_at, ended_at, device_id, upstream, \
               upstream_acr, upstream_acr_value, answered_at FROM session WHERE id = $1";
    Ok(tx.fetch_optional::<Row>(sql, args![id]).await?.map(Session::from))
}

/// Locks the row until the end of the transaction, so that a concurrent end of the session is committed before or
/// after. Returns false if the session has ended.
pub async fn lock(tx: &mut Tx, id: &SessionId) -> Result<bool> {
    let sql = "UPDATE session SET seen_at = seen_at WHERE id = $1 AND ended_at IS NULL";
    Ok(tx.execute(sql, args![id]).await? == 1)
}

pub async fn touch(tx: &mut Tx, now: Timestamp, id: &SessionId) -> Result<()> {
    tx.execute("UPDATE session SET seen_at = $2 WHERE id = $1 AND seen_at < $2", args![id, now]).await?;
    Ok(())
}

/// Lists open sessions that began through an upstream, at most `most`.
pub async fn list_open_of_upstream(tx: &mut Tx, upstream: &str, most: i64) -> Result<Vec<(SessionId, AccountId)>> {
    let sql = "SELECT id, account_id FROM session WHERE upstream = $1 AND ended_at IS NULL ORDER BY id LIMIT $2";
    tx.fetch_all(sql, args![upstream, most]).await
}

/// Ends a session. Returns true only for the call that ended the session.
pub async fn end(tx: &mut Tx, now: Timestamp, id: &SessionId) -> Result<bool> {
    let sql = "UPDATE session SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
    Ok(tx.execute(sql, args![id, now]).await? == 1)
}

/// Ends every session, for a restored database. Returns their number.
pub async fn end_of_everybody(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    tx.execute("UPDATE session SET ended_at = $1 WHERE ended_at IS NULL", args![now]).await
}

/// Takes the upstream's sealed ID token of a session: it is given away once.
pub async fn take_upstream_id_token(tx: &mut Tx, id: &SessionId) -> Result<Option<String>> {
    let sql = "SELECT upstream_id_token FROM session WHERE id = $1 AND upstream_id_token IS NOT NULL";
    let found = tx.fetch_optional::<(String,)>(sql, args![id]).await?.map(|(sealed,)| sealed);
    let taken = "UPDATE session SET upstream_id_token = NULL WHERE id = $1 AND upstream_id_token IS NOT NULL";
    Ok(if tx.execute(taken, args![id]).await? == 1 { found } else { None })
}

/// Moves what waits in a session (an address for its code, an application for its first one, a joining of accounts) to
/// the session in its place.
pub async fn move_waiting(tx: &mut Tx, from: &SessionId, to: &SessionId) -> Result<()> {
    tx.execute("UPDATE email SET session_id = $2 WHERE session_id = $1", args![from, to]).await?;
    tx.execute("UPDATE totp SET session_id = $2 WHERE session_id = $1", args![from, to]).await?;
    tx.execute("UPDATE regroupement SET session_id = $2 WHERE session_id = $1", args![from, to]).await?;
    Ok(())
}

/// Returns the ids of the account's sessions not ended.
pub async fn list_open(tx: &mut Tx, account_id: &AccountId) -> Result<Vec<SessionId>> {
    let sql = "SELECT id FROM session WHERE account_id = $1 AND ended_at IS NULL ORDER BY id";
    Ok(tx.fetch_all::<(SessionId,)>(sql, args![account_id]).await?.into_iter().map(|(id,)| id).collect())
}

/// At most so many sessions beyond the maximum are listed: a sign-in adds one.
const MAX_EXCESS: i64 = 2;

/// Lists the oldest of the sessions of an account that are not ended and began after a time, beyond the maximum number: the
/// new one counts, and is never among them. It reads the open sessions of the account, of which there are few for that
/// reason.
pub async fn list_excess(
    tx: &mut Tx,
    account_id: &AccountId,
    new: &SessionId,
    since: Timestamp,
) -> Result<Vec<SessionId>> {
    let sql = "SELECT id FROM session WHERE account_id = $1 AND ended_at IS NULL AND authenticated_at > $2 AND id <> $3 \
               ORDER BY authenticated_at DESC, id LIMIT $4 OFFSET $5";
    let values = args![account_id, since, new, MAX_EXCESS, super::MAX_SESSIONS - 1];
    Ok(tx.fetch_all::<(SessionId,)>(sql, values).await?.into_iter().map(|(id,)| id).collect())
}

/// Returns the ids of the sessions not ended that began on a device of the account.
pub async fn list_open_of_device(tx: &mut Tx, account_id: &AccountId, device_id: &str) -> Result<Vec<SessionId>> {
    let sql = "SELECT id FROM session WHERE account_id = $1 AND device_id = $2 AND ended_at IS NULL ORDER BY id";
    Ok(tx.fetch_all::<(SessionId,)>(sql, args![account_id, device_id]).await?.into_iter().map(|(id,)| id).collect())
}

/// Lists those of the accounts that have a session not ended.
pub async fn list_accounts_with_open(tx: &mut Tx, accounts: &[AccountId]) -> Result<Vec<AccountId>> {
    let mut found = Vec::new();
    for ids in accounts.chunks(BATCH_SIZE) {
        let sql = concat!(
            "SELECT DISTINCT account_id FROM session WHERE ended_at IS NULL AND account_id > $1 AND account_id IN (",
            batch_placeholders!(),
            ")"
        );
        let values = batch_args(Value::from(""), ids.iter().map(|id| id.as_str()));
        found.extend(tx.fetch_all::<(AccountId,)>(sql, values).await?.into_iter().map(|(id,)| id));
    }
    Ok(found)
}

/// Deletes sessions, and their clients' rows, a day after the expiry of the last token. Returns the number of deleted
/// sessions.
pub async fn delete_expired(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    let before = now.minus(super::SESSION_TTL).minus(Span::days(1));
    // Both statements select the same sessions, because of the same order.
    let clients = "DELETE FROM session_client WHERE session_id IN \
                   (SELECT id FROM session WHERE authenticated_at < $1 ORDER BY authenticated_at, id LIMIT $2)";
    let sessions = "DELETE FROM session WHERE id IN \
                    (SELECT id FROM session WHERE authenticated_at < $1 ORDER BY authenticated_at, id LIMIT $2)";
    tx.execute(clients, args![before, CLEANUP_BATCH_ROWS]).await?;
    tx.execute(sessions, args![before, CLEANUP_BATCH_ROWS]).await
}
