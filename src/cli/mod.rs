//! The command line: one file a command.
//!
//! The output of a command goes to stdout, through a writer; the log and the single error line of a failed command go
//! to stderr. Exit codes: 0 done, 1 not done, 2 not understood; `doctor --json` has those of Nagios. With `--json` both are
//! for programs (`json`). No business rule belongs here.

mod account;
mod admin;
mod audit;
mod backup;
mod bench;
mod campaign;
mod client;
mod demo;
mod doctor;
mod import;
mod json;
mod keys;
mod letters;
mod migrate;
mod move_database;
mod remedies;
mod serve;
mod service_manager;
mod sms;
mod status;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate, TimeZone as _};
use chrono_tz::Europe::Paris;
use clap::{Parser, Subcommand};

use crate::base::actor::Actor;
use crate::base::clock::{Clock as _, SystemClock, Timestamp};
use crate::bootstrap::{self, Dependencies};
use crate::config::Config;
use crate::db::AccessMode;
use crate::roster::ops::ImportContext;
use crate::telemetry;

/// An OpenID Connect identity provider for French schools.
#[derive(Debug, Parser)]
#[command(name = "preau", version)]
pub struct Cli {
    /// The configuration file; by default config/preau.toml if present, else the built-in defaults.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Tries everything on this machine, with invented schools: no configuration needed.
    Demo(demo::DemoArgs),
    /// Serves until SIGTERM or Ctrl-C.
    Serve,
    /// Migrates the database to this version; creates missing signing keys; publishes the deployment's files.
    Migrate(migrate::MigrateArgs),
    /// Imports rosters. Exit code 0 only if everything was imported.
    Import(import::ImportArgs),
    /// Opens and closes the activation campaign of a school; lists the notices for the school.
    Campaign(campaign::CampaignArgs),
    /// Prints letters with a code for pupils and parents, or the leaflet of a school; takes a batch of letters back.
    Letters(letters::LettersArgs),
    /// Shows accounts, suspends them, ends their sessions, and forces new passwords.
    Account(account::AccountArgs),
    /// Invites administrators of the console, lists them, and ends their roles.
    Admin(admin::AdminArgs),
    /// Lists, approves and suspends relying parties; manages the tokens for registering others.
    Client(client::ClientArgs),
    /// Manages the signing keys and the master key.
    Keys(keys::KeysArgs),
    /// Shows if codes leave by SMS, and resumes sending after an outage.
    Sms(sms::SmsArgs),
    /// Exports the audit, and verifies its seals.
    Audit(audit::AuditArgs),
    /// Shows on one screen how this deployment is: server, database, people, messages, imports, keys.
    Status(json::JsonFlag),
    /// Writes an encrypted copy of the database into a file, while servers run.
    Backup(backup::BackupArgs),
    /// Puts a copy of `backup` into an empty database.
    Restore(backup::RestoreArgs),
    /// Moves an SQLite database to PostgreSQL, and compares each table.
    Move(move_database::MoveArgs),
    /// Reports problems of this installation, or explains a support code.
    Doctor(doctor::DoctorArgs),
    /// Measures this machine's speed against its limiting operation.
    Bench(bench::BenchArgs),
}

/// Runs the command of the process's arguments.
pub fn main() -> ExitCode {
    // A path need not be UTF-8.
    let wants_json = std::env::args_os().any(|word| word == json::JSON_WORD);
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return not_understood(&error, wants_json),
    };
    let log_is_json = Config::wants_json_log(config_path(cli.config.as_deref()));
    let failed = if matches!(&cli.command, Command::Doctor(args) if args.json) { NAGIOS_UNKNOWN } else { 1 };
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(Box::pin(execute(cli, &mut io::stdout()))));
    match done {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            // Nothing is left to report to if stderr is gone too.
            let why = in_one_line(&error);
            let line = match wants_json {
                true => json::error_line(json::CommandFailure::Failed, &why, failed),
                false => error_line(&why, log_is_json),
            };
            let _gone = writeln!(io::stderr(), "{line}");
            ExitCode::from(failed)
        }
    }
}

/// Answers a command line that was not understood, or that asks for help.
fn not_understood(error: &clap::Error, wants_json: bool) -> ExitCode {
    let code = u8::try_from(error.exit_code()).unwrap_or(2);
    if wants_json && error.use_stderr() {
        let why = error.render().to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        let _gone = writeln!(io::stderr(), "{}", json::error_line(json::CommandFailure::Usage, &why, code));
    } else {
        let _gone = error.print();
    }
    ExitCode::from(code)
}

/// The exit code of a Nagios plugin that could not look.
const NAGIOS_UNKNOWN: u8 = 3;

/// Runs one command; returns the exit code.
pub async fn execute(cli: Cli, out: &mut (dyn Write + Send)) -> anyhow::Result<u8> {
    match &cli.command {
        Command::Doctor(args) => doctor::run(args, cli.config.as_deref(), out).await,
        _ => Ok(u8::from(!Box::pin(run(cli, out)).await?)),
    }
}

/// Formats the error line of a failed command, in the format of the log.
fn error_line(why: &str, json: bool) -> String {
    if !json {
        return format!("preau: {why}");
    }
    let now = DateTime::from_timestamp_millis(SystemClock.now().0).unwrap_or_default();
    let timestamp = now.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    serde_json::json!({ "timestamp": timestamp, "level": "ERROR", "message": why, "target": "preau" }).to_string()
}

/// Joins the causes of an error, each after its consequence and with its remedy, without line ends or repetitions.
pub fn in_one_line(error: &anyhow::Error) -> String {
    let mut out = String::new();
    for cause in error.chain() {
        let text = format!("{cause}{}", remedies::remedy(cause));
        if !out.contains(text.as_str()) {
            out.push_str(if out.is_empty() { "" } else { ": " });
            out.push_str(&text);
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Runs one command; false if the command ran with a negative result.
pub async fn run(cli: Cli, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let file = cli.config.as_deref();
    match cli.command {
        Command::Demo(args) => Box::pin(demo::run(args, out)).await,
        Command::Bench(args) => Box::pin(bench::run(args, out)).await,
        Command::Doctor(args) => Ok(doctor::run(&args, file, out).await? == 0),
        Command::Status(form) => status::run(form, &load_config_and_logging(file)?, out).await,
        Command::Backup(args) => Box::pin(backup::run(&args, &load_config_and_logging(file)?, out)).await,
        Command::Restore(args) => Box::pin(backup::restore(&args, &load_config_and_logging(file)?, out)).await,
        Command::Move(args) => Box::pin(move_database::run(&args, &load_config_and_logging(file)?, out)).await,
        Command::Keys(args) => Box::pin(keys::run(&args, &load_config_and_logging(file)?, out)).await,
        Command::Serve => {
            let config = load_config(file)?;
            let filter = telemetry::install(&config.log);
            Box::pin(serve::run(config, file, filter)).await
        }
        Command::Migrate(args) => Box::pin(migrate::run(&args, &load_config_and_logging(file)?, out)).await,
        Command::Import(args) => {
            let config = load_config_and_logging(file)?;
            let around = operator_dependencies();
            let opened = bootstrap::open_existing_storage(&config, &around, AccessMode::ReadWrite).await?;
            opened.db.prepare_bulk_write().await?;
            let numbering = config.phone_parser();
            let display = import::ProgressDisplay::start();
            let progress = |progress| display.show(progress);
            let storage = opened.operation(&around);
            let ctx = ImportContext::new(storage, &numbering).with_progress(&progress);
            let ctx = ctx.with_clock(around.clock.as_ref());
            let all = Box::pin(import::run(args, ctx, out)).await;
            // After an error too: the schools before it stay imported.
            let finished = opened.db.finish_bulk_write().await;
            opened.db.close().await;
            let all = all?;
            finished?;
            Ok(all)
        }
        Command::Audit(args) => Box::pin(audit::run(&args, &load_config_and_logging(file)?, out)).await,
        Command::Account(args) => Box::pin(account::run(&args, &load_config_and_logging(file)?, out)).await,
        Command::Admin(args) => Box::pin(admin::run(&args, &load_config_and_logging(file)?, out)).await,
        Command::Letters(args) => Box::pin(letters::run(&args, &load_config_and_logging(file)?, out)).await,
        Command::Sms(args) => sms::run(&args, &load_config_and_logging(file)?, out).await,
        Command::Client(args) => Box::pin(client::run(&args, &load_config_and_logging(file)?, out)).await,
        Command::Campaign(args) => campaign::run(&args, &load_config_and_logging(file)?, out).await,
    }
}

/// Returns the dependencies of a command, done by the user of the operating system.
fn operator_dependencies() -> Dependencies {
    Dependencies::production().by(Actor::Operator(user_name()))
}

/// Returns the name of the person at the command line: before `sudo`, if used; without a name, the number of the user.
#[expect(clippy::disallowed_methods, reason = "the shell names the user of a command")]
fn user_name() -> String {
    let names = ["SUDO_USER", "LOGNAME", "USER"].into_iter().filter_map(|name| std::env::var(name).ok());
    let known = names.map(|name| name.chars().take(64).collect::<String>()).find(|name| !name.is_empty());
    known.unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
}

/// Reads the configuration and starts logging.
fn load_config_and_logging(file: Option<&Path>) -> anyhow::Result<Config> {
    let config = load_config(file)?;
    let _filter = telemetry::install(&config.log);
    Ok(config)
}

/// Loads the configuration: a named file must exist, the default file may be missing.
fn load_config(file: Option<&Path>) -> anyhow::Result<Config> {
    Ok(Config::load(config_path(file))?)
}

fn config_path(file: Option<&Path>) -> Option<&Path> {
    let usual = Path::new("config/preau.toml");
    file.or_else(|| usual.exists().then_some(usual))
}

/// Creates a file that only its owner may read; never overwrites one.
fn private_file(path: &Path) -> anyhow::Result<io::BufWriter<std::fs::File>> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).with_context(|| path.display().to_string())?;
    Ok(io::BufWriter::new(file))
}

/// Returns the beginning of a day in Paris.
fn beginning_of_day(day: NaiveDate) -> Option<Timestamp> {
    let midnight = Paris.from_local_datetime(&day.and_hms_opt(0, 0, 0)?).earliest()?;
    Some(Timestamp(midnight.timestamp_millis()))
}

/// Formats a time for operators: 2026-10-03 14:30, in Paris.
fn format_paris_time(at: Timestamp) -> String {
    crate::http::pages::dates::paris_time(at)
}
