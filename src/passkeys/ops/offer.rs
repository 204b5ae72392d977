//! Offers a passkey to somebody who has none.

use super::relying_party;
use crate::accounts;
use crate::app::Operation;
use crate::base::secret::sha256_base64url;
use crate::base::typed_ids::AccountId;
use crate::devices;
use crate::passkeys::store;

/// True if a passkey may be offered: to an account that has none and no caution, on a device of nobody else's.
pub async fn may_offer(op: &Operation<'_>, account_id: &AccountId, device_secrets: &[String]) -> anyhow::Result<bool> {
    if relying_party(op.app).is_none() {
        return Ok(false);
    }
    let mut tx = op.app.db.read().await?;
    let account = accounts::store::find(&mut tx, account_id).await?;
    if account.is_none_or(|account| account.caution(op.now).is_some())
        || !store::list_credential_ids(&mut tx, account_id).await?.is_empty()
    {
        return Ok(false);
    }
    // A passkey opens for whoever unlocks the device: none is offered where another person's account signed in.
    for secret in device_secrets {
        let device = devices::store::find(&mut tx, op.now, &sha256_base64url(secret)).await?;
        if device.is_some_and(|device| device.account_id != *account_id) {
            return Ok(false);
        }
    }
    Ok(true)
}
