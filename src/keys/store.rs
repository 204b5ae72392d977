//! Rows of signing keys and of the seal's check. Every change of a state compares and sets.

use crate::base::clock::Timestamp;
use crate::db::{FromRow, Result, Tx, args};

/// A row, still sealed.
#[derive(Clone, Debug, FromRow)]
pub struct KeyRow {
    pub kid: String,
    pub algorithm: String,
    pub state: String,
    pub since: i64,
    pub sealed: String,
}

/// The newest first, so that no bound can hide the keys that sign.
pub async fn all(tx: &mut Tx) -> Result<Vec<KeyRow>> {
    tx.all(
        "SELECT kid, algorithm, state, since, sealed FROM signing_key ORDER BY created_at DESC, kid LIMIT 1000",
        args![],
    )
    .await
}

pub async fn has_active(tx: &mut Tx, algorithm: &str) -> Result<bool> {
    let sql = "SELECT kid FROM signing_key WHERE algorithm = $1 AND state = 'active'";
    Ok(tx.optional::<(String,)>(sql, args![algorithm]).await?.is_some())
}

/// Whether this key became the active or the upcoming one; otherwise another server was first, or the key is known.
pub async fn insert(
    tx: &mut Tx,
    now: Timestamp,
    kid: &str,
    algorithm: &str,
    state: &str,
    sealed: &str,
) -> Result<bool> {
    let rows = tx
        .execute(
            "INSERT INTO signing_key (kid, algorithm, state, sealed, created_at, since) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
            args![kid, algorithm, state, sealed, now, now],
        )
        .await?;
    Ok(rows == 1)
}

/// Whether the key is still in this state; it stays so until the transaction ends.
pub async fn hold(tx: &mut Tx, kid: &str, state: &str) -> Result<bool> {
    let sql = "UPDATE signing_key SET state = state WHERE kid = $1 AND state = $2";
    Ok(tx.execute(sql, args![kid, state]).await? == 1)
}

/// Whether the key went from one state to the other by this.
pub async fn change(tx: &mut Tx, now: Timestamp, kid: &str, from: &str, to: &str) -> Result<bool> {
    let sql = "UPDATE signing_key SET state = $1, since = $2 WHERE kid = $3 AND state = $4";
    Ok(tx.execute(sql, args![to, now, kid, from]).await? == 1)
}

/// Puts the public half where the private one was, or nothing at all.
pub async fn reseal(tx: &mut Tx, kid: &str, sealed: &str) -> Result<()> {
    tx.execute("UPDATE signing_key SET sealed = $1 WHERE kid = $2", args![sealed, kid]).await?;
    Ok(())
}

pub async fn forget(tx: &mut Tx, kid: &str) -> Result<bool> {
    Ok(tx.execute("DELETE FROM signing_key WHERE kid = $1 AND state = 'retired'", args![kid]).await? == 1)
}

pub async fn seal_check(tx: &mut Tx) -> Result<Option<String>> {
    let row = tx.optional::<(String,)>("SELECT sealed FROM seal_check WHERE id = 'master'", args![]).await?;
    Ok(row.map(|(sealed,)| sealed))
}

pub async fn put_seal_check(tx: &mut Tx, now: Timestamp, sealed: &str) -> Result<()> {
    tx.execute(
        "INSERT INTO seal_check (id, sealed, created_at) VALUES ('master', $1, $2) ON CONFLICT DO NOTHING",
        args![sealed, now],
    )
    .await?;
    Ok(())
}
