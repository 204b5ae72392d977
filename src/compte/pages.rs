//! `/` and `/compte`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::views::{Child, ComptePage, Profile};
use crate::app::AppState;
use crate::http::error::PageError;
use crate::http::visit::{Visit, see_other};
use crate::roster;
use crate::sessions::extract::Signed;

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
