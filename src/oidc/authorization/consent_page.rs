//! The consent page, with the values to be shared (OIDCC 3.1.2.4): for third-party clients, for offline access, and for
//! `prompt=consent`.
//!
//! Consent belongs to the pending request and to the account that gave the consent; for third-party clients the consent
//! is remembered until the end user withdraws it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use crate::app::{App, AppState, Operation};
use crate::base::actor::Actor;
use crate::base::phone::E164;
use crate::base::profile::Profile;
use crate::clients::branding::ClientBranding;
use crate::clients::store::trial;
use crate::clients::trial::TrialStanding;
use crate::clients::{self, Client, GrantType};
use crate::db::Durability;
use crate::grants;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other};
use crate::interactions;
use crate::oidc::authorization::end_user::{EndUser, load_end_user};
use crate::oidc::tokens::claims::{self, ClaimsTarget};
use crate::oidc::views::{ConsentPage, SharedData};
use crate::protocol::authorize::AuthorizeRequest;
use crate::protocol::claim::Claim;
use crate::protocol::params::encode;
use crate::protocol::scope::Scope;
use crate::roster::store::RosterChild;
use crate::services::DisclosedItem;

type PageResult = Result<Response, PageError>;

/// Shows the consent page.
pub async fn show_page(
    app: &App,
    ctx: &RequestContext,
    client: &Client,
    request: &AuthorizeRequest,
    i: &str,
    p: &EndUser,
) -> PageResult {
    let asked = &request.disclosure;
    let mut tx = app.db.read().await?;
    let mut values = claims::claims_for(app, &mut tx, client, &p.account, asked, ClaimsTarget::Userinfo).await?;
    values.extend(claims::claims_for(app, &mut tx, client, &p.account, asked, ClaimsTarget::IdToken).await?);
    let trial_since = match p.trial {
        TrialStanding::Untold => trial::find_start(&mut tx, &client.id).await?.map(|at| dates::day(ctx.lang, at)),
        _ => None,
    };
    drop(tx);
    let text = |claim: Claim| values.get(claim.name()).and_then(Value::as_str).map(str::to_owned);
    let shares = |item: DisclosedItem| item.is_among(|claim| values.contains_key(claim.name()));
    let full_name = text(Claim::Name).or_else(|| {
        let parts = [text(Claim::GivenName), text(Claim::FamilyName)];
        let words: Vec<String> = parts.into_iter().flatten().collect();
        (!words.is_empty()).then(|| words.join(" "))
    });
    // The children of a parent; of a pupil, who has none, the school and the class.
    let is_pupil = p.account.profile == Profile::Eleve;
    let within = match shares(DisclosedItem::Schooling) {
        true => claims::children_in_perimeter(&client.meta.perimeter, &p.children),
        false => Vec::new(),
    };
    let own_schools = match (&p.origin, shares(DisclosedItem::Schooling)) {
        (Some(origin), true) => origin.schools_within(&client.meta.perimeter),
        _ => Vec::new(),
    };
    let (own, children): (Vec<&RosterChild>, Vec<&RosterChild>) = within.into_iter().partition(|_| is_pupil);
    let schooling = own.into_iter().map(|c| match &c.class {
        Some(class) => format!("{} ({class})", c.school),
        None => c.school.clone(),
    });
    let query = encode([("i", i), ("client_id", client.id.as_str())]);
    let page = ConsentPage {
        service: client.meta.client_name.clone(),
        shared: SharedData {
            name: full_name,
            profile: shares(DisclosedItem::Profile).then_some(p.account.profile),
            email: text(Claim::Email),
            phone: text(Claim::PhoneNumber).and_then(|n| E164::from_stored(&n)).map(|n| n.formatted()),
            children: children.into_iter().map(|c| format!("{} ({})", c.given_name, c.school)).collect(),
            schooling: schooling.chain(own_schools.into_iter().map(|school| school.name.clone())).collect(),
            pupil_numbers: shares(DisclosedItem::PupilNumbers),
        },
        trial_since,
        lasting: request.disclosure.scopes.contains(Scope::OfflineAccess)
            && client.allows_grant(GrantType::RefreshToken),
        remembered: client.meta.consent,
        shown: ClientBranding::from_client(client),
        refuse_href: format!("{}?{query}&refuser=1", paths::AUTHORIZE),
        query: format!("?{query}"),
    };
    ctx.page(&app.pages, StatusCode::OK, &page)
}

/// Handles the POST of the consent page, same-origin only.
pub async fn submit(State(app): State<AppState>, ctx: RequestContext, Form(_): Form) -> PageResult {
    let query = ctx.carried_query(&["i", "client_id"]);
    let to_dispatcher = || Ok(see_other(&format!("{}{query}", paths::AUTHORIZE)));
    let i = ctx.query.get("i").unwrap_or_default();
    let op = Operation::of_request(&app, &ctx);
    let Some(mut waiting) = interactions::ops::find(&op, i, ctx.navigation_id.as_deref()).await? else {
        return to_dispatcher();
    };
    let found = clients::store::find(&mut app.db.read().await?, &waiting.request.client_id).await?;
    let Some(client) = found.filter(Client::is_usable) else { return to_dispatcher() };
    // The end user signed out meanwhile: the authorization endpoint asks to sign in, and then for consent again.
    let Some(p) = load_end_user(&app, &ctx, &client).await? else { return to_dispatcher() };
    if client.meta.consent {
        let by_account = op.clone().by(Actor::Account(p.account.id.clone()));
        let mut tx = by_account.write(Durability::Durable).await?;
        grants::ops::record_consent(&mut tx, &p.session.account_id, &client.id, &waiting.request.disclosure).await?;
        tx.commit().await?;
    }
    waiting.agreed = Some(p.account.id.to_string());
    let owner = ctx.quota_owner();
    let Some(i) = interactions::ops::save(&op, &owner, &waiting).await? else { return to_dispatcher() };
    // Redirects to a page of this server, from which the browser may go to another site
    // (docs/decisions/0017-a-form-never-redirects-to-another-site.md).
    Ok(see_other(&format!("{}?{}", paths::AFTER_SIGN_IN, encode([("i", i.as_str()), ("client_id", &client.id)]))))
}
