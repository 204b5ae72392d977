//! The SMS gateway: takes a number in E.164 and a text, or says why not.
//!
//! Knows nothing of codes. Numbers and texts are never logged; `console` is for a loopback issuer only
//! and says so in the configuration.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::config::Sms;

/// One message. `id` makes sending twice the same as sending once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub id: String,
    pub to: String,
    pub text: String,
}

#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Worth another try.
    #[error("gateway: {0}")]
    Later(String),
    /// The gateway will never take it.
    #[error("gateway refused with status {0}")]
    Never(u16),
}

/// Where messages go.
pub enum Gateway {
    /// To the log, for a developer at the keyboard.
    Console,
    Http {
        client: reqwest::Client,
        url: String,
        authorization: Option<SecretString>,
    },
    /// Kept for a test to read.
    Kept(Mutex<Vec<Message>>),
}

impl Gateway {
    pub fn from_config(config: &Sms) -> Result<Self, reqwest::Error> {
        match &config.http {
            Some(http) if config.gateway == "http" => Ok(Gateway::Http {
                client: reqwest::Client::builder()
                    .timeout(Duration::from_secs(10))
                    .connect_timeout(Duration::from_secs(5))
                    .redirect(reqwest::redirect::Policy::none())
                    .build()?,
                url: http.url.clone(),
                authorization: http.authorization.clone(),
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

    /// Hands a message over.
    ///
    /// # Errors
    /// The gateway did not take it: time-out, 5xx or 429 are for later, other statuses for ever.
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
            Gateway::Http { client, url, authorization } => {
                let mut request = client.post(url).json(message);
                if let Some(value) = authorization {
                    request = request.header("authorization", value.expose_secret());
                }
                // The error of reqwest names the url only, never the body.
                let answer = request.send().await.map_err(|e| SendError::Later(e.to_string()))?;
                match answer.status() {
                    s if s.is_success() => Ok(()),
                    s if s.is_server_error() || s.as_u16() == 429 => Err(SendError::Later(s.to_string())),
                    s => Err(SendError::Never(s.as_u16())),
                }
            }
        }
    }
}
