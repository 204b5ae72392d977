//! The OpenID provider: one file an endpoint, one page of checks, one pure table of why a person must act.
//!
//! `/oauth2/authorize` is the only dispatcher: sign-in and activation end by sending the browser back to it.

pub mod authorize;
pub mod backchannel;
pub mod checks;
pub mod claims;
pub mod discovery;
pub mod frontchannel;
pub mod jwks;
pub mod logout;
pub mod next_step;
pub mod respond;
pub mod token;
pub mod userinfo;
pub mod views;

use serde::{Deserialize, Serialize};

use crate::base::clock::{Span, Timestamp};
use crate::protocol::scope::Scopes;

/// RFC 6749 4.1.2 wants codes short-lived; DESIGN 8 says 60 s.
pub const CODE_LIFE: Span = Span::seconds(60);
pub const TOKEN_LIFE: Span = Span::seconds(300);
/// A password, or a password with the roster's mobile (DESIGN 4).
pub const ACR: &str = "eidas1";
/// RFC 9068 2.1.
pub const ACCESS_TYP: &str = "at+jwt";
pub const ID_TYP: &str = "JWT";

/// What an authorization code stands for. Kept under the code's digest, taken once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeGrant {
    pub client_id: String,
    pub redirect_uri: String,
    pub scopes: Scopes,
    pub nonce: Option<String>,
    pub code_challenge: Option<String>,
    pub session_id: String,
    pub account_id: String,
    pub sid: String,
    pub generation: i64,
    pub authenticated_at: Timestamp,
    pub amr: Vec<String>,
}
