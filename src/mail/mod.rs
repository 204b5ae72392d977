//! The mail gateway: accepts an address, a subject and a text, or returns the reason for a refusal.
//!
//! Mails to families are plain text without links or buttons: a person cannot tell a link of ours from a thief's. The
//! invitation of an administrator has one, which serves once and is good for nothing without a proof of its own. Addresses and
//! texts are never logged; `console` is allowed for a loopback issuer only. Without a `[mail]` section no mail is sent,
//! and no page offers one.

mod console;
mod smtp;
mod smtp_reply;

use std::pin::Pin;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::config::{Mail, MailGatewayConfig};

/// A mail. `id` makes the Message-ID, so that a mail sent twice after a crash is the same to the recipient's server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailMessage {
    pub id: String,
    pub to: String,
    pub subject: String,
    pub text: String,
}

/// The reason for a failed delivery.
#[derive(Debug, thiserror::Error)]
pub enum MailSendError {
    /// The mail server gave no answer: no connection, no encryption, or silence. `uncertain` is true if the mail may
    /// have been taken all the same.
    #[error("{why}")]
    Unreachable { why: String, uncertain: bool },
    /// The mail server takes nothing for now, or nothing from this deployment: the same mail is accepted later.
    #[error("{0}")]
    Unavailable(String),
    /// A permanent refusal that does not say that it is of the recipient: it may be of this mail, or of every one.
    #[error("the mail server refuses: {0}")]
    Refused(String),
    /// The recipient's mailbox takes the same mail later.
    #[error("the mailbox takes it later: {0}")]
    RecipientBusy(String),
    /// A permanent refusal of the recipient's address.
    #[error("the mail server refuses the address: {0}")]
    Rejected(String),
}

/// The future returned by a gateway's methods, boxed because the gateway is chosen at the start of the program.
pub type MailFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A destination of mails.
pub trait MailGateway: Send + Sync {
    /// Sends a mail.
    ///
    /// # Errors
    /// The gateway did not accept the mail.
    fn send<'a>(&'a self, message: &'a MailMessage) -> MailFuture<'a, Result<(), MailSendError>>;

    /// Checks that the gateway responds and returns a line for operators; sends no mail.
    ///
    /// # Errors
    /// The reason for the failed connection.
    fn check_reachable(&self) -> MailFuture<'_, Result<String, String>>;
}

/// Creates the configured gateway; `None` if no mail is sent.
///
/// # Errors
/// The sender's address or the server's URL is invalid.
pub fn open_gateway(config: &Mail) -> anyhow::Result<Option<Arc<dyn MailGateway>>> {
    Ok(match &config.gateway {
        MailGatewayConfig::Absent => None,
        MailGatewayConfig::Console => Some(Arc::new(console::ConsoleMailGateway)),
        MailGatewayConfig::Smtp(smtp) => Some(Arc::new(smtp::SmtpGateway::new(&config.from, smtp)?)),
    })
}

/// Returns the address in the form in which it is stored and compared; `None` if no mail can be sent to the text. A line
/// end or a second address never passes (docs/threats.md#attack-a8).
pub fn parse_address(typed: &str) -> Option<String> {
    let typed = typed.trim();
    if typed.len() > MAX_ADDRESS_BYTES || typed.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return None;
    }
    let address: lettre::Address = typed.parse().ok()?;
    // A host without a dot is a machine of somebody's own network.
    address.domain().contains('.').then(|| format!("{}@{}", address.user(), address.domain().to_lowercase()))
}

/// The maximum length of an address (RFC 5321 4.5.3.1.3), in bytes.
const MAX_ADDRESS_BYTES: usize = 254;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_a8_an_address_is_one_address_on_one_line() {
        for (typed, kept) in [
            (" Fatou.Ndiaye+ecole@Example.ORG ", Some("Fatou.Ndiaye+ecole@example.org")),
            ("fatou@école.example.fr", Some("fatou@école.example.fr")),
            ("fatou", None),
            ("fatou@localhost", None),
            ("fatou@example.org\r\nBcc: x@example.org", None),
            ("fatou@example.org,x@example.org", None),
            ("Fatou <fatou@example.org>", None),
            ("fatou@@example.org", None),
            ("", None),
        ] {
            assert_eq!(parse_address(typed).as_deref(), kept, "{typed:?}");
        }
        assert_eq!(parse_address(&format!("{}@example.org", "a".repeat(250))), None);
    }
}
