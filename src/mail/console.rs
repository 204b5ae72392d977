//! The gateway that writes mails to the log, for development.

use super::{MailFuture, MailGateway, MailMessage, MailSendError};

pub struct ConsoleMailGateway;

impl MailGateway for ConsoleMailGateway {
    fn send<'a>(&'a self, message: &'a MailMessage) -> MailFuture<'a, Result<(), MailSendError>> {
        tracing::info!(to = %message.to, subject = %message.subject, text = %message.text, "mail");
        Box::pin(async { Ok(()) })
    }

    fn check_reachable(&self) -> MailFuture<'_, Result<String, String>> {
        Box::pin(async { Ok("mails go to the log".to_owned()) })
    }
}
