//! `[sms]`: the gateway that sends the codes.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::{Deserialize, Serialize, Serializer};

use super::ConfigError;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sms {
    /// `console` writes messages to the log (loopback issuers only); `http` posts messages to `[sms.http]`.
    pub gateway: String,
    /// The maximum number of messages per day, a limit on cost. Further messages are not sent until the next day.
    pub daily_cap: u32,
    /// The interval between two alarms in the log during an outage, in minutes: short enough to be noticed, long enough
    /// not to disturb the repair.
    pub alarm_minutes: u32,
    pub http: Option<HttpGateway>,
}

/// An SMS gateway called by `POST` with the JSON `{"id","to","text"}`; `to` is in E.164 format; 2xx means accepted; a
/// repeated `id` is the same message.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct HttpGateway {
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

impl Default for Sms {
    fn default() -> Self {
        Self { gateway: "console".into(), daily_cap: 20_000, alarm_minutes: 10, http: None }
    }
}

impl Sms {
    pub(super) fn check(&mut self, loopback: bool) -> Result<(), ConfigError> {
        let rule = |text: &str| Err(ConfigError::Invalid(text.to_owned()));
        if self.daily_cap == 0 {
            return rule("sms.daily_cap is at least 1: nobody can activate an account without a message");
        }
        if !(1..=1440).contains(&self.alarm_minutes) {
            return rule("sms.alarm_minutes is 1 to 1440");
        }
        let known = |status: &u16| (400..500).contains(status) && ![401, 403, 404, 405, 407, 408, 429].contains(status);
        if self.http.as_ref().is_some_and(|http| !http.number_refused.iter().all(known)) {
            return rule(
                "sms.http.number_refused: 4xx only, and none of 401, 403, 404, 405, 407, 408, 429, which speak of us",
            );
        }
        match self.gateway.as_str() {
            "console" if loopback => Ok(()),
            "console" => rule("sms.gateway = \"console\" is for a loopback issuer only: set \"http\" and [sms.http]"),
            "http" => match &mut self.http {
                None => rule("sms.gateway = \"http\" needs [sms.http] url"),
                Some(http) => {
                    if let Some(path) = &http.authorization_file {
                        if http.authorization.is_some() {
                            return rule("sms.http has authorization and authorization_file: keep one");
                        }
                        http.authorization = Some(super::read_secret(path)?.into());
                    }
                    match url::Url::parse(&http.url) {
                        Ok(url) if url.scheme() == "https" || (url.scheme() == "http" && loopback) => Ok(()),
                        _ => rule("sms.http.url is https (http for a loopback issuer only)"),
                    }
                }
            },
            _ => rule("sms.gateway is \"console\" or \"http\""),
        }
    }
}
