//! Whether this server may be sent requests, and what does not work although it may.
//!
//! Everything is asked at once and answered within a second, whatever hangs: a load balancer that waits for an answer
//! goes on sending people here. What only some people notice is *degraded*, which takes nobody out of rotation.

use std::time::Duration;

use crate::app::AppState;
use crate::base::clock::{Span, Timestamp};
use crate::{otp, outbox};

/// Whoever asks is answered in a second; the rest of it is ours.
const SOON: Duration = Duration::from_millis(800);
/// A clock that differs by more makes tokens that others refuse (docs/threats.md#fault-rt13).
const APART: Span = Span::seconds(60);
/// A message that waits longer is stuck.
const STUCK: Span = Span::minutes(5);

/// What was found.
#[derive(Debug, Default)]
pub struct Health {
    /// Why no request should come here.
    pub wrong: Vec<String>,
    /// What does not work although requests are answered.
    pub degraded: Vec<String>,
}

/// Asks everything that an answer of ours needs.
pub async fn health(app: &AppState) -> Health {
    let mut health = Health::default();
    if app.is_draining() {
        health.wrong.push("this server is stopping".to_owned());
    }
    if !app.ring().can_sign(&app.config.keys.algorithms) {
        health.wrong.push("no signing key".to_owned());
    }
    let database = tokio::time::timeout(SOON, database(app));
    let store = tokio::time::timeout(SOON, app.ephemeral.ping());
    let (database, store) = tokio::join!(database, store);
    match database {
        Ok(Ok(found)) => {
            health.wrong.extend(found.wrong);
            health.degraded.extend(found.degraded);
        }
        Ok(Err(error)) => health.wrong.push(format!("database: {error}")),
        Err(_) => health.wrong.push("database: no answer in time".to_owned()),
    }
    match store {
        Ok(Ok(())) => {}
        Ok(Err(error)) => health.wrong.push(error.to_string()),
        Err(_) => health.wrong.push("ephemeral store: no answer in time".to_owned()),
    }
    health
}

async fn database(app: &AppState) -> crate::db::Result<Health> {
    let mut health = Health::default();
    if app.db.migrated().await? < crate::db::SCHEMA_FILES() {
        health.wrong.push("migrations are missing".to_owned());
        return Ok(health);
    }
    let now = app.now();
    if let Some(fault) = app.db.write_fault() {
        // Somebody was told to come back a moment ago, or a write of our own says whether it is over.
        let over = !fault.is_recent() && app.db.see(now).await.is_ok();
        health.wrong.extend((!over).then(|| format!("database: {}", fault.why())));
    }
    health.wrong.extend(clock_trouble(app, now).await?);
    // Whoever has an account signs in while no code leaves.
    for outage in otp::ops::standing(&app.db, now).await? {
        health.degraded.push(format!("SMS: {}: {}", outage.reason.name(), outage.detail));
    }
    let (waiting, oldest) = outbox::backlog(&mut app.db.read().await?).await?;
    if let Some(oldest) = oldest.filter(|at| now.since(Timestamp(*at)) >= STUCK) {
        let minutes = now.since(Timestamp(oldest)).0 / Span::minutes(1).0;
        health.degraded.push(format!("messages: {waiting} wait, the oldest for {minutes} minutes"));
    }
    Ok(health)
}

/// Why the time of this server is not to be trusted, if it is not.
pub async fn clock_trouble(app: &AppState, now: Timestamp) -> crate::db::Result<Option<String>> {
    let machine = app.clock.ahead_of_machine();
    if machine.0.abs() > APART.0 {
        let seconds = machine.0 / 1000;
        return Ok(Some(format!(
            "clock: the machine's went back by {seconds} s, ours did not; if the machine is right now, run \
             `preau doctor --clock-is-right` and start again"
        )));
    }
    if let Some(theirs) = app.db.time().await?
        && now.since(theirs).0.abs() > APART.0
    {
        return Ok(Some(format!("clock: {} s ahead of the database's", now.since(theirs).0 / 1000)));
    }
    let ahead = app.db.seen().await?.map_or(Span(0), |seen| seen.since(now));
    let text = format!("clock: another server of this house is {} s ahead", ahead.0 / 1000);
    Ok((ahead.0 > APART.0).then_some(text))
}
