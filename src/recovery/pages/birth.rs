//! `/mot-de-passe-oublie/naissance`: asks a pupil for the own birth date.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{CARRIED_PARAMS, PageResult, left_by_proof, recovery_at, redirect_to_step, with_next_secret};
use crate::app::{AppState, Operation};
use crate::base::date::{BirthDate, DateError, TypedDate};
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::{date_fields, dates};
use crate::http::request_context::{RequestContext, retry_after};
use crate::interactions::extract::in_request_language;
use crate::letters::{self, LetterKind};
use crate::protocol::params::Params;
use crate::recovery::ops::{self, BirthOutcome};
use crate::recovery::views::{OwnBirthError, OwnBirthPage};
use crate::recovery::{Recovery, RecoveryStep};

pub async fn show(State(app): State<AppState>, ctx: RequestContext) -> PageResult {
    let ctx = in_request_language(&app, ctx).await;
    match recovery_at(&app, &ctx, &[RecoveryStep::Birth]).await? {
        Ok(recovery) => {
            let by_parent = is_parents_code(&app, &recovery).await?;
            let page = birth_page(&ctx, (&recovery, by_parent), TypedDate::default(), None)?;
            ctx.page(&app.pages, StatusCode::OK, &page)
        }
        Err(answer) => Ok(answer),
    }
}

/// True if the code came from a parent, and not on a sheet of the school.
async fn is_parents_code(app: &AppState, recovery: &Recovery) -> anyhow::Result<bool> {
    let Some(id) = &recovery.letter_id else { return Ok(false) };
    let letter = letters::store::find(&mut app.db.read().await?, id).await?;
    Ok(letter.is_some_and(|letter| letter.kind == LetterKind::ParentForPupil))
}

fn birth_page(
    ctx: &RequestContext,
    (recovery, by_parent): (&Recovery, bool),
    typed: TypedDate,
    error: Option<OwnBirthError>,
) -> Result<OwnBirthPage, PageError> {
    let Some(own) = recovery.children.first() else { return Err(PageError::NotFound) };
    Ok(OwnBirthPage {
        query: ctx.carried_query(&CARRIED_PARAMS),
        name: own.display_name(),
        school: own.school.clone(),
        by_parent,
        date: typed.into(),
        error,
    })
}

/// Reads the date. A date in the future is a typing error and costs no try.
fn read_own_date(form: &Params, ctx: &RequestContext) -> (TypedDate, Result<BirthDate, DateError>) {
    let typed = date_fields::read_date(form, "date_naissance");
    let read = date_fields::parse_birth_date(&typed, dates::date_key(ctx.now).parse().ok());
    (typed, read)
}

/// POST: compares the date.
pub async fn submit(State(app): State<AppState>, ctx: RequestContext, Form(form): Form) -> PageResult {
    let ctx = in_request_language(&app, ctx).await;
    let recovery = match recovery_at(&app, &ctx, &[RecoveryStep::Birth]).await? {
        Ok(found) => found,
        Err(answer) => return Ok(repeat_birth(&app, &ctx, &form).await?.unwrap_or(answer)),
    };
    let (typed, date) = read_own_date(&form, &ctx);
    let by_parent = is_parents_code(&app, &recovery).await?;
    let refuse = |status, error| {
        let page = birth_page(&ctx, (&recovery, by_parent), typed.clone(), Some(error))?;
        ctx.page(&app.pages, status, &page)
    };
    let date = match date {
        Ok(date) => date,
        Err(error) => {
            return refuse(StatusCode::UNPROCESSABLE_ENTITY, OwnBirthError::Date { fault: error.into() });
        }
    };
    match ops::submit_birth(&Operation::of_request(&app, &ctx), &recovery, date).await? {
        BirthOutcome::Right => {
            let answer = redirect_to_step(&ctx, RecoveryStep::Password);
            Ok(with_next_secret(&app, &ctx, &recovery, RecoveryStep::Birth, answer))
        }
        BirthOutcome::AlreadyAdvanced => {
            Ok(repeat_birth(&app, &ctx, &form).await?.unwrap_or_else(|| redirect_to_step(&ctx, RecoveryStep::Password)))
        }
        BirthOutcome::Wrong { tries_left } => {
            let left = i64::try_from(tries_left).unwrap_or(0);
            refuse(StatusCode::UNPROCESSABLE_ENTITY, OwnBirthError::Wrong { left })
        }
        BirthOutcome::NoTriesLeft { until } => {
            let hour = dates::hour_rounded_up(ctx.lang, until);
            let page = refuse(StatusCode::TOO_MANY_REQUESTS, OwnBirthError::NoMore { hour })?;
            Ok(retry_after(page, ctx.now, until))
        }
    }
}

/// Repeats the response to the right date, after a double click whose first response the browser discarded.
async fn repeat_birth(app: &AppState, ctx: &RequestContext, form: &Params) -> Result<Option<Response>, PageError> {
    let Some(held) = left_by_proof(app, ctx, RecoveryStep::Birth).await? else { return Ok(None) };
    let (_, Ok(date)) = read_own_date(form, ctx) else { return Ok(None) };
    let again = ops::repeat_birth(&Operation::of_request(app, ctx), &held, date).await?;
    Ok(again.then(|| with_next_secret(app, ctx, &held, RecoveryStep::Birth, redirect_to_step(ctx, held.step))))
}
