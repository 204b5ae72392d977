//! `preau doctor`: prints one line a check, with the remedy of a failed check; or explains a support code.
//!
//! The command writes no migration, key or declaration; only `--clock-is-right` changes the database. The checks repeat
//! the start of `serve`, so that doctor never says ok when `serve` refuses to start (docs/threats.md#faults-f3).

mod code;
mod machine;
mod report;

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;

use report::DoctorReport;

use super::{format_paris_time, load_config, remedies};
use crate::base::clock::{Clock as _, SystemClock};
use crate::base::uai::Uai;
use crate::clients::ops::publish::{PublishPlan, SetStatus, plan};
use crate::config::deployment::DeploymentFiles;
use crate::config::{Config, SmsGatewayRole};
use crate::crypto::{self, MasterKey};
use crate::db::{AccessMode, Db, DbError, Tx, files};
use crate::doctor::ops::{machine as host, stored};
use crate::telemetry::{CheckLevel, KeepsNobodyOut};
use crate::{accounts, bootstrap, clients, ephemeral, keys, tenants};

#[derive(Debug, clap::Args)]
pub struct DoctorArgs {
    /// A support code to explain, such as K7P-4MX.
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    /// Prints one JSON object, for monitoring. Exit code: 0 ok, 1 warning, 2 critical, 3 unknown, as Nagios has them.
    #[arg(long, conflicts_with = "code")]
    pub json: bool,
    /// Declares a formerly wrong clock right: servers trust the clock again after a restart.
    #[arg(long, conflicts_with = "code")]
    clock_is_right: bool,
}

/// Runs the command. Returns its exit code: that of a Nagios plugin with `--json`, else 0 or 1.
pub async fn run(args: &DoctorArgs, file: Option<&Path>, out: &mut (dyn Write + Send)) -> anyhow::Result<u8> {
    if args.json {
        return Ok(check_all(true, file, out).await?.exit_code());
    }
    Ok(u8::from(!run_for_people(args, file, out).await?))
}

async fn run_for_people(args: &DoctorArgs, file: Option<&Path>, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    if let Some(code) = &args.code {
        return code::explain_support_code(code, &load_config(file)?, out).await;
    }
    if args.clock_is_right {
        let db = bootstrap::open_existing_database(&load_config(file)?, AccessMode::ReadWrite).await?;
        let now = SystemClock.now();
        db.reset_seen_time(now).await?;
        db.close().await;
        writeln!(out, "it is {} in Paris: start the servers again", format_paris_time(now))?;
        return Ok(true);
    }
    Ok(check_all(false, file, out).await? == CheckLevel::Ok)
}

async fn check_all(json: bool, file: Option<&Path>, out: &mut (dyn Write + Send)) -> anyhow::Result<CheckLevel> {
    let mut report = DoctorReport::new(out, json);
    // Monitoring reads JSON whatever happens: a check that could not be made ends the report, not the output.
    match Box::pin(run_checks(file, &mut report)).await {
        Err(error) if json => report.record_unknown("checks", &error)?,
        done => done?,
    }
    report.finish()
}

async fn run_checks(file: Option<&Path>, report: &mut DoctorReport<'_>) -> anyhow::Result<()> {
    let now = SystemClock.now();
    let config = match load_config(file) {
        Ok(config) => config,
        Err(error) => return report.record_unknown("configuration", &error),
    };
    report.record("configuration", Ok(format!("issuer {}", config.server.issuer)))?;
    report.record("listeners", machine::check_listeners(&config).await)?;
    report.record("sources", host::check_sources(&config).context(KeepsNobodyOut))?;
    report.record("certificate", host::check_certificate(&config, now))?;
    report.record("what serve builds", machine::check_components(&config))?;
    report.record("disk", host::check_disk(&config))?;
    report.record("master key file", host::check_key_file(&config).context(KeepsNobodyOut))?;
    let declared = check_declared(&config, report)?;
    let store = ephemeral::diagnose(&config.ephemeral).await;
    report.record("ephemeral store", store.map_err(anyhow::Error::from))?;
    for (role, gateway) in config.sms.gateways() {
        let what = match role {
            SmsGatewayRole::Primary => "SMS gateway",
            SmsGatewayRole::Fallback => "SMS fallback",
            SmsGatewayRole::Voice => "SMS voice",
        };
        let answers = machine::check_sms_gateway(&config, gateway).await;
        // While the primary gateway carries, nobody misses another one.
        let answers = if role == SmsGatewayRole::Primary { answers } else { answers.context(KeepsNobodyOut) };
        report.record(what, answers)?;
    }
    report.record("mail", machine::check_mail(&config).await.context(KeepsNobodyOut))?;
    let Some(db) = report.record_value("database", open_database(&config).await)? else { return Ok(()) };
    if config.database.pooled {
        report.record("pooler", stored::check_pooler(&db).await)?;
    }
    report.record("unsealed copies", check_leftovers(&config).context(KeepsNobodyOut))?;
    report.record("database files", host::check_database_files(&config).context(KeepsNobodyOut))?;
    let migrations = stored::check_migrations(&db).await.map(|text| ((), text));
    if report.record_value("migrations", migrations)?.is_some() {
        if let Some(master_key) = report.record_value("master key", check_master_key(&config, &db).await)? {
            let signing =
                stored::check_signing_keys(&db, &master_key, (&config, now), |problem| remedies::remedy(problem));
            report.record("signing keys", signing.await)?;
        }
        if let Some(declared) = declared {
            check_deployment(&db, &declared, report).await?;
        }
        report.record("outbox", stored::check_outbox(&db, now).await)?;
        report.record("SMS", stored::check_sms(&db, &config, now).await)?;
        report.record("sign-outs told", stored::logout_summary(&db).await)?;
        report.record("codes protected", stored::unprotected_codes_summary(&db, now).await)?;
        report.record_value("accounts", accounts_summary(&db).await)?;
        report.record("clock", stored::check_clock(&db, now).await)?;
    }
    db.close().await;
    Ok(())
}

/// Reports each broken file on a separate line; the other files are checked all the same.
fn check_declared(config: &Config, report: &mut DoctorReport<'_>) -> anyhow::Result<Option<DeploymentFiles>> {
    const WHAT: &str = "deployment's files";
    let found = match bootstrap::read_deployment(config) {
        Ok(found) => found,
        Err(error) => return report.record_value(WHAT, Err(error)),
    };
    for file in &found.broken {
        let error = anyhow::anyhow!("{file}; the client stays as it was published");
        report.record(WHAT, Err(error.context(KeepsNobodyOut)))?;
    }
    for file in &found.broken_upstreams {
        report.record(WHAT, Err(anyhow::anyhow!("{file}; nobody signs in through it")))?;
    }
    if found.broken.is_empty() {
        let found =
            machine::check_not_demo(config, &found).map(|s| format!("{s}, {} relying parties", found.clients.len()));
        report.record(WHAT, found)?;
    }
    Ok(Some(found))
}

async fn open_database(config: &Config) -> anyhow::Result<(Db, String)> {
    // Opening would create the file of an SQLite database, and so hide its absence.
    if let Some(path) = files::sqlite_file(&config.database.url) {
        anyhow::ensure!(path.exists(), bootstrap::UnusableDatabase::Missing(path));
    }
    let place = || config.database.location();
    let db = Db::open_configured(&config.database, AccessMode::ReadOnly).await.with_context(place)?;
    let kind = if db.is_sqlite() { "SQLite" } else { "PostgreSQL" };
    // A pool connects at its first use.
    drop(db.read().await.with_context(place)?);
    // A moved database may be read; `serve` writes, and refuses it.
    if db.is_moved().await.with_context(place)? {
        return Err(DbError::Moved).with_context(place);
    }
    Ok((db, kind.to_owned()))
}

/// Finds copies of the whole database that a killed backup or restore left.
fn check_leftovers(config: &Config) -> anyhow::Result<String> {
    let left = files::sqlite_file(&config.database.url).map(|file| super::backup::leftovers(&file)).unwrap_or_default();
    let names: Vec<String> = left.iter().map(|path| path.display().to_string()).collect();
    anyhow::ensure!(names.is_empty(), "a command was killed and left everything readable: remove {}", names.join(", "));
    Ok("none are left".to_owned())
}

async fn check_master_key(config: &Config, db: &Db) -> anyhow::Result<(MasterKey, String)> {
    let unsealed = keys::ops::is_uninitialized(db).await?;
    let master_key = MasterKey::new(
        crypto::read_master_key(&config.keys.directory).map_err(|e| bootstrap::master_key_error(e, unsealed))?,
    )?;
    anyhow::ensure!(!unsealed, "nothing is sealed yet: run `preau migrate`");
    keys::ops::verify_master_key(db, &master_key).await.with_context(|| {
        format!("{} and this database do not belong together", config.keys.directory.join("master.key").display())
    })?;
    let text = format!("opens the seal (id {})", master_key.id());
    Ok((master_key, text))
}

async fn check_deployment(db: &Db, declared: &DeploymentFiles, report: &mut DoctorReport<'_>) -> anyhow::Result<()> {
    let mut tx = db.read().await?;
    let plan = plan(&mut tx, declared).await?;
    for file in plan.broken.iter().filter(|file| !declared.broken.contains(file)) {
        let error = anyhow::anyhow!("{file}; the client stays as it was published");
        report.record("deployment", Err(error.context(KeepsNobodyOut)))?;
    }
    // What was published before stays in force.
    report.record("deployment", check_published(&mut tx, &plan, declared).await.context(KeepsNobodyOut))
}

async fn check_published(tx: &mut Tx, plan: &PublishPlan, declared: &DeploymentFiles) -> anyhow::Result<String> {
    plan.check(format_paris_time)?;
    for school in &declared.schools {
        let found = match Uai::parse(&school.uai) {
            Ok(uai) => tenants::store::find_school(tx, &uai).await?,
            Err(_) => None,
        };
        anyhow::ensure!(found.is_some(), "school {} is not in the database yet: run `preau migrate`", school.uai);
    }
    let mut suspended = Vec::new();
    for id in plan.client_ids() {
        let Some(client) = clients::store::find(tx, id).await? else {
            anyhow::bail!("client {id} is not in the database yet: run `preau migrate`")
        };
        if !client.is_usable() {
            suspended.push(client.id.to_string());
        }
    }
    if plan.status == SetStatus::New {
        anyhow::bail!("these files are not published yet: restart `preau serve`, or run `preau migrate`");
    }
    let (schools, clients) = (declared.schools.len(), plan.client_ids().count());
    let more = if suspended.is_empty() { String::new() } else { format!("; suspended: {}", suspended.join(", ")) };
    Ok(format!("{schools} schools, {clients} relying parties, revision {}{more}", plan.revision))
}

async fn accounts_summary(db: &Db) -> anyhow::Result<((), String)> {
    let counts = accounts::store::count_by_state(&mut db.read().await?).await?;
    let text: Vec<String> = counts.into_iter().map(|(state, count)| format!("{count} {state}")).collect();
    Ok(((), if text.is_empty() { "none yet".to_owned() } else { text.join(", ") }))
}
