//! `preau doctor`: a line a check, and what to do where one fails; or what a support code stands for.
//!
//! It changes nothing but what it is told to: no migration, no key, no declaration is written here. It tries what
//! `serve` does at its start, so that it never says ok where `serve` refuses (docs/threats.md#faults-f3).

mod code;
mod machine;

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

use super::{in_paris, read};
use crate::base::clock::{Clock as _, Span, SystemClock, Timestamp};
use crate::clients::ops::publish::{Plan, Standing, plan};
use crate::config::Config;
use crate::config::deployment::Declared;
use crate::db::{Access, Db, SCHEMA_FILES, Tx, files};
use crate::jose::KeyState;
use crate::seal::{self, Vault};
use crate::{accounts, clients, compose, ephemeral, keys, logouts, otp, outbox, tenants};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A support code, such as K7P-4MX: what it stands for.
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    /// One JSON object, for a program that watches.
    #[arg(long, conflicts_with = "code")]
    json: bool,
    /// The clock was wrong once and is right now: servers take its word again, once they are started again.
    #[arg(long, conflicts_with = "code")]
    clock_is_right: bool,
}

/// A job that waits longer is stuck: codes are wanted within the minute.
const PATIENCE: Span = Span::minutes(2);
/// Before 2024 no version of this program was there.
const FIRST: Timestamp = Timestamp(1_704_067_200_000);

pub async fn run(args: &Args, file: Option<&Path>, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    if let Some(code) = &args.code {
        return code::find(code, &read(file)?, out).await;
    }
    if args.clock_is_right {
        let db = compose::existing(&read(file)?, Access::Write).await?;
        let now = SystemClock.now();
        db.forget_seen(now).await?;
        db.close().await;
        writeln!(out, "it is {} in Paris: start the servers again", in_paris(now))?;
        return Ok(true);
    }
    let mut report = Report { out, json: args.json, checks: Vec::new(), sound: true };
    Box::pin(examine(file, &mut report)).await?;
    report.end()
}

/// One check, and what came of it.
#[derive(Serialize)]
struct Check {
    check: String,
    sound: bool,
    text: String,
}

/// Tells each check, and remembers whether one failed.
struct Report<'a> {
    out: &'a mut (dyn Write + Send),
    json: bool,
    checks: Vec<Check>,
    sound: bool,
}

impl Report<'_> {
    /// Gives the value on, if the check did not fail.
    fn tell<T>(&mut self, what: &str, found: anyhow::Result<(T, String)>) -> anyhow::Result<Option<T>> {
        let (value, sound, text) = match found {
            Ok((value, text)) => (Some(value), true, text),
            Err(error) => (None, false, crate::cli::in_one_line(&error)),
        };
        self.sound &= sound;
        if self.json {
            self.checks.push(Check { check: what.to_owned(), sound, text });
        } else {
            let word = if sound { "ok   " } else { "WRONG" };
            writeln!(self.out, "{word}  {what}: {text}")?;
        }
        Ok(value)
    }

    /// As [`Report::tell`], of a check that gives nothing on.
    fn say(&mut self, what: &str, found: anyhow::Result<String>) -> anyhow::Result<()> {
        self.tell(what, found.map(|text| ((), text)))?;
        Ok(())
    }

    fn end(self) -> anyhow::Result<bool> {
        if self.json {
            let all = serde_json::json!({ "sound": self.sound, "checks": self.checks });
            writeln!(self.out, "{all}")?;
        }
        Ok(self.sound)
    }
}

async fn examine(file: Option<&Path>, report: &mut Report<'_>) -> anyhow::Result<()> {
    let now = SystemClock.now();
    let config = read(file).map(|c| (c.clone(), format!("issuer {}", c.server.issuer)));
    let Some(config) = report.tell("configuration", config)? else { return Ok(()) };
    report.say("listeners", machine::listeners(&config).await)?;
    report.say("sources", machine::sources(&config))?;
    report.say("certificate", machine::tls(&config, now))?;
    report.say("what serve builds", machine::built(&config))?;
    report.say("disk", machine::disk(&config))?;
    report.say("master key file", machine::key_file(&config))?;
    let declared = declared(&config, report)?;
    let store = ephemeral::examine(&config.ephemeral).await;
    report.say("ephemeral store", store.map_err(anyhow::Error::from))?;
    report.say("SMS gateway", machine::gateway(&config).await)?;
    let Some(db) = report.tell("database", opened(&config).await)? else { return Ok(()) };
    report.tell("database files", permissions(&config))?;
    if report.tell("migrations", migrations(&db).await)?.is_some() {
        if let Some(vault) = report.tell("master key", master_key(&config, &db).await)? {
            report.tell("signing keys", signing_keys(&db, &vault, &config, now).await)?;
        }
        if let Some(declared) = declared {
            in_database(&db, &declared, report).await?;
        }
        report.tell("outbox", backlog(&db, now).await)?;
        report.tell("SMS", sms(&db, &config, now).await)?;
        report.tell("sign-outs told", sign_outs(&db).await)?;
        report.tell("codes protected", codes(&db, now).await)?;
        report.tell("accounts", accounts(&db).await)?;
        report.tell("clock", clock(&db, now).await)?;
    }
    db.close().await;
    Ok(())
}

/// Each broken file is a line of its own; the others count all the same.
fn declared(config: &Config, report: &mut Report<'_>) -> anyhow::Result<Option<Declared>> {
    const WHAT: &str = "deployment's files";
    let found = match compose::declared(config) {
        Ok(found) => found,
        Err(error) => return report.tell(WHAT, Err(error)),
    };
    for file in &found.broken {
        report.say(WHAT, Err(anyhow::anyhow!("{file}; the client stays as it was published")))?;
    }
    if found.broken.is_empty() {
        let found =
            machine::not_the_demo(config, &found).map(|s| format!("{s}, {} relying parties", found.clients.len()));
        report.say(WHAT, found)?;
    }
    Ok(Some(found))
}

async fn opened(config: &Config) -> anyhow::Result<(Db, String)> {
    // Opening makes the file of an SQLite database; a doctor that makes what it looks for finds nothing.
    if let Some(path) = files::file_of(&config.database.url) {
        anyhow::ensure!(path.exists(), "{} is not there: `preau migrate` makes it", path.display());
    }
    let place = || config.database.place();
    let db = Db::open_to(&config.database.url, Access::Read).await.with_context(place)?;
    let kind = if db.is_sqlite() { "SQLite" } else { "PostgreSQL" };
    // A pool connects when it is used.
    drop(db.read().await.with_context(place)?);
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
    let (schema, want) = (db.schema().await?, SCHEMA_FILES());
    let have = want - schema.lacking.len();
    anyhow::ensure!(schema.lacking.is_empty(), "{have} of {want} are applied: run `preau migrate`");
    let newer = match schema.newer.len() {
        0 => String::new(),
        n => format!("; {n} more of a newer version, which this one does not need"),
    };
    Ok(((), format!("{have} of {want}{newer}")))
}

async fn master_key(config: &Config, db: &Db) -> anyhow::Result<(Vault, String)> {
    let unsealed = keys::ops::nothing_sealed(db).await?;
    let vault = Vault::new(seal::read(&config.keys.directory).map_err(|e| compose::lost(e, unsealed))?)?;
    anyhow::ensure!(!unsealed, "nothing is sealed yet: run `preau migrate`");
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

async fn in_database(db: &Db, declared: &Declared, report: &mut Report<'_>) -> anyhow::Result<()> {
    let mut tx = db.read().await?;
    let plan = plan(&mut tx, declared).await?;
    for file in plan.broken.iter().filter(|file| !declared.broken.contains(file)) {
        report.say("deployment", Err(anyhow::anyhow!("{file}; the client stays as it was published")))?;
    }
    report.say("deployment", published(&mut tx, &plan, declared).await)
}

async fn published(tx: &mut Tx, plan: &Plan, declared: &Declared) -> anyhow::Result<String> {
    plan.allowed(in_paris)?;
    for school in &declared.schools {
        let found = tenants::store::school(tx, &school.uai).await?;
        anyhow::ensure!(found.is_some(), "school {} is not in the database yet: run `preau migrate`", school.uai);
    }
    let mut suspended = Vec::new();
    for id in plan.ids() {
        let Some(client) = clients::store::find(tx, id).await? else {
            anyhow::bail!("client {id} is not in the database yet: run `preau migrate`")
        };
        if !client.is_usable() {
            suspended.push(client.id);
        }
    }
    if plan.standing == Standing::New {
        anyhow::bail!("these files are not published yet: restart `preau serve`, or run `preau migrate`");
    }
    let (schools, clients) = (declared.schools.len(), plan.ids().count());
    let more = if suspended.is_empty() { String::new() } else { format!("; suspended: {}", suspended.join(", ")) };
    Ok(format!("{schools} schools, {clients} relying parties, revision {}{more}", plan.revision))
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
