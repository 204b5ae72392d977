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

use super::Step;
use super::binding::{self, Held};
use super::ops::{self, Found};
use super::views::{ActivationTooOld, UnknownActivation};
use crate::app::AppState;
use crate::http::error::PageError;
use crate::http::visit::{Visit, see_other, with_cookie};
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
async fn standing(app: &AppState, visit: &Visit, steps: &[Step]) -> Result<Result<Box<Held>, Response>, PageError> {
    let query = visit.carried(&["i", "client_id"]);
    let found = ops::find(app, visit.now, visit.query.get("a"), visit.secrets()).await?;
    Ok(match found {
        Found::Here(activation) if steps.contains(&activation.step) => Ok(activation),
        Found::Here(activation) => Err(at(visit, activation.step)),
        Found::TooOld => Err(visit.page(&app.pages, StatusCode::GONE, &ActivationTooOld { query })?),
        Found::Unknown | Found::Proven(..) => {
            Err(visit.page(&app.pages, StatusCode::NOT_FOUND, &UnknownActivation { query })?)
        }
    })
}

/// The activation that has left `step` by a proof, where this browser did not get the answer to it: the other half of a
/// double click. The proof that is in the form decides.
async fn left_by_proof(app: &AppState, visit: &Visit, step: Step) -> Result<Option<Box<Held>>, PageError> {
    match ops::find(app, visit.now, visit.query.get("a"), visit.secrets()).await? {
        Found::Proven(left, held) if left == step => Ok(Some(held)),
        _ => Ok(None),
    }
}

/// The answer to a proof that left `from`: brings the secret that holds the activation from now on.
fn with_secret(app: &AppState, visit: &Visit, held: &Held, from: Step, answer: Response) -> Response {
    let secret = binding::next(&app.vault, &held.id, from, &held.secret);
    with_cookie(answer, visit.jar.set_activation(&visit.activations, &held.secret, &secret))
}
