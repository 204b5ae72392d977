//! What the pages that ask for a code share, whatever the code is for: the order of the steps of a flow's own page, how
//! a refused code is answered, and what was said of another one by the redirect after it was asked for.

use axum::http::StatusCode;
use axum::response::Response;

use super::ops::ResendOutcome;
use super::views::{CodeFieldError, ResendNotice};
use super::{CodeFormatError, CodeVerification, TypedCode, resend_delay, store};
use crate::app::{App, AppState};
use crate::base::clock::Timestamp;
use crate::base::lang::Lang;
use crate::base::typed_ids::ChallengeId;
use crate::http::error::PageError;
use crate::http::pages::{Page, dates};
use crate::http::request_context::{RequestContext, retry_after, see_other};
use crate::protocol::params::Params;

type PageResult = Result<Response, PageError>;

/// The query parameter that tells the page what became of asking for another code.
const RESEND_PARAM: &str = "renvoi";

/// A refused code, as the page answers it.
#[derive(Debug)]
pub struct CodeRefusal {
    pub status: StatusCode,
    pub error: CodeFieldError,
    /// The end of the wait, if the tries of the day are used up.
    until: Option<Timestamp>,
}

impl CodeRefusal {
    /// Refuses text that cannot be a code.
    pub fn of_format(error: CodeFormatError) -> Self {
        Self::unprocessable(match error {
            CodeFormatError::Empty => CodeFieldError::Empty,
            CodeFormatError::NotSixDigits => CodeFieldError::NotSixDigits,
        })
    }

    /// Refuses a code by its verification. A correct one that brought nothing was used a moment ago.
    pub fn of_verification(lang: Lang, verification: CodeVerification) -> Self {
        match verification {
            CodeVerification::Incorrect { tries_left: left } => Self::unprocessable(CodeFieldError::Wrong { left }),
            CodeVerification::Expired => Self::unprocessable(CodeFieldError::Expired),
            CodeVerification::Exhausted | CodeVerification::Correct => Self::unprocessable(CodeFieldError::UsedUp),
            CodeVerification::RateLimited { until } => Self {
                status: StatusCode::TOO_MANY_REQUESTS,
                error: CodeFieldError::TooManyToday { hour: dates::hour_rounded_up(lang, until) },
                until: Some(until),
            },
        }
    }

    fn unprocessable(error: CodeFieldError) -> Self {
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, error, until: None }
    }

    /// Completes the answer of the page: `Retry-After`, if the tries of the day are used up.
    pub fn complete(&self, ctx: &RequestContext, page: Response) -> Response {
        match self.until {
            Some(until) => retry_after(page, ctx.now, until),
            None => page,
        }
    }
}

/// Redirects to the page of the code after another one was asked for; `told`: what the page shall say of it, if anything.
pub fn resend_redirect(ctx: &RequestContext, path: &str, carried: &[&str], told: Option<ResendOutcome>) -> Response {
    let told = match told {
        None => String::new(),
        Some(ResendOutcome::Sent { .. }) => format!("&{RESEND_PARAM}=envoye"),
        Some(ResendOutcome::Wait { .. }) => format!("&{RESEND_PARAM}=attente"),
        Some(ResendOutcome::LimitReached) => format!("&{RESEND_PARAM}=limite"),
    };
    see_other(&format!("{path}{}{told}", ctx.carried_query(carried)))
}

/// Reads back what [`resend_redirect`] wrote. The seconds are counted anew: a reload shows what is left of the wait.
pub async fn resend_notice(
    app: &App,
    ctx: &RequestContext,
    challenge_id: Option<&ChallengeId>,
) -> anyhow::Result<Option<ResendNotice>> {
    Ok(match (ctx.query.get(RESEND_PARAM), challenge_id) {
        (Some("envoye"), _) => Some(ResendNotice::SentAgain),
        (Some("limite"), _) => Some(ResendNotice::ResendLimit),
        (Some("attente"), Some(id)) => {
            let challenge = store::find(&mut app.db.read().await?, id).await?;
            let may_ask_at = challenge.map(|c| Timestamp(c.sent_at).plus(resend_delay(c.sends)));
            let left = may_ask_at.map(|at| at.since(ctx.now).as_seconds_ceil()).filter(|seconds| *seconds > 0);
            left.map(|seconds| ResendNotice::ResendTooSoon { seconds })
        }
        _ => None,
    })
}

/// The messages of a page of a code, beside its form.
#[derive(Clone, Debug, Default)]
pub struct CodePageMessages {
    pub error: Option<CodeFieldError>,
    pub notice: Option<ResendNotice>,
}

/// A flow of several pages, one of which asks for a code: what differs from flow to flow. The order of the steps is the
/// same for all, so that none forgets to recognise a double click or to count a try.
pub trait CodeFlow {
    /// The row of the flow, held by this browser.
    type Held: Send + Sync;
    type CodePage: Page + Send + Sync;
    /// The address of the page.
    const PATH: &'static str;
    /// The query parameters that every page of the flow passes on.
    const CARRIED_PARAMS: &'static [&'static str];

    /// Returns the flow in the URL if it stands at the code; else the response to send.
    fn find_at_code(
        app: &AppState,
        ctx: &RequestContext,
    ) -> impl Future<Output = Result<Result<Box<Self::Held>, Response>, PageError>> + Send;

    /// Returns the challenge whose code was sent; `None` of a flow that sent none.
    fn challenge_id(held: &Self::Held) -> Option<&ChallengeId>;

    fn code_page(
        app: &AppState,
        ctx: &RequestContext,
        held: &Self::Held,
        messages: CodePageMessages,
    ) -> impl Future<Output = anyhow::Result<Self::CodePage>> + Send;

    /// Verifies and counts a code. Returns the response to a right one.
    fn verify_code(
        app: &AppState,
        ctx: &RequestContext,
        held: &Self::Held,
        typed: &TypedCode,
    ) -> impl Future<Output = anyhow::Result<Result<Response, CodeVerification>>> + Send;

    /// Repeats the response to a right code, after a double click whose first response the browser discarded.
    fn repeat_code(
        app: &AppState,
        ctx: &RequestContext,
        typed: &TypedCode,
    ) -> impl Future<Output = Result<Option<Response>, PageError>> + Send;

    /// Sends another code. Returns what the page shall say of it, if anything.
    fn resend_code(
        app: &AppState,
        ctx: &RequestContext,
        held: &Self::Held,
    ) -> impl Future<Output = anyhow::Result<Option<ResendOutcome>>> + Send;
}

/// Shows the form of a flow's code, and the result of a resend.
pub async fn show_code_form<F: CodeFlow>(app: &AppState, ctx: &RequestContext) -> PageResult {
    let held = match F::find_at_code(app, ctx).await? {
        Ok(found) => found,
        Err(answer) => return Ok(answer),
    };
    let notice = resend_notice(app, ctx, F::challenge_id(&held)).await?;
    let page = F::code_page(app, ctx, &held, CodePageMessages { error: None, notice }).await?;
    ctx.page(&app.pages, StatusCode::OK, &page)
}

/// Verifies the code of a flow's form, and continues or shows the error.
pub async fn submit_code_form<F: CodeFlow>(app: &AppState, ctx: &RequestContext, form: &Params) -> PageResult {
    let typed = TypedCode::parse(form.form_value("code"));
    let held = match F::find_at_code(app, ctx).await? {
        Ok(found) => found,
        // Checked last, because the first request of a double click may leave the step at any time before.
        Err(answer) => {
            let again = match &typed {
                Ok(code) => F::repeat_code(app, ctx, code).await?,
                Err(_) => None,
            };
            return Ok(again.unwrap_or(answer));
        }
    };
    let refusal = match typed {
        Err(malformed) => CodeRefusal::of_format(malformed),
        Ok(typed) => match F::verify_code(app, ctx, &held, &typed).await? {
            Ok(accepted) => return Ok(accepted),
            Err(rejected) => {
                // Used up by wrong tries, or a moment ago by a double click: then the flow has advanced.
                if rejected.may_be_repeated()
                    && let Some(answer) = F::repeat_code(app, ctx, &typed).await?
                {
                    return Ok(answer);
                }
                CodeRefusal::of_verification(ctx.lang, rejected)
            }
        },
    };
    let messages = CodePageMessages { error: Some(refusal.error.clone()), notice: None };
    let page = F::code_page(app, ctx, &held, messages).await?;
    Ok(refusal.complete(ctx, ctx.page(&app.pages, refusal.status, &page)?))
}

/// Sends another code of a flow. Responds with a redirect, so that a reload does not send again.
pub async fn resend_code_form<F: CodeFlow>(app: &AppState, ctx: &RequestContext) -> PageResult {
    let held = match F::find_at_code(app, ctx).await? {
        Ok(found) => found,
        Err(answer) => return Ok(answer),
    };
    let told = F::resend_code(app, ctx, &held).await?;
    Ok(resend_redirect(ctx, F::PATH, F::CARRIED_PARAMS, told))
}
