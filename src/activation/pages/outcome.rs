//! `/activation/suite`: where a right code may lead other than to the children. Each page has its next step.

use axum::extract::State;
use axum::http::StatusCode;

use super::{Answer, at, in_language, standing};
use crate::accounts;
use crate::activation::views::{
    AlreadyActive, Closed, NobodyToAttach, NoneRight, NotOpenYet, Overtaken, SuspendedPage, Ways,
};
use crate::activation::{Activation, Outcome, Step, ops};
use crate::app::AppState;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::when;
use crate::http::visit::Visit;
use crate::protocol::params::encode;
use crate::{roster, tenants};

pub async fn show(State(app): State<AppState>, visit: Visit) -> Answer {
    let visit = in_language(&app, visit).await;
    let activation = match standing(&app, &visit, &[Step::Known, Step::Ended]).await? {
        Ok(found) => found,
        Err(answer) => return Ok(answer),
    };
    match (&activation.outcome, activation.step) {
        (None, Step::Known) => known(&app, &visit, &activation).await,
        (Some(outcome), _) => ended(&app, &visit, &activation, outcome).await,
        (None, _) => Err(PageError::NotFound),
    }
}

async fn known(app: &AppState, visit: &Visit, activation: &Activation) -> Answer {
    let id = activation.account_id.as_deref().unwrap_or_default();
    let account = accounts::store::by_id(&mut app.db.read().await?, id).await?.ok_or(PageError::NotFound)?;
    let kept = ["i", "client_id"].into_iter().filter_map(|n| visit.query.get(n).map(|v| (n, v)));
    let page = AlreadyActive {
        sign_in_href: format!("/connexion?{}", encode(kept.chain([("identifiant", account.identifiant.as_str())]))),
        identifiant: account.identifiant,
        new_password_action: format!("/activation/nouveau-mot-de-passe{}", visit.carried(&super::CARRIED)),
    };
    visit.page(&app.pages, StatusCode::OK, &page)
}

/// How one goes on: the sign-in, another activation, the schools that know the person.
pub(super) async fn ways(app: &AppState, visit: &Visit, activation: &Activation) -> Result<Ways, PageError> {
    let mut tx = app.db.read().await?;
    let mut uais: Vec<String> = activation.children.iter().map(|child| child.uai.clone()).collect();
    if uais.is_empty() {
        for person in &activation.persons {
            uais.extend(roster::store::schools_of_person(&mut tx, person).await?);
        }
    }
    let offices = tenants::store::offices(&mut tx, &uais).await?;
    Ok(Ways { service_query: visit.carried(&["i", "client_id"]), offices })
}

async fn ended(app: &AppState, visit: &Visit, activation: &Activation, outcome: &Outcome) -> Answer {
    let code = activation.support_code.clone();
    let ok = StatusCode::OK;
    let ways = ways(app, visit, activation).await?;
    match outcome {
        Outcome::NotOpenYet { school, opens } => {
            let page = NotOpenYet { date: when::day(visit.lang, *opens), school: school.clone(), ways };
            visit.page(&app.pages, ok, &page)
        }
        Outcome::Closed { school, since } => {
            let date = since.map(|since| when::day(visit.lang, since));
            visit.page(&app.pages, ok, &Closed { date, school: school.clone(), code, ways })
        }
        Outcome::Suspended { by, school } => {
            let by = app.pages.text(visit.lang, &format!("suspended-by-{by}"), &[])?;
            let school = school.clone().unwrap_or_else(|| app.pages.service().to_owned());
            visit.page(&app.pages, ok, &SuspendedPage { by, school, code, ways })
        }
        Outcome::NobodyToAttach => visit.page(&app.pages, ok, &NobodyToAttach { code, ways }),
        Outcome::NoneRight => visit.page(&app.pages, ok, &NoneRight { code, ways }),
        Outcome::Overtaken => {
            visit.page(&app.pages, StatusCode::GONE, &Overtaken { query: visit.carried(&["i", "client_id"]) })
        }
    }
}

/// POST: « Choisir un nouveau mot de passe ».
pub async fn new_password(State(app): State<AppState>, visit: Visit, Form(_): Form) -> Answer {
    match standing(&app, &visit, &[Step::Known]).await? {
        Ok(activation) => Ok(at(&visit, ops::new_password(&app, &activation).await?)),
        Err(answer) => Ok(answer),
    }
}
