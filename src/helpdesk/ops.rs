//! Suspends and resumes an account, and ends its sessions; [`factors`] removes its second factors,
//! [`pupils`] takes a wrong pupil out of it, [`forced_change`] is for the passwords of many, [`show`] for one screen;
//! [`search`], [`person`], [`repairs`] and [`letters`] are the console's.

pub mod codes;
pub mod factors;
pub mod forced_change;
pub mod letters;
pub mod near;
pub mod person;
pub mod portal;
pub mod pupils;
pub mod repairs;
pub mod search;
pub mod show;

use super::{AccountChangeError, AccountSuspension, store};
use crate::accounts::{self, Account, AccountState, SuspendedBy, identifier};
use crate::activation::{self, ActivationOutcome};
use crate::administrators::roles::AdminRole;
use crate::app::StorageOperation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::uai::Uai;
use crate::crypto::MasterKey;
use crate::db::{Durability, Tx, UnitOfWork};
use crate::recovery::{self, RecoveryOutcome};
use crate::{devices, roster, sessions};

/// Returns the trimmed reason; an empty one is refused.
fn stated(reason: &str) -> Result<&str, AccountChangeError> {
    Some(reason.trim()).filter(|reason| !reason.is_empty()).ok_or(AccountChangeError::NoReason)
}

/// Finds the account of a typed identifiant.
async fn find(tx: &mut Tx, identifiant: &str) -> anyhow::Result<Account> {
    let folded = match identifiant.trim() {
        // Of an account that an upstream made: nobody types it to sign in, and case counts.
        own if own.starts_with('~') => own.to_owned(),
        typed => identifier::normalize(typed),
    };
    let found = accounts::store::find_by_identifiant(tx, &folded).await?;
    Ok(found.ok_or(AccountChangeError::Unknown(folded))?)
}

/// Finds the account of a typed identifiant, and locks its row until the end of the transaction.
async fn find_and_lock(tx: &mut UnitOfWork<'_>, identifiant: &str) -> anyhow::Result<Account> {
    let account = find(tx, identifiant).await?;
    let locked = accounts::store::find_and_lock(tx, &account.id).await?;
    Ok(locked.ok_or(AccountChangeError::Unknown(account.identifiant))?)
}

/// The result of an end of sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedSessions {
    pub identifiant: String,
    pub sessions: u64,
    /// The number of forgotten devices.
    pub devices: u64,
}

/// Suspends an account, for the operator.
pub async fn suspend(op: StorageOperation<'_>, identifiant: &str, reason: &str) -> anyhow::Result<EndedSessions> {
    let reason = stated(reason)?;
    let mut tx = op.write(Durability::Durable).await?;
    let account = find_and_lock(&mut tx, identifiant).await?;
    let about = AuditDetails { reason: Some(reason), ..AuditDetails::default() };
    let ended = suspend_in(&mut tx, op.master_key, (&account, SuspendedBy::Operator), about).await?;
    tx.commit().await?;
    Ok(ended)
}

/// Suspends an account in the caller's transaction, which locked it: its sessions, refresh tokens, known devices and
/// unfinished activations and recoveries end, and relying parties are told. Its letters and its password stay: they serve
/// again once it is resumed. `about` has the reason, and what else the audit tells.
async fn suspend_in(
    tx: &mut UnitOfWork<'_>,
    master_key: &MasterKey,
    (account, by): (&Account, SuspendedBy),
    about: AuditDetails<'_>,
) -> anyhow::Result<EndedSessions> {
    if !accounts::store::suspend(tx, &account.id, by).await? {
        return Err(match account.suspended_by {
            Some(by) => AccountChangeError::SuspendedAlready(account.identifiant.clone(), by),
            None => AccountChangeError::State(account.identifiant.clone(), account.state),
        }
        .into());
    }
    let (before, after) = (Some(account.state.name()), Some("suspended"));
    let told = AuditDetails { account: Some(&account.id), before, after, ..about };
    audit::store::record(tx, AuditEvent::AccountSuspended, told).await?;
    let sessions = sessions::ops::end_all(tx, master_key, &account.id, about.reason).await?;
    let devices = devices::store::forget_others(tx, &account.id, None).await?;
    let school = roster::store::pupils::find_school_of_suspension(tx, &account.id, account.profile).await?;
    let outcome = RecoveryOutcome::Suspended { by, school: school.clone() };
    recovery::store::end_unfinished(tx, &account.id, None, &outcome).await?;
    let outcome = ActivationOutcome::Suspended { by, school };
    activation::store::end_unfinished(tx, &account.id, None, &outcome).await?;
    Ok(EndedSessions { identifiant: account.identifiant.clone(), sessions, devices })
}

/// Finds the suspension of an account.
async fn find_suspension(tx: &mut Tx, account: Option<&Account>) -> anyhow::Result<Option<AccountSuspension>> {
    let Some((account, by)) = account.and_then(|account| Some((account, account.suspended_by?))) else {
        return Ok(None);
    };
    let role = store::person::find_suspending_role(tx, &account.id).await?;
    let of_head = role.as_deref().and_then(|role| role.split_once('@')).filter(|_| by == SuspendedBy::School);
    let of_head = of_head.filter(|(role, _)| *role == AdminRole::SchoolHead.name());
    let school = match of_head.and_then(|(_, uai)| Uai::parse(uai).ok()) {
        Some(uai) => store::person::find_place_of_account(tx, &account.id, &uai).await?,
        None => None,
    };
    Ok(Some(AccountSuspension { by, role, school }))
}

/// Lifts the suspension of an account, whoever suspended it. Returns the account as it was.
pub async fn resume(op: StorageOperation<'_>, identifiant: &str, reason: &str) -> anyhow::Result<Account> {
    let reason = stated(reason)?;
    let mut tx = op.write(Durability::Durable).await?;
    let account = find_and_lock(&mut tx, identifiant).await?;
    resume_in(&mut tx, &account, reason).await?;
    tx.commit().await?;
    Ok(account)
}

/// Lifts the suspension of an account in the caller's transaction.
async fn resume_in(tx: &mut UnitOfWork<'_>, account: &Account, reason: &str) -> anyhow::Result<()> {
    if !accounts::store::resume(tx, &account.id).await? {
        return Err(AccountChangeError::NotSuspended(account.identifiant.clone()).into());
    }
    let before = account.suspended_by.map(|by| format!("suspended by {}", by.name()));
    let about = AuditDetails {
        account: Some(&account.id),
        reason: Some(reason),
        before: before.as_deref(),
        after: Some(account.state.name()),
        ..AuditDetails::default()
    };
    audit::store::record(tx, AuditEvent::AccountResumed, about).await?;
    Ok(())
}

/// Ends the sessions and refresh tokens of an account, and tells relying parties. Its known devices stay known, because
/// a device opens nothing by itself, unless `forget_devices`.
pub async fn end_sessions(
    op: StorageOperation<'_>,
    identifiant: &str,
    reason: &str,
    forget_devices: bool,
) -> anyhow::Result<EndedSessions> {
    let reason = stated(reason)?;
    let mut tx = op.write(Durability::Durable).await?;
    let account = find_and_lock(&mut tx, identifiant).await?;
    if account.state == AccountState::Closed {
        return Err(AccountChangeError::State(account.identifiant, account.state).into());
    }
    let sessions = sessions::ops::end_all(&mut tx, op.master_key, &account.id, Some(reason)).await?;
    let devices = if forget_devices { forget_devices_in(&mut tx, &account, reason).await? } else { 0 };
    tx.commit().await?;
    Ok(EndedSessions { identifiant: account.identifiant, sessions, devices })
}

/// Forgets the known devices of an account in the caller's transaction. Returns their number.
async fn forget_devices_in(tx: &mut UnitOfWork<'_>, account: &Account, reason: &str) -> anyhow::Result<u64> {
    let devices = devices::store::forget_others(tx, &account.id, None).await?;
    let detail = devices.to_string();
    let about =
        AuditDetails { account: Some(&account.id), detail: &detail, reason: Some(reason), ..AuditDetails::default() };
    audit::store::record(tx, AuditEvent::DeviceForgotten, about).await?;
    Ok(devices)
}

/// Ends the sessions of an account and forgets its devices in the caller's transaction, as after a phone was lost.
async fn end_sessions_in(
    tx: &mut UnitOfWork<'_>,
    master_key: &MasterKey,
    account: &Account,
    reason: &str,
) -> anyhow::Result<()> {
    // Locked first, like by a sign-in: one that is under way ends before its session is listed, or begins after this.
    let current = accounts::store::find_and_lock(tx, &account.id).await?;
    if current.is_none_or(|current| current.state == AccountState::Closed) {
        return Err(AccountChangeError::State(account.identifiant.clone(), account.state).into());
    }
    sessions::ops::end_all(tx, master_key, &account.id, Some(reason)).await?;
    forget_devices_in(tx, account, reason).await?;
    Ok(())
}
