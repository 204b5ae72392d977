//! Another code for a challenge, on request of the visitor.

use super::release_during_outages;
use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::ChallengeId;
use crate::db::UnitOfWork;
use crate::limits::{self, RateLimit, RateLimitDecision};
use crate::otp::{self, store};

/// The outcome of a request for another code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResendOutcome {
    /// Granted; `sends` is the number of the send.
    Sent {
        sends: i64,
    },
    Wait {
        seconds: i64,
    },
    /// No more codes for this challenge, or for what was typed today.
    LimitReached,
}

/// Grants another code within the limits of the challenge and of what was typed. The caller enqueues its job and
/// commits if it is granted, and rolls back otherwise.
pub async fn request_resend(
    tx: &mut UnitOfWork<'_>,
    challenge_id: &ChallengeId,
    typed_budget: &str,
) -> anyhow::Result<ResendOutcome> {
    let now = tx.now;
    let Some(challenge) = store::find(tx, challenge_id).await? else { return Ok(ResendOutcome::LimitReached) };
    let ready = Timestamp(challenge.sent_at).plus(otp::resend_delay(challenge.sends));
    let windows = release_during_outages(tx, typed_budget).await?;
    let free = windows.iter().any(|w| w.contains(Timestamp(challenge.sent_at)));
    // Each send is judged once, at the request for the next code: a send during an outage does not count.
    let unsent = (challenge.unsent + i64::from(free)).min(challenge.sends);
    if challenge.sends - unsent >= otp::MAX_SENDS {
        return Ok(ResendOutcome::LimitReached);
    }
    if now < ready {
        return Ok(ResendOutcome::Wait { seconds: ready.since(now).max(Span::seconds(1)).as_seconds_ceil() });
    }
    if matches!(
        limits::store::consume(tx, RateLimit::SmsPerIdentity, typed_budget).await?,
        RateLimitDecision::Limited { .. }
    ) {
        return Ok(ResendOutcome::LimitReached);
    }
    if store::record_send(tx, challenge_id, (challenge.sends, unsent), now.plus(otp::CODE_TTL)).await? {
        return Ok(ResendOutcome::Sent { sends: challenge.sends + 1 });
    }
    // A double click: the concurrent request sent the code.
    Ok(ResendOutcome::Wait { seconds: otp::resend_delay(challenge.sends + 1).as_seconds_ceil() })
}
