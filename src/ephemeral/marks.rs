//! Marks of what came once, in the memory of one server: bounded for each owner and for all, and never refused.
//!
//! A mark stands for something that its own seal lets in already, such as the answer of an upstream: what it adds is
//! that the same thing serves no second time. So a full place does not shut the door. Where there is no room, the mark
//! that ends first goes: of the owner that comes if its own room is used up, else of the owner that has the most. A
//! flood of a few networks therefore only forgets marks of its own, and what was forgotten could serve again in the
//! browser that had it, if the upstream took its code twice (docs/threats.md#attack-a7).

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::{MARK_COST_BYTES, Quota};
use crate::base::clock::Timestamp;

/// The number of ended marks that are put away per call: more than a call adds.
const SWEEP_PER_CALL: usize = 4;

/// The numbers of marks that have room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MarkRoom {
    pub per_owner: usize,
    pub total: usize,
}

impl From<Quota> for MarkRoom {
    fn from(quota: Quota) -> Self {
        let marks = |bytes: usize| bytes / MARK_COST_BYTES;
        Self { per_owner: marks(quota.per_owner), total: marks(quota.total) }
    }
}

/// A mark by its end, so that the first of a set ends first.
type Mark = (Timestamp, Arc<str>);

#[derive(Debug, Default)]
pub(super) struct Marks {
    /// The end and the owner of each mark.
    live: HashMap<Arc<str>, (Timestamp, Arc<str>)>,
    all: BTreeSet<Mark>,
    owners: HashMap<Arc<str>, BTreeSet<Mark>>,
    /// The owners by their number of marks.
    sizes: BTreeSet<(usize, Arc<str>)>,
}

impl Marks {
    /// Marks a key: true for the first caller, until the mark ends or had to make room.
    pub fn mark_once(&mut self, room: MarkRoom, owner: &str, key: &str, ends: Timestamp, now: Timestamp) -> bool {
        for _ in 0..SWEEP_PER_CALL {
            match self.all.first() {
                Some(first) if now >= first.0 => self.forget(&first.clone()),
                _ => break,
            }
        }
        if let Some((until, _)) = self.live.get(key) {
            let until = *until;
            if now < until {
                return false;
            }
            self.forget(&(until, key.into()));
        }
        let owner: Arc<str> = owner.into();
        self.make_room(room, &owner);
        let mark: Mark = (ends, key.into());
        self.all.insert(mark.clone());
        self.change(&owner, |own| _ = own.insert(mark.clone()));
        self.live.insert(mark.1, (ends, owner));
        true
    }

    fn make_room(&mut self, room: MarkRoom, owner: &Arc<str>) {
        let own = self.owners.get(owner).map_or(0, BTreeSet::len);
        let from = if own >= room.per_owner {
            Some(owner)
        } else if self.all.len() >= room.total {
            self.sizes.last().map(|(_, largest)| largest)
        } else {
            None
        };
        let first = from.and_then(|owner| self.owners.get(owner)?.first()).cloned();
        if let Some(first) = first {
            self.forget(&first);
        }
    }

    fn forget(&mut self, mark: &Mark) {
        self.all.remove(mark);
        if let Some((_, owner)) = self.live.remove(&mark.1) {
            self.change(&owner, |own| _ = own.remove(mark));
        }
    }

    /// Changes the marks of an owner, and its number.
    fn change(&mut self, owner: &Arc<str>, change: impl FnOnce(&mut BTreeSet<Mark>)) {
        let own = self.owners.entry(Arc::clone(owner)).or_default();
        self.sizes.remove(&(own.len(), Arc::clone(owner)));
        change(own);
        if own.is_empty() {
            self.owners.remove(owner);
        } else {
            self.sizes.insert((own.len(), Arc::clone(owner)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: MarkRoom = MarkRoom { per_owner: 100, total: 1_000 };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn attack_a7_a_key_is_marked_once_until_it_ends() {
        let mut marks = Marks::default();
        assert!(marks.mark_once(ROOM, "a", "k", at(900), at(0)));
        assert!(!marks.mark_once(ROOM, "a", "k", at(900), at(1)));
        assert!(!marks.mark_once(ROOM, "b", "k", at(900), at(899)), "whoever asks");
        assert!(marks.mark_once(ROOM, "b", "k", at(1_800), at(900)), "it ended");
    }

    #[test]
    fn attack_d1_a_flood_of_some_networks_forgets_marks_of_its_own_and_is_never_refused() {
        let mut marks = Marks::default();
        assert!(marks.mark_once(ROOM, "school", "hers", at(900), at(0)));
        for n in 0..20_000_i64 {
            // Some begin when there is no room any more.
            let owner = format!("network {}", (n / 500) % 24);
            assert!(marks.mark_once(ROOM, &owner, &format!("k{n}"), at(901 + n / 1_000), at(1)));
        }
        assert!(!marks.mark_once(ROOM, "school", "hers", at(900), at(2)), "others' floods forget nothing of hers");
        assert!(!marks.mark_once(ROOM, "network 15", "k19999", at(930), at(2)), "nor what came last");
        assert!(marks.mark_once(ROOM, "school", "the next", at(930), at(2)), "the door is open");
        assert!(marks.all.len() <= ROOM.total, "{}", marks.all.len());
        assert_eq!(marks.live.len(), marks.all.len());
        assert_eq!(marks.owners.values().map(BTreeSet::len).sum::<usize>(), marks.all.len());
    }

    #[test]
    fn attack_d1_a_flood_of_ten_thousand_networks_stays_within_the_bound() {
        let mut marks = Marks::default();
        for n in 0..10_000_i64 {
            assert!(marks.mark_once(ROOM, &format!("network {n}"), &format!("k{n}"), at(900 + n), at(0)));
        }
        assert_eq!((marks.all.len(), marks.owners.len(), marks.sizes.len()), (ROOM.total, ROOM.total, ROOM.total));
        // What ended leaves by itself.
        for n in 0..300_i64 {
            assert!(marks.mark_once(ROOM, "a", &format!("l{n}"), at(20_000), at(19_000)));
        }
        assert!(marks.all.len() <= 300, "{}", marks.all.len());
    }
}
