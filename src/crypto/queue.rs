//! The queue of password hashing: as many concurrent hashes as cores and four seconds of queued work; further callers
//! are refused with a retry delay (docs/threats.md#fault-rt18).
//!
//! The cost of a hash is measured, not assumed: a queue of fixed length is four seconds of work on one machine and
//! fifteen on a busy one. Callers with an earlier proof, a known device or an activation with a correct code, have
//! priority; every fourth permit goes to an unknown caller, so that no caller waits forever.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

/// The maximum queued work.
const MAX_QUEUE_WAIT: Duration = Duration::from_secs(4);
/// The assumed cost of a hash before the first measurement.
const INITIAL_HASH_COST: Duration = Duration::from_millis(20);
/// Every n-th permit goes to an unknown caller, if any waits.
const UNKNOWN_PRIORITY_INTERVAL: u32 = 4;

/// The priority of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// A known device, or an activation with a correct code.
    Known,
    Unknown,
}

/// The load of the queue.
#[derive(Clone, Copy, Debug)]
pub struct QueueLoad {
    /// The number of running and waiting hashes.
    pub waiting: usize,
    /// The maximum number of concurrent hashes.
    pub permits: usize,
    pub refused: u64,
    /// The recent cost of a hash.
    pub cost: Duration,
}

/// The error of a full queue (more than four seconds of work), with the retry delay in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueFull(pub u32);

struct QueueState {
    running: usize,
    known: VecDeque<oneshot::Sender<Permit>>,
    unknown: VecDeque<oneshot::Sender<Permit>>,
    /// The number of permits granted since the last unknown caller.
    since_unknown: u32,
    cost: Duration,
    refused: u64,
}

struct Inner {
    permits: usize,
    state: Mutex<QueueState>,
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone)]
pub struct HashingQueue(Arc<Inner>);

/// A permit to hash. Dropping the permit, also by a cancelled request, passes the permit on to the next caller.
pub struct Permit {
    queue: Option<Arc<Inner>>,
}

impl HashingQueue {
    pub fn new(permits: usize) -> Self {
        let state = QueueState {
            running: 0,
            known: VecDeque::new(),
            unknown: VecDeque::new(),
            since_unknown: 0,
            cost: INITIAL_HASH_COST,
            refused: 0,
        };
        Self(Arc::new(Inner { permits: permits.max(1), state: Mutex::new(state) }))
    }

    /// Waits for a permit.
    ///
    /// # Errors
    /// Fails if too much work is queued.
    pub async fn acquire(&self, priority: Priority) -> Result<Permit, QueueFull> {
        let waiting = {
            let mut state = self.0.state();
            if state.running < self.0.permits {
                state.running += 1;
                return Ok(Permit { queue: Some(Arc::clone(&self.0)) });
            }
            // Cancelled callers must not count as queued work.
            state.known.retain(|waiting| !waiting.is_closed());
            state.unknown.retain(|waiting| !waiting.is_closed());
            let ahead = match priority {
                Priority::Known => state.known.len(),
                Priority::Unknown => state.known.len() + state.unknown.len(),
            };
            let wait = self.queued_work(state.cost, ahead + 1);
            if wait > MAX_QUEUE_WAIT {
                state.refused += 1;
                return Err(QueueFull(u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1)));
            }
            let (sender, receiver) = oneshot::channel();
            match priority {
                Priority::Known => state.known.push_back(sender),
                Priority::Unknown => state.unknown.push_back(sender),
            }
            receiver
        };
        // The sender is dropped unused only at the end of the program.
        waiting.await.map_err(|_| QueueFull(1))
    }

    fn queued_work(&self, cost: Duration, hashes: usize) -> Duration {
        let all = cost.saturating_mul(u32::try_from(hashes).unwrap_or(u32::MAX));
        all / u32::try_from(self.0.permits).unwrap_or(1)
    }

    /// Records the duration of a hash in the moving average, of about the last eight.
    pub fn record_cost(&self, took: Duration) {
        let mut state = self.0.state();
        state.cost = state.cost - state.cost / 8 + took / 8;
    }

    /// Runs `work` and records its duration.
    pub fn measure<T>(&self, work: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let done = work();
        self.record_cost(began.elapsed());
        done
    }

    pub fn load(&self) -> QueueLoad {
        let state = self.0.state();
        QueueLoad {
            waiting: state.running + state.known.len() + state.unknown.len(),
            permits: self.0.permits,
            refused: state.refused,
            cost: state.cost,
        }
    }
}

impl QueueState {
    fn next(&mut self) -> Option<oneshot::Sender<Permit>> {
        let stranger_first = self.since_unknown + 1 >= UNKNOWN_PRIORITY_INTERVAL || self.known.is_empty();
        let stranger = if stranger_first { self.unknown.pop_front() } else { None };
        match stranger {
            Some(stranger) => {
                self.since_unknown = 0;
                Some(stranger)
            }
            None => {
                self.since_unknown = self.since_unknown.saturating_add(1);
                self.known.pop_front()
            }
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let Some(queue) = self.queue.take() else { return };
        let mut state = queue.state();
        while let Some(next) = state.next() {
            match next.send(Permit { queue: Some(Arc::clone(&queue)) }) {
                Ok(()) => return,
                // The waiting caller was cancelled: the permit goes to the next caller.
                Err(mut unused) => unused.queue = None,
            }
        }
        state.running -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    type Entering<'a> = Pin<Box<dyn Future<Output = Result<Permit, QueueFull>> + 'a>>;

    fn poll(future: &mut Entering<'_>) -> Poll<Result<Permit, QueueFull>> {
        future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    fn enter(queue: &HashingQueue, priority: Priority) -> Entering<'_> {
        Box::pin(queue.acquire(priority))
    }

    /// Returns the permit of a caller that does not have to wait.
    fn permit(future: &mut Entering<'_>) -> Permit {
        match poll(future) {
            Poll::Ready(Ok(permit)) => permit,
            Poll::Ready(Err(QueueFull(seconds))) => panic!("full for {seconds} s"),
            Poll::Pending => panic!("it waits"),
        }
    }

    fn queue(cost: Duration) -> HashingQueue {
        let queue = HashingQueue::new(1);
        queue.0.state().cost = cost;
        queue
    }

    #[test]
    fn fault_rt18_four_seconds_of_measured_work_wait_and_no_more() {
        for (milliseconds, places) in [(20, 200), (500, 8), (1_000, 4)] {
            let queue = queue(Duration::from_millis(milliseconds));
            let _running = permit(&mut enter(&queue, Priority::Unknown));
            let mut waiting: Vec<_> = (0..places).map(|_| enter(&queue, Priority::Unknown)).collect();
            assert!(waiting.iter_mut().all(|w| poll(w).is_pending()), "{milliseconds} ms");
            let refused = poll(&mut enter(&queue, Priority::Unknown));
            assert!(matches!(refused, Poll::Ready(Err(QueueFull(5 | 6)))), "{milliseconds} ms");
            assert!(poll(&mut enter(&queue, Priority::Known)).is_pending(), "who is known does not wait for strangers");
            assert_eq!(queue.load().refused, 1);
            // Cancelled callers release their places.
            waiting.truncate(1);
            assert!(poll(&mut enter(&queue, Priority::Unknown)).is_pending(), "{milliseconds} ms");
        }
    }

    #[test]
    fn fault_rt18_who_is_known_comes_first_and_a_stranger_every_fourth_time() {
        let queue = queue(Duration::from_millis(1));
        let mut held = Some(permit(&mut enter(&queue, Priority::Unknown)));
        let mut all: Vec<(Priority, Entering<'_>)> = Vec::new();
        for priority in [Priority::Unknown, Priority::Known] {
            for _ in 0..6 {
                let mut entering = enter(&queue, priority);
                assert!(poll(&mut entering).is_pending());
                all.push((priority, entering));
            }
        }
        let mut order = String::new();
        while !all.is_empty() {
            drop(held.take());
            let place = all.iter_mut().position(|(_, entering)| match poll(entering) {
                Poll::Ready(Ok(permit)) => {
                    held = Some(permit);
                    true
                }
                Poll::Ready(Err(_)) => panic!("refused"),
                Poll::Pending => false,
            });
            let (priority, _) = all.remove(place.expect("nobody was let in"));
            order.push(if priority == Priority::Known { 'k' } else { 's' });
        }
        assert_eq!(order, "kkkskkksssss");
    }

    #[test]
    fn a_place_handed_to_a_request_that_went_away_is_not_lost() {
        let queue = queue(Duration::from_millis(1));
        let running = permit(&mut enter(&queue, Priority::Unknown));
        let mut gone = enter(&queue, Priority::Known);
        let mut handed = enter(&queue, Priority::Known);
        assert!(poll(&mut gone).is_pending() && poll(&mut handed).is_pending());
        drop(gone);
        drop(running);
        // The permit was handed to this caller, which is dropped without polling.
        drop(handed);
        drop(permit(&mut enter(&queue, Priority::Unknown)));
        assert_eq!(queue.load().waiting, 0);
    }

    #[test]
    fn the_cost_follows_what_is_measured() {
        let queue = HashingQueue::new(2);
        for _ in 0..100 {
            queue.record_cost(Duration::from_millis(400));
        }
        assert!((390..=400).contains(&queue.load().cost.as_millis()), "{:?}", queue.load().cost);
    }
}
