//! The list of uploads, and the form by which files are given.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use tokio::sync::Semaphore;

use super::{GatedResult, upload_path};
use crate::administrators::extract::SignedInAdministrator;
use crate::administrators::ops::OnDuty;
use crate::administrators::pages::{failed, frame, scope_of};
use crate::administrators::roles::AdminAct;
use crate::app::AppState;
use crate::base::clock::Timestamp;
use crate::base::ids::is_id;
use crate::base::typed_ids::AdministratorId;
use crate::base::uai::Uai;
use crate::http::error::PageError;
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other};
use crate::protocol::params::encode;
use crate::roster::formats::RosterFormat;
use crate::roster_admin::FullPlace;
use crate::roster_admin::files::{MAX_UPLOAD_BYTES, UploadFileFault, judge, shown_name};
use crate::roster_admin::multipart::{self, FormPart};
use crate::roster_admin::ops::{self, GivenFile, PAGE_UPLOADS, UploadOutcome};
use crate::roster_admin::store::ListedUploadRow;
use crate::roster_admin::views::{FORMATS, UploadFormError, UploadLine, UploadListPage, known_state};

/// The uploads of this server whose bodies are in memory at the same time.
static BODIES: Semaphore = Semaphore::const_new(2);
/// A body has so long, and the time that this rate takes for the length that it says. 32 MB have five and a half minutes.
const LEAST_BODY_SECONDS: u64 = 20;
const MIN_BYTES_A_SECOND: u64 = 100_000;
/// The time after which somebody who found no place comes again, in seconds.
const BUSY_SECONDS: i64 = 20;

/// The administrators of whom this server takes a body.
static SENDERS: Mutex<BTreeSet<AdministratorId>> = Mutex::new(BTreeSet::new());

/// The one place of an administrator, given back when it is dropped.
struct OwnPlace(AdministratorId);

impl OwnPlace {
    fn take(id: &AdministratorId) -> Option<Self> {
        let mut senders = SENDERS.lock().unwrap_or_else(PoisonError::into_inner);
        senders.insert(id.clone()).then(|| Self(id.clone()))
    }
}

impl Drop for OwnPlace {
    fn drop(&mut self) {
        SENDERS.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

/// Returns the time for a body: that of a slow line for its length, so that a place is not held by bytes that trickle in.
fn time_for(request: &Request) -> Duration {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|text| text.to_str().ok()?.parse::<u64>().ok());
    let most = u64::try_from(MAX_UPLOAD_BYTES).unwrap_or(u64::MAX);
    Duration::from_secs(LEAST_BODY_SECONDS + length.unwrap_or_default().min(most) / MIN_BYTES_A_SECOND)
}

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
    let busy = || PageError::Busy { seconds: BUSY_SECONDS }.into_response();
    let _own = OwnPlace::take(&on_duty.administrator.id).ok_or_else(busy)?;
    let _place = BODIES.try_acquire().map_err(|_| busy())?;
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().to_owned();
    let bad = |error: multipart::MultipartError| PageError::BadForm(error.to_string()).into_response();
    let boundary = multipart::boundary(&kind).map_err(bad)?;
    let body = tokio::time::timeout(time_for(&request), Bytes::from_request(request, &app)).await;
    let body = body.map_err(|_| busy())?.map_err(|_| PageError::TooLarge.into_response())?;
    let parts = multipart::parse(&body, boundary).map_err(bad)?;
    let typed = text(&parts, "uai");
    let not_found = || PageError::NotFound.into_response();
    let Ok(uai) = Uai::parse(&typed) else {
        return refuse(&app, &ctx, &on_duty, (&typed, UploadFormError::Uai)).await;
    };
    let found = ops::find_school(&mut app.db.read().await.map_err(failed)?, &uai).await.map_err(failed)?;
    let (school, place) = found.ok_or_else(not_found)?;
    let grant = on_duty.permit(&app, &ctx, AdminAct::UploadRoster, std::slice::from_ref(&place)).await?;
    let format = match text(&parts, "format").as_str() {
        "siecle" => RosterFormat::Siecle,
        "onde" => RosterFormat::Onde,
        "csv" => RosterFormat::Csv,
        _ => return refuse(&app, &ctx, &on_duty, (&typed, UploadFormError::Format)).await,
    };
    let given = parts.iter().filter(|part| part.name == "fichiers");
    // A field without a file is sent as an empty file without a name.
    let given: Vec<(String, Bytes)> = given
        .filter(|part| !part.content.is_empty() || part.file_name.as_deref().is_some_and(|name| !name.is_empty()))
        .map(|part| (shown_name(part.file_name.as_deref().unwrap_or_default()), body.slice_ref(part.content)))
        .collect();
    let files: Vec<GivenFile<'_>> = given.iter().map(|(name, content)| GivenFile { name, content }).collect();
    // Beside the runtime: a ZIP of 32 MB takes a moment.
    let contents: Vec<Bytes> = given.iter().map(|(_, content)| content.clone()).collect();
    let judged = tokio::task::spawn_blocking(move || contents.iter().try_for_each(|content| judge(content)));
    if let Err(fault) = judged.await.map_err(|error| failed(anyhow::Error::from(error)))? {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_d8_a_slow_body_holds_one_place_of_its_sender_for_a_bounded_time() {
        let (one, other) = (AdministratorId::new("one"), AdministratorId::new("other"));
        let held = OwnPlace::take(&one);
        assert!(held.is_some() && OwnPlace::take(&one).is_none(), "one place for each");
        assert!(OwnPlace::take(&other).is_some());
        drop(held);
        assert!(OwnPlace::take(&one).is_some());
        let time = |length: &str| {
            let request = Request::builder().header(header::CONTENT_LENGTH, length).body(axum::body::Body::empty());
            time_for(&request.unwrap()).as_secs()
        };
        for (length, right) in [("", 20), ("x", 20), ("2000000", 40), ("33554432", 355), ("99999999999", 355)] {
            assert_eq!(time(length), right, "{length}");
        }
    }
}
