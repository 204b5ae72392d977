//! Writes once a minute, and at the end, when client secrets served.

use std::time::Duration;

use tokio::sync::watch;

use crate::app::{AppState, Operation};
use crate::clients::ops::secrets::write_uses;

/// The interval of writing.
const INTERVAL: Duration = Duration::from_secs(60);

/// Writes the uses until `stop` is true.
pub async fn write(app: AppState, mut stop: watch::Receiver<bool>) {
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
