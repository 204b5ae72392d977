//! `/oauth2/userinfo` (OIDCC 5.3): by GET and POST, the token in the header or in the form's body.
//!
//! Never in the query (ABUSE T15). Session, client, account and children are looked at now, whatever the
//! token says: a signed-out, suspended or moved person is seen at once (ABUSE T11).

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::token::{allow_origin, in_json};
use super::{ACCESS_TYP, claims};
use crate::accounts::{self, Account};
use crate::app::AppState;
use crate::base::clock::Timestamp;
use crate::clients::{self, Client};
use crate::grants;
use crate::http::error::PageError;
use crate::http::visit::Visit;
use crate::keys;
use crate::protocol::params::Params;
use crate::protocol::scope::{Scope, Scopes};
use crate::roster;
use crate::sessions;

/// Why there is no answer (RFC 6750 3.1).
enum NoAnswer {
    /// No token was presented: no error code.
    NoToken,
    Request(&'static str),
    Token(&'static str),
    Scope,
}

pub async fn handle(State(app): State<AppState>, visit: Visit, request: Request) -> Result<Response, PageError> {
    in_json(respond(app, visit, request).await)
}

async fn respond(app: AppState, visit: Visit, request: Request) -> Result<Response, PageError> {
    let headers = request.headers().clone();
    let token = match token(request, &app).await {
        Ok(token) => token,
        Err(why) => return Ok(refusal(&why)),
    };
    match answer(&app, visit.now, &token).await? {
        Ok((client, claims)) => {
            let mut response = ([(header::CACHE_CONTROL, "no-store")], Json(claims)).into_response();
            allow_origin(&client, &headers, response.headers_mut());
            Ok(response)
        }
        Err(why) => Ok(refusal(&why)),
    }
}

/// RFC 6750 2.1, 2.2: one way of presenting the token, and one token.
async fn token(request: Request, app: &AppState) -> Result<String, NoAnswer> {
    if Params::parse(request.uri().query().unwrap_or_default()).names().any(|n| n == "access_token") {
        return Err(NoAnswer::Request("the token must not stand in the query"));
    }
    let from_header = bearer(request.headers())?;
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
        (Some(token), None) | (None, Some(token)) => Ok(token),
        (None, None) => Err(NoAnswer::NoToken),
    }
}

fn bearer(headers: &HeaderMap) -> Result<Option<String>, NoAnswer> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (first, second) = (all.next(), all.next());
    if second.is_some() {
        return Err(NoAnswer::Request("two Authorization headers"));
    }
    let Some(value) = first else { return Ok(None) };
    let text = value.to_str().map_err(|_| NoAnswer::Request("the Authorization header is not ASCII"))?;
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token.trim().to_owned())),
        _ => Err(NoAnswer::NoToken),
    }
}

type Found = Result<(Client, Map<String, Value>), NoAnswer>;

async fn answer(app: &AppState, now: Timestamp, token: &str) -> anyhow::Result<Found> {
    let verified = match keys::ops::verify(app, now, ACCESS_TYP, token).await? {
        Ok(claims) => claims,
        Err(why) => {
            tracing::info!(%why, "userinfo token refused");
            return Ok(Err(NoAnswer::Token("the token is not valid")));
        }
    };
    let text = |name: &str| verified.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| verified.get(name).and_then(Value::as_i64).unwrap_or_default();
    if text("iss") != app.issuer() || text("aud") != app.issuer() || now.seconds() >= number("exp") {
        return Ok(Err(NoAnswer::Token("the token is not valid")));
    }
    let dead = || Ok(Err(NoAnswer::Token("the token is not valid")));
    let mut tx = app.db.read().await?;
    let Some(held) = grants::store::by_sid(&mut tx, text("sid")).await? else { return dead() };
    let Some(session) = sessions::store::find(&mut tx, &held.session_id).await? else { return dead() };
    if held.generation != number("gen") || held.client_id != text("client_id") || !session.is_alive(now) {
        return dead();
    }
    let Some(client) = clients::store::find(&mut tx, &held.client_id).await?.filter(Client::is_usable) else {
        return dead();
    };
    let account = accounts::store::by_id(&mut tx, &session.account_id).await?.filter(Account::is_live);
    let Some(account) = account else { return dead() };
    let Some(scopes) = Scopes::parse(text("scope")).filter(|s| s.has(Scope::Openid)) else {
        return Ok(Err(NoAnswer::Scope));
    };
    let scopes = scopes.within(&client.meta.scopes);
    let children = roster::store::children_of_account(&mut tx, &account.id).await?;
    let phone = match scopes.has(Scope::Phone) {
        true => roster::store::phone_of_account(&mut tx, &account.id).await?,
        false => None,
    };
    drop(tx);
    let phone = match phone {
        Some((id, sealed)) => Some(roster::sealed::mobile(&app.vault, &id, &sealed)?.as_str().to_owned()),
        None => None,
    };
    let told = claims::of_scopes(app, &client, &account, &scopes, &children, phone);
    Ok(Ok((client, told)))
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
