//! Scopes: what a client may be told (OIDCC 5.4), and `education`, what an ENT needs.

use serde::{Deserialize, Serialize};

/// A scope that gives something here. Others are ignored (OIDCC 3.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    Openid,
    Profile,
    Phone,
    Education,
    /// OIDCC 11: a refresh token that outlives the session.
    #[serde(rename = "offline_access")]
    OfflineAccess,
}

impl Scope {
    pub const ALL: [Scope; 5] = [Scope::Openid, Scope::Profile, Scope::Phone, Scope::Education, Scope::OfflineAccess];

    pub fn name(self) -> &'static str {
        match self {
            Scope::Openid => "openid",
            Scope::Profile => "profile",
            Scope::Phone => "phone",
            Scope::Education => "education",
            Scope::OfflineAccess => "offline_access",
        }
    }

    /// The claims that userinfo gives for it.
    pub fn claims(self) -> &'static [&'static str] {
        match self {
            Scope::Openid => &["sub"],
            Scope::Profile => &["name", "given_name", "family_name", "updated_at"],
            Scope::Phone => &["phone_number", "phone_number_verified"],
            Scope::Education => &["education_profile", "children", "schools", "FrEduVecteur"],
            Scope::OfflineAccess => &[],
        }
    }
}

/// A set of scopes, written as RFC 6749 3.3 does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// What of a `scope` value is known; the rest is left out. `None` for characters that RFC 6749 3.3 forbids.
    pub fn parse(text: &str) -> Option<Scopes> {
        if !text.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E)) {
            return None;
        }
        let mut found: Vec<Scope> =
            Scope::ALL.into_iter().filter(|s| text.split(' ').any(|word| word == s.name())).collect();
        found.sort_unstable();
        Some(Scopes(found))
    }

    pub fn has(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// What of these the other set also has.
    #[must_use]
    pub fn within(&self, other: &Scopes) -> Scopes {
        Scopes(self.0.iter().copied().filter(|s| other.has(*s)).collect())
    }

    /// Both.
    #[must_use]
    pub fn and(&self, other: &Scopes) -> Scopes {
        Scopes(Scope::ALL.into_iter().filter(|s| self.has(*s) || other.has(*s)).collect())
    }

    /// Without one of them.
    #[must_use]
    pub fn without(&self, scope: Scope) -> Scopes {
        Scopes(self.0.iter().copied().filter(|s| *s != scope).collect())
    }

    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }

    /// Whether one of them gives this claim.
    pub fn gives(&self, claim: &str) -> bool {
        self.iter().any(|s| s.claims().contains(&claim))
    }

    pub fn text(&self) -> String {
        self.0.iter().map(|s| s.name()).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn order_does_not_matter_and_unknown_words_are_left_out() {
        assert_eq!(Scopes::parse("phone x openid").unwrap().text(), "openid phone");
        assert!(Scopes::parse("openid \"x").is_none());
        assert!(Scopes::parse("openid\u{e9}").is_none());
    }

    proptest! {
        #[test]
        fn attack_t4_what_is_read_is_written_back_and_narrowing_never_adds(text in "[a-z_ ]{0,60}", other in "[a-z_ ]{0,60}") {
            let (Some(scopes), Some(other)) = (Scopes::parse(&text), Scopes::parse(&other)) else { return Ok(()) };
            prop_assert!(Scopes::parse(&scopes.text()).unwrap() == scopes);
            prop_assert!(scopes.within(&other).iter().all(|s| scopes.has(s) && other.has(s)));
        }
    }
}
