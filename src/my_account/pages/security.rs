//! `/compte/securite` and `/compte/evenements`.

use axum::extract::State;
use axum::http::StatusCode;

use super::PageResult;
use crate::app::{App, AppState, Operation};
use crate::base::actor::Actor;
use crate::base::clock::Timestamp;
use crate::base::ids::is_id;
use crate::base::lang::Lang;
use crate::credentials;
use crate::credentials::factors::{MAX_TOTP, TotpFactor};
use crate::http::form::Form;
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other};
use crate::my_account::ops::{self, ForgottenDevices, PersonalEvent};
use crate::my_account::views::{
    ApplicationLine, DeviceLine, EventLine, EventsPage, FactorChangeTold, FederatedLine, SecurityPage,
};
use crate::sessions::SESSION_TTL;
use crate::sessions::extract::SignedIn;
use crate::{devices, federation, passkeys};

/// The words of the query that tell the end of a change of factors.
const TOLD: [(&str, FactorChangeTold); 4] = [
    ("ajoutee", FactorChangeTold::Added),
    ("retiree", FactorChangeTold::Removed),
    ("trop-tard", FactorChangeTold::TooLate),
    ("rien", FactorChangeTold::Nothing),
];

/// Returns the page that tells the end of a change of factors.
pub(super) fn told_url(told: FactorChangeTold) -> String {
    let word = TOLD.iter().find(|(_, t)| *t == told).map(|(word, _)| *word).unwrap_or_default();
    format!("{}?{word}=1", paths::ACCOUNT_SECURITY)
}

/// The number of events beside the devices.
const LATEST_EVENTS: usize = 4;

fn event_lines(
    app: &App,
    (lang, now): (Lang, Timestamp),
    events: impl IntoIterator<Item = PersonalEvent>,
) -> anyhow::Result<Vec<EventLine>> {
    let line = |event: PersonalEvent| {
        let text = app.pages.message(lang, &format!("event-{}", event.word.replace('_', "-")), &[])?;
        Ok(EventLine { text, at: dates::moment(lang, event.at, now) })
    };
    events.into_iter().map(line).collect()
}

fn application_line(ctx: &RequestContext, totp: TotpFactor) -> ApplicationLine {
    ApplicationLine {
        id: totp.id.as_str().to_owned(),
        since: dates::day(ctx.lang, totp.confirmed_at),
        used: totp.used_at.map(|at| dates::moment(ctx.lang, at, ctx.now)),
    }
}

pub async fn show(
    State(app): State<AppState>,
    ctx: RequestContext,
    SignedIn { session, account }: SignedIn,
) -> PageResult {
    let mut tx = app.db.read().await?;
    let known = devices::store::list(&mut tx, &account.id, ctx.now, ctx.now.minus(SESSION_TTL)).await?;
    let keys = passkeys::store::list(&mut tx, &account.id).await?;
    let (events, _) = ops::list_events(&mut tx, &account.id, None).await?;
    let held = credentials::store::find_factors(&mut tx, &account.id).await?;
    let link = match account.is_federated {
        true => federation::store::list_of_account(&mut tx, &account.id).await?.into_iter().next(),
        false => None,
    };
    drop(tx);
    let parents = super::upstream::card(&app, &ctx, &account).await?;
    let mut lines = Vec::new();
    for device in known {
        lines.push(DeviceLine {
            label: devices::display_label(&app.pages, ctx.lang, &device.label)?,
            this: session.device_id.as_deref() == Some(&device.id),
            signed_in: device.signed_in_at.map(|at| dates::moment(ctx.lang, Timestamp(at), ctx.now)),
            seen: dates::moment(ctx.lang, Timestamp(device.seen_at), ctx.now),
            id: device.id,
        });
    }
    let told = TOLD.iter().find(|(word, _)| ctx.query.get(word).is_some()).map(|(_, told)| *told);
    let page = SecurityPage {
        told,
        password_since: account.password_at.map(|at| dates::day(ctx.lang, at)).unwrap_or_default(),
        federated: link.map(|link| FederatedLine {
            label: super::federated::upstream_label(&app, &session),
            since: dates::day(ctx.lang, link.created()),
            used: dates::moment(ctx.lang, link.used(), ctx.now),
        }),
        upstream: parents,
        passkeys: passkeys::ops::relying_party(&app)
            .filter(|_| !account.is_federated)
            .map(|_| keys.into_iter().map(|key| super::passkeys::line(ctx.lang, ctx.now, key)).collect()),
        may_add_application: !account.is_federated && held.totp.len() < MAX_TOTP,
        applications: held.totp.into_iter().map(|totp| application_line(&ctx, totp)).collect(),
        backup_codes: held.backup_codes,
        devices: lines,
        events: event_lines(&app, (ctx.lang, ctx.now), events.into_iter().take(LATEST_EVENTS))?,
    };
    ctx.page(&app.pages, StatusCode::OK, &page)
}

/// POST: signs out and forgets a device, or all others.
pub async fn forget(
    State(app): State<AppState>,
    ctx: RequestContext,
    SignedIn { session, account }: SignedIn,
    Form(form): Form,
) -> PageResult {
    let which = match form.get("oublier") {
        Some("autres") => ForgottenDevices::Others,
        Some(id) if is_id(id, 43) => ForgottenDevices::One(id),
        _ => return Ok(see_other(paths::ACCOUNT_SECURITY)),
    };
    let op = Operation::of_request(&app, &ctx).by(Actor::Account(account.id.clone()));
    ops::forget_devices(&op, &session, &account, which).await?;
    Ok(see_other(paths::ACCOUNT_SECURITY))
}

pub async fn events(
    State(app): State<AppState>,
    ctx: RequestContext,
    SignedIn { account, .. }: SignedIn,
) -> PageResult {
    let before = ctx.query.get("avant").filter(|id| is_id(id, 32));
    let (events, older) = ops::list_events(&mut app.db.read().await?, &account.id, before).await?;
    let events = event_lines(&app, (ctx.lang, ctx.now), events)?;
    ctx.page(&app.pages, StatusCode::OK, &EventsPage { events, before: older, older: before.is_some() })
}
