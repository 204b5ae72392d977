//! `/oauth2/userinfo` (OIDCC 5.3): by GET and POST, the token in the header or in the form's body; plain, signed or
//! encrypted as the client is registered (OIDCC 5.3.2).
//!
//! Never in the query (docs/threats.md#attack-t15). What the token opens is looked at now, whatever it says
//! (`access.rs`).

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::access::{self, Access};
use super::claims::{self, Where};
use super::refusal::{allow_origin, in_json};
use super::{dpop, path, protect};
use crate::app::AppState;
use crate::clients::Client;
use crate::clients::metadata::signs_with;
use crate::db::Tx;
use crate::http::error::PageError;
use crate::http::visit::Visit;
use crate::protocol::error::OAuthError;
use crate::protocol::params::Params;
use crate::protocol::profile::Profile;
use crate::protocol::scope::Scope;

/// Why there is no answer (RFC 6750 3.1, RFC 9449 7.1).
enum NoAnswer {
    /// No token was presented: no error code.
    NoToken,
    Request(&'static str),
    Token(&'static str),
    Scope,
    Proof(OAuthError),
}

/// A token, and how it was presented (RFC 6750 2, RFC 9449 7.1).
struct Presented {
    token: String,
    dpop: bool,
}

pub async fn handle(State(app): State<AppState>, visit: Visit, request: Request) -> Result<Response, PageError> {
    in_json(answered(app, visit, request).await)
}

async fn answered(app: AppState, visit: Visit, request: Request) -> Result<Response, PageError> {
    let (headers, method) = (request.headers().clone(), request.method().clone());
    let presented = match presented(request, &app).await {
        Ok(presented) => presented,
        Err(why) => return Ok(refusal(&why)),
    };
    let (client, told) = answer(&app, &visit, &headers, &method, &presented).await?;
    let mut response = match (&client, told) {
        (Some(client), Ok(told)) => match protect::userinfo(&app, visit.now, client, told).await? {
            protect::Told::Plain(told) => ([(header::CACHE_CONTROL, "no-store")], Json(told)).into_response(),
            protect::Told::Jwt(token) => {
                let kind = [(header::CACHE_CONTROL, "no-store"), (header::CONTENT_TYPE, "application/jwt")];
                (kind, token).into_response()
            }
        },
        (None, Ok(_)) => refusal(&NoAnswer::NoToken),
        (_, Err(why)) => refusal(&why),
    };
    dpop::offer_nonce(&app, visit.now, &headers, &mut response);
    // Refusals too: a script must read the nonce that its next proof needs (RFC 9449 9).
    if let Some(client) = &client {
        allow_origin(client, &headers, response.headers_mut());
    }
    Ok(response)
}

/// RFC 6750 2.1, 2.2: one way of presenting the token, and one token.
async fn presented(request: Request, app: &AppState) -> Result<Presented, NoAnswer> {
    if Params::parse(request.uri().query().unwrap_or_default()).names().any(|n| n == "access_token") {
        return Err(NoAnswer::Request("the token must not stand in the query"));
    }
    let from_header = in_header(request.headers())?;
    let is_form = request.method() == Method::POST
        && request
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|v| v.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    let mut from_body = None;
    if is_form {
        let bytes = Bytes::from_request(request, app).await.map_err(|_| NoAnswer::Request("the body is too large"))?;
        let params = Params::parse(&String::from_utf8_lossy(&bytes));
        if params.flaw().is_some() {
            return Err(NoAnswer::Request("a parameter stands twice, is too long or is not text"));
        }
        from_body = params.text("access_token");
    }
    match (from_header, from_body) {
        (Some(_), Some(_)) => Err(NoAnswer::Request("two tokens")),
        (Some(presented), None) => Ok(presented),
        (None, Some(token)) => Ok(Presented { token, dpop: false }),
        (None, None) => Err(NoAnswer::NoToken),
    }
}

fn in_header(headers: &HeaderMap) -> Result<Option<Presented>, NoAnswer> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (first, second) = (all.next(), all.next());
    if second.is_some() {
        return Err(NoAnswer::Request("two Authorization headers"));
    }
    let Some(value) = first else { return Ok(None) };
    let text = value.to_str().map_err(|_| NoAnswer::Request("the Authorization header is not ASCII"))?;
    // The scheme's name has no case (RFC 9110 11.1).
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            Ok(Some(Presented { token: token.trim().to_owned(), dpop: false }))
        }
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("dpop") => {
            Ok(Some(Presented { token: token.trim().to_owned(), dpop: true }))
        }
        _ => Err(NoAnswer::NoToken),
    }
}

type Told = Result<Map<String, Value>, NoAnswer>;

/// What is told, and to which client, as far as the token says whose it is.
async fn answer(
    app: &AppState,
    visit: &Visit,
    headers: &HeaderMap,
    method: &Method,
    presented: &Presented,
) -> anyhow::Result<(Option<Client>, Told)> {
    let mut tx = app.db.read().await?;
    let Some(found) = access::open(app, visit.now, &mut tx, &presented.token).await? else {
        let client = access::given_to(app, visit.now, &mut tx, &presented.token).await?;
        return Ok((client, Err(NoAnswer::Token("the token is not valid"))));
    };
    if let Err(why) = proven(app, visit, headers, method, presented, &found).await? {
        return Ok((Some(found.client), Err(why)));
    }
    let told = told(app, &mut tx, &found).await?;
    Ok((Some(found.client), told))
}

/// RFC 9449 7.1: a bound token is worth nothing without its key, and a plain one is no DPoP token.
async fn proven(
    app: &AppState,
    visit: &Visit,
    headers: &HeaderMap,
    method: &Method,
    presented: &Presented,
    found: &Access,
) -> anyhow::Result<Result<(), NoAnswer>> {
    Ok(match (&found.jkt, presented.dpop) {
        (Some(_), false) => Err(NoAnswer::Token("the token is bound to a key: present it with DPoP")),
        (None, true) => Err(NoAnswer::Token("the token is not bound to a key")),
        (Some(jkt), true) => {
            let call = (method, path::USERINFO);
            let token = (presented.token.as_str(), jkt.as_str());
            let proof = dpop::with_token(app, visit.now, headers, call, token, &found.client).await?;
            proof.map_err(NoAnswer::Proof)
        }
        (None, false) => Ok(()),
    })
}

async fn told(app: &AppState, tx: &mut Tx, found: &Access) -> anyhow::Result<Told> {
    if !found.is_for(app.issuer()) {
        return Ok(Err(NoAnswer::Token("the token is not valid")));
    }
    let Some(person) = found.person.as_ref().filter(|p| p.scopes.has(Scope::Openid)) else {
        return Ok(Err(NoAnswer::Scope));
    };
    let granted = (&person.scopes, &person.claims);
    let mut told = claims::told(app, tx, &found.client, &person.account, granted, Where::Userinfo).await?;
    let sub = claims::subject(&app.vault, tx, &found.client, &person.account.id).await?;
    told.insert("sub".to_owned(), json!(sub));
    Ok(Ok(told))
}

/// RFC 6750 3.
fn refusal(why: &NoAnswer) -> Response {
    let (status, challenge, body) = match why {
        NoAnswer::NoToken => (StatusCode::UNAUTHORIZED, "Bearer realm=\"preau\"".to_owned(), None),
        NoAnswer::Request(words) => {
            (StatusCode::BAD_REQUEST, challenge("invalid_request", words), Some(("invalid_request", *words)))
        }
        NoAnswer::Token(words) => {
            (StatusCode::UNAUTHORIZED, challenge("invalid_token", words), Some(("invalid_token", *words)))
        }
        NoAnswer::Scope => {
            let words = "the token has not the scope openid";
            (StatusCode::FORBIDDEN, challenge("insufficient_scope", words), Some(("insufficient_scope", words)))
        }
        NoAnswer::Proof(error) => {
            let (code, words) = (error.code.name(), error.description);
            let value = format!(
                "DPoP realm=\"preau\", error=\"{code}\", error_description=\"{words}\", algs=\"{}\"",
                signs_with(Profile::Plain).iter().map(|alg| alg.name()).collect::<Vec<_>>().join(" ")
            );
            (StatusCode::UNAUTHORIZED, value, Some((code, words)))
        }
    };
    let body = body.map_or(json!({}), |(code, words)| json!({ "error": code, "error_description": words }));
    let mut response = (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response();
    if let Ok(value) = HeaderValue::from_str(&challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    response
}

fn challenge(code: &str, words: &str) -> String {
    format!("Bearer realm=\"preau\", error=\"{code}\", error_description=\"{words}\"")
}
