//! The proof by the current password, asked again for what a session left open must not be enough for; and where the
//! account has a second factor, a factor shown in this browser within five minutes. Who has no password, because an
//! upstream opens the account, comes back from there.

use crate::accounts::ops::PasswordVerification;
use crate::accounts::{self, Account, password};
use crate::app::Operation;
use crate::credentials::{self, OwnerRefusal, ProofRefusal};
use crate::crypto::Priority;
use crate::db::{Durability, UnitOfWork};
use crate::devices::{self, Device};
use crate::limits::{self, RateLimit};
use crate::sessions::{self, FACTOR_PROOF_TTL, Session};

/// True if a second factor was shown in this session or on this device within five minutes: the one answer for the page
/// that asks for a factor and for what it leads to, so that neither sends the person back to the other.
fn is_factor_fresh(op: &Operation<'_>, session: &Session, device: Option<&Device>) -> bool {
    let shown = [session.factor_at, device.and_then(|device| device.factor_at)];
    shown.into_iter().flatten().any(|at| op.now.since(at) < FACTOR_PROOF_TTL)
}

/// True if the account of a session has no second factor, or one was shown here within five minutes.
pub async fn is_factor_shown(op: &Operation<'_>, session: &Session, device_secrets: &[String]) -> anyhow::Result<bool> {
    let mut tx = op.app.db.read().await?;
    if !credentials::store::find_factors(&mut tx, &session.account_id).await?.is_required() {
        return Ok(true);
    }
    let device = devices::ops::find_known(&mut tx, op.now, device_secrets, Some(&session.account_id)).await?;
    Ok(is_factor_fresh(op, session, device.as_ref()))
}

/// Judges whoever is at a page that a session left open must not be enough for: the typed password of an account that has
/// one, compared like a sign-in from this device; else a return from the upstream within five minutes. Where the account has a
/// second factor, nothing is compared before one was shown in this browser: what is touched is never weaker proven than
/// the account is protected (docs/threats.md#attack-m10).
pub async fn prove_owner(
    op: &Operation<'_>,
    (session, account): (&Session, &Account),
    typed: &str,
    device_secrets: &[String],
) -> anyhow::Result<Result<(), ProofRefusal>> {
    let Operation { app, now, .. } = *op;
    if account.password.is_none() {
        return prove_by_upstream(op, session, device_secrets).await;
    }
    if typed.is_empty() {
        return Ok(Err(ProofRefusal::Empty));
    }
    let typed = password::normalize(typed);
    if typed.chars().count() > password::MAX_PASSWORD_CHARS {
        return Ok(Err(ProofRefusal::Wrong));
    }
    if !is_factor_shown(op, session, device_secrets).await? {
        return Ok(Err(ProofRefusal::FactorNeeded));
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

/// Judges the session of an account without a password: it began with an answer of an upstream within five minutes, and a
/// second factor was shown where there is one.
async fn prove_by_upstream(
    op: &Operation<'_>,
    session: &Session,
    device_secrets: &[String],
) -> anyhow::Result<Result<(), ProofRefusal>> {
    if !is_factor_shown(op, session, device_secrets).await? {
        return Ok(Err(ProofRefusal::FactorNeeded));
    }
    let is_fresh = session.is_federated() && op.now.since(session.proven_at()) < FACTOR_PROOF_TTL;
    Ok(if is_fresh { Ok(()) } else { Err(ProofRefusal::UpstreamNeeded) })
}

/// Locks the account of a proven person until the end of the transaction, and judges again what the proof was judged
/// by: while the hash was computed, the session may have ended, the account may have been suspended, its password
/// replaced or a caution set. Whoever calls it writes nothing after a refusal.
pub async fn lock_owner(
    tx: &mut UnitOfWork<'_>,
    (session, account): (&Session, &Account),
) -> anyhow::Result<Result<(), OwnerRefusal>> {
    let now = tx.now;
    let current = accounts::store::find_and_lock(tx, &account.id).await?;
    let Some(current) = current.filter(|c| c.is_usable() && c.password == account.password) else {
        return Ok(Err(OwnerRefusal::NotProven(ProofRefusal::Wrong)));
    };
    if let Some(until) = current.caution(now) {
        return Ok(Err(OwnerRefusal::Caution { until }));
    }
    Ok(match sessions::store::lock(tx, &session.id).await? {
        true => Ok(()),
        false => Err(OwnerRefusal::NotProven(ProofRefusal::Wrong)),
    })
}
