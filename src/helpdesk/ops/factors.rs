//! Removes the second factors of an account whose person lost them, or to which somebody else added one.

use super::{find_and_lock, stated};
use crate::accounts::Account;
use crate::app::StorageOperation;
use crate::base::lang::Lang;
use crate::db::{Durability, UnitOfWork};
use crate::helpdesk::AccountChangeError;
use crate::notify::ops::{NoticeContext, NoticeRequest};
use crate::notify::{self, AccountNoticeKind};
use crate::recovery::CAUTION;
use crate::{accounts, credentials, login, recovery, sessions};

/// The result of a removal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovedFactors {
    pub identifiant: String,
    /// The number of applications that counted.
    pub applications: usize,
    pub passkeys: usize,
    pub sessions: u64,
}

/// Removes every application, passkey and backup code of an account: from now on the password alone opens it. Its sessions,
/// refresh tokens, and the sign-ins and recoveries that wait for a factor end; what a thief would want waits for two
/// days; the person is told by banner and mail. The school has checked who asks.
pub async fn remove_factors(
    op: StorageOperation<'_>,
    notices: NoticeContext<'_>,
    identifiant: &str,
    reason: &str,
) -> anyhow::Result<RemovedFactors> {
    let reason = stated(reason)?;
    let mut tx = op.write(Durability::Durable).await?;
    let account = find_and_lock(&mut tx, identifiant).await?;
    let removed = remove_in(op, &mut tx, notices, &account, reason).await?;
    tx.commit().await?;
    Ok(removed)
}

/// Removes them in the caller's transaction.
pub(super) async fn remove_in(
    op: StorageOperation<'_>,
    tx: &mut UnitOfWork<'_>,
    notices: NoticeContext<'_>,
    account: &Account,
    reason: &str,
) -> anyhow::Result<RemovedFactors> {
    let held = credentials::store::find_factors(tx, &account.id).await?;
    if !held.is_required() {
        return Err(AccountChangeError::NoFactor(account.identifiant.clone()).into());
    }
    credentials::ops::remove_all_factors(tx, &account.id, Some(reason)).await?;
    let (applications, passkeys) = (held.totp.len(), held.passkeys.len());
    let sessions = sessions::ops::end_all(tx, op.master_key, &account.id, Some(reason)).await?;
    login::store::end_of_account(tx, &account.id).await?;
    recovery::store::end_at_factor(tx, &account.id).await?;
    let until = tx.now.plus(CAUTION);
    accounts::store::set_caution(tx, &account.id, until).await?;
    let (account_id, kind) = (&account.id, AccountNoticeKind::FactorRemoved);
    let what = NoticeRequest { account_id, kind, detail: "", device_id: None, lang: Lang::default() };
    notify::ops::notify_person(tx, notices, what).await?;
    Ok(RemovedFactors { identifiant: account.identifiant.clone(), applications, passkeys, sessions })
}
