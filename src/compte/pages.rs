//! `/` and `/compte`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::views::{Child, ComptePage, Profile, Service};
use crate::app::AppState;
use crate::base::clock::Timestamp;
use crate::clients::{self, is_client_id};
use crate::db::Durability;
use crate::grants;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::when;
use crate::http::visit::{Visit, see_other};
use crate::roster;
use crate::sessions::extract::Signed;
use crate::{services, tenants};

type Answer = Result<Response, PageError>;

pub async fn root(signed: Signed) -> Answer {
    Ok(see_other(if signed.0.is_some() { "/compte" } else { "/connexion" }))
}

pub async fn show(State(app): State<AppState>, visit: Visit, signed: Signed) -> Answer {
    let Some((_, account)) = signed.0 else { return Ok(see_other("/connexion")) };
    let mut tx = app.db.read().await?;
    let children = roster::store::children_of_account(&mut tx, &account.id).await?;
    let mut accepted = Vec::new();
    for (client_id, at) in grants::store::consents::of_account(&mut tx, &account.id).await? {
        // A client that is gone holds nothing any more, but its agreement can still be taken back.
        let known = clients::store::find(&mut tx, &client_id).await?;
        let name = known.map_or_else(|| client_id.clone(), |c| c.meta.client_name);
        accepted.push(Service { client_id, name, since: when::day(visit.lang, Timestamp(at)) });
    }
    let doors = services::ops::doors(&mut tx, &app, &account.profile, &children).await?;
    let uais: Vec<String> = children.iter().map(|c| c.uai.clone()).collect();
    let schools = tenants::store::offices(&mut tx, &uais).await?;
    drop(tx);
    let page = ComptePage {
        name: account.full_name(),
        profile: if account.profile == "eleve" { Profile::Eleve } else { Profile::Responsable },
        children: children
            .into_iter()
            .map(|c| Child { given_name: c.given_name, school: c.school, class: c.class })
            .collect(),
        schools,
        services: accepted,
        doors,
    };
    visit.page(&app.pages, StatusCode::OK, &page)
}

/// POST: takes an agreement back. What the service holds of the person ends at once.
pub async fn withdraw(State(app): State<AppState>, visit: Visit, signed: Signed, Form(form): Form) -> Answer {
    let Some((_, account)) = signed.0 else { return Ok(see_other("/connexion")) };
    if let Some(client_id) = form.get("client_id").filter(|id| is_client_id(id)) {
        let mut tx = app.db.write(Durability::Durable).await?;
        grants::ops::withdraw(&mut tx, &app, visit.now, &account.id, client_id).await?;
        tx.commit().await?;
    }
    Ok(see_other("/compte"))
}
