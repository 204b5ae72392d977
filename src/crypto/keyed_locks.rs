//! Locks by key: one holder per key, and no contention between different keys.
//!
//! Each key has its own lock instead of a shared stripe: a few hundred requests with invented identifiants would hold
//! every stripe and delay each real user.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

type LockMap = Arc<Mutex<HashMap<String, Arc<AsyncMutex<()>>>>>;

/// The locks of the requests in progress.
#[derive(Clone, Default)]
pub struct KeyedLocks(LockMap);

/// A held lock of a key, released on drop.
pub struct KeyedLockGuard {
    locks: LockMap,
    key: String,
    guard: Option<OwnedMutexGuard<()>>,
}

impl KeyedLocks {
    pub async fn lock(&self, key: &str) -> KeyedLockGuard {
        let mutex =
            Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key.to_owned()).or_default());
        // The guard exists before the wait, so that a cancelled request removes its map entry too.
        let mut turn = KeyedLockGuard { locks: Arc::clone(&self.0), key: key.to_owned(), guard: None };
        turn.guard = Some(mutex.lock_owned().await);
        turn
    }
}

impl Drop for KeyedLockGuard {
    fn drop(&mut self) {
        self.guard = None;
        let mut all = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        // Only the map has a reference: the lock is neither held nor awaited.
        if all.get(&self.key).is_some_and(|mutex| Arc::strong_count(mutex) == 1) {
            all.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future as _;
    use std::task::{Context, Waker};

    #[tokio::test]
    async fn one_key_waits_for_itself_and_nothing_is_kept() {
        let turns = KeyedLocks::default();
        let first = turns.lock("a").await;
        let other = turns.lock("b").await;
        let mut second = Box::pin(turns.lock("a"));
        let mut cancelled = Box::pin(turns.lock("a"));
        let mut context = Context::from_waker(Waker::noop());
        assert!(second.as_mut().poll(&mut context).is_pending());
        assert!(cancelled.as_mut().poll(&mut context).is_pending());
        drop(first);
        drop(cancelled);
        drop(second.await);
        drop(other);
        assert_eq!(turns.0.lock().unwrap().len(), 0);
    }
}
