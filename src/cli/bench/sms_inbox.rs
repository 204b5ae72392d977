//! The phones of the bench: an SMS gateway that keeps the messages in memory.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::sms::{SmsFuture, SmsGateway, SmsMessage, SmsSendError};

/// The texts that were sent and not yet read, by number.
#[derive(Default)]
pub struct SmsInbox(Mutex<HashMap<String, String>>);

impl SmsInbox {
    /// Takes the last text sent to a number.
    pub fn take(&self, to: &str) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(to)
    }
}

impl SmsGateway for SmsInbox {
    fn send<'a>(&'a self, message: &'a SmsMessage) -> SmsFuture<'a, Result<Option<String>, SmsSendError>> {
        let mut texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        texts.insert(message.to.clone(), message.text.clone());
        Box::pin(async { Ok(None) })
    }

    fn is_idempotent(&self) -> bool {
        true
    }

    fn check_reachable(&self) -> SmsFuture<'_, Result<String, String>> {
        Box::pin(async { Ok("messages are kept".to_owned()) })
    }
}
