//! Tokens in the Authorization header, and the challenges for them (RFC 6750 2.1, 3; RFC 9449 7.1).

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::error_response::{NO_STORE, oauth_error_response};
use crate::clients::metadata::allowed_algorithms;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::profile::SecurityProfile;

/// The challenge of a request without a token.
pub const BEARER_CHALLENGE: &str = "Bearer realm=\"preau\"";

/// The authentication scheme of a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenScheme {
    #[default]
    Bearer,
    Dpop,
}

/// A token and its scheme.
#[derive(Debug)]
pub struct PresentedToken {
    pub token: String,
    pub scheme: TokenScheme,
}

/// Returns the token of the Authorization header; `None` without one, or with another scheme.
pub fn token_in_header(headers: &HeaderMap) -> Result<Option<PresentedToken>, OAuthError> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (first, second) = (all.next(), all.next());
    if second.is_some() {
        return Err(OAuthError::invalid_request("two Authorization headers"));
    }
    let Some(value) = first else { return Ok(None) };
    let text = value.to_str().map_err(|_| OAuthError::invalid_request("the Authorization header is not ASCII"))?;
    let Some((scheme, token)) = text.split_once(' ') else { return Ok(None) };
    // The scheme is case-insensitive (RFC 9110 11.1).
    let scheme = match scheme {
        _ if scheme.eq_ignore_ascii_case("bearer") => TokenScheme::Bearer,
        _ if scheme.eq_ignore_ascii_case("dpop") => TokenScheme::Dpop,
        _ => return Ok(None),
    };
    Ok(Some(PresentedToken { token: token.trim().to_owned(), scheme }))
}

/// Builds the error response of a resource, with the challenge of the scheme.
pub fn resource_error_response(scheme: TokenScheme, error: &OAuthError) -> Response {
    let status = match error.code {
        ErrorCode::InvalidRequest => StatusCode::BAD_REQUEST,
        ErrorCode::InsufficientScope => StatusCode::FORBIDDEN,
        _ => StatusCode::UNAUTHORIZED,
    };
    let (code, words) = (error.code.name(), &error.description);
    let said = format!("realm=\"preau\", error=\"{code}\", error_description=\"{words}\"");
    let challenge = match scheme {
        TokenScheme::Bearer => format!("Bearer {said}"),
        TokenScheme::Dpop => format!("DPoP {said}, algs=\"{}\"", proof_algorithms()),
    };
    let mut response = oauth_error_response(status, error);
    if let Ok(value) = HeaderValue::from_str(&challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    response
}

/// Builds the response to a request without a token: no error code (RFC 6750 3).
pub fn missing_token_response() -> Response {
    let challenge = [(header::WWW_AUTHENTICATE, BEARER_CHALLENGE)];
    (StatusCode::UNAUTHORIZED, NO_STORE, challenge, Json(json!({}))).into_response()
}

fn proof_algorithms() -> String {
    allowed_algorithms(SecurityProfile::Plain).iter().map(|alg| alg.name()).collect::<Vec<_>>().join(" ")
}
