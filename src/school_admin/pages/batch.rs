//! `/admin/lettres/{id}`: a batch of letters, and the form that takes it back.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::GatedResult;
use super::letters::line;
use crate::administrators::extract::{Opened, OpenedByPath};
use crate::administrators::ops::OnDuty;
use crate::administrators::pages::{failed, frame};
use crate::administrators::roles::AdminAct;
use crate::administrators::territory::may;
use crate::app::AppState;
use crate::base::ids::is_id;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other};
use crate::school_admin::ops::withdrawal::{BatchWithdrawal, LetterBatchFile, find_batch, withdraw_batch};
use crate::school_admin::views::letters::{BatchWithdrawalRefusal, LetterBatchPage};

impl OpenedByPath for LetterBatchFile {
    async fn open(app: &AppState, ctx: &RequestContext, on_duty: &OnDuty, id: &str) -> Result<Self, Response> {
        let not_found = || PageError::NotFound.into_response();
        if !is_id(id, 32) {
            return Err(not_found());
        }
        let op = on_duty.operation(app, ctx, None);
        let file = find_batch(&op, id).await.map_err(failed)?.ok_or_else(not_found)?;
        on_duty.permit(app, ctx, AdminAct::PrintLetter, &file.places).await?;
        Ok(file)
    }
}

async fn page(
    app: &AppState,
    ctx: &RequestContext,
    (on_duty, file): (&OnDuty, LetterBatchFile),
) -> anyhow::Result<LetterBatchPage> {
    let LetterBatchFile { batch, places } = file;
    Ok(LetterBatchPage {
        frame: frame(app, ctx, on_duty).await?.in_room("letters"),
        back: format!("{}?uai={}", paths::ADMIN_LETTERS, batch.uai),
        may_withdraw: may(&on_duty.roles, AdminAct::PrintLetters, &places, ctx.now).is_some(),
        line: line(ctx, batch),
        reason: String::new(),
        error: None,
    })
}

/// GET: shows a batch, with what its withdrawal would end.
pub async fn show(
    State(app): State<AppState>,
    ctx: RequestContext,
    Opened { on_duty, file, .. }: Opened<LetterBatchFile>,
) -> GatedResult {
    let page = page(&app, &ctx, (&on_duty, file)).await.map_err(failed)?;
    ctx.page(&app.pages, StatusCode::OK, &page).map_err(PageError::into_response)
}

/// POST: takes the batch back, after a fresh proof. Posted twice, the answer is the same.
pub async fn withdraw(
    State(app): State<AppState>,
    ctx: RequestContext,
    Opened { on_duty, file, id }: Opened<LetterBatchFile>,
    form: Form,
) -> GatedResult {
    let grant = on_duty.permit(&app, &ctx, AdminAct::PrintLetters, &file.places).await?;
    let reason: String = form.0.form_value("raison").chars().take(400).collect();
    let op = on_duty.operation(&app, &ctx, Some(&grant));
    let error = match withdraw_batch(&op, &on_duty, &file, &reason).await.map_err(failed)? {
        BatchWithdrawal::Done => return Ok(see_other(&format!("{}/{id}", paths::ADMIN_LETTERS))),
        BatchWithdrawal::NotPermitted => return Err(PageError::NotFound.into_response()),
        BatchWithdrawal::NoReason => BatchWithdrawalRefusal::Reason,
        BatchWithdrawal::Nothing => BatchWithdrawalRefusal::Nothing,
    };
    // As it is now: letters may have been used since it was read.
    let file = LetterBatchFile::open(&app, &ctx, &on_duty, &id).await?;
    let page = page(&app, &ctx, (&on_duty, file)).await.map_err(failed)?;
    let page = LetterBatchPage { reason, error: Some(error), ..page };
    ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page).map_err(PageError::into_response)
}
