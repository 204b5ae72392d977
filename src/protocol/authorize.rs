//! The authorization request, checked (OIDCC 3.1.2.1).

use serde::{Deserialize, Serialize};

use super::acr::AcrWish;
use super::claims_request::ClaimsRequest;
use super::response::{ResponseMode, ResponseType};
use super::scope::Scopes;
use crate::base::clock::Timestamp;

/// What a parameter of an authorization request is inside a request object (OIDCC 6.1, RFC 9101 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Member {
    Text,
    /// Not negative; as text too, which is how the query has it.
    Number,
    /// As text too.
    Object,
    /// One text, or a list of them (RFC 8707 2).
    Texts,
}

/// Every parameter that a request may have here. What is not among them is passed over (RFC 6749 3.1), so a request
/// object gives no parameter that does not stand in this list with its type.
pub const MEMBERS: [(&str, Member); 20] = [
    ("response_type", Member::Text),
    ("response_mode", Member::Text),
    ("redirect_uri", Member::Text),
    ("scope", Member::Text),
    ("state", Member::Text),
    ("nonce", Member::Text),
    ("code_challenge", Member::Text),
    ("code_challenge_method", Member::Text),
    ("prompt", Member::Text),
    ("max_age", Member::Number),
    ("login_hint", Member::Text),
    ("id_token_hint", Member::Text),
    ("ui_locales", Member::Text),
    ("claims_locales", Member::Text),
    ("display", Member::Text),
    ("acr_values", Member::Text),
    ("claims", Member::Object),
    ("registration", Member::Object),
    ("dpop_jkt", Member::Text),
    ("resource", Member::Texts),
];

/// `prompt` (OIDCC 3.1.2.1, and `create` of Initiating User Registration 1.0).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    pub none: bool,
    pub login: bool,
    pub select_account: bool,
    pub consent: bool,
    /// The person wants an account rather than to sign in.
    #[serde(default)]
    pub create: bool,
}

impl Prompt {
    /// Every word that is known.
    pub const VALUES: [&str; 5] = ["none", "login", "consent", "select_account", "create"];

    /// `None` for an unknown word, and where `none` stands beside another.
    pub fn parse(text: &str) -> Option<Prompt> {
        let mut out = Prompt::default();
        for word in text.split_ascii_whitespace() {
            match word {
                "none" => out.none = true,
                "login" => out.login = true,
                "select_account" => out.select_account = true,
                "consent" => out.consent = true,
                "create" => out.create = true,
                _ => return None,
            }
        }
        (!out.none || text.split_ascii_whitespace().count() == 1).then_some(out)
    }
}

/// A request whose client and redirect URI are verified and whose parameters are sound: what waits while
/// a person signs in. `received` decides whether a sign-in is newer than the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizeRequest {
    pub client_id: String,
    pub redirect_uri: String,
    pub response_type: ResponseType,
    pub response_mode: ResponseMode,
    pub scopes: Scopes,
    pub state: Option<String>,
    pub nonce: Option<String>,
    pub code_challenge: Option<String>,
    pub prompt: Prompt,
    pub max_age: Option<i64>,
    pub login_hint: Option<String>,
    pub ui_locales: Option<String>,
    /// `sub` of a verified `id_token_hint` or of the `claims` parameter: the answer must be about this person
    /// (OIDCC 3.1.2.1, 5.5.1).
    pub expected_sub: Option<String>,
    #[serde(default)]
    pub claims: ClaimsRequest,
    #[serde(default)]
    pub acr: AcrWish,
    /// RFC 9449 10: the key that the code will be bound to, as its thumbprint.
    #[serde(default)]
    pub dpop_jkt: Option<String>,
    /// RFC 8707 2: the resource servers that the tokens are for; empty means all that are registered.
    #[serde(default)]
    pub resource: Vec<String>,
    /// The pushed request that this one was (RFC 9126), spent when it is answered.
    #[serde(default)]
    pub pushed: Option<String>,
    pub received: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_stands_alone() {
        assert!(Prompt::parse("none").is_some_and(|p| p.none));
        assert!(Prompt::parse("none login").is_none());
        assert!(Prompt::parse("login consent").is_some_and(|p| p.login && p.consent));
        assert!(Prompt::parse("none create").is_none());
        assert_eq!(Prompt::parse(""), Some(Prompt::default()));
    }

    #[test]
    fn faults_d13_what_is_announced_is_known_and_nothing_else() {
        for word in Prompt::VALUES {
            assert!(Prompt::parse(word).is_some_and(|p| p != Prompt::default()), "{word}");
        }
        for word in ["x", "Login", "login,consent", "create login x"] {
            assert_eq!(Prompt::parse(word), None, "{word}");
        }
    }
}
