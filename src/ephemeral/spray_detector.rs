//! Detection of password spraying: a single password tried on many accounts within the last hour
//! (docs/threats.md#threat-s04).
//!
//! Kept in the memory of this server only: even a keyed digest of a typed password must not be stored outside of the
//! process. A restart forgets the records and thereby permits an attacker only one more attempt per account.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher as _;
use std::sync::{Mutex, PoisonError};

use crate::base::clock::{Span, Timestamp};

const SPRAY_WINDOW: Span = Span::hours(1);
/// The maximum number of tracked passwords, overall or per source. Each entry costs a wrong attempt, so the number
/// stays small.
const MAX_PASSWORDS: usize = 50_000;

/// Wrong passwords, each with the identifiants on which the password failed.
#[derive(Default)]
pub struct SprayDetector {
    names: RandomState,
    records: Mutex<SprayRecords>,
}

#[derive(Default)]
struct SprayRecords {
    /// Identifiants with the time of their last attempt, the oldest first.
    by_name: HashMap<u64, Vec<(u64, Timestamp)>>,
    order: VecDeque<u64>,
}

impl SprayDetector {
    /// Returns the time at which the number of identifiants tried with the password `name` falls to `most` within the
    /// hour, or `None` if the number is not above `most` now.
    pub fn blocked_until(&self, name: &str, most: u32, now: Timestamp) -> Option<Timestamp> {
        let name = self.names.hash_one(name);
        let mut seen = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let tried = seen.by_name.get_mut(&name)?;
        drop_expired(tried, now);
        let excess = tried.len().checked_sub(usize::try_from(most).unwrap_or(usize::MAX))?;
        tried.get(excess.checked_sub(1)?).map(|(_, at)| at.plus(SPRAY_WINDOW))
    }

    /// Records a wrong password for an identifiant. At most `most` + 1 identifiants are kept per password.
    pub fn record_failure(&self, name: &str, identifiant: &str, most: u32, now: Timestamp) {
        let (name, identifiant) = (self.names.hash_one(name), self.names.hash_one(identifiant));
        let mut seen = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = &mut *seen;
        let tried = seen.by_name.entry(name).or_insert_with(|| {
            seen.order.push_back(name);
            Vec::new()
        });
        drop_expired(tried, now);
        tried.retain(|(known, _)| *known != identifiant);
        if tried.len() <= usize::try_from(most).unwrap_or(usize::MAX) {
            tried.push((identifiant, now));
        }
        // Two entries are examined per addition, so expired entries disappear without a background task.
        for _ in 0..2 {
            let crowded = seen.by_name.len() > MAX_PASSWORDS;
            let Some(oldest) = seen.order.pop_front() else { return };
            let over = seen.by_name.get_mut(&oldest).is_none_or(|tried| {
                drop_expired(tried, now);
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

fn drop_expired(tried: &mut Vec<(u64, Timestamp)>, now: Timestamp) {
    for (_, at) in tried.iter_mut() {
        // If the clock went back, the attempt counts from now on.
        *at = (*at).min(now);
    }
    tried.retain(|(_, at)| now.since(*at).0 < SPRAY_WINDOW.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threat_s04_a_password_is_refused_once_it_was_wrong_on_more_than_the_figure_within_the_hour() {
        let sprays = SprayDetector::default();
        let at = |minute| Timestamp(0).plus(Span::minutes(minute));
        for n in 0..4 {
            assert_eq!(sprays.blocked_until("p", 3, at(n)), None, "{n}");
            sprays.record_failure("p", &n.to_string(), 3, at(n));
            sprays.record_failure("p", &n.to_string(), 3, at(n));
        }
        assert_eq!(sprays.blocked_until("p", 3, at(4)), Some(at(60)));
        assert_eq!(sprays.blocked_until("q", 3, at(4)), None);
        assert_eq!(sprays.blocked_until("p", 3, at(60)), None);
        // The clock goes back: the hour starts at the new time.
        let sprays = SprayDetector::default();
        for n in 0..4 {
            sprays.record_failure("p", &n.to_string(), 3, at(n));
        }
        assert_eq!(sprays.blocked_until("p", 3, at(-300)), Some(at(-240)));
    }

    #[test]
    fn attack_d10_what_is_remembered_is_bounded() {
        let sprays = SprayDetector::default();
        for n in 0..MAX_PASSWORDS + 1_000 {
            sprays.record_failure(&n.to_string(), "i", 3, Timestamp(1));
        }
        for n in 0..1_000 {
            sprays.record_failure("one", &n.to_string(), 3, Timestamp(1));
        }
        let seen = sprays.records.lock().unwrap();
        assert!(seen.by_name.len() <= MAX_PASSWORDS + 1 && seen.order.len() <= MAX_PASSWORDS + 1);
        assert!(seen.by_name.values().all(|tried| tried.len() <= 4));
    }
}
