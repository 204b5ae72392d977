//! `/oauth2/logout` (RPIL): ends the session of the end user, and redirects the browser to a registered URI of the
//! client.
//!
//! Logout without confirmation requires an ID token issued by this server for the current session; otherwise the end
//! user confirms on a page (docs/threats.md#attack-s5). The redirect goes only to a URI registered by the client that
//! the hint names, or, without a hint, `client_id` (docs/threats.md#attack-r10). A POST is stored and continues with a
//! same-site GET, which has the session cookie; a GET with a hint is stored too before any page is shown: an ID token
//! must not remain in the address bar.

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::request::{self, LogoutRequest, MAX_URL_BYTES};
use crate::app::{App, AppState, Operation};
use crate::base::secret::sha256_base64url;
use crate::clients;
use crate::ephemeral::Namespace;
use crate::federation;
use crate::federation::views::UpstreamDoor;
use crate::grants;
use crate::http::cookies::CookieName;
use crate::http::csp;
use crate::http::error::PageError;
use crate::http::form::{self, Form};
use crate::http::paths;
use crate::http::request_context::{RequestContext, external_redirect, see_other, with_cookie};
use crate::logouts;
use crate::oidc::logout::frontchannel::FrontchannelLogout;
use crate::oidc::views::{ContinueLogout, LoggedOut, LogoutConfirm};
use crate::protocol::params::{Params, encode};
use crate::sessions::{self, Session};

type PageResult = Result<Response, PageError>;

/// The query parameter by which the logged-out page leads to the upstream's own sign-out.
const UPSTREAM_SIGN_OUT: &str = "amont";

pub async fn get(State(app): State<AppState>, mut ctx: RequestContext) -> PageResult {
    if let Some(i) = ctx.query.get("i").map(str::to_owned) {
        return match request::load(&app, &ctx, &i).await? {
            Some(request) if request.done && ctx.query.get(UPSTREAM_SIGN_OUT).is_some() => {
                leave_upstream(&app, &ctx, &request).await
            }
            Some(request) if request.done => finish(&app, ctx, &request).await,
            Some(mut request) if request.browser.is_none() => {
                let (nav, cookie) = ctx.navigation_cookie(app.rng.as_ref());
                request.browser = Some(sha256_base64url(&nav));
                ctx.navigation_id = Some(nav);
                let own = request::seal(&app, &ctx, &request).await?;
                app.ephemeral.discard_state(Namespace::Logout, "", &i).await?;
                let i = own;
                Ok(with_cookie(handle(&app, ctx, request, Some(&i)).await?, cookie))
            }
            Some(request) => handle(&app, ctx, request, Some(&i)).await,
            // Unknown, expired or bound to another browser: an open session must not be reported as ended.
            None => handle(&app, ctx, LogoutRequest::default(), None).await,
        };
    }
    let request = request::parse(&Operation::of_request(&app, &ctx), &ctx.query).await?;
    handle(&app, ctx, request, None).await
}

/// Handles a logout request by POST (RPIL 2): a cross-site POST has no `SameSite=Lax` session cookie, so the request is
/// stored and continues by GET.
pub async fn post(State(app): State<AppState>, ctx: RequestContext, request: Request) -> PageResult {
    let text = form::read_body(request, &app).await?;
    let params = Params::parse(&text);
    let request = request::parse(&Operation::of_request(&app, &ctx), &params).await?;
    if ctx.navigation_id.is_some() {
        return store_and_redirect(&app, &ctx, request).await;
    }
    let i = request::seal(&app, &ctx, &request).await?;
    Ok(see_other(&format!("{}?i={i}", paths::LOGOUT)))
}

/// Clears the cookie of the ended session. The academy of whoever came through one is forgotten as a way that needs no
/// choice: the next person at this computer may be another one, and the session there may be open still.
fn signed_out(ctx: &RequestContext, session: Option<&Session>, response: Response) -> Response {
    let response = with_cookie(response, ctx.jar.clear_cookie(CookieName::Session));
    let origin = session.and_then(|session| session.upstream.as_ref());
    with_cookie(response, origin.and_then(|origin| ctx.jar.left_upstream_cookie(&origin.upstream_id)))
}

/// Handles the POST of the confirmation page, same-origin only: ends the session, then continues by GET.
pub async fn confirm(State(app): State<AppState>, ctx: RequestContext, Form(_): Form) -> PageResult {
    let i = ctx.query.get("i").unwrap_or_default().to_owned();
    let mut request = request::load(&app, &ctx, &i).await?.unwrap_or_default();
    let session = sessions::ops::find_unended(&app, ctx.session.as_deref()).await?;
    if let Some(session) = &session {
        sessions::ops::end(&Operation::of_request(&app, &ctx), session).await?;
        request.session = Some(session.id.clone());
    }
    request.done = true;
    let (to, cookie) = store_request(&app, &ctx, request).await?;
    let response = with_cookie(see_other(&format!("{}?i={to}", paths::AFTER_SIGN_OUT)), cookie);
    Ok(signed_out(&ctx, session.as_ref(), response))
}

/// Handles the POST of `/deconnexion`, the sign-out button of this server's own pages. With `changer` the browser
/// returns to the sign-in page, with the same pending authorization request if there is one; else to the logged-out
/// page.
pub async fn log_out(State(app): State<AppState>, ctx: RequestContext, Form(form): Form) -> PageResult {
    let mut request = LogoutRequest { done: true, ..LogoutRequest::default() };
    let session = sessions::ops::find_unended(&app, ctx.session.as_deref()).await?;
    if let Some(session) = &session {
        sessions::ops::end(&Operation::of_request(&app, &ctx), session).await?;
        request.session = Some(session.id.clone());
    }
    let changes = form.get("changer").is_some();
    // The pending authorization request is bound to the navigation cookie, so the cookie must not be replaced.
    let mut sign_in = format!("{}{}", paths::SIGN_IN, ctx.carried_query(&["i", "client_id"]));
    if sign_in.len() > MAX_URL_BYTES {
        paths::SIGN_IN.clone_into(&mut sign_in);
    }
    let response = if changes && frontchannel_logout(&app, &request).await?.frames.is_empty() {
        see_other(&sign_in)
    } else {
        request.onward = changes.then_some(sign_in);
        store_and_redirect(&app, &ctx, request).await?
    };
    Ok(signed_out(&ctx, session.as_ref(), response))
}

/// Handles GET `/deconnexion/suite`: shows a page that continues by itself, because the redirect to the client must not
/// be the response to a form (docs/decisions/0017-a-form-never-redirects-to-another-site.md).
pub async fn continue_to_client(State(app): State<AppState>, ctx: RequestContext) -> PageResult {
    let i = ctx.query.get("i").unwrap_or_default().to_owned();
    let href = format!("{}?{}", paths::LOGOUT, encode([("i", i.as_str())]));
    match request::load(&app, &ctx, &i).await?.filter(|request| request.back.is_some()) {
        None => Ok(see_other(&href)),
        Some(request) => {
            let service = client_name(&app, request.client_id.as_deref()).await?;
            let ctx = ctx.with_ui_locales(request.ui_locales.as_deref());
            ctx.page(&app.pages, StatusCode::OK, &ContinueLogout { href, service, frames: Vec::new() })
        }
    }
}

async fn store_and_redirect(app: &App, ctx: &RequestContext, request: LogoutRequest) -> PageResult {
    let (i, cookie) = store_request(app, ctx, request).await?;
    Ok(with_cookie(see_other(&format!("{}?i={i}", paths::LOGOUT)), cookie))
}

/// Stores the request for this browser; returns the `i` parameter, and the binding cookie if the browser had none.
async fn store_request(
    app: &App,
    ctx: &RequestContext,
    mut request: LogoutRequest,
) -> anyhow::Result<(String, Option<HeaderValue>)> {
    let (nav, cookie) = ctx.navigation_cookie(app.rng.as_ref());
    request.browser = Some(sha256_base64url(&nav));
    Ok((request::seal(app, ctx, &request).await?, cookie))
}

async fn handle(app: &App, ctx: RequestContext, mut request: LogoutRequest, i: Option<&str>) -> PageResult {
    let Some(session) = sessions::ops::find_unended(app, ctx.session.as_deref()).await? else {
        // No session remains in this browser, so no confirmation is needed.
        return finish_without_hint_in_url(app, ctx, request).await;
    };
    if hint_matches_session(app, &session, &request).await? {
        sessions::ops::end(&Operation::of_request(app, &ctx), &session).await?;
        request.session = Some(session.id.clone());
        let response = finish_without_hint_in_url(app, ctx.clone(), request).await?;
        return Ok(signed_out(&ctx, Some(&session), response));
    }
    match i {
        None => store_and_redirect(app, &ctx, request).await,
        Some(i) => {
            let service = client_name(app, request.client_id.as_deref()).await?;
            let ctx = ctx.with_ui_locales(request.ui_locales.as_deref());
            let page = LogoutConfirm { service, action: format!("{}?i={i}", paths::CONFIRM_SIGN_OUT) };
            ctx.page(&app.pages, StatusCode::OK, &page)
        }
    }
}

/// Returns the door that ends the session at the upstream through which its person signed in.
async fn upstream_door(
    app: &App,
    ctx: &RequestContext,
    request: &LogoutRequest,
) -> anyhow::Result<Option<UpstreamDoor>> {
    let (Some(id), Some(i)) = (&request.session, ctx.query.get("i")) else { return Ok(None) };
    let session = sessions::store::find(&mut app.db.read().await?, id).await?;
    let Some(origin) = session.and_then(|session| session.upstream) else { return Ok(None) };
    let upstreams = app.upstreams();
    Ok(upstreams.enabled(&origin.upstream_id).map(|upstream| UpstreamDoor {
        id: upstream.id.clone(),
        label: upstream.label.clone(),
        href: format!("{}?{}", paths::LOGOUT, encode([("i", i), (UPSTREAM_SIGN_OUT, "1")])),
    }))
}

/// Sends the browser to the upstream's own sign-out, once; afterwards to the sign-in page.
async fn leave_upstream(app: &App, ctx: &RequestContext, request: &LogoutRequest) -> PageResult {
    let op = Operation::of_request(app, ctx);
    let url = match &request.session {
        Some(session) => federation::ops::end_session_url(&op, session, ctx.lang).await?,
        None => None,
    };
    Ok(match url {
        Some(url) => external_redirect(&url),
        None => see_other(paths::SIGN_IN),
    })
}

/// Finishes the logout like [`finish`], but never shows a page at a URL with a hint.
async fn finish_without_hint_in_url(app: &App, ctx: RequestContext, mut request: LogoutRequest) -> PageResult {
    let leaves = request.back.is_some() && frontchannel_logout(app, &request).await?.frames.is_empty();
    if leaves || ctx.query.get("id_token_hint").is_none() {
        return finish(app, ctx, &request).await;
    }
    request.done = true;
    store_and_redirect(app, &ctx, request).await
}

/// True if the hint was issued for the current session.
async fn hint_matches_session(app: &App, session: &Session, request: &LogoutRequest) -> anyhow::Result<bool> {
    let Some(sid) = &request.sid else { return Ok(false) };
    let held = grants::store::find_by_sid(&mut app.db.read().await?, sid).await?;
    Ok(held.is_some_and(|h| h.session_id == session.id))
}

/// Returns the front-channel logout of the ended session.
async fn frontchannel_logout(app: &App, request: &LogoutRequest) -> anyhow::Result<FrontchannelLogout> {
    let Some(session) = &request.session else { return Ok(FrontchannelLogout::default()) };
    let parties = logouts::store::list_recipients(&mut app.db.read().await?, session).await?;
    Ok(FrontchannelLogout::for_parties(&parties, app.issuer(), request.client_id.as_deref()))
}

async fn client_name(app: &App, client_id: Option<&str>) -> anyhow::Result<Option<String>> {
    match client_id {
        Some(id) => Ok(clients::store::find(&mut app.db.read().await?, id).await?.map(|c| c.meta.client_name)),
        None => Ok(None),
    }
}

/// Redirects to the client, or shows the logged-out page. If clients have a front-channel logout URI (FCL), the page of
/// this server comes first, loads their frames, and then continues by itself.
async fn finish(app: &App, ctx: RequestContext, request: &LogoutRequest) -> PageResult {
    let FrontchannelLogout { frames, origins, still_open } = frontchannel_logout(app, request).await?;
    if let (Some(back), true) = (&request.back, frames.is_empty()) {
        let (_, nav) = ctx.new_navigation_cookie(app.rng.as_ref());
        return Ok(with_cookie(external_redirect(back), nav));
    }
    let client = match &request.client_id {
        Some(id) => clients::store::find(&mut app.db.read().await?, id).await?,
        None => None,
    };
    let ctx = ctx.with_ui_locales(request.ui_locales.as_deref());
    let service = client.as_ref().map(|c| c.meta.client_name.clone());
    let mut left_upstream = false;
    let onward = request.back.clone().or_else(|| request.onward.clone());
    let mut response = match onward {
        Some(href) => ctx.page(&app.pages, StatusCode::OK, &ContinueLogout { href, service, frames })?,
        None => {
            let back = client.and_then(|c| c.meta.client_uri);
            let upstream = upstream_door(app, &ctx, request).await?;
            left_upstream = upstream.is_some();
            ctx.page(&app.pages, StatusCode::OK, &LoggedOut { service, still_open, back, upstream, frames })?
        }
    };
    if !origins.is_empty() {
        let csp = HeaderValue::from_str(&csp::csp_with_frames(&origins)).map_err(anyhow::Error::from)?;
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, csp);
    }
    // The pending authorization request of the next sign-in is bound to the present cookie, and so is the way out of the
    // upstream.
    let kept = request.onward.is_some() || left_upstream;
    let nav = if kept { None } else { ctx.new_navigation_cookie(app.rng.as_ref()).1 };
    Ok(with_cookie(response, nav))
}
