//! `/`, `/compte`, and leaving.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::views::{Child, ComptePage, Profile};
use crate::app::AppState;
use crate::http::cookies::Name;
use crate::http::error::PageError;
use crate::http::visit::{Visit, see_other, with_cookie};
use crate::roster;
use crate::sessions::{self, extract::Signed};

type Answer = Result<Response, PageError>;

pub async fn root(signed: Signed) -> Answer {
    Ok(see_other(if signed.0.is_some() { "/compte" } else { "/connexion" }))
}

pub async fn show(State(app): State<AppState>, visit: Visit, signed: Signed) -> Answer {
    let Some((_, account)) = signed.0 else { return Ok(see_other("/connexion")) };
    let children = roster::store::children_of_account(&mut app.db.read().await?, &account.id).await?;
    let mut schools: Vec<String> = children.iter().map(|c| c.school.clone()).collect();
    schools.dedup();
    let page = ComptePage {
        name: account.full_name(),
        profile: if account.profile == "eleve" { Profile::Eleve } else { Profile::Responsable },
        children: children
            .into_iter()
            .map(|c| Child { given_name: c.given_name, school: c.school, class: c.class })
            .collect(),
        schools,
    };
    visit.page(&app.pages, StatusCode::OK, &page)
}

/// POST: ends the session; the navigation cookie is renewed, so that nothing of it stays.
pub async fn sign_out(State(app): State<AppState>, visit: Visit) -> Answer {
    leave(&app, &visit, "/connexion").await
}

/// POST: ends the session and goes back to the sign-in page, for the same waiting request if there is one.
pub async fn change_account(State(app): State<AppState>, visit: Visit) -> Answer {
    let query = visit.carried(&["i", "client_id"]);
    if let Some((session, _)) = sessions::ops::current(&app, visit.now, visit.session.as_deref()).await? {
        sessions::ops::end(&app, visit.now, &session).await?;
    }
    // The waiting request is bound to the navigation cookie, so that one stays.
    let response = see_other(&format!("/connexion{query}"));
    Ok(with_cookie(response, visit.jar.clear(Name::Session)))
}

async fn leave(app: &AppState, visit: &Visit, to: &str) -> Answer {
    if let Some((session, _)) = sessions::ops::current(app, visit.now, visit.session.as_deref()).await? {
        sessions::ops::end(app, visit.now, &session).await?;
    }
    let (_, nav) = visit.new_navigation(app.rng.as_ref());
    Ok(with_cookie(with_cookie(see_other(to), visit.jar.clear(Name::Session)), nav))
}
