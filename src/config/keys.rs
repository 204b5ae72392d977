//! `[keys]`: the location of the master key, the signing algorithms, and the rotation of signing keys.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ConfigError;
use crate::base::clock::Span;
use crate::protocol::algorithms::Alg;

/// The algorithms without which nobody signs in: ID tokens are RS256 by default, access tokens ES256.
pub const REQUIRED_ALGORITHMS: [Alg; 2] = [Alg::RS256, Alg::ES256];

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Keys {
    /// The directory of `master.key`.
    pub directory: PathBuf,
    /// The signing algorithms of ID tokens and signed responses, published in discovery and JWKS and enforced at
    /// registration. RS256 is the default of OpenID Connect; ES256 signs access tokens. EdDSA is absent from the
    /// default, because libraries limited to RSA and EC fail on an EdDSA key in the JWKS.
    pub algorithms: Vec<Alg>,
    /// The age of a signing key at its automatic rotation, in days. 0 disables automatic rotation and leaves only
    /// `preau keys rotate`.
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
            return Err(ConfigError::Invalid("keys.rotate_after_days is at most 3650; 0 is never".into()));
        }
        for needed in REQUIRED_ALGORITHMS {
            if !self.algorithms.contains(&needed) {
                let name = needed.name();
                return Err(ConfigError::Invalid(format!(
                    "keys.algorithms must hold {name}: tokens are signed with it"
                )));
            }
        }
        Ok(())
    }

    /// Returns the age of a key at its rotation; `None` disables automatic rotation.
    pub fn rotate_after(&self) -> Option<Span> {
        (self.rotate_after_days > 0).then(|| Span::days(i64::from(self.rotate_after_days)))
    }
}
