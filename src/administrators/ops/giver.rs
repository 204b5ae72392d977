//! Who gives or ends a role, and what they may: read in the transaction of the act, never remembered
//! (docs/threats.md#attack-p1).

use super::{OnDuty, find_place};
use crate::administrators::roles::AdminRole;
use crate::administrators::territory::{RoleGrant, Territory, may_give};
use crate::base::clock::Timestamp;
use crate::db::UnitOfWork;

/// The party that gives or ends a role.
#[derive(Clone, Copy, Debug)]
pub enum RoleGiver<'a> {
    /// The operator at the command line, who may give every role.
    Operator(&'a str),
    Administrator(&'a OnDuty),
}

impl RoleGiver<'_> {
    pub(super) fn id(&self) -> &str {
        match self {
            RoleGiver::Operator(name) => name,
            RoleGiver::Administrator(on_duty) => &on_duty.administrator.id,
        }
    }

    /// Returns true if the giver may give, change or end a role; roles are read in the transaction.
    pub(super) async fn may(
        &self,
        tx: &mut UnitOfWork<'_>,
        (role, territory): (AdminRole, &Territory),
        until: Option<Timestamp>,
    ) -> anyhow::Result<bool> {
        let RoleGiver::Administrator(on_duty) = self else { return Ok(true) };
        let Some(place) = find_place(tx, territory).await? else { return Ok(false) };
        let own = on_duty.current_roles(tx).await?;
        let now = tx.now;
        let Some(grant) = may_give(&own, (role, &place), until, now).cloned() else { return Ok(false) };
        tx.actor = on_duty.actor(Some(&grant));
        Ok(true)
    }

    /// Returns true if the giver stands above a role: may take it, and the proofs of whoever holds it. A role that two
    /// agree on is above its like, or one alone could take a colleague's place and agree with an own gift.
    pub(super) async fn is_above(&self, tx: &mut UnitOfWork<'_>, grant: &RoleGrant) -> anyhow::Result<bool> {
        let until = Some(tx.now);
        if !self.may(tx, (grant.role, &grant.territory), until).await? {
            return Ok(false);
        }
        let RoleGiver::Administrator(on_duty) = self else { return Ok(true) };
        if !grant.role.needs_approval() {
            return Ok(true);
        }
        let Some(place) = find_place(tx, &grant.territory).await? else { return Ok(false) };
        let own = on_duty.current_roles(tx).await?;
        let higher = own.iter().any(|own| own.role == AdminRole::National && place.is_inside(&own.territory));
        Ok(grant.role == AdminRole::Academy && higher)
    }
}
