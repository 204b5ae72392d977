//! `/connexion`, and what was forgotten.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::ops::{Brought, SignIn, sign_in};
use super::views::{IdentifiantOubliePage, LoginPage, LoginRefusal, MotDePasseOubliePage};
use crate::accounts;
use crate::app::AppState;
use crate::clients::shown::Shown;
use crate::clients::{self, Client};
use crate::http::cookies::Name;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::when;
use crate::http::visit::{Visit, retry_after, see_other, with_cookie, with_outcome};
use crate::interactions::views::Continue;
use crate::interactions::{self, Interaction};
use crate::seal::PasswordError;
use crate::sessions::extract::Signed;
use crate::telemetry;

type Answer = Result<Response, PageError>;

/// What sign-in and activation carry along.
const CARRIED: [&str; 2] = ["i", "client_id"];

async fn interaction(app: &AppState, visit: &Visit) -> Option<Interaction> {
    let waiting = interactions::ops::shown(app, visit.now, visit.query.get("i"), visit.nav.as_deref()).await;
    if let Some(waiting) = &waiting {
        telemetry::of_client(&waiting.request.client_id);
    }
    waiting
}

/// What the client that waits shows of itself.
async fn shown(app: &AppState, waiting: Option<&Interaction>) -> anyhow::Result<Shown> {
    let Some(waiting) = waiting else { return Ok(Shown::default()) };
    let client = clients::store::find(&mut app.db.read().await?, &waiting.request.client_id).await?;
    Ok(client.filter(Client::is_usable).map(|client| Shown::of(&client)).unwrap_or_default())
}

/// GET: shows the form. A tab whose browser got a session meanwhile goes on by itself; the dispatcher decides
/// whether that session is enough, and sends the browser here with `motif` where it is not.
pub async fn show(State(app): State<AppState>, visit: Visit, signed: Signed) -> Answer {
    let query = visit.carried(&CARRIED);
    if signed.0.is_some() && visit.query.get("motif").is_none() {
        return Ok(see_other(&if query.is_empty() {
            "/compte".to_owned()
        } else {
            format!("/oauth2/authorize{query}")
        }));
    }
    let waiting = interaction(&app, &visit).await;
    // A page of ours that has just shown the identifiant knows it better than the relying party.
    let shown_before = visit.query.get("identifiant").map(str::to_owned);
    let hint = shown_before.or_else(|| waiting.as_ref()?.request.login_hint.clone()).unwrap_or_default();
    let visit = visit.prefer(waiting.as_ref().and_then(|w| w.request.ui_locales.as_deref()));
    let page = LoginPage {
        query,
        shown: shown(&app, waiting.as_ref()).await?,
        service: waiting.map(|w| w.client_name),
        identifiant: if crate::accounts::identifier::is_identifiant(&hint) { hint } else { String::new() },
        refusal: None,
    };
    let (_, cookie) = visit.navigation(app.rng.as_ref());
    // A cookie that is nobody's any more goes: the page that is shown must not lie beside it
    // (docs/threats.md#attack-s7).
    let dead = visit.session.as_ref().filter(|_| signed.0.is_none()).and_then(|_| visit.jar.clear(Name::Session));
    let page = visit.page(&app.pages, StatusCode::OK, &page)?;
    Ok(with_cookie(with_cookie(page, cookie), dead))
}

/// POST: signs in, or shows the form again with what to do.
pub async fn submit(State(app): State<AppState>, visit: Visit, Form(form): Form) -> Answer {
    let query = visit.carried(&CARRIED);
    let waiting = interaction(&app, &visit).await;
    let visit = visit.prefer(waiting.as_ref().and_then(|w| w.request.ui_locales.as_deref()));
    let shown = shown(&app, waiting.as_ref()).await?;
    let (identifiant, password) = (form.raw("identifiant").trim().to_owned(), form.raw("mot_de_passe"));
    let refuse = |status, refusal| {
        let page = LoginPage {
            query: query.clone(),
            service: waiting.as_ref().map(|w| w.client_name.clone()),
            shown: shown.clone(),
            identifiant: identifiant.chars().take(200).collect(),
            refusal: Some(refusal),
        };
        // The form is shown again, so what it needs lives as long again.
        let (_, cookie) = visit.navigation(app.rng.as_ref());
        // A suspended account's page shows the code.
        let shown = match page.refusal {
            Some(LoginRefusal::Suspended { .. }) => visit.page_with_code(&app.pages, status, &page),
            _ => visit.page(&app.pages, status, &page),
        };
        Ok(with_cookie(shown?, cookie))
    };
    // The form was shown with this cookie; a form of another site comes without it (docs/threats.md#attack-s5).
    if visit.nav.is_none() {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, LoginRefusal::NoCookies);
    }
    if identifiant.is_empty() || password.is_empty() {
        let empty = LoginRefusal::Empty { identifiant: identifiant.is_empty(), mot_de_passe: password.is_empty() };
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, empty);
    }
    let brought = Brought {
        session: visit.session.as_deref(),
        devices: &visit.devices,
        source: visit.source,
        agent: &visit.agent,
        client: waiting.as_ref().map(|w| w.request.client_id.as_str()),
    };
    let done = sign_in(&app, visit.now, &identifiant, password, brought).await;
    let outcome = done.as_ref().map_or("failed", SignIn::name);
    app.metrics.sign_in(outcome);
    let answer = match done {
        Ok(SignIn::Done { cookie, device, changed }) => {
            let to = match (changed, query.is_empty()) {
                (true, true) => "/connexion/suite?change=1".to_owned(),
                (true, false) => format!("/connexion/suite{query}&change=1"),
                (false, true) => "/compte".to_owned(),
                (false, false) => format!("/connexion/suite{query}"),
            };
            let signed_in = with_cookie(see_other(&to), visit.jar.set(Name::Session, &cookie, None));
            Ok(with_cookie(signed_in, visit.jar.device(&visit.devices, &device)))
        }
        Ok(SignIn::Replaced { at }) => {
            let date = when::day(visit.lang, at);
            refuse(StatusCode::UNPROCESSABLE_ENTITY, LoginRefusal::Replaced { date })
        }
        Ok(SignIn::Wrong) => refuse(StatusCode::UNPROCESSABLE_ENTITY, LoginRefusal::Wrong),
        Ok(SignIn::Waiting { until }) => {
            let hour = when::from_hour(visit.lang, until);
            let page = refuse(StatusCode::TOO_MANY_REQUESTS, LoginRefusal::Waiting { until: hour })?;
            Ok(retry_after(page, visit.now, until))
        }
        Ok(SignIn::Limited(refused)) => {
            let until = when::from_hour(visit.lang, refused.until);
            let limited = LoginRefusal::Limited { until, elsewhere: refused.is_of_this_connection() };
            Ok(retry_after(refuse(StatusCode::TOO_MANY_REQUESTS, limited)?, visit.now, refused.until))
        }
        Ok(SignIn::Suspended { by, school, offices }) => {
            let school = school.unwrap_or_else(|| app.pages.service().to_owned());
            let code = visit.support_code.clone();
            let by = app.pages.text(visit.lang, &format!("suspended-by-{by}"), &[])?;
            refuse(StatusCode::FORBIDDEN, LoginRefusal::Suspended { by, school, code, offices })
        }
        Err(e) => match e.downcast_ref::<PasswordError>() {
            Some(PasswordError::Busy { seconds }) => {
                let busy = LoginRefusal::Busy { seconds: i64::from(*seconds) };
                let mut page = refuse(StatusCode::SERVICE_UNAVAILABLE, busy)?;
                page.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
                Ok(page)
            }
            _ => Err(e.into()),
        },
    };
    answer.map(|answer| with_outcome(answer, outcome))
}

/// GET: where sign-in ends. A page, not a redirect: from here the browser may leave for the relying party.
pub async fn onward(State(app): State<AppState>, visit: Visit, signed: Signed) -> Answer {
    let query = visit.carried(&CARRIED);
    let changed = match (visit.query.get("change"), &signed.0) {
        (Some(_), Some((_, account))) => {
            accounts::store::former_password(&mut app.db.read().await?, &account.id).await?.map(|(_, at)| at)
        }
        _ => None,
    };
    if query.is_empty() && changed.is_none() {
        return Ok(see_other("/compte"));
    }
    let waiting = interaction(&app, &visit).await;
    let visit = visit.prefer(waiting.as_ref().and_then(|w| w.request.ui_locales.as_deref()));
    let page = Continue {
        href: if query.is_empty() { "/compte".to_owned() } else { format!("/oauth2/authorize{query}") },
        service: waiting.map(|w| w.client_name),
        changed: changed.map(|at| when::day(visit.lang, at)),
    };
    visit.page(&app.pages, StatusCode::OK, &page)
}

pub async fn identifiant_oublie(State(app): State<AppState>, visit: Visit) -> Answer {
    visit.page(&app.pages, StatusCode::OK, &IdentifiantOubliePage { query: visit.carried(&CARRIED) })
}

pub async fn mot_de_passe_oublie(State(app): State<AppState>, visit: Visit) -> Answer {
    visit.page(&app.pages, StatusCode::OK, &MotDePasseOubliePage { query: visit.carried(&CARRIED) })
}
