//! Structured logs, without personal data: no query, no form field, no identifiant, no telephone number.
//!
//! A failure is logged once, by its handler (`http/middleware.rs`); the formatter escapes control characters in values
//! (docs/threats.md#attack-x5).

mod findings;
mod kept_sample;
mod metrics;
mod process;
mod requests;
mod sample;
#[cfg(test)]
mod tests;
mod traces;

pub use findings::{CheckLevel, FINDINGS_TTL, Finding, KeepsNobodyOut, KeptFindings};
pub use kept_sample::KeptStoredSample;
pub use metrics::{ConnectionMetrics, METRICS_CONTENT_TYPE, Metrics};
pub use process::ProcessSample;
pub use sample::{
    CacheSample, HashQueueSample, ImportSample, MetricsSample, OutboxQueueSample, PoolSample, SmsSample, StoredSample,
};
pub use traces::{ActiveTrace, SpanKind, SpanStart, TraceContext, TracedCall, Tracer, current_trace, encode_spans};

use std::io::IsTerminal as _;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry, fmt, reload};

use crate::config::{ConfigError, Log};

/// A handle to change the log filter at run time.
#[derive(Clone)]
pub struct LogFilterHandle(reload::Handle<EnvFilter, Registry>);

impl LogFilterHandle {
    /// # Errors
    /// Fails for an invalid filter; the former filter stays.
    pub fn set(&self, log: &Log) -> Result<(), ConfigError> {
        let filter = log.env_filter()?;
        self.0.reload(filter).map_err(|e| ConfigError::Invalid(format!("log.filter cannot be changed: {e}")))
    }
}

/// Installs the subscriber of the process. A second call changes nothing and returns `None`.
pub fn install(log: &Log) -> Option<LogFilterHandle> {
    let filter = log.env_filter().unwrap_or_else(|_| EnvFilter::new("info"));
    let (filter, handle) = reload::Layer::new(filter);
    // Colour codes in a file would separate a key from its value and break grep.
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let lines =
        if log.json { lines.json().flatten_event(true).with_span_list(false).boxed() } else { lines.compact().boxed() };
    let installed = tracing_subscriber::registry().with(filter).with(lines).try_init();
    installed.ok().map(|()| LogFilterHandle(handle))
}

/// Adds the trace's id to the log lines of the current request.
pub fn record_trace_id(trace_id: &str) {
    tracing::Span::current().record("trace_id", trace_id);
}

/// Adds the client id to the log lines of the current request.
pub fn record_client_id(client_id: &str) {
    tracing::Span::current().record("client_id", client_id);
}
