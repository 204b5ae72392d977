//! A client's signed assertion of who it is: `private_key_jwt` and `client_secret_jwt` (RFC 7523 3, OIDCC 9).
//!
//! Algorithm and key are the client's registered ones, never the header's choice. `jti` counts once, as long as the
//! assertion could be accepted: minutes, and at its client's expense (docs/threats.md#attack-t14, #faults-a7).

use serde_json::Value;

use super::path;
use crate::app::AppState;
use crate::base::clock::{Span, Timestamp};
use crate::base::secret::{digest, from_base64url};
use crate::clients::{self, AuthMethod, Client, is_client_id};
use crate::ephemeral::Kind;
use crate::jose::{self, Alg, Claims, Typ, Unverified};
use crate::protocol::json;

/// RFC 7523 2.2.
pub const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// RFC 7523 has none; the newer one of its successor is taken too.
const TYP: Typ<'static> = Typ::AbsentOr(&["JWT", "client-authentication+jwt"]);
/// A client's clock may be ahead by so much (docs/threats.md#protocol-a23).
const AHEAD: Span = Span::seconds(10);
/// So old an assertion is refused (RFC 7523 3 (6)), and without `iat` one that ends later than this (3 (4)). So no `jti`
/// is remembered for longer.
const LONGEST: Span = Span(5 * 60_000 - 1_000);
/// A farther `exp` is refused whatever `iat` says: libraries write an hour at most.
const FARTHEST: Span = Span::minutes(60);

/// Where a client proves who it is: an assertion may name the endpoint as its audience.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    Token,
    Par,
    Introspection,
    Revocation,
}

impl Endpoint {
    pub fn path(self) -> &'static str {
        match self {
            Endpoint::Token => path::TOKEN,
            Endpoint::Par => path::PAR,
            Endpoint::Introspection => path::INTROSPECT,
            Endpoint::Revocation => path::REVOKE,
        }
    }
}

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
    match app.ephemeral.claim(&client.id, Kind::Assertion, &key, until, now).await? {
        true => Ok(Ok(())),
        false => Ok(Err("the assertion was used before".to_owned())),
    }
}

async fn signed(app: &AppState, now: Timestamp, client: &Client, text: &str) -> anyhow::Result<Result<Claims, String>> {
    if client.meta.auth_method == AuthMethod::ClientSecretJwt {
        let Some(secret) = clients::ops::signing_secret(app, client)? else {
            return Ok(Err("the client has no secret to sign with".to_owned()));
        };
        let verified = jose::verify_hs256(secret.expose().as_bytes(), text, TYP);
        return Ok(verified.map(|(_, claims)| claims).map_err(|why| why.to_string()));
    }
    let allowed = client.meta.auth_signing_alg.map_or(client.demands().signs_with.to_vec(), |alg| vec![alg]);
    by_key(app, now, client, &allowed, TYP, text).await
}

/// Verifies what the client signed with one of its registered keys; keys by reference are fetched anew for a `kid` that
/// is not known (OIDCC 10.1.1).
pub async fn by_key(
    app: &AppState,
    now: Timestamp,
    client: &Client,
    allowed: &[Alg],
    typ: Typ<'_>,
    text: &str,
) -> anyhow::Result<Result<Claims, String>> {
    let none = || Ok(Err("the client has no keys".to_owned()));
    let Some(keys) = clients::ops::keys(app, now, client, None).await? else { return none() };
    let verified = match keys.verify(text, allowed, typ) {
        Err(Unverified::Kid) => {
            let unknown = kid(text).unwrap_or_default();
            let Some(keys) = clients::ops::keys(app, now, client, Some(&unknown)).await? else { return none() };
            keys.verify(text, allowed, typ)
        }
        known => known,
    };
    Ok(verified.map(|(_, claims)| claims).map_err(|why| why.to_string()))
}

fn kid(text: &str) -> Option<String> {
    let header = json::object(&from_base64url(text.split('.').next()?)?)?;
    header.get("kid").and_then(Value::as_str).map(str::to_owned)
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
    // The issuer, or the endpoint itself, or the token endpoint: what libraries write (docs/threats.md#protocol-a23).
    // FAPI 2.0 5.3.2.1: the issuer as a string and nothing else.
    let here = |aud: &str| {
        aud == app.issuer()
            || [endpoint.path(), Endpoint::Token.path()].iter().any(|p| aud == format!("{}{p}", app.issuer()))
    };
    let issuer_alone = client.demands().issuer_alone;
    let for_us = match claims.get("aud") {
        Some(Value::String(aud)) if issuer_alone => aud == app.issuer(),
        _ if issuer_alone => false,
        Some(Value::String(aud)) => here(aud),
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).any(here),
        _ => false,
    };
    if !for_us {
        return Err("aud is not this server");
    }
    let Some(Some(exp)) = time("exp") else { return Err("exp is missing") };
    if now >= exp || exp.since(now) > FARTHEST {
        return Err("exp has passed, or is too far");
    }
    for name in ["nbf", "iat"] {
        match time(name) {
            None => {}
            Some(Some(at)) if at.since(now) <= AHEAD => {}
            Some(_) => return Err("nbf or iat lies ahead"),
        }
    }
    let until = match time("iat").flatten() {
        Some(iat) => exp.0.min(iat.plus(LONGEST).0),
        None if exp.since(now) > LONGEST => return Err("exp is too far for an assertion without iat"),
        None => exp.0,
    };
    if now.0 >= until {
        return Err("iat is too long ago");
    }
    let jti = text("jti").filter(|jti| (1..=256).contains(&jti.len())).ok_or("jti is missing")?;
    Ok((jti, Timestamp(until).plus(Span::seconds(1))))
}
