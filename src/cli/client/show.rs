//! `preau client list` and `preau client show`.

use std::io::Write;

use crate::base::clock::Timestamp;
use crate::base::typed_ids::ClientId;
use crate::cli::client::ShowArgs;
use crate::cli::format_paris_time;
use crate::cli::json::{self, JsonFlag};
use crate::client_admin::api::{client, summary};
use crate::client_admin::ops::{DELIVERIES_SINCE, find_in};
use crate::client_admin::standing::ServiceStanding;
use crate::client_admin::store::count_undelivered;
use crate::clients::ops::last_unprotected_exchange;
use crate::clients::ops::lifecycle::LifecycleError;
use crate::clients::store::registered::{self, ClientRecord};
use crate::clients::{AuthMethod, Client, ClientOrigin, metadata};
use crate::db::Db;
use crate::logouts;

/// The number of clients read by one query.
const PAGE_SIZE: i64 = 200;
/// The consequence of missing PKCE and nonce (RFC 9700 2.1.1), and the remedy.
const UNPROTECTED_ADVICE: &str =
    "a stolen code can be injected; let it send either, then demand it with require_pkce = true";
/// The maximum number of sign-out deliveries printed by `show`.
const MAX_DELIVERIES_SHOWN: i64 = 10;

pub(super) async fn print_clients(
    db: &Db,
    now: Timestamp,
    form: JsonFlag,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<()> {
    let mut tx = db.read().await?;
    let undelivered = count_undelivered(&mut tx, now.minus(DELIVERIES_SINCE)).await?;
    let mut after = ClientId::new("");
    loop {
        let ids = registered::list_ids(&mut tx, &after, PAGE_SIZE).await?;
        let Some(last) = ids.last() else { return Ok(()) };
        after.clone_from(last);
        for id in ids {
            let Some(held) = registered::find(&mut tx, &id).await? else { continue };
            let client = &held.client;
            if form.json {
                let undelivered = undelivered.get(&id).copied().unwrap_or_default();
                let standing = ServiceStanding::of(client, undelivered, now);
                json::write_line(out, &summary(&held, standing, undelivered))?;
                continue;
            }
            let used = last_used(client);
            let (state, from) = (client.state.name(), origin(&held));
            writeln!(out, "{id:<24}  {state:<9}  {from:<10}  {used:<16}  {}", client.meta.client_name)?;
        }
    }
}

fn origin(held: &ClientRecord) -> &'static str {
    held.origin.name()
}

fn last_used(client: &Client) -> String {
    client.last_used_at.map_or_else(|| "never used".to_owned(), format_paris_time)
}

pub(super) async fn print_client(
    db: &Db,
    now: Timestamp,
    ShowArgs { which, form }: &ShowArgs,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<()> {
    let id = which.id.as_str();
    let mut tx = db.read().await?;
    if form.json {
        let file = find_in(&mut tx, now, id).await?;
        let file = file.ok_or_else(|| LifecycleError::Unknown(id.to_owned()))?;
        return json::write_line(out, &client(&file, now));
    }
    let found = registered::find(&mut tx, id).await?;
    let held = found.ok_or_else(|| LifecycleError::Unknown(id.to_owned()))?;
    let (client, p) = (&held.client, &held.client.meta.perimeter);
    writeln!(out, "client      {id}")?;
    let approval = if held.unapproved { ", not approved" } else { "" };
    writeln!(out, "state       {}{approval}", client.state.name())?;
    writeln!(out, "from        {}, version {}", origin(&held), held.version)?;
    writeln!(
        out,
        "since       {}, changed {}",
        format_paris_time(held.created_at),
        format_paris_time(held.updated_at)
    )?;
    writeln!(out, "last used   {}", last_used(client))?;
    writeln!(out, "academy     {}", client.meta.academy.as_deref().unwrap_or("the deployment's"))?;
    let perimeter: Vec<&str> =
        [&p.academies, &p.ministries, &p.schools].into_iter().flatten().map(String::as_str).collect();
    writeln!(out, "perimeter   {}", perimeter.join(" "))?;
    writeln!(out, "sector      {}", client.meta.sector)?;
    writeln!(out, "profile     {}", client.meta.profile.name())?;
    let ways: Vec<&str> =
        AuthMethod::ALL.into_iter().filter(|m| client.accepts_auth_method(*m)).map(AuthMethod::name).collect();
    writeln!(out, "proves by   {}", ways.join(" or "))?;
    let pkce = if client.requirements().pkce { "demanded" } else { "taken where it is sent" };
    writeln!(out, "PKCE        {pkce}")?;
    if let Some(at) = last_unprotected_exchange(client, now) {
        writeln!(
            out,
            "            sent neither PKCE nor nonce, last on {}: {UNPROTECTED_ADVICE}",
            format_paris_time(at)
        )?;
    }
    for (key, value) in client.meta.tolerances.non_default() {
        writeln!(out, "tolerates   {key} = {value}")?;
    }
    if let Some((_, until)) = &client.previous_secret {
        writeln!(out, "secrets     two until {}", format_paris_time(*until))?;
    }
    // Secrets are not included: they are separate columns.
    writeln!(out, "{}", serde_json::to_string_pretty(&metadata::to_fields(&client.meta))?)?;
    if held.unapproved && held.origin != ClientOrigin::File {
        writeln!(out, "approve     preau client approve {id} --version {}", held.version)?;
    }
    for delivery in logouts::store::list_for_client(&mut tx, id, MAX_DELIVERIES_SHOWN).await? {
        let problem = delivery.problem.as_deref().unwrap_or_default();
        let (at, state) = (format_paris_time(delivery.created_at), delivery.state.name());
        writeln!(out, "sign-out    {at}  {state:<9}  {} attempts  {problem}", delivery.attempts)?;
    }
    Ok(())
}
