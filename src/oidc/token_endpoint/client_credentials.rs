//! grant_type=client_credentials (RFC 6749 4.4): issues a token of the client itself, for a registered resource server.
//!
//! The token concerns no end user: no scopes, no ID token, no refresh token. Valid for five minutes, unless revoked by
//! its `jti`.

use serde_json::json;

use super::token_request::{TokenRequest, TokenResponse};
use crate::app::Operation;
use crate::base::ids::id128;
use crate::clients::GrantType;
use crate::jose::{self, Alg};
use crate::oidc::TOKEN_TTL;
use crate::oidc::error::ProtocolError;
use crate::oidc::tokens::issuer::audience;
use crate::protocol::error::{ErrorCode, OAuthError};

pub async fn exchange(asking: &TokenRequest<'_>) -> Result<TokenResponse, ProtocolError> {
    let TokenRequest { op, client, params, .. } = *asking;
    let Operation { app, now, .. } = *op;
    if client.is_public() || !client.allows_grant(GrantType::ClientCredentials) {
        return Err(OAuthError::new(ErrorCode::UnauthorizedClient, "not registered for this grant").into());
    }
    if params.get("scope").is_some() {
        let error = OAuthError::new(ErrorCode::InvalidScope, "a token of the client itself has no scope");
        return Err(error.into());
    }
    let resource = asking.granted_resources(&[])?;
    asking.consume_proof().await?;
    // RFC 9068 2.2: without an end user, `sub` is the client.
    let mut claims = json!({
        "iss": app.issuer(), "sub": client.id, "client_id": client.id, "aud": audience(app, client, &resource),
        "jti": id128(app.rng.as_ref()), "iat": now.as_seconds(), "exp": now.plus(TOKEN_TTL).as_seconds(),
    });
    if let (Some(jkt), Some(map)) = (&asking.jkt, claims.as_object_mut()) {
        map.insert("cnf".to_owned(), json!({ "jkt": jkt }));
    }
    let ring = app.key_ring();
    let typ = client.meta.tolerances.access_token_typ.name();
    let access_token = jose::sign(&ring, Alg::ES256, typ, &claims).map_err(anyhow::Error::from)?;
    Ok(TokenResponse {
        access_token,
        token_type: asking.token_type(),
        expires_in: TOKEN_TTL.as_seconds_ceil(),
        scope: String::new(),
        id_token: None,
        refresh_token: None,
    })
}
