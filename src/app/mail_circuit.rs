//! What a server knows of its mail server: whether mails rest, since when and why.
//!
//! Mails have one circuit breaker, of all recipients together: what fails for each of them fails for the next one too.
//! A mail that may fail for itself counts once towards its opening, so that nobody holds all others back by a few
//! addresses that our mail server answers oddly; and only a mail that was taken closes it.
//!
//! Kept in memory, as every breaker is: each server finds out by itself, and after a restart it tries again.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::base::clock::{Span, Timestamp};
use crate::outbox::{CircuitBreaker, FAILURE_THRESHOLD};

/// The name of the mail server in its breaker, and of its hand-overs in the outbox.
pub const MAIL_SERVER: &str = "mail";
/// The time for which failures are told: while mails wait, one of them is tried more often than that.
const OUTAGE_MEMORY: Span = Span::minutes(10);
/// The time between two lines of the log about one outage.
const ALARM_INTERVAL: Span = Span::minutes(15);
/// The number of mails remembered as having failed once: a few kilobytes. The oldest is forgotten, and may count again.
const MAX_DOUBTFUL_MAILS: usize = 512;

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

/// A failure of the mail server.
#[derive(Clone, Copy, Debug)]
pub struct MailFailure<'a> {
    /// The words for operators; never an address.
    pub why: &'a str,
    /// The job of the mail, if it may have failed for itself; `None` if the server is certainly away.
    pub mail: Option<&'a str>,
}

#[derive(Debug, Default)]
struct MailFailures {
    outage: Option<MailOutage>,
    /// The jobs of mails that failed, the last ones.
    doubtful: VecDeque<String>,
}

impl MailFailures {
    /// Notes a mail that failed. Returns false if it did before.
    fn doubt(&mut self, mail: &str) -> bool {
        if self.doubtful.iter().any(|known| known == mail) {
            return false;
        }
        if self.doubtful.len() >= MAX_DOUBTFUL_MAILS {
            self.doubtful.pop_front();
        }
        self.doubtful.push_back(mail.to_owned());
        true
    }
}

/// The circuit breaker of the mail server, with what it says.
#[derive(Debug, Default)]
pub struct MailCircuit {
    breaker: CircuitBreaker,
    failures: Mutex<MailFailures>,
}

impl MailCircuit {
    fn lock_failures(&self) -> MutexGuard<'_, MailFailures> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True if no mail is tried now. Never admits a trial.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.breaker.is_open(MAIL_SERVER, now)
    }

    /// True from the opening until a mail is taken: mails are tried one at a time, if at all.
    pub fn is_tripped(&self) -> bool {
        self.breaker.is_tripped(MAIL_SERVER)
    }

    /// Returns the time until which no mail is tried; `None` if this one may be, alone if others failed before it.
    pub fn open_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.breaker.open_until(MAIL_SERVER, now)
    }

    /// Returns the outage that lasts, if one does.
    pub fn outage(&self, now: Timestamp) -> Option<MailOutage> {
        self.lock_failures().outage.as_ref().filter(|outage| outage.is_active(now)).cloned()
    }

    /// Records that the mail server took a mail. Returns true if that ends an outage.
    pub fn record_success(&self) -> bool {
        let mut failures = self.lock_failures();
        self.breaker.record_success(MAIL_SERVER);
        failures.outage.take().is_some_and(|outage| outage.failures >= FAILURE_THRESHOLD)
    }

    /// Records an answer that concerns one recipient alone. It says nothing of the other mails: if they wait, the next
    /// one is tried at once.
    pub fn record_answer(&self, now: Timestamp) {
        self.breaker.readmit(MAIL_SERVER, now);
    }

    /// Records a failure. Returns the outage if operators are to be told of it now.
    pub fn record_failure(&self, failure: MailFailure<'_>, now: Timestamp) -> Option<MailOutage> {
        let mut failures = self.lock_failures();
        let is_first = failure.mail.is_none_or(|mail| failures.doubt(mail));
        // One mail that is refused again and again says nothing of the others; while they wait, it was their trial.
        if !is_first && !self.is_tripped() {
            return None;
        }
        self.breaker.record_failure(MAIL_SERVER, now);
        let new = MailOutage { why: String::new(), began_at: now, failures: 0, last_at: now, told_at: None };
        let outage = failures.outage.get_or_insert(new);
        outage.failures = outage.failures.saturating_add(1);
        outage.last_at = now;
        failure.why.clone_into(&mut outage.why);
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

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn away(why: &str) -> MailFailure<'_> {
        MailFailure { why, mail: None }
    }

    #[test]
    fn fault_rt17_an_outage_of_mails_is_told_once_in_a_while_and_ends_with_a_mail_that_leaves() {
        let circuit = MailCircuit::default();
        assert_eq!(circuit.record_failure(away("refused"), at(0)), None);
        assert_eq!(circuit.record_failure(away("refused"), at(1)), None);
        assert!(!circuit.is_open(at(1)) && circuit.outage(at(1)).is_none());
        let told = circuit.record_failure(away("no sign-in"), at(2)).unwrap();
        assert_eq!((told.why.as_str(), told.began_at, told.failures), ("no sign-in", at(0), 3));
        assert!(circuit.is_open(at(3)));
        assert_eq!(circuit.open_until(at(3)), Some(at(32)));
        // One is tried each half minute, and operators read of it each quarter of an hour.
        assert_eq!(circuit.open_until(at(32)), None);
        assert_eq!(circuit.record_failure(away("no sign-in"), at(33)), None);
        let again = circuit.record_failure(away("no sign-in"), at(902));
        assert_eq!(again.map(|outage| outage.failures), Some(5));
        assert!(circuit.outage(at(903)).is_some());
        // Nothing waits any more: nobody knows whether it is over.
        assert_eq!(circuit.outage(at(902 + 600)), None);
        assert!(circuit.record_success());
        assert!(!circuit.is_open(at(903)) && !circuit.record_success());
    }

    #[test]
    fn attack_d1_a_mail_that_may_fail_for_itself_counts_once_until_others_wait_for_it() {
        let circuit = MailCircuit::default();
        let odd = |mail| MailFailure { why: "odd", mail: Some(mail) };
        for second in 0..9 {
            circuit.record_failure(odd("a"), at(second));
        }
        assert!(!circuit.is_tripped());
        circuit.record_failure(odd("b"), at(10));
        // An answer for one recipient neither opens nor closes.
        circuit.record_answer(at(11));
        circuit.record_failure(odd("c"), at(12));
        assert!(circuit.is_tripped() && circuit.is_open(at(13)));
        // Then each of them is a trial, and keeps it open.
        assert_eq!(circuit.open_until(at(43)), None);
        circuit.record_failure(odd("a"), at(43));
        assert_eq!(circuit.outage(at(44)).map(|outage| outage.failures), Some(4));
        assert_eq!(circuit.open_until(at(44)), Some(at(73)));
        // A trial that only its recipient refused: the next one at once.
        assert_eq!(circuit.open_until(at(73)), None);
        circuit.record_answer(at(73));
        assert!(circuit.is_tripped() && circuit.outage(at(73)).is_some());
        assert_eq!(circuit.open_until(at(73)), None);
        assert!(circuit.record_success());
        // What failed while others were held back is known for that.
        for mail in ["a", "b", "c", "a"] {
            circuit.record_failure(odd(mail), at(80));
        }
        assert!(!circuit.is_tripped());
        let many: Vec<String> = (0..MAX_DOUBTFUL_MAILS).map(|n| n.to_string()).collect();
        for mail in &many {
            circuit.record_failure(odd(mail), at(81));
            circuit.record_success();
        }
        assert_eq!(circuit.lock_failures().doubtful.len(), MAX_DOUBTFUL_MAILS);
    }
}
