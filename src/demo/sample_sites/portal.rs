//! The portal *mon ENT Occitanie*: the leaflet's chooser, and the user's data after signing in.
//!
//! The portal knows a user from the claims only, and shows a school only if the claims name the school.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::choices::{self, CHOICES};
use super::pages::{Site, see_other, with_cookies};
use super::service::SampleService;
use super::sign_out::SIGNED_OUT_COOKIE;
use super::site_request::{FormParameters, SiteRequest};
use super::{SampleSites, SharedSites, college, cookies};
use crate::base::clock::Span;
use crate::base::lang::Lang;

/// The cookie with the last choice, preselected the next time.
const CHOICE_COOKIE: &str = "mon_ent_choix";
const CHOICE_COOKIE_TTL: Span = Span::days(180);

/// Shows the chooser: « Vous souhaitez vous connecter à votre ENT en tant que : ».
pub async fn chooser(State(state): State<SharedSites>, visitor: SiteRequest) -> Response {
    let left = visitor.cookie(SIGNED_OUT_COOKIE).is_some();
    // On the leaflet the first choice is ticked.
    let before = visitor.cookie(CHOICE_COOKIE);
    let ticked = visitor.query.single("choix").or(before).unwrap_or("montpellier");
    let mut response = chooser_page(&state, &visitor, StatusCode::OK, ticked, left);
    if left {
        with_cookies(&mut response, [cookies::clear(&state.base, SIGNED_OUT_COOKIE, SampleService::Ent.path())]);
    }
    response
}

fn chooser_page(state: &SampleSites, visitor: &SiteRequest, status: StatusCode, ticked: &str, left: bool) -> Response {
    let line = |choice: &choices::Choice| {
        let label = match visitor.lang {
            Lang::Fr => choice.fr,
            Lang::En => choice.en,
        };
        json!({ "key": choice.key, "label": label, "ticked": choice.key == ticked })
    };
    let family: Vec<Value> = CHOICES.iter().filter(|choice| choice.family).map(line).collect();
    let others: Vec<Value> = CHOICES.iter().filter(|choice| !choice.family).map(line).collect();
    let words = json!({
        "family": family,
        "others": others,
        "wrong": status != StatusCode::OK,
        "left": left,
        "signed_in": visitor.session(state, SampleService::Ent).is_some(),
        "other_language": format!("/ent?lang={}", visitor.lang.other().tag()),
    });
    state.page(visitor, status, Site::Ent, "chooser.html", &words)
}

/// Handles *Valider*: always redirects to a page of the portal, never straight to the provider.
pub async fn choose(State(state): State<SharedSites>, visitor: SiteRequest, body: Bytes) -> Response {
    match FormParameters::parse(&body).single("choix").and_then(choices::find) {
        Some(choice) => {
            let mut response = see_other(&format!("/ent/vers?choix={}", choice.key));
            let kept = cookies::set(
                &state.base,
                CHOICE_COOKIE,
                choice.key,
                SampleService::Ent.path(),
                Some(CHOICE_COOKIE_TTL),
            );
            with_cookies(&mut response, [kept]);
            response
        }
        None => chooser_page(&state, &visitor, StatusCode::UNPROCESSABLE_ENTITY, "", false),
    }
}

/// Shows the page between the form and the provider: continues by a refresh, or by a button.
pub async fn redirecting(State(state): State<SharedSites>, visitor: SiteRequest) -> Response {
    match visitor.query.single("choix").and_then(choices::find) {
        Some(choice) => {
            let words = json!({ "next": format!("/ent/connexion?choix={}", choice.key) });
            state.page(&visitor, StatusCode::OK, Site::Ent, "on_the_way.html", &words)
        }
        None => see_other(SampleService::Ent.path()),
    }
}

/// Shows the user, the children and the schools.
pub async fn home(State(state): State<SharedSites>, visitor: SiteRequest) -> Response {
    let Some(session) = visitor.session(&state, SampleService::Ent) else {
        return see_other(SampleService::Ent.path());
    };
    let who = &session.user;
    let words = json!({
        "name": who.name,
        "profile": who.education.profile,
        "sub": who.sub,
        "sid": who.sid,
        "vectors": who.education.vectors,
        "children": who.education.children,
        "schools": who.education.schools,
    });
    state.page(&visitor, StatusCode::OK, Site::Ent, "home.html", &words)
}

/// Shows « Choisir le bon portail »: the ENT of one school, if the school is in the user's claims.
pub async fn school(State(state): State<SharedSites>, visitor: SiteRequest) -> Response {
    let Some(session) = visitor.session(&state, SampleService::Ent) else {
        return see_other(SampleService::Ent.path());
    };
    let education = &session.user.education;
    let chosen = visitor.query.single("uai").and_then(|uai| education.schools.iter().find(|school| school.uai == uai));
    let Some(school) = chosen else { return college::not_found_page(&state, &visitor, StatusCode::NOT_FOUND) };
    let children: Vec<_> = education.children.iter().filter(|child| child.uai == school.uai).collect();
    let family = matches!(education.profile.as_deref(), Some("responsable" | "eleve"));
    let words = json!({ "name": session.user.name, "school": school, "children": children, "family": family });
    state.page(&visitor, StatusCode::OK, Site::Ent, "school.html", &words)
}
