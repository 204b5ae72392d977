//! Asks for, confirms, removes and takes back an address.

use super::{CONFIRMATION_TTL, UNDO_TTL};
use crate::accounts::emails::EmailState;
use crate::accounts::store::emails::{self as store, NewEmail};
use crate::accounts::{self, Account};
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::Timestamp;
use crate::base::ids::{id128, row_id};
use crate::base::lang::Lang;
use crate::base::typed_ids::{AccountId, ChallengeId};
use crate::credentials::{self, ProofRefusal};
use crate::crypto::HmacPurpose;
use crate::db::{Durability, UnitOfWork};
use crate::limits::{self, RateLimit, RateLimitDecision};
use crate::mail;
use crate::notify::ops::NoticeRequest;
use crate::notify::{self, AccountNoticeKind};
use crate::otp::{self, ChallengePurpose, CodeVerification, TypedCode};
use crate::outbox::JobKind;
use crate::recovery;
use crate::sessions::Session;

/// The person at the page: a session is not enough to touch the address, because it may be recovered by.
#[derive(Clone, Copy)]
pub struct EmailOwner<'a> {
    pub session: &'a Session,
    pub account: &'a Account,
    pub password: &'a str,
    /// The device secrets in the browser's cookies.
    pub device_secrets: &'a [String],
    pub lang: Lang,
}

/// The reason why an address is not touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailRefusal {
    NotProven(ProofRefusal),
    /// The password was replaced lately: the address must wait.
    Caution {
        until: Timestamp,
    },
}

/// The outcome of a request for a confirmation code.
#[derive(Debug)]
pub enum AskOutcome {
    Sent,
    /// The text is no address.
    Invalid,
    Refused(EmailRefusal),
    /// The account's codes of the day are used up.
    TooMany {
        until: Timestamp,
    },
}

fn budget_key(op: &Operation<'_>, account_id: &AccountId) -> String {
    op.app.master_key.hmac(HmacPurpose::LimiterKey, &format!("email/{account_id}"))
}

/// Checks that no caution holds, and the current password.
async fn check_owner(op: &Operation<'_>, owner: EmailOwner<'_>) -> anyhow::Result<Result<(), EmailRefusal>> {
    if let Some(until) = owner.account.caution(op.now) {
        return Ok(Err(EmailRefusal::Caution { until }));
    }
    let person = (owner.session, owner.account);
    let proof = credentials::ops::prove_owner(op, person, owner.password, owner.device_secrets).await?;
    Ok(proof.map_err(EmailRefusal::NotProven))
}

/// Records an address, by the password, and sends its code.
pub async fn ask(op: &Operation<'_>, owner: EmailOwner<'_>, typed: &str) -> anyhow::Result<AskOutcome> {
    let Operation { app, now, .. } = *op;
    let EmailOwner { session, account, lang, .. } = owner;
    let Some(address) = mail::parse_address(typed) else { return Ok(AskOutcome::Invalid) };
    if let Err(refused) = check_owner(op, owner).await? {
        return Ok(AskOutcome::Refused(refused));
    }
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
    /// The password was replaced, or something disowned, since the address was asked for.
    Caution {
        until: Timestamp,
    },
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
    // The account's row first: of two addresses that are confirmed or taken back at once, one is the account's.
    let locked = accounts::store::find_and_lock(&mut tx, &account.id).await?;
    if let Some(until) = locked.and_then(|account| account.caution(op.now)) {
        tx.rollback().await?;
        return Ok(ConfirmOutcome::Caution { until });
    }
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
        tell_former(op, &mut tx, &former.address, (lang, "mail-address-changed")).await?;
    }
    recovery::store::end_by_mail(&mut tx, &account.id).await?;
    tell_person(op, &mut tx, &account.id, lang).await?;
    tx.commit().await?;
    app.job_notifier.notify(JobKind::Mail);
    Ok(ConfirmOutcome::Confirmed)
}

/// Removes the confirmed address, by the password; the address is told of it.
pub async fn remove(op: &Operation<'_>, owner: EmailOwner<'_>) -> anyhow::Result<Result<(), EmailRefusal>> {
    let (app, account, lang) = (op.app, owner.account, owner.lang);
    if let Err(refused) = check_owner(op, owner).await? {
        return Ok(Err(refused));
    }
    let mut tx = op.write(Durability::Durable).await?;
    accounts::store::find_and_lock(&mut tx, &account.id).await?;
    let Some(former) = store::find_confirmed(&mut tx, &app.master_key, &account.id).await? else {
        tx.rollback().await?;
        return Ok(Ok(()));
    };
    store::end_confirmed(&mut tx, &account.id, EmailState::Removed).await?;
    let about = AuditDetails { account: Some(&account.id), ..AuditDetails::default() };
    audit::store::record(&mut tx, AuditEvent::EmailRemoved, about).await?;
    tell_former(op, &mut tx, &former.address, (lang, "mail-address-changed")).await?;
    recovery::store::end_by_mail(&mut tx, &account.id).await?;
    tell_person(op, &mut tx, &account.id, lang).await?;
    tx.commit().await?;
    app.job_notifier.notify(JobKind::Mail);
    Ok(Ok(()))
}

/// Takes an address back that was replaced or removed less than seven days ago, by the password: whoever changed it may
/// not have been the person. A newer address in its place ends for good, an older one may be taken back itself: whoever
/// takes addresses back in turn does not use up the time of the first one. Both are told.
pub async fn take_back(
    op: &Operation<'_>,
    owner: EmailOwner<'_>,
    id: &str,
) -> anyhow::Result<Result<(), EmailRefusal>> {
    let (app, account, lang) = (op.app, owner.account, owner.lang);
    if let Err(refused) = check_owner(op, owner).await? {
        return Ok(Err(refused));
    }
    let mut tx = op.write(Durability::Durable).await?;
    accounts::store::find_and_lock(&mut tx, &account.id).await?;
    let current = store::find_confirmed(&mut tx, &app.master_key, &account.id).await?;
    let since = op.now.minus(UNDO_TTL);
    let Some(restored) = store::find_former(&mut tx, &app.master_key, &account.id, (id, since)).await? else {
        // Taken back a moment ago, or too late.
        tx.rollback().await?;
        return Ok(Ok(()));
    };
    let is_newer = current.as_ref().is_some_and(|current| current.confirmed_at > restored.confirmed_at);
    let (ended, told) = match is_newer {
        true => (EmailState::Undone, "mail-address-undone"),
        false => (EmailState::Replaced, "mail-address-changed"),
    };
    store::end_confirmed(&mut tx, &account.id, ended).await?;
    if !store::restore(&mut tx, &account.id, id, since).await? {
        tx.rollback().await?;
        return Ok(Ok(()));
    }
    let about = AuditDetails { account: Some(&account.id), ..AuditDetails::default() };
    audit::store::record(&mut tx, AuditEvent::EmailTakenBack, about).await?;
    if let Some(current) = current {
        tell_former(op, &mut tx, &current.address, (lang, told)).await?;
    }
    recovery::store::end_by_mail(&mut tx, &account.id).await?;
    tell_person(op, &mut tx, &account.id, lang).await?;
    tx.commit().await?;
    app.job_notifier.notify(JobKind::Mail);
    Ok(Ok(()))
}

/// Tells an address that ended, which hears of the account for the last time.
async fn tell_former(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    address: &str,
    (lang, key): (Lang, &str),
) -> anyhow::Result<()> {
    let app = op.app;
    let service = app.pages.service_name();
    let subject = app.pages.message(lang, "mail-address-changed-subject", &[("service", service)])?;
    let host = app.config.server.host();
    let text = app.pages.message(lang, key, &[("service", service), ("host", host)])?;
    notify::ops::enqueue_mail(tx, &app.master_key, address, subject, text).await?;
    Ok(())
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
