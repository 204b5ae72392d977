//! The list of uploads, and the form by which files are given.

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::{GatedResult, upload_path};
use crate::administrators::extract::SignedInAdministrator;
use crate::administrators::ops::OnDuty;
use crate::administrators::pages::{failed, frame, scope_of};
use crate::administrators::roles::AdminAct;
use crate::app::AppState;
use crate::base::clock::Timestamp;
use crate::base::ids::is_id;
use crate::base::uai::Uai;
use crate::http::error::PageError;
use crate::http::multipart::{self, FormPart};
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other};
use crate::protocol::params::encode;
use crate::roster_admin::files::{UploadFileFault, judge_all, shown_name};
use crate::roster_admin::ops::{self, GivenFile, PAGE_UPLOADS, UploadOutcome};
use crate::roster_admin::store::ListedUploadRow;
use crate::roster_admin::views::{FORMATS, UploadFormError, UploadLine, UploadListPage, known_state};
use crate::roster_admin::{FullPlace, upload_format};

fn line(ctx: &RequestContext, row: ListedUploadRow) -> UploadLine {
    UploadLine {
        id: row.id,
        school: row.school,
        uai: row.uai.to_string(),
        format: FORMATS.into_iter().find(|format| *format == row.format).unwrap_or("csv"),
        state: known_state(&row.state),
        author: row.author.unwrap_or_default(),
        when: dates::moment(ctx.lang, Timestamp(row.created_at), ctx.now),
        changes: row.all_changes.and_then(|all| usize::try_from(all).ok()),
    }
}

async fn page(
    app: &AppState,
    ctx: &RequestContext,
    on_duty: &OnDuty,
    (typed, error): (&str, Option<UploadFormError>),
) -> anyhow::Result<UploadListPage> {
    let only = scope_of(on_duty, AdminAct::UploadRoster, ctx).only_school().map(|uai| uai.to_string());
    let asked = ctx.query.get("uai").and_then(|uai| Uai::parse(uai).ok()).map(|uai| uai.to_string());
    let uai = only.clone().or(asked).unwrap_or_default();
    let before = ctx.query.get("avant").filter(|id| is_id(id, 32)).unwrap_or_default();
    let mut rows = ops::list(&on_duty.operation(app, ctx, None), on_duty, (&uai, before), PAGE_UPLOADS).await?;
    let most = usize::try_from(PAGE_UPLOADS)?;
    let has_more = rows.len() > most;
    rows.truncate(most);
    let next = rows.last().filter(|_| has_more).map(|last| {
        let all = [("uai", uai.as_str()), ("avant", last.id.as_str())];
        format!("{}?{}", paths::ADMIN_ROSTERS, encode(all.into_iter().filter(|(_, value)| !value.is_empty())))
    });
    Ok(UploadListPage {
        frame: frame(app, ctx, on_duty).await?.in_room("rosters"),
        lines: rows.into_iter().map(|row| line(ctx, row)).collect(),
        next,
        formats: FORMATS.to_vec(),
        chooses_school: only.is_none(),
        uai: if typed.is_empty() { uai } else { typed.to_owned() },
        error,
    })
}

/// GET: lists the uploads.
pub async fn show(State(app): State<AppState>, ctx: RequestContext, who: SignedInAdministrator) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    if on_duty.role_for(AdminAct::UploadRoster).is_none() {
        on_duty.permit(&app, &ctx, AdminAct::UploadRoster, &[]).await?;
    }
    let page = page(&app, &ctx, &on_duty, ("", None)).await.map_err(failed)?;
    ctx.page(&app.pages, StatusCode::OK, &page).map_err(PageError::into_response)
}

/// GET: goes back to the list.
pub async fn back(_: SignedInAdministrator) -> Response {
    see_other(paths::ADMIN_ROSTERS)
}

fn text(parts: &[FormPart<'_>], name: &str) -> String {
    let found = parts.iter().find(|part| part.name == name && part.file_name.is_none());
    let text = found.map(|part| String::from_utf8_lossy(part.content).into_owned()).unwrap_or_default();
    text.trim().chars().take(100).collect()
}

fn form_error(fault: UploadFileFault) -> UploadFormError {
    match fault {
        UploadFileFault::Number => UploadFormError::Number,
        UploadFileFault::Empty => UploadFormError::Empty,
        UploadFileFault::BadZip => UploadFormError::BadZip,
        UploadFileFault::ZipPaths => UploadFormError::ZipPaths,
        UploadFileFault::ZipTooLarge => UploadFormError::ZipTooLarge,
    }
}

/// POST: takes the files. Nothing of the body is read before it is known who sends it.
pub async fn submit(
    State(app): State<AppState>,
    ctx: RequestContext,
    who: SignedInAdministrator,
    request: Request,
) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    if on_duty.role_for(AdminAct::UploadRoster).is_none() {
        on_duty.permit(&app, &ctx, AdminAct::UploadRoster, &[]).await?;
    }
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().to_owned();
    let bad = |error: multipart::MultipartError| PageError::BadForm(error.to_string()).into_response();
    let boundary = multipart::boundary(&kind).map_err(bad)?;
    let held = app.large_bodies.read(request, &on_duty.administrator.id).await.map_err(PageError::into_response)?;
    let body = &held.bytes;
    let parts = multipart::parse(body, boundary).map_err(bad)?;
    let typed = text(&parts, "uai");
    let not_found = || PageError::NotFound.into_response();
    let Ok(uai) = Uai::parse(&typed) else {
        return refuse(&app, &ctx, &on_duty, (&typed, UploadFormError::Uai)).await;
    };
    let found = ops::find_school(&mut app.db.read().await.map_err(failed)?, &uai).await.map_err(failed)?;
    let (school, place) = found.ok_or_else(not_found)?;
    let grant = on_duty.permit(&app, &ctx, AdminAct::UploadRoster, std::slice::from_ref(&place)).await?;
    let Some(format) = upload_format(&text(&parts, "format")) else {
        return refuse(&app, &ctx, &on_duty, (&typed, UploadFormError::Format)).await;
    };
    let given = parts.iter().filter(|part| part.name == "fichiers");
    // A field without a file is sent as an empty file without a name.
    let given: Vec<(String, Bytes)> = given
        .filter(|part| !part.content.is_empty() || part.file_name.as_deref().is_some_and(|name| !name.is_empty()))
        .map(|part| (shown_name(part.file_name.as_deref().unwrap_or_default()), body.slice_ref(part.content)))
        .collect();
    let files: Vec<GivenFile<'_>> = given.iter().map(|(name, content)| GivenFile { name, content }).collect();
    let contents: Vec<Bytes> = given.iter().map(|(_, content)| content.clone()).collect();
    if let Err(fault) = judge_all(contents).await.map_err(failed)? {
        return refuse(&app, &ctx, &on_duty, (&typed, form_error(fault))).await;
    }
    let op = on_duty.operation(&app, &ctx, Some(&grant));
    let error = match ops::receive(&op, &on_duty, (&school, &place), (format, &files)).await.map_err(failed)? {
        UploadOutcome::Received(id) => return Ok(see_other(&upload_path(&id))),
        UploadOutcome::NotPermitted => return Err(not_found()),
        UploadOutcome::TooMany => UploadFormError::TooMany,
        UploadOutcome::Full(FullPlace::School) => UploadFormError::SchoolFull,
        UploadOutcome::Full(FullPlace::Academy) => UploadFormError::AcademyFull,
        UploadOutcome::Full(FullPlace::Deployment) => UploadFormError::DeploymentFull,
        UploadOutcome::Fault(fault) => form_error(fault),
    };
    refuse(&app, &ctx, &on_duty, (&typed, error)).await
}

async fn refuse(
    app: &AppState,
    ctx: &RequestContext,
    on_duty: &OnDuty,
    (typed, error): (&str, UploadFormError),
) -> GatedResult {
    let page = page(app, ctx, on_duty, (typed, Some(error))).await.map_err(failed)?;
    ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page).map_err(PageError::into_response)
}
