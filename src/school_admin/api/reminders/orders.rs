//! Orders of reminders, whoever gave them, and the end of one before its time.

use serde_json::{Value, json};

use super::CHANNELS;
use crate::admin_api::extract::{ApiAnswer, ApiCall, ApiEndpoint, ApiError, ApiResult};
use crate::admin_api::problems::ProblemCode;
use crate::admin_api::shapes::{Shape, maybe_time, time};
use crate::admin_api::{ApiMethod, EndpointDoc};
use crate::administrators::api_tokens::ApiScope;
use crate::administrators::roles::AdminAct;
use crate::base::clock::Timestamp;
use crate::base::ids::is_id;
use crate::school_admin::api::open_whole;
use crate::school_admin::ops::reminders::orders::{self, ReminderCancellation, ReminderOrderFile, SeenReminderOrder};

const STATES: [&str; 3] = ["sending", "cancelled", "over"];

/// An order. `waiting` are the messages that did not leave yet, at most.
const REMINDER_ORDER: Shape = Shape::Object(&[
    ("id", Shape::Text),
    ("uai", Shape::Text),
    ("channel", Shape::Word(&CHANNELS)),
    ("state", Shape::Word(&STATES)),
    ("people", Shape::Whole),
    ("sent", Shape::Whole),
    ("waiting", Shape::Whole),
    ("ordered_at", Shape::Time),
    ("cancelled_at", Shape::Maybe(&Shape::Time)),
]);

const LIST: EndpointDoc = EndpointDoc {
    id: "list_reminder_orders",
    path: "/schools/{uai}/reminder-orders",
    scope: Some(ApiScope::CampaignsWrite),
    answer: Shape::Object(&[("items", Shape::List(&REMINDER_ORDER))]),
    ..EndpointDoc::EMPTY
};

/// Names no version: what is cancelled is what was read, or less.
const CANCEL: EndpointDoc = EndpointDoc {
    id: "cancel_reminders",
    method: ApiMethod::Delete,
    path: "/reminder-orders/{id}",
    scope: Some(ApiScope::CampaignsWrite),
    answer: REMINDER_ORDER,
    problems: &[ProblemCode::NothingToDo],
    ..EndpointDoc::EMPTY
};

pub(super) fn endpoints() -> Vec<ApiEndpoint> {
    vec![
        ApiEndpoint { doc: LIST, handler: |call| Box::pin(list(call)) },
        ApiEndpoint { doc: CANCEL, handler: |call| Box::pin(cancel(call)) },
    ]
}

fn value_of(order: &SeenReminderOrder) -> Value {
    let row = &order.row;
    json!({
        "id": row.id,
        "uai": row.uai,
        "channel": row.channel().name(),
        "state": order.state(),
        "people": row.people,
        "sent": order.sent(),
        "waiting": order.waiting(),
        "ordered_at": time(Timestamp(row.ordered_at)),
        "cancelled_at": maybe_time(row.cancelled_at.map(Timestamp)),
    })
}

/// Lists the orders since the campaign opened, as the page of the school does.
async fn list(call: &ApiCall<'_>) -> ApiResult {
    let place = open_whole(call, AdminAct::ChangeCampaign).await?;
    let orders = orders::list(&mut call.app.db.read().await?, &place, call.ctx.now).await?;
    Ok(ApiAnswer::of(json!({ "items": orders.iter().map(value_of).collect::<Vec<_>>() })))
}

/// Finds the order of the path, if the act is permitted for its whole school.
async fn open(call: &ApiCall<'_>) -> Result<ReminderOrderFile, ApiError> {
    let id = call.path("id");
    if !is_id(id, 32) {
        return Err(ProblemCode::NotFound.into());
    }
    let file: ReminderOrderFile = orders::find(&call.op(None), id).await?.ok_or(ProblemCode::NotFound)?;
    call.permit(AdminAct::ChangeCampaign, std::slice::from_ref(&file.place)).await?;
    Ok(file)
}

async fn cancel(call: &ApiCall<'_>) -> ApiResult {
    let file = open(call).await?;
    let op = call.op(call.on_duty.role_for(AdminAct::ChangeCampaign));
    match orders::cancel(&op, call.on_duty, &file).await? {
        ReminderCancellation::Done => Ok(ApiAnswer::of(value_of(&open(call).await?.order))),
        ReminderCancellation::Over => Err(ProblemCode::NothingToDo.into()),
        ReminderCancellation::NotPermitted => Err(ProblemCode::NotFound.into()),
    }
}
