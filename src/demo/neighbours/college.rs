//! The collège's site: one page, with the leaflet's words and the way to *MON ENT*.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::Shared;
use super::pages::Site;
use super::visitor::Visitor;

pub async fn show(State(state): State<Shared>, visitor: Visitor) -> Response {
    state.page(&visitor, StatusCode::OK, Site::College, "college.html", &json!({}))
}

/// Any address that none of the neighbours has.
pub async fn not_found(State(state): State<Shared>, visitor: Visitor) -> Response {
    let site = match visitor.path.as_str() {
        path if path.starts_with("/ent") => Site::Ent,
        path if path.starts_with("/bourses") => Site::Bourses,
        _ => Site::College,
    };
    state.page(&visitor, StatusCode::NOT_FOUND, site, "not_found.html", &json!({ "other_language": "/?lang=fr" }))
}
