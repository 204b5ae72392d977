//! The OpenID provider: one file or folder per endpoint, one file of request checks, one pure table of the
//! reasons for an interaction.
//!
//! `/oauth2/authorize` is the only dispatcher: sign-in and activation end with a redirect of the browser back to it.

pub mod authorization;
pub mod bearer;
pub mod client_authentication;
pub mod client_endpoint;
pub mod discovery;
pub mod dpop;
pub mod error;
pub mod error_response;
pub mod introspection;
pub mod jwks;
pub mod logout;
pub mod registration;
pub mod revocation;
pub mod test_sign_in;
pub mod token_endpoint;
pub mod tokens;
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
