//! Scopes: the claims available to a client (OIDCC 5.4), and `education`, with the claims needed by an ENT.

use serde::{Deserialize, Serialize};

use super::claim::Claim;

/// A supported scope. Other scopes are ignored (OIDCC 3.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    Openid,
    Profile,
    /// The address that the person confirmed.
    Email,
    Phone,
    Education,
    /// A refresh token valid beyond the session (OIDCC 11).
    #[serde(rename = "offline_access")]
    OfflineAccess,
}

impl Scope {
    pub const ALL: [Scope; 6] =
        [Scope::Openid, Scope::Profile, Scope::Email, Scope::Phone, Scope::Education, Scope::OfflineAccess];

    pub fn name(self) -> &'static str {
        match self {
            Scope::Openid => "openid",
            Scope::Profile => "profile",
            Scope::Email => "email",
            Scope::Phone => "phone",
            Scope::Education => "education",
            Scope::OfflineAccess => "offline_access",
        }
    }

    /// Returns the userinfo claims of the scope.
    pub fn claims(self) -> &'static [Claim] {
        match self {
            Scope::Openid => &[Claim::Sub],
            Scope::Profile => &[Claim::Name, Claim::GivenName, Claim::FamilyName, Claim::UpdatedAt],
            Scope::Email => &[Claim::Email, Claim::EmailVerified],
            Scope::Phone => &[Claim::PhoneNumber, Claim::PhoneNumberVerified],
            Scope::Education => &[
                Claim::EducationProfile,
                Claim::Children,
                Claim::Schools,
                Claim::Class,
                Claim::FrEduVecteur,
                Claim::FrEduCtRefId,
            ],
            Scope::OfflineAccess => &[],
        }
    }
}

/// A set of scopes, in the syntax of RFC 6749 3.3.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// Parses the known scopes of a `scope` value and ignores the others. Returns `None` for characters forbidden by
    /// RFC 6749 3.3.
    pub fn parse(text: &str) -> Option<Scopes> {
        if !text.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E)) {
            return None;
        }
        let mut found: Vec<Scope> =
            Scope::ALL.into_iter().filter(|s| text.split(' ').any(|word| word == s.name())).collect();
        found.sort_unstable();
        Some(Scopes(found))
    }

    pub fn contains(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// Returns the scopes contained in both sets.
    #[must_use]
    pub fn intersection(&self, other: &Scopes) -> Scopes {
        Scopes(self.0.iter().copied().filter(|s| other.contains(*s)).collect())
    }

    /// Returns the scopes contained in either set.
    #[must_use]
    pub fn union(&self, other: &Scopes) -> Scopes {
        Scopes(Scope::ALL.into_iter().filter(|s| self.contains(*s) || other.contains(*s)).collect())
    }

    /// Returns the set without `scope`.
    #[must_use]
    pub fn without(&self, scope: Scope) -> Scopes {
        Scopes(self.0.iter().copied().filter(|s| *s != scope).collect())
    }

    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }

    /// True if a scope of the set includes the claim.
    pub fn grants_claim(&self, claim: Claim) -> bool {
        self.iter().any(|s| s.claims().contains(&claim))
    }

    pub fn to_scope_string(&self) -> String {
        self.0.iter().map(|s| s.name()).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use strum::VariantArray;

    use super::*;

    #[test]
    fn the_document_for_relying_parties_has_every_claim() {
        let document = include_str!("../../docs/relying-parties.md");
        for claim in Claim::VARIANTS {
            assert!(document.contains(&format!("`{}`", claim.name())), "{claim:?}");
        }
    }

    #[test]
    fn each_claim_belongs_to_one_scope() {
        for claim in Claim::VARIANTS {
            assert_eq!(Scope::ALL.iter().filter(|scope| scope.claims().contains(claim)).count(), 1, "{claim:?}");
        }
    }

    #[test]
    fn order_does_not_matter_and_unknown_words_are_left_out() {
        assert_eq!(Scopes::parse("phone x openid").unwrap().to_scope_string(), "openid phone");
        assert!(Scopes::parse("openid \"x").is_none());
        assert!(Scopes::parse("openid\u{e9}").is_none());
    }

    proptest! {
        #[test]
        fn attack_t4_what_is_read_is_written_back_and_narrowing_never_adds(text in "[a-z_ ]{0,60}", other in "[a-z_ ]{0,60}") {
            let (Some(scopes), Some(other)) = (Scopes::parse(&text), Scopes::parse(&other)) else { return Ok(()) };
            prop_assert!(Scopes::parse(&scopes.to_scope_string()).unwrap() == scopes);
            prop_assert!(scopes.intersection(&other).iter().all(|s| scopes.contains(s) && other.contains(s)));
        }
    }
}
