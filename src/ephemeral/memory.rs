//! The store of one server: a bounded map a kind, behind a lock that is never held across an await.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Error, Kind, Seen, TOMBSTONE, Taken};
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
    claims: Claims,
}

/// What was named once. Nothing leaves before it expires, so the bound is held by refusing.
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

    pub(super) fn put(&self, kind: Kind, key: &str, value: &str, expires: Timestamp, now: Timestamp) {
        self.with(kind, |shelf| {
            shelf.forget_expired(now);
            shelf.serial += 1;
            let serial = shelf.serial;
            shelf.order.push_back((serial, key.to_owned()));
            shelf.records.insert(key.to_owned(), Record { value: value.to_owned(), expires, taken: false, serial });
            shelf.shrink(kind.capacity());
        });
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
                Taken::Now(r.value.clone())
            }
            None => Taken::Unknown,
        })
    }

    pub(super) fn remove(&self, kind: Kind, key: &str) {
        self.with(kind, |shelf| {
            shelf.records.remove(key);
        });
    }

    pub(super) fn claim(&self, kind: Kind, key: &str, expires: Timestamp, now: Timestamp) -> Result<bool, Error> {
        self.with(kind, |shelf| shelf.claims.claim(kind, key, expires, now))
    }
}

/// Expired ones that a call puts away on its way: more than it adds, so that the shelf shrinks by itself, and a
/// number that does not grow with what lies there.
const SWEPT: usize = 2;

impl Claims {
    fn claim(&mut self, kind: Kind, key: &str, expires: Timestamp, now: Timestamp) -> Result<bool, Error> {
        for _ in 0..SWEPT {
            self.forget_expired(now);
        }
        if self.live.get(key).is_some_and(|until| now < *until) {
            return Ok(false);
        }
        if self.live.len() >= kind.capacity() && !self.live.contains_key(key) {
            return Err(Error::Full(kind));
        }
        let key: Arc<str> = key.into();
        self.ends.push(Reverse((expires, Arc::clone(&key))));
        self.live.insert(key, expires);
        Ok(true)
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
    /// Puts away some of the oldest that are expired or replaced: a quiet house keeps no thousand dead requests.
    fn forget_expired(&mut self, now: Timestamp) {
        for _ in 0..SWEPT {
            let Some((serial, key)) = self.order.front() else { return };
            match self.records.get(key) {
                Some(r) if r.serial == *serial && now < r.expires => return,
                Some(r) if r.serial == *serial => {
                    self.records.remove(key);
                }
                _ => {}
            }
            self.order.pop_front();
        }
    }

    /// Oldest first until the bound holds; each call does work in proportion to what it removes.
    fn shrink(&mut self, capacity: usize) {
        while self.records.len() > capacity || self.order.len() > capacity.saturating_mul(2) {
            let Some((serial, key)) = self.order.pop_front() else { return };
            let current = self.records.get(&key).is_some_and(|r| r.serial == serial);
            if current && self.records.len() > capacity {
                self.records.remove(&key);
            } else if current {
                // The list is long with stale entries but this one lives: it goes to the back, as it is.
                self.order.push_back((serial, key));
                self.order.retain(|(s, k)| self.records.get(k).is_some_and(|r| r.serial == *s));
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Memory {
        fn get(&self, kind: Kind, key: &str, now: Timestamp) -> Option<String> {
            self.look(kind, key, now).filter(|seen| !seen.taken).map(|seen| seen.value)
        }
    }

    #[test]
    fn a_record_is_taken_once_and_remembered_as_taken() {
        let m = Memory::default();
        let now = Timestamp(1_000);
        m.put(Kind::Code, "a", "v", Timestamp(2_000), Timestamp(1));
        assert_eq!(m.take(Kind::Interaction, "a", now), Taken::Unknown, "c7_another_kind_is_another_namespace");
        assert_eq!(m.take(Kind::Code, "a", now), Taken::Now("v".into()));
        assert_eq!(m.take(Kind::Code, "a", now), Taken::Before("v".into()));
        assert_eq!(m.get(Kind::Code, "a", now), None);
    }

    #[test]
    fn an_expired_record_is_unknown() {
        let m = Memory::default();
        m.put(Kind::Code, "a", "v", Timestamp(2_000), Timestamp(1));
        assert_eq!(m.take(Kind::Code, "a", Timestamp(2_000)), Taken::Unknown);
    }

    #[test]
    fn d10_the_oldest_go_first_and_the_bound_holds() {
        let m = Memory::default();
        for n in 0..Kind::Logout.capacity() + 10 {
            m.put(Kind::Logout, &n.to_string(), "v", Timestamp(2_000), Timestamp(1));
        }
        assert_eq!(m.get(Kind::Logout, "0", Timestamp(1)), None);
        assert!(m.get(Kind::Logout, "10", Timestamp(1)).is_some());
        for _ in 0..Kind::Logout.capacity() * 3 {
            m.put(Kind::Logout, "same", "v", Timestamp(2_000), Timestamp(1));
        }
        assert!(m.with(Kind::Logout, |s| s.order.len()) <= 2 * Kind::Logout.capacity());
        assert!(m.get(Kind::Logout, "same", Timestamp(1)).is_some());
    }

    #[test]
    fn d10_what_is_expired_leaves_by_itself() {
        let m = Memory::default();
        for n in 0..1_000 {
            m.put(Kind::Interaction, &format!("a{n}"), "v", Timestamp(2_000), Timestamp(1));
        }
        for n in 0..1_000 {
            m.put(Kind::Interaction, &format!("b{n}"), "v", Timestamp(9_000), Timestamp(3_000));
        }
        assert_eq!(m.with(Kind::Interaction, |s| (s.records.len(), s.order.len())), (1_000, 1_000));
    }

    #[test]
    fn t14_a_claim_is_never_forgotten_early_however_many_there_are() {
        let m = Memory::default();
        let kind = Kind::Assertion;
        for n in 0..kind.capacity() {
            assert!(m.claim(kind, &n.to_string(), Timestamp(2_000), Timestamp(1)).unwrap());
        }
        assert!(matches!(m.claim(kind, "more", Timestamp(2_000), Timestamp(1_999)), Err(Error::Full(_))));
        assert!(!m.claim(kind, "0", Timestamp(2_000), Timestamp(1_999)).unwrap(), "the first is still known");
        assert!(m.claim(kind, "more", Timestamp(3_000), Timestamp(2_000)).unwrap(), "an expired one made room");
        assert!(m.claim(kind, "0", Timestamp(3_000), Timestamp(2_000)).unwrap());
        assert!(!m.claim(kind, "0", Timestamp(3_000), Timestamp(2_999)).unwrap());
    }

    #[test]
    fn d10_claims_that_expired_leave_by_themselves() {
        let m = Memory::default();
        for round in 0..3 {
            for n in 0..1_000 {
                let now = Timestamp(round * 1_000);
                // The same names again: what is replaced must not pile up either.
                assert!(
                    m.claim(Kind::DpopProof, &n.to_string(), now.plus(crate::base::clock::Span(1_000)), now).unwrap()
                );
            }
        }
        let (live, ends) = m.with(Kind::DpopProof, |s| (s.claims.live.len(), s.claims.ends.len()));
        assert!(live <= 1_000 && ends <= 1_001, "{live} {ends}");
    }
}
