//! The services that refuse somebody whose account works.
//!
//! Some are for other schools, which the person read on a page with a support code. Others do not know somebody yet: they know people by a roster's key, and the academy's list of the night has
//! not brought it. The person reads the same at the sign-in (`oidc::authorization`); here the help desk reads it.

use crate::accounts::{Account, AccountState};
use crate::app::Operation;
use crate::base::clock::Span;
use crate::clients::{self, Perimeter, SubjectType};
use crate::db::Tx;
use crate::helpdesk::diagnosis::ServiceElsewhere;
use crate::helpdesk::store::person::TieRow;
use crate::http::pages::Page as _;
use crate::oidc::views::NothingInPerimeter;
use crate::subjects;
use crate::support::store as support;

/// The time for which a refusal is told: who came for another service is helped with that one.
const REFUSED_LATELY: Span = Span::days(7);

/// The services that refuse somebody whose account works.
#[derive(Clone, Debug)]
pub struct Refusals {
    elsewhere: Option<RefusingService>,
    unknown_to: Vec<NightlyService>,
}

impl Refusals {
    /// Returns the service that is for other schools, as it is told to whoever sees these ties; `None` if none of them
    /// gives rights now.
    pub fn elsewhere(&self, ties: &[TieRow]) -> Option<ServiceElsewhere> {
        let told = self.elsewhere.as_ref()?.told(ties);
        (!told.schools.is_empty()).then_some(told)
    }

    /// Returns the name of a service, for one of these ties, that waits for the academy's list.
    pub fn unknown_to(&self, ties: &[TieRow]) -> Option<String> {
        self.unknown_to.iter().find(|service| service.covers(ties)).map(|service| service.name.clone())
    }
}

/// Finds the services that refuse somebody.
pub async fn find_refusals(
    op: &Operation<'_>,
    tx: &mut Tx,
    account: Option<&Account>,
    ties: &[TieRow],
) -> anyhow::Result<Refusals> {
    let elsewhere = find_refusing(op, tx, account, ties).await?;
    Ok(Refusals { elsewhere, unknown_to: list_services_without(op, tx, account, ties).await? })
}

/// A service, and whom it is for.
#[derive(Clone, Debug)]
struct NightlyService {
    name: String,
    perimeter: Perimeter,
}

impl NightlyService {
    /// True if one of these current ties lies in the service's perimeter.
    fn covers(&self, ties: &[TieRow]) -> bool {
        covers(&self.perimeter, ties)
    }
}

/// Lists the ties that give rights now.
fn effective(ties: &[TieRow]) -> impl Iterator<Item = &TieRow> {
    ties.iter().filter(|tie| tie.is_current && (tie.level == "legal" || tie.level == "own"))
}

fn covers(perimeter: &Perimeter, ties: &[TieRow]) -> bool {
    effective(ties).any(|tie| perimeter.covers(&tie.uai, &tie.academy, &tie.ministry))
}

/// A service that refused somebody lately because it is for other schools, with the others of its portal.
#[derive(Clone, Debug)]
struct RefusingService {
    name: String,
    doors: Vec<NightlyService>,
}

impl RefusingService {
    /// Returns what is said of it to whoever sees these ties: a door to another territory's school is not theirs to name.
    fn told(&self, ties: &[TieRow]) -> ServiceElsewhere {
        let door = self.doors.iter().find(|door| door.covers(ties));
        // « Pour cet établissement, c'est … » is said of the schools that the door is for.
        let is_of_door = |tie: &&TieRow| door.is_none_or(|door| door.covers(std::slice::from_ref(*tie)));
        let mut schools: Vec<String> = Vec::new();
        for tie in effective(ties).filter(is_of_door) {
            if !schools.contains(&tie.school) {
                schools.push(tie.school.clone());
            }
        }
        ServiceElsewhere { service: self.name.clone(), schools, door: door.map(|door| door.name.clone()) }
    }
}

/// Finds the service that last told an active account that it is for other schools, if that is still so.
async fn find_refusing(
    op: &Operation<'_>,
    tx: &mut Tx,
    account: Option<&Account>,
    ties: &[TieRow],
) -> anyhow::Result<Option<RefusingService>> {
    let Some(account) = account.filter(|account| account.state == AccountState::Active) else { return Ok(None) };
    let since = op.now.minus(REFUSED_LATELY);
    let Some(id) = support::find_last_client(tx, &account.id, NothingInPerimeter::TEMPLATE, since).await? else {
        return Ok(None);
    };
    let Some(client) = clients::store::find(tx, &id).await? else { return Ok(None) };
    let is_for_them = |perimeter: &Perimeter| perimeter.includes_profile(account.profile) && covers(perimeter, ties);
    // A service of their schools that is for other profiles is another matter.
    if !client.is_usable() || covers(&client.meta.perimeter, ties) {
        return Ok(None);
    }
    let all = clients::store::list_from_files(tx).await?;
    let same_portal = all.into_iter().filter(|other| other.is_usable() && other.meta.sector == client.meta.sector);
    let doors = same_portal
        .filter(|other| is_for_them(&other.meta.perimeter))
        .map(|other| NightlyService { name: other.meta.client_name, perimeter: other.meta.perimeter })
        .collect();
    Ok(Some(RefusingService { name: client.meta.client_name, doors }))
}

/// Lists the services in whose perimeter an active account is, and for which it has no roster key.
async fn list_services_without(
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
