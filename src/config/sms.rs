//! `[sms]`: the gateway that sends the codes.

mod answer;
mod http;
mod template;

pub use answer::{ANSWER_RULE_KEYS, AnswerRule};
pub use http::{HTTP_GATEWAY_KEYS, HttpGatewayConfig, HttpGatewayTemplates};
pub use template::{MessageField, MessageFieldValues, MessageTemplate, TemplateSyntax};

use serde::{Deserialize, Serialize};

use super::{ConfigError, nearest_key};

/// The settings of SMS sending. Read and written as `SmsKeys`: serde's own tagged enums would no longer convert values
/// of the environment, where everything is text.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(try_from = "SmsKeys", into = "SmsKeys")]
pub struct Sms {
    pub gateway: SmsGatewayConfig,
    pub daily_cap: u32,
    pub alarm_minutes: u32,
}

/// The gateway that `gateway` names, with the section of its settings.
#[derive(Clone, Debug)]
pub enum SmsGatewayConfig {
    Console,
    Http(Box<HttpGatewayConfig>),
}

/// The names of gateways, as the key `gateway` has them.
const GATEWAYS: [&str; 2] = ["console", "http"];

/// The keys of the section.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
struct SmsKeys {
    /// `console` writes messages to the log (loopback issuers only); `http` posts messages to `[sms.http]`.
    gateway: String,
    /// The maximum number of messages per day, a limit on cost. Further messages are not sent until the next day.
    daily_cap: u32,
    /// The interval between two alarms in the log during an outage, in minutes: short enough to be noticed, long enough
    /// not to disturb the repair.
    alarm_minutes: u32,
    http: Option<Box<HttpGatewayConfig>>,
}

impl Default for SmsKeys {
    fn default() -> Self {
        Self { gateway: "console".into(), daily_cap: 20_000, alarm_minutes: 10, http: None }
    }
}

impl Default for Sms {
    fn default() -> Self {
        let SmsKeys { daily_cap, alarm_minutes, .. } = SmsKeys::default();
        Self { gateway: SmsGatewayConfig::Console, daily_cap, alarm_minutes }
    }
}

impl TryFrom<SmsKeys> for Sms {
    type Error = String;

    fn try_from(keys: SmsKeys) -> Result<Self, String> {
        let gateway = match keys.gateway.as_str() {
            "console" => SmsGatewayConfig::Console,
            "http" => {
                SmsGatewayConfig::Http(keys.http.ok_or("sms.gateway = \"http\" needs [sms.http] url".to_owned())?)
            }
            other => {
                let nearest = nearest_key(other, &GATEWAYS.map(str::to_owned).into());
                let hint = nearest.map(|name| format!("; did you mean \"{name}\"?")).unwrap_or_default();
                return Err(format!("sms.gateway is \"console\" or \"http\"{hint}"));
            }
        };
        Ok(Self { gateway, daily_cap: keys.daily_cap, alarm_minutes: keys.alarm_minutes })
    }
}

impl From<Sms> for SmsKeys {
    fn from(sms: Sms) -> Self {
        let (gateway, http) = match sms.gateway {
            SmsGatewayConfig::Console => ("console", None),
            SmsGatewayConfig::Http(http) => ("http", Some(http)),
        };
        Self { gateway: gateway.to_owned(), daily_cap: sms.daily_cap, alarm_minutes: sms.alarm_minutes, http }
    }
}

impl Sms {
    pub(super) fn check(&mut self, loopback: bool) -> Result<(), ConfigError> {
        if self.daily_cap == 0 {
            return invalid("sms.daily_cap is at least 1: nobody can activate an account without a message");
        }
        if !(1..=1440).contains(&self.alarm_minutes) {
            return invalid("sms.alarm_minutes is 1 to 1440");
        }
        match &mut self.gateway {
            SmsGatewayConfig::Console if loopback => Ok(()),
            SmsGatewayConfig::Console => {
                invalid("sms.gateway = \"console\" is for a loopback issuer only: set \"http\" and [sms.http]")
            }
            SmsGatewayConfig::Http(http) => http.check(loopback),
        }
    }
}

fn invalid(rule: &str) -> Result<(), ConfigError> {
    Err(ConfigError::Invalid(rule.to_owned()))
}

#[cfg(test)]
mod tests;
