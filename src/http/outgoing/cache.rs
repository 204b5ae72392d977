//! A cache of documents fetched from third-party addresses: key sets, request objects.
//!
//! On a cache miss, one caller fetches and the others wait for the result. An unauthenticated client controls the `kid`
//! of a token and the number of presentations of an address. An unknown `kid` therefore triggers at most one fetch in
//! ten seconds per address, and an unresponsive address is retried no more often (docs/threats.md#attack-j2,
//! #attack-d1, #faults-a8). The cache is bounded: the entry fetched longest ago is evicted first.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

use crate::base::clock::{Span, Timestamp};

/// The minimum interval between fetches of one address for an unknown `kid` or after a failure.
const REFETCH_INTERVAL: Span = Span::seconds(10);

/// The lifetimes and the size of a cache.
#[derive(Clone, Copy, Debug)]
pub struct CachePolicy {
    /// The time without a new fetch.
    pub fresh_for: Span,
    /// The time that a stale value may be served while the address does not respond.
    pub usable_for: Span,
    /// The maximum number of addresses.
    pub max_entries: usize,
}

/// The policy of key sets: keys change rarely, and a new `kid` signals the change (OIDCC 10.1.1).
pub const JWKS_CACHE_POLICY: CachePolicy =
    CachePolicy { fresh_for: Span::minutes(5), usable_for: Span::hours(1), max_entries: 1_000 };
/// The policy of request objects: a URI whose content can change has a digest as its fragment (OIDCC 6.2), so other
/// content may be cached briefly.
pub const REQUEST_OBJECT_CACHE_POLICY: CachePolicy =
    CachePolicy { fresh_for: Span::seconds(10), usable_for: Span::hours(1), max_entries: 200 };

/// The result of a cache lookup.
#[derive(Debug)]
pub enum CacheLookup<T> {
    /// No fetch for now: the cached value, or `None` if no value is available.
    Cached(Option<Arc<T>>),
    /// The caller fetches, and uses the value until then and if the fetch fails. Without a value, only the holder of
    /// the [`FetchCache::fetch_lock`] fetches.
    Fetch(Option<Arc<T>>),
}

#[derive(Debug)]
struct CacheEntry<T> {
    value: Option<(Arc<T>, Timestamp)>,
    /// The time of the last fetch for an unknown `kid`, the last refresh, or the last failure.
    last_attempt: Option<Timestamp>,
    fetch_lock: Arc<tokio::sync::Mutex<()>>,
}

impl<T> Default for CacheEntry<T> {
    fn default() -> Self {
        Self { value: None, last_attempt: None, fetch_lock: Arc::default() }
    }
}

/// A bounded cache by address.
#[derive(Debug)]
pub struct FetchCache<T> {
    policy: CachePolicy,
    entries: Mutex<HashMap<String, CacheEntry<T>>>,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl<T> FetchCache<T> {
    pub fn new(how: CachePolicy) -> Self {
        Self { policy: how, entries: Mutex::new(HashMap::new()), hits: AtomicU64::new(0), misses: AtomicU64::new(0) }
    }

    /// Returns the numbers of look-ups since the start that needed no fetch, and that needed one.
    pub fn lookup_counts(&self) -> (u64, u64) {
        (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed))
    }

    /// Looks up an address. `unknown` is true if the cached value lacks the wanted item, such as a `kid`, so that a
    /// newer value may exist.
    pub fn lookup(&self, place: &str, now: Timestamp, unknown: bool) -> CacheLookup<T> {
        let found = self.look_up(place, now, unknown);
        let counter = if matches!(found, CacheLookup::Cached(_)) { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    fn look_up(&self, place: &str, now: Timestamp, unknown: bool) -> CacheLookup<T> {
        let mut all = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(entry) = all.get_mut(place) else { return CacheLookup::Fetch(None) };
        let may_ask = entry.last_attempt.is_none_or(|at| now.since(at) >= REFETCH_INTERVAL);
        let age = entry.value.as_ref().map(|(_, at)| now.since(*at));
        let usable = entry
            .value
            .as_ref()
            .filter(|(_, at)| now.since(*at) < self.policy.usable_for)
            .map(|(set, _)| Arc::clone(set));
        let wanted = unknown || age.is_none_or(|age| age >= self.policy.fresh_for);
        if !wanted || !may_ask {
            return CacheLookup::Cached(usable);
        }
        // Other callers use the stale value until the fetch ends. Without a value, other callers wait for the fetch.
        if usable.is_some() {
            entry.last_attempt = Some(now);
        }
        CacheLookup::Fetch(usable)
    }

    /// Returns the value of an address, fetched if it is absent or stale, or lacks the wanted item (`unknown`). A failed
    /// fetch is told to `log`, and the value before serves as long as the policy says.
    pub async fn get_or_fetch<E>(
        &self,
        place: &str,
        now: Timestamp,
        unknown: bool,
        fetch: impl AsyncFnOnce() -> Result<T, E>,
        log: impl FnOnce(E),
    ) -> Option<Arc<T>> {
        let look = || self.lookup(place, now, unknown);
        let (kept, _turn) = match look() {
            CacheLookup::Cached(found) => return found,
            CacheLookup::Fetch(Some(kept)) => (Some(kept), None),
            CacheLookup::Fetch(None) => {
                let turn = self.fetch_lock(place).await;
                match look() {
                    CacheLookup::Cached(found) => return found,
                    CacheLookup::Fetch(kept) => (kept, Some(turn)),
                }
            }
        };
        match fetch().await {
            Ok(value) => {
                let value = Arc::new(value);
                self.insert(place, now, Arc::clone(&value));
                Some(value)
            }
            Err(error) => {
                log(error);
                self.record_failure(place, now);
                kept
            }
        }
    }

    /// Returns the cached value even if stale, for callers that verify the content themselves.
    pub fn peek(&self, place: &str, now: Timestamp) -> Option<Arc<T>> {
        let all = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let (set, at) = all.get(place)?.value.as_ref()?;
        (now.since(*at) < self.policy.usable_for).then(|| Arc::clone(set))
    }

    /// Locks the address for a fetch without a cached value. Call [`FetchCache::lookup`] again after locking.
    pub async fn fetch_lock(&self, place: &str) -> OwnedMutexGuard<()> {
        let turn = {
            let mut all = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(&self.entry(&mut all, place).fetch_lock)
        };
        turn.lock_owned().await
    }

    pub fn insert(&self, place: &str, now: Timestamp, set: Arc<T>) {
        let mut all = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        self.entry(&mut all, place).value = Some((set, now));
    }

    pub fn record_failure(&self, place: &str, now: Timestamp) {
        let mut all = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        self.entry(&mut all, place).last_attempt = Some(now);
    }

    fn entry<'a>(&self, all: &'a mut HashMap<String, CacheEntry<T>>, place: &str) -> &'a mut CacheEntry<T> {
        if all.len() >= self.policy.max_entries && !all.contains_key(place) {
            let age = |e: &CacheEntry<T>| e.value.as_ref().map(|(_, at)| *at);
            let oldest = all.iter().min_by_key(|(_, e)| age(e)).map(|(name, _)| name.clone());
            if let Some(oldest) = oldest {
                all.remove(&oldest);
            }
        }
        all.entry(place.to_owned()).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory() -> FetchCache<()> {
        FetchCache::new(JWKS_CACHE_POLICY)
    }

    fn asks(memory: &FetchCache<()>, at: Timestamp, unknown: bool) -> bool {
        matches!(memory.lookup("a", at, unknown), CacheLookup::Fetch(_))
    }

    #[test]
    fn protocol_a18_attack_j2_an_unknown_kid_has_the_address_asked_again_but_not_more_often_than_that() {
        let (memory, start) = (memory(), Timestamp(1_000_000));
        assert!(asks(&memory, start, false));
        memory.insert("a", start, Arc::default());
        assert!(!asks(&memory, start, false), "fresh");
        assert!(asks(&memory, start, true), "keys may have changed at once");
        assert!(!asks(&memory, start.plus(Span::seconds(9)), true));
        assert!(asks(&memory, start.plus(Span::seconds(10)), true));
        memory.insert("a", start, Arc::default());
        assert!(asks(&memory, start.plus(Span::minutes(5)), false), "stale");
    }

    #[test]
    fn old_keys_serve_an_hour_where_the_address_is_silent() {
        let (memory, start) = (memory(), Timestamp(1_000_000));
        memory.insert("a", start, Arc::default());
        for (minutes, there) in [(6, true), (59, true), (60, false)] {
            let at = start.plus(Span::minutes(minutes));
            let CacheLookup::Fetch(kept) = memory.lookup("a", at, false) else { panic!("it is not asked") };
            memory.record_failure("a", at);
            assert_eq!(kept.is_some(), there, "{minutes}");
            let CacheLookup::Cached(kept) = memory.lookup("a", at, true) else { panic!("it is asked at once again") };
            assert_eq!(kept.is_some(), there, "{minutes}");
        }
    }

    #[test]
    fn attack_d1_it_is_bounded() {
        let memory = memory();
        for n in 0..JWKS_CACHE_POLICY.max_entries as i64 + 50 {
            memory.insert(&n.to_string(), Timestamp(n), Arc::default());
        }
        assert_eq!(memory.entries.lock().unwrap().len(), JWKS_CACHE_POLICY.max_entries);
        assert!(matches!(memory.lookup("0", Timestamp(9_999), false), CacheLookup::Fetch(None)), "the oldest went");
    }
}
