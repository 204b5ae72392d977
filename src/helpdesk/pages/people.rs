//! `/admin/personnes`: the one box.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;

use super::GatedResult;
use crate::administrators::extract::SignedInAdministrator;
use crate::administrators::pages::{failed, frame};
use crate::administrators::roles::AdminAct;
use crate::app::AppState;
use crate::helpdesk::ops::search::{PersonHit, SearchResult, search};
use crate::helpdesk::search::{HelpdeskQuery, MAX_QUERY_CHARS, parse_query};
use crate::helpdesk::views::{HitLine, PeoplePage};
use crate::http::error::PageError;
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other, with_outcome};

fn line(hit: PersonHit) -> HitLine {
    HitLine {
        name: format!("{} {}", hit.family_name, hit.given_name),
        id: hit.id,
        is_pupil: hit.is_pupil,
        children: hit.children.join(" · "),
        school: hit.school,
        standing: hit.standing,
        phone_end: hit.phone_end,
        is_near: hit.is_near,
    }
}

/// GET: searches people. What was typed stands in the address, which no log keeps.
pub async fn show(State(app): State<AppState>, ctx: RequestContext, who: SignedInAdministrator) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    if on_duty.role_for(AdminAct::SeePupils).is_none() {
        on_duty.permit(&app, &ctx, AdminAct::SeePupils, &[]).await?;
    }
    let typed: String = ctx.query.form_value("q").chars().take(MAX_QUERY_CHARS).collect();
    let query = parse_query(&typed);
    let kind = match &query {
        HelpdeskQuery::Code(code) => return Ok(see_other(&format!("{}/{code}", paths::ADMIN_CODES))),
        _ if typed.trim().is_empty() => "start",
        HelpdeskQuery::WrongUai => "wrong_uai",
        HelpdeskQuery::TooShort => "short",
        _ => "searched",
    };
    let op = on_duty.operation(&app, &ctx, None);
    let found = search(&op, &on_duty, &query).await.map_err(failed)?;
    let SearchResult { hits, has_more, needs_four_digits } = found;
    let page = PeoplePage {
        frame: frame(&app, &ctx, &on_duty).await.map_err(failed)?.in_room("people").searching(&typed),
        kind: if needs_four_digits { "four_digits" } else { kind },
        hits: hits.into_iter().map(line).collect(),
        has_more,
    };
    let page = ctx.page(&app.pages, StatusCode::OK, &page).map_err(PageError::into_response)?;
    Ok(with_outcome(page, "searched"))
}
