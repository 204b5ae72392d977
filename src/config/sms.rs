//! `[sms]`: the gateway that carries the codes.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::{Deserialize, Serialize, Serializer};

use super::ConfigError;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sms {
    /// `console` writes messages to the log (loopback issuers only); `http` posts them.
    pub gateway: String,
    /// Messages a day that the deployment pays for; beyond it none is sent until the next day.
    pub daily_cap: u32,
    /// Minutes between two alarms in the log while messages cannot leave: often enough for whoever watches, seldom
    /// enough for whoever mends it.
    pub alarm_minutes: u32,
    pub http: Option<HttpGateway>,
}

/// `POST` of JSON `{"id","to","text"}`; `to` in E.164; 2xx means taken; the same `id` is the same message.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct HttpGateway {
    pub url: String,
    /// Value of the `Authorization` header, if the gateway wants one.
    #[serde(default, serialize_with = "hidden")]
    pub authorization: Option<SecretString>,
    #[serde(default)]
    pub authorization_file: Option<PathBuf>,
    /// The statuses by which the gateway says that it will never reach this number. Any other that is not 2xx concerns
    /// the deployment: the message is kept and tried again.
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
        let rule = |text: &str| Err(ConfigError::Rule(text.to_owned()));
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
