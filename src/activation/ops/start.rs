//! Starts an activation and enqueues its job: the same for every submitted identity, known to the roster or not.

use super::send_code;
use crate::activation::{ACTIVATION_TTL, Activation, ActivationPurpose, ActivationStep, SubmittedIdentity, store};
use crate::app::Operation;
use crate::base::clock::Timestamp;
use crate::base::ids::{id128, support_code};
use crate::base::lang::Lang;
use crate::base::secret::sha256_base64url;
use crate::base::source::SourceAddress;
use crate::base::typed_ids::{ActivationId, ChallengeId};
use crate::crypto::HmacPurpose;
use crate::db::{Durability, UnitOfWork};
use crate::devices;
use crate::federation::PendingLink;
use crate::interactions::Interaction;
use crate::limits::{self, RateLimit, RateLimitDecision, RateLimited};
use crate::otp::{self, ChallengePurpose};
use crate::outbox::JobKind;

/// The outcome of a start.
#[derive(Debug)]
pub enum StartOutcome {
    /// The id of the activation, at the code step.
    Started { id: ActivationId },
    /// This identity requested too many codes today.
    TooManyCodes { until: Timestamp },
    /// Too many activations of this source never verified a code.
    Limited(RateLimited),
}

/// The context of a start, from the request.
#[derive(Clone, Copy, Debug)]
pub struct StartContext<'a> {
    /// The navigation cookie.
    pub navigation_cookie: &'a str,
    /// The device secrets in the browser's cookies.
    pub device_secrets: &'a [String],
    pub source: SourceAddress,
    pub purpose: ActivationPurpose,
    /// The verified person of an upstream, whose names were not typed.
    pub upstream: Option<&'a PendingLink>,
}

/// Starts an activation, or joins the open activation of the same identity and browser, but only one **at the code
/// step**: later steps are reached by a code only, otherwise the next user of a shared computer could continue another
/// parent's activation (docs/threats.md#attack-s1). The limits of the source are consumed before any row is written.
///
/// A device on which this identity verified a code before has budgets of its own and is exempt from the limits of its
/// source: an attacker who knows a parent's name and number can exhaust the general budgets, but not those of the
/// device (docs/threats.md#threat-s06, #attack-l5).
pub async fn start(
    op: &Operation<'_>,
    lang: Lang,
    visitor: StartContext<'_>,
    typed: SubmittedIdentity,
    waiting: Option<(String, Interaction)>,
) -> anyhow::Result<StartOutcome> {
    let Operation { app, now, .. } = *op;
    let browser = sha256_base64url(visitor.navigation_cookie);
    let identity = app.master_key.hmac(HmacPurpose::LimiterKey, &typed.budget_key());
    let device = match visitor.device_secrets {
        [] => None,
        secrets => devices::ops::find_by_identity(&mut app.db.read().await?, now, secrets, &identity).await?,
    };
    let (budget, counted) = match &device {
        Some(device) => {
            (app.master_key.hmac(HmacPurpose::LimiterKey, &format!("{}/device/{device}", typed.budget_key())), None)
        }
        None => match limits::ops::count_activation(op, visitor.source, &browser).await? {
            Ok(counted) => (identity, Some(counted)),
            Err(refused) => return Ok(StartOutcome::Limited(refused)),
        },
    };
    let (interaction, request) = match waiting {
        Some((i, request)) => (Some(i), Some(serde_json::to_string(&request)?)),
        None => (None, None),
    };
    let new = Activation {
        id: ActivationId::new(id128(app.rng.as_ref())),
        step: ActivationStep::Code,
        browser_digest: browser,
        identity: typed,
        identity_budget: budget,
        challenge_id: ChallengeId::new(id128(app.rng.as_ref())),
        support_code: support_code(app.rng.as_ref()),
        lang,
        interaction_id: interaction,
        pending_request: request,
        person_ids: Vec::new(),
        children: Vec::new(),
        account_id: None,
        outcome: None,
        purpose: visitor.purpose,
        source_counters: counted,
        device_id: device,
        upstream: visitor.upstream.cloned(),
        expires_at: now.plus(ACTIVATION_TTL),
    };
    // Two attempts: a double click on two connections may insert a row between the query and the insert.
    for _ in 0..2 {
        let mut tx = op.write(Durability::Relaxed).await?;
        if let Some(id) = store::find_open(&mut tx, &new.browser_digest, &new.identity_budget).await? {
            if new.interaction_id.is_some() {
                store::replace_request(&mut tx, &id, &new).await?;
            }
            store::replace_upstream(&mut tx, &app.master_key, &id, &new).await?;
            tx.commit().await?;
            // The existing activation is counted already.
            limits::ops::release_activation(op, new.source_counters.as_deref().unwrap_or_default()).await?;
            return Ok(StartOutcome::Started { id });
        }
        if let Some(until) = count_first_code(op, &mut tx, &new).await? {
            tx.rollback().await?;
            app.metrics.record_limited(RateLimit::SmsPerIdentity.name(), "budget");
            return Ok(StartOutcome::TooManyCodes { until });
        }
        if insert_activation(op, &mut tx, &new).await? {
            tx.commit().await?;
            app.metrics.record_activation(new.step.name());
            app.job_notifier.notify(JobKind::SendCode);
            return Ok(StartOutcome::Started { id: new.id });
        }
        tx.rollback().await?;
    }
    anyhow::bail!("an activation is open and is not there")
}

/// Counts the code that a start sends. Returns the end of the limit if none is left. A call leaves only when the
/// visitor asks for it on the next page, and is counted there.
async fn count_first_code(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    new: &Activation,
) -> anyhow::Result<Option<Timestamp>> {
    otp::ops::release_during_outages(tx, &new.identity_budget).await?;
    let (action, budget) = (RateLimit::SmsPerIdentity, &new.identity_budget);
    let verdict = if op.app.phone_parser.is_landline(&new.identity.phone) {
        limits::store::peek(tx, action, budget).await?
    } else {
        limits::store::consume(tx, action, budget).await?
    };
    Ok(match verdict {
        RateLimitDecision::Limited { until } => Some(until),
        RateLimitDecision::Allowed { .. } => None,
    })
}

async fn insert_activation(op: &Operation<'_>, tx: &mut UnitOfWork<'_>, new: &Activation) -> anyhow::Result<bool> {
    let Operation { app, now, .. } = *op;
    store::close_stale(tx, &new.browser_digest, &new.identity_budget).await?;
    let (challenge, purpose, expires) = (&new.challenge_id, ChallengePurpose::Activation, now.plus(otp::CODE_TTL));
    // A telephone at home rings when somebody is beside it.
    let called = app.phone_parser.is_landline(&new.identity.phone);
    if called {
        otp::store::insert_unsent(tx, challenge, purpose, expires).await?;
    } else {
        otp::store::insert(tx, challenge, purpose, expires).await?;
    }
    if !store::insert(tx, &app.master_key, new).await? {
        return Ok(false);
    }
    if !called {
        send_code::enqueue_send_code(op, tx, new, 1).await?;
    }
    Ok(true)
}
