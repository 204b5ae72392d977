//! `preau sms`: whether codes leave, and what an operator does once they do again.

use std::io::Write;

use super::in_paris;
use crate::base::clock::{Span, Timestamp};
use crate::compose::{self, Surroundings};
use crate::config::Config;
use crate::db::{Access, Db};
use crate::otp;
use crate::outbox;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Since when messages do not leave, and why; how many wait; how many of the day's are used.
    Status,
    /// What waits is sent at once, and nobody's requests of the last day count: after a gateway that took messages and
    /// delivered none, or once numbers that were stopped are found to be honest ones.
    Resume,
}

pub async fn run(args: &Args, config: &Config, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let around = Surroundings::real();
    let access = if matches!(args.action, Action::Status) { Access::Read } else { Access::Write };
    let db = compose::existing(config, access).await?;
    compose::keep_time(&db, &around).await?;
    let now = around.clock.now();
    let done = match args.action {
        Action::Status => status(config, &db, now, out).await,
        Action::Resume => {
            let done = otp::ops::resume(&db, around.rng.as_ref(), now).await?;
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

/// True where messages leave.
async fn status(config: &Config, db: &Db, now: Timestamp, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let standing = otp::ops::standing(db, now).await?;
    for outage in &standing {
        let (since, last) = (in_paris(outage.began), in_paris(outage.last));
        writeln!(out, "{}: {}", outage.reason.name(), outage.detail)?;
        writeln!(out, "  since {since}, refused {} times, last {last}; {}", outage.refusals, outage.remedy())?;
    }
    if standing.is_empty() {
        writeln!(out, "messages leave")?;
    }
    let mut tx = db.read().await?;
    let (waiting, oldest) = outbox::backlog(&mut tx).await?;
    let used = otp::ops::sent_of_day(&mut tx, now).await?;
    let age = oldest.map_or(Span(0), |at| now.since(Timestamp(at))).0 / 60_000;
    writeln!(out, "{waiting} wait, the oldest for {age} min; {used} of {} of the day", config.sms.daily_cap)?;
    Ok(standing.is_empty())
}
