//! Gateways of SMS and mails that keep the messages.

use std::sync::{Mutex, PoisonError};

use preau::mail::{MailFuture, MailGateway, MailMessage, MailSendError};
use preau::sms::{SmsFuture, SmsGateway, SmsMessage, SmsSendError};

#[derive(Default)]
pub struct RecordingGateway(Mutex<Vec<SmsMessage>>);

impl RecordingGateway {
    pub fn messages(&self) -> Vec<SmsMessage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl SmsGateway for RecordingGateway {
    fn send<'a>(&'a self, message: &'a SmsMessage) -> SmsFuture<'a, Result<Option<String>, SmsSendError>> {
        let mut list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !list.iter().any(|m| m.id == message.id) {
            list.push(message.clone());
        }
        Box::pin(async { Ok(None) })
    }

    fn is_idempotent(&self) -> bool {
        true
    }

    fn check_reachable(&self) -> SmsFuture<'_, Result<String, String>> {
        Box::pin(async { Ok("messages are kept".to_owned()) })
    }
}

#[derive(Default)]
pub struct RecordingMailGateway(Mutex<Vec<MailMessage>>);

impl RecordingMailGateway {
    pub fn mails(&self) -> Vec<MailMessage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl MailGateway for RecordingMailGateway {
    fn send<'a>(&'a self, message: &'a MailMessage) -> MailFuture<'a, Result<(), MailSendError>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(message.clone());
        Box::pin(async { Ok(()) })
    }

    fn check_reachable(&self) -> MailFuture<'_, Result<String, String>> {
        Box::pin(async { Ok("mails are kept".to_owned()) })
    }
}
