//! The administrative columns of a client's row: origin, registration access token, approval.

use std::collections::BTreeMap;

use super::ClientColumns;
use super::tokens::InitialToken;
use crate::base::clock::Timestamp;
use crate::base::typed_ids::ClientId;
use crate::clients::{Client, ClientOrigin, ClientState};
use crate::db::{FromRow, Result, Tx, args, parse_word};

/// A client with its administrative columns.
#[derive(Clone, Debug)]
pub struct ClientRecord {
    pub client: Client,
    pub origin: ClientOrigin,
    /// The version, compared and set by every update of a row read before (docs/threats.md#attack-p4).
    pub version: i64,
    pub registration_digest: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub unapproved: bool,
    pub self_approves: bool,
}

#[derive(FromRow)]
struct Row {
    origin: String,
    version: i64,
    registration_digest: Option<String>,
    created_at: i64,
    updated_at: i64,
    unapproved: bool,
    self_approves: bool,
}

impl Row {
    fn with(self, client: Client) -> Result<ClientRecord> {
        Ok(ClientRecord {
            origin: parse_word("client", "origin", &client.id, &self.origin)?,
            client,
            version: self.version,
            registration_digest: self.registration_digest,
            created_at: Timestamp(self.created_at),
            updated_at: Timestamp(self.updated_at),
            unapproved: self.unapproved,
            self_approves: self.self_approves,
        })
    }
}

pub async fn find(tx: &mut Tx, id: &str) -> Result<Option<ClientRecord>> {
    let sql = "SELECT origin, version, registration_digest, created_at, updated_at, unapproved, self_approves \
               FROM client WHERE client_id = $1";
    // The administrative columns are read first, so that a change between the two reads makes the version check fail.
    let Some(r) = tx.fetch_optional::<Row>(sql, args![id]).await? else { return Ok(None) };
    let Some(client) = super::find(tx, id).await? else { return Ok(None) };
    r.with(client).map(Some)
}

#[derive(FromRow)]
struct ListedRow {
    client_id: ClientId,
    #[sqlx(flatten)]
    columns: Row,
}

/// Lists clients after an id, in the order of their ids: at most `most`.
pub async fn list_after(tx: &mut Tx, after: &str, most: i64) -> Result<Vec<ClientRecord>> {
    let sql = "SELECT client_id, origin, version, registration_digest, created_at, updated_at, unapproved, \
               self_approves FROM client WHERE client_id > $1 ORDER BY client_id LIMIT $2";
    let listed: Vec<ListedRow> = tx.fetch_all(sql, args![after, most]).await?;
    let clients = super::list_after(tx, after, most).await?;
    let mut clients: BTreeMap<ClientId, Client> = clients.into_iter().map(|c| (c.id.clone(), c)).collect();
    let record = |row: ListedRow| clients.remove(&row.client_id).map(|client| row.columns.with(client));
    listed.into_iter().filter_map(record).collect()
}

/// Inserts a registered client, with the digest of its registration access token and the initial access token used.
pub async fn insert(
    tx: &mut Tx,
    now: Timestamp,
    id: &str,
    w: &ClientColumns,
    registration_digest: &str,
    initial: &InitialToken,
) -> Result<()> {
    let approved = initial.approves;
    let state = if approved { ClientState::Active } else { ClientState::Pending };
    tx.execute(
        "INSERT INTO client (client_id, origin, state, metadata, academy, secret_digest, secret_sealed, \
         registration_digest, unapproved, self_approves, updated_at, created_at, initial_token) \
         VALUES ($1, 'registered', $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11)",
        args![
            id,
            state.name(),
            &w.metadata,
            &w.academy,
            &w.secret_digest,
            &w.secret_sealed,
            registration_digest,
            !approved,
            approved,
            now,
            &initial.id
        ],
    )
    .await?;
    Ok(())
}

/// Replaces the metadata of the version read before; returns false on a conflict. The previous secret is removed
/// together with the current one.
pub async fn replace(
    tx: &mut Tx,
    now: Timestamp,
    held: &ClientRecord,
    w: &ClientColumns,
    state: ClientState,
) -> Result<bool> {
    let rows = tx
        .execute(
            "UPDATE client SET metadata = $3, secret_digest = $4, secret_sealed = $5, \
             secret_digest_2 = CASE WHEN secret_digest = $4 THEN secret_digest_2 ELSE NULL END, \
             state = $6, unapproved = $7, updated_at = $8, version = version + 1 \
             WHERE client_id = $1 AND version = $2 AND origin = 'registered'",
            args![
                &held.client.id,
                held.version,
                &w.metadata,
                &w.secret_digest,
                &w.secret_sealed,
                state.name(),
                held.unapproved,
                now
            ],
        )
        .await?;
    super::secrets::close_dropped(tx, now, &held.client.id).await?;
    Ok(rows == 1)
}

/// Ends that the owner of a registration changes it without anybody else: the console decided on it.
pub async fn end_self_approval(tx: &mut Tx, id: &str) -> Result<()> {
    tx.execute("UPDATE client SET self_approves = FALSE WHERE client_id = $1", args![id]).await?;
    Ok(())
}

/// Deletes a registration on its owner's request: the row stays, without any credential.
pub async fn delete(tx: &mut Tx, now: Timestamp, id: &str, registration_digest: &str) -> Result<bool> {
    let rows = tx
        .execute(
            "UPDATE client SET state = 'gone', registration_digest = NULL, secret_digest = NULL, \
             secret_digest_2 = NULL, secret_sealed = NULL, updated_at = $3, version = version + 1 \
             WHERE client_id = $1 AND registration_digest = $2 AND origin = 'registered'",
            args![id, registration_digest, now],
        )
        .await?;
    Ok(rows == 1)
}

/// Sets the state of the version read before; returns false on a conflict.
pub async fn set_state(
    tx: &mut Tx,
    now: Timestamp,
    held: &ClientRecord,
    state: ClientState,
    unapproved: bool,
) -> Result<bool> {
    let rows = tx
        .execute(
            "UPDATE client SET state = $3, unapproved = $4, updated_at = $5, version = version + 1 \
             WHERE client_id = $1 AND version = $2",
            args![&held.client.id, held.version, state.name(), unapproved, now],
        )
        .await?;
    Ok(rows == 1)
}

/// Replaces the secret of the version read before; the current secret stays valid until `former_until`.
pub async fn rotate_secret(
    tx: &mut Tx,
    now: Timestamp,
    held: &ClientRecord,
    secret_digest: &str,
    secret_sealed: Option<&str>,
    former_until: Option<Timestamp>,
) -> Result<bool> {
    let rows = tx
        .execute(
            "UPDATE client SET secret_digest_2 = CASE WHEN $5 IS NULL THEN NULL ELSE secret_digest END, \
             secret_2_until = $5, secret_digest = $3, secret_sealed = $4, updated_at = $6, version = version + 1 \
             WHERE client_id = $1 AND version = $2 AND origin = 'registered'",
            args![&held.client.id, held.version, secret_digest, secret_sealed, former_until, now],
        )
        .await?;
    Ok(rows == 1)
}

/// Closes the former secret of the version read before.
pub async fn close_former_secret(tx: &mut Tx, now: Timestamp, held: &ClientRecord) -> Result<bool> {
    let sql = "UPDATE client SET secret_digest_2 = NULL, secret_2_until = NULL, updated_at = $3, version = version + 1 \
               WHERE client_id = $1 AND version = $2 AND origin = 'registered'";
    Ok(tx.execute(sql, args![&held.client.id, held.version, now]).await? == 1)
}

/// Returns the ids of clients after a given id, in order: one page of a list.
pub async fn list_ids(tx: &mut Tx, after: &str, most: i64) -> Result<Vec<ClientId>> {
    let sql = "SELECT client_id FROM client WHERE client_id > $1 ORDER BY client_id LIMIT $2";
    Ok(tx.fetch_all::<(ClientId,)>(sql, args![after, most]).await?.into_iter().map(|(id,)| id).collect())
}
