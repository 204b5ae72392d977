//! `preau sms`: the state of SMS sending, and its resumption after an outage.

use std::io::Write;

use super::format_paris_time;
use crate::base::clock::{Span, Timestamp};
use crate::bootstrap;
use crate::config::Config;
use crate::db::{AccessMode, Db};
use crate::otp;
use crate::outbox;

#[derive(Debug, clap::Args)]
pub struct SmsArgs {
    #[command(subcommand)]
    action: SmsCommand,
}

#[derive(Debug, clap::Subcommand)]
enum SmsCommand {
    /// Shows current outages with reason and start, the waiting messages, and today's use of the daily cap.
    Status,
    /// Sends waiting messages at once, and resets the rate limits of the last day: after a gateway accepted messages
    /// without delivering them, or once blocked numbers prove honest.
    Resume,
}

pub async fn run(args: &SmsArgs, config: &Config, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let around = super::operator_dependencies();
    let access = if matches!(args.action, SmsCommand::Status) { AccessMode::ReadOnly } else { AccessMode::ReadWrite };
    let db = bootstrap::open_existing_database(config, access).await?;
    bootstrap::sync_clock(&db, &around).await?;
    let now = around.clock.now();
    let done = match args.action {
        SmsCommand::Status => print_status(config, &db, now, out).await,
        SmsCommand::Resume => {
            let done = otp::ops::resume(around.operation(&db)).await?;
            writeln!(
                out,
                "{} outages ended; {} messages are tried now; {} budgets lifted",
                done.outages, done.jobs, done.budgets
            )?;
            Ok(true)
        }
    };
    db.close().await;
    done
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
