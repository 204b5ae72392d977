//! *Bourses*: another service with a separate client and sector, to show single sign-on.
//!
//! A user signed in at the portal is not asked again; the service gets another `sub` for the same person.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::SharedSites;
use super::cookies;
use super::pages::{Site, with_cookies};
use super::service::SampleService;
use super::sign_out::RETURN_COOKIE;
use super::site_request::SiteRequest;
use crate::base::secret::constant_time_eq;

pub async fn show(State(state): State<SharedSites>, visitor: SiteRequest) -> Response {
    if let Some(session) = visitor.session(&state, SampleService::Bourses) {
        let who = &session.user;
        // No FrEduVecteur: the vector is for an ENT, to find the person in the ENT's directory.
        let none: [&str; 0] = [];
        let words = json!({
            "name": who.name,
            "children": who.education.children,
            "sub": who.sub,
            "sid": who.sid,
            "vectors": none,
        });
        return state.page(&visitor, StatusCode::OK, Site::Bourses, "bourses.html", &words);
    }
    // Back from the provider's logout: shown only to the browser that started the logout.
    let expected = visitor.cookie(RETURN_COOKIE);
    let left =
        expected.zip(visitor.query.single("state")).is_some_and(|(expected, sent)| constant_time_eq(expected, sent));
    let mut response =
        state.page(&visitor, StatusCode::OK, Site::Bourses, "bourses_door.html", &json!({ "left": left }));
    if expected.is_some() {
        with_cookies(&mut response, [cookies::clear(&state.base, RETURN_COOKIE, SampleService::Bourses.path())]);
    }
    response
}
