//! The validated authorization request (OIDCC 3.1.2.1).

use serde::{Deserialize, Serialize};

use super::acr::AcrRequest;
use super::disclosure::Disclosure;
use super::response::{ResponseMode, ResponseType};
use crate::base::clock::Timestamp;
use crate::base::typed_ids::ClientId;

/// The JSON type of an authorization request parameter inside a request object (OIDCC 6.1, RFC 9101 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterType {
    Text,
    /// A non-negative number; also accepted as text, the form used in a query.
    Number,
    /// An object; also accepted as text.
    Object,
    /// A string or a list of strings (RFC 8707 2).
    TextList,
}

/// The supported parameters with their types. Other parameters are ignored (RFC 6749 3.1), so a request object cannot
/// set a parameter outside of this list.
pub const PARAMETERS: [(&str, ParameterType); 21] = [
    ("response_type", ParameterType::Text),
    ("response_mode", ParameterType::Text),
    ("redirect_uri", ParameterType::Text),
    ("scope", ParameterType::Text),
    ("state", ParameterType::Text),
    ("nonce", ParameterType::Text),
    ("code_challenge", ParameterType::Text),
    ("code_challenge_method", ParameterType::Text),
    ("prompt", ParameterType::Text),
    ("max_age", ParameterType::Number),
    ("login_hint", ParameterType::Text),
    ("id_token_hint", ParameterType::Text),
    ("ui_locales", ParameterType::Text),
    ("claims_locales", ParameterType::Text),
    ("display", ParameterType::Text),
    ("acr_values", ParameterType::Text),
    ("claims", ParameterType::Object),
    ("registration", ParameterType::Object),
    ("dpop_jkt", ParameterType::Text),
    ("resource", ParameterType::TextList),
    ("idp_hint", ParameterType::Text),
];

/// The `prompt` parameter (OIDCC 3.1.2.1, and `create` of Initiating User Registration 1.0).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    pub none: bool,
    pub login: bool,
    pub select_account: bool,
    pub consent: bool,
    /// The end user should create an account rather than sign in.
    #[serde(default)]
    pub create: bool,
}

impl Prompt {
    /// The supported values.
    pub const VALUES: [&str; 5] = ["none", "login", "consent", "select_account", "create"];

    /// Parses `prompt`; returns `None` for an unknown value, and for `none` combined with another value.
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

/// An authorization request with verified client, redirect URI and parameters, pending while the end user signs in.
/// `received` is compared with the time of a sign-in to decide which is newer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizeRequest {
    pub client_id: ClientId,
    pub redirect_uri: String,
    pub response_type: ResponseType,
    pub response_mode: ResponseMode,
    #[serde(flatten)]
    pub disclosure: Disclosure,
    pub state: Option<String>,
    pub nonce: Option<String>,
    pub code_challenge: Option<String>,
    pub prompt: Prompt,
    pub max_age: Option<i64>,
    pub login_hint: Option<String>,
    pub ui_locales: Option<String>,
    /// The `sub` of a verified `id_token_hint` or of the `claims` parameter: the response must be about this end user
    /// (OIDCC 3.1.2.1, 5.5.1).
    pub expected_sub: Option<String>,
    #[serde(default)]
    pub acr: AcrRequest,
    /// The thumbprint of the DPoP key to which the code will be bound (RFC 9449 10).
    #[serde(default)]
    pub dpop_jkt: Option<String>,
    /// The resource servers for which tokens are requested (RFC 8707 2); empty means all registered resource servers.
    #[serde(default)]
    pub resource: Vec<String>,
    /// The identifier of the pushed authorization request behind this request (RFC 9126), consumed by the response.
    #[serde(default)]
    pub pushed: Option<String>,
    /// The identity provider through which the end user should sign in (docs/relying-parties.md).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idp_hint: Option<String>,
    pub received: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::claim::Claim;

    /// The JSON of release 0.2.0.
    const REQUEST: &str = r#"{"client_id":"c","redirect_uri":"https://c.example/cb","response_type":"code",
        "response_mode":"query","scopes":["openid","profile"],"state":null,"nonce":"n","code_challenge":null,
        "prompt":{"none":false,"login":false,"select_account":false,"consent":false,"create":false},"max_age":7,
        "login_hint":null,"ui_locales":null,"expected_sub":null,
        "claims":{"userinfo":["phone_number"],"id_token":["name"]},"acr":{"levels":["eidas1"],"essential":false},
        "dpop_jkt":null,"resource":[],"pushed":null,"received":100000}"#;

    #[test]
    fn faults_f9_a_request_of_another_release_is_read_and_written_alike() {
        let read: AuthorizeRequest = serde_json::from_str(REQUEST).unwrap();
        assert_eq!(read.disclosure.scopes.to_scope_string(), "openid profile");
        assert_eq!(read.disclosure.claims.userinfo, [Claim::PhoneNumber]);
        assert_eq!(read.max_age, Some(7));
        let former: serde_json::Value = serde_json::from_str(REQUEST).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), former);
    }

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
