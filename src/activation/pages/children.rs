//! `/activation/enfants`: asks *Oui* or *Non*, and the birth date of each child.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{CARRIED_PARAMS, PageResult, activation_at, left_by_proof, redirect_to_step, with_next_secret};
use crate::activation::ops::{self, AnswerVerdict, ChildrenStepOutcome, SubmittedAnswer};
use crate::activation::views::{AllChildrenDenied, ChildAnswer, ChildCard, ChildError, ChildrenPage};
use crate::activation::{Activation, ActivationStep, ChildStatus};
use crate::app::{AppState, Operation};
use crate::base::date::{BirthDate, DateError, TypedDate};
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::{date_fields, dates};
use crate::http::request_context::RequestContext;
use crate::interactions::extract::in_request_language;
use crate::protocol::params::Params;

/// GET: shows the questions. Neither *Oui* nor *Non* is preselected.
pub async fn show(State(app): State<AppState>, ctx: RequestContext) -> PageResult {
    let ctx = in_request_language(&app, ctx).await;
    match activation_at(&app, &ctx, &[ActivationStep::Children]).await? {
        Ok(activation) => {
            let blank = vec![ChildForm::default(); activation.children.len()];
            let fine = vec![AnswerVerdict::Accepted; activation.children.len()];
            ctx.page(&app.pages, StatusCode::OK, &children_page(&ctx, &activation, &blank, &fine))
        }
        Err(answer) => Ok(answer),
    }
}

/// The form fields of a child.
#[derive(Clone, Debug, Default)]
struct ChildForm {
    answer: Option<ChildAnswer>,
    date: TypedDate,
    error: Option<ChildFieldError>,
}

#[derive(Clone, Copy, Debug)]
enum ChildFieldError {
    AnswerMissing,
    Date(DateError),
}

impl ChildForm {
    // A date in the future is a typing error and costs no try.
    fn read(form: &Params, n: usize, today: Option<BirthDate>) -> (Self, SubmittedAnswer) {
        let date = date_fields::read_date(form, &format!("date_naissance_{n}"));
        let answer = match form.form_value(&format!("representant_legal_{n}")) {
            "oui" => Some(ChildAnswer::Oui),
            "non" => Some(ChildAnswer::Non),
            _ => None,
        };
        let born = date_fields::parse_birth_date(&date, today);
        let (fault, given) = match (answer, born) {
            (None, _) => (Some(ChildFieldError::AnswerMissing), SubmittedAnswer::Incomplete),
            (Some(ChildAnswer::Non), _) => (None, SubmittedAnswer::No),
            (Some(ChildAnswer::Oui), Ok(born)) => (None, SubmittedAnswer::Yes(born)),
            (Some(ChildAnswer::Oui), Err(fault)) => (Some(ChildFieldError::Date(fault)), SubmittedAnswer::Incomplete),
        };
        (ChildForm { answer, date, error: fault }, given)
    }
}

/// POST: checks the answers.
pub async fn submit(State(app): State<AppState>, ctx: RequestContext, Form(form): Form) -> PageResult {
    let ctx = in_request_language(&app, ctx).await;
    let today = dates::today(ctx.now);
    let read = |of: &Activation| -> (Vec<ChildForm>, Vec<SubmittedAnswer>) {
        (1..=of.children.len()).map(|n| ChildForm::read(&form, n, today)).unzip()
    };
    let once_more = async || repeat_dates(&app, &ctx, read).await;
    let activation = match activation_at(&app, &ctx, &[ActivationStep::Children]).await? {
        Ok(found) => found,
        Err(answer) => return Ok(once_more().await?.unwrap_or(answer)),
    };
    let (typed, given) = read(&activation);
    match ops::submit_answers(&Operation::of_request(&app, &ctx), &activation, &given).await? {
        ChildrenStepOutcome::Advanced(ActivationStep::Ended) => Ok(redirect_to_step(&ctx, ActivationStep::Ended)),
        ChildrenStepOutcome::Advanced(step) => {
            Ok(with_next_secret(&app, &ctx, &activation, ActivationStep::Children, redirect_to_step(&ctx, step)))
        }
        ChildrenStepOutcome::AlreadyAdvanced(step) => {
            Ok(once_more().await?.unwrap_or_else(|| redirect_to_step(&ctx, step)))
        }
        ChildrenStepOutcome::AllDenied => {
            let page = AllChildrenDenied {
                query: ctx.carried_query(&CARRIED_PARAMS),
                code: activation.support_code.clone(),
                ways: super::outcome::help_options(&app, &ctx, &activation).await?,
            };
            ctx.page(&app.pages, StatusCode::OK, &page)
        }
        ChildrenStepOutcome::ShowAgain { activation, verdicts: said } => {
            let page = children_page(&ctx, &activation, &typed, &said);
            ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

/// Repeats the response to correct dates, after a double click whose first response the browser discarded.
async fn repeat_dates(
    app: &AppState,
    ctx: &RequestContext,
    read: impl Fn(&Activation) -> (Vec<ChildForm>, Vec<SubmittedAnswer>),
) -> Result<Option<Response>, PageError> {
    let Some(held) = left_by_proof(app, ctx, ActivationStep::Children).await? else { return Ok(None) };
    let (_, given) = read(&held);
    let again = ops::repeat_dates(&Operation::of_request(app, ctx), &held, &given).await?;
    Ok(again.then(|| with_next_secret(app, ctx, &held, ActivationStep::Children, redirect_to_step(ctx, held.step))))
}

fn children_page(
    ctx: &RequestContext,
    activation: &Activation,
    typed: &[ChildForm],
    said: &[AnswerVerdict],
) -> ChildrenPage {
    let cards = activation.children.iter().zip(typed).zip(said).zip(1..);
    let children = cards.map(|(((child, typed), said), n)| ChildCard {
        n,
        name: child.display_name(),
        given_name: child.given_name.clone(),
        school: child.school.clone(),
        answer: typed.answer,
        date: typed.date.clone().into(),
        error: match (child.settled, said, typed.error) {
            (Some(ChildStatus::Right | ChildStatus::Refused), ..) => None,
            (_, AnswerVerdict::NoTriesLeft, _) => Some(ChildError::NoMore { code: activation.support_code.clone() }),
            (Some(ChildStatus::SetAside), ..) => None,
            (_, AnswerVerdict::WrongDate { tries_left: left }, _) => {
                Some(ChildError::Wrong { left: i64::try_from(*left).unwrap_or(0) })
            }
            (_, _, Some(ChildFieldError::AnswerMissing)) => Some(ChildError::AnswerMissing),
            (_, _, Some(ChildFieldError::Date(fault))) => Some(ChildError::Date { fault: fault.into() }),
            (_, _, None) => None,
        },
        settled: child.settled,
    });
    ChildrenPage { query: ctx.carried_query(&CARRIED_PARAMS), children: children.collect() }
}
