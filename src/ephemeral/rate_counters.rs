//! Rate counters: the number of events per name within the last hour, used by the limits by source.
//!
//! Events are counted in seven slots of ten minutes, so the window slides and a record has a fixed size. Losing a
//! record only permits more attempts; limits protecting a person are counted in SQL (`limits/store.rs`).

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher as _;
use std::sync::{Mutex, PoisonError};

use crate::base::clock::{Span, Timestamp};

const SLOT_WIDTH: Span = Span::minutes(10);
/// An event in the first minute of a slot counts for an hour and ten minutes; an event in the last minute, for an hour.
pub(super) const SLOT_COUNT: usize = 7;
/// The time Redis keeps a counter after its last increment.
pub(super) const COUNTER_TTL: Span = Span::minutes(80);
/// The maximum number of names in the memory of one server: 10 MB.
const MAX_NAMES: usize = 200_000;
/// The number of names examined per addition in order to remove expired counters: more than an addition creates.
const SWEEP_PER_ADDITION: usize = 2;

/// The operation on the counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CounterUpdate {
    Read,
    /// Adds one under every name, unless a name has reached its maximum: all or none, in one step.
    Increment,
    /// Subtracts one under every name, because the attempt turned out to be legitimate.
    Decrement,
}

/// A name with its maximum per hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HourlyLimit {
    pub key: String,
    pub max: u32,
}

/// The count under a name, before the update.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WindowCount {
    /// The number of the newest slot, counted from the Unix epoch.
    newest: i64,
    /// Counts per slot, the newest first.
    counts: [u32; SLOT_COUNT],
}

pub(super) fn slot_of(now: Timestamp) -> i64 {
    now.0.div_euclid(SLOT_WIDTH.0)
}

impl WindowCount {
    /// Returns the counts shifted to `now`. If the clock went back, counts from the future are attributed to `now`.
    fn at(self, now: Timestamp) -> Self {
        let newest = slot_of(now);
        let older = usize::try_from(newest.saturating_sub(self.newest)).unwrap_or(0);
        let mut counts = [0; SLOT_COUNT];
        for (to, from) in counts.iter_mut().skip(older).zip(self.counts) {
            *to = from;
        }
        Self { newest, counts }
    }

    /// Builds the counts from pairs of slot number and count.
    pub(super) fn from_slots(now: Timestamp, slots: impl Iterator<Item = (i64, u32)>) -> Self {
        let mut all = Self { newest: slot_of(now), counts: [0; SLOT_COUNT] };
        for (at, count) in slots {
            let age = usize::try_from(all.newest.saturating_sub(at)).unwrap_or(0);
            if let Some(place) = all.counts.get_mut(age) {
                *place = place.saturating_add(count);
            }
        }
        all
    }

    pub fn total(&self) -> u32 {
        self.counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Returns the time at which the total falls below `most`.
    pub fn available_at(&self, most: u32) -> Timestamp {
        let mut left = self.total();
        for (age, count) in self.counts.iter().enumerate().rev() {
            left = left.saturating_sub(*count);
            if left < most {
                let gone = i64::try_from(SLOT_COUNT - age).unwrap_or(0).saturating_add(self.newest);
                return Timestamp(gone.saturating_mul(SLOT_WIDTH.0));
            }
        }
        Timestamp(self.newest.saturating_add(1).saturating_mul(SLOT_WIDTH.0))
    }
}

struct Record {
    counted: WindowCount,
    /// True if the counter was updated since its last examination.
    touched: bool,
}

/// The counters of one server.
#[derive(Default)]
pub struct RateCounters {
    names: RandomState,
    table: Mutex<CounterTable>,
}

#[derive(Default)]
struct CounterTable {
    records: HashMap<u64, Record>,
    order: VecDeque<u64>,
}

impl RateCounters {
    /// Updates the counters; returns the counts before the update, and true if a name had reached its maximum.
    pub(super) fn update_counters(
        &self,
        tally: CounterUpdate,
        limits: &[HourlyLimit],
        now: Timestamp,
    ) -> (bool, Vec<WindowCount>) {
        let names: Vec<u64> = limits.iter().map(|limit| self.names.hash_one(&limit.key)).collect();
        let mut shelf = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let known = |name: &u64| shelf.records.get(name).map(|record| record.counted).unwrap_or_default();
        let counted: Vec<WindowCount> = names.iter().map(|name| known(name).at(now)).collect();
        let full = counted.iter().zip(limits).any(|(counted, limit)| counted.total() >= limit.max);
        if tally == CounterUpdate::Read || (tally == CounterUpdate::Increment && full) {
            return (full, counted);
        }
        for (name, counted) in names.into_iter().zip(&counted) {
            shelf.apply(name, *counted, tally);
        }
        for _ in 0..SWEEP_PER_ADDITION * limits.len() {
            shelf.sweep_next(now);
        }
        (full, counted)
    }
}

impl CounterTable {
    fn apply(&mut self, name: u64, mut counted: WindowCount, tally: CounterUpdate) {
        match tally {
            CounterUpdate::Increment => {
                if let Some(newest) = counted.counts.first_mut() {
                    *newest = newest.saturating_add(1);
                }
            }
            CounterUpdate::Decrement => {
                if let Some(newest) = counted.counts.iter_mut().find(|count| **count > 0) {
                    *newest -= 1;
                }
            }
            CounterUpdate::Read => {}
        }
        if self.records.insert(name, Record { counted, touched: true }).is_none() {
            self.order.push_back(name);
        }
    }

    /// Removes the next counter if all of its slots have expired, or if the table is over capacity and the counter was
    /// not updated since its last examination.
    fn sweep_next(&mut self, now: Timestamp) {
        let Some(name) = self.order.pop_front() else { return };
        let crowded = self.records.len() > MAX_NAMES;
        let Some(record) = self.records.get_mut(&name) else { return };
        let idle = !std::mem::take(&mut record.touched);
        if record.counted.at(now).total() == 0 || (crowded && idle) {
            self.records.remove(&name);
        } else {
            self.order.push_back(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(n: i64) -> Timestamp {
        Timestamp(Span::hours(500_000).0).plus(Span::minutes(n))
    }

    fn limit(name: &str, most: u32) -> HourlyLimit {
        HourlyLimit { key: name.to_owned(), max: most }
    }

    #[test]
    fn a_count_is_over_after_an_hour_and_ten_minutes_at_most() {
        let rates = RateCounters::default();
        let three = [limit("a", 3)];
        for minute in [0, 25, 30] {
            assert!(!rates.update_counters(CounterUpdate::Increment, &three, minutes(minute)).0);
        }
        let (full, counted) = rates.update_counters(CounterUpdate::Increment, &three, minutes(31));
        assert!(full && counted[0].total() == 3);
        assert_eq!(counted[0].available_at(3), minutes(70));
        assert_eq!(counted[0].available_at(1), minutes(100));
        assert!(rates.update_counters(CounterUpdate::Increment, &three, minutes(69)).0);
        assert!(!rates.update_counters(CounterUpdate::Increment, &three, minutes(70)).0);
        assert_eq!(rates.update_counters(CounterUpdate::Read, &three, minutes(300)).1[0].total(), 0);
    }

    #[test]
    fn nothing_is_counted_where_one_name_is_full_and_a_right_one_is_given_back() {
        let rates = RateCounters::default();
        assert!(!rates.update_counters(CounterUpdate::Increment, &[limit("a", 1), limit("b", 9)], minutes(0)).0);
        assert!(rates.update_counters(CounterUpdate::Increment, &[limit("a", 1), limit("b", 9)], minutes(0)).0);
        assert_eq!(rates.update_counters(CounterUpdate::Read, &[limit("b", 9)], minutes(0)).1[0].total(), 1);
        rates.update_counters(CounterUpdate::Decrement, &[limit("a", 0), limit("b", 0), limit("c", 0)], minutes(15));
        let left: Vec<u32> = rates
            .update_counters(CounterUpdate::Read, &[limit("a", 1), limit("b", 1), limit("c", 1)], minutes(15))
            .1
            .iter()
            .map(WindowCount::total)
            .collect();
        assert_eq!(left, [0, 0, 0]);
    }

    #[test]
    fn fault_rt13_a_clock_that_goes_back_neither_frees_anybody_nor_holds_them_longer() {
        let rates = RateCounters::default();
        let two = [limit("a", 2)];
        rates.update_counters(CounterUpdate::Increment, &two, minutes(0));
        rates.update_counters(CounterUpdate::Increment, &two, minutes(0));
        let (full, counted) = rates.update_counters(CounterUpdate::Increment, &two, minutes(-60));
        assert!(full);
        assert_eq!(counted[0].available_at(2), minutes(10), "an hour and ten minutes from then");
        assert!(!rates.update_counters(CounterUpdate::Increment, &two, minutes(70)).0);
    }

    #[test]
    fn attack_d10_the_bound_holds_and_who_is_busy_stays() {
        let rates = RateCounters::default();
        for n in 0..MAX_NAMES + 5_000 {
            rates.update_counters(
                CounterUpdate::Increment,
                &[limit("busy", u32::MAX), limit(&n.to_string(), 9)],
                minutes(0),
            );
        }
        let kept = |name: &str| rates.update_counters(CounterUpdate::Read, &[limit(name, 9)], minutes(0)).1[0].total();
        assert_eq!(kept("busy"), u32::try_from(MAX_NAMES).unwrap() + 5_000);
        let size = |rates: &RateCounters| rates.table.lock().map(|s| (s.records.len(), s.order.len())).unwrap();
        assert!(size(&rates).0 <= MAX_NAMES + 4 && size(&rates).1 <= MAX_NAMES + 4, "{:?}", size(&rates));
        for n in 0..MAX_NAMES {
            rates.update_counters(
                CounterUpdate::Increment,
                &[limit("later", u32::MAX), limit(&n.to_string(), 9)],
                minutes(90),
            );
        }
        for _ in 0..MAX_NAMES {
            rates.update_counters(CounterUpdate::Increment, &[limit("last", u32::MAX)], minutes(300));
        }
        assert!(size(&rates).0 <= 2, "what is over leaves by itself: {:?}", size(&rates));
    }
}
