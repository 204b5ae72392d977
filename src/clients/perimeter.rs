//! The perimeter of a client: the end users whose data the client may receive.

use serde::{Deserialize, Serialize};

use crate::base::profile::Profile;

/// The union of academies, ministries and schools whose data a client may receive, narrowed by profiles.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Perimeter {
    pub academies: Vec<String>,
    pub ministries: Vec<String>,
    pub schools: Vec<String>,
    /// The profiles; empty means every profile.
    pub profiles: Vec<Profile>,
}

impl Perimeter {
    pub fn covers(&self, uai: &str, academy: &str, ministry: &str) -> bool {
        let has = |list: &[String], value: &str| list.iter().any(|v| v == value);
        has(&self.academies, academy) || has(&self.ministries, ministry) || has(&self.schools, uai)
    }

    pub fn includes_profile(&self, profile: Profile) -> bool {
        self.profiles.is_empty() || self.profiles.contains(&profile)
    }
}
