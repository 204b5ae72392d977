//! The job of the worker: looks the identifiant up, and sends a code only to the mobile number or the confirmed address
//! of an account.
//!
//! A job, so that the result has no effect on the browser's response, neither on its status and body nor on its timing.

use serde::{Deserialize, Serialize};

use super::send_mail::{self, MailCode};
use crate::accounts::{self, AccountState};
use crate::app::Operation;
use crate::audit::AuditEvent;
use crate::base::typed_ids::RecoveryId;
use crate::db::UnitOfWork;
use crate::otp::{self, ops::CodeRequest};
use crate::outbox::{self, Job, JobKind, JobOutcome};
use crate::recovery::{Recovery, RecoveryChannel, RecoveryStep, store};
use crate::roster;

/// The body of the job: the recovery, and the number of the send.
#[derive(Debug, Serialize, Deserialize)]
struct SendRecoveryCodeJob {
    recovery: RecoveryId,
    sends: i64,
}

pub async fn enqueue(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    recovery: &Recovery,
    sends: i64,
) -> anyhow::Result<()> {
    let Operation { app, .. } = *op;
    let body = serde_json::to_string(&SendRecoveryCodeJob { recovery: recovery.id.clone(), sends })?;
    // The narrowest source counter: the sources take turns in the queue.
    let source = recovery.source_counters.as_deref().and_then(|counted| counted.split(' ').next());
    let kind = JobKind::SendRecoveryCode;
    outbox::enqueue_for_source(tx, &app.master_key, kind, &body, source).await?;
    Ok(())
}

/// Sends a code if the identifiant has an account, and its person a mobile number, or an address where the visitor asked
/// for a mail. A number that the person gave up gets no message.
pub async fn send_code_if_known(op: &Operation<'_>, job: &Job) -> anyhow::Result<JobOutcome> {
    let Operation { app, now, .. } = *op;
    let errand: SendRecoveryCodeJob = serde_json::from_str(&job.body)?;
    let mut tx = app.db.read().await?;
    let Some(recovery) = store::find(&mut tx, &app.master_key, &errand.recovery).await? else {
        return Ok(JobOutcome::Dead);
    };
    let challenge_id = match &recovery.challenge_id {
        Some(challenge) if recovery.step == RecoveryStep::Code && recovery.expires_at > now => challenge,
        _ => return Ok(JobOutcome::Done),
    };
    let account = accounts::store::find_by_identifiant(&mut tx, &recovery.identifiant).await?;
    let Some(account) = account.filter(|a| a.state != AccountState::Closed) else { return Ok(JobOutcome::Discard) };
    if recovery.channel == RecoveryChannel::Mail {
        drop(tx);
        return send_mail::send(op, job, MailCode { recovery: &recovery, challenge_id, sends: errand.sends }, &account)
            .await;
    }
    let phone = accounts::store::phones::find_phone(&mut tx, &account.id).await?;
    let Some(phone) = phone.filter(|phone| !phone.history.disowned) else { return Ok(JobOutcome::Discard) };
    drop(tx);
    let to = roster::sealed_rows::open_mobile(&app.master_key, &phone.person_id, &phone.sealed)?;
    let request = CodeRequest {
        challenge_id,
        sends: errand.sends,
        to: to.as_str(),
        lang: recovery.lang,
        persons: std::slice::from_ref(&phone.person_id),
        account: Some(&account.id),
        device_id: recovery.device_id.as_deref(),
        support_code: &recovery.support_code,
        voice: false,
        event: AuditEvent::RecoveryStarted,
    };
    otp::ops::send(op, job, request).await
}
