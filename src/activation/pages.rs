//! `/activation` and its steps. A page shows where the row stands, whatever address was opened: back button, reload
//! and a second tab all end at the right step.

mod children;
mod code;
mod identity;
mod outcome;
mod password;

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use super::ops::{self, Found};
use super::views::{ActivationTooOld, UnknownActivation};
use super::{Activation, Step};
use crate::app::AppState;
use crate::http::error::PageError;
use crate::http::visit::{Visit, see_other};
use crate::interactions::{self, Interaction};

type Answer = Result<Response, PageError>;

/// What every page of the activation carries along.
const CARRIED: [&str; 3] = ["i", "client_id", "a"];

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/activation", get(identity::show).post(identity::submit))
        .route("/activation/code", get(code::show).post(code::submit))
        .route("/activation/code/renvoyer", post(code::resend))
        .route("/activation/suite", get(outcome::show))
        .route("/activation/nouveau-mot-de-passe", post(outcome::new_password))
        .route("/activation/enfants", get(children::show).post(children::submit))
        .route("/activation/mot-de-passe", get(password::show).post(password::submit))
        .route("/activation/feuille", get(password::sheet))
        .route("/activation/terminee", get(password::done))
}

async fn interaction(app: &AppState, visit: &Visit) -> Option<Interaction> {
    interactions::ops::shown(app, visit.now, visit.query.get("i"), visit.nav.as_deref()).await
}

/// The visit in the language of the waiting request, unless the person chose one.
async fn in_language(app: &AppState, visit: Visit) -> Visit {
    let waiting = interaction(app, &visit).await;
    visit.prefer(waiting.as_ref().and_then(|w| w.request.ui_locales.as_deref()))
}

/// The address of a step of this activation, with what is carried along.
fn at(visit: &Visit, step: Step) -> Response {
    see_other(&format!("{}{}", step.path(), visit.carried(&CARRIED)))
}

/// The activation that the address names, if it stands at one of these steps; else the answer to give.
async fn standing(
    app: &AppState,
    visit: &Visit,
    steps: &[Step],
) -> Result<Result<Box<Activation>, Response>, PageError> {
    let query = visit.carried(&["i", "client_id"]);
    let found = ops::find(app, visit.now, visit.query.get("a"), visit.nav.as_deref()).await?;
    Ok(match found {
        Found::Here(activation) if steps.contains(&activation.step) => Ok(activation),
        Found::Here(activation) => Err(at(visit, activation.step)),
        Found::TooOld => Err(visit.page(&app.pages, StatusCode::GONE, &ActivationTooOld { query })?),
        Found::Unknown => Err(visit.page(&app.pages, StatusCode::NOT_FOUND, &UnknownActivation { query })?),
    })
}
