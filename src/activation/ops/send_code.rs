//! The job of the worker: searches the roster for the submitted identity, and sends a code only to a match.
//!
//! A job, so that the result has no effect on the browser's response, neither on its status and body nor on its timing.

use serde::{Deserialize, Serialize};

use crate::activation::{Activation, ActivationStep, store};
use crate::app::{App, Operation};
use crate::audit::{self, AuditEvent};
use crate::base::clock::Timestamp;
use crate::crypto::HmacPurpose;
use crate::db::{Durability, Tx, UnitOfWork};
use crate::limits::{self, RateLimit, RateLimitDecision};
use crate::otp::ops::{SmsJob, SmsJobContext};
use crate::otp::outage::{Conversion, OutageReason, cap_percent_reached, destination_prefix};
use crate::otp::{self, store::outages};
use crate::outbox::{self, Job, JobKind, JobOutcome};
use crate::roster;
use crate::roster::matching::{Candidate, matching_candidates};
use crate::sms::SmsMessage;

/// The body of the job: the activation, and the number of the send.
#[derive(Debug, Serialize, Deserialize)]
struct SendCodeJob {
    activation: String,
    sends: i64,
}

pub async fn enqueue_send_code(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    activation: &Activation,
    sends: i64,
) -> anyhow::Result<()> {
    let Operation { app, now, .. } = *op;
    let body = serde_json::to_string(&SendCodeJob { activation: activation.id.clone(), sends })?;
    // The narrowest source counter: the sources take turns in the queue.
    let source = activation.source_counters.as_deref().and_then(|counted| counted.split(' ').next());
    outbox::enqueue_for_source(tx, &app.master_key, app.rng.as_ref(), now, JobKind::SendCode, &body, source).await?;
    Ok(())
}

/// Returns the roster persons that match the activation, the last exported first.
pub async fn find_persons(tx: &mut Tx, app: &App, activation: &Activation) -> anyhow::Result<Vec<Candidate>> {
    let blind = app.master_key.hmac(HmacPurpose::Phone, &activation.identity.phone);
    let candidates = roster::store::list_by_phone(tx, &blind).await?;
    Ok(matching_candidates(&candidates, &activation.identity.nom, &activation.identity.prenom))
}

/// Returns the key of the budget for a person's wrong codes, shared by all activations and purposes
/// (docs/threats.md#threat-s02).
fn person_budget_of(app: &App, activation: &Activation, found: &[Candidate]) -> Option<String> {
    let first = found.iter().map(|c| c.id.as_str()).min()?;
    Some(person_budget_key(app, first, &device_suffix(activation)))
}

/// Returns the key suffix of a device on which this person verified a code before: a separate budget that attempts from
/// elsewhere cannot exhaust (docs/threats.md#attack-l5).
fn device_suffix(activation: &Activation) -> String {
    activation.device_id.as_deref().map(|device| format!("/device/{device}")).unwrap_or_default()
}

pub(super) fn person_budget_key(app: &App, id: &str, apart: &str) -> String {
    app.master_key.hmac(HmacPurpose::LimiterKey, &format!("person/{id}{apart}"))
}

/// Returns the key of the budget for messages to a number.
pub(super) fn phone_budget_key(app: &App, phone: &str, apart: &str) -> String {
    app.master_key.hmac(HmacPurpose::LimiterKey, &format!("sms/{phone}{apart}"))
}

pub async fn send_code_if_known(op: &Operation<'_>, job: &Job) -> anyhow::Result<JobOutcome> {
    let Operation { app, now, .. } = *op;
    let errand: SendCodeJob = serde_json::from_str(&job.body)?;
    let mut tx = app.db.read().await?;
    let Some(activation) = store::find(&mut tx, &app.master_key, &errand.activation).await? else {
        return Ok(JobOutcome::Dead);
    };
    if activation.step != ActivationStep::Code || activation.expires_at <= now {
        return Ok(JobOutcome::Done);
    }
    let found = find_persons(&mut tx, app, &activation).await?;
    let challenge = otp::store::find(&mut tx, &activation.challenge_id).await?;
    drop(tx);
    // Superseded by a later send, or expired.
    let serves = challenge.filter(|c| c.sends == errand.sends && now < Timestamp(c.expires_at));
    let Some(asked) = serves.map(|c| Timestamp(c.sent_at)) else { return Ok(JobOutcome::Done) };
    // No match: the job is deleted without a trace.
    let Some(person) = person_budget_of(app, &activation, &found) else { return Ok(JobOutcome::Discard) };

    let code = otp::ops::generate_code(app);
    let text = app.pages.message(
        activation.lang,
        "sms-code",
        &[("service", app.pages.service_name()), ("code", &code), ("host", app.config.server.host())],
    )?;
    let keyed = otp::ops::code_hmac(app, &activation.challenge_id, &code);
    let mut tx = op.write(Durability::Relaxed).await?;
    let to = &activation.identity.phone;
    let (prefix, conversion, detail) = otp::ops::check_conversion(&mut tx, now, to).await?;
    if conversion == Conversion::Sufficient {
        outages::end(&mut tx, now, &prefix).await?;
    } else {
        otp::ops::record_undeliverable(op, &mut tx, &prefix, &detail, asked).await?;
    }
    if conversion == Conversion::Blocked {
        tx.commit().await?;
        return Ok(JobOutcome::Retry);
    }
    let phone = phone_budget_key(app, to, &device_suffix(&activation));
    if matches!(
        limits::store::consume(&mut tx, RateLimit::SmsToPhone, &phone, now).await?,
        RateLimitDecision::Limited { .. }
    ) {
        tx.rollback().await?;
        app.metrics.record_limited(RateLimit::SmsToPhone.name(), "budget");
        tracing::info!(activation = %activation.support_code, "no SMS: this number had its five of the day");
        return Ok(JobOutcome::Done);
    }
    let day = crate::http::pages::dates::date_key(now);
    let cap = app.config.sms.daily_cap;
    let Some(count) = limits::store::count_daily(&mut tx, RateLimit::DailySms, &day, cap, now).await? else {
        tx.rollback().await?;
        app.metrics.record_limited(RateLimit::DailySms.name(), "cap");
        app.metrics.record_sms("capped");
        let mut tx = op.write(Durability::Relaxed).await?;
        let detail = format!("the {cap} messages of the day (sms.daily_cap) are used up");
        otp::ops::record_undeliverable(op, &mut tx, &OutageReason::Cap, &detail, asked).await?;
        tx.commit().await?;
        // Retried until the code expires: the daily cap may be reset at midnight before.
        return Ok(JobOutcome::Retry);
    };
    // A repeated job finds the code already set, and an outdated job a newer send number: neither sends again.
    if !otp::store::set_code(&mut tx, now, &activation.challenge_id, errand.sends, &keyed, &person).await? {
        tx.rollback().await?;
        return Ok(JobOutcome::Done);
    }
    let account = found.iter().find_map(|candidate| candidate.account_id.as_deref());
    if let Some(account) = account {
        limits::store::failures::assign_account(&mut tx, RateLimit::SmsCode, &person, account, now).await?;
    }
    if errand.sends == 1 {
        // Recorded only for a match: identities unknown to the roster are no audit events.
        let about = audit::AuditDetails { account, detail: &activation.support_code, ..audit::AuditDetails::default() };
        audit::store::record(&mut tx, AuditEvent::ActivationStarted, about).await?;
    }
    let about = SmsJobContext {
        challenge: activation.challenge_id.clone(),
        sends: errand.sends,
        phone_budget: phone,
        counted_at: now,
        persons: found.into_iter().map(|person| person.id).collect(),
        support_code: activation.support_code.clone(),
    };
    let letter = SmsJob { message: SmsMessage { id: String::new(), to: to.clone(), text }, about: Some(about) };
    let body = serde_json::to_string(&letter)?;
    outages::add_traffic(&mut tx, now, &destination_prefix(to), 1, 0).await?;
    outages::end(&mut tx, now, &OutageReason::Cap).await?;
    outbox::enqueue(&mut tx, &app.master_key, app.rng.as_ref(), now, JobKind::Sms, &body).await?;
    outbox::complete_in(&mut tx, &job.id, now).await?;
    tx.commit().await?;
    app.metrics.record_sms("queued");
    app.job_notifier.notify(JobKind::Sms);
    if let Some(percent) = cap_percent_reached(count, cap) {
        tracing::error!(percent, cap, "SMS of the day (sms.daily_cap): raise it, or see who asks for so many");
    }
    Ok(JobOutcome::Done)
}
