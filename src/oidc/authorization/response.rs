//! The authorization response: sends a success or an error to the redirect URI.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use crate::app::App;
use crate::http::error::PageError;
use crate::http::request_context::{RequestContext, external_redirect, with_outcome};
use crate::oidc::authorization::target::ResponseTarget;
use crate::oidc::views::{FormField, FormPost};
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::params::encode;
use crate::protocol::redirect::with_query;
use crate::protocol::response::ResponseMode;

/// Sends the parameters with the unchanged `state` and with `iss` (RFC 9207 2): in the query, in the fragment, or as a
/// self-submitting form (OAuth 2.0 Form Post Response Mode).
pub fn send(
    app: &App,
    ctx: &RequestContext,
    back: &ResponseTarget,
    pairs: &[(&str, &str)],
) -> Result<Response, PageError> {
    let mut all = pairs.to_vec();
    if let Some(state) = &back.state {
        all.push(("state", state));
    }
    all.push(("iss", app.issuer()));
    match back.mode {
        ResponseMode::Query => Ok(external_redirect(&with_query(&back.redirect_uri, &all))),
        ResponseMode::Fragment => Ok(external_redirect(&format!("{}#{}", back.redirect_uri, encode(all)))),
        ResponseMode::FormPost => form_post(app, ctx, &back.redirect_uri, &all),
    }
}

/// Sends an error response (RFC 6749 4.1.2.1) like [`send`].
pub fn send_error(
    app: &App,
    ctx: &RequestContext,
    back: &ResponseTarget,
    error: &OAuthError,
) -> Result<Response, PageError> {
    let (code, description) = (error.code.name(), &*error.description);
    tracing::info!(code, description, detail = %error.detail, "authorization refused");
    let sent = send(app, ctx, back, &[("error", code), ("error_description", description)])?;
    Ok(with_outcome(sent, code))
}

/// The CSP of the form_post page. No `form-action`, because the directive would also restrict the redirects of the
/// relying party (docs/decisions/0017-a-form-never-redirects-to-another-site.md). The target was validated at
/// registration, and every value is escaped (docs/threats.md#attack-x1).
const FORM_POST_CSP: &str =
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'";

fn form_post(app: &App, ctx: &RequestContext, action: &str, pairs: &[(&str, &str)]) -> Result<Response, PageError> {
    let field = |(name, value): &(&str, &str)| FormField { name: (*name).to_owned(), value: (*value).to_owned() };
    let fields = pairs.iter().map(field).collect();
    let mut page = ctx.page(&app.pages, StatusCode::OK, &FormPost { action: action.to_owned(), fields })?;
    page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(FORM_POST_CSP));
    Ok(page)
}

/// Returns the error of a code, with its standard description.
pub fn standard_error(code: ErrorCode) -> OAuthError {
    let words = match code {
        ErrorCode::LoginRequired => "the person must sign in",
        ErrorCode::InteractionRequired => "the person cannot go on, and a page says why",
        ErrorCode::ConsentRequired => "the person must agree",
        ErrorCode::UnmetAuthenticationRequirements => "the person did not reach the level that is demanded",
        ErrorCode::AccessDenied => "the person went back",
        _ => "the request cannot be answered",
    };
    OAuthError::new(code, words)
}
