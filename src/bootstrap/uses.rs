//! Writes what requests noted in memory, and at the end: once a minute when client secrets served, every ten seconds the
//! steps of activations and the ends of sign-ins. Works on uploaded rosters.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::{AppState, Operation};
use crate::clients::ops::secrets::write_uses;
use crate::figures::ops::write_sign_ins;
use crate::roster_admin::ops::work::work_once;
use crate::school_admin::ops::figures::{MAX_BATCHES_A_ROUND, count_schools, mark_unmarked, write_steps};
use crate::school_admin::ops::latecomers;

/// The interval of writing.
const INTERVAL: Duration = Duration::from_secs(60);
/// The interval at which steps of activations and ends of sign-ins are written, and figures of schools that changed are
/// counted.
const FIGURES_INTERVAL: Duration = Duration::from_secs(10);
/// The interval at which uploads are looked for: whoever gave one waits before the page.
const UPLOADS_INTERVAL: Duration = Duration::from_secs(2);

/// Does all of it until `stop` is true. Each is a task of its own: at the end two of them write at once, and a task has one
/// writer at a time.
pub async fn run(app: AppState, stop: watch::Receiver<bool>) {
    let mut all = JoinSet::new();
    all.spawn(write(app.clone(), stop.clone()));
    all.spawn(Box::pin(write_figures(app.clone(), stop.clone())));
    all.spawn(Box::pin(work_on_uploads(app, stop)));
    while let Some(ended) = all.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "a task that writes what was noted has ended");
        }
    }
}

/// Writes the uses until `stop` is true.
async fn write(app: AppState, mut stop: watch::Receiver<bool>) {
    loop {
        let stopping = tokio::select! {
            () = tokio::time::sleep(INTERVAL) => false,
            _ = stop.wait_for(|stop| *stop) => true,
        };
        if let Err(error) = write_uses(&Operation::of_job(&app, "uses")).await {
            tracing::warn!(error = format!("{error:#}"), "uses of client secrets were not written");
        }
        if stopping {
            return;
        }
    }
}

/// Writes and counts until `stop` is true.
async fn write_figures(app: AppState, mut stop: watch::Receiver<bool>) {
    let mut looked_at = String::new();
    loop {
        let stopping = tokio::select! {
            () = tokio::time::sleep(FIGURES_INTERVAL) => false,
            _ = stop.wait_for(|stop| *stop) => true,
        };
        if let Err(error) = write_steps(&Operation::of_job(&app, "figures")).await {
            tracing::warn!(error = format!("{error:#}"), "steps of activations were not written");
        }
        if let Err(error) = write_sign_ins(&Operation::of_job(&app, "figures")).await {
            tracing::warn!(error = format!("{error:#}"), "figures of sign-ins were not written");
        }
        if stopping {
            return;
        }
        if app.is_work_paused() {
            continue;
        }
        match mark_unmarked(&Operation::of_job(&app, "figures"), &looked_at).await {
            Ok(place) => looked_at = place,
            Err(error) => tracing::warn!(error = format!("{error:#}"), "figures of schools were not marked"),
        }
        let resumed = latecomers::resume(&Operation::of_job(&app, "campaigns"), || *stop.borrow()).await;
        if let Err(error) = resumed {
            tracing::warn!(
                error = format!("{error:#}"),
                "an order on campaigns that was interrupted was not gone on with"
            );
        }
        for _ in 0..MAX_BATCHES_A_ROUND {
            if *stop.borrow() {
                break;
            }
            match count_schools(&Operation::of_job(&app, "figures")).await {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "figures of schools were not counted");
                    break;
                }
            }
        }
    }
}

/// Reads and writes uploads, one after the other, until `stop` is true.
async fn work_on_uploads(app: AppState, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(UPLOADS_INTERVAL) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        while !*stop.borrow() && !app.is_work_paused() {
            match Box::pin(work_once(&Operation::of_job(&app, "uploads"))).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::error!(error = format!("{error:#}"), "an upload was neither read nor written");
                    break;
                }
            }
        }
    }
}
