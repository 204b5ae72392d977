//! Making sure that there are keys, and that the master key opens them.

use super::store;
use crate::app::App;
use crate::audit::{self, About, Fact};
use crate::base::clock::Timestamp;
use crate::base::rng::Random;
use crate::db::{Db, Durability};
use crate::jose::{self, Alg, Claims, KeyRing, KeyState, RingKey, Unverified, generate};
use crate::seal::{Place, Vault};

const CHECK: Place<'static> = Place { table: "seal_check", column: "sealed", row: "master" };
const CHECK_TEXT: &str = "préau";

fn place(kid: &str) -> Place<'_> {
    Place { table: "signing_key", column: "sealed", row: kid }
}

/// The sealed check row must open, else nothing starts; the first start writes it.
///
/// # Errors
/// The row is another master key's.
pub async fn check_seal(db: &Db, vault: &Vault, now: Timestamp) -> anyhow::Result<()> {
    let mut tx = db.write(Durability::Durable).await?;
    if store::seal_check(&mut tx).await?.is_none() {
        store::put_seal_check(&mut tx, now, &vault.seal(CHECK, CHECK_TEXT)?).await?;
    }
    tx.commit().await?;
    // Read back: another server may have been first, with another key.
    opens_seal(db, vault).await
}

/// Whether the master key opens the check row; writes nothing.
///
/// # Errors
/// The row is missing or another master key's.
pub async fn opens_seal(db: &Db, vault: &Vault) -> anyhow::Result<()> {
    let sealed = store::seal_check(&mut db.read().await?).await?.unwrap_or_default();
    match vault.open(CHECK, &sealed) {
        Ok(text) if text == CHECK_TEXT => Ok(()),
        _ => anyhow::bail!("the master key (id {}) is not the one that this database was sealed with", vault.id()),
    }
}

/// Whether nothing is sealed yet, so that a new master key may be written.
pub async fn nothing_sealed(db: &Db) -> anyhow::Result<bool> {
    Ok(store::seal_check(&mut db.read().await?).await?.is_none())
}

/// Makes the keys that are missing (outside of the transaction: RSA takes a while), then reads them all.
pub async fn ensure(db: &Db, vault: &Vault, rng: &dyn Random, now: Timestamp) -> anyhow::Result<KeyRing> {
    for alg in Alg::ALL {
        if store::has_active(&mut db.read().await?, alg.name()).await? {
            continue;
        }
        let (jwk, kid) = tokio::task::spawn_blocking(move || generate(alg)).await??;
        let sealed = vault.seal(place(&kid), &jwk)?;
        let mut tx = db.write(Durability::Durable).await?;
        if store::insert_active(&mut tx, now, &kid, alg.name(), &sealed).await? {
            audit::store::record(&mut tx, rng, now, Fact::KeyMade, About { detail: &kid, ..About::default() }).await?;
        }
        tx.commit().await?;
    }
    load(db, vault).await
}

/// Reads the ring as the database has it.
pub async fn load(db: &Db, vault: &Vault) -> anyhow::Result<KeyRing> {
    let rows = store::all(&mut db.read().await?).await?;
    let mut keys = Vec::new();
    for row in rows {
        let (Some(alg), Some(state)) = (Alg::from_name(&row.algorithm), KeyState::from_name(&row.state)) else {
            // A newer version's: it knows what to do with it, this one does not publish it.
            continue;
        };
        keys.push(RingKey::from_jwk(&row.kid, alg, state, &vault.open(place(&row.kid), &row.sealed)?)?);
    }
    Ok(KeyRing::new(keys))
}

/// Verifies a token of ours. A kid that this server does not know may be the newest key of another one (DESIGN 7).
pub async fn verify(app: &App, now: Timestamp, typ: &str, token: &str) -> anyhow::Result<Result<Claims, Unverified>> {
    match jose::verify(&app.ring(), typ, token) {
        Err(Unverified::Kid) if app.may_ask_for_keys(now) => {
            app.set_ring(load(&app.db, &app.vault).await?);
            Ok(jose::verify(&app.ring(), typ, token))
        }
        known => Ok(known),
    }
}
