//! `/`, `/compte`, and leaving.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::views::{Child, ComptePage, Profile};
use crate::app::AppState;
use crate::http::cookies::Name;
use crate::http::error::PageError;
use crate::http::form::Form;
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

/// POST: ends the session. With `changer` the person goes back to the sign-in page, for the same waiting request
/// if there is one; else the navigation cookie is renewed too, so that nothing of the person stays.
pub async fn leave(State(app): State<AppState>, visit: Visit, Form(form): Form) -> Answer {
    if let Some((session, _)) = sessions::ops::current(&app, visit.now, visit.session.as_deref()).await? {
        sessions::ops::end(&app, visit.now, &session).await?;
    }
    let cleared = visit.jar.clear(Name::Session);
    if form.get("changer").is_some() {
        // The waiting request is bound to the navigation cookie, so that one stays.
        let query = visit.carried(&["i", "client_id"]);
        return Ok(with_cookie(see_other(&format!("/connexion{query}")), cleared));
    }
    let (_, nav) = visit.new_navigation(app.rng.as_ref());
    Ok(with_cookie(with_cookie(see_other("/connexion"), cleared), nav))
}
