//! Recognition and registration of known devices.

use super::{Device, store};
use crate::base::clock::Timestamp;
use crate::base::ids::id256;
use crate::base::secret::sha256_base64url;
use crate::base::typed_ids::AccountId;
use crate::db::{Tx, UnitOfWork};

/// Returns the known device of an account, by the secrets in the browser's cookie. An unknown account costs the same
/// number of queries.
pub async fn find_known(
    tx: &mut Tx,
    now: Timestamp,
    secrets: &[String],
    account_id: Option<&AccountId>,
) -> anyhow::Result<Option<Device>> {
    let mut found = None;
    for secret in secrets {
        let device = store::find(tx, now, &sha256_base64url(secret)).await?;
        let device = device.filter(|row| account_id == Some(&row.account_id));
        found = found.or(device.map(|row| Device {
            id: sha256_base64url(secret),
            secret: secret.clone(),
            account_id: row.account_id,
            identity: row.identity,
            factor_at: row.factor_at.map(Timestamp),
        }));
    }
    Ok(found)
}

/// True if the browser was ever a device of the account, even if forgotten after a new password: the browser may then
/// be told of the password change, which reveals nothing new. Grants no access and lifts no limit.
pub async fn was_known(tx: &mut Tx, secrets: &[String], account_id: Option<&AccountId>) -> anyhow::Result<bool> {
    let mut found = false;
    for secret in secrets {
        found |= store::belonged_to(tx, &sha256_base64url(secret), account_id).await?;
    }
    Ok(found)
}

/// Returns the device on which this identity (name and phone number) entered a correct SMS code before.
pub async fn find_by_identity(
    tx: &mut Tx,
    now: Timestamp,
    secrets: &[String],
    identity: &str,
) -> anyhow::Result<Option<String>> {
    let mut found = None;
    for secret in secrets {
        let id = sha256_base64url(secret);
        let device = store::find(tx, now, &id).await?;
        found = found.or(device.filter(|row| row.identity.as_deref() == Some(identity)).map(|_| id));
    }
    Ok(found)
}

/// Registers the browser as a known device after the account's person authenticated, or renews the known device.
/// Returns the device's id, and the secret for the cookie.
pub async fn remember(
    tx: &mut UnitOfWork<'_>,
    account_id: &AccountId,
    known: Option<&Device>,
    label: &str,
    identity: Option<&str>,
) -> anyhow::Result<(String, String)> {
    if let Some(device) = known
        && store::touch(tx, &device.id, label, identity).await?
    {
        return Ok((device.id.clone(), device.secret.clone()));
    }
    let secret = id256(tx.rng);
    let id = sha256_base64url(&secret);
    store::insert(tx, &id, account_id, label, identity).await?;
    store::forget_excess(tx, account_id).await?;
    Ok((id, secret))
}
