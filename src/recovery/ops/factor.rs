//! The second factor of an account that has one: codes and dates are known to a home, the factor is one person's.

use super::next_secret;
use crate::accounts;
use crate::app::Operation;
use crate::base::clock::Timestamp;
use crate::base::secret::sha256_base64url;
use crate::credentials;
use crate::credentials::factors::{FactorVerification, TypedFactor};
use crate::db::{Durability, Tx, UnitOfWork};
use crate::devices;
use crate::letters;
use crate::recovery::{BoundRecovery, Recovery, RecoveryStep, store};

/// Moves a recovery on after the birth dates: to the factor where the account has one, else to the password. A school's
/// letter that was printed for lost factors is one itself, from the morning after.
pub(super) async fn advance_after_dates(tx: &mut UnitOfWork<'_>, next: &mut Recovery) -> anyhow::Result<()> {
    next.step = RecoveryStep::Password;
    let Some(account_id) = &next.account_id else { return Ok(()) };
    if !credentials::store::find_factors(tx, account_id).await?.is_required() {
        return Ok(());
    }
    match find_letter_proof(tx, next).await? {
        Some(from) if from <= tx.now => next.factor_at = Some(tx.now),
        _ => next.step = RecoveryStep::Factor,
    }
    Ok(())
}

/// Returns the time from which the letter of a recovery stands for a second factor; `None` if it does not.
pub async fn find_letter_proof(tx: &mut Tx, recovery: &Recovery) -> anyhow::Result<Option<Timestamp>> {
    let Some(letter_id) = &recovery.letter_id else { return Ok(None) };
    let letter = letters::store::find(tx, letter_id).await?;
    Ok(letter.and_then(|letter| letter.proves_factor_from()))
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
