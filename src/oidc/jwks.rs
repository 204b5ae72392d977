//! `/oauth2/jwks`: serves the public keys (RFC 7517 5), cacheable for a time that key rotation takes into account.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::app::AppState;
use crate::keys::rotation::JWKS_MAX_AGE;

pub async fn get(State(app): State<AppState>) -> Response {
    let seconds = JWKS_MAX_AGE.as_seconds_ceil();
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CACHE_CONTROL, format!("public, max-age={seconds}")),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*".to_owned()),
    ];
    (headers, app.key_ring().jwks_text().to_owned()).into_response()
}
