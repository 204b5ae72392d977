//! The gateway that posts messages as JSON to an operator's address.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::{SmsFuture, SmsGateway, SmsMessage, SmsSendError};
use crate::config::{HttpGatewayConfig, Outgoing};
use crate::http::outgoing::ConfiguredClient;

/// The timeout of a call to the gateway; half of it for connecting.
const GATEWAY_TIMEOUT: Duration = Duration::from_secs(10);

pub struct HttpGateway {
    client: ConfiguredClient,
    url: String,
    authorization: Option<SecretString>,
    /// The status codes meaning that the number is refused.
    number_refused: Vec<u16>,
}

impl HttpGateway {
    pub fn new(config: &HttpGatewayConfig, outgoing: &Outgoing) -> anyhow::Result<Self> {
        Ok(Self {
            client: ConfiguredClient::new(outgoing, GATEWAY_TIMEOUT)?,
            url: config.url.clone(),
            authorization: config.authorization.clone(),
            number_refused: config.number_refused.clone(),
        })
    }

    async fn post(&self, message: &SmsMessage) -> Result<(), SmsSendError> {
        let mut request = self.client.client_for(&self.url).await.post(&self.url).json(message);
        if let Some(value) = &self.authorization {
            request = request.header("authorization", value.expose_secret());
        }
        let answer = request.send().await.map_err(|error| SmsSendError::Deployment {
            // Without a connection nothing was sent.
            uncertain: !error.is_connect() && !error.is_builder(),
            why: transport_error(error),
        })?;
        match answer.status() {
            s if s.is_success() => Ok(()),
            s if self.number_refused.contains(&s.as_u16()) => {
                Err(SmsSendError::NumberRejected { why: format!("it answers {}", s.as_u16()) })
            }
            s => Err(SmsSendError::Deployment { why: format!("the gateway answers {s}"), uncertain: false }),
        }
    }

    async fn head(&self) -> Result<String, String> {
        let answer = self.client.client_for(&self.url).await.head(&self.url).send().await;
        answer.map(|answer| format!("answers ({})", answer.status())).map_err(transport_error)
    }
}

impl SmsGateway for HttpGateway {
    fn send<'a>(&'a self, message: &'a SmsMessage) -> SmsFuture<'a, Result<(), SmsSendError>> {
        Box::pin(self.post(message))
    }

    fn check_reachable(&self) -> SmsFuture<'_, Result<String, String>> {
        Box::pin(self.head())
    }
}

/// Describes every cause of an error, so that a rejected certificate is not mistaken for an unreachable gateway. Omits
/// the URL, which may contain a key.
fn transport_error(error: reqwest::Error) -> String {
    let what = if error.is_timeout() { "the gateway does not answer in time" } else { "the gateway is not reached" };
    let error = error.without_url();
    let mut words = what.to_owned();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        words = format!("{words}: {inner}");
        cause = inner.source();
    }
    words
}
