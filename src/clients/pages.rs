//! `/clients/{client_id}/logo`: the picture that pages show beside a client's name.

use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};

use super::{is_client_id, ops};
use crate::app::AppState;
use crate::http::error::PageError;
use crate::http::policy;
use crate::http::visit::Visit;

/// GET. Opened by itself it may do nothing at all: the policy of every page, in a sandbox (docs/threats.md#attack-x3).
pub async fn logo(
    State(app): State<AppState>,
    visit: Visit,
    Path(client_id): Path<String>,
) -> Result<Response, PageError> {
    if !is_client_id(&client_id) {
        return Err(PageError::NotFound);
    }
    let png = ops::logo::logo(&app, visit.now, &client_id).await?.ok_or(PageError::NotFound)?;
    let policy = HeaderValue::from_str(&format!("{}; sandbox", policy::PAGE)).map_err(anyhow::Error::from)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("image/png")),
        // Its address changes with the picture's; a client that is suspended is gone from caches within the hour.
        (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=3600")),
        (header::CONTENT_SECURITY_POLICY, policy),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    ];
    Ok((headers, png).into_response())
}
