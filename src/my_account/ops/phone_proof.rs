//! « Vérifier mon portable »: a code by SMS, typed in the session that asked, proves the roster's number.
//!
//! A number given up by mistake comes back by it, and only where the school exported that number again afterwards: the
//! school says whose it is, the code says who holds it (docs/threats.md#threat-s13).

use serde::{Deserialize, Serialize};

use super::closing::{GiveUpRefusal, check_proof};
use crate::accounts::phones::AccountPhone;
use crate::accounts::store::phone_proofs::{self, PhoneProof};
use crate::accounts::store::phones;
use crate::accounts::{self, Account};
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::Timestamp;
use crate::base::ids::id128;
use crate::base::lang::Lang;
use crate::base::typed_ids::{AccountId, ChallengeId};
use crate::crypto::HmacPurpose;
use crate::db::Durability;
use crate::limits::{self, RateLimit, RateLimitDecision};
use crate::notify::ops::NoticeRequest;
use crate::notify::{self, AccountNoticeKind};
use crate::otp::ops::CodeRequest;
use crate::otp::{self, ChallengePurpose, CodeVerification, TypedCode};
use crate::outbox::{self, Job, JobKind, JobOutcome};
use crate::recovery::YOUNG_PHONE;
use crate::sessions::Session;
use crate::{credentials, roster, sessions, tenants};

/// The outcome of a request for a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskProofOutcome {
    Sent,
    Refused(GiveUpRefusal),
    /// The roster has no number, or the person gave it up and the school did not export it again.
    NoNumber,
    /// The school wrote the number less than 72 hours ago.
    Young {
        until: Timestamp,
    },
    /// The account's codes of the day are used up.
    TooMany {
        until: Timestamp,
    },
}

/// The outcome of a typed code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProvePhoneOutcome {
    Proven,
    Rejected(CodeVerification),
    /// No code waits in this session, or the number is another one by now.
    NothingAsked,
    /// The password was replaced since the code was asked for.
    Caution {
        until: Timestamp,
    },
}

/// The body of the job.
#[derive(Debug, Serialize, Deserialize)]
struct SendPhoneProofJob {
    account: AccountId,
    challenge: ChallengeId,
    support_code: String,
    lang: Lang,
}

fn budget_key(op: &Operation<'_>, account_id: &AccountId) -> String {
    op.app.master_key.hmac(HmacPurpose::LimiterKey, &format!("phone_proof/{account_id}"))
}

/// Returns the end of the days in which the school's number proves nothing; `None` if they are over, or if the number was
/// proven since.
pub fn young_until(phone: &AccountPhone, now: Timestamp) -> Option<Timestamp> {
    let until = phone.history.since.plus(YOUNG_PHONE);
    let proven_since = phone.history.proven_at.is_some_and(|at| at >= phone.history.since);
    (now < until && !proven_since).then_some(until)
}

/// Asks for a code to the account's number, by the account's password. A second click within a minute sends none.
pub async fn ask_phone_proof(
    op: &Operation<'_>,
    (session, account): (&Session, &Account),
    typed: (&str, &[String]),
    (support_code, lang): (&str, Lang),
) -> anyhow::Result<AskProofOutcome> {
    let Operation { app, now, .. } = *op;
    if let Err(why) = check_proof(op, (session, account), typed).await? {
        return Ok(AskProofOutcome::Refused(why));
    }
    let budget = budget_key(op, &account.id);
    let mut tx = op.write(Durability::Relaxed).await?;
    if let Err(why) = credentials::ops::lock_owner(&mut tx, (session, account)).await? {
        tx.rollback().await?;
        return Ok(AskProofOutcome::Refused(why.into()));
    }
    let phone = phones::find_phone(&mut tx, &account.id).await?.filter(AccountPhone::is_provable);
    let Some(phone) = phone else {
        tx.rollback().await?;
        return Ok(AskProofOutcome::NoNumber);
    };
    if let Some(until) = young_until(&phone, now) {
        tx.rollback().await?;
        return Ok(AskProofOutcome::Young { until });
    }
    let asked = phone_proofs::find(&mut tx, &account.id).await?.filter(|asked| asked.session_id == session.id);
    if let Some(asked) = asked.filter(|asked| now < Timestamp(asked.asked_at).plus(otp::resend_delay(1)))
        && otp::store::find(&mut tx, &asked.challenge_id).await?.is_some_and(|challenge| challenge.tries_left > 0)
    {
        tx.rollback().await?;
        return Ok(AskProofOutcome::Sent);
    }
    otp::ops::release_during_outages(&mut tx, &budget).await?;
    if let RateLimitDecision::Limited { until } =
        limits::store::consume(&mut tx, RateLimit::SmsPerIdentity, &budget).await?
    {
        tx.rollback().await?;
        app.metrics.record_limited(RateLimit::SmsPerIdentity.name(), "budget");
        return Ok(AskProofOutcome::TooMany { until });
    }
    let challenge_id = ChallengeId::new(id128(app.rng.as_ref()));
    otp::store::insert(&mut tx, &challenge_id, ChallengePurpose::Phone, now.plus(otp::CODE_TTL)).await?;
    let body = serde_json::to_string(&SendPhoneProofJob {
        account: account.id.clone(),
        challenge: challenge_id.clone(),
        support_code: support_code.to_owned(),
        lang,
    })?;
    let new = PhoneProof {
        account_id: account.id.clone(),
        session_id: session.id.clone(),
        challenge_id,
        person_id: phone.person_id,
        asked_at: now.0,
    };
    phone_proofs::replace(&mut tx, &new).await?;
    outbox::enqueue(&mut tx, &app.master_key, JobKind::SendPhoneProof, &body).await?;
    tx.commit().await?;
    app.job_notifier.notify(JobKind::SendPhoneProof);
    Ok(AskProofOutcome::Sent)
}

/// Sends the code that was asked for, within the budgets of every code.
pub async fn send_phone_proof(op: &Operation<'_>, job: &Job) -> anyhow::Result<JobOutcome> {
    let app = op.app;
    let errand: SendPhoneProofJob = serde_json::from_str(&job.body)?;
    let mut tx = app.db.read().await?;
    let asked = phone_proofs::find(&mut tx, &errand.account).await?;
    let Some(asked) = asked.filter(|asked| asked.challenge_id == errand.challenge) else {
        return Ok(JobOutcome::Done);
    };
    let phone = phones::find_phone(&mut tx, &errand.account).await?;
    let phone = phone.filter(|phone| phone.is_provable() && phone.person_id == asked.person_id);
    let Some(phone) = phone else { return Ok(JobOutcome::Discard) };
    drop(tx);
    let to = roster::sealed_rows::open_mobile(&app.master_key, &phone.person_id, &phone.sealed)?;
    let request = CodeRequest {
        challenge_id: &errand.challenge,
        sends: 1,
        to: to.as_str(),
        lang: errand.lang,
        persons: std::slice::from_ref(&phone.person_id),
        account: Some(&errand.account),
        device_id: None,
        support_code: &errand.support_code,
        voice: false,
        event: AuditEvent::PhoneProofAsked,
    };
    otp::ops::send(op, job, request).await
}

/// Proves the number by the code that this session asked for.
pub async fn prove_phone(
    op: &Operation<'_>,
    session: &Session,
    account_id: &AccountId,
    lang: Lang,
    typed: &TypedCode,
) -> anyhow::Result<ProvePhoneOutcome> {
    let app = op.app;
    let mut tx = op.write(Durability::Durable).await?;
    // The account's row first: a new password, or giving the number up, comes before or after this and not between.
    let account = accounts::store::find_and_lock(&mut tx, account_id).await?;
    if let Some(until) = account.and_then(|account| account.caution(op.now)) {
        tx.rollback().await?;
        return Ok(ProvePhoneOutcome::Caution { until });
    }
    let asked = phone_proofs::find(&mut tx, account_id).await?.filter(|asked| asked.session_id == session.id);
    // Of a session that ended since the page was shown, nothing is taken.
    let is_signed_in = sessions::store::lock(&mut tx, &session.id).await?;
    let Some(asked) = asked.filter(|_| is_signed_in) else {
        tx.rollback().await?;
        return Ok(ProvePhoneOutcome::NothingAsked);
    };
    let checked = otp::ops::verify(op, &mut tx, &asked.challenge_id, &budget_key(op, account_id), typed).await?;
    if checked != CodeVerification::Correct {
        tx.commit().await?;
        return Ok(ProvePhoneOutcome::Rejected(checked));
    }
    phone_proofs::delete(&mut tx, account_id).await?;
    let proven = phone_proofs::record(&mut tx, &asked).await?;
    for person_id in &proven.restored {
        tenants::store::settle_phone_disowned(&mut tx, person_id).await?;
    }
    let about = AuditDetails { account: Some(account_id), ..AuditDetails::default() };
    if !proven.restored.is_empty() {
        audit::store::record(&mut tx, AuditEvent::PhoneRestored, about).await?;
        // Also in the browser that did it: a session left open may be somebody else's by now.
        let what =
            NoticeRequest { account_id, kind: AccountNoticeKind::PhoneRestored, detail: "", device_id: None, lang };
        notify::ops::notify_person(&mut tx, app.into(), what).await?;
    } else if !proven.persons.is_empty() {
        audit::store::record(&mut tx, AuditEvent::PhoneProven, about).await?;
    }
    tx.commit().await?;
    app.job_notifier.notify(JobKind::Mail);
    let any = !proven.restored.is_empty() || !proven.persons.is_empty();
    Ok(if any { ProvePhoneOutcome::Proven } else { ProvePhoneOutcome::NothingAsked })
}
