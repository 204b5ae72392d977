//! `/admin/connexion`, `/admin/deconnexion` and `/admin/preuve`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{GatedResult, PageResult, failed, frame};
use crate::administrators::extract::{SignedInAdministrator, console_path};
use crate::administrators::ops::enter::{self, EntryOutcome, TypedEntry};
use crate::administrators::ops::proof::{self, FreshProofOutcome};
use crate::administrators::ops::{self, OnDuty};
use crate::administrators::views::{AdminEntryRefusal, AdminProofPage, AdminSignInPage, OpenDoor};
use crate::app::{AppState, Operation};
use crate::base::ids::is_id;
use crate::base::typed_ids::AdministratorId;
use crate::http::cookies::CookieName;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::request_context::{
    RequestContext, retry_after, retry_after_seconds, see_other, with_cookie, with_outcome,
};
use crate::otp::TypedCode;
use crate::passkeys::{self, CeremonyPurpose, PasskeyAnswer};

/// The longest address that is shown again, in characters.
const MAX_SHOWN_CHARS: usize = 254;

async fn page(app: &AppState, ctx: &RequestContext, browser: &str) -> Result<AdminSignInPage, PageError> {
    let op = Operation::of_request(app, ctx);
    let doors = enter::list_open_doors(&op).await?;
    Ok(AdminSignInPage {
        query: ctx.carried_query(&["vers"]),
        passkey: passkeys::ops::challenge(&op, CeremonyPurpose::AdministratorSignIn, browser)?,
        totp: app.config.administration.totp,
        doors: doors
            .into_iter()
            .map(|(known, place)| OpenDoor { id: known.id.to_string(), name: known.name, place })
            .collect(),
        email: String::new(),
        refusal: None,
    })
}

/// Returns the page of the console to which one goes on.
fn onward(ctx: &RequestContext) -> &str {
    ctx.query.get("vers").and_then(console_path).unwrap_or(paths::ADMIN)
}

/// GET: shows the ways in.
pub async fn show(State(app): State<AppState>, ctx: RequestContext) -> PageResult {
    let op = Operation::of_request(&app, &ctx);
    if ops::current(&op, ctx.admin_session.as_deref()).await?.is_some() {
        return Ok(see_other(onward(&ctx)));
    }
    let (browser, cookie) = ctx.navigation_cookie(app.rng.as_ref());
    let shown = ctx.page(&app.pages, StatusCode::OK, &page(&app, &ctx, &browser).await?)?;
    let dead = ctx.admin_session.as_ref().and_then(|_| ctx.jar.clear_cookie(CookieName::Administrator));
    Ok(with_cookie(with_cookie(shown, cookie), dead))
}

/// POST: lets in, or shows the page again with the reason.
pub async fn submit(State(app): State<AppState>, ctx: RequestContext, Form(form): Form) -> PageResult {
    let op = Operation::of_request(&app, &ctx);
    let refuse = async |status: StatusCode, refusal: AdminEntryRefusal| {
        let (browser, cookie) = ctx.navigation_cookie(app.rng.as_ref());
        let email = form.form_value("courriel").trim().chars().take(MAX_SHOWN_CHARS).collect();
        let shown = AdminSignInPage { refusal: Some(refusal), email, ..page(&app, &ctx, &browser).await? };
        Ok::<Response, PageError>(with_cookie(ctx.page(&app.pages, status, &shown)?, cookie))
    };
    let Some(browser) = &ctx.navigation_id else {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, AdminEntryRefusal::NoCookies).await;
    };
    let typed = TypedEntry {
        email: form.form_value("courriel"),
        password: form.form_value("mot_de_passe"),
        code: form.form_value("code"),
    };
    let outcome = if let Some(answer) = PasskeyAnswer::in_form(&form) {
        enter::enter_with_passkey(&op, browser, answer, ctx.source).await?
    } else if let Some(id) = form.get("administrateur").filter(|id| is_id(id, 32)) {
        enter::enter_without_proof(&op, &AdministratorId::new(id)).await?
    } else if !app.config.administration.totp {
        EntryOutcome::Refused
    } else if typed.email.trim().is_empty() || typed.password.is_empty() || typed.code.trim().is_empty() {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, AdminEntryRefusal::Empty).await;
    } else {
        enter::enter_with_totp(&op, typed, ctx.source).await?
    };
    let hour = |until| dates::hour_rounded_up(ctx.lang, until);
    let response = match outcome {
        EntryOutcome::Done { cookie } => {
            let cookie = ctx.jar.set_cookie(CookieName::Administrator, &cookie, None);
            with_cookie(see_other(onward(&ctx)), cookie)
        }
        EntryOutcome::Refused => refuse(StatusCode::UNPROCESSABLE_ENTITY, AdminEntryRefusal::Wrong).await?,
        EntryOutcome::NoRole => refuse(StatusCode::FORBIDDEN, AdminEntryRefusal::NoRole).await?,
        EntryOutcome::MustWait { until } => {
            let waiting = AdminEntryRefusal::Waiting { until: hour(until) };
            retry_after(refuse(StatusCode::TOO_MANY_REQUESTS, waiting).await?, ctx.now, until)
        }
        EntryOutcome::Limited(limited) => {
            let waiting = AdminEntryRefusal::Waiting { until: hour(limited.until) };
            retry_after(refuse(StatusCode::TOO_MANY_REQUESTS, waiting).await?, ctx.now, limited.until)
        }
        EntryOutcome::Busy { seconds } => {
            let busy = AdminEntryRefusal::Busy { seconds: i64::from(seconds) };
            retry_after_seconds(refuse(StatusCode::SERVICE_UNAVAILABLE, busy).await?, seconds)
        }
    };
    Ok(with_outcome(response, "admin_entry"))
}

/// POST: ends the session.
pub async fn sign_out(State(app): State<AppState>, ctx: RequestContext, who: SignedInAdministrator) -> PageResult {
    let SignedInAdministrator(on_duty) = who;
    ops::sign_out(&on_duty.operation(&app, &ctx, None), &on_duty).await?;
    Ok(with_cookie(see_other(paths::ADMIN_SIGN_IN), ctx.jar.clear_cookie(CookieName::Administrator)))
}

async fn proof_page(app: &AppState, ctx: &RequestContext, on_duty: &OnDuty) -> anyhow::Result<AdminProofPage> {
    let op = Operation::of_request(app, ctx);
    Ok(AdminProofPage {
        frame: frame(app, ctx, on_duty).await?,
        onward: onward(ctx).to_owned(),
        passkey: proof::proof_challenge(&op, on_duty).await?,
        code: on_duty.administrator.has_totp && app.config.administration.totp,
        refused: false,
        waiting: None,
    })
}

/// GET: asks the administrator to prove it again.
pub async fn show_proof(State(app): State<AppState>, ctx: RequestContext, who: SignedInAdministrator) -> PageResult {
    let page = proof_page(&app, &ctx, &who.0).await?;
    if who.0.is_freshly_proven(ctx.now) {
        return Ok(see_other(&page.onward));
    }
    ctx.page(&app.pages, StatusCode::OK, &page)
}

/// POST: judges the proof, and goes on.
pub async fn prove(
    State(app): State<AppState>,
    ctx: RequestContext,
    who: SignedInAdministrator,
    Form(form): Form,
) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    let op = on_duty.operation(&app, &ctx, None);
    let code = TypedCode::parse(form.form_value("code")).ok().filter(|_| app.config.administration.totp);
    let outcome = match (PasskeyAnswer::in_form(&form), code) {
        (Some(answer), _) => proof::prove_with_passkey(&op, &on_duty, answer).await.map_err(failed)?,
        (None, Some(code)) => proof::prove_with_code(&op, &on_duty, &code).await.map_err(failed)?,
        (None, None) => FreshProofOutcome::Refused,
    };
    let page = proof_page(&app, &ctx, &on_duty).await.map_err(failed)?;
    let answer = |status, page: &AdminProofPage| ctx.page(&app.pages, status, page);
    match outcome {
        FreshProofOutcome::Proven => Ok(see_other(&page.onward)),
        FreshProofOutcome::Refused => {
            let page = AdminProofPage { refused: true, ..page };
            answer(StatusCode::UNPROCESSABLE_ENTITY, &page).map_err(failed)
        }
        FreshProofOutcome::MustWait { until } => {
            let waiting = Some(dates::hour_rounded_up(ctx.lang, until));
            let page = AdminProofPage { waiting, ..page };
            let page = answer(StatusCode::TOO_MANY_REQUESTS, &page).map_err(failed)?;
            Ok(retry_after(page, ctx.now, until))
        }
    }
}
