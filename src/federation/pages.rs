//! `/federation`: the list of academies, the way to an upstream and the way back.
//!
//! Both ways are GET: a form never redirects to another site
//! (docs/decisions/0017-a-form-never-redirects-to-another-site.md).

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::ops::{self, UpstreamSignIn, UpstreamVisit, VisitorContext};
use super::views::{UpstreamDoor, UpstreamFailedPage, UpstreamFailureKind, UpstreamListPage};
use super::{PendingLink, UpstreamAttempt, UpstreamFailure, choice};
use crate::app::{App, AppState, Operation, SignInResult};
use crate::base::typed_ids::ClientId;
use crate::clients::{self, Client};
use crate::config::deployment::{Upstream, UpstreamKind};
use crate::http::cookies::{CookieName, is_left};
use crate::http::error::PageError;
use crate::http::paths;
use crate::http::request_context::{
    RequestContext, external_redirect, retry_after_seconds, see_other, with_cookie, with_outcome,
};
use crate::http::routing::get;
use crate::interactions::Interaction;
use crate::interactions::extract::pending_interaction;
use crate::protocol::params::encode;
use crate::sessions::{self, Session};

type PageResult = Result<Response, PageError>;

/// The query parameters that belong to the pending request.
const CARRIED_PARAMS: [&str; 2] = ["i", "client_id"];
/// The query parameter of a sign-in that links the upstream to the account of the session.
const LINK_PARAM: &str = "relier";
/// The seconds after which an upstream that does not answer is asked again.
const RETRY_SECONDS: i64 = 60;

/// The query parameter that names a page of the account to which the way leads back.
const ERRAND_PARAM: &str = "vers";
/// The query parameter that has the upstream ask the person again.
const ASK_PARAM: &str = "demander";

pub fn routes() -> Router<AppState> {
    Router::new()
        .route(paths::FEDERATION, get(list))
        .route(paths::UPSTREAM, get(start))
        .route(paths::UPSTREAM_CALLBACK, get(finish))
}

/// Returns the usable client of a pending request.
async fn client_of(app: &App, waiting: Option<&Interaction>) -> anyhow::Result<Option<Client>> {
    let Some(waiting) = waiting else { return Ok(None) };
    let found = clients::store::find(&mut app.db.read().await?, &waiting.request.client_id).await?;
    Ok(found.filter(Client::is_usable))
}

/// GET: the list of the academies. The one chosen in this browser before is gone to at once, unless another one is
/// asked for (`choisir`).
async fn list(State(app): State<AppState>, ctx: RequestContext) -> PageResult {
    let waiting = pending_interaction(&app, &ctx).await;
    let ctx = ctx.with_ui_locales(waiting.as_ref().and_then(|w| w.request.ui_locales.as_deref()));
    let client = client_of(&app, waiting.as_ref()).await?;
    let upstreams = app.upstreams();
    let offered = choice::academies_for(&upstreams, client.as_ref().map(|client| &client.meta.perimeter));
    let query = ctx.carried_query(&CARRIED_PARAMS);
    let chosen = ctx.upstream.as_deref().filter(|_| ctx.query.get("choisir").is_none());
    if let Some(upstream) = offered.iter().find(|upstream| Some(upstream.id.as_str()) == chosen) {
        return Ok(see_other(&format!("{}{query}", paths::upstream_start(&upstream.id))));
    }
    let page = UpstreamListPage {
        doors: offered.into_iter().map(|upstream| UpstreamDoor::new(upstream, &query)).collect(),
        service: waiting.map(|waiting| waiting.client_name),
        query,
    };
    let (_, cookie) = ctx.navigation_cookie(app.rng.as_ref());
    Ok(with_cookie(ctx.page(&app.pages, StatusCode::OK, &page)?, cookie))
}

/// GET: sends the browser to the upstream.
async fn start(
    State(app): State<AppState>,
    ctx: RequestContext,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> PageResult {
    let waiting = pending_interaction(&app, &ctx).await;
    let ctx = ctx.with_ui_locales(waiting.as_ref().and_then(|w| w.request.ui_locales.as_deref()));
    let (browser, cookie) = ctx.navigation_cookie(app.rng.as_ref());
    let upstreams = app.upstreams();
    let query = ctx.carried_query(&CARRIED_PARAMS);
    let Some(upstream) = upstreams.enabled(&id) else {
        return failed(&app, &ctx, &id, &query, UpstreamFailure::NotServing);
    };
    let op = Operation::of_request(&app, &ctx);
    let link_session = match linking_session(&op, &ctx, upstream).await? {
        Ok(session) => session,
        Err(failure) => return failed(&app, &ctx, &id, "", failure),
    };
    // A link of another site, for no service: whoever clicked it shall choose, and lose no session by it.
    if waiting.is_none() && link_session.is_none() && comes_from_elsewhere(&headers) {
        return Ok(with_cookie(see_other(paths::SIGN_IN), cookie));
    }
    let errand = ctx.query.get(ERRAND_PARAM).filter(|word| paths::errand(word).is_some());
    let owner = match errand {
        Some(_) => sessions::ops::current(&op, ctx.session.as_deref()).await?.map(|(session, _)| session.account_id),
        None => None,
    };
    let visit = UpstreamVisit {
        ask_again: ctx.query.get(ASK_PARAM).is_some() || ctx.upstream.as_deref().is_some_and(is_left),
        link_session: link_session.as_ref().map(|session| &session.id),
        errand: errand.filter(|_| owner.is_some()),
        errand_account: owner.as_ref(),
        browser: &browser,
        interaction: waiting.as_ref().and(ctx.query.get("i")),
        client_id: waiting.as_ref().map(|waiting| &waiting.request.client_id),
        request: waiting.as_ref().map(|waiting| &waiting.request),
        lang: ctx.lang,
        source: ctx.source,
    };
    match ops::start(&op, upstream, visit).await {
        Ok(url) => Ok(with_cookie(external_redirect(&url), cookie)),
        Err(failure) => failed(&app, &ctx, &id, &query, failure),
    }
}

/// True for a navigation from another site, in browsers that say so (Fetch Metadata).
fn comes_from_elsewhere(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site")
}

/// Returns the session that goes to the upstream to link it to its account; `None` if nobody asked for that.
async fn linking_session(
    op: &Operation<'_>,
    ctx: &RequestContext,
    upstream: &Upstream,
) -> Result<Result<Option<Session>, UpstreamFailure>, PageError> {
    if ctx.query.get(LINK_PARAM).is_none() || upstream.kind != UpstreamKind::Franceconnect {
        return Ok(Ok(None));
    }
    let found = sessions::ops::current(op, ctx.session.as_deref()).await?;
    Ok(match found {
        Some((session, _)) if ops::may_link(op, &session).await? => Ok(Some(session)),
        _ => Err(UpstreamFailure::LinkExpired),
    })
}

/// GET: takes the answer of the upstream.
async fn finish(State(app): State<AppState>, ctx: RequestContext, Path(id): Path<String>) -> PageResult {
    let op = Operation::of_request(&app, &ctx);
    let visitor = (ctx.navigation_id.as_deref(), &*ctx.quota_owner());
    let attempt = match ops::take_attempt(&op, &ctx.query, visitor).await {
        Ok(attempt) => attempt,
        Err(failure) => return failed(&app, &ctx, &id, "", failure),
    };
    let query = query_of(&attempt);
    let upstreams = app.upstreams();
    // Looked up again: it may have been disabled while somebody was on the way.
    let Some(upstream) = upstreams.enabled(&id) else {
        return failed(&app, &ctx, &id, &query, UpstreamFailure::NotServing);
    };
    match enter(&op, &ctx, upstream, &attempt).await {
        Ok(Entry::SignedIn(done)) => {
            app.metrics.record_sign_in("upstream");
            let page = attempt.errand.as_deref().and_then(paths::errand).unwrap_or(paths::ACCOUNT);
            let to = if query.is_empty() { page.to_owned() } else { format!("{}{query}", paths::AUTHORIZE) };
            let cookie = ctx.jar.set_cookie(CookieName::Session, &done.session_cookie, None);
            let answer = with_cookie(see_other(&to), cookie);
            let answer = with_cookie(answer, ctx.jar.device_cookie(&ctx.devices, &done.device_secret));
            let chosen = (upstream.kind == UpstreamKind::Academy).then(|| ctx.jar.upstream_cookie(&id)).flatten();
            let answer = with_cookie(answer, chosen);
            Ok(with_outcome(answer, "upstream"))
        }
        Ok(Entry::FirstTime { token }) => {
            let joint = if query.is_empty() { "?" } else { "&" };
            Ok(with_outcome(see_other(&format!("{}{query}{joint}f={token}", paths::ACTIVATION)), "first_time"))
        }
        Ok(Entry::Linked) => {
            Ok(with_outcome(see_other(&format!("{}?reliee=1", paths::ACCOUNT_UPSTREAM)), "upstream_linked"))
        }
        Err(failure) => {
            if attempt.link_session.is_none() {
                app.sign_ins.note(SignInResult::UpstreamRefused, (None, attempt.client_id.as_ref()), ctx.now);
            }
            failed(&app, &ctx, &id, &query, failure)
        }
    }
}

/// The end of a right answer.
enum Entry {
    SignedIn(UpstreamSignIn),
    /// The person is linked to no account yet.
    FirstTime {
        token: String,
    },
    /// The person was linked to the account of the session.
    Linked,
}

async fn enter(
    op: &Operation<'_>,
    ctx: &RequestContext,
    upstream: &Upstream,
    attempt: &UpstreamAttempt,
) -> Result<Entry, UpstreamFailure> {
    let identity = ops::verify_answer(op, upstream, attempt, &ctx.query).await?;
    let visitor = VisitorContext {
        session_cookie: ctx.session.as_deref(),
        device_secrets: &ctx.devices,
        source: ctx.source,
        user_agent: &ctx.user_agent,
        client_id: attempt.client_id.as_ref(),
        was_asked: attempt.fresh,
    };
    if upstream.kind == UpstreamKind::Academy {
        return Ok(Entry::SignedIn(ops::sign_in(op, upstream, &identity, visitor).await?));
    }
    let person = PendingLink::new(upstream, &identity);
    if let Some(asked) = &attempt.link_session {
        let found = sessions::ops::current(op, ctx.session.as_deref()).await?;
        let (session, account) = found.ok_or(UpstreamFailure::LinkExpired)?;
        ops::take_link_permission(op, asked, &session).await?;
        ops::link_account(op, &person, (&session, &account), ctx.lang).await?;
        return Ok(Entry::Linked);
    }
    if let Some(owner) = &attempt.errand_account {
        ops::check_owner(op, &person, owner).await?;
    }
    if let Some(done) = ops::sign_in_linked(op, upstream, &identity, (visitor, ctx.lang)).await? {
        return Ok(Entry::SignedIn(done));
    }
    let browser = ctx.navigation_id.as_deref().ok_or(UpstreamFailure::UnknownState)?;
    let token = ops::keep_pending_link(op, &person, (browser, &ctx.quota_owner())).await?;
    Ok(Entry::FirstTime { token })
}

/// Returns the query of the request for which an attempt was begun.
fn query_of(attempt: &UpstreamAttempt) -> String {
    let client_id: Option<&ClientId> = attempt.client_id.as_ref();
    match (&attempt.interaction, client_id) {
        (Some(i), Some(client_id)) => {
            format!("?{}", encode([("i", i.as_str()), ("client_id", client_id.as_str())]))
        }
        _ => String::new(),
    }
}

/// Shows why nobody was signed in, in words of ours, with every other way. What the upstream said is in the log.
fn failed(app: &App, ctx: &RequestContext, id: &str, query: &str, failure: UpstreamFailure) -> PageResult {
    let Some(kind) = UpstreamFailureKind::of(&failure) else {
        return match failure {
            UpstreamFailure::Failed(error) => Err(error.into()),
            other => Err(anyhow::anyhow!("{other}").into()),
        };
    };
    let upstreams = app.upstreams();
    let known = upstreams.all().find(|upstream| upstream.id == id);
    let upstream = known.map(|upstream| upstream.id.as_str()).unwrap_or_default();
    tracing::info!(upstream, kind = kind.name(), why = %failure, "no sign-in through an upstream");
    app.metrics.record_sign_in(match kind {
        UpstreamFailureKind::Unavailable => "upstream_unavailable",
        UpstreamFailureKind::Untrusted => "upstream_untrusted",
        _ => "upstream_refused",
    });
    let others = choice::academies_for(&upstreams, None).len() > 1;
    let joint = if query.is_empty() { "?" } else { "&" };
    let page = UpstreamFailedPage {
        kind,
        label: known.map(|upstream| upstream.label.clone()),
        code: ctx.support_code.clone(),
        query: query.to_owned(),
        again_href: known.filter(|_| kind.may_succeed_again()).map(|upstream| match kind {
            UpstreamFailureKind::NotFresh => {
                format!("{}{query}{joint}{ASK_PARAM}=1", paths::upstream_start(&upstream.id))
            }
            _ => format!("{}{query}", paths::upstream_start(&upstream.id)),
        }),
        list_href: others.then(|| format!("{}{query}{joint}choisir=1", paths::FEDERATION)),
    };
    let answer = with_outcome(ctx.page_with_code(&app.pages, status(kind), &page)?, kind.name());
    Ok(match kind {
        UpstreamFailureKind::Unavailable => retry_after_seconds(answer, RETRY_SECONDS),
        _ => answer,
    })
}

fn status(kind: UpstreamFailureKind) -> StatusCode {
    match kind {
        UpstreamFailureKind::NotServing => StatusCode::NOT_FOUND,
        UpstreamFailureKind::UnknownState => StatusCode::BAD_REQUEST,
        UpstreamFailureKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        UpstreamFailureKind::Untrusted => StatusCode::BAD_GATEWAY,
        UpstreamFailureKind::Denied
        | UpstreamFailureKind::NotFresh
        | UpstreamFailureKind::UnknownProfile
        | UpstreamFailureKind::NoName
        | UpstreamFailureKind::AccountClosed
        | UpstreamFailureKind::FactorNeeded
        | UpstreamFailureKind::LinkedElsewhere
        | UpstreamFailureKind::NamesDiffer
        | UpstreamFailureKind::LinkExpired => StatusCode::FORBIDDEN,
    }
}
