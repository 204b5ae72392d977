//! Removes every second factor of an account whose person has none of them any more.

use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::typed_ids::AccountId;
use crate::credentials::factors::HeldFactors;
use crate::credentials::store;
use crate::db::UnitOfWork;
use crate::devices;

/// Removes every application, passkey and backup code of an account: the password alone opens it from then on. Returns
/// what there was. Its person is told by the caller.
pub async fn remove_all_factors(
    tx: &mut UnitOfWork<'_>,
    account_id: &AccountId,
    reason: Option<&str>,
) -> anyhow::Result<HeldFactors> {
    let held = store::find_factors(tx, account_id).await?;
    store::delete_all(tx, account_id).await?;
    // Else a browser in which the removed factor was shown would skip the next one too.
    devices::store::forget_factor_proofs(tx, account_id).await?;
    let (applications, passkeys) = (held.totp.len(), held.passkeys.len());
    let before = format!("{applications} applications, {passkeys} passkeys, {} backup codes", held.backup_codes);
    let about = AuditDetails {
        account: Some(account_id),
        reason,
        before: Some(&before),
        after: Some("none"),
        ..AuditDetails::default()
    };
    audit::store::record(tx, AuditEvent::FactorRemoved, about).await?;
    Ok(held)
}
