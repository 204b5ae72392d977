//! What a service learns of a person, for the person: by what it was granted and what it may have today.

use crate::accounts::Account;
use crate::base::profile::Profile;
use crate::clients::Client;
use crate::protocol::disclosure::Disclosure;
use crate::protocol::scope::Scope;
use crate::roster::store::RosterChild;
use crate::services::DisclosedData;

/// Returns what a client learns of an account, by its grants, limited by its present registration and perimeter.
pub fn disclosed_data(
    client: &Client,
    account: &Account,
    pupils: &[RosterChild],
    granted: &Disclosure,
) -> DisclosedData {
    let scopes = granted.scopes.intersection(&client.meta.scopes);
    let tells = |claim: &str| {
        let by_name = || {
            let asked = granted.claims.userinfo.iter().chain(&granted.claims.id_token);
            client.meta.scopes.grants_claim(claim) && asked.into_iter().any(|name| name == claim)
        };
        scopes.grants_claim(claim) || by_name()
    };
    let named = ["name", "given_name", "family_name"].into_iter().any(tells);
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
    DisclosedData {
        name: named.then(|| account.full_name()),
        profile: tells("education_profile"),
        email: tells("email"),
        phone: tells("phone_number"),
        children: if tells("children") && !is_pupil { within.iter().map(child).collect() } else { Vec::new() },
        schooling: if tells("schools") && is_pupil { within.iter().map(school).collect() } else { Vec::new() },
        pupil_numbers: tells("FrEduVecteur") && !within.is_empty(),
        lasting: scopes.contains(Scope::OfflineAccess),
    }
}
