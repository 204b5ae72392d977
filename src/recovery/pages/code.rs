//! `/mot-de-passe-oublie/code`: asks for the code of the SMS or the mail. The same page for known and unknown identifiants.

use axum::extract::State;
use axum::response::Response;

use super::{CARRIED_PARAMS, PageResult, left_by_proof, recovery_at, redirect_to_step, with_next_secret};
use crate::app::{AppState, Operation};
use crate::base::typed_ids::ChallengeId;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::paths;
use crate::http::request_context::RequestContext;
use crate::interactions::extract::in_request_language;
use crate::otp::ops::ResendOutcome;
use crate::otp::outage::Outage;
use crate::otp::pages::{
    CodeFlow, CodePageMessages, resend_code_form, resend_redirect, show_code_form, submit_code_form,
};
use crate::otp::{self, CodeVerification, TypedCode};
use crate::recovery::ops::{self, RecoveryCodeOutcome};
use crate::recovery::views::RecoveryCodePage;
use crate::recovery::{BoundRecovery, RecoveryChannel, RecoveryStep};

/// The recovery, as a flow that asks for a code.
pub struct RecoveryCode;

impl CodeFlow for RecoveryCode {
    type Held = BoundRecovery;
    type CodePage = RecoveryCodePage;
    const PATH: &'static str = paths::RECOVERY_CODE;
    const CARRIED_PARAMS: &'static [&'static str] = &CARRIED_PARAMS;

    async fn find_at_code(
        app: &AppState,
        ctx: &RequestContext,
    ) -> Result<Result<Box<BoundRecovery>, Response>, PageError> {
        recovery_at(app, ctx, &[RecoveryStep::Code]).await
    }

    fn challenge_id(held: &BoundRecovery) -> Option<&ChallengeId> {
        held.challenge_id.as_ref()
    }

    async fn code_page(
        app: &AppState,
        ctx: &RequestContext,
        held: &BoundRecovery,
        messages: CodePageMessages,
    ) -> anyhow::Result<RecoveryCodePage> {
        let standing = otp::ops::active_outages(&app.db, ctx.now).await?;
        Ok(RecoveryCodePage {
            query: ctx.carried_query(&CARRIED_PARAMS),
            identifiant: held.identifiant.clone(),
            support_code: held.support_code.clone(),
            by_mail: held.channel == RecoveryChannel::Mail,
            mails: app.mail_gateway.is_some(),
            delayed: held.channel == RecoveryChannel::Sms && standing.iter().any(Outage::affects_everyone),
            error: messages.error,
            notice: messages.notice,
        })
    }

    async fn verify_code(
        app: &AppState,
        ctx: &RequestContext,
        held: &BoundRecovery,
        typed: &TypedCode,
    ) -> anyhow::Result<Result<Response, CodeVerification>> {
        Ok(match ops::verify_code(&Operation::of_request(app, ctx), held, typed).await? {
            RecoveryCodeOutcome::Accepted(step) => {
                Ok(with_next_secret(app, ctx, held, RecoveryStep::Code, redirect_to_step(ctx, step)))
            }
            RecoveryCodeOutcome::Rejected(rejected) => Err(rejected),
        })
    }

    async fn repeat_code(
        app: &AppState,
        ctx: &RequestContext,
        typed: &TypedCode,
    ) -> Result<Option<Response>, PageError> {
        let Some(held) = left_by_proof(app, ctx, RecoveryStep::Code).await? else { return Ok(None) };
        let again = ops::repeat_code(&Operation::of_request(app, ctx), &held, typed).await?;
        Ok(again.then(|| with_next_secret(app, ctx, &held, RecoveryStep::Code, redirect_to_step(ctx, held.step))))
    }

    async fn resend_code(
        app: &AppState,
        ctx: &RequestContext,
        held: &BoundRecovery,
    ) -> anyhow::Result<Option<ResendOutcome>> {
        ops::resend_code(&Operation::of_request(app, ctx), held).await.map(Some)
    }
}

/// GET: shows the form, and the result of a resend.
pub async fn show(State(app): State<AppState>, ctx: RequestContext) -> PageResult {
    let ctx = in_request_language(&app, ctx).await;
    show_code_form::<RecoveryCode>(&app, &ctx).await
}

/// POST: verifies the code, and continues or shows the error.
pub async fn submit(State(app): State<AppState>, ctx: RequestContext, Form(form): Form) -> PageResult {
    let ctx = in_request_language(&app, ctx).await;
    submit_code_form::<RecoveryCode>(&app, &ctx, &form).await
}

/// POST: sends another code.
pub async fn resend_code(State(app): State<AppState>, ctx: RequestContext, Form(_): Form) -> PageResult {
    resend_code_form::<RecoveryCode>(&app, &ctx).await
}

/// POST: sends a code by mail in place of the SMS. Not there where no mail is sent.
pub async fn by_mail(State(app): State<AppState>, ctx: RequestContext, Form(_): Form) -> PageResult {
    if app.mail_gateway.is_none() {
        return Err(PageError::NotFound);
    }
    switch_channel(&app, &ctx, RecoveryChannel::Mail).await
}

/// POST: sends a code by SMS in place of the mail.
pub async fn by_sms(State(app): State<AppState>, ctx: RequestContext, Form(_): Form) -> PageResult {
    switch_channel(&app, &ctx, RecoveryChannel::Sms).await
}

async fn switch_channel(app: &AppState, ctx: &RequestContext, to: RecoveryChannel) -> PageResult {
    let recovery = match recovery_at(app, ctx, &[RecoveryStep::Code]).await? {
        Ok(found) => found,
        Err(answer) => return Ok(answer),
    };
    Ok(match ops::switch_channel(&Operation::of_request(app, ctx), &recovery, to).await? {
        // The page itself says that a code left.
        ResendOutcome::Sent { .. } => redirect_to_step(ctx, RecoveryStep::Code),
        refused => resend_redirect(ctx, paths::RECOVERY_CODE, &CARRIED_PARAMS, Some(refused)),
    })
}
