//! Removes what somebody else added to an account, by the notice that told of it.

use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::typed_ids::{AccountId, TotpId};
use crate::credentials::factors::FactorKind;
use crate::credentials::store;
use crate::db::UnitOfWork;
use crate::notify::AccountNoticeKind;
use crate::notify::store::ToldNotice;
use crate::passkeys;

/// Removes exactly the application, the passkey or the backup codes that a notice told of and the person did not add. Only a
/// device that the account knew before may do it: else whoever added a factor would remove the person's own. Returns
/// the kind and the detail of the notice that tells the removal; `None` if nothing was removed. The caller has locked the
/// account.
pub async fn remove_disowned(
    tx: &mut UnitOfWork<'_>,
    account_id: &AccountId,
    told: &ToldNotice,
) -> anyhow::Result<Option<(AccountNoticeKind, String)>> {
    if !told.known_before {
        return Ok(None);
    }
    let (mut tells, mut detail) = (AccountNoticeKind::FactorRemoved, String::new());
    let removed = match told.kind {
        Some(AccountNoticeKind::FactorAdded) => {
            let held = store::find_factors(tx, account_id).await?;
            let Some(added) = held.totp.iter().find(|totp| totp.id.as_str() == told.detail) else { return Ok(None) };
            store::delete_totp(tx, account_id, &TotpId::new(&told.detail)).await?;
            // Shown to whoever added it.
            store::delete_backup_codes_of(tx, account_id, added.confirmed_at).await?;
            if held.totp.len() == 1 && held.passkeys.is_empty() {
                store::delete_backup_codes(tx, account_id).await?;
            }
            FactorKind::Totp
        }
        Some(AccountNoticeKind::PasskeyAdded) => {
            let added = passkeys::store::find(tx, account_id, &told.detail).await?;
            let Some(added) = added else { return Ok(None) };
            passkeys::store::delete(tx, account_id, &added.id).await?;
            // Shown to whoever added it.
            store::delete_backup_codes_of(tx, account_id, added.created_at).await?;
            if !store::find_factors(tx, account_id).await?.is_required() {
                store::delete_backup_codes(tx, account_id).await?;
            }
            (tells, detail) = (AccountNoticeKind::PasskeyRemoved, added.label);
            FactorKind::Passkey
        }
        Some(AccountNoticeKind::BackupCodesRenewed) => {
            store::delete_backup_codes(tx, account_id).await?;
            FactorKind::BackupCode
        }
        _ => return Ok(None),
    };
    let about = AuditDetails { account: Some(account_id), detail: removed.name(), ..AuditDetails::default() };
    audit::store::record(tx, AuditEvent::FactorRemoved, about).await?;
    Ok(Some((tells, detail)))
}
