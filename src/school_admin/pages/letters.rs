//! `/admin/lettres`: batches of letters, and the form of a new one.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::{GatedResult, open};
use crate::administrators::extract::SignedInAdministrator;
use crate::administrators::ops::OnDuty;
use crate::administrators::pages::{failed, frame, scope_of};
use crate::administrators::roles::AdminAct;
use crate::administrators::territory::{Place, may};
use crate::app::AppState;
use crate::base::clock::Timestamp;
use crate::base::ids::{is_id, row_id};
use crate::base::profile::Profile;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other};
use crate::protocol::params::encode;
use crate::school_admin::figures::{CampaignFigures, ParentStanding};
use crate::school_admin::ops::letters::{BatchOrder, BatchOutcome, BatchPart, PAGE_BATCHES, list_batches, print_batch};
use crate::school_admin::ops::{SchoolPlace, find_school};
use crate::school_admin::store;
use crate::school_admin::store::letters::LetterBatchRow;
use crate::school_admin::views::letters::{LetterBatchError, LetterBatchForm, LetterBatchLine, LetterBatchesPage};

/// Returns a batch in words.
pub(super) fn line(ctx: &RequestContext, row: LetterBatchRow) -> LetterBatchLine {
    let moment = |at: i64| dates::moment(ctx.lang, Timestamp(at), ctx.now);
    LetterBatchLine {
        id: row.id,
        school: row.school,
        class: row.class,
        part: if row.part == "class" { "class" } else { "unreachable" },
        profile: row.profile.parse::<Profile>().map_or("responsable", Profile::name),
        when: moment(row.printed_at),
        by: row.printed_by.unwrap_or_default(),
        reason: row.reason,
        letters: row.letters,
        used: row.used,
        open: row.open,
        withdrawn_when: row.withdrawn_at.map(moment).unwrap_or_default(),
        withdrawn: row.letters_withdrawn.unwrap_or_default(),
    }
}

/// Returns the form for a school, as far as the administrator may print there.
async fn form_of(
    app: &AppState,
    ctx: &RequestContext,
    (on_duty, place): (&OnDuty, &SchoolPlace),
) -> anyhow::Result<Option<LetterBatchForm>> {
    let act = AdminAct::PrintLetters;
    let may_at = |at: &Place| may(&on_duty.roles, act, std::slice::from_ref(at), ctx.now).is_some();
    let is_whole = may_at(&place.whole());
    let uai = &place.school.uai;
    let mut tx = app.db.read().await?;
    let mut classes: Vec<String> = store::list_enrolled_classes(&mut tx, uai).await?.into_iter().flatten().collect();
    classes.dedup();
    classes.retain(|class| is_whole || may_at(&place.class(class)));
    if classes.is_empty() && !is_whole {
        return Ok(None);
    }
    let unreachable = match is_whole {
        true => {
            let links = store::list_links(&mut tx, uai).await?;
            Some(CampaignFigures::count(&links, 0, place.campaign).of(ParentStanding::Unreachable))
        }
        false => None,
    };
    Ok(Some(LetterBatchForm {
        id: row_id(ctx.now, app.rng.as_ref()),
        uai: uai.to_string(),
        school: place.school.name.clone(),
        classes,
        unreachable,
        class: String::new(),
        reason: String::new(),
        by_pupil: app.config.letters.by_pupil,
    }))
}

async fn page(
    app: &AppState,
    ctx: &RequestContext,
    on_duty: &OnDuty,
    place: Option<&SchoolPlace>,
) -> anyhow::Result<LetterBatchesPage> {
    let form = match place {
        Some(place) => form_of(app, ctx, (on_duty, place)).await?,
        None => None,
    };
    let uai = place.map_or("", |place| place.school.uai.as_str());
    let before = ctx.query.get("avant").filter(|id| is_id(id, 32)).unwrap_or_default();
    let mut rows = list_batches(&on_duty.operation(app, ctx, None), on_duty, (uai, before)).await?;
    let most = usize::try_from(PAGE_BATCHES)?;
    let has_more = rows.len() > most;
    rows.truncate(most);
    let next = rows.last().filter(|_| has_more).map(|last| {
        let all = [("uai", uai), ("avant", last.id.as_str())];
        format!("{}?{}", paths::ADMIN_LETTERS, encode(all.into_iter().filter(|(_, value)| !value.is_empty())))
    });
    Ok(LetterBatchesPage {
        frame: frame(app, ctx, on_duty).await?.in_room("letters"),
        lines: rows.into_iter().map(|row| line(ctx, row)).collect(),
        next,
        form,
        error: None,
        names_schools: place.is_none(),
    })
}

/// GET: lists the batches; with a school, also the form.
pub async fn show(State(app): State<AppState>, ctx: RequestContext, who: SignedInAdministrator) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    if on_duty.role_for(AdminAct::PrintLetter).is_none() {
        on_duty.permit(&app, &ctx, AdminAct::PrintLetter, &[]).await?;
    }
    let place = match ctx.query.get("uai") {
        Some(uai) => Some(open(&app, &ctx, (&on_duty, AdminAct::PrintLetter), uai).await?),
        None => match scope_of(&on_duty, AdminAct::PrintLetter, &ctx).only_school() {
            Some(uai) => {
                let mut tx = app.db.read().await.map_err(failed)?;
                find_school(&mut tx, &on_duty, &uai).await.map_err(failed)?
            }
            None => None,
        },
    };
    let page = page(&app, &ctx, &on_duty, place.as_ref()).await.map_err(failed)?;
    ctx.page(&app.pages, StatusCode::OK, &page).map_err(PageError::into_response)
}

/// GET: goes back to the list, after a proof that a batch asked for.
pub async fn back(_: SignedInAdministrator) -> Response {
    see_other(paths::ADMIN_LETTERS)
}

/// POST: prints a batch. The answer is the file, once: no page shows its codes.
pub async fn print(
    State(app): State<AppState>,
    ctx: RequestContext,
    who: SignedInAdministrator,
    form: Form,
) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    let place = open(&app, &ctx, (&on_duty, AdminAct::PrintLetter), form.0.form_value("uai")).await?;
    let class: String = form.0.form_value("classe").chars().take(100).collect();
    let reason: String = form.0.form_value("raison").chars().take(400).collect();
    let profile = match form.0.get("pour") {
        Some("eleve") => Some(Profile::Eleve),
        Some("responsable") => Some(Profile::Responsable),
        _ => None,
    };
    let part = match (form.0.get("pour"), class.as_str()) {
        (Some("injoignables"), _) => Some((BatchPart::Unreachable, Profile::Responsable)),
        (_, "") => None,
        _ => profile.map(|profile| (BatchPart::Class(class.clone()), profile)),
    };
    let Some((part, profile)) = part else {
        // Nobody learns from a form without a choice whether they may print.
        on_duty.permit(&app, &ctx, AdminAct::PrintLetters, &place.places).await?;
        return refuse(&app, &ctx, (&on_duty, &place), (LetterBatchError::Choice, &class, &reason)).await;
    };
    let order = BatchOrder { id: form.0.form_value("lot"), part, profile, reason: &reason };
    let grant = on_duty.permit(&app, &ctx, AdminAct::PrintLetters, &order.places(&place)).await?;
    let op = on_duty.operation(&app, &ctx, Some(&grant));
    let error = match print_batch((&op, &app), &on_duty, &place, &order).await.map_err(failed)? {
        BatchOutcome::Printed(bytes) => {
            let headers = [
                (header::CONTENT_TYPE, "application/pdf"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"lettres.pdf\""),
                (header::CACHE_CONTROL, "no-store"),
            ];
            return Ok((headers, bytes).into_response());
        }
        BatchOutcome::NotPermitted => return Err(PageError::NotFound.into_response()),
        BatchOutcome::NoReason => LetterBatchError::Reason,
        BatchOutcome::Nobody => LetterBatchError::Nobody,
        BatchOutcome::TooMany => LetterBatchError::TooMany,
        BatchOutcome::Already => LetterBatchError::Already,
        BatchOutcome::Changed => LetterBatchError::Changed,
    };
    refuse(&app, &ctx, (&on_duty, &place), (error, &class, &reason)).await
}

async fn refuse(
    app: &AppState,
    ctx: &RequestContext,
    (on_duty, place): (&OnDuty, &SchoolPlace),
    (error, class, reason): (LetterBatchError, &str, &str),
) -> GatedResult {
    let page = page(app, ctx, on_duty, Some(place)).await.map_err(failed)?;
    let typed = |form: LetterBatchForm| LetterBatchForm { class: class.to_owned(), reason: reason.to_owned(), ..form };
    let page = LetterBatchesPage { error: Some(error), form: page.form.clone().map(typed), ..page };
    ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page).map_err(PageError::into_response)
}
