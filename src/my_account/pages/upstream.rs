//! `/compte/franceconnect`: the upstream of parents is linked to the account, and removed.

use axum::extract::State;
use axum::http::StatusCode;

use super::PageResult;
use super::factors::{operation, owner};
use crate::accounts::Account;
use crate::app::{App, AppState};
use crate::config::deployment::Upstream;
use crate::credentials;
use crate::credentials::ops::FactorChangeRefusal;
use crate::credentials::pages as proof;
use crate::credentials::views::CurrentPasswordError;
use crate::federation;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other};
use crate::my_account::ops::{UpstreamChange, change_upstream_link};
use crate::my_account::views::{CautionEnd, FederatedLine, UpstreamCard, UpstreamLinkPage, UpstreamLinkTold};
use crate::sessions::extract::SignedIn;

/// Returns the link of an account to the upstream of parents.
async fn find_link(
    app: &App,
    ctx: &RequestContext,
    account: &Account,
    upstream: &Upstream,
) -> anyhow::Result<Option<FederatedLine>> {
    let links = federation::store::list_of_account(&mut app.db.read().await?, &account.id).await?;
    Ok(links.into_iter().find(|link| link.issuer == upstream.issuer).map(|link| FederatedLine {
        label: upstream.label.clone(),
        since: dates::day(ctx.lang, link.created()),
        used: dates::moment(ctx.lang, link.used(), ctx.now),
    }))
}

/// Returns what the page of security shows of the upstream of parents; `None` if there is none, or for an account that an
/// upstream made.
pub(super) async fn card(app: &App, ctx: &RequestContext, account: &Account) -> anyhow::Result<Option<UpstreamCard>> {
    let upstreams = app.upstreams();
    let Some(upstream) = upstreams.franceconnect().filter(|_| !account.is_federated) else { return Ok(None) };
    let linked = find_link(app, ctx, account, upstream).await?;
    Ok(Some(UpstreamCard { label: upstream.label.clone(), linked }))
}

async fn page(
    app: &App,
    ctx: &RequestContext,
    signed: &SignedIn,
    upstream: &Upstream,
) -> Result<UpstreamLinkPage, PageError> {
    let op = operation(app, ctx, &signed.account);
    let may_go = federation::ops::may_link(&op, &signed.session).await?;
    Ok(UpstreamLinkPage {
        label: upstream.label.clone(),
        linked: find_link(app, ctx, &signed.account, upstream).await?,
        only_way: signed.account.password.is_none(),
        has_factor: credentials::ops::find_factors(&op, &signed.account.id).await?.is_required(),
        go_href: may_go.then(|| format!("{}?relier=1", paths::upstream_start(&upstream.id))),
        told: None,
        current: None,
        caution: None,
    })
}

/// GET: shows the link, and the way to the upstream after the password was typed for it.
pub async fn show(State(app): State<AppState>, ctx: RequestContext, signed: SignedIn) -> PageResult {
    let upstreams = app.upstreams();
    let upstream = upstreams.franceconnect().ok_or(PageError::NotFound)?;
    let told = [("reliee", UpstreamLinkTold::Done), ("retiree", UpstreamLinkTold::Removed)];
    let told = told.into_iter().find(|(word, _)| ctx.query.get(word).is_some()).map(|(_, told)| told);
    let page = UpstreamLinkPage { told, ..page(&app, &ctx, &signed, upstream).await? };
    ctx.page(&app.pages, StatusCode::OK, &page)
}

/// GET: has the upstream of parents ask the person again, and lead back to what was to be done.
pub async fn prove(State(app): State<AppState>, ctx: RequestContext, signed: SignedIn) -> PageResult {
    let word = ctx.query.get("vers").filter(|word| paths::errand(word).is_some()).unwrap_or_default();
    let upstreams = app.upstreams();
    let upstream = upstreams.franceconnect().filter(|_| signed.account.password.is_none());
    let Some(upstream) = upstream else { return Ok(see_other(paths::errand(word).unwrap_or(paths::ACCOUNT))) };
    Ok(see_other(&format!("{}?demander=1&vers={word}", paths::upstream_start(&upstream.id))))
}

/// POST: lets this session go and link the upstream, or ends the link, after the password.
pub async fn submit(
    State(app): State<AppState>,
    ctx: RequestContext,
    signed: SignedIn,
    Form(form): Form,
) -> PageResult {
    let upstreams = app.upstreams();
    let upstream = upstreams.franceconnect().ok_or(PageError::NotFound)?;
    let change = match form.get("faire") {
        Some("retirer") => UpstreamChange::Remove,
        _ => UpstreamChange::Link,
    };
    let op = operation(&app, &ctx, &signed.account);
    let typed = form.form_value("mot_de_passe");
    let why = match change_upstream_link(&op, owner(&ctx, &signed), (upstream, change), typed).await? {
        Ok(()) if change == UpstreamChange::Remove => {
            return Ok(see_other(&format!("{}?retiree=1", paths::ACCOUNT_UPSTREAM)));
        }
        Ok(()) | Err(FactorChangeRefusal::NotPossible) => return Ok(see_other(paths::ACCOUNT_UPSTREAM)),
        Err(why) => why,
    };
    let shown = page(&app, &ctx, &signed, upstream).await?;
    match why {
        FactorChangeRefusal::Caution { until } => {
            let (day, hour) = (dates::weekday_and_day(ctx.lang, until), dates::hour_rounded_up(ctx.lang, until));
            let shown = UpstreamLinkPage { caution: Some(CautionEnd { day, hour }), ..shown };
            ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &shown)
        }
        FactorChangeRefusal::NotProven(why) => {
            let shown = UpstreamLinkPage { current: Some(CurrentPasswordError::new(why, ctx.lang)), ..shown };
            proof::refused(&ctx, why, ctx.page(&app.pages, proof::status(why), &shown)?)
        }
        FactorChangeRefusal::NotPossible => Ok(see_other(paths::ACCOUNT_UPSTREAM)),
    }
}
