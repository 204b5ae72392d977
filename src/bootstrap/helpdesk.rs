//! Background work for the help desk: the words by which people are searched, and activations with another number.

use std::time::Duration;

use tokio::sync::watch;

use crate::activation;
use crate::app::{AppState, Operation};
use crate::helpdesk::ops::near;
use crate::outbox::{Job, JobOutcome};
use crate::roster::ops::words;

/// The interval at which the words of imported people are written.
const INDEX_INTERVAL: Duration = Duration::from_secs(20);

/// Writes the words of people whom imports wrote, until `stop` is true.
pub async fn index_words(app: AppState, mut stop: watch::Receiver<bool>) {
    loop {
        while !*stop.borrow() {
            match words::index_batch(Operation::of_job(&app, "words").storage()).await {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(error = format!("{error:#}"), "words of names were not written");
                    break;
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(INDEX_INTERVAL) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Sends the code of an activation to a match; where nobody was found by the number, keeps who may be meant by the name.
pub async fn send_code(op: &Operation<'_>, job: &Job) -> anyhow::Result<JobOutcome> {
    let sent = activation::ops::send_code_if_known(op, job).await;
    // For the help desk only: the code has left or not, whatever becomes of this.
    if let Err(error) = near::record(op, job).await {
        tracing::warn!(error = format!("{error:#}"), "an activation with another number was not kept");
    }
    sent
}
