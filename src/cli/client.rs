//! `preau client`: the relying parties, their state and sign-out deliveries, and the tokens for registering others.

mod check;
mod settings;
mod show;
mod tokens;

use std::io::Write;

use super::format_paris_time;
use super::json::JsonFlag;
use crate::app::StorageOperation;
use crate::base::clock::Span;
use crate::bootstrap;
use crate::clients::ops::lifecycle::{self, Decision};
use crate::clients::ops::secrets;
use crate::clients::snippets::Library;
use crate::config::Config;
use crate::db::AccessMode;
use secrecy::ExposeSecret as _;

#[derive(Debug, clap::Args)]
pub struct ClientArgs {
    #[command(subcommand)]
    action: ClientCommand,
}

#[derive(Debug, clap::Subcommand)]
enum ClientCommand {
    /// Lists every relying party: id, state, origin, last use, name.
    List(JsonFlag),
    /// Shows one relying party, with its latest sign-out deliveries.
    Show(ShowArgs),
    /// Approves a self-registered client, in the version printed by `show`.
    Approve(ApproveArgs),
    /// Blocks a client until `resume`, whatever later versions of its file say; revokes the token of its registration.
    Suspend(ClientIdArgs),
    /// Ends a suspension.
    Resume(ClientIdArgs),
    /// Draws a new secret, shown once.
    RotateSecret(RotateSecretArgs),
    /// Checks the addresses, keys and perimeter of a client now, as the console does; exit 1 if something is bad.
    Check(CheckArgs),
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
struct ShowArgs {
    #[command(flatten)]
    which: ClientIdArgs,
    #[command(flatten)]
    form: JsonFlag,
}

#[derive(Debug, clap::Args)]
struct CheckArgs {
    #[command(flatten)]
    which: ClientIdArgs,
    #[command(flatten)]
    form: JsonFlag,
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
            ReadOnlyCommand::List(form) => show::print_clients(&db, now, form, out).await?,
            ReadOnlyCommand::Show(args) => show::print_client(&db, now, args, out).await?,
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
        ClientCommand::Check(args) => {
            let sound = check::check_client(ctx, config, args, out).await?;
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
        ClientCommand::List(_)
        | ClientCommand::Show(_)
        | ClientCommand::Settings(_)
        | ClientCommand::Token(TokenArgs { action: TokenCommand::List }) => {}
    }
    opened.db.close().await;
    Ok(true)
}

/// The commands that change nothing and need no master key.
enum ReadOnlyCommand<'a> {
    List(JsonFlag),
    Show(&'a ShowArgs),
    Settings(&'a SettingsArgs),
    Tokens,
}

fn read_only_command(action: &ClientCommand) -> Option<ReadOnlyCommand<'_>> {
    match action {
        ClientCommand::List(form) => Some(ReadOnlyCommand::List(*form)),
        ClientCommand::Show(args) => Some(ReadOnlyCommand::Show(args)),
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
