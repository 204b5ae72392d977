//! Takes, adds and removes passkeys. Who may, and by which proof, was asked before; the account and the session are judged again
//! under their locks.

use super::enrolment::{FactorOwner, draw_backup_codes, record, tell};
use super::fresh_proof::lock_owner;
use crate::app::Operation;
use crate::audit::AuditEvent;
use crate::base::clock::Span;
use crate::base::ids::row_id;
use crate::base::lang::Lang;
use crate::base::typed_ids::AccountId;
use crate::credentials::backup_codes::BackupCode;
use crate::credentials::factors::{HeldFactors, TypedFactor};
use crate::credentials::store as factors;
use crate::db::Durability;
use crate::devices;
use crate::notify::AccountNoticeKind;
use crate::outbox::JobKind;
use crate::passkeys::store::{self, NewPasskey};
use crate::passkeys::{self, CeremonyPurpose, MAX_PASSKEYS, PasskeyAnswer, PasskeyChallenge, PasskeyVerification};

/// Returns the challenge by which a passkey is shown as the second factor; `None` for an account without one. `binding`
/// is the sign-in, the session or the recovery that asks.
pub fn factor_challenge(
    op: &Operation<'_>,
    held: &HeldFactors,
    binding: &str,
) -> anyhow::Result<Option<PasskeyChallenge>> {
    match held.passkeys.is_empty() {
        true => Ok(None),
        false => passkeys::ops::challenge(op, CeremonyPurpose::Factor, binding),
    }
}

/// Judges a passkey of the account that was shown as the second factor; `None` if it was not accepted. Its use is still
/// to be written, like that of a code.
pub async fn judge_passkey_factor(
    op: &Operation<'_>,
    account_id: &AccountId,
    binding: &str,
    (answer, lang): (PasskeyAnswer<'_>, Lang),
) -> anyhow::Result<Option<TypedFactor>> {
    let ceremony = (CeremonyPurpose::Factor, binding);
    Ok(match passkeys::ops::verify(op, ceremony, Some(account_id), answer, lang).await? {
        PasskeyVerification::Proven(proven) => Some(TypedFactor::Passkey(proven)),
        PasskeyVerification::Copied | PasskeyVerification::Refused(_) => None,
    })
}

/// The outcome of the creation of a passkey.
#[derive(Debug)]
pub enum PasskeyCreation {
    /// It counts from now on, with the backup codes drawn for the first factor.
    Added { backup_codes: Vec<BackupCode> },
    /// The account has as many as it may.
    TooMany,
    /// Wrong, expired or used before: the person may begin again.
    Refused,
    /// The session ended, the account was suspended, its password replaced or a caution set meanwhile.
    Overtaken,
}

/// Adds the passkey that a browser created, and tells the person on another device. Only a proven session was given the
/// challenge for it.
pub async fn add_passkey(
    op: &Operation<'_>,
    owner: FactorOwner<'_>,
    answer: PasskeyAnswer<'_>,
    label: &str,
) -> anyhow::Result<PasskeyCreation> {
    let account_id = &owner.account.id;
    let ceremony = (CeremonyPurpose::Creation, owner.session.id.as_str());
    let created = passkeys::ops::finish_creation(op, account_id, ceremony, answer).await?;
    let Some(created) = created else { return Ok(PasskeyCreation::Refused) };
    let mut tx = op.write(Durability::Durable).await?;
    if lock_owner(&mut tx, owner.person()).await?.is_err() {
        tx.rollback().await?;
        return Ok(PasskeyCreation::Overtaken);
    }
    // The challenge of a first passkey was given for the password alone: a factor added since asks for more.
    let known = store::list(&mut tx, account_id).await?;
    if known.iter().any(|passkey| passkey.user_handle != created.user_handle)
        || factors::find_factors(&mut tx, account_id).await?.has_younger_than(created.asked_at.plus(Span(1)))
    {
        tx.rollback().await?;
        return Ok(PasskeyCreation::Overtaken);
    }
    if known.len() >= MAX_PASSKEYS {
        tx.rollback().await?;
        return Ok(PasskeyCreation::TooMany);
    }
    let id = row_id(op.now, op.app.rng.as_ref());
    let new = NewPasskey {
        id: &id,
        holder: account_id.into(),
        user_handle: &created.user_handle,
        credential_id: &created.credential_id,
        credential: &created.credential,
        label,
    };
    if !store::insert(&mut tx, new).await? {
        tx.rollback().await?;
        return Ok(PasskeyCreation::Refused);
    }
    if let Some(device) = &owner.session.device_id {
        devices::store::mark_factor_proven(&mut tx, device).await?;
    }
    record(&mut tx, AuditEvent::PasskeyAdded, account_id, "").await?;
    tell(op, &mut tx, owner, (AccountNoticeKind::PasskeyAdded, &id)).await?;
    let held = factors::find_factors(&mut tx, account_id).await?;
    let backup_codes =
        if held.backup_codes == 0 { draw_backup_codes(op, &mut tx, account_id).await? } else { Vec::new() };
    tx.commit().await?;
    op.app.job_notifier.notify(JobKind::Mail);
    Ok(PasskeyCreation::Added { backup_codes })
}

/// The outcome of the removal of a passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasskeyRemoval {
    Removed,
    /// The account has no such passkey.
    Unknown,
    /// It is the last way in.
    LastWayIn,
    /// The session ended, the account was suspended, its password replaced or a caution set meanwhile.
    Overtaken,
}

/// Removes a passkey, and tells the person; the backup codes go with the last factor.
pub async fn remove_passkey(op: &Operation<'_>, owner: FactorOwner<'_>, id: &str) -> anyhow::Result<PasskeyRemoval> {
    let account_id = &owner.account.id;
    let mut tx = op.write(Durability::Durable).await?;
    if lock_owner(&mut tx, owner.person()).await?.is_err() {
        tx.rollback().await?;
        return Ok(PasskeyRemoval::Overtaken);
    }
    let all = store::list(&mut tx, account_id).await?;
    let Some(passkey) = all.iter().find(|passkey| passkey.id == id) else {
        tx.rollback().await?;
        return Ok(PasskeyRemoval::Unknown);
    };
    if all.len() == 1 && owner.account.password.is_none() {
        tx.rollback().await?;
        return Ok(PasskeyRemoval::LastWayIn);
    }
    store::delete(&mut tx, account_id, id).await?;
    if !factors::find_factors(&mut tx, account_id).await?.is_required() {
        factors::delete_backup_codes(&mut tx, account_id).await?;
    }
    record(&mut tx, AuditEvent::PasskeyRemoved, account_id, "").await?;
    tell(op, &mut tx, owner, (AccountNoticeKind::PasskeyRemoved, &passkey.label)).await?;
    tx.commit().await?;
    op.app.job_notifier.notify(JobKind::Mail);
    Ok(PasskeyRemoval::Removed)
}
