//! How often something happened under a name within the last hour: what limits by source look at.
//!
//! Counted by slots of ten minutes, seven of them, so that a window slides and a record has a fixed size. A record that
//! is lost lets somebody try again; what protects a person is counted in SQL (`limits/store.rs`).

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher as _;
use std::sync::{Mutex, PoisonError};

use crate::base::clock::{Span, Timestamp};

const SLOT: Span = Span::minutes(10);
/// What was counted in the first minute of a slot counts for an hour and ten minutes, in its last one for an hour.
pub(super) const SLOTS: usize = 7;
/// How long Redis keeps a record that nothing is added to.
pub(super) const KEPT: Span = Span::minutes(80);
/// How many names one server's memory keeps: 10 MB.
const CAPACITY: usize = 200_000;
/// Names that an addition looks at, to put away what is over: more than it adds.
const SWEPT: usize = 2;

/// What to do with the counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tally {
    Read,
    /// One more under every name, unless one of them has reached its most: all or none, in one step.
    Add,
    /// One less under every name: it turned out to be somebody's right.
    Take,
}

/// A name, and how many it may have within the hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    pub name: String,
    pub most: u32,
}

/// What was counted under one name, as it was before anything was added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// The number of the newest slot since 1970.
    newest: i64,
    /// By age, the newest first.
    counts: [u32; SLOTS],
}

pub(super) fn slot(now: Timestamp) -> i64 {
    now.0.div_euclid(SLOT.0)
}

impl Counted {
    /// As it stands at `now`. Where the clock went back, what lies ahead counts from now on.
    fn at(self, now: Timestamp) -> Self {
        let newest = slot(now);
        let older = usize::try_from(newest.saturating_sub(self.newest)).unwrap_or(0);
        let mut counts = [0; SLOTS];
        for (to, from) in counts.iter_mut().skip(older).zip(self.counts) {
            *to = from;
        }
        Self { newest, counts }
    }

    /// From slots and what was counted in them.
    pub(super) fn from_slots(now: Timestamp, slots: impl Iterator<Item = (i64, u32)>) -> Self {
        let mut all = Self { newest: slot(now), counts: [0; SLOTS] };
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

    /// When there are fewer than `most`.
    pub fn until(&self, most: u32) -> Timestamp {
        let mut left = self.total();
        for (age, count) in self.counts.iter().enumerate().rev() {
            left = left.saturating_sub(*count);
            if left < most {
                let gone = i64::try_from(SLOTS - age).unwrap_or(0).saturating_add(self.newest);
                return Timestamp(gone.saturating_mul(SLOT.0));
            }
        }
        Timestamp(self.newest.saturating_add(1).saturating_mul(SLOT.0))
    }
}

struct Record {
    counted: Counted,
    /// Since it was last looked at for putting away.
    touched: bool,
}

/// The counts of one server.
#[derive(Default)]
pub struct Rates {
    names: RandomState,
    shelf: Mutex<Shelf>,
}

#[derive(Default)]
struct Shelf {
    records: HashMap<u64, Record>,
    order: VecDeque<u64>,
}

impl Rates {
    /// What was counted under each name before, and whether one of them had reached its most.
    pub(super) fn tally(&self, tally: Tally, limits: &[Limit], now: Timestamp) -> (bool, Vec<Counted>) {
        let names: Vec<u64> = limits.iter().map(|limit| self.names.hash_one(&limit.name)).collect();
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        let known = |name: &u64| shelf.records.get(name).map(|record| record.counted).unwrap_or_default();
        let counted: Vec<Counted> = names.iter().map(|name| known(name).at(now)).collect();
        let full = counted.iter().zip(limits).any(|(counted, limit)| counted.total() >= limit.most);
        if tally == Tally::Read || (tally == Tally::Add && full) {
            return (full, counted);
        }
        for (name, counted) in names.into_iter().zip(&counted) {
            shelf.put(name, *counted, tally);
        }
        for _ in 0..SWEPT * limits.len() {
            shelf.put_away(now);
        }
        (full, counted)
    }
}

impl Shelf {
    fn put(&mut self, name: u64, mut counted: Counted, tally: Tally) {
        match tally {
            Tally::Add => {
                if let Some(newest) = counted.counts.first_mut() {
                    *newest = newest.saturating_add(1);
                }
            }
            Tally::Take => {
                if let Some(newest) = counted.counts.iter_mut().find(|count| **count > 0) {
                    *newest -= 1;
                }
            }
            Tally::Read => {}
        }
        if self.records.insert(name, Record { counted, touched: true }).is_none() {
            self.order.push_back(name);
        }
    }

    /// Puts away the next one if nothing of it counts any more, or if there are too many and nothing was added to it
    /// since it was last looked at.
    fn put_away(&mut self, now: Timestamp) {
        let Some(name) = self.order.pop_front() else { return };
        let crowded = self.records.len() > CAPACITY;
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

    fn limit(name: &str, most: u32) -> Limit {
        Limit { name: name.to_owned(), most }
    }

    #[test]
    fn a_count_is_over_after_an_hour_and_ten_minutes_at_most() {
        let rates = Rates::default();
        let three = [limit("a", 3)];
        for minute in [0, 25, 30] {
            assert!(!rates.tally(Tally::Add, &three, minutes(minute)).0);
        }
        let (full, counted) = rates.tally(Tally::Add, &three, minutes(31));
        assert!(full && counted[0].total() == 3);
        assert_eq!(counted[0].until(3), minutes(70));
        assert_eq!(counted[0].until(1), minutes(100));
        assert!(rates.tally(Tally::Add, &three, minutes(69)).0);
        assert!(!rates.tally(Tally::Add, &three, minutes(70)).0);
        assert_eq!(rates.tally(Tally::Read, &three, minutes(300)).1[0].total(), 0);
    }

    #[test]
    fn nothing_is_counted_where_one_name_is_full_and_a_right_one_is_given_back() {
        let rates = Rates::default();
        assert!(!rates.tally(Tally::Add, &[limit("a", 1), limit("b", 9)], minutes(0)).0);
        assert!(rates.tally(Tally::Add, &[limit("a", 1), limit("b", 9)], minutes(0)).0);
        assert_eq!(rates.tally(Tally::Read, &[limit("b", 9)], minutes(0)).1[0].total(), 1);
        rates.tally(Tally::Take, &[limit("a", 0), limit("b", 0), limit("c", 0)], minutes(15));
        let left: Vec<u32> = rates
            .tally(Tally::Read, &[limit("a", 1), limit("b", 1), limit("c", 1)], minutes(15))
            .1
            .iter()
            .map(Counted::total)
            .collect();
        assert_eq!(left, [0, 0, 0]);
    }

    #[test]
    fn fault_rt13_a_clock_that_goes_back_neither_frees_anybody_nor_holds_them_longer() {
        let rates = Rates::default();
        let two = [limit("a", 2)];
        rates.tally(Tally::Add, &two, minutes(0));
        rates.tally(Tally::Add, &two, minutes(0));
        let (full, counted) = rates.tally(Tally::Add, &two, minutes(-60));
        assert!(full);
        assert_eq!(counted[0].until(2), minutes(10), "an hour and ten minutes from then");
        assert!(!rates.tally(Tally::Add, &two, minutes(70)).0);
    }

    #[test]
    fn attack_d10_the_bound_holds_and_who_is_busy_stays() {
        let rates = Rates::default();
        for n in 0..CAPACITY + 5_000 {
            rates.tally(Tally::Add, &[limit("busy", u32::MAX), limit(&n.to_string(), 9)], minutes(0));
        }
        let kept = |name: &str| rates.tally(Tally::Read, &[limit(name, 9)], minutes(0)).1[0].total();
        assert_eq!(kept("busy"), u32::try_from(CAPACITY).unwrap() + 5_000);
        let size = |rates: &Rates| rates.shelf.lock().map(|s| (s.records.len(), s.order.len())).unwrap();
        assert!(size(&rates).0 <= CAPACITY + 4 && size(&rates).1 <= CAPACITY + 4, "{:?}", size(&rates));
        for n in 0..CAPACITY {
            rates.tally(Tally::Add, &[limit("later", u32::MAX), limit(&n.to_string(), 9)], minutes(90));
        }
        for _ in 0..CAPACITY {
            rates.tally(Tally::Add, &[limit("last", u32::MAX)], minutes(300));
        }
        assert!(size(&rates).0 <= 2, "what is over leaves by itself: {:?}", size(&rates));
    }
}
