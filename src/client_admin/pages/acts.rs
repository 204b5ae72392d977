//! Suspends and resumes a relying party.

use axum::extract::{Path, State};
use axum::response::IntoResponse as _;

use super::{GatedResult, permit_everywhere, service, service_path};
use crate::administrators::extract::{Opened, SignedInAdministrator};
use crate::administrators::pages::{failed, refused};
use crate::administrators::roles::AdminAct;
use crate::app::AppState;
use crate::client_admin::ops::ServiceFile;
use crate::client_admin::ops::decide::{DecisionOutcome, suspend_or_resume};
use crate::client_admin::views::{ServiceFormError, ServicePage};
use crate::clients::is_client_id;
use crate::clients::ops::lifecycle::Decision;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::request_context::{RequestContext, see_other};

/// GET: goes back to the page, after a proof that an act asked for.
pub async fn back(_: SignedInAdministrator, Path(client_id): Path<String>) -> GatedResult {
    match is_client_id(&client_id) {
        true => Ok(see_other(&service_path(&client_id))),
        false => Err(PageError::NotFound.into_response()),
    }
}

/// POST: suspends it.
pub async fn suspend(
    state: State<AppState>,
    ctx: RequestContext,
    opened: Opened<ServiceFile>,
    form: Form,
) -> GatedResult {
    decide((state, ctx), opened, &form, Decision::Suspend).await
}

/// POST: ends the suspension.
pub async fn resume(
    state: State<AppState>,
    ctx: RequestContext,
    opened: Opened<ServiceFile>,
    form: Form,
) -> GatedResult {
    decide((state, ctx), opened, &form, Decision::Resume).await
}

async fn decide(
    (State(app), ctx): (State<AppState>, RequestContext),
    Opened { on_duty, file, id: client_id }: Opened<ServiceFile>,
    form: &Form,
    decision: Decision,
) -> GatedResult {
    let grant = permit_everywhere(&app, &ctx, (&on_duty, &file), AdminAct::SuspendClient).await?;
    let reason: String = form.0.form_value("raison").chars().take(400).collect();
    let op = on_duty.operation(&app, &ctx, Some(&grant));
    let done = suspend_or_resume(&op, &on_duty, &file, (decision, &reason)).await.map_err(failed)?;
    let told = if decision == Decision::Suspend { "suspended" } else { "resumed" };
    let error = match done {
        // Posted twice, the answer is the same.
        DecisionOutcome::Done | DecisionOutcome::NothingToDo => {
            return Ok(see_other(&format!("{}?fait={told}", service_path(&client_id))));
        }
        DecisionOutcome::NotPermitted => return Err(PageError::NotFound.into_response()),
        DecisionOutcome::NoReason => ServiceFormError::Reason,
        DecisionOutcome::Changed => ServiceFormError::Changed,
    };
    let page = service::page(&app, &ctx, (&on_duty, &file)).await.map(|page| ServicePage {
        error: Some(error),
        reason,
        ..page
    });
    Ok(refused(&app, &ctx, page))
}
