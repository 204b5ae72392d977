//! The offer of a passkey on the account page, once a month until there is one.

use crate::accounts::Account;
use crate::accounts::store::passkey_offers;
use crate::app::Operation;
use crate::base::clock::Span;
use crate::base::profile::Profile;
use crate::base::typed_ids::AccountId;
use crate::db::Durability;
use crate::passkeys::ops::{PasskeyOffer, find_offer};

/// The time from the password, which came with an offer, or from « Plus tard » to the next offer.
const OFFER_INTERVAL: Span = Span::days(30);

/// True if the account page offers a passkey. Pupils are not asked there: they open it on the school's computers.
pub async fn is_passkey_offered(
    op: &Operation<'_>,
    account: &Account,
    device_secrets: &[String],
) -> anyhow::Result<bool> {
    if account.profile != Profile::Responsable {
        return Ok(false);
    }
    let postponed = passkey_offers::find_offer_from(&mut op.app.db.read().await?, &account.id).await?;
    let from = postponed.or(account.password_at.map(|at| at.plus(OFFER_INTERVAL)));
    if from.is_none_or(|from| op.now < from) {
        return Ok(false);
    }
    let offer = find_offer(op, &account.id, device_secrets).await?;
    Ok(offer == Some(PasskeyOffer::Now))
}

/// Records « Plus tard ».
pub async fn postpone_passkey_offer(op: &Operation<'_>, account_id: &AccountId) -> anyhow::Result<()> {
    let mut tx = op.write(Durability::Relaxed).await?;
    passkey_offers::postpone_offer(&mut tx, account_id, op.now.plus(OFFER_INTERVAL)).await?;
    tx.commit().await?;
    Ok(())
}
