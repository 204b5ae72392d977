//! A limiter of concurrent attempts. An event counted only after the fact (a wrong password) must not be outrun by
//! parallel attempts (docs/threats.md#attack-l1), so only as many attempts run at once as may still fail, and further
//! attempts wait for a permit. No attempt is refused.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::{MutexGuard, Notify};

/// The number of wait queues. Two names sharing a queue only wait for each other.
const STRIPE_COUNT: usize = 64;

/// A wait queue shared by the names of one hash bucket.
#[derive(Default)]
struct Stripe {
    queue_lock: tokio::sync::Mutex<()>,
    released: Notify,
}

/// Limits the attempts in flight per name.
pub struct InFlightLimiter {
    names: RandomState,
    in_flight: Mutex<HashMap<u64, u32>>,
    stripes: Vec<Stripe>,
    /// The number of permits released so far. A change since a count was read means the count is stale.
    releases: AtomicU64,
}

/// A permit for one attempt, released on drop. The outcome of the attempt must be counted before the drop.
pub struct InFlightPermit<'a> {
    limiter: &'a InFlightLimiter,
    name: u64,
}

/// The result of asking for a permit.
pub enum Admission<'a> {
    Admitted(InFlightPermit<'a>),
    /// A permit was released since the count was read: read the count again.
    Stale,
    /// All free permits are taken.
    Full,
}

impl Default for InFlightLimiter {
    fn default() -> Self {
        let stripes = (0..STRIPE_COUNT).map(|_| Stripe::default()).collect();
        Self { names: RandomState::new(), in_flight: Mutex::default(), stripes, releases: AtomicU64::new(0) }
    }
}

impl InFlightLimiter {
    /// Returns a stamp, to be taken before the count is read.
    pub fn release_count(&self) -> u64 {
        self.releases.load(Ordering::SeqCst)
    }

    /// Takes one of the `free` permits available when the count was read.
    pub fn try_acquire(&self, name: &str, free: u32, stamp: u64) -> Admission<'_> {
        let name = self.names.hash_one(name);
        let mut inside = self.in_flight.lock().unwrap_or_else(PoisonError::into_inner);
        if self.release_count() != stamp {
            return Admission::Stale;
        }
        let count = inside.entry(name).or_insert(0);
        if *count >= free {
            if *count == 0 {
                inside.remove(&name);
            }
            return Admission::Full;
        }
        *count += 1;
        Admission::Admitted(InFlightPermit { limiter: self, name })
    }

    /// Waits until the caller is at the head of a name's queue.
    pub async fn lock_queue(&self, name: &str) -> Option<MutexGuard<'_, ()>> {
        match self.stripe(self.names.hash_one(name)) {
            Some(stripe) => Some(stripe.queue_lock.lock().await),
            None => None,
        }
    }

    /// Waits until a permit has been released since `stamp`. Only the head of the queue may call this function.
    pub async fn wait_for_release(&self, name: &str, stamp: u64) {
        let Some(stripe) = self.stripe(self.names.hash_one(name)) else { return };
        let told = stripe.released.notified();
        if self.release_count() == stamp {
            told.await;
        }
    }

    fn stripe(&self, name: u64) -> Option<&Stripe> {
        self.stripes.get(usize::try_from(name % STRIPE_COUNT as u64).unwrap_or(0))
    }
}

impl Drop for InFlightPermit<'_> {
    fn drop(&mut self) {
        let mut inside = self.limiter.in_flight.lock().unwrap_or_else(PoisonError::into_inner);
        match inside.get_mut(&self.name) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                inside.remove(&self.name);
            }
        }
        self.limiter.releases.fetch_add(1, Ordering::SeqCst);
        if let Some(stripe) = self.limiter.stripe(self.name) {
            stripe.released.notify_one();
        }
    }
}
