//! The authorization response: how an answer or an error travels back to the client.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::redirect::with_query;

/// 303 with the parameters in the query, `state` as it came, and `iss` (RFC 9207 2).
pub fn redirect(app: &App, uri: &str, state: Option<&str>, pairs: &[(&str, &str)]) -> Response {
    let mut all = pairs.to_vec();
    if let Some(state) = state {
        all.push(("state", state));
    }
    all.push(("iss", app.issuer()));
    out(&with_query(uri, &all))
}

/// The error form of [`redirect`] (RFC 6749 4.1.2.1).
pub fn error(app: &App, uri: &str, state: Option<&str>, error: &OAuthError) -> Response {
    let (code, description) = (error.code.name(), error.description);
    tracing::info!(code, description, detail = %error.detail, "authorization refused");
    redirect(app, uri, state, &[("error", error.code.name()), ("error_description", error.description)])
}

/// A bare code with its standard words.
pub fn plain(code: ErrorCode) -> OAuthError {
    let words = match code {
        ErrorCode::LoginRequired => "the person must sign in",
        ErrorCode::InteractionRequired => "nothing of this person concerns the client",
        ErrorCode::AccessDenied => "the person went back",
        _ => "the request cannot be answered",
    };
    OAuthError::new(code, words)
}

/// Leaves for another site: only ever a registered URI; from a GET, or with an error from the relying party's own form,
/// which no policy of ours concerns.
pub fn out(location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(value) => (StatusCode::SEE_OTHER, [(header::LOCATION, value)]).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
