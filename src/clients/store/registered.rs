//! The rest of a client's row: where it came from, who may change it, who approved it.

use super::Written;
use super::tokens::InitialToken;
use crate::base::clock::Timestamp;
use crate::clients::{Client, ClientState};
use crate::db::{FromRow, Result, Tx, args};

/// A client with what only its administration needs.
#[derive(Clone, Debug)]
pub struct Held {
    pub client: Client,
    pub from_file: bool,
    /// Compared and set by whoever writes what they read before (docs/threats.md#attack-p4).
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

pub async fn find(tx: &mut Tx, id: &str) -> Result<Option<Held>> {
    let sql = "SELECT origin, version, registration_digest, created_at, updated_at, unapproved, self_approves \
               FROM client WHERE client_id = $1";
    // The administration first: a change in between then fails at the version.
    let Some(r) = tx.optional::<Row>(sql, args![id]).await? else { return Ok(None) };
    let Some(client) = super::find(tx, id).await? else { return Ok(None) };
    Ok(Some(Held {
        client,
        from_file: r.origin == "file",
        version: r.version,
        registration_digest: r.registration_digest,
        created_at: Timestamp(r.created_at),
        updated_at: Timestamp(r.updated_at),
        unapproved: r.unapproved,
        self_approves: r.self_approves,
    }))
}

/// A new client, the digest of what its owner manages it with, and the token that let it in.
pub async fn insert(
    tx: &mut Tx,
    now: Timestamp,
    id: &str,
    w: &Written,
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

/// Replaces what was read at this version; false where somebody wrote meanwhile. The secret before a rotation goes
/// where the secret does.
pub async fn replace(tx: &mut Tx, now: Timestamp, held: &Held, w: &Written, state: ClientState) -> Result<bool> {
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
    Ok(rows == 1)
}

/// Its owner took it away: nothing opens it any more.
pub async fn remove(tx: &mut Tx, now: Timestamp, id: &str, registration_digest: &str) -> Result<bool> {
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

/// From this state to that one; false where it is in another one.
pub async fn set_state(tx: &mut Tx, now: Timestamp, held: &Held, state: ClientState, unapproved: bool) -> Result<bool> {
    let rows = tx
        .execute(
            "UPDATE client SET state = $3, unapproved = $4, updated_at = $5, version = version + 1 \
             WHERE client_id = $1 AND version = $2",
            args![&held.client.id, held.version, state.name(), unapproved, now],
        )
        .await?;
    Ok(rows == 1)
}

/// A new secret; the one that was current is taken until then.
pub async fn rotate(
    tx: &mut Tx,
    now: Timestamp,
    held: &Held,
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

/// Ids of clients in their order, after one of them: a page of a list.
pub async fn ids(tx: &mut Tx, after: &str, most: i64) -> Result<Vec<String>> {
    let sql = "SELECT client_id FROM client WHERE client_id > $1 ORDER BY client_id LIMIT $2";
    Ok(tx.all::<(String,)>(sql, args![after, most]).await?.into_iter().map(|(id,)| id).collect())
}
