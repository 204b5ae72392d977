//! `preau doctor`: a line a check, and what to do where one fails; or what a support code stands for.
//!
//! It changes nothing but what it is told to: no migration, no key, no declaration is written here.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use anyhow::Context as _;

use super::{in_paris, read};
use crate::accounts;
use crate::activation::Outcome;
use crate::base::clock::{Clock as _, Span, SystemClock, Timestamp};
use crate::config::Config;
use crate::config::deployment::Declared;
use crate::db::{Db, SCHEMA_FILES, files};
use crate::jose::KeyState;
use crate::seal::{self, Vault};
use crate::{activation, clients, compose, ephemeral, keys, logouts, otp, outbox, roster, tenants};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A support code, such as K7P-4MX: what it stands for.
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    /// The clock was wrong once and is right now: servers take its word again, once they are started again.
    #[arg(long, conflicts_with = "code")]
    clock_is_right: bool,
}

/// A job that waits longer is stuck: codes are wanted within the minute.
const PATIENCE: Span = Span::minutes(2);
/// Before 2024 no version of this program was there.
const FIRST: Timestamp = Timestamp(1_704_067_200_000);

pub async fn run(args: &Args, file: Option<&Path>, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    match &args.code {
        Some(code) => find(code, &read(file)?, out).await,
        None if args.clock_is_right => {
            let (db, _) = opened(&read(file)?).await?;
            let now = SystemClock.now();
            db.forget_seen(now).await?;
            db.close().await;
            writeln!(out, "it is {} in Paris: start the servers again", in_paris(now))?;
            Ok(true)
        }
        None => Box::pin(examine(file, &mut Report { out, sound: true })).await,
    }
}

/// Prints a line a check, and remembers whether one failed.
struct Report<'a> {
    out: &'a mut (dyn Write + Send),
    sound: bool,
}

impl Report<'_> {
    /// Gives the value on, if the check did not fail.
    fn tell<T>(&mut self, what: &str, found: anyhow::Result<(T, String)>) -> anyhow::Result<Option<T>> {
        match found {
            Ok((value, text)) => {
                writeln!(self.out, "ok     {what}: {text}")?;
                Ok(Some(value))
            }
            Err(error) => {
                self.sound = false;
                writeln!(self.out, "WRONG  {what}: {}", super::in_one_line(&error))?;
                Ok(None)
            }
        }
    }
}

async fn examine(file: Option<&Path>, report: &mut Report<'_>) -> anyhow::Result<bool> {
    let now = SystemClock.now();
    let config = read(file).map(|c| (c.clone(), format!("issuer {}", c.server.issuer)));
    let Some(config) = report.tell("configuration", config)? else { return Ok(false) };
    let declared = report.tell("deployment's files", files(&config))?;
    let store = ephemeral::examine(&config.ephemeral).await.map(|text| ((), text));
    report.tell("ephemeral store", store.map_err(anyhow::Error::from))?;
    let Some(db) = report.tell("database", opened(&config).await)? else { return Ok(false) };
    report.tell("database files", permissions(&config))?;
    if report.tell("migrations", migrations(&db).await)?.is_some() {
        if let Some(vault) = report.tell("master key", master_key(&config, &db).await)? {
            report.tell("signing keys", signing_keys(&db, &vault, &config, now).await)?;
        }
        if let Some(declared) = declared {
            report.tell("deployment", in_database(&db, &declared).await)?;
        }
        report.tell("outbox", backlog(&db, now).await)?;
        report.tell("SMS", sms(&db, &config, now).await)?;
        report.tell("sign-outs told", sign_outs(&db).await)?;
        report.tell("codes protected", codes(&db, now).await)?;
        report.tell("accounts", accounts(&db).await)?;
        report.tell("clock", clock(&db, now).await)?;
    }
    db.close().await;
    Ok(report.sound)
}

fn files(config: &Config) -> anyhow::Result<(Declared, String)> {
    let found = compose::declared(config)?;
    let text = format!("{} schools, {} relying parties", found.schools.len(), found.clients.len());
    Ok((found, text))
}

async fn opened(config: &Config) -> anyhow::Result<(Db, String)> {
    // Opening makes the file of an SQLite database; a doctor that makes what it looks for finds nothing.
    if let Some(path) = files::file_of(&config.database.url) {
        anyhow::ensure!(path.exists(), "{} is not there: `preau migrate` makes it", path.display());
    }
    let db = Db::open(&config.database.url).await?;
    let kind = if db.is_sqlite() { "SQLite" } else { "PostgreSQL" };
    // A pool connects when it is used.
    drop(db.read().await?);
    Ok((db, kind.to_owned()))
}

/// Names of children stand in an SQLite file: nobody but its owner reads it.
fn permissions(config: &Config) -> anyhow::Result<((), String)> {
    let Some(file) = files::file_of(&config.database.url) else { return Ok(((), "none here".to_owned())) };
    let open: Vec<String> =
        files::open_to_others(&file).iter().map(|(path, mode)| format!("{} is {mode:04o}", path.display())).collect();
    anyhow::ensure!(open.is_empty(), "others may read them: {}: run `chmod 600` on each", open.join(", "));
    Ok(((), "only their owner reads them".to_owned()))
}

async fn migrations(db: &Db) -> anyhow::Result<((), String)> {
    let (have, want) = (db.migrated().await.unwrap_or_default(), SCHEMA_FILES());
    anyhow::ensure!(have >= want, "{have} of {want} are applied: run `preau migrate`");
    Ok(((), format!("{have} of {want}")))
}

async fn master_key(config: &Config, db: &Db) -> anyhow::Result<(Vault, String)> {
    let vault = Vault::new(seal::read(&config.keys.directory)?)?;
    anyhow::ensure!(!keys::ops::nothing_sealed(db).await?, "nothing is sealed yet: run `preau migrate`");
    keys::ops::opens_seal(db, &vault).await.with_context(|| {
        format!("{} and this database do not belong together", config.keys.directory.join("master.key").display())
    })?;
    let text = format!("opens the seal (id {})", vault.id());
    Ok((vault, text))
}

async fn signing_keys(db: &Db, vault: &Vault, config: &Config, now: Timestamp) -> anyhow::Result<((), String)> {
    keys::ops::load(db, vault).await?;
    let lives = keys::ops::lives(db).await?;
    let ailments = keys::rotation::ailments(&lives, now, keys::ops::policy(&config.keys));
    anyhow::ensure!(ailments.is_empty(), "{}", ailments.join("; "));
    let active = |alg| lives.iter().find(|key| key.alg == alg && key.state == KeyState::Active);
    let ages = config.keys.algorithms.iter().copied().filter_map(active);
    let ages = ages.map(|key| format!("{} signs since {}", key.alg.name(), in_paris(key.since)));
    Ok(((), ages.collect::<Vec<_>>().join(", ")))
}

async fn in_database(db: &Db, declared: &Declared) -> anyhow::Result<((), String)> {
    let mut tx = db.read().await?;
    for school in &declared.schools {
        let found = tenants::store::school(&mut tx, &school.uai).await?;
        anyhow::ensure!(found.is_some(), "school {} is not in the database yet: run `preau migrate`", school.uai);
    }
    let mut suspended = Vec::new();
    for (file, _) in &declared.clients {
        let found = clients::store::find(&mut tx, &file.client_id).await?;
        let Some(client) = found else {
            anyhow::bail!("client {} is not in the database yet: run `preau migrate`", file.client_id)
        };
        if !client.is_usable() {
            suspended.push(client.id);
        }
    }
    let schools = declared.schools.len();
    let more = if suspended.is_empty() { String::new() } else { format!("; suspended: {}", suspended.join(", ")) };
    Ok(((), format!("{schools} schools, {} relying parties{more}", declared.clients.len())))
}

async fn backlog(db: &Db, now: Timestamp) -> anyhow::Result<((), String)> {
    let (waiting, oldest) = outbox::backlog(&mut db.read().await?).await?;
    if let Some(oldest) = oldest.map(Timestamp) {
        let since = in_paris(oldest);
        anyhow::ensure!(
            now.since(oldest) < PATIENCE,
            "{waiting} messages wait, the oldest since {since}: does `preau serve` run, does the gateway answer?"
        );
    }
    Ok(((), format!("{waiting} messages wait")))
}

async fn sms(db: &Db, config: &Config, now: Timestamp) -> anyhow::Result<((), String)> {
    if let Some(outage) = otp::ops::standing(db, now).await?.first() {
        let (reason, since) = (outage.reason.name(), in_paris(outage.began));
        anyhow::bail!("{reason}: {} (since {since}, {} times): {}", outage.detail, outage.refusals, outage.remedy());
    }
    let (used, cap) = (otp::ops::sent_of_day(&mut db.read().await?, now).await?, config.sms.daily_cap);
    Ok(((), format!("{used} of the {cap} of the day (sms.daily_cap)")))
}

/// Nobody of this house can mend a relying party that does not answer: it is told, and nothing is wrong here.
async fn sign_outs(db: &Db) -> anyhow::Result<((), String)> {
    let rows = logouts::store::undelivered(&mut db.read().await?).await?;
    let text: Vec<String> = rows.into_iter().map(|(client, state, n)| format!("{client}: {n} {state}")).collect();
    Ok(((), if text.is_empty() { "all of the last 30 days".to_owned() } else { text.join(", ") }))
}

/// What a relying party sends is its own affair: it is told, and nothing is wrong here.
async fn codes(db: &Db, now: Timestamp) -> anyhow::Result<((), String)> {
    let bare = clients::ops::all_unprotected(&mut db.read().await?, now).await?;
    let text = match bare.is_empty() {
        true => "every client sends PKCE or nonce".to_owned(),
        false => format!("neither PKCE nor nonce from {}: see `preau client show`", bare.join(", ")),
    };
    Ok(((), text))
}

async fn accounts(db: &Db) -> anyhow::Result<((), String)> {
    let counts = accounts::store::count(&mut db.read().await?).await?;
    let text: Vec<String> = counts.into_iter().map(|(state, count)| format!("{count} {state}")).collect();
    Ok(((), if text.is_empty() { "none yet".to_owned() } else { text.join(", ") }))
}

async fn clock(db: &Db, now: Timestamp) -> anyhow::Result<((), String)> {
    anyhow::ensure!(now >= FIRST, "it says {}: set it, tokens are signed with it", in_paris(now));
    if let Some(theirs) = db.time().await? {
        anyhow::ensure!(
            now.since(theirs).0.abs() < Span::minutes(1).0,
            "it says {}, the database's machine says {}: set them alike",
            in_paris(now),
            in_paris(theirs)
        );
    }
    // Facts of the audit that lie ahead do no harm; what was seen holds every server there.
    if let Some(seen) = db.seen().await? {
        anyhow::ensure!(
            seen.since(now) < Span::minutes(1),
            "it says {}, but a server of this house was at {}: set it; or, if it is right now, run \
             `preau doctor --clock-is-right` and start the servers again",
            in_paris(now),
            in_paris(seen)
        );
    }
    Ok(((), format!("{} in Paris", in_paris(now))))
}

/// What a support code stands for: state, school, when, outcome; never what was typed.
async fn find(code: &str, config: &Config, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let code = code.trim().to_uppercase();
    let (db, _) = opened(config).await?;
    let mut tx = db.read().await?;
    let activations = activation::store::by_support_code(&mut tx, &code).await?;
    let notices = tenants::store::notices_of_code(&mut tx, &code).await?;
    for row in &activations {
        let began = in_paris(Timestamp(row.created_at));
        let found = match (row.found, row.sends) {
            (true, sends) => format!("{sends} codes sent, {} tries left", row.tries_left),
            (false, _) => "nobody found in the roster, no code sent".to_owned(),
        };
        let outcome = row.outcome.as_deref().and_then(|text| serde_json::from_str::<Outcome>(text).ok());
        let outcome = outcome.map(|o| format!("; ended: {}", o.name())).unwrap_or_default();
        writeln!(out, "activation of {began}: {found}; at step {}{outcome}", row.state)?;
        if let Some(account) = &row.account_id {
            let children = roster::store::children_of_account(&mut tx, account).await?;
            let schools: BTreeSet<_> = children.into_iter().map(|child| (child.uai, child.school)).collect();
            for (uai, name) in schools {
                writeln!(out, "  school {uai} {name}")?;
            }
        }
    }
    for (uai, name, kind, at, settled) in &notices {
        let settled = settled.map(|at| format!(", settled {}", in_paris(Timestamp(at)))).unwrap_or_default();
        writeln!(out, "notice to {uai} {name} of {}: {kind}{settled}", in_paris(Timestamp(*at)))?;
    }
    let found = !activations.is_empty() || !notices.is_empty();
    if !found {
        writeln!(out, "no activation and no notice has the code {code}")?;
    }
    writeln!(out, "shown by an error page, the code is the support_code of a line of the log: grep '{code}'")?;
    drop(tx);
    db.close().await;
    Ok(found)
}
