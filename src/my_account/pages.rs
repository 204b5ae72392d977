//! `/` and `/compte`.

mod password;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use super::views::{AccountChild, AccountPage, ConsentedService};
use crate::app::{AppState, Operation};
use crate::base::actor::Actor;
use crate::base::clock::Timestamp;
use crate::base::typed_ids::ClientId;
use crate::base::uai::Uai;
use crate::clients::{self, is_client_id};
use crate::db::Durability;
use crate::grants;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other};
use crate::roster;
use crate::sessions::extract::CurrentSession;
use crate::{services, tenants};

type PageResult = Result<Response, PageError>;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route(paths::HOME, get(home))
        .route(paths::ACCOUNT, get(show))
        .route(paths::ACCOUNT_PASSWORD, get(password::show).post(password::submit))
        .route(paths::CHANGE_PASSWORD, get(password::well_known))
        .route(paths::WITHDRAW_CONSENT, post(withdraw_consent))
}

async fn home(signed: CurrentSession) -> PageResult {
    Ok(see_other(if signed.0.is_some() { paths::ACCOUNT } else { paths::SIGN_IN }))
}

async fn show(State(app): State<AppState>, ctx: RequestContext, signed: CurrentSession) -> PageResult {
    let Some((_, account)) = signed.0 else { return Ok(see_other(paths::SIGN_IN)) };
    let mut tx = app.db.read().await?;
    let children = roster::store::pupils::list_pupils_of_account(&mut tx, &account.id, account.profile).await?;
    let mut accepted = Vec::new();
    for (client_id, at) in grants::store::consents::list_for_account(&mut tx, &account.id).await? {
        // A deleted client has no tokens any more, but the consent can still be withdrawn.
        let known = clients::store::find(&mut tx, &client_id).await?;
        let name = known.map_or_else(|| client_id.to_string(), |c| c.meta.client_name);
        accepted.push(ConsentedService { client_id, name, since: dates::day(ctx.lang, Timestamp(at)) });
    }
    let doors = services::ops::service_links(&mut tx, &app, account.profile, &children).await?;
    let uais: Vec<Uai> = children.iter().map(|c| c.uai.clone()).collect();
    let schools = tenants::store::list_contacts(&mut tx, &uais).await?;
    drop(tx);
    let page = AccountPage {
        name: account.full_name(),
        profile: account.profile,
        children: children
            .into_iter()
            .map(|c| AccountChild { given_name: c.given_name, school: c.school, class: c.class })
            .collect(),
        schools,
        services: accepted,
        doors,
        mail: app.mail_gateway.is_some(),
    };
    ctx.page(&app.pages, StatusCode::OK, &page)
}

/// POST: withdraws a consent. The tokens of the service for this account end at once.
async fn withdraw_consent(
    State(app): State<AppState>,
    ctx: RequestContext,
    signed: CurrentSession,
    Form(form): Form,
) -> PageResult {
    let Some((_, account)) = signed.0 else { return Ok(see_other(paths::SIGN_IN)) };
    if let Some(client_id) = form.get("client_id").filter(|id| is_client_id(id)) {
        let op = Operation::of_request(&app, &ctx).by(Actor::Account(account.id.clone()));
        let mut tx = op.write(Durability::Durable).await?;
        grants::ops::withdraw_consent(&mut tx, &account.id, &ClientId::new(client_id)).await?;
        tx.commit().await?;
    }
    Ok(see_other(paths::ACCOUNT))
}
