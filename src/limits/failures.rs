//! What failed on a budget and is not in the audit yet: how many attempts in which hour, and how often the next one was
//! made to wait.
//!
//! Kept in the budget's own row, so that counting a failure costs no statement more for somebody than for nobody. Every
//! attempt counts as failed until it is taken back.

use super::Figures;
use crate::base::clock::{Span, Timestamp};

const HOUR: Span = Span::hours(1);

/// Of one hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hour {
    pub began: Timestamp,
    pub failed: u32,
    /// After so many of them nobody could try for a while.
    pub locked: u32,
}

/// By hour, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failures(Vec<Hour>);

/// The hour that holds this moment.
pub fn hour(at: Timestamp) -> Timestamp {
    Timestamp(at.0.div_euclid(HOUR.0) * HOUR.0)
}

/// Whether the next attempt waits after so many.
fn locks(figures: Figures, attempts: usize) -> u32 {
    u32::from(attempts >= figures.most || figures.delay_after.is_some_and(|after| attempts >= after))
}

impl Failures {
    pub fn parse(text: &str) -> Self {
        let hour = |part: &str| {
            let mut numbers = part.split(':');
            let began = Timestamp(numbers.next()?.parse().ok()?);
            let (failed, locked) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
            Some(Hour { began, failed, locked })
        };
        Self(text.split(' ').filter_map(hour).collect())
    }

    /// `None`: nothing failed.
    pub fn text(&self) -> Option<String> {
        let all: Vec<String> = self.0.iter().map(|h| format!("{}:{}:{}", h.began, h.failed, h.locked)).collect();
        (!all.is_empty()).then(|| all.join(" "))
    }

    /// When the oldest of them began.
    pub fn since(&self) -> Option<Timestamp> {
        self.0.first().map(|hour| hour.began)
    }

    /// One more attempt, the n-th that counts.
    pub fn add(&mut self, figures: Figures, attempts: usize, now: Timestamp) {
        // A clock that went back adds to the newest hour: the hours stay in their order.
        let began = self.0.last().map_or(hour(now), |last| last.began.max(hour(now)));
        if self.0.last().is_none_or(|last| last.began != began) {
            self.0.push(Hour { began, failed: 0, locked: 0 });
        }
        if let Some(last) = self.0.last_mut() {
            last.failed = last.failed.saturating_add(1);
            last.locked = last.locked.saturating_add(locks(figures, attempts));
        }
    }

    /// The attempt made at `at`, the n-th that counted, was right or was none.
    pub fn take_back(&mut self, figures: Figures, attempts: usize, at: Timestamp) {
        let place = self.0.iter().rposition(|h| h.began <= at);
        if let Some(hour) = place.and_then(|place| self.0.get_mut(place)) {
            hour.failed = hour.failed.saturating_sub(1);
            hour.locked = hour.locked.saturating_sub(locks(figures, attempts));
        }
        self.0.retain(|hour| hour.failed > 0);
    }

    /// Those whose hour is over, and what is left.
    pub fn split(self, now: Timestamp) -> (Vec<Hour>, Self) {
        let (over, left) = self.0.into_iter().partition(|h| h.began < hour(now));
        (over, Self(left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Action;

    #[test]
    fn attempts_are_kept_by_hour_and_a_right_one_is_none() {
        let figures = Action::Password.figures();
        let at = |minute| Timestamp(0).plus(Span::minutes(minute));
        let mut failures = Failures::default();
        for n in 1..=5 {
            failures.add(figures, n, at(58));
        }
        failures.add(figures, 6, at(61));
        failures.take_back(figures, 6, at(61));
        failures.add(figures, 1, at(62));
        failures.add(figures, 2, at(10));
        failures = Failures::parse(&failures.text().unwrap());
        assert_eq!(failures.since(), Some(at(0)));
        let (over, left) = failures.split(at(90));
        assert_eq!(over, [Hour { began: at(0), failed: 5, locked: 1 }]);
        assert_eq!(left.split(at(120)).0, [Hour { began: at(60), failed: 2, locked: 0 }]);
        let mut none = Failures::default();
        none.add(figures, 1, at(5));
        none.take_back(figures, 1, at(5));
        assert_eq!(none.text(), None);
        assert_eq!(Failures::parse("x 1:2 1:x:3").text(), None, "what is no hour is none");
    }
}
