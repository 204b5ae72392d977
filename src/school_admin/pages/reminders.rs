//! Reminders of a campaign: kept as a draft, read with their text and price, confirmed.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::{GatedResult, open, school, school_path};
use crate::administrators::extract::SignedInAdministrator;
use crate::administrators::ops::OnDuty;
use crate::administrators::pages::{failed, find_ended_role, frame, permit_draft};
use crate::administrators::roles::AdminAct;
use crate::administrators::territory::may;
use crate::app::AppState;
use crate::base::ids::is_id;
use crate::base::lang::Lang;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other};
use crate::school_admin::ops::reminders::{self, ReminderConfirmation, ReminderDraft};
use crate::school_admin::reminders::{LeftOutReason, ReminderChannel, price_in_cents};
use crate::school_admin::views::OrderFormError;
use crate::school_admin::views::reminders::{LeftOutLine, ReminderReviewPage};

/// Returns the address of the reading of a draft.
fn review_path(id: &str) -> String {
    format!("{}/{id}", paths::ADMIN_REVIEW_REMINDER)
}

/// GET: goes back to the school.
pub async fn back(_: SignedInAdministrator, Path(uai): Path<String>) -> Response {
    match uai.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        true => see_other(&school_path(&uai)),
        false => PageError::NotFound.into_response(),
    }
}

/// POST: keeps an order as a draft, to be read.
pub async fn submit(
    State(app): State<AppState>,
    ctx: RequestContext,
    who: SignedInAdministrator,
    Path(uai): Path<String>,
    form: Form,
) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    let place = open(&app, &ctx, (&on_duty, AdminAct::ChangeCampaign), &uai).await?;
    // A class is no school: the role must be for the whole of it.
    on_duty.permit(&app, &ctx, AdminAct::ChangeCampaign, &[place.whole()]).await?;
    let op = on_duty.operation(&app, &ctx, on_duty.role_for(AdminAct::ChangeCampaign));
    match reminders::draft(&op, &on_duty, (&place, channel_of(&form))).await.map_err(failed)? {
        Some(id) => Ok(see_other(&review_path(&id))),
        None => school::refuse(&app, &ctx, (&on_duty, &uai), OrderFormError::TooMany).await,
    }
}

/// Returns the means that the form names; SMS if it names none.
fn channel_of(form: &Form) -> ReminderChannel {
    match form.0.form_value("moyen") {
        "courriel" => ReminderChannel::Mail,
        _ => ReminderChannel::Sms,
    }
}

/// Formats cents as an amount in euros.
fn euros(lang: Lang, cents: i64) -> String {
    match lang {
        Lang::Fr => format!("{},{:02}\u{a0}€", cents / 100, cents % 100),
        Lang::En => format!("€{}.{:02}", cents / 100, cents % 100),
    }
}

async fn page(
    app: &AppState,
    ctx: &RequestContext,
    (on_duty, draft): (&OnDuty, &ReminderDraft),
) -> anyhow::Result<ReminderReviewPage> {
    let config = &app.config.reminders;
    let (channel, obstacle) = (draft.preview.channel, draft.preview.obstacle(app, ctx.now));
    let is_sms = channel == ReminderChannel::Sms;
    let price = Some(config.sms_price_thousandths).filter(|price| is_sms && *price > 0);
    let of_day = if is_sms { config.share_of(app.config.sms.daily_cap) } else { config.mail_daily_cap };
    let whole = [draft.preview.place.whole()];
    let may = may(&on_duty.roles, AdminAct::ChangeCampaign, &whole, ctx.now).is_some();
    let (is_done, is_stale) = (draft.row.is_confirmed(), draft.is_stale(ctx.now));
    let line = |(reason, n): (LeftOutReason, usize)| LeftOutLine {
        key: reason.name(),
        n: i64::try_from(n).unwrap_or(i64::MAX),
    };
    Ok(ReminderReviewPage {
        frame: frame(app, ctx, on_duty).await?.in_room("schools"),
        school: draft.preview.place.school.name.clone(),
        people: i64::try_from(draft.preview.plan.persons.len())?,
        left_out: draft.preview.plan.left_out_by_reason().into_iter().map(line).collect(),
        channel: channel.name(),
        subject: draft.preview.subject.clone(),
        text: draft.preview.text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect(),
        segments: draft.preview.segments,
        sms: draft.preview.sms(),
        price: price.map(|price| euros(ctx.lang, price_in_cents(draft.preview.sms(), price))),
        left: draft.preview.left,
        budget: i64::from(if is_sms { config.school_budget } else { config.school_mails }),
        share: i64::from(config.share_percent),
        of_day: i64::from(of_day),
        begins: dates::moment(ctx.lang, dates::waking_hour(ctx.now), ctx.now),
        may_confirm: may && obstacle.is_none() && !is_done && !is_stale,
        is_done,
        version: draft.row.version,
        digest: draft.preview.digest.clone(),
        back: school_path(&draft.preview.place.school.uai),
        error: match obstacle.filter(|_| !is_done) {
            Some(obstacle) => Some(obstacle.name()),
            None => (is_stale && !is_done).then_some("changed"),
        },
        ended_place: String::new(),
        ended_at: String::new(),
    })
}

/// Finds a draft of the administrator; else the answer of what is not there. Whoever has no role for it any more finds
/// it when `after_role`, to be told so.
async fn open_draft(
    app: &AppState,
    ctx: &RequestContext,
    (on_duty, after_role): (&OnDuty, bool),
    id: &str,
) -> Result<ReminderDraft, Response> {
    let not_found = || PageError::NotFound.into_response();
    if !is_id(id, 32) {
        return Err(not_found());
    }
    let op = on_duty.operation(app, ctx, None);
    let draft = reminders::find(&op, on_duty, id).await.map_err(failed)?.ok_or_else(not_found)?;
    let whole = [draft.preview.place.whole()];
    permit_draft(app, ctx, (on_duty, after_role), (AdminAct::ChangeCampaign, &whole)).await?;
    Ok(draft)
}

/// GET: shows whom it reaches, its text and its price.
pub async fn show(
    State(app): State<AppState>,
    ctx: RequestContext,
    who: SignedInAdministrator,
    Path(id): Path<String>,
) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    let draft = open_draft(&app, &ctx, (&on_duty, false), &id).await?;
    let page = page(&app, &ctx, (&on_duty, &draft)).await.map_err(failed)?;
    ctx.page(&app.pages, StatusCode::OK, &page).map_err(PageError::into_response)
}

/// POST: orders it.
pub async fn confirm(
    State(app): State<AppState>,
    ctx: RequestContext,
    who: SignedInAdministrator,
    Path(id): Path<String>,
    form: Form,
) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    let draft = open_draft(&app, &ctx, (&on_duty, true), &id).await?;
    let version = form.0.get("version").and_then(|text| text.parse().ok()).unwrap_or(-1);
    let op = on_duty.operation(&app, &ctx, on_duty.role_for(AdminAct::ChangeCampaign));
    let seen = (version, form.0.form_value("empreinte"));
    let error = match reminders::confirm(&op, &on_duty, &id, seen).await.map_err(failed)? {
        ReminderConfirmation::Done => {
            return Ok(see_other(&format!("{}?fait=reminded", school_path(&draft.preview.place.school.uai))));
        }
        ReminderConfirmation::NotFound => return Err(PageError::NotFound.into_response()),
        ReminderConfirmation::NotPermitted => return say_role_ended(&app, &ctx, (&on_duty, &draft)).await,
        ReminderConfirmation::Changed => "changed",
        ReminderConfirmation::Obstacle(obstacle) => obstacle.name(),
    };
    // As it is now: the draft was read before the refusal.
    let draft = open_draft(&app, &ctx, (&on_duty, false), &id).await?;
    let page = page(&app, &ctx, (&on_duty, &draft)).await.map_err(failed)?;
    let page = ReminderReviewPage { error: Some(error), ..page };
    ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page).map_err(PageError::into_response)
}

/// Tells that the role has ended, and nothing of how the school is now.
async fn say_role_ended(
    app: &AppState,
    ctx: &RequestContext,
    (on_duty, draft): (&OnDuty, &ReminderDraft),
) -> GatedResult {
    let whole = [draft.preview.place.whole()];
    let ended = find_ended_role(app, ctx, on_duty, (AdminAct::ChangeCampaign, whole.as_slice())).await?;
    let (ended_place, ended_at) = ended.ok_or_else(|| PageError::NotFound.into_response())?;
    let page = page(app, ctx, (on_duty, draft)).await.map_err(failed)?;
    let page = ReminderReviewPage {
        people: 0,
        left_out: Vec::new(),
        subject: String::new(),
        text: Vec::new(),
        sms: 0,
        price: None,
        left: 0,
        digest: String::new(),
        may_confirm: false,
        error: Some("role_ended"),
        ended_place,
        ended_at,
        ..page
    };
    ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page).map_err(PageError::into_response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_has_two_decimals() {
        assert_eq!(euros(Lang::Fr, 1_205), "12,05\u{a0}€");
        assert_eq!(euros(Lang::En, 7), "€0.07");
    }
}
