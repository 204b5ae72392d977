//! The page that asks what may be shared, with the values (OIDCC 3.1.2.4): for clients that are not of the house, for
//! a lasting access, and wherever `prompt=consent` asks for it.
//!
//! The answer belongs to the waiting request and to the account that gave it; for a client that is not of the house it
//! is remembered until the person takes it back.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use super::claims::{self, Where};
use super::person::{Person, person};
use super::views::{ConsentPage, Shared};
use crate::app::AppState;
use crate::base::phone::E164;
use crate::clients::shown::Shown;
use crate::clients::{self, Client, GrantType};
use crate::db::Durability;
use crate::grants::{self, Consent};
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::visit::{Visit, see_other};
use crate::interactions;
use crate::protocol::authorize::AuthorizeRequest;
use crate::protocol::params::encode;
use crate::protocol::scope::Scope;

type Answer = Result<Response, PageError>;

/// Shows the page.
pub async fn ask(
    app: &AppState,
    visit: &Visit,
    client: &Client,
    request: &AuthorizeRequest,
    i: &str,
    p: &Person,
) -> Answer {
    let asked = (&request.scopes, &request.claims);
    let mut tx = app.db.read().await?;
    let mut told = claims::told(app, &mut tx, client, &p.account, asked, Where::Userinfo).await?;
    told.extend(claims::told(app, &mut tx, client, &p.account, asked, Where::IdToken).await?);
    drop(tx);
    let text = |name: &str| told.get(name).and_then(Value::as_str).map(str::to_owned);
    let full_name = text("name").or_else(|| {
        let parts = [text("given_name"), text("family_name")];
        let words: Vec<String> = parts.into_iter().flatten().collect();
        (!words.is_empty()).then(|| words.join(" "))
    });
    let within = told.contains_key("children").then(|| claims::within(&client.meta.perimeter, &p.children));
    let children = within.into_iter().flatten().map(|c| format!("{} ({})", c.given_name, c.school)).collect();
    let query = encode([("i", i), ("client_id", client.id.as_str())]);
    let page = ConsentPage {
        service: client.meta.client_name.clone(),
        shared: Shared {
            name: full_name,
            phone: text("phone_number").and_then(|n| E164::from_stored(&n)).map(|n| n.spaced()),
            children,
        },
        lasting: request.scopes.has(Scope::OfflineAccess) && client.may(GrantType::RefreshToken),
        remembered: client.meta.consent,
        shown: Shown::of(client),
        refuse_href: format!("/oauth2/authorize?{query}&refuser=1"),
        query: format!("?{query}"),
    };
    visit.page(&app.pages, StatusCode::OK, &page)
}

/// POST of the page, same-origin only.
pub async fn submit(State(app): State<AppState>, visit: Visit, Form(_): Form) -> Answer {
    let query = visit.carried(&["i", "client_id"]);
    let to_dispatcher = || Ok(see_other(&format!("/oauth2/authorize{query}")));
    let i = visit.query.get("i").unwrap_or_default();
    let Some(mut waiting) = interactions::ops::find(&app, visit.now, i, visit.nav.as_deref()).await? else {
        return to_dispatcher();
    };
    let found = clients::store::find(&mut app.db.read().await?, &waiting.request.client_id).await?;
    let Some(client) = found.filter(Client::is_usable) else { return to_dispatcher() };
    // Signed out meanwhile: the dispatcher asks to sign in, and then again.
    let Some(p) = person(&app, &visit, &client).await? else { return to_dispatcher() };
    if client.meta.consent {
        let consent = Consent { scopes: waiting.request.scopes.clone(), claims: waiting.request.claims.clone() };
        let mut tx = app.db.write(Durability::Durable).await?;
        grants::ops::agree(&mut tx, &app, visit.now, &p.account.id, &client.id, &consent).await?;
        tx.commit().await?;
    }
    waiting.agreed = Some(p.account.id);
    let owner = visit.payer();
    let Some(i) = interactions::ops::keep(&app, visit.now, &owner, &waiting).await? else { return to_dispatcher() };
    // A page of ours: from there the browser may leave (docs/decisions/0017-a-form-never-redirects-to-another-site.md).
    Ok(see_other(&format!("/connexion/suite?{}", encode([("i", i.as_str()), ("client_id", &client.id)]))))
}
