//! `/oauth2/logout` (RPIL): signs the person out, and sends the browser back where that is allowed.
//!
//! A sign-out is done at once only for an ID token of ours given for this very session; otherwise the person
//! confirms it on a page (ABUSE S5). The way back is only ever a URI registered by the client that the hint
//! names (ABUSE R10). A POST is kept and goes on by our own GET, which has the session's cookie.

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::ID_TYP;
use super::respond;
use super::views::{ContinueLogout, LoggedOut, LogoutConfirm};
use crate::app::AppState;
use crate::base::clock::{Span, Timestamp};
use crate::base::ids::{id128, is_id};
use crate::base::secret::{digest, same};
use crate::clients::{self, Client};
use crate::ephemeral::Kind;
use crate::grants;
use crate::http::cookies::Name;
use crate::http::error::PageError;
use crate::http::form::{self, Form};
use crate::http::visit::{Visit, see_other, with_cookie};
use crate::keys;
use crate::protocol::params::Params;
use crate::protocol::redirect::with_query;
use crate::sessions::{self, Session};

type Answer = Result<Response, PageError>;

/// A request to sign out, as far as it proved anything.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct SignOut {
    /// The client of a verified hint.
    client_id: Option<String>,
    sid: Option<String>,
    /// A registered URI of that client.
    back: Option<String>,
    ui_locales: Option<String>,
    /// Names of what stays open, once it is done.
    still_open: Vec<String>,
    done: bool,
    /// Digest of the navigation cookie. None until the browser of another site's form came back by GET.
    browser: Option<String>,
}

const LIFE: Span = Span::minutes(30);

pub async fn get(State(app): State<AppState>, mut visit: Visit) -> Answer {
    if let Some(i) = visit.query.get("i").map(str::to_owned) {
        return match load(&app, &visit, &i).await? {
            Some(request) if request.done => finish(&app, visit, &request).await,
            Some(mut request) if request.browser.is_none() => {
                let (nav, cookie) = visit.navigation(app.rng.as_ref());
                request.browser = Some(digest(&nav));
                visit.nav = Some(nav);
                put(&app, &visit, &i, &request).await?;
                Ok(with_cookie(handle(&app, visit, request, Some(&i)).await?, cookie))
            }
            Some(request) => handle(&app, visit, request, Some(&i)).await,
            None => finish(&app, visit, &SignOut::default()).await,
        };
    }
    let request = read(&app, visit.now, &visit.query).await?;
    handle(&app, visit, request, None).await
}

/// RPIL 2: by POST too; then without the Lax cookie of the session, so it is kept and goes on by GET.
pub async fn post(State(app): State<AppState>, visit: Visit, request: Request) -> Answer {
    let text = form::body(request, &app).await?;
    let params = Params::parse(&text);
    let request = read(&app, visit.now, &params).await?;
    if visit.nav.is_some() {
        return keep(&app, &visit, request).await;
    }
    let i = id128(app.rng.as_ref());
    put(&app, &visit, &i, &request).await?;
    Ok(see_other(&format!("/oauth2/logout?i={i}")))
}

/// POST of the confirmation page, same-origin only: signs out, then goes on by GET.
pub async fn confirm(State(app): State<AppState>, visit: Visit, Form(_): Form) -> Answer {
    let i = visit.query.get("i").unwrap_or_default().to_owned();
    let mut request = load(&app, &visit, &i).await?.unwrap_or_default();
    if let Some((session, _)) = sessions::ops::current(&app, visit.now, visit.session.as_deref()).await? {
        request.still_open = sign_out(&app, &visit, &session, request.client_id.as_deref()).await?;
    }
    request.done = true;
    let (to, cookie) = kept(&app, &visit, request).await?;
    let response = with_cookie(see_other(&format!("/deconnexion/suite?i={to}")), cookie);
    Ok(with_cookie(response, visit.jar.clear(Name::Session)))
}

/// POST of `/deconnexion`: the person leaves from a page of ours. With `changer` the way leads back to the sign-in,
/// for the same waiting request if there is one; else to the page that says what stays open.
pub async fn leave(State(app): State<AppState>, visit: Visit, Form(form): Form) -> Answer {
    let mut still_open = Vec::new();
    if let Some((session, _)) = sessions::ops::current(&app, visit.now, visit.session.as_deref()).await? {
        still_open = sign_out(&app, &visit, &session, None).await?;
    }
    let response = if form.get("changer").is_some() {
        // The waiting request is bound to the navigation cookie, so that one stays.
        see_other(&format!("/connexion{}", visit.carried(&["i", "client_id"])))
    } else {
        keep(&app, &visit, SignOut { still_open, done: true, ..SignOut::default() }).await?
    };
    Ok(with_cookie(response, visit.jar.clear(Name::Session)))
}

/// GET: a page that goes on by itself, because the redirect to the client must not hang on our form (DESIGN 7).
pub async fn go_on(State(app): State<AppState>, visit: Visit) -> Answer {
    let i = visit.query.get("i").unwrap_or_default().to_owned();
    let href = format!("/oauth2/logout?{}", crate::protocol::params::encode([("i", i.as_str())]));
    match load(&app, &visit, &i).await?.filter(|request| request.back.is_some()) {
        None => Ok(see_other(&href)),
        Some(request) => {
            let service = name(&app, request.client_id.as_deref()).await?;
            let visit = visit.prefer(request.ui_locales.as_deref());
            visit.page(&app.pages, StatusCode::OK, &ContinueLogout { href, service })
        }
    }
}

async fn keep(app: &AppState, visit: &Visit, request: SignOut) -> Answer {
    let (i, cookie) = kept(app, visit, request).await?;
    Ok(with_cookie(see_other(&format!("/oauth2/logout?i={i}")), cookie))
}

/// Keeps the request for this browser; gives its `i`, and the cookie that binds it if the browser had none.
async fn kept(app: &AppState, visit: &Visit, mut request: SignOut) -> anyhow::Result<(String, Option<HeaderValue>)> {
    let (nav, cookie) = visit.navigation(app.rng.as_ref());
    request.browser = Some(digest(&nav));
    let i = id128(app.rng.as_ref());
    put(app, visit, &i, &request).await?;
    Ok((i, cookie))
}

async fn put(app: &AppState, visit: &Visit, i: &str, request: &SignOut) -> anyhow::Result<()> {
    let text = serde_json::to_string(request)?;
    app.ephemeral.put(Kind::Logout, i, &text, visit.now.plus(LIFE), visit.now).await?;
    Ok(())
}

async fn load(app: &AppState, visit: &Visit, i: &str) -> anyhow::Result<Option<SignOut>> {
    if !is_id(i, 22) {
        return Ok(None);
    }
    let Some(text) = app.ephemeral.get(Kind::Logout, i, visit.now).await? else { return Ok(None) };
    let request: SignOut = serde_json::from_str(&text)?;
    let nav = visit.nav.as_deref().map(digest);
    let ours = match (&request.browser, nav) {
        (Some(browser), nav) => nav.is_some_and(|nav| same(browser, &nav)),
        (None, _) => !request.done,
    };
    Ok(ours.then_some(request))
}

/// What of the parameters proves itself: a hint that we signed, whatever its age (RPIL 2), and a way back
/// that its client registered. `state` comes back only if it was sent.
async fn read(app: &AppState, now: Timestamp, params: &Params) -> anyhow::Result<SignOut> {
    let mut out = SignOut { ui_locales: params.text("ui_locales").filter(|l| l.len() <= 256), ..SignOut::default() };
    let Some(hint) = params.get("id_token_hint") else { return Ok(out) };
    let claims = match keys::ops::verify(app, now, ID_TYP, hint).await? {
        Ok(claims) => claims,
        Err(why) => {
            tracing::info!(%why, "id_token_hint refused");
            return Ok(out);
        }
    };
    let text = |name: &str| claims.get(name).and_then(serde_json::Value::as_str);
    let aud = text("aud").unwrap_or_default();
    if text("iss") != Some(app.issuer()) || params.get("client_id").is_some_and(|id| id != aud) {
        return Ok(out);
    }
    let Some(client) = clients::store::find(&mut app.db.read().await?, aud).await?.filter(Client::is_usable) else {
        return Ok(out);
    };
    if let Some(uri) = params.get("post_logout_redirect_uri").filter(|uri| client.allows_post_logout(uri)) {
        out.back = Some(match params.get("state") {
            Some(state) => with_query(uri, &[("state", state)]),
            None => uri.to_owned(),
        });
    }
    out.sid = text("sid").map(str::to_owned);
    out.client_id = Some(client.id);
    Ok(out)
}

async fn handle(app: &AppState, visit: Visit, mut request: SignOut, i: Option<&str>) -> Answer {
    let Some((session, _)) = sessions::ops::current(app, visit.now, visit.session.as_deref()).await? else {
        // Nobody is signed in here any more: there is nothing to confirm.
        return finish(app, visit, &request).await;
    };
    if hint_is_of(app, &session, &request).await? {
        request.still_open = sign_out(app, &visit, &session, request.client_id.as_deref()).await?;
        let cleared = visit.jar.clear(Name::Session);
        return Ok(with_cookie(finish(app, visit, &request).await?, cleared));
    }
    match i {
        None => keep(app, &visit, request).await,
        Some(i) => {
            let service = name(app, request.client_id.as_deref()).await?;
            let visit = visit.prefer(request.ui_locales.as_deref());
            let page = LogoutConfirm { service, action: format!("/deconnexion/confirmer?i={i}") };
            visit.page(&app.pages, StatusCode::OK, &page)
        }
    }
}

/// Whether the hint was given for this very session.
async fn hint_is_of(app: &AppState, session: &Session, request: &SignOut) -> anyhow::Result<bool> {
    let Some(sid) = &request.sid else { return Ok(false) };
    let held = grants::store::by_sid(&mut app.db.read().await?, sid).await?;
    Ok(held.is_some_and(|h| h.session_id == session.id))
}

/// Ends the session; gives the names of the other services that it had opened.
async fn sign_out(
    app: &AppState,
    visit: &Visit,
    session: &Session,
    asking: Option<&str>,
) -> anyhow::Result<Vec<String>> {
    let mut tx = app.db.read().await?;
    let mut others = grants::store::clients_of(&mut tx, &session.id).await?;
    others.retain(|id| Some(id.as_str()) != asking);
    let names = clients::store::names(&mut tx, &others).await?;
    drop(tx);
    sessions::ops::end(app, visit.now, session).await?;
    Ok(names)
}

async fn name(app: &AppState, client_id: Option<&str>) -> anyhow::Result<Option<String>> {
    match client_id {
        Some(id) => Ok(clients::store::find(&mut app.db.read().await?, id).await?.map(|c| c.meta.client_name)),
        None => Ok(None),
    }
}

/// Back to the client, or our own page that says what stays open.
async fn finish(app: &AppState, visit: Visit, request: &SignOut) -> Answer {
    if let Some(back) = &request.back {
        return Ok(respond::out(back));
    }
    let client = match &request.client_id {
        Some(id) => clients::store::find(&mut app.db.read().await?, id).await?,
        None => None,
    };
    let visit = visit.prefer(request.ui_locales.as_deref());
    let page = LoggedOut {
        service: client.as_ref().map(|c| c.meta.client_name.clone()),
        still_open: request.still_open.clone(),
        back: client.and_then(|c| c.meta.client_uri),
    };
    let (_, nav) = visit.new_navigation(app.rng.as_ref());
    Ok(with_cookie(visit.page(&app.pages, StatusCode::OK, &page)?, nav))
}
