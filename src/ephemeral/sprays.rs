//! One password tried on many accounts (docs/threats.md#threat-s04): which ones, within the last hour.
//!
//! In this server's memory only: even a keyed digest of a password that somebody typed must not lie where it can be
//! taken away. A restart forgets, which costs an attacker's victim no more than one more try.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher as _;
use std::sync::{Mutex, PoisonError};

use crate::base::clock::{Span, Timestamp};

const WINDOW: Span = Span::hours(1);
/// Passwords, or passwords of a source, that are remembered. Each costs a wrong attempt, so there are never many.
const CAPACITY: usize = 50_000;

/// Wrong passwords, and on how many identifiants each was tried.
#[derive(Default)]
pub struct Sprays {
    names: RandomState,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// Identifiants and when each was tried last, the oldest first.
    by_name: HashMap<u64, Vec<(u64, Timestamp)>>,
    order: VecDeque<u64>,
}

impl Sprays {
    /// When no more than `most` identifiants have met `name` within the hour, if that is not so now.
    pub fn until(&self, name: &str, most: u32, now: Timestamp) -> Option<Timestamp> {
        let name = self.names.hash_one(name);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let tried = seen.by_name.get_mut(&name)?;
        forget(tried, now);
        let excess = tried.len().checked_sub(usize::try_from(most).unwrap_or(usize::MAX))?;
        tried.get(excess.checked_sub(1)?).map(|(_, at)| at.plus(WINDOW))
    }

    /// It was wrong on this identifiant. No more than `most` and one are remembered.
    pub fn wrong(&self, name: &str, identifiant: &str, most: u32, now: Timestamp) {
        let (name, identifiant) = (self.names.hash_one(name), self.names.hash_one(identifiant));
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = &mut *seen;
        let tried = seen.by_name.entry(name).or_insert_with(|| {
            seen.order.push_back(name);
            Vec::new()
        });
        forget(tried, now);
        tried.retain(|(known, _)| *known != identifiant);
        if tried.len() <= usize::try_from(most).unwrap_or(usize::MAX) {
            tried.push((identifiant, now));
        }
        // Two looks an addition: what is over leaves by itself.
        for _ in 0..2 {
            let crowded = seen.by_name.len() > CAPACITY;
            let Some(oldest) = seen.order.pop_front() else { return };
            let over = seen.by_name.get_mut(&oldest).is_none_or(|tried| {
                forget(tried, now);
                tried.is_empty()
            });
            if over || crowded {
                seen.by_name.remove(&oldest);
            } else {
                seen.order.push_back(oldest);
            }
        }
    }
}

fn forget(tried: &mut Vec<(u64, Timestamp)>, now: Timestamp) {
    for (_, at) in tried.iter_mut() {
        // The clock went back: it counts from now on.
        *at = (*at).min(now);
    }
    tried.retain(|(_, at)| now.since(*at).0 < WINDOW.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threat_s04_a_password_is_refused_once_it_was_wrong_on_more_than_the_figure_within_the_hour() {
        let sprays = Sprays::default();
        let at = |minute| Timestamp(0).plus(Span::minutes(minute));
        for n in 0..4 {
            assert_eq!(sprays.until("p", 3, at(n)), None, "{n}");
            sprays.wrong("p", &n.to_string(), 3, at(n));
            sprays.wrong("p", &n.to_string(), 3, at(n));
        }
        assert_eq!(sprays.until("p", 3, at(4)), Some(at(60)));
        assert_eq!(sprays.until("q", 3, at(4)), None);
        assert_eq!(sprays.until("p", 3, at(60)), None);
        // The clock goes back: an hour from then on.
        let sprays = Sprays::default();
        for n in 0..4 {
            sprays.wrong("p", &n.to_string(), 3, at(n));
        }
        assert_eq!(sprays.until("p", 3, at(-300)), Some(at(-240)));
    }

    #[test]
    fn attack_d10_what_is_remembered_is_bounded() {
        let sprays = Sprays::default();
        for n in 0..CAPACITY + 1_000 {
            sprays.wrong(&n.to_string(), "i", 3, Timestamp(1));
        }
        for n in 0..1_000 {
            sprays.wrong("one", &n.to_string(), 3, Timestamp(1));
        }
        let seen = sprays.seen.lock().unwrap();
        assert!(seen.by_name.len() <= CAPACITY + 1 && seen.order.len() <= CAPACITY + 1);
        assert!(seen.by_name.values().all(|tried| tried.len() <= 4));
    }
}
