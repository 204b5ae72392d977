//! Rows of delivery records, and the clients of a session with their metadata.

use super::{DELIVERY_LOST_AFTER, DELIVERY_RETENTION, DeliveryState, LogoutDelivery, LogoutRecipient};
use crate::base::clock::Timestamp;
use crate::base::typed_ids::{ClientId, ClientSessionId, SessionId};
use crate::clients::{ClientMetadata, ClientState};
use crate::db::{CLEANUP_BATCH_ROWS, DbError, FromRow, Result, Tx, args, parse_word};

/// Returns the clients of a session, ended or not.
pub async fn list_recipients(tx: &mut Tx, session_id: &SessionId) -> Result<Vec<LogoutRecipient>> {
    let rows = tx
        .fetch_all::<(ClientId, ClientSessionId, String, String)>(
            "SELECT held.client_id, held.sid, client.state, client.metadata FROM session_client held \
             JOIN client ON client.client_id = held.client_id \
             WHERE held.session_id = $1 ORDER BY held.created_at, held.client_id LIMIT 1000",
            args![session_id],
        )
        .await?;
    let party = |(client_id, sid, state, text): (ClientId, ClientSessionId, String, String)| {
        let bad = || DbError::Inconsistent { table: "client", column: "metadata", row: client_id.to_string() };
        let state: ClientState = parse_word("client", "state", &client_id, &state)?;
        let meta: ClientMetadata = serde_json::from_str(&text).map_err(|_| bad())?;
        Ok(LogoutRecipient { client_id, sid, is_usable: state == ClientState::Active, meta })
    };
    rows.into_iter().map(party).collect()
}

/// Inserts a delivery record for the job with this id or, with a problem, a record given up at once.
pub async fn insert(
    tx: &mut Tx,
    now: Timestamp,
    id: &str,
    party: &LogoutRecipient,
    problem: Option<&str>,
) -> Result<()> {
    let state = if problem.is_some() { DeliveryState::GivenUp } else { DeliveryState::Waiting };
    tx.execute(
        "INSERT INTO logout_delivery (id, client_id, sid, state, attempts, problem, created_at, ended_at) \
         VALUES ($1, $2, $3, $4, 0, $5, $6, $7)",
        args![id, &party.client_id, &party.sid, state.name(), problem, now, problem.map(|_| now)],
    )
    .await?;
    Ok(())
}

/// Counts the waiting notifications of a client, up to `most`.
pub async fn count_waiting(tx: &mut Tx, client_id: &str, most: i64) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM (SELECT id FROM logout_delivery WHERE client_id = $1 AND state = 'waiting' \
               AND state <> 'delivered' LIMIT $2) AS counted";
    Ok(tx.fetch_one::<(i64,)>(sql, args![client_id, most]).await?.0)
}

/// Records the result of an attempt.
pub async fn record_attempt(
    tx: &mut Tx,
    now: Timestamp,
    id: &str,
    state: DeliveryState,
    problem: Option<&str>,
) -> Result<()> {
    let ended = (state != DeliveryState::Waiting).then_some(now);
    tx.execute(
        "UPDATE logout_delivery SET state = $2, attempts = attempts + 1, problem = COALESCE($3, problem), \
         tried_at = $4, ended_at = $5 WHERE id = $1 AND state = 'waiting'",
        args![id, state.name(), problem, now, ended],
    )
    .await?;
    Ok(())
}

#[derive(FromRow)]
struct Row {
    client_id: ClientId,
    sid: ClientSessionId,
    state: String,
    attempts: i64,
    problem: Option<String>,
    created_at: i64,
    tried_at: Option<i64>,
    ended_at: Option<i64>,
}

/// Returns the newest delivery records of a client, for `preau client show`.
pub async fn list_for_client(tx: &mut Tx, client_id: &str, most: i64) -> Result<Vec<LogoutDelivery>> {
    let rows = tx
        .fetch_all::<Row>(
            "SELECT client_id, sid, state, attempts, problem, created_at, tried_at, ended_at FROM logout_delivery \
             WHERE client_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2",
            args![client_id, most],
        )
        .await?;
    let delivery = |r: Row| {
        Ok(LogoutDelivery {
            state: parse_word("logout_delivery", "state", &r.sid, &r.state)?,
            client_id: r.client_id,
            sid: r.sid,
            attempts: r.attempts,
            problem: r.problem,
            created_at: Timestamp(r.created_at),
            tried_at: r.tried_at.map(Timestamp),
            ended_at: r.ended_at.map(Timestamp),
        })
    };
    rows.into_iter().map(delivery).collect()
}

/// Counts the notifications not delivered, by client and state, for `doctor`.
pub async fn count_undelivered(tx: &mut Tx) -> Result<Vec<(ClientId, String, i64)>> {
    let sql = "SELECT client_id, state, COUNT(*) FROM logout_delivery WHERE state <> 'delivered' \
               GROUP BY client_id, state ORDER BY client_id, state LIMIT 1000";
    tx.fetch_all(sql, args![]).await
}

/// Gives up every notification, for a restored database.
pub async fn give_up_all(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    // The condition is redundant, as below.
    let sql = "UPDATE logout_delivery SET state = 'given_up', problem = 'the database was restored', ended_at = $1 \
               WHERE state = 'waiting' AND state <> 'delivered'";
    tx.execute(sql, args![now]).await
}

/// Gives up lost notifications, and deletes old records. Returns the number of changed rows.
pub async fn delete_expired(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    // The condition is redundant, so that SQLite uses the small partial index of open deliveries.
    let lost = "UPDATE logout_delivery \
                SET state = 'given_up', problem = COALESCE(problem, 'not tried in time'), ended_at = $1 WHERE id IN \
                (SELECT id FROM logout_delivery \
                WHERE state = 'waiting' AND state <> 'delivered' AND created_at < $2 LIMIT $3)";
    let old = "DELETE FROM logout_delivery WHERE id IN \
               (SELECT id FROM logout_delivery WHERE created_at < $1 LIMIT $2)";
    Ok(tx.execute(lost, args![now, now.minus(DELIVERY_LOST_AFTER), CLEANUP_BATCH_ROWS]).await?
        + tx.execute(old, args![now.minus(DELIVERY_RETENTION), CLEANUP_BATCH_ROWS]).await?)
}
