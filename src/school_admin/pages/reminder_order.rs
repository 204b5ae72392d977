//! `/admin/etablissements/rappels/{id}`: an order of reminders, and the form that cancels it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::{GatedResult, order_path, school_path};
use crate::administrators::extract::{Opened, OpenedByPath};
use crate::administrators::ops::OnDuty;
use crate::administrators::pages::{failed, frame};
use crate::administrators::roles::AdminAct;
use crate::app::AppState;
use crate::base::clock::Timestamp;
use crate::base::ids::is_id;
use crate::http::error::PageError;
use crate::http::pages::dates;
use crate::http::request_context::{RequestContext, see_other};
use crate::school_admin::ops::reminders::orders::{
    ReminderCancellation, ReminderOrderFile, cancel as cancel_order, find,
};
use crate::school_admin::views::reminders::ReminderOrderPage;

impl OpenedByPath for ReminderOrderFile {
    async fn open(app: &AppState, ctx: &RequestContext, on_duty: &OnDuty, id: &str) -> Result<Self, Response> {
        let not_found = || PageError::NotFound.into_response();
        if !is_id(id, 32) {
            return Err(not_found());
        }
        let op = on_duty.operation(app, ctx, None);
        let file: ReminderOrderFile = find(&op, id).await.map_err(failed)?.ok_or_else(not_found)?;
        // Whoever may order sees it: it is of the whole school, and a class is none.
        on_duty.permit(app, ctx, AdminAct::ChangeCampaign, std::slice::from_ref(&file.place)).await?;
        Ok(file)
    }
}

async fn page(
    app: &AppState,
    ctx: &RequestContext,
    (on_duty, file): (&OnDuty, &ReminderOrderFile),
) -> anyhow::Result<ReminderOrderPage> {
    let ReminderOrderFile { order, school, .. } = file;
    let moment = |at: i64| dates::moment(ctx.lang, Timestamp(at), ctx.now);
    Ok(ReminderOrderPage {
        frame: frame(app, ctx, on_duty).await?.in_room("schools"),
        back: school_path(&school.uai),
        school: school.name.clone(),
        channel: order.row.channel().name(),
        state: order.state(),
        when: moment(order.row.ordered_at),
        by: order.row.ordered_by.clone().unwrap_or_default(),
        people: order.row.people,
        sent: order.sent(),
        waiting: order.waiting(),
        cancelled_when: order.row.cancelled_at.map(moment).unwrap_or_default(),
        is_refused: false,
    })
}

/// GET: shows an order, with what its cancellation would keep from leaving.
pub async fn show(
    State(app): State<AppState>,
    ctx: RequestContext,
    Opened { on_duty, file, .. }: Opened<ReminderOrderFile>,
) -> GatedResult {
    let page = page(&app, &ctx, (&on_duty, &file)).await.map_err(failed)?;
    ctx.page(&app.pages, StatusCode::OK, &page).map_err(PageError::into_response)
}

/// POST: cancels the order. Posted twice, the answer is the same.
pub async fn cancel(
    State(app): State<AppState>,
    ctx: RequestContext,
    Opened { on_duty, file, id }: Opened<ReminderOrderFile>,
) -> GatedResult {
    let op = on_duty.operation(&app, &ctx, on_duty.role_for(AdminAct::ChangeCampaign));
    match cancel_order(&op, &on_duty, &file).await.map_err(failed)? {
        ReminderCancellation::Done => return Ok(see_other(&order_path(&id))),
        ReminderCancellation::NotPermitted => return Err(PageError::NotFound.into_response()),
        ReminderCancellation::Over => {}
    }
    // As it is now: the last message may have left since it was read.
    let file = ReminderOrderFile::open(&app, &ctx, &on_duty, &id).await?;
    let page = page(&app, &ctx, (&on_duty, &file)).await.map_err(failed)?;
    let page = ReminderOrderPage { is_refused: true, ..page };
    ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page).map_err(PageError::into_response)
}
