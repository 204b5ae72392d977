//! The link of the signed-in account to the upstream of parents is begun, or ended, after the password.

use crate::accounts;
use crate::app::Operation;
use crate::config::deployment::Upstream;
use crate::credentials::ops::{FactorChangeRefusal, FactorOwner};
use crate::credentials::{self, ProofRefusal};
use crate::db::Durability;
use crate::federation;

/// The change of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpstreamChange {
    /// The session may go to the upstream and link it.
    Link,
    Remove,
}

/// Judges the password, and lets the session link the upstream or ends the link. The last way in is not removed.
///
/// # Errors
/// The password is not proven, a caution holds, or there is nothing to remove.
pub async fn change_upstream_link(
    op: &Operation<'_>,
    owner: FactorOwner<'_>,
    (upstream, change): (&Upstream, UpstreamChange),
    password: &str,
) -> anyhow::Result<Result<(), FactorChangeRefusal>> {
    let (session, account) = (owner.session, owner.account);
    // Removing is never held back: a thief's link is what a person comes to remove.
    if let Some(until) = account.caution(op.now).filter(|_| change == UpstreamChange::Link) {
        return Ok(Err(FactorChangeRefusal::Caution { until }));
    }
    if let Err(why) = credentials::ops::prove_owner(op, (session, account), password, owner.device_secrets).await? {
        return Ok(Err(FactorChangeRefusal::NotProven(why)));
    }
    if change == UpstreamChange::Link {
        federation::ops::permit_link(op, session).await?;
        return Ok(Ok(()));
    }
    let mut tx = op.write(Durability::Durable).await?;
    let current = accounts::store::find_and_lock(&mut tx, &account.id).await?;
    if !current.is_some_and(|current| current.is_usable() && current.password == account.password) {
        tx.rollback().await?;
        return Ok(Err(FactorChangeRefusal::NotProven(ProofRefusal::Wrong)));
    }
    if !federation::ops::unlink_account(&mut tx, account, (&upstream.id, &upstream.issuer)).await? {
        tx.rollback().await?;
        return Ok(Err(FactorChangeRefusal::NotPossible));
    }
    tx.commit().await?;
    Ok(Ok(()))
}
