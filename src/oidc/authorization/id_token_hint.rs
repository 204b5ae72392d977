//! The `id_token_hint` of an authorization request (OIDCC 3.1.2.1).

use serde_json::Value;

use crate::app::Operation;
use crate::clients::Client;
use crate::keys;
use crate::oidc::error::ProtocolError;
use crate::oidc::{ID_TOKEN_TYP, is_id_token};
use crate::protocol::error::OAuthError;

/// Returns the `sub` of an ID token that this server signed for the client, expired or not (OIDCC 3.1.2.1).
pub async fn verify(op: &Operation<'_>, client: &Client, hint: &str) -> Result<String, ProtocolError> {
    let refused = |detail: &str| {
        let words = "id_token_hint is not an ID token of this client";
        OAuthError::invalid_request(words).detail(detail)
    };
    let claims = match keys::ops::verify_hint(op, ID_TOKEN_TYP, hint).await? {
        Ok(claims) => claims,
        Err(why) => return Err(refused(&why.to_string()).into()),
    };
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if !is_id_token(&claims) {
        return Err(refused("another token of ours").into());
    }
    if text("iss") != Some(op.app.issuer()) || text("aud") != Some(&client.id) {
        return Err(refused("iss or aud").into());
    }
    text("sub").map(str::to_owned).ok_or_else(|| refused("no sub").into())
}
