//! The SMS gateway: accepts a number in E.164 and a text, or returns the reason for a refusal.
//!
//! A gateway does not know about codes. Numbers and texts are never logged; `console` is allowed for a loopback issuer
//! only, as stated in the configuration.

mod console;
mod default_alphabet;
mod gateways;
mod http;
mod message_id;
mod receipt_call;
mod smpp;

pub use default_alphabet::{count_segments, to_default_alphabet};
pub use gateways::SmsGateways;
pub use message_id::{kept_form, possible_kept_forms};
pub use receipt_call::read_receipt_calls;

use std::pin::Pin;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::base::clock::Span;
use crate::config::{Outgoing, SmsGatewayConfig};

/// An SMS. `id` is the idempotency key: sending twice has the same effect as sending once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmsMessage {
    pub id: String,
    pub to: String,
    pub text: String,
    /// The time for which it is worth delivering: no part of the JSON that a gateway by HTTP takes by default.
    #[serde(skip)]
    pub validity: Span,
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

    /// Says how this server's own connection to the gateway stands, for its page. A gateway without a lasting connection is
    /// asked as by [`SmsGateway::check_reachable`].
    ///
    /// # Errors
    /// There is no connection, and the reason.
    fn check_connection(&self) -> SmsFuture<'_, Result<String, String>> {
        self.check_reachable()
    }

    /// True if the gateway takes a repeated id for the same message. Where it does not, a message whose answer was lost
    /// may be delivered twice.
    fn is_idempotent(&self) -> bool;

    /// Waits for what the gateway says of a message later; for ever, if it says nothing.
    fn next_receipt(&self) -> SmsFuture<'_, UnconfirmedReceipt> {
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
    /// The gateway's own words for the state, for operators; never a number.
    pub words: String,
}

/// A receipt that the gateway repeats unless it is confirmed: whoever drops one has not kept it.
#[derive(Debug)]
pub struct UnconfirmedReceipt {
    pub receipt: SmsReceipt,
    confirmation: oneshot::Sender<()>,
}

impl UnconfirmedReceipt {
    /// Returns the receipt, and what hears of its confirmation.
    pub fn new(receipt: SmsReceipt) -> (Self, oneshot::Receiver<()>) {
        let (confirmation, confirmed) = oneshot::channel();
        (Self { receipt, confirmation }, confirmed)
    }

    /// Tells the gateway that the receipt is kept.
    pub fn confirm(self) {
        let _gone = self.confirmation.send(());
    }
}

/// The last state of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum ReceiptState {
    Delivered,
    /// The number is permanently unreachable: the school can correct it.
    Unreachable,
    /// The phone was not reached in time.
    Expired,
    /// The message did not arrive for a reason that does not speak of the number: a barred sender, a refusing operator.
    Failed,
    /// It is still on the way.
    Other,
}

impl ReceiptState {
    pub fn name(self) -> &'static str {
        self.into()
    }
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
