//! Key rotation: the due steps, and the immediate changes requested by an operator.
//!
//! Keys are generated outside of transactions because RSA key generation is slow. Each change is a compare-and-set, so
//! any number of servers perform a step only once; the second server changes nothing and reports so.

use super::{associated_data, generate_key, load_rows};
use crate::app::StorageOperation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::typed_ids::KeyId;
use crate::crypto::MasterKey;
use crate::db::{Db, Durability, UnitOfWork};
use crate::jose::{self, Alg, KeyState, SigningKey};
use crate::keys::rotation::{self, KeyLifecycle, RotationPolicy, RotationStep};
use crate::keys::store;

/// The reason for refusing an operator's request.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    #[error("there is no key {0}")]
    Unknown(String),
    #[error("{0} has an upcoming key already, which signs as soon as every relying party can know it")]
    Upcoming(&'static str),
    #[error("{0} has no active key")]
    NoActive(&'static str),
    #[error("the key is there already, or was: a key serves one algorithm, once")]
    AlreadyKnown,
    #[error("{0} is revoked already")]
    AlreadyRevoked(String),
    #[error("another server changed the keys at this moment: look again")]
    Conflict,
}

/// Performs the due steps. A step already done by another server is skipped.
pub async fn rotate(ctx: StorageOperation<'_>, policy: RotationPolicy<'_>) -> anyhow::Result<()> {
    let lifecycles = lifecycles(ctx.db).await?;
    for (step, key) in rotation::due_steps(&lifecycles, ctx.now, policy) {
        match step {
            RotationStep::PublishNext => {
                // Another server may have published a key a moment ago; generating a second key costs only time.
                let new = generate_key(key.alg).await?;
                publish(ctx, key, &new, AuditEvent::KeyPublished).await?;
            }
            // Only a start does that: beside this server another one may run with a newer list.
            RotationStep::StopSigning => {}
            RotationStep::Activate => activate(ctx, key, &lifecycles).await?,
            RotationStep::Retire => retire(ctx, key).await?,
            RotationStep::Delete => {
                let mut tx = ctx.write(Durability::Durable).await?;
                if store::delete_retired(&mut tx, &key.kid).await? {
                    record(&mut tx, AuditEvent::KeyDeleted, key.alg, &key.kid).await?;
                }
                tx.commit().await?;
            }
        }
    }
    Ok(())
}

/// Returns the lifecycles of the stored keys, without states and algorithms of a newer version.
pub async fn lifecycles(db: &Db) -> anyhow::Result<Vec<KeyLifecycle>> {
    let rows = load_rows(&mut db.read().await?).await?;
    Ok(rows.into_iter().map(|(life, _)| life).collect())
}

/// Publishes a new key beside the active key, to sign as soon as every relying party can know the key. Returns its
/// `kid`.
pub async fn publish_next(ctx: StorageOperation<'_>, alg: Alg) -> anyhow::Result<KeyId> {
    let new = generate_key(alg).await?;
    publish_beside(ctx, alg, &new, AuditEvent::KeyPublished).await?;
    Ok(new.1)
}

/// Publishes a key like [`publish_next`], imported from the content of a PEM or JWK file.
pub async fn import(ctx: StorageOperation<'_>, alg: Alg, file: &[u8]) -> anyhow::Result<KeyId> {
    let (jwk, kid) = jose::read_private_key(alg, file)?;
    let new = (jwk, KeyId::new(kid));
    publish_beside(ctx, alg, &new, AuditEvent::KeyImported).await?;
    Ok(new.1)
}

async fn publish_beside(
    ctx: StorageOperation<'_>,
    alg: Alg,
    new: &(String, KeyId),
    fact: AuditEvent,
) -> anyhow::Result<()> {
    let lives = lifecycles(ctx.db).await?;
    let active = lives.iter().find(|key| key.alg == alg && key.state == KeyState::Active);
    let active = active.ok_or(KeysError::NoActive(alg.name()))?;
    if rotation::successor(active, &lives).is_some() {
        return Err(KeysError::Upcoming(alg.name()).into());
    }
    anyhow::ensure!(!lives.iter().any(|key| key.kid == new.1), KeysError::AlreadyKnown);
    anyhow::ensure!(publish(ctx, active, new, fact).await?, KeysError::Conflict);
    Ok(())
}

/// Inserts the new key as the upcoming key; returns true on success. Fails if `active` is no longer active, because the
/// keys were rotated meanwhile.
async fn publish(
    ctx: StorageOperation<'_>,
    active: &KeyLifecycle,
    (jwk, kid): &(String, KeyId),
    fact: AuditEvent,
) -> anyhow::Result<bool> {
    let (alg, sealed) = (active.alg, ctx.master_key.seal(associated_data(kid), jwk)?);
    let mut tx = ctx.write(Durability::Durable).await?;
    let done = store::lock_in_state(&mut tx, &active.kid, KeyState::Active).await?
        && store::insert(&mut tx, ctx.now, kid, alg, KeyState::Upcoming, &sealed).await?;
    if done {
        record(&mut tx, fact, alg, kid).await?;
    }
    tx.commit().await?;
    Ok(done)
}

async fn activate(ctx: StorageOperation<'_>, key: &KeyLifecycle, all: &[KeyLifecycle]) -> anyhow::Result<()> {
    let (upcoming, active) = (KeyState::Upcoming, KeyState::Active);
    let mut tx = ctx.write(Durability::Durable).await?;
    if let Some(old) = all.iter().find(|old| old.alg == key.alg && old.state == KeyState::Active)
        && !store::transition(&mut tx, ctx.now, &old.kid, active, KeyState::Retiring).await?
    {
        // Nothing was changed: another server performed the rotation.
        return Ok(tx.commit().await?);
    }
    // The old key must not stop signing in favour of a missing upcoming key: in this case nothing is committed.
    anyhow::ensure!(store::transition(&mut tx, ctx.now, &key.kid, upcoming, active).await?, KeysError::Conflict);
    record(&mut tx, AuditEvent::KeyActivated, key.alg, &key.kid).await?;
    Ok(tx.commit().await?)
}

/// Stops signing with the keys of algorithms that are not listed.
pub(super) async fn stop_unlisted(ctx: StorageOperation<'_>, algorithms: &[Alg]) -> anyhow::Result<()> {
    for key in lifecycles(ctx.db).await? {
        if matches!(key.state, KeyState::Upcoming | KeyState::Active) && !algorithms.contains(&key.alg) {
            stop_signing(ctx, &key).await?;
        }
    }
    Ok(())
}

/// Stops signing with a key; its tokens remain valid until their expiry.
async fn stop_signing(ctx: StorageOperation<'_>, key: &KeyLifecycle) -> anyhow::Result<()> {
    let mut tx = ctx.write(Durability::Durable).await?;
    if store::transition(&mut tx, ctx.now, &key.kid, key.state, KeyState::Retiring).await? {
        record(&mut tx, AuditEvent::KeyWithdrawn, key.alg, &key.kid).await?;
    }
    Ok(tx.commit().await?)
}

/// Removes a key from the JWKS and destroys its private part.
async fn retire(ctx: StorageOperation<'_>, key: &KeyLifecycle) -> anyhow::Result<()> {
    let found = load_rows(&mut ctx.db.read().await?).await?.into_iter().find(|(life, _)| life == key);
    // Deleted or changed meanwhile: another server retired the key and destroyed its private part.
    let Some((_, sealed)) = found else { return Ok(()) };
    let public = sealed_public_part(ctx.master_key, key, &sealed)?;
    let mut tx = ctx.write(Durability::Durable).await?;
    if store::transition(&mut tx, ctx.now, &key.kid, KeyState::Retiring, KeyState::Retired).await? {
        store::replace_sealed(&mut tx, &key.kid, &public).await?;
        record(&mut tx, AuditEvent::KeyRetired, key.alg, &key.kid).await?;
    }
    Ok(tx.commit().await?)
}

fn sealed_public_part(master_key: &MasterKey, key: &KeyLifecycle, sealed: &str) -> anyhow::Result<String> {
    let jwk = master_key.open(associated_data(&key.kid), sealed)?;
    let ring_key = SigningKey::from_jwk(&key.kid, key.alg, KeyState::Retiring, &jwk)?;
    Ok(master_key.seal(associated_data(&key.kid), &ring_key.public_jwk().to_string())?)
}

/// Revokes a compromised key (docs/threats.md#fault-rt09): none of its signatures is accepted any more. If the key was
/// active, a new key signs at once, and the upcoming and retiring keys of the algorithm are revoked too, because all of
/// them were stored in the same place. Returns the `kid` of the new key, if any.
pub async fn revoke(ctx: StorageOperation<'_>, kid: &str) -> anyhow::Result<Option<KeyId>> {
    let known = lifecycles(ctx.db).await?;
    let key = known.iter().find(|key| *key.kid == *kid).ok_or_else(|| KeysError::Unknown(kid.to_owned()))?;
    anyhow::ensure!(key.state != KeyState::Revoked, KeysError::AlreadyRevoked(kid.to_owned()));
    let new = match key.state {
        KeyState::Active => Some(generate_key(key.alg).await?),
        _ => None,
    };
    let mut tx = ctx.write(Durability::Durable).await?;
    // Read again inside the transaction: another server may have published a key during key generation.
    let lives: Vec<KeyLifecycle> = load_rows(&mut tx).await?.into_iter().map(|(life, _)| life).collect();
    let kept_there = |other: &&KeyLifecycle| {
        let private = matches!(other.state, KeyState::Upcoming | KeyState::Retiring);
        *other.kid == *kid || (new.is_some() && other.alg == key.alg && private)
    };
    for old in lives.iter().filter(kept_there) {
        let changed = store::transition(&mut tx, ctx.now, &old.kid, old.state, KeyState::Revoked).await?;
        anyhow::ensure!(changed, KeysError::Conflict);
        store::replace_sealed(&mut tx, &old.kid, "").await?;
        record(&mut tx, AuditEvent::KeyRevoked, old.alg, &old.kid).await?;
    }
    if let Some((jwk, kid)) = &new {
        let sealed = ctx.master_key.seal(associated_data(kid), jwk)?;
        let made = store::insert(&mut tx, ctx.now, kid, key.alg, KeyState::Active, &sealed).await?;
        anyhow::ensure!(made, KeysError::Conflict);
        record(&mut tx, AuditEvent::KeyCreated, key.alg, kid).await?;
    }
    tx.commit().await?;
    Ok(new.map(|(_, kid)| kid))
}

async fn record(tx: &mut UnitOfWork<'_>, fact: AuditEvent, alg: Alg, kid: &str) -> anyhow::Result<()> {
    let detail = format!("{} {kid}", alg.name());
    Ok(audit::store::record(tx, fact, AuditDetails { detail: &detail, ..AuditDetails::default() }).await?)
}
