//! `[log]`: level and format of the log.

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

use super::ConfigError;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// A filter in the syntax of `EnvFilter` of the crate `tracing-subscriber`.
    pub filter: String,
    /// True for one JSON object per line instead of text.
    pub json: bool,
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: "info".into(), json: false }
    }
}

impl Log {
    /// Parses the filter.
    ///
    /// # Errors
    /// The filter is invalid, or contains a bare word other than a level. `EnvFilter` would take such a word for a
    /// module name and log nothing.
    pub fn env_filter(&self) -> Result<EnvFilter, ConfigError> {
        let wrong =
            |why: String| ConfigError::Invalid(format!("log.filter {why}: write \"info\" or \"warn,preau=debug\""));
        let levels = ["off", "error", "warn", "info", "debug", "trace"];
        for word in self.filter.split(',').map(str::trim) {
            if !word.contains(['=', '[']) && !levels.iter().any(|level| level.eq_ignore_ascii_case(word)) {
                return Err(wrong(format!("has `{word}`, which is no level")));
            }
        }
        let filter = EnvFilter::try_new(&self.filter).map_err(|e| wrong(format!("cannot be read ({e})")))?;
        if self.filter.contains("rustls") {
            return Ok(filter);
        }
        // A peer's unusual way to close a connection deserves no warning: Java sends `user_canceled` each time.
        let quiet = "rustls=error".parse().map_err(|e| wrong(format!("cannot be read ({e})")))?;
        Ok(filter.add_directive(quiet))
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.env_filter().map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(text: &str) -> Result<String, String> {
        let log = Log { filter: text.to_owned(), json: false };
        log.env_filter().map(|f| f.to_string()).map_err(|e| e.to_string())
    }

    #[test]
    fn faults_f4_a_filter_that_would_log_nothing_is_refused() {
        for nonsense in ["inof", "", "info,", "preau=loud", "preau", "debug preau", "a=b=c"] {
            assert!(filter(nonsense).unwrap_err().starts_with("log.filter "), "{nonsense}");
        }
        for right in ["info", "WARN", "warn,preau=debug", "off", "preau::http=trace", "info,rustls=warn"] {
            assert!(filter(right).is_ok(), "{right}");
        }
    }

    #[test]
    fn faults_d16_how_a_peer_closes_is_no_warning_unless_it_is_asked_for() {
        assert!(filter("info").unwrap().contains("rustls=error"));
        let asked = filter("info,rustls=warn").unwrap();
        assert!(asked.contains("rustls=warn") && !asked.contains("rustls=error"), "{asked}");
    }
}
