//! The store of one server: a map a kind, bounded in bytes, behind a lock that is never held across an await.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use super::quota::Ledger;
use super::{CLAIM, Error, Kind, Seen, TOMBSTONE, Taken, cost};
use crate::base::clock::Timestamp;

#[derive(Default)]
pub struct Memory {
    shelves: Mutex<HashMap<Kind, Shelf>>,
}

#[derive(Default)]
struct Shelf {
    records: HashMap<String, Record>,
    /// Keys by age with the serial of the record they speak of; stale entries are skipped.
    order: VecDeque<(u64, String)>,
    serial: u64,
    /// What all records cost that are here.
    bytes: usize,
    claims: Claims,
    ledger: Ledger,
}

/// What was named once. Nothing leaves before it expires.
#[derive(Default)]
struct Claims {
    live: HashMap<Arc<str>, Timestamp>,
    /// The next to expire first; an entry whose key was claimed anew since is skipped.
    ends: BinaryHeap<Reverse<(Timestamp, Arc<str>)>>,
}

struct Record {
    value: String,
    expires: Timestamp,
    taken: bool,
    serial: u64,
}

impl Memory {
    fn with<T>(&self, kind: Kind, act: impl FnOnce(&mut Shelf) -> T) -> T {
        let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        act(shelves.entry(kind).or_default())
    }

    pub(super) fn put(
        &self,
        owner: &str,
        kind: Kind,
        key: &str,
        value: &str,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<(), Error> {
        let (cost, quota) = (cost(key, value), kind.quota());
        self.with(kind, |shelf| {
            shelf.forget_expired(now);
            if !kind.evicts() && !shelf.ledger.admit(&quota, owner, cost, expires, now) {
                return Err(Error::Full(kind));
            }
            shelf.serial += 1;
            let serial = shelf.serial;
            shelf.remove(key);
            shelf.order.push_back((serial, key.to_owned()));
            shelf.bytes += cost;
            shelf.records.insert(key.to_owned(), Record { value: value.to_owned(), expires, taken: false, serial });
            shelf.shrink(quota.all);
            Ok(())
        })
    }

    pub(super) fn look(&self, kind: Kind, key: &str, now: Timestamp) -> Option<Seen> {
        self.with(kind, |shelf| {
            let live = shelf.records.get(key).filter(|r| now < r.expires);
            live.map(|r| Seen { value: r.value.clone(), taken: r.taken })
        })
    }

    pub(super) fn take(&self, kind: Kind, key: &str, now: Timestamp) -> Taken {
        self.with(kind, |shelf| match shelf.records.get_mut(key) {
            Some(r) if now >= r.expires => Taken::Unknown,
            Some(r) if r.taken => Taken::Before(r.value.clone()),
            Some(r) => {
                r.taken = true;
                r.expires = now.plus(TOMBSTONE);
                if kind.remembers() {
                    return Taken::Now(r.value.clone());
                }
                let value = std::mem::take(&mut r.value);
                shelf.bytes = shelf.bytes.saturating_sub(value.len());
                Taken::Now(value)
            }
            None => Taken::Unknown,
        })
    }

    pub(super) fn remove(&self, kind: Kind, key: &str) {
        self.with(kind, |shelf| {
            shelf.remove(key);
        });
    }

    pub(super) fn claim(
        &self,
        owner: &str,
        kind: Kind,
        key: &str,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<bool, Error> {
        self.with(kind, |shelf| {
            if shelf.claims.is_claimed(key, now) {
                return Ok(false);
            }
            if !shelf.ledger.admit(&kind.quota(), owner, CLAIM, expires, now) {
                return Err(Error::Full(kind));
            }
            shelf.claims.claim(key, expires);
            Ok(true)
        })
    }
}

/// Expired ones that a call puts away on its way: more than it adds, so that the shelf shrinks by itself, and a
/// number that does not grow with what lies there.
const SWEPT: usize = 2;

impl Claims {
    fn is_claimed(&mut self, key: &str, now: Timestamp) -> bool {
        for _ in 0..SWEPT {
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

impl Shelf {
    fn remove(&mut self, key: &str) {
        if let Some(r) = self.records.remove(key) {
            self.bytes = self.bytes.saturating_sub(cost(key, &r.value));
        }
    }

    /// Puts away some of the oldest that are expired or replaced: a quiet house keeps no thousand dead requests.
    fn forget_expired(&mut self, now: Timestamp) {
        for _ in 0..SWEPT {
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

    /// Oldest first until the bound holds; each call does work in proportion to what it removes.
    fn shrink(&mut self, most: usize) {
        while self.bytes > most {
            let Some((serial, key)) = self.order.pop_front() else { return };
            if self.records.get(&key).is_some_and(|r| r.serial == serial) {
                self.remove(&key);
            }
        }
        // What was replaced or removed leaves its place in the order behind.
        if self.order.len() > 2 * self.records.len() + 64 {
            self.order.retain(|(serial, key)| self.records.get(key).is_some_and(|r| r.serial == *serial));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Memory {
        fn keep(&self, kind: Kind, key: &str, expires: Timestamp, now: Timestamp) {
            self.put("", kind, key, "v", expires, now).unwrap();
        }

        fn get(&self, kind: Kind, key: &str, now: Timestamp) -> Option<String> {
            self.look(kind, key, now).filter(|seen| !seen.taken).map(|seen| seen.value)
        }
    }

    #[test]
    fn a_record_is_taken_once_and_remembered_as_taken() {
        let m = Memory::default();
        let now = Timestamp(1_000);
        m.keep(Kind::Code, "a", Timestamp(2_000), Timestamp(1));
        assert_eq!(m.take(Kind::Interaction, "a", now), Taken::Unknown, "c7_another_kind_is_another_namespace");
        assert_eq!(m.take(Kind::Code, "a", now), Taken::Now("v".into()));
        assert_eq!(m.take(Kind::Code, "a", now), Taken::Before("v".into()));
        assert_eq!(m.get(Kind::Code, "a", now), None);
    }

    #[test]
    fn an_expired_record_is_unknown() {
        let m = Memory::default();
        m.keep(Kind::Code, "a", Timestamp(2_000), Timestamp(1));
        assert_eq!(m.take(Kind::Code, "a", Timestamp(2_000)), Taken::Unknown);
    }

    #[test]
    fn attack_d10_of_codes_the_oldest_go_first_and_the_bound_holds_in_bytes() {
        let m = Memory::default();
        let big = "x".repeat(Kind::Code.max_bytes());
        let most = Kind::Code.quota().all / big.len();
        for n in 0..most + 10 {
            m.put("", Kind::Code, &n.to_string(), &big, Timestamp(2_000), Timestamp(1)).unwrap();
        }
        assert_eq!(m.get(Kind::Code, "0", Timestamp(1)), None);
        assert!(m.get(Kind::Code, &most.to_string(), Timestamp(1)).is_some());
        assert!(m.with(Kind::Code, |s| s.bytes) <= Kind::Code.quota().all);
        for _ in 0..most * 3 {
            m.keep(Kind::Code, "same", Timestamp(2_000), Timestamp(1));
        }
        assert!(m.with(Kind::Code, |s| s.order.len() <= 2 * s.records.len() + 65));
        assert!(m.get(Kind::Code, "same", Timestamp(1)).is_some());
    }

    #[test]
    fn attack_d10_what_is_expired_leaves_by_itself() {
        let m = Memory::default();
        for n in 0..1_000 {
            m.keep(Kind::Interaction, &format!("a{n}"), Timestamp(2_000), Timestamp(1));
        }
        for n in 0..1_000 {
            m.keep(Kind::Interaction, &format!("b{n}"), Timestamp(99_000_000), Timestamp(90_000_000));
        }
        assert_eq!(m.with(Kind::Interaction, |s| (s.records.len(), s.order.len())), (1_000, 1_000));
        for n in 0..1_000 {
            m.remove(Kind::Interaction, &format!("b{n}"));
        }
        assert_eq!(m.with(Kind::Interaction, |s| s.bytes), 0);
    }

    #[test]
    fn attack_t14_a_claim_lasts_until_it_expires_however_many_there_are() {
        let m = Memory::default();
        let kind = Kind::Assertion;
        let claim = |owner: &str, key: &str, until, now| m.claim(owner, kind, key, Timestamp(until), Timestamp(now));
        let mut all = 0;
        while claim("one", &all.to_string(), 2_000, 1).is_ok() {
            all += 1;
        }
        assert_eq!(all, kind.quota().each / CLAIM);
        assert!(!claim("one", "0", 2_000, 1_999).unwrap(), "the first is still known");
        assert!(!claim("two", "0", 2_000, 1_999).unwrap(), "whoever names it");
        assert!(claim("two", "more", 2_000, 1_999).unwrap(), "another owner's room is its own");
        // Once they expired: their slice of time is over, too.
        let later = kind.quota().longest.0;
        assert!(claim("one", "0", later + 1_000, later).unwrap());
        assert!(!claim("one", "0", later + 1_000, later + 999).unwrap());
    }

    #[test]
    fn attack_d10_claims_that_expired_leave_by_themselves() {
        let m = Memory::default();
        for round in 0..3 {
            for n in 0..1_000 {
                let now = Timestamp(round * 1_000);
                let end = now.plus(crate::base::clock::Span(1_000));
                // The same names again: what is replaced must not pile up either.
                assert!(m.claim("c", Kind::DpopProof, &n.to_string(), end, now).unwrap());
            }
        }
        let (live, ends) = m.with(Kind::DpopProof, |s| (s.claims.live.len(), s.claims.ends.len()));
        assert!(live <= 1_000 && ends <= 1_001, "{live} {ends}");
    }
}
