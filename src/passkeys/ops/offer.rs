//! Offers a passkey to somebody who has none.

use super::relying_party;
use crate::accounts;
use crate::app::Operation;
use crate::base::clock::Timestamp;
use crate::base::secret::sha256_base64url;
use crate::base::typed_ids::AccountId;
use crate::devices;
use crate::passkeys::store;

/// The time from which a passkey may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasskeyOffer {
    Now,
    /// After the caution that follows a new password.
    From(Timestamp),
}

/// Returns what is offered to an account after it was opened: nothing to one that has a passkey, nor on a device of
/// somebody else's account.
pub async fn find_offer(
    op: &Operation<'_>,
    account_id: &AccountId,
    device_secrets: &[String],
) -> anyhow::Result<Option<PasskeyOffer>> {
    if relying_party(op.app).is_none() {
        return Ok(None);
    }
    let mut tx = op.app.db.read().await?;
    let Some(account) = accounts::store::find(&mut tx, account_id).await? else { return Ok(None) };
    if !store::list_credential_ids(&mut tx, account_id).await?.is_empty() {
        return Ok(None);
    }
    // A passkey opens for whoever unlocks the device: none is offered where another person's account signed in.
    for secret in device_secrets {
        let device = devices::store::find(&mut tx, op.now, &sha256_base64url(secret)).await?;
        if device.is_some_and(|device| device.account_id != *account_id) {
            return Ok(None);
        }
    }
    Ok(Some(account.caution(op.now).map_or(PasskeyOffer::Now, PasskeyOffer::From)))
}
