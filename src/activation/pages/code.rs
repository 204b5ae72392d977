//! `/activation/code`: asks for the SMS code. The same page for identities known and unknown to the roster.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{CARRIED_PARAMS, PageResult, activation_at, left_by_proof, redirect_to_step, with_next_secret};
use crate::activation::ops::{self, CodeOutcome};
use crate::activation::views::{CallDay, CallState, CodePage};
use crate::activation::{Activation, ActivationStep};
use crate::app::{AppState, Operation};
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::paths;
use crate::http::request_context::RequestContext;
use crate::interactions::extract::in_request_language;
use crate::otp::ops::ResendOutcome;
use crate::otp::outage::Outage;
use crate::otp::pages::{CodeRefusal, resend_notice, resend_redirect};
use crate::otp::{self, TypedCode};

async fn code_page(app: &AppState, ctx: &RequestContext, activation: &Activation) -> anyhow::Result<CodePage> {
    let standing = otp::ops::active_outages(&app.db, ctx.now).await?;
    let call = call_state(app, activation).await?;
    let affects = if call.is_some() { Outage::affects_every_call } else { Outage::affects_everyone };
    Ok(CodePage {
        query: ctx.carried_query(&CARRIED_PARAMS),
        ending: activation.identity.phone_ending(),
        support_code: activation.support_code.clone(),
        delayed: standing.iter().any(affects),
        call,
        next_call: ops::next_call(&Operation::of_request(app, ctx), activation).map(|next| match next.is_tomorrow {
            true => CallDay::Tomorrow,
            false => CallDay::Today,
        }),
        error: None,
        notice: None,
    })
}

/// Returns the state of the call, if the visitor typed a landline; the same for numbers known and unknown.
async fn call_state(app: &AppState, activation: &Activation) -> anyhow::Result<Option<CallState>> {
    if !app.phone_parser.is_landline(&activation.identity.phone) {
        return Ok(None);
    }
    let challenge = otp::store::find(&mut app.db.read().await?, &activation.challenge_id).await?;
    let asked = challenge.is_some_and(|challenge| challenge.sends > 0);
    Ok(Some(if asked { CallState::Asked } else { CallState::Offered }))
}

/// GET: shows the form, and the result of a resend.
pub async fn show(State(app): State<AppState>, ctx: RequestContext) -> PageResult {
    let ctx = in_request_language(&app, ctx).await;
    let activation = match activation_at(&app, &ctx, &[ActivationStep::Code]).await? {
        Ok(found) => found,
        Err(answer) => return Ok(answer),
    };
    let notice = resend_notice(&app, &ctx, Some(&activation.challenge_id)).await?;
    ctx.page(&app.pages, StatusCode::OK, &CodePage { notice, ..code_page(&app, &ctx, &activation).await? })
}

/// POST: verifies the code, and continues or shows the error.
pub async fn submit(State(app): State<AppState>, ctx: RequestContext, Form(form): Form) -> PageResult {
    let ctx = in_request_language(&app, ctx).await;
    let typed = TypedCode::parse(form.form_value("code"));
    let activation = match activation_at(&app, &ctx, &[ActivationStep::Code]).await? {
        Ok(found) => found,
        // Checked last, because the first request of a double click may leave the step at any time before.
        Err(answer) => {
            let again = match &typed {
                Ok(code) => repeat_code(&app, &ctx, code).await?,
                Err(_) => None,
            };
            return Ok(again.unwrap_or(answer));
        }
    };
    let refuse = async |refusal: CodeRefusal| {
        let page = CodePage { error: Some(refusal.error.clone()), ..code_page(&app, &ctx, &activation).await? };
        Ok(refusal.complete(&ctx, ctx.page(&app.pages, refusal.status, &page)?))
    };
    let typed = match typed {
        Ok(typed) => typed,
        Err(malformed) => return refuse(CodeRefusal::of_format(malformed)).await,
    };
    match ops::verify_code(&Operation::of_request(&app, &ctx), &activation, &typed).await? {
        CodeOutcome::Accepted(step) => {
            Ok(with_next_secret(&app, &ctx, &activation, ActivationStep::Code, redirect_to_step(&ctx, step)))
        }
        CodeOutcome::Rejected(rejected) => {
            // Used up by wrong tries, or a moment ago by a double click: then the activation has advanced.
            let again = match rejected.may_be_repeated() {
                true => repeat_code(&app, &ctx, &typed).await?,
                false => None,
            };
            match again {
                Some(answer) => Ok(answer),
                None => refuse(CodeRefusal::of_verification(ctx.lang, rejected)).await,
            }
        }
    }
}

/// Repeats the response to a correct code, after a double click whose first response the browser discarded.
async fn repeat_code(app: &AppState, ctx: &RequestContext, typed: &TypedCode) -> Result<Option<Response>, PageError> {
    let Some(held) = left_by_proof(app, ctx, ActivationStep::Code).await? else { return Ok(None) };
    let again = ops::repeat_code(&Operation::of_request(app, ctx), &held, typed).await?;
    Ok(again.then(|| with_next_secret(app, ctx, &held, ActivationStep::Code, redirect_to_step(ctx, held.step))))
}

/// POST: sends another code. Responds with a redirect, so that a reload does not send again.
pub async fn resend_code(State(app): State<AppState>, ctx: RequestContext, Form(_): Form) -> PageResult {
    let activation = match activation_at(&app, &ctx, &[ActivationStep::Code]).await? {
        Ok(found) => found,
        Err(answer) => return Ok(answer),
    };
    let said = match ops::resend_code(&Operation::of_request(&app, &ctx), &activation).await? {
        // The page itself says that the first call leaves, and when the telephone may ring.
        None | Some(ResendOutcome::Sent { sends: 1 }) => None,
        Some(outcome) => Some(outcome),
    };
    Ok(resend_redirect(&ctx, paths::ACTIVATION_CODE, &CARRIED_PARAMS, said))
}
