//! Whom a client may learn of.

use serde::{Deserialize, Serialize};

/// Whom a client may learn of: the union of academies, ministries and schools, narrowed by profiles.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Perimeter {
    pub academies: Vec<String>,
    pub ministries: Vec<String>,
    pub schools: Vec<String>,
    /// Empty means every profile.
    pub profiles: Vec<String>,
}

impl Perimeter {
    pub fn covers(&self, uai: &str, academy: &str, ministry: &str) -> bool {
        let has = |list: &[String], value: &str| list.iter().any(|v| v == value);
        has(&self.academies, academy) || has(&self.ministries, ministry) || has(&self.schools, uai)
    }

    pub fn takes_profile(&self, profile: &str) -> bool {
        self.profiles.is_empty() || self.profiles.iter().any(|p| p == profile)
    }
}
