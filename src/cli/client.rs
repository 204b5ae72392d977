//! `preau client`: which relying parties there are, what became of them, and who may register others.

use std::io::Write;

use super::in_paris;
use crate::base::clock::{Span, Timestamp};
use crate::clients::ops::lifecycle::{self, Decision, House, LifecycleError, NewToken};
use crate::clients::ops::unprotected_lately;
use crate::clients::store::registered::{self, Held};
use crate::clients::store::tokens;
use crate::clients::{AuthMethod, Client, metadata};
use crate::compose::{self, Opened, Surroundings};
use crate::config::Config;
use crate::db::{Access, Db};
use crate::logouts;

/// Read from the database at once.
const PAGE: i64 = 200;
/// What it means (RFC 9700 2.1.1), and the remedy.
const UNPROTECTED: &str = "a stolen code can be injected; let it send either, then demand it with require_pkce = true";
/// Deliveries of sign-outs that `show` prints.
const DELIVERIES: i64 = 10;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Every relying party: id, state, where it came from, last use, name.
    List,
    /// What is known of one, and whether it hears of sign-outs.
    Show(Which),
    /// A client that registered itself may be used from now on, as `show` showed it.
    Approve(Approval),
    /// Nothing works for this client until it is resumed; new readings of its file do not change that. The token that
    /// it registered with is revoked.
    Suspend(Which),
    /// Ends a suspension.
    Resume(Which),
    /// Draws a new secret, shown once.
    RotateSecret(Rotation),
    /// Who may register clients.
    Token(TokenArgs),
}

#[derive(Debug, clap::Args)]
struct Which {
    /// The `client_id`.
    id: String,
}

#[derive(Debug, clap::Args)]
struct Approval {
    #[command(flatten)]
    which: Which,
    /// The version that `preau client show` named: its owner may have changed it since.
    #[arg(long)]
    version: i64,
}

#[derive(Debug, clap::Args)]
struct WhichToken {
    /// The token's id, as `preau client token list` says it.
    id: String,
}

#[derive(Debug, clap::Args)]
struct Rotation {
    #[command(flatten)]
    which: Which,
    /// How many days the former secret is taken beside the new one.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..=90))]
    overlap: i64,
}

#[derive(Debug, clap::Args)]
struct TokenArgs {
    #[command(subcommand)]
    action: TokenAction,
}

#[derive(Debug, clap::Subcommand)]
enum TokenAction {
    /// Draws an initial access token, shown once.
    New(Drawing),
    /// Those that were drawn.
    List,
    /// Nothing is registered with it any more; what was, stays.
    Revoke(WhichToken),
}

#[derive(Debug, clap::Args)]
struct Drawing {
    /// Whose clients they will be, and the most that they can see.
    #[arg(long)]
    academy: String,
    /// How many clients.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(i64).range(1..=1000))]
    uses: i64,
    /// For how long.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(i64).range(1..=366))]
    days: i64,
    /// What is registered with it needs no approval.
    #[arg(long)]
    approves: bool,
    /// What it is for, in a few words.
    #[arg(long, default_value = "")]
    label: String,
}

pub async fn run(args: &Args, config: &Config, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let around = Surroundings::real();
    let now = around.clock.now();
    if let Some(reading) = reading(&args.action) {
        let db = compose::existing(config, Access::Read).await?;
        match reading {
            Reading::List => list(&db, out).await?,
            Reading::Show(id) => show(&db, now, id, out).await?,
            Reading::Tokens => token_list(&db, now, out).await?,
        }
        db.close().await;
        return Ok(true);
    }
    let Opened { db, vault } = compose::attached(config, &around).await?;
    let house = House { db: &db, vault: &vault, rng: around.rng.as_ref(), now: around.clock.now() };
    match &args.action {
        Action::Approve(Approval { which, version }) => {
            decide(house, &which.id, Decision::Approve { version: *version }, out).await?;
        }
        Action::Suspend(which) => decide(house, &which.id, Decision::Suspend, out).await?,
        Action::Resume(which) => decide(house, &which.id, Decision::Resume, out).await?,
        Action::RotateSecret(rotation) => {
            let secret = lifecycle::rotate_secret(house, &rotation.which.id, Span::days(rotation.overlap)).await?;
            writeln!(out, "{}: new secret, not shown again: {}", rotation.which.id, secret.expose())?;
            if rotation.overlap > 0 {
                let until = in_paris(house.now.plus(Span::days(rotation.overlap)));
                writeln!(out, "the former one is taken until {until}")?;
            }
        }
        Action::Token(TokenArgs { action: TokenAction::New(drawing) }) => new_token(house, drawing, out).await?,
        Action::Token(TokenArgs { action: TokenAction::Revoke(which) }) => {
            lifecycle::revoke_token(house, &which.id).await?;
            writeln!(out, "{}: revoked", which.id)?;
        }
        Action::List | Action::Show(_) | Action::Token(TokenArgs { action: TokenAction::List }) => {}
    }
    db.close().await;
    Ok(true)
}

/// What changes nothing, and needs no key.
enum Reading<'a> {
    List,
    Show(&'a str),
    Tokens,
}

fn reading(action: &Action) -> Option<Reading<'_>> {
    match action {
        Action::List => Some(Reading::List),
        Action::Show(which) => Some(Reading::Show(&which.id)),
        Action::Token(TokenArgs { action: TokenAction::List }) => Some(Reading::Tokens),
        _ => None,
    }
}

async fn decide(house: House<'_>, id: &str, decision: Decision, out: &mut (dyn Write + Send)) -> anyhow::Result<()> {
    let state = lifecycle::decide(house, id, decision).await?;
    writeln!(out, "{id}: {}", state.name())?;
    Ok(())
}

async fn list(db: &Db, out: &mut (dyn Write + Send)) -> anyhow::Result<()> {
    let mut tx = db.read().await?;
    let mut after = String::new();
    loop {
        let ids = registered::ids(&mut tx, &after, PAGE).await?;
        let Some(last) = ids.last() else { return Ok(()) };
        after.clone_from(last);
        for id in ids {
            let Some(held) = registered::find(&mut tx, &id).await? else { continue };
            let client = &held.client;
            let used = last_used(client);
            let (state, from) = (client.state.name(), origin(&held));
            writeln!(out, "{id:<24}  {state:<9}  {from:<10}  {used:<16}  {}", client.meta.client_name)?;
        }
    }
}

fn origin(held: &Held) -> &'static str {
    if held.from_file { "file" } else { "registered" }
}

fn last_used(client: &Client) -> String {
    client.last_used_at.map_or_else(|| "never used".to_owned(), in_paris)
}

async fn show(db: &Db, now: Timestamp, id: &str, out: &mut (dyn Write + Send)) -> anyhow::Result<()> {
    let mut tx = db.read().await?;
    let found = registered::find(&mut tx, id).await?;
    let held = found.ok_or_else(|| LifecycleError::Unknown(id.to_owned()))?;
    let (client, p) = (&held.client, &held.client.meta.perimeter);
    writeln!(out, "client      {id}")?;
    let approval = if held.unapproved { ", not approved" } else { "" };
    writeln!(out, "state       {}{approval}", client.state.name())?;
    writeln!(out, "from        {}, version {}", origin(&held), held.version)?;
    writeln!(out, "since       {}, changed {}", in_paris(held.created_at), in_paris(held.updated_at))?;
    writeln!(out, "last used   {}", last_used(client))?;
    writeln!(out, "academy     {}", client.meta.academy.as_deref().unwrap_or("the deployment's"))?;
    let perimeter: Vec<&str> =
        [&p.academies, &p.ministries, &p.schools].into_iter().flatten().map(String::as_str).collect();
    writeln!(out, "perimeter   {}", perimeter.join(" "))?;
    writeln!(out, "sector      {}", client.meta.sector)?;
    writeln!(out, "profile     {}", client.meta.profile.name())?;
    let ways: Vec<&str> = AuthMethod::ALL.into_iter().filter(|m| client.takes(*m)).map(AuthMethod::name).collect();
    writeln!(out, "proves by   {}", ways.join(" or "))?;
    let pkce = if client.demands().pkce { "demanded" } else { "taken where it is sent" };
    writeln!(out, "PKCE        {pkce}")?;
    if let Some(at) = unprotected_lately(client, now) {
        writeln!(out, "            sent neither PKCE nor nonce, last on {}: {UNPROTECTED}", in_paris(at))?;
    }
    for (key, value) in client.meta.tolerances.given() {
        writeln!(out, "tolerates   {key} = {value}")?;
    }
    if let Some((_, until)) = &client.former_secret {
        writeln!(out, "secrets     two until {}", in_paris(*until))?;
    }
    // Secrets are not in it: they are columns of their own.
    writeln!(out, "{}", serde_json::to_string_pretty(&metadata::fields(&client.meta))?)?;
    if held.unapproved && !held.from_file {
        writeln!(out, "approve     preau client approve {id} --version {}", held.version)?;
    }
    for delivery in logouts::store::of_client(&mut tx, id, DELIVERIES).await? {
        let problem = delivery.problem.as_deref().unwrap_or_default();
        let (at, state) = (in_paris(delivery.created_at), delivery.state.name());
        writeln!(out, "sign-out    {at}  {state:<9}  {} attempts  {problem}", delivery.attempts)?;
    }
    Ok(())
}

async fn new_token(house: House<'_>, drawing: &Drawing, out: &mut (dyn Write + Send)) -> anyhow::Result<()> {
    let label = match drawing.label.trim() {
        "" => drawing.academy.clone(),
        label => label.chars().filter(|c| !c.is_control()).take(80).collect(),
    };
    let wanted = NewToken {
        academy: drawing.academy.clone(),
        uses: drawing.uses,
        life: Span::days(drawing.days),
        approves: drawing.approves,
        label,
    };
    let (token, id) = lifecycle::new_token(house, wanted).await?;
    let until = in_paris(house.now.plus(Span::days(drawing.days)));
    writeln!(out, "initial access token, not shown again: {}", token.expose())?;
    writeln!(out, "id {id}, {} uses until {until}", drawing.uses)?;
    Ok(())
}

async fn token_list(db: &Db, now: Timestamp, out: &mut (dyn Write + Send)) -> anyhow::Result<()> {
    for t in tokens::all(&mut db.read().await?).await? {
        let state = match t.revoked_at {
            Some(at) => format!("revoked {}", in_paris(Timestamp(at))),
            None if t.expires_at <= now.0 => "expired".to_owned(),
            None => format!("{} left until {}", t.remaining, in_paris(Timestamp(t.expires_at))),
        };
        let approves = if t.approves { "approves" } else { "asks" };
        writeln!(out, "{}  {}  {approves:<8}  {state}  {}", t.id, t.academy, t.label)?;
    }
    Ok(())
}
