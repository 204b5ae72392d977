//! Rows of relying parties. Those that registered themselves: `store/registered.rs`; what lets them: `store/tokens.rs`.

pub mod published;
pub mod registered;
pub mod tokens;

pub mod logo;

use super::{Client, ClientState, Metadata};
use crate::base::clock::Timestamp;
use crate::db::{Error, FromRow, Result, Tx, args};

#[derive(FromRow)]
struct Row {
    client_id: String,
    state: String,
    metadata: String,
    secret_digest: Option<String>,
    secret_digest_2: Option<String>,
    secret_2_until: Option<i64>,
    secret_sealed: Option<String>,
    last_used_at: Option<i64>,
    unprotected_at: Option<i64>,
}

impl TryFrom<Row> for Client {
    type Error = Error;
    fn try_from(r: Row) -> Result<Client> {
        let bad = |column| Error::Inconsistent { table: "client", column, row: r.client_id.clone() };
        let state = ClientState::from_name(&r.state).ok_or_else(|| bad("state"))?;
        let meta: Metadata = serde_json::from_str(&r.metadata).map_err(|_| bad("metadata"))?;
        Ok(Client {
            id: r.client_id,
            state,
            meta,
            secret_digest: r.secret_digest,
            former_secret: r.secret_digest_2.zip(r.secret_2_until.map(Timestamp)),
            secret_sealed: r.secret_sealed,
            last_used_at: r.last_used_at.map(Timestamp),
            unprotected_at: r.unprotected_at.map(Timestamp),
        })
    }
}

pub async fn find(tx: &mut Tx, client_id: &str) -> Result<Option<Client>> {
    let sql = "SELECT client_id, state, metadata, secret_digest, secret_digest_2, secret_2_until, secret_sealed, \
               last_used_at, unprotected_at FROM client WHERE client_id = $1";
    tx.optional::<Row>(sql, args![client_id]).await?.map(Client::try_from).transpose()
}

/// The usable clients of the deployment's files: those of the house, a few hundred at most.
pub async fn of_files(tx: &mut Tx) -> Result<Vec<Client>> {
    let sql = "SELECT client_id, state, metadata, secret_digest, secret_digest_2, secret_2_until, secret_sealed, \
               last_used_at, unprotected_at FROM client WHERE origin = 'file' AND state = 'active' ORDER BY client_id LIMIT 500";
    tx.all::<Row>(sql, args![]).await?.into_iter().map(Client::try_from).collect()
}

/// What is written of a client at once.
#[derive(Clone, Debug)]
pub struct Written {
    pub metadata: String,
    pub academy: Option<String>,
    pub secret_digest: Option<String>,
    pub secret_sealed: Option<String>,
}

/// Writes what a file says, if it says something new, and whether it did: its version tells an operator whether it changed. A suspension is
/// an administrator's and stays; a file that came back counts again. A client that registered itself under this id is
/// the file's from now on.
pub async fn put_from_file(tx: &mut Tx, now: Timestamp, id: &str, w: &Written) -> Result<bool> {
    let rows = tx.execute(
        "INSERT INTO client (client_id, origin, state, metadata, academy, secret_digest, secret_sealed, updated_at, \
         created_at) VALUES ($1, 'file', 'active', $2, $3, $4, $5, $6, $6) \
         ON CONFLICT (client_id) DO UPDATE SET origin = 'file', metadata = excluded.metadata, \
         academy = excluded.academy, secret_digest = excluded.secret_digest, \
         secret_sealed = excluded.secret_sealed, secret_digest_2 = NULL, secret_2_until = NULL, \
         registration_digest = NULL, unapproved = FALSE, updated_at = excluded.updated_at, \
         version = client.version + 1, \
         state = CASE WHEN client.state IN ('gone', 'pending') THEN 'active' ELSE client.state END \
         WHERE client.origin <> 'file' OR client.state IN ('gone', 'pending') OR client.unapproved \
         OR client.metadata <> excluded.metadata OR client.academy IS DISTINCT FROM excluded.academy \
         OR client.secret_digest IS DISTINCT FROM excluded.secret_digest OR client.secret_digest_2 IS NOT NULL \
         OR client.registration_digest IS NOT NULL",
        args![id, &w.metadata, &w.academy, &w.secret_digest, &w.secret_sealed, now],
    )
    .await?;
    Ok(rows == 1)
}

/// Writes the use of a client that was not written since `due`.
pub async fn set_used(tx: &mut Tx, now: Timestamp, id: &str, due: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE client SET last_used_at = $2 WHERE client_id = $1 AND (last_used_at IS NULL OR last_used_at <= $3)",
        args![id, now, due],
    )
    .await?;
    Ok(())
}

/// Writes that a code was exchanged which nothing protected, where that was not written since `due`.
pub async fn set_unprotected(tx: &mut Tx, now: Timestamp, id: &str, due: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE client SET unprotected_at = $2 WHERE client_id = $1 \
         AND (unprotected_at IS NULL OR unprotected_at <= $3)",
        args![id, now, due],
    )
    .await?;
    Ok(())
}

/// Clients in use whose codes nothing protected since then.
pub async fn unprotected(tx: &mut Tx, since: Timestamp) -> Result<Vec<String>> {
    let sql = "SELECT client_id FROM client WHERE state = 'active' AND unprotected_at > $1 ORDER BY client_id";
    Ok(tx.all::<(String,)>(sql, args![since]).await?.into_iter().map(|(id,)| id).collect())
}

/// Its file is gone: it may do nothing. One that is suspended stays so, and its end will not let it in either.
pub async fn set_gone(tx: &mut Tx, now: Timestamp, id: &str) -> Result<bool> {
    let rows = tx
        .execute(
            "UPDATE client SET state = CASE WHEN state = 'active' THEN 'gone' ELSE state END, unapproved = TRUE, \
         updated_at = $2, version = version + 1 WHERE client_id = $1 AND state <> 'gone' AND NOT unapproved",
            args![id, now],
        )
        .await?;
    Ok(rows == 1)
}

/// Names of clients, for pages that say what stays open.
pub async fn names(tx: &mut Tx, ids: &[String]) -> Result<Vec<String>> {
    let mut out = Vec::new();
    for id in ids {
        out.extend(find(tx, id).await?.map(|c| c.meta.client_name));
    }
    Ok(out)
}
