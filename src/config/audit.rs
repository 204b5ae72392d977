//! `[audit]`: the retention of audit events.

use serde::{Deserialize, Serialize};

use super::ConfigError;
use crate::base::clock::Span;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Audit {
    /// The retention of audit events, in months. Default 13: a school year, and the beginning of the next one for
    /// comparison. CNIL recommends six to twelve months for a log, and more if the log serves to detect fraud.
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
        Err(ConfigError::Invalid("audit.keep_months is 1 to 120".into()))
    }

    /// Returns the retention in days, computed with months of a mean year.
    pub fn retention(&self) -> Span {
        Span::days(i64::from(self.keep_months) * 365 / 12)
    }
}
