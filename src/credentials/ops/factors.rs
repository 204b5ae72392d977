//! Compares what was typed as a second factor: counted before it is compared, used once.

use crate::accounts;
use crate::app::{App, Operation};
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::Timestamp;
use crate::base::lang::Lang;
use crate::base::typed_ids::AccountId;
use crate::credentials::backup_codes::BackupCode;
use crate::credentials::factors::{FactorKind, FactorVerification, HeldFactors, ProvenFactor, TypedFactor};
use crate::credentials::store;
use crate::crypto::HmacPurpose;
use crate::db::{Durability, UnitOfWork};
use crate::devices;
use crate::limits::{self, RateLimit, RateLimitDecision};
use crate::notify::ops::NoticeRequest;
use crate::notify::{self, AccountNoticeKind};
use crate::passkeys;
use crate::sessions::{self, Session};

/// Returns the limiter key of an account's factors. A known device has its own, so that a stranger with the password
/// cannot lock the person out (docs/threats.md#attack-l5).
fn limiter_key(app: &App, account_id: &AccountId, known_device: Option<&str>) -> String {
    let text = match known_device {
        Some(device) => format!("factor/{account_id}/device/{device}"),
        None => format!("factor/{account_id}"),
    };
    app.master_key.hmac(HmacPurpose::LimiterKey, &text)
}

/// Returns the stored form of a backup code: bound to its account, so that a code of one account is none of another.
pub(super) fn backup_code_digest(app: &App, account_id: &AccountId, code: &BackupCode) -> String {
    app.master_key.hmac(HmacPurpose::BackupCode, &format!("{account_id}/{}", code.as_str()))
}

/// Counts an attempt, then compares. The caller commits, whatever the result (docs/threats.md#attack-l1).
/// `known_device` is a device of the account that this browser has.
pub async fn verify_factor(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    account_id: &AccountId,
    known_device: Option<&str>,
    typed: &TypedFactor,
) -> anyhow::Result<FactorVerification> {
    let app = op.app;
    // A passkey is judged by its signature alone: nobody guesses it, and nobody's wrong codes keep its holder out
    // (docs/threats.md#threat-s06).
    if let TypedFactor::Passkey(passkey) = typed {
        let taken = passkey.account_id() == *account_id && passkeys::store::record_use(tx, passkey).await?;
        let proven = ProvenFactor { kind: FactorKind::Passkey, since: passkey.created_at };
        return Ok(if taken { FactorVerification::Correct(proven) } else { FactorVerification::Incorrect });
    }
    let key = limiter_key(app, account_id, known_device);
    let counted = limits::store::consume_for_account(tx, RateLimit::Factor, &key, Some(account_id)).await?;
    if let RateLimitDecision::Limited { until } = counted {
        app.metrics.record_limited(RateLimit::Factor.name(), "budget");
        return Ok(FactorVerification::Limited { until });
    }
    let Some(proven) = take(op, tx, account_id, typed).await? else {
        if let RateLimitDecision::Allowed { remaining } = counted {
            tell_failures(op, tx, (account_id, known_device), remaining).await?;
        }
        return Ok(FactorVerification::Incorrect);
    };
    limits::store::reset(tx, RateLimit::Factor, &key).await?;
    Ok(FactorVerification::Correct(proven))
}

/// Tells the person of the first wrong code that a delay follows. Whoever types codes has given the password or what a
/// recovery asks for, so that this tells nobody who exists.
async fn tell_failures(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    (account_id, device_id): (&AccountId, Option<&str>),
    remaining: usize,
) -> anyhow::Result<()> {
    let figures = RateLimit::Factor.policy();
    if Some(figures.max_attempts.saturating_sub(remaining)) != figures.delay_after {
        return Ok(());
    }
    let kind = AccountNoticeKind::FactorsFailed;
    let what = NoticeRequest { account_id, kind, detail: "", device_id, lang: Lang::default() };
    notify::ops::notify_person(tx, op.app.into(), what).await
}

/// Uses a right code up.
async fn take(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    account_id: &AccountId,
    typed: &TypedFactor,
) -> anyhow::Result<Option<ProvenFactor>> {
    match typed {
        TypedFactor::Passkey(_) => Ok(None),
        TypedFactor::Totp(code) => {
            for held in store::list_secrets(tx, &op.app.master_key, account_id).await? {
                let (Some(step), Some(since)) = (held.secret.step_of(code, op.now), held.confirmed_at) else {
                    continue;
                };
                if store::take_step(tx, &held.id, step).await? {
                    return Ok(Some(ProvenFactor { kind: FactorKind::Totp, since }));
                }
            }
            Ok(None)
        }
        TypedFactor::BackupCode(code) => {
            // Without another factor there is nothing that a backup code stands in for.
            if !store::find_factors(tx, account_id).await?.is_required() {
                return Ok(None);
            }
            let digest = backup_code_digest(op.app, account_id, code);
            let since = store::take_backup_code(tx, account_id, &digest).await?;
            Ok(since.map(|since| ProvenFactor { kind: FactorKind::BackupCode, since }))
        }
    }
}

/// True if this very code served at that time: the second request of a double click, whose first answer the browser
/// discarded. Counted like any attempt, and released if it is: nobody guesses by it. The caller commits.
pub async fn is_repeated(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    account_id: &AccountId,
    typed: &TypedFactor,
    at: Timestamp,
) -> anyhow::Result<bool> {
    // The challenge of a passkey serves once.
    if matches!(typed, TypedFactor::Passkey(_)) {
        return Ok(false);
    }
    let key = limiter_key(op.app, account_id, None);
    let counted = limits::store::consume_for_account(tx, RateLimit::Factor, &key, Some(account_id)).await?;
    if matches!(counted, RateLimitDecision::Limited { .. }) {
        return Ok(false);
    }
    let mut repeated = false;
    match typed {
        TypedFactor::Passkey(_) => {}
        TypedFactor::Totp(code) => {
            for held in store::list_secrets(tx, &op.app.master_key, account_id).await? {
                if let Some(step) = held.secret.step_of(code, at) {
                    repeated |= store::has_served(tx, &held.id, step, at).await?;
                }
            }
        }
        TypedFactor::BackupCode(code) => {
            let digest = backup_code_digest(op.app, account_id, code);
            repeated = store::has_backup_code_served(tx, account_id, &digest, at).await?;
        }
    }
    if repeated {
        limits::store::release(tx, RateLimit::Factor, &key).await?;
    }
    Ok(repeated)
}

/// The result of a factor typed in a session.
#[derive(Debug)]
pub enum SessionFactorOutcome {
    /// The factor was proven: the session has this cookie now.
    Proven {
        cookie: String,
    },
    Refused(FactorVerification),
    /// The session ended meanwhile.
    SessionEnded,
}

/// Proves a factor in a session. The session's level rises only by a factor that was there when the person signed in:
/// whoever enrols one has not proven two (docs/threats.md#attack-m9).
pub async fn prove_in_session(
    op: &Operation<'_>,
    session: &Session,
    device_secrets: &[String],
    typed: &TypedFactor,
) -> anyhow::Result<SessionFactorOutcome> {
    let account_id = &session.account_id;
    let device =
        devices::ops::find_known(&mut op.app.db.read().await?, op.now, device_secrets, Some(account_id)).await?;
    let device_id = device.as_ref().map(|device| device.id.as_str());
    let mut tx = op.write(Durability::Relaxed).await?;
    // The account's row first: whatever ends all its sessions ends the new one too, or finds the old one ended.
    let account = accounts::store::find_and_lock(&mut tx, account_id).await?;
    if !account.is_some_and(|account| account.is_usable()) {
        tx.rollback().await?;
        return Ok(SessionFactorOutcome::SessionEnded);
    }
    let proven = match verify_factor(op, &mut tx, account_id, device_id, typed).await? {
        FactorVerification::Correct(proven) => proven,
        refused => {
            tx.commit().await?;
            return Ok(SessionFactorOutcome::Refused(refused));
        }
    };
    let raises = proven.since < session.authenticated_at;
    let amr = if raises { proven.kind.added_to(&session.amr) } else { session.amr.clone() };
    let Some(started) = sessions::ops::replace_after_factor(op, &mut tx, session, &amr).await? else {
        tx.commit().await?;
        return Ok(SessionFactorOutcome::SessionEnded);
    };
    if let Some(device) = device_id {
        devices::store::mark_factor_proven(&mut tx, device).await?;
    }
    record_proven(&mut tx, account_id, proven).await?;
    tx.commit().await?;
    Ok(SessionFactorOutcome::Proven { cookie: started.cookie })
}

/// Records a proof outside of a sign-in, whose own event has the methods.
pub async fn record_proven(
    tx: &mut UnitOfWork<'_>,
    account_id: &AccountId,
    proven: ProvenFactor,
) -> anyhow::Result<()> {
    let about = AuditDetails { account: Some(account_id), detail: proven.kind.name(), ..AuditDetails::default() };
    Ok(audit::store::record(tx, AuditEvent::FactorProven, about).await?)
}

/// Returns the factors of an account.
pub async fn find_factors(op: &Operation<'_>, account_id: &AccountId) -> anyhow::Result<HeldFactors> {
    Ok(store::find_factors(&mut op.app.db.read().await?, account_id).await?)
}
