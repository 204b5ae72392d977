//! Request objects (OIDCC 6, RFC 9101): the whole request in a JWT that the client signed, by value or by reference.
//!
//! Of a signed object only the values inside count (RFC 9101 6.3). `none` is not supported. By reference only what the
//! client registered is fetched, through the guarded client (docs/threats.md#attack-f3).

use std::sync::Arc;

use serde_json::Value;

use super::assertion;
use crate::app::AppState;
use crate::base::clock::{Span, Timestamp};
use crate::base::secret::digest;
use crate::clients::Client;
use crate::http::outgoing::{Purpose, Remembered};
use crate::jose::{Claims, Typ};
use crate::protocol::authorize::{MEMBERS, Member};
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::params::{Params, encode};

/// RFC 9101 10.8; OpenID Connect's are older than explicit typing.
const TYP: Typ<'static> = Typ::AbsentOr(&["JWT", "oauth-authz-req+jwt"]);
/// The largest object that is fetched, in bytes.
const LARGEST: usize = 16 * 1024;
const AHEAD: Span = Span::seconds(10);

/// Why a request object is refused, and the `state` inside it if the client signed it: that one goes back.
#[derive(Debug)]
pub struct Refusal {
    pub error: OAuthError,
    pub state: Option<String>,
}

impl From<OAuthError> for Refusal {
    fn from(error: OAuthError) -> Self {
        Self { error, state: None }
    }
}

fn bad(words: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequestObject, words)
}

/// The parameters out of the request object, if the request has one.
pub async fn read(
    app: &AppState,
    now: Timestamp,
    client: &Client,
    params: &Params,
) -> anyhow::Result<Result<Option<Params>, Refusal>> {
    let object = match (params.get("request"), params.get("request_uri")) {
        (None, None) => return Ok(Ok(None)),
        (Some(_), Some(_)) => return Ok(Err(OAuthError::invalid_request("request and request_uri: keep one").into())),
        (Some(object), None) => object.to_owned(),
        (None, Some(uri)) => match fetched(app, now, client, uri).await {
            Ok(object) => object,
            Err(error) => return Ok(Err(error.into())),
        },
    };
    let allowed = client.meta.request_object_signing_alg.map_or(client.demands().signs_with.to_vec(), |alg| vec![alg]);
    let claims = match assertion::by_key(app, now, client, &allowed, TYP, object.trim()).await? {
        Ok(claims) => claims,
        Err(why) => return Ok(Err(bad("the request object does not hold").detail(why).into())),
    };
    let state = || claims.get("state").and_then(Value::as_str).map(str::to_owned);
    Ok(match content(app.issuer(), now, client, params, &claims) {
        Ok(inside) => Ok(Some(inside)),
        Err(error) => Err(Refusal { error, state: state() }),
    })
}

/// OIDCC 6.2: a fragment is only there to tell versions apart, by the digest of what stands there. Whoever has a
/// browser presents an address, so of a client one is fetched at a time, and what was fetched just now is not fetched
/// again (docs/threats.md#faults-a8).
async fn fetched(app: &AppState, now: Timestamp, client: &Client, uri: &str) -> Result<String, OAuthError> {
    let refused = |words| OAuthError::new(ErrorCode::InvalidRequestUri, words);
    let (bare, named) = uri.split_once('#').map_or((uri, None), |(bare, named)| (bare, Some(named)));
    let same = |registered: &String| registered == uri || registered.split('#').next() == Some(bare);
    if !client.meta.request_uris.iter().any(same) {
        return Err(refused("request_uri is not registered"));
    }
    let place = format!("{} {bare}", client.id);
    let _turn = app.documents.turn(&client.id).await;
    // Of what names its digest, that version and no other; of the rest, what is fresh.
    if let Some(text) = app.documents.kept(&place, now).filter(|text| named == Some(digest(text).as_str())) {
        return Ok(text.as_str().to_owned());
    }
    match app.documents.look(&place, now, named.is_some()) {
        Remembered::Known(Some(text)) if named.is_none() => return Ok(text.as_str().to_owned()),
        Remembered::Known(None) => {
            return Err(refused("request_uri cannot be fetched").detail("a moment ago it could not"));
        }
        Remembered::Known(Some(_)) | Remembered::Ask(_) => {}
    }
    let accept = "application/oauth-authz-req+jwt, application/jwt";
    let body = match app.outgoing.get(Purpose::RequestObject, bare, accept, LARGEST).await {
        Ok(fetched) => fetched.body,
        Err(why) => {
            app.documents.failed(&place, now);
            return Err(refused("request_uri cannot be fetched").detail(why.to_string()));
        }
    };
    let Ok(text) = String::from_utf8(body) else {
        app.documents.failed(&place, now);
        return Err(refused("request_uri gives no text"));
    };
    app.documents.put(&place, now, Arc::new(text.clone()));
    Ok(text)
}

/// RFC 9101 4, 6.3; OIDCC 6.1.
fn content(
    issuer: &str,
    now: Timestamp,
    client: &Client,
    outside: &Params,
    claims: &Claims,
) -> Result<Params, OAuthError> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if claims.contains_key("request") || claims.contains_key("request_uri") {
        return Err(bad("a request object within a request object"));
    }
    if claims.contains_key("iss") && text("iss") != Some(&client.id) {
        return Err(bad("iss is not the client"));
    }
    // Out of a client assertion nobody can make a request (RFC 9101 10.8): those have `sub`, and never these.
    if claims.get("sub").is_some_and(|sub| sub.as_str().is_none_or(|sub| sub == client.id)) {
        return Err(bad("an assertion is no request"));
    }
    let life = client.demands().object_life;
    let for_us = match claims.get("aud") {
        None => life.is_none(),
        Some(Value::String(aud)) => aud == issuer,
        Some(Value::Array(all)) => all.iter().any(|aud| aud == issuer),
        Some(_) => false,
    };
    if !for_us {
        return Err(bad("aud is not this server"));
    }
    let time = |name: &str| claims.get(name).map(|v| v.as_i64().map(Timestamp::from_seconds));
    match (time("exp"), time("nbf"), time("iat")) {
        (Some(None), ..) | (_, Some(None), _) | (.., Some(None)) => return Err(bad("a time is no number")),
        (Some(Some(exp)), ..) if now >= exp => return Err(bad("the request object has expired")),
        (_, Some(Some(from)), _) | (.., Some(Some(from))) if from.since(now) > AHEAD => {
            return Err(bad("the request object lies ahead"));
        }
        _ => {}
    }
    // FAPI 2.0 Message Signing 5.3.1.
    if let Some(life) = life {
        match (time("exp").flatten(), time("nbf").flatten()) {
            (Some(exp), Some(nbf)) if exp.since(nbf) <= life && now.since(nbf) <= life => {}
            (Some(_), Some(_)) => return Err(bad("exp and nbf are too far apart, or nbf too long ago")),
            _ => return Err(bad("exp and nbf must be there")),
        }
    }
    // RFC 9101 5: client_id stands in both and is the same. OIDCC 6.1: so with response_type, if it stands outside.
    if claims.contains_key("client_id") && text("client_id") != Some(&client.id) {
        return Err(bad("client_id is another inside"));
    }
    if let (Some(outer), Some(inner)) = (outside.get("response_type"), text("response_type"))
        && outer != inner
    {
        return Err(bad("response_type is another inside"));
    }
    let mut pairs = vec![("client_id", client.id.clone())];
    for (name, member) in MEMBERS {
        let Some(value) = claims.get(name) else { continue };
        let values = taken(member, value).ok_or_else(|| bad("a parameter is of another type").detail(name))?;
        pairs.extend(values.into_iter().map(|value| (name, value)));
    }
    let text = encode(pairs.iter().map(|(name, value)| (*name, value.as_str())));
    Ok(Params::parse(&text))
}

/// The values as a query would have them; `None` where the type is not the parameter's: to pass it over would be to
/// answer another request than the client signed.
fn taken(member: Member, value: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    match (member, value) {
        (_, Value::String(one)) => Some(vec![one.clone()]),
        (Member::Number, Value::Number(number)) => number.as_u64().map(|n| vec![n.to_string()]),
        (Member::Object, Value::Object(_)) => Some(vec![value.to_string()]),
        (Member::Texts, Value::Array(all)) if !all.is_empty() => all.iter().map(text).collect(),
        _ => None,
    }
}
