//! Request objects (OIDCC 6, RFC 9101): the authorization request in a JWT signed by the client, by value or by
//! reference.
//!
//! Only the parameters inside a signed object count (RFC 9101 6.3). `alg: none` is not supported. A reference is
//! fetched only if the client registered its URI, through the guarded HTTP client (docs/threats.md#attack-f3).

use std::sync::Arc;

use serde_json::Value;

use crate::app::Operation;
use crate::base::clock::{Span, Timestamp};
use crate::base::secret::sha256_base64url;
use crate::clients::Client;
use crate::http::outgoing::{CacheLookup, CallPurpose};
use crate::jose::{Claims, ExpectedTyp};
use crate::oidc::client_authentication::assertion::{self, ExpectedSignature};
use crate::oidc::error::ProtocolError;
use crate::protocol::authorize::{PARAMETERS, ParameterType};
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::params::{Params, encode};

/// The accepted `typ` headers (RFC 9101 10.8); OpenID Connect request objects are older than explicit typing.
const ALLOWED_TYP: ExpectedTyp<'static> = ExpectedTyp::AbsentOr(&["JWT", "oauth-authz-req+jwt"]);
/// The maximum size of a fetched object, in bytes.
const MAX_OBJECT_BYTES: usize = 16 * 1024;
const CLOCK_LEEWAY: Span = Span::seconds(10);

/// The reason for rejecting a request object, and its `state` if the signature is valid, to be returned to the client.
#[derive(Debug)]
pub struct RequestObjectError {
    pub error: ProtocolError,
    pub state: Option<String>,
}

impl<E> From<E> for RequestObjectError
where
    ProtocolError: From<E>,
{
    fn from(error: E) -> Self {
        Self { error: error.into(), state: None }
    }
}

fn invalid_object(words: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequestObject, words)
}

/// Returns the parameters of the request object, or `None` if the request has neither `request` nor `request_uri`.
pub async fn extract(
    op: &Operation<'_>,
    client: &Client,
    params: &Params,
) -> Result<Option<Params>, RequestObjectError> {
    let object = match (params.get("request"), params.get("request_uri")) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => return Err(OAuthError::invalid_request("request and request_uri: keep one").into()),
        (Some(object), None) => object.to_owned(),
        (None, Some(uri)) => fetch_object(op, client, uri).await?,
    };
    let allowed = client
        .meta
        .request_object_signing_alg
        .map_or(client.requirements().allowed_algorithms.to_vec(), |alg| vec![alg]);
    let denial = |why: String| invalid_object("the request object does not hold").detail(why);
    let expected = ExpectedSignature { algorithms: &allowed, typ: ALLOWED_TYP };
    let claims = assertion::verify_with_client_keys(op, client, expected, object.trim(), denial).await?;
    validate_claims(op.app.issuer(), op.now, client, params, &claims).map(Some).map_err(|error| RequestObjectError {
        error: error.into(),
        state: claims.get("state").and_then(Value::as_str).map(str::to_owned),
    })
}

/// Fetches a request object by reference. The fragment of the URI is the digest of the content and tells versions apart
/// (OIDCC 6.2). Anybody with a browser can present a URI, so each client has one fetch at a time, and a recently
/// fetched object is served from the cache (docs/threats.md#faults-a8).
async fn fetch_object(op: &Operation<'_>, client: &Client, uri: &str) -> Result<String, OAuthError> {
    let Operation { app, now, .. } = *op;
    let refused = |words| OAuthError::new(ErrorCode::InvalidRequestUri, words);
    let (bare, named) = uri.split_once('#').map_or((uri, None), |(bare, named)| (bare, Some(named)));
    let same = |registered: &String| registered == uri || registered.split('#').next() == Some(bare);
    if !client.meta.request_uris.iter().any(same) {
        return Err(refused("request_uri is not registered"));
    }
    let place = format!("{} {bare}", client.id);
    let _turn = app.request_objects.fetch_lock(&client.id).await;
    // A URI with a digest accepts only the version with that digest; any other URI accepts a fresh cache entry.
    if let Some(text) =
        app.request_objects.peek(&place, now).filter(|text| named == Some(sha256_base64url(text).as_str()))
    {
        return Ok(text.as_str().to_owned());
    }
    match app.request_objects.lookup(&place, now, named.is_some()) {
        CacheLookup::Cached(Some(text)) if named.is_none() => return Ok(text.as_str().to_owned()),
        CacheLookup::Cached(None) => {
            return Err(refused("request_uri cannot be fetched").detail("a moment ago it could not"));
        }
        CacheLookup::Cached(Some(_)) | CacheLookup::Fetch(_) => {}
    }
    let accept = "application/oauth-authz-req+jwt, application/jwt";
    let body = match app.outgoing.get(CallPurpose::RequestObject, bare, accept, MAX_OBJECT_BYTES).await {
        Ok(fetched) => fetched.body,
        Err(why) => {
            app.request_objects.record_failure(&place, now);
            return Err(refused("request_uri cannot be fetched").detail(why.to_string()));
        }
    };
    let Ok(text) = String::from_utf8(body) else {
        app.request_objects.record_failure(&place, now);
        return Err(refused("request_uri gives no text"));
    };
    app.request_objects.insert(&place, now, Arc::new(text.clone()));
    Ok(text)
}

/// Validates the claims and returns the parameters (RFC 9101 4, 6.3; OIDCC 6.1).
fn validate_claims(
    issuer: &str,
    now: Timestamp,
    client: &Client,
    outside: &Params,
    claims: &Claims,
) -> Result<Params, OAuthError> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if claims.contains_key("request") || claims.contains_key("request_uri") {
        return Err(invalid_object("a request object within a request object"));
    }
    if claims.contains_key("iss") && text("iss") != Some(&client.id) {
        return Err(invalid_object("iss is not the client"));
    }
    // RFC 9101 10.8: a client assertion must never pass for a request object. Assertions have `sub`, request objects
    // never do.
    if claims.get("sub").is_some_and(|sub| sub.as_str().is_none_or(|sub| sub == client.id.as_str())) {
        return Err(invalid_object("an assertion is no request"));
    }
    let life = client.requirements().max_request_object_ttl;
    let for_us = match claims.get("aud") {
        None => life.is_none(),
        Some(Value::String(aud)) => aud == issuer,
        Some(Value::Array(all)) => all.iter().any(|aud| aud == issuer),
        Some(_) => false,
    };
    if !for_us {
        return Err(invalid_object("aud is not this server"));
    }
    let time = |name: &str| claims.get(name).map(|v| v.as_i64().map(Timestamp::from_seconds));
    match (time("exp"), time("nbf"), time("iat")) {
        (Some(None), ..) | (_, Some(None), _) | (.., Some(None)) => return Err(invalid_object("a time is no number")),
        (Some(Some(exp)), ..) if now >= exp => return Err(invalid_object("the request object has expired")),
        (_, Some(Some(from)), _) | (.., Some(Some(from))) if from.since(now) > CLOCK_LEEWAY => {
            return Err(invalid_object("the request object lies ahead"));
        }
        _ => {}
    }
    // FAPI 2.0 Message Signing 5.3.1 requires `exp` and `nbf`, with a maximum distance.
    if let Some(life) = life {
        match (time("exp").flatten(), time("nbf").flatten()) {
            (Some(exp), Some(nbf)) if exp.since(nbf) <= life && now.since(nbf) <= life => {}
            (Some(_), Some(_)) => return Err(invalid_object("exp and nbf are too far apart, or nbf too long ago")),
            _ => return Err(invalid_object("exp and nbf must be there")),
        }
    }
    // RFC 9101 5: client_id has the same value inside and outside. OIDCC 6.1: so has response_type, if also sent
    // outside.
    if claims.contains_key("client_id") && text("client_id") != Some(&client.id) {
        return Err(invalid_object("client_id is another inside"));
    }
    if let (Some(outer), Some(inner)) = (outside.get("response_type"), text("response_type"))
        && outer != inner
    {
        return Err(invalid_object("response_type is another inside"));
    }
    let mut pairs = vec![("client_id", client.id.to_string())];
    for (name, member) in PARAMETERS {
        let Some(value) = claims.get(name) else { continue };
        let values = parameter_values(member, value)
            .ok_or_else(|| invalid_object("a parameter is of another type").detail(name))?;
        pairs.extend(values.into_iter().map(|value| (name, value)));
    }
    let text = encode(pairs.iter().map(|(name, value)| (*name, value.as_str())));
    Ok(Params::parse(&text))
}

/// Returns the values in the form of a query; `None` if the JSON type does not match the parameter: ignoring the
/// parameter would answer another request than the client signed.
fn parameter_values(member: ParameterType, value: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    match (member, value) {
        (_, Value::String(one)) => Some(vec![one.clone()]),
        (ParameterType::Number, Value::Number(number)) => number.as_u64().map(|n| vec![n.to_string()]),
        (ParameterType::Object, Value::Object(_)) => Some(vec![value.to_string()]),
        (ParameterType::TextList, Value::Array(all)) if !all.is_empty() => all.iter().map(text).collect(),
        _ => None,
    }
}
