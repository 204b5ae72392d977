//! One upload: how far it is, what would change, the decision, the report, the undo.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use super::{GatedResult, upload_path};
use crate::administrators::extract::{Opened, OpenedByPath as _, SignedInAdministrator};
use crate::administrators::ops::OnDuty;
use crate::administrators::pages::{failed, frame, refused, shown};
use crate::administrators::roles::AdminAct;
use crate::administrators::territory::may;
use crate::app::AppState;
use crate::base::csv::csv_field;
use crate::base::ids::is_id;
use crate::base::lang::Lang;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::dates;
use crate::http::request_context::{RequestContext, see_other};
use crate::roster::ops::undo::UNDO_TTL;
use crate::roster_admin::UploadState;
use crate::roster_admin::french_report::french;
use crate::roster_admin::ops::undo::{self as undoing, UploadUndo, undo_act};
use crate::roster_admin::ops::{self, UploadChoice, UploadDecision, UploadFile, needed_act};
use crate::roster_admin::views::{FORMATS, SHOWN_CHANGES, SHOWN_LINES, UploadPage, UploadPageError, line_kind};

/// Formats a share in thousandths as per cent.
fn percent(ctx: &RequestContext, thousandths: usize) -> String {
    match ctx.lang {
        Lang::Fr => format!("{},{}\u{a0}%", thousandths / 10, thousandths % 10),
        Lang::En => format!("{}.{}%", thousandths / 10, thousandths % 10),
    }
}

/// Returns a sentence of the report in the language of the page, if that has other words for it.
fn in_words_of(ctx: &RequestContext, message: &str) -> Option<String> {
    match ctx.lang {
        Lang::Fr => french(message),
        Lang::En => None,
    }
}

async fn page(
    app: &AppState,
    ctx: &RequestContext,
    (on_duty, file): (&OnDuty, &UploadFile),
) -> anyhow::Result<UploadPage> {
    let upload = &file.upload;
    let place = std::slice::from_ref(&file.place);
    let allowed = |act| may(&on_duty.roles, act, place, ctx.now).is_some();
    let act = needed_act(upload);
    let is_waiting = upload.state == UploadState::Waiting;
    let has_agreed = upload.first_by.as_ref() == Some(&on_duty.administrator.id);
    let own = allowed(AdminAct::UploadRoster);
    let preview = upload.preview.clone();
    let lines = file.lines_for(on_duty, ctx.now);
    let all_lines = lines.len();
    let shown = lines.into_iter().take(SHOWN_LINES).map(|line| {
        let words = in_words_of(ctx, &line.message);
        let is_english = words.is_none() && ctx.lang == Lang::Fr;
        (line_kind(&line.kind), words.unwrap_or(line.message), is_english)
    });
    let bytes: usize = upload.files.iter().map(|file| file.bytes).sum();
    let is_young = upload.decided_at.is_some_and(|at| ctx.now.since(at) < UNDO_TTL);
    let can_be_undone = upload.state == UploadState::Taken && file.is_last && is_young;
    let undoes_already = upload.undo_first_by.as_ref() == Some(&on_duty.administrator.id);
    Ok(UploadPage {
        frame: frame(app, ctx, on_duty).await?.in_room("rosters"),
        id: upload.id.clone(),
        uai: upload.uai.to_string(),
        school: file.school.name.clone(),
        format: FORMATS.into_iter().find(|format| *format == upload.format).unwrap_or("csv"),
        state: upload.state.name(),
        is_at_work: upload.state.is_at_work(),
        // Whoever reads slowly stops the page from loading itself again.
        refreshes: upload.state.is_at_work() && ctx.query.get("arret") != Some("1"),
        author: file.author.clone(),
        created: dates::moment(ctx.lang, upload.created_at, ctx.now),
        files: upload.files.iter().map(|file| file.name.clone()).collect(),
        kilobytes: bytes / 1000,
        share: preview.as_ref().map_or_else(String::new, |preview| percent(ctx, preview.share_gone())),
        needed: preview.as_ref().map_or("confirmation", |preview| preview.needed.name()),
        shown_changes: preview.as_ref().map_or(0, |preview| preview.changes.len().min(SHOWN_CHANGES)),
        preview: preview.map(|mut preview| {
            // How many is for whoever agrees: a school would learn of ids whether they are known.
            if !allowed(AdminAct::AcceptRemovals) {
                preview.elsewhere = 0;
            }
            preview.changes.truncate(SHOWN_CHANGES);
            for change in &mut preview.changes {
                *change = in_words_of(ctx, change).unwrap_or_else(|| change.clone());
            }
            preview.lines.clear();
            preview
        }),
        lines: shown.collect(),
        all_lines,
        first: file.first.clone(),
        decider: file.decider.clone(),
        decided: upload.decided_at.map(|at| dates::moment(ctx.lang, at, ctx.now)),
        decide_before: upload.expires_at.filter(|_| is_waiting).map(|at| dates::weekday_and_day(ctx.lang, at)),
        is_expired: upload.is_expired(),
        reason: upload.reason.clone(),
        may_decide: is_waiting && allowed(act) && !has_agreed,
        waits_for_others: is_waiting && (!allowed(act) || has_agreed),
        needs_reason: act == AdminAct::AcceptRemovals,
        may_stop: own && matches!(upload.state, UploadState::Received | UploadState::Waiting),
        may_undo: allowed(undo_act(upload)) && can_be_undone && !undoes_already,
        undo_needed: upload.undo_agreement().name(),
        undo_first: file.undo_first.clone().filter(|_| can_be_undone),
        undone_by: file.undone_by.clone(),
        undo_reason: upload.undo_reason.clone(),
        version: upload.version,
        digest: upload.digest.clone(),
        typed: String::new(),
        error: None,
    })
}

/// GET: shows it.
pub async fn show(
    State(app): State<AppState>,
    ctx: RequestContext,
    Opened { on_duty, file, .. }: Opened<UploadFile>,
) -> GatedResult {
    Ok(shown(&app, &ctx, page(&app, &ctx, (&on_duty, &file)).await))
}

/// GET: goes back to the upload, after a proof that a decision asked for.
pub async fn back(_: SignedInAdministrator, Path(id): Path<String>) -> GatedResult {
    match is_id(&id, 32) {
        true => Ok(see_other(&upload_path(&id))),
        false => Err(PageError::NotFound.into_response()),
    }
}

fn seen_version(form: &Form) -> i64 {
    form.0.get("version").and_then(|text| text.parse().ok()).unwrap_or(-1)
}

async fn refuse(
    app: &AppState,
    ctx: &RequestContext,
    (on_duty, id): (&OnDuty, &str),
    (error, typed): (UploadPageError, &str),
) -> GatedResult {
    // As it is now: it may have changed since.
    let file = UploadFile::open(app, ctx, on_duty, id).await?;
    let page = page(app, ctx, (on_duty, &file)).await.map(|page| UploadPage {
        error: Some(error),
        typed: typed.to_owned(),
        refreshes: false,
        ..page
    });
    Ok(refused(app, ctx, page))
}

/// POST: decides.
pub async fn decide(
    State(app): State<AppState>,
    ctx: RequestContext,
    Opened { on_duty, file, id }: Opened<UploadFile>,
    form: Form,
) -> GatedResult {
    let act = needed_act(&file.upload);
    let grant = on_duty.permit(&app, &ctx, act, std::slice::from_ref(&file.place)).await?;
    let typed: String = form.0.form_value("raison").chars().take(400).collect();
    let Some(choice) = form.0.get("decision").and_then(|word| word.parse::<UploadChoice>().ok()) else {
        return refuse(&app, &ctx, (&on_duty, &id), (UploadPageError::Choice, &typed)).await;
    };
    let op = on_duty.operation(&app, &ctx, Some(&grant));
    let seen = (seen_version(&form), form.0.form_value("empreinte"));
    let error = match ops::decide(&op, &on_duty, &file, (choice, &typed), seen).await.map_err(failed)? {
        UploadDecision::Done | UploadDecision::Partly => return Ok(see_other(&upload_path(&id))),
        UploadDecision::NotPermitted => return Err(PageError::NotFound.into_response()),
        UploadDecision::NoReason => UploadPageError::Reason,
        UploadDecision::Own => UploadPageError::Own,
        UploadDecision::Changed => UploadPageError::Changed,
    };
    refuse(&app, &ctx, (&on_duty, &id), (error, &typed)).await
}

/// POST: takes it back.
pub async fn stop(
    State(app): State<AppState>,
    ctx: RequestContext,
    Opened { on_duty, file, id }: Opened<UploadFile>,
    form: Form,
) -> GatedResult {
    let op = on_duty.operation(&app, &ctx, on_duty.role_for(AdminAct::UploadRoster));
    match ops::stop(&op, &on_duty, &file, seen_version(&form)).await.map_err(failed)? {
        true => Ok(see_other(&upload_path(&id))),
        false => refuse(&app, &ctx, (&on_duty, &id), (UploadPageError::Changed, "")).await,
    }
}

/// POST: puts the school back as it was before.
pub async fn undo(
    State(app): State<AppState>,
    ctx: RequestContext,
    Opened { on_duty, file, id }: Opened<UploadFile>,
    form: Form,
) -> GatedResult {
    let place = std::slice::from_ref(&file.place);
    let grant = on_duty.permit(&app, &ctx, undo_act(&file.upload), place).await?;
    let op = on_duty.operation(&app, &ctx, Some(&grant));
    let typed: String = form.0.form_value("raison").chars().take(400).collect();
    let error = match undoing::undo(&op, &on_duty, &file, (seen_version(&form), &typed)).await.map_err(failed)? {
        UploadUndo::Done | UploadUndo::Partly => return Ok(see_other(&upload_path(&id))),
        UploadUndo::NotPermitted => return Err(PageError::NotFound.into_response()),
        UploadUndo::NoReason => UploadPageError::Reason,
        UploadUndo::Own => UploadPageError::Own,
        UploadUndo::Changed => UploadPageError::Changed,
        UploadUndo::TooLate => UploadPageError::NoUndo,
    };
    refuse(&app, &ctx, (&on_duty, &id), (error, &typed)).await
}

/// GET: the report as a table.
pub async fn report(ctx: RequestContext, Opened { on_duty, file, .. }: Opened<UploadFile>) -> Response {
    let upload = &file.upload;
    let preview = upload.preview.as_ref();
    let lines = file.lines_for(&on_duty, ctx.now);
    let mut out = vec!["school;kind;message".to_owned()];
    let write = |kind: &str, message: &str| [upload.uai.as_str(), kind, message].map(csv_field).join(";");
    out.extend(lines.iter().map(|line| write(&line.kind, &line.message)));
    out.extend(preview.iter().flat_map(|preview| &preview.changes).map(|change| write("change", change)));
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"rapport-{}.csv\"", upload.uai)),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, format!("\u{feff}{}\r\n", out.join("\r\n"))).into_response()
}
