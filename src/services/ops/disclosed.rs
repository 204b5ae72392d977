//! What a service learns of a person, for the person: by what it was granted and what it may have today.

use crate::accounts::Account;
use crate::base::profile::Profile;
use crate::clients::Client;
use crate::federation::FederatedOrigin;
use crate::protocol::disclosure::Disclosure;
use crate::protocol::scope::Scope;
use crate::roster::store::RosterChild;
use crate::services::{DisclosedData, DisclosedItem};

/// Returns what a client learns of an account, by its grants, limited by its present registration and perimeter.
pub fn disclosed_data(
    client: &Client,
    account: &Account,
    (pupils, origin): (&[RosterChild], Option<&FederatedOrigin>),
    granted: &Disclosure,
) -> DisclosedData {
    let scopes = granted.scopes.intersection(&client.meta.scopes);
    let by_name = |claim| {
        let mut asked = granted.claims.userinfo.iter().chain(&granted.claims.id_token);
        client.meta.scopes.grants_claim(claim) && asked.any(|name| *name == claim)
    };
    let tells = |item: DisclosedItem| item.is_among(|claim| scopes.grants_claim(claim) || by_name(claim));
    let schooling = tells(DisclosedItem::Schooling);
    let perimeter = &client.meta.perimeter;
    let within: Vec<&RosterChild> =
        pupils.iter().filter(|c| perimeter.covers(&c.uai, &c.academy, &c.ministry)).collect();
    let is_pupil = account.profile == Profile::Eleve;
    let child = |c: &&RosterChild| match &c.class {
        Some(class) => format!("{} ({class}, {})", c.given_name, c.school),
        None => format!("{} ({})", c.given_name, c.school),
    };
    let school = |c: &&RosterChild| match &c.class {
        Some(class) => format!("{} ({class})", c.school),
        None => c.school.clone(),
    };
    let own_schools = origin.filter(|_| schooling).map(|origin| origin.schools_within(perimeter)).unwrap_or_default();
    let own_schools = own_schools.into_iter().map(|school| school.name.clone());
    DisclosedData {
        name: tells(DisclosedItem::Name).then(|| account.full_name()),
        profile: tells(DisclosedItem::Profile),
        email: tells(DisclosedItem::Email),
        phone: tells(DisclosedItem::Phone),
        children: if schooling && !is_pupil { within.iter().map(child).collect() } else { Vec::new() },
        schooling: match schooling && is_pupil {
            true => within.iter().map(school).chain(own_schools).collect(),
            false => own_schools.collect(),
        },
        pupil_numbers: tells(DisclosedItem::PupilNumbers) && !within.is_empty(),
        lasting: scopes.contains(Scope::OfflineAccess),
    }
}
