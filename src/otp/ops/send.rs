//! Sends a code to a person whom a worker has found: within the budgets of the number and of the day, once per send.
//!
//! The flows differ in how they find the person; from here on all of them do the same.

use super::caps::{self, CapCount};
use super::deliver::notify_schools;
use super::{SmsJob, SmsJobContext, code_hmac, conversion, generate_code, record_undeliverable};
use crate::app::{App, Operation};
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::Timestamp;
use crate::base::lang::Lang;
use crate::base::typed_ids::{AccountId, ChallengeId, PersonId};
use crate::crypto::HmacPurpose;
use crate::db::{Durability, UnitOfWork};
use crate::limits::{self, RateLimit, RateLimitDecision};
use crate::otp::conversion::destination_prefix;
use crate::otp::store;
use crate::outbox::{self, Job, JobKind, JobOutcome};
use crate::roster;
use crate::tenants::NoticeKind;

/// A code to send.
#[derive(Clone, Copy, Debug)]
pub struct CodeRequest<'a> {
    pub challenge_id: &'a ChallengeId,
    /// The number of the send, 1 for the first.
    pub sends: i64,
    /// The number in E.164 format.
    pub to: &'a str,
    pub lang: Lang,
    /// The persons of the roster with this number, never empty.
    pub persons: &'a [PersonId],
    pub account: Option<&'a AccountId>,
    /// The device on which the person verified a code before: such a device has budgets of its own
    /// (docs/threats.md#attack-l5).
    pub device_id: Option<&'a str>,
    pub support_code: &'a str,
    /// True if the number is a landline that is called.
    pub voice: bool,
    /// The event of the first send.
    pub event: AuditEvent,
}

impl CodeRequest<'_> {
    fn device_suffix(&self) -> String {
        self.device_id.map(|device| format!("/device/{device}")).unwrap_or_default()
    }
}

/// Returns the key of the budget for a person's wrong codes, shared by all flows (docs/threats.md#threat-s02).
pub fn person_budget_key(app: &App, person_id: &PersonId, device_suffix: &str) -> String {
    app.master_key.hmac(HmacPurpose::LimiterKey, &format!("person/{person_id}{device_suffix}"))
}

/// Returns the key of the budget for messages to a number.
pub fn phone_budget_key(app: &App, phone: &str, device_suffix: &str) -> String {
    app.master_key.hmac(HmacPurpose::LimiterKey, &format!("sms/{phone}{device_suffix}"))
}

/// Generates a code and enqueues its message, in the transaction that ends `job`. A repeated job sends nothing again.
pub async fn send(op: &Operation<'_>, job: &Job, request: CodeRequest<'_>) -> anyhow::Result<JobOutcome> {
    let Operation { app, now, .. } = *op;
    let challenge = store::find(&mut app.db.read().await?, request.challenge_id).await?;
    // Superseded by a later send, or expired.
    let serves = challenge.filter(|c| c.sends == request.sends && now < Timestamp(c.expires_at));
    let Some((asked, expires)) = serves.map(|c| (Timestamp(c.sent_at), Timestamp(c.expires_at))) else {
        return Ok(JobOutcome::Done);
    };
    // No match: the job is deleted without a trace.
    let Some(first) = request.persons.iter().min() else { return Ok(JobOutcome::Discard) };
    if !app.config.sms.countries.permits(request.to) {
        return refuse_destination(op, job, &request).await;
    }
    let person = person_budget_key(app, first, &request.device_suffix());
    let code = generate_code(app);
    let text = text_of(app, &request, &code)?;
    let keyed = code_hmac(app, request.challenge_id, &code);
    let mut tx = op.write(Durability::Relaxed).await?;
    let academy = academy_of(&mut tx, request.persons).await?;
    if !conversion::permits_code(op, &mut tx, &request, academy.as_deref(), asked).await? {
        tx.commit().await?;
        app.metrics.record_sms("stopped");
        return Ok(JobOutcome::Retry);
    }
    let phone = phone_budget_key(app, request.to, &request.device_suffix());
    if matches!(
        limits::store::consume(&mut tx, RateLimit::SmsToPhone, &phone).await?,
        RateLimitDecision::Limited { .. }
    ) {
        tx.rollback().await?;
        app.metrics.record_limited(RateLimit::SmsToPhone.name(), "budget");
        tracing::info!(code = %request.support_code, "no SMS: this number had its five of the day");
        return Ok(JobOutcome::Done);
    }
    let caps = caps::caps_of(&app.config, now, request.to, academy.as_deref());
    let counts = match caps::count_message(&mut tx, &caps).await? {
        CapCount::Counted(counts) => counts,
        CapCount::Exceeded(index) => {
            tx.rollback().await?;
            let Some(cap) = caps.get(index) else { return Ok(JobOutcome::Retry) };
            app.metrics.record_limited(cap.name(), "cap");
            app.metrics.record_sms("capped");
            let mut tx = op.write(Durability::Relaxed).await?;
            record_undeliverable(op, &mut tx, &cap.reason, &cap.exhausted(), asked).await?;
            tx.commit().await?;
            // Retried until the code expires: the cap may be reset at midnight before.
            return Ok(JobOutcome::Retry);
        }
    };
    // A repeated job finds the code already set, and an outdated job a newer send number: neither sends again.
    if !store::set_code(&mut tx, request.challenge_id, request.sends, &keyed, &person).await? {
        tx.rollback().await?;
        return Ok(JobOutcome::Done);
    }
    if let Some(account) = request.account {
        let blind = app.master_key.hmac(HmacPurpose::Phone, request.to);
        store::set_recipient(&mut tx, request.challenge_id, account, &blind).await?;
        limits::store::failures::assign_account(&mut tx, RateLimit::SmsCode, &person, account).await?;
    }
    if request.sends == 1 {
        // Recorded only for a match: what is unknown to the roster is no audit event.
        let about = AuditDetails { account: request.account, detail: request.support_code, ..AuditDetails::default() };
        audit::store::record(&mut tx, request.event, about).await?;
    }
    let about = SmsJobContext {
        challenge: request.challenge_id.to_owned(),
        sends: request.sends,
        phone_budget: phone,
        counted_at: now,
        persons: request.persons.to_vec(),
        support_code: request.support_code.to_owned(),
        academy: academy.clone(),
        voice: request.voice,
    };
    let body = serde_json::to_string(&SmsJob {
        id: String::new(),
        to: request.to.to_owned(),
        text,
        by_day: about.voice,
        about: Some(about),
    })?;
    let destination = destination_prefix(request.to);
    store::set_destination(&mut tx, request.challenge_id, &destination, academy.as_deref()).await?;
    conversion::count_asked(&mut tx, request.to, academy.as_deref()).await?;
    outbox::enqueue_until(&mut tx, &app.master_key, JobKind::Sms, &body, expires).await?;
    outbox::complete_in(&mut tx, &job.id).await?;
    tx.commit().await?;
    app.metrics.record_sms("queued");
    app.job_notifier.notify(JobKind::Sms);
    caps::report_caps(app, &caps, &counts);
    Ok(JobOutcome::Done)
}

/// Returns the text of a message, or of a call, where a pause stands between the digits.
fn text_of(app: &App, request: &CodeRequest<'_>, code: &str) -> anyhow::Result<String> {
    let service = app.pages.service_name();
    if !request.voice {
        let values = [("service", service), ("code", code), ("host", app.config.server.host())];
        return Ok(app.pages.message(request.lang, "sms-code", &values)?);
    }
    let digits: Vec<String> = code.chars().map(String::from).collect();
    Ok(app.pages.message(request.lang, "call-code", &[("service", service), ("digits", &digits.join(", "))])?)
}

/// Returns the academy of the first child, to whose cap a message counts.
async fn academy_of(tx: &mut UnitOfWork<'_>, persons: &[PersonId]) -> anyhow::Result<Option<String>> {
    for person in persons {
        if let Some(child) = roster::store::list_children_of_person(tx, person).await?.into_iter().next() {
            return Ok(Some(child.academy));
        }
    }
    Ok(None)
}

/// Ends a job whose number is in a country to which no message may go. The visitor's page is the same; the school is
/// told, because a letter or another number are what is left.
async fn refuse_destination(op: &Operation<'_>, job: &Job, request: &CodeRequest<'_>) -> anyhow::Result<JobOutcome> {
    let mut tx = op.write(Durability::Durable).await?;
    if outbox::complete_in(&mut tx, &job.id).await? {
        notify_schools(&mut tx, request.persons, NoticeKind::CountryRefused, request.support_code).await?;
        let about = AuditDetails { account: request.account, detail: request.support_code, ..AuditDetails::default() };
        audit::store::record(&mut tx, AuditEvent::SmsCountryRefused, about).await?;
    }
    tx.commit().await?;
    op.app.metrics.record_sms("country");
    let prefix = destination_prefix(request.to);
    tracing::warn!(code = %request.support_code, prefix, "no SMS: not one of sms.countries; the school is told");
    Ok(JobOutcome::Done)
}
