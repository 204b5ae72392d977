//! The proof by the current password, asked again for what a session left open must not be enough for; and where the
//! account has a second factor, a factor shown in this browser within five minutes.

use crate::accounts::ops::PasswordVerification;
use crate::accounts::{self, Account, password};
use crate::app::Operation;
use crate::credentials::{self, ProofRefusal};
use crate::crypto::Priority;
use crate::db::Durability;
use crate::devices;
use crate::limits::{self, RateLimit};
use crate::sessions::FACTOR_PROOF_TTL;

/// Compares the typed password with the account's, counted like a sign-in from this device. Where the account has a
/// second factor, nothing is compared before one was shown in this browser: what is touched is never weaker proven than
/// the account is protected (docs/threats.md#attack-m10).
pub async fn prove_password(
    op: &Operation<'_>,
    account: &Account,
    typed: &str,
    device_secrets: &[String],
) -> anyhow::Result<Result<(), ProofRefusal>> {
    let Operation { app, now, .. } = *op;
    if typed.is_empty() {
        return Ok(Err(ProofRefusal::Empty));
    }
    let typed = password::normalize(typed);
    if typed.chars().count() > password::MAX_PASSWORD_CHARS {
        return Ok(Err(ProofRefusal::Wrong));
    }
    let mut tx = app.db.read().await?;
    let device = devices::ops::find_known(&mut tx, now, device_secrets, Some(&account.id)).await?;
    let required = credentials::store::find_factors(&mut tx, &account.id).await?.is_required();
    drop(tx);
    let shown = device.as_ref().and_then(|device| device.factor_at);
    if required && shown.is_none_or(|at| now.since(at) >= FACTOR_PROOF_TTL) {
        return Ok(Err(ProofRefusal::FactorNeeded));
    }
    let key = accounts::ops::password_limiter_key(app, &account.identifiant, device.as_ref().map(|d| d.id.as_str()));
    let _turn = app.password_hasher.lock_key(&key).await;
    match accounts::ops::verify_password(op, &key, &typed, Some(account), Priority::Known).await? {
        PasswordVerification::Correct => {}
        PasswordVerification::Incorrect => return Ok(Err(ProofRefusal::Wrong)),
        PasswordVerification::Limited { until } => return Ok(Err(ProofRefusal::Limited { until })),
        PasswordVerification::Busy { seconds } => return Ok(Err(ProofRefusal::Busy { seconds })),
    }
    let mut tx = op.write(Durability::Relaxed).await?;
    limits::store::reset(&mut tx, RateLimit::Password, &key).await?;
    tx.commit().await?;
    Ok(Ok(()))
}
