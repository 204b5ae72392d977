//! `/oauth2/authorize`: takes a request, and is the one dispatcher of the browser's way (OIDCC 3.1.2).
//!
//! With protocol parameters it checks and answers, or lets the pages carry the request and sends the person to sign in.
//! With `?i=` it goes on with a carried request. Steps never call one another: they come back here.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::answer::answer;
use super::back::Back;
use super::checks::{self, Came, Refused};
use super::next_step::{NextStep, Situation, Why, next_step};
use super::person::{Person, person};
use super::views::{NothingInPerimeter, RequestRefused, Restart, TooOld};
use super::{consent, par, request_object, respond};
use crate::app::AppState;
use crate::base::secret::digest;
use crate::clients::{self, Client};
use crate::http::error::PageError;
use crate::http::form;
use crate::http::visit::{Visit, see_other, with_cookie, with_outcome};
use crate::interactions::{self, FRESH, Interaction};
use crate::protocol::authorize::AuthorizeRequest;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::params::{Params, encode};
use crate::protocol::redirect::with_query;
use crate::{services, sessions};

type Answer = Result<Response, PageError>;

pub async fn get(State(app): State<AppState>, visit: Visit) -> Answer {
    match visit.query.get("i") {
        Some(_) => resume(&app, visit).await,
        None => begin(&app, &visit, &visit.query, false).await,
    }
}

/// OIDCC 3.1.2.1: POST is taken like GET. It arrives without the Lax session cookie when another site sends
/// it, so it is kept and goes on by our own GET.
pub async fn post(State(app): State<AppState>, visit: Visit, request: Request) -> Answer {
    let text = form::body(request, &app).await?;
    begin(&app, &visit, &Params::parse(&text), true).await
}

async fn begin(app: &AppState, visit: &Visit, params: &Params, by_post: bool) -> Answer {
    let (client, request) = match understood(app, visit, params).await? {
        Ok(found) => found,
        Err(refused) => return self::refused(app, visit, refused),
    };
    if by_post {
        return keep(app, visit, &client, request, None).await;
    }
    step(app, visit, &client, request, None).await
}

/// Who asks, and what: from plain parameters, from a request object, or from what was pushed before.
async fn understood(
    app: &AppState,
    visit: &Visit,
    params: &Params,
) -> anyhow::Result<Result<(Client, AuthorizeRequest), Refused>> {
    let client = match checks::client(app, params).await? {
        Ok(client) => client,
        Err(refused) => return Ok(Err(refused)),
    };
    let refuse = |client: Client, params: &Params, error, inside: Option<String>| {
        // Only to an address that is the client's, whatever is wrong with the rest.
        Ok(Err(match checks::redirect_uri(&client, params) {
            Ok(uri) => {
                let back = Back::guess(&uri, params);
                Refused::Redirect { back: Back { state: inside.or(back.state), ..back }, error }
            }
            Err(_) => Refused::Page { client: Some(Box::new(client)), error },
        }))
    };
    if let Some(uri) = params.get("request_uri").filter(|uri| par::is_reference(uri)) {
        return match par::find(app, visit.now, &client, uri).await? {
            Some(request) => Ok(Ok((client, request))),
            None => {
                let words = "the pushed request is unknown, expired or used";
                refuse(client, params, OAuthError::new(ErrorCode::InvalidRequestUri, words), None)
            }
        };
    }
    let object = match request_object::read(app, visit.now, &client, params).await? {
        Ok(object) => object,
        Err(refusal) => return refuse(client, params, refusal.error, refusal.state),
    };
    let came = Came { pushed: false, signed: object.is_some() };
    let params = object.as_ref().unwrap_or(params);
    let uri = match checks::redirect_uri(&client, params) {
        Ok(uri) => uri,
        Err(refused) => return Ok(Err(refused)),
    };
    match checks::rest(app, visit.now, &client, &uri, params, came).await? {
        Ok(request) => Ok(Ok((client, request))),
        Err(error) => Ok(Err(Refused::Redirect { back: Back::guess(&uri, params), error })),
    }
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
            visit.page_with_code(&app.pages, StatusCode::BAD_REQUEST, &page).map(|page| with_outcome(page, code))
        }
        Refused::Redirect { back, error } => respond::error(app, visit, &back, &error),
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
    let client_name = client.meta.client_name.clone();
    let waiting = Interaction { browser, created: visit.now, client_name, request, agreed: None };
    let Some(id) = interactions::ops::keep(app, visit.now, &visit.payer(), &waiting).await? else {
        let error = OAuthError::invalid_request("the request is too large");
        return respond::error(app, visit, &Back::of(&waiting.request), &error);
    };
    let to = match why {
        Some(why) => sign_in_url(&id, &client.id, why),
        None => format!("/oauth2/authorize?{}", encode([("i", id.as_str()), ("client_id", client.id.as_str())])),
    };
    Ok(with_cookie(see_other(&to), cookie))
}

/// To the activation, or to the sign-in page; `motif` tells that one that a session there may be is not enough.
fn sign_in_url(i: &str, client_id: &str, why: Why) -> String {
    let mut pairs = vec![("i", i), ("client_id", client_id)];
    if why == Why::Create {
        return format!("/activation?{}", encode(pairs));
    }
    if why != Why::NoSession {
        pairs.push(("motif", "encore"));
    }
    format!("/connexion?{}", encode(pairs))
}

/// Goes on with a kept request, which is this browser's from now on.
async fn resume(app: &AppState, mut visit: Visit) -> Answer {
    let mut i = visit.query.get("i").unwrap_or_default().to_owned();
    let mut found = interactions::ops::find(app, visit.now, &i, visit.nav.as_deref()).await?;
    let mut cookie = None;
    if found.is_none() {
        let (nav, drawn) = visit.navigation(app.rng.as_ref());
        if let Some((own, claimed)) = interactions::ops::claim(app, visit.now, &visit.payer(), &i, &nav).await? {
            (i, found) = (own, Some(claimed));
            (visit.nav, cookie) = (Some(nav), drawn);
        }
    }
    Ok(with_cookie(go_on(app, visit, &i, found).await?, cookie))
}

async fn go_on(app: &AppState, visit: Visit, i: &str, found: Option<Interaction>) -> Answer {
    let Some(waiting) = found else { return too_old(app, &visit, None).await };
    let visit = visit.prefer(waiting.request.ui_locales.as_deref());
    let client = clients::store::find(&mut app.db.read().await?, &waiting.request.client_id).await?;
    // Client and redirect URI once more: hours may have passed, and a suspension counts at once
    // (docs/threats.md#attack-c8, #attack-p6).
    let client = client.filter(|c| c.is_usable() && c.allows_redirect(&waiting.request.redirect_uri));
    let Some(client) = client else { return too_old(app, &visit, None).await };
    if visit.now.since(waiting.created) >= FRESH && client.meta.initiate_login_uri.is_some() {
        return too_old(app, &visit, Some(&client)).await;
    }
    if visit.query.get("refuser").is_some() {
        let denied = respond::plain(ErrorCode::AccessDenied);
        return respond::error(app, &visit, &Back::of(&waiting.request), &denied);
    }
    let kept = Kept { i, agreed: waiting.agreed.as_deref() };
    step(app, &visit, &client, waiting.request, Some(kept)).await
}

/// A request that its relying party has forgotten: it starts a fresh one (OIDCC 4), and the session answers it.
async fn too_old(app: &AppState, visit: &Visit, known: Option<&Client>) -> Answer {
    if let Some(uri) = known.and_then(|c| c.meta.initiate_login_uri.as_deref()) {
        return Ok(respond::out(&with_query(uri, &[("iss", app.issuer())])));
    }
    let id = visit.query.get("client_id").filter(|id| clients::is_client_id(id));
    let client = match id {
        Some(id) => clients::store::find(&mut app.db.read().await?, id).await?.filter(Client::is_usable),
        None => None,
    };
    let restart = client.and_then(|c| {
        let initiate = c.meta.initiate_login_uri.as_deref();
        let initiate = initiate.map(|uri| with_query(uri, &[("iss", app.issuer())]));
        initiate.or(c.meta.client_uri).map(|href| Restart { href, service: c.meta.client_name })
    });
    visit.page(&app.pages, StatusCode::GONE, &TooOld { restart })
}

/// A kept request, and whose agreement it has.
#[derive(Clone, Copy)]
struct Kept<'a> {
    i: &'a str,
    agreed: Option<&'a str>,
}

async fn step(
    app: &AppState,
    visit: &Visit,
    client: &Client,
    request: AuthorizeRequest,
    kept: Option<Kept<'_>>,
) -> Answer {
    let person = person(app, visit, client).await?;
    if let (Some(p), false) = (&person, request.prompt.none) {
        sessions::ops::touch(app, visit.now, &p.session).await?;
    }
    let said_yes = |p: &Person| kept.and_then(|k| k.agreed) == Some(p.account.id.as_str());
    let next = next_step(&Situation {
        request: &request,
        now: visit.now,
        authenticated: person.as_ref().map(|p| p.session.authenticated_at),
        sub: person.as_ref().map(|p| p.sub.as_str()),
        level: person.as_ref().map(Person::level),
        in_perimeter: person.as_ref().is_some_and(|p| p.concerns(client)),
        agreed: person.as_ref().is_some_and(|p| said_yes(p) || p.agreed_before(client, &request)),
    });
    match (next, person) {
        (NextStep::Answer, Some(p)) => answer(app, visit, client, &request, &p, said_yes(&p)).await,
        (NextStep::Refuse(code), _) => respond::error(app, visit, &Back::of(&request), &respond::plain(code)),
        (NextStep::Explain(_) | NextStep::Agree, Some(p)) => match kept {
            Some(Kept { i, .. }) if next == NextStep::Agree => consent::ask(app, visit, client, &request, i, &p).await,
            Some(Kept { i, .. }) => explain(app, visit, client, i, &p).await,
            // The page's links need a kept request.
            None => keep(app, visit, client, request, None).await,
        },
        (NextStep::SignIn(why), _) => match kept {
            Some(Kept { i, .. }) => Ok(see_other(&sign_in_url(i, &client.id, why))),
            None => keep(app, visit, client, request, Some(why)).await,
        },
        (NextStep::Answer | NextStep::Explain(_) | NextStep::Agree, None) => {
            Err(anyhow::anyhow!("an answer without a person").into())
        }
    }
}

async fn explain(app: &AppState, visit: &Visit, client: &Client, i: &str, p: &Person) -> Answer {
    let mut schools: Vec<String> = p.children.iter().map(|c| c.school.clone()).collect();
    schools.dedup();
    let query = encode([("i", i), ("client_id", client.id.as_str())]);
    let mut doors = services::ops::doors(&mut app.db.read().await?, app, &p.account.profile, &p.children).await?;
    doors.retain(|door| door.sector == client.meta.sector && door.client_id != client.id);
    let mut places: Vec<String> = Vec::new();
    for place in doors.iter().flat_map(|door| &door.places) {
        if !places.contains(place) {
            places.push(place.clone());
        }
    }
    let page = NothingInPerimeter {
        doors,
        places,
        service: client.meta.client_name.clone(),
        schools,
        query: format!("?{query}"),
        code: visit.support_code.clone(),
        refuse_href: format!("/oauth2/authorize?{query}&refuser=1"),
    };
    visit.page_with_code(&app.pages, StatusCode::FORBIDDEN, &page)
}
