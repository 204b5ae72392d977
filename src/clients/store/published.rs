//! Rows of publications, and the files that declare clients.

use crate::base::clock::Timestamp;
use crate::base::typed_ids::ClientId;
use crate::config::deployment::ClientFile;
use crate::db::{FromRow, Result, Tx, args};

/// A published set of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    pub revision: i64,
    pub digest: String,
    /// The modification time of the newest file.
    pub changed_at: Timestamp,
    pub published_at: Timestamp,
}

pub async fn latest(tx: &mut Tx) -> Result<Option<Publication>> {
    let sql = "SELECT revision, digest, changed_at, published_at FROM publication ORDER BY revision DESC LIMIT 1";
    let row = tx.fetch_optional::<(i64, String, i64, i64)>(sql, args![]).await?;
    Ok(row.map(|(revision, digest, changed, at)| Publication {
        revision,
        digest,
        changed_at: Timestamp(changed),
        published_at: Timestamp(at),
    }))
}

/// Returns the time of the latest publication of a set, or `None` if the set was never published.
pub async fn find_published_at(tx: &mut Tx, digest: &str) -> Result<Option<Timestamp>> {
    let sql = "SELECT published_at FROM publication WHERE digest = $1 ORDER BY revision DESC LIMIT 1";
    Ok(tx.fetch_optional::<(i64,)>(sql, args![digest]).await?.map(|(at,)| Timestamp(at)))
}

/// Inserts a publication. Returns false if the revision exists already.
pub async fn insert(tx: &mut Tx, set: &Publication) -> Result<bool> {
    let sql = "INSERT INTO publication (revision, digest, changed_at, published_at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT DO NOTHING";
    Ok(tx.execute(sql, args![set.revision, &set.digest, set.changed_at, set.published_at]).await? == 1)
}

/// A client declared by a file, now or before.
#[derive(Clone, Debug, FromRow)]
pub struct DeclaredClientRow {
    pub id: ClientId,
    pub file: Option<String>,
    pub file_digest: Option<String>,
    /// True if the file existed at the last publication.
    pub counts: bool,
}

pub async fn list_clients(tx: &mut Tx) -> Result<Vec<DeclaredClientRow>> {
    let sql = "SELECT client_id AS id, file, file_digest, state <> 'gone' AND NOT unapproved AS counts FROM client \
               WHERE origin = 'file' ORDER BY client_id";
    tx.fetch_all(sql, args![]).await
}

/// Records the file that declares a client, without changing the client itself.
pub async fn set_file(tx: &mut Tx, id: &str, file: &ClientFile) -> Result<()> {
    let sql = "UPDATE client SET file = $2, file_digest = $3 WHERE client_id = $1 \
               AND (file IS DISTINCT FROM $2 OR file_digest IS DISTINCT FROM $3)";
    tx.execute(sql, args![id, &file.name, &file.digest]).await?;
    Ok(())
}
