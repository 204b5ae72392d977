//! `[limits]`: how much may come from one place.
//!
//! What protects one person (passwords, codes, birth dates) is no configuration: `limits/mod.rs` has those figures.

use serde::{Deserialize, Serialize};

use super::ConfigError;
use crate::base::source::Network;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Wrong sign-ins on distinct identifiants, an hour, from one source (an IPv4 address, an IPv6 /64): a household
    /// never has so many, and stolen passwords tried from one machine find next to nobody.
    pub wrong_sign_ins: u32,
    /// Activations and recoveries, an hour, from one source, whose SMS code was never typed: each may cost an SMS.
    pub activations: u32,
    /// The same from one browser: whoever helps a class of parents at one computer has right codes.
    pub activations_of_browser: u32,
    /// What each account adds that signed in or activated from a source within 30 days: a school's address on the
    /// evening of its parents earns what it needs by itself.
    pub earned_by_account: u32,
    /// What accounts can add at most.
    pub earned_most: u32,
    /// Addresses and networks that many share, such as a school's or a mobile carrier's. They begin at `shared`.
    pub shared_sources: Vec<Network>,
    /// What shared sources begin with.
    pub shared: u32,
    /// A /24 or /48 may have so many times what a source may: its owner can change addresses within it.
    pub wider: u32,
    /// All together may have so many times what a source may; it earns with every account that is active.
    pub in_all: u32,
    /// One password that was wrong on more identifiants than that, from one source and within an hour, is refused from
    /// there: nobody mistypes the same password for so many people.
    pub spray_of_source: u32,
    /// And on more than that from everywhere: refused everywhere, but for known devices.
    pub spray_in_all: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wrong_sign_ins: 60,
            activations: 60,
            activations_of_browser: 20,
            earned_by_account: 20,
            earned_most: 4_000,
            shared_sources: Vec::new(),
            shared: 4_000,
            wider: 8,
            in_all: 100,
            spray_of_source: 15,
            spray_in_all: 150,
        }
    }
}

impl Limits {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let figures = [
            ("wrong_sign_ins", self.wrong_sign_ins),
            ("activations", self.activations),
            ("activations_of_browser", self.activations_of_browser),
            ("shared", self.shared),
            ("wider", self.wider),
            ("in_all", self.in_all),
            ("spray_of_source", self.spray_of_source),
            ("spray_in_all", self.spray_in_all),
        ];
        match figures.iter().find(|(_, figure)| *figure == 0) {
            Some((name, _)) => Err(ConfigError::Rule(format!("limits.{name} is 0: nobody could do anything"))),
            None => Ok(()),
        }
    }
}
