//! `/connexion`, and the page after a sign-in.

pub mod factor;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::ops::{LoginContext, SignInOutcome, sign_in, sign_in_with_passkey};
use super::views::{LoginFormError, LoginPage, MustChangePasswordPage};
use crate::accounts::{self, identifier};
use crate::announcements::ShownAnnouncement;
use crate::announcements::ops::list_shown;
use crate::app::{AppState, Operation};
use crate::clients::branding::ClientBranding;
use crate::clients::{self, Client};
use crate::federation::choice;
use crate::federation::views::UpstreamDoor;
use crate::http::cookies::CookieName;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::request_context::{
    RequestContext, retry_after, retry_after_seconds, see_other, with_cookie, with_outcome,
};
use crate::interactions::Interaction;
use crate::interactions::extract::pending_interaction;
use crate::interactions::views::Continue;
use crate::letters::code::looks_like_a_code;
use crate::passkeys::{self, CeremonyPurpose, PasskeyAnswer, PasskeyChallenge};
use crate::protocol::acr::Acr;
use crate::sessions::extract::CurrentSession;
use crate::tenants::SchoolContact;

type PageResult = Result<Response, PageError>;

/// The longest identifiant that is shown again.
const MAX_SHOWN_CHARS: usize = 200;
/// The query parameters that the sign-in pages pass on.
const CARRIED_PARAMS: [&str; 2] = ["i", "client_id"];

/// Returns the usable client of the pending request.
async fn requesting_client(app: &AppState, waiting: Option<&Interaction>) -> anyhow::Result<Option<Client>> {
    let Some(waiting) = waiting else { return Ok(None) };
    let client = clients::store::find(&mut app.db.read().await?, &waiting.request.client_id).await?;
    Ok(client.filter(Client::is_usable))
}

/// Returns the branding of the client of the pending request.
async fn client_branding(app: &AppState, waiting: Option<&Interaction>) -> anyhow::Result<ClientBranding> {
    let client = requesting_client(app, waiting).await?;
    Ok(client.as_ref().map(ClientBranding::from_client).unwrap_or_default())
}

/// Returns the doors to the academies whose staff the client may see; to all of them without a client.
fn academy_doors(app: &AppState, client: Option<&Client>, query: &str) -> Vec<UpstreamDoor> {
    let upstreams = app.upstreams();
    let offered = choice::academies_for(&upstreams, client.map(|client| &client.meta.perimeter));
    offered.into_iter().map(|upstream| UpstreamDoor::new(upstream, query)).collect()
}

/// Returns the door of parents, where the client may see them.
fn parents_door(app: &AppState, client: Option<&Client>, query: &str) -> Option<UpstreamDoor> {
    let upstreams = app.upstreams();
    let offered = choice::parents_door(&upstreams, client.map(|client| &client.meta.perimeter));
    offered.map(|upstream| UpstreamDoor::new(upstream, query))
}

/// Returns the challenge of the page, the same for everybody.
fn passkey_challenge(app: &AppState, ctx: &RequestContext, browser: &str) -> anyhow::Result<Option<PasskeyChallenge>> {
    passkeys::ops::challenge(&Operation::of_request(app, ctx), CeremonyPurpose::SignIn, browser)
}

/// GET: shows the form. A browser that has a session meanwhile is redirected at once; the authorization endpoint
/// decides if the session is sufficient, and redirects here with `motif` if not.
pub async fn show(State(app): State<AppState>, ctx: RequestContext, signed: CurrentSession) -> PageResult {
    let query = ctx.carried_query(&CARRIED_PARAMS);
    if signed.0.is_some() && ctx.query.get("motif").is_none() {
        return Ok(see_other(&if query.is_empty() {
            paths::ACCOUNT.to_owned()
        } else {
            format!("{}{query}", paths::AUTHORIZE)
        }));
    }
    let waiting = pending_interaction(&app, &ctx).await;
    // The identifiant just shown by another page of this server takes precedence over the relying party's `login_hint`.
    let shown_before = ctx.query.get("identifiant").map(str::to_owned);
    let hint = shown_before.or_else(|| waiting.as_ref()?.request.login_hint.clone()).unwrap_or_default();
    let ctx = ctx.with_ui_locales(waiting.as_ref().and_then(|w| w.request.ui_locales.as_deref()));
    let (browser, cookie) = ctx.navigation_cookie(app.rng.as_ref());
    let client = requesting_client(&app, waiting.as_ref()).await?;
    let page = LoginPage {
        passkey: passkey_challenge(&app, &ctx, &browser)?,
        doors: academy_doors(&app, client.as_ref(), &query),
        franceconnect: parents_door(&app, client.as_ref(), &query),
        hint_refused: ctx.query.get("motif") == Some(choice::HINT_REFUSED),
        announcements: list_shown(&app, ctx.now, client.as_ref(), ctx.lang).await,
        query,
        shown: client.as_ref().map(ClientBranding::from_client).unwrap_or_default(),
        service: waiting.map(|w| w.client_name),
        identifiant: if identifier::is_identifiant(&hint) { hint } else { String::new() },
        refusal: None,
    };
    // An invalid session cookie is removed: the page must not be shown with a stale cookie (docs/threats.md#attack-s7).
    let dead =
        ctx.session.as_ref().filter(|_| signed.0.is_none()).and_then(|_| ctx.jar.clear_cookie(CookieName::Session));
    let page = ctx.page(&app.pages, StatusCode::OK, &page)?;
    Ok(with_cookie(with_cookie(page, cookie), dead))
}

/// The form that was sent, shown again with each refusal.
struct SubmittedForm<'a> {
    app: &'a AppState,
    ctx: &'a RequestContext,
    query: String,
    /// The name of the service of the pending request.
    service: Option<String>,
    shown: ClientBranding,
    doors: Vec<UpstreamDoor>,
    franceconnect: Option<UpstreamDoor>,
    identifiant: String,
    announcements: Vec<ShownAnnouncement>,
}

impl SubmittedForm<'_> {
    fn refuse(&self, status: StatusCode, refusal: LoginFormError) -> PageResult {
        // The form is shown again, so the lifetime of its cookie restarts.
        let (browser, cookie) = self.ctx.navigation_cookie(self.app.rng.as_ref());
        let page = LoginPage {
            passkey: passkey_challenge(self.app, self.ctx, &browser)?,
            query: self.query.clone(),
            service: self.service.clone(),
            shown: self.shown.clone(),
            doors: self.doors.clone(),
            franceconnect: self.franceconnect.clone(),
            hint_refused: false,
            announcements: self.announcements.clone(),
            identifiant: self.identifiant.chars().take(MAX_SHOWN_CHARS).collect(),
            refusal: Some(refusal),
        };
        // The page of a suspended account shows the support code.
        let shown = match page.refusal {
            Some(LoginFormError::Suspended { .. }) => self.ctx.page_with_code(&self.app.pages, status, &page),
            _ => self.ctx.page(&self.app.pages, status, &page),
        };
        Ok(with_cookie(shown?, cookie))
    }

    /// Returns the response to what became of the sign-in.
    fn respond(&self, done: SignInOutcome) -> PageResult {
        let Self { app, ctx, query, .. } = self;
        match done {
            done @ SignInOutcome::Done { .. } => signed_in_response(ctx, query, done),
            SignInOutcome::FactorNeeded { attempt_id, secret } => {
                let joint = if query.is_empty() { "?" } else { "&" };
                let answer = see_other(&format!("{}{query}{joint}s={attempt_id}", paths::FACTOR));
                Ok(with_cookie(answer, ctx.jar.activation_cookie(&ctx.activation_cookies, "", &secret)))
            }
            SignInOutcome::PasswordReplaced { at } => {
                let date = dates::day(ctx.lang, at);
                self.refuse(StatusCode::UNPROCESSABLE_ENTITY, LoginFormError::Replaced { date })
            }
            SignInOutcome::WrongCredentials => self.refuse(StatusCode::UNPROCESSABLE_ENTITY, LoginFormError::Wrong),
            SignInOutcome::PasskeyRefused => self.refuse(StatusCode::UNPROCESSABLE_ENTITY, LoginFormError::Passkey),
            SignInOutcome::MustWait { until } => {
                let hour = dates::hour_rounded_up(ctx.lang, until);
                let page = self.refuse(StatusCode::TOO_MANY_REQUESTS, LoginFormError::Waiting { until: hour })?;
                Ok(retry_after(page, ctx.now, until))
            }
            SignInOutcome::Limited(refused) => {
                let until = dates::hour_rounded_up(ctx.lang, refused.until);
                let limited = LoginFormError::Limited { until, elsewhere: refused.is_connection_specific() };
                Ok(retry_after(self.refuse(StatusCode::TOO_MANY_REQUESTS, limited)?, ctx.now, refused.until))
            }
            SignInOutcome::MustChangePassword { identifiant, has_mobile, offices } => {
                // What was typed may be another identifiant of the account; with a passkey nothing was.
                let typed = identifier::normalize(&self.identifiant);
                let identifiant = if typed.is_empty() { identifiant } else { typed };
                self.ask_new_password(identifiant, has_mobile, offices)
            }
            SignInOutcome::Suspended { by, school, offices } => {
                let school = school.unwrap_or_else(|| app.pages.service_name().to_owned());
                let code = ctx.support_code.clone();
                let by = app.pages.message(ctx.lang, by.message_key(), &[])?;
                self.refuse(StatusCode::FORBIDDEN, LoginFormError::Suspended { by, school, code, offices })
            }
            SignInOutcome::Busy { seconds } => {
                let busy = LoginFormError::Busy { seconds: i64::from(seconds) };
                Ok(retry_after_seconds(self.refuse(StatusCode::SERVICE_UNAVAILABLE, busy)?, seconds))
            }
        }
    }

    fn ask_new_password(&self, identifiant: String, has_mobile: bool, offices: Vec<SchoolContact>) -> PageResult {
        let page = MustChangePasswordPage {
            query: self.query.clone(),
            identifiant,
            has_mobile,
            code: self.ctx.support_code.clone(),
            offices,
        };
        // The form of this page begins a recovery with the same cookie.
        let (_, cookie) = self.ctx.navigation_cookie(self.app.rng.as_ref());
        Ok(with_cookie(self.ctx.page_with_code(&self.app.pages, StatusCode::FORBIDDEN, &page)?, cookie))
    }
}

/// POST: signs in, or shows the form again with the error.
pub async fn submit(State(app): State<AppState>, ctx: RequestContext, Form(form): Form) -> PageResult {
    let waiting = pending_interaction(&app, &ctx).await;
    let ctx = ctx.with_ui_locales(waiting.as_ref().and_then(|w| w.request.ui_locales.as_deref()));
    let (identifiant, password) = (form.form_value("identifiant").trim().to_owned(), form.form_value("mot_de_passe"));
    let passkey = PasskeyAnswer::in_form(&form);
    let (query, client) = (ctx.carried_query(&CARRIED_PARAMS), requesting_client(&app, waiting.as_ref()).await?);
    let form = SubmittedForm {
        app: &app,
        ctx: &ctx,
        doors: academy_doors(&app, client.as_ref(), &query),
        franceconnect: parents_door(&app, client.as_ref(), &query),
        query,
        service: waiting.as_ref().map(|w| w.client_name.clone()),
        shown: client.as_ref().map(ClientBranding::from_client).unwrap_or_default(),
        announcements: list_shown(&app, ctx.now, client.as_ref(), ctx.lang).await,
        identifiant,
    };
    // The form was shown with this cookie; a cross-site form is posted without it (docs/threats.md#attack-s5).
    let Some(browser) = &ctx.navigation_id else {
        return form.refuse(StatusCode::UNPROCESSABLE_ENTITY, LoginFormError::NoCookies);
    };
    if passkey.is_none() && (form.identifiant.is_empty() || password.is_empty()) {
        let (identifiant, mot_de_passe) = (form.identifiant.is_empty(), password.is_empty());
        return form.refuse(StatusCode::UNPROCESSABLE_ENTITY, LoginFormError::Empty { identifiant, mot_de_passe });
    }
    // A letter's code, known by its form alone: the form goes on to the page of letters with its fields, whoever exists
    // (RFC 9110 15.4.8). No password has this form.
    if looks_like_a_code(password) {
        let to = HeaderValue::try_from(format!("{}{}", paths::LETTER, form.query)).map_err(anyhow::Error::from)?;
        let answer = (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, to)]).into_response();
        return Ok(with_outcome(answer, "letter"));
    }
    let brought = login_context(&ctx, waiting.as_ref());
    let op = Operation::of_request(&app, &ctx);
    let done = match passkey {
        Some(answer) => sign_in_with_passkey(&op, browser, answer, brought).await,
        None => sign_in(&op, &form.identifiant, password, brought).await,
    };
    let outcome = done.as_ref().map_or("failed", SignInOutcome::name);
    app.metrics.record_sign_in(outcome);
    Ok(with_outcome(form.respond(done?)?, outcome))
}

fn login_context<'a>(ctx: &'a RequestContext, waiting: Option<&'a Interaction>) -> LoginContext<'a> {
    LoginContext {
        session_cookie: ctx.session.as_deref(),
        device_secrets: &ctx.devices,
        source: ctx.source,
        user_agent: &ctx.user_agent,
        lang: ctx.lang,
        client_id: waiting.map(|w| &w.request.client_id),
        wants_factor: waiting.is_some_and(|w| w.request.acr.levels.first() == Some(&Acr::Mfa)),
        support_code: &ctx.support_code,
    }
}

/// Returns the response to a sign-in that is done, with the cookies of the session and the device.
fn signed_in_response(ctx: &RequestContext, query: &str, done: SignInOutcome) -> PageResult {
    let SignInOutcome::Done { cookie, device_secret, password_changed } = done else {
        return Err(anyhow::anyhow!("a sign-in that is not done: {}", done.name()).into());
    };
    let to = match (password_changed, query.is_empty()) {
        (true, true) => format!("{}?change=1", paths::AFTER_SIGN_IN),
        (true, false) => format!("{}{query}&change=1", paths::AFTER_SIGN_IN),
        (false, true) => paths::ACCOUNT.to_owned(),
        (false, false) => format!("{}{query}", paths::AFTER_SIGN_IN),
    };
    let signed_in = with_cookie(see_other(&to), ctx.jar.set_cookie(CookieName::Session, &cookie, None));
    Ok(with_cookie(signed_in, ctx.jar.device_cookie(&ctx.devices, &device_secret)))
}

/// GET: the page after a sign-in. A page, not a redirect, because from here the browser may go to the relying party.
pub async fn continue_after_sign_in(
    State(app): State<AppState>,
    ctx: RequestContext,
    signed: CurrentSession,
) -> PageResult {
    let query = ctx.carried_query(&CARRIED_PARAMS);
    let changed = match (ctx.query.get("change"), &signed.0) {
        (Some(_), Some((_, account))) => {
            accounts::store::find_previous_password(&mut app.db.read().await?, &account.id).await?.map(|(_, at)| at)
        }
        _ => None,
    };
    if query.is_empty() && changed.is_none() {
        return Ok(see_other(paths::ACCOUNT));
    }
    let waiting = pending_interaction(&app, &ctx).await;
    let ctx = ctx.with_ui_locales(waiting.as_ref().and_then(|w| w.request.ui_locales.as_deref()));
    let page = Continue {
        href: if query.is_empty() { paths::ACCOUNT.to_owned() } else { format!("{}{query}", paths::AUTHORIZE) },
        service: waiting.map(|w| w.client_name),
        changed: changed.map(|at| dates::day(ctx.lang, at)),
    };
    ctx.page(&app.pages, StatusCode::OK, &page)
}
