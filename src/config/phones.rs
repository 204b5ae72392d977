//! `[phones]`: numbers taken although no operator has them.

use serde::{Deserialize, Serialize};

use super::ConfigError;

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Phones {
    /// Prefixes in E.164, such as `+3363998` (06 39 98, set aside for fiction). Loopback issuers only.
    pub fictitious: Vec<String>,
}

impl Phones {
    pub(super) fn check(&self, loopback: bool) -> Result<(), ConfigError> {
        if !loopback && !self.fictitious.is_empty() {
            return Err(ConfigError::Rule("phones.fictitious is for a loopback issuer only".into()));
        }
        let sound = |p: &String| p.len() >= 4 && p.starts_with('+') && p.bytes().skip(1).all(|b| b.is_ascii_digit());
        match self.fictitious.iter().find(|p| !sound(p)) {
            Some(p) => Err(ConfigError::Rule(format!("phones.fictitious: `{p}` is not a prefix such as +3363998"))),
            None => Ok(()),
        }
    }
}
