//! `[audit]`: how long facts are kept.

use serde::{Deserialize, Serialize};

use super::ConfigError;
use crate::base::clock::Span;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Audit {
    /// Facts go after so many months. 13: a school year, and the beginning of the next one to compare it with; CNIL
    /// recommends six to twelve months for a log, and more where it serves to find fraud.
    pub keep_months: u32,
}

impl Default for Audit {
    fn default() -> Self {
        Self { keep_months: 13 }
    }
}

impl Audit {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if (1..=120).contains(&self.keep_months) {
            return Ok(());
        }
        Err(ConfigError::Rule("audit.keep_months is 1 to 120".into()))
    }

    /// As days: months of a mean year.
    pub fn kept(&self) -> Span {
        Span::days(i64::from(self.keep_months) * 365 / 12)
    }
}
