//! `preau bench`: measures this machine's speed against its limiting operation, in one run
//! (docs/decisions/0042-speed-and-size.md).
//!
//! In process, through the whole router, with a separate demo in a temporary folder; nothing listens.

mod activation;
mod commits;
mod console;
mod http;
mod http_client;
mod import;
mod letters;
mod measure;
mod relying_parties;
mod served;
mod sign_in;
mod sms_inbox;
mod timing;
mod token;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::base::ids::id128;
use crate::base::rng::SystemRandom;
use crate::bootstrap::Dependencies;
use crate::cli::import::ImportFormat;
use crate::config::{Config, Log, SmsGatewayRole};
use crate::demo::{Demo, DemoListeners, Ports};
use crate::sms::SmsGateways;
use crate::telemetry;

use console::AcademySize;
use sms_inbox::SmsInbox;

/// The people of an import, and those of the console's academy, unless `--people` says another number.
const IMPORTED_PEOPLE: u32 = 20_000;
const CONSOLE_PEOPLE: u32 = 100_000;

#[derive(Debug, clap::Args)]
pub struct BenchArgs {
    #[arg(value_enum)]
    what: BenchTarget,
    /// The duration of each of the two measurements, in seconds; of console, of each page's.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Of timing: the posts of each form for people who exist, and as many for people who do not.
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u16).range(2..=1_000))]
    pairs: u16,
    /// Of import: the format of the files.
    #[arg(long, value_enum, default_value = "siecle")]
    format: ImportFormat,
    /// Of import: the pupils and responsables, or the accounts; of console: the pupils and responsables. Without it,
    /// 20 000 are imported, and 100 000 looked for.
    #[arg(long, value_parser = clap::value_parser!(u32).range(2..=2_000_000))]
    people: Option<u32>,
    /// Of console: the schools of the academy.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u16).range(1..=9_000))]
    schools: u16,
    /// Of http: the requests to measure, such as userinfo,refresh; without it, all.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<http::Call>,
    /// An empty PostgreSQL database to measure with, such as postgres://…; without it, SQLite in a temporary folder.
    #[arg(long)]
    database: Option<String>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum BenchTarget {
    /// Password sign-ins, against argon2id alone.
    SignIn,
    /// Whole activations, against argon2id alone.
    Activation,
    /// Exchanges of a code for tokens, against RSA-2048 signatures alone.
    Token,
    /// The requests of relying parties over HTTP, in CPU time, beside the signatures alone.
    Http,
    /// Commits of the database, those that survive a power cut against those that need not.
    Commits,
    /// Pages of the console among many people over HTTP, against their goals and a page that reads nothing.
    Console,
    /// Letters in files of 1 000, against the rate that a school's office is promised.
    Letters,
    /// An import of generated schools, first, again, and with other classes, against the same rows alone.
    Import,
    /// Answers for people who exist against answers for people who do not: their times must not tell.
    Timing,
}

/// Prepares a demo that nobody can reach, with an SMS gateway keeping the messages in memory.
async fn prepare(folder: &Path, database: Option<String>) -> anyhow::Result<(Demo, Arc<SmsInbox>)> {
    let deployment = Config::default().deployment.directory;
    let doors = DemoListeners::bind(Ports::FREE)?;
    let inbox = Arc::new(SmsInbox::default());
    let sms_gateways = SmsGateways::default().with(SmsGatewayRole::Primary, inbox.clone());
    let around = Dependencies { sms_gateways, demo_database: database, ..Dependencies::production() };
    let demo = Box::pin(Demo::prepare(doors, (folder, false), Path::new(&deployment), around)).await?;
    Ok((demo, inbox))
}

pub async fn run(args: BenchArgs, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    telemetry::install(&Log { filter: "error".to_owned(), ..Log::default() });
    let folder = TempFolder::new()?;
    let (demo, inbox) = prepare(&folder.0, args.database).await?;
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
    let rates = match args.what {
        BenchTarget::Timing => {
            let report = timing::measure(demo.app(), usize::from(args.pairs)).await?;
            demo.app().db.close().await;
            writeln!(out, "{report}")?;
            return Ok(report.is_quiet());
        }
        BenchTarget::Import => {
            let people = usize::try_from(args.people.unwrap_or(IMPORTED_PEOPLE))?;
            let rates = import::measure(demo.app(), &folder.0, args.format, people).await?;
            demo.app().db.close().await;
            writeln!(out, "{rates}, on {cores} cores")?;
            return Ok(true);
        }
        BenchTarget::Console => {
            let people = usize::try_from(args.people.unwrap_or(CONSOLE_PEOPLE))?;
            let size = AcademySize { people, schools: usize::from(args.schools) };
            let times = Box::pin(console::measure(&demo, size, Duration::from_secs(args.seconds))).await?;
            demo.app().db.close().await;
            writeln!(out, "{times}, on {cores} cores")?;
            return Ok(times.is_within_goals());
        }
        BenchTarget::Http => {
            let calls = if args.only.is_empty() { &http::Call::ALL } else { args.only.as_slice() };
            let costs = Box::pin(http::measure(&demo, calls, args.seconds)).await?;
            demo.app().db.close().await;
            writeln!(out, "{costs}, on {cores} cores")?;
            return Ok(true);
        }
        BenchTarget::SignIn => sign_in::measure(&demo, cores, args.seconds).await?,
        BenchTarget::Activation => activation::measure(&demo, &inbox, cores, args.seconds).await?,
        BenchTarget::Token => token::measure(&demo, cores, args.seconds).await?,
        BenchTarget::Commits => commits::measure(demo.app(), args.seconds).await?,
        BenchTarget::Letters => letters::measure(demo.app(), 1_000, args.seconds).await?,
    };
    demo.app().db.close().await;
    writeln!(out, "{rates}, on {cores} cores")?;
    Ok(true)
}

/// A folder removed at the end of the run.
struct TempFolder(PathBuf);

impl TempFolder {
    fn new() -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("preau-bench-{}", id128(&SystemRandom)));
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::error!(folder = %self.0.display(), %error, "the bench's folder stays");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each measurement plays a browser or a client, and must keep up with changes of the server.
    #[tokio::test]
    async fn every_measure_gets_its_work_done() {
        let folder = tempfile::tempdir().unwrap();
        let (demo, inbox) = prepare(folder.path(), None).await.unwrap();
        for rates in [
            sign_in::measure(&demo, 1, 1).await.unwrap(),
            activation::measure(&demo, &inbox, 1, 1).await.unwrap(),
            token::measure(&demo, 1, 1).await.unwrap(),
            commits::measure(demo.app(), 1).await.unwrap(),
            letters::measure(demo.app(), 20, 1).await.unwrap(),
        ] {
            assert!(rates.measured_rate > 0.0 && rates.limit_rate > 0.0, "{rates}");
        }
        let costs = http::measure(&demo, &http::Call::ALL, 1).await.unwrap();
        assert_eq!(costs.to_string().lines().count(), 12, "{costs}");
        let size = AcademySize { people: 400, schools: 4 };
        let times = Box::pin(console::measure(&demo, size, Duration::from_millis(1))).await.unwrap();
        assert_eq!(times.to_string().lines().count(), 12, "{times}");
    }

    #[tokio::test]
    async fn every_format_is_generated_and_imported() {
        for (format, people) in [
            (ImportFormat::Siecle, 2_000),
            (ImportFormat::Aaf, 1_000),
            (ImportFormat::Onde, 1_000),
            (ImportFormat::Csv, 1_000),
            (ImportFormat::Comptes, 1_000),
        ] {
            let own = tempfile::tempdir().unwrap();
            let (demo, _) = prepare(own.path(), None).await.unwrap();
            let rates = import::measure(demo.app(), own.path(), format, people).await.unwrap().to_string();
            assert!(rates.starts_with(&format!("{people} people of ")), "{rates}");
            assert!(rates.contains(&format!(" schools by {}: ", format.name())), "{rates}");
            assert_eq!(rates.contains("every class another: "), format.roster().is_some(), "{rates}");
            demo.app().db.close().await;
        }
    }

    /// The times of a test's run say nothing; that each form is answered alike for everybody does.
    #[tokio::test]
    async fn every_form_is_answered_alike_for_everybody() {
        let folder = tempfile::tempdir().unwrap();
        let (demo, _) = prepare(folder.path(), None).await.unwrap();
        let report = timing::measure(demo.app(), 2).await.unwrap();
        assert_eq!(report.to_string().lines().count(), 7, "{report}");
    }
}
