//! `/oauth2/jwks`: the public keys (RFC 7517 5), cacheable for five minutes.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::app::AppState;

pub async fn get(State(app): State<AppState>) -> Response {
    let cache = [(header::CACHE_CONTROL, "public, max-age=300"), (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
    (cache, Json(app.ring().jwks())).into_response()
}
