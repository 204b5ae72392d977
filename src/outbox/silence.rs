//! Who did not answer lately, and is not asked for a while: else the jobs of one busy party that is away would hold
//! every place of their lane until they time out, each of them again and again (docs/threats.md#fault-rt17).
//!
//! In memory: a restart asks everybody once more.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::base::clock::{Span, Timestamp};

/// So many failures in a row are no accident.
const PATIENCE: u32 = 3;
/// For so long it is left alone then; after that, each failure begins it anew.
const REST: Span = Span::seconds(30);
/// More parties than there are.
const MOST: usize = 10_000;

/// Failures in a row, and the time of the last, by party.
#[derive(Debug)]
pub struct Silence {
    rest: Span,
    failures: Mutex<HashMap<String, (u32, Timestamp)>>,
}

impl Default for Silence {
    fn default() -> Self {
        Self::resting(REST)
    }
}

impl Silence {
    /// One that leaves a party alone for so long.
    pub fn resting(rest: Span) -> Self {
        Self { rest, failures: Mutex::default() }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, (u32, Timestamp)>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is left alone now; lets nobody through.
    pub fn is_resting(&self, who: &str, now: Timestamp) -> bool {
        let all = self.all();
        all.get(who).is_some_and(|(failures, last)| *failures >= PATIENCE && now < last.plus(self.rest))
    }

    /// Until when it is left alone, if it is. When the rest is over one is let through to try, and the others wait for
    /// what becomes of that one.
    pub fn rests_until(&self, who: &str, now: Timestamp) -> Option<Timestamp> {
        let mut all = self.all();
        let (failures, last) = all.get_mut(who)?;
        if *failures < PATIENCE {
            return None;
        }
        let until = last.plus(self.rest);
        if now < until {
            return Some(until);
        }
        *last = now;
        None
    }

    /// It answered.
    pub fn heard(&self, who: &str) {
        self.all().remove(who);
    }

    /// It did not.
    pub fn failed(&self, who: &str, now: Timestamp) {
        let mut all = self.all();
        if all.len() >= MOST {
            all.retain(|_, (_, last)| now < last.plus(self.rest));
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
        let silence = Silence::default();
        let at = |seconds| Timestamp::from_seconds(seconds);
        silence.failed("a", at(0));
        silence.failed("a", at(0));
        assert_eq!(silence.rests_until("a", at(1)), None);
        silence.failed("a", at(1));
        assert_eq!(silence.rests_until("a", at(2)), Some(at(31)));
        assert_eq!(silence.rests_until("b", at(2)), None, "the others are asked");
        assert_eq!(silence.rests_until("a", at(31)), None, "one is let through");
        assert_eq!(silence.rests_until("a", at(31)), Some(at(61)), "and no second one before that is known");
        silence.failed("a", at(31));
        assert_eq!(silence.rests_until("a", at(32)), Some(at(61)), "one more is enough then");
        silence.heard("a");
        silence.failed("a", at(33));
        assert_eq!(silence.rests_until("a", at(33)), None);
    }
}
