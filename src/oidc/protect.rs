//! Tokens that a client wants signed or encrypted (OIDCC 5.3.2, 10.2; OIDCR 2).
//!
//! Encrypting needs a key of the client: where it has none that fits, there is no answer at all rather than a plain one.

use anyhow::Context as _;
use serde_json::{Map, Value, json};

use super::ID_TYP;
use crate::app::AppState;
use crate::base::clock::Timestamp;
use crate::clients::{self, Client};
use crate::jose;
use crate::protocol::algorithms::Encryption;

/// What userinfo answers.
pub enum Told {
    Plain(Map<String, Value>),
    Jwt(String),
}

/// Signed, encrypted, or both, one within the other.
pub async fn userinfo(
    app: &AppState,
    now: Timestamp,
    client: &Client,
    mut told: Map<String, Value>,
) -> anyhow::Result<Told> {
    let protection = client.meta.userinfo;
    let signed = match protection.signed {
        None => None,
        Some(alg) => {
            // OIDCC 5.3.2: `iss` and `aud` as members; no `nonce`.
            told.extend([
                ("iss".to_owned(), json!(app.issuer())),
                ("aud".to_owned(), json!(client.id)),
                ("iat".to_owned(), json!(now.seconds())),
            ]);
            let (ring, claims) = (app.ring(), Value::Object(told.clone()));
            Some(tokio::task::spawn_blocking(move || jose::sign(&ring, alg, ID_TYP, &claims)).await??)
        }
    };
    match (signed, protection.encrypted) {
        (None, None) => Ok(Told::Plain(told)),
        (Some(token), None) => Ok(Told::Jwt(token)),
        (Some(token), Some(how)) => Ok(Told::Jwt(encrypted(app, now, client, how, Some("JWT"), token).await?)),
        (None, Some(how)) => {
            let text = Value::Object(told).to_string();
            Ok(Told::Jwt(encrypted(app, now, client, how, None, text).await?))
        }
    }
}

/// An ID token for its client alone, where it is registered so.
pub async fn id_token(app: &AppState, now: Timestamp, client: &Client, token: String) -> anyhow::Result<String> {
    match client.meta.id_token.encrypted {
        None => Ok(token),
        Some(how) => encrypted(app, now, client, how, Some("JWT"), token).await,
    }
}

async fn encrypted(
    app: &AppState,
    now: Timestamp,
    client: &Client,
    how: Encryption,
    cty: Option<&'static str>,
    text: String,
) -> anyhow::Result<String> {
    let keys = clients::ops::keys(app, now, client, None).await?.context("the client has no keys to encrypt to")?;
    let token = tokio::task::spawn_blocking(move || jose::encrypt(&keys, how, cty, text.as_bytes())).await??;
    Ok(token)
}
