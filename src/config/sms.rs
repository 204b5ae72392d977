//! `[sms]`: the gateway that sends the codes.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::{Deserialize, Serialize, Serializer};

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
    Http(HttpGatewayConfig),
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
    http: Option<HttpGatewayConfig>,
}

/// An SMS gateway called by `POST` with the JSON `{"id","to","text"}`; `to` is in E.164 format; 2xx means accepted; a
/// repeated `id` is the same message.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct HttpGatewayConfig {
    pub url: String,
    /// The value of the `Authorization` header, if required by the gateway.
    #[serde(default, serialize_with = "hidden")]
    pub authorization: Option<SecretString>,
    #[serde(default)]
    pub authorization_file: Option<PathBuf>,
    /// The statuses by which the gateway reports that a number is permanently unreachable. Every other status except
    /// 2xx concerns the deployment: the message is kept and retried.
    #[serde(default = "number_refused")]
    pub number_refused: Vec<u16>,
}

fn number_refused() -> Vec<u16> {
    vec![400, 422]
}

fn hidden<S: Serializer>(_: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_none()
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
        if let Some(http) = &keys.http {
            http.check_statuses()?;
        }
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

impl HttpGatewayConfig {
    fn check_statuses(&self) -> Result<(), String> {
        let known = |status: &u16| (400..500).contains(status) && ![401, 403, 404, 405, 407, 408, 429].contains(status);
        if self.number_refused.iter().all(known) {
            return Ok(());
        }
        let rule = "4xx only, and none of 401, 403, 404, 405, 407, 408, 429, which speak of us";
        Err(format!("sms.http.number_refused: {rule}"))
    }

    /// Reads the secret from its file, and verifies the address.
    fn check(&mut self, loopback: bool) -> Result<(), ConfigError> {
        if let Some(path) = &self.authorization_file {
            if self.authorization.is_some() {
                return invalid("sms.http has authorization and authorization_file: keep one");
            }
            self.authorization = Some(super::read_secret(path)?.into());
        }
        match url::Url::parse(&self.url) {
            Ok(url) if url.scheme() == "https" || (url.scheme() == "http" && loopback) => Ok(()),
            _ => invalid("sms.http.url is https (http for a loopback issuer only)"),
        }
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
