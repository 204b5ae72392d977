//! The pages of administrators, and the frame of every page of the console.

mod api_tokens;
mod entry;
mod invitation;
mod me;
mod role_acts;
mod team;

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;

use super::ops::{self, OnDuty};
use super::roles::AdminAct;
use super::scope::AdminScope;
use super::store::roles::list_ended;
use super::territory::{Place, RoleGrant, Territory, may_everywhere};
use super::views::{ConsoleFrame, RoleLine, RoomLink};
use crate::app::{App, AppState};
use crate::base::clock::{Span, Timestamp};
use crate::base::lang::Lang;
use crate::clients;
use crate::db::Tx;
use crate::http::error::PageError;
use crate::http::pages::{Page, dates};
use crate::http::paths;
use crate::http::request_context::RequestContext;
use crate::http::routing::{get, post};
use crate::tenants;

type PageResult = Result<Response, PageError>;
/// The answer of a handler that may lead elsewhere first.
type GatedResult = Result<Response, Response>;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route(paths::ADMIN_SIGN_IN, get(entry::show).merge(post(entry::submit)))
        .route(paths::ADMIN_SIGN_OUT, post(entry::sign_out))
        .route(&format!("{}/{{token}}", paths::ADMIN_INVITATION), get(invitation::show).merge(post(invitation::submit)))
        .route(paths::ADMIN_PROOF, get(entry::show_proof).merge(post(entry::prove)))
        .route(paths::ADMIN_ME, get(me::show))
        .route(paths::ADMIN_ADD_PASSKEY, get(me::show_add).merge(post(me::add)))
        .route(paths::ADMIN_REMOVE_PASSKEY, get(me::back).merge(post(me::remove)))
        .route(paths::ADMIN_API_TOKENS, get(api_tokens::show))
        .route(paths::ADMIN_NEW_API_TOKEN, get(api_tokens::show_new).merge(post(api_tokens::make)))
        .route(paths::ADMIN_REVOKE_API_TOKEN, get(api_tokens::back).merge(post(api_tokens::revoke)))
        .route(paths::ADMIN_TEAM, get(team::show).merge(post(team::submit)))
        .route(paths::ADMIN_REVIEW_ROLE, get(team::review).merge(post(team::give)))
        .route(paths::ADMIN_END_ROLE, get(role_acts::back).merge(post(role_acts::end)))
        .route(paths::ADMIN_APPROVE_ROLE, get(role_acts::back).merge(post(role_acts::approve)))
        .route(paths::ADMIN_RENEW_INVITATION, get(role_acts::back).merge(post(role_acts::renew)))
}

/// Answers an error on a page that leads elsewhere.
pub fn failed(error: impl Into<PageError>) -> Response {
    axum::response::IntoResponse::into_response(error.into())
}

/// Answers with a page of the console.
pub fn shown<P: Page>(app: &App, ctx: &RequestContext, page: anyhow::Result<P>) -> Response {
    drawn(app, ctx, StatusCode::OK, page)
}

/// Answers with the page of a form that was refused.
pub fn refused<P: Page>(app: &App, ctx: &RequestContext, page: anyhow::Result<P>) -> Response {
    drawn(app, ctx, StatusCode::UNPROCESSABLE_ENTITY, page)
}

fn drawn<P: Page>(app: &App, ctx: &RequestContext, status: StatusCode, page: anyhow::Result<P>) -> Response {
    match page {
        Ok(page) => ctx.page(&app.pages, status, &page).unwrap_or_else(failed),
        Err(error) => failed(error),
    }
}

/// Returns the name of a territory: a school's, an academy's, a relying party's; empty for all.
pub async fn territory_name(tx: &mut Tx, territory: &Territory) -> anyhow::Result<String> {
    Ok(match territory {
        Territory::All => String::new(),
        Territory::Ministry(id) => id.clone(),
        Territory::Academy(id) => tenants::store::find_academy_name(tx, id).await?.unwrap_or_else(|| id.clone()),
        Territory::School(uai) | Territory::Class(uai, _) => {
            let school = tenants::store::find_school(tx, uai).await?;
            school.map_or_else(|| uai.to_string(), |school| school.name)
        }
        Territory::Client(id) => {
            let client = clients::store::find(tx, id).await?;
            client.map_or_else(|| id.to_string(), |client| client.meta.client_name)
        }
    })
}

/// Returns a role in words.
pub async fn role_line(tx: &mut Tx, grant: &RoleGrant, lang: Lang) -> anyhow::Result<RoleLine> {
    Ok(RoleLine {
        role: grant.role.name(),
        place: territory_name(tx, &grant.territory).await?,
        class: grant.territory.columns().1.to_owned(),
        pupils_only: grant.pupils_only,
        until: grant.ends_at.map(|at| dates::day_and_year(lang, at)),
    })
}

/// Returns the roles in words.
async fn role_lines(app: &App, grants: &[RoleGrant], lang: Lang) -> anyhow::Result<Vec<RoleLine>> {
    let mut tx = app.db.read().await?;
    let mut lines = Vec::new();
    for grant in grants {
        lines.push(role_line(&mut tx, grant, lang).await?);
    }
    Ok(lines)
}

/// The time for which somebody whose role ended is told so on the page they had open.
const SAID_AFTER_ROLE: Span = Span::hours(12);

/// Returns the name of the place and the hour of the end of a role that ended lately, and would have permitted an act at
/// all the places.
pub async fn find_ended_role(
    app: &App,
    ctx: &RequestContext,
    on_duty: &OnDuty,
    (act, places): (AdminAct, &[Place]),
) -> Result<Option<(String, String)>, Response> {
    let mut tx = app.db.read().await.map_err(failed)?;
    let ended = list_ended(&mut tx, &on_duty.administrator.id, ctx.now).await.map_err(failed)?;
    let lately = ctx.now.minus(SAID_AFTER_ROLE).0;
    let permitted = |grant: &RoleGrant| {
        let again = RoleGrant { ended: false, ends_at: None, ..grant.clone() };
        may_everywhere(&[again], act, places, ctx.now).is_some()
    };
    let Some((grant, at)) = ended.into_iter().find(|(grant, at)| *at >= lately && permitted(grant)) else {
        return Ok(None);
    };
    let place = territory_name(&mut tx, &grant.territory).await.map_err(failed)?;
    let place = match grant.territory {
        Territory::All => app.pages.message(ctx.lang, "admin-everything", &[]).map_err(failed)?,
        _ => place,
    };
    Ok(Some((place, dates::hour(ctx.lang, Timestamp(at)))))
}

/// Lets somebody read a draft who may still do what it says at every one of its places; with `after_role` also whoever
/// lost the role for it, to be told so. Everybody else gets the answer of what is not there.
pub async fn permit_draft(
    app: &AppState,
    ctx: &RequestContext,
    (on_duty, after_role): (&OnDuty, bool),
    of: (AdminAct, &[Place]),
) -> Result<(), Response> {
    let may = may_everywhere(&on_duty.roles, of.0, of.1, ctx.now).is_some();
    if may || after_role && find_ended_role(app, ctx, on_duty, of).await?.is_some() {
        return Ok(());
    }
    on_duty.permit(app, ctx, of.0, &[]).await.map(drop)
}

/// Returns the frame of a page.
pub async fn frame(app: &App, ctx: &RequestContext, on_duty: &OnDuty) -> anyhow::Result<ConsoleFrame> {
    let mut tx = app.db.read().await?;
    let mut names: Vec<String> = Vec::new();
    for grant in &on_duty.roles {
        let name = match &grant.territory {
            Territory::All => app.pages.message(ctx.lang, "admin-everything", &[])?,
            other => territory_name(&mut tx, other).await?,
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let place = match names.as_slice() {
        [first, _, .., _] => format!("{first}…"),
        some => some.join(", "),
    };
    let sees = |act| on_duty.role_for(act).is_some();
    let mut rooms = Vec::new();
    let mut room = |key, href: &str, shown: bool| {
        if shown {
            rooms.push(RoomLink { key, href: href.to_owned(), current: false });
        }
    };
    room("home", paths::ADMIN, true);
    let may_search = sees(AdminAct::SeeParents) || sees(AdminAct::SeePupils);
    room("people", paths::ADMIN_PEOPLE, may_search);
    room("schools", paths::ADMIN_SCHOOLS, sees(AdminAct::SeeSchool));
    room("rosters", paths::ADMIN_ROSTERS, sees(AdminAct::UploadRoster));
    room("letters", paths::ADMIN_LETTERS, sees(AdminAct::PrintLetter));
    room("services", paths::ADMIN_SERVICES, sees(AdminAct::SeeServices));
    room("figures", paths::ADMIN_FIGURES, sees(AdminAct::ReadFigures));
    room("journal", paths::ADMIN_JOURNAL, sees(AdminAct::ReadOwnActs));
    room("team", paths::ADMIN_TEAM, sees(AdminAct::SeeTeam));
    let announces = scope_of(on_duty, AdminAct::Announce, ctx).names_academies();
    room("announcements", paths::ADMIN_ANNOUNCEMENTS, announces);
    let configures = scope_of(on_duty, AdminAct::Configure, ctx).contains(&Place::default());
    room("system", paths::ADMIN_SYSTEM, configures);
    Ok(ConsoleFrame {
        name: on_duty.administrator.name.clone(),
        place,
        ends: on_duty.session().map_or_else(String::new, |session| dates::hour(ctx.lang, session.ends_at(ctx.now))),
        rooms,
        may_search,
        q: String::new(),
    })
}

/// Returns the scope of an act.
pub fn scope_of(on_duty: &OnDuty, act: AdminAct, ctx: &RequestContext) -> AdminScope {
    AdminScope::of(&on_duty.roles, act, ctx.now)
}

/// Returns the means of writing an invitation.
fn invitation_context<'a>(app: &'a App, ctx: &RequestContext) -> ops::invite::InvitationContext<'a> {
    ops::invite::InvitationContext {
        pages: &app.pages,
        issuer: app.issuer(),
        mails: app.mail_gateway.is_some(),
        lang: ctx.lang,
    }
}
