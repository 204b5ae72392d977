//! Gateways of SMS and mails that keep the messages.

use std::sync::atomic::{AtomicUsize, Ordering};
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

/// Says for which reason a mail is not taken; `None` if it is.
type MailRefusal = Box<dyn Fn(&MailMessage) -> Option<MailSendError> + Send>;

#[derive(Default)]
pub struct RecordingMailGateway {
    taken: Mutex<Vec<MailMessage>>,
    tried: AtomicUsize,
    refusal: Mutex<Option<MailRefusal>>,
}

impl RecordingMailGateway {
    pub fn mails(&self) -> Vec<MailMessage> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the number of mails that were handed over, taken or not.
    pub fn tried(&self) -> usize {
        self.tried.load(Ordering::SeqCst)
    }

    /// Refuses mails from now on.
    pub fn refuse(&self, refusal: impl Fn(&MailMessage) -> Option<MailSendError> + Send + 'static) {
        *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(refusal));
    }
}

impl MailGateway for RecordingMailGateway {
    fn send<'a>(&'a self, message: &'a MailMessage) -> MailFuture<'a, Result<(), MailSendError>> {
        self.tried.fetch_add(1, Ordering::SeqCst);
        let refusal = self.refusal.lock().unwrap_or_else(PoisonError::into_inner);
        let refused = refusal.as_ref().and_then(|refusal| refusal(message));
        if refused.is_none() {
            self.taken.lock().unwrap_or_else(PoisonError::into_inner).push(message.clone());
        }
        Box::pin(async { refused.map_or(Ok(()), Err) })
    }

    fn check_reachable(&self) -> MailFuture<'_, Result<String, String>> {
        Box::pin(async { Ok("mails are kept".to_owned()) })
    }
}
