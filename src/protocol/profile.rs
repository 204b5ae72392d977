//! Profiles: sets of demands on top of OpenID Connect that a client is registered for by one word.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// None: OpenID Connect and OAuth 2.0 as they are.
    #[default]
    Plain,
    /// FAPI 2.0 Security Profile; with signed requests demanded, FAPI 2.0 Message Signing for requests.
    Fapi2,
}

impl Profile {
    pub fn name(self) -> &'static str {
        match self {
            Profile::Plain => "plain",
            Profile::Fapi2 => "fapi2",
        }
    }
}
