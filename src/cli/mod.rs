//! The command line: one file a command.
//!
//! What a command answers goes to stdout, through a writer; the log and the one line that says why a command
//! failed go to stderr. Exit codes: 0 done, 1 not done, 2 not understood. No rule lives here.

mod bench;
mod campaign;
mod client;
mod demo;
mod doctor;
mod import;
mod keys;
mod migrate;
mod serve;
mod sms;
#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::DateTime;
use chrono_tz::Europe::Paris;
use clap::{Parser, Subcommand};

use crate::base::clock::{Clock as _, SystemClock, Timestamp};
use crate::base::phone::Numbering;
use crate::compose::{self, Surroundings};
use crate::config::Config;
use crate::roster::ops::House;
use crate::telemetry;

/// An OpenID Connect identity provider for French schools.
#[derive(Debug, Parser)]
#[command(name = "preau", version)]
pub struct Cli {
    /// The configuration; config/preau.toml if that is there, else the defaults.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Tries everything on this machine, with invented schools: no configuration needed.
    Demo(demo::Args),
    /// Serves until SIGTERM or Ctrl-C.
    Serve,
    /// Brings the database up to this version; draws missing signing keys; publishes what the deployment declares.
    Migrate(migrate::Args),
    /// Imports rosters. Exit code 0 only if all was taken.
    Import(import::Args),
    /// When the parents of a school may activate, and what the school must see to.
    Campaign(campaign::Args),
    /// Relying parties: which there are, which may be used, who may register others.
    Client(client::Args),
    /// The signing keys and the master key.
    Keys(keys::Args),
    /// Whether codes leave by SMS, and what to do once they do again.
    Sms(sms::Args),
    /// Says what is wrong, or finds what a support code stands for.
    Doctor(doctor::Args),
    /// Measures on this machine, against what is the limit there.
    Bench(bench::Args),
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let json = Config::wants_json_log(in_use(cli.config.as_deref()));
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(Box::pin(run(cli, &mut io::stdout()))));
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // Nobody is left to tell if stderr is gone too.
            let _gone = writeln!(io::stderr(), "{}", last_line(&in_one_line(&error), json));
            ExitCode::FAILURE
        }
    }
}

/// The line that says why the command failed, as the machine that reads the log wants it.
fn last_line(why: &str, json: bool) -> String {
    if !json {
        return format!("preau: {why}");
    }
    let now = DateTime::from_timestamp_millis(SystemClock.now().0).unwrap_or_default();
    let timestamp = now.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    serde_json::json!({ "timestamp": timestamp, "level": "ERROR", "message": why, "target": "preau" }).to_string()
}

/// A cause after its consequence, without line ends and without saying the same twice.
fn in_one_line(error: &anyhow::Error) -> String {
    let mut out = String::new();
    for cause in error.chain() {
        let text = cause.to_string();
        if !out.contains(text.as_str()) {
            out.push_str(if out.is_empty() { "" } else { ": " });
            out.push_str(&text);
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Runs one command; false where it ran and the answer is no.
async fn run(cli: Cli, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let file = cli.config.as_deref();
    match cli.command {
        Command::Demo(args) => Box::pin(demo::run(args, out)).await,
        Command::Bench(args) => Box::pin(bench::run(args, out)).await,
        Command::Doctor(args) => doctor::run(&args, file, out).await,
        Command::Keys(args) => Box::pin(keys::run(&args, &configured(file)?, out)).await,
        Command::Serve => {
            let config = read(file)?;
            let filter = telemetry::install(&config.log);
            Box::pin(serve::run(config, file, filter)).await
        }
        Command::Migrate(args) => migrate::run(&args, &configured(file)?, out).await,
        Command::Import(args) => {
            let config = configured(file)?;
            let around = Surroundings::real();
            let opened = compose::attached(&config, &around).await?;
            let numbering = Numbering { fictitious: config.phones.fictitious.clone() };
            let house = House {
                db: &opened.db,
                vault: &opened.vault,
                rng: around.rng.as_ref(),
                numbering: &numbering,
                now: around.clock.now(),
            };
            let all = import::run(args, house, out).await?;
            opened.db.close().await;
            Ok(all)
        }
        Command::Sms(args) => sms::run(&args, &configured(file)?, out).await,
        Command::Client(args) => Box::pin(client::run(&args, &configured(file)?, out)).await,
        Command::Campaign(args) => campaign::run(&args, &configured(file)?, out).await,
    }
}

/// Reads the configuration and begins the log.
fn configured(file: Option<&Path>) -> anyhow::Result<Config> {
    let config = read(file)?;
    let _filter = telemetry::install(&config.log);
    Ok(config)
}

/// The file that was named must be there; the usual one may be missing.
fn read(file: Option<&Path>) -> anyhow::Result<Config> {
    Ok(Config::load(in_use(file))?)
}

fn in_use(file: Option<&Path>) -> Option<&Path> {
    let usual = Path::new("config/preau.toml");
    file.or_else(|| usual.exists().then_some(usual))
}

/// A moment as operators read it: 2026-10-03 14:30, in Paris.
fn in_paris(at: Timestamp) -> String {
    let time = DateTime::from_timestamp_millis(at.0).unwrap_or_default().with_timezone(&Paris);
    time.format("%Y-%m-%d %H:%M").to_string()
}
