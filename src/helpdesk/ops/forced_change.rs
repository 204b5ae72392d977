//! The forced change of the passwords of a cohort, after passwords were stolen (docs/threats.md#threat-s18).
//!
//! From then on the right password opens no session: it leads to the recovery, with its code and its dates, because
//! the password is what the thief has too. The sessions of a batch end in the transaction that forces its passwords: a
//! thief who is signed in would otherwise stay, and a command that stops half-way leaves no account between the two.

use std::collections::{BTreeSet, HashSet};

use super::{find, stated};
use crate::accounts::store::cohorts::{self, CohortPage};
use crate::accounts::{Account, AccountState};
use crate::app::{DatabaseOperation, StorageOperation};
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::{Clock, Timestamp};
use crate::base::profile::Profile;
use crate::base::typed_ids::AccountId;
use crate::base::uai::Uai;
use crate::db::{Durability, Tx};
use crate::helpdesk::AccountChangeError;
use crate::tenants::ops::TenantError;
use crate::{grants, sessions, tenants};

/// The number of accounts of one transaction: SQLite's other writers wait for it.
pub const FORCED_CHANGE_BATCH_ROWS: i64 = 1_000;

/// The accounts whose passwords must change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cohort {
    School(Uai),
    /// An academy, by id.
    Academy(String),
    /// Accounts by typed identifiant.
    Listed(Vec<String>),
}

/// An order to force the passwords of a cohort.
#[derive(Clone, Debug)]
pub struct ForcedChange {
    pub cohort: Cohort,
    /// Only accounts of this profile.
    pub profile: Option<Profile>,
    /// Only passwords chosen before this time; by default, before now.
    pub before: Option<Timestamp>,
    /// Identifiants that are left out.
    pub except: Vec<String>,
    pub reason: String,
    /// Counts without writing.
    pub dry_run: bool,
}

/// The numbers of a forced change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ForcedChangeReport {
    pub accounts: u64,
    /// Of these, without a mobile number in the roster: they need a letter of their school.
    pub without_mobile: u64,
    pub sessions: u64,
}

/// Forces the change of the passwords of a cohort, in batches. Accounts without a password, whose password is newer or
/// whose change is forced already are left out, so that a second call continues a first one that stopped. The clock says
/// the time of each batch: the audit is sealed a minute after the time of its rows, and those of an academy take longer.
pub async fn force_change(
    op: StorageOperation<'_>,
    clock: &dyn Clock,
    order: &ForcedChange,
) -> anyhow::Result<ForcedChangeReport> {
    let reason = stated(&order.reason)?;
    let before = order.before.map_or(op.now, |at| at.min(op.now));
    let mut tx = op.db.read().await?;
    check_cohort(&mut tx, &order.cohort).await?;
    let mut except = HashSet::new();
    for identifiant in &order.except {
        except.insert(find(&mut tx, identifiant).await?.id);
    }
    let listed = match &order.cohort {
        Cohort::Listed(identifiants) => list_unchanged(&mut tx, identifiants, order.profile, before).await?,
        Cohort::School(_) | Cohort::Academy(_) => Vec::new(),
    };
    drop(tx);
    let mut report = ForcedChangeReport::default();
    let at_present = || StorageOperation { database: DatabaseOperation { now: clock.now(), ..op.database }, ..op };
    let rows = usize::try_from(FORCED_CHANGE_BATCH_ROWS)?;
    for ids in listed.chunks(rows) {
        force_batch(at_present(), order, (reason, before), without(ids, &except), &mut report).await?;
    }
    for profile in [Profile::Responsable, Profile::Eleve] {
        if order.profile.is_some_and(|only| only != profile) {
            continue;
        }
        let mut after = String::new();
        loop {
            let page = CohortPage { profile, after: &after, before, most: FORCED_CHANGE_BATCH_ROWS };
            let mut tx = op.db.read().await?;
            let rows = match &order.cohort {
                Cohort::School(uai) => cohorts::list_of_school(&mut tx, uai, page).await?,
                Cohort::Academy(id) => cohorts::list_of_academy(&mut tx, id, page).await?,
                Cohort::Listed(_) => Vec::new(),
            };
            drop(tx);
            let Some((cursor, _)) = rows.last() else { break };
            after.clone_from(cursor);
            let ids: Vec<AccountId> = rows.into_iter().map(|(_, id)| id).collect();
            force_batch(at_present(), order, (reason, before), without(&ids, &except), &mut report).await?;
        }
    }
    Ok(report)
}

/// Refuses a school or an academy that is not declared.
async fn check_cohort(tx: &mut Tx, cohort: &Cohort) -> anyhow::Result<()> {
    match cohort {
        Cohort::School(uai) if tenants::store::find_school(tx, uai).await?.is_none() => {
            Err(TenantError::UnknownSchool(uai.to_string()).into())
        }
        Cohort::Academy(id) if !tenants::store::has_academy(tx, id).await? => {
            Err(AccountChangeError::UnknownAcademy(id.clone()).into())
        }
        Cohort::School(_) | Cohort::Academy(_) | Cohort::Listed(_) => Ok(()),
    }
}

/// Returns those of the listed accounts whose password must change; an unknown identifiant is an error before anything
/// is written.
async fn list_unchanged(
    tx: &mut Tx,
    identifiants: &[String],
    profile: Option<Profile>,
    before: Timestamp,
) -> anyhow::Result<Vec<AccountId>> {
    let mut ids = Vec::new();
    for identifiant in identifiants {
        let account: Account = find(tx, identifiant).await?;
        let is_old = account.password.is_some() && account.password_at.is_some_and(|at| at < before);
        let is_wanted = profile.is_none_or(|only| only == account.profile);
        if account.state == AccountState::Active && is_old && is_wanted && !account.must_change_password() {
            ids.push(account.id);
        }
    }
    Ok(ids)
}

fn without(ids: &[AccountId], except: &HashSet<AccountId>) -> Vec<AccountId> {
    ids.iter().filter(|id| !except.contains(*id)).cloned().collect()
}

/// Forces the passwords of one batch, and ends its sessions and refresh tokens. Known devices stay until the new
/// password forgets them: a device opens nothing by itself.
async fn force_batch(
    op: StorageOperation<'_>,
    order: &ForcedChange,
    (reason, before): (&str, Timestamp),
    ids: Vec<AccountId>,
    report: &mut ForcedChangeReport,
) -> anyhow::Result<()> {
    let mut tx = op.write(Durability::Durable).await?;
    let forced = if order.dry_run { ids } else { cohorts::force_change(&mut tx, &ids, before).await? };
    let with_mobile = cohorts::list_with_mobile(&mut tx, &forced).await?.len();
    report.accounts += u64::try_from(forced.len())?;
    report.without_mobile += u64::try_from(forced.len().saturating_sub(with_mobile))?;
    if order.dry_run {
        return Ok(tx.rollback().await?);
    }
    let (uai, detail) = match &order.cohort {
        Cohort::School(uai) => (Some(uai), String::new()),
        Cohort::Academy(id) => (None, id.clone()),
        Cohort::Listed(_) => (None, String::new()),
    };
    let about = AuditDetails { uai, detail: &detail, reason: Some(reason), ..AuditDetails::default() };
    audit::store::record_for_accounts(&mut tx, AuditEvent::PasswordChangeForced, &forced, about).await?;
    let mut open: BTreeSet<AccountId> =
        sessions::store::list_accounts_with_open(&mut tx, &forced).await?.into_iter().collect();
    open.extend(grants::store::families::list_accounts_with_open(&mut tx, &forced).await?);
    for id in open {
        report.sessions += sessions::ops::end_all(&mut tx, op.master_key, &id, Some(reason)).await?;
    }
    tx.commit().await?;
    Ok(())
}
