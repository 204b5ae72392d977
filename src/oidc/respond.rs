//! The authorization response: how an answer or an error travels back to the client.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::back::Back;
use super::views::{Field, FormPost};
use crate::app::App;
use crate::http::error::PageError;
use crate::http::visit::{Visit, with_outcome};
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::params::encode;
use crate::protocol::redirect::with_query;
use crate::protocol::response::ResponseMode;

/// The parameters, `state` as it came, and `iss` (RFC 9207 2): in the query, in the fragment, or as a form that sends
/// itself (OAuth 2.0 Form Post Response Mode).
pub fn answer(app: &App, visit: &Visit, back: &Back, pairs: &[(&str, &str)]) -> Result<Response, PageError> {
    let mut all = pairs.to_vec();
    if let Some(state) = &back.state {
        all.push(("state", state));
    }
    all.push(("iss", app.issuer()));
    match back.mode {
        ResponseMode::Query => Ok(out(&with_query(&back.redirect_uri, &all))),
        ResponseMode::Fragment => Ok(out(&format!("{}#{}", back.redirect_uri, encode(all)))),
        ResponseMode::FormPost => form_post(app, visit, &back.redirect_uri, &all),
    }
}

/// The error form of [`answer`] (RFC 6749 4.1.2.1).
pub fn error(app: &App, visit: &Visit, back: &Back, error: &OAuthError) -> Result<Response, PageError> {
    let (code, description) = (error.code.name(), error.description);
    tracing::info!(code, description, detail = %error.detail, "authorization refused");
    let sent = answer(app, visit, back, &[("error", code), ("error_description", description)])?;
    Ok(with_outcome(sent, code))
}

/// No `form-action`: it would bind the relying party's own redirects too
/// (docs/decisions/0017-a-form-never-redirects-to-another-site.md). The address was vetted when it was registered, and
/// every value is escaped (docs/threats.md#attack-x1).
const FORM_POST_CSP: &str =
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'";

fn form_post(app: &App, visit: &Visit, action: &str, pairs: &[(&str, &str)]) -> Result<Response, PageError> {
    let field = |(name, value): &(&str, &str)| Field { name: (*name).to_owned(), value: (*value).to_owned() };
    let fields = pairs.iter().map(field).collect();
    let mut page = visit.page(&app.pages, StatusCode::OK, &FormPost { action: action.to_owned(), fields })?;
    page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(FORM_POST_CSP));
    Ok(page)
}

/// A bare code with its standard words.
pub fn plain(code: ErrorCode) -> OAuthError {
    let words = match code {
        ErrorCode::LoginRequired => "the person must sign in",
        ErrorCode::InteractionRequired => "nothing of this person concerns the client",
        ErrorCode::ConsentRequired => "the person must agree",
        ErrorCode::UnmetAuthenticationRequirements => "the person did not reach the level that is demanded",
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
