//! The proof by the current password, asked again for what a session left open must not be enough for.

use crate::accounts::ops::PasswordVerification;
use crate::accounts::{self, Account, password};
use crate::app::Operation;
use crate::credentials::ProofRefusal;
use crate::crypto::Priority;
use crate::db::Durability;
use crate::devices;
use crate::limits::{self, RateLimit};

/// Compares the typed password with the account's, counted like a sign-in from this device.
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
    drop(tx);
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
