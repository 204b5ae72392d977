//! `/oauth2/authorize`: the authorization endpoint, and the single dispatcher of the browser flow (OIDCC 3.1.2).
//!
//! Protocol parameters are checked and answered, or stored in an interaction before the end user is sent to sign in.
//! `?i=` continues a stored interaction. Steps never call each other: every step returns to this endpoint.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::pipeline::{AuthorizeError, Stage, check_request};
use crate::app::{App, AppState, Operation, SignInResult};
use crate::base::profile::Profile;
use crate::base::secret::sha256_base64url;
use crate::base::typed_ids::ClientId;
use crate::clients::trial::TrialStanding;
use crate::clients::{self, Client};
use crate::federation::choice::{HINT_REFUSED, HintTarget, resolve_hint};
use crate::http::error::PageError;
use crate::http::form;
use crate::http::paths;
use crate::http::request_context::{RequestContext, external_redirect, see_other, with_cookie, with_outcome};
use crate::interactions::{self, Interaction, MAX_ANSWERABLE_AGE};
use crate::oidc::authorization::consent_page;
use crate::oidc::authorization::end_user::{EndUser, load_end_user};
use crate::oidc::authorization::next_step::{AuthenticationContext, InteractionReason, NextStep, explain, next_step};
use crate::oidc::authorization::response;
use crate::oidc::authorization::success_response::complete_authorization;
use crate::oidc::authorization::target::ResponseTarget;
use crate::oidc::authorization::trial_page::trial_full_page;
use crate::oidc::views::{KnownTomorrow, NothingInPerimeter, RequestExpired, RequestRefused, RestartLink};
use crate::protocol::authorize::AuthorizeRequest;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::params::{Params, encode};
use crate::protocol::redirect::with_query;
use crate::{services, sessions};

type PageResult = Result<Response, PageError>;

pub async fn get(State(app): State<AppState>, ctx: RequestContext) -> PageResult {
    match ctx.query.get("i") {
        Some(_) => resume(&app, ctx).await,
        None => handle_request(&app, &ctx, &ctx.query, false).await,
    }
}

/// Handles an authorization request by POST like one by GET (OIDCC 3.1.2.1). A cross-site POST has no `SameSite=Lax`
/// session cookie, so the request is stored and continues by a same-site GET.
pub async fn post(State(app): State<AppState>, ctx: RequestContext, request: Request) -> PageResult {
    let text = form::read_body(request, &app).await?;
    handle_request(&app, &ctx, &Params::parse(&text), true).await
}

async fn handle_request(app: &App, ctx: &RequestContext, params: &Params, by_post: bool) -> PageResult {
    let (client, request) = match check_request(&Operation::of_request(app, ctx), Stage::Authorize, params).await {
        Ok(found) => found,
        Err(refused) => return refusal_response(app, ctx, params, refused),
    };
    if by_post {
        return store_and_redirect(app, ctx, &client, request, None).await;
    }
    dispatch(app, ctx, &client, request, None).await
}

fn refusal_response(app: &App, ctx: &RequestContext, params: &Params, refused: AuthorizeError) -> PageResult {
    match refused {
        AuthorizeError::Page { client, is_suspended, error } => {
            let (code, description) = (error.code.name(), &*error.description);
            tracing::info!(code, description, detail = %error.detail, "authorization refused by page");
            app.sign_ins.note(SignInResult::BadRequest, (None, client.as_ref().map(|c| &c.id)), ctx.now);
            let page = RequestRefused {
                is_suspended,
                service: client.as_ref().map(|c| c.meta.client_name.clone()),
                code: ctx.support_code.clone(),
                client_uri: client.and_then(|c| c.meta.client_uri),
            };
            ctx.page_with_code(&app.pages, StatusCode::BAD_REQUEST, &page).map(|page| with_outcome(page, code))
        }
        AuthorizeError::Redirect { target: back, error } => {
            let client_id = params.get("client_id").map(ClientId::new);
            app.sign_ins.note(SignInResult::BadRequest, (None, client_id.as_ref()), ctx.now);
            response::send_error(app, ctx, &back, &error)
        }
        AuthorizeError::Failed(error) => Err(error),
    }
}

/// Stores the request and redirects to the sign-in, or (after a POST) to this endpoint.
async fn store_and_redirect(
    app: &App,
    ctx: &RequestContext,
    client: &Client,
    request: AuthorizeRequest,
    why: Option<InteractionReason>,
) -> PageResult {
    // Only a cross-site POST has no navigation cookie and needs no page at once: see `Interaction::browser`.
    let (browser, cookie) = match (why, &ctx.navigation_id) {
        (None, None) => (String::new(), None),
        _ => {
            let (nav, cookie) = ctx.navigation_cookie(app.rng.as_ref());
            (sha256_base64url(&nav), cookie)
        }
    };
    let client_name = client.meta.client_name.clone();
    let waiting = Interaction { browser, created: ctx.now, client_name, request, agreed: None };
    let Some(id) = interactions::ops::save(&Operation::of_request(app, ctx), &ctx.quota_owner(), &waiting).await?
    else {
        let error = OAuthError::invalid_request("the request is too large");
        return response::send_error(app, ctx, &ResponseTarget::for_request(&waiting.request), &error);
    };
    let to = match why {
        Some(why) => sign_in_url(app, client, &waiting.request, &id, why),
        None => format!("{}?{}", paths::AUTHORIZE, encode([("i", id.as_str()), ("client_id", client.id.as_str())])),
    };
    Ok(with_cookie(see_other(&to), cookie))
}

/// Returns the URL of the activation, of the second factor, of the hinted upstream or of the sign-in page; `motif` tells
/// the sign-in page that an existing session is not sufficient, or that the hint names nothing. A hint is followed only
/// for somebody without a fitting session, so that an upstream that answers at once is not asked in circles.
fn sign_in_url(app: &App, client: &Client, request: &AuthorizeRequest, i: &str, why: InteractionReason) -> String {
    let mut pairs = vec![("i", i), ("client_id", client.id.as_str())];
    let upstreams = app.upstreams();
    let hint = request.idp_hint.as_deref().map(|hint| resolve_hint(&upstreams, hint, &client.meta.perimeter));
    let path = match (why, hint) {
        (InteractionReason::PromptCreate, _) => paths::ACTIVATION.to_owned(),
        (InteractionReason::AcrTooLow, _) => paths::FACTOR.to_owned(),
        (InteractionReason::NoSession | InteractionReason::NotOfHint, Some(HintTarget::Upstream(id))) => {
            paths::upstream_start(id)
        }
        (InteractionReason::NoSession | InteractionReason::NotOfHint, Some(HintTarget::List)) => {
            paths::FEDERATION.to_owned()
        }
        (InteractionReason::NoSession, Some(HintTarget::Nothing)) => {
            pairs.push(("motif", HINT_REFUSED));
            paths::SIGN_IN.to_owned()
        }
        (InteractionReason::NoSession, None) => paths::SIGN_IN.to_owned(),
        _ => {
            pairs.push(("motif", "encore"));
            paths::SIGN_IN.to_owned()
        }
    };
    format!("{path}?{}", encode(pairs))
}

/// True if the request hints at an upstream, and the session is of somebody who came otherwise.
fn is_hinted_elsewhere(app: &App, client: &Client, request: &AuthorizeRequest, person: Option<&EndUser>) -> bool {
    let (Some(hint), Some(person)) = (&request.idp_hint, person) else { return false };
    let (upstreams, perimeter) = (app.upstreams(), &client.meta.perimeter);
    let came_by = person.session.upstream.as_ref().map(|upstream| upstream.upstream_id.as_str());
    !resolve_hint(&upstreams, hint, perimeter).is_reached_by(&upstreams, perimeter, came_by)
}

/// Continues a stored interaction, and binds it to this browser if still unbound.
async fn resume(app: &App, mut ctx: RequestContext) -> PageResult {
    let mut i = ctx.query.get("i").unwrap_or_default().to_owned();
    let op = Operation::of_request(app, &ctx);
    let mut found = interactions::ops::find(&op, &i, ctx.navigation_id.as_deref()).await?;
    let mut cookie = None;
    if found.is_none() {
        let (nav, drawn) = ctx.navigation_cookie(app.rng.as_ref());
        if let Some((own, claimed)) = interactions::ops::bind_to_browser(&op, &ctx.quota_owner(), &i, &nav).await? {
            (i, found) = (own, Some(claimed));
            (ctx.navigation_id, cookie) = (Some(nav), drawn);
        }
    }
    Ok(with_cookie(continue_interaction(app, ctx, &i, found).await?, cookie))
}

async fn continue_interaction(app: &App, ctx: RequestContext, i: &str, found: Option<Interaction>) -> PageResult {
    let Some(waiting) = found else { return expired_page(app, &ctx, None).await };
    let ctx = ctx.with_ui_locales(waiting.request.ui_locales.as_deref());
    let client = clients::ops::find_recent(app, ctx.now, &waiting.request.client_id).await?;
    // Client and redirect URI are verified again: hours may have passed, and a suspension takes effect at once
    // (docs/threats.md#attack-c8, #attack-p6).
    let client = client.filter(|c| c.is_usable() && c.allows_redirect(&waiting.request.redirect_uri));
    let Some(client) = client else { return expired_page(app, &ctx, None).await };
    if ctx.now.since(waiting.created) >= MAX_ANSWERABLE_AGE && client.meta.initiate_login_uri.is_some() {
        return expired_page(app, &ctx, Some(&client)).await;
    }
    if let Some(why) = ctx.query.get("refuser") {
        let level = why == "niveau";
        let code = if level { ErrorCode::UnmetAuthenticationRequirements } else { ErrorCode::AccessDenied };
        let denied = response::standard_error(code);
        return response::send_error(app, &ctx, &ResponseTarget::for_request(&waiting.request), &denied);
    }
    let kept = StoredInteraction { id: i, consented_account_id: waiting.agreed.as_deref() };
    dispatch(app, &ctx, &client, waiting.request, Some(kept)).await
}

/// Restarts a request that the relying party has probably forgotten: third-party initiated login (OIDCC 4) starts a
/// fresh request, which the session then answers. Without an initiation URI, a page says that the request has expired.
async fn expired_page(app: &App, ctx: &RequestContext, known: Option<&Client>) -> PageResult {
    if let Some(uri) = known.and_then(|c| c.meta.initiate_login_uri.as_deref()) {
        return Ok(external_redirect(&with_query(uri, &[("iss", app.issuer())])));
    }
    let id = ctx.query.get("client_id").filter(|id| clients::is_client_id(id));
    let client = match id {
        Some(id) => clients::store::find(&mut app.db.read().await?, id).await?.filter(Client::is_usable),
        None => None,
    };
    let restart = client.and_then(|c| {
        let initiate = c.meta.initiate_login_uri.as_deref();
        let initiate = initiate.map(|uri| with_query(uri, &[("iss", app.issuer())]));
        initiate.or(c.meta.client_uri).map(|href| RestartLink { href, service: c.meta.client_name })
    });
    ctx.page(&app.pages, StatusCode::GONE, &RequestExpired { restart })
}

/// A stored interaction, and the account that consented to it.
#[derive(Clone, Copy)]
struct StoredInteraction<'a> {
    id: &'a str,
    consented_account_id: Option<&'a str>,
}

async fn dispatch(
    app: &App,
    ctx: &RequestContext,
    client: &Client,
    request: AuthorizeRequest,
    kept: Option<StoredInteraction<'_>>,
) -> PageResult {
    let person = load_end_user(app, ctx, client).await?;
    if let (Some(p), false) = (&person, request.prompt.none) {
        sessions::ops::touch(&Operation::of_request(app, ctx), &p.session).await?;
    }
    let hinted_elsewhere = is_hinted_elsewhere(app, client, &request, person.as_ref());
    let said_yes = |p: &EndUser| kept.and_then(|k| k.consented_account_id) == Some(p.account.id.as_str());
    let next = next_step(&AuthenticationContext {
        request: &request,
        now: ctx.now,
        authenticated_at: person.as_ref().map(|p| p.session.authenticated_at),
        sub: person.as_ref().map(|p| p.sub.as_str()),
        acr: person.as_ref().and_then(EndUser::acr),
        hinted_elsewhere,
        in_perimeter: person.as_ref().is_some_and(|p| p.is_in_perimeter_of(client)),
        has_subject: person.as_ref().is_some_and(|p| p.has_subject),
        is_trial_full: person.as_ref().is_some_and(|p| p.trial == TrialStanding::Full),
        consented: person.as_ref().is_some_and(|p| said_yes(p) || p.has_consented(client, &request)),
    });
    match (next, person) {
        (NextStep::Respond, Some(p)) => {
            match complete_authorization(app, ctx, client, &request, &p, said_yes(&p)).await? {
                Some(answer) => Ok(answer),
                None => refuse_trial(app, ctx, client, request, kept).await,
            }
        }
        (NextStep::Deny(code), _) => {
            response::send_error(app, ctx, &ResponseTarget::for_request(&request), &response::standard_error(code))
        }
        (NextStep::ExplainRefusal(_) | NextStep::AskConsent, Some(p)) => match kept {
            Some(StoredInteraction { id: i, .. }) if next == NextStep::AskConsent => {
                consent_page::show_page(app, ctx, client, &request, i, &p).await
            }
            Some(StoredInteraction { id: i, .. })
                if next == NextStep::ExplainRefusal(InteractionReason::NoRosterKey) =>
            {
                unknown_tomorrow_page(app, ctx, client, i)
            }
            Some(StoredInteraction { id: i, .. }) if next == NextStep::ExplainRefusal(InteractionReason::TrialFull) => {
                trial_full_page(app, ctx, client, i)
            }
            Some(StoredInteraction { id: i, .. }) => nothing_in_perimeter_page(app, ctx, client, i, &p).await,
            // The links of the page need a stored interaction.
            None => store_and_redirect(app, ctx, client, request, None).await,
        },
        (NextStep::SignIn(why), _) => match kept {
            Some(StoredInteraction { id: i, .. }) => Ok(see_other(&sign_in_url(app, client, &request, i, why))),
            None => store_and_redirect(app, ctx, client, request, Some(why)).await,
        },
        (NextStep::Respond | NextStep::ExplainRefusal(_) | NextStep::AskConsent, None) => {
            Err(anyhow::anyhow!("an answer without a person").into())
        }
    }
}

/// Tells a person who came for the last place of a trial at the same time as another one that it is full.
async fn refuse_trial(
    app: &App,
    ctx: &RequestContext,
    client: &Client,
    request: AuthorizeRequest,
    kept: Option<StoredInteraction<'_>>,
) -> PageResult {
    match (explain(InteractionReason::TrialFull, request.prompt.none), kept) {
        (NextStep::Deny(code), _) => {
            response::send_error(app, ctx, &ResponseTarget::for_request(&request), &response::standard_error(code))
        }
        (_, Some(kept)) => trial_full_page(app, ctx, client, kept.id),
        (_, None) => store_and_redirect(app, ctx, client, request, None).await,
    }
}

/// Says that the service does not know the person yet: the roster by which it knows people comes by night.
fn unknown_tomorrow_page(app: &App, ctx: &RequestContext, client: &Client, i: &str) -> PageResult {
    let query = encode([("i", i), ("client_id", client.id.as_str())]);
    let page = KnownTomorrow {
        service: client.meta.client_name.clone(),
        query: format!("?{query}"),
        code: ctx.support_code.clone(),
        refuse_href: format!("{}?{query}&refuser=1", paths::AUTHORIZE),
    };
    ctx.page_with_code(&app.pages, StatusCode::FORBIDDEN, &page)
}

async fn nothing_in_perimeter_page(
    app: &App,
    ctx: &RequestContext,
    client: &Client,
    i: &str,
    p: &EndUser,
) -> PageResult {
    app.sign_ins.note(SignInResult::OutsidePerimeter, (Some(&p.account.id), Some(&client.id)), ctx.now);
    let own = p.origin.iter().flat_map(|origin| &origin.schools).map(|school| school.name.clone());
    let mut schools: Vec<String> = p.children.iter().map(|c| c.school.clone()).chain(own).collect();
    schools.dedup();
    let query = encode([("i", i), ("client_id", client.id.as_str())]);
    let mut doors =
        services::ops::service_links(&mut app.db.read().await?, app, p.account.profile, &p.children).await?;
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
        pupil: p.account.profile == Profile::Eleve,
        staff: !p.account.profile.is_family(),
        schools,
        query: format!("?{query}"),
        code: ctx.support_code.clone(),
        refuse_href: format!("{}?{query}&refuser=1", paths::AUTHORIZE),
    };
    ctx.page_with_code(&app.pages, StatusCode::FORBIDDEN, &page)
}
