//! What the pages that ask for a code share, whatever the code is for: how a refused one is answered, and what was said
//! of another one by the redirect after it was asked for.

use axum::http::StatusCode;
use axum::response::Response;

use super::ops::ResendOutcome;
use super::views::{CodeFieldError, ResendNotice};
use super::{CodeFormatError, CodeVerification, resend_delay, store};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::lang::Lang;
use crate::base::typed_ids::ChallengeId;
use crate::http::pages::dates;
use crate::http::request_context::{RequestContext, retry_after, see_other};

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
