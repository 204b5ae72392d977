//! `/mot-de-passe-oublie` and its steps. The step in the database decides which page is shown, for any URL of the
//! recovery: the back button, a reload and a second tab all lead to the current step.

mod birth;
mod children;
mod code;
mod factor;
mod identifiant;
mod letter;
mod outcome;
mod password;

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;

use super::ops::{self, RecoveryLookup};
use super::views::{RecoveryExpired, UnknownRecovery};
use super::{BoundRecovery, RecoveryStep};
use crate::app::{AppState, Operation};
use crate::http::error::PageError;
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other, with_cookie};
use crate::http::routing::{get, post};

type PageResult = Result<Response, PageError>;

/// The query parameters that every page of the recovery passes on.
const CARRIED_PARAMS: [&str; 3] = ["i", "client_id", "r"];
/// The query parameters that lead back to the service, without the recovery.
const SERVICE_PARAMS: [&str; 2] = ["i", "client_id"];

pub fn routes() -> Router<AppState> {
    Router::new()
        .route(paths::FORGOTTEN_PASSWORD, get(identifiant::show).merge(post(identifiant::submit)))
        .route(paths::RECOVERY_CODE, get(code::show).merge(post(code::submit)))
        .route(paths::RECOVERY_RESEND_CODE, post(code::resend_code))
        .route(paths::RECOVERY_BY_MAIL, post(code::by_mail))
        .route(paths::RECOVERY_BY_SMS, post(code::by_sms))
        .route(paths::RECOVERY_CHILDREN, get(children::show).merge(post(children::submit)))
        .route(paths::LETTER, get(letter::show).merge(post(letter::submit)))
        .route(paths::RECOVERY_BIRTH, get(birth::show).merge(post(birth::submit)))
        .route(paths::RECOVERY_FACTOR, get(factor::show).merge(post(factor::submit)))
        .route(paths::RECOVERY_PASSWORD, get(password::show).merge(post(password::submit)))
        .route(paths::RECOVERY_OUTCOME, get(outcome::show))
        .route(paths::RECOVERY_DONE, get(password::done))
}

/// Redirects to the page of a step, with the carried parameters.
fn redirect_to_step(ctx: &RequestContext, step: RecoveryStep) -> Response {
    see_other(&format!("{}{}", step.path(), ctx.carried_query(&CARRIED_PARAMS)))
}

/// Returns the recovery in the URL if at one of `steps`; else the response to send.
async fn recovery_at(
    app: &AppState,
    ctx: &RequestContext,
    steps: &[RecoveryStep],
) -> Result<Result<Box<BoundRecovery>, Response>, PageError> {
    let query = ctx.carried_query(&SERVICE_PARAMS);
    let found = ops::find(&Operation::of_request(app, ctx), ctx.query.get("r"), ctx.activation_secrets()).await?;
    Ok(match found {
        RecoveryLookup::Active(recovery) if steps.contains(&recovery.step) => Ok(recovery),
        RecoveryLookup::Active(recovery) => Err(redirect_to_step(ctx, recovery.step)),
        RecoveryLookup::Expired => Err(ctx.page(&app.pages, StatusCode::GONE, &RecoveryExpired { query })?),
        RecoveryLookup::Unknown | RecoveryLookup::LeftByProof(..) => {
            Err(ctx.page(&app.pages, StatusCode::NOT_FOUND, &UnknownRecovery { query })?)
        }
    })
}

/// Returns the recovery that left `step` by a proof, if this browser missed the response: the second request of a
/// double click. The caller verifies the proof in the form again.
async fn left_by_proof(
    app: &AppState,
    ctx: &RequestContext,
    step: RecoveryStep,
) -> Result<Option<Box<BoundRecovery>>, PageError> {
    match ops::find(&Operation::of_request(app, ctx), ctx.query.get("r"), ctx.activation_secrets()).await? {
        RecoveryLookup::LeftByProof(left, held) if left == step => Ok(Some(held)),
        _ => Ok(None),
    }
}

/// Adds the new binding secret to the response to a proof at the step `from`.
fn with_next_secret(
    app: &AppState,
    ctx: &RequestContext,
    held: &BoundRecovery,
    from: RecoveryStep,
    answer: Response,
) -> Response {
    let secret = ops::next_secret(&app.master_key, held, from);
    with_cookie(answer, ctx.jar.activation_cookie(&ctx.activation_cookies, &held.secret, &secret))
}
