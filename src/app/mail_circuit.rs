//! What a server knows of its mail server: whether mails rest, since when and why.
//!
//! Mails have one circuit breaker, of all recipients together: what fails for each of them fails for the next one too.
//! Kept in memory, as every breaker is: each server finds out by itself, and after a restart it tries again.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::base::clock::{Span, Timestamp};
use crate::outbox::{CircuitBreaker, FAILURE_THRESHOLD};

/// The name of the mail server in its breaker, and of its hand-overs in the outbox.
pub const MAIL_SERVER: &str = "mail";
/// The time for which failures are told: while mails wait, one of them is tried more often than that.
const OUTAGE_MEMORY: Span = Span::minutes(10);
/// The time between two lines of the log about one outage.
const ALARM_INTERVAL: Span = Span::minutes(15);

/// The failures of the mail server in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailOutage {
    /// The words of the last failure, for operators; never an address.
    pub why: String,
    pub began_at: Timestamp,
    pub failures: u32,
    last_at: Timestamp,
    told_at: Option<Timestamp>,
}

impl MailOutage {
    fn is_active(&self, now: Timestamp) -> bool {
        self.failures >= FAILURE_THRESHOLD && now.since(self.last_at) < OUTAGE_MEMORY
    }
}

/// The circuit breaker of the mail server, with what it says.
#[derive(Debug, Default)]
pub struct MailCircuit {
    breaker: CircuitBreaker,
    outage: Mutex<Option<MailOutage>>,
}

impl MailCircuit {
    fn lock_outage(&self) -> MutexGuard<'_, Option<MailOutage>> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True if no mail is tried now. Never admits a trial.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.breaker.is_open(MAIL_SERVER, now)
    }

    /// Returns the time until which no mail is tried; `None` if this one may be, alone if others failed before it.
    pub fn open_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.breaker.open_until(MAIL_SERVER, now)
    }

    /// Returns the outage that lasts, if one does.
    pub fn outage(&self, now: Timestamp) -> Option<MailOutage> {
        self.lock_outage().as_ref().filter(|outage| outage.is_active(now)).cloned()
    }

    /// Records that the mail server did its work. Returns true if that ends an outage.
    pub fn record_success(&self) -> bool {
        self.breaker.record_success(MAIL_SERVER);
        self.lock_outage().take().is_some_and(|outage| outage.failures >= FAILURE_THRESHOLD)
    }

    /// Records a failure. Returns the outage if operators are to be told of it now.
    pub fn record_failure(&self, why: &str, now: Timestamp) -> Option<MailOutage> {
        self.breaker.record_failure(MAIL_SERVER, now);
        let mut kept = self.lock_outage();
        let new = MailOutage { why: String::new(), began_at: now, failures: 0, last_at: now, told_at: None };
        let outage = kept.get_or_insert(new);
        outage.failures = outage.failures.saturating_add(1);
        outage.last_at = now;
        why.clone_into(&mut outage.why);
        let is_due = outage.told_at.is_none_or(|told| now.since(told) >= ALARM_INTERVAL);
        if !is_due || !outage.is_active(now) {
            return None;
        }
        outage.told_at = Some(now);
        Some(outage.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_rt17_an_outage_of_mails_is_told_once_in_a_while_and_ends_with_a_mail_that_leaves() {
        let circuit = MailCircuit::default();
        let at = |seconds| Timestamp::from_seconds(seconds);
        assert_eq!(circuit.record_failure("refused", at(0)), None);
        assert_eq!(circuit.record_failure("refused", at(1)), None);
        assert!(!circuit.is_open(at(1)) && circuit.outage(at(1)).is_none());
        let told = circuit.record_failure("no sign-in", at(2)).unwrap();
        assert_eq!((told.why.as_str(), told.began_at, told.failures), ("no sign-in", at(0), 3));
        assert!(circuit.is_open(at(3)));
        assert_eq!(circuit.open_until(at(3)), Some(at(32)));
        // One is tried each half minute, and operators read of it each quarter of an hour.
        assert_eq!(circuit.open_until(at(32)), None);
        assert_eq!(circuit.record_failure("no sign-in", at(33)), None);
        assert_eq!(circuit.record_failure("no sign-in", at(902)).map(|outage| outage.failures), Some(5));
        assert!(circuit.outage(at(903)).is_some());
        // Nothing waits any more: nobody knows whether it is over.
        assert_eq!(circuit.outage(at(902 + 600)), None);
        assert!(circuit.record_success());
        assert!(!circuit.is_open(at(903)) && !circuit.record_success());
    }
}
