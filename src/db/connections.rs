//! Connections that stay at hand between two uses.
//!
//! A pool of sqlx asks each connection that comes back whether it still answers, in a task of its own: an errand to the
//! database for every request. A connection whose last statement was answered needs no such question. It is kept here
//! until it was idle or away from its pool for too long; then it goes back, and the rules of the pool hold for it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::{Database, Pool};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::primary::LastChange;
use super::{Durability, PoolState};

/// The maximum time for which a connection is kept from its pool, which ends connections by their age.
const MAX_KEPT: Duration = Duration::from_secs(60);

/// The maximum time for which a connection that goes back to its pool is asked whether it lives, or a read through a pooler
/// that nobody needs any more is ended. One whose other end went without a word would keep its place until TCP gives up,
/// after a quarter of an hour (docs/threats.md#fault-rt22).
pub(super) const MAX_ASKED: Duration = Duration::from_secs(2);

/// The maximum time in which a connection is opened that only saves time.
const MAX_OPENED: Duration = Duration::from_millis(250);

/// The conditions under which a connection is used again without a question.
#[derive(Clone, Debug, Default)]
pub(super) struct ReuseRules {
    /// The maximum time between two uses; `None` where the other end cannot go away.
    pub max_idle: Option<Duration>,
    /// The last change of the primary: older connections go to the former one.
    pub change: Option<Arc<LastChange>>,
}

/// A connection that is at hand.
struct ReadyConnection<DB: Database> {
    connection: PoolConnection<DB>,
    left_pool_at: Instant,
    idle_since: Instant,
    durability: Option<Durability>,
}

struct Shared<DB: Database> {
    pool: Pool<DB>,
    /// The permits: as many as the pool has connections, so that whoever has one need not wait for the pool.
    permits: Arc<Semaphore>,
    /// The connection that was used last is the last one.
    ready: Mutex<Vec<ReadyConnection<DB>>>,
    rules: ReuseRules,
}

/// The connections of a pool. Whoever waits for one is served in order.
pub struct Connections<DB: Database>(Arc<Shared<DB>>);

impl<DB: Database> Clone for Connections<DB> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<DB: Database> Connections<DB> {
    pub(super) fn new(pool: Pool<DB>, rules: ReuseRules) -> Self {
        let most = usize::try_from(pool.options().get_max_connections()).unwrap_or(1);
        let permits = Arc::new(Semaphore::new(most));
        Self(Arc::new(Shared { pool, permits, ready: Mutex::default(), rules }))
    }

    /// Returns a connection, a new one if none is at hand. Waits as long as the pool would.
    pub(super) async fn borrow(&self) -> sqlx::Result<BorrowedConnection<DB>> {
        if let Ok(permit) = Arc::clone(&self.0.permits).try_acquire_owned()
            && let Some(ready) = self.0.take_ready()
        {
            return Ok(BorrowedConnection::new(&self.0, permit, ready));
        }
        let longest = self.0.pool.options().get_acquire_timeout();
        // Boxed, because the future of every use case holds this one.
        let waited = tokio::time::timeout(longest, Box::pin(self.wait())).await;
        waited.map_err(|_| sqlx::Error::PoolTimedOut)?
    }

    /// Returns a further connection to somebody who has one already, as long as most are free: of those who hold one and
    /// wait for another, each could wait for the others. A new one that is not there soon is done without.
    pub(super) async fn borrow_further(&self) -> Option<BorrowedConnection<DB>> {
        let most = usize::try_from(self.0.pool.options().get_max_connections()).unwrap_or(1);
        if self.0.permits.available_permits() <= most / 2 {
            return None;
        }
        let permit = Arc::clone(&self.0.permits).try_acquire_owned().ok()?;
        let opened = tokio::time::timeout(MAX_OPENED, Box::pin(self.take_or_open(permit)));
        opened.await.ok()?.ok()
    }

    async fn wait(&self) -> sqlx::Result<BorrowedConnection<DB>> {
        let permit = Arc::clone(&self.0.permits).acquire_owned().await.map_err(|_| sqlx::Error::PoolClosed)?;
        self.take_or_open(permit).await
    }

    async fn take_or_open(&self, permit: OwnedSemaphorePermit) -> sqlx::Result<BorrowedConnection<DB>> {
        if let Some(ready) = self.0.take_ready() {
            return Ok(BorrowedConnection::new(&self.0, permit, ready));
        }
        // Before the pool judges the connection: the primary may change meanwhile.
        let asked_at = Instant::now();
        let connection = self.0.pool.acquire().await?;
        let ready = ReadyConnection { connection, left_pool_at: asked_at, idle_since: asked_at, durability: None };
        Ok(BorrowedConnection::new(&self.0, permit, ready))
    }

    pub(super) fn state(&self, name: &'static str) -> PoolState {
        let Shared { pool, ready, .. } = &*self.0;
        let kept = ready.lock().unwrap_or_else(PoisonError::into_inner).len();
        let [open, max] = [pool.size(), pool.options().get_max_connections()];
        let count = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        PoolState { name, open: count(open), idle: pool.num_idle() + kept, max: count(max) }
    }

    /// Closes every connection, and waits for those in use.
    pub(super) async fn close(&self) {
        let closing = self.0.pool.close();
        let ready = std::mem::take(&mut *self.0.ready.lock().unwrap_or_else(PoisonError::into_inner));
        drop(ready);
        closing.await;
    }
}

impl<DB: Database> Shared<DB> {
    /// Takes the connection that was used last; those that may not be used again without a question go to the pool.
    fn take_ready(&self) -> Option<ReadyConnection<DB>> {
        let now = Instant::now();
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        let outdated: Vec<_> = ready.extract_if(.., |one| !self.is_usable(one, now)).collect();
        let newest = ready.pop();
        drop(ready);
        for one in outdated {
            self.give_back(one, now);
        }
        newest
    }

    /// Gives a connection back to its pool, which asks it first whether it lives; not for long, where its other end can
    /// go away. One to a former primary is closed.
    fn give_back(&self, mut one: ReadyConnection<DB>, now: Instant) {
        let kept = now.saturating_duration_since(one.left_pool_at);
        if self.rules.change.as_ref().is_some_and(|change| change.outdates(kept)) {
            one.connection.close_on_drop();
        } else if self.rules.max_idle.is_some() {
            let asked = one.connection.return_to_pool();
            tokio::spawn(async move {
                let _given_up = tokio::time::timeout(MAX_ASKED, asked).await;
            });
        }
    }

    fn is_usable(&self, one: &ReadyConnection<DB>, now: Instant) -> bool {
        let kept = now.saturating_duration_since(one.left_pool_at);
        let idle = now.saturating_duration_since(one.idle_since);
        kept < MAX_KEPT
            && self.rules.max_idle.is_none_or(|longest| idle < longest)
            && !self.rules.change.as_ref().is_some_and(|change| change.outdates(kept))
    }
}

impl<DB: Database> Drop for Shared<DB> {
    fn drop(&mut self) {
        // The way back to a pool is a task, and the runtime may be gone: these are simply closed.
        for one in self.ready.get_mut().unwrap_or_else(PoisonError::into_inner).drain(..) {
            drop(one.connection.leak());
        }
    }
}

/// A connection until it is dropped. Unless [`BorrowedConnection::keep`] was called last, it goes back to the pool, which
/// asks it first.
pub struct BorrowedConnection<DB: Database> {
    ready: Option<ReadyConnection<DB>>,
    home: Arc<Shared<DB>>,
    is_kept: bool,
    _permit: OwnedSemaphorePermit,
}

impl<DB: Database> BorrowedConnection<DB> {
    fn new(home: &Arc<Shared<DB>>, permit: OwnedSemaphorePermit, ready: ReadyConnection<DB>) -> Self {
        Self { ready: Some(ready), home: Arc::clone(home), is_kept: false, _permit: permit }
    }

    pub(super) fn get(&mut self) -> sqlx::Result<&mut DB::Connection> {
        self.ready.as_mut().map(|ready| &mut *ready.connection).ok_or(sqlx::Error::PoolClosed)
    }

    /// Returns the durability that this connection was told for its commits, if it was told one.
    pub(super) fn durability(&self) -> Option<Durability> {
        self.ready.as_ref().and_then(|ready| ready.durability)
    }

    /// Notes the durability that the connection was told.
    pub(super) fn note_durability(&mut self, told: Durability) {
        if let Some(ready) = &mut self.ready {
            ready.durability = Some(told);
        }
    }

    /// Has the connection stay at hand: nothing is under way on it.
    pub(super) fn keep(&mut self) {
        self.is_kept = true;
    }

    /// Has the connection be closed, with what it has not committed.
    pub(super) fn close_on_drop(&mut self) {
        if let Some(ready) = &mut self.ready {
            ready.connection.close_on_drop();
        }
        self.is_kept = false;
    }
}

impl<DB: Database> Drop for BorrowedConnection<DB> {
    fn drop(&mut self) {
        let Some(mut ready) = self.ready.take().filter(|_| self.is_kept) else { return };
        ready.idle_since = Instant::now();
        let mut all = self.home.ready.lock().unwrap_or_else(PoisonError::into_inner);
        // Within the lock, so that none stays behind when the pool is closed.
        if !self.home.pool.is_closed() {
            all.push(ready);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::Sqlite;
    use sqlx::sqlite::SqlitePoolOptions;

    async fn one(rules: ReuseRules) -> Connections<Sqlite> {
        let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
        Connections::new(pool, rules)
    }

    /// Borrows the connection, notes a durability on it, and gives it back.
    async fn mark_and_return(connections: &Connections<Sqlite>, keep: bool) {
        let mut borrowed = connections.borrow().await.unwrap();
        sqlx::query("SELECT 1").execute(borrowed.get().unwrap()).await.unwrap();
        borrowed.note_durability(Durability::Relaxed);
        if keep {
            borrowed.keep();
        }
    }

    #[tokio::test]
    async fn a_connection_stays_at_hand_only_if_it_is_kept_and_was_not_idle_for_too_long() {
        let idle_ends_at_once = ReuseRules { max_idle: Some(Duration::ZERO), ..ReuseRules::default() };
        for (rules, keep, known) in [
            (ReuseRules::default(), true, Some(Durability::Relaxed)),
            (ReuseRules::default(), false, None),
            (idle_ends_at_once, true, None),
        ] {
            let connections = one(rules).await;
            mark_and_return(&connections, keep).await;
            let borrowed = connections.borrow().await.unwrap();
            assert_eq!(borrowed.durability(), known, "{keep}");
            assert_eq!(connections.state("read").idle, 0);
            drop(borrowed);
            connections.close().await;
        }
    }

    #[tokio::test]
    async fn whoever_waits_gets_the_connection_that_is_given_back_and_nobody_one_that_is_closed() {
        let connections = one(ReuseRules::default()).await;
        let mut first = connections.borrow().await.unwrap();
        let waits = connections.clone();
        let waiting = tokio::spawn(async move { waits.borrow().await.map(drop) });
        tokio::task::yield_now().await;
        first.keep();
        drop(first);
        waiting.await.unwrap().unwrap();
        mark_and_return(&connections, true).await;
        assert_eq!((connections.state("read").open, connections.state("read").idle), (1, 1));
        connections.close().await;
        assert!(matches!(connections.borrow().await, Err(sqlx::Error::PoolClosed)));
    }

    #[tokio::test]
    async fn whoever_has_a_connection_gets_another_one_only_where_most_are_free() {
        for (most, held, is_given) in [(1, 0, true), (1, 1, false), (2, 1, false), (4, 1, true), (4, 2, false)] {
            let folder = tempfile::tempdir().unwrap();
            let url = format!("sqlite:{}?mode=rwc", folder.path().join("x.db").display());
            let pool = SqlitePoolOptions::new().max_connections(most).connect(&url).await.unwrap();
            let connections = Connections::<Sqlite>::new(pool, ReuseRules::default());
            let mut all = Vec::new();
            for _ in 0..held {
                all.push(connections.borrow().await.unwrap());
            }
            let further = connections.borrow_further().await;
            assert_eq!(further.is_some(), is_given, "{held} of {most}");
            drop((further, all));
            connections.close().await;
        }
    }

    #[test]
    fn connections_at_hand_outlive_their_runtime() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let connections = runtime.block_on(async {
            let connections = one(ReuseRules::default()).await;
            mark_and_return(&connections, true).await;
            connections
        });
        drop(runtime);
        drop(connections);
    }
}
