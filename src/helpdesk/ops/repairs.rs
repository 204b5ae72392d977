//! The acts that unblock one person, each one use case: who asked was checked, the reason is told, and the journal has
//! both.

use super::person::{PersonFile, Subject, place_of};
use crate::accounts;
use crate::administrators::ops::OnDuty;
use crate::administrators::roles::AdminAct;
use crate::administrators::territory::{Place, RoleGrant, may};
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::PupilId;
use crate::crypto::HmacPurpose;
use crate::db::{Durability, UnitOfWork};
use crate::guardianship::Guardianship;
use crate::helpdesk::diagnosis::Repair;
use crate::helpdesk::store::person::{self as rows, TieRow};
use crate::helpdesk::{AccountChangeError, AccountSuspension};
use crate::limits::{self, RateLimit, RateLimitDecision};
use crate::outbox::JobKind;
use crate::recovery::{self, RecoveryOutcome};
use crate::{letters, roster, tenants};

/// The time for which the activation opens for one person.
pub const REOPEN_TTL: Span = Span::days(7);
/// The maximum length of a reason, in characters.
const MAX_REASON_CHARS: usize = 300;

/// The way in which the identity of the person was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum IdentityCheck {
    /// In person, a paper with a photograph was seen.
    Paper,
    /// In person, and known to the agent.
    Known,
    /// Called back at the number that the school has.
    CalledBack,
}

impl IdentityCheck {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// An act of a help desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum HelpdeskAct {
    /// Opens the activation for this person, for seven days.
    Reopen,
    /// Gives the tries at the children's birth dates back.
    GiveTriesBack,
    /// Takes a *Non* back that was an error.
    LiftContest,
    ShowIdentifiant,
    /// Shuts the account, until it is resumed.
    Suspend,
    Resume,
    RemoveFactors,
    /// Ends every session and forgets the devices, for somebody who lost a phone.
    EndSessions,
    /// Takes printed letters back, whose codes serve no more: they bear a wrong name, or went to somebody else.
    WithdrawLetter,
}

impl HelpdeskAct {
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the act of the table of roles that it needs.
    pub fn needs(self) -> AdminAct {
        match self {
            HelpdeskAct::Reopen => AdminAct::ReopenForOne,
            HelpdeskAct::Suspend | HelpdeskAct::Resume => AdminAct::SuspendAccount,
            HelpdeskAct::RemoveFactors => AdminAct::RemoveFactors,
            // Whoever may print one takes it back.
            HelpdeskAct::WithdrawLetter => AdminAct::PrintLetter,
            HelpdeskAct::GiveTriesBack
            | HelpdeskAct::LiftContest
            | HelpdeskAct::ShowIdentifiant
            | HelpdeskAct::EndSessions => AdminAct::UnblockPerson,
        }
    }

    /// True if somebody asks for it, whose identity is checked. A suspension, and the end of a letter that bears a wrong name
    /// or was lost, are asked for by nobody.
    pub fn asks_for_identity(self) -> bool {
        !matches!(self, HelpdeskAct::Suspend | HelpdeskAct::WithdrawLetter)
    }
}

/// An act with how identity was checked, and why.
#[derive(Clone, Copy, Debug)]
pub struct RepairOrder<'a> {
    pub act: HelpdeskAct,
    /// `None` where nobody asks.
    pub check: Option<IdentityCheck>,
    pub reason: &'a str,
}

/// The outcome of an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RepairOutcome {
    Done,
    /// The identifiant, to be read out once.
    Identifiant(String),
    /// Open until this time.
    OpenUntil(Timestamp),
    /// The identity of whoever asks was not checked.
    NoCheck,
    NoReason,
    /// The role ended meanwhile, or never permitted it.
    NotPermitted,
    /// There is nothing to repair so, any more.
    NothingToDo,
}

/// Returns the trimmed reason; `None` if it is empty or too long.
fn stated(reason: &str) -> Option<&str> {
    let reason = reason.trim();
    (!reason.is_empty() && reason.chars().count() <= MAX_REASON_CHARS).then_some(reason)
}

/// Does an act for a person, by a role that is read again in the same transaction.
pub async fn repair(
    op: &Operation<'_>,
    on_duty: &OnDuty,
    file: &PersonFile,
    order: RepairOrder<'_>,
) -> anyhow::Result<RepairOutcome> {
    if order.act.asks_for_identity() && order.check.is_none() {
        return Ok(RepairOutcome::NoCheck);
    }
    let Some(reason) = stated(order.reason) else { return Ok(RepairOutcome::NoReason) };
    // Whoever had the child last year sees what was, and changes nothing.
    let places = match order.act {
        HelpdeskAct::WithdrawLetter if file.letters.is_empty() => return Ok(RepairOutcome::NothingToDo),
        HelpdeskAct::WithdrawLetter => file.places_of_letters(),
        _ => file.current_places(),
    };
    let mut tx = op.write(Durability::Durable).await?;
    let mut roles = on_duty.current_roles(&mut tx).await?;
    roles.retain(|grant| file.is_shown_by(grant));
    if let (HelpdeskAct::Resume, Some(account)) = (order.act, &file.account) {
        // Of several roles one that may end this suspension counts.
        let account = accounts::store::find_and_lock(&mut tx, &account.id).await?;
        let suspension = super::find_suspension(&mut tx, account.as_ref()).await?;
        roles.retain(|grant| suspension.as_ref().is_none_or(|suspension| suspension.may_be_ended_by(grant)));
    }
    let Some(grant) = may(&roles, order.act.needs(), &places, tx.now).cloned() else {
        tx.rollback().await?;
        return Ok(RepairOutcome::NotPermitted);
    };
    tx.actor = on_duty.actor(Some(&grant));
    let outcome = match order.act {
        HelpdeskAct::Reopen if file.repair != Repair::Reopen => RepairOutcome::NothingToDo,
        HelpdeskAct::Reopen => reopen(&mut tx, on_duty, file).await?,
        HelpdeskAct::GiveTriesBack => lift(op, &mut tx, (file, &grant, on_duty), "set_aside").await?,
        HelpdeskAct::LiftContest => lift(op, &mut tx, (file, &grant, on_duty), "contested").await?,
        HelpdeskAct::ShowIdentifiant => file
            .account
            .as_ref()
            .map_or(RepairOutcome::NothingToDo, |a| RepairOutcome::Identifiant(a.identifiant.clone())),
        HelpdeskAct::Suspend | HelpdeskAct::Resume | HelpdeskAct::RemoveFactors | HelpdeskAct::EndSessions => {
            change_account(op, &mut tx, (file, &grant), (order, reason)).await?
        }
        HelpdeskAct::WithdrawLetter => withdraw_letters(&mut tx, file, &grant, reason).await?,
    };
    if outcome == RepairOutcome::NothingToDo {
        tx.rollback().await?;
        return Ok(outcome);
    }
    // Whatever nobody asks for is a fact of its own, and unblocks nobody.
    if order.act.asks_for_identity() {
        let detail = format!("{}: {}", order.act.name(), order.check.map_or("", IdentityCheck::name));
        let about = AuditDetails {
            account: file.account.as_ref().map(|account| &account.id),
            detail: &detail,
            ..about(file, (&places, &grant), reason)
        };
        audit::store::record(&mut tx, AuditEvent::PersonUnblocked, about).await?;
    }
    tx.commit().await?;
    // What ends sessions tells the relying parties.
    for kind in [JobKind::Mail, JobKind::BackchannelLogout] {
        op.app.job_notifier.notify(kind);
    }
    Ok(outcome)
}

/// Returns the person, the place and the reason of an act for the audit: the place by which the role permits it, so that
/// the journal of that school has it, and no other.
fn about<'a>(file: &'a PersonFile, (places, grant): (&'a [Place], &RoleGrant), reason: &'a str) -> AuditDetails<'a> {
    let place = places.iter().find(|place| place.is_inside(&grant.territory));
    AuditDetails {
        person: file.person_id(),
        uai: place.and_then(|place| place.uai.as_ref()),
        academy: place.and_then(|place| place.academy.as_deref()),
        reason: Some(reason),
        ..AuditDetails::default()
    }
}

/// Changes the person's account, as it is by now: what was changed already is nothing to do.
async fn change_account(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    (file, grant): (&PersonFile, &RoleGrant),
    (order, reason): (RepairOrder<'_>, &str),
) -> anyhow::Result<RepairOutcome> {
    let Some(account) = &file.account else { return Ok(RepairOutcome::NothingToDo) };
    let Some(account) = accounts::store::find_and_lock(tx, &account.id).await? else {
        return Ok(RepairOutcome::NothingToDo);
    };
    let done = match order.act {
        HelpdeskAct::Suspend => {
            let (places, by) = (file.current_places(), AccountSuspension::authority_of(grant));
            let about = about(file, (&places, grant), reason);
            super::suspend_in(tx, &op.app.master_key, (&account, by), about).await.map(drop)
        }
        HelpdeskAct::Resume => super::resume_in(tx, &account, reason).await,
        HelpdeskAct::RemoveFactors => {
            super::factors::remove_in(op.storage(), tx, op.app.into(), &account, reason).await.map(drop)
        }
        _ => super::end_sessions_in(tx, &op.app.master_key, &account, reason).await,
    };
    match done {
        Ok(()) => Ok(RepairOutcome::Done),
        Err(error) if error.downcast_ref::<AccountChangeError>().is_some() => Ok(RepairOutcome::NothingToDo),
        Err(error) => Err(error),
    }
}

async fn reopen(tx: &mut UnitOfWork<'_>, on_duty: &OnDuty, file: &PersonFile) -> anyhow::Result<RepairOutcome> {
    let Some(person_id) = file.person_id() else { return Ok(RepairOutcome::NothingToDo) };
    let until = tx.now.plus(REOPEN_TTL);
    rows::set_campaign_exception(tx, person_id, (until, &on_duty.administrator.id)).await?;
    rows::settle_reopening(tx, person_id).await?;
    Ok(RepairOutcome::OpenUntil(until))
}

/// Shows the withheld children of the role's territory again, and gives their tries back.
async fn lift(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    (file, grant, on_duty): (&PersonFile, &RoleGrant, &OnDuty),
    kind: &str,
) -> anyhow::Result<RepairOutcome> {
    let Subject::Parent(parent) = &file.subject else { return Ok(RepairOutcome::NothingToDo) };
    let mut lifted: Vec<&PupilId> = Vec::new();
    let is_ours = |tie: &&TieRow| tie.is_current && place_of(tie).is_inside(&grant.territory);
    for tie in file.ties.iter().filter(is_ours).filter(|tie| tie.withheld.as_deref() == Some(kind)) {
        if lifted.contains(&&tie.pupil_id) {
            continue;
        }
        let ids = [parent.id.clone()];
        let child = Guardianship { person_ids: &ids, pupil_id: &tie.pupil_id, uai: &tie.uai };
        let key = op.app.master_key.hmac(HmacPurpose::LimiterKey, &child.budget_key());
        // A program would give somebody as many tries as there are days in a year.
        if kind == "set_aside" && on_duty.session().is_none() {
            let given = limits::store::consume(tx, RateLimit::TriesGivenBack, &key).await?;
            if matches!(given, RateLimitDecision::Limited { .. }) {
                continue;
            }
        }
        lifted.push(&tie.pupil_id);
        limits::store::reset(tx, RateLimit::BirthDate, &key).await?;
        roster::store::unhide_child(tx, &parent.id, &tie.pupil_id).await?;
        tenants::store::settle_child(tx, &parent.id, &tie.pupil_id).await?;
    }
    Ok(if lifted.is_empty() { RepairOutcome::NothingToDo } else { RepairOutcome::Done })
}

/// Ends the serving letters of the schools of the role's territory. A browser that typed such a code goes no further.
async fn withdraw_letters(
    tx: &mut UnitOfWork<'_>,
    file: &PersonFile,
    grant: &RoleGrant,
    reason: &str,
) -> anyhow::Result<RepairOutcome> {
    let places = file.places_of_letters();
    let mut outcome = RepairOutcome::NothingToDo;
    if let Some(account) = &file.account {
        // Before its letters: a new password ends the same ones, in an order of its own.
        accounts::store::find_and_lock(tx, &account.id).await?;
    }
    for letter in &file.letters {
        let is_of = |place: &Place| place.uai.as_ref() == Some(&letter.uai) && place.is_inside(&grant.territory);
        // It may have been used since the page was drawn.
        if places.iter().any(is_of) && letters::store::withdraw(tx, &letter.id).await? {
            recovery::store::end_of_letter(tx, &letter.id, &RecoveryOutcome::LetterWithdrawn).await?;
            let about = AuditDetails {
                account: file.account.as_ref().map(|account| &account.id),
                person: file.person_id(),
                uai: Some(&letter.uai),
                detail: &letter.kind,
                reason: Some(reason),
                ..AuditDetails::default()
            };
            audit::store::record(tx, AuditEvent::LetterWithdrawn, about).await?;
            outcome = RepairOutcome::Done;
        }
    }
    Ok(outcome)
}
