//! Which sets of the deployment's files were published, and which file declares which client.

use crate::base::clock::Timestamp;
use crate::config::deployment::ClientFile;
use crate::db::{FromRow, Result, Tx, args};

/// The set that was published last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Last {
    pub revision: i64,
    pub digest: String,
    /// When the newest of its files was written.
    pub changed: Timestamp,
    pub at: Timestamp,
}

pub async fn last(tx: &mut Tx) -> Result<Option<Last>> {
    let sql = "SELECT revision, digest, changed_at, published_at FROM publication ORDER BY revision DESC LIMIT 1";
    let row = tx.optional::<(i64, String, i64, i64)>(sql, args![]).await?;
    Ok(row.map(|(revision, digest, changed, at)| Last {
        revision,
        digest,
        changed: Timestamp(changed),
        at: Timestamp(at),
    }))
}

/// When a set was published last, if it ever was.
pub async fn when(tx: &mut Tx, digest: &str) -> Result<Option<Timestamp>> {
    let sql = "SELECT published_at FROM publication WHERE digest = $1 ORDER BY revision DESC LIMIT 1";
    Ok(tx.optional::<(i64,)>(sql, args![digest]).await?.map(|(at,)| Timestamp(at)))
}

/// Whether the number was free.
pub async fn insert(tx: &mut Tx, set: &Last) -> Result<bool> {
    let sql = "INSERT INTO publication (revision, digest, changed_at, published_at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT DO NOTHING";
    Ok(tx.execute(sql, args![set.revision, &set.digest, set.changed, set.at]).await? == 1)
}

/// A client that a file declares, or did.
#[derive(Clone, Debug, FromRow)]
pub struct Row {
    pub id: String,
    pub file: Option<String>,
    pub file_digest: Option<String>,
    /// Its file was there when the files were published last.
    pub counts: bool,
}

pub async fn clients(tx: &mut Tx) -> Result<Vec<Row>> {
    let sql = "SELECT client_id AS id, file, file_digest, state <> 'gone' AND NOT unapproved AS counts FROM client \
               WHERE origin = 'file' ORDER BY client_id";
    tx.all(sql, args![]).await
}

/// Remembers which file declares a client. Of itself that changes nothing of the client.
pub async fn set_file(tx: &mut Tx, id: &str, file: &ClientFile) -> Result<()> {
    let sql = "UPDATE client SET file = $2, file_digest = $3 WHERE client_id = $1 \
               AND (file IS DISTINCT FROM $2 OR file_digest IS DISTINCT FROM $3)";
    tx.execute(sql, args![id, &file.name, &file.digest]).await?;
    Ok(())
}
