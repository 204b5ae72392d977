//! Resource servers that a request asks tokens for (RFC 8707), at the authorization endpoint and at the token endpoint.

use crate::clients::Client;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::params::Params;

/// RFC 8707 2: those that are asked for, each of which the client has registered, or ourselves.
pub fn resources(issuer: &str, client: &Client, params: &Params) -> Result<Vec<String>, OAuthError> {
    let mut asked: Vec<String> = params.all("resource").map(str::to_owned).collect();
    asked.sort_unstable();
    asked.dedup();
    if asked.iter().all(|a| a == issuer || client.meta.audiences.contains(a)) {
        return Ok(asked);
    }
    Err(OAuthError::new(ErrorCode::InvalidTarget, "resource is not one of this client"))
}
