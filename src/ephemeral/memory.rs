//! The store of one server: a bounded map a kind, behind a lock that is never held across an await.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use super::{Error, Kind, TOMBSTONE, Taken};
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

    pub(super) fn put(&self, kind: Kind, key: &str, value: &str, expires: Timestamp) {
        self.with(kind, |shelf| {
            shelf.serial += 1;
            let serial = shelf.serial;
            shelf.order.push_back((serial, key.to_owned()));
            shelf.records.insert(key.to_owned(), Record { value: value.to_owned(), expires, taken: false, serial });
            shelf.shrink(kind.capacity());
        });
    }

    pub(super) fn get(&self, kind: Kind, key: &str, now: Timestamp) -> Option<String> {
        self.with(kind, |shelf| shelf.records.get(key).filter(|r| !r.taken && now < r.expires).map(|r| r.value.clone()))
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

    pub(super) fn claim(&self, kind: Kind, key: &str, expires: Timestamp, now: Timestamp) -> Result<bool, Error> {
        self.with(kind, |shelf| {
            shelf.forget_expired(now);
            if shelf.records.get(key).is_some_and(|r| now < r.expires) {
                return Ok(false);
            }
            if shelf.records.len() >= kind.capacity() {
                return Err(Error::Full);
            }
            shelf.serial += 1;
            let serial = shelf.serial;
            shelf.order.push_back((serial, key.to_owned()));
            shelf.records.insert(key.to_owned(), Record { value: String::new(), expires, taken: false, serial });
            Ok(true)
        })
    }

    pub(super) fn remove(&self, kind: Kind, key: &str) {
        self.with(kind, |shelf| {
            shelf.records.remove(key);
        });
    }
}

impl Shelf {
    /// From the front, up to the first that still counts: claims of a kind expire roughly in the order of their making.
    fn forget_expired(&mut self, now: Timestamp) {
        while let Some((serial, key)) = self.order.front() {
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

    #[test]
    fn a_record_is_taken_once_and_remembered_as_taken() {
        let m = Memory::default();
        let now = Timestamp(1_000);
        m.put(Kind::Code, "a", "v", Timestamp(2_000));
        assert_eq!(m.take(Kind::Interaction, "a", now), Taken::Unknown, "c7_another_kind_is_another_namespace");
        assert_eq!(m.take(Kind::Code, "a", now), Taken::Now("v".into()));
        assert_eq!(m.take(Kind::Code, "a", now), Taken::Before("v".into()));
        assert_eq!(m.get(Kind::Code, "a", now), None);
    }

    #[test]
    fn an_expired_record_is_unknown() {
        let m = Memory::default();
        m.put(Kind::Code, "a", "v", Timestamp(2_000));
        assert_eq!(m.take(Kind::Code, "a", Timestamp(2_000)), Taken::Unknown);
    }

    #[test]
    fn d10_the_oldest_go_first_and_the_bound_holds() {
        let m = Memory::default();
        for n in 0..Kind::Logout.capacity() + 10 {
            m.put(Kind::Logout, &n.to_string(), "v", Timestamp(2_000));
        }
        assert_eq!(m.get(Kind::Logout, "0", Timestamp(1)), None);
        assert!(m.get(Kind::Logout, "10", Timestamp(1)).is_some());
        for _ in 0..Kind::Logout.capacity() * 3 {
            m.put(Kind::Logout, "same", "v", Timestamp(2_000));
        }
        assert!(m.with(Kind::Logout, |s| s.order.len()) <= 2 * Kind::Logout.capacity());
        assert!(m.get(Kind::Logout, "same", Timestamp(1)).is_some());
    }

    #[test]
    fn t14_a_name_is_claimed_once_until_it_expires_and_never_forgotten_for_another() {
        let m = Memory::default();
        let claim = |key: &str, now| m.claim(Kind::Assertion, key, Timestamp(2_000), Timestamp(now)).ok();
        assert_eq!(claim("a", 1_000), Some(true));
        assert_eq!(claim("a", 1_999), Some(false));
        for n in 1..Kind::Assertion.capacity() {
            assert_eq!(claim(&n.to_string(), 1_000), Some(true));
        }
        assert_eq!(claim("one more", 1_000), None, "full");
        assert_eq!(claim("a", 1_000), Some(false), "and the first is still known");
        assert_eq!(m.claim(Kind::Assertion, "a", Timestamp(9_000), Timestamp(2_000)).ok(), Some(true), "expired");
        assert_eq!(m.with(Kind::Assertion, |s| s.records.len()), 1, "with all the others");
    }
}
