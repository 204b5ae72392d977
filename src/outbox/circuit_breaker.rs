//! Circuit breaker per relying party, of each SMS gateway and of the mail server. Without a breaker, the jobs of one
//! busy but unreachable party would occupy every worker of their queue until the timeout, again and again
//! (docs/threats.md#fault-rt17).
//!
//! Kept in memory: after a restart every party is tried once more.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::base::clock::{Span, Timestamp};

/// The number of consecutive failures before the breaker opens.
pub const FAILURE_THRESHOLD: u32 = 3;
/// The time a breaker stays open; each failure afterwards opens the breaker again.
const DEFAULT_OPEN_DURATION: Span = Span::seconds(30);
/// The number of tracked parties at which closed entries are removed: more than the number of real parties.
const MAX_TRACKED_PARTIES: usize = 10_000;

/// Consecutive failures per party, with the time of the last failure.
#[derive(Debug)]
pub struct CircuitBreaker {
    open_duration: Span,
    failures: Mutex<HashMap<String, (u32, Timestamp)>>,
}

impl Default for CircuitBreaker {
    fn default() -> Self {
        Self::with_open_duration(DEFAULT_OPEN_DURATION)
    }
}

impl CircuitBreaker {
    /// Creates a breaker with a given open duration.
    pub fn with_open_duration(rest: Span) -> Self {
        Self { open_duration: rest, failures: Mutex::default() }
    }

    fn lock_failures(&self) -> MutexGuard<'_, HashMap<String, (u32, Timestamp)>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True if the breaker of `who` is open. Never admits a trial request.
    pub fn is_open(&self, who: &str, now: Timestamp) -> bool {
        let all = self.lock_failures();
        all.get(who)
            .is_some_and(|(failures, last)| *failures >= FAILURE_THRESHOLD && now < last.plus(self.open_duration))
    }

    /// True if the breaker of `who` opened and did not close since: open, or half open.
    pub fn is_tripped(&self, who: &str) -> bool {
        self.lock_failures().get(who).is_some_and(|(failures, _)| *failures >= FAILURE_THRESHOLD)
    }

    /// Returns the time until which the breaker of `who` is open, or `None` if a request may be sent. After the open
    /// duration a single trial request is admitted (half-open), and other requests wait for its outcome.
    pub fn open_until(&self, who: &str, now: Timestamp) -> Option<Timestamp> {
        let mut all = self.lock_failures();
        let (failures, last) = all.get_mut(who)?;
        if *failures < FAILURE_THRESHOLD {
            return None;
        }
        let until = last.plus(self.open_duration);
        if now < until {
            return Some(until);
        }
        *last = now;
        None
    }

    /// Admits another trial request at once: the last one told nothing of `who`.
    pub fn readmit(&self, who: &str, now: Timestamp) {
        if let Some((_, last)) = self.lock_failures().get_mut(who) {
            *last = (*last).min(now.minus(self.open_duration));
        }
    }

    /// Records a response and closes the breaker.
    pub fn record_success(&self, who: &str) {
        self.lock_failures().remove(who);
    }

    /// Records a request without a response.
    pub fn record_failure(&self, who: &str, now: Timestamp) {
        let mut all = self.lock_failures();
        if all.len() >= MAX_TRACKED_PARTIES {
            all.retain(|_, (_, last)| now < last.plus(self.open_duration));
        }
        let (failures, last) = all.entry(who.to_owned()).or_insert((0, now));
        (*failures, *last) = (failures.saturating_add(1), now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_rt17_who_failed_three_times_in_a_row_is_left_alone_for_half_a_minute() {
        let silence = CircuitBreaker::default();
        let at = |seconds| Timestamp::from_seconds(seconds);
        silence.record_failure("a", at(0));
        silence.record_failure("a", at(0));
        assert_eq!(silence.open_until("a", at(1)), None);
        silence.record_failure("a", at(1));
        assert_eq!(silence.open_until("a", at(2)), Some(at(31)));
        assert_eq!(silence.open_until("b", at(2)), None, "the others are asked");
        assert_eq!(silence.open_until("a", at(31)), None, "one is let through");
        assert_eq!(silence.open_until("a", at(31)), Some(at(61)), "and no second one before that is known");
        silence.readmit("a", at(31));
        assert!(silence.is_tripped("a") && !silence.is_tripped("b"));
        assert_eq!(silence.open_until("a", at(31)), None, "but for one that told nothing");
        silence.record_failure("a", at(31));
        assert_eq!(silence.open_until("a", at(32)), Some(at(61)), "one more is enough then");
        silence.record_success("a");
        silence.record_failure("a", at(33));
        assert_eq!(silence.open_until("a", at(33)), None);
    }
}
