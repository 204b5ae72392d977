//! A client's signed assertion of who it is: `private_key_jwt` and `client_secret_jwt` (RFC 7523 3, OIDCC 9).
//!
//! Algorithm and key are the client's registered ones, never the header's choice. `jti` counts once, as long as the
//! assertion could be accepted (ABUSE T14).

use serde_json::Value;

use super::client_auth::Endpoint;
use crate::app::AppState;
use crate::base::clock::{Span, Timestamp};
use crate::base::secret::{digest, from_base64url};
use crate::clients::{self, AuthMethod, Client, is_client_id};
use crate::ephemeral::Kind;
use crate::jose::{self, Alg, Claims, NotOurs};
use crate::protocol::json;

/// RFC 7523 2.2.
pub const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// What an assertion may be signed with by a key pair.
pub const ALGORITHMS: [Alg; 4] = Alg::ALL;
/// A client's clock may be ahead by so much (PROTOCOL A 23).
const AHEAD: Span = Span::seconds(10);
/// No assertion is good for longer, whatever it says.
const LONGEST: Span = Span::minutes(60);

/// Whose the assertion says it is: only to find the client, nothing is believed yet.
pub fn claimed_client(text: &str) -> Option<String> {
    let claims = json::object(&from_base64url(text.split('.').nth(1)?)?)?;
    claims.get("sub").and_then(Value::as_str).filter(|id| is_client_id(id)).map(str::to_owned)
}

/// Verifies; the refusal is for the log.
pub async fn verify(
    app: &AppState,
    now: Timestamp,
    endpoint: Endpoint,
    client: &Client,
    text: &str,
) -> anyhow::Result<Result<(), String>> {
    let claims = match signed(app, now, client, text).await? {
        Ok(claims) => claims,
        Err(why) => return Ok(Err(format!("the assertion does not hold: {why}"))),
    };
    let (jti, until) = match content(app, now, endpoint, client, &claims) {
        Ok(found) => found,
        Err(why) => return Ok(Err(why.to_owned())),
    };
    let key = digest(&format!("{}/{jti}", client.id));
    match app.ephemeral.claim(Kind::Assertion, &key, until, now).await? {
        true => Ok(Ok(())),
        false => Ok(Err("the assertion was used before".to_owned())),
    }
}

async fn signed(
    app: &AppState,
    now: Timestamp,
    client: &Client,
    text: &str,
) -> anyhow::Result<Result<Claims, String>> {
    if client.meta.auth_method == AuthMethod::ClientSecretJwt {
        let Some(secret) = clients::ops::signing_secret(app, client)? else {
            return Ok(Err("the client has no secret to sign with".to_owned()));
        };
        return Ok(jose::verify_hs256(secret.expose().as_bytes(), text).map_err(|why| why.to_string()));
    }
    let allowed = client.meta.auth_signing_alg.map_or(ALGORITHMS.to_vec(), |alg| vec![alg]);
    by_key(app, now, client, &allowed, text).await
}

/// Verifies what the client signed with one of its registered keys; keys by reference are fetched anew for a `kid` that
/// is not known (OIDCC 10.1.1).
pub async fn by_key(
    app: &AppState,
    now: Timestamp,
    client: &Client,
    allowed: &[Alg],
    text: &str,
) -> anyhow::Result<Result<Claims, String>> {
    let Some(keys) = clients::ops::keys(app, now, client, None).await? else {
        return Ok(Err("the client has no keys".to_owned()));
    };
    match keys.verify(text, allowed) {
        Err(NotOurs::Kid) => {
            let kid = jose::kid_of(text).unwrap_or_default();
            let Some(keys) = clients::ops::keys(app, now, client, Some(&kid)).await? else {
                return Ok(Err("the client has no keys".to_owned()));
            };
            Ok(keys.verify(text, allowed).map_err(|why| why.to_string()))
        }
        known => Ok(known.map_err(|why| why.to_string())),
    }
}

/// RFC 7523 3; gives `jti`, and until when it must be remembered.
fn content<'a>(
    app: &AppState,
    now: Timestamp,
    endpoint: Endpoint,
    client: &Client,
    claims: &'a Claims,
) -> Result<(&'a str, Timestamp), &'static str> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let time = |name: &str| claims.get(name).map(|v| v.as_i64().map(Timestamp::from_seconds));
    if text("iss") != Some(&client.id) || text("sub") != Some(&client.id) {
        return Err("iss and sub are not the client");
    }
    // The issuer, or the endpoint itself, or the token endpoint: what libraries write (PROTOCOL A 23).
    let here = |aud: &str| {
        aud == app.issuer()
            || [endpoint.path(), Endpoint::Token.path()].iter().any(|p| aud == format!("{}{p}", app.issuer()))
    };
    let for_us = match claims.get("aud") {
        Some(Value::String(aud)) => here(aud),
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).any(here),
        _ => false,
    };
    if !for_us {
        return Err("aud is not this server");
    }
    let Some(Some(exp)) = time("exp") else { return Err("exp is missing") };
    if now >= exp || exp.since(now) > LONGEST {
        return Err("exp has passed, or is too far");
    }
    for name in ["nbf", "iat"] {
        match time(name) {
            None => {}
            Some(Some(at)) if at.since(now) <= AHEAD => {}
            Some(_) => return Err("nbf or iat lies ahead"),
        }
    }
    let jti = text("jti").filter(|jti| (1..=256).contains(&jti.len())).ok_or("jti is missing")?;
    Ok((jti, exp.plus(Span::seconds(1))))
}
