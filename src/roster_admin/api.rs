//! Rosters in the Admin API: the uploads, and how far one is. They are given and decided on in the console.

use serde_json::{Value, json};

use super::ops::{self, UploadFile};
use super::store::ListedUploadRow;
use super::{UploadReportLine, UploadState};
use crate::admin_api::extract::{ApiAnswer, ApiCall, ApiEndpoint, ApiResult};
use crate::admin_api::fields::{BodyField, FieldKind};
use crate::admin_api::problems::ProblemCode;
use crate::admin_api::shapes::{Shape, maybe_time, time};
use crate::admin_api::{EndpointDoc, MAX_PAGE_LIMIT, VersionUse};
use crate::administrators::api_tokens::ApiScope;
use crate::administrators::roles::AdminAct;
use crate::base::clock::Timestamp;
use crate::base::ids::is_id;

/// The maximum number of lines of a report in an answer.
const MAX_REPORT_LINES: usize = 500;

const STATES: [&str; 7] = ["received", "waiting", "writing", "taken", "refused", "stopped", "undone"];

const LINES: Shape = Shape::List(&Shape::Object(&[("kind", Shape::Text), ("message", Shape::Text)]));

const LIST: EndpointDoc = EndpointDoc {
    id: "list_imports",
    path: "/imports",
    scope: Some(ApiScope::RostersRead),
    query: &[
        BodyField::new("uai", FieldKind::Text(8)),
        BodyField::new("cursor", FieldKind::Text(1_000)),
        BodyField::new("limit", FieldKind::Whole(1, MAX_PAGE_LIMIT)),
    ],
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

const SHOW: EndpointDoc = EndpointDoc {
    id: "get_import",
    path: "/imports/{id}",
    scope: Some(ApiScope::RostersRead),
    version: VersionUse::Answered,
    answer: Shape::Object(&[
        ("id", Shape::Text),
        ("uai", Shape::Text),
        ("school", Shape::Text),
        ("format", Shape::Text),
        ("state", Shape::Word(&STATES)),
        ("version", Shape::Whole),
        ("author", Shape::Text),
        ("created_at", Shape::Time),
        ("decided_by", Shape::Maybe(&Shape::Text)),
        ("decided_at", Shape::Maybe(&Shape::Time)),
        ("reason", Shape::Text),
        ("needs", Shape::Maybe(&Shape::Word(&["confirmation", "academy", "two_persons"]))),
        ("pupils_gone", Shape::Maybe(&Shape::Whole)),
        ("pupils_known", Shape::Maybe(&Shape::Whole)),
        ("changes", Shape::Maybe(&Shape::Whole)),
        ("lines", LINES),
        ("all_lines", Shape::Whole),
    ]),
    ..EndpointDoc::EMPTY
};

pub fn endpoints() -> Vec<ApiEndpoint> {
    vec![
        ApiEndpoint { doc: LIST, handler: |call| Box::pin(list(call)) },
        ApiEndpoint { doc: SHOW, handler: |call| Box::pin(show(call)) },
    ]
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

async fn show(call: &ApiCall<'_>) -> ApiResult {
    let id = call.path("id");
    if !is_id(id, 32) {
        return Err(ProblemCode::NotFound.into());
    }
    let file: UploadFile = ops::find(&call.op(None), id).await?.ok_or(ProblemCode::NotFound)?;
    call.permit(AdminAct::UploadRoster, std::slice::from_ref(&file.place)).await?;
    let upload = &file.upload;
    let preview = upload.preview.as_ref();
    let lines = file.lines_for(call.on_duty, call.ctx.now);
    let line = |line: &UploadReportLine| json!({ "kind": line.kind, "message": line.message });
    // One whose files are not whole yet is found by nobody.
    debug_assert!(upload.state != UploadState::Receiving);
    let value = json!({
        "id": upload.id,
        "uai": upload.uai,
        "school": file.school.name,
        "format": upload.format,
        "state": upload.state.name(),
        "version": upload.version,
        "author": file.author,
        "created_at": time(upload.created_at),
        "decided_by": file.decider,
        "decided_at": maybe_time(upload.decided_at),
        "reason": upload.reason,
        "needs": preview.map(|preview| preview.needed.name()),
        "pupils_gone": preview.map(|preview| preview.pupils_gone),
        "pupils_known": preview.map(|preview| preview.pupils_known),
        "changes": preview.map(|preview| preview.all_changes),
        "lines": lines.iter().take(MAX_REPORT_LINES).map(line).collect::<Vec<_>>(),
        "all_lines": lines.len(),
    });
    Ok(ApiAnswer::of(value).at_version(upload.version))
}
