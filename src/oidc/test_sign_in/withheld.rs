//! « Pas donné, et pourquoi »: what a test sign-in did not tell of its person, with the reason of each.
//!
//! Compared is what was told: a reason that does not explain it is never given for a claim that is there.

use serde_json::{Map, Value};
use strum::VariantArray as _;

use super::person::TestPerson;
use crate::base::profile::Profile;
use crate::clients::{Client, GrantType};
use crate::grants::Grant;
use crate::protocol::claim::Claim;
use crate::protocol::scope::Scope;

/// The reason why something is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum WithheldReason {
    /// The client has not the scope that gives it; the value is the scope.
    NoScope,
    /// People of this profile have none.
    OtherProfile,
    /// This person has none.
    PersonHasNone,
    /// Only people who came by the academy's export for ENT have it.
    NotOfAaf,
    /// Nothing of it is in the perimeter.
    NothingWithin,
    /// A child outside of the perimeter; the value is the child with the school.
    Outside,
    /// The client is not registered for refresh tokens.
    NoRefreshGrant,
    /// The client has no address by which it would hear of a sign-out.
    NoSignOutAddress,
    /// The identifiant opens the account: nobody is told.
    Credential,
    /// The birth date proves a child, and is told to nobody.
    Proof,
}

impl WithheldReason {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Something that is not told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withheld {
    /// The name of the claim or scope.
    pub name: &'static str,
    pub reason: WithheldReason,
    pub value: String,
}

/// Lists what was not told; `told` are the claims of the ID token and of userinfo.
pub fn list_withheld(client: &Client, person: &TestPerson, grant: &Grant, told: &Map<String, Value>) -> Vec<Withheld> {
    let line = |name, reason, value: &str| Withheld { name, reason, value: value.to_owned() };
    let mut out = Vec::new();
    for claim in Claim::VARIANTS.iter().copied().filter(|claim| !told.contains_key(claim.name())) {
        let scope = Scope::ALL.into_iter().find(|scope| scope.claims().contains(&claim));
        let lacks = scope.filter(|scope| !client.meta.scopes.contains(*scope));
        match lacks {
            Some(scope) => out.push(line(claim.name(), WithheldReason::NoScope, scope.name())),
            None => out.push(line(claim.name(), reason_of(claim, person), "")),
        }
    }
    let perimeter = &client.meta.perimeter;
    let outside = person.facts.children.iter().filter(|c| !perimeter.covers(&c.uai, &c.academy, &c.ministry));
    if client.meta.scopes.contains(Scope::Education) && perimeter.is_about_schools() {
        let child = |c: &crate::roster::store::RosterChild| format!("{}, {}", c.given_name, c.school);
        out.extend(outside.map(|c| line(Claim::Children.name(), WithheldReason::Outside, &child(c))));
    }
    let offline = Scope::OfflineAccess;
    if !client.allows_grant(GrantType::RefreshToken) {
        out.push(line("refresh_token", WithheldReason::NoRefreshGrant, ""));
    } else if !grant.disclosure.scopes.contains(offline) {
        out.push(line(offline.name(), WithheldReason::NoScope, offline.name()));
    }
    if !client.needs_sid() {
        out.push(line("sid", WithheldReason::NoSignOutAddress, ""));
    }
    out.push(line("preferred_username", WithheldReason::Credential, ""));
    out.push(line("birthdate", WithheldReason::Proof, ""));
    out
}

/// Returns why a claim of a scope that the client has is not told.
fn reason_of(claim: Claim, person: &TestPerson) -> WithheldReason {
    let profile = person.account.profile;
    match claim {
        Claim::FrEduCtRefId if profile.is_family() => WithheldReason::NotOfAaf,
        Claim::Children if profile == Profile::Responsable => WithheldReason::NothingWithin,
        Claim::Class if profile == Profile::Eleve => WithheldReason::NothingWithin,
        Claim::FrEduVecteur if profile.is_family() => WithheldReason::NothingWithin,
        Claim::Children | Claim::Class | Claim::FrEduVecteur | Claim::FrEduCtRefId => WithheldReason::OtherProfile,
        Claim::Schools => WithheldReason::NothingWithin,
        _ => WithheldReason::PersonHasNone,
    }
}
