//! Orders on campaigns: kept as a draft, read with before and after, confirmed.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::{GatedResult, list, school, school_path};
use crate::administrators::extract::SignedInAdministrator;
use crate::administrators::ops::OnDuty;
use crate::administrators::pages::{failed, find_ended_role, frame, permit_draft, shown};
use crate::administrators::roles::AdminAct;
use crate::administrators::territory::may_everywhere;
use crate::app::AppState;
use crate::base::clock::Timestamp;
use crate::base::ids::is_id;
use crate::base::uai::Uai;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other};
use crate::school_admin::ops::campaign::{self, CampaignConfirmation, CampaignDraft, DraftOutcome};
use crate::school_admin::orders::{
    CAMPAIGN_DAYS, CampaignOrder, CampaignOrderKind, CampaignWord, LATE_TTL, OrderedSchool, PlannedCampaign,
};
use crate::school_admin::views::OrderFormError;
use crate::school_admin::views::order::{CampaignReviewError, CampaignReviewPage, OrderedSchoolLine};

/// The beginning of the names of fields that choose a school.
const SCHOOL_FIELD: &str = "ecole-";

/// Returns the address of the reading of a draft.
fn review_path(id: &str) -> String {
    format!("{}/{id}", paths::ADMIN_REVIEW_CAMPAIGN)
}

/// GET: goes back to the list.
pub async fn back(_: SignedInAdministrator) -> Response {
    see_other(paths::ADMIN_SCHOOLS)
}

/// POST: keeps an order as a draft, to be read.
pub async fn submit(
    State(app): State<AppState>,
    ctx: RequestContext,
    who: SignedInAdministrator,
    form: Form,
) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    let not_found = || PageError::NotFound.into_response();
    let mut schools = Vec::new();
    for name in form.0.names() {
        if let Some(uai) = name.strip_prefix(SCHOOL_FIELD) {
            schools.push(Uai::parse(uai).map_err(|_| not_found())?);
        }
    }
    schools.sort();
    let kind = form.0.get("geste").and_then(|word| word.parse::<CampaignOrderKind>().ok());
    let days = form.0.get("jours").and_then(|text| text.parse().ok()).filter(|days| CAMPAIGN_DAYS.contains(days));
    let (Some(kind), Some(days)) = (kind, days) else {
        return refuse(&app, &ctx, (&on_duty, &schools), OrderFormError::Choice).await;
    };
    let order = CampaignOrder { kind, days, schools };
    let op = on_duty.operation(&app, &ctx, on_duty.role_for(AdminAct::ChangeCampaign));
    let error = match campaign::draft(&op, &on_duty, &order).await.map_err(failed)? {
        DraftOutcome::Saved(id) => return Ok(see_other(&review_path(&id))),
        DraftOutcome::NotPermitted => {
            on_duty.permit(&app, &ctx, AdminAct::ChangeCampaign, &[]).await?;
            return Err(not_found());
        }
        DraftOutcome::NoSchool => OrderFormError::NoSchool,
        DraftOutcome::TooMany | DraftOutcome::TooManySchools => OrderFormError::TooMany,
    };
    refuse(&app, &ctx, (&on_duty, &order.schools), error).await
}

/// Shows the form again where it was: on the page of the one school, or in the list.
async fn refuse(
    app: &AppState,
    ctx: &RequestContext,
    (on_duty, schools): (&OnDuty, &[Uai]),
    error: OrderFormError,
) -> GatedResult {
    match schools {
        [one] => school::refuse(app, ctx, (on_duty, one.as_str()), error).await,
        _ => {
            if on_duty.role_for(AdminAct::ChangeCampaign).is_none() {
                on_duty.permit(app, ctx, AdminAct::ChangeCampaign, &[]).await?;
            }
            list::refuse(app, ctx, on_duty, error).await
        }
    }
}

fn line(
    ctx: &RequestContext,
    school: &OrderedSchool,
    plan: PlannedCampaign,
    kind: CampaignOrderKind,
) -> OrderedSchoolLine {
    let before = CampaignWord::of(school.campaign, ctx.now);
    let day = |at: Timestamp| format!("{}, {}", dates::weekday_and_day(ctx.lang, at), dates::hour(ctx.lang, at));
    let before_day = school.campaign.map(|campaign| match before {
        CampaignWord::Upcoming => campaign.opens_at,
        _ => campaign.closes_at,
    });
    let (after, after_day, n) = match plan {
        PlannedCampaign::Becomes(_) if kind == CampaignOrderKind::Close => ("closes", String::new(), 0),
        PlannedCampaign::Becomes(new) => ("becomes", day(new.closes_at), 0),
        PlannedCampaign::OpensFor(n) => ("opens_for", day(ctx.now.plus(LATE_TTL)), n),
        PlannedCampaign::Nothing => ("nothing", String::new(), 0),
    };
    OrderedSchoolLine {
        uai: school.uai.to_string(),
        name: school.name.clone(),
        before: before.name(),
        before_day: before_day.map_or_else(String::new, day),
        after,
        after_day,
        n,
    }
}

/// Returns the address of the page from which a draft came.
fn origin(draft: &CampaignDraft) -> String {
    match draft.order.schools.as_slice() {
        [one] => school_path(one),
        _ => paths::ADMIN_SCHOOLS.to_owned(),
    }
}

async fn page(
    app: &AppState,
    ctx: &RequestContext,
    (on_duty, draft): (&OnDuty, &CampaignDraft),
) -> anyhow::Result<CampaignReviewPage> {
    let kind = draft.order.kind;
    let changing = draft.schools.iter().filter(|(_, plan)| *plan != PlannedCampaign::Nothing).count();
    let may = may_everywhere(&on_duty.roles, AdminAct::ChangeCampaign, &draft.places, ctx.now).is_some();
    Ok(CampaignReviewPage {
        frame: frame(app, ctx, on_duty).await?.in_room("schools"),
        id: draft.row.id.clone(),
        kind: kind.name(),
        days: draft.order.days,
        schools: draft.schools.iter().map(|(school, plan)| line(ctx, school, *plan, kind)).collect(),
        changing,
        may_confirm: may && changing > 0 && !draft.row.is_confirmed() && !draft.is_stale(ctx.now),
        standing: draft.row.state().into(),
        version: draft.row.version,
        digest: draft.digest.clone(),
        back: origin(draft),
        error: (draft.is_stale(ctx.now) && !draft.row.is_confirmed()).then_some(CampaignReviewError::Changed),
        ended_place: String::new(),
        ended_at: String::new(),
    })
}

/// Finds a draft of the administrator; else the answer of what is not there. Whoever has no role for it any more sees it
/// when `after_role`, to be told so.
async fn open(
    app: &AppState,
    ctx: &RequestContext,
    (on_duty, after_role): (&OnDuty, bool),
    id: &str,
) -> Result<CampaignDraft, Response> {
    let not_found = || PageError::NotFound.into_response();
    if !is_id(id, 32) {
        return Err(not_found());
    }
    let op = on_duty.operation(app, ctx, None);
    let draft = campaign::find(&op, on_duty, id).await.map_err(failed)?.ok_or_else(not_found)?;
    permit_draft(app, ctx, (on_duty, after_role), (AdminAct::ChangeCampaign, &draft.places)).await?;
    Ok(draft)
}

/// GET: shows before and after.
pub async fn show(
    State(app): State<AppState>,
    ctx: RequestContext,
    who: SignedInAdministrator,
    Path(id): Path<String>,
) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    let draft = open(&app, &ctx, (&on_duty, false), &id).await?;
    Ok(shown(&app, &ctx, page(&app, &ctx, (&on_duty, &draft)).await))
}

/// POST: does it.
pub async fn confirm(
    State(app): State<AppState>,
    ctx: RequestContext,
    who: SignedInAdministrator,
    Path(id): Path<String>,
    form: Form,
) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    let draft = open(&app, &ctx, (&on_duty, true), &id).await?;
    let version = form.0.get("version").and_then(|text| text.parse().ok()).unwrap_or(-1);
    let op = on_duty.operation(&app, &ctx, on_duty.role_for(AdminAct::ChangeCampaign));
    let seen = (version, form.0.form_value("empreinte"));
    let (mut ended_place, mut ended_at) = (String::new(), String::new());
    let error = match campaign::confirm(&op, &on_duty, &id, seen).await.map_err(failed)? {
        CampaignConfirmation::Done => {
            return Ok(see_other(&match draft.order.schools.as_slice() {
                [one] => format!("{}?fait={}", school_path(one), draft.order.kind.name()),
                _ => review_path(&id),
            }));
        }
        CampaignConfirmation::NotFound => return Err(PageError::NotFound.into_response()),
        CampaignConfirmation::NotPermitted => {
            let of = (AdminAct::ChangeCampaign, draft.places.as_slice());
            let ended = find_ended_role(&app, &ctx, &on_duty, of).await?;
            (ended_place, ended_at) = ended.ok_or_else(|| PageError::NotFound.into_response())?;
            CampaignReviewError::RoleEnded
        }
        CampaignConfirmation::Changed => CampaignReviewError::Changed,
        CampaignConfirmation::Nothing => CampaignReviewError::Nothing,
    };
    let mut page = page(&app, &ctx, (&on_duty, &draft)).await.map_err(failed)?;
    if error == CampaignReviewError::RoleEnded {
        // Told that the role has ended, and nothing of how the schools are now.
        (page.schools, page.changing, page.digest) = (Vec::new(), 0, String::new());
    }
    let page = CampaignReviewPage { error: Some(error), ended_place, ended_at, ..page };
    ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page).map_err(PageError::into_response)
}
