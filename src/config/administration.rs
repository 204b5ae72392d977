//! `[administration]`: how administrators enter the console.

use serde::{Deserialize, Serialize};

use super::ConfigError;

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Administration {
    /// True if a password with a code of an application serves in place of a passkey. An e-mail address, a password and
    /// a code can be asked for by a false site; a passkey cannot.
    pub totp: bool,
    /// True if the sign-in page lets administrators in without any proof: for a demo, on a loopback issuer and listener
    /// only.
    pub entry_without_proof: bool,
}

impl Administration {
    pub(super) fn check(&self, loopback: bool) -> Result<(), ConfigError> {
        if !loopback && self.entry_without_proof {
            return Err(ConfigError::Invalid(
                "administration.entry_without_proof is for a loopback issuer and listener only".into(),
            ));
        }
        Ok(())
    }
}
