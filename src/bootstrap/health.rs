//! Health checks: readiness of this server, and degraded functions of a ready server.
//!
//! All checks run at once and end within a second, whatever hangs: a load balancer waiting for the response keeps
//! sending users here. A failure noticed by some users only is *degraded*, and takes no server out of rotation.

use std::time::Duration;

use crate::app::AppState;
use crate::base::clock::{Span, Timestamp};
use crate::config::REQUIRED_ALGORITHMS;
use crate::{otp, outbox};

/// The time limit of each check: the caller gets a response within a second, and the rest is for processing.
const CHECK_TIMEOUT: Duration = Duration::from_millis(800);
/// The maximum clock difference: beyond, other servers reject the tokens (docs/threats.md#fault-rt13).
const MAX_CLOCK_SKEW: Span = Span::seconds(60);
/// The age beyond which a waiting message counts as stuck.
const MAX_QUEUE_DELAY: Span = Span::minutes(5);

/// The result of the health checks.
#[derive(Debug, Default)]
pub struct HealthReport {
    /// The reasons for sending no requests to this server.
    pub failures: Vec<String>,
    /// Failing functions of a server that still answers requests.
    pub degraded: Vec<String>,
}

/// Checks everything needed to answer requests.
pub async fn check_health(app: &AppState) -> HealthReport {
    let mut health = HealthReport::default();
    if app.is_draining() {
        health.failures.push("this server is stopping".to_owned());
    }
    let ring = app.key_ring();
    if !ring.can_sign(&REQUIRED_ALGORITHMS) {
        health.failures.push("no signing key".to_owned());
    }
    // Only some relying parties want another one. A server of another list may have stopped its key.
    let others = app.config.keys.algorithms.iter().filter(|alg| !REQUIRED_ALGORITHMS.contains(*alg));
    for alg in others.filter(|alg| ring.active(**alg).is_none()) {
        health.degraded.push(format!("keys: no signing key for {}", alg.name()));
    }
    let database = tokio::time::timeout(CHECK_TIMEOUT, check_database(app));
    let store = tokio::time::timeout(CHECK_TIMEOUT, app.ephemeral.ping());
    let (database, store) = tokio::join!(database, store);
    match database {
        Ok(Ok(found)) => {
            health.failures.extend(found.failures);
            health.degraded.extend(found.degraded);
        }
        Ok(Err(error)) => health.failures.push(format!("database: {error}")),
        Err(_) => health.failures.push("database: no answer in time".to_owned()),
    }
    match store {
        Ok(Ok(())) => {}
        Ok(Err(error)) => health.failures.push(error.to_string()),
        Err(_) => health.failures.push("ephemeral store: no answer in time".to_owned()),
    }
    health
}

async fn check_database(app: &AppState) -> crate::db::Result<HealthReport> {
    let mut health = HealthReport::default();
    if app.db.applied_migrations().await? < crate::db::MIGRATION_COUNT() {
        health.failures.push("migrations are missing".to_owned());
        return Ok(health);
    }
    let now = app.now();
    if let Some(fault) = app.db.last_write_failure() {
        // A recent fault has just refused requests and counts; an older fault counts unless a test write succeeds.
        let over = !fault.is_recent() && app.db.record_time(now).await.is_ok();
        health.failures.extend((!over).then(|| format!("database: {}", fault.reason())));
    }
    health.failures.extend(clock_problem(app, now).await?);
    // Existing accounts can sign in while no code is sent.
    for outage in otp::ops::active_outages(&app.db, now).await? {
        health.degraded.push(format!("SMS: {}: {}", outage.reason.name(), outage.detail));
    }
    // What this server finds out by itself, as each of the others does.
    if let Some(outage) = app.mail_circuit.outage(now) {
        health.degraded.push(format!("mail: {}", outage.why));
    }
    let (waiting, oldest) = outbox::backlog(&mut app.db.read().await?).await?;
    if let Some(oldest) = oldest.filter(|at| now.since(Timestamp(*at)) >= MAX_QUEUE_DELAY) {
        let minutes = now.since(Timestamp(oldest)).0 / Span::minutes(1).0;
        health.degraded.push(format!("messages: {waiting} wait, the oldest for {minutes} minutes"));
    }
    Ok(health)
}

/// Returns the reason for distrusting this server's time, if any.
pub async fn clock_problem(app: &AppState, now: Timestamp) -> crate::db::Result<Option<String>> {
    let machine = app.clock.ahead_of_wall_clock();
    if machine.0.abs() > MAX_CLOCK_SKEW.0 {
        let seconds = machine.0 / 1000;
        return Ok(Some(format!(
            "clock: the machine's went back by {seconds} s, ours did not; if the machine is right now, run \
             `preau doctor --clock-is-right` and start again"
        )));
    }
    if let Some(theirs) = app.db.server_time().await?
        && now.since(theirs).0.abs() > MAX_CLOCK_SKEW.0
    {
        return Ok(Some(format!("clock: {} s ahead of the database's", now.since(theirs).0 / 1000)));
    }
    let ahead = app.db.last_seen_time().await?.map_or(Span(0), |seen| seen.since(now));
    let text = format!("clock: another server of this house is {} s ahead", ahead.0 / 1000);
    Ok((ahead.0 > MAX_CLOCK_SKEW.0).then_some(text))
}
