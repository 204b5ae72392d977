//! Knowing a device again, and remembering one.

use super::{Device, store};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::ids::id256;
use crate::base::secret::digest;
use crate::db::Tx;

/// The device that a browser is to this account, by the secrets of its cookie. As many look-ups for an account that is
/// not there.
pub async fn known(
    tx: &mut Tx,
    now: Timestamp,
    secrets: &[String],
    account_id: Option<&str>,
) -> anyhow::Result<Option<Device>> {
    let mut found = None;
    for secret in secrets {
        let device = store::find(tx, now, &digest(secret)).await?;
        found = found.or(device.filter(|(account, _)| account_id == Some(account)).map(|(account, identity)| Device {
            id: digest(secret),
            secret: secret.clone(),
            account_id: account,
            identity,
        }));
    }
    Ok(found)
}

/// Whether this browser knew the account before, even if a new password made a stranger of it: it may be told of the
/// change, which tells nobody anything new. Lets nobody in and lifts no limit.
pub async fn knew(tx: &mut Tx, secrets: &[String], account_id: Option<&str>) -> anyhow::Result<bool> {
    let mut found = false;
    for secret in secrets {
        found |= store::was_of(tx, &digest(secret), account_id.unwrap_or_default()).await?;
    }
    Ok(found)
}

/// The device on which this identity typed a right SMS code before, if this browser is one.
pub async fn proven(tx: &mut Tx, now: Timestamp, secrets: &[String], identity: &str) -> anyhow::Result<Option<String>> {
    let mut found = None;
    for secret in secrets {
        let id = digest(secret);
        let device = store::find(tx, now, &id).await?;
        found = found.or(device.filter(|(_, known)| known.as_deref() == Some(identity)).map(|_| id));
    }
    Ok(found)
}

/// A person proved to be the account's: the browser is known from now on. Gives the device's id, and the secret for its
/// cookie.
pub async fn remember(
    tx: &mut Tx,
    app: &App,
    now: Timestamp,
    account_id: &str,
    known: Option<&Device>,
    (label, identity): (&str, Option<&str>),
) -> anyhow::Result<(String, String)> {
    if let Some(device) = known
        && store::seen(tx, now, &device.id, label, identity).await?
    {
        return Ok((device.id.clone(), device.secret.clone()));
    }
    let secret = id256(app.rng.as_ref());
    let id = digest(&secret);
    store::insert(tx, now, &id, account_id, label, identity).await?;
    store::keep_newest(tx, now, account_id).await?;
    Ok((id, secret))
}
