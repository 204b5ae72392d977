//! `preau status`: one screen for a person, from the server on this machine and from the database.
//!
//! Reads only. Exit code 1 if people are kept out or messages do not leave.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::format_paris_time;
use super::json::{self, JsonFlag};
use super::keys::key_value;
use super::sms::outage;
use crate::base::clock::{Span, Timestamp};
use crate::bootstrap;
use crate::config::Config;
use crate::db::files::sqlite_file;
use crate::db::{AccessMode, Db};
use crate::doctor::ops::status::{self, LastImport};
use crate::jose::KeyState;
use crate::{accounts, logouts};

pub async fn run(form: JsonFlag, config: &Config, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let around = super::operator_dependencies();
    if form.json {
        let server = ask_server(config.server.operations).await;
        let db = bootstrap::open_existing_database(config, AccessMode::ReadOnly).await?;
        bootstrap::sync_clock(&db, &around).await?;
        let done = write_stored(config, (&db, &server), around.clock.now(), out).await;
        db.close().await;
        return Ok(done? && server.serves);
    }
    line(out, "preau", &format!("{} at {}", env!("CARGO_PKG_VERSION"), config.server.issuer))?;
    let server = ask_server(config.server.operations).await;
    line(out, "server", &server.text)?;
    let db = bootstrap::open_existing_database(config, AccessMode::ReadOnly).await?;
    bootstrap::sync_clock(&db, &around).await?;
    let done = print_stored(config, &db, around.clock.now(), out).await;
    db.close().await;
    Ok(done? && server.serves)
}

fn line(out: &mut (dyn Write + Send), what: &str, text: &str) -> anyhow::Result<()> {
    Ok(writeln!(out, "{what:<10}  {text}")?)
}

/// The answer of the server on this machine.
pub struct ServerAnswer {
    /// True unless the machine says that nobody listens there.
    pub answers: bool,
    serves: bool,
    pub text: String,
}

/// Asks the readiness of the server that listens on the operations address.
pub async fn ask_server(operations: SocketAddr) -> ServerAnswer {
    // A server that listens on every address is asked on this machine.
    let host = if operations.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { operations.ip() };
    let at = SocketAddr::new(host, operations.port());
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(3)).build();
    let none = |answers, text| ServerAnswer { answers, serves: false, text };
    // Port 0 is any port: nobody can be asked there.
    if at.port() == 0 {
        return none(false, format!("none answers on {at}"));
    }
    let answer = match client {
        Ok(client) => client.get(format!("http://{at}/readyz")).send().await,
        Err(error) => Err(error),
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) if is_refused(&error) => return none(false, format!("none answers on {at}")),
        // One that hangs still writes.
        Err(_) => return none(true, format!("no answer in time on {at}, and no refusal")),
    };
    let serves = answer.status().is_success();
    let said = answer.text().await.unwrap_or_default();
    let said = said.lines().collect::<Vec<_>>().join("; ");
    ServerAnswer { answers: true, serves, text: format!("{said}, on {at}") }
}

/// True if the connection was refused: nobody listens.
fn is_refused(error: &reqwest::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::ConnectionRefused) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Writes everything as one object; true if messages leave.
async fn write_stored(
    config: &Config,
    (db, server): (&Db, &ServerAnswer),
    now: Timestamp,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<bool> {
    let found = status::read(db, config, now).await?;
    let mut tx = db.read().await?;
    let accounts = accounts::store::count_by_state(&mut tx).await?;
    let accounts: Map<String, Value> = accounts.into_iter().map(|(state, n)| (state, json!(n))).collect();
    let undelivered: i64 = logouts::store::count_undelivered(&mut tx).await?.iter().map(|(_, _, n)| n).sum();
    drop(tx);
    let last = |import: &LastImport| json!({ "academy": import.academy, "format": import.format, "at": json::time(import.at) });
    let line = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "issuer": config.server.issuer,
        "server": { "serves": server.serves, "says": server.text },
        "database": { "place": config.database.location(), "migrations": found.migrations },
        "accounts": accounts,
        "campaigns_open": found.open_campaigns,
        "imports": {
            "running": found.running_imports.0,
            "running_schools": found.running_imports.1,
            "last": found.last_imports.iter().map(last).collect::<Vec<_>>(),
        },
        "messages": {
            "waiting": found.backlog.0,
            "oldest_at": json::maybe_time(found.backlog.1),
            "sms_today": found.sms_of_day.0,
            "sms_daily_cap": found.sms_of_day.1,
            "outages": found.outages.iter().map(outage).collect::<Vec<_>>(),
        },
        "sign_outs_untold": undelivered,
        "backup_at": json::maybe_time(found.backup),
        "keys": found.keys.iter().map(key_value).collect::<Vec<_>>(),
    });
    json::write_line(out, &line)?;
    Ok(found.outages.is_empty())
}

async fn print_stored(config: &Config, db: &Db, now: Timestamp, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let ago = |at: Timestamp| format_age(now.since(at));
    let size = sqlite_file(&config.database.url).and_then(|file| std::fs::metadata(file).ok());
    let size = size.map(|file| format!(", {} MiB", file.len() / 1024 / 1024)).unwrap_or_default();
    let found = status::read(db, config, now).await?;
    let count = found.migrations;
    line(out, "database", &format!("{}{size}, {count} migrations", config.database.location()))?;

    let mut tx = db.read().await?;
    let accounts = accounts::store::count_by_state(&mut tx).await?;
    let accounts: Vec<String> = accounts.into_iter().map(|(state, count)| format!("{count} {state}")).collect();
    line(out, "accounts", &or(accounts.join(", "), "none yet"))?;
    line(out, "campaigns", &format!("{} schools open", found.open_campaigns))?;
    let last = |import: &LastImport| format!("{} {} {} ago", import.academy, import.format, ago(import.at));
    let mut imports: Vec<String> = found.last_imports.iter().map(last).collect();
    let (running, schools) = found.running_imports;
    if running > 0 {
        imports.push(format!("{running} not ended, {schools} schools written"));
    }
    line(out, "imports", &or(imports.join(", "), "none yet"))?;
    let (waiting, oldest) = found.backlog;
    let oldest = oldest.map(|at| format!(", the oldest for {}", ago(at))).unwrap_or_default();
    let (used, cap) = found.sms_of_day;
    line(out, "messages", &format!("{waiting} wait{oldest}; {used} of {cap} SMS of the day"))?;
    let undelivered: i64 = logouts::store::count_undelivered(&mut tx).await?.iter().map(|(_, _, n)| n).sum();
    drop(tx);
    line(out, "sign-outs", &format!("{undelivered} not told, of 30 days"))?;
    let backup = found.backup.map(|at| format!("{} ago", ago(at))).unwrap_or_default();
    line(out, "backup", &or(backup, "none by `preau backup`"))?;
    for outage in &found.outages {
        let since = format_paris_time(outage.began_at);
        line(
            out,
            "OUTAGE",
            &format!("{}: {} (since {since}): see `preau sms status`", outage.reason.name(), outage.detail),
        )?;
    }
    let active = found.keys.iter().filter(|key| key.state == KeyState::Active);
    let ages: Vec<String> = active.map(|key| format!("{} for {}", key.alg, ago(key.since))).collect();
    line(out, "keys", &or(ages.join(", "), "none yet"))?;
    Ok(found.outages.is_empty())
}

fn or(text: String, otherwise: &str) -> String {
    if text.is_empty() { otherwise.to_owned() } else { text }
}

/// Formats a time that has passed, in its largest unit.
fn format_age(span: Span) -> String {
    let minutes = (span.0 / Span::minutes(1).0).max(0);
    match minutes {
        0..120 => format!("{minutes} min"),
        120..2_880 => format!("{} h", minutes / 60),
        _ => format!("{} days", minutes / 1_440),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_in_its_largest_unit() {
        for (span, text) in [
            (Span::seconds(-5), "0 min"),
            (Span::minutes(119), "119 min"),
            (Span::minutes(120), "2 h"),
            (Span::hours(47), "47 h"),
            (Span::hours(48), "2 days"),
        ] {
            assert_eq!(format_age(span), text);
        }
    }
}
