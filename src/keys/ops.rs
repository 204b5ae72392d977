//! Use cases of signing keys: creation of missing keys, the check of the master key, loading, and verification.

mod rotate;

use rotate::stop_unlisted;
pub use rotate::{KeysError, import, lifecycles, publish_next, revoke, rotate};

use super::rotation::{KeyLifecycle, RotationPolicy};
use super::store;
use crate::app::{Operation, StorageOperation};
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::Timestamp;
use crate::base::typed_ids::KeyId;
use crate::config;
use crate::crypto::{AssociatedData, MasterKey};
use crate::db::{Db, Durability, Tx};
use crate::jose::{self, Alg, Claims, KeyRing, KeyState, SigningKey, VerifyError, generate};

const MASTER_KEY_CHECK: AssociatedData<'static> =
    AssociatedData { table: "seal_check", column: "sealed", row: "master" };
const MASTER_KEY_CHECK_TEXT: &str = "préau";

fn associated_data(kid: &str) -> AssociatedData<'_> {
    AssociatedData { table: "signing_key", column: "sealed", row: kid }
}

/// Verifies that the master key decrypts the check row, and writes the row at the first start. The server does not
/// start otherwise.
///
/// # Errors
/// The row was encrypted with another master key.
pub async fn verify_or_init_master_key(db: &Db, master_key: &MasterKey, now: Timestamp) -> anyhow::Result<()> {
    let mut tx = db.write(Durability::Durable).await?;
    if store::find_master_key_check(&mut tx).await?.is_none() {
        store::insert_master_key_check(&mut tx, now, &master_key.seal(MASTER_KEY_CHECK, MASTER_KEY_CHECK_TEXT)?)
            .await?;
    }
    tx.commit().await?;
    // Read back: another server may have been first, with another key.
    verify_master_key(db, master_key).await
}

/// Verifies that the master key decrypts the check row; writes nothing.
///
/// # Errors
/// The row is missing or was encrypted with another master key.
pub async fn verify_master_key(db: &Db, master_key: &MasterKey) -> anyhow::Result<()> {
    let sealed = store::find_master_key_check(&mut db.read().await?).await?.unwrap_or_default();
    match master_key.open(MASTER_KEY_CHECK, &sealed) {
        Ok(text) if text == MASTER_KEY_CHECK_TEXT => Ok(()),
        _ => anyhow::bail!("the master key (id {}) is not the one that this database was sealed with", master_key.id()),
    }
}

/// True if nothing is encrypted yet, so that a new master key may be written.
pub async fn is_uninitialized(db: &Db) -> anyhow::Result<bool> {
    Ok(store::find_master_key_check(&mut db.read().await?).await?.is_none())
}

/// True if nothing is encrypted in a database of any schema, also of one that no migration was applied to: the first one
/// makes the table of the check.
pub async fn holds_nothing_sealed(db: &Db) -> anyhow::Result<bool> {
    Ok(!db.has_table(MASTER_KEY_CHECK.table).await? || is_uninitialized(db).await?)
}

/// Creates the missing keys (outside of a transaction, because RSA key generation is slow), stops signing with keys of
/// algorithms that left the list, then loads all keys.
pub async fn ensure_keys(ctx: StorageOperation<'_>, algorithms: &[Alg]) -> anyhow::Result<KeyRing> {
    let (db, master_key, now) = (ctx.db, ctx.master_key, ctx.now);
    for alg in algorithms.iter().copied() {
        if store::has_active(&mut db.read().await?, alg).await? {
            continue;
        }
        let (jwk, kid) = generate_key(alg).await?;
        let sealed = master_key.seal(associated_data(&kid), &jwk)?;
        let detail = format!("{} {kid}", alg.name());
        let mut tx = ctx.write(Durability::Durable).await?;
        if store::insert(&mut tx, now, &kid, alg, KeyState::Active, &sealed).await? {
            audit::store::record(
                &mut tx,
                AuditEvent::KeyCreated,
                AuditDetails { detail: &detail, ..AuditDetails::default() },
            )
            .await?;
        }
        tx.commit().await?;
    }
    stop_unlisted(ctx, algorithms).await?;
    load(db, master_key).await
}

/// Generates a private key and its `kid` on a blocking thread.
async fn generate_key(alg: Alg) -> anyhow::Result<(String, KeyId)> {
    let (jwk, kid) = tokio::task::spawn_blocking(move || generate(alg)).await??;
    Ok((jwk, KeyId::new(kid)))
}

/// Returns the keys with their encrypted JWK. Rows with an unknown algorithm or state were written by a newer version
/// and are skipped.
async fn load_rows(tx: &mut Tx) -> anyhow::Result<Vec<(KeyLifecycle, String)>> {
    let rows = store::list(tx).await?;
    let read = rows.into_iter().filter_map(|row| {
        let (alg, state) = (row.algorithm.parse().ok()?, row.state.parse().ok()?);
        Some((KeyLifecycle { kid: row.kid, alg, state, since: Timestamp(row.since) }, row.sealed))
    });
    Ok(read.collect())
}

/// Loads the key ring from the database, without revoked keys.
pub async fn load(db: &Db, master_key: &MasterKey) -> anyhow::Result<KeyRing> {
    let mut keys = Vec::new();
    for (key, sealed) in load_rows(&mut db.read().await?).await? {
        if key.state != KeyState::Revoked {
            let jwk = master_key.open(associated_data(&key.kid), &sealed)?;
            keys.push(SigningKey::from_jwk(&key.kid, key.alg, key.state, &jwk)?);
        }
    }
    Ok(KeyRing::new(keys))
}

pub fn rotation_policy(keys: &config::Keys) -> RotationPolicy<'_> {
    RotationPolicy { algorithms: &keys.algorithms, rotate_after: keys.rotate_after() }
}

/// Performs the due rotation steps, then reloads the keys, possibly changed by another server. Every server calls this
/// function once a minute; one whose clock is wrong only reloads.
pub async fn refresh_keys(op: &Operation<'_>) -> anyhow::Result<()> {
    let app = op.app;
    let turned =
        if app.is_work_paused() { Ok(()) } else { rotate(op.storage(), rotation_policy(&app.config.keys)).await };
    app.set_key_ring(load(&app.db, &app.master_key).await?);
    turned
}

/// Reloads the keys if a loaded key was revoked: what somebody else may sign with serves for seconds more, not for a
/// minute (docs/threats.md#fault-rt09). Returns true if one was.
pub async fn drop_revoked_keys(op: &Operation<'_>) -> anyhow::Result<bool> {
    let app = op.app;
    let revoked = store::list_revoked(&mut app.db.read().await?).await?;
    let ring = app.key_ring();
    let loaded = revoked.iter().any(|kid| ring.by_kid(kid).is_some());
    if loaded {
        app.set_key_ring(load(&app.db, &app.master_key).await?);
    }
    Ok(loaded)
}

/// Verifies a token signed by Préau. An unknown `kid` may be the newest key of another server, so the keys are reloaded
/// once (docs/decisions/0015-signing-keys-renew-themselves.md).
pub async fn verify(op: &Operation<'_>, typ: &str, token: &str) -> anyhow::Result<Result<Claims, VerifyError>> {
    verify_with_reload(op, |ring| jose::verify(ring, typ, token)).await
}

/// Verifies an `id_token_hint`: an ID token of any age signed by Préau (RPIL 2, OIDCC 3.1.2.1), so retired keys are
/// accepted too.
pub async fn verify_hint(op: &Operation<'_>, typ: &str, token: &str) -> anyhow::Result<Result<Claims, VerifyError>> {
    verify_with_reload(op, |ring| jose::verify_hint(ring, typ, token)).await
}

async fn verify_with_reload(
    op: &Operation<'_>,
    verify: impl Fn(&KeyRing) -> Result<Claims, VerifyError>,
) -> anyhow::Result<Result<Claims, VerifyError>> {
    let Operation { app, now, .. } = *op;
    match verify(&app.key_ring()) {
        Err(VerifyError::UnknownKid) if app.may_reload_keys(now) => {
            app.set_key_ring(load(&app.db, &app.master_key).await?);
            Ok(verify(&app.key_ring()))
        }
        known => Ok(known),
    }
}
