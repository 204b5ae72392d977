//! `/compte/services`: the services, and what each of them learns.

use axum::extract::State;
use axum::http::StatusCode;

use super::PageResult;
use crate::accounts::Account;
use crate::app::{App, AppState, Operation};
use crate::base::actor::Actor;
use crate::base::clock::Timestamp;
use crate::base::typed_ids::ClientId;
use crate::clients::{self, is_client_id};
use crate::db::Tx;
use crate::federation;
use crate::grants;
use crate::http::form::Form;
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other};
use crate::my_account::ops;
use crate::my_account::views::{ServiceCard, ServicesPage};
use crate::services::DisclosedData;
use crate::services::ops::disclosed_data;
use crate::sessions::extract::SignedIn;
use crate::{roster, services};

pub async fn show(State(app): State<AppState>, ctx: RequestContext, SignedIn { account, .. }: SignedIn) -> PageResult {
    let mut tx = app.db.read().await?;
    let page = ServicesPage { services: service_cards(&app, &ctx, &mut tx, &account).await? };
    drop(tx);
    ctx.page(&app.pages, StatusCode::OK, &page)
}

async fn service_cards(
    app: &App,
    ctx: &RequestContext,
    tx: &mut Tx,
    account: &Account,
) -> anyhow::Result<Vec<ServiceCard>> {
    let pupils = roster::store::pupils::list_pupils_of_account(tx, &account.id, account.profile).await?;
    let links = services::ops::service_links(tx, app, account.profile, &pupils).await?;
    let origin = match account.is_federated {
        true => federation::store::find_origin(tx, &app.upstreams(), &account.id).await?,
        false => None,
    };
    let consents = grants::store::consents::list_for_account(tx, &account.id).await?;
    let mut uses = Vec::new();
    for used in grants::store::uses::list_for_account(tx, &account.id).await? {
        uses.push((used.client_id, used.disclosure, Some((used.first_at, used.last_at))));
    }
    for (client_id, _) in &consents {
        if !uses.iter().any(|(id, ..)| id == client_id) {
            let agreed = grants::store::consents::find(tx, &account.id, client_id).await?.unwrap_or_default();
            uses.push((client_id.clone(), agreed, None));
        }
    }
    let mut cards = Vec::new();
    for (client_id, disclosure, used) in uses {
        let client = clients::store::find(tx, &client_id).await?;
        // A deleted client learns nothing more, but a consent can still be withdrawn.
        let disclosed = match &client {
            Some(client) => disclosed_data(client, account, (&pupils, origin.as_ref()), &disclosure),
            None => DisclosedData::default(),
        };
        let moment = |at: Timestamp| dates::moment(ctx.lang, at, ctx.now);
        let consented = consents.iter().find(|(id, _)| *id == client_id);
        if client.is_none() && consented.is_none() {
            continue;
        }
        cards.push(ServiceCard {
            name: client.map_or_else(|| client_id.to_string(), |c| c.meta.client_name),
            href: links.iter().find(|link| link.client_id == client_id).map(|link| link.href.clone()),
            first: used.map(|(first, _)| moment(first)).unwrap_or_default(),
            last: used.map(|(_, last)| moment(last)).unwrap_or_default(),
            consented: consented.map(|(_, at)| dates::day(ctx.lang, Timestamp(*at))),
            disclosed,
            client_id,
        });
    }
    Ok(cards)
}

/// POST: withdraws a consent. The tokens of the service for this account end at once.
pub async fn withdraw_consent(
    State(app): State<AppState>,
    ctx: RequestContext,
    SignedIn { account, .. }: SignedIn,
    Form(form): Form,
) -> PageResult {
    if let Some(client_id) = form.get("client_id").filter(|id| is_client_id(id)) {
        let op = Operation::of_request(&app, &ctx).by(Actor::Account(account.id.clone()));
        ops::withdraw_consent(&op, &account.id, &ClientId::new(client_id)).await?;
    }
    Ok(see_other(paths::ACCOUNT_SERVICES))
}
