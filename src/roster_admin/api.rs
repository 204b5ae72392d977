//! Rosters in the Admin API: given for a school, followed, decided on as far as a school decides alone, undone.
//!
//! Where the academy or two persons have to agree, a person does, in the console.

mod acts;
mod reports;

use serde_json::{Value, json};

use super::ops::undo::undo_act;
use super::ops::{self, UploadFile, needed_act};
use super::store::ListedUploadRow;
use super::{PreviewClass, PreviewCounts, UploadPreview, UploadReportLine, UploadState};
use crate::admin_api::extract::{ApiAnswer, ApiCall, ApiEndpoint, ApiError, ApiResult};
use crate::admin_api::fields::{BodyField, FieldKind};
use crate::admin_api::problems::ProblemCode;
use crate::admin_api::shapes::{Shape, maybe_time, time};
use crate::admin_api::{EndpointDoc, MAX_PAGE_LIMIT, VersionUse};
use crate::administrators::api_tokens::ApiScope;
use crate::administrators::roles::AdminAct;
use crate::base::clock::Timestamp;
use crate::base::ids::is_id;
use crate::roster::ops::undo::UNDO_TTL;

/// The maximum number of lines of a report in an answer.
const MAX_REPORT_LINES: usize = 500;

const STATES: [&str; 7] = ["received", "waiting", "writing", "taken", "refused", "stopped", "undone"];

const LINES: Shape = Shape::List(&Shape::Object(&[("kind", Shape::Text), ("message", Shape::Text)]));
const COUNTS: Shape = Shape::Object(&[("gone", Shape::Whole), ("new", Shape::Whole), ("changed", Shape::Whole)]);

/// A page of a list is bounded, and goes on after its cursor.
const PAGE: [BodyField; 2] =
    [BodyField::new("cursor", FieldKind::Text(1_000)), BodyField::new("limit", FieldKind::Whole(1, MAX_PAGE_LIMIT))];

/// The difference between the files and what is known, in numbers.
const PREVIEW: Shape = Shape::Object(&[
    ("share_gone_thousandths", Shape::Whole),
    ("pupils_gone", Shape::Whole),
    ("pupils_known", Shape::Whole),
    ("links_gone", Shape::Whole),
    ("links_known", Shape::Whole),
    ("pupils", COUNTS),
    ("persons", COUNTS),
    ("enrolments", COUNTS),
    ("links", COUNTS),
    (
        "classes",
        Shape::List(&Shape::Object(&[("class", Shape::Text), ("known", Shape::Whole), ("gone", Shape::Whole)])),
    ),
]);

const LIST: EndpointDoc = EndpointDoc {
    id: "list_imports",
    path: "/imports",
    scope: Some(ApiScope::RostersRead),
    query: &[BodyField::new("uai", FieldKind::Text(8)), PAGE[0], PAGE[1]],
    answer: Shape::Object(&[
        (
            "items",
            Shape::List(&Shape::Object(&[
                ("id", Shape::Text),
                ("uai", Shape::Text),
                ("school", Shape::Text),
                ("format", Shape::Text),
                ("state", Shape::Word(&STATES)),
                ("author", Shape::Maybe(&Shape::Text)),
                ("created_at", Shape::Time),
                ("changes", Shape::Maybe(&Shape::Whole)),
            ])),
        ),
        ("next", Shape::Maybe(&Shape::Text)),
    ]),
    ..EndpointDoc::EMPTY
};

/// An upload.
const IMPORT: Shape = Shape::Object(&[
    ("id", Shape::Text),
    ("uai", Shape::Text),
    ("school", Shape::Text),
    ("format", Shape::Text),
    ("state", Shape::Word(&STATES)),
    ("version", Shape::Whole),
    ("author", Shape::Text),
    ("created_at", Shape::Time),
    ("expires_at", Shape::Maybe(&Shape::Time)),
    ("decided_by", Shape::Maybe(&Shape::Text)),
    ("decided_at", Shape::Maybe(&Shape::Time)),
    ("reason", Shape::Text),
    ("needs", Shape::Maybe(&Shape::Word(&["confirmation", "academy", "two_persons"]))),
    ("program_may_decide", Shape::Flag),
    ("program_may_undo", Shape::Flag),
    ("pupils_gone", Shape::Maybe(&Shape::Whole)),
    ("pupils_known", Shape::Maybe(&Shape::Whole)),
    ("changes", Shape::Maybe(&Shape::Whole)),
    ("preview", Shape::Maybe(&PREVIEW)),
    ("lines", LINES),
    ("all_lines", Shape::Whole),
]);

const SHOW: EndpointDoc = EndpointDoc {
    id: "get_import",
    path: "/imports/{id}",
    scope: Some(ApiScope::RostersRead),
    version: VersionUse::Answered,
    answer: IMPORT,
    ..EndpointDoc::EMPTY
};

pub fn endpoints() -> Vec<ApiEndpoint> {
    let own = vec![
        ApiEndpoint { doc: LIST, handler: |call| Box::pin(list(call)) },
        ApiEndpoint { doc: SHOW, handler: |call| Box::pin(show(call)) },
    ];
    [own, reports::endpoints(), acts::endpoints()].concat()
}

async fn list(call: &ApiCall<'_>) -> ApiResult {
    let before = call.position()?.unwrap_or_default();
    let limit = call.limit();
    let uai = call.query("uai").to_uppercase();
    let mut rows = ops::list(&call.op(None), call.on_duty, (&uai, &before), limit).await?;
    let most = usize::try_from(limit).unwrap_or_default();
    let has_more = rows.len() > most;
    rows.truncate(most);
    let next = call.cursor(rows.last().filter(|_| has_more).map(|row| row.id.as_str()))?;
    let item = |row: &ListedUploadRow| {
        json!({
            "id": row.id,
            "uai": row.uai,
            "school": row.school,
            "format": row.format,
            "state": row.state,
            "author": row.author,
            "created_at": time(Timestamp(row.created_at)),
            "changes": row.all_changes,
        })
    };
    let items: Vec<Value> = rows.iter().map(item).collect();
    Ok(ApiAnswer::of(json!({ "items": items, "next": next })))
}

/// Finds the upload of the path.
async fn open(call: &ApiCall<'_>) -> Result<UploadFile, ApiError> {
    let id = call.path("id");
    if !is_id(id, 32) {
        return Err(ProblemCode::NotFound.into());
    }
    let file: UploadFile = ops::find(&call.op(None), id).await?.ok_or(ProblemCode::NotFound)?;
    call.permit(AdminAct::UploadRoster, std::slice::from_ref(&file.place)).await?;
    // One whose files are not whole yet is found by nobody.
    debug_assert!(file.upload.state != UploadState::Receiving);
    Ok(file)
}

fn counts(counts: PreviewCounts) -> Value {
    json!({ "gone": counts.gone, "new": counts.new, "changed": counts.changed })
}

fn preview_value(preview: &UploadPreview) -> Value {
    let class = |one: &PreviewClass| json!({ "class": one.class, "known": one.known, "gone": one.gone });
    json!({
        "share_gone_thousandths": preview.share_gone(),
        "pupils_gone": preview.pupils_gone,
        "pupils_known": preview.pupils_known,
        "links_gone": preview.links_gone,
        "links_known": preview.links_known,
        "pupils": counts(preview.pupils),
        "persons": counts(preview.persons),
        "enrolments": counts(preview.enrolments),
        "links": counts(preview.links),
        "classes": preview.departures.iter().map(class).collect::<Vec<_>>(),
    })
}

/// Returns the line of a report as the API has it.
fn line_value(line: &UploadReportLine) -> Value {
    json!({ "kind": line.kind, "message": line.message })
}

/// Returns an upload as the API has it.
fn import(call: &ApiCall<'_>, file: &UploadFile) -> ApiAnswer {
    let upload = &file.upload;
    let preview = upload.preview.as_ref();
    let lines = file.lines_for(call.on_duty, call.ctx.now);
    let decides = upload.state == UploadState::Waiting && needed_act(upload) == AdminAct::UploadRoster;
    let is_young = upload.decided_at.is_some_and(|at| call.ctx.now.since(at) < UNDO_TTL);
    let may_be_undone = upload.state == UploadState::Taken && file.is_last && is_young;
    let undoes = may_be_undone && undo_act(upload) == AdminAct::UploadRoster;
    let value = json!({
        "id": upload.id,
        "uai": upload.uai,
        "school": file.school.name,
        "format": upload.format,
        "state": upload.state.name(),
        "version": upload.version,
        "author": file.author,
        "created_at": time(upload.created_at),
        "expires_at": maybe_time(upload.expires_at),
        "decided_by": file.decider,
        "decided_at": maybe_time(upload.decided_at),
        "reason": upload.reason,
        "needs": preview.map(|preview| preview.needed.name()),
        "program_may_decide": decides,
        "program_may_undo": undoes,
        "pupils_gone": preview.map(|preview| preview.pupils_gone),
        "pupils_known": preview.map(|preview| preview.pupils_known),
        "changes": preview.map(|preview| preview.all_changes),
        "preview": preview.map(preview_value),
        "lines": lines.iter().take(MAX_REPORT_LINES).map(line_value).collect::<Vec<_>>(),
        "all_lines": lines.len(),
    });
    ApiAnswer::of(value).at_version(upload.version)
}

async fn show(call: &ApiCall<'_>) -> ApiResult {
    let file = open(call).await?;
    Ok(import(call, &file))
}
