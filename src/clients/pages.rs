//! `/clients/{client_id}/logo`: the logo that pages show beside a client's name.

use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};

use super::{is_client_id, ops};
use crate::app::{AppState, Operation};
use crate::http::csp;
use crate::http::error::PageError;
use crate::http::request_context::RequestContext;

/// Handles GET. Opened on its own, the image gets the CSP of pages and a sandbox (docs/threats.md#attack-x3).
pub async fn logo(
    State(app): State<AppState>,
    ctx: RequestContext,
    Path(client_id): Path<String>,
) -> Result<Response, PageError> {
    if !is_client_id(&client_id) {
        return Err(PageError::NotFound);
    }
    let png =
        ops::logo::find_or_fetch(&Operation::of_request(&app, &ctx), &client_id).await?.ok_or(PageError::NotFound)?;
    let csp = HeaderValue::from_str(&format!("{}; sandbox", csp::PAGE_CSP)).map_err(anyhow::Error::from)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("image/png")),
        // A new logo has a new URL; the logo of a suspended client leaves caches within an hour.
        (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=3600")),
        (header::CONTENT_SECURITY_POLICY, csp),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    ];
    Ok((headers, png).into_response())
}
