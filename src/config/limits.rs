//! `[limits]`: rate limits by source address.
//!
//! The limits that protect one person (passwords, codes, birth dates) are not configurable and are in `limits/mod.rs`.

use serde::{Deserialize, Serialize};

use super::ConfigError;
use crate::base::source::Network;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Failed sign-ins with distinct identifiants, per hour and source (an IPv4 address or an IPv6 /64). A household
    /// stays far below, and stolen credentials tried from one machine match almost no account.
    pub wrong_sign_ins: u32,
    /// Activations and recoveries, per hour and source, without a correct SMS code. Each one may cost an SMS.
    pub activations: u32,
    /// The same limit per browser. School staff helping many parents on one computer enter correct codes, which do not
    /// count.
    pub activations_of_browser: u32,
    /// The increase of a source's limit for each account that signed in or was activated from the source within 30
    /// days, so that a school's address on the evening of a parents' meeting gets the limit needed without
    /// configuration.
    pub earned_by_account: u32,
    /// The maximum increase by accounts.
    pub earned_most: u32,
    /// Addresses and networks shared by many people, such as those of a school or a mobile carrier. Their base limit is
    /// `shared`.
    pub shared_sources: Vec<Network>,
    /// The base limit of shared sources.
    pub shared: u32,
    /// The factor of the limit of a /24 or /48 network, whose owner can change addresses within the network.
    pub wider: u32,
    /// The factor of the limit of all sources together, which also increases with every active account.
    pub in_all: u32,
    /// The number of identifiants beyond which one wrong password, used from one source within an hour, is rejected for
    /// that source: nobody mistypes the same password for so many people.
    pub spray_of_source: u32,
    /// The number of identifiants beyond which one wrong password is rejected from every source, except on known
    /// devices.
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
            Some((name, _)) => Err(ConfigError::Invalid(format!("limits.{name} is 0: nobody could do anything"))),
            None if self.earned_most > 0 && self.earned_by_account > self.earned_most => Err(ConfigError::Invalid(
                "limits.earned_by_account is above limits.earned_most: no account would raise a limit".to_owned(),
            )),
            None => Ok(()),
        }
    }
}
