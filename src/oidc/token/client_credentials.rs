//! grant_type=client_credentials (RFC 6749 4.4): a token of the client's own, for a resource server that it registered.
//!
//! It says nothing of any person: no scope of persons, no ID token, no refresh token. It lives its five minutes, unless
//! it is revoked by its `jti`.

use serde_json::json;

use super::outcome::{Asking, Exchanged, Tokens};
use crate::base::ids::id128;
use crate::clients::GrantType;
use crate::jose::{self, Alg};
use crate::oidc::TOKEN_LIFE;
use crate::oidc::mint::audience;
use crate::protocol::error::{ErrorCode, OAuthError};

pub async fn exchange(asking: &Asking<'_>) -> anyhow::Result<Exchanged> {
    let Asking { app, now, client, params, .. } = *asking;
    if client.is_public() || !client.may(GrantType::ClientCredentials) {
        return Ok(Exchanged::Denied(OAuthError::new(ErrorCode::UnauthorizedClient, "not registered for this grant")));
    }
    if params.get("scope").is_some() {
        let error = OAuthError::new(ErrorCode::InvalidScope, "a token of the client itself has no scope");
        return Ok(Exchanged::Denied(error));
    }
    let resource = match asking.resource(&[]) {
        Ok(resource) => resource,
        Err(error) => return Ok(Exchanged::Denied(error)),
    };
    if let Err(error) = asking.spend_proof().await? {
        return Ok(Exchanged::Denied(error));
    }
    // RFC 9068 2.2: without a person, `sub` is the client.
    let mut claims = json!({
        "iss": app.issuer(), "sub": client.id, "client_id": client.id, "aud": audience(app, client, &resource),
        "jti": id128(app.rng.as_ref()), "iat": now.seconds(), "exp": now.plus(TOKEN_LIFE).seconds(),
    });
    if let (Some(jkt), Some(map)) = (&asking.jkt, claims.as_object_mut()) {
        map.insert("cnf".to_owned(), json!({ "jkt": jkt }));
    }
    let ring = app.ring();
    let typ = client.meta.tolerances.access_token_typ.name();
    let access_token = tokio::task::spawn_blocking(move || jose::sign(&ring, Alg::ES256, typ, &claims)).await??;
    Ok(Exchanged::Tokens(Box::new(Tokens {
        access_token,
        token_type: asking.token_type(),
        expires_in: TOKEN_LIFE.as_seconds_up(),
        scope: String::new(),
        id_token: None,
        refresh_token: None,
    })))
}
