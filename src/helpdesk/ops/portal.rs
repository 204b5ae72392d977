//! The services that do not know somebody yet: they know people by a roster's key, and the academy's list of the night has
//! not brought it. The person reads the same at the sign-in (`oidc::authorization`); here the help desk reads it.

use crate::accounts::{Account, AccountState};
use crate::app::Operation;
use crate::clients::{self, Perimeter, SubjectType};
use crate::db::Tx;
use crate::helpdesk::store::person::TieRow;
use crate::subjects;

/// A service that waits for the academy's list.
#[derive(Clone, Debug)]
pub struct NightlyService {
    pub name: String,
    perimeter: Perimeter,
}

impl NightlyService {
    /// True if one of these current ties lies in the service's perimeter.
    pub fn covers(&self, ties: &[TieRow]) -> bool {
        let gives_rights = |tie: &&TieRow| tie.is_current && (tie.level == "legal" || tie.level == "own");
        let within = |tie: &TieRow| self.perimeter.covers(&tie.uai, &tie.academy, &tie.ministry);
        ties.iter().filter(gives_rights).any(within)
    }
}

/// Lists the services in whose perimeter an active account is, and for which it has no roster key.
pub async fn list_services_without(
    op: &Operation<'_>,
    tx: &mut Tx,
    account: Option<&Account>,
    ties: &[TieRow],
) -> anyhow::Result<Vec<NightlyService>> {
    let Some(account) = account.filter(|account| account.state == AccountState::Active) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for client in clients::store::list_from_files(tx).await? {
        let service =
            NightlyService { name: client.meta.client_name.clone(), perimeter: client.meta.perimeter.clone() };
        let is_for_them = service.perimeter.includes_profile(account.profile) && service.covers(ties);
        if client.meta.subject_type != SubjectType::Roster || !client.is_usable() || !is_for_them {
            continue;
        }
        let key = &op.app.master_key;
        if !subjects::ops::find_subject_or_stand_in(key, tx, &client.meta, &account.id).await?.is_real {
            found.push(service);
        }
    }
    Ok(found)
}
