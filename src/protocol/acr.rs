//! Authentication context classes: the assurance levels, ordered, in one place (OIDCC 2, `acr`; RFC 8176, `amr`).
//!
//! A level is never claimed unless reached by the session. A requested level may be missed, but missing an essential
//! level is an error.

use serde::{Deserialize, Serialize};

/// The assurance levels, the lowest first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, strum::EnumString, strum::IntoStaticStr,
)]
pub enum Acr {
    /// A password, or the mobile number of the roster together with the password just chosen.
    #[serde(rename = "eidas1")]
    #[strum(serialize = "eidas1")]
    Eidas1,
    /// A second factor. An SMS does not count as a second factor (docs/decisions/0033-sms-proves-possession.md).
    #[serde(rename = "https://refeds.org/profile/mfa")]
    #[strum(serialize = "https://refeds.org/profile/mfa")]
    Mfa,
}

impl Acr {
    pub const ALL: [Acr; 2] = [Acr::Eidas1, Acr::Mfa];
    /// The levels reachable by signing in at Préau.
    pub const REACHABLE: [Acr; 2] = [Acr::Eidas1, Acr::Mfa];

    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the level of a session authenticated by these methods. Only a session that says so was authenticated by
    /// two factors: the words of single methods do not tell in what order, or how long apart, they were proven.
    pub fn from_amr(amr: &[Amr]) -> Acr {
        if amr.contains(&Amr::Mfa) { Acr::Mfa } else { Acr::Eidas1 }
    }

    /// Returns the `acr` of the ID token for a session of this level: the first requested level reached by the session,
    /// else the session's own level.
    #[must_use]
    pub fn best_match(self, asked: &[Acr]) -> Acr {
        asked.iter().copied().find(|level| *level <= self).unwrap_or(self)
    }
}

/// The methods by which a session was authenticated (RFC 8176 2), in the order in which they are written.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, strum::EnumString, strum::IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Amr {
    /// A code by SMS to the roster's mobile number.
    Sms,
    /// A password.
    Pwd,
    /// A code of an application (RFC 6238).
    Otp,
    /// A key that only the person's authenticator has.
    Pop,
    /// The authenticator verified its person: by a fingerprint, a face or a code.
    User,
    /// Two factors of different kinds, both proven.
    Mfa,
}

impl Amr {
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Writes methods as they are stored: words with blanks between them.
    pub fn join(methods: &[Amr]) -> String {
        methods.iter().map(|method| method.name()).collect::<Vec<_>>().join(" ")
    }

    /// Reads stored methods. A word of a newer release is left out: it proves nothing here.
    pub fn parse_list(text: &str) -> Vec<Amr> {
        text.split(' ').filter_map(|word| word.parse().ok()).collect()
    }
}

/// The level requested by a client, with `acr_values` or the `claims` parameter (OIDCC 3.1.2.1, 5.5.1.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcrRequest {
    /// The known levels among the requested levels, in the client's order.
    pub levels: Vec<Acr>,
    /// True if the request must fail unless a requested level is reached. An essential request without a known level
    /// cannot be satisfied.
    pub essential: bool,
}

impl AcrRequest {
    /// Returns the lowest level satisfying the request; `None` if no level is required or none could satisfy the
    /// request.
    pub fn minimum(&self) -> Option<Acr> {
        if self.essential { self.levels.iter().copied().min() } else { None }
    }

    pub fn is_unsatisfiable(&self, reachable: &[Acr]) -> bool {
        self.essential && !self.levels.iter().any(|level| reachable.iter().any(|r| level <= r))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_m13_a_level_is_what_the_methods_give() {
        for (words, level) in [
            ("pwd", Acr::Eidas1),
            ("sms pwd", Acr::Eidas1),
            ("otp", Acr::Eidas1),
            ("pwd otp", Acr::Eidas1),
            ("pwd mfaz", Acr::Eidas1),
            ("pwd otp mfa", Acr::Mfa),
            ("pwd mfa", Acr::Mfa),
            ("sms pwd otp mfa", Acr::Mfa),
        ] {
            assert_eq!(Acr::from_amr(&Amr::parse_list(words)), level, "{words}");
        }
        assert_eq!(Amr::join(&Amr::parse_list("sms pwd otp unheard-of mfa")), "sms pwd otp mfa");
    }

    #[test]
    fn oidcc_5_5_1_1_the_answer_is_of_those_asked_where_it_is_reached() {
        assert_eq!(Acr::Eidas1.best_match(&[Acr::Mfa, Acr::Eidas1]), Acr::Eidas1);
        assert_eq!(Acr::Mfa.best_match(&[Acr::Eidas1]), Acr::Eidas1);
        assert_eq!(Acr::Eidas1.best_match(&[Acr::Mfa]), Acr::Eidas1, "truthful, though not asked");
    }

    #[test]
    fn only_an_essential_wish_can_fail() {
        let wish = |essential, levels: &[Acr]| AcrRequest { levels: levels.to_vec(), essential };
        assert!(!wish(false, &[]).is_unsatisfiable(&Acr::REACHABLE));
        assert!(wish(true, &[]).is_unsatisfiable(&Acr::REACHABLE));
        assert!(!wish(true, &[Acr::Mfa]).is_unsatisfiable(&Acr::REACHABLE));
        assert!(wish(true, &[Acr::Mfa]).is_unsatisfiable(&[Acr::Eidas1]));
    }
}
