//! An operator of SMS that loses some messages and has no room for others.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use preau::sms::{SmsFuture, SmsGateway, SmsMessage, SmsSendError};

use super::dice::Dice;

#[derive(Default)]
struct Messages {
    /// The ids of those that were accepted.
    accepted: Vec<String>,
    /// The number of hand-overs by recipient.
    handed: BTreeMap<String, u64>,
    arrived: Vec<SmsMessage>,
    reliable: bool,
}

/// A gateway that accepts a message and may lose it, or has no room now. The fate of a message is that of its place among
/// those to its number: messages to several numbers may leave in any order.
pub struct LossyGateway {
    seed: u64,
    messages: Mutex<Messages>,
}

impl LossyGateway {
    pub fn of_seed(seed: u64) -> Self {
        Self { seed, messages: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Messages> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Loses nothing from now on.
    pub fn become_reliable(&self) {
        self.lock().reliable = true;
    }

    pub fn arrived_count(&self) -> usize {
        self.lock().arrived.len()
    }

    pub fn lost_count(&self) -> usize {
        let messages = self.lock();
        messages.accepted.len() - messages.arrived.len()
    }

    /// Returns the newest code that reached a number after the first `before` messages.
    pub fn code_for(&self, number: &str, before: usize) -> Option<String> {
        let messages = self.lock();
        let mut newest = messages.arrived.iter().skip(before).rev().filter(|message| message.to == number);
        // Notices have no code.
        newest.find_map(|message| Some(message.text.rsplit_once('#')?.1.to_owned()))
    }

    fn take(&self, message: &SmsMessage) -> Result<Option<String>, SmsSendError> {
        let mut messages = self.lock();
        if messages.accepted.contains(&message.id) {
            return Ok(None);
        }
        let place = messages.handed.entry(message.to.clone()).or_default();
        *place += 1;
        let number: u64 = message.to.trim_start_matches('+').parse().unwrap();
        let dice = Dice::of_seed(self.seed ^ (number << 16) ^ *place);
        let fate = if messages.reliable { u64::MAX } else { dice.below(12) as u64 };
        if fate == 0 {
            return Err(SmsSendError::Throttled { why: "no room now".to_owned() });
        }
        messages.accepted.push(message.id.clone());
        if fate != 1 {
            messages.arrived.push(message.clone());
        }
        Ok(None)
    }
}

impl SmsGateway for LossyGateway {
    fn send<'a>(&'a self, message: &'a SmsMessage) -> SmsFuture<'a, Result<Option<String>, SmsSendError>> {
        let taken = self.take(message);
        Box::pin(async { taken })
    }

    fn is_idempotent(&self) -> bool {
        true
    }

    fn check_reachable(&self) -> SmsFuture<'_, Result<String, String>> {
        Box::pin(async { Ok("some messages are lost".to_owned()) })
    }
}
