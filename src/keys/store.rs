//! Rows of signing keys and of the master key check. Every state change is a compare-and-set.

use crate::base::clock::Timestamp;
use crate::base::typed_ids::KeyId;
use crate::db::{FromRow, Result, Tx, args};
use crate::jose::{Alg, KeyState};

/// A stored key, still encrypted.
#[derive(Clone, Debug, FromRow)]
pub struct KeyRow {
    pub kid: KeyId,
    pub algorithm: String,
    pub state: String,
    pub since: i64,
    pub sealed: String,
}

/// Lists the keys, the newest first, so that the row limit cannot hide the signing keys.
pub async fn list(tx: &mut Tx) -> Result<Vec<KeyRow>> {
    tx.fetch_all(
        "SELECT kid, algorithm, state, since, sealed FROM signing_key ORDER BY created_at DESC, kid LIMIT 1000",
        args![],
    )
    .await
}

pub async fn has_active(tx: &mut Tx, algorithm: Alg) -> Result<bool> {
    let sql = "SELECT kid FROM signing_key WHERE algorithm = $1 AND state = 'active'";
    Ok(tx.fetch_optional::<(String,)>(sql, args![algorithm.name()]).await?.is_some())
}

/// Inserts a key; returns true if the key became the active or the upcoming key. False if another server was first or
/// the key is already known.
pub async fn insert(
    tx: &mut Tx,
    now: Timestamp,
    kid: &str,
    algorithm: Alg,
    state: KeyState,
    sealed: &str,
) -> Result<bool> {
    let rows = tx
        .execute(
            "INSERT INTO signing_key (kid, algorithm, state, sealed, created_at, since) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
            args![kid, algorithm.name(), state.name(), sealed, now, now],
        )
        .await?;
    Ok(rows == 1)
}

/// Locks the key row until the end of the transaction; returns true if the key is still in this state.
pub async fn lock_in_state(tx: &mut Tx, kid: &str, state: KeyState) -> Result<bool> {
    let sql = "UPDATE signing_key SET state = state WHERE kid = $1 AND state = $2";
    Ok(tx.execute(sql, args![kid, state.name()]).await? == 1)
}

/// Changes the state of a key; returns true if the change was made by this call.
pub async fn transition(tx: &mut Tx, now: Timestamp, kid: &str, from: KeyState, to: KeyState) -> Result<bool> {
    let sql = "UPDATE signing_key SET state = $1, since = $2 WHERE kid = $3 AND state = $4";
    Ok(tx.execute(sql, args![to.name(), now, kid, from.name()]).await? == 1)
}

/// Replaces the encrypted private key by the public key, or by an empty text.
pub async fn replace_sealed(tx: &mut Tx, kid: &str, sealed: &str) -> Result<()> {
    tx.execute("UPDATE signing_key SET sealed = $1 WHERE kid = $2", args![sealed, kid]).await?;
    Ok(())
}

/// Lists the keys that were revoked, the newest first.
pub async fn list_revoked(tx: &mut Tx) -> Result<Vec<KeyId>> {
    let sql = "SELECT kid FROM signing_key WHERE state = 'revoked' ORDER BY since DESC, kid LIMIT 1000";
    let rows: Vec<(KeyId,)> = tx.fetch_all(sql, args![]).await?;
    Ok(rows.into_iter().map(|(kid,)| kid).collect())
}

pub async fn delete_retired(tx: &mut Tx, kid: &str) -> Result<bool> {
    Ok(tx.execute("DELETE FROM signing_key WHERE kid = $1 AND state = 'retired'", args![kid]).await? == 1)
}

pub async fn find_master_key_check(tx: &mut Tx) -> Result<Option<String>> {
    let row = tx.fetch_optional::<(String,)>("SELECT sealed FROM seal_check WHERE id = 'master'", args![]).await?;
    Ok(row.map(|(sealed,)| sealed))
}

pub async fn insert_master_key_check(tx: &mut Tx, now: Timestamp, sealed: &str) -> Result<()> {
    tx.execute(
        "INSERT INTO seal_check (id, sealed, created_at) VALUES ('master', $1, $2) ON CONFLICT DO NOTHING",
        args![sealed, now],
    )
    .await?;
    Ok(())
}
