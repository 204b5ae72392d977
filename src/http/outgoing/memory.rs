//! Key sets of clients that publish them at an address, remembered for a while.
//!
//! Where nothing is at hand one asks, and the others wait for its answer. A stranger decides which kids a token names,
//! so an unknown one, like an address that does not answer, has the address asked at most once in ten seconds (ABUSE
//! J2, D1). Bounded: what was fetched longest ago goes first.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

use super::KeySet;
use crate::base::clock::{Span, Timestamp};

const FRESH: Span = Span::minutes(5);
/// Old keys serve so long where the address does not answer.
const USABLE: Span = Span::hours(1);
const APART: Span = Span::seconds(10);
const MOST: usize = 1_000;

/// What is known of an address.
#[derive(Debug)]
pub enum Remembered {
    /// Nothing else for now: the keys, or that there are none to be had.
    Known(Option<Arc<KeySet>>),
    /// To be asked; meanwhile, and if that fails, these. Without any, by whoever has the [`KeyMemory::turn`].
    Ask(Option<Arc<KeySet>>),
}

#[derive(Debug, Default)]
struct Entry {
    set: Option<(Arc<KeySet>, Timestamp)>,
    /// When it was last asked for an unknown kid, or anew, or in vain.
    asked: Option<Timestamp>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// The memory.
#[derive(Debug, Default)]
pub struct KeyMemory(Mutex<HashMap<String, Entry>>);

impl KeyMemory {
    pub fn look(&self, place: &str, now: Timestamp, unknown_kid: bool) -> Remembered {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(entry) = all.get_mut(place) else { return Remembered::Ask(None) };
        let may_ask = entry.asked.is_none_or(|at| now.since(at) >= APART);
        let age = entry.set.as_ref().map(|(_, at)| now.since(*at));
        let usable = entry.set.as_ref().filter(|(_, at)| now.since(*at) < USABLE).map(|(set, _)| Arc::clone(set));
        let wanted = unknown_kid || age.is_none_or(|age| age >= FRESH);
        if !wanted || !may_ask {
            return Remembered::Known(usable);
        }
        // Others have these until there is an answer. Where there are none, they wait for it.
        if usable.is_some() {
            entry.asked = Some(now);
        }
        Remembered::Ask(usable)
    }

    /// Held by who asks an address of which nothing is known. Look again once you have it.
    pub async fn turn(&self, place: &str) -> OwnedMutexGuard<()> {
        let turn = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(&entry(&mut all, place).turn)
        };
        turn.lock_owned().await
    }

    pub fn put(&self, place: &str, now: Timestamp, set: Arc<KeySet>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entry(&mut all, place).set = Some((set, now));
    }

    pub fn failed(&self, place: &str, now: Timestamp) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entry(&mut all, place).asked = Some(now);
    }
}

fn entry<'a>(all: &'a mut HashMap<String, Entry>, place: &str) -> &'a mut Entry {
    if all.len() >= MOST && !all.contains_key(place) {
        let age = |e: &Entry| e.set.as_ref().map(|(_, at)| *at);
        let oldest = all.iter().min_by_key(|(_, e)| age(e)).map(|(name, _)| name.clone());
        if let Some(oldest) = oldest {
            all.remove(&oldest);
        }
    }
    all.entry(place.to_owned()).or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(memory: &KeyMemory, at: Timestamp, unknown: bool) -> bool {
        matches!(memory.look("a", at, unknown), Remembered::Ask(_))
    }

    #[test]
    fn a18_j2_an_unknown_kid_has_the_address_asked_again_but_not_more_often_than_that() {
        let (memory, start) = (KeyMemory::default(), Timestamp(1_000_000));
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
        let (memory, start) = (KeyMemory::default(), Timestamp(1_000_000));
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
    fn d1_it_is_bounded() {
        let memory = KeyMemory::default();
        for n in 0..MOST as i64 + 50 {
            memory.put(&n.to_string(), Timestamp(n), Arc::default());
        }
        assert_eq!(memory.0.lock().unwrap().len(), MOST);
        assert!(matches!(memory.look("0", Timestamp(9_999), false), Remembered::Ask(None)), "the oldest went");
    }
}
