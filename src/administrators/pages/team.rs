//! `/admin/equipe`: who administers, and invitations.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{NaiveDate, TimeZone as _};
use chrono_tz::Europe::Paris;
use serde::{Deserialize, Serialize};
use strum::IntoEnumIterator as _;

use super::{GatedResult, failed, frame, invitation_context, role_line, scope_of};
use crate::administrators::extract::SignedInAdministrator;
use crate::administrators::ops::invite::{self, RoleGiver, RoleOrder, RoleRefusal};
use crate::administrators::ops::{self, OnDuty};
use crate::administrators::roles::{AdminAct, AdminRole};
use crate::administrators::store::roles::{self, TeamRow};
use crate::administrators::territory::{RoleGrant, Territory, TerritoryKind, may_give};
use crate::administrators::views::{ReviewRolePage, RoleLine, TeamForm, TeamFormError, TeamLine, TeamPage};
use crate::app::{AppState, Operation};
use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::AdminRoleId;
use crate::base::uai::Uai;
use crate::crypto::AssociatedData;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other};
use crate::outbox::JobKind;
use crate::protocol::params::encode;

/// The number of lines of a page.
const PAGE_ROWS: i64 = 50;
/// The time in which a draft is confirmed.
const DRAFT_TTL: Span = Span::hours(1);

/// Returns the roles of the own ones' gift.
fn given_roles(on_duty: &OnDuty) -> Vec<AdminRole> {
    AdminRole::iter().filter(|role| on_duty.roles.iter().any(|own| own.role.may_give().contains(role))).collect()
}

/// Returns the form before anything is typed: the own school of whoever has one alone, and of an academy's roles the one
/// that is given most, not the one that may do most.
fn empty_form(on_duty: &OnDuty) -> TeamForm {
    let territory = match on_duty.roles.as_slice() {
        [only] => match &only.territory {
            Territory::School(uai) => uai.to_string(),
            _ => String::new(),
        },
        _ => String::new(),
    };
    let most_given = given_roles(on_duty).into_iter().find(|role| *role == AdminRole::SchoolHead);
    let role = most_given.map_or("", AdminRole::name).to_owned();
    TeamForm { role, territory, ..TeamForm::default() }
}

async fn line(app: &AppState, ctx: &RequestContext, on_duty: &OnDuty, row: TeamRow) -> anyhow::Result<TeamLine> {
    let kind = row.territory_kind.parse::<TerritoryKind>()?;
    let role = row.role.parse::<AdminRole>()?;
    let territory = Territory::from_columns(kind, &row.territory, &row.class).unwrap_or(Territory::All);
    let ends_at = row.ends_at.map(Timestamp);
    let place = ops::find_place(&mut app.db.read().await?, &territory).await?.unwrap_or_default();
    let own = row.administrator_id == on_duty.administrator.id;
    let may = may_give(&on_duty.roles, (role, &place), ends_at, ctx.now).is_some();
    let waits = row.approved_at.is_none();
    Ok(TeamLine {
        state: match () {
            () if ends_at.is_some_and(|end| end <= ctx.now) => "ended",
            () if waits => "waiting",
            () if row.is_active() => "active",
            () => "invited",
        },
        role: RoleLine {
            role: role.name(),
            place: row.place.unwrap_or(row.territory),
            class: row.class,
            pupils_only: row.pupils_only,
            until: ends_at.map(|at| dates::day_and_year(ctx.lang, at)),
        },
        id: row.id.to_string(),
        administrator_id: row.administrator_id.to_string(),
        name: row.name,
        passkeys: row.passkeys,
        has_totp: row.has_totp,
        seen: row.seen_at.map(|at| dates::moment(ctx.lang, Timestamp(at), ctx.now)),
        giver: row.giver,
        may_end: may && !own,
        may_approve: may && waits && !own && row.given_by != on_duty.administrator.id.as_str(),
        may_renew: may && !own,
    })
}

async fn page(app: &AppState, ctx: &RequestContext, on_duty: &OnDuty) -> anyhow::Result<TeamPage> {
    let scope = scope_of(on_duty, AdminAct::SeeTeam, ctx);
    let after = (ctx.query.get("apres").unwrap_or_default(), ctx.query.get("apres_role").unwrap_or_default());
    let mut tx = app.db.read().await?;
    let mut rows = roles::list_team(&mut tx, &scope, after, PAGE_ROWS + 1).await?;
    drop(tx);
    let has_more = rows.len() > usize::try_from(PAGE_ROWS)?;
    rows.truncate(usize::try_from(PAGE_ROWS)?);
    let next = rows.last().filter(|_| has_more).map(|row| {
        format!("{}?{}", paths::ADMIN_TEAM, encode([("apres", row.name.as_str()), ("apres_role", &row.id)]))
    });
    let mut lines = Vec::new();
    for row in rows {
        lines.push(line(app, ctx, on_duty, row).await?);
    }
    Ok(TeamPage {
        frame: frame(app, ctx, on_duty).await?.in_room("team"),
        lines,
        next,
        roles: given_roles(on_duty).into_iter().map(AdminRole::name).collect(),
        form: empty_form(on_duty),
        error: None,
        told: ["given", "ended", "approved", "renewed"].into_iter().find(|word| ctx.query.get("fait") == Some(word)),
        link: None,
    })
}

/// GET: lists the team.
pub async fn show(State(app): State<AppState>, ctx: RequestContext, who: SignedInAdministrator) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    if on_duty.role_for(AdminAct::SeeTeam).is_none() {
        on_duty.permit(&app, &ctx, AdminAct::SeeTeam, &[]).await?;
    }
    let page = page(&app, &ctx, &on_duty).await.map_err(failed)?;
    ctx.page(&app.pages, StatusCode::OK, &page).map_err(PageError::into_response)
}

/// A draft of a role, as it travels sealed in the address of the page that reads it again.
#[derive(Serialize, Deserialize)]
struct RoleDraft {
    name: String,
    email: String,
    role: String,
    territory: String,
    pupils_only: bool,
    until: Option<i64>,
    expires_at: i64,
}

fn draft_place(on_duty: &OnDuty) -> AssociatedData<'_> {
    AssociatedData { table: "draft", column: "role", row: &on_duty.administrator.id }
}

/// Returns what the form of an invitation says; the error names the field.
fn read_form(form: &TeamForm, now: Timestamp) -> Result<RoleOrder, TeamFormError> {
    let role = form.role.parse::<AdminRole>().map_err(|_| TeamFormError::Role)?;
    let typed = form.territory.trim();
    // A UAI is known by its form, whatever name stands behind it; other ids by the role's territory.
    let first = typed.split_whitespace().next().unwrap_or_default();
    let class = form.class.trim();
    let territory = match Uai::parse(first) {
        Ok(uai) if class.is_empty() => Territory::School(uai),
        Ok(uai) => Territory::parse(&format!("class:{uai}/{class}")).ok_or(TeamFormError::Territory)?,
        Err(_) if typed.is_empty() && role.territories().contains(&TerritoryKind::All) => Territory::All,
        Err(_) => {
            let kinds = [TerritoryKind::Academy, TerritoryKind::Ministry, TerritoryKind::Client];
            let kind = kinds.into_iter().find(|kind| role.territories().contains(kind));
            let kind = kind.ok_or(TeamFormError::Territory)?;
            Territory::parse(&format!("{}:{typed}", kind.name())).ok_or(TeamFormError::Territory)?
        }
    };
    let until = match form.until.trim() {
        "" => None,
        typed => Some(end_of_day(typed).ok_or(TeamFormError::Until)?),
    };
    let (name, email, pupils_only) = (form.name.clone(), form.email.clone(), form.pupils_only);
    invite::check_order(&RoleOrder { name, email, role, territory, pupils_only, until }, now).map_err(field_of)
}

/// Returns the end of a day, typed as a date field sends it.
fn end_of_day(typed: &str) -> Option<Timestamp> {
    let day = typed.parse::<NaiveDate>().ok()?.succ_opt()?;
    let midnight = Paris.from_local_datetime(&day.and_hms_opt(0, 0, 0)?).earliest()?;
    Some(Timestamp(midnight.timestamp_millis()))
}

fn field_of(why: RoleRefusal) -> TeamFormError {
    match why {
        RoleRefusal::Name => TeamFormError::Name,
        RoleRefusal::Email => TeamFormError::Email,
        RoleRefusal::Kind => TeamFormError::Role,
        // A territory of others is told like one that is not there.
        RoleRefusal::UnknownTerritory | RoleRefusal::NotPermitted => TeamFormError::Territory,
        RoleRefusal::Past => TeamFormError::Until,
        RoleRefusal::Already => TeamFormError::Already,
    }
}

/// POST: reads an invitation, and leads to the page that shows it again before it is sent.
pub async fn submit(
    State(app): State<AppState>,
    ctx: RequestContext,
    who: SignedInAdministrator,
    Form(form): Form,
) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    let field = |name: &str| form.form_value(name).chars().take(300).collect::<String>();
    let typed = TeamForm {
        name: field("nom"),
        email: field("courriel"),
        role: field("role"),
        territory: field("territoire"),
        class: field("classe"),
        until: field("fin"),
        pupils_only: form.get("eleves") == Some("oui"),
    };
    let refuse = async |error: TeamFormError| {
        let page = page(&app, &ctx, &on_duty).await.map_err(failed)?;
        let page = TeamPage { form: typed.clone(), error: Some(error), ..page };
        ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page).map_err(PageError::into_response)
    };
    if on_duty.role_for(AdminAct::GiveRole).is_none() {
        on_duty.permit(&app, &ctx, AdminAct::GiveRole, &[]).await?;
    }
    let order = match read_form(&typed, ctx.now) {
        Ok(order) => order,
        Err(error) => return refuse(error).await,
    };
    let place = ops::find_place(&mut app.db.read().await.map_err(failed)?, &order.territory).await.map_err(failed)?;
    let is_ours = |place| may_give(&on_duty.roles, (order.role, place), order.until, ctx.now).is_some();
    if !place.as_ref().is_some_and(is_ours) {
        if let Some(place) = &place {
            let op = Operation::of_request(&app, &ctx);
            ops::record_refusal(&op, &on_duty, AdminAct::GiveRole, place).await.map_err(failed)?;
        }
        return refuse(TeamFormError::Territory).await;
    }
    let draft = RoleDraft {
        name: order.name,
        email: order.email,
        role: order.role.name().to_owned(),
        territory: format!("{}:{}", order.territory.kind().name(), order.territory),
        pupils_only: order.pupils_only,
        until: order.until.map(|at| at.0),
        expires_at: ctx.now.plus(DRAFT_TTL).0,
    };
    let text = serde_json::to_string(&draft).map_err(|e| failed(anyhow::Error::from(e)))?;
    let sealed = app.master_key.seal(draft_place(&on_duty), &text).map_err(failed)?;
    Ok(see_other(&format!("{}?{}", paths::ADMIN_REVIEW_ROLE, encode([("d", sealed.as_str())]))))
}

/// Opens a draft of this administrator.
fn open_draft(app: &AppState, ctx: &RequestContext, on_duty: &OnDuty, sealed: &str) -> Option<RoleOrder> {
    let text = app.master_key.open(draft_place(on_duty), sealed).ok()?;
    let draft: RoleDraft = serde_json::from_str(&text).ok()?;
    let territory = match draft.territory.as_str() {
        "all:all" => Territory::All,
        text => Territory::parse(text)?,
    };
    (draft.expires_at > ctx.now.0).then_some(RoleOrder {
        name: draft.name,
        email: draft.email,
        role: draft.role.parse().ok()?,
        territory,
        pupils_only: draft.pupils_only,
        until: draft.until.map(Timestamp),
    })
}

/// Returns the order of a draft, once this administrator may give it and was proven.
async fn reviewed(app: &AppState, ctx: &RequestContext, on_duty: &OnDuty, sealed: &str) -> Result<RoleOrder, Response> {
    let Some(order) = open_draft(app, ctx, on_duty, sealed) else { return Err(see_other(paths::ADMIN_TEAM)) };
    let place = ops::find_place(&mut app.db.read().await.map_err(failed)?, &order.territory).await.map_err(failed)?;
    let place = place.ok_or_else(|| PageError::NotFound.into_response())?;
    on_duty.permit(app, ctx, AdminAct::GiveRole, &[place]).await?;
    Ok(order)
}

/// GET: shows an invitation again, after a fresh proof.
pub async fn review(State(app): State<AppState>, ctx: RequestContext, who: SignedInAdministrator) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    let draft = ctx.query.get("d").unwrap_or_default();
    let order = reviewed(&app, &ctx, &on_duty, draft).await?;
    let grant = RoleGrant {
        id: AdminRoleId::new(""),
        role: order.role,
        territory: order.territory,
        pupils_only: order.pupils_only,
        ends_at: order.until,
        approved: false,
        ended: false,
        only: None,
        carrier: None,
    };
    let mut tx = app.db.read().await.map_err(failed)?;
    let role = role_line(&mut tx, &grant, ctx.lang).await.map_err(failed)?;
    drop(tx);
    let page = ReviewRolePage {
        frame: frame(&app, &ctx, &on_duty).await.map_err(failed)?.in_room("team"),
        draft: draft.to_owned(),
        name: order.name,
        email: order.email,
        role,
        needs_approval: order.role.needs_approval(),
        mails: app.mail_gateway.is_some(),
    };
    ctx.page(&app.pages, StatusCode::OK, &page).map_err(PageError::into_response)
}

/// POST: gives the role.
pub async fn give(
    State(app): State<AppState>,
    ctx: RequestContext,
    who: SignedInAdministrator,
    Form(form): Form,
) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    let order = reviewed(&app, &ctx, &on_duty, form.form_value("d")).await?;
    let op = on_duty.operation(&app, &ctx, None);
    let giver = RoleGiver::Administrator(&on_duty);
    let given = invite::give_role(op.storage(), invitation_context(&app, &ctx), giver, &order).await.map_err(failed)?;
    app.job_notifier.notify(JobKind::Mail);
    match given {
        Ok(given) => told_or_link(&app, &ctx, &on_duty, ("given", given.link.filter(|_| !given.mailed))).await,
        // Posted twice: the first one counts.
        Err(RoleRefusal::Already) => Ok(see_other(&format!("{}?fait=given", paths::ADMIN_TEAM))),
        Err(why) => {
            let page = TeamPage { error: Some(field_of(why)), ..page(&app, &ctx, &on_duty).await.map_err(failed)? };
            ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page).map_err(PageError::into_response)
        }
    }
}

/// Goes on to the list; where no mail leaves, shows the link, once.
pub(super) async fn told_or_link(
    app: &AppState,
    ctx: &RequestContext,
    on_duty: &OnDuty,
    (told, link): (&'static str, Option<String>),
) -> GatedResult {
    let Some(link) = link else { return Ok(see_other(&format!("{}?fait={told}", paths::ADMIN_TEAM))) };
    let page = page(app, ctx, on_duty).await.map_err(failed)?;
    let page = TeamPage { told: Some(told), link: Some(link), ..page };
    ctx.page(&app.pages, StatusCode::OK, &page).map_err(PageError::into_response)
}
