//! `/admin/services/relire/…`: what a request changes, and the decision.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::request_form::check_lines;
use super::{GatedResult, review_lines, review_path};
use crate::administrators::extract::{Opened, OpenedByPath, SignedInAdministrator};
use crate::administrators::ops::OnDuty;
use crate::administrators::pages::{failed, frame, refused, shown, territory_name};
use crate::administrators::roles::AdminAct;
use crate::administrators::store::roles::list_ended;
use crate::administrators::territory::{RoleGrant, may};
use crate::app::{AppState, Operation};
use crate::base::clock::Span;
use crate::base::ids::is_id;
use crate::client_admin::ops::request::{FormSubject, SendOutcome, send, withdraw};
use crate::client_admin::ops::review::{self, RecheckOutcome, RequestFile, ReviewChoice, ReviewOutcome, own_places};
use crate::client_admin::ops::{self, ServiceFile};
use crate::client_admin::requests::{ClientRequestKind, RequestState, needs_approval};
use crate::client_admin::views::request_form::ScopeChoice;
use crate::client_admin::views::review::{DeciderLine, ReviewError, ReviewPage, TOLD_WORDS};
use crate::clients::checks::has_bad;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other};

impl OpenedByPath for RequestFile {
    async fn open(app: &AppState, ctx: &RequestContext, on_duty: &OnDuty, id: &str) -> Result<Self, Response> {
        open(app, ctx, (on_duty, false), id).await
    }
}

/// Finds a request that the administrator wrote, or may decide on; else the answer of what is not there. `after_role`:
/// whoever could have decided is told that the role ended.
async fn open(
    app: &AppState,
    ctx: &RequestContext,
    (on_duty, after_role): (&OnDuty, bool),
    id: &str,
) -> Result<RequestFile, Response> {
    let not_found = || PageError::NotFound.into_response();
    if !is_id(id, 32) {
        return Err(not_found());
    }
    let op = on_duty.operation(app, ctx, None);
    let file = review::find(&op, id).await.map_err(failed)?.ok_or_else(not_found)?;
    if file.request.author_id == on_duty.administrator.id && may_go_on(&op, on_duty, &file).await.map_err(failed)? {
        return Ok(file);
    }
    // A draft is its author's alone.
    let seen = may(&on_duty.roles, AdminAct::ApproveClient, &file.places, ctx.now).is_some();
    if file.request.state == RequestState::Draft {
        return Err(not_found());
    }
    let told = seen || after_role && had_role(app, ctx, on_duty, &file).await?.is_some();
    if !told {
        on_duty.permit(app, ctx, AdminAct::ApproveClient, &[]).await?;
    }
    Ok(file)
}

/// True if an author may still ask for what was asked for: a role that ended reads no longer.
async fn may_go_on(op: &Operation<'_>, on_duty: &OnDuty, file: &RequestFile) -> anyhow::Result<bool> {
    Ok(match file.request.kind {
        ClientRequestKind::New => on_duty.role_for(AdminAct::RequestClient).is_some(),
        ClientRequestKind::Change => ops::find(op, &file.request.client_id)
            .await?
            .is_some_and(|client| may(&on_duty.roles, AdminAct::ChangeClient, &client.touched, op.now).is_some()),
    })
}

/// The time for which somebody whose role ended is told so on the page they had open.
const SAID_AFTER_ROLE: Span = Span::hours(12);

/// Returns a role that ended and would have let decide, with the time of its end in milliseconds.
async fn had_role(
    app: &AppState,
    ctx: &RequestContext,
    on_duty: &OnDuty,
    file: &RequestFile,
) -> Result<Option<(RoleGrant, i64)>, Response> {
    let mut tx = app.db.read().await.map_err(failed)?;
    let ended = list_ended(&mut tx, &on_duty.administrator.id, ctx.now).await.map_err(failed)?;
    let decided = |grant: &RoleGrant| {
        let again = RoleGrant { ended: false, ends_at: None, ..grant.clone() };
        may(&[again], AdminAct::ApproveClient, &file.places, ctx.now).is_some()
    };
    let lately = ctx.now.minus(SAID_AFTER_ROLE).0;
    Ok(ended.into_iter().find(|(grant, at)| *at >= lately && decided(grant)))
}

async fn page(
    app: &AppState,
    ctx: &RequestContext,
    (on_duty, file): (&OnDuty, &RequestFile),
) -> anyhow::Result<ReviewPage> {
    let request = &file.request;
    let is_author = request.author_id == on_duty.administrator.id;
    let moment = |at| dates::moment(ctx.lang, at, ctx.now);
    let old = file.client.as_ref().map(|record| &record.client.meta);
    let may_decide =
        !is_author && request.state == RequestState::Requested && !own_places(on_duty, file, ctx.now).is_empty();
    let decider = |decider: &review::Decider| DeciderLine {
        name: decider.row.name.clone(),
        is_you: decider.row.id == on_duty.administrator.id,
        is_author: decider.is_author,
        has_approved: decider.has_approved,
    };
    let reasons = request.answers.scopes.iter().map(|scope| ScopeChoice {
        name: scope.clone(),
        chosen: true,
        reason: request.answers.reasons.get(scope).cloned().unwrap_or_default(),
    });
    Ok(ReviewPage {
        frame: frame(app, ctx, on_duty).await?.in_room("services"),
        id: request.id.clone(),
        client_id: request.client_id.to_string(),
        name: file.new.client_name.clone(),
        is_new: request.kind == ClientRequestKind::New,
        state: request.state.name(),
        author: file.author.clone(),
        requested: request.requested_at.map(moment),
        decided: request.decided_at.map(moment),
        decider: file.decider.clone(),
        words: request.words.clone(),
        note: request.answers.note.clone(),
        reasons: reasons.collect(),
        changes: review_lines::changes(file),
        effects: review_lines::effects(file),
        checks: check_lines(&request.checks),
        checked: request.checked_at.map(moment),
        deciders: file.deciders.iter().map(decider).collect(),
        is_author,
        may_send: is_author && request.state == RequestState::Draft && !has_bad(&request.checks),
        may_edit: is_author && request.state.is_open(),
        may_decide,
        may_check: request.state.is_open() && (is_author || may_decide),
        at_once: old.is_some_and(|old| !needs_approval(old, &file.new)),
        version: request.version,
        digest: request.digest(),
        typed: String::new(),
        error: None,
        ended_place: String::new(),
        ended_at: String::new(),
        told: TOLD_WORDS.into_iter().find(|word| ctx.query.get("fait") == Some(word)),
    })
}

async fn refuse(
    app: &AppState,
    ctx: &RequestContext,
    (on_duty, file): (&OnDuty, &RequestFile),
    (error, typed): (ReviewError, &str),
) -> GatedResult {
    let page = page(app, ctx, (on_duty, file)).await.map(|page| ReviewPage {
        error: Some(error),
        typed: typed.to_owned(),
        told: None,
        ..page
    });
    Ok(refused(app, ctx, page))
}

/// GET: shows what a request changes.
pub async fn show(
    State(app): State<AppState>,
    ctx: RequestContext,
    Opened { on_duty, file, .. }: Opened<RequestFile>,
) -> GatedResult {
    Ok(shown(&app, &ctx, page(&app, &ctx, (&on_duty, &file)).await))
}

/// GET: goes back to the reading, after a proof that a decision asked for.
pub async fn back(_: SignedInAdministrator, Path(id): Path<String>) -> GatedResult {
    match is_id(&id, 32) {
        true => Ok(see_other(&review_path(&id))),
        false => Err(PageError::NotFound.into_response()),
    }
}

/// Returns the version and the digest with which a page was shown.
fn seen(form: &Form) -> (i64, String) {
    let version = form.0.get("version").and_then(|text| text.parse().ok()).unwrap_or(-1);
    (version, form.0.form_value("empreinte").to_owned())
}

/// Finds the client that a change is of.
async fn subject_of(
    app: &AppState,
    ctx: &RequestContext,
    on_duty: &OnDuty,
    file: &RequestFile,
) -> Result<Option<ServiceFile>, Response> {
    match file.request.kind {
        ClientRequestKind::New => Ok(None),
        ClientRequestKind::Change => {
            let op = on_duty.operation(app, ctx, None);
            let found = ops::find(&op, &file.request.client_id).await.map_err(failed)?;
            found.map(Some).ok_or_else(|| PageError::NotFound.into_response())
        }
    }
}

/// POST: sends one's own draft to whoever decides.
pub async fn submit(
    State(app): State<AppState>,
    ctx: RequestContext,
    Opened { on_duty, file, id }: Opened<RequestFile>,
    form: Form,
) -> GatedResult {
    let client = subject_of(&app, &ctx, &on_duty, &file).await?;
    let subject = client.as_ref().map_or(FormSubject::New, FormSubject::Change);
    let act = if client.is_some() { AdminAct::ChangeClient } else { AdminAct::RequestClient };
    let op = on_duty.operation(&app, &ctx, on_duty.role_for(act));
    let (version, digest) = seen(&form);
    let error = match send(&op, &on_duty, (&id, subject), (version, &digest)).await.map_err(failed)? {
        SendOutcome::Sent => return Ok(see_other(&format!("{}?fait=sent", review_path(&id)))),
        SendOutcome::Applied => return Ok(see_other(&format!("{}?fait=applied", review_path(&id)))),
        SendOutcome::NotPermitted => return Err(PageError::NotFound.into_response()),
        SendOutcome::Bad => ReviewError::Bad,
        SendOutcome::AnotherWaits => ReviewError::AnotherWaits,
        SendOutcome::TooMany => ReviewError::TooMany,
        SendOutcome::Changed => ReviewError::Changed,
    };
    refuse(&app, &ctx, (&on_duty, &file), (error, "")).await
}

/// POST: takes one's own request back.
pub async fn take_back(
    State(app): State<AppState>,
    ctx: RequestContext,
    Opened { on_duty, file, id }: Opened<RequestFile>,
    form: Form,
) -> GatedResult {
    let op = on_duty.operation(&app, &ctx, on_duty.roles.first());
    let (version, _) = seen(&form);
    match withdraw(&op, &on_duty, &id, version).await.map_err(failed)? {
        true => Ok(see_other(paths::ADMIN_SERVICES)),
        false if file.request.state == RequestState::Withdrawn => Ok(see_other(paths::ADMIN_SERVICES)),
        false => refuse(&app, &ctx, (&on_duty, &file), (ReviewError::Changed, "")).await,
    }
}

/// POST: decides on a request of somebody else.
pub async fn decide(
    State(app): State<AppState>,
    ctx: RequestContext,
    who: SignedInAdministrator,
    Path(id): Path<String>,
    form: Form,
) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    let file = open(&app, &ctx, (&on_duty, true), &id).await?;
    let whole = (&on_duty, &file);
    let typed: String = form.0.form_value("mot").chars().take(400).collect();
    let own = own_places(&on_duty, &file, ctx.now);
    if own.is_empty()
        && let Some((grant, at)) = had_role(&app, &ctx, &on_duty, &file).await?
    {
        let mut tx = app.db.read().await.map_err(failed)?;
        let ended_place = territory_name(&mut tx, &grant.territory).await.map_err(failed)?;
        drop(tx);
        let page = page(&app, &ctx, whole).await.map_err(failed)?;
        let ended_at = dates::hour(ctx.lang, crate::base::clock::Timestamp(at));
        let page = ReviewPage { error: Some(ReviewError::RoleEnded), ended_place, ended_at, ..page };
        return ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page).map_err(PageError::into_response);
    }
    if file.request.author_id == on_duty.administrator.id {
        return refuse(&app, &ctx, whole, (ReviewError::Own, &typed)).await;
    }
    let grant = on_duty.permit(&app, &ctx, AdminAct::ApproveClient, &own).await?;
    let Some(choice) = form.0.get("decision").and_then(|word| word.parse::<ReviewChoice>().ok()) else {
        return refuse(&app, &ctx, whole, (ReviewError::Choice, &typed)).await;
    };
    let op = on_duty.operation(&app, &ctx, Some(&grant));
    let (version, digest) = seen(&form);
    let decided = review::decide(&op, &on_duty, &id, (choice, &typed), (version, &digest)).await.map_err(failed)?;
    let error = match decided {
        ReviewOutcome::Done => return Ok(see_other(&format!("{}?fait=decided", review_path(&id)))),
        ReviewOutcome::Partly => return Ok(see_other(&format!("{}?fait=partly", review_path(&id)))),
        ReviewOutcome::NotPermitted => return Err(PageError::NotFound.into_response()),
        ReviewOutcome::NoWords => ReviewError::Words,
        ReviewOutcome::Own => ReviewError::Own,
        ReviewOutcome::Changed => ReviewError::Changed,
        ReviewOutcome::OldChecks => ReviewError::OldChecks,
        ReviewOutcome::Bad => ReviewError::Unsound,
    };
    refuse(&app, &ctx, whole, (error, &typed)).await
}

/// POST: checks a request again.
pub async fn recheck(
    State(app): State<AppState>,
    ctx: RequestContext,
    Opened { on_duty, file, id }: Opened<RequestFile>,
    form: Form,
) -> GatedResult {
    let op = on_duty.operation(&app, &ctx, None);
    let (version, _) = seen(&form);
    match Box::pin(review::recheck(&op, &on_duty, &file, version)).await.map_err(failed)? {
        RecheckOutcome::Checked => Ok(see_other(&review_path(&id))),
        RecheckOutcome::Changed => refuse(&app, &ctx, (&on_duty, &file), (ReviewError::Changed, "")).await,
        RecheckOutcome::TooMany => refuse(&app, &ctx, (&on_duty, &file), (ReviewError::TooManyChecks, "")).await,
    }
}
