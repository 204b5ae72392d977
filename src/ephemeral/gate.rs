//! Who is being judged under a limit right now. What is counted only afterwards (a wrong password) must not be raced
//! past while it is still being judged (docs/threats.md#attack-l1): as many are judged at once as may still be wrong,
//! and the others wait for a place. Nobody is refused for it.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::{MutexGuard, Notify};

/// Stripes of those who wait; two names of one stripe only wait for one another.
const STRIPES: usize = 64;

#[derive(Default)]
struct Stripe {
    turn: tokio::sync::Mutex<()>,
    left: Notify,
}

pub struct Gate {
    names: RandomState,
    inside: Mutex<HashMap<u64, u32>>,
    stripes: Vec<Stripe>,
    /// How many have left so far: tells whether what was counted before is still what counts.
    left: AtomicU64,
}

/// A place inside, until it is dropped. By then whatever it came to is counted.
pub struct Inside<'a> {
    gate: &'a Gate,
    name: u64,
}

/// Whether there is a place.
pub enum Entry<'a> {
    Inside(Inside<'a>),
    /// Somebody left since the count was read: read it again.
    Stale,
    /// All that are free are taken.
    Full,
}

impl Default for Gate {
    fn default() -> Self {
        let stripes = (0..STRIPES).map(|_| Stripe::default()).collect();
        Self { names: RandomState::new(), inside: Mutex::default(), stripes, left: AtomicU64::new(0) }
    }
}

impl Gate {
    /// A stamp to take before the count is read.
    pub fn stamp(&self) -> u64 {
        self.left.load(Ordering::SeqCst)
    }

    /// Takes one of the `free` places that there were when the count was read.
    pub fn enter(&self, name: &str, free: u32, stamp: u64) -> Entry<'_> {
        let name = self.names.hash_one(name);
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        if self.stamp() != stamp {
            return Entry::Stale;
        }
        let count = inside.entry(name).or_insert(0);
        if *count >= free {
            if *count == 0 {
                inside.remove(&name);
            }
            return Entry::Full;
        }
        *count += 1;
        Entry::Inside(Inside { gate: self, name })
    }

    /// Waits to be the first in the line of a name.
    pub async fn turn(&self, name: &str) -> Option<MutexGuard<'_, ()>> {
        match self.stripe(self.names.hash_one(name)) {
            Some(stripe) => Some(stripe.turn.lock().await),
            None => None,
        }
    }

    /// Waits until somebody left since the stamp. Only the first in the line may.
    pub async fn left(&self, name: &str, stamp: u64) {
        let Some(stripe) = self.stripe(self.names.hash_one(name)) else { return };
        let told = stripe.left.notified();
        if self.stamp() == stamp {
            told.await;
        }
    }

    fn stripe(&self, name: u64) -> Option<&Stripe> {
        self.stripes.get(usize::try_from(name % STRIPES as u64).unwrap_or(0))
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        let mut inside = self.gate.inside.lock().unwrap_or_else(PoisonError::into_inner);
        match inside.get_mut(&self.name) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                inside.remove(&self.name);
            }
        }
        self.gate.left.fetch_add(1, Ordering::SeqCst);
        if let Some(stripe) = self.gate.stripe(self.name) {
            stripe.left.notify_one();
        }
    }
}
