//! The job of the worker: searches the roster for the submitted identity, and sends a code only to a match.
//!
//! A job, so that the result has no effect on the browser's response, neither on its status and body nor on its timing.

use serde::{Deserialize, Serialize};

use crate::activation::{Activation, ActivationStep, store};
use crate::app::{App, CampaignStep, Operation};
use crate::audit::AuditEvent;
use crate::base::typed_ids::{ActivationId, PersonId};
use crate::crypto::HmacPurpose;
use crate::db::{Tx, UnitOfWork};
use crate::otp::{self, ops::CodeRequest};
use crate::outbox::{self, Job, JobKind, JobOutcome};
use crate::roster;
use crate::roster::matching::{Candidate, matching_candidates};

/// The body of the job: the activation, and the number of the send.
#[derive(Debug, Serialize, Deserialize)]
struct SendCodeJob {
    activation: ActivationId,
    sends: i64,
}

pub async fn enqueue_send_code(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    activation: &Activation,
    sends: i64,
) -> anyhow::Result<()> {
    let app = op.app;
    let body = serde_json::to_string(&SendCodeJob { activation: activation.id.clone(), sends })?;
    // The narrowest source counter: the sources take turns in the queue.
    let source = activation.source_counters.as_deref().and_then(|counted| counted.split(' ').next());
    outbox::enqueue_for_source(tx, &app.master_key, JobKind::SendCode, &body, source).await?;
    Ok(())
}

/// Returns the roster persons that match the activation, the last exported first.
pub async fn find_persons(tx: &mut Tx, app: &App, activation: &Activation) -> anyhow::Result<Vec<Candidate>> {
    let blind = app.master_key.hmac(HmacPurpose::Phone, &activation.identity.phone);
    let candidates = roster::store::list_by_phone(tx, &blind).await?;
    let identity = &activation.identity;
    let found = matching_candidates(&candidates, &identity.nom, &identity.prenom);
    // An upstream knows the birth name and the name in use, and the school either of them.
    match &activation.upstream {
        Some(person) if found.is_empty() => Ok(matching_candidates(&candidates, &person.family_name, &identity.prenom)),
        _ => Ok(found),
    }
}

/// Returns the activation of a job.
pub fn activation_of(job: &Job) -> anyhow::Result<ActivationId> {
    Ok(serde_json::from_str::<SendCodeJob>(&job.body)?.activation)
}

/// Searches the roster for the submitted identity, and sends a code to a match.
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
    drop(tx);
    let account = found.iter().find_map(|candidate| candidate.account_id.clone());
    let persons: Vec<PersonId> = found.into_iter().map(|person| person.id).collect();
    app.campaign_steps.note(&persons, CampaignStep::Asked, now);
    let request = CodeRequest {
        challenge_id: &activation.challenge_id,
        sends: errand.sends,
        to: &activation.identity.phone,
        lang: activation.lang,
        persons: &persons,
        account: account.as_ref(),
        device_id: activation.device_id.as_deref(),
        support_code: &activation.support_code,
        voice: app.phone_parser.is_landline(&activation.identity.phone),
        event: AuditEvent::ActivationStarted,
    };
    otp::ops::send(op, job, request).await
}
