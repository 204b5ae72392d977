//! `/compte/regrouper`: two accounts of one person become one, and the undo.

mod factor;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::ops::{
    self, ChoiceView, JoinOutcome, JoinRequest, OtherProof, ProveRequest, RegroupPerson, SideView, UndoOutcome,
};
use super::views::{
    AccountSide, OtherAccountError, RegroupChoicePage, RegroupDateError, RegroupPage, RegroupRefusalView, UndoCard,
};
use super::{FRESH_SIGN_IN, KeptAccount, OtherProofRefusal, ProveOutcome, RegroupRefusal, RegroupState, UNDO_TTL};
use crate::app::{AppState, Operation};
use crate::base::ids::is_id;
use crate::credentials::views::CurrentPasswordError;
use crate::credentials::{SignInContext, pages as proof};
use crate::http::cookies::CookieName;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::{date_fields, dates};
use crate::http::paths;
use crate::http::request_context::{RequestContext, retry_after, retry_after_seconds, see_other, with_cookie};
use crate::http::routing::{get, post};
use crate::sessions::extract::SignedInParent;

type PageResult = Result<Response, PageError>;

/// The longest identifiant that is shown again.
const MAX_SHOWN_CHARS: usize = 60;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route(paths::ACCOUNT_REGROUP, get(show).merge(post(submit)))
        .route(paths::ACCOUNT_REGROUP_CHOICE, get(show_choice).merge(post(choose)))
        .route(paths::ACCOUNT_REGROUP_FACTOR, get(factor::show).merge(post(factor::submit)))
        .route(paths::ACCOUNT_REGROUP_UNDO, post(undo))
}

/// Returns the person of a request. Never a pupil, who has one account, by the school's record.
fn person<'a>(parent: &'a SignedInParent, ctx: &'a RequestContext) -> RegroupPerson<'a> {
    let (session, account) = (&parent.session, &parent.account);
    RegroupPerson { session, account, support_code: &ctx.support_code, lang: ctx.lang }
}

async fn regroup_page(
    op: &Operation<'_>,
    ctx: &RequestContext,
    parent: &SignedInParent,
) -> anyhow::Result<RegroupPage> {
    let found = ops::find_undo(op, person(parent, ctx)).await?;
    let secrets: Vec<String> = ctx.activation_secrets().map(str::to_owned).collect();
    let proven = ops::find_proven_by_sms(op, person(parent, ctx), &secrets).await?;
    let is_old = op.now.since(parent.session.proven_at()) >= FRESH_SIGN_IN;
    let upstream = proof::proof_upstream(op.app, &parent.account);
    Ok(RegroupPage {
        proven_identifiants: proven.into_iter().map(|one| one.account.identifiant).collect(),
        asks_password: is_old && upstream.is_none(),
        asks_upstream: is_old && upstream.is_some(),
        upstream,
        undo: found
            .map(|undo| UndoCard { identifiant: undo.identifiant, day: dates::weekday_and_day(ctx.lang, undo.until) }),
        ..RegroupPage::default()
    })
}

async fn show(State(app): State<AppState>, ctx: RequestContext, parent: SignedInParent) -> PageResult {
    let page = regroup_page(&parent.operation(&app, &ctx), &ctx, &parent).await?;
    let (joined, undone) = (ctx.query.get("fait").is_some(), ctx.query.get("defait").is_some());
    let too_late = ctx.query.get("trop-tard").is_some();
    ctx.page(&app.pages, StatusCode::OK, &RegroupPage { joined, undone, too_late, ..page })
}

/// POST: checks the proofs of both accounts, and goes on to the choice.
async fn submit(
    State(app): State<AppState>,
    ctx: RequestContext,
    parent: SignedInParent,
    Form(form): Form,
) -> PageResult {
    let op = parent.operation(&app, &ctx);
    let secrets: Vec<String> = ctx.activation_secrets().map(str::to_owned).collect();
    let (identifiant, proof) = match form.get("avec") {
        Some(proven) => (proven, OtherProof::SmsCode(&secrets)),
        None => (form.form_value("identifiant").trim(), OtherProof::Typed(form.form_value("mot_de_passe"))),
    };
    let typed = ProveRequest {
        own_password: form.form_value("actuel"),
        identifiant,
        proof,
        device_secrets: &ctx.devices,
        source: ctx.source,
    };
    let outcome = ops::prove(&op, person(&parent, &ctx), typed).await?;
    let page = RegroupPage {
        identifiant: identifiant.chars().take(MAX_SHOWN_CHARS).collect(),
        ..regroup_page(&op, &ctx, &parent).await?
    };
    match outcome {
        ProveOutcome::Begun { id } => Ok(to_choice(&id)),
        ProveOutcome::OwnNotProven(why) => {
            let own_error = Some(CurrentPasswordError::new(why, ctx.lang));
            let page = ctx.page(&app.pages, proof::status(why), &RegroupPage { own_error, ..page })?;
            proof::refused(&ctx, why, page)
        }
        ProveOutcome::OtherNotProven(why) => other_not_proven(&app, &ctx, page, why),
        ProveOutcome::Refused(why) => {
            let other = page.identifiant.clone();
            refused(&app, &ctx, page, why, (&parent.account.identifiant, &other))
        }
    }
}

fn other_not_proven(app: &AppState, ctx: &RequestContext, page: RegroupPage, why: OtherProofRefusal) -> PageResult {
    let hour = |until| dates::hour_rounded_up(ctx.lang, until);
    let (status, error) = match why {
        OtherProofRefusal::Empty => (StatusCode::UNPROCESSABLE_ENTITY, OtherAccountError::Empty),
        OtherProofRefusal::Wrong => (StatusCode::UNPROCESSABLE_ENTITY, OtherAccountError::Wrong),
        OtherProofRefusal::Slip => (StatusCode::UNPROCESSABLE_ENTITY, OtherAccountError::Slip),
        OtherProofRefusal::CodeOver => (StatusCode::UNPROCESSABLE_ENTITY, OtherAccountError::CodeOver),
        OtherProofRefusal::Limited { until } => {
            (StatusCode::TOO_MANY_REQUESTS, OtherAccountError::Waiting { until: hour(until) })
        }
        OtherProofRefusal::Source(limited) => {
            (StatusCode::TOO_MANY_REQUESTS, OtherAccountError::FromHere { until: hour(limited.until) })
        }
        OtherProofRefusal::Busy { seconds } => {
            (StatusCode::SERVICE_UNAVAILABLE, OtherAccountError::Busy { seconds: i64::from(seconds) })
        }
    };
    let page = ctx.page(&app.pages, status, &RegroupPage { other_error: Some(error), ..page })?;
    Ok(match why {
        OtherProofRefusal::Limited { until } => retry_after(page, ctx.now, until),
        OtherProofRefusal::Source(limited) => retry_after(page, ctx.now, limited.until),
        OtherProofRefusal::Busy { seconds } => retry_after_seconds(page, seconds),
        OtherProofRefusal::Empty | OtherProofRefusal::Wrong | OtherProofRefusal::Slip | OtherProofRefusal::CodeOver => {
            page
        }
    })
}

/// Shows the page again with the reason; `identifiants` are those of this account and of the other one.
fn refused(
    app: &AppState,
    ctx: &RequestContext,
    page: RegroupPage,
    why: RegroupRefusal,
    identifiants: (&str, &str),
) -> PageResult {
    let refusal = Some(RegroupRefusalView::new(why, ctx.lang, &ctx.support_code, identifiants));
    ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &RegroupPage { refusal, ..page })
}

fn account_side(ctx: &RequestContext, side: &SideView) -> AccountSide {
    AccountSide {
        identifiant: side.identifiant.clone(),
        children: side.children.iter().map(|child| format!("{} ({})", child.given_name, child.school)).collect(),
        seen: side.seen_at.map(|at| dates::day(ctx.lang, at)),
    }
}

fn choice_page(ctx: &RequestContext, view: &ChoiceView) -> RegroupChoicePage {
    let mut pupils: Vec<&str> =
        view.current.children.iter().chain(&view.other.children).map(|child| child.pupil_id.as_str()).collect();
    pupils.sort_unstable();
    pupils.dedup();
    RegroupChoicePage {
        id: view.regroupement.id.clone(),
        current: account_side(ctx, &view.current),
        other: account_side(ctx, &view.other),
        may_keep_current: view.keepable.current,
        may_keep_other: view.keepable.other,
        children: i64::try_from(pupils.len()).unwrap_or(0),
        day: dates::weekday_and_day(ctx.lang, ctx.now.plus(UNDO_TTL)),
        asks_child: view.question.as_ref().map(|question| question.given_name.clone()),
        date: date_fields::DateFields::default(),
        date_error: None,
        missing: false,
    }
}

/// Returns the id of the regroupement in the URL or the form.
fn choice_id(id: Option<&str>) -> &str {
    id.filter(|id| is_id(id, 22)).unwrap_or_default()
}

/// Leads to the page that says that a choice waited too long.
fn too_late() -> Response {
    see_other(&format!("{}?trop-tard=1", paths::ACCOUNT_REGROUP))
}

async fn show_choice(State(app): State<AppState>, ctx: RequestContext, parent: SignedInParent) -> PageResult {
    let op = parent.operation(&app, &ctx);
    match ops::find_choice(&op, person(&parent, &ctx), choice_id(ctx.query.get("r"))).await? {
        Some(view) if view.regroupement.state == RegroupState::Factor => Ok(to_factor(&view.regroupement.id)),
        Some(view) => ctx.page(&app.pages, StatusCode::OK, &choice_page(&ctx, &view)),
        None => Ok(too_late()),
    }
}

/// Leads to the page of the other account's second factor.
fn to_factor(id: &str) -> Response {
    see_other(&format!("{}?r={id}", paths::ACCOUNT_REGROUP_FACTOR))
}

fn to_choice(id: &str) -> Response {
    see_other(&format!("{}?r={id}", paths::ACCOUNT_REGROUP_CHOICE))
}

/// POST: joins the accounts.
async fn choose(
    State(app): State<AppState>,
    ctx: RequestContext,
    parent: SignedInParent,
    Form(form): Form,
) -> PageResult {
    let op = parent.operation(&app, &ctx);
    let id = choice_id(form.get("r"));
    let Some(view) = ops::find_choice(&op, person(&parent, &ctx), id).await? else {
        return Ok(too_late());
    };
    if view.regroupement.state == RegroupState::Factor {
        return Ok(to_factor(id));
    }
    let page = choice_page(&ctx, &view);
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    let kept = match (view.keepable.only(), form.get("garder")) {
        (Some(only), _) => only,
        (None, Some("a")) => KeptAccount::Current,
        (None, Some("b")) => KeptAccount::Other,
        (None, _) => return ctx.page(&app.pages, unprocessable, &RegroupChoicePage { missing: true, ..page }),
    };
    let typed = date_fields::read_date(&form, "date_naissance");
    let mut page = RegroupChoicePage { date: typed.clone().into(), ..page };
    let mut date = None;
    if view.question.is_some() {
        match date_fields::parse_birth_date(&typed, dates::today(ctx.now)) {
            Ok(typed) => date = Some(typed),
            Err(error) => {
                page.date_error = Some(RegroupDateError::Date { fault: error.into() });
                return ctx.page(&app.pages, unprocessable, &page);
            }
        }
    }
    let from =
        SignInContext { session_cookie: ctx.session.as_deref(), source: ctx.source, user_agent: &ctx.user_agent };
    match ops::join(&op, person(&parent, &ctx), JoinRequest { id, kept, date, from }).await? {
        JoinOutcome::Joined(cookies) => {
            let answer = see_other(&format!("{}?fait=1", paths::ACCOUNT_REGROUP));
            let Some(cookies) = cookies else { return Ok(answer) };
            let cookie = ctx.jar.set_cookie(CookieName::Session, &cookies.session_cookie, None);
            let device = ctx.jar.device_cookie(&ctx.devices, &cookies.device_secret);
            Ok(with_cookie(with_cookie(answer, cookie), device))
        }
        JoinOutcome::WrongDate { tries_left } => {
            page.date_error = Some(RegroupDateError::Wrong { left: i64::try_from(tries_left).unwrap_or(0) });
            ctx.page(&app.pages, unprocessable, &page)
        }
        JoinOutcome::NoTriesLeft { until } => {
            page.date_error = Some(RegroupDateError::NoMore { hour: dates::hour_rounded_up(ctx.lang, until) });
            let page = ctx.page(&app.pages, StatusCode::TOO_MANY_REQUESTS, &page)?;
            Ok(retry_after(page, ctx.now, until))
        }
        JoinOutcome::Refused(why) => {
            let identifiants = (parent.account.identifiant.as_str(), view.other.identifiant.as_str());
            refused(&app, &ctx, regroup_page(&op, &ctx, &parent).await?, why, identifiants)
        }
        JoinOutcome::Over => Ok(too_late()),
    }
}

/// POST: undoes the last regroupement.
async fn undo(
    State(app): State<AppState>,
    ctx: RequestContext,
    parent: SignedInParent,
    Form(form): Form,
) -> PageResult {
    let op = parent.operation(&app, &ctx);
    match ops::undo(&op, person(&parent, &ctx), form.form_value("mot_de_passe"), &ctx.devices).await? {
        UndoOutcome::Undone { cookie } => {
            let answer = see_other(&format!("{}?defait=1", paths::ACCOUNT_REGROUP));
            Ok(with_cookie(answer, ctx.jar.set_cookie(CookieName::Session, &cookie, None)))
        }
        UndoOutcome::Over => Ok(see_other(paths::ACCOUNT_REGROUP)),
        UndoOutcome::NotProven(why) => {
            let page = regroup_page(&op, &ctx, &parent).await?;
            let undo_error = Some(CurrentPasswordError::new(why, ctx.lang));
            let page = ctx.page(&app.pages, proof::status(why), &RegroupPage { undo_error, ..page })?;
            proof::refused(&ctx, why, page)
        }
    }
}
