//! `preau keys`: the signing keys, and the master key encrypting the stored secrets.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::Value;

use super::format_paris_time;
use super::json::{self, JsonFlag, maybe_time, time};
use crate::app::StorageOperation;
use crate::base::rng::SystemRandom;
use crate::bootstrap;
use crate::config::Config;
use crate::crypto;
use crate::db::files::sqlite_file;
use crate::db::{AccessMode, Db};
use crate::doctor::ops::status::KeyStatus;
use crate::jose::{Alg, KeyState};
use crate::keys::ops;
use crate::keys::rotation::{self, KeyLifecycle, PUBLISH_LEAD, RotationPolicy, RotationStep};

#[derive(Debug, clap::Args)]
pub struct KeysArgs {
    #[command(subcommand)]
    action: KeysCommand,
}

#[derive(Debug, clap::Subcommand)]
enum KeysCommand {
    /// Lists the signing keys and the next step of each.
    List(JsonFlag),
    /// Publishes new signing keys now; the keys sign as soon as every relying party can know them.
    Rotate {
        /// Rotates this algorithm only.
        #[arg(long, value_parser = algorithm)]
        alg: Option<Alg>,
    },
    /// Revokes a compromised key: its signatures are no longer accepted.
    Retire {
        /// The key's id. Relying parties are affected: use `rotate` if there is no hurry.
        #[arg(long, value_name = "KID", allow_hyphen_values = true)]
        now: String,
    },
    /// Publishes your own private key as the next key.
    Import {
        #[arg(long, value_parser = algorithm)]
        alg: Alg,
        /// PEM or JWK.
        file: PathBuf,
    },
    /// Writes a new master.key into keys.directory; never overwrites an existing file.
    NewMaster,
}

fn algorithm(text: &str) -> Result<Alg, String> {
    let known = || Alg::ALL.map(Alg::name).join(", ");
    text.parse().map_err(|_| format!("one of {}", known()))
}

pub async fn run(args: &KeysArgs, config: &Config, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    if matches!(args.action, KeysCommand::NewMaster) {
        let directory = &config.keys.directory;
        let unsealed = is_unsealed(config)
            .await
            .context("no new master key was written: cannot tell whether something is sealed already")?;
        let place = config.database.location();
        anyhow::ensure!(
            unsealed,
            "no new master key was written: {place} is sealed with a key already, and a new one opens nothing of it: restore master.key from its copy"
        );
        crypto::write_new_master_key(directory, &SystemRandom).context("no new master key was written")?;
        let file = directory.join("master.key");
        writeln!(out, "{} is written: keep a copy of it away from the database", file.display())?;
        return Ok(true);
    }
    let around = super::operator_dependencies();
    if let KeysCommand::List(form) = args.action {
        let db = bootstrap::open_existing_database(config, AccessMode::ReadOnly).await?;
        let (all, policy) = (ops::lifecycles(&db).await?, ops::rotation_policy(&config.keys));
        match form.json {
            true => write_keys(&all, policy, out)?,
            false => print_keys(&all, policy, out)?,
        }
        db.close().await;
        return Ok(true);
    }
    let opened = bootstrap::open_existing_storage(config, &around, AccessMode::ReadWrite).await?;
    let done = apply_command(&args.action, opened.operation(&around), config, out).await;
    opened.db.close().await;
    done
}

/// True if nothing is sealed: the file of the database is not there, no migration was applied, or no key was used yet.
///
/// # Errors
/// Fails for a database that cannot be asked: what is sealed in it would open by no new key.
async fn is_unsealed(config: &Config) -> anyhow::Result<bool> {
    let place = || format!("database {}", config.database.location());
    if let Some(file) = sqlite_file(&config.database.url)
        && !file.try_exists().with_context(place)?
    {
        return Ok(true);
    }
    let db = Db::open_configured(&config.database, AccessMode::ReadOnly).await.with_context(place)?;
    let unsealed = ops::holds_nothing_sealed(&db).await.with_context(place);
    db.close().await;
    unsealed
}

async fn apply_command(
    action: &KeysCommand,
    ctx: StorageOperation<'_>,
    config: &Config,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<bool> {
    let now = ctx.now;
    let mut all = true;
    let signs = |alg: Alg, kid: &str| {
        format!("{:<5}  {kid}  is published, and signs from {}", alg.name(), format_paris_time(now.plus(PUBLISH_LEAD)))
    };
    match action {
        KeysCommand::Rotate { alg } => {
            for alg in Alg::ALL.into_iter().filter(|one| match alg {
                Some(wanted) => wanted == one,
                None => config.keys.algorithms.contains(one),
            }) {
                match ops::publish_next(ctx, alg).await {
                    Ok(kid) => writeln!(out, "{}", signs(alg, &kid))?,
                    Err(error) => {
                        all = false;
                        writeln!(out, "{:<5}  not rotated: {}", alg.name(), super::in_one_line(&error))?;
                    }
                }
            }
        }
        KeysCommand::Import { alg, file } => {
            let text = std::fs::read(file).with_context(|| file.display().to_string())?;
            let kid = ops::import(ctx, *alg, &text).await.with_context(|| file.display().to_string())?;
            writeln!(out, "{}", signs(*alg, &kid))?;
            writeln!(out, "the database keeps it sealed: destroy {}", file.display())?;
        }
        KeysCommand::Retire { now: kid } => {
            let new = ops::revoke(ctx, kid).await?;
            writeln!(out, "{kid} is revoked: running servers refuse its tokens within a minute,")?;
            writeln!(out, "relying parties forget it when they fetch the JWKS again, within 5 minutes more")?;
            if let Some(new) = new {
                writeln!(out, "{new} signs instead")?;
            }
        }
        KeysCommand::List(_) | KeysCommand::NewMaster => {}
    }
    Ok(all)
}

/// Writes a line of JSON a key.
fn write_keys(all: &[KeyLifecycle], policy: RotationPolicy<'_>, out: &mut (dyn Write + Send)) -> anyhow::Result<()> {
    for alg in Alg::ALL {
        for key in all.iter().filter(|key| key.alg == alg) {
            let next = rotation::next_step(key, all, policy);
            let (alg, kid, state, since) = (alg.name(), key.kid.to_string(), key.state, key.since);
            json::write_line(out, &key_value(&KeyStatus { alg, kid, state, since, next }))?;
        }
    }
    Ok(())
}

/// Returns a signing key as programs have it.
pub(super) fn key_value(key: &KeyStatus) -> Value {
    serde_json::json!({
        "kid": key.kid,
        "alg": key.alg,
        "state": key.state.name(),
        "since": time(key.since),
        "next_step": key.next.map(|(step, _)| step.name()),
        "next_at": maybe_time(key.next.map(|(_, at)| at)),
    })
}

fn print_keys(all: &[KeyLifecycle], policy: RotationPolicy<'_>, out: &mut (dyn Write + Send)) -> anyhow::Result<()> {
    for alg in Alg::ALL {
        for key in all.iter().filter(|key| key.alg == alg) {
            let (state, since) = (key.state.name(), format_paris_time(key.since));
            let then = match (rotation::next_step(key, all, policy), rotation::successor(key, all)) {
                (Some((step, at)), _) => match step {
                    RotationStep::StopSigning => {
                        "signs no more from the next start: keys.algorithms has it no more".to_owned()
                    }
                    RotationStep::PublishNext => format!("followed by another from {}", format_paris_time(at)),
                    RotationStep::Activate => format!("signs from {}", format_paris_time(at)),
                    RotationStep::Retire => format!("leaves the JWKS {}", format_paris_time(at)),
                    RotationStep::Delete => format!("forgotten {}", format_paris_time(at)),
                },
                (None, Some(next)) if key.state == KeyState::Active => {
                    format!("gives way to {} {}", next.kid, format_paris_time(next.since.plus(PUBLISH_LEAD)))
                }
                (None, _) if key.state == KeyState::Revoked => "verifies nothing".to_owned(),
                (None, _) => "stays: keys.rotate_after_days is 0".to_owned(),
            };
            writeln!(out, "{:<5}  {}  {state:<8}  since {since}  {then}", alg.name(), key.kid)?;
        }
    }
    Ok(())
}
