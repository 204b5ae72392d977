//! `/oauth2/authorize`: takes a request, and is the one dispatcher of the browser's way (OIDCC 3.1.2).
//!
//! With protocol parameters it checks and answers, or keeps the request and sends the person to sign in.
//! With `?i=` it goes on with a kept request. Steps never call one another: they come back here.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::checks::{self, Refused};
use super::next_step::{NextStep, Situation, Why, next_step};
use super::views::{NothingInPerimeter, RequestRefused, Restart, TooOld};
use super::{CODE_LIFE, CodeGrant, claims, respond};
use crate::accounts::Account;
use crate::app::AppState;
use crate::base::ids::{id128, id256};
use crate::base::secret::digest;
use crate::clients::{self, Client};
use crate::db::Durability;
use crate::ephemeral::Kind;
use crate::grants;
use crate::http::error::PageError;
use crate::http::form;
use crate::http::visit::{Visit, see_other, with_cookie};
use crate::interactions::{self, FRESH, Interaction};
use crate::protocol::authorize::AuthorizeRequest;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::params::{Params, encode};
use crate::roster::{self, store::Child};
use crate::sessions::{self, Session};

type Answer = Result<Response, PageError>;

pub async fn get(State(app): State<AppState>, visit: Visit) -> Answer {
    match visit.query.get("i") {
        Some(_) => resume(&app, visit).await,
        None => begin(&app, &visit, visit.query.clone(), false).await,
    }
}

/// OIDCC 3.1.2.1: POST is taken like GET. It arrives without the Lax session cookie when another site sends
/// it, so it is kept and goes on by our own GET.
pub async fn post(State(app): State<AppState>, visit: Visit, request: Request) -> Answer {
    let text = form::body(request, &app).await?;
    begin(&app, &visit, Params::parse(&text), true).await
}

async fn begin(app: &AppState, visit: &Visit, params: Params, by_post: bool) -> Answer {
    let (client, uri) = match checks::client_and_redirect(app, &params).await? {
        Ok(found) => found,
        Err(refused) => return self::refused(app, visit, refused),
    };
    let request = match checks::rest(app, visit.now, &client, &uri, &params) {
        Ok(request) => request,
        Err(error) => {
            let state = params.text("state");
            return self::refused(
                app,
                visit,
                Refused::Redirect { client: Box::new(client), redirect_uri: uri, state, error },
            );
        }
    };
    if by_post {
        return keep(app, visit, &client, request, None).await;
    }
    step(app, visit, &client, request, None).await
}

fn refused(app: &AppState, visit: &Visit, refused: Refused) -> Answer {
    match refused {
        Refused::Page { client, error } => {
            let (code, description) = (error.code.name(), error.description);
            tracing::info!(code, description, detail = %error.detail, "authorization refused by page");
            let page = RequestRefused {
                service: client.as_ref().map(|c| c.meta.client_name.clone()),
                code: visit.support_code.clone(),
                client_uri: client.and_then(|c| c.meta.client_uri),
            };
            visit.page(&app.pages, StatusCode::BAD_REQUEST, &page)
        }
        Refused::Redirect { redirect_uri, state, error, .. } => {
            Ok(respond::error(app, &redirect_uri, state.as_deref(), &error))
        }
    }
}

/// Keeps the request and goes on by a page of ours: the sign-in, or (after a POST) the dispatcher.
async fn keep(app: &AppState, visit: &Visit, client: &Client, request: AuthorizeRequest, why: Option<Why>) -> Answer {
    // Only a form of another site comes without the cookie and wants no page at once: see `Interaction::browser`.
    let (browser, cookie) = match (why, &visit.nav) {
        (None, None) => (String::new(), None),
        _ => {
            let (nav, cookie) = visit.navigation(app.rng.as_ref());
            (digest(&nav), cookie)
        }
    };
    let waiting = Interaction { browser, created: visit.now, client_name: client.meta.client_name.clone(), request };
    let Some(id) = interactions::ops::keep(app, visit.now, &waiting).await? else {
        let error = OAuthError::invalid_request("the request is too large");
        return Ok(respond::error(app, &waiting.request.redirect_uri, waiting.request.state.as_deref(), &error));
    };
    let to = match why {
        Some(why) => sign_in_url(&id, &client.id, why),
        None => format!("/oauth2/authorize?{}", encode([("i", id.as_str()), ("client_id", client.id.as_str())])),
    };
    Ok(with_cookie(see_other(&to), cookie))
}

/// `motif` tells the sign-in page that a session there may be is not enough.
fn sign_in_url(i: &str, client_id: &str, why: Why) -> String {
    let mut pairs = vec![("i", i), ("client_id", client_id)];
    if why != Why::NoSession {
        pairs.push(("motif", "encore"));
    }
    format!("/connexion?{}", encode(pairs))
}

/// Goes on with a kept request, which is this browser's from now on.
async fn resume(app: &AppState, mut visit: Visit) -> Answer {
    let i = visit.query.get("i").unwrap_or_default().to_owned();
    let mut found = interactions::ops::find(app, visit.now, &i, visit.nav.as_deref()).await?;
    let mut cookie = None;
    if found.is_none() {
        let (nav, drawn) = visit.navigation(app.rng.as_ref());
        found = interactions::ops::claim(app, visit.now, &i, &nav).await?;
        if found.is_some() {
            (visit.nav, cookie) = (Some(nav), drawn);
        }
    }
    Ok(with_cookie(go_on(app, visit, &i, found).await?, cookie))
}

async fn go_on(app: &AppState, visit: Visit, i: &str, found: Option<Interaction>) -> Answer {
    let Some(waiting) = found else { return too_old(app, &visit, None).await };
    let visit = visit.prefer(waiting.request.ui_locales.as_deref());
    let client = clients::store::find(&mut app.db.read().await?, &waiting.request.client_id).await?;
    // Client and redirect URI once more: hours may have passed, and a suspension counts at once (ABUSE C8, P6).
    let client = client.filter(|c| c.is_usable() && c.allows_redirect(&waiting.request.redirect_uri));
    let Some(client) = client else { return too_old(app, &visit, None).await };
    if visit.now.since(waiting.created) >= FRESH && client.meta.initiate_login_uri.is_some() {
        return too_old(app, &visit, Some(&client)).await;
    }
    if visit.query.get("refuser").is_some() {
        let denied = respond::plain(ErrorCode::AccessDenied);
        return Ok(respond::error(app, &waiting.request.redirect_uri, waiting.request.state.as_deref(), &denied));
    }
    step(app, &visit, &client, waiting.request, Some(i)).await
}

/// A request that its relying party has forgotten: it starts a fresh one (OIDCC 4), and the session answers it.
async fn too_old(app: &AppState, visit: &Visit, known: Option<&Client>) -> Answer {
    if let Some(uri) = known.and_then(|c| c.meta.initiate_login_uri.as_deref()) {
        return Ok(respond::out(&crate::protocol::redirect::with_query(uri, &[("iss", app.issuer())])));
    }
    let id = visit.query.get("client_id").filter(|id| clients::is_client_id(id));
    let client = match id {
        Some(id) => clients::store::find(&mut app.db.read().await?, id).await?.filter(Client::is_usable),
        None => None,
    };
    let restart = client.and_then(|c| {
        let initiate = c.meta.initiate_login_uri.as_deref();
        let initiate = initiate.map(|uri| crate::protocol::redirect::with_query(uri, &[("iss", app.issuer())]));
        initiate.or(c.meta.client_uri).map(|href| Restart { href, service: c.meta.client_name })
    });
    visit.page(&app.pages, StatusCode::GONE, &TooOld { restart })
}

/// Who is here, and what is known of them for this client.
struct Person {
    session: Session,
    account: Account,
    children: Vec<Child>,
    sub: String,
}

async fn person(app: &AppState, visit: &Visit, client: &Client) -> anyhow::Result<Option<Person>> {
    let found = sessions::ops::current(app, visit.now, visit.session.as_deref()).await?;
    let Some((session, account)) = found else { return Ok(None) };
    let children = roster::store::children_of_account(&mut app.db.read().await?, &account.id).await?;
    let sub = claims::subject(&app.vault, client, &account.id);
    Ok(Some(Person { session, account, children, sub }))
}

async fn step(app: &AppState, visit: &Visit, client: &Client, request: AuthorizeRequest, i: Option<&str>) -> Answer {
    let person = person(app, visit, client).await?;
    if let (Some(p), false) = (&person, request.prompt.none) {
        sessions::ops::touch(app, visit.now, &p.session).await?;
    }
    let next = next_step(&Situation {
        request: &request,
        now: visit.now,
        authenticated: person.as_ref().map(|p| p.session.authenticated_at),
        sub: person.as_ref().map(|p| p.sub.as_str()),
        in_perimeter: person.as_ref().is_some_and(|p| claims::concerns(client, &p.account, &p.children)),
    });
    match (next, person) {
        (NextStep::Answer, Some(p)) => answer(app, visit, client, &request, &p).await,
        (NextStep::Refuse(code), _) => {
            Ok(respond::error(app, &request.redirect_uri, request.state.as_deref(), &respond::plain(code)))
        }
        (NextStep::Explain(_), Some(p)) => match i {
            Some(i) => explain(app, visit, client, i, &p),
            // The page's links need a kept request.
            None => keep(app, visit, client, request, None).await,
        },
        (NextStep::SignIn(why), _) => match i {
            Some(i) => Ok(see_other(&sign_in_url(i, &client.id, why))),
            None => keep(app, visit, client, request, Some(why)).await,
        },
        (NextStep::Answer | NextStep::Explain(_), None) => Err(anyhow::anyhow!("an answer without a person").into()),
    }
}

fn explain(app: &AppState, visit: &Visit, client: &Client, i: &str, p: &Person) -> Answer {
    let mut schools: Vec<String> = p.children.iter().map(|c| c.school.clone()).collect();
    schools.dedup();
    let query = encode([("i", i), ("client_id", client.id.as_str())]);
    let page = NothingInPerimeter {
        service: client.meta.client_name.clone(),
        schools,
        query: format!("?{query}"),
        code: visit.support_code.clone(),
        back_href: format!("/oauth2/authorize?{query}&refuser=1"),
    };
    visit.page(&app.pages, StatusCode::FORBIDDEN, &page)
}

/// Gives a code: bound to client, redirect URI, challenge, session and generation; kept as its digest.
async fn answer(app: &AppState, visit: &Visit, client: &Client, request: &AuthorizeRequest, p: &Person) -> Answer {
    let held = join(app, visit, &p.session.id, &client.id).await?;
    let grant = CodeGrant {
        client_id: client.id.clone(),
        redirect_uri: request.redirect_uri.clone(),
        scopes: request.scopes.clone(),
        nonce: request.nonce.clone(),
        code_challenge: request.code_challenge.clone(),
        session_id: p.session.id.clone(),
        account_id: p.account.id.clone(),
        sid: held.sid,
        generation: held.generation,
        authenticated_at: p.session.authenticated_at,
        amr: p.session.amr.clone(),
    };
    let code = id256(app.rng.as_ref());
    let text = serde_json::to_string(&grant).map_err(anyhow::Error::from)?;
    app.ephemeral.put(Kind::Code, &digest(&code), &text, visit.now.plus(CODE_LIFE), visit.now).await?;
    Ok(respond::redirect(app, &request.redirect_uri, request.state.as_deref(), &[("code", &code)]))
}

/// The client's place in the session; written at its first request only.
async fn join(app: &AppState, visit: &Visit, session: &str, client: &str) -> anyhow::Result<grants::SessionClient> {
    if let Some(held) = grants::store::find(&mut app.db.read().await?, session, client).await? {
        return Ok(held);
    }
    let mut tx = app.db.write(Durability::Relaxed).await?;
    grants::store::join(&mut tx, visit.now, session, client, &id128(app.rng.as_ref())).await?;
    let held = grants::store::find(&mut tx, session, client).await?;
    tx.commit().await?;
    held.ok_or_else(|| anyhow::anyhow!("the row just written is not there"))
}
