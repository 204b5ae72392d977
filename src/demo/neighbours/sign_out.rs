//! Signing out: of one neighbour only, or of the provider too.
//!
//! The neighbour's own session ends at once, whatever the provider answers later. The way to the provider
//! goes over a page of ours (a form never leads to another site), and what it needs, the ID token, waits in
//! memory for that moment; it never travels in a cookie.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::pages::{Site, see_other, with_cookies};
use super::service::Service;
use super::sign_in::{Failure, failed};
use super::visitor::{Visitor, session_cookie};
use super::{Neighbours, Shared, cookies};
use crate::base::clock::Span;
use crate::base::ids::id128;

/// Tells the chooser, once, that its session has just ended.
pub const LEFT_COOKIE: &str = "ent_au_revoir";

/// The `state` that *bourses* is to come back with.
pub const RETURN_COOKIE: &str = "bourses_au_revoir";

/// Long enough for the provider's own question whether to sign out.
const RETURN_LIVES: Span = Span::minutes(30);

const DEPARTURE_COOKIE_LIVES: Span = Span::minutes(5);

fn departure_cookie(service: Service) -> String {
    format!("{}_sortie", service.prefix())
}

/// « Se déconnecter »: the portal's own session, nothing else.
pub async fn leave_portal(State(state): State<Shared>, visitor: Visitor) -> Response {
    let name = session_cookie(Service::Ent);
    let mut response = see_other(Service::Ent.path());
    if let Some(id) = visitor.cookie(&name) {
        state.sessions.end(Service::Ent, id, visitor.now);
        with_cookies(
            &mut response,
            [
                cookies::clear(&state.base, &name, Service::Ent.path()),
                cookies::set(&state.base, LEFT_COOKIE, "1", Service::Ent.path(), Some(Span::minutes(1))),
            ],
        );
    }
    response
}

/// « Se déconnecter partout ».
pub async fn leave_portal_and_provider(State(state): State<Shared>, visitor: Visitor) -> Response {
    leave(&state, &visitor, Service::Ent)
}

pub async fn leave_bourses(State(state): State<Shared>, visitor: Visitor) -> Response {
    leave(&state, &visitor, Service::Bourses)
}

fn leave(state: &Neighbours, visitor: &Visitor, service: Service) -> Response {
    let name = session_cookie(service);
    let Some(id) = visitor.cookie(&name) else { return see_other(service.path()) };
    let Some(session) = state.sessions.end(service, id, visitor.now) else {
        let mut response = see_other(service.path());
        with_cookies(&mut response, [cookies::clear(&state.base, &name, service.path())]);
        return response;
    };
    let departure = state.sessions.depart(session, visitor.now, &*state.random);
    let mut response = see_other(&format!("{}/sortie", service.path()));
    let (path, lives) = (service.path(), Some(DEPARTURE_COOKIE_LIVES));
    with_cookies(
        &mut response,
        [
            cookies::clear(&state.base, &name, path),
            cookies::set(&state.base, &departure_cookie(service), &departure, path, lives),
        ],
    );
    response
}

pub async fn goodbye_from_portal(State(state): State<Shared>, visitor: Visitor) -> Response {
    goodbye(&state, &visitor, Site::Ent, Service::Ent)
}

pub async fn goodbye_from_bourses(State(state): State<Shared>, visitor: Visitor) -> Response {
    goodbye(&state, &visitor, Site::Bourses, Service::Bourses)
}

fn goodbye(state: &Neighbours, visitor: &Visitor, site: Site, service: Service) -> Response {
    let words = json!({ "next": format!("{}/sortie/suite", service.path()) });
    state.page(visitor, StatusCode::OK, site, "goodbye.html", &words)
}

/// To the provider with `id_token_hint` and no `post_logout_redirect_uri`: its page says what remains open.
pub async fn go_from_portal(State(state): State<Shared>, visitor: Visitor) -> Response {
    go(&state, &visitor, Service::Ent, None).await
}

/// To the provider and back to *bourses*.
pub async fn go_from_bourses(State(state): State<Shared>, visitor: Visitor) -> Response {
    let token = id128(&*state.random);
    let mut response = go(&state, &visitor, Service::Bourses, Some(&token)).await;
    let path = Service::Bourses.path();
    with_cookies(&mut response, [cookies::set(&state.base, RETURN_COOKIE, &token, path, Some(RETURN_LIVES))]);
    response
}

async fn go(state: &Neighbours, visitor: &Visitor, service: Service, back: Option<&str>) -> Response {
    let name = departure_cookie(service);
    let departed = visitor.cookie(&name).and_then(|id| state.sessions.departed(service, id, visitor.now));
    let Some(session) = departed else { return see_other(service.path()) };
    let address = service.url(&state.base, "");
    let back = back.map(|token| (address.as_str(), token));
    let url = match state.parties.get(&session.client) {
        Some(party) => party.end_session_url(&session.who.id_token, back, visitor.lang, visitor.now).await,
        None => return see_other(service.path()),
    };
    let mut response = match url {
        Ok(url) => see_other(&url),
        Err(why) => {
            tracing::warn!(client = session.client, %why, "the provider's session could not be ended");
            failed(service, Failure::SignOut, &session.client)
        }
    };
    with_cookies(&mut response, [cookies::clear(&state.base, &name, service.path())]);
    response
}
