//! `[keys]`: where the master key is, what tokens are signed with, and how often the signing keys are renewed.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ConfigError;
use crate::base::clock::Span;
use crate::protocol::algorithms::Alg;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Keys {
    /// Where `master.key` is.
    pub directory: PathBuf,
    /// What ID tokens and signed answers may be signed with: discovery, JWKS and registrations follow. RS256 is OpenID's
    /// default, ES256 signs access tokens. EdDSA is left out: libraries that know RSA and EC only stumble over its key.
    pub algorithms: Vec<Alg>,
    /// After so many days a signing key is followed by a new one, without anybody having to do anything. 0: never,
    /// only by `preau keys rotate`.
    pub rotate_after_days: u32,
}

impl Default for Keys {
    fn default() -> Self {
        let algorithms = vec![Alg::RS256, Alg::ES256, Alg::PS256];
        Self { directory: "keys".into(), algorithms, rotate_after_days: 90 }
    }
}

impl Keys {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.rotate_after_days > 3650 {
            return Err(ConfigError::Rule("keys.rotate_after_days is at most 3650; 0 is never".into()));
        }
        for needed in [Alg::RS256, Alg::ES256] {
            if !self.algorithms.contains(&needed) {
                let name = needed.name();
                return Err(ConfigError::Rule(format!("keys.algorithms must hold {name}: tokens are signed with it")));
            }
        }
        Ok(())
    }

    /// None: never.
    pub fn rotate_after(&self) -> Option<Span> {
        (self.rotate_after_days > 0).then(|| Span::days(i64::from(self.rotate_after_days)))
    }
}
