//! Error responses of the endpoints for clients (RFC 6749 5.2): JSON, never a page.

use axum::Json;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::clients::Client;
use crate::http::error::PageError;
use crate::http::request_context::{retry_after_seconds, with_outcome};
use crate::protocol::error::{ErrorCode, OAuthError};

pub const NO_STORE: [(HeaderName, &str); 2] = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];

/// The client as far as known, for the log entry that helps an operator to find a failing client.
#[derive(Debug, Default)]
pub struct ClientLogContext {
    pub client_id: String,
    /// The authentication method in the request.
    pub used_method: String,
    /// The registered authentication methods.
    pub registered_methods: String,
}

/// Builds the error response: 401 for a failed client authentication, with a challenge if the client tried the
/// Authorization header.
pub fn error_response(error: &OAuthError, who: &ClientLogContext, basic_tried: bool) -> Response {
    let (detail, ClientLogContext { client_id: client, used_method: used, registered_methods: registered }) =
        (&error.detail, who);
    let (code, description) = (error.code.name(), &*error.description);
    tracing::info!(client, used, registered, code, description, ?detail, "refused");
    let status =
        if error.code == ErrorCode::InvalidClient { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
    let mut response = oauth_error_response(status, error);
    if status == StatusCode::UNAUTHORIZED && basic_tried {
        let challenge = HeaderValue::from_static("Basic realm=\"preau\", charset=\"UTF-8\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// Builds the JSON of an OAuth error (RFC 6749 5.2): the only writer of such JSON.
pub fn oauth_error_response(status: StatusCode, error: &OAuthError) -> Response {
    let body = json!({ "error": error.code.name(), "error_description": error.description });
    with_outcome((status, NO_STORE, Json(body)).into_response(), error.code.name())
}

/// Builds the error response for an unreadable body; passes internal errors on.
pub fn unreadable_body_response(error: PageError, basic_tried: bool) -> Result<Response, PageError> {
    match error {
        PageError::BadForm(detail) => {
            let words = "the body must be application/x-www-form-urlencoded";
            Ok(error_response(
                &OAuthError::invalid_request(words).detail(detail),
                &ClientLogContext::default(),
                basic_tried,
            ))
        }
        PageError::TooLarge => {
            let error = OAuthError::invalid_request("the body is too large");
            let mut response = error_response(&error, &ClientLogContext::default(), basic_tried);
            *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
            Ok(response)
        }
        other => Err(other),
    }
}

/// Replaces the "busy" page by JSON, because the caller is a program.
pub fn busy_as_json(answer: Result<Response, PageError>) -> Result<Response, PageError> {
    let Err(PageError::Busy { seconds }) = answer else { return answer };
    let error = OAuthError::new(ErrorCode::TemporarilyUnavailable, "try again later");
    let response = oauth_error_response(StatusCode::SERVICE_UNAVAILABLE, &error);
    Ok(with_outcome(retry_after_seconds(response, seconds), "busy"))
}

/// Adds the CORS headers for clients in browsers: only for the origin of one of the client's redirect URIs
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

/// Answers a CORS preflight for any origin. The response of the actual request is readable only for origins that
/// [`allow_origin`] accepts.
pub async fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type, dpop"),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}
