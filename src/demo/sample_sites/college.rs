//! The collège's site: one page, with the leaflet's words and the way to *MON ENT*.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::pages::Site;
use super::service::SampleService;
use super::site_request::SiteRequest;
use super::{SampleSites, SharedSites};

pub async fn show(State(state): State<SharedSites>, visitor: SiteRequest) -> Response {
    state.page(&visitor, StatusCode::OK, Site::College, "college.html", &json!({ "provider": state.issuer }))
}

/// Answers an address unknown to all sample sites.
pub async fn not_found(State(state): State<SharedSites>, visitor: SiteRequest) -> Response {
    not_found_page(&state, &visitor, StatusCode::NOT_FOUND)
}

/// Answers a GET to the address of a form, typed or reloaded.
pub async fn wrong_method(State(state): State<SharedSites>, visitor: SiteRequest) -> Response {
    not_found_page(&state, &visitor, StatusCode::METHOD_NOT_ALLOWED)
}

pub fn not_found_page(state: &SampleSites, visitor: &SiteRequest, status: StatusCode) -> Response {
    let (site, home) = match visitor.path.as_str() {
        path if path.starts_with(SampleService::Ent.path()) => (Site::Ent, SampleService::Ent.path()),
        path if path.starts_with(SampleService::Bourses.path()) => (Site::Bourses, SampleService::Bourses.path()),
        _ => (Site::College, "/"),
    };
    state.page(visitor, status, site, "not_found.html", &json!({ "home": home }))
}
