//! `/admin/annonces`: the list with its form, the reading of a draft, the end of a message.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::ops::{self, AnnouncementConfirmation, AnnouncementDraft, AnnouncementDraftOutcome, EndOutcome};
use super::store::ListedAnnouncementRow;
use super::views::{
    AcademyChoice, AnnouncementForm, AnnouncementFormError, AnnouncementLine, AnnouncementListPage,
    AnnouncementReviewError, AnnouncementReviewPage, SeenAnnouncement,
};
use super::{AnnouncementFaults, TypedAnnouncement, place_of};
use crate::administrators::extract::SignedInAdministrator;
use crate::administrators::ops::OnDuty;
use crate::administrators::pages::{failed, find_ended_role, frame};
use crate::administrators::roles::AdminAct;
use crate::administrators::territory::may_everywhere;
use crate::announcements::{AnnouncementLevel, MAX_TEXT_CHARS};
use crate::app::AppState;
use crate::base::clock::Timestamp;
use crate::base::ids::is_id;
use crate::base::lang::Lang;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other};
use crate::http::routing::{get, post};
use crate::protocol::params::encode;

/// The answer of a handler that may lead elsewhere first.
type GatedResult = Result<Response, Response>;

/// The longest text of a refused field that is shown again, in characters.
const MAX_SHOWN_CHARS: usize = 4 * MAX_TEXT_CHARS;
/// The longest name of an academy that is looked for, in characters.
const MAX_ACADEMY_CHARS: usize = 100;

pub fn routes() -> Router<crate::app::AppState> {
    let review = format!("{}/{{id}}", paths::ADMIN_REVIEW_ANNOUNCEMENT);
    Router::new()
        .route(paths::ADMIN_ANNOUNCEMENTS, get(show).merge(post(submit)))
        .route(&review, get(show_review).merge(post(confirm)))
        .route(paths::ADMIN_END_ANNOUNCEMENT, get(back).merge(post(end)))
}

fn not_found() -> Response {
    PageError::NotFound.into_response()
}

fn moment(ctx: &RequestContext, at: Timestamp) -> String {
    format!("{}, {}", dates::weekday_and_day(ctx.lang, at), dates::hour(ctx.lang, at))
}

fn line(ctx: &RequestContext, on_duty: &OnDuty, row: ListedAnnouncementRow) -> AnnouncementLine {
    let (begins_at, ends_at) = (Timestamp(row.begins_at), Timestamp(row.ends_at));
    let academy = Some(row.academy.as_str()).filter(|id| !id.is_empty());
    let is_open = ends_at > ctx.now;
    let may_end = may_everywhere(&on_duty.roles, AdminAct::Announce, &[place_of(academy)], ctx.now).is_some();
    AnnouncementLine {
        place: academy.map(|id| row.academy_name.clone().unwrap_or_else(|| id.to_owned())),
        level: row.level.parse::<AnnouncementLevel>().map_or("information", AnnouncementLevel::name),
        state: match (is_open, begins_at <= ctx.now) {
            (false, _) => "ended",
            (true, true) => "shown",
            (true, false) => "upcoming",
        },
        from: moment(ctx, begins_at),
        to: moment(ctx, ends_at),
        by: row.author.unwrap_or_default(),
        ended_by: row.is_ended_early.then(|| row.ended_by.unwrap_or_default()),
        may_end: is_open && may_end,
        id: row.id,
        fr: row.fr,
        en: row.en,
    }
}

/// Returns the page for whoever may write somewhere; else the answer of what is not there.
async fn page(app: &AppState, ctx: &RequestContext, on_duty: &OnDuty) -> Result<AnnouncementListPage, Response> {
    let op = on_duty.operation(app, ctx, None);
    let places = ops::list_places(&op, on_duty).await.map_err(failed)?;
    if !places.everywhere && places.academies.is_empty() {
        on_duty.permit(app, ctx, AdminAct::Announce, &[]).await?;
    }
    let before = ctx.query.get("avant").filter(|id| is_id(id, 32)).unwrap_or_default();
    let mut rows = ops::list(&op, on_duty, before).await.map_err(failed)?;
    let most = usize::try_from(ops::PAGE_ANNOUNCEMENTS).unwrap_or_default();
    let has_more = rows.len() > most;
    rows.truncate(most);
    let last = rows.last().filter(|_| has_more);
    let next = last.map(|last| format!("{}?{}", paths::ADMIN_ANNOUNCEMENTS, encode([("avant", last.id.as_str())])));
    Ok(AnnouncementListPage {
        frame: frame(app, ctx, on_duty).await.map_err(failed)?.in_room("announcements"),
        lines: rows.into_iter().map(|row| line(ctx, on_duty, row)).collect(),
        next,
        form: AnnouncementForm {
            everywhere: places.everywhere,
            academies: places.academies.into_iter().map(|(id, name)| AcademyChoice { id, name }).collect(),
            levels: AnnouncementForm::level_names(),
            ..AnnouncementForm::default()
        },
        error: None,
        done: match ctx.query.get("fait") {
            Some("published") => "published",
            Some("ended") => "ended",
            _ => "",
        },
    })
}

/// GET: lists the messages, with the form of a new one.
async fn show(State(app): State<AppState>, ctx: RequestContext, who: SignedInAdministrator) -> GatedResult {
    let page = page(&app, &ctx, &who.0).await?;
    ctx.page(&app.pages, StatusCode::OK, &page).map_err(PageError::into_response)
}

/// GET of what is only posted: goes back to the list.
async fn back(_: SignedInAdministrator) -> Response {
    see_other(paths::ADMIN_ANNOUNCEMENTS)
}

fn review_path(id: &str) -> String {
    format!("{}/{id}", paths::ADMIN_REVIEW_ANNOUNCEMENT)
}

fn typed(form: &Form) -> TypedAnnouncement {
    let filled = |name: &str| Some(form.0.form_value(name).trim()).filter(|text| !text.is_empty());
    TypedAnnouncement {
        academy: filled("academie").map(|id| id.chars().take(MAX_ACADEMY_CHARS).collect()),
        level: filled("niveau").and_then(|word| word.parse().ok()),
        fr: form.0.form_value("texte_fr").to_owned(),
        en: form.0.form_value("texte_en").to_owned(),
        begins_at: filled("debut").map(dates::parse_field),
        ends_at: filled("fin").and_then(dates::parse_field),
    }
}

/// POST: keeps a draft, to be read.
async fn submit(
    State(app): State<AppState>,
    ctx: RequestContext,
    who: SignedInAdministrator,
    form: Form,
) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    let typed = typed(&form);
    // Whoever may not write there is told nothing of the fields.
    let places = ops::list_places(&on_duty.operation(&app, &ctx, None), &on_duty).await.map_err(failed)?;
    if !places.offers(typed.academy.as_deref()) {
        on_duty.permit(&app, &ctx, AdminAct::Announce, &[]).await?;
    }
    let (error, faults) = match typed.judge(ctx.now) {
        Err(faults) => (AnnouncementFormError::Fields, faults),
        Ok(order) => {
            let op = on_duty.operation(&app, &ctx, on_duty.role_for(AdminAct::Announce));
            match ops::draft(&op, &on_duty, &order).await.map_err(failed)? {
                AnnouncementDraftOutcome::Saved(id) => return Ok(see_other(&review_path(&id))),
                AnnouncementDraftOutcome::NotPermitted => return Err(not_found()),
                AnnouncementDraftOutcome::TooMany => (AnnouncementFormError::TooMany, AnnouncementFaults::default()),
            }
        }
    };
    let again = |name: &str| form.0.form_value(name).chars().take(MAX_SHOWN_CHARS).collect::<String>();
    let page = page(&app, &ctx, &on_duty).await?;
    let shown = AnnouncementForm {
        academy: typed.academy.unwrap_or_default(),
        level: typed.level.map_or_else(String::new, |level| level.name().to_owned()),
        fr: again("texte_fr"),
        en: again("texte_en"),
        begins_at: again("debut"),
        ends_at: again("fin"),
        faults,
        ..page.form
    };
    let page = AnnouncementListPage { form: shown, error: Some(error), ..page };
    ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page).map_err(PageError::into_response)
}

async fn review_page(
    app: &AppState,
    ctx: &RequestContext,
    (on_duty, draft): (&OnDuty, &AnnouncementDraft),
) -> Result<AnnouncementReviewPage, Response> {
    let order = &draft.order;
    let mut seen = Vec::new();
    for (lang, text) in [(Lang::Fr, &order.fr), (Lang::En, &order.en)] {
        let key = format!("announcement-{}", order.level.name());
        let word = app.pages.message(lang, &key, &[]).map_err(failed)?;
        seen.push(SeenAnnouncement { lang: lang.tag(), word, text: text.clone() });
    }
    let is_stale = !draft.row.is_confirmed() && draft.is_stale(ctx.now);
    let error = match (draft.row.is_confirmed(), is_stale, draft.is_full()) {
        (false, true, _) => Some(AnnouncementReviewError::Changed),
        (false, false, true) => Some(AnnouncementReviewError::Full),
        _ => None,
    };
    Ok(AnnouncementReviewPage {
        frame: frame(app, ctx, on_duty).await.map_err(failed)?.in_room("announcements"),
        id: draft.row.id.clone(),
        place: draft.place_name.clone(),
        seen,
        from: order.begins_at.map(Timestamp).filter(|at| *at > ctx.now).map_or_else(String::new, |at| moment(ctx, at)),
        to: moment(ctx, Timestamp(order.ends_at)),
        beside: draft.open.iter().map(|one| one.fr.clone()).collect(),
        may_confirm: error.is_none() && !draft.row.is_confirmed(),
        is_done: draft.row.is_confirmed(),
        version: draft.row.version,
        digest: draft.digest.clone(),
        error,
        ended_place: String::new(),
        ended_at: String::new(),
    })
}

/// Finds a draft of the administrator; else the answer of what is not there.
async fn open(app: &AppState, ctx: &RequestContext, on_duty: &OnDuty, id: &str) -> Result<AnnouncementDraft, Response> {
    if !is_id(id, 32) {
        return Err(not_found());
    }
    let op = on_duty.operation(app, ctx, None);
    ops::find(&op, on_duty, id).await.map_err(failed)?.ok_or_else(not_found)
}

/// GET: shows the message as visitors will see it. Asks for a fresh proof first, so that confirming does not.
async fn show_review(
    State(app): State<AppState>,
    ctx: RequestContext,
    who: SignedInAdministrator,
    Path(id): Path<String>,
) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    let draft = open(&app, &ctx, &on_duty, &id).await?;
    on_duty.permit(&app, &ctx, AdminAct::Announce, &[draft.order.place()]).await?;
    let page = review_page(&app, &ctx, (&on_duty, &draft)).await?;
    ctx.page(&app.pages, StatusCode::OK, &page).map_err(PageError::into_response)
}

/// POST: shows the message from its beginning on.
async fn confirm(
    State(app): State<AppState>,
    ctx: RequestContext,
    who: SignedInAdministrator,
    Path(id): Path<String>,
    form: Form,
) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    let draft = open(&app, &ctx, &on_duty, &id).await?;
    let places = [draft.order.place()];
    let mut ended = find_ended_role(&app, &ctx, &on_duty, (AdminAct::Announce, &places)).await?;
    let may = may_everywhere(&on_duty.roles, AdminAct::Announce, &places, ctx.now).is_some();
    if may || ended.is_none() {
        on_duty.permit(&app, &ctx, AdminAct::Announce, &places).await?;
    }
    let version = form.0.get("version").and_then(|text| text.parse().ok()).unwrap_or(-1);
    let op = on_duty.operation(&app, &ctx, on_duty.role_for(AdminAct::Announce));
    let seen = (version, form.0.form_value("empreinte"));
    let error = match ops::confirm(&op, &on_duty, &id, seen).await.map_err(failed)? {
        AnnouncementConfirmation::Done => {
            return Ok(see_other(&format!("{}?fait=published", paths::ADMIN_ANNOUNCEMENTS)));
        }
        AnnouncementConfirmation::NotFound => return Err(not_found()),
        AnnouncementConfirmation::Changed => AnnouncementReviewError::Changed,
        AnnouncementConfirmation::Full => AnnouncementReviewError::Full,
        AnnouncementConfirmation::NotPermitted => AnnouncementReviewError::RoleEnded,
    };
    // Between reading the roles and the transaction it may have ended.
    if error == AnnouncementReviewError::RoleEnded && ended.is_none() {
        ended = find_ended_role(&app, &ctx, &on_duty, (AdminAct::Announce, &places)).await?;
    }
    // Another look, because what changed is to be read.
    let draft = open(&app, &ctx, &on_duty, &id).await?;
    let mut page = review_page(&app, &ctx, (&on_duty, &draft)).await?;
    if error == AnnouncementReviewError::RoleEnded {
        let (place, hour) = ended.ok_or_else(not_found)?;
        (page.ended_place, page.ended_at, page.may_confirm) = (place, hour, false);
        // Told that the role has ended, and nothing of what is shown now.
        (page.seen, page.beside, page.to) = (Vec::new(), Vec::new(), String::new());
    }
    page.error = Some(error);
    ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page).map_err(PageError::into_response)
}

/// POST: ends a message.
async fn end(State(app): State<AppState>, ctx: RequestContext, who: SignedInAdministrator, form: Form) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    let id = form.0.form_value("annonce");
    let op = on_duty.operation(&app, &ctx, on_duty.role_for(AdminAct::Announce));
    let outcome = match is_id(id, 32) {
        true => ops::end(&op, &on_duty, id).await.map_err(failed)?,
        false => EndOutcome::NotPermitted,
    };
    match outcome {
        EndOutcome::Ended => Ok(see_other(&format!("{}?fait=ended", paths::ADMIN_ANNOUNCEMENTS))),
        EndOutcome::NotPermitted => {
            on_duty.permit(&app, &ctx, AdminAct::Announce, &[]).await?;
            Err(not_found())
        }
    }
}
