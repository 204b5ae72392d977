//! How sure we are of who signed in: the levels, ordered, in one place (OIDCC 2, `acr`; RFC 8176, `amr`).
//!
//! A level is never claimed that the session has not reached; a client's wish for one is no error, an essential one is.

use serde::{Deserialize, Serialize};

/// The levels, the lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Acr {
    /// A password, or the roster's mobile with the password just chosen.
    #[serde(rename = "eidas1")]
    Eidas1,
    /// A second factor. An SMS is none (docs/decisions/0033-sms-proves-possession.md).
    #[serde(rename = "https://refeds.org/profile/mfa")]
    Mfa,
}

impl Acr {
    pub const ALL: [Acr; 2] = [Acr::Eidas1, Acr::Mfa];
    /// What a person can reach by signing in here.
    pub const REACHABLE: [Acr; 1] = [Acr::Eidas1];

    pub fn name(self) -> &'static str {
        match self {
            Acr::Eidas1 => "eidas1",
            Acr::Mfa => "https://refeds.org/profile/mfa",
        }
    }

    pub fn from_name(name: &str) -> Option<Acr> {
        Acr::ALL.into_iter().find(|level| level.name() == name)
    }

    /// The level of a session that was opened so.
    pub fn of(amr: &[String]) -> Acr {
        let has = |word: &str| amr.iter().any(|m| m == word);
        if has("mfa") || (has("pwd") && (has("otp") || has("hwk"))) { Acr::Mfa } else { Acr::Eidas1 }
    }

    /// What the ID token says of a session of this level: the first of the asked levels that it reaches, else its own.
    #[must_use]
    pub fn answering(self, asked: &[Acr]) -> Acr {
        asked.iter().copied().find(|level| *level <= self).unwrap_or(self)
    }
}

/// What a client asked of the level: by `acr_values` or the `claims` parameter (OIDCC 3.1.2.1, 5.5.1.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcrWish {
    /// Those that are known here, in the client's order.
    pub levels: Vec<Acr>,
    /// Without one of these there is no answer. An essential wish with no level that we know cannot be met.
    pub essential: bool,
}

impl AcrWish {
    /// The lowest level that satisfies it; `None`: nothing is demanded, or nothing could satisfy it.
    pub fn floor(&self) -> Option<Acr> {
        if self.essential { self.levels.iter().copied().min() } else { None }
    }

    pub fn cannot_be_met(&self, reachable: &[Acr]) -> bool {
        self.essential && !self.levels.iter().any(|level| reachable.iter().any(|r| level <= r))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amr(words: &str) -> Vec<String> {
        words.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn attack_m13_a_level_is_what_the_methods_give() {
        assert_eq!(Acr::of(&amr("pwd")), Acr::Eidas1);
        assert_eq!(Acr::of(&amr("sms pwd")), Acr::Eidas1, "an SMS is no second factor");
        assert_eq!(Acr::of(&amr("pwd otp")), Acr::Mfa);
        assert_eq!(Acr::of(&amr("otp")), Acr::Eidas1, "one factor is one factor");
    }

    #[test]
    fn oidcc_5_5_1_1_the_answer_is_of_those_asked_where_it_is_reached() {
        assert_eq!(Acr::Eidas1.answering(&[Acr::Mfa, Acr::Eidas1]), Acr::Eidas1);
        assert_eq!(Acr::Mfa.answering(&[Acr::Eidas1]), Acr::Eidas1);
        assert_eq!(Acr::Eidas1.answering(&[Acr::Mfa]), Acr::Eidas1, "truthful, though not asked");
    }

    #[test]
    fn only_an_essential_wish_can_fail() {
        let wish = |essential, levels: &[Acr]| AcrWish { levels: levels.to_vec(), essential };
        assert!(!wish(false, &[]).cannot_be_met(&Acr::REACHABLE));
        assert!(wish(true, &[]).cannot_be_met(&Acr::REACHABLE));
        assert!(wish(true, &[Acr::Mfa]).cannot_be_met(&Acr::REACHABLE));
        assert!(!wish(true, &[Acr::Mfa, Acr::Eidas1]).cannot_be_met(&Acr::REACHABLE));
    }
}
