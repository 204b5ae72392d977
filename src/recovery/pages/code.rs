//! `/mot-de-passe-oublie/code`: asks for the code of the SMS or the mail. The same page for known and unknown identifiants.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{CARRIED_PARAMS, PageResult, left_by_proof, recovery_at, redirect_to_step, with_next_secret};
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
use crate::recovery::ops::{self, RecoveryCodeOutcome};
use crate::recovery::views::RecoveryCodePage;
use crate::recovery::{Recovery, RecoveryChannel, RecoveryStep};

async fn code_page(app: &AppState, ctx: &RequestContext, recovery: &Recovery) -> anyhow::Result<RecoveryCodePage> {
    let standing = otp::ops::active_outages(&app.db, ctx.now).await?;
    Ok(RecoveryCodePage {
        query: ctx.carried_query(&CARRIED_PARAMS),
        identifiant: recovery.identifiant.clone(),
        support_code: recovery.support_code.clone(),
        by_mail: recovery.channel == RecoveryChannel::Mail,
        mails: app.mail_gateway.is_some(),
        delayed: recovery.channel == RecoveryChannel::Sms && standing.iter().any(Outage::affects_everyone),
        error: None,
        notice: None,
    })
}

/// GET: shows the form, and the result of a resend.
pub async fn show(State(app): State<AppState>, ctx: RequestContext) -> PageResult {
    let ctx = in_request_language(&app, ctx).await;
    let recovery = match recovery_at(&app, &ctx, &[RecoveryStep::Code]).await? {
        Ok(found) => found,
        Err(answer) => return Ok(answer),
    };
    let notice = resend_notice(&app, &ctx, recovery.challenge_id.as_ref()).await?;
    ctx.page(&app.pages, StatusCode::OK, &RecoveryCodePage { notice, ..code_page(&app, &ctx, &recovery).await? })
}

/// POST: verifies the code, and continues or shows the error.
pub async fn submit(State(app): State<AppState>, ctx: RequestContext, Form(form): Form) -> PageResult {
    let ctx = in_request_language(&app, ctx).await;
    let typed = TypedCode::parse(form.form_value("code"));
    let recovery = match recovery_at(&app, &ctx, &[RecoveryStep::Code]).await? {
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
        let page = RecoveryCodePage { error: Some(refusal.error.clone()), ..code_page(&app, &ctx, &recovery).await? };
        Ok(refusal.complete(&ctx, ctx.page(&app.pages, refusal.status, &page)?))
    };
    let typed = match typed {
        Ok(typed) => typed,
        Err(malformed) => return refuse(CodeRefusal::of_format(malformed)).await,
    };
    match ops::verify_code(&Operation::of_request(&app, &ctx), &recovery, &typed).await? {
        RecoveryCodeOutcome::Accepted(step) => {
            Ok(with_next_secret(&app, &ctx, &recovery, RecoveryStep::Code, redirect_to_step(&ctx, step)))
        }
        RecoveryCodeOutcome::Rejected(rejected) => {
            // Used up by wrong tries, or a moment ago by a double click: then the recovery has advanced.
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
    let Some(held) = left_by_proof(app, ctx, RecoveryStep::Code).await? else { return Ok(None) };
    let again = ops::repeat_code(&Operation::of_request(app, ctx), &held, typed).await?;
    Ok(again.then(|| with_next_secret(app, ctx, &held, RecoveryStep::Code, redirect_to_step(ctx, held.step))))
}

/// POST: sends another code. Responds with a redirect, so that a reload does not send again.
pub async fn resend_code(State(app): State<AppState>, ctx: RequestContext, Form(_): Form) -> PageResult {
    let recovery = match recovery_at(&app, &ctx, &[RecoveryStep::Code]).await? {
        Ok(found) => found,
        Err(answer) => return Ok(answer),
    };
    let sent = ops::resend_code(&Operation::of_request(&app, &ctx), &recovery).await?;
    Ok(code_redirect(&ctx, sent))
}

fn code_redirect(ctx: &RequestContext, sent: ResendOutcome) -> Response {
    resend_redirect(ctx, paths::RECOVERY_CODE, &CARRIED_PARAMS, Some(sent))
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
        refused => code_redirect(ctx, refused),
    })
}
