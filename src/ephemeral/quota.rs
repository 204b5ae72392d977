//! How many bytes of a kind one owner may have kept, and all owners together.
//!
//! Who causes a record owns it: a client, or the network that a request came from. What is full is refused, and nothing
//! of anybody else's goes to make room (docs/threats.md#faults-a6, #faults-a7). Counted is by when records end, in
//! slices of time, so that neither an expiry nor a restart of one of several servers leaves a count too high for long.

use std::collections::HashMap;

use crate::base::clock::{Span, Timestamp};

/// What a kind may take, in bytes. The sum over all kinds is what the store may add to a server's memory
/// (docs/decisions/0042-speed-and-size.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Of one owner.
    pub each: usize,
    /// Of all together.
    pub all: usize,
    /// An owner who has no more than this is never refused because of the others.
    pub floor: usize,
    /// The longest that a record of this kind lives.
    pub longest: Span,
}

/// Parts into which the longest life is cut: a count is too high by one of them at most.
const SLICES: i64 = 8;

impl Quota {
    /// The slice of time that a moment is in.
    pub(super) fn slice(&self, at: Timestamp) -> i64 {
        at.0.div_euclid((self.longest.0 / SLICES).max(1))
    }

    /// Whether `cost` more bytes may be kept for an owner who has `own`, where all together have `all`.
    pub(super) fn allows(&self, own: usize, all: usize, cost: usize) -> bool {
        let own = own.saturating_add(cost);
        own <= self.each && (own <= self.floor || all.saturating_add(cost) <= self.all)
    }
}

/// Bytes by the slice in which they end.
#[derive(Debug, Default)]
struct Slices(Vec<(i64, usize)>);

impl Slices {
    fn sum(&mut self, now: i64) -> usize {
        self.0.retain(|(slice, _)| *slice >= now);
        self.0.iter().map(|(_, bytes)| bytes).sum()
    }

    fn add(&mut self, slice: i64, cost: usize) {
        match self.0.iter_mut().find(|(s, _)| *s == slice) {
            Some((_, bytes)) => *bytes += cost,
            None => self.0.push((slice, cost)),
        }
    }
}

/// The counts of one kind in one server's memory.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    all: Slices,
    owners: HashMap<Box<str>, Slices>,
    /// With so many owners those who have nothing any more are put away.
    sweep_at: usize,
}

impl Ledger {
    /// Counts, if there is room.
    pub fn admit(&mut self, quota: &Quota, owner: &str, cost: usize, expires: Timestamp, now: Timestamp) -> bool {
        let (today, end) = (quota.slice(now), quota.slice(expires));
        if self.owners.len() >= self.sweep_at {
            self.owners.retain(|_, slices| slices.sum(today) > 0);
            self.sweep_at = 2 * self.owners.len() + 64;
        }
        let own = self.owners.get_mut(owner).map_or(0, |slices| slices.sum(today));
        if !quota.allows(own, self.all.sum(today), cost) {
            return false;
        }
        self.all.add(end, cost);
        match self.owners.get_mut(owner) {
            Some(slices) => slices.add(end, cost),
            None => self.owners.entry(owner.into()).or_default().add(end, cost),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTA: Quota = Quota { each: 100, all: 250, floor: 10, longest: Span::seconds(80) };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn faults_a7_what_one_owner_keeps_is_not_counted_against_another() {
        let mut ledger = Ledger::default();
        let mut admit = |owner: &str, cost| ledger.admit(&QUOTA, owner, cost, at(80), at(0));
        assert!(admit("a", 100) && !admit("a", 1), "its own bound");
        assert!(admit("b", 100), "another's is its own");
        assert!(admit("c", 50) && !admit("c", 1), "all together");
        assert!(admit("d", 10), "who has little is never refused because of others");
        assert!(!admit("d", 1));
    }

    #[test]
    fn what_ended_is_not_counted_and_owners_without_anything_are_put_away() {
        let mut ledger = Ledger::default();
        assert!(ledger.admit(&QUOTA, "a", 100, at(80), at(0)));
        assert!(!ledger.admit(&QUOTA, "a", 100, at(160), at(80)), "its slice lasts");
        assert!(ledger.admit(&QUOTA, "a", 100, at(170), at(90)));
        for n in 0..10_000 {
            let now = at(1_000 + n * 100);
            assert!(ledger.admit(&QUOTA, &n.to_string(), 100, now, now));
        }
        assert!(ledger.owners.len() <= 200, "{}", ledger.owners.len());
    }
}
