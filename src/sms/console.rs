//! The gateway that writes messages to the log, for development.

use super::{SmsFuture, SmsGateway, SmsMessage, SmsSendError};

pub struct ConsoleGateway;

impl SmsGateway for ConsoleGateway {
    fn send<'a>(&'a self, message: &'a SmsMessage) -> SmsFuture<'a, Result<Option<String>, SmsSendError>> {
        tracing::info!(to = %message.to, text = %message.text, "SMS");
        Box::pin(async { Ok(None) })
    }

    fn is_idempotent(&self) -> bool {
        true
    }

    fn check_reachable(&self) -> SmsFuture<'_, Result<String, String>> {
        Box::pin(async { Ok("messages go to the log".to_owned()) })
    }
}
