//! Reminders of a campaign, by SMS or by mail: what an order would send, and the order of what was read.

mod orders;

use serde_json::{Map, Value, json};
use strum::IntoEnumIterator as _;

use super::open_whole;
use crate::admin_api::extract::{ApiAnswer, ApiCall, ApiEndpoint, ApiError, ApiResult};
use crate::admin_api::fields::{BodyField, FieldKind};
use crate::admin_api::problems::ProblemCode;
use crate::admin_api::shapes::{Shape, time};
use crate::admin_api::{ApiMethod, EndpointDoc, VersionUse};
use crate::administrators::api_tokens::ApiScope;
use crate::administrators::roles::AdminAct;
use crate::http::pages::dates;
use crate::school_admin::ops::reminders::{self, ReminderConfirmation, ReminderPreview};
use crate::school_admin::reminders::{LeftOutReason, ReminderChannel, ReminderObstacle, price_in_cents};

const CHANNELS: [&str; 2] = ["sms", "mail"];
const OBSTACLES: [&str; 6] = ["off", "mail_off", "not_open", "nobody", "over_budget", "under_way"];
/// The means; SMS without it.
const QUERY: [BodyField; 1] = [BodyField::new("channel", FieldKind::Word(&CHANNELS))];

/// The reminder that an order would send now.
const PREVIEW: Shape = Shape::Object(&[
    ("uai", Shape::Text),
    ("channel", Shape::Word(&CHANNELS)),
    ("subject", Shape::Maybe(&Shape::Text)),
    ("text", Shape::Text),
    ("segments", Shape::Whole),
    ("people", Shape::Whole),
    (
        "left_out",
        Shape::Object(&[
            ("has_account", Shape::Whole),
            ("no_mobile", Shape::Whole),
            ("shared_number", Shape::Whole),
            ("no_mail", Shape::Whole),
            ("same_address", Shape::Whole),
            ("withheld", Shape::Whole),
            ("reminded", Shape::Whole),
        ]),
    ),
    ("sms", Shape::Whole),
    ("sms_left", Shape::Maybe(&Shape::Whole)),
    ("mails", Shape::Whole),
    ("mails_left", Shape::Maybe(&Shape::Whole)),
    ("price_cents", Shape::Maybe(&Shape::Whole)),
    ("begins_at", Shape::Time),
    ("obstacle", Shape::Maybe(&Shape::Word(&OBSTACLES))),
]);

const SHOW: EndpointDoc = EndpointDoc {
    id: "preview_reminders",
    path: "/schools/{uai}/reminders",
    scope: Some(ApiScope::CampaignsWrite),
    query: &QUERY,
    version: VersionUse::Answered,
    answer: PREVIEW,
    ..EndpointDoc::EMPTY
};

const ORDER: EndpointDoc = EndpointDoc {
    id: "order_reminders",
    method: ApiMethod::Post,
    path: "/schools/{uai}/reminders",
    scope: Some(ApiScope::CampaignsWrite),
    query: &QUERY,
    version: VersionUse::Required,
    status: 201,
    answer: Shape::Object(&[
        ("id", Shape::Text),
        ("channel", Shape::Word(&CHANNELS)),
        ("people", Shape::Whole),
        ("sms", Shape::Whole),
        ("mails", Shape::Whole),
    ]),
    problems: &[
        ProblemCode::RemindersOff,
        ProblemCode::CampaignNotOpen,
        ProblemCode::NothingToDo,
        ProblemCode::OverBudget,
        ProblemCode::RemindersUnderWay,
        ProblemCode::TooManyOfDay,
    ],
    ..EndpointDoc::EMPTY
};

pub(super) fn endpoints() -> Vec<ApiEndpoint> {
    let own = vec![
        ApiEndpoint { doc: SHOW, handler: |call| Box::pin(show(call)) },
        ApiEndpoint { doc: ORDER, handler: |call| Box::pin(order(call)) },
    ];
    [own, orders::endpoints()].concat()
}

/// Returns the means that the call asks for.
fn channel_of(call: &ApiCall<'_>) -> ReminderChannel {
    call.query("channel").parse().unwrap_or_default()
}

fn value_of(call: &ApiCall<'_>, preview: &ReminderPreview) -> Value {
    let count = |reason: LeftOutReason| {
        let n = preview.plan.left_out.get(&reason).copied().unwrap_or_default();
        (reason.name().to_owned(), json!(n))
    };
    let left_out: Map<String, Value> = LeftOutReason::iter().map(count).collect();
    let is_sms = preview.channel == ReminderChannel::Sms;
    let price = call.app.config.reminders.sms_price_thousandths;
    json!({
        "uai": preview.place.school.uai,
        "channel": preview.channel.name(),
        "subject": (!is_sms).then_some(&preview.subject),
        "text": preview.text,
        "segments": preview.segments,
        "people": preview.plan.persons.len(),
        "left_out": left_out,
        "sms": preview.sms(),
        "sms_left": is_sms.then_some(preview.left),
        "mails": preview.mails(),
        "mails_left": (!is_sms).then_some(preview.left),
        "price_cents": (is_sms && price > 0).then(|| price_in_cents(preview.sms(), price)),
        "begins_at": time(dates::waking_hour(call.ctx.now)),
        "obstacle": preview.obstacle(call.app, call.ctx.now).map(ReminderObstacle::name),
    })
}

async fn show(call: &ApiCall<'_>) -> ApiResult {
    let place = open_whole(call, AdminAct::ChangeCampaign).await?;
    let preview = reminders::preview(&call.op(None), place, channel_of(call)).await?;
    Ok(ApiAnswer::of(value_of(call, &preview)).at_version(&preview.digest))
}

fn refusal(obstacle: ReminderObstacle) -> ApiError {
    match obstacle {
        ReminderObstacle::Off | ReminderObstacle::MailOff => ProblemCode::RemindersOff,
        ReminderObstacle::NotOpen => ProblemCode::CampaignNotOpen,
        ReminderObstacle::Nobody => ProblemCode::NothingToDo,
        ReminderObstacle::OverBudget => ProblemCode::OverBudget,
        ReminderObstacle::UnderWay => ProblemCode::RemindersUnderWay,
    }
    .into()
}

/// Orders what was read, by the same draft and confirmation as a person.
async fn order(call: &ApiCall<'_>) -> ApiResult {
    let place = open_whole(call, AdminAct::ChangeCampaign).await?;
    let op = call.op(call.on_duty.role_for(AdminAct::ChangeCampaign));
    let channel = channel_of(call);
    let preview = reminders::preview(&op, place.clone(), channel).await?;
    call.compare(&preview.digest)?;
    if let Some(obstacle) = preview.obstacle(call.app, call.ctx.now) {
        return Err(refusal(obstacle));
    }
    let id = reminders::draft(&op, call.on_duty, (&place, channel)).await?.ok_or(ProblemCode::TooManyOfDay)?;
    let draft = reminders::find(&op, call.on_duty, &id).await?.ok_or(ProblemCode::NotFound)?;
    // The digest holds what was read until the confirmation.
    call.compare(&draft.preview.digest)?;
    let seen = (draft.row.version, draft.preview.digest.as_str());
    match reminders::confirm(&op, call.on_duty, &id, seen).await? {
        ReminderConfirmation::Done => {}
        ReminderConfirmation::Changed => return Err(ProblemCode::Changed.into()),
        ReminderConfirmation::Obstacle(obstacle) => return Err(refusal(obstacle)),
        ReminderConfirmation::NotPermitted | ReminderConfirmation::NotFound => {
            return Err(ProblemCode::NotFound.into());
        }
    }
    Ok(ApiAnswer::of(json!({
        "id": id,
        "channel": channel.name(),
        "people": draft.preview.plan.persons.len(),
        "sms": draft.preview.sms(),
        "mails": draft.preview.mails(),
    })))
}
