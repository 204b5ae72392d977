//! Compares this server's clock with the others', and pauses its background work while it is wrong: by a time of its
//! own it would give up codes, end keys and seal hours to come (docs/threats.md#fault-rt13).

use std::time::Duration;

use tokio::sync::watch;

use super::health::clock_problem;
use crate::app::AppState;

/// The interval at which the clock is compared and the time recorded in the database: a restart with a clock set back
/// lengthens lifetimes by at most this interval.
const CLOCK_CHECK_INTERVAL: Duration = Duration::from_secs(30);

/// Checks the clock again and again until `stop` is true.
pub async fn run(app: AppState, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(CLOCK_CHECK_INTERVAL) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        check_clock(&app).await;
    }
}

/// Records the time for the other servers. A server with a wrong clock records none, so as not to mislead the others,
/// and pauses its background work. What cannot be compared leaves everything as it was.
pub async fn check_clock(app: &AppState) {
    if let Err(error) = compare_and_record(app).await {
        tracing::error!(%error, "the time was not noted");
    }
}

async fn compare_and_record(app: &AppState) -> crate::db::Result<()> {
    let now = app.now();
    let problem = clock_problem(app, now).await?;
    let was_wrong = app.note_clock(problem.is_some());
    if let Some(why) = problem {
        if !was_wrong {
            let work_pauses = app.is_work_paused();
            tracing::error!(why, work_pauses, "this server's time is not to be trusted");
        }
        return Ok(());
    }
    if was_wrong {
        tracing::warn!("this server's time is to be trusted again, and its background work goes on");
    }
    app.db.record_time(now).await
}
