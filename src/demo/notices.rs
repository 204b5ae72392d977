//! Lets the notices of the next morning leave now: who tries the demo does not wait until nine. Only at night, from 21 to 8
//! o'clock, do they wait, as all messages that answer nobody.

use std::time::Duration;

use tokio::sync::watch;

use crate::app::{App, AppState, Operation};
use crate::db::Durability;
use crate::outbox::{self, JobKind};

/// The interval at which waiting notices are looked for.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);

/// Lets waiting notices leave, until `stop` is true.
pub async fn run(app: AppState, mut stop: watch::Receiver<bool>) -> anyhow::Result<()> {
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK_INTERVAL) => {}
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
        }
        if let Err(error) = release(&app).await {
            tracing::warn!(error = format!("{error:#}"), "the demo's notices wait until nine");
        }
    }
}

/// Makes waiting notices due. Returns their number.
pub async fn release(app: &App) -> anyhow::Result<u64> {
    let waiting = outbox::list_waiting(&mut app.db.read().await?).await?;
    if !waiting.iter().any(|jobs| jobs.kind == JobKind::NoticeSms) {
        return Ok(0);
    }
    let op = Operation::of_job(app, "demo");
    let mut tx = op.write(Durability::Relaxed).await?;
    let released = outbox::make_due(&mut tx, JobKind::NoticeSms).await?;
    tx.commit().await?;
    app.job_notifier.notify(JobKind::NoticeSms);
    Ok(released)
}
