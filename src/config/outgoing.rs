//! `[outgoing]`: what is called that others chose (keys, logos, sign-outs of relying parties).

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ConfigError;

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outgoing {
    /// Whether addresses that are not public may be called, and this machine by plain http. For development: refused
    /// unless the issuer is loopback.
    pub allow_private: bool,
    /// PEM file of an authority that is trusted besides the usual ones.
    pub ca: Option<PathBuf>,
}

impl Outgoing {
    pub(super) fn check(&self, loopback: bool) -> Result<(), ConfigError> {
        if self.allow_private && !loopback {
            return Err(ConfigError::Rule("outgoing.allow_private is for a loopback issuer only".into()));
        }
        Ok(())
    }
}
