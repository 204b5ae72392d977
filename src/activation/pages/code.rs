//! `/activation/code`: the code received by SMS. The same page for whoever the roster knows and for everybody else.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{Answer, CARRIED, at, in_language, left_by_proof, standing, with_secret};
use crate::activation::ops::{self, CodeChecked, Resent};
use crate::activation::views::{CodeError, CodeNotice, CodePage};
use crate::activation::{Activation, Step};
use crate::app::AppState;
use crate::base::clock::Timestamp;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::when;
use crate::http::visit::{Visit, retry_after, see_other};
use crate::otp::outage::Outage;
use crate::otp::{self, Checked, NoCode, TypedCode};

async fn page(app: &AppState, visit: &Visit, activation: &Activation) -> anyhow::Result<CodePage> {
    let standing = otp::ops::standing(&app.db, visit.now).await?;
    Ok(CodePage {
        query: visit.carried(&CARRIED),
        ending: activation.typed.ending(),
        support_code: activation.support_code.clone(),
        delayed: standing.iter().any(Outage::is_everybodys),
        error: None,
        notice: None,
    })
}

/// GET: the form, and after a resend what came of it.
pub async fn show(State(app): State<AppState>, visit: Visit) -> Answer {
    let visit = in_language(&app, visit).await;
    let activation = match standing(&app, &visit, &[Step::Code]).await? {
        Ok(found) => found,
        Err(answer) => return Ok(answer),
    };
    let notice = match visit.query.get("renvoi") {
        Some("envoye") => Some(CodeNotice::SentAgain),
        Some("limite") => Some(CodeNotice::ResendLimit),
        Some("attente") => seconds_left(&app, &visit, &activation).await?,
        _ => None,
    };
    visit.page(&app.pages, StatusCode::OK, &CodePage { notice, ..page(&app, &visit, &activation).await? })
}

async fn seconds_left(app: &AppState, visit: &Visit, activation: &Activation) -> anyhow::Result<Option<CodeNotice>> {
    let challenge = otp::store::find(&mut app.db.read().await?, &activation.challenge_id).await?;
    let left = challenge.map(|c| Timestamp(c.sent_at).plus(otp::cool_down(c.sends)).since(visit.now).as_seconds_up());
    Ok(left.filter(|s| *s > 0).map(|seconds| CodeNotice::ResendTooSoon { seconds }))
}

/// POST: compares, and goes on or says what is wrong.
pub async fn submit(State(app): State<AppState>, visit: Visit, Form(form): Form) -> Answer {
    let visit = in_language(&app, visit).await;
    let typed = TypedCode::read(form.raw("code"));
    let activation = match standing(&app, &visit, &[Step::Code]).await? {
        Ok(found) => found,
        // Asked afterwards: the other half of a double click may leave the step in between.
        Err(answer) => {
            let again = match &typed {
                Ok(code) => once_more(&app, &visit, code).await?,
                Err(_) => None,
            };
            return Ok(again.unwrap_or(answer));
        }
    };
    let refuse = async |status, error| {
        let page = page(&app, &visit, &activation).await?;
        visit.page(&app.pages, status, &CodePage { error: Some(error), ..page })
    };
    let typed = match typed {
        Ok(typed) => typed,
        Err(NoCode::Empty) => return refuse(StatusCode::UNPROCESSABLE_ENTITY, CodeError::Empty).await,
        Err(NoCode::NotSixDigits) => return refuse(StatusCode::UNPROCESSABLE_ENTITY, CodeError::NotSixDigits).await,
    };
    match ops::check_code(&app, visit.now, &activation, &typed).await? {
        CodeChecked::On(step) => Ok(with_secret(&app, &visit, &activation, Step::Code, at(&visit, step))),
        CodeChecked::Not(Checked::Wrong { left }) => {
            refuse(StatusCode::UNPROCESSABLE_ENTITY, CodeError::Wrong { left }).await
        }
        CodeChecked::Not(Checked::TooMany { until }) => {
            let hour = when::from_hour(visit.lang, until);
            let page = refuse(StatusCode::TOO_MANY_REQUESTS, CodeError::TooManyToday { hour }).await?;
            Ok(retry_after(page, visit.now, until))
        }
        CodeChecked::Not(Checked::Expired) => refuse(StatusCode::UNPROCESSABLE_ENTITY, CodeError::Expired).await,
        // Used up by tries, or a moment ago by a double click: then the step has moved on.
        CodeChecked::Not(Checked::UsedUp | Checked::Right) => match once_more(&app, &visit, &typed).await? {
            Some(answer) => Ok(answer),
            None => refuse(StatusCode::UNPROCESSABLE_ENTITY, CodeError::UsedUp).await,
        },
    }
}

/// The right code again, after it was right: the answer that the browser threw away.
async fn once_more(app: &AppState, visit: &Visit, typed: &TypedCode) -> Result<Option<Response>, PageError> {
    let Some(held) = left_by_proof(app, visit, Step::Code).await? else { return Ok(None) };
    let again = ops::same_code(app, visit.now, &held, typed).await?;
    Ok(again.then(|| with_secret(app, visit, &held, Step::Code, at(visit, held.step))))
}

/// POST: another code. The answer is a redirect, so that a reload sends nothing.
pub async fn resend(State(app): State<AppState>, visit: Visit, Form(_): Form) -> Answer {
    let activation = match standing(&app, &visit, &[Step::Code]).await? {
        Ok(found) => found,
        Err(answer) => return Ok(answer),
    };
    let said = match ops::resend(&app, visit.now, &activation).await? {
        Resent::Sent => "envoye",
        Resent::Wait { .. } => "attente",
        Resent::Limit => "limite",
    };
    Ok(see_other(&format!("/activation/code{}&renvoi={said}", visit.carried(&CARRIED))))
}
