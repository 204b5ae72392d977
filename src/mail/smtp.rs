//! The gateway that hands mails to an SMTP server (RFC 5321).

use std::time::Duration;

use anyhow::Context as _;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::ExposeSecret;

use super::{MailFuture, MailGateway, MailMessage, MailSendError};
use crate::config::SmtpConfig;

/// The time-out of each command of the dialogue.
const SMTP_TIMEOUT: Duration = Duration::from_secs(20);

pub struct SmtpGateway {
    from: Mailbox,
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

impl SmtpGateway {
    pub fn new(from: &str, config: &SmtpConfig) -> anyhow::Result<Self> {
        let from: Mailbox = from.parse().context("mail.from is no address")?;
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(&config.url)
            .context("mail.smtp.url")?
            .timeout(Some(SMTP_TIMEOUT));
        if let (Some(user), Some(password)) = (&config.user, &config.password) {
            builder = builder.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()));
        }
        Ok(Self { from, transport: builder.build() })
    }

    fn compose(&self, message: &MailMessage) -> anyhow::Result<Message> {
        let domain = self.from.email.domain();
        Ok(Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, message.to.parse()?))
            .subject(&message.subject)
            // Nobody's vacation notice answers one (RFC 3834 5): all of them are automatic.
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()))
            .message_id(Some(format!("<{}@{domain}>", message.id)))
            .singlepart(SinglePart::plain(message.text.clone()))?)
    }

    async fn deliver(&self, message: &MailMessage) -> Result<(), MailSendError> {
        let composed = self.compose(message).map_err(|e| MailSendError::Rejected(e.to_string()))?;
        match self.transport.send(composed).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => Err(MailSendError::Rejected(status(&error))),
            Err(error) => Err(MailSendError::Unavailable(status(&error))),
        }
    }

    async fn connect(&self) -> Result<String, String> {
        match self.transport.test_connection().await {
            Ok(true) => Ok("answers".to_owned()),
            Ok(false) => Err("the mail server does not answer NOOP".to_owned()),
            Err(error) => Err(status(&error)),
        }
    }
}

impl MailGateway for SmtpGateway {
    fn send<'a>(&'a self, message: &'a MailMessage) -> MailFuture<'a, Result<(), MailSendError>> {
        Box::pin(self.deliver(message))
    }

    fn check_reachable(&self) -> MailFuture<'_, Result<String, String>> {
        Box::pin(self.connect())
    }
}

/// Describes an error by its status. A server's text may repeat the address, so the text of an answer is left out.
fn status(error: &lettre::transport::smtp::Error) -> String {
    match error.status() {
        Some(code) => format!("it answers {code}"),
        None if error.is_timeout() => "the mail server does not answer in time".to_owned(),
        None => {
            let mut words = "the mail server is not reached".to_owned();
            let mut cause = std::error::Error::source(error);
            while let Some(inner) = cause {
                words = format!("{words}: {inner}");
                cause = inner.source();
            }
            words
        }
    }
}
