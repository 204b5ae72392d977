//! Resource indicators (RFC 8707) of the authorization endpoint and the token endpoint.

use crate::clients::Client;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::params::Params;

/// Returns the requested resource servers (RFC 8707 2): each must be registered by the client, or be the issuer itself.
pub fn requested_resources(issuer: &str, client: &Client, params: &Params) -> Result<Vec<String>, OAuthError> {
    let mut asked: Vec<String> = params.get_all("resource").map(str::to_owned).collect();
    asked.sort_unstable();
    asked.dedup();
    if asked.iter().all(|a| a == issuer || client.meta.audiences.contains(a)) {
        return Ok(asked);
    }
    Err(OAuthError::new(ErrorCode::InvalidTarget, "resource is not one of this client"))
}
