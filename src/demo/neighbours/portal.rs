//! The portal *mon ENT Occitanie*: the leaflet's chooser, and who you are once signed in.
//!
//! It knows a person from the claims only, and shows a school only if the claims name it.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::choices::{self, CHOICES};
use super::pages::{Site, see_other, with_cookies};
use super::service::Service;
use super::sign_out::LEFT_COOKIE;
use super::visitor::{Parameters, Visitor};
use super::{Neighbours, Shared, college, cookies};
use crate::base::clock::Span;
use crate::base::lang::Lang;

/// The line that was chosen here before: it is ticked the next time.
const CHOICE_COOKIE: &str = "mon_ent_choix";
const CHOICE_KEPT: Span = Span::days(180);

/// « Vous souhaitez vous connecter à votre ENT en tant que : ».
pub async fn chooser(State(state): State<Shared>, visitor: Visitor) -> Response {
    let left = visitor.cookie(LEFT_COOKIE).is_some();
    // The leaflet shows its first choice ticked.
    let before = visitor.cookie(CHOICE_COOKIE);
    let ticked = visitor.query.one("choix").or(before).unwrap_or("montpellier");
    let mut response = chooser_page(&state, &visitor, StatusCode::OK, ticked, left);
    if left {
        with_cookies(&mut response, [cookies::clear(&state.base, LEFT_COOKIE, Service::Ent.path())]);
    }
    response
}

fn chooser_page(state: &Neighbours, visitor: &Visitor, status: StatusCode, ticked: &str, left: bool) -> Response {
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
        "signed_in": visitor.session(state, Service::Ent).is_some(),
        "other_language": format!("/ent?lang={}", visitor.lang.other().tag()),
    });
    state.page(visitor, status, Site::Ent, "chooser.html", &words)
}

/// *Valider*: always on to a page of the portal, never straight to the provider.
pub async fn choose(State(state): State<Shared>, visitor: Visitor, body: Bytes) -> Response {
    match Parameters::parse(&body).one("choix").and_then(choices::find) {
        Some(choice) if choice.client.is_some() => {
            let mut response = see_other(&format!("/ent/vers?choix={}", choice.key));
            let kept = cookies::set(&state.base, CHOICE_COOKIE, choice.key, Service::Ent.path(), Some(CHOICE_KEPT));
            with_cookies(&mut response, [kept]);
            response
        }
        Some(choice) => see_other(&format!("/ent/hors-demo?choix={}", choice.key)),
        None => chooser_page(&state, &visitor, StatusCode::UNPROCESSABLE_ENTITY, "", false),
    }
}

/// The page between the form and the provider: it goes on by itself, or by its button.
pub async fn on_the_way(State(state): State<Shared>, visitor: Visitor) -> Response {
    match visitor.query.one("choix").and_then(choices::find).filter(|choice| choice.client.is_some()) {
        Some(choice) => {
            let words = json!({ "next": format!("/ent/connexion?choix={}", choice.key) });
            state.page(&visitor, StatusCode::OK, Site::Ent, "on_the_way.html", &words)
        }
        None => see_other(Service::Ent.path()),
    }
}

/// The choices that are not part of the demo.
pub async fn not_here(State(state): State<Shared>, visitor: Visitor) -> Response {
    match visitor.query.one("choix").and_then(choices::find).filter(|choice| choice.client.is_none()) {
        Some(choice) => {
            let label = match visitor.lang {
                Lang::Fr => choice.fr,
                Lang::En => choice.en,
            };
            let words = json!({ "label": label, "family": choice.family });
            state.page(&visitor, StatusCode::OK, Site::Ent, "not_here.html", &words)
        }
        None => see_other(Service::Ent.path()),
    }
}

/// Who you are, your children, your schools.
pub async fn home(State(state): State<Shared>, visitor: Visitor) -> Response {
    let Some(session) = visitor.session(&state, Service::Ent) else { return see_other(Service::Ent.path()) };
    let who = &session.who;
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

/// « Choisir le bon portail »: the ENT of one school, if it is one of the person's.
pub async fn school(State(state): State<Shared>, visitor: Visitor) -> Response {
    let Some(session) = visitor.session(&state, Service::Ent) else { return see_other(Service::Ent.path()) };
    let education = &session.who.education;
    let chosen = visitor.query.one("uai").and_then(|uai| education.schools.iter().find(|school| school.uai == uai));
    let Some(school) = chosen else { return college::nothing_here(&state, &visitor, StatusCode::NOT_FOUND) };
    let children: Vec<_> = education.children.iter().filter(|child| child.uai == school.uai).collect();
    let words = json!({ "name": session.who.name, "school": school, "children": children });
    state.page(&visitor, StatusCode::OK, Site::Ent, "school.html", &words)
}
