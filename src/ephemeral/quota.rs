//! Byte quotas of a namespace, per owner and for all owners together.
//!
//! The owner of a record is its cause: a client or the source network of a request. A record over quota is refused, and
//! no record of another owner is evicted to make room (docs/threats.md#faults-a6, #faults-a7). Bytes are counted by the
//! time slice of their expiry, so neither an expiry nor a restart of one of several servers leaves a count too high for
//! long.

use std::collections::HashMap;

use crate::base::clock::{Span, Timestamp};

/// The limits of a namespace, in bytes. The sum over all namespaces is the maximum memory of the store on a server
/// (docs/decisions/0042-speed-and-size.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// The maximum per owner.
    pub per_owner: usize,
    /// The maximum for all owners together.
    pub total: usize,
    /// The guaranteed room: an owner below this amount is never refused because of other owners.
    pub guaranteed: usize,
    /// The maximum lifetime of a record in this namespace.
    pub max_ttl: Span,
}

/// The number of time slices per maximum lifetime: a count is too high by at most one slice.
const SLICE_COUNT: i64 = 8;

impl Quota {
    /// Returns the time slice of a moment.
    pub(super) fn slice(&self, at: Timestamp) -> i64 {
        at.0.div_euclid((self.max_ttl.0 / SLICE_COUNT).max(1))
    }

    /// True if `cost` more bytes fit for an owner holding `own` bytes while all owners together hold `all`.
    pub(super) fn allows(&self, own: usize, all: usize, cost: usize) -> bool {
        let own = own.saturating_add(cost);
        own <= self.per_owner && (own <= self.guaranteed || all.saturating_add(cost) <= self.total)
    }
}

/// Bytes per time slice of their expiry.
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

/// The byte counts of one namespace in the memory of one server.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    all: Slices,
    owners: HashMap<Box<str>, Slices>,
    /// The number of owners at which owners without live bytes are removed.
    sweep_at: usize,
}

impl Ledger {
    /// Counts `cost` bytes if the quota has room.
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

    const QUOTA: Quota = Quota { per_owner: 100, total: 250, guaranteed: 10, max_ttl: Span::seconds(80) };

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
