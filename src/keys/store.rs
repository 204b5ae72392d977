//! Rows of signing keys and of the seal's check.

use crate::base::clock::Timestamp;
use crate::db::{FromRow, Result, Tx, args};

/// A row, still sealed.
#[derive(Clone, Debug, FromRow)]
pub struct KeyRow {
    pub kid: String,
    pub algorithm: String,
    pub state: String,
    pub sealed: String,
}

pub async fn all(tx: &mut Tx) -> Result<Vec<KeyRow>> {
    tx.all("SELECT kid, algorithm, state, sealed FROM signing_key ORDER BY created_at, kid LIMIT 100", args![]).await
}

pub async fn has_active(tx: &mut Tx, algorithm: &str) -> Result<bool> {
    let sql = "SELECT kid FROM signing_key WHERE algorithm = $1 AND state = 'active'";
    Ok(tx.optional::<(String,)>(sql, args![algorithm]).await?.is_some())
}

/// Whether this key became the active one; otherwise another server was first.
pub async fn insert_active(tx: &mut Tx, now: Timestamp, kid: &str, algorithm: &str, sealed: &str) -> Result<bool> {
    let rows = tx
        .execute(
            "INSERT INTO signing_key (kid, algorithm, state, sealed, created_at) VALUES ($1, $2, 'active', $3, $4) \
             ON CONFLICT DO NOTHING",
            args![kid, algorithm, sealed, now],
        )
        .await?;
    Ok(rows == 1)
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
