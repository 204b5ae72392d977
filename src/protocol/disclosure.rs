//! What a client may learn of an end user: scopes, and claims requested besides them (OIDCC 5.4, 5.5).

use serde::{Deserialize, Serialize};

use super::claim::Claim;
use super::claims_request::ClaimsRequest;
use super::scope::{Scope, Scopes};

/// The scopes and claims that are requested, agreed to or granted. Stored within its owner (`#[serde(flatten)]`), whose
/// JSON has the members `scopes` and `claims`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disclosure {
    pub scopes: Scopes,
    #[serde(default)]
    pub claims: ClaimsRequest,
}

impl Disclosure {
    /// Returns the disclosure without a scope.
    #[must_use]
    pub fn without(&self, scope: Scope) -> Disclosure {
        Disclosure { scopes: self.scopes.without(scope), claims: self.claims.clone() }
    }

    /// Returns the union of two disclosures.
    #[must_use]
    pub fn union(&self, other: &Disclosure) -> Disclosure {
        Disclosure { scopes: self.scopes.union(&other.scopes), claims: self.claims.union(&other.claims) }
    }

    /// True if every scope and claim of `asked` is disclosed; a claim requested for userinfo also by a scope.
    pub fn covers(&self, asked: &Disclosure) -> bool {
        let told = |claim: &Claim| self.scopes.grants_claim(*claim) || self.claims.userinfo.contains(claim);
        asked.scopes.iter().all(|s| self.scopes.contains(s))
            && asked.claims.userinfo.iter().all(told)
            && asked.claims.id_token.iter().all(|claim| self.claims.id_token.contains(claim))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disclosure(scopes: &str, userinfo: &[Claim], id_token: &[Claim]) -> Disclosure {
        Disclosure {
            scopes: Scopes::parse(scopes).unwrap(),
            claims: ClaimsRequest { userinfo: userinfo.to_vec(), id_token: id_token.to_vec() },
        }
    }

    #[test]
    fn a_scope_covers_its_claims_in_userinfo_only() {
        let agreed = disclosure("openid profile", &[], &[Claim::PhoneNumber]);
        assert!(agreed.covers(&disclosure("openid", &[Claim::GivenName], &[Claim::PhoneNumber])));
        assert!(!agreed.covers(&disclosure("openid phone", &[], &[])));
        assert!(!agreed.covers(&disclosure("openid", &[Claim::PhoneNumber], &[])));
        assert!(!agreed.covers(&disclosure("openid", &[], &[Claim::GivenName])));
        assert!(agreed.union(&disclosure("openid phone", &[], &[])).covers(&disclosure("openid phone", &[], &[])));
    }
}
