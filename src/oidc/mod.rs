//! The OpenID provider: one file per endpoint, one file of request checks, one pure table of the reasons for an
//! interaction.
//!
//! `/oauth2/authorize` is the only dispatcher: sign-in and activation end with a redirect of the browser back to it.

pub mod access_token_validation;
pub mod authorization_endpoint;
pub mod authorization_response;
pub mod authorization_success;
pub mod backchannel;
pub mod claims;
pub mod client_assertion;
pub mod client_authentication;
pub mod consent;
pub mod discovery;
pub mod dpop;
pub mod dpop_proof;
pub mod end_user;
pub mod error_response;
pub mod frontchannel;
pub mod introspection;
pub mod jwks;
pub mod logout;
pub mod next_step;
pub mod par;
pub mod paths;
pub mod registration;
pub mod request_object;
pub mod request_validation;
pub mod resource_indicators;
pub mod response_encryption;
pub mod response_target;
pub mod revocation;
pub mod token_endpoint;
pub mod token_issuer;
pub mod userinfo;
pub mod views;

use serde::{Deserialize, Serialize};

use crate::base::clock::Span;
use crate::grants::Grant;
use crate::jose::Claims;

/// The TTL of an authorization code: RFC 6749 4.1.2 requires a short one (docs/threats.md#attack-c12).
pub const AUTHORIZATION_CODE_TTL: Span = Span::seconds(60);
pub const TOKEN_TTL: Span = Span::seconds(300);
pub const ID_TOKEN_TYP: &str = "JWT";

/// True if the claims of a JWT signed by this server with `typ` [`ID_TOKEN_TYP`] are those of an ID token: signed
/// userinfo responses have the same `typ`, and so have the logout and access tokens of clients that need it
/// (`protocol/tolerance.rs`). Only an ID token has `auth_time` and no `client_id`.
pub fn is_id_token(claims: &Claims) -> bool {
    claims.contains_key("auth_time") && !claims.contains_key("client_id")
}

/// The grant behind an authorization code. Stored under the digest of the code, consumed once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeGrant {
    pub grant: Grant,
    pub redirect_uri: String,
    pub nonce: Option<String>,
    pub code_challenge: Option<String>,
    /// The thumbprint of the DPoP key that the code is bound to (RFC 9449 10).
    pub dpop_jkt: Option<String>,
}
