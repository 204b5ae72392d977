//! The code step: verification, resending, and the transition after a correct code.

use super::send_code;
use crate::accounts::{self, Account, AccountState};
use crate::activation::browser_binding::{self, BoundActivation};
use crate::activation::{ACTIVATION_TTL, Activation, ActivationOutcome, ActivationStep, store};
use crate::app::{CampaignStep, Operation};
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::calling_hours::{self, NextCall};
use crate::base::clock::{Span, Timestamp};
use crate::base::secret::sha256_base64url;
use crate::base::typed_ids::{AccountId, PersonId};
use crate::db::{Durability, Tx, UnitOfWork};
use crate::guardianship;
use crate::limits::{self, RateLimit};
use crate::otp::ops::ResendOutcome;
use crate::otp::{self, CodeVerification, TypedCode};
use crate::outbox::JobKind;
use crate::recovery::{self, RecoveryOutcome};
use crate::roster::matching::Candidate;
use crate::roster::{self, store::RosterChild};
use crate::tenants::{self, CampaignStatus, Notice, NoticeKind};

/// The outcome of a code verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeOutcome {
    /// Correct: the activation is now at this step.
    Accepted(ActivationStep),
    Rejected(CodeVerification),
}

/// Verifies and counts a code; a correct code advances the activation in the same transaction and replaces the binding
/// secret.
pub async fn verify_code(op: &Operation<'_>, held: &BoundActivation, typed: &TypedCode) -> anyhow::Result<CodeOutcome> {
    let app = op.app;
    let activation = &held.activation;
    let mut tx = op.write(Durability::Relaxed).await?;
    let budget = &activation.identity_budget;
    let checked = otp::ops::verify(op, &mut tx, &activation.challenge_id, budget, typed).await?;
    if checked != CodeVerification::Correct {
        tx.commit().await?;
        if matches!(checked, CodeVerification::RateLimited { .. }) {
            app.metrics.record_limited(RateLimit::SmsCode.name(), "budget");
        }
        return Ok(CodeOutcome::Rejected(checked));
    }
    let mut next = activation.clone();
    next.browser_digest =
        sha256_base64url(&browser_binding::next_secret(&app.master_key, &next.id, ActivationStep::Code, &held.secret));
    advance_from_code(op, &mut tx, &mut next).await?;
    let about =
        AuditDetails { account: next.account_id.as_ref(), detail: &next.support_code, ..AuditDetails::default() };
    audit::store::record(&mut tx, AuditEvent::CodeAccepted, about).await?;
    if !store::advance(&mut tx, ActivationStep::Code, &next).await? {
        // This transaction consumed the code, so only a concurrent request that advanced the activation can have left
        // the step.
        tx.rollback().await?;
        return Ok(CodeOutcome::Rejected(CodeVerification::Exhausted));
    }
    tx.commit().await?;
    app.metrics.record_activation(next.step.name());
    app.campaign_steps.note(&next.person_ids, CampaignStep::CodeRight, op.now);
    release_source_counters(op, activation).await?;
    Ok(CodeOutcome::Accepted(next.step))
}

/// Verifies a correct code again, for a browser that sent the code a moment ago and missed the response.
pub async fn repeat_code(op: &Operation<'_>, held: &BoundActivation, typed: &TypedCode) -> anyhow::Result<bool> {
    let mut tx = op.write(Durability::Relaxed).await?;
    let right = otp::ops::is_replay(op, &mut tx, &held.challenge_id, &held.identity_budget, typed).await?;
    tx.commit().await?;
    Ok(right)
}

/// Releases the counters of the source after a verified code. The counters of an activation older than an hour have
/// expired.
async fn release_source_counters(op: &Operation<'_>, activation: &Activation) -> anyhow::Result<()> {
    let now = op.now;
    let began = activation.expires_at.minus(ACTIVATION_TTL);
    if let Some(counted) = &activation.source_counters
        && now.since(began).0 < Span::hours(1).0
    {
        limits::ops::release_activation(op, counted).await?;
    }
    Ok(())
}

/// Advances the activation after a correct code: the first place where the result depends on the roster.
async fn advance_from_code(op: &Operation<'_>, tx: &mut UnitOfWork<'_>, next: &mut Activation) -> anyhow::Result<()> {
    let (app, now) = (op.app, op.now);
    let found = send_code::find_persons(tx, app, next).await?;
    next.person_ids = found.iter().map(|c| c.id.clone()).collect();
    if let Some(FoundAccount { account, untrusted }) = find_account(tx, now, &found).await? {
        next.account_id = Some(account.id.clone());
        if let Some(by) = account.suspended_by {
            let school = roster::store::pupils::find_school_of_suspension(tx, &account.id, account.profile).await?;
            return end_with(next, ActivationOutcome::Suspended { by, school });
        }
        if account.state == AccountState::Active {
            match untrusted {
                None => {}
                Some(RecoveryOutcome::YoungPhone { since, from }) => {
                    return end_with(next, ActivationOutcome::YoungPhone { since, from });
                }
                Some(_) => return end_with(next, ActivationOutcome::LetterNeeded),
            }
            mark_phone_proven(tx, &found).await?;
            next.step = ActivationStep::ExistingAccount;
            return Ok(());
        }
    }
    mark_phone_proven(tx, &found).await?;
    let children = list_children(tx, &found).await?;
    if children.is_empty() {
        return end_with(next, ActivationOutcome::NobodyToAttach);
    }
    // A person with an unfinished account may continue outside of the campaign too.
    if next.account_id.is_none()
        && let Some(outcome) = check_campaigns(tx, next, &children).await?
    {
        return end_with(next, outcome);
    }
    next.children = guardianship::ops::questions_for(children);
    next.step = ActivationStep::Children;
    Ok(())
}

/// Judges whether a code to the number of these persons may tell of one of their accounts: by the records of that account
/// alone. Another school's record would lend its trust to a number that was written yesterday.
async fn judge_number(
    tx: &mut Tx,
    now: Timestamp,
    found: &[Candidate],
    account_id: &AccountId,
) -> anyhow::Result<Option<RecoveryOutcome>> {
    let is_own = |person: &&Candidate| person.account_id.as_ref() == Some(account_id);
    let own: Vec<PersonId> = found.iter().filter(is_own).map(|person| person.id.clone()).collect();
    recovery::ops::judge_persons(tx, now, &own).await
}

/// Records that the number of these persons was proven by a right code; not for an account whose number is too young:
/// the code would make it trusted at once, because of another record.
async fn mark_phone_proven(tx: &mut UnitOfWork<'_>, found: &[Candidate]) -> anyhow::Result<()> {
    let now = tx.now;
    let mut proven = Vec::new();
    for person in found {
        let is_trusted = match &person.account_id {
            Some(id) if accounts::store::find(tx, id).await?.is_some_and(|a| a.state == AccountState::Active) => {
                judge_number(tx, now, found, id).await?.is_none()
            }
            _ => true,
        };
        if is_trusted {
            proven.push(&person.id);
        }
    }
    for person_id in proven {
        roster::store::mark_phone_proven(tx, person_id).await?;
    }
    Ok(())
}

fn end_with(next: &mut Activation, outcome: ActivationOutcome) -> anyhow::Result<()> {
    next.step = ActivationStep::Ended;
    next.outcome = Some(outcome);
    Ok(())
}

/// An account of the matching persons, with what stands against their number.
struct FoundAccount {
    account: Account,
    untrusted: Option<RecoveryOutcome>,
}

impl FoundAccount {
    /// An active account whose number is trusted comes first, then any active one.
    fn rank(&self) -> u8 {
        match (self.account.state, &self.untrusted) {
            (AccountState::Active, None) => 2,
            (AccountState::Active, Some(_)) => 1,
            _ => 0,
        }
    }
}

/// Returns the account of the matching persons that the code opens first; closed accounts are ignored.
async fn find_account(tx: &mut Tx, now: Timestamp, found: &[Candidate]) -> anyhow::Result<Option<FoundAccount>> {
    let mut best: Option<FoundAccount> = None;
    for id in found.iter().filter_map(|c| c.account_id.as_ref()) {
        let Some(account) = accounts::store::find(tx, id).await? else { continue };
        if account.state == AccountState::Closed {
            continue;
        }
        let one = FoundAccount { untrusted: judge_number(tx, now, found, id).await?, account };
        if best.as_ref().is_none_or(|best| one.rank() > best.rank()) {
            best = Some(one);
        }
    }
    Ok(best)
}

async fn list_children(tx: &mut Tx, found: &[Candidate]) -> anyhow::Result<Vec<RosterChild>> {
    let mut all = Vec::new();
    for person in found {
        all.extend(roster::store::list_children_of_person(tx, &person.id).await?);
    }
    Ok(all)
}

/// Returns `None` if a campaign of one school is open; else the outcome to show. If no campaign is upcoming, the
/// schools get a notice of the request to reopen.
async fn check_campaigns(
    tx: &mut UnitOfWork<'_>,
    next: &Activation,
    children: &[RosterChild],
) -> anyhow::Result<Option<ActivationOutcome>> {
    let now = tx.now;
    // A help desk may have opened the activation for one person alone.
    for person_id in &next.person_ids {
        if tenants::store::exceptions::find_campaign_exception(tx, person_id).await?.is_some_and(|until| until > now) {
            return Ok(None);
        }
    }
    let mut later: Option<(Timestamp, &RosterChild)> = None;
    let mut over: Option<(Option<Timestamp>, &RosterChild)> = None;
    for child in children {
        match tenants::campaign_status(tenants::store::find_campaign(tx, &child.uai).await?, now) {
            CampaignStatus::Open => return Ok(None),
            CampaignStatus::Upcoming(opens) if later.is_none_or(|(t, _)| opens < t) => later = Some((opens, child)),
            CampaignStatus::Closed(since) if over.is_none_or(|(t, _)| Some(since) > t) => {
                over = Some((Some(since), child))
            }
            CampaignStatus::NotPlanned if over.is_none() => over = Some((None, child)),
            CampaignStatus::Upcoming(_) | CampaignStatus::Closed(_) | CampaignStatus::NotPlanned => {}
        }
    }
    if let Some((opens, child)) = later {
        return Ok(Some(ActivationOutcome::NotOpenYet { school: child.school.clone(), opens }));
    }
    for child in children {
        let notice = Notice {
            uai: &child.uai,
            person_id: &child.person_id,
            pupil_id: None,
            kind: NoticeKind::Reopening,
            support_code: &next.support_code,
        };
        tenants::store::upsert_notice(tx, &notice).await?;
    }
    Ok(over.map(|(since, child)| ActivationOutcome::Closed { school: child.school.clone(), since }))
}

/// Sends another code, or returns the waiting time or the limit.
pub async fn resend_code(op: &Operation<'_>, activation: &Activation) -> anyhow::Result<Option<ResendOutcome>> {
    if next_call(op, activation).is_some() {
        return Ok(None);
    }
    let mut tx = op.write(Durability::Relaxed).await?;
    let answer = otp::ops::request_resend(&mut tx, &activation.challenge_id, &activation.identity_budget).await?;
    if let ResendOutcome::Sent { sends } = answer {
        send_code::enqueue_send_code(op, &mut tx, activation, sends).await?;
        tx.commit().await?;
        op.app.job_notifier.notify(JobKind::SendCode);
    } else {
        tx.rollback().await?;
    }
    Ok(Some(answer))
}

/// Returns when the telephone of an activation may ring, if it is a landline that may not ring now. Depends on what was
/// typed alone: it is the same whether anybody is known by it.
pub fn next_call(op: &Operation<'_>, activation: &Activation) -> Option<NextCall> {
    let phone = &activation.identity.phone;
    let is_landline = op.app.phone_parser.is_landline(phone);
    is_landline.then(|| calling_hours::next_call(phone, op.now)).flatten()
}
