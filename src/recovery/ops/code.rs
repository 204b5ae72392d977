//! The code step: verification, resending, and the transition after a correct code.

use super::{next_secret, send_code, send_mail};
use crate::accounts::{self, AccountState};
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::Span;
use crate::base::profile::Profile;
use crate::base::secret::sha256_base64url;
use crate::base::typed_ids::{ChallengeId, PupilId};
use crate::crypto::HmacPurpose;
use crate::db::{Durability, UnitOfWork};
use crate::guardianship::{self, ChildQuestion};
use crate::limits::{self, RateLimit};
use crate::otp::ops::ResendOutcome;
use crate::otp::{self, CodeVerification, TypedCode};
use crate::outbox::JobKind;
use crate::recovery::{BoundRecovery, Recovery, RecoveryChannel, RecoveryOutcome, RecoveryStep, judge_phone, store};
use crate::roster;
use crate::roster::store::pupils::EnrolledPupil;

/// The outcome of a code verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecoveryCodeOutcome {
    /// Correct: the recovery is now at this step.
    Accepted(RecoveryStep),
    Rejected(CodeVerification),
}

/// Verifies and counts a code; a correct code advances the recovery in the same transaction and replaces the binding
/// secret.
pub async fn verify_code(
    op: &Operation<'_>,
    held: &BoundRecovery,
    typed: &TypedCode,
) -> anyhow::Result<RecoveryCodeOutcome> {
    let Operation { app, now, .. } = *op;
    let Some(challenge_id) = &held.challenge_id else {
        return Ok(RecoveryCodeOutcome::Rejected(CodeVerification::Exhausted));
    };
    let mut tx = op.write(Durability::Relaxed).await?;
    let checked = otp::ops::verify(op, &mut tx, challenge_id, &held.typed_budget, typed).await?;
    if checked != CodeVerification::Correct {
        tx.commit().await?;
        if matches!(checked, CodeVerification::RateLimited { .. }) {
            app.metrics.record_limited(RateLimit::SmsCode.name(), "budget");
        }
        return Ok(RecoveryCodeOutcome::Rejected(checked));
    }
    if !is_still_recipient(op, &mut tx, held, challenge_id).await? {
        let left = otp::store::void_code(&mut tx, challenge_id).await?;
        tx.commit().await?;
        let tries_left = left.max(0);
        return Ok(RecoveryCodeOutcome::Rejected(match tries_left {
            0 => CodeVerification::Exhausted,
            tries_left => CodeVerification::Incorrect { tries_left },
        }));
    }
    let mut next = held.recovery.clone();
    next.browser_digest = sha256_base64url(&next_secret(&app.master_key, held, RecoveryStep::Code));
    let account = accounts::store::find_by_identifiant(&mut tx, &next.identifiant).await?;
    next.account_id = account.map(|account| account.id);
    advance_from_code(op, &mut tx, &mut next).await?;
    let about =
        AuditDetails { account: next.account_id.as_ref(), detail: &next.support_code, ..AuditDetails::default() };
    audit::store::record(&mut tx, AuditEvent::CodeAccepted, about).await?;
    if !store::advance(&mut tx, RecoveryStep::Code, &next).await? {
        // This transaction consumed the code, so only a concurrent request that advanced the recovery can have left the
        // step.
        tx.rollback().await?;
        return Ok(RecoveryCodeOutcome::Rejected(CodeVerification::Exhausted));
    }
    tx.commit().await?;
    // The counters of a recovery older than an hour have expired.
    if let Some(counted) = &next.source_counters
        && now.since(next.created_at).0 < Span::hours(1).0
    {
        limits::ops::release_activation(op, counted).await?;
    }
    Ok(RecoveryCodeOutcome::Accepted(next.step))
}

/// True if the identifiant still leads to the account that the code was sent to, and the account to the number or the
/// address. Read after a right code only, so that no time tells who exists (docs/threats.md#threat-s05).
async fn is_still_recipient(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    held: &Recovery,
    challenge_id: &ChallengeId,
) -> anyhow::Result<bool> {
    let master_key = &op.app.master_key;
    let Some(sent) = otp::store::find_recipient(tx, challenge_id).await? else { return Ok(false) };
    let account = accounts::store::find_by_identifiant(tx, &held.identifiant).await?;
    let Some(account) = account.filter(|account| account.id == sent.sent_account) else { return Ok(false) };
    if held.channel == RecoveryChannel::Mail {
        let email = accounts::store::emails::find_confirmed(tx, master_key, &account.id).await?;
        // Whether the account is in caution is judged later, and told.
        return Ok(email.is_some_and(|email| email.id == sent.sent_to));
    }
    let Some(phone) = accounts::store::phones::find_phone(tx, &account.id).await? else { return Ok(false) };
    let number = roster::sealed_rows::open_mobile(master_key, &phone.person_id, &phone.sealed)?;
    Ok(master_key.hmac(HmacPurpose::Phone, number.as_str()) == sent.sent_to)
}

/// Verifies a correct code again, for a browser that sent the code a moment ago and missed the response.
pub async fn repeat_code(op: &Operation<'_>, held: &BoundRecovery, typed: &TypedCode) -> anyhow::Result<bool> {
    let Some(challenge_id) = &held.challenge_id else { return Ok(false) };
    let mut tx = op.write(Durability::Relaxed).await?;
    let right = otp::ops::is_replay(op, &mut tx, challenge_id, &held.typed_budget, typed).await?;
    tx.commit().await?;
    Ok(right)
}

/// Advances the recovery after a correct code: the first place where the result depends on the account.
pub(super) async fn advance_from_code(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    next: &mut Recovery,
) -> anyhow::Result<()> {
    let account = match &next.account_id {
        Some(id) => accounts::store::find(tx, id).await?,
        None => None,
    };
    let Some(account) = account.filter(|a| a.state != AccountState::Closed) else {
        return end_with(next, RecoveryOutcome::NothingToAsk);
    };
    if let Some(by) = account.suspended_by {
        let school = roster::store::pupils::find_school_of_suspension(tx, &account.id, account.profile).await?;
        return end_with(next, RecoveryOutcome::Suspended { by, school });
    }
    if next.channel == RecoveryChannel::Mail {
        // Judged again: since the code was sent, the person may have said that something was not theirs.
        if send_mail::find_recovery_email(op, tx, &account).await?.is_none() {
            return end_with(next, RecoveryOutcome::UntrustedEmail);
        }
    } else if let Some(phone) = accounts::store::phones::find_phone(tx, &account.id).await? {
        let judged = judge_phone(phone.history, tx.now);
        if let Some(outcome) = judged.filter(|_| account.state == AccountState::Active) {
            return end_with(next, outcome);
        }
        roster::store::mark_phone_proven(tx, &phone.person_id).await?;
    }
    advance_to_proof(tx, next, account.profile).await
}

/// Asks for the birth date: of the pupil, or of the parent's children. Ended links serve when none is current.
pub(super) async fn advance_to_proof(
    tx: &mut UnitOfWork<'_>,
    next: &mut Recovery,
    profile: Profile,
) -> anyhow::Result<()> {
    let Some(account_id) = next.account_id.clone() else { return end_with(next, RecoveryOutcome::NothingToAsk) };
    if profile == Profile::Eleve {
        let own = roster::store::pupils::list_enrolments_of_account(tx, &account_id).await?;
        // Only the roster says who was born when: a pupil enrolled nowhere cannot be recognised.
        let Some(own) = own.into_iter().next() else { return end_with(next, RecoveryOutcome::NothingToAsk) };
        next.children = vec![own_question(own)];
        next.step = RecoveryStep::Birth;
        return Ok(());
    }
    let mut children = Vec::new();
    for person in roster::store::list_persons_of_account(tx, &account_id).await? {
        children.extend(roster::store::list_children_of_person(tx, &person).await?);
    }
    if children.is_empty() {
        children = roster::store::list_former_children_of_account(tx, &account_id).await?;
    }
    if children.is_empty() {
        return end_with(next, RecoveryOutcome::NothingToAsk);
    }
    let hidden: Vec<PupilId> = children.iter().filter(|c| c.is_hidden).map(|c| c.pupil_id.clone()).collect();
    next.children = guardianship::ops::questions_for(children);
    for child in &mut next.children {
        child.optional = hidden.contains(&child.pupil_id);
    }
    next.step = RecoveryStep::Dates;
    Ok(())
}

/// Returns the question to a pupil about the own birth date.
fn own_question(own: EnrolledPupil) -> ChildQuestion {
    let family = own.usage_name.as_deref().unwrap_or(&own.family_name);
    ChildQuestion {
        initial: family.chars().next().map(|c| c.to_uppercase().to_string()).unwrap_or_default(),
        pupil_id: own.pupil_id,
        person_ids: Vec::new(),
        given_name: own.given_name,
        school: own.school,
        uai: own.uai,
        settled: None,
        optional: false,
    }
}

fn end_with(next: &mut Recovery, outcome: RecoveryOutcome) -> anyhow::Result<()> {
    next.step = RecoveryStep::Ended;
    next.outcome = Some(outcome);
    Ok(())
}

/// Sends another code, or returns the waiting time or the limit.
pub async fn resend_code(op: &Operation<'_>, recovery: &Recovery) -> anyhow::Result<ResendOutcome> {
    let Some(challenge_id) = &recovery.challenge_id else { return Ok(ResendOutcome::LimitReached) };
    let mut tx = op.write(Durability::Relaxed).await?;
    let answer = otp::ops::request_resend(&mut tx, challenge_id, &recovery.typed_budget).await?;
    if let ResendOutcome::Sent { sends } = answer {
        send_code::enqueue(op, &mut tx, recovery, sends).await?;
        tx.commit().await?;
        op.app.job_notifier.notify(JobKind::SendRecoveryCode);
    } else {
        tx.rollback().await?;
    }
    Ok(answer)
}
