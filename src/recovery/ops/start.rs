//! Starts a recovery and enqueues its job: the same for every typed identifiant, known or not.

use super::send_code;
use crate::accounts::{self, identifier};
use crate::app::Operation;
use crate::base::clock::Timestamp;
use crate::base::ids::{id128, support_code};
use crate::base::lang::Lang;
use crate::base::secret::sha256_base64url;
use crate::base::source::SourceAddress;
use crate::base::typed_ids::{AccountId, ChallengeId, RecoveryId};
use crate::crypto::HmacPurpose;
use crate::db::{Durability, UnitOfWork};
use crate::devices;
use crate::interactions::Interaction;
use crate::limits::{self, RateLimit, RateLimitDecision, RateLimited};
use crate::otp::{self, ChallengePurpose};
use crate::outbox::JobKind;
use crate::recovery::{RECOVERY_TTL, Recovery, RecoveryChannel, RecoveryStep, store};

/// The outcome of a start.
#[derive(Debug)]
pub enum RecoveryStart {
    /// The id of the recovery, at the code step.
    Started { id: RecoveryId },
    /// Too many codes were requested for this identifiant today.
    TooManyCodes { until: Timestamp },
    /// Too many activations and recoveries of this source never verified a code.
    Limited(RateLimited),
}

/// The context of a start, from the request.
#[derive(Clone, Copy, Debug)]
pub struct RecoveryVisitor<'a> {
    pub navigation_cookie: &'a str,
    /// The device secrets in the browser's cookies.
    pub device_secrets: &'a [String],
    pub source: SourceAddress,
    pub lang: Lang,
}

/// Starts a recovery, or joins the one of the same identifiant and browser that waits for its code. The limits of the
/// source are consumed before any row is written; a known device of the account has budgets of its own and is exempt
/// from them (docs/threats.md#threat-s06, #attack-l5).
pub async fn start(
    op: &Operation<'_>,
    visitor: RecoveryVisitor<'_>,
    identifiant: &str,
    waiting: Option<(String, Interaction)>,
) -> anyhow::Result<RecoveryStart> {
    let Operation { app, now, .. } = *op;
    let browser = sha256_base64url(visitor.navigation_cookie);
    let folded = identifier::normalize(identifiant);
    let mut tx = app.db.read().await?;
    let account = accounts::store::find_by_identifiant(&mut tx, &folded).await?;
    let id = account.as_ref().map(|a| &a.id);
    let device = devices::ops::find_known(&mut tx, now, visitor.device_secrets, id).await?;
    drop(tx);
    let key = |text: String| app.master_key.hmac(HmacPurpose::LimiterKey, &text);
    let (budget, counted) = match &device {
        Some(device) => (key(format!("recovery/{folded}/device/{}", device.id)), None),
        None => match limits::ops::count_activation(op, visitor.source, &browser).await? {
            Ok(counted) => (key(format!("recovery/{folded}")), Some(counted)),
            Err(refused) => return Ok(RecoveryStart::Limited(refused)),
        },
    };
    let (interaction, request) = match waiting {
        Some((i, request)) => (Some(i), Some(serde_json::to_string(&request)?)),
        None => (None, None),
    };
    let new = Recovery {
        id: RecoveryId::new(id128(app.rng.as_ref())),
        channel: RecoveryChannel::Sms,
        step: RecoveryStep::Code,
        browser_digest: browser,
        identifiant: folded,
        typed_budget: budget,
        challenge_id: Some(ChallengeId::new(id128(app.rng.as_ref()))),
        letter_id: None,
        support_code: support_code(app.rng.as_ref()),
        lang: visitor.lang,
        interaction_id: interaction,
        pending_request: request,
        account_id: None,
        children: Vec::new(),
        outcome: None,
        source_counters: counted,
        device_id: device.map(|device| device.id),
        factor_at: None,
        created_at: now,
        expires_at: now.plus(RECOVERY_TTL),
    };
    // Two attempts: a double click on two connections may insert a row between the query and the insert.
    for _ in 0..2 {
        let mut tx = op.write(Durability::Relaxed).await?;
        store::close_stale(&mut tx, &new.browser_digest, &new.typed_budget).await?;
        if let Some(id) = store::find_open(&mut tx, &new.browser_digest, &new.typed_budget).await? {
            if new.interaction_id.is_some() {
                store::replace_request(&mut tx, &id, &new).await?;
            }
            tx.commit().await?;
            // The existing recovery is counted already.
            limits::ops::release_activation(op, new.source_counters.as_deref().unwrap_or_default()).await?;
            return Ok(RecoveryStart::Started { id });
        }
        otp::ops::release_during_outages(&mut tx, &new.typed_budget).await?;
        let verdict = limits::store::consume(&mut tx, RateLimit::SmsPerIdentity, &new.typed_budget).await?;
        if let RateLimitDecision::Limited { until } = verdict {
            tx.rollback().await?;
            app.metrics.record_limited(RateLimit::SmsPerIdentity.name(), "budget");
            return Ok(RecoveryStart::TooManyCodes { until });
        }
        if insert(op, &mut tx, &new).await? {
            tx.commit().await?;
            app.job_notifier.notify(JobKind::SendRecoveryCode);
            return Ok(RecoveryStart::Started { id: new.id });
        }
        tx.rollback().await?;
    }
    anyhow::bail!("a recovery is open and is not there")
}

async fn insert(op: &Operation<'_>, tx: &mut UnitOfWork<'_>, new: &Recovery) -> anyhow::Result<bool> {
    let Operation { app, now, .. } = *op;
    if let Some(challenge) = &new.challenge_id {
        otp::store::insert(tx, challenge, ChallengePurpose::Recovery, now.plus(otp::CODE_TTL)).await?;
    }
    if !store::insert(tx, &app.master_key, new).await? {
        return Ok(false);
    }
    send_code::enqueue(op, tx, new, 1).await?;
    Ok(true)
}

/// The proof by which another flow hands a person over to the recovery: a right code from the roster's mobile, in this
/// browser.
#[derive(Clone, Debug)]
pub struct ProvenPerson<'a> {
    pub account_id: &'a AccountId,
    pub identifiant: &'a str,
    /// The digest of the secret that binds the flow to the browser.
    pub browser_digest: &'a str,
    pub support_code: &'a str,
    pub lang: Lang,
    pub interaction_id: Option<&'a str>,
    pub pending_request: Option<&'a str>,
    pub expires_at: Timestamp,
}

/// Begins a recovery after a right code in another flow, in the transaction that ends that flow. Returns its id.
pub async fn begin_proven(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    person: ProvenPerson<'_>,
) -> anyhow::Result<RecoveryId> {
    let Operation { app, now, .. } = *op;
    let mut new = Recovery {
        id: RecoveryId::new(id128(app.rng.as_ref())),
        channel: RecoveryChannel::Sms,
        step: RecoveryStep::Code,
        browser_digest: person.browser_digest.to_owned(),
        identifiant: person.identifiant.to_owned(),
        typed_budget: app.master_key.hmac(HmacPurpose::LimiterKey, &format!("recovery/{}", person.identifiant)),
        challenge_id: None,
        letter_id: None,
        support_code: person.support_code.to_owned(),
        lang: person.lang,
        interaction_id: person.interaction_id.map(str::to_owned),
        pending_request: person.pending_request.map(str::to_owned),
        account_id: Some(person.account_id.clone()),
        children: Vec::new(),
        outcome: None,
        source_counters: None,
        device_id: None,
        factor_at: None,
        created_at: now,
        expires_at: person.expires_at,
    };
    super::code::advance_from_code(op, tx, &mut new).await?;
    anyhow::ensure!(store::insert(tx, &app.master_key, &new).await?, "a new recovery has the id of another");
    Ok(new.id)
}
