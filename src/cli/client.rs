//! `preau client`: the relying parties, their state and sign-out deliveries, and the tokens for registering others.

mod settings;
mod tokens;

use std::io::Write;

use super::format_paris_time;
use crate::app::StorageOperation;
use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::ClientId;
use crate::bootstrap;
use crate::clients::ClientOrigin;
use crate::clients::answers::ClientAnswers;
use crate::clients::checks::has_bad;
use crate::clients::ops::checks::{CheckMeans, check};
use crate::clients::ops::lifecycle::{self, Decision, LifecycleError};
use crate::clients::ops::{last_unprotected_exchange, secrets};
use crate::clients::snippets::Library;
use crate::clients::store::registered::{self, ClientRecord};
use crate::clients::{AuthMethod, Client, metadata};
use crate::config::Config;
use crate::config::deployment::ServerIdentity;
use crate::db::{AccessMode, Db};
use crate::http::outgoing::OutgoingClient;
use crate::logouts;
use secrecy::ExposeSecret as _;

/// The number of clients read by one query.
const PAGE_SIZE: i64 = 200;
/// The consequence of missing PKCE and nonce (RFC 9700 2.1.1), and the remedy.
const UNPROTECTED_ADVICE: &str =
    "a stolen code can be injected; let it send either, then demand it with require_pkce = true";
/// The maximum number of sign-out deliveries printed by `show`.
const MAX_DELIVERIES_SHOWN: i64 = 10;

#[derive(Debug, clap::Args)]
pub struct ClientArgs {
    #[command(subcommand)]
    action: ClientCommand,
}

#[derive(Debug, clap::Subcommand)]
enum ClientCommand {
    /// Lists every relying party: id, state, origin, last use, name.
    List,
    /// Shows one relying party, with its latest sign-out deliveries.
    Show(ClientIdArgs),
    /// Approves a self-registered client, in the version printed by `show`.
    Approve(ApproveArgs),
    /// Blocks a client until `resume`, whatever later versions of its file say; revokes the token of its registration.
    Suspend(ClientIdArgs),
    /// Ends a suspension.
    Resume(ClientIdArgs),
    /// Draws a new secret, shown once.
    RotateSecret(RotateSecretArgs),
    /// Checks the addresses, keys and perimeter of a client now, as the console does; exit 1 if something is bad.
    Check(ClientIdArgs),
    /// Prints the settings of a program for a client, as the console shows them; the secret stands as PREAU_SECRET.
    Settings(SettingsArgs),
    /// Manages initial access tokens for registering clients.
    Token(TokenArgs),
}

#[derive(Debug, clap::Args)]
struct ClientIdArgs {
    /// The `client_id`. A drawn one may begin with a hyphen.
    #[arg(allow_hyphen_values = true)]
    id: String,
}

#[derive(Debug, clap::Args)]
struct SettingsArgs {
    #[command(flatten)]
    which: ClientIdArgs,
    /// openid-client, oauth2-proxy, spring, apache, keycloak, ode, or valeurs for the values alone.
    #[arg(long)]
    program: Library,
}

#[derive(Debug, clap::Args)]
struct ApproveArgs {
    #[command(flatten)]
    which: ClientIdArgs,
    /// The version printed by `preau client show`: the owner may have changed the client since.
    #[arg(long)]
    version: i64,
}

#[derive(Debug, clap::Args)]
struct TokenIdArgs {
    /// The token's id, as printed by `preau client token list`; it may begin with a hyphen.
    #[arg(allow_hyphen_values = true)]
    id: String,
}

#[derive(Debug, clap::Args)]
struct RotateSecretArgs {
    #[command(flatten)]
    which: ClientIdArgs,
    /// The number of days for which the former secret stays valid beside the new secret.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..=90))]
    overlap: i64,
}

#[derive(Debug, clap::Args)]
struct TokenArgs {
    #[command(subcommand)]
    action: TokenCommand,
}

#[derive(Debug, clap::Subcommand)]
enum TokenCommand {
    /// Draws an initial access token, shown once.
    New(NewTokenArgs),
    /// Lists the tokens.
    List,
    /// Revokes a token; clients already registered stay.
    Revoke(TokenIdArgs),
}

#[derive(Debug, clap::Args)]
struct NewTokenArgs {
    /// The academy of the clients, and the limit of their perimeter.
    #[arg(long)]
    academy: String,
    /// The maximum number of clients to register.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(i64).range(1..=1000))]
    uses: i64,
    /// The token's lifetime in days.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(i64).range(1..=366))]
    days: i64,
    /// Clients registered with this token need no approval.
    #[arg(long)]
    approves: bool,
    /// The purpose, in a few words.
    #[arg(long, default_value = "")]
    label: String,
}

pub async fn run(args: &ClientArgs, config: &Config, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let around = super::operator_dependencies();
    let now = around.clock.now();
    if let Some(reading) = read_only_command(&args.action) {
        let db = bootstrap::open_existing_database(config, AccessMode::ReadOnly).await?;
        match reading {
            ReadOnlyCommand::List => print_clients(&db, out).await?,
            ReadOnlyCommand::Show(id) => print_client(&db, now, id, out).await?,
            ReadOnlyCommand::Settings(args) => settings::print_settings(&db, config, args, out).await?,
            ReadOnlyCommand::Tokens => tokens::print_tokens(&db, now, out).await?,
        }
        db.close().await;
        return Ok(true);
    }
    let opened = bootstrap::open_existing_storage(config, &around, AccessMode::ReadWrite).await?;
    let ctx = opened.operation(&around);
    match &args.action {
        ClientCommand::Approve(ApproveArgs { which, version }) => {
            decide(ctx, &which.id, Decision::Approve { version: *version }, out).await?;
        }
        ClientCommand::Suspend(which) => decide(ctx, &which.id, Decision::Suspend, out).await?,
        ClientCommand::Resume(which) => decide(ctx, &which.id, Decision::Resume, out).await?,
        ClientCommand::RotateSecret(rotation) => {
            let secret = secrets::rotate_secret(ctx, &rotation.which.id, Span::days(rotation.overlap)).await?;
            writeln!(out, "{}: new secret, not shown again: {}", rotation.which.id, secret.expose_secret())?;
            if rotation.overlap > 0 {
                let until = format_paris_time(ctx.now.plus(Span::days(rotation.overlap)));
                writeln!(out, "the former one is taken until {until}")?;
            }
        }
        ClientCommand::Check(which) => {
            let sound = check_client(ctx, config, &which.id, out).await?;
            opened.db.close().await;
            return Ok(sound);
        }
        ClientCommand::Token(TokenArgs { action: TokenCommand::New(drawing) }) => {
            tokens::create_token(ctx, drawing, out).await?
        }
        ClientCommand::Token(TokenArgs { action: TokenCommand::Revoke(which) }) => {
            lifecycle::revoke_initial_token(ctx, &which.id).await?;
            writeln!(out, "{}: revoked", which.id)?;
        }
        ClientCommand::List
        | ClientCommand::Show(_)
        | ClientCommand::Settings(_)
        | ClientCommand::Token(TokenArgs { action: TokenCommand::List }) => {}
    }
    opened.db.close().await;
    Ok(true)
}

/// The commands that change nothing and need no master key.
enum ReadOnlyCommand<'a> {
    List,
    Show(&'a str),
    Settings(&'a SettingsArgs),
    Tokens,
}

fn read_only_command(action: &ClientCommand) -> Option<ReadOnlyCommand<'_>> {
    match action {
        ClientCommand::List => Some(ReadOnlyCommand::List),
        ClientCommand::Show(which) => Some(ReadOnlyCommand::Show(&which.id)),
        ClientCommand::Settings(args) => Some(ReadOnlyCommand::Settings(args)),
        ClientCommand::Token(TokenArgs { action: TokenCommand::List }) => Some(ReadOnlyCommand::Tokens),
        _ => None,
    }
}

async fn decide(
    ctx: StorageOperation<'_>,
    id: &str,
    decision: Decision,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<()> {
    let state = lifecycle::decide(ctx, id, decision).await?;
    writeln!(out, "{id}: {}", state.name())?;
    Ok(())
}

/// Runs the checks of the console on a client that is there. Returns false if one of them is bad.
async fn check_client(
    ctx: StorageOperation<'_>,
    config: &Config,
    id: &str,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<bool> {
    let found = registered::find(&mut ctx.db.read().await?, id).await?;
    let meta = found.ok_or_else(|| LifecycleError::Unknown(id.to_owned()))?.client.meta;
    let mut answers = ClientAnswers::of(id, &meta);
    // Nobody was asked why.
    answers.reasons = answers.scopes.iter().map(|scope| (scope.clone(), "-".to_owned())).collect();
    let (outgoing, server) = (OutgoingClient::new(&config.outgoing)?, ServerIdentity::of(config));
    let means = CheckMeans {
        db: ctx.db,
        outgoing: &outgoing,
        rng: ctx.rng,
        server: &server,
        algorithms: &config.keys.algorithms,
        // The signing keys are the servers': a sign-out is tried by them.
        keys: None,
        now: ctx.now,
    };
    let results = Box::pin(check(&means, &answers, Some(&meta))).await?;
    for result in &results {
        let (verdict, code) = (result.verdict.name(), &result.code);
        writeln!(out, "{verdict:<4}  {:<26}  {code:<22}  {}  {}", result.field, result.value, result.detail)?;
    }
    Ok(!has_bad(&results))
}

async fn print_clients(db: &Db, out: &mut (dyn Write + Send)) -> anyhow::Result<()> {
    let mut tx = db.read().await?;
    let mut after = ClientId::new("");
    loop {
        let ids = registered::list_ids(&mut tx, &after, PAGE_SIZE).await?;
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

fn origin(held: &ClientRecord) -> &'static str {
    held.origin.name()
}

fn last_used(client: &Client) -> String {
    client.last_used_at.map_or_else(|| "never used".to_owned(), format_paris_time)
}

async fn print_client(db: &Db, now: Timestamp, id: &str, out: &mut (dyn Write + Send)) -> anyhow::Result<()> {
    let mut tx = db.read().await?;
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
