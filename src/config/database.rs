//! `[database]` and `[ephemeral]`: where things are kept, and where they may be forgotten.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ConfigError;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `sqlite:PATH` or `postgres://…`.
    pub url: String,
    /// A file that holds the url, because it holds a password.
    pub url_file: Option<PathBuf>,
}

impl Default for Database {
    fn default() -> Self {
        Self { url: "sqlite:var/preau.db".into(), url_file: None }
    }
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct EphemeralStore {
    /// `memory:`, for one server.
    pub url: String,
}

impl Default for EphemeralStore {
    fn default() -> Self {
        Self { url: "memory:".into() }
    }
}

impl EphemeralStore {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.url == "memory:" {
            Ok(())
        } else {
            Err(ConfigError::Rule("ephemeral.url: this version knows `memory:` only".into()))
        }
    }
}
