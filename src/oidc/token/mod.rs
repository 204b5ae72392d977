//! `/oauth2/token` (RFC 6749 3.2): who asks, then one file a grant.

mod authorization_code;
mod client_auth;
mod outcome;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use outcome::Exchanged;

use crate::app::AppState;
use crate::clients::Client;
use crate::http::error::PageError;
use crate::http::form;
use crate::http::visit::Visit;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::params::Params;

pub async fn post(State(app): State<AppState>, visit: Visit, request: Request) -> Result<Response, PageError> {
    in_json(answer(app, visit, request).await)
}

/// A program reads the answer: that we are too busy is said in JSON too.
pub(super) fn in_json(answer: Result<Response, PageError>) -> Result<Response, PageError> {
    let Err(PageError::Busy { seconds }) = answer else { return answer };
    let body = json!({ "error": ErrorCode::TemporarilyUnavailable.name(), "error_description": "try again later" });
    let mut response = (StatusCode::SERVICE_UNAVAILABLE, NO_STORE, Json(body)).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    Ok(response)
}

async fn answer(app: AppState, visit: Visit, request: Request) -> Result<Response, PageError> {
    let headers = request.headers().clone();
    let basic_tried = headers.contains_key(header::AUTHORIZATION);
    let params = match form::body(request, &app).await {
        Ok(text) => Params::parse(&text),
        Err(PageError::BadForm(detail)) => {
            let error =
                OAuthError::invalid_request("the body must be application/x-www-form-urlencoded").detail(detail);
            return Ok(refusal(&error, basic_tried));
        }
        Err(PageError::TooLarge) => {
            let mut response = refusal(&OAuthError::invalid_request("the body is too large"), basic_tried);
            *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
            return Ok(response);
        }
        Err(other) => return Err(other),
    };
    if let Some(flaw) = params.flaw() {
        let error = OAuthError::invalid_request("a parameter stands twice, is too long or is not text");
        return Ok(refusal(&error.detail(flaw.to_string()), basic_tried));
    }
    let client = match client_auth::authenticate(&app, &headers, &params).await? {
        Ok(client) => client,
        Err(error) => return Ok(refusal(&error, basic_tried)),
    };
    let outcome = match params.get("grant_type") {
        Some("authorization_code") => authorization_code::exchange(&app, visit.now, &client, &params).await?,
        Some(_) => Exchanged::Denied(OAuthError::new(ErrorCode::UnsupportedGrantType, "grant_type is not supported")),
        None => Exchanged::Denied(OAuthError::invalid_request("grant_type is missing")),
    };
    let mut response = match outcome {
        Exchanged::Tokens(tokens) => (NO_STORE, Json(tokens)).into_response(),
        Exchanged::Denied(error) => refusal(&error, basic_tried),
    };
    allow_origin(&client, &headers, response.headers_mut());
    Ok(response)
}

const NO_STORE: [(header::HeaderName, &str); 2] = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];

/// RFC 6749 5.2.
fn refusal(error: &OAuthError, basic_tried: bool) -> Response {
    let detail = &error.detail;
    tracing::info!(code = error.code.name(), description = error.description, ?detail, "token refused");
    let status =
        if error.code == ErrorCode::InvalidClient { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
    let body = json!({ "error": error.code.name(), "error_description": error.description });
    let mut response = (status, NO_STORE, Json(body)).into_response();
    if status == StatusCode::UNAUTHORIZED && basic_tried {
        let challenge = HeaderValue::from_static("Basic realm=\"preau\", charset=\"UTF-8\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// CORS for browsers' clients: the origin of one of the client's redirect URIs, nothing else (ABUSE S10).
pub(super) fn allow_origin(client: &Client, request: &HeaderMap, response: &mut HeaderMap) {
    let Some(origin) = request.get(header::ORIGIN) else { return };
    let known = client.meta.redirect_uris.iter().any(|uri| {
        url::Url::parse(uri).is_ok_and(|u| u.origin().is_tuple() && origin == u.origin().ascii_serialization().as_str())
    });
    if known {
        response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        response.append(header::VARY, HeaderValue::from_static("origin"));
    }
}

/// The preflight says which request may be sent; whether its answer may be read is decided with the client.
pub async fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type"),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}
