//! The in-memory store of a single server: one map per namespace, bounded in bytes, behind a lock never held across an
//! await.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use super::marks::Marks;
use super::quota::Ledger;
use super::{CLAIM_COST_BYTES, EphemeralError, Namespace, StoredRecord, TOMBSTONE_TTL, TakeResult, record_cost};
use crate::base::clock::Timestamp;

#[derive(Default)]
pub struct MemoryStore {
    partitions: Mutex<HashMap<Namespace, Partition>>,
}

#[derive(Default)]
struct Partition {
    records: HashMap<String, Record>,
    /// Keys by age, each with the serial number of its record; stale entries are skipped.
    order: VecDeque<(u64, String)>,
    serial: u64,
    /// The total cost of all records, in bytes.
    bytes: usize,
    claims: ClaimedKeys,
    marks: Marks,
    ledger: Ledger,
}

/// Keys claimed once. No claim is evicted before its expiry.
#[derive(Default)]
struct ClaimedKeys {
    live: HashMap<Arc<str>, Timestamp>,
    /// Claims ordered by expiry, the earliest first; an entry whose key was claimed again later is skipped.
    ends: BinaryHeap<Reverse<(Timestamp, Arc<str>)>>,
}

struct Record {
    value: String,
    expires: Timestamp,
    consumed: bool,
    serial: u64,
}

impl MemoryStore {
    fn with_partition<T>(&self, kind: Namespace, act: impl FnOnce(&mut Partition) -> T) -> T {
        let mut shelves = self.partitions.lock().unwrap_or_else(PoisonError::into_inner);
        act(shelves.entry(kind).or_default())
    }

    pub(super) fn put(
        &self,
        owner: &str,
        kind: Namespace,
        key: &str,
        value: &str,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<(), EphemeralError> {
        let (cost, quota) = (record_cost(key, value), kind.quota());
        self.with_partition(kind, |shelf| {
            shelf.forget_expired(now);
            if !kind.evicts() && !shelf.ledger.admit(&quota, owner, cost, expires, now) {
                return Err(EphemeralError::Full(kind));
            }
            shelf.serial += 1;
            let serial = shelf.serial;
            shelf.remove(key);
            shelf.order.push_back((serial, key.to_owned()));
            shelf.bytes += cost;
            shelf.records.insert(key.to_owned(), Record { value: value.to_owned(), expires, consumed: false, serial });
            shelf.evict_to(quota.total);
            Ok(())
        })
    }

    pub(super) fn peek(&self, kind: Namespace, key: &str, now: Timestamp) -> Option<StoredRecord> {
        self.with_partition(kind, |shelf| {
            let live = shelf.records.get(key).filter(|r| now < r.expires);
            live.map(|r| StoredRecord { value: r.value.clone(), consumed: r.consumed })
        })
    }

    pub(super) fn take(&self, kind: Namespace, key: &str, now: Timestamp) -> TakeResult {
        self.with_partition(kind, |shelf| match shelf.records.get_mut(key) {
            Some(r) if now >= r.expires => TakeResult::NotFound,
            Some(r) if r.consumed => TakeResult::AlreadyTaken(r.value.clone()),
            Some(r) => {
                r.consumed = true;
                r.expires = now.plus(TOMBSTONE_TTL);
                if kind.keeps_taken_value() {
                    return TakeResult::Taken(r.value.clone());
                }
                let value = std::mem::take(&mut r.value);
                shelf.bytes = shelf.bytes.saturating_sub(value.len());
                TakeResult::Taken(value)
            }
            None => TakeResult::NotFound,
        })
    }

    pub(super) fn remove(&self, kind: Namespace, key: &str) {
        self.with_partition(kind, |shelf| {
            shelf.remove(key);
        });
    }

    pub(super) fn claim_once(
        &self,
        owner: &str,
        kind: Namespace,
        key: &str,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<bool, EphemeralError> {
        self.with_partition(kind, |shelf| {
            if shelf.claims.is_claimed(key, now) {
                return Ok(false);
            }
            if !shelf.ledger.admit(&kind.quota(), owner, CLAIM_COST_BYTES, expires, now) {
                return Err(EphemeralError::Full(kind));
            }
            shelf.claims.claim(key, expires);
            Ok(true)
        })
    }

    pub(super) fn mark_once(&self, owner: &str, kind: Namespace, key: &str, ends: Timestamp, now: Timestamp) -> bool {
        self.with_partition(kind, |shelf| shelf.marks.mark_once(kind.quota().into(), owner, key, ends, now))
    }
}

/// The number of expired entries removed per call: more than a call adds, so the partition shrinks without a background
/// task, and independent of the partition's size.
const SWEEP_PER_CALL: usize = 2;

impl ClaimedKeys {
    fn is_claimed(&mut self, key: &str, now: Timestamp) -> bool {
        for _ in 0..SWEEP_PER_CALL {
            self.forget_expired(now);
        }
        self.live.get(key).is_some_and(|until| now < *until)
    }

    fn claim(&mut self, key: &str, expires: Timestamp) {
        let key: Arc<str> = key.into();
        self.ends.push(Reverse((expires, Arc::clone(&key))));
        self.live.insert(key, expires);
    }

    fn forget_expired(&mut self, now: Timestamp) {
        let due = self.ends.peek().is_some_and(|Reverse((until, _))| now >= *until);
        let Some(Reverse((until, key))) = due.then(|| self.ends.pop()).flatten() else { return };
        if self.live.get(&key) == Some(&until) {
            self.live.remove(&key);
        }
    }
}

impl Partition {
    fn remove(&mut self, key: &str) {
        if let Some(r) = self.records.remove(key) {
            self.bytes = self.bytes.saturating_sub(record_cost(key, &r.value));
        }
    }

    /// Removes some of the oldest entries if expired or replaced, so an idle server does not keep a thousand dead
    /// requests.
    fn forget_expired(&mut self, now: Timestamp) {
        for _ in 0..SWEEP_PER_CALL {
            let Some((serial, key)) = self.order.front() else { return };
            match self.records.get(key) {
                Some(r) if r.serial == *serial && now < r.expires => return,
                Some(r) if r.serial == *serial => {
                    let key = key.clone();
                    self.remove(&key);
                }
                _ => {}
            }
            self.order.pop_front();
        }
    }

    /// Evicts the oldest records until the partition holds at most `most` bytes. The work is proportional to the number
    /// of evicted records.
    fn evict_to(&mut self, most: usize) {
        while self.bytes > most {
            let Some((serial, key)) = self.order.pop_front() else { return };
            if self.records.get(&key).is_some_and(|r| r.serial == serial) {
                self.remove(&key);
            }
        }
        // Replaced and removed records leave stale entries in `order`.
        if self.order.len() > 2 * self.records.len() + 64 {
            self.order.retain(|(serial, key)| self.records.get(key).is_some_and(|r| r.serial == *serial));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl MemoryStore {
        fn keep(&self, kind: Namespace, key: &str, expires: Timestamp, now: Timestamp) {
            self.put("", kind, key, "v", expires, now).unwrap();
        }

        fn get(&self, kind: Namespace, key: &str, now: Timestamp) -> Option<String> {
            self.peek(kind, key, now).filter(|seen| !seen.consumed).map(|seen| seen.value)
        }
    }

    #[test]
    fn a_record_is_taken_once_and_remembered_as_taken() {
        let m = MemoryStore::default();
        let now = Timestamp(1_000);
        m.keep(Namespace::Code, "a", Timestamp(2_000), Timestamp(1));
        assert_eq!(
            m.take(Namespace::Interaction, "a", now),
            TakeResult::NotFound,
            "c7_another_kind_is_another_namespace"
        );
        assert_eq!(m.take(Namespace::Code, "a", now), TakeResult::Taken("v".into()));
        assert_eq!(m.take(Namespace::Code, "a", now), TakeResult::AlreadyTaken("v".into()));
        assert_eq!(m.get(Namespace::Code, "a", now), None);
    }

    #[test]
    fn an_expired_record_is_unknown() {
        let m = MemoryStore::default();
        m.keep(Namespace::Code, "a", Timestamp(2_000), Timestamp(1));
        assert_eq!(m.take(Namespace::Code, "a", Timestamp(2_000)), TakeResult::NotFound);
    }

    #[test]
    fn attack_d10_of_codes_the_oldest_go_first_and_the_bound_holds_in_bytes() {
        let m = MemoryStore::default();
        let big = "x".repeat(Namespace::Code.max_value_bytes());
        let most = Namespace::Code.quota().total / big.len();
        for n in 0..most + 10 {
            m.put("", Namespace::Code, &n.to_string(), &big, Timestamp(2_000), Timestamp(1)).unwrap();
        }
        assert_eq!(m.get(Namespace::Code, "0", Timestamp(1)), None);
        assert!(m.get(Namespace::Code, &most.to_string(), Timestamp(1)).is_some());
        assert!(m.with_partition(Namespace::Code, |s| s.bytes) <= Namespace::Code.quota().total);
        for _ in 0..most * 3 {
            m.keep(Namespace::Code, "same", Timestamp(2_000), Timestamp(1));
        }
        assert!(m.with_partition(Namespace::Code, |s| s.order.len() <= 2 * s.records.len() + 65));
        assert!(m.get(Namespace::Code, "same", Timestamp(1)).is_some());
    }

    #[test]
    fn attack_d10_what_is_expired_leaves_by_itself() {
        let m = MemoryStore::default();
        for n in 0..1_000 {
            m.keep(Namespace::Interaction, &format!("a{n}"), Timestamp(2_000), Timestamp(1));
        }
        for n in 0..1_000 {
            m.keep(Namespace::Interaction, &format!("b{n}"), Timestamp(99_000_000), Timestamp(90_000_000));
        }
        assert_eq!(m.with_partition(Namespace::Interaction, |s| (s.records.len(), s.order.len())), (1_000, 1_000));
        for n in 0..1_000 {
            m.remove(Namespace::Interaction, &format!("b{n}"));
        }
        assert_eq!(m.with_partition(Namespace::Interaction, |s| s.bytes), 0);
    }

    #[test]
    fn attack_t14_a_claim_lasts_until_it_expires_however_many_there_are() {
        let m = MemoryStore::default();
        let kind = Namespace::Assertion;
        let claim =
            |owner: &str, key: &str, until, now| m.claim_once(owner, kind, key, Timestamp(until), Timestamp(now));
        let mut all = 0;
        while claim("one", &all.to_string(), 2_000, 1).is_ok() {
            all += 1;
        }
        assert_eq!(all, kind.quota().per_owner / CLAIM_COST_BYTES);
        assert!(!claim("one", "0", 2_000, 1_999).unwrap(), "the first is still known");
        assert!(!claim("two", "0", 2_000, 1_999).unwrap(), "whoever names it");
        assert!(claim("two", "more", 2_000, 1_999).unwrap(), "another owner's room is its own");
        // After expiry: the time slice of the claims has ended too.
        let later = kind.quota().max_ttl.0;
        assert!(claim("one", "0", later + 1_000, later).unwrap());
        assert!(!claim("one", "0", later + 1_000, later + 999).unwrap());
    }

    #[test]
    fn attack_d10_claims_that_expired_leave_by_themselves() {
        let m = MemoryStore::default();
        for round in 0..3 {
            for n in 0..1_000 {
                let now = Timestamp(round * 1_000);
                let end = now.plus(crate::base::clock::Span(1_000));
                // The same keys again: replaced entries must not pile up either.
                assert!(m.claim_once("c", Namespace::DpopProof, &n.to_string(), end, now).unwrap());
            }
        }
        let (live, ends) = m.with_partition(Namespace::DpopProof, |s| (s.claims.live.len(), s.claims.ends.len()));
        assert!(live <= 1_000 && ends <= 1_001, "{live} {ends}");
    }
}
