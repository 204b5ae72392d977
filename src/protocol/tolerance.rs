//! Tolerances: deviations from the specifications granted to a client with an incomplete library.
//!
//! The default always follows the specification. A tolerance is granted by the operator in the client's file and never
//! requested by a registration: each tolerance removes a mark distinguishing one kind of token from another (RFC 8725
//! 3.11).

use serde::{Deserialize, Serialize};

/// The tolerances of a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tolerances {
    pub logout_token_typ: LogoutTokenTyp,
    pub access_token_typ: AccessTokenTyp,
    /// Adds the claims of the scopes to the ID token, for clients that never call userinfo (OIDCC 5.4 adds the claims
    /// to the ID token only if no access token is issued).
    pub claims_in_id_token: bool,
}

impl Tolerances {
    /// Returns the granted tolerances, by key and value.
    pub fn non_default(&self) -> Vec<(&'static str, &'static str)> {
        let mut out = Vec::new();
        if self.logout_token_typ != LogoutTokenTyp::default() {
            out.push(("logout_token_typ", self.logout_token_typ.name()));
        }
        if self.access_token_typ != AccessTokenTyp::default() {
            out.push(("access_token_typ", self.access_token_typ.name()));
        }
        if self.claims_in_id_token {
            out.push(("claims_in_id_token", "true"));
        }
        out
    }
}

/// The `typ` of a logout token: the ID token validators of some libraries reject the value recommended by BCL 2.4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
pub enum LogoutTokenTyp {
    #[default]
    #[serde(rename = "logout+jwt")]
    #[strum(serialize = "logout+jwt")]
    LogoutJwt,
    #[serde(rename = "JWT")]
    #[strum(serialize = "JWT")]
    Jwt,
}

impl LogoutTokenTyp {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The `typ` of an access token: older resource servers do not know the value of RFC 9068 2.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
pub enum AccessTokenTyp {
    #[default]
    #[serde(rename = "at+jwt")]
    #[strum(serialize = "at+jwt")]
    AtJwt,
    #[serde(rename = "JWT")]
    #[strum(serialize = "JWT")]
    Jwt,
}

impl AccessTokenTyp {
    pub const ALL: [AccessTokenTyp; 2] = [AccessTokenTyp::AtJwt, AccessTokenTyp::Jwt];

    pub fn name(self) -> &'static str {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_words_are_those_of_the_file_and_of_the_token() {
        for typ in [LogoutTokenTyp::LogoutJwt, LogoutTokenTyp::Jwt] {
            assert_eq!(serde_json::to_value(typ).unwrap(), typ.name());
        }
        for typ in AccessTokenTyp::ALL {
            assert_eq!(serde_json::to_value(typ).unwrap(), typ.name());
        }
        assert!(Tolerances::default().non_default().is_empty());
        assert_eq!(serde_json::from_str::<Tolerances>("{}").unwrap(), Tolerances::default());
        let all = Tolerances {
            logout_token_typ: LogoutTokenTyp::Jwt,
            access_token_typ: AccessTokenTyp::Jwt,
            claims_in_id_token: true,
        };
        let given = [("logout_token_typ", "JWT"), ("access_token_typ", "JWT"), ("claims_in_id_token", "true")];
        assert_eq!(all.non_default(), given);
    }
}
