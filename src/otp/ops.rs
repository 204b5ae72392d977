//! Verification and generation of codes.

mod caps;
mod conversion;
mod deliver;
mod gateways;
mod receipts;
mod resend;
mod send;

pub use caps::{ReminderCount, count_other_message, count_reminder, messages_of_many, uncount_reminders, used_caps};
pub use deliver::{
    ResumeSummary, SmsJob, SmsJobContext, active_outages, deliver, record_undeliverable, release_during_outages,
    resume, sent_today,
};
pub use gateways::are_gateways_resting;
pub use receipts::{settle_receipt, take_receipt, take_receipts};
pub use resend::{ResendOutcome, request_resend};
pub use send::{CodeRequest, person_budget_key, phone_budget_key, send};

use super::{CodeVerification, REPLAY_GRACE, TypedCode, store};
use crate::app::{App, Operation};
use crate::base::clock::Timestamp;
use crate::base::secret::constant_time_eq;
use crate::base::typed_ids::ChallengeId;
use crate::crypto::HmacPurpose;
use crate::db::UnitOfWork;
use crate::limits::{self, RateLimit, RateLimitDecision};

/// Returns the HMAC stored for a code, bound to its challenge.
pub fn code_hmac(app: &App, challenge: &ChallengeId, code: &str) -> String {
    app.master_key.hmac(HmacPurpose::SmsCode, &format!("{challenge}/{code}"))
}

/// Generates six digits, uniformly distributed.
pub fn generate_code(app: &App) -> String {
    format!("{:06}", app.rng.below(1_000_000))
}

/// Verifies a typed code. Every try is counted before the comparison: on the challenge, on the budget of the typed
/// identity, and on the budget of the person found. The caller commits regardless of the result.
///
/// The budget of the typed identity decides the response; the person's budget only ever refuses with the same response
/// as an incorrect code.
pub async fn verify(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    challenge_id: &ChallengeId,
    typed_budget: &str,
    typed: &TypedCode,
) -> anyhow::Result<CodeVerification> {
    let Operation { app, now, .. } = *op;
    let Some(challenge) = store::find(tx, challenge_id).await? else { return Ok(CodeVerification::Expired) };
    if challenge.used_at.is_some() || challenge.tries_left <= 0 {
        return Ok(CodeVerification::Exhausted);
    }
    if Timestamp(challenge.expires_at) <= now {
        return Ok(CodeVerification::Expired);
    }
    if let RateLimitDecision::Limited { until } = limits::store::peek(tx, RateLimit::SmsCode, typed_budget).await? {
        return Ok(CodeVerification::RateLimited { until });
    }
    let Some((code, left)) = store::consume_try(tx, challenge_id).await? else {
        return Ok(CodeVerification::Exhausted);
    };
    let person = challenge.person_budget.as_deref();
    let person_allows = match count_try(tx, typed_budget, person).await? {
        TryCount::Limited { until } => return Ok(CodeVerification::RateLimited { until }),
        counted => counted == TryCount::Both,
    };
    let given = code_hmac(app, challenge_id, typed.as_str());
    let right = person_allows && code.is_some_and(|stored| constant_time_eq(&stored, &given));
    if right && store::mark_used(tx, challenge_id).await? {
        release_try(tx, typed_budget, person).await?;
        conversion::count_entered(tx, &challenge).await?;
        return Ok(CodeVerification::Correct);
    }
    Ok(if left > 0 { CodeVerification::Incorrect { tries_left: left } } else { CodeVerification::Exhausted })
}

/// True if this is the correct code of a moment ago, submitted again by a double click. Counts like any other try.
pub async fn is_replay(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    challenge_id: &ChallengeId,
    typed_budget: &str,
    typed: &TypedCode,
) -> anyhow::Result<bool> {
    let Operation { app, now, .. } = *op;
    let Some(challenge) = store::find(tx, challenge_id).await? else { return Ok(false) };
    if challenge.used_at.is_none_or(|used| now.since(Timestamp(used)) >= REPLAY_GRACE) {
        return Ok(false);
    }
    let person = challenge.person_budget.as_deref();
    let allowed = count_try(tx, typed_budget, person).await? == TryCount::Both;
    let given = code_hmac(app, challenge_id, typed.as_str());
    let right = allowed && challenge.code.is_some_and(|stored| constant_time_eq(&stored, &given));
    if right {
        release_try(tx, typed_budget, person).await?;
    }
    Ok(right)
}

/// The result of counting a try.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TryCount {
    Both,
    /// The person's budget is exhausted, which must not be revealed.
    PersonLimited,
    Limited {
        until: Timestamp,
    },
}

/// Counts one try on the budget of the typed identity and on the budget of the person found.
async fn count_try(tx: &mut UnitOfWork<'_>, typed_budget: &str, person: Option<&str>) -> anyhow::Result<TryCount> {
    if let RateLimitDecision::Limited { until } = limits::store::consume(tx, RateLimit::SmsCode, typed_budget).await? {
        return Ok(TryCount::Limited { until });
    }
    let Some(person) = person else { return Ok(TryCount::Both) };
    let verdict = limits::store::consume(tx, RateLimit::SmsCode, person).await?;
    Ok(if matches!(verdict, RateLimitDecision::Allowed { .. }) { TryCount::Both } else { TryCount::PersonLimited })
}

/// Releases the try, because the code was correct.
async fn release_try(tx: &mut UnitOfWork<'_>, typed_budget: &str, person: Option<&str>) -> anyhow::Result<()> {
    for key in [Some(typed_budget), person].into_iter().flatten() {
        limits::store::release(tx, RateLimit::SmsCode, key).await?;
    }
    Ok(())
}
