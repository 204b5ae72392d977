//! `preau account`: suspends accounts, and ends their sessions.

use std::io::Write;

use crate::bootstrap;
use crate::config::Config;
use crate::helpdesk::ops;

#[derive(Debug, clap::Args)]
pub struct AccountArgs {
    #[command(subcommand)]
    action: AccountCommand,
}

#[derive(Debug, clap::Subcommand)]
enum AccountCommand {
    /// Suspends an account until `resume`: nobody signs in, its sessions end, relying parties are told.
    Suspend(AccountChangeArgs),
    /// Ends a suspension, whoever suspended.
    Resume(AccountChangeArgs),
    /// Ends the sessions and refresh tokens of an account, and tells relying parties. The password stays.
    EndSessions(EndSessionsArgs),
}

#[derive(Debug, clap::Args)]
struct AccountChangeArgs {
    /// The account, by identifiant.
    #[arg(value_name = "IDENTIFIANT")]
    identifiant: String,
    /// The reason, for the audit.
    #[arg(long)]
    reason: String,
}

#[derive(Debug, clap::Args)]
struct EndSessionsArgs {
    #[command(flatten)]
    which: AccountChangeArgs,
    /// Forgets the known devices too.
    #[arg(long)]
    forget_devices: bool,
}

pub async fn run(args: &AccountArgs, config: &Config, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let around = super::operator_dependencies();
    let opened = bootstrap::open_existing_storage(config, &around).await?;
    let op = opened.operation(&around);
    match &args.action {
        AccountCommand::Suspend(AccountChangeArgs { identifiant, reason }) => {
            let ended = ops::suspend(op, identifiant, reason).await?;
            let (name, sessions, devices) = (ended.identifiant, ended.sessions, ended.devices);
            writeln!(out, "{name}: suspended; {sessions} sessions ended, {devices} devices forgotten")?;
        }
        AccountCommand::Resume(AccountChangeArgs { identifiant, reason }) => {
            let account = ops::resume(op, identifiant, reason).await?;
            writeln!(out, "{}: {}", account.identifiant, account.state.name())?;
        }
        AccountCommand::EndSessions(EndSessionsArgs { which, forget_devices }) => {
            let ended = ops::end_sessions(op, &which.identifiant, &which.reason, *forget_devices).await?;
            let (name, sessions, devices) = (ended.identifiant, ended.sessions, ended.devices);
            writeln!(out, "{name}: {sessions} sessions ended, {devices} devices forgotten")?;
        }
    }
    opened.db.close().await;
    Ok(true)
}
