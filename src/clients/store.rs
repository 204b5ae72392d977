//! Rows of clients. Registered clients are in `store/registered.rs`, initial access tokens in `store/tokens.rs`.

pub mod published;
pub mod registered;
pub mod secrets;
pub mod tokens;
pub mod trial;

pub mod logo;

use super::{Client, ClientMetadata, ClientState};
use crate::base::clock::Timestamp;
use crate::base::typed_ids::ClientId;
use crate::db::{DbError, FromRow, Result, Tx, args, parse_word};

#[derive(FromRow)]
struct Row {
    client_id: ClientId,
    state: String,
    metadata: String,
    secret_digest: Option<String>,
    secret_digest_2: Option<String>,
    secret_2_until: Option<i64>,
    secret_sealed: Option<String>,
    last_used_at: Option<i64>,
    unprotected_at: Option<i64>,
    probation_until: Option<i64>,
}

impl TryFrom<Row> for Client {
    type Error = DbError;
    fn try_from(r: Row) -> Result<Client> {
        let bad = || DbError::Inconsistent { table: "client", column: "metadata", row: r.client_id.to_string() };
        let state: ClientState = parse_word("client", "state", &r.client_id, &r.state)?;
        let meta: ClientMetadata = serde_json::from_str(&r.metadata).map_err(|_| bad())?;
        Ok(Client {
            id: r.client_id,
            state,
            meta,
            secret_digest: r.secret_digest,
            previous_secret: r.secret_digest_2.zip(r.secret_2_until.map(Timestamp)),
            secret_sealed: r.secret_sealed,
            last_used_at: r.last_used_at.map(Timestamp),
            unprotected_at: r.unprotected_at.map(Timestamp),
            probation_until: r.probation_until.map(Timestamp),
        })
    }
}

pub async fn find(tx: &mut Tx, client_id: &str) -> Result<Option<Client>> {
    let sql = "SELECT client_id, state, metadata, secret_digest, secret_digest_2, secret_2_until, secret_sealed, \
               last_used_at, unprotected_at, probation_until FROM client WHERE client_id = $1";
    tx.fetch_optional::<Row>(sql, args![client_id]).await?.map(Client::try_from).transpose()
}

/// Lists clients after an id, in the order of their ids.
pub async fn list_after(tx: &mut Tx, after: &str, most: i64) -> Result<Vec<Client>> {
    let sql = "SELECT client_id, state, metadata, secret_digest, secret_digest_2, secret_2_until, secret_sealed, \
               last_used_at, unprotected_at, probation_until FROM client WHERE client_id > $1 ORDER BY client_id LIMIT $2";
    tx.fetch_all::<Row>(sql, args![after, most]).await?.into_iter().map(Client::try_from).collect()
}

/// Returns the usable clients declared in files, the deployment's own clients: a few hundred at most.
pub async fn list_from_files(tx: &mut Tx) -> Result<Vec<Client>> {
    let sql = "SELECT client_id, state, metadata, secret_digest, secret_digest_2, secret_2_until, secret_sealed, \
               last_used_at, unprotected_at, probation_until FROM client WHERE origin = 'file' AND state = 'active' ORDER BY client_id LIMIT 500";
    tx.fetch_all::<Row>(sql, args![]).await?.into_iter().map(Client::try_from).collect()
}

/// The columns of a client written together.
#[derive(Clone, Debug)]
pub struct ClientColumns {
    pub metadata: String,
    pub academy: Option<String>,
    pub secret_digest: Option<String>,
    pub secret_sealed: Option<String>,
}

/// Writes a client declared in a file, and returns true if the row changed; an unchanged row keeps its version, which
/// operators compare. A suspension by an administrator remains; a restored file reactivates its client. A registered
/// client with the same id becomes a client of the file.
pub async fn upsert_from_file(tx: &mut Tx, now: Timestamp, id: &str, w: &ClientColumns) -> Result<bool> {
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

/// Records a use of the client, unless one was recorded after `due`.
pub async fn record_use(tx: &mut Tx, now: Timestamp, id: &str, due: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE client SET last_used_at = $2 WHERE client_id = $1 AND (last_used_at IS NULL OR last_used_at <= $3)",
        args![id, now, due],
    )
    .await?;
    Ok(())
}

/// Records an unprotected code exchange, unless one was recorded after `due`.
pub async fn record_unprotected_exchange(tx: &mut Tx, now: Timestamp, id: &str, due: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE client SET unprotected_at = $2 WHERE client_id = $1 \
         AND (unprotected_at IS NULL OR unprotected_at <= $3)",
        args![id, now, due],
    )
    .await?;
    Ok(())
}

/// Returns the ids of the active clients with an unprotected code exchange after `since`.
pub async fn list_unprotected(tx: &mut Tx, since: Timestamp) -> Result<Vec<ClientId>> {
    let sql = "SELECT client_id FROM client WHERE state = 'active' AND unprotected_at > $1 ORDER BY client_id";
    Ok(tx.fetch_all::<(ClientId,)>(sql, args![since]).await?.into_iter().map(|(id,)| id).collect())
}

/// Marks a client as gone, because its file was deleted. A suspended client stays suspended, and becomes gone when
/// resumed. Returns true if the row changed.
pub async fn mark_gone(tx: &mut Tx, now: Timestamp, id: &str) -> Result<bool> {
    let rows = tx
        .execute(
            "UPDATE client SET state = CASE WHEN state = 'active' THEN 'gone' ELSE state END, unapproved = TRUE, \
         updated_at = $2, version = version + 1 WHERE client_id = $1 AND state <> 'gone' AND NOT unapproved",
            args![id, now],
        )
        .await?;
    Ok(rows == 1)
}

/// Returns the names of clients, for pages that list services.
pub async fn names(tx: &mut Tx, ids: &[String]) -> Result<Vec<String>> {
    let mut out = Vec::new();
    for id in ids {
        out.extend(find(tx, id).await?.map(|c| c.meta.client_name));
    }
    Ok(out)
}
