//! `/admin/codes/…`: what a support code leads to.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;

use super::GatedResult;
use crate::administrators::extract::SignedInAdministrator;
use crate::administrators::pages::{failed, frame};
use crate::administrators::roles::AdminAct;
use crate::app::AppState;
use crate::helpdesk::ops::codes::{CodeTrace, find_traces};
use crate::helpdesk::search::{HelpdeskQuery, parse_query};
use crate::helpdesk::views::{CodeTraceLine, SupportCodePage};
use crate::http::error::PageError;
use crate::http::pages::dates;
use crate::http::request_context::RequestContext;

/// GET: shows the events of a code.
pub async fn show(
    State(app): State<AppState>,
    ctx: RequestContext,
    who: SignedInAdministrator,
    Path(code): Path<String>,
) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    if on_duty.role_for(AdminAct::SeePupils).is_none() {
        on_duty.permit(&app, &ctx, AdminAct::SeePupils, &[]).await?;
    }
    let HelpdeskQuery::Code(code) = parse_query(&code) else { return Err(PageError::NotFound.into_response()) };
    let op = on_duty.operation(&app, &ctx, None);
    let line = |trace: CodeTrace| CodeTraceLine {
        when: dates::moment(ctx.lang, trace.at, ctx.now),
        kind: trace.kind,
        outcome: trace.outcome.to_owned(),
        school: trace.school,
        name: trace.person.as_ref().map(|file| file.name()).unwrap_or_default(),
        person: trace.person.map(|file| file.id().to_owned()),
    };
    let traces = find_traces(&op, &on_duty, &code).await.map_err(failed)?;
    let page = SupportCodePage {
        frame: frame(&app, &ctx, &on_duty).await.map_err(failed)?.in_room("people").searching(&code),
        code,
        traces: traces.into_iter().map(line).collect(),
    };
    ctx.page(&app.pages, StatusCode::OK, &page).map_err(PageError::into_response)
}
