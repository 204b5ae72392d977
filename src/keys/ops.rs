//! Making sure that there are keys, and that the master key opens them; reading them; verifying with them.

mod turn;

pub use turn::{KeysError, import, lives, prepare, revoke, turn};

use super::rotation::{Life, Policy};
use super::store;
use crate::app::App;
use crate::audit::{self, About, Fact};
use crate::base::clock::Timestamp;
use crate::base::rng::Random;
use crate::config;
use crate::db::{Db, Durability, Tx};
use crate::jose::{self, Alg, Claims, KeyRing, KeyState, RingKey, Unverified, generate};
use crate::seal::{Place, Vault};

const CHECK: Place<'static> = Place { table: "seal_check", column: "sealed", row: "master" };
const CHECK_TEXT: &str = "préau";

/// What changing keys needs. The command line has no [`App`].
#[derive(Clone, Copy)]
pub struct House<'a> {
    pub db: &'a Db,
    pub vault: &'a Vault,
    pub rng: &'a dyn Random,
}

impl<'a> House<'a> {
    pub fn of(app: &'a App) -> Self {
        Self { db: &app.db, vault: &app.vault, rng: app.rng.as_ref() }
    }
}

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
pub async fn ensure(
    db: &Db,
    vault: &Vault,
    rng: &dyn Random,
    now: Timestamp,
    algorithms: &[Alg],
) -> anyhow::Result<KeyRing> {
    for alg in algorithms.iter().copied() {
        if store::has_active(&mut db.read().await?, alg.name()).await? {
            continue;
        }
        let (jwk, kid) = draw(alg).await?;
        let sealed = vault.seal(place(&kid), &jwk)?;
        let detail = format!("{} {kid}", alg.name());
        let mut tx = db.write(Durability::Durable).await?;
        if store::insert(&mut tx, now, &kid, alg.name(), KeyState::Active.name(), &sealed).await? {
            audit::store::record(&mut tx, rng, now, Fact::KeyMade, About { detail: &detail, ..About::default() })
                .await?;
        }
        tx.commit().await?;
    }
    load(db, vault).await
}

/// A new private key and its `kid`, off the runtime's threads.
async fn draw(alg: Alg) -> anyhow::Result<(String, String)> {
    Ok(tokio::task::spawn_blocking(move || generate(alg)).await??)
}

/// The keys with what is sealed. Those of a newer version, which alone knows what to do with them, are passed over.
async fn rows(tx: &mut Tx) -> anyhow::Result<Vec<(Life, String)>> {
    let rows = store::all(tx).await?;
    let read = rows.into_iter().filter_map(|row| {
        let (alg, state) = (Alg::from_name(&row.algorithm)?, KeyState::from_name(&row.state)?);
        Some((Life { kid: row.kid, alg, state, since: Timestamp(row.since) }, row.sealed))
    });
    Ok(read.collect())
}

/// Reads the ring as the database has it. Revoked keys are not in it.
pub async fn load(db: &Db, vault: &Vault) -> anyhow::Result<KeyRing> {
    let mut keys = Vec::new();
    for (key, sealed) in rows(&mut db.read().await?).await? {
        if key.state != KeyState::Revoked {
            let jwk = vault.open(place(&key.kid), &sealed)?;
            keys.push(RingKey::from_jwk(&key.kid, key.alg, key.state, &jwk)?);
        }
    }
    Ok(KeyRing::new(keys))
}

pub fn policy(keys: &config::Keys) -> Policy<'_> {
    Policy { algorithms: &keys.algorithms, rotate_after: keys.rotate_after() }
}

/// What every server does once a minute: the steps that are due, then the keys as they are now, whoever changed them.
pub async fn tend(app: &App, now: Timestamp) -> anyhow::Result<()> {
    let turned = turn(House::of(app), now, policy(&app.config.keys)).await;
    app.set_ring(load(&app.db, &app.vault).await?);
    turned
}

/// Verifies a token of ours. A kid that this server does not know may be the newest key of another one
/// (docs/decisions/0015-signing-keys-renew-themselves.md).
pub async fn verify(app: &App, now: Timestamp, typ: &str, token: &str) -> anyhow::Result<Result<Claims, Unverified>> {
    asking(app, now, |ring| jose::verify(ring, typ, token)).await
}

/// Verifies an `id_token_hint`: an ID token of ours of any age (RPIL 2, OIDCC 3.1.2.1), so retired keys count too.
pub async fn verify_hint(
    app: &App,
    now: Timestamp,
    typ: &str,
    token: &str,
) -> anyhow::Result<Result<Claims, Unverified>> {
    asking(app, now, |ring| jose::verify_hint(ring, typ, token)).await
}

async fn asking(
    app: &App,
    now: Timestamp,
    verify: impl Fn(&KeyRing) -> Result<Claims, Unverified>,
) -> anyhow::Result<Result<Claims, Unverified>> {
    match verify(&app.ring()) {
        Err(Unverified::Kid) if app.may_ask_for_keys(now) => {
            app.set_ring(load(&app.db, &app.vault).await?);
            Ok(verify(&app.ring()))
        }
        known => Ok(known),
    }
}
