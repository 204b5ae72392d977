//! `/compte/regrouper/preuve`: the second factor of the other account.

use axum::extract::State;
use axum::http::StatusCode;

use super::{PageResult, choice_id, person, to_choice};
use crate::app::AppState;
use crate::credentials::factors::{FactorVerification, TypedFactor};
use crate::credentials::views::FactorFieldError;
use crate::http::form::Form;
use crate::http::request_context::{RequestContext, retry_after};
use crate::passkeys::PasskeyAnswer;
use crate::regroup::ops::{self, FactorView, OtherFactorOutcome};
use crate::regroup::views::RegroupFactorPage;
use crate::sessions::extract::SignedInParent;

fn factor_page(view: &FactorView, error: Option<FactorFieldError>) -> RegroupFactorPage {
    RegroupFactorPage {
        identifiant: view.identifiant.clone(),
        passkey: view.passkey.clone(),
        totp: !view.held.totp.is_empty(),
        backup_codes: view.held.backup_codes > 0,
        error,
    }
}

/// GET: asks for the second factor of the other account.
pub(super) async fn show(State(app): State<AppState>, ctx: RequestContext, parent: SignedInParent) -> PageResult {
    let op = parent.operation(&app, &ctx);
    let id = choice_id(ctx.query.get("r"));
    match ops::find_factor_step(&op, person(&parent, &ctx), id).await? {
        Some(view) => ctx.page(&app.pages, StatusCode::OK, &factor_page(&view, None)),
        None => Ok(to_choice(id)),
    }
}

/// POST: compares it, and goes on to the choice.
pub(super) async fn submit(
    State(app): State<AppState>,
    ctx: RequestContext,
    parent: SignedInParent,
    Form(form): Form,
) -> PageResult {
    let op = parent.operation(&app, &ctx);
    let id = choice_id(ctx.query.get("r"));
    let person = person(&parent, &ctx);
    let Some(view) = ops::find_factor_step(&op, person, id).await? else { return Ok(to_choice(id)) };
    let typed = match PasskeyAnswer::in_form(&form) {
        Some(answer) => {
            ops::judge_passkey(&op, person, &view.regroupement, answer).await?.ok_or_else(FactorFieldError::passkey)
        }
        None => TypedFactor::parse(form.form_value("code")).map_err(FactorFieldError::from),
    };
    let typed = match typed {
        Ok(typed) => typed,
        Err(error) => {
            return ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &factor_page(&view, Some(error)));
        }
    };
    let refused = match ops::prove_factor(&op, person, (id, &ctx.devices), &typed).await? {
        OtherFactorOutcome::Proven | OtherFactorOutcome::Over => return Ok(to_choice(id)),
        OtherFactorOutcome::Refused(refused) => refused,
    };
    let error = match typed {
        TypedFactor::Passkey(_) => FactorFieldError::passkey(),
        _ => FactorFieldError::new(refused, ctx.lang),
    };
    let page = factor_page(&view, Some(error));
    match refused {
        FactorVerification::Limited { until } => {
            Ok(retry_after(ctx.page(&app.pages, StatusCode::TOO_MANY_REQUESTS, &page)?, ctx.now, until))
        }
        _ => ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page),
    }
}
