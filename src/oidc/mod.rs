//! The OpenID provider: one file an endpoint, one page of checks, one pure table of why a person must act.
//!
//! `/oauth2/authorize` is the only dispatcher: sign-in and activation end by sending the browser back to it.

pub mod access;
pub mod answer;
pub mod assertion;
pub mod authorize;
pub mod back;
pub mod backchannel;
pub mod checks;
pub mod claims;
pub mod client_auth;
pub mod consent;
pub mod discovery;
pub mod dpop;
pub mod frontchannel;
pub mod introspect;
pub mod jwks;
pub mod logout;
pub mod mint;
pub mod next_step;
pub mod par;
pub mod path;
pub mod person;
pub mod proof;
pub mod protect;
pub mod refusal;
pub mod register;
pub mod request_object;
pub mod resources;
pub mod respond;
pub mod revoke;
pub mod token;
pub mod userinfo;
pub mod views;

use serde::{Deserialize, Serialize};

use crate::base::clock::Span;
use crate::grants::Grant;
use crate::jose::Claims;

/// RFC 6749 4.1.2 wants codes short-lived (docs/threats.md#attack-c12).
pub const CODE_LIFE: Span = Span::seconds(60);
pub const TOKEN_LIFE: Span = Span::seconds(300);
pub const ID_TYP: &str = "JWT";

/// Whether a JWT of ours that says [`ID_TYP`] is an ID token: signed userinfo says it too, and so do logout and access
/// tokens of clients that want it (`protocol/tolerance.rs`). An ID token alone tells when the person signed in and
/// names no client beside its audience.
pub fn is_id_token(claims: &Claims) -> bool {
    claims.contains_key("auth_time") && !claims.contains_key("client_id")
}

/// What an authorization code stands for. Kept under the code's digest, taken once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeGrant {
    pub grant: Grant,
    pub redirect_uri: String,
    pub nonce: Option<String>,
    pub code_challenge: Option<String>,
    /// RFC 9449 10.
    pub dpop_jkt: Option<String>,
}
