//! Sign-out: of one site only, or of the provider too.
//!
//! The site's session ends at once, whatever the provider's later response. The redirect to the provider goes through a
//! page of this site (a form never targets another site), and the required ID token is kept in memory until then, never
//! in a cookie.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::pages::{Site, see_other, with_cookies};
use super::service::SampleService;
use super::sign_in::{SignInFailure, failure_redirect};
use super::site_request::{SiteRequest, session_cookie};
use super::{SampleSites, SharedSites, cookies};
use crate::base::clock::Span;
use crate::base::ids::id128;

/// The cookie for showing, once, the end of the session on the chooser.
pub const SIGNED_OUT_COOKIE: &str = "ent_au_revoir";

/// The cookie with the `state` expected from the provider by *bourses*.
pub const RETURN_COOKIE: &str = "bourses_au_revoir";

/// Long enough for the provider's confirmation page.
const RETURN_COOKIE_TTL: Span = Span::minutes(30);

const LOGOUT_COOKIE_TTL: Span = Span::minutes(5);

fn logout_cookie(service: SampleService) -> String {
    format!("{}_sortie", service.prefix())
}

/// Handles « Se déconnecter »: ends the portal's session only.
pub async fn sign_out_of_portal(State(state): State<SharedSites>, visitor: SiteRequest) -> Response {
    let name = session_cookie(SampleService::Ent);
    let mut response = see_other(SampleService::Ent.path());
    if let Some(id) = visitor.cookie(&name) {
        state.sessions.end(SampleService::Ent, id, visitor.now);
        with_cookies(
            &mut response,
            [
                cookies::clear(&state.base, &name, SampleService::Ent.path()),
                cookies::set(&state.base, SIGNED_OUT_COOKIE, "1", SampleService::Ent.path(), Some(Span::minutes(1))),
            ],
        );
    }
    response
}

/// Handles « Se déconnecter partout ».
pub async fn sign_out_of_portal_and_provider(State(state): State<SharedSites>, visitor: SiteRequest) -> Response {
    sign_out_everywhere(&state, &visitor, SampleService::Ent)
}

pub async fn sign_out_of_bourses(State(state): State<SharedSites>, visitor: SiteRequest) -> Response {
    sign_out_everywhere(&state, &visitor, SampleService::Bourses)
}

fn sign_out_everywhere(state: &SampleSites, visitor: &SiteRequest, service: SampleService) -> Response {
    let name = session_cookie(service);
    let Some(id) = visitor.cookie(&name) else { return see_other(service.path()) };
    let Some(session) = state.sessions.end(service, id, visitor.now) else {
        let mut response = see_other(service.path());
        with_cookies(&mut response, [cookies::clear(&state.base, &name, service.path())]);
        return response;
    };
    let departure = state.sessions.start_logout(session, visitor.now, &*state.random);
    let mut response = see_other(&format!("{}/sortie", service.path()));
    let (path, lives) = (service.path(), Some(LOGOUT_COOKIE_TTL));
    with_cookies(
        &mut response,
        [
            cookies::clear(&state.base, &name, path),
            cookies::set(&state.base, &logout_cookie(service), &departure, path, lives),
        ],
    );
    response
}

pub async fn goodbye_from_portal(State(state): State<SharedSites>, visitor: SiteRequest) -> Response {
    goodbye_page(&state, &visitor, Site::Ent, SampleService::Ent)
}

pub async fn goodbye_from_bourses(State(state): State<SharedSites>, visitor: SiteRequest) -> Response {
    goodbye_page(&state, &visitor, Site::Bourses, SampleService::Bourses)
}

fn goodbye_page(state: &SampleSites, visitor: &SiteRequest, site: Site, service: SampleService) -> Response {
    let words = json!({ "next": format!("{}/sortie/suite", service.path()) });
    state.page(visitor, StatusCode::OK, site, "goodbye.html", &words)
}

/// Redirects to the provider with `id_token_hint` and no `post_logout_redirect_uri`: the provider's page then lists the
/// sessions still open.
pub async fn end_session_from_portal(State(state): State<SharedSites>, visitor: SiteRequest) -> Response {
    redirect_to_end_session(&state, &visitor, SampleService::Ent, None).await
}

/// Redirects to the provider, to come back to *bourses*.
pub async fn end_session_from_bourses(State(state): State<SharedSites>, visitor: SiteRequest) -> Response {
    let token = id128(&*state.random);
    let mut response = redirect_to_end_session(&state, &visitor, SampleService::Bourses, Some(&token)).await;
    let path = SampleService::Bourses.path();
    with_cookies(&mut response, [cookies::set(&state.base, RETURN_COOKIE, &token, path, Some(RETURN_COOKIE_TTL))]);
    response
}

async fn redirect_to_end_session(
    state: &SampleSites,
    visitor: &SiteRequest,
    service: SampleService,
    back: Option<&str>,
) -> Response {
    let name = logout_cookie(service);
    let departed = visitor.cookie(&name).and_then(|id| state.sessions.take_logout(service, id, visitor.now));
    let Some(session) = departed else { return see_other(service.path()) };
    let address = service.url(&state.base, "");
    let back = back.map(|token| (address.as_str(), token));
    let url = match state.relying_parties.get(&session.client) {
        Some(party) => party.end_session_url(&session.user.id_token, back, visitor.lang, visitor.now).await,
        None => return see_other(service.path()),
    };
    let mut response = match url {
        Ok(url) => see_other(&url),
        Err(why) => {
            tracing::warn!(client = session.client, %why, "the provider's session could not be ended");
            failure_redirect(service, SignInFailure::SignOut, &session.client)
        }
    };
    with_cookies(&mut response, [cookies::clear(&state.base, &name, service.path())]);
    response
}
