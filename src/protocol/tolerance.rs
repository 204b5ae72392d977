//! What a client may be given otherwise than its specification says, because its library lacks it.
//!
//! The default is always the specification's. A tolerance is the operator's to give, in the client's file, and never a
//! registration's to take: each removes a mark that keeps one kind of token apart from another (RFC 8725 3.11).

use serde::{Deserialize, Serialize};

/// The three of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tolerances {
    pub logout_token_typ: LogoutTokenTyp,
    pub access_token_typ: AccessTokenTyp,
    /// The claims of the scopes stand in the ID token too, for programs that never ask userinfo (OIDCC 5.4 gives them
    /// there only where no access token is issued).
    pub claims_in_id_token: bool,
}

impl Tolerances {
    /// Those that are given, by key and value.
    pub fn given(&self) -> Vec<(&'static str, &'static str)> {
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

/// `typ` of a logout token: BCL 2.4 recommends its own, which the ID token's validator of some libraries refuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogoutTokenTyp {
    #[default]
    #[serde(rename = "logout+jwt")]
    LogoutJwt,
    #[serde(rename = "JWT")]
    Jwt,
}

impl LogoutTokenTyp {
    pub fn name(self) -> &'static str {
        match self {
            LogoutTokenTyp::LogoutJwt => "logout+jwt",
            LogoutTokenTyp::Jwt => "JWT",
        }
    }
}

/// `typ` of an access token: RFC 9068 2.1 has its own, which resource servers that are older do not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccessTokenTyp {
    #[default]
    #[serde(rename = "at+jwt")]
    AtJwt,
    #[serde(rename = "JWT")]
    Jwt,
}

impl AccessTokenTyp {
    pub const ALL: [AccessTokenTyp; 2] = [AccessTokenTyp::AtJwt, AccessTokenTyp::Jwt];

    pub fn name(self) -> &'static str {
        match self {
            AccessTokenTyp::AtJwt => "at+jwt",
            AccessTokenTyp::Jwt => "JWT",
        }
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
        assert!(Tolerances::default().given().is_empty());
        assert_eq!(serde_json::from_str::<Tolerances>("{}").unwrap(), Tolerances::default());
        let all = Tolerances {
            logout_token_typ: LogoutTokenTyp::Jwt,
            access_token_typ: AccessTokenTyp::Jwt,
            claims_in_id_token: true,
        };
        let given = [("logout_token_typ", "JWT"), ("access_token_typ", "JWT"), ("claims_in_id_token", "true")];
        assert_eq!(all.given(), given);
    }
}
