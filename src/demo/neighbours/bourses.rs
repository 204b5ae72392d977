//! *Bourses*: another service with a client and a sector of its own, to show single sign-on.
//!
//! Whoever has signed in at the portal is not asked again; the service gets another `sub` for the same person.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::Shared;
use super::cookies;
use super::pages::{Site, with_cookies};
use super::service::Service;
use super::sign_out::RETURN_COOKIE;
use super::visitor::Visitor;
use crate::base::secret::same;

pub async fn show(State(state): State<Shared>, visitor: Visitor) -> Response {
    if let Some(session) = visitor.session(&state, Service::Bourses) {
        let who = &session.who;
        // No vector: it is for an ENT, which finds the person in its own directory by it.
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
    // Back from the provider's sign-out: said only to the browser that went there.
    let expected = visitor.cookie(RETURN_COOKIE);
    let left = expected.zip(visitor.query.one("state")).is_some_and(|(expected, sent)| same(expected, sent));
    let mut response =
        state.page(&visitor, StatusCode::OK, Site::Bourses, "bourses_door.html", &json!({ "left": left }));
    if expected.is_some() {
        with_cookies(&mut response, [cookies::clear(&state.base, RETURN_COOKIE, Service::Bourses.path())]);
    }
    response
}
