//! `/oauth2/jwks`: the public keys (RFC 7517 5), cacheable as long as a rotation allows for.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::app::AppState;
use crate::keys::rotation::JWKS_MAX_AGE;

pub async fn get(State(app): State<AppState>) -> Response {
    let seconds = JWKS_MAX_AGE.as_seconds_up();
    let cache = [
        (header::CACHE_CONTROL, format!("public, max-age={seconds}")),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*".to_owned()),
    ];
    (cache, Json(app.ring().jwks())).into_response()
}
