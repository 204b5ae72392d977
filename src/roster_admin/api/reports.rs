//! What an upload changes, and its report, page by page.

use serde_json::{Value, json};

use super::{LINES, PAGE, line_value, open};
use crate::admin_api::EndpointDoc;
use crate::admin_api::extract::{ApiAnswer, ApiCall, ApiEndpoint, ApiResult};
use crate::admin_api::problems::ProblemCode;
use crate::admin_api::shapes::Shape;
use crate::administrators::api_tokens::ApiScope;

const CHANGES: EndpointDoc = EndpointDoc {
    id: "list_import_changes",
    path: "/imports/{id}/changes",
    scope: Some(ApiScope::RostersRead),
    query: &PAGE,
    answer: Shape::Object(&[
        ("items", Shape::List(&Shape::Text)),
        ("all", Shape::Whole),
        ("next", Shape::Maybe(&Shape::Text)),
    ]),
    ..EndpointDoc::EMPTY
};

const REPORT: EndpointDoc = EndpointDoc {
    id: "list_import_lines",
    path: "/imports/{id}/report",
    scope: Some(ApiScope::RostersRead),
    query: &PAGE,
    answer: Shape::Object(&[("items", LINES), ("all", Shape::Whole), ("next", Shape::Maybe(&Shape::Text))]),
    ..EndpointDoc::EMPTY
};

pub(super) fn endpoints() -> Vec<ApiEndpoint> {
    vec![
        ApiEndpoint { doc: CHANGES, handler: |call| Box::pin(changes(call)) },
        ApiEndpoint { doc: REPORT, handler: |call| Box::pin(report(call)) },
    ]
}

/// Returns a page of lines. A cursor is of the lines of one version: read again, they may be others.
fn page(call: &ApiCall<'_>, (id, version): (&str, i64), lines: Vec<Value>, all: usize) -> ApiResult {
    let at = format!("{id}/{version}/");
    let begin = match call.position()? {
        Some(text) => text.strip_prefix(&at).and_then(|n| n.parse().ok()).ok_or(ProblemCode::BadCursor)?,
        None => 0_usize,
    };
    let end = begin.saturating_add(usize::try_from(call.limit()).unwrap_or_default());
    let next = (end < lines.len()).then(|| format!("{at}{end}"));
    let next = call.cursor(next.as_deref())?;
    let items: Vec<Value> = lines.into_iter().take(end).skip(begin).collect();
    Ok(ApiAnswer::of(json!({ "items": items, "all": all, "next": next })))
}

/// Lists the changes that the preview keeps, and the number of all.
async fn changes(call: &ApiCall<'_>) -> ApiResult {
    let file = open(call).await?;
    let preview = file.upload.preview.as_ref();
    let lines = preview.map(|preview| preview.changes.iter().map(|change| json!(change)).collect());
    let all = preview.map_or(0, |preview| preview.all_changes);
    page(call, (&file.upload.id, file.upload.version), lines.unwrap_or_default(), all)
}

async fn report(call: &ApiCall<'_>) -> ApiResult {
    let file = open(call).await?;
    let lines: Vec<Value> = file.lines_for(call.on_duty, call.ctx.now).iter().map(line_value).collect();
    let all = lines.len();
    page(call, (&file.upload.id, file.upload.version), lines, all)
}
