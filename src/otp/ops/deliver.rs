//! Delivery of codes to the gateway, and the handling of refusals.
//!
//! A refusal caused by the deployment is retried while the code is valid, and is recorded as an outage. A refusal
//! caused by the number is final, and the school has to correct the number. The budgets of an undelivered message are
//! released in the transaction that ends the job, and so exactly once even after a crash. No typed text is logged here.

use serde::{Deserialize, Serialize};

use super::gateways::{self, GatewayChoice};
use super::receipts;
use super::{caps, conversion};

use crate::app::{DatabaseOperation, Operation};
use crate::audit::{self, AuditEvent};
use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::{ChallengeId, PersonId};
use crate::base::uai::Uai;
use crate::db::{Db, Durability, Result, Tx, UnitOfWork};
use crate::http::pages::dates::date_key;
use crate::limits::{self, RateLimit};
use crate::otp::outage::{Outage, OutageReason, OutageWindow};
use crate::otp::store::{self, outages};
use crate::outbox::{self, Job, JobKind, JobOutcome};
use crate::roster;
use crate::sms::{SmsGateway, SmsMessage, SmsSendError};
use crate::tenants::{self, Notice, NoticeKind};

/// The attempts that a gateway may put off before operators hear of it: about half a minute.
const MAX_QUIET_THROTTLED_ATTEMPTS: i64 = 7;
/// The hand-overs of one message that a gateway may have taken and that it would not know again.
const MAX_HANDOVERS: i64 = 2;

/// The body of a delivery job.
#[derive(Debug, Serialize, Deserialize)]
pub struct SmsJob {
    /// Empty. Release 0.2.0 may run beside this one and does not read a body without it.
    #[serde(default)]
    pub id: String,
    pub to: String,
    pub text: String,
    /// True if it waits for the morning rather than leave at night.
    #[serde(default)]
    pub by_day: bool,
    /// Absent where nobody waits for a code.
    #[serde(default)]
    pub about: Option<SmsJobContext>,
}

/// The budgets charged for the message, and the persons concerned.
#[derive(Debug, Serialize, Deserialize)]
pub struct SmsJobContext {
    pub challenge: ChallengeId,
    pub sends: i64,
    /// The key of the phone's budget, and the time of the charge.
    pub phone_budget: String,
    pub counted_at: Timestamp,
    /// The persons of the roster, and the support code shown to the school.
    pub persons: Vec<PersonId>,
    pub support_code: String,
    /// The academy to whose cap the message counts.
    #[serde(default)]
    pub academy: Option<String>,
    /// True if the text is spoken by a call.
    #[serde(default)]
    pub voice: bool,
}

/// Releases the requests made during outages of the whole deployment. Returns the outage windows.
pub async fn release_during_outages(tx: &mut UnitOfWork<'_>, typed_budget: &str) -> Result<Vec<OutageWindow>> {
    let now = tx.now;
    let windows = outages::list_windows(tx, now.minus(Span::days(1))).await?;
    if !windows.is_empty() {
        let free = |at| windows.iter().any(|window| window.contains(at));
        limits::store::release_matching(tx, RateLimit::SmsPerIdentity, typed_budget, free).await?;
    }
    Ok(windows)
}

/// Returns the outages reported to operators, the oldest first.
pub async fn active_outages(db: &Db, now: Timestamp) -> Result<Vec<Outage>> {
    let mut all = outages::list_open(&mut db.read().await?).await?;
    all.retain(|outage| outage.is_active(now));
    Ok(all)
}

/// Returns the number of messages sent today.
pub async fn sent_today(tx: &mut Tx, now: Timestamp) -> Result<i64> {
    limits::store::daily_count(tx, RateLimit::DailySms, &date_key(now)).await
}

/// The effects of [`resume`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResumeSummary {
    pub outages: u64,
    pub jobs: u64,
    pub budgets: u64,
}

/// Resumes delivery on behalf of the operator: ends all outages, makes waiting jobs due now, and discounts all requests
/// of the last day.
pub async fn resume(ctx: DatabaseOperation<'_>) -> Result<ResumeSummary> {
    let now = ctx.now;
    let mut tx = ctx.write(Durability::Durable).await?;
    let outages = outages::end_all(&mut tx).await?;
    outages::declare(&mut tx, now.minus(Span::days(1))).await?;
    conversion::forget_all(&mut tx).await?;
    let mut budgets = 0;
    for action in [RateLimit::SmsPerIdentity, RateLimit::SmsToPhone] {
        budgets += limits::store::reset_all(&mut tx, action).await?;
    }
    store::discount_sends(&mut tx, None).await?;
    let mut jobs = 0;
    for kind in [JobKind::SendCode, JobKind::SendRecoveryCode, JobKind::SendPhoneProof, JobKind::Sms] {
        jobs += outbox::make_due(&mut tx, kind).await?;
    }
    let detail = format!("{outages} outages, {jobs} messages, {budgets} budgets");
    audit::store::record(
        &mut tx,
        AuditEvent::SmsResumed,
        audit::AuditDetails { detail: &detail, ..audit::AuditDetails::default() },
    )
    .await?;
    tx.commit().await?;
    Ok(ResumeSummary { outages, jobs, budgets })
}

/// Records a message requested at `asked` as undeliverable: opens or continues an outage, and alerts operators if due.
pub async fn record_undeliverable(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    reason: &OutageReason,
    detail: &str,
    asked: Timestamp,
) -> Result<()> {
    let Operation { app, now, .. } = *op;
    let outage = outages::record_refusal(tx, reason, detail, asked).await?;
    let apart = Span::minutes(i64::from(app.config.sms.alarm_minutes));
    if outage.is_active(now) && outages::mark_alerted(tx, &outage, apart).await? {
        let (reason, refusals, remedy) = (outage.reason.name(), outage.refusals, outage.remedy(&app.config.sms));
        let minutes = now.since(outage.began_at).0 / 60_000;
        tracing::error!(reason, detail, refusals, remedy, minutes, "{}", outage.summary());
    }
    Ok(())
}

/// Executes and finishes a delivery job.
pub async fn deliver(op: &Operation<'_>, job: &Job) -> anyhow::Result<()> {
    let Operation { app, now, .. } = *op;
    let Ok(sms) = serde_json::from_str::<SmsJob>(&job.body) else {
        return Ok(outbox::finish(op.write(Durability::Relaxed).await?, job, JobOutcome::Dead).await?);
    };
    let asked = requested_at(op, job, sms.about.as_ref()).await?;
    let choice = asked.and_then(|asked| Some((asked, gateways::choose_gateway(op, job, &sms, asked)?)));
    let (asked, role, gateway) = match choice {
        Some((asked, GatewayChoice::Send(role, gateway))) => (asked, role, gateway),
        Some((_, GatewayChoice::Wait(until))) => return Ok(outbox::requeue(&app.db, job, until).await?),
        None => {
            let mut tx = op.write(Durability::Relaxed).await?;
            abandon(op, &mut tx, job, &sms).await?;
            return Ok(tx.commit().await?);
        }
    };
    if !may_hand_over(job.handovers, gateway) {
        return Ok(outbox::finish(op.write(Durability::Relaxed).await?, job, JobOutcome::Dead).await?);
    }
    let mut tx = op.write(Durability::Durable).await?;
    let is_counted = outbox::begin_handover_in(&mut tx, job, role.name()).await?;
    tx.commit().await?;
    if !is_counted {
        return Ok(());
    }
    let validity = job.expires_at.since(now);
    // The job's id makes a second delivery after a crash the same message.
    let message = SmsMessage { id: job.id.clone(), to: sms.to.clone(), text: sms.text.clone(), validity };
    let sent = gateway.send(&message).await;
    let op = &Operation { now: app.now(), ..op.clone() };
    match &sent {
        Err(SmsSendError::Deployment { .. }) => app.sms_breaker.record_failure(role.name(), op.now),
        // A gateway that has no room for more now is there.
        Ok(_) | Err(SmsSendError::NumberRejected { .. } | SmsSendError::Throttled { .. }) => {
            app.sms_breaker.record_success(role.name());
        }
    }
    let mut tx = op.write(Durability::Relaxed).await?;
    let mut ended = false;
    match sent {
        Ok(message_id) => {
            app.metrics.record_sms("sent");
            app.metrics.record_sms_gateway(role.name());
            if let Some(message_id) = &message_id {
                receipts::expect(&mut tx, role, (message_id, &message.to), sms.about.as_ref()).await?;
            }
            if let Some(about) = &sms.about {
                conversion::count_taken(&mut tx, &message.to, about.academy.as_deref()).await?;
            }
            outbox::finish_in(&mut tx, job, JobOutcome::Done).await?;
            ended = gateways::end_gateway_outages(&mut tx, role).await?;
        }
        Err(SmsSendError::Deployment { why, uncertain }) => {
            app.metrics.record_sms("failed");
            gateways::record_gateway_failure(op, &mut tx, role, &why, asked).await?;
            if !uncertain {
                outbox::undo_handover_in(&mut tx, job).await?;
            }
            let may_repeat = may_hand_over(job.handovers + i64::from(uncertain), gateway);
            outbox::finish_in(&mut tx, job, if may_repeat { JobOutcome::Retry } else { JobOutcome::Dead }).await?;
            tracing::debug!(job = %job.id, attempt = job.attempts, %why, "SMS not taken");
        }
        Err(SmsSendError::Throttled { why }) => {
            app.metrics.record_sms("throttled");
            if job.attempts > MAX_QUIET_THROTTLED_ATTEMPTS {
                gateways::record_gateway_failure(op, &mut tx, role, &why, asked).await?;
            }
            outbox::undo_handover_in(&mut tx, job).await?;
            outbox::finish_in(&mut tx, job, JobOutcome::RetrySoon).await?;
        }
        Err(error @ SmsSendError::NumberRejected { .. }) => {
            app.metrics.record_sms("refused");
            if abandon(op, &mut tx, job, &sms).await? {
                if let Some(about) = &sms.about {
                    notify_schools(&mut tx, &about.persons, NoticeKind::Unreachable, &about.support_code).await?;
                }
                tracing::warn!(job = %job.id, %error, "the school is told");
            }
        }
    }
    tx.commit().await?;
    if ended {
        tracing::info!("SMS leave again");
    }
    Ok(())
}

/// True if a message may be handed over once more. One that may have been delivered twice already is given up where the
/// gateway does not know it again: each repetition may be paid for.
fn may_hand_over(handovers: i64, gateway: &dyn SmsGateway) -> bool {
    gateway.is_idempotent() || handovers < MAX_HANDOVERS
}

/// Returns the request time of the code if the code is still valid: neither expired, nor used, nor replaced by a later
/// code.
async fn requested_at(
    op: &Operation<'_>,
    job: &Job,
    about: Option<&SmsJobContext>,
) -> anyhow::Result<Option<Timestamp>> {
    let Operation { app, now, .. } = *op;
    if job.overdue {
        return Ok(None);
    }
    let Some(about) = about else { return Ok(Some(now)) };
    let challenge = store::find(&mut app.db.read().await?, &about.challenge).await?;
    let serves = challenge.filter(|c| c.sends == about.sends && c.used_at.is_none() && now < Timestamp(c.expires_at));
    Ok(serves.map(|c| Timestamp(c.sent_at)))
}

/// Ends the job and releases its budgets, unless the message may have been sent after all. Returns true if this call
/// ended the job.
async fn abandon(op: &Operation<'_>, tx: &mut UnitOfWork<'_>, job: &Job, sms: &SmsJob) -> Result<bool> {
    if !outbox::abandon_in(tx, &job.id).await? {
        return Ok(false);
    }
    if let Some(about) = sms.about.as_ref().filter(|_| job.handovers == 0) {
        let at = about.counted_at;
        limits::store::release_at(tx, RateLimit::SmsToPhone, &about.phone_budget, at).await?;
        let (to, academy) = (sms.to.as_str(), about.academy.as_deref());
        caps::uncount_message(tx, &caps::caps_of(&op.app.config, at, to, academy)).await?;
        conversion::uncount_asked(tx, at, to, academy).await?;
    }
    Ok(true)
}

/// Notifies the schools able to correct an unreachable number of the roster. The page does not show the failure: its
/// content is the same for everybody.
pub(super) async fn notify_schools(
    tx: &mut UnitOfWork<'_>,
    persons: &[PersonId],
    kind: NoticeKind,
    support_code: &str,
) -> anyhow::Result<()> {
    for person_id in persons {
        let mut told: Vec<Uai> = Vec::new();
        for child in roster::store::list_children_of_person(tx, person_id).await? {
            if told.contains(&child.uai) {
                continue;
            }
            let uai = &child.uai;
            let notice = Notice { uai, person_id, pupil_id: None, kind, support_code };
            tenants::store::upsert_notice(tx, &notice).await?;
            told.push(child.uai);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_f9_release_0_2_0_reads_a_message() {
        /// The body that release 0.2.0 reads.
        #[derive(Deserialize)]
        struct Former {
            id: String,
            to: String,
            text: String,
        }
        let job =
            SmsJob { id: String::new(), to: "+33639980001".into(), text: "123456".into(), by_day: false, about: None };
        let read: Former = serde_json::from_str(&serde_json::to_string(&job).unwrap()).unwrap();
        assert_eq!((read.id, read.to, read.text), (job.id, job.to, job.text));
    }
}
