//! `/mot-de-passe-oublie/preuve`: asks for the second factor of an account that has one.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::outcome::offices;
use super::{CARRIED_PARAMS, PageResult, left_by_proof, recovery_at, redirect_to_step, with_next_secret};
use crate::app::{AppState, Operation};
use crate::credentials;
use crate::credentials::factors::{FactorVerification, TypedFactor};
use crate::credentials::views::FactorFieldError;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::dates;
use crate::http::request_context::{RequestContext, retry_after};
use crate::interactions::extract::in_request_language;
use crate::passkeys::PasskeyAnswer;
use crate::protocol::params::Params;
use crate::recovery::ops::{self, RecoveryFactorOutcome};
use crate::recovery::views::{OfferStart, RecoveryFactorPage};
use crate::recovery::{Recovery, RecoveryStep};

async fn factor_page(
    app: &AppState,
    ctx: &RequestContext,
    recovery: &Recovery,
    error: Option<FactorFieldError>,
) -> anyhow::Result<RecoveryFactorPage> {
    let held = match &recovery.account_id {
        Some(account_id) => credentials::ops::find_factors(&Operation::of_request(app, ctx), account_id).await?,
        None => credentials::factors::HeldFactors::default(),
    };
    Ok(RecoveryFactorPage {
        query: ctx.carried_query(&CARRIED_PARAMS),
        passkey: credentials::ops::factor_challenge(&Operation::of_request(app, ctx), &held, recovery.id.as_str())?,
        totp: !held.totp.is_empty(),
        backup_codes: held.backup_codes > 0,
        lost: ctx.query.get("aide").is_some() && error.is_none(),
        code: recovery.support_code.clone(),
        offices: offices(app, recovery).await?,
        letter_from: ops::find_letter_proof(&mut app.db.read().await?, recovery)
            .await?
            .map(|from| OfferStart { day: dates::weekday_and_day(ctx.lang, from), hour: dates::hour(ctx.lang, from) }),
        error,
    })
}

pub async fn show(State(app): State<AppState>, ctx: RequestContext) -> PageResult {
    let ctx = in_request_language(&app, ctx).await;
    match recovery_at(&app, &ctx, &[RecoveryStep::Factor]).await? {
        Ok(recovery) => ctx.page(&app.pages, StatusCode::OK, &factor_page(&app, &ctx, &recovery, None).await?),
        Err(answer) => Ok(answer),
    }
}

/// Reads what was typed as a factor, or judges the passkey of the account.
async fn read_factor(
    app: &AppState,
    ctx: &RequestContext,
    recovery: &Recovery,
    form: &Params,
) -> Result<Result<TypedFactor, FactorFieldError>, PageError> {
    let (Some(answer), Some(account_id)) = (PasskeyAnswer::in_form(form), &recovery.account_id) else {
        return Ok(TypedFactor::parse(form.form_value("code")).map_err(FactorFieldError::from));
    };
    let op = Operation::of_request(app, ctx);
    let answer = (answer, ctx.lang);
    let judged = credentials::ops::judge_passkey_factor(&op, account_id, recovery.id.as_str(), answer).await?;
    Ok(judged.ok_or_else(FactorFieldError::passkey))
}

/// POST: compares the factor.
pub async fn submit(State(app): State<AppState>, ctx: RequestContext, Form(form): Form) -> PageResult {
    let ctx = in_request_language(&app, ctx).await;
    let recovery = match recovery_at(&app, &ctx, &[RecoveryStep::Factor]).await? {
        Ok(found) => found,
        Err(answer) => {
            // A passkey serves once: only a code is recognised again.
            let Ok(typed) = TypedFactor::parse(form.form_value("code")) else { return Ok(answer) };
            return Ok(repeat_factor(&app, &ctx, &typed).await?.unwrap_or(answer));
        }
    };
    let typed = match read_factor(&app, &ctx, &recovery, &form).await? {
        Ok(typed) => typed,
        Err(error) => {
            let page = factor_page(&app, &ctx, &recovery, Some(error)).await?;
            return ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    match ops::submit_factor(&Operation::of_request(&app, &ctx), &recovery, &ctx.devices, &typed).await? {
        RecoveryFactorOutcome::Proven => {
            let answer = redirect_to_step(&ctx, RecoveryStep::Password);
            Ok(with_next_secret(&app, &ctx, &recovery, RecoveryStep::Factor, answer))
        }
        RecoveryFactorOutcome::AlreadyAdvanced => Ok(repeat_factor(&app, &ctx, &typed)
            .await?
            .unwrap_or_else(|| redirect_to_step(&ctx, RecoveryStep::Password))),
        RecoveryFactorOutcome::Refused(refused) => {
            let error = match typed {
                TypedFactor::Passkey(_) => FactorFieldError::passkey(),
                _ => FactorFieldError::new(refused, ctx.lang),
            };
            let page = factor_page(&app, &ctx, &recovery, Some(error)).await?;
            match refused {
                FactorVerification::Limited { until } => {
                    Ok(retry_after(ctx.page(&app.pages, StatusCode::TOO_MANY_REQUESTS, &page)?, ctx.now, until))
                }
                _ => ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page),
            }
        }
    }
}

/// Repeats the response to the right factor, after a double click whose first response the browser discarded.
async fn repeat_factor(
    app: &AppState,
    ctx: &RequestContext,
    typed: &TypedFactor,
) -> Result<Option<Response>, PageError> {
    let Some(held) = left_by_proof(app, ctx, RecoveryStep::Factor).await? else { return Ok(None) };
    let again = ops::repeat_factor(&Operation::of_request(app, ctx), &held, typed).await?;
    Ok(again.then(|| with_next_secret(app, ctx, &held, RecoveryStep::Factor, redirect_to_step(ctx, held.step))))
}
