//! The secrets of clients: drawn, rotated, closed, and when each served last.
//!
//! At most two are taken at once. In this release the columns of the client's row decide which; the rows of
//! `client_secret` say of each when it was drawn, when it served last and until when it is taken.

use secrecy::{ExposeSecret as _, SecretString};

use super::associated_data;
use super::lifecycle::{self, LifecycleError};
use crate::app::{Operation, StorageOperation};
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::{Span, Timestamp};
use crate::base::ids::id256;
use crate::base::secret::{constant_time_eq, sha256_base64url};
use crate::clients::store::registered::{self, ClientRecord};
use crate::clients::store::secrets as rows;
use crate::clients::{AuthMethod, Client, ClientOrigin, ClientState};
use crate::crypto::MasterKey;
use crate::db::{Durability, UnitOfWork};

/// Returns the digest of the client's secret that was presented: the current one, or the former one until its end. An
/// empty secret is always rejected (docs/threats.md#attack-c6).
pub fn matching_secret<'a>(client: &'a Client, presented: &str, now: Timestamp) -> Option<&'a str> {
    if presented.is_empty() {
        return None;
    }
    let presented = sha256_base64url(presented);
    let current = client.secret_digest.as_ref().filter(|stored| constant_time_eq(stored, &presented));
    let former = client.previous_secret.as_ref().filter(|(stored, until)| {
        let right = constant_time_eq(stored, &presented);
        right && now < *until
    });
    current.or(former.map(|(stored, _)| stored)).map(String::as_str)
}

/// True if a presented secret is one of the client's.
pub fn verify_secret(client: &Client, presented: &str, now: Timestamp) -> bool {
    matching_secret(client, presented, now).is_some()
}

/// A rotation: how long the former secret is taken beside the new one, and the version that was seen, if it must still be
/// there.
#[derive(Clone, Copy, Debug)]
pub struct SecretRotation {
    pub overlap: Span,
    pub version: Option<i64>,
}

/// Draws a new secret; the former one is taken for `overlap`.
pub async fn rotate_secret(ctx: StorageOperation<'_>, id: &str, overlap: Span) -> Result<SecretString, LifecycleError> {
    let mut tx = ctx.write(Durability::Durable).await?;
    let secret = rotate_in(&mut tx, ctx.master_key, id, SecretRotation { overlap, version: None }).await?;
    tx.commit().await?;
    Ok(secret)
}

/// Draws a new secret in the transaction of its caller.
pub async fn rotate_in(
    tx: &mut UnitOfWork<'_>,
    master_key: &MasterKey,
    id: &str,
    rotation: SecretRotation,
) -> Result<SecretString, LifecycleError> {
    let now = tx.now;
    let held = find_changeable(tx, id, rotation.version).await?;
    let method = held.client.meta.auth_method;
    if !method.has_secret() {
        return Err(LifecycleError::NoSecret(id.to_owned(), method.name()));
    }
    let signs = method == AuthMethod::ClientSecretJwt;
    if signs && rotation.overlap > Span(0) {
        return Err(LifecycleError::NoOverlap(id.to_owned()));
    }
    let former_is_open = held.client.previous_secret.as_ref().is_some_and(|(_, until)| now < *until);
    if former_is_open && rotation.overlap > Span(0) {
        return Err(LifecycleError::TwoSecrets(id.to_owned()));
    }
    let secret = SecretString::from(id256(tx.rng));
    let sealed = if signs { Some(master_key.seal(associated_data(id), secret.expose_secret())?) } else { None };
    let until = (rotation.overlap > Span(0)).then(|| now.plus(rotation.overlap));
    let new = sha256_base64url(secret.expose_secret());
    if !registered::rotate_secret(tx, now, &held, &new, sealed.as_deref(), until).await? {
        return Err(LifecycleError::Changed(id.to_owned()));
    }
    let by = tx.actor.id().map(str::to_owned);
    let former = held.client.secret_digest.as_deref().zip(until);
    rows::insert(tx, now, (id, &new), by.as_deref(), former).await?;
    record(tx, &held, "secret rotated").await?;
    Ok(secret)
}

/// Closes the former secret before its end, in the transaction of its caller.
pub async fn close_former_in(tx: &mut UnitOfWork<'_>, id: &str, version: Option<i64>) -> Result<(), LifecycleError> {
    let now = tx.now;
    let held = find_changeable(tx, id, version).await?;
    let former = held.client.previous_secret.as_ref().filter(|(_, until)| now < *until);
    let Some((digest, _)) = former else { return Err(LifecycleError::NoFormerSecret(id.to_owned())) };
    if !registered::close_former_secret(tx, now, &held).await? {
        return Err(LifecycleError::Changed(id.to_owned()));
    }
    rows::close(tx, now, id, digest).await?;
    record(tx, &held, "former secret closed").await
}

/// Finds a client whose secrets are changed here, and not in a file.
async fn find_changeable(
    tx: &mut UnitOfWork<'_>,
    id: &str,
    version: Option<i64>,
) -> Result<ClientRecord, LifecycleError> {
    let held = lifecycle::find(tx, id).await?;
    if held.origin == ClientOrigin::File {
        return Err(LifecycleError::FileDecides(id.to_owned()));
    }
    if held.client.state == ClientState::Gone {
        return Err(LifecycleError::State(id.to_owned(), held.client.state.name()));
    }
    if version.is_some_and(|seen| seen != held.version) {
        return Err(LifecycleError::Changed(id.to_owned()));
    }
    Ok(held)
}

async fn record(tx: &mut UnitOfWork<'_>, held: &ClientRecord, detail: &str) -> Result<(), LifecycleError> {
    let about = AuditDetails {
        client: Some(&held.client.id),
        academy: held.client.meta.owner_academy(),
        detail,
        ..AuditDetails::default()
    };
    audit::store::record(tx, AuditEvent::ClientChanged, about).await?;
    Ok(())
}

/// Notes that a secret served. Nothing is written: [`write_uses`] does it once a minute.
pub fn note_use(op: &Operation<'_>, client: &Client, digest: &str) {
    op.app.secret_uses.note(&client.id, digest, op.now);
}

/// Writes the noted uses.
pub async fn write_uses(op: &Operation<'_>) -> anyhow::Result<()> {
    let noted = op.app.secret_uses.take();
    if noted.is_empty() {
        return Ok(());
    }
    let mut tx = op.write(Durability::Relaxed).await?;
    for (client_id, digest, at) in noted {
        rows::record_use(&mut tx, &client_id, &digest, at).await?;
    }
    Ok(tx.commit().await?)
}
