//! Rows of deliveries, and the clients of a session with what is registered of them.

use super::{Delivery, KEPT, LOST, Party, State};
use crate::base::clock::Timestamp;
use crate::clients::{ClientState, Metadata};
use crate::db::{CLEANED_AT_ONCE, Error, FromRow, Result, Tx, args};

/// The clients of a session, ended or not.
pub async fn parties(tx: &mut Tx, session_id: &str) -> Result<Vec<Party>> {
    let rows = tx
        .all::<(String, String, String, String)>(
            "SELECT held.client_id, held.sid, client.state, client.metadata FROM session_client held \
             JOIN client ON client.client_id = held.client_id \
             WHERE held.session_id = $1 ORDER BY held.created_at, held.client_id LIMIT 1000",
            args![session_id],
        )
        .await?;
    let party = |(client_id, sid, state, text): (String, String, String, String)| {
        let bad = |column| Error::Inconsistent { table: "client", column, row: client_id.clone() };
        let state = ClientState::from_name(&state).ok_or_else(|| bad("state"))?;
        let meta: Metadata = serde_json::from_str(&text).map_err(|_| bad("metadata"))?;
        Ok(Party { client_id, sid, usable: state == ClientState::Active, meta })
    };
    rows.into_iter().map(party).collect()
}

/// Writes that a client is to be told by the job of this id; or, with a problem, that it never will be.
pub async fn insert(tx: &mut Tx, now: Timestamp, id: &str, party: &Party, problem: Option<&str>) -> Result<()> {
    let state = if problem.is_some() { State::GivenUp } else { State::Waiting };
    tx.execute(
        "INSERT INTO logout_delivery (id, client_id, sid, state, attempts, problem, created_at, ended_at) \
         VALUES ($1, $2, $3, $4, 0, $5, $6, $7)",
        args![id, &party.client_id, &party.sid, state.name(), problem, now, problem.map(|_| now)],
    )
    .await?;
    Ok(())
}

/// How many wait for a client; counted no further than `most`.
pub async fn waiting(tx: &mut Tx, client_id: &str, most: i64) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM (SELECT id FROM logout_delivery WHERE client_id = $1 AND state = 'waiting' \
               AND state <> 'delivered' LIMIT $2) AS counted";
    Ok(tx.one::<(i64,)>(sql, args![client_id, most]).await?.0)
}

/// What became of an attempt.
pub async fn tried(tx: &mut Tx, now: Timestamp, id: &str, state: State, problem: Option<&str>) -> Result<()> {
    let ended = (state != State::Waiting).then_some(now);
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
    client_id: String,
    sid: String,
    state: String,
    attempts: i64,
    problem: Option<String>,
    created_at: i64,
    tried_at: Option<i64>,
    ended_at: Option<i64>,
}

/// The newest deliveries of a client: for `preau client show`.
pub async fn of_client(tx: &mut Tx, client_id: &str, most: i64) -> Result<Vec<Delivery>> {
    let rows = tx
        .all::<Row>(
            "SELECT client_id, sid, state, attempts, problem, created_at, tried_at, ended_at FROM logout_delivery \
             WHERE client_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2",
            args![client_id, most],
        )
        .await?;
    let delivery = |r: Row| {
        let state = State::from_name(&r.state);
        let unknown = || Error::Inconsistent { table: "logout_delivery", column: "state", row: r.sid.clone() };
        Ok(Delivery {
            state: state.ok_or_else(unknown)?,
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

/// What was not delivered: (client, state, how many), for `doctor`.
pub async fn undelivered(tx: &mut Tx) -> Result<Vec<(String, String, i64)>> {
    let sql = "SELECT client_id, state, COUNT(*) FROM logout_delivery WHERE state <> 'delivered' \
               GROUP BY client_id, state ORDER BY client_id, state LIMIT 1000";
    tx.all(sql, args![]).await
}

/// Gives up what was lost, and forgets what is old.
pub async fn clean(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    // Said twice, so that SQLite sees that the small index of what is open will do.
    let lost = "UPDATE logout_delivery \
                SET state = 'given_up', problem = COALESCE(problem, 'not tried in time'), ended_at = $1 WHERE id IN \
                (SELECT id FROM logout_delivery \
                WHERE state = 'waiting' AND state <> 'delivered' AND created_at < $2 LIMIT $3)";
    let old = "DELETE FROM logout_delivery WHERE id IN \
               (SELECT id FROM logout_delivery WHERE created_at < $1 LIMIT $2)";
    Ok(tx.execute(lost, args![now, now.minus(LOST), CLEANED_AT_ONCE]).await?
        + tx.execute(old, args![now.minus(KEPT), CLEANED_AT_ONCE]).await?)
}
