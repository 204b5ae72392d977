//! Use cases of relying parties: publication of files, registration, approval, client secrets.

pub mod checks;
pub(super) mod files;
mod keys;
pub mod lifecycle;
pub mod logo;
pub mod publish;
pub mod registration;
pub mod secrets;
pub mod trial;

pub use files::ClientFileError;
pub use keys::load_keys;

use std::sync::Arc;

use super::{Client, store};
use crate::app::{App, Operation};
use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::ClientId;
use crate::crypto::AssociatedData;
use crate::db::{Durability, Tx};
use secrecy::SecretString;

/// The minimum interval between two writes of a client's last use, or of its last unprotected exchange. The times are
/// for operators, so most requests need no write.
const USAGE_WRITE_INTERVAL: Span = Span::days(1);
/// The TTL of the warning about a client's unprotected codes: a repaired client disappears from the warnings by itself.
const UNPROTECTED_WARNING_TTL: Span = Span::days(30);

/// Finds a client for the requests of relying parties: kept in memory, as every one of them needs it. This server's own
/// changes are seen at once, those of others within ten seconds.
pub async fn find_recent(app: &App, now: Timestamp, client_id: &str) -> anyhow::Result<Option<Arc<Client>>> {
    let rows = app.db.recent_rows();
    let miss = match rows.get::<Client>(client_id, now) {
        Ok(client) => return Ok(Some(client)),
        Err(miss) => miss,
    };
    let Some(client) = store::find(&mut app.db.read().await?, client_id).await?.map(Arc::new) else {
        return Ok(None);
    };
    rows.keep(client_id, miss, Arc::clone(&client));
    Ok(Some(client))
}

/// Returns the associated data of a client's encrypted secret.
fn associated_data(client_id: &str) -> AssociatedData<'_> {
    AssociatedData { table: "client", column: "secret_sealed", row: client_id }
}

/// Decrypts the secret that verifies the client's assertions; only clients with `client_secret_jwt` have one.
pub fn signing_secret(app: &App, client: &Client) -> anyhow::Result<Option<SecretString>> {
    let sealed = client.secret_sealed.as_deref();
    Ok(sealed
        .map(|sealed| app.master_key.open(associated_data(&client.id), sealed))
        .transpose()?
        .map(SecretString::from))
}

/// Returns the time of the client's last known exchange without PKCE and without `nonce`, within the last 30 days.
/// Without either, the injection of a stolen code is not detected (RFC 9700 2.1.1).
pub fn last_unprotected_exchange(client: &Client, now: Timestamp) -> Option<Timestamp> {
    client.unprotected_at.filter(|at| *at > now.minus(UNPROTECTED_WARNING_TTL))
}

/// Returns the ids of the clients with a [`last_unprotected_exchange`].
pub async fn list_unprotected(tx: &mut Tx, now: Timestamp) -> crate::db::Result<Vec<ClientId>> {
    store::list_unprotected(tx, now.minus(UNPROTECTED_WARNING_TTL)).await
}

/// Records the use of a client, once a day. A database error is logged and does not fail the request.
pub async fn record_use(op: &Operation<'_>, client: &Client) {
    let due = op.now.minus(USAGE_WRITE_INTERVAL);
    if client.last_used_at.is_some_and(|at| at > due) {
        return;
    }
    let write = async {
        let mut tx = op.write(Durability::Relaxed).await?;
        store::record_use(&mut tx, op.now, &client.id, due).await?;
        tx.commit().await
    };
    if let Err(error) = write.await {
        tracing::warn!(client = client.id.as_str(), %error, "its use was not written down");
    }
}

/// Records that an authenticated client exchanged a code protected by neither PKCE nor `nonce`, once a day.
pub async fn record_unprotected_exchange(op: &Operation<'_>, client: &Client) {
    let due = op.now.minus(USAGE_WRITE_INTERVAL);
    if client.unprotected_at.is_some_and(|at| at > due) {
        return;
    }
    tracing::warn!(client = client.id.as_str(), "sends neither PKCE nor nonce");
    let write = async {
        let mut tx = op.write(Durability::Relaxed).await?;
        store::record_unprotected_exchange(&mut tx, op.now, &client.id, due).await?;
        tx.commit().await
    };
    if let Err(error) = write.await {
        tracing::warn!(client = client.id.as_str(), %error, "that was not written down");
    }
}
