//! The other way for the code, on request of the visitor: by mail in place of the SMS, and back.

use super::{code, send_code};
use crate::app::Operation;
use crate::base::ids::id128;
use crate::base::typed_ids::ChallengeId;
use crate::db::Durability;
use crate::limits::{self, RateLimit, RateLimitDecision};
use crate::otp::ops::ResendOutcome;
use crate::otp::{self, ChallengePurpose};
use crate::outbox::JobKind;
use crate::recovery::{Recovery, RecoveryChannel, store};

/// Sends a code by the other channel, with a challenge of its own: the former code serves no more. The same for every
/// typed identifiant, and counted like any code that it asks for; whether there is an address is the worker's to know.
pub async fn switch_channel(
    op: &Operation<'_>,
    recovery: &Recovery,
    to: RecoveryChannel,
) -> anyhow::Result<ResendOutcome> {
    if recovery.channel == to {
        // A double click, or the button of an older page.
        return code::resend_code(op, recovery).await;
    }
    let app = op.app;
    let challenge_id = ChallengeId::new(id128(app.rng.as_ref()));
    let mut tx = op.write(Durability::Relaxed).await?;
    otp::ops::release_during_outages(&mut tx, &recovery.typed_budget).await?;
    let verdict = limits::store::consume(&mut tx, RateLimit::SmsPerIdentity, &recovery.typed_budget).await?;
    if matches!(verdict, RateLimitDecision::Limited { .. }) {
        tx.rollback().await?;
        app.metrics.record_limited(RateLimit::SmsPerIdentity.name(), "budget");
        return Ok(ResendOutcome::LimitReached);
    }
    otp::store::insert(&mut tx, &challenge_id, ChallengePurpose::Recovery, op.now.plus(otp::CODE_TTL)).await?;
    if !store::switch_channel(&mut tx, recovery, to, &challenge_id).await? {
        // Another request moved it, or left the step: the page tells.
        tx.rollback().await?;
        return Ok(ResendOutcome::Sent { sends: 1 });
    }
    send_code::enqueue(op, &mut tx, recovery, 1).await?;
    tx.commit().await?;
    app.job_notifier.notify(JobKind::SendRecoveryCode);
    Ok(ResendOutcome::Sent { sends: 1 })
}
