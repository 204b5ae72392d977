//! What was fetched of others' addresses, remembered for a while: key sets, request objects.
//!
//! Where nothing is at hand one asks, and the others wait for its answer. A stranger decides which kids a token names
//! and how often an address is presented, so an unknown one, like an address that does not answer, has the address
//! asked at most once in ten seconds (docs/threats.md#attack-j2, #attack-d1, #faults-a8). Bounded: what was fetched
//! longest ago goes first.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

use crate::base::clock::{Span, Timestamp};

/// An address is asked at most so often for what is unknown, and after it did not answer.
const APART: Span = Span::seconds(10);

/// How long and how much is remembered.
#[derive(Clone, Copy, Debug)]
pub struct Remember {
    /// So long nobody asks again.
    pub fresh: Span,
    /// What is old serves so long where the address does not answer.
    pub usable: Span,
    /// Addresses.
    pub most: usize,
}

/// OIDCC 10.1.1: keys change seldom, and say so by a new kid.
pub const KEYS: Remember = Remember { fresh: Span::minutes(5), usable: Span::hours(1), most: 1_000 };
/// OIDCC 6.2: what may change names its digest in the address, so the rest may be kept for a moment.
pub const DOCUMENTS: Remember = Remember { fresh: Span::seconds(10), usable: Span::hours(1), most: 200 };

/// What is known of an address.
#[derive(Debug)]
pub enum Remembered<T> {
    /// Nothing else for now: what stands there, or that nothing is to be had.
    Known(Option<Arc<T>>),
    /// To be asked; meanwhile, and if that fails, this. Without any, by whoever has the [`FetchMemory::turn`].
    Ask(Option<Arc<T>>),
}

#[derive(Debug)]
struct Entry<T> {
    set: Option<(Arc<T>, Timestamp)>,
    /// When it was last asked for an unknown kid, or anew, or in vain.
    asked: Option<Timestamp>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl<T> Default for Entry<T> {
    fn default() -> Self {
        Self { set: None, asked: None, turn: Arc::default() }
    }
}

/// The memory.
#[derive(Debug)]
pub struct FetchMemory<T> {
    how: Remember,
    all: Mutex<HashMap<String, Entry<T>>>,
}

impl<T> FetchMemory<T> {
    pub fn new(how: Remember) -> Self {
        Self { how, all: Mutex::new(HashMap::new()) }
    }

    /// `unknown`: what is at hand is not what is looked for, so there may be something newer.
    pub fn look(&self, place: &str, now: Timestamp, unknown: bool) -> Remembered<T> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(entry) = all.get_mut(place) else { return Remembered::Ask(None) };
        let may_ask = entry.asked.is_none_or(|at| now.since(at) >= APART);
        let age = entry.set.as_ref().map(|(_, at)| now.since(*at));
        let usable =
            entry.set.as_ref().filter(|(_, at)| now.since(*at) < self.how.usable).map(|(set, _)| Arc::clone(set));
        let wanted = unknown || age.is_none_or(|age| age >= self.how.fresh);
        if !wanted || !may_ask {
            return Remembered::Known(usable);
        }
        // Others have these until there is an answer. Where there are none, they wait for it.
        if usable.is_some() {
            entry.asked = Some(now);
        }
        Remembered::Ask(usable)
    }

    /// What is at hand, however old, for whoever can tell by itself that it is the right one.
    pub fn kept(&self, place: &str, now: Timestamp) -> Option<Arc<T>> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let (set, at) = all.get(place)?.set.as_ref()?;
        (now.since(*at) < self.how.usable).then(|| Arc::clone(set))
    }

    /// Held by who asks an address of which nothing is known. Look again once you have it.
    pub async fn turn(&self, place: &str) -> OwnedMutexGuard<()> {
        let turn = {
            let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(&self.entry(&mut all, place).turn)
        };
        turn.lock_owned().await
    }

    pub fn put(&self, place: &str, now: Timestamp, set: Arc<T>) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        self.entry(&mut all, place).set = Some((set, now));
    }

    pub fn failed(&self, place: &str, now: Timestamp) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        self.entry(&mut all, place).asked = Some(now);
    }

    fn entry<'a>(&self, all: &'a mut HashMap<String, Entry<T>>, place: &str) -> &'a mut Entry<T> {
        if all.len() >= self.how.most && !all.contains_key(place) {
            let age = |e: &Entry<T>| e.set.as_ref().map(|(_, at)| *at);
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

    fn memory() -> FetchMemory<()> {
        FetchMemory::new(KEYS)
    }

    fn asks(memory: &FetchMemory<()>, at: Timestamp, unknown: bool) -> bool {
        matches!(memory.look("a", at, unknown), Remembered::Ask(_))
    }

    #[test]
    fn protocol_a18_attack_j2_an_unknown_kid_has_the_address_asked_again_but_not_more_often_than_that() {
        let (memory, start) = (memory(), Timestamp(1_000_000));
        assert!(asks(&memory, start, false));
        memory.put("a", start, Arc::default());
        assert!(!asks(&memory, start, false), "fresh");
        assert!(asks(&memory, start, true), "keys may have changed at once");
        assert!(!asks(&memory, start.plus(Span::seconds(9)), true));
        assert!(asks(&memory, start.plus(Span::seconds(10)), true));
        memory.put("a", start, Arc::default());
        assert!(asks(&memory, start.plus(Span::minutes(5)), false), "stale");
    }

    #[test]
    fn old_keys_serve_an_hour_where_the_address_is_silent() {
        let (memory, start) = (memory(), Timestamp(1_000_000));
        memory.put("a", start, Arc::default());
        for (minutes, there) in [(6, true), (59, true), (60, false)] {
            let at = start.plus(Span::minutes(minutes));
            let Remembered::Ask(kept) = memory.look("a", at, false) else { panic!("it is not asked") };
            memory.failed("a", at);
            assert_eq!(kept.is_some(), there, "{minutes}");
            let Remembered::Known(kept) = memory.look("a", at, true) else { panic!("it is asked at once again") };
            assert_eq!(kept.is_some(), there, "{minutes}");
        }
    }

    #[test]
    fn attack_d1_it_is_bounded() {
        let memory = memory();
        for n in 0..KEYS.most as i64 + 50 {
            memory.put(&n.to_string(), Timestamp(n), Arc::default());
        }
        assert_eq!(memory.all.lock().unwrap().len(), KEYS.most);
        assert!(matches!(memory.look("0", Timestamp(9_999), false), Remembered::Ask(None)), "the oldest went");
    }
}
