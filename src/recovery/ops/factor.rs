//! The second factor of an account that has one: codes and dates are known to a home, the factor is one person's.

use super::next_secret;
use crate::accounts;
use crate::app::Operation;
use crate::base::secret::sha256_base64url;
use crate::credentials;
use crate::credentials::factors::{FactorVerification, TypedFactor};
use crate::db::{Durability, Tx};
use crate::devices;
use crate::recovery::{BoundRecovery, Recovery, RecoveryStep, store};

/// Returns the step after the birth dates: the factor where the account has one, else the password.
pub(super) async fn step_after_dates(tx: &mut Tx, recovery: &Recovery) -> anyhow::Result<RecoveryStep> {
    let Some(account_id) = &recovery.account_id else { return Ok(RecoveryStep::Password) };
    let held = credentials::store::find_factors(tx, account_id).await?;
    Ok(if held.is_required() { RecoveryStep::Factor } else { RecoveryStep::Password })
}

/// The outcome of a typed factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecoveryFactorOutcome {
    Proven,
    Refused(FactorVerification),
    /// A concurrent request left the step.
    AlreadyAdvanced,
}

/// Compares a factor, counted before the comparison like one of a sign-in.
pub async fn submit_factor(
    op: &Operation<'_>,
    held: &BoundRecovery,
    device_secrets: &[String],
    typed: &TypedFactor,
) -> anyhow::Result<RecoveryFactorOutcome> {
    let Some(account_id) = &held.account_id else { anyhow::bail!("a recovery without an account asks for a factor") };
    let mut tx = op.app.db.read().await?;
    let device = devices::ops::find_known(&mut tx, op.now, device_secrets, Some(account_id)).await?;
    drop(tx);
    let device = device.as_ref().map(|device| device.id.as_str());
    let mut tx = op.write(Durability::Relaxed).await?;
    // The account's row first: of two clicks at once the second uses nothing up, because it finds the step left.
    accounts::store::find_and_lock(&mut tx, account_id).await?;
    let current = store::find(&mut tx, &op.app.master_key, &held.id).await?;
    if current.is_none_or(|current| current.step != RecoveryStep::Factor) {
        tx.rollback().await?;
        return Ok(RecoveryFactorOutcome::AlreadyAdvanced);
    }
    let proven = match credentials::ops::verify_factor(op, &mut tx, account_id, device, typed).await? {
        FactorVerification::Correct(proven) => proven,
        refused => {
            tx.commit().await?;
            return Ok(RecoveryFactorOutcome::Refused(refused));
        }
    };
    let mut next = held.recovery.clone();
    next.step = RecoveryStep::Password;
    next.factor_at = Some(op.now);
    next.browser_digest = sha256_base64url(&next_secret(&op.app.master_key, held, RecoveryStep::Factor));
    let advanced = store::advance(&mut tx, RecoveryStep::Factor, &next).await?;
    if advanced {
        credentials::ops::record_proven(&mut tx, account_id, proven).await?;
    }
    tx.commit().await?;
    Ok(if advanced { RecoveryFactorOutcome::Proven } else { RecoveryFactorOutcome::AlreadyAdvanced })
}

/// Verifies the right factor again, for a browser that sent it a moment ago and missed the response: the very code that
/// was proven in this recovery. Counted like any try.
pub async fn repeat_factor(op: &Operation<'_>, held: &BoundRecovery, typed: &TypedFactor) -> anyhow::Result<bool> {
    let (Some(account_id), Some(proven_at)) = (&held.account_id, held.factor_at) else { return Ok(false) };
    let mut tx = op.write(Durability::Relaxed).await?;
    let repeated = credentials::ops::is_repeated(op, &mut tx, account_id, typed, proven_at).await?;
    tx.commit().await?;
    Ok(repeated)
}
