//! `/activation` and its steps. The step in the database decides which page is shown, for any URL of the activation:
//! the back button, a reload and a second tab all lead to the current step.

mod children;
mod code;
mod identity;
mod outcome;
mod password;

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;

use super::ActivationStep;
use super::browser_binding::{self, BoundActivation};
use super::ops::{self, ActivationLookup};
use super::views::{ActivationExpired, UnknownActivation};
use crate::app::{AppState, Operation};
use crate::http::error::PageError;
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other, with_cookie};
use crate::http::routing::{get, post};

type PageResult = Result<Response, PageError>;

/// The query parameters that every page of the activation passes on.
const CARRIED_PARAMS: [&str; 3] = ["i", "client_id", "a"];

pub fn routes() -> Router<AppState> {
    Router::new()
        .route(paths::ACTIVATION, get(identity::show).merge(post(identity::submit)))
        .route(paths::FORGOTTEN_IDENTIFIANT, get(identity::show_forgotten).merge(post(identity::submit_forgotten)))
        .route(paths::ACTIVATION_CODE, get(code::show).merge(post(code::submit)))
        .route(paths::ACTIVATION_RESEND_CODE, post(code::resend_code))
        .route(paths::ACTIVATION_OUTCOME, get(outcome::show))
        .route(paths::ACTIVATION_NEW_PASSWORD, post(outcome::begin_recovery))
        .route(paths::ACTIVATION_CHILDREN, get(children::show).merge(post(children::submit)))
        .route(paths::ACTIVATION_PASSWORD, get(password::show).merge(post(password::submit)))
        .route(paths::ACTIVATION_SHEET, get(password::sheet))
        .route(paths::ACTIVATION_DONE, get(password::done))
}

/// Redirects to the page of a step, with the carried parameters.
fn redirect_to_step(ctx: &RequestContext, step: ActivationStep) -> Response {
    see_other(&format!("{}{}", step.path(), ctx.carried_query(&CARRIED_PARAMS)))
}

/// Returns the activation in the URL if at one of `steps`; else the response to send.
async fn activation_at(
    app: &AppState,
    ctx: &RequestContext,
    steps: &[ActivationStep],
) -> Result<Result<Box<BoundActivation>, Response>, PageError> {
    let query = ctx.carried_query(&["i", "client_id"]);
    let found = ops::find(&Operation::of_request(app, ctx), ctx.query.get("a"), ctx.activation_secrets()).await?;
    Ok(match found {
        ActivationLookup::Active(activation) if steps.contains(&activation.step) => Ok(activation),
        ActivationLookup::Active(activation) => Err(redirect_to_step(ctx, activation.step)),
        ActivationLookup::Expired => Err(ctx.page(&app.pages, StatusCode::GONE, &ActivationExpired { query })?),
        ActivationLookup::Unknown | ActivationLookup::LeftByProof(..) => {
            Err(ctx.page(&app.pages, StatusCode::NOT_FOUND, &UnknownActivation { query })?)
        }
    })
}

/// Returns the activation that left `step` by a proof, if this browser missed the response: the second request of a
/// double click. The caller verifies the proof in the form again.
async fn left_by_proof(
    app: &AppState,
    ctx: &RequestContext,
    step: ActivationStep,
) -> Result<Option<Box<BoundActivation>>, PageError> {
    match ops::find(&Operation::of_request(app, ctx), ctx.query.get("a"), ctx.activation_secrets()).await? {
        ActivationLookup::LeftByProof(left, held) if left == step => Ok(Some(held)),
        _ => Ok(None),
    }
}

/// Adds the new binding secret to the response to a proof at the step `from`.
fn with_next_secret(
    app: &AppState,
    ctx: &RequestContext,
    held: &BoundActivation,
    from: ActivationStep,
    answer: Response,
) -> Response {
    let secret = browser_binding::next_secret(&app.master_key, &held.id, from, &held.secret);
    with_cookie(answer, ctx.jar.activation_cookie(&ctx.activation_cookies, &held.secret, &secret))
}
