//! The perimeter of a client: the end users whose data the client may receive.

use serde::{Deserialize, Serialize};

use crate::base::profile::Profile;

/// The union of academies, ministries and schools whose data a client may receive, narrowed by profiles.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Perimeter {
    pub academies: Vec<String>,
    pub ministries: Vec<String>,
    pub schools: Vec<String>,
    /// The profiles; empty means parents and pupils.
    pub profiles: Vec<Profile>,
    /// True if parents and pupils may come in whom an academy's provider vouches for, and no roster.
    #[serde(default)]
    pub upstream_families: bool,
}

impl Perimeter {
    pub fn covers(&self, uai: &str, academy: &str, ministry: &str) -> bool {
        let has = |list: &[String], value: &str| list.iter().any(|v| v == value);
        has(&self.academies, academy) || has(&self.ministries, ministry) || has(&self.schools, uai)
    }

    /// True for a profile whose people may sign in. Whoever works at a school is let in only where the client's file says so.
    pub fn includes_profile(&self, profile: Profile) -> bool {
        if self.profiles.is_empty() { profile.is_family() } else { self.profiles.contains(&profile) }
    }

    /// True for an account that an upstream made, whose profile may sign in. That a parent is one is the academy's word
    /// alone, so the client's file must say that it suffices.
    pub fn includes_federated_profile(&self, profile: Profile) -> bool {
        self.includes_profile(profile) && (self.upstream_families || !profile.is_family())
    }

    /// True if the perimeter names academies, ministries or schools.
    pub fn is_about_schools(&self) -> bool {
        !(self.academies.is_empty() && self.ministries.is_empty() && self.schools.is_empty())
    }

    /// True if the perimeter names an academy or a ministry as a whole.
    pub fn covers_realm(&self, academy: Option<&str>, ministry: Option<&str>) -> bool {
        let has = |list: &[String], value: Option<&str>| value.is_some_and(|value| list.iter().any(|v| v == value));
        has(&self.academies, academy) || has(&self.ministries, ministry)
    }
}
