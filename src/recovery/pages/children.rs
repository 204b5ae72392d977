//! `/mot-de-passe-oublie/enfants`: asks for the birth dates of the account's children.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{CARRIED_PARAMS, PageResult, left_by_proof, recovery_at, redirect_to_step, with_next_secret};
use crate::app::{AppState, Operation};
use crate::base::date::{BirthDate, DateError, TypedDate};
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::{date_fields, dates};
use crate::http::request_context::RequestContext;
use crate::interactions::extract::in_request_language;
use crate::protocol::params::Params;
use crate::recovery::ops::{self, DateVerdict, DatesOutcome};
use crate::recovery::views::{BirthDateError, RecoveryChildCard, RecoveryChildrenPage};
use crate::recovery::{Recovery, RecoveryChannel, RecoveryStep};

pub async fn show(State(app): State<AppState>, ctx: RequestContext) -> PageResult {
    let ctx = in_request_language(&app, ctx).await;
    match recovery_at(&app, &ctx, &[RecoveryStep::Dates]).await? {
        Ok(recovery) => {
            let fields = vec![DateField::default(); recovery.children.len()];
            let verdicts = vec![DateVerdict::Accepted; recovery.children.len()];
            ctx.page(&app.pages, StatusCode::OK, &children_page(&ctx, &recovery, &fields, &verdicts))
        }
        Err(answer) => Ok(answer),
    }
}

/// The form fields of a child.
#[derive(Clone, Debug, Default)]
struct DateField {
    typed: TypedDate,
    error: Option<DateError>,
}

/// Reads the dates of the children. A date in the future is a typing error and costs no try.
fn read_dates(form: &Params, ctx: &RequestContext, recovery: &Recovery) -> (Vec<DateField>, Vec<Option<BirthDate>>) {
    let today = dates::date_key(ctx.now).parse().ok();
    let read = |n: usize| {
        let typed = date_fields::read_date(form, &format!("date_naissance_{n}"));
        match date_fields::parse_birth_date(&typed, today) {
            Ok(born) => (DateField { typed, error: None }, Some(born)),
            Err(error) => (DateField { typed, error: Some(error) }, None),
        }
    };
    (1..=recovery.children.len()).map(read).unzip()
}

/// POST: compares the dates.
pub async fn submit(State(app): State<AppState>, ctx: RequestContext, Form(form): Form) -> PageResult {
    let ctx = in_request_language(&app, ctx).await;
    let once_more = async || repeat_dates(&app, &ctx, &form).await;
    let recovery = match recovery_at(&app, &ctx, &[RecoveryStep::Dates]).await? {
        Ok(found) => found,
        Err(answer) => return Ok(once_more().await?.unwrap_or(answer)),
    };
    let (fields, given) = read_dates(&form, &ctx, &recovery);
    match ops::submit_dates(&Operation::of_request(&app, &ctx), &recovery, &given).await? {
        DatesOutcome::Advanced(step @ (RecoveryStep::Password | RecoveryStep::Factor)) => {
            Ok(with_next_secret(&app, &ctx, &recovery, RecoveryStep::Dates, redirect_to_step(&ctx, step)))
        }
        DatesOutcome::Advanced(step) => Ok(redirect_to_step(&ctx, step)),
        DatesOutcome::AlreadyAdvanced(step) => Ok(once_more().await?.unwrap_or_else(|| redirect_to_step(&ctx, step))),
        DatesOutcome::ShowAgain { recovery, verdicts } => {
            let page = children_page(&ctx, &recovery, &fields, &verdicts);
            ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

/// Repeats the response to correct dates, after a double click whose first response the browser discarded.
async fn repeat_dates(app: &AppState, ctx: &RequestContext, form: &Params) -> Result<Option<Response>, PageError> {
    let Some(held) = left_by_proof(app, ctx, RecoveryStep::Dates).await? else { return Ok(None) };
    let (_, given) = read_dates(form, ctx, &held);
    let again = ops::repeat_dates(&Operation::of_request(app, ctx), &held, &given).await?;
    Ok(again.then(|| with_next_secret(app, ctx, &held, RecoveryStep::Dates, redirect_to_step(ctx, held.step))))
}

fn children_page(
    ctx: &RequestContext,
    recovery: &Recovery,
    fields: &[DateField],
    verdicts: &[DateVerdict],
) -> RecoveryChildrenPage {
    let cards = recovery.children.iter().zip(fields).zip(verdicts).zip(1..);
    let children = cards.map(|(((child, field), said), n)| RecoveryChildCard {
        n,
        name: child.display_name(),
        given_name: child.given_name.clone(),
        school: child.school.clone(),
        date: field.typed.clone().into(),
        error: match (child.settled, said, field.error) {
            (_, DateVerdict::NoTriesLeft, _) => Some(BirthDateError::NoMore { code: recovery.support_code.clone() }),
            (Some(_), ..) => None,
            (None, DateVerdict::Wrong { tries_left }, _) => {
                Some(BirthDateError::Wrong { left: i64::try_from(*tries_left).unwrap_or(0) })
            }
            (None, DateVerdict::Accepted, Some(DateError::Empty)) if child.optional => None,
            (None, DateVerdict::Accepted, error) => error.map(|error| BirthDateError::Date { fault: error.into() }),
        },
        settled: child.settled,
        optional: child.optional,
    });
    RecoveryChildrenPage {
        query: ctx.carried_query(&CARRIED_PARAMS),
        children: children.collect(),
        by_letter: recovery.channel == RecoveryChannel::Letter,
    }
}
