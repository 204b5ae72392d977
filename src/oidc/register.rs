//! `/oauth2/register` and what a client's own registration is managed by (RFC 7591, RFC 7592, OIDCR).
//!
//! A registration needs an initial access token; its management, the token that it was given. Both are Bearer tokens in
//! the header. A wrong one has the same answer whether the client exists or not (RFC 7592 4).

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::path;
use super::refusal::NO_STORE;
use crate::app::AppState;
use crate::clients::metadata;
use crate::clients::ops::registration::{self, Claimed, Refused, Registered};
use crate::http::error::PageError;
use crate::http::visit::Visit;
use crate::protocol::error::ErrorCode;
use crate::protocol::json;
use crate::protocol::registration::Fields;

type Answer = Result<Response, PageError>;

pub async fn post(State(app): State<AppState>, visit: Visit, request: Request) -> Answer {
    let Some(token) = bearer(request.headers()) else { return Ok(unauthorized(false)) };
    let body = match body(request, &app).await {
        Ok(body) => body,
        Err(response) => return Ok(*response),
    };
    Ok(match registration::register(&app, visit.now, &token, &body.fields).await? {
        Ok(registered) => document(&app, StatusCode::CREATED, registered),
        Err(why) => refusal(&why),
    })
}

pub async fn get(State(app): State<AppState>, Path(client_id): Path<String>, headers: HeaderMap) -> Answer {
    let Some(token) = bearer(&headers) else { return Ok(unauthorized(false)) };
    Ok(match registration::read(&app, &client_id, &token).await? {
        Ok(registered) => document(&app, StatusCode::OK, registered),
        Err(why) => refusal(&why),
    })
}

pub async fn put(State(app): State<AppState>, visit: Visit, Path(client_id): Path<String>, request: Request) -> Answer {
    let Some(token) = bearer(request.headers()) else { return Ok(unauthorized(false)) };
    let body = match body(request, &app).await {
        Ok(body) => body,
        Err(response) => return Ok(*response),
    };
    let whose = (client_id.as_str(), token.as_str());
    Ok(match registration::replace(&app, visit.now, whose, &body.claimed, &body.fields).await? {
        Ok(registered) => document(&app, StatusCode::OK, registered),
        Err(why) => refusal(&why),
    })
}

pub async fn delete(
    State(app): State<AppState>,
    visit: Visit,
    Path(client_id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let Some(token) = bearer(&headers) else { return Ok(unauthorized(false)) };
    Ok(match registration::remove(&app, visit.now, &client_id, &token).await? {
        true => (StatusCode::NO_CONTENT, NO_STORE).into_response(),
        false => refusal(&Refused::Token),
    })
}

/// RFC 6750 2.1, and no other way of presenting it.
fn bearer(headers: &HeaderMap) -> Option<String> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (all.next()?, all.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

struct Body {
    fields: Fields,
    claimed: Claimed,
}

/// A JSON object without doubled members. What it holds besides ours is not looked at (RFC 7591 2).
async fn body(request: Request, app: &AppState) -> Result<Body, Box<Response>> {
    let bad = |description: &str| Box::new(error(ErrorCode::InvalidClientMetadata, description));
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if kind != "application/json" {
        return Err(bad("the body must be application/json"));
    }
    let bytes = Bytes::from_request(request, app).await.map_err(|_| {
        let mut response = bad("the body is too large");
        *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        response
    })?;
    let mut all = json::object(&bytes).ok_or_else(|| bad("the body is not one JSON object with distinct members"))?;
    // RFC 7591 2.3: what such a statement says would count more than the rest, so it is not passed over in silence.
    if all.get("software_statement").is_some_and(|statement| !statement.is_null()) {
        let words = "software statements are not supported";
        return Err(Box::new(error(ErrorCode::InvalidSoftwareStatement, words)));
    }
    let text = |name: &str| match all.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(bad("client_id or client_secret is no text")),
    };
    let claimed = Claimed { client_id: text("client_id")?, client_secret: text("client_secret")? };
    let fields = Fields::read(&mut all).map_err(|misread| {
        // Its name only: what was sent is a stranger's.
        tracing::info!(field = misread.field, "client metadata was not read");
        bad(&format!("{}: it has another type", misread.field))
    })?;
    Ok(Body { fields, claimed })
}

/// RFC 7591 3.2.1, RFC 7592 3.
fn document(app: &AppState, status: StatusCode, r: Registered) -> Response {
    let mut out: Map<String, Value> = match serde_json::to_value(metadata::fields(&r.meta)) {
        Ok(Value::Object(out)) => out,
        _ => Map::new(),
    };
    let uri = format!("{}{}/{}", app.issuer(), path::REGISTER, r.client_id);
    out.insert("client_id".to_owned(), json!(r.client_id));
    // Ours: with whom the client shares its subjects, which it may not have asked for (OIDCC 8.1).
    out.insert("sector".to_owned(), json!(r.meta.sector));
    out.insert("client_id_issued_at".to_owned(), json!(r.issued_at.seconds()));
    out.insert("registration_client_uri".to_owned(), json!(uri));
    out.insert("registration_access_token".to_owned(), json!(r.token.expose()));
    if let Some(secret) = r.secret {
        out.insert("client_secret".to_owned(), json!(secret.expose()));
        out.insert("client_secret_expires_at".to_owned(), json!(0));
    }
    (status, NO_STORE, Json(Value::Object(out))).into_response()
}

fn refusal(why: &Refused) -> Response {
    match why {
        Refused::Token => unauthorized(true),
        Refused::Flaw(flaw) => {
            let redirect = flaw.is_redirect();
            let code = if redirect { ErrorCode::InvalidRedirectUri } else { ErrorCode::InvalidClientMetadata };
            error(code, &flaw.to_string())
        }
        Refused::Changed => {
            let mut response = error(ErrorCode::InvalidClientMetadata, "changed meanwhile: read it again");
            *response.status_mut() = StatusCode::CONFLICT;
            response
        }
    }
}

/// RFC 6750 3: no error code where no token was presented.
fn unauthorized(presented: bool) -> Response {
    let mut response = error(ErrorCode::InvalidToken, "the token opens nothing");
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    let challenge = if presented { "Bearer error=\"invalid_token\"" } else { "Bearer" };
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    response
}

/// `description` is ours, in the ASCII that RFC 6749 5.2 allows.
fn error(code: ErrorCode, description: &str) -> Response {
    tracing::info!(code = code.name(), description, "a registration was refused");
    let body = json!({ "error": code.name(), "error_description": description });
    (StatusCode::BAD_REQUEST, NO_STORE, Json(body)).into_response()
}
