//! The SMS gateway: accepts a number in E.164 and a text, or returns the reason for a refusal.
//!
//! The gateway does not know about codes. Numbers and texts are never logged; `console` is allowed for a loopback
//! issuer only, as stated in the configuration.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::config::{Outgoing, Sms};
use crate::http::outgoing::ConfiguredClient;

/// The timeout of a call to the gateway; half of it for connecting.
const GATEWAY_TIMEOUT: Duration = Duration::from_secs(10);

/// An SMS. `id` is the idempotency key: sending twice has the same effect as sending once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmsMessage {
    pub id: String,
    pub to: String,
    pub text: String,
}

/// The reason for a failed delivery.
#[derive(Debug, thiserror::Error)]
pub enum SmsSendError {
    /// A failure of the deployment (its account, its contract, the connection to the gateway), not of the number: the
    /// gateway accepts the same message after a repair. `uncertain` is true if no response was received, so the message
    /// may have been sent.
    #[error("{why}")]
    Deployment { why: String, uncertain: bool },
    /// A permanent refusal of the number by the gateway.
    #[error("the gateway refuses the number: it answers {0}")]
    NumberRejected(u16),
}

/// The destination of messages.
pub enum SmsGateway {
    /// Writes messages to the log, for development.
    Console,
    Http {
        client: Box<ConfiguredClient>,
        url: String,
        authorization: Option<SecretString>,
        /// The status codes meaning that the number is refused.
        number_refused: Vec<u16>,
    },
    /// Records messages for tests.
    Recording(Mutex<Vec<SmsMessage>>),
}

impl SmsGateway {
    /// Creates the configured gateway.
    ///
    /// # Errors
    /// The additional certificate authority cannot be read, or the proxy is invalid.
    pub fn from_config(config: &Sms, outgoing: &Outgoing) -> anyhow::Result<Self> {
        match &config.http {
            Some(http) if config.gateway == "http" => Ok(SmsGateway::Http {
                client: Box::new(ConfiguredClient::new(outgoing, GATEWAY_TIMEOUT)?),
                url: http.url.clone(),
                authorization: http.authorization.clone(),
                number_refused: http.number_refused.clone(),
            }),
            _ => Ok(SmsGateway::Console),
        }
    }

    pub fn recording() -> Self {
        SmsGateway::Recording(Mutex::default())
    }

    /// Returns the messages recorded by [`SmsGateway::Recording`].
    pub fn messages(&self) -> Vec<SmsMessage> {
        match self {
            SmsGateway::Recording(list) => list.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            _ => Vec::new(),
        }
    }

    /// Returns the recorded messages to one number.
    pub fn messages_to(&self, to: &str) -> Vec<SmsMessage> {
        match self {
            SmsGateway::Recording(list) => {
                let list = list.lock().unwrap_or_else(PoisonError::into_inner);
                list.iter().filter(|m| m.to == to).cloned().collect()
            }
            _ => Vec::new(),
        }
    }

    /// Checks that the gateway responds, with any status; sends no message.
    ///
    /// # Errors
    /// The reason for the failed connection.
    pub async fn check_reachable(&self) -> Result<String, String> {
        match self {
            SmsGateway::Console => Ok("messages go to the log".to_owned()),
            SmsGateway::Recording(_) => Ok("messages are kept".to_owned()),
            SmsGateway::Http { client: ways, url, .. } => ways
                .client_for(url)
                .await
                .head(url)
                .send()
                .await
                .map(|answer| format!("answers ({})", answer.status()))
                .map_err(transport_error),
        }
    }

    /// Sends a message.
    ///
    /// # Errors
    /// The gateway did not accept the message.
    pub async fn send(&self, message: &SmsMessage) -> Result<(), SmsSendError> {
        match self {
            SmsGateway::Console => {
                tracing::info!(to = %message.to, text = %message.text, "SMS");
                Ok(())
            }
            SmsGateway::Recording(list) => {
                let mut list = list.lock().unwrap_or_else(PoisonError::into_inner);
                if !list.iter().any(|m| m.id == message.id) {
                    list.push(message.clone());
                }
                Ok(())
            }
            SmsGateway::Http { client: ways, url, authorization, number_refused } => {
                let mut request = ways.client_for(url).await.post(url).json(message);
                if let Some(value) = authorization {
                    request = request.header("authorization", value.expose_secret());
                }
                let answer = request.send().await.map_err(|error| SmsSendError::Deployment {
                    // Without a connection nothing was sent.
                    uncertain: !error.is_connect() && !error.is_builder(),
                    why: transport_error(error),
                })?;
                match answer.status() {
                    s if s.is_success() => Ok(()),
                    s if number_refused.contains(&s.as_u16()) => Err(SmsSendError::NumberRejected(s.as_u16())),
                    s => Err(SmsSendError::Deployment { why: format!("the gateway answers {s}"), uncertain: false }),
                }
            }
        }
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
