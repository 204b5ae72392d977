//! The gateway that hands mails to an SMTP server (RFC 5321).

use std::time::Duration;

use anyhow::Context as _;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::ExposeSecret;

use super::smtp_reply::{ReplyMeaning, meaning_of};
use super::{MailFuture, MailGateway, MailMessage, MailSendError};
use crate::config::SmtpConfig;

/// The time-out of the connection.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(20);
/// The time-out of the whole dialogue, which lettre does not bound: shorter than the minute for which a job is claimed.
const DIALOGUE_TIMEOUT: Duration = Duration::from_secs(50);

pub struct SmtpGateway {
    from: Mailbox,
    transport: AsyncSmtpTransport<Tokio1Executor>,
    dialogue_timeout: Duration,
}

impl SmtpGateway {
    pub fn new(from: &str, config: &SmtpConfig) -> anyhow::Result<Self> {
        let from: Mailbox = from.parse().context("mail.from is no address")?;
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(&config.url)
            .context("mail.smtp.url")?
            .timeout(Some(CONNECTION_TIMEOUT));
        if let (Some(user), Some(password)) = (&config.user, &config.password) {
            builder = builder.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()));
        }
        Ok(Self { from, transport: builder.build(), dialogue_timeout: DIALOGUE_TIMEOUT })
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
        match tokio::time::timeout(self.dialogue_timeout, self.transport.send(composed)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(send_error(&error, &message.to)),
            Err(_) => {
                let why = "the mail server does not answer in time".to_owned();
                Err(MailSendError::Unreachable { why, uncertain: true })
            }
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

/// Returns the meaning of an error for the mail to an address, and for the others.
fn send_error(error: &lettre::transport::smtp::Error, to: &str) -> MailSendError {
    let why = status(error);
    let Some(code) = error.status() else {
        // What is asked of the server before a mail: a way to sign in, or addresses in other scripts.
        if error.is_client() && !to.is_ascii() {
            return if error.to_string().contains("SMTPUTF8") {
                MailSendError::Rejected("the mail server takes no address in other scripts".to_owned())
            } else {
                MailSendError::Refused(why)
            };
        }
        return MailSendError::Unreachable { why, uncertain: !is_before_mail(error) };
    };
    let text = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    match meaning_of(u16::from(code), &text) {
        ReplyMeaning::ServerUnavailable => MailSendError::Unavailable(why),
        ReplyMeaning::Unclear => MailSendError::Refused(why),
        ReplyMeaning::RecipientLater => MailSendError::RecipientBusy(why),
        ReplyMeaning::NoSuchRecipient => MailSendError::Rejected(why),
    }
}

/// True if nothing of a mail was sent. lettre tells a failed connection from a broken one by its first words only; if
/// they are others one day, a mail counts as one that may have been taken.
fn is_before_mail(error: &lettre::transport::smtp::Error) -> bool {
    error.is_client() || error.to_string().starts_with("Connection error")
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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    async fn send_to(port: u16, to: &str, dialogue_timeout: Duration) -> Result<(), MailSendError> {
        let url = format!("smtp://127.0.0.1:{port}");
        let config = SmtpConfig { url, user: None, password: None, password_file: None };
        let gateway = SmtpGateway::new("ne-pas-repondre@id.example", &config).unwrap();
        let gateway = SmtpGateway { dialogue_timeout, ..gateway };
        let [id, to, subject, text] = ["id", to, "subject", "text"].map(str::to_owned);
        gateway.deliver(&MailMessage { id, to, subject, text }).await
    }

    #[tokio::test]
    async fn a_mail_counts_as_never_taken_only_where_there_was_no_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let soon = Duration::from_millis(200);
        // Connected by the system, and never answered.
        let hangs = send_to(port, "anne@exemple.invalid", soon).await.unwrap_err();
        assert!(matches!(hangs, MailSendError::Unreachable { uncertain: true, .. }), "{hangs}");
        drop(listener);
        let away = send_to(port, "anne@exemple.invalid", soon).await.unwrap_err();
        assert!(matches!(away, MailSendError::Unreachable { uncertain: false, .. }), "{away}");
    }

    /// Whoever types such an address three times would have all other mails wait.
    #[tokio::test]
    async fn attack_d1_an_address_in_another_script_is_refused_for_itself() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            socket.write_all(b"220 mail.example\r\n").await.unwrap();
            let mut told = Vec::new();
            socket.read_buf(&mut told).await.unwrap();
            socket.write_all(b"250 mail.example\r\n").await.unwrap();
            socket.read_buf(&mut told).await.unwrap_or_default();
            String::from_utf8(told).unwrap()
        });
        let refused = send_to(port, "anne@\u{e9}cole.example", DIALOGUE_TIMEOUT).await.unwrap_err();
        assert!(matches!(refused, MailSendError::Rejected(_)), "{refused:?}");
        let told = served.await.unwrap();
        assert!(told.starts_with("EHLO") && !told.contains("MAIL"), "{told}");
    }
}
