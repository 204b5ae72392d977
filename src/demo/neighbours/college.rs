//! The collège's site: one page, with the leaflet's words and the way to *MON ENT*.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::pages::Site;
use super::service::Service;
use super::visitor::Visitor;
use super::{Neighbours, Shared};

pub async fn show(State(state): State<Shared>, visitor: Visitor) -> Response {
    state.page(&visitor, StatusCode::OK, Site::College, "college.html", &json!({}))
}

/// Any address that none of the neighbours has.
pub async fn not_found(State(state): State<Shared>, visitor: Visitor) -> Response {
    nothing_here(&state, &visitor, StatusCode::NOT_FOUND)
}

/// The address of a form, typed or reloaded.
pub async fn wrong_method(State(state): State<Shared>, visitor: Visitor) -> Response {
    nothing_here(&state, &visitor, StatusCode::METHOD_NOT_ALLOWED)
}

pub fn nothing_here(state: &Neighbours, visitor: &Visitor, status: StatusCode) -> Response {
    let (site, home) = match visitor.path.as_str() {
        path if path.starts_with(Service::Ent.path()) => (Site::Ent, Service::Ent.path()),
        path if path.starts_with(Service::Bourses.path()) => (Site::Bourses, Service::Bourses.path()),
        _ => (Site::College, "/"),
    };
    state.page(visitor, status, site, "not_found.html", &json!({ "home": home }))
}
