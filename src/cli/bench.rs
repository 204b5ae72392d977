//! `preau bench`: how fast this machine is, against what is the limit there, in one run
//! (docs/decisions/0042-speed-and-size.md).
//!
//! In process, through the whole router, on a demo of its own in a temporary folder; nothing listens.

mod activation;
mod commits;
mod measure;
mod sign_in;
mod token;

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::base::ids::id128;
use crate::base::rng::SystemRandom;
use crate::compose::Surroundings;
use crate::config::{Config, Log};
use crate::demo::{Demo, Doors, Ports};
use crate::sms::Gateway;
use crate::telemetry;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(value_enum)]
    what: What,
    /// How long each of the two is measured.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum What {
    /// Password sign-ins, against argon2id alone.
    SignIn,
    /// Whole activations, against argon2id alone.
    Activation,
    /// Exchanges of a code for tokens, against RSA-2048 signatures alone.
    Token,
    /// Commits of the database, those that survive a power cut against those that need not.
    Commits,
}

/// A demo of its own that nobody can reach, whose messages are kept.
async fn prepare(folder: &Path) -> anyhow::Result<Demo> {
    let deployment = Config::default().deployment.directory;
    let doors = Doors::open(Ports { public: 0, neighbours: 0, operations: 0 })?;
    let around = Surroundings { sms: Some(Gateway::kept()), ..Surroundings::real() };
    Box::pin(Demo::prepare(doors, (folder, false), Path::new(&deployment), around)).await
}

pub async fn run(args: Args, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    telemetry::install(&Log { filter: "error".to_owned(), ..Log::default() });
    let folder = Temporary::new()?;
    let demo = prepare(&folder.0).await?;
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
    let rates = match args.what {
        What::SignIn => sign_in::measure(&demo, cores, args.seconds).await?,
        What::Activation => activation::measure(&demo, cores, args.seconds).await?,
        What::Token => token::measure(&demo, cores, args.seconds).await?,
        What::Commits => commits::measure(demo.app(), args.seconds).await?,
    };
    demo.app().db.close().await;
    writeln!(out, "{rates}, on {cores} cores")?;
    Ok(true)
}

/// A folder that goes with the run.
struct Temporary(PathBuf);

impl Temporary {
    fn new() -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("preau-bench-{}", id128(&SystemRandom)));
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::error!(folder = %self.0.display(), %error, "the bench's folder stays");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each plays a browser or a client of its own, which what they ask for must go on understanding.
    #[tokio::test]
    async fn every_measure_gets_its_work_done() {
        let folder = tempfile::tempdir().unwrap();
        let demo = prepare(folder.path()).await.unwrap();
        for rates in [
            sign_in::measure(&demo, 1, 1).await.unwrap(),
            activation::measure(&demo, 1, 1).await.unwrap(),
            token::measure(&demo, 1, 1).await.unwrap(),
            commits::measure(demo.app(), 1).await.unwrap(),
        ] {
            assert!(rates.whole > 0.0 && rates.alone > 0.0, "{rates}");
        }
    }
}
