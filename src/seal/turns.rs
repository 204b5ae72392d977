//! One at a time for one key, and nobody for another's.
//!
//! By the key itself and not by a share of them: a few hundred requests with invented identifiants would hold every
//! share, and each real person would stand behind several of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

type All = Arc<Mutex<HashMap<String, Arc<AsyncMutex<()>>>>>;

/// The keys of requests under way.
#[derive(Clone, Default)]
pub struct Turns(All);

/// The turn of one key; the next begins when it is dropped.
pub struct Turn {
    all: All,
    key: String,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    pub async fn take(&self, key: &str) -> Turn {
        let mutex =
            Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key.to_owned()).or_default());
        // Made before it waits: a request that goes away meanwhile tidies up too.
        let mut turn = Turn { all: Arc::clone(&self.0), key: key.to_owned(), guard: None };
        turn.guard = Some(mutex.lock_owned().await);
        turn
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.guard = None;
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        // Only the map has it: nobody holds the turn and nobody waits.
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
        let turns = Turns::default();
        let first = turns.take("a").await;
        let other = turns.take("b").await;
        let mut second = Box::pin(turns.take("a"));
        let mut cancelled = Box::pin(turns.take("a"));
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
