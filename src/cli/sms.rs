//! `preau sms`: the state of SMS sending, and its resumption after an outage.

use std::io::Write;

use serde_json::Value;

use super::format_paris_time;
use super::json::{self, JsonFlag, maybe_time, time};
use crate::base::clock::{Span, Timestamp};
use crate::bootstrap;
use crate::config::Config;
use crate::db::{AccessMode, Db};
use crate::otp;
use crate::otp::outage::Outage;
use crate::outbox;

#[derive(Debug, clap::Args)]
pub struct SmsArgs {
    #[command(subcommand)]
    action: SmsCommand,
}

#[derive(Debug, clap::Subcommand)]
enum SmsCommand {
    /// Shows current outages with reason and start, the waiting messages, and today's use of the daily cap.
    Status(JsonFlag),
    /// Sends waiting messages at once, and resets the rate limits of the last day: after a gateway accepted messages
    /// without delivering them, or once blocked numbers prove honest.
    Resume(JsonFlag),
}

pub async fn run(args: &SmsArgs, config: &Config, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let around = super::operator_dependencies();
    let access =
        if matches!(args.action, SmsCommand::Status(_)) { AccessMode::ReadOnly } else { AccessMode::ReadWrite };
    let db = bootstrap::open_existing_database(config, access).await?;
    bootstrap::sync_clock(&db, &around).await?;
    let now = around.clock.now();
    let done = match args.action {
        SmsCommand::Status(JsonFlag { json: true }) => write_status(config, &db, now, out).await,
        SmsCommand::Status(_) => print_status(config, &db, now, out).await,
        SmsCommand::Resume(form) => {
            let done = otp::ops::resume(around.operation(&db)).await?;
            let (outages, jobs, budgets) = (done.outages, done.jobs, done.budgets);
            match form.json {
                true => {
                    let line = serde_json::json!({ "outages": outages, "messages": jobs, "budgets": budgets });
                    json::write_line(out, &line)?;
                }
                false => {
                    writeln!(out, "{outages} outages ended; {jobs} messages are tried now; {budgets} budgets lifted")?
                }
            }
            Ok(true)
        }
    };
    db.close().await;
    done
}

/// Writes the state of sending as JSON; true if messages leave.
async fn write_status(config: &Config, db: &Db, now: Timestamp, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let standing = otp::ops::active_outages(db, now).await?;
    let mut tx = db.read().await?;
    let (waiting, oldest) = outbox::backlog(&mut tx).await?;
    let used = otp::ops::sent_today(&mut tx, now).await?;
    let caps = otp::ops::used_caps(&mut tx, config, now).await?;
    drop(tx);
    let outages: Vec<Value> = standing.iter().map(outage).collect();
    let line = serde_json::json!({
        "leaves": standing.is_empty(),
        "outages": outages,
        "waiting": waiting,
        "oldest_at": maybe_time(oldest.map(Timestamp)),
        "sent_today": used,
        "daily_cap": config.sms.daily_cap,
        "caps_half_used": caps,
    });
    json::write_line(out, &line)?;
    Ok(standing.is_empty())
}

/// Returns an outage as programs have it.
pub fn outage(outage: &Outage) -> Value {
    serde_json::json!({
        "reason": outage.reason.name(),
        "detail": outage.detail,
        "began_at": time(outage.began_at),
        "last_refusal_at": time(outage.last_refusal_at),
        "refusals": outage.refusals,
    })
}

/// Prints the state of sending; true if messages leave.
async fn print_status(config: &Config, db: &Db, now: Timestamp, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let standing = otp::ops::active_outages(db, now).await?;
    for outage in &standing {
        let (since, last) = (format_paris_time(outage.began_at), format_paris_time(outage.last_refusal_at));
        writeln!(out, "{}: {}", outage.reason.name(), outage.detail)?;
        let remedy = outage.remedy(&config.sms);
        writeln!(out, "  since {since}, refused {} times, last {last}; {remedy}", outage.refusals)?;
    }
    if standing.is_empty() {
        writeln!(out, "messages leave")?;
    }
    let mut tx = db.read().await?;
    let (waiting, oldest) = outbox::backlog(&mut tx).await?;
    let used = otp::ops::sent_today(&mut tx, now).await?;
    let age = oldest.map_or(Span(0), |at| now.since(Timestamp(at))).0 / 60_000;
    writeln!(out, "{waiting} wait, the oldest for {age} min; {used} of {} of the day", config.sms.daily_cap)?;
    for used in otp::ops::used_caps(&mut tx, config, now).await? {
        writeln!(out, "{used} of the day")?;
    }
    Ok(standing.is_empty())
}
