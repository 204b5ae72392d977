//! `/activation/code`: asks for the SMS code. The same page for identities known and unknown to the roster.

use axum::extract::State;
use axum::response::Response;

use super::{CARRIED_PARAMS, PageResult, activation_at, left_by_proof, redirect_to_step, with_next_secret};
use crate::activation::browser_binding::BoundActivation;
use crate::activation::ops::{self, CodeOutcome};
use crate::activation::views::{CallDay, CallState, CodePage};
use crate::activation::{Activation, ActivationStep};
use crate::announcements::extract::page_announcements;
use crate::app::{AppState, Operation};
use crate::base::typed_ids::ChallengeId;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::paths;
use crate::http::request_context::RequestContext;
use crate::interactions::extract::in_request_language;
use crate::otp::ops::ResendOutcome;
use crate::otp::outage::Outage;
use crate::otp::pages::{CodeFlow, CodePageMessages, resend_code_form, show_code_form, submit_code_form};
use crate::otp::{self, CodeVerification, TypedCode};

/// The activation, as a flow that asks for a code.
pub struct ActivationCode;

/// Returns the state of the call, if the visitor typed a landline; the same for numbers known and unknown.
async fn call_state(app: &AppState, activation: &Activation) -> anyhow::Result<Option<CallState>> {
    if !app.phone_parser.is_landline(&activation.identity.phone) {
        return Ok(None);
    }
    let challenge = otp::store::find(&mut app.db.read().await?, &activation.challenge_id).await?;
    let asked = challenge.is_some_and(|challenge| challenge.sends > 0);
    Ok(Some(if asked { CallState::Asked } else { CallState::Offered }))
}

impl CodeFlow for ActivationCode {
    type Held = BoundActivation;
    type CodePage = CodePage;
    const PATH: &'static str = paths::ACTIVATION_CODE;
    const CARRIED_PARAMS: &'static [&'static str] = &CARRIED_PARAMS;

    async fn find_at_code(
        app: &AppState,
        ctx: &RequestContext,
    ) -> Result<Result<Box<BoundActivation>, Response>, PageError> {
        activation_at(app, ctx, &[ActivationStep::Code]).await
    }

    fn challenge_id(held: &BoundActivation) -> Option<&ChallengeId> {
        Some(&held.challenge_id)
    }

    async fn code_page(
        app: &AppState,
        ctx: &RequestContext,
        held: &BoundActivation,
        messages: CodePageMessages,
    ) -> anyhow::Result<CodePage> {
        let standing = otp::ops::active_outages(&app.db, ctx.now).await?;
        let call = call_state(app, held).await?;
        let affects = if call.is_some() { Outage::affects_every_call } else { Outage::affects_everyone };
        Ok(CodePage {
            query: ctx.carried_query(&CARRIED_PARAMS),
            ending: held.identity.phone_ending(),
            support_code: held.support_code.clone(),
            delayed: standing.iter().any(affects),
            call,
            next_call: ops::next_call(&Operation::of_request(app, ctx), held).map(|next| match next.is_tomorrow {
                true => CallDay::Tomorrow,
                false => CallDay::Today,
            }),
            error: messages.error,
            notice: messages.notice,
            announcements: page_announcements(app, ctx).await,
        })
    }

    async fn verify_code(
        app: &AppState,
        ctx: &RequestContext,
        held: &BoundActivation,
        typed: &TypedCode,
    ) -> anyhow::Result<Result<Response, CodeVerification>> {
        Ok(match ops::verify_code(&Operation::of_request(app, ctx), held, typed).await? {
            CodeOutcome::Accepted(step) => {
                Ok(with_next_secret(app, ctx, held, ActivationStep::Code, redirect_to_step(ctx, step)))
            }
            CodeOutcome::Rejected(rejected) => Err(rejected),
        })
    }

    async fn repeat_code(
        app: &AppState,
        ctx: &RequestContext,
        typed: &TypedCode,
    ) -> Result<Option<Response>, PageError> {
        let Some(held) = left_by_proof(app, ctx, ActivationStep::Code).await? else { return Ok(None) };
        let again = ops::repeat_code(&Operation::of_request(app, ctx), &held, typed).await?;
        Ok(again.then(|| with_next_secret(app, ctx, &held, ActivationStep::Code, redirect_to_step(ctx, held.step))))
    }

    async fn resend_code(
        app: &AppState,
        ctx: &RequestContext,
        held: &BoundActivation,
    ) -> anyhow::Result<Option<ResendOutcome>> {
        Ok(match ops::resend_code(&Operation::of_request(app, ctx), held).await? {
            // The page itself says that the first call leaves, and when the telephone may ring.
            None | Some(ResendOutcome::Sent { sends: 1 }) => None,
            Some(outcome) => Some(outcome),
        })
    }
}

/// GET: shows the form, and the result of a resend.
pub async fn show(State(app): State<AppState>, ctx: RequestContext) -> PageResult {
    let ctx = in_request_language(&app, ctx).await;
    show_code_form::<ActivationCode>(&app, &ctx).await
}

/// POST: verifies the code, and continues or shows the error.
pub async fn submit(State(app): State<AppState>, ctx: RequestContext, Form(form): Form) -> PageResult {
    let ctx = in_request_language(&app, ctx).await;
    submit_code_form::<ActivationCode>(&app, &ctx, &form).await
}

/// POST: sends another code.
pub async fn resend_code(State(app): State<AppState>, ctx: RequestContext, Form(_): Form) -> PageResult {
    resend_code_form::<ActivationCode>(&app, &ctx).await
}
