//! Asks for, confirms and removes an address.

use super::CONFIRMATION_TTL;
use crate::accounts::Account;
use crate::accounts::emails::EmailState;
use crate::accounts::store::emails::{self as store, NewEmail};
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::Timestamp;
use crate::base::ids::{id128, row_id};
use crate::base::lang::Lang;
use crate::base::typed_ids::{AccountId, ChallengeId};
use crate::crypto::HmacPurpose;
use crate::db::{Durability, UnitOfWork};
use crate::limits::{self, RateLimit, RateLimitDecision};
use crate::mail;
use crate::notify::ops::NoticeRequest;
use crate::notify::{self, AccountNoticeKind};
use crate::otp::{self, ChallengePurpose, CodeVerification, TypedCode};
use crate::outbox::JobKind;
use crate::sessions::Session;

/// The outcome of a request for a confirmation code.
#[derive(Debug)]
pub enum AskOutcome {
    Sent,
    /// The text is no address.
    Invalid,
    /// The password was replaced lately: an address must wait.
    Caution {
        until: Timestamp,
    },
    /// The account's codes of the day are used up.
    TooMany {
        until: Timestamp,
    },
}

fn budget_key(op: &Operation<'_>, account_id: &AccountId) -> String {
    op.app.master_key.hmac(HmacPurpose::LimiterKey, &format!("email/{account_id}"))
}

/// Records an address and sends its code.
pub async fn ask(
    op: &Operation<'_>,
    session: &Session,
    account: &Account,
    lang: Lang,
    typed: &str,
) -> anyhow::Result<AskOutcome> {
    let Operation { app, now, .. } = *op;
    if let Some(until) = account.caution(now) {
        return Ok(AskOutcome::Caution { until });
    }
    let Some(address) = mail::parse_address(typed) else { return Ok(AskOutcome::Invalid) };
    let challenge = ChallengeId::new(id128(app.rng.as_ref()));
    let code = otp::ops::generate_code(app);
    let keyed = otp::ops::code_hmac(app, &challenge, &code);
    let budget = budget_key(op, &account.id);
    let service = app.pages.service_name();
    let subject = app.pages.message(lang, "mail-confirm-subject", &[("service", service)])?;
    let host = app.config.server.host();
    let text = app.pages.message(lang, "mail-confirm", &[("service", service), ("code", &code), ("host", host)])?;
    let mut tx = op.write(Durability::Relaxed).await?;
    if let RateLimitDecision::Limited { until } =
        limits::store::consume(&mut tx, RateLimit::SmsPerIdentity, &budget).await?
    {
        tx.rollback().await?;
        app.metrics.record_limited(RateLimit::SmsPerIdentity.name(), "budget");
        return Ok(AskOutcome::TooMany { until });
    }
    otp::store::insert(&mut tx, &challenge, ChallengePurpose::Email, now.plus(CONFIRMATION_TTL)).await?;
    otp::store::set_code(&mut tx, &challenge, 1, &keyed, &budget).await?;
    let id = row_id(now, app.rng.as_ref());
    let new = NewEmail {
        id: &id,
        account_id: &account.id,
        address: &address,
        challenge_id: &challenge,
        session_id: &session.id,
    };
    store::insert(&mut tx, &app.master_key, new).await?;
    notify::ops::enqueue_mail(&mut tx, &app.master_key, &address, subject, text).await?;
    tx.commit().await?;
    app.job_notifier.notify(JobKind::Mail);
    Ok(AskOutcome::Sent)
}

/// The outcome of a typed confirmation code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmOutcome {
    Confirmed,
    Rejected(CodeVerification),
    /// No address waits for a code in this session.
    NothingAsked,
}

/// Confirms the address that this session asked for. The former address is replaced, and told of it.
pub async fn confirm(
    op: &Operation<'_>,
    session: &Session,
    account: &Account,
    lang: Lang,
    typed: &TypedCode,
) -> anyhow::Result<ConfirmOutcome> {
    let app = op.app;
    let mut tx = op.write(Durability::Durable).await?;
    let asked = store::find_asked(&mut tx, &app.master_key, &account.id).await?;
    let asked = asked.filter(|asked| asked.session_id.as_ref() == Some(&session.id));
    let Some((asked, challenge)) = asked.and_then(|asked| asked.challenge_id.clone().map(|c| (asked, c))) else {
        tx.rollback().await?;
        return Ok(ConfirmOutcome::NothingAsked);
    };
    let checked = otp::ops::verify(op, &mut tx, &challenge, &budget_key(op, &account.id), typed).await?;
    if checked != CodeVerification::Correct {
        tx.commit().await?;
        return Ok(ConfirmOutcome::Rejected(checked));
    }
    let former = store::find_confirmed(&mut tx, &app.master_key, &account.id).await?;
    store::end_confirmed(&mut tx, &account.id, EmailState::Replaced).await?;
    if !store::confirm(&mut tx, &asked.id).await? {
        tx.rollback().await?;
        return Ok(ConfirmOutcome::NothingAsked);
    }
    audit::store::record(
        &mut tx,
        AuditEvent::EmailConfirmed,
        AuditDetails { account: Some(&account.id), ..AuditDetails::default() },
    )
    .await?;
    if let Some(former) = former.filter(|former| former.address != asked.address) {
        tell_former(op, &mut tx, &former.address, lang).await?;
    }
    tell_person(op, &mut tx, &account.id, lang).await?;
    tx.commit().await?;
    app.job_notifier.notify(JobKind::Mail);
    Ok(ConfirmOutcome::Confirmed)
}

/// Removes the confirmed address, which is told of it. During the caution after a recovery nothing is removed, and the
/// end of the caution is the error.
pub async fn remove(op: &Operation<'_>, account: &Account, lang: Lang) -> anyhow::Result<Result<(), Timestamp>> {
    let app = op.app;
    if let Some(until) = account.caution(op.now) {
        return Ok(Err(until));
    }
    let mut tx = op.write(Durability::Durable).await?;
    let Some(former) = store::find_confirmed(&mut tx, &app.master_key, &account.id).await? else {
        tx.rollback().await?;
        return Ok(Ok(()));
    };
    store::end_confirmed(&mut tx, &account.id, EmailState::Removed).await?;
    audit::store::record(
        &mut tx,
        AuditEvent::EmailRemoved,
        AuditDetails { account: Some(&account.id), ..AuditDetails::default() },
    )
    .await?;
    tell_former(op, &mut tx, &former.address, lang).await?;
    tell_person(op, &mut tx, &account.id, lang).await?;
    tx.commit().await?;
    app.job_notifier.notify(JobKind::Mail);
    Ok(Ok(()))
}

/// Tells the former address, which hears of the account for the last time.
async fn tell_former(op: &Operation<'_>, tx: &mut UnitOfWork<'_>, address: &str, lang: Lang) -> anyhow::Result<()> {
    let app = op.app;
    let service = app.pages.service_name();
    let subject = app.pages.message(lang, "mail-address-changed-subject", &[("service", service)])?;
    let host = app.config.server.host();
    let text = app.pages.message(lang, "mail-address-changed", &[("service", service), ("host", host)])?;
    notify::ops::enqueue_mail(tx, &app.master_key, address, subject, text).await
}

async fn tell_person(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    account_id: &AccountId,
    lang: Lang,
) -> anyhow::Result<()> {
    // Also in the browser that did it: a session left open may be somebody else's by now.
    let what = NoticeRequest { account_id, kind: AccountNoticeKind::EmailChanged, detail: "", device_id: None, lang };
    notify::ops::notify_person(tx, op.app.into(), what).await
}
