//! Client assertions: `private_key_jwt` and `client_secret_jwt` (RFC 7523 3, OIDCC 9).
//!
//! Algorithm and key come from the client's registration, never from the JWT header. A `jti` is accepted once and
//! stored as long as the assertion remains acceptable: for minutes, at the expense of the client's quota
//! (docs/threats.md#attack-t14, #faults-a7).

use serde_json::Value;

use crate::app::Operation;
use crate::base::clock::{Span, Timestamp};
use crate::base::secret::{decode_base64url, sha256_base64url};
use crate::clients::{self, AuthMethod, Client, is_client_id};
use crate::ephemeral::Namespace;
use crate::http::paths;
use crate::jose::{self, Alg, Claims, ExpectedTyp, VerifyError};
use crate::oidc::error::ProtocolError;
use crate::protocol::error::OAuthError;
use crate::protocol::json;
use secrecy::ExposeSecret as _;

/// The `client_assertion_type` of RFC 7523 2.2.
pub const CLIENT_ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The accepted `typ` headers: RFC 7523 defines none; the type of its successor is accepted too.
const ALLOWED_TYP: ExpectedTyp<'static> = ExpectedTyp::AbsentOr(&["JWT", "client-authentication+jwt"]);
/// The accepted clock leeway of a client, into the future (docs/threats.md#protocol-a23).
const CLOCK_LEEWAY: Span = Span::seconds(10);
/// The maximum age of an assertion (RFC 7523 3 (6)), and without `iat` its maximum remaining TTL (RFC 7523 3 (4)).
/// Bounds the storage time of a `jti`.
const MAX_ASSERTION_AGE: Span = Span(5 * 60_000 - 1_000);
/// The maximum remaining TTL of an assertion with any `iat`: libraries set an hour at most.
const MAX_ASSERTION_TTL: Span = Span::minutes(60);

/// An endpoint with client authentication: an assertion may name the endpoint as its audience.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientEndpoint {
    Token,
    Par,
    Introspection,
    Revocation,
}

impl ClientEndpoint {
    pub fn path(self) -> &'static str {
        match self {
            ClientEndpoint::Token => paths::TOKEN,
            ClientEndpoint::Par => paths::PAR,
            ClientEndpoint::Introspection => paths::INTROSPECT,
            ClientEndpoint::Revocation => paths::REVOKE,
        }
    }

    /// True if scripts of clients may call the endpoint: introspection needs a secret.
    pub fn allows_scripts(self) -> bool {
        self != ClientEndpoint::Introspection
    }
}

/// Returns the same error for every failure of authentication, for existing and unknown clients; the detail goes to the
/// log only.
pub fn authentication_failed(detail: impl Into<String>) -> OAuthError {
    OAuthError::invalid_client("client authentication failed").detail(detail)
}

/// Returns the `sub` of an unverified assertion, only to find the client.
pub fn unverified_client_id(text: &str) -> Option<String> {
    let claims = json::object(&decode_base64url(text.split('.').nth(1)?)?)?;
    claims.get("sub").and_then(Value::as_str).filter(|id| is_client_id(id)).map(str::to_owned)
}

/// Verifies an assertion.
pub async fn verify(
    op: &Operation<'_>,
    endpoint: ClientEndpoint,
    client: &Client,
    text: &str,
) -> Result<(), ProtocolError> {
    let claims = verify_signature(op, client, text).await?;
    let (jti, until) = validate_claims(op, endpoint, client, &claims).map_err(authentication_failed)?;
    let key = sha256_base64url(&format!("{}/{jti}", client.id));
    match op.app.ephemeral.claim_once(&client.id, Namespace::Assertion, &key, until, op.now).await? {
        true => Ok(()),
        false => Err(authentication_failed("the assertion was used before").into()),
    }
}

async fn verify_signature(op: &Operation<'_>, client: &Client, text: &str) -> Result<Claims, ProtocolError> {
    let denial = |why: String| authentication_failed(format!("the assertion does not hold: {why}"));
    if client.meta.auth_method == AuthMethod::ClientSecretJwt {
        let Some(secret) = clients::ops::signing_secret(op.app, client)? else {
            return Err(denial("the client has no secret to sign with".to_owned()).into());
        };
        let verified = jose::verify_hs256(secret.expose_secret().as_bytes(), text, ALLOWED_TYP);
        return verified.map(|(_, claims)| claims).map_err(|why| denial(why.to_string()).into());
    }
    let allowed =
        client.meta.auth_signing_alg.map_or(client.requirements().allowed_algorithms.to_vec(), |alg| vec![alg]);
    verify_with_client_keys(op, client, ExpectedSignature { algorithms: &allowed, typ: ALLOWED_TYP }, text, denial)
        .await
}

/// The algorithms and the `typ` of which a signature must be.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedSignature<'a> {
    pub algorithms: &'a [Alg],
    pub typ: ExpectedTyp<'a>,
}

/// Verifies a signature with the registered keys of the client; keys at a `jwks_uri` are fetched again for an unknown
/// `kid` (OIDCC 10.1.1). `denial` makes an error of the reason, which is for the log.
pub async fn verify_with_client_keys(
    op: &Operation<'_>,
    client: &Client,
    expected: ExpectedSignature<'_>,
    text: &str,
    denial: impl Fn(String) -> OAuthError,
) -> Result<Claims, ProtocolError> {
    let none = || denial("the client has no keys".to_owned());
    let keys = clients::ops::load_keys(op, client, None).await?.ok_or_else(none)?;
    let verified = match keys.verify(text, expected.algorithms, expected.typ) {
        Err(VerifyError::UnknownKid) => {
            let unknown = unverified_kid(text).unwrap_or_default();
            let keys = clients::ops::load_keys(op, client, Some(&unknown)).await?.ok_or_else(none)?;
            keys.verify(text, expected.algorithms, expected.typ)
        }
        known => known,
    };
    verified.map(|(_, claims)| claims).map_err(|why| denial(why.to_string()).into())
}

fn unverified_kid(text: &str) -> Option<String> {
    let header = json::object(&decode_base64url(text.split('.').next()?)?)?;
    header.get("kid").and_then(Value::as_str).map(str::to_owned)
}

/// Validates the claims (RFC 7523 3); returns the `jti` and the time until which it must be stored.
fn validate_claims<'a>(
    op: &Operation<'_>,
    endpoint: ClientEndpoint,
    client: &Client,
    claims: &'a Claims,
) -> Result<(&'a str, Timestamp), &'static str> {
    let Operation { app, now, .. } = *op;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let time = |name: &str| claims.get(name).map(|v| v.as_i64().map(Timestamp::from_seconds));
    if text("iss") != Some(&client.id) || text("sub") != Some(&client.id) {
        return Err("iss and sub are not the client");
    }
    // Libraries write the issuer, the endpoint itself or the token endpoint (docs/threats.md#protocol-a23). FAPI 2.0
    // 5.3.2.1 allows only the issuer, as a string.
    let here = |aud: &str| {
        aud == app.issuer()
            || [endpoint.path(), ClientEndpoint::Token.path()].iter().any(|p| aud == format!("{}{p}", app.issuer()))
    };
    let issuer_alone = client.requirements().issuer_only_audience;
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
    if now >= exp || exp.since(now) > MAX_ASSERTION_TTL {
        return Err("exp has passed, or is too far");
    }
    for name in ["nbf", "iat"] {
        match time(name) {
            None => {}
            Some(Some(at)) if at.since(now) <= CLOCK_LEEWAY => {}
            Some(_) => return Err("nbf or iat lies ahead"),
        }
    }
    let until = match time("iat").flatten() {
        Some(iat) => exp.0.min(iat.plus(MAX_ASSERTION_AGE).0),
        None if exp.since(now) > MAX_ASSERTION_AGE => return Err("exp is too far for an assertion without iat"),
        None => exp.0,
    };
    if now.0 >= until {
        return Err("iat is too long ago");
    }
    let jti = text("jti").filter(|jti| (1..=256).contains(&jti.len())).ok_or("jti is missing")?;
    Ok((jti, Timestamp(until).plus(Span::seconds(1))))
}
