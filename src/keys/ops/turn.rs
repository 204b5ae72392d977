//! Turning the keys: the steps that are due, and what an operator asks for at once.
//!
//! Keys are drawn outside of transactions, RSA takes a while. Each change compares and sets, so any number of servers
//! do it once; whoever comes second has done nothing and says so.

use super::{House, draw, place, rows};
use crate::audit::{self, About, Fact};
use crate::base::clock::Timestamp;
use crate::db::{Db, Durability, Tx};
use crate::jose::{self, Alg, KeyState, RingKey};
use crate::keys::rotation::{self, Life, Policy, Step};
use crate::keys::store;
use crate::seal::Vault;

/// Why an operator's wish was not done.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    #[error("there is no key {0}")]
    Unknown(String),
    #[error("{0} has an upcoming key already, which signs as soon as every relying party can know it")]
    Upcoming(&'static str),
    #[error("{0} has no active key: run `preau migrate`")]
    NoActive(&'static str),
    #[error("the key is there already, or was: a key serves one algorithm, once")]
    Known,
    #[error("{0} is revoked already")]
    Revoked(String),
    #[error("another server changed the keys at this moment: look again")]
    Raced,
}

/// Does what is due. A step that another server did first is passed over.
pub async fn turn(house: House<'_>, now: Timestamp, policy: Policy<'_>) -> anyhow::Result<()> {
    let lives = lives(house.db).await?;
    for (step, key) in rotation::due(&lives, now, policy) {
        match step {
            Step::Prepare => {
                // Another server may have prepared it a moment ago; drawing twice costs only time.
                let new = draw(key.alg).await?;
                publish(house, now, key, &new, Fact::KeyPublished).await?;
            }
            Step::Withdraw => withdraw(house, now, key).await?,
            Step::Activate => activate(house, now, key, &lives).await?,
            Step::Retire => retire(house, now, key).await?,
            Step::Forget => {
                let mut tx = house.db.write(Durability::Durable).await?;
                if store::forget(&mut tx, &key.kid).await? {
                    record(&mut tx, house, now, Fact::KeyForgotten, key.alg, &key.kid).await?;
                }
                tx.commit().await?;
            }
        }
    }
    Ok(())
}

/// The keys' lives as the database has them; unknown states and algorithms are a newer version's.
pub async fn lives(db: &Db) -> anyhow::Result<Vec<Life>> {
    let rows = rows(&mut db.read().await?).await?;
    Ok(rows.into_iter().map(|(life, _)| life).collect())
}

/// Publishes a new key beside the active one, to sign as soon as every relying party can know it. Gives its `kid`.
pub async fn prepare(house: House<'_>, now: Timestamp, alg: Alg) -> anyhow::Result<String> {
    let new = draw(alg).await?;
    publish_beside(house, now, alg, &new, Fact::KeyPublished).await?;
    Ok(new.1)
}

/// As [`prepare`], with a key from elsewhere: the text of a PEM or JWK file.
pub async fn import(house: House<'_>, now: Timestamp, alg: Alg, file: &[u8]) -> anyhow::Result<String> {
    let new = jose::read_private(alg, file)?;
    publish_beside(house, now, alg, &new, Fact::KeyImported).await?;
    Ok(new.1)
}

async fn publish_beside(
    house: House<'_>,
    now: Timestamp,
    alg: Alg,
    new: &(String, String),
    fact: Fact,
) -> anyhow::Result<()> {
    let lives = lives(house.db).await?;
    let active = lives.iter().find(|key| key.alg == alg && key.state == KeyState::Active);
    let active = active.ok_or(KeysError::NoActive(alg.name()))?;
    if rotation::successor(active, &lives).is_some() {
        return Err(KeysError::Upcoming(alg.name()).into());
    }
    anyhow::ensure!(!lives.iter().any(|key| key.kid == new.1), KeysError::Known);
    anyhow::ensure!(publish(house, now, active, new, fact).await?, KeysError::Raced);
    Ok(())
}

/// Whether the new key is the upcoming one now. Not if `active` no longer is: then somebody else turned the keys.
async fn publish(
    house: House<'_>,
    now: Timestamp,
    active: &Life,
    (jwk, kid): &(String, String),
    fact: Fact,
) -> anyhow::Result<bool> {
    let (alg, sealed) = (active.alg, house.vault.seal(place(kid), jwk)?);
    let mut tx = house.db.write(Durability::Durable).await?;
    let done = store::hold(&mut tx, &active.kid, KeyState::Active.name()).await?
        && store::insert(&mut tx, now, kid, alg.name(), KeyState::Upcoming.name(), &sealed).await?;
    if done {
        record(&mut tx, house, now, fact, alg, kid).await?;
    }
    tx.commit().await?;
    Ok(done)
}

async fn activate(house: House<'_>, now: Timestamp, key: &Life, all: &[Life]) -> anyhow::Result<()> {
    let (upcoming, active) = (KeyState::Upcoming.name(), KeyState::Active.name());
    let mut tx = house.db.write(Durability::Durable).await?;
    if let Some(old) = all.iter().find(|old| old.alg == key.alg && old.state == KeyState::Active)
        && !store::change(&mut tx, now, &old.kid, active, KeyState::Retiring.name()).await?
    {
        // Nothing was changed: another server turned it.
        return Ok(tx.commit().await?);
    }
    // The old key must not stop signing for an upcoming one that is gone: then nothing is committed.
    anyhow::ensure!(store::change(&mut tx, now, &key.kid, upcoming, active).await?, KeysError::Raced);
    record(&mut tx, house, now, Fact::KeyActivated, key.alg, &key.kid).await?;
    Ok(tx.commit().await?)
}

/// It signs no more; what it signed verifies until its end.
async fn withdraw(house: House<'_>, now: Timestamp, key: &Life) -> anyhow::Result<()> {
    let mut tx = house.db.write(Durability::Durable).await?;
    if store::change(&mut tx, now, &key.kid, key.state.name(), KeyState::Retiring.name()).await? {
        record(&mut tx, house, now, Fact::KeyWithdrawn, key.alg, &key.kid).await?;
    }
    Ok(tx.commit().await?)
}

/// Takes a key out of the JWKS and destroys its private half.
async fn retire(house: House<'_>, now: Timestamp, key: &Life) -> anyhow::Result<()> {
    let found = rows(&mut house.db.read().await?).await?.into_iter().find(|(life, _)| life == key);
    // Gone or changed since: another server retired it, and its private half is no more.
    let Some((_, sealed)) = found else { return Ok(()) };
    let public = public_half(house.vault, key, &sealed)?;
    let mut tx = house.db.write(Durability::Durable).await?;
    if store::change(&mut tx, now, &key.kid, KeyState::Retiring.name(), KeyState::Retired.name()).await? {
        store::reseal(&mut tx, &key.kid, &public).await?;
        record(&mut tx, house, now, Fact::KeyRetired, key.alg, &key.kid).await?;
    }
    Ok(tx.commit().await?)
}

fn public_half(vault: &Vault, key: &Life, sealed: &str) -> anyhow::Result<String> {
    let jwk = vault.open(place(&key.kid), sealed)?;
    let ring_key = RingKey::from_jwk(&key.kid, key.alg, KeyState::Retiring, &jwk)?;
    Ok(vault.seal(place(&key.kid), &ring_key.public_jwk().to_string())?)
}

/// Somebody else may have the key (docs/threats.md#fault-rt09): nothing that it signed counts any more. If it was the
/// active one, a new key signs at once; the upcoming and the retiring ones of its algorithm are revoked too, because
/// they were kept in the same place. Gives the new key's `kid`, if there is one.
pub async fn revoke(house: House<'_>, now: Timestamp, kid: &str) -> anyhow::Result<Option<String>> {
    let known = lives(house.db).await?;
    let key = known.iter().find(|key| key.kid == kid).ok_or_else(|| KeysError::Unknown(kid.to_owned()))?;
    anyhow::ensure!(key.state != KeyState::Revoked, KeysError::Revoked(kid.to_owned()));
    let new = match key.state {
        KeyState::Active => Some(draw(key.alg).await?),
        _ => None,
    };
    let mut tx = house.db.write(Durability::Durable).await?;
    // Read again inside: another server may have published a key while this one was drawn.
    let lives: Vec<Life> = rows(&mut tx).await?.into_iter().map(|(life, _)| life).collect();
    let kept_there = |other: &&Life| {
        let private = matches!(other.state, KeyState::Upcoming | KeyState::Retiring);
        other.kid == kid || (new.is_some() && other.alg == key.alg && private)
    };
    for old in lives.iter().filter(kept_there) {
        let changed = store::change(&mut tx, now, &old.kid, old.state.name(), KeyState::Revoked.name()).await?;
        anyhow::ensure!(changed, KeysError::Raced);
        store::reseal(&mut tx, &old.kid, "").await?;
        record(&mut tx, house, now, Fact::KeyRevoked, old.alg, &old.kid).await?;
    }
    if let Some((jwk, kid)) = &new {
        let sealed = house.vault.seal(place(kid), jwk)?;
        let made = store::insert(&mut tx, now, kid, key.alg.name(), KeyState::Active.name(), &sealed).await?;
        anyhow::ensure!(made, KeysError::Raced);
        record(&mut tx, house, now, Fact::KeyMade, key.alg, kid).await?;
    }
    tx.commit().await?;
    Ok(new.map(|(_, kid)| kid))
}

async fn record(tx: &mut Tx, house: House<'_>, now: Timestamp, fact: Fact, alg: Alg, kid: &str) -> anyhow::Result<()> {
    let detail = format!("{} {kid}", alg.name());
    Ok(audit::store::record(tx, house.rng, now, fact, About { detail: &detail, ..About::default() }).await?)
}
