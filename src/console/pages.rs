//! `/admin`: what waits, and figures that are there. `system` is the operator's page.

mod system;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::ops;
use super::store::{ClosingCampaign, SchoolTask, WaitingUpload};
use super::views::{HomePage, SchoolFigures, TaskLine};
use crate::administrators::extract::{SignedInAdministrator, has_passkeys_enough};
use crate::administrators::pages::frame;
use crate::administrators::roles::AdminAct;
use crate::app::AppState;
use crate::base::clock::Timestamp;
use crate::base::uai::Uai;
use crate::client_admin::ops::ListedService;
use crate::client_admin::requests::{ClientRequest, RequestState};
use crate::figures::ops::span_of;
use crate::figures::views::{TodayFigures, draw_days, reason_bars};
use crate::http::error::PageError;
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::request_context::RequestContext;
use crate::http::routing::get;

pub fn routes() -> Router<AppState> {
    Router::new().route(paths::ADMIN, get(show)).route(paths::ADMIN_SYSTEM, get(system::show))
}

/// Returns the part of a school's page where a kind of notice is seen to.
fn place_of(kind: &str) -> &'static str {
    match kind {
        "unreachable" => "familles",
        _ => "a-voir",
    }
}

async fn show(
    State(app): State<AppState>,
    ctx: RequestContext,
    who: SignedInAdministrator,
) -> Result<Response, PageError> {
    let SignedInAdministrator(on_duty) = who;
    let found = ops::list_tasks(&on_duty.operation(&app, &ctx, None), &on_duty).await?;
    let sees_schools = on_duty.role_for(AdminAct::SeeSchool).is_some();
    let school_href = |uai: &Uai| match sees_schools {
        true => format!("{}/{uai}", paths::ADMIN_SCHOOLS),
        false => String::new(),
    };
    let closing = |c: ClosingCampaign| TaskLine {
        kind: "closing".to_owned(),
        school: c.name,
        uai: c.uai.to_string(),
        n: 1,
        day: dates::weekday_and_day(ctx.lang, Timestamp(c.closes_at)),
        href: school_href(&c.uai),
    };
    let notice = |task: SchoolTask| {
        let href = match school_href(&task.uai) {
            none if none.is_empty() => none,
            href => format!("{href}#{}", place_of(&task.kind)),
        };
        TaskLine { kind: task.kind, school: task.name, uai: task.uai.to_string(), n: task.n, day: String::new(), href }
    };
    let roster = |upload: WaitingUpload| TaskLine {
        kind: "roster".to_owned(),
        school: upload.name,
        uai: upload.uai.to_string(),
        n: 1,
        day: String::new(),
        href: format!("{}/{}", paths::ADMIN_ROSTERS, upload.id),
    };
    let request = |request: ClientRequest| {
        let (kind, href) = match request.state {
            RequestState::Question => ("question", format!("{}?d={}", paths::ADMIN_REQUEST_SERVICE, request.id)),
            _ => ("request", format!("{}/{}", paths::ADMIN_REVIEW_SERVICE, request.id)),
        };
        TaskLine {
            kind: kind.to_owned(),
            school: request.answers.client_name,
            uai: request.client_id.to_string(),
            n: 1,
            day: String::new(),
            href,
        }
    };
    let service = |listed: ListedService| TaskLine {
        kind: "sign_outs".to_owned(),
        href: format!("{}/{}", paths::ADMIN_SERVICES, listed.record.client.id),
        uai: listed.record.client.id.to_string(),
        school: listed.record.client.meta.client_name,
        n: listed.undelivered,
        day: String::new(),
    };
    let rosters = found.rosters.into_iter().map(roster);
    let services = found.requests.into_iter().map(request).chain(found.services.into_iter().map(service));
    let rest = found.closing.into_iter().map(closing).chain(found.notices.into_iter().map(notice));
    let tasks = rosters.chain(services).chain(rest).collect();
    let figures = found.sign_ins.map(|of| TodayFigures {
        signed_in: of.place.shown(of.today.signed_in),
        refused: of.place.shown(of.today.refused),
        chart: draw_days(ctx.lang, span_of(ctx.now, ops::HOME_DAYS), (&of.place, &of.days)),
        reasons: reason_bars(&of.place, &of.today),
    });
    let page = HomePage {
        frame: frame(&app, &ctx, &on_duty).await?.in_room("home"),
        today: dates::weekday_and_day(ctx.lang, ctx.now),
        needs_second_passkey: !has_passkeys_enough(&app, &on_duty).await?,
        tasks,
        figures,
        school: found.school.map(|(uai, numbers)| SchoolFigures {
            href: format!("{}/{uai}", paths::ADMIN_SCHOOLS),
            parents: numbers.parents,
            parents_active: numbers.parents_active,
            pupils: numbers.pupils,
            pupils_active: numbers.pupils_active,
            unreachable: numbers.unreachable,
        }),
    };
    ctx.page(&app.pages, StatusCode::OK, &page)
}
