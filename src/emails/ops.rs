//! Asks for, confirms and removes an address, and hands mails to the gateway.

use super::store::{self, NewEmail};
use super::{CONFIRMATION_TTL, EmailState};
use crate::accounts::Account;
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::Timestamp;
use crate::base::ids::{id128, row_id};
use crate::base::lang::Lang;
use crate::base::typed_ids::{AccountId, ChallengeId, SessionId};
use crate::crypto::HmacPurpose;
use crate::db::{Durability, UnitOfWork};
use crate::http::pages::dates;
use crate::limits::{self, RateLimit, RateLimitDecision};
use crate::mail::{self, MailMessage, MailSendError};
use crate::otp::{self, ChallengePurpose, CodeVerification, TypedCode};
use crate::outbox::{self, Job, JobKind, JobOutcome};
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
    enqueue(op, &mut tx, &address, subject, text).await?;
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
    session_id: &SessionId,
    account: &Account,
    lang: Lang,
    typed: &TypedCode,
) -> anyhow::Result<ConfirmOutcome> {
    let app = op.app;
    let mut tx = op.write(Durability::Durable).await?;
    let asked = store::find_asked(&mut tx, &app.master_key, &account.id).await?;
    let asked = asked.filter(|asked| asked.session_id.as_ref() == Some(session_id));
    let Some((asked, challenge)) = asked.and_then(|asked| asked.challenge_id.clone().map(|c| (asked, c))) else {
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
    let Some(former) = store::find_confirmed(&mut tx, &app.master_key, &account.id).await? else { return Ok(Ok(())) };
    store::end_confirmed(&mut tx, &account.id, EmailState::Removed).await?;
    audit::store::record(
        &mut tx,
        AuditEvent::EmailRemoved,
        AuditDetails { account: Some(&account.id), ..AuditDetails::default() },
    )
    .await?;
    tell_former(op, &mut tx, &former.address, lang).await?;
    tx.commit().await?;
    app.job_notifier.notify(JobKind::Mail);
    Ok(Ok(()))
}

async fn tell_former(op: &Operation<'_>, tx: &mut UnitOfWork<'_>, address: &str, lang: Lang) -> anyhow::Result<()> {
    let app = op.app;
    let service = app.pages.service_name();
    let subject = app.pages.message(lang, "mail-address-changed-subject", &[("service", service)])?;
    let host = app.config.server.host();
    let text = app.pages.message(lang, "mail-address-changed", &[("service", service), ("host", host)])?;
    enqueue(op, tx, address, subject, text).await
}

/// Tells the confirmed address that the password was replaced, in the transaction that replaces it. Nothing where there
/// is none.
pub async fn tell_password_replaced(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    account_id: &AccountId,
    lang: Lang,
) -> anyhow::Result<()> {
    let app = op.app;
    if app.mail_gateway.is_none() {
        return Ok(());
    }
    let Some(email) = store::find_confirmed(tx, &app.master_key, account_id).await? else { return Ok(()) };
    let (service, host) = (app.pages.service_name(), app.config.server.host());
    let subject = app.pages.message(lang, "mail-password-replaced-subject", &[("service", service)])?;
    let at = dates::weekday_and_day(lang, op.now);
    let hour = dates::hour(lang, op.now);
    let values = [("service", service), ("day", &*at), ("hour", &*hour), ("host", host)];
    let text = app.pages.message(lang, "mail-password-replaced", &values)?;
    enqueue(op, tx, &email.address, subject, text).await
}

/// Enqueues a mail in the transaction that causes it.
pub async fn enqueue(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    to: &str,
    subject: String,
    text: String,
) -> anyhow::Result<()> {
    let message = MailMessage { id: String::new(), to: to.to_owned(), subject, text };
    let body = serde_json::to_string(&message)?;
    outbox::enqueue(tx, &op.app.master_key, JobKind::Mail, &body).await?;
    Ok(())
}

/// Hands a mail to the gateway. The job's id makes a second delivery after a crash the same mail.
pub async fn deliver(op: &Operation<'_>, job: &Job) -> anyhow::Result<JobOutcome> {
    let app = op.app;
    let message: MailMessage = serde_json::from_str(&job.body)?;
    let Some(gateway) = &app.mail_gateway else { return Ok(JobOutcome::Dead) };
    match gateway.send(&MailMessage { id: job.id.clone(), ..message }).await {
        Ok(()) => Ok(JobOutcome::Done),
        Err(MailSendError::Rejected(why)) => {
            tracing::warn!(job = %job.id, why, "a mail was refused");
            Ok(JobOutcome::Dead)
        }
        Err(MailSendError::Unavailable(why)) => {
            tracing::warn!(job = %job.id, why, attempts = job.attempts, "mails do not leave");
            Ok(JobOutcome::Retry)
        }
    }
}
