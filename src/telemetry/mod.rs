//! Structured logs, without personal data: no query, no form field, no identifiant, no number.
//!
//! A failure is logged once, where it is handled (`http/context.rs`); control characters of a value are
//! escaped by the formatter (docs/threats.md#attack-x5).

mod metrics;

pub use metrics::{CONTENT_TYPE as METRICS, Connections, HashQueue, Lane, Metrics, Sample};

use std::io::IsTerminal as _;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry, fmt, reload};

use crate::config::{ConfigError, Log};

/// Says what is logged from now on.
#[derive(Clone)]
pub struct Filter(reload::Handle<EnvFilter, Registry>);

impl Filter {
    /// # Errors
    /// A filter that cannot be read: the former stays.
    pub fn set(&self, log: &Log) -> Result<(), ConfigError> {
        let filter = log.env_filter()?;
        self.0.reload(filter).map_err(|e| ConfigError::Rule(format!("log.filter cannot be changed: {e}")))
    }
}

/// Installs the subscriber of the process. A second call changes nothing, and gives nothing that could.
pub fn install(log: &Log) -> Option<Filter> {
    let filter = log.env_filter().unwrap_or_else(|_| EnvFilter::new("info"));
    let (filter, handle) = reload::Layer::new(filter);
    // Colours in a file would stand between a key and its value, where grep looks.
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let lines =
        if log.json { lines.json().flatten_event(true).with_span_list(false).boxed() } else { lines.compact().boxed() };
    let installed = tracing_subscriber::registry().with(filter).with(lines).try_init();
    installed.ok().map(|()| Filter(handle))
}

/// The request under way is this client's: the lines of it name it.
pub fn of_client(client_id: &str) {
    tracing::Span::current().record("client_id", client_id);
}
