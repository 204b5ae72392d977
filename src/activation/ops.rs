//! Use cases of the activation.

use crate::app::App;
use crate::base::clock::Timestamp;
use crate::outbox::{Done, Job};

pub async fn find_and_send(_app: &App, _now: Timestamp, _job: &Job) -> anyhow::Result<Done> {
    Ok(Done::Never)
}
