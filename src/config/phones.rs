//! `[phones]`: fictitious phone numbers accepted in development.

use serde::{Deserialize, Serialize};

use super::ConfigError;

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct PhoneNumbers {
    /// Prefixes in E.164 format, such as `+3363998` (06 39 98, reserved for fiction). Loopback issuers only.
    pub fictitious: Vec<String>,
}

impl PhoneNumbers {
    pub(super) fn check(&self, loopback: bool) -> Result<(), ConfigError> {
        if !loopback && !self.fictitious.is_empty() {
            return Err(ConfigError::Invalid("phones.fictitious is for a loopback issuer only".into()));
        }
        let sound = |p: &String| p.len() >= 4 && p.starts_with('+') && p.bytes().skip(1).all(|b| b.is_ascii_digit());
        match self.fictitious.iter().find(|p| !sound(p)) {
            Some(p) => Err(ConfigError::Invalid(format!("phones.fictitious: `{p}` is not a prefix such as +3363998"))),
            None => Ok(()),
        }
    }
}
