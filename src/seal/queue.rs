//! Who may hash now: as many at once as there are cores, four seconds of work may wait, the rest is told to come back
//! (docs/threats.md#fault-rt18).
//!
//! What a hash costs is measured, not assumed: a queue by number is four seconds on one machine and fifteen on a busy
//! one. Whoever has shown something already, a known device or an activation whose code was right, goes first; every
//! fourth place goes to a stranger all the same, so that nobody waits for ever.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

/// Work that may wait.
const MAX_WAIT: Duration = Duration::from_secs(4);
/// Until the first hash is measured.
const FIRST_COST: Duration = Duration::from_millis(20);
/// Every so many places one goes to a stranger, if one waits.
const STRANGERS_TURN: u32 = 4;

/// Who asks for a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// A known device, or an activation whose code was right.
    Known,
    Stranger,
}

/// How the queue does.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Hashes that run or wait.
    pub waiting: usize,
    /// How many run at once.
    pub permits: usize,
    pub refused: u64,
    /// What a hash cost lately.
    pub cost: Duration,
}

/// More than four seconds of work wait: seconds until it is worth coming back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full(pub u32);

struct State {
    running: usize,
    known: VecDeque<oneshot::Sender<Permit>>,
    strangers: VecDeque<oneshot::Sender<Permit>>,
    /// Places given since a stranger last had one.
    since_stranger: u32,
    cost: Duration,
    refused: u64,
}

struct Inner {
    permits: usize,
    state: Mutex<State>,
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone)]
pub struct Queue(Arc<Inner>);

/// A place among those who hash. Gives itself on when it is dropped, also by a request that went away.
pub struct Permit {
    queue: Option<Arc<Inner>>,
}

impl Queue {
    pub fn new(permits: usize) -> Self {
        let state = State {
            running: 0,
            known: VecDeque::new(),
            strangers: VecDeque::new(),
            since_stranger: 0,
            cost: FIRST_COST,
            refused: 0,
        };
        Self(Arc::new(Inner { permits: permits.max(1), state: Mutex::new(state) }))
    }

    /// Waits for a place.
    ///
    /// # Errors
    /// Too much waits already.
    pub async fn enter(&self, priority: Priority) -> Result<Permit, Full> {
        let waiting = {
            let mut state = self.0.state();
            if state.running < self.0.permits {
                state.running += 1;
                return Ok(Permit { queue: Some(Arc::clone(&self.0)) });
            }
            // Those who went away make no work.
            state.known.retain(|waiting| !waiting.is_closed());
            state.strangers.retain(|waiting| !waiting.is_closed());
            let ahead = match priority {
                Priority::Known => state.known.len(),
                Priority::Stranger => state.known.len() + state.strangers.len(),
            };
            let wait = self.work(state.cost, ahead + 1);
            if wait > MAX_WAIT {
                state.refused += 1;
                return Err(Full(u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1)));
            }
            let (sender, receiver) = oneshot::channel();
            match priority {
                Priority::Known => state.known.push_back(sender),
                Priority::Stranger => state.strangers.push_back(sender),
            }
            receiver
        };
        // The sender is dropped unused by nobody but the end of the program.
        waiting.await.map_err(|_| Full(1))
    }

    fn work(&self, cost: Duration, hashes: usize) -> Duration {
        let all = cost.saturating_mul(u32::try_from(hashes).unwrap_or(u32::MAX));
        all / u32::try_from(self.0.permits).unwrap_or(1)
    }

    /// Notes what a hash took: a mean of the last eight or so.
    pub fn measured(&self, took: Duration) {
        let mut state = self.0.state();
        state.cost = state.cost - state.cost / 8 + took / 8;
    }

    /// Measures what `work` takes.
    pub fn measure<T>(&self, work: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let done = work();
        self.measured(began.elapsed());
        done
    }

    pub fn load(&self) -> Load {
        let state = self.0.state();
        Load {
            waiting: state.running + state.known.len() + state.strangers.len(),
            permits: self.0.permits,
            refused: state.refused,
            cost: state.cost,
        }
    }
}

impl State {
    fn next(&mut self) -> Option<oneshot::Sender<Permit>> {
        let stranger_first = self.since_stranger + 1 >= STRANGERS_TURN || self.known.is_empty();
        let stranger = if stranger_first { self.strangers.pop_front() } else { None };
        match stranger {
            Some(stranger) => {
                self.since_stranger = 0;
                Some(stranger)
            }
            None => {
                self.since_stranger = self.since_stranger.saturating_add(1);
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
                // Whoever waited is gone: the place is still ours to give.
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

    type Entering<'a> = Pin<Box<dyn Future<Output = Result<Permit, Full>> + 'a>>;

    fn poll(future: &mut Entering<'_>) -> Poll<Result<Permit, Full>> {
        future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    fn enter(queue: &Queue, priority: Priority) -> Entering<'_> {
        Box::pin(queue.enter(priority))
    }

    /// The place that is had at once.
    fn permit(future: &mut Entering<'_>) -> Permit {
        match poll(future) {
            Poll::Ready(Ok(permit)) => permit,
            Poll::Ready(Err(Full(seconds))) => panic!("full for {seconds} s"),
            Poll::Pending => panic!("it waits"),
        }
    }

    fn queue(cost: Duration) -> Queue {
        let queue = Queue::new(1);
        queue.0.state().cost = cost;
        queue
    }

    #[test]
    fn fault_rt18_four_seconds_of_measured_work_wait_and_no_more() {
        for (milliseconds, places) in [(20, 200), (500, 8), (1_000, 4)] {
            let queue = queue(Duration::from_millis(milliseconds));
            let _running = permit(&mut enter(&queue, Priority::Stranger));
            let mut waiting: Vec<_> = (0..places).map(|_| enter(&queue, Priority::Stranger)).collect();
            assert!(waiting.iter_mut().all(|w| poll(w).is_pending()), "{milliseconds} ms");
            let refused = poll(&mut enter(&queue, Priority::Stranger));
            assert!(matches!(refused, Poll::Ready(Err(Full(5 | 6)))), "{milliseconds} ms");
            assert!(poll(&mut enter(&queue, Priority::Known)).is_pending(), "who is known does not wait for strangers");
            assert_eq!(queue.load().refused, 1);
            // Those who go away give their places back.
            waiting.truncate(1);
            assert!(poll(&mut enter(&queue, Priority::Stranger)).is_pending(), "{milliseconds} ms");
        }
    }

    #[test]
    fn fault_rt18_who_is_known_comes_first_and_a_stranger_every_fourth_time() {
        let queue = queue(Duration::from_millis(1));
        let mut held = Some(permit(&mut enter(&queue, Priority::Stranger)));
        let mut all: Vec<(Priority, Entering<'_>)> = Vec::new();
        for priority in [Priority::Stranger, Priority::Known] {
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
        let running = permit(&mut enter(&queue, Priority::Stranger));
        let mut gone = enter(&queue, Priority::Known);
        let mut handed = enter(&queue, Priority::Known);
        assert!(poll(&mut gone).is_pending() && poll(&mut handed).is_pending());
        drop(gone);
        drop(running);
        // Handed to it, but it never looks.
        drop(handed);
        drop(permit(&mut enter(&queue, Priority::Stranger)));
        assert_eq!(queue.load().waiting, 0);
    }

    #[test]
    fn the_cost_follows_what_is_measured() {
        let queue = Queue::new(2);
        for _ in 0..100 {
            queue.measured(Duration::from_millis(400));
        }
        assert!((390..=400).contains(&queue.load().cost.as_millis()), "{:?}", queue.load().cost);
    }
}
