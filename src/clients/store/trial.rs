//! Rows of trials: the persons of a client that is not yet in use by all.

use crate::base::clock::Timestamp;
use crate::base::typed_ids::{AccountId, ClientId};
use crate::clients::ClientMetadata;
use crate::db::{Result, Tx, args};

/// Inserts a client that was approved, on trial until a time. Returns false if the id is taken.
pub async fn insert_client(
    tx: &mut Tx,
    now: Timestamp,
    (client_id, meta): (&ClientId, &ClientMetadata),
    until: Timestamp,
) -> Result<bool> {
    let sql = "INSERT INTO client (client_id, origin, state, metadata, academy, unapproved, updated_at, created_at, \
               probation_until) VALUES ($1, 'registered', 'active', $2, $3, FALSE, $4, $4, $5) ON CONFLICT DO NOTHING";
    let text = serde_json::to_string(meta).unwrap_or_default();
    Ok(tx.execute(sql, args![client_id, text, &meta.academy, now, until]).await? == 1)
}

/// Lets a person in a trial, unless as many as `most` others are in it.
pub async fn enter(
    tx: &mut Tx,
    now: Timestamp,
    (client_id, account_id): (&ClientId, &AccountId),
    most: i64,
) -> Result<bool> {
    // Those who come at the same time are counted one after the other. In this form, the statement is known to change
    // nothing (`db/recent_rows.rs`): rows of clients that were read stay known.
    tx.execute("UPDATE client SET version = version WHERE client_id = $1", args![client_id]).await?;
    let sql = "INSERT INTO client_trial (client_id, account_id, at) SELECT $1, $2, $3 \
               WHERE (SELECT COUNT(*) FROM client_trial WHERE client_id = $1) < $4 ON CONFLICT DO NOTHING";
    tx.execute(sql, args![client_id, account_id, now, most]).await?;
    is_in(tx, client_id, account_id).await
}

/// Returns the beginning of a trial: the time at which its client was approved.
pub async fn find_start(tx: &mut Tx, client_id: &ClientId) -> Result<Option<Timestamp>> {
    let sql = "SELECT created_at FROM client WHERE client_id = $1";
    Ok(tx.fetch_optional::<(i64,)>(sql, args![client_id]).await?.map(|(at,)| Timestamp(at)))
}

/// True if a person is in the trial.
pub async fn is_in(tx: &mut Tx, client_id: &ClientId, account_id: &AccountId) -> Result<bool> {
    let sql = "SELECT at FROM client_trial WHERE client_id = $1 AND account_id = $2";
    Ok(tx.fetch_optional::<(i64,)>(sql, args![client_id, account_id]).await?.is_some())
}

/// Counts the persons of a trial.
pub async fn count(tx: &mut Tx, client_id: &ClientId) -> Result<i64> {
    Ok(tx.fetch_one::<(i64,)>("SELECT COUNT(*) FROM client_trial WHERE client_id = $1", args![client_id]).await?.0)
}
