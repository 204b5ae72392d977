//! Signing and encryption of userinfo responses and ID tokens for clients (OIDCC 5.3.2, 10.2; OIDCR 2).
//!
//! Encryption needs a key of the client: without a suitable key the request fails; the response is never sent
//! unencrypted.

use anyhow::Context as _;
use serde_json::{Map, Value, json};

use crate::app::Operation;
use crate::clients::{self, Client};
use crate::jose;
use crate::oidc::ID_TOKEN_TYP;
use crate::protocol::algorithms::Encryption;

/// A userinfo response.
pub enum UserinfoResponse {
    Json(Map<String, Value>),
    Jwt(String),
}

/// Signs the userinfo response, encrypts it, or both (nested), as registered by the client.
pub async fn protect_userinfo(
    op: &Operation<'_>,
    client: &Client,
    mut told: Map<String, Value>,
) -> anyhow::Result<UserinfoResponse> {
    let signed = sign_userinfo(op, client, &mut told).await?;
    match (signed, client.meta.userinfo.encrypted) {
        (None, None) => Ok(UserinfoResponse::Json(told)),
        (Some(token), None) => Ok(UserinfoResponse::Jwt(token)),
        (Some(token), Some(how)) => {
            Ok(UserinfoResponse::Jwt(encrypt_for_client(op, client, how, Some("JWT"), token).await?))
        }
        (None, Some(how)) => {
            let text = Value::Object(told).to_string();
            Ok(UserinfoResponse::Jwt(encrypt_for_client(op, client, how, None, text).await?))
        }
    }
}

/// Signs the userinfo response if the client registered that; the claims get the members of a signed one.
pub async fn sign_userinfo(
    op: &Operation<'_>,
    client: &Client,
    told: &mut Map<String, Value>,
) -> anyhow::Result<Option<String>> {
    let Some(alg) = client.meta.userinfo.signed else { return Ok(None) };
    // OIDCC 5.3.2 requires the members `iss` and `aud`. Without `nonce`, unlike an ID token.
    told.extend([
        ("iss".to_owned(), json!(op.app.issuer())),
        ("aud".to_owned(), json!(client.id)),
        ("iat".to_owned(), json!(op.now.as_seconds())),
    ]);
    let (ring, claims) = (op.app.key_ring(), Value::Object(told.clone()));
    let token = tokio::task::spawn_blocking(move || jose::sign(&ring, alg, ID_TOKEN_TYP, &claims)).await??;
    Ok(Some(token))
}

/// Encrypts an ID token if the client is registered for encrypted ID tokens.
pub async fn protect_id_token(op: &Operation<'_>, client: &Client, token: String) -> anyhow::Result<String> {
    match client.meta.id_token.encrypted {
        None => Ok(token),
        Some(how) => encrypt_for_client(op, client, how, Some("JWT"), token).await,
    }
}

async fn encrypt_for_client(
    op: &Operation<'_>,
    client: &Client,
    how: Encryption,
    cty: Option<&'static str>,
    text: String,
) -> anyhow::Result<String> {
    let keys = clients::ops::load_keys(op, client, None).await?.context("the client has no keys to encrypt to")?;
    let token = tokio::task::spawn_blocking(move || jose::encrypt(&keys, how, cty, text.as_bytes())).await??;
    Ok(token)
}
