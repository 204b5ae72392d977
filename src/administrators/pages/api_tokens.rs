//! `/admin/moi/jetons`: one's own tokens of the Admin API.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use secrecy::ExposeSecret as _;
use strum::IntoEnumIterator as _;

use super::{GatedResult, PageResult, failed, frame, role_line, territory_name};
use crate::administrators::api_tokens::{API_TOKEN_DAYS, ApiScope, ApiToken, ApiTokenState};
use crate::administrators::extract::{FreshAdministrator, SignedInAdministrator, has_passkeys_enough};
use crate::administrators::ops::OnDuty;
use crate::administrators::ops::api_tokens::{self as tokens, TokenOrder, TokenRefusal};
use crate::administrators::territory::Territory;
use crate::administrators::views::{ApiTokenLine, ApiTokensPage, CarrierChoice, NewApiTokenPage, ScopeOffer};
use crate::app::AppState;
use crate::base::ids::{is_id, row_id};
use crate::base::typed_ids::{AdminRoleId, ApiTokenId};
use crate::base::uai::Uai;
use crate::db::Tx;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other};
use crate::protocol::params::Params;

/// The days that are chosen beforehand.
const DEFAULT_TOKEN_DAYS: i64 = 90;

/// Returns the end of a scope's message, and of its field.
fn scope_word(scope: ApiScope) -> &'static str {
    match scope {
        ApiScope::ClientsRead => "clients-read",
        ApiScope::ClientsRequest => "clients-request",
        ApiScope::ClientsSecret => "clients-secret",
        ApiScope::ClientsSuspend => "clients-suspend",
        ApiScope::SchoolsRead => "schools-read",
        ApiScope::CampaignsWrite => "campaigns-write",
        ApiScope::PersonsRead => "persons-read",
        ApiScope::PersonsRepair => "persons-repair",
        ApiScope::RostersRead => "rosters-read",
        ApiScope::RostersWrite => "rosters-write",
        ApiScope::AuditRead => "audit-read",
        ApiScope::FiguresRead => "figures-read",
        ApiScope::TeamRead => "team-read",
    }
}

async fn line(
    (app, ctx): (&AppState, &RequestContext),
    tx: &mut Tx,
    (token, state): (ApiToken, ApiTokenState),
) -> anyhow::Result<ApiTokenLine> {
    let place = match &token.territory {
        Territory::All => app.pages.message(ctx.lang, "admin-everything", &[])?,
        other => territory_name(tx, other).await?,
    };
    Ok(ApiTokenLine {
        id: token.id.to_string(),
        name: token.name,
        state: state.name(),
        scopes: token.scopes.iter().map(|scope| scope.name()).collect(),
        place,
        class: token.territory.columns().1.to_owned(),
        created: dates::day(ctx.lang, token.created_at),
        until: dates::day_and_year(ctx.lang, token.expires_at),
        used: token.last_used_at.map(|at| dates::moment(ctx.lang, at, ctx.now)),
    })
}

async fn page(app: &AppState, ctx: &RequestContext, on_duty: &OnDuty) -> anyhow::Result<ApiTokensPage> {
    let held = tokens::list(&on_duty.operation(app, ctx, None), on_duty).await?;
    let frame = frame(app, ctx, on_duty).await?.in_room("me");
    let mut tx = app.db.read().await?;
    let mut lines = Vec::new();
    for token in held {
        lines.push(line((app, ctx), &mut tx, token).await?);
    }
    let told = ["revoked"].into_iter().find(|word| ctx.query.get("fait") == Some(word));
    Ok(ApiTokensPage { frame, may_make: has_carrier(on_duty), tokens: lines, text: None, told })
}

/// GET: lists them.
pub async fn show(State(app): State<AppState>, ctx: RequestContext, who: SignedInAdministrator) -> PageResult {
    ctx.page(&app.pages, StatusCode::OK, &page(&app, &ctx, &who.0).await?)
}

/// The form as it is shown: empty, or with what was typed and what is wrong.
async fn form_page(
    app: &AppState,
    ctx: &RequestContext,
    on_duty: &OnDuty,
    typed: &Params,
    error: Option<TokenRefusal>,
) -> anyhow::Result<NewApiTokenPage> {
    let offered = |scope: &ApiScope| on_duty.roles.iter().any(|grant| scope.is_within(grant));
    let frame = frame(app, ctx, on_duty).await?.in_room("me");
    let mut tx = app.db.read().await?;
    let mut carriers = Vec::new();
    for grant in on_duty.roles.iter().filter(|grant| !ApiScope::of_role(grant).is_empty()) {
        let chosen = match typed.get("role") {
            Some(id) => id == grant.id.as_str(),
            None => carriers.is_empty(),
        };
        let role = role_line(&mut tx, grant, ctx.lang).await?;
        carriers.push(CarrierChoice { id: grant.id.to_string(), role, chosen });
    }
    let offer = |scope: ApiScope| {
        let key = scope_word(scope);
        ScopeOffer { name: scope.name(), key, chosen: typed.get(&format!("portee-{key}")).is_some() }
    };
    let text = |name: &str| typed.form_value(name).chars().take(300).collect::<String>();
    Ok(NewApiTokenPage {
        frame,
        form_id: row_id(ctx.now, app.rng.as_ref()),
        name: text("nom"),
        carriers,
        scopes: ApiScope::iter().filter(offered).map(offer).collect(),
        territory: text("territoire"),
        class: text("classe"),
        days: API_TOKEN_DAYS.to_vec(),
        chosen_days: typed.get("jours").and_then(|text| text.parse().ok()).unwrap_or(DEFAULT_TOKEN_DAYS),
        error: error.map(Into::into),
    })
}

/// True if one of the roles has something to put into a token.
fn has_carrier(on_duty: &OnDuty) -> bool {
    on_duty.roles.iter().any(|grant| !ApiScope::of_role(grant).is_empty())
}

/// True if the administrator may make tokens: with a role that has something to give, and as many passkeys as it asks for.
async fn may_make(app: &AppState, on_duty: &OnDuty) -> Result<(), Response> {
    if !has_carrier(on_duty) {
        return Err(PageError::NotFound.into_response());
    }
    match has_passkeys_enough(app, on_duty).await.map_err(failed)? {
        true => Ok(()),
        false => Err(see_other(paths::ADMIN_ME)),
    }
}

/// GET: shows the form, after a fresh proof.
pub async fn show_new(State(app): State<AppState>, ctx: RequestContext, who: FreshAdministrator) -> GatedResult {
    let FreshAdministrator(on_duty) = who;
    may_make(&app, &on_duty).await?;
    let page = form_page(&app, &ctx, &on_duty, &Params::default(), None).await.map_err(failed)?;
    ctx.page(&app.pages, StatusCode::OK, &page).map_err(PageError::into_response)
}

/// Reads a typed part of a territory; `None` if it is nothing.
fn read_territory(typed: &str, class: &str) -> Option<Territory> {
    let first = typed.split_whitespace().next().unwrap_or_default();
    match Uai::parse(first) {
        Ok(uai) if class.is_empty() => Some(Territory::School(uai)),
        Ok(uai) => Territory::parse(&format!("class:{uai}/{class}")),
        Err(_) => Territory::parse(&format!("academy:{typed}")),
    }
}

/// POST: makes a token. The answer shows it, once.
pub async fn make(
    State(app): State<AppState>,
    ctx: RequestContext,
    who: FreshAdministrator,
    Form(form): Form,
) -> GatedResult {
    let FreshAdministrator(on_duty) = who;
    may_make(&app, &on_duty).await?;
    let typed = form.form_value("territoire").trim();
    let class = form.form_value("classe").trim();
    let territory = match typed.is_empty() {
        true => Ok(None),
        false => read_territory(typed, class).map(Some).ok_or(TokenRefusal::Territory),
    };
    let chosen = |scope: &ApiScope| form.get(&format!("portee-{}", scope_word(*scope))).is_some();
    let op = on_duty.operation(&app, &ctx, None);
    let made = match territory {
        Err(why) => Err(why),
        Ok(territory) => {
            let order = TokenOrder {
                name: form.form_value("nom").to_owned(),
                role_id: AdminRoleId::new(form.form_value("role")),
                scopes: ApiScope::iter().filter(chosen).collect(),
                territory,
                days: form.get("jours").and_then(|text| text.parse().ok()).unwrap_or_default(),
                form_id: form.form_value("formulaire").to_owned(),
            };
            tokens::make(&op, &on_duty, &order).await.map_err(failed)?
        }
    };
    match made {
        Ok(text) => {
            let page = page(&app, &ctx, &on_duty).await.map_err(failed)?;
            let page = ApiTokensPage { text: Some(text.expose_secret().to_owned()), ..page };
            ctx.page(&app.pages, StatusCode::OK, &page).map_err(PageError::into_response)
        }
        Err(TokenRefusal::NotProven) => Ok(see_other(paths::ADMIN_NEW_API_TOKEN)),
        Err(why) => {
            let page = form_page(&app, &ctx, &on_duty, &form, Some(why)).await.map_err(failed)?;
            ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page).map_err(PageError::into_response)
        }
    }
}

/// POST: revokes a token.
pub async fn revoke(
    State(app): State<AppState>,
    ctx: RequestContext,
    who: SignedInAdministrator,
    Form(form): Form,
) -> PageResult {
    let SignedInAdministrator(on_duty) = who;
    let id = form.get("jeton").filter(|id| is_id(id, 32)).map(ApiTokenId::new).ok_or(PageError::NotFound)?;
    // Revoked twice, the answer is the same; a token of others is not there.
    tokens::revoke(&on_duty.operation(&app, &ctx, None), &on_duty, &id).await?;
    Ok(see_other(&format!("{}?fait=revoked", paths::ADMIN_API_TOKENS)))
}

/// GET: goes back to the list.
pub async fn back(_: SignedInAdministrator) -> Response {
    see_other(paths::ADMIN_API_TOKENS)
}
