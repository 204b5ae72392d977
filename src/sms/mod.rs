//! The SMS gateway: takes a number in E.164 and a text, or says why not.
//!
//! Knows nothing of codes. Numbers and texts are never logged; `console` is for a loopback issuer only
//! and says so in the configuration.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::config::{Outgoing, Sms};
use crate::http::outgoing::OwnWays;

/// How long the gateway may take to answer; half of it to connect.
const PATIENCE: Duration = Duration::from_secs(10);

/// One message. `id` makes sending twice the same as sending once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub id: String,
    pub to: String,
    pub text: String,
}

/// Why a message was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// It concerns this deployment (its account, its contract, the way to the gateway), not the number: the same message
    /// is taken once that is mended. `unsure`: there was no answer, so it may have been taken.
    #[error("{why}")]
    Deployment { why: String, unsure: bool },
    /// The gateway will never take this number.
    #[error("the gateway refuses the number: it answers {0}")]
    Number(u16),
}

/// Where messages go.
pub enum Gateway {
    /// To the log, for a developer at the keyboard.
    Console,
    Http {
        ways: Box<OwnWays>,
        url: String,
        authorization: Option<SecretString>,
        /// Statuses that speak of the number.
        number_refused: Vec<u16>,
    },
    /// Kept for a test to read.
    Kept(Mutex<Vec<Message>>),
}

impl Gateway {
    /// # Errors
    /// The extra authority cannot be read, or the proxy is none.
    pub fn from_config(config: &Sms, outgoing: &Outgoing) -> anyhow::Result<Self> {
        match &config.http {
            Some(http) if config.gateway == "http" => Ok(Gateway::Http {
                ways: Box::new(OwnWays::new(outgoing, PATIENCE)?),
                url: http.url.clone(),
                authorization: http.authorization.clone(),
                number_refused: http.number_refused.clone(),
            }),
            _ => Ok(Gateway::Console),
        }
    }

    pub fn kept() -> Self {
        Gateway::Kept(Mutex::default())
    }

    /// Messages that a [`Gateway::Kept`] was given.
    pub fn messages(&self) -> Vec<Message> {
        match self {
            Gateway::Kept(list) => list.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            _ => Vec::new(),
        }
    }

    /// Those of them to one number.
    pub fn messages_to(&self, to: &str) -> Vec<Message> {
        match self {
            Gateway::Kept(list) => {
                let list = list.lock().unwrap_or_else(PoisonError::into_inner);
                list.iter().filter(|m| m.to == to).cloned().collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether the gateway answers, whatever it says: nothing is sent.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn reach(&self) -> Result<String, String> {
        match self {
            Gateway::Console => Ok("messages go to the log".to_owned()),
            Gateway::Kept(_) => Ok("messages are kept".to_owned()),
            Gateway::Http { ways, url, .. } => ways
                .to(url)
                .await
                .head(url)
                .send()
                .await
                .map(|answer| format!("answers ({})", answer.status()))
                .map_err(no_answer),
        }
    }

    /// Hands a message over.
    ///
    /// # Errors
    /// The gateway did not take it.
    pub async fn send(&self, message: &Message) -> Result<(), SendError> {
        match self {
            Gateway::Console => {
                tracing::info!(to = %message.to, text = %message.text, "SMS");
                Ok(())
            }
            Gateway::Kept(list) => {
                let mut list = list.lock().unwrap_or_else(PoisonError::into_inner);
                if !list.iter().any(|m| m.id == message.id) {
                    list.push(message.clone());
                }
                Ok(())
            }
            Gateway::Http { ways, url, authorization, number_refused } => {
                let mut request = ways.to(url).await.post(url).json(message);
                if let Some(value) = authorization {
                    request = request.header("authorization", value.expose_secret());
                }
                let answer = request.send().await.map_err(|error| SendError::Deployment {
                    // A connection that was never made carried nothing.
                    unsure: !error.is_connect() && !error.is_builder(),
                    why: no_answer(error),
                })?;
                match answer.status() {
                    s if s.is_success() => Ok(()),
                    s if number_refused.contains(&s.as_u16()) => Err(SendError::Number(s.as_u16())),
                    s => Err(SendError::Deployment { why: format!("the gateway answers {s}"), unsure: false }),
                }
            }
        }
    }
}

/// Every cause in its words, so that a certificate that is refused does not read as a gateway that is away. Without the
/// url, which may hold a key.
fn no_answer(error: reqwest::Error) -> String {
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
