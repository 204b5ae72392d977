//! A protocol error as the answer of an endpoint that a program calls (RFC 6749 5.2): JSON, never a page.

use axum::Json;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::clients::Client;
use crate::http::error::PageError;
use crate::http::visit::with_outcome;
use crate::protocol::error::{ErrorCode, OAuthError};

pub const NO_STORE: [(HeaderName, &str); 2] = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];

/// Who asks, as far as it is known: for the log, where an operator looks for the client whose program fails.
#[derive(Debug, Default)]
pub struct Who {
    pub client: String,
    /// The method of authentication that it used.
    pub used: String,
    /// Those that it is registered with.
    pub registered: String,
}

/// The answer; 401 where the client did not prove who it is, with a challenge where it tried by header.
pub fn refusal(error: &OAuthError, who: &Who, basic_tried: bool) -> Response {
    let (detail, Who { client, used, registered }) = (&error.detail, who);
    let (code, description) = (error.code.name(), error.description);
    tracing::info!(client, used, registered, code, description, ?detail, "refused");
    let status =
        if error.code == ErrorCode::InvalidClient { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
    let body = json!({ "error": error.code.name(), "error_description": error.description });
    let mut response = (status, NO_STORE, Json(body)).into_response();
    if status == StatusCode::UNAUTHORIZED && basic_tried {
        let challenge = HeaderValue::from_static("Basic realm=\"preau\", charset=\"UTF-8\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    with_outcome(response, error.code.name())
}

/// What a body that cannot be read is answered with; a fault of ours stays one.
pub fn unreadable(error: PageError, basic_tried: bool) -> Result<Response, PageError> {
    match error {
        PageError::BadForm(detail) => {
            let words = "the body must be application/x-www-form-urlencoded";
            Ok(refusal(&OAuthError::invalid_request(words).detail(detail), &Who::default(), basic_tried))
        }
        PageError::TooLarge => {
            let error = OAuthError::invalid_request("the body is too large");
            let mut response = refusal(&error, &Who::default(), basic_tried);
            *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
            Ok(response)
        }
        other => Err(other),
    }
}

/// A program reads the answer: that we are too busy is said in JSON too.
pub fn in_json(answer: Result<Response, PageError>) -> Result<Response, PageError> {
    let Err(PageError::Busy { seconds }) = answer else { return answer };
    let body = json!({ "error": ErrorCode::TemporarilyUnavailable.name(), "error_description": "try again later" });
    let mut response = (StatusCode::SERVICE_UNAVAILABLE, NO_STORE, Json(body)).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    Ok(with_outcome(response, "busy"))
}

/// CORS for browsers' clients: the origin of one of the client's redirect URIs, nothing else
/// (docs/threats.md#attack-s10).
pub fn allow_origin(client: &Client, request: &HeaderMap, response: &mut HeaderMap) {
    let Some(origin) = request.get(header::ORIGIN) else { return };
    let known = client.meta.redirect_uris.iter().any(|uri| {
        url::Url::parse(uri).is_ok_and(|u| u.origin().is_tuple() && origin == u.origin().ascii_serialization().as_str())
    });
    if known {
        response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        response.append(header::VARY, HeaderValue::from_static("origin"));
        let shown = HeaderValue::from_static("dpop-nonce, www-authenticate");
        response.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, shown);
    }
}

/// The preflight says which request may be sent; whether its answer may be read is decided with the client.
pub async fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type, dpop"),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}
