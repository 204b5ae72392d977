//! `[keys]`: where the master key is, and how often the signing keys are renewed.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ConfigError;
use crate::base::clock::Span;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Keys {
    /// Where `master.key` is.
    pub directory: PathBuf,
    /// After so many days a signing key is followed by a new one, without anybody having to do anything. 0: never,
    /// only by `preau keys rotate`.
    pub rotate_after_days: u32,
}

impl Default for Keys {
    fn default() -> Self {
        Self { directory: "keys".into(), rotate_after_days: 90 }
    }
}

impl Keys {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.rotate_after_days > 3650 {
            return Err(ConfigError::Rule("keys.rotate_after_days is at most 3650; 0 is never".into()));
        }
        Ok(())
    }

    /// None: never.
    pub fn rotate_after(&self) -> Option<Span> {
        (self.rotate_after_days > 0).then(|| Span::days(i64::from(self.rotate_after_days)))
    }
}
