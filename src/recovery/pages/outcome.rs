//! `/mot-de-passe-oublie/suite`: the end of a recovery without a sign-in. Each page offers a next step.

use axum::extract::State;
use axum::http::StatusCode;

use super::{PageResult, SERVICE_PARAMS, recovery_at};
use crate::app::AppState;
use crate::http::error::PageError;
use crate::http::pages::dates;
use crate::http::request_context::RequestContext;
use crate::interactions::extract::in_request_language;
use crate::recovery::views::{RecoveryEnded, RecoveryEndedReason};
use crate::recovery::{Recovery, RecoveryOutcome, RecoveryStep};
use crate::roster::store::pupils::list_contacts_of_account;
use crate::tenants::SchoolContact;

pub async fn show(State(app): State<AppState>, ctx: RequestContext) -> PageResult {
    let ctx = in_request_language(&app, ctx).await;
    let recovery = match recovery_at(&app, &ctx, &[RecoveryStep::Ended]).await? {
        Ok(found) => found,
        Err(answer) => return Ok(answer),
    };
    let Some(outcome) = &recovery.outcome else { return Err(PageError::NotFound) };
    let reason = match outcome {
        RecoveryOutcome::YoungPhone { since, from } => RecoveryEndedReason::YoungPhone {
            since: dates::day(ctx.lang, *since),
            day: dates::day(ctx.lang, *from),
            hour: dates::hour_rounded_up(ctx.lang, *from),
        },
        RecoveryOutcome::LetterNeeded => RecoveryEndedReason::LetterNeeded,
        RecoveryOutcome::Suspended { by, school } => RecoveryEndedReason::Suspended {
            by: app.pages.message(ctx.lang, by.message_key(), &[])?,
            school: school.clone().unwrap_or_else(|| app.pages.service_name().to_owned()),
        },
        RecoveryOutcome::UntrustedEmail => RecoveryEndedReason::UntrustedEmail,
        RecoveryOutcome::NothingToAsk => RecoveryEndedReason::NothingToAsk,
        RecoveryOutcome::NoneRight => RecoveryEndedReason::NoneRight,
        RecoveryOutcome::Overtaken => RecoveryEndedReason::Overtaken,
        RecoveryOutcome::LetterWithdrawn => RecoveryEndedReason::LetterWithdrawn,
    };
    let status = if *outcome == RecoveryOutcome::Overtaken { StatusCode::GONE } else { StatusCode::OK };
    let page = RecoveryEnded {
        query: ctx.carried_query(&SERVICE_PARAMS),
        reason,
        code: recovery.support_code.clone(),
        offices: offices(&app, &recovery).await?,
    };
    ctx.page(&app.pages, status, &page)
}

/// Returns the schools to call about the account; none for an unknown one.
pub(super) async fn offices(app: &AppState, recovery: &Recovery) -> anyhow::Result<Vec<SchoolContact>> {
    let Some(account_id) = &recovery.account_id else { return Ok(Vec::new()) };
    Ok(list_contacts_of_account(&mut app.db.read().await?, account_id).await?)
}
