//! Structured logs, without personal data: no query, no form field, no identifiant, no number.
//!
//! A failure is logged once, where it is handled (`http/context.rs`); control characters of a value are
//! escaped by the formatter (ABUSE X5).

mod metrics;

pub use metrics::{CONTENT_TYPE as METRICS, Connections, HashQueue, Lane, Metrics, Sample};

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::config::Log;

/// Installs the subscriber of the process. A second call changes nothing.
pub fn install(log: &Log) {
    let filter = EnvFilter::try_new(&log.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    // Colours in a file would stand between a key and its value, where grep looks.
    let colours = std::io::stderr().is_terminal();
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    let outcome = if log.json { builder.json().try_init() } else { builder.compact().try_init() };
    if outcome.is_err() {
        tracing::debug!("a subscriber is there already");
    }
}
