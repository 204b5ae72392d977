//! `/oauth2/logout` (RPIL): signs the person out, and sends the browser back where that is allowed.
//!
//! A sign-out is done at once only for an ID token of ours given for this very session; otherwise the person confirms
//! it on a page (docs/threats.md#attack-s5). The way back is only ever a URI registered by the client that the hint, or
//! without one `client_id`, names (docs/threats.md#attack-r10). A POST is kept and goes on by our own GET, which has
//! the session's cookie; so does a GET with a hint before any page is shown: an ID token does not stay in the address
//! bar.

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::frontchannel::Parting;
use super::respond;
use super::views::{ContinueLogout, LoggedOut, LogoutConfirm};
use super::{ID_TYP, is_id_token};
use crate::app::AppState;
use crate::base::clock::{Span, Timestamp};
use crate::base::secret::digest;
use crate::clients::{self, Client};
use crate::ephemeral::{Carried, Kind};
use crate::grants;
use crate::http::cookies::Name;
use crate::http::error::PageError;
use crate::http::form::{self, Form};
use crate::http::policy;
use crate::http::visit::{Visit, see_other, with_cookie};
use crate::keys;
use crate::logouts;
use crate::protocol::params::Params;
use crate::protocol::redirect::with_query;
use crate::sessions::{self, Session};

type Answer = Result<Response, PageError>;

/// A request to sign out, as far as it proved anything.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct SignOut {
    /// The client of a verified hint, or the one that is named where there is no hint.
    client_id: Option<String>,
    sid: Option<String>,
    /// A registered URI of that client.
    back: Option<String>,
    ui_locales: Option<String>,
    /// The session that it ended: who had a part in it is read from its rows when the page is drawn.
    session: Option<String>,
    /// One of our own pages, to go on to.
    onward: Option<String>,
    done: bool,
    /// Digest of the navigation cookie. None until the browser of another site's form came back by GET.
    browser: Option<String>,
}

const LIFE: Span = Span::minutes(30);
/// How long one may wait for its browser to come by our own GET, after a form of another site brought it.
const POSTED: Span = Span::minutes(2);
/// Of an address to go on to.
const LONGEST: usize = 6_000;

pub async fn get(State(app): State<AppState>, mut visit: Visit) -> Answer {
    if let Some(i) = visit.query.get("i").map(str::to_owned) {
        return match load(&app, &visit, &i).await? {
            Some(request) if request.done => finish(&app, visit, &request).await,
            Some(mut request) if request.browser.is_none() => {
                let (nav, cookie) = visit.navigation(app.rng.as_ref());
                request.browser = Some(digest(&nav));
                visit.nav = Some(nav);
                let own = carry(&app, &visit, &request).await?;
                app.ephemeral.let_go(Kind::Logout, "", &i).await?;
                let i = own;
                Ok(with_cookie(handle(&app, visit, request, Some(&i)).await?, cookie))
            }
            Some(request) => handle(&app, visit, request, Some(&i)).await,
            // Unknown, expired or another browser's: a session that is open must not be called ended.
            None => handle(&app, visit, SignOut::default(), None).await,
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
    let i = carry(&app, &visit, &request).await?;
    Ok(see_other(&format!("/oauth2/logout?i={i}")))
}

/// POST of the confirmation page, same-origin only: signs out, then goes on by GET.
pub async fn confirm(State(app): State<AppState>, visit: Visit, Form(_): Form) -> Answer {
    let i = visit.query.get("i").unwrap_or_default().to_owned();
    let mut request = load(&app, &visit, &i).await?.unwrap_or_default();
    if let Some(session) = sessions::ops::to_end(&app, visit.session.as_deref()).await? {
        sessions::ops::end(&app, visit.now, &session).await?;
        request.session = Some(session.id);
    }
    request.done = true;
    let (to, cookie) = kept(&app, &visit, request).await?;
    let response = with_cookie(see_other(&format!("/deconnexion/suite?i={to}")), cookie);
    Ok(with_cookie(response, visit.jar.clear(Name::Session)))
}

/// POST of `/deconnexion`: the person leaves from a page of ours. With `changer` the way leads back to the sign-in,
/// for the same waiting request if there is one; else to the page that says what stays open.
pub async fn leave(State(app): State<AppState>, visit: Visit, Form(form): Form) -> Answer {
    let mut request = SignOut { done: true, ..SignOut::default() };
    if let Some(session) = sessions::ops::to_end(&app, visit.session.as_deref()).await? {
        sessions::ops::end(&app, visit.now, &session).await?;
        request.session = Some(session.id);
    }
    let changes = form.get("changer").is_some();
    // The waiting request is bound to the navigation cookie, so that one stays.
    let mut sign_in = format!("/connexion{}", visit.carried(&["i", "client_id"]));
    if sign_in.len() > LONGEST {
        "/connexion".clone_into(&mut sign_in);
    }
    let response = if changes && parting(&app, &request).await?.frames.is_empty() {
        see_other(&sign_in)
    } else {
        request.onward = changes.then_some(sign_in);
        keep(&app, &visit, request).await?
    };
    Ok(with_cookie(response, visit.jar.clear(Name::Session)))
}

/// GET: a page that goes on by itself, because the redirect to the client must not hang on our form
/// (docs/decisions/0017-a-form-never-redirects-to-another-site.md).
pub async fn go_on(State(app): State<AppState>, visit: Visit) -> Answer {
    let i = visit.query.get("i").unwrap_or_default().to_owned();
    let href = format!("/oauth2/logout?{}", crate::protocol::params::encode([("i", i.as_str())]));
    match load(&app, &visit, &i).await?.filter(|request| request.back.is_some()) {
        None => Ok(see_other(&href)),
        Some(request) => {
            let service = name(&app, request.client_id.as_deref()).await?;
            let visit = visit.prefer(request.ui_locales.as_deref());
            visit.page(&app.pages, StatusCode::OK, &ContinueLogout { href, service, frames: Vec::new() })
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
    Ok((carry(app, visit, &request).await?, cookie))
}

/// The `i` that carries it: sealed, so that a stranger's costs nothing.
async fn carry(app: &AppState, visit: &Visit, request: &SignOut) -> anyhow::Result<String> {
    let text = serde_json::to_string(request)?;
    let (browser, life) = match &request.browser {
        Some(browser) => (browser.as_str(), LIFE),
        None => ("", POSTED),
    };
    let (owner, expires) = (visit.payer(), visit.now.plus(life));
    let what = Carried { kind: Kind::Logout, browser, owner: &owner, text: &text, expires };
    Ok(app.ephemeral.carry(&app.vault, app.rng.as_ref(), visit.now, &what).await?)
}

/// What this `i` carries: for this browser, or for nobody yet.
async fn load(app: &AppState, visit: &Visit, i: &str) -> anyhow::Result<Option<SignOut>> {
    let find = async |browser: &str| app.ephemeral.carried(&app.vault, Kind::Logout, browser, i, visit.now).await;
    let own = match &visit.nav {
        Some(nav) => find(&digest(nav)).await?,
        None => None,
    };
    let text = match own {
        Some(text) => Some(text),
        None => find("").await?,
    };
    Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
}

/// What of the parameters counts: a hint that we signed, whatever its age (RPIL 2); without any, the client that is named,
/// which proves nothing, so that the person is asked; and a way back that this client registered. `state` comes back
/// only if it was sent.
async fn read(app: &AppState, now: Timestamp, params: &Params) -> anyhow::Result<SignOut> {
    let mut out = SignOut { ui_locales: params.text("ui_locales").filter(|l| l.len() <= 256), ..SignOut::default() };
    let (client, sid) = match params.get("id_token_hint") {
        Some(hint) => match hinted(app, now, params, hint).await? {
            Some((client, sid)) => (client, sid),
            None => return Ok(out),
        },
        None => match named(app, params.get("client_id")).await? {
            Some(client) => (client, None),
            None => return Ok(out),
        },
    };
    // A form that cannot be read whole might lack the state: then there is no way back.
    let back = params.get("post_logout_redirect_uri").filter(|_| params.flaw().is_none());
    if let Some(uri) = back.filter(|uri| client.allows_post_logout(uri)) {
        let back = match params.get("state") {
            Some(state) => with_query(uri, &[("state", state)]),
            None => uri.to_owned(),
        };
        // More than can be kept, and than a relying party would take back in an address.
        out.back = Some(back).filter(|back| back.len() <= LONGEST);
    }
    out.sid = sid;
    out.client_id = Some(client.id);
    Ok(out)
}

async fn named(app: &AppState, id: Option<&str>) -> anyhow::Result<Option<Client>> {
    let Some(id) = id.filter(|id| clients::is_client_id(id)) else { return Ok(None) };
    Ok(clients::store::find(&mut app.db.read().await?, id).await?.filter(Client::is_usable))
}

/// The client that an ID token of ours was given to, and `sid` if it says one.
async fn hinted(
    app: &AppState,
    now: Timestamp,
    params: &Params,
    hint: &str,
) -> anyhow::Result<Option<(Client, Option<String>)>> {
    let claims = match keys::ops::verify_hint(app, now, ID_TYP, hint).await? {
        Ok(claims) => claims,
        Err(why) => {
            tracing::info!(%why, "id_token_hint refused");
            return Ok(None);
        }
    };
    if !is_id_token(&claims) {
        tracing::info!("id_token_hint is another token of ours");
        return Ok(None);
    }
    let text = |name: &str| claims.get(name).and_then(serde_json::Value::as_str);
    let aud = text("aud").unwrap_or_default();
    if text("iss") != Some(app.issuer()) || params.get("client_id").is_some_and(|id| id != aud) {
        return Ok(None);
    }
    let sid = text("sid").map(str::to_owned);
    Ok(named(app, Some(aud)).await?.map(|client| (client, sid)))
}

async fn handle(app: &AppState, visit: Visit, mut request: SignOut, i: Option<&str>) -> Answer {
    let Some(session) = sessions::ops::to_end(app, visit.session.as_deref()).await? else {
        // Nobody is signed in here any more: there is nothing to confirm.
        return finish_tidily(app, visit, request).await;
    };
    if hint_is_of(app, &session, &request).await? {
        sessions::ops::end(app, visit.now, &session).await?;
        request.session = Some(session.id);
        let cleared = visit.jar.clear(Name::Session);
        return Ok(with_cookie(finish_tidily(app, visit, request).await?, cleared));
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

/// As [`finish`], but no page is shown at an address that holds a hint.
async fn finish_tidily(app: &AppState, visit: Visit, mut request: SignOut) -> Answer {
    let leaves = request.back.is_some() && parting(app, &request).await?.frames.is_empty();
    if leaves || visit.query.get("id_token_hint").is_none() {
        return finish(app, visit, &request).await;
    }
    request.done = true;
    keep(app, &visit, request).await
}

/// Whether the hint was given for this very session.
async fn hint_is_of(app: &AppState, session: &Session, request: &SignOut) -> anyhow::Result<bool> {
    let Some(sid) = &request.sid else { return Ok(false) };
    let held = grants::store::by_sid(&mut app.db.read().await?, sid).await?;
    Ok(held.is_some_and(|h| h.session_id == session.id))
}

/// What the page does about the clients of the ended session.
async fn parting(app: &AppState, request: &SignOut) -> anyhow::Result<Parting> {
    let Some(session) = &request.session else { return Ok(Parting::default()) };
    let parties = logouts::store::parties(&mut app.db.read().await?, session).await?;
    Ok(Parting::of(&parties, app.issuer(), request.client_id.as_deref()))
}

async fn name(app: &AppState, client_id: Option<&str>) -> anyhow::Result<Option<String>> {
    match client_id {
        Some(id) => Ok(clients::store::find(&mut app.db.read().await?, id).await?.map(|c| c.meta.client_name)),
        None => Ok(None),
    }
}

/// Back to the client, or our own page that says what stays open. Where clients are told by the browser (FCL), our page
/// comes first, loads theirs, and then goes on by itself.
async fn finish(app: &AppState, visit: Visit, request: &SignOut) -> Answer {
    let Parting { frames, origins, still_open } = parting(app, request).await?;
    if let (Some(back), true) = (&request.back, frames.is_empty()) {
        let (_, nav) = visit.new_navigation(app.rng.as_ref());
        return Ok(with_cookie(respond::out(back), nav));
    }
    let client = match &request.client_id {
        Some(id) => clients::store::find(&mut app.db.read().await?, id).await?,
        None => None,
    };
    let visit = visit.prefer(request.ui_locales.as_deref());
    let service = client.as_ref().map(|c| c.meta.client_name.clone());
    let onward = request.back.clone().or_else(|| request.onward.clone());
    let mut response = match onward {
        Some(href) => visit.page(&app.pages, StatusCode::OK, &ContinueLogout { href, service, frames })?,
        None => {
            let back = client.and_then(|c| c.meta.client_uri);
            visit.page(&app.pages, StatusCode::OK, &LoggedOut { service, still_open, back, frames })?
        }
    };
    if !origins.is_empty() {
        let policy = HeaderValue::from_str(&policy::framing(&origins)).map_err(anyhow::Error::from)?;
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    // The waiting request of a sign-in that follows is bound to the cookie that there is.
    let nav = if request.onward.is_some() { None } else { visit.new_navigation(app.rng.as_ref()).1 };
    Ok(with_cookie(response, nav))
}
