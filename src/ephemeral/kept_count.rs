//! A count that is expensive and may be some seconds old, kept in memory.

use std::sync::{Mutex, PoisonError};

use crate::base::clock::{Span, Timestamp};

/// The time for which a count is used again.
const KEPT_COUNT_TTL: Span = Span::seconds(10);

/// The last count, with its time.
#[derive(Debug, Default)]
pub struct KeptCount(Mutex<Option<(Timestamp, u32)>>);

impl KeptCount {
    /// Returns the last count, unless it is too old or of the future (the clock went back).
    pub fn get(&self, now: Timestamp) -> Option<u32> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.filter(|(at, _)| (Span(0)..KEPT_COUNT_TTL).contains(&now.since(*at))).map(|(_, count)| count)
    }

    /// Keeps a count that was made at this time.
    pub fn set(&self, count: u32, now: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, count));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_used_again_for_some_seconds_and_never_before_it_was_made() {
        let (kept, at) = (KeptCount::default(), Timestamp(1_000_000));
        assert_eq!(kept.get(at), None);
        kept.set(7, at);
        assert_eq!(kept.get(at), Some(7));
        assert_eq!(kept.get(at.plus(Span(KEPT_COUNT_TTL.0 - 1))), Some(7));
        assert_eq!(kept.get(at.plus(KEPT_COUNT_TTL)), None);
        assert_eq!(kept.get(at.minus(Span::seconds(1))), None);
        kept.set(8, at.plus(KEPT_COUNT_TTL));
        assert_eq!(kept.get(at.plus(KEPT_COUNT_TTL)), Some(8));
    }
}
