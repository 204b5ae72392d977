//! `preau keys`: the signing keys, and the master key that everything sealed needs.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context as _;

use super::in_paris;
use crate::base::clock::Timestamp;
use crate::base::rng::SystemRandom;
use crate::compose::{self, Opened, Surroundings};
use crate::config::Config;
use crate::db::Access;
use crate::jose::{Alg, KeyState};
use crate::keys::ops::{self, House};
use crate::keys::rotation::{self, LEAD, Life, Policy, Step};
use crate::seal;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Lists the signing keys, and what happens next to each.
    List,
    /// Publishes new signing keys now; they sign by themselves as soon as every relying party can know them.
    Rotate {
        /// Only this algorithm's.
        #[arg(long, value_parser = algorithm)]
        alg: Option<Alg>,
    },
    /// Revokes a key that somebody else may have: nothing that it signed counts any more.
    Retire {
        /// The key's id. The relying parties notice: use `rotate` if there is no need to hurry.
        #[arg(long, value_name = "KID", allow_hyphen_values = true)]
        now: String,
    },
    /// Publishes a private key of yours as the next one.
    Import {
        #[arg(long, value_parser = algorithm)]
        alg: Alg,
        /// PEM or JWK.
        file: PathBuf,
    },
    /// Writes a new master.key into keys.directory; never over another.
    NewMaster,
}

fn algorithm(text: &str) -> Result<Alg, String> {
    let known = || Alg::ALL.map(Alg::name).join(", ");
    Alg::from_name(text).ok_or_else(|| format!("one of {}", known()))
}

pub async fn run(args: &Args, config: &Config, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    if matches!(args.action, Action::NewMaster) {
        let directory = &config.keys.directory;
        if let Ok(db) = compose::existing(config, Access::Read).await {
            let unsealed = ops::nothing_sealed(&db).await?;
            db.close().await;
            let place = config.database.place();
            anyhow::ensure!(
                unsealed,
                "no new master key was written: {place} is sealed with a key already, and a new one opens nothing of it: restore master.key from its copy"
            );
        }
        seal::write_new(directory, &SystemRandom).context("no new master key was written")?;
        let file = directory.join("master.key");
        writeln!(out, "{} is written: keep a copy of it away from the database", file.display())?;
        return Ok(true);
    }
    let around = Surroundings::real();
    if matches!(args.action, Action::List) {
        let db = compose::existing(config, Access::Read).await?;
        list(&ops::lives(&db).await?, ops::policy(&config.keys), out)?;
        db.close().await;
        return Ok(true);
    }
    let Opened { db, vault } = compose::attached(config, &around).await?;
    let house = House { db: &db, vault: &vault, rng: around.rng.as_ref() };
    let done = change(&args.action, house, config, around.clock.now(), out).await;
    db.close().await;
    done
}

async fn change(
    action: &Action,
    house: House<'_>,
    config: &Config,
    now: Timestamp,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<bool> {
    let mut all = true;
    let signs = |alg: Alg, kid: &str| {
        format!("{:<5}  {kid}  is published, and signs from {}", alg.name(), in_paris(now.plus(LEAD)))
    };
    match action {
        Action::Rotate { alg } => {
            for alg in Alg::ALL.into_iter().filter(|one| match alg {
                Some(wanted) => wanted == one,
                None => config.keys.algorithms.contains(one),
            }) {
                match ops::prepare(house, now, alg).await {
                    Ok(kid) => writeln!(out, "{}", signs(alg, &kid))?,
                    Err(error) => {
                        all = false;
                        writeln!(out, "{:<5}  not rotated: {}", alg.name(), super::in_one_line(&error))?;
                    }
                }
            }
        }
        Action::Import { alg, file } => {
            let text = std::fs::read(file).with_context(|| file.display().to_string())?;
            let kid = ops::import(house, now, *alg, &text).await.with_context(|| file.display().to_string())?;
            writeln!(out, "{}", signs(*alg, &kid))?;
            writeln!(out, "the database keeps it sealed: destroy {}", file.display())?;
        }
        Action::Retire { now: kid } => {
            let new = ops::revoke(house, now, kid).await?;
            writeln!(out, "{kid} is revoked: running servers refuse its tokens within a minute,")?;
            writeln!(out, "relying parties forget it when they fetch the JWKS again, within 5 minutes more")?;
            if let Some(new) = new {
                writeln!(out, "{new} signs instead")?;
            }
        }
        Action::List | Action::NewMaster => {}
    }
    Ok(all)
}

fn list(all: &[Life], policy: Policy<'_>, out: &mut (dyn Write + Send)) -> anyhow::Result<()> {
    for alg in Alg::ALL {
        for key in all.iter().filter(|key| key.alg == alg) {
            let (state, since) = (key.state.name(), in_paris(key.since));
            let then = match (rotation::next(key, all, policy), rotation::successor(key, all)) {
                (Some((step, at)), _) => match step {
                    Step::Withdraw => "signs no more: keys.algorithms has it no more".to_owned(),
                    Step::Prepare => format!("followed by another from {}", in_paris(at)),
                    Step::Activate => format!("signs from {}", in_paris(at)),
                    Step::Retire => format!("leaves the JWKS {}", in_paris(at)),
                    Step::Forget => format!("forgotten {}", in_paris(at)),
                },
                (None, Some(next)) if key.state == KeyState::Active => {
                    format!("gives way to {} {}", next.kid, in_paris(next.since.plus(LEAD)))
                }
                (None, _) if key.state == KeyState::Revoked => "verifies nothing".to_owned(),
                (None, _) => "stays: keys.rotate_after_days is 0".to_owned(),
            };
            writeln!(out, "{:<5}  {}  {state:<8}  since {since}  {then}", alg.name(), key.kid)?;
        }
    }
    Ok(())
}
