//! The roles of gateways.

/// The place of a gateway among those configured, and all of them in the order in which they are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum SmsGatewayRole {
    /// Carries the messages.
    Primary,
    /// Carries what the primary gateway does not take.
    Fallback,
    /// Calls a landline and speaks the text.
    Voice,
}

impl SmsGatewayRole {
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the section that names the gateway of this role.
    pub fn section(self) -> &'static str {
        match self {
            SmsGatewayRole::Primary => "sms",
            SmsGatewayRole::Fallback => "sms.fallback",
            SmsGatewayRole::Voice => "sms.voice",
        }
    }
}
