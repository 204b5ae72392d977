//! Failed attempts not yet written to the audit log: the number of failures per hour, and the number of lockouts.
//!
//! Stored in the row of the budget, so that counting a failure costs the same statements for existing and for unknown
//! accounts. Every attempt counts as failed until reverted.

use super::RateLimitPolicy;
use crate::base::clock::{Span, Timestamp};

const HOUR: Span = Span::hours(1);

/// The failures of one hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailureHour {
    pub start: Timestamp,
    pub failed: u32,
    /// The number of attempts followed by a delay or a lockout.
    pub locked: u32,
}

/// Failures per hour, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failures(Vec<FailureHour>);

/// Returns the start of the hour containing a moment.
pub fn hour_start(at: Timestamp) -> Timestamp {
    Timestamp(at.0.div_euclid(HOUR.0) * HOUR.0)
}

/// Returns 1 if the next attempt has to wait after this number of attempts, else 0.
fn lockouts_after(figures: RateLimitPolicy, attempts: usize) -> u32 {
    u32::from(attempts >= figures.max_attempts || figures.delay_after.is_some_and(|after| attempts >= after))
}

impl Failures {
    pub fn parse(text: &str) -> Self {
        let hour = |part: &str| {
            let mut numbers = part.split(':');
            let began = Timestamp(numbers.next()?.parse().ok()?);
            let (failed, locked) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
            Some(FailureHour { start: began, failed, locked })
        };
        Self(text.split(' ').filter_map(hour).collect())
    }

    /// Encodes the failures for storage; `None` if nothing failed.
    pub fn encode(&self) -> Option<String> {
        let all: Vec<String> = self.0.iter().map(|h| format!("{}:{}:{}", h.start, h.failed, h.locked)).collect();
        (!all.is_empty()).then(|| all.join(" "))
    }

    /// Returns the start of the oldest hour.
    pub fn oldest_hour(&self) -> Option<Timestamp> {
        self.0.first().map(|hour| hour.start)
    }

    /// Counts one more attempt, the n-th within the window.
    pub fn add(&mut self, figures: RateLimitPolicy, attempts: usize, now: Timestamp) {
        // If the clock went back, the attempt is added to the newest hour, so the hours stay in order.
        let began = self.0.last().map_or(hour_start(now), |last| last.start.max(hour_start(now)));
        if self.0.last().is_none_or(|last| last.start != began) {
            self.0.push(FailureHour { start: began, failed: 0, locked: 0 });
        }
        if let Some(last) = self.0.last_mut() {
            last.failed = last.failed.saturating_add(1);
            last.locked = last.locked.saturating_add(lockouts_after(figures, attempts));
        }
    }

    /// Reverts the attempt made at `at`, the n-th within the window, because the attempt succeeded or does not count.
    pub fn revert(&mut self, figures: RateLimitPolicy, attempts: usize, at: Timestamp) {
        let place = self.0.iter().rposition(|h| h.start <= at);
        if let Some(hour) = place.and_then(|place| self.0.get_mut(place)) {
            hour.failed = hour.failed.saturating_sub(1);
            hour.locked = hour.locked.saturating_sub(lockouts_after(figures, attempts));
        }
        self.0.retain(|hour| hour.failed > 0);
    }

    /// Splits the failures into finished hours and the rest.
    pub fn split_finished(self, now: Timestamp) -> (Vec<FailureHour>, Self) {
        let (over, left) = self.0.into_iter().partition(|h| h.start < hour_start(now));
        (over, Self(left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::RateLimit;

    #[test]
    fn attempts_are_kept_by_hour_and_a_right_one_is_none() {
        let figures = RateLimit::Password.policy();
        let at = |minute| Timestamp(0).plus(Span::minutes(minute));
        let mut failures = Failures::default();
        for n in 1..=5 {
            failures.add(figures, n, at(58));
        }
        failures.add(figures, 6, at(61));
        failures.revert(figures, 6, at(61));
        failures.add(figures, 1, at(62));
        failures.add(figures, 2, at(10));
        failures = Failures::parse(&failures.encode().unwrap());
        assert_eq!(failures.oldest_hour(), Some(at(0)));
        let (over, left) = failures.split_finished(at(90));
        assert_eq!(over, [FailureHour { start: at(0), failed: 5, locked: 1 }]);
        assert_eq!(left.split_finished(at(120)).0, [FailureHour { start: at(60), failed: 2, locked: 0 }]);
        let mut none = Failures::default();
        none.add(figures, 1, at(5));
        none.revert(figures, 1, at(5));
        assert_eq!(none.encode(), None);
        assert_eq!(Failures::parse("x 1:2 1:x:3").encode(), None, "what is no hour is none");
    }
}
