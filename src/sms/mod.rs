//! The SMS gateway: accepts a number in E.164 and a text, or returns the reason for a refusal.
//!
//! A gateway does not know about codes. Numbers and texts are never logged; `console` is allowed for a loopback issuer
//! only, as stated in the configuration.

mod console;
mod http;
mod smpp;

use std::pin::Pin;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::clock::Span;
use crate::config::{Config, Outgoing, SmsGatewayConfig};

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
    /// The gateway takes the same message later; the message was not taken now, and nothing has to be repaired.
    #[error("{why}")]
    Throttled { why: String },
    /// A permanent refusal of the number by the gateway.
    #[error("the gateway refuses the number: {why}")]
    NumberRejected { why: String },
}

/// The future returned by a gateway's methods, boxed because the gateway is chosen at the start of the program.
pub type SmsFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A destination of messages.
pub trait SmsGateway: Send + Sync {
    /// Sends a message. Returns the gateway's own id of it, if a receipt will name it.
    ///
    /// # Errors
    /// The gateway did not accept the message.
    fn send<'a>(&'a self, message: &'a SmsMessage) -> SmsFuture<'a, Result<Option<String>, SmsSendError>>;

    /// Checks that the gateway responds, with any answer, and returns a line for operators; sends no message.
    ///
    /// # Errors
    /// The reason for the failed connection.
    fn check_reachable(&self) -> SmsFuture<'_, Result<String, String>>;

    /// True if the gateway takes a repeated id for the same message. Where it does not, a message whose answer was lost
    /// may be delivered twice.
    fn is_idempotent(&self) -> bool {
        true
    }

    /// Waits for what the gateway says of a message later; for ever, if it says nothing.
    fn next_receipt(&self) -> SmsFuture<'_, SmsReceipt> {
        Box::pin(std::future::pending())
    }

    /// Ends what is connected to the gateway, because the process stops.
    fn close(&self) -> SmsFuture<'_, ()> {
        Box::pin(async {})
    }
}

/// A gateway's later word on a message: whether it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmsReceipt {
    /// The gateway's own id.
    pub message_id: String,
    pub state: ReceiptState,
}

/// The last state of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum ReceiptState {
    Delivered,
    /// The number is not reachable at all.
    Undeliverable,
    /// The phone was not reached in time.
    Expired,
    /// The operator refused it on the way.
    Rejected,
    Other,
}

impl ReceiptState {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The place of a gateway among those configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum SmsCarrier {
    /// The gateway of `[sms]`.
    Primary,
    /// The gateway of `[sms.fallback]`.
    Fallback,
    /// The interface of `[sms.voice]`, which calls a landline and speaks the text.
    Voice,
}

impl SmsCarrier {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The second gateway.
pub struct FallbackGateway {
    pub gateway: Arc<dyn SmsGateway>,
    /// The age from which a message that the first gateway refused is handed to this one.
    pub after: Span,
}

/// Creates the configured gateway.
///
/// # Errors
/// The additional certificate authority cannot be read, or the proxy is invalid.
pub fn open_gateway(config: &SmsGatewayConfig, outgoing: &Outgoing) -> anyhow::Result<Arc<dyn SmsGateway>> {
    Ok(match config {
        SmsGatewayConfig::Console => Arc::new(console::ConsoleGateway),
        SmsGatewayConfig::Http(config) => Arc::new(http::HttpGateway::new(config, outgoing)?),
        SmsGatewayConfig::Smpp(config) => Arc::new(smpp::SmppGateway::new(config, outgoing)?),
    })
}

/// Creates the interface that calls landlines, if one is configured; `given` replaces it in tests.
///
/// # Errors
/// As those of [`open_gateway`].
pub fn open_voice_gateway(
    config: &Config,
    given: Option<Arc<dyn SmsGateway>>,
) -> anyhow::Result<Option<Arc<dyn SmsGateway>>> {
    let Some(voice) = &config.sms.voice else { return Ok(None) };
    Ok(Some(match given {
        Some(gateway) => gateway,
        None => Arc::new(http::HttpGateway::new(voice, &config.outgoing)?),
    }))
}

/// Creates the first gateway and, if configured, the second one; `given` replaces them in tests.
///
/// # Errors
/// As those of [`open_gateway`].
pub fn open_gateways(
    config: &Config,
    given: [Option<Arc<dyn SmsGateway>>; 2],
) -> anyhow::Result<(Arc<dyn SmsGateway>, Option<FallbackGateway>)> {
    let open = |gateway: &SmsGatewayConfig, given: Option<Arc<dyn SmsGateway>>| match given {
        Some(gateway) => Ok(gateway),
        None => open_gateway(gateway, &config.outgoing),
    };
    let [first, second] = given;
    let fallback = match &config.sms.fallback {
        None => None,
        Some(fallback) => {
            let after = Span::seconds(fallback.after_seconds.into());
            Some(FallbackGateway { gateway: open(&fallback.gateway, second)?, after })
        }
    };
    Ok((open(&config.sms.gateway, first)?, fallback))
}
