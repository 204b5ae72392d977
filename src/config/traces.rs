//! `[traces]`: traces of requests and jobs, sent to a collector of OpenTelemetry.

use serde::{Deserialize, Serialize};

use super::ConfigError;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Traces {
    /// The address of a collector that takes OTLP as JSON over HTTP, such as `http://127.0.0.1:4318/v1/traces`. Empty: no
    /// traces.
    pub endpoint: String,
    /// The share of traces that are sent, in per cent.
    pub sample_percent: u32,
    /// True if the proxies of `server.trusted_proxies` decide in `traceparent` what is sent: they make the header
    /// themselves. One that hands on what a browser sent lets anybody have everything sent, or nothing.
    pub trust_proxy_decision: bool,
}

impl Default for Traces {
    fn default() -> Self {
        Self { endpoint: String::new(), sample_percent: 5, trust_proxy_decision: false }
    }
}

impl Traces {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let url = url::Url::parse(&self.endpoint).ok().filter(|url| url.has_host());
        let is_called = url.is_some_and(|url| ["http", "https"].contains(&url.scheme()));
        if !self.endpoint.is_empty() && !is_called {
            let words = "traces.endpoint is the address of a collector, such as http://127.0.0.1:4318/v1/traces";
            return Err(ConfigError::Invalid(words.into()));
        }
        if !(1..=100).contains(&self.sample_percent) {
            return Err(ConfigError::Invalid("traces.sample_percent is 1 to 100".into()));
        }
        Ok(())
    }
}
