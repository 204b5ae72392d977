//! `[database]` and `[ephemeral]`: the durable store and the store of short-lived records.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ConfigError;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `sqlite:PATH` or `postgres://…`.
    pub url: String,
    /// A file with the URL, which contains a password.
    pub url_file: Option<PathBuf>,
}

impl Database {
    /// Returns the location of the database without its password, for messages.
    pub fn location(&self) -> String {
        if let Some(path) = self.url.strip_prefix("sqlite:") {
            return path.to_owned();
        }
        let kind = self.url.split(':').next().unwrap_or_default();
        let url = url::Url::parse(&self.url).ok().filter(|_| ["postgres", "postgresql"].contains(&kind));
        let Some(url) = url else { return format!("{kind}:…") };
        let (host, port) = (url.host_str().unwrap_or("its socket"), url.port().unwrap_or(5432));
        format!("PostgreSQL at {host}:{port}, database {}", url.path().trim_start_matches('/'))
    }
}

impl Default for Database {
    fn default() -> Self {
        Self { url: "sqlite:var/preau.db".into(), url_file: None }
    }
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct EphemeralStore {
    /// `memory:`, for one server; or `redis://…`, `rediss://…` (TLS) or `unix:PATH` of a Redis shared by all servers.
    pub url: String,
    /// A file with the URL, which contains a password.
    pub url_file: Option<PathBuf>,
    /// The prefix of every key in Redis, so that two deployments can share one Redis.
    pub prefix: String,
    /// The timeout of a Redis operation, in milliseconds. After a timeout the end user is asked to retry later.
    pub answer_ms: u64,
}

impl Default for EphemeralStore {
    fn default() -> Self {
        Self { url: "memory:".into(), url_file: None, prefix: "preau".into(), answer_ms: 250 }
    }
}

impl EphemeralStore {
    pub fn is_memory(&self) -> bool {
        self.url == "memory:"
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let known = ["redis://", "rediss://", "unix:"].iter().any(|scheme| self.url.starts_with(scheme));
        if !self.is_memory() && !known {
            let words = "ephemeral.url: `memory:`, or a Redis by redis://, rediss:// or unix:";
            return Err(ConfigError::Invalid(words.into()));
        }
        if !(10..=10_000).contains(&self.answer_ms) {
            return Err(ConfigError::Invalid("ephemeral.answer_ms is 10 to 10000".into()));
        }
        let plain = self.prefix.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if !plain || !(1..=40).contains(&self.prefix.len()) {
            return Err(ConfigError::Invalid("ephemeral.prefix has 1 to 40 of a-z, A-Z, 0-9, - and _".into()));
        }
        Ok(())
    }
}
