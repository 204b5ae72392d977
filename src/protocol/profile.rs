//! Security profiles: sets of requirements beyond OpenID Connect, selected in a client's registration by a single
//! value.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum SecurityProfile {
    /// OpenID Connect and OAuth 2.0 without further requirements.
    #[default]
    Plain,
    /// FAPI 2.0 Security Profile; also FAPI 2.0 Message Signing for requests if signed request objects are required.
    Fapi2,
}

impl SecurityProfile {
    pub fn name(self) -> &'static str {
        self.into()
    }
}
