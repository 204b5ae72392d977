//! Time, read once a request and passed down.
//!
//! Expiry is stored with a value and compared with a [`Timestamp`] that the caller was given, so that
//! expiry and replay are tested without sleeping. Nothing outside this file reads the system's clock.
//!
//! A machine's clock is set back now and then. [`SteadyClock`] never is: what was to end in a minute ends in a minute
//! (docs/threats.md#fault-rt13).

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z, as every table stores it (`BIGINT`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Whole seconds, the unit of JWT claims (RFC 7519 2, NumericDate).
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    pub fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    pub fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    pub fn minus(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }

    /// How long from `earlier` to this moment; negative where it lies ahead.
    pub fn since(self, earlier: Timestamp) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A length of time in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Span(pub i64);

impl Span {
    pub const fn seconds(n: i64) -> Self {
        Self(n * 1000)
    }
    pub const fn minutes(n: i64) -> Self {
        Self::seconds(n * 60)
    }
    pub const fn hours(n: i64) -> Self {
        Self::minutes(n * 60)
    }
    pub const fn days(n: i64) -> Self {
        Self::hours(n * 24)
    }
    /// Whole seconds, rounded up: what a page may promise.
    pub fn as_seconds_up(self) -> i64 {
        self.0.saturating_add(999).div_euclid(1000)
    }
}

/// Where the application gets the time from.
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Timestamp;

    /// How far [`Clock::now`] is ahead of what the machine's clock says, which may have been set back.
    fn ahead_of_machine(&self) -> Span {
        Span(0)
    }

    /// No earlier time than this is given from now on.
    fn not_before(&self, _at: Timestamp) {}
}

/// The two clocks that a machine has.
pub trait Machine: Send + Sync + 'static {
    /// The time, as somebody set it.
    fn wall(&self) -> Timestamp;
    /// How long it has run: nobody sets that.
    fn running(&self) -> Span;
}

impl<M: Machine> Machine for Arc<M> {
    fn wall(&self) -> Timestamp {
        (**self).wall()
    }
    fn running(&self) -> Span {
        (**self).running()
    }
}

/// This machine.
#[derive(Debug)]
pub struct ThisMachine(Instant);

impl Machine for ThisMachine {
    fn wall(&self) -> Timestamp {
        SystemClock.now()
    }
    fn running(&self) -> Span {
        Span(i64::try_from(self.0.elapsed().as_millis()).unwrap_or(i64::MAX))
    }
}

/// Follows the machine's clock when it is set forward, and goes on at its own pace when that is set back.
#[derive(Debug)]
pub struct SteadyClock<M> {
    machine: M,
    /// What the time was when the machine began to run; it only grows.
    began: AtomicI64,
}

impl SteadyClock<ThisMachine> {
    pub fn real() -> Self {
        Self::over(ThisMachine(Instant::now()))
    }
}

impl<M: Machine> SteadyClock<M> {
    pub fn over(machine: M) -> Self {
        Self { machine, began: AtomicI64::new(i64::MIN) }
    }
}

impl<M: Machine> Clock for SteadyClock<M> {
    fn now(&self) -> Timestamp {
        // In this order: a thread that is put aside in between takes the wall for older than it is, never for newer.
        let wall = self.machine.wall();
        let running = self.machine.running();
        let began = wall.0.saturating_sub(running.0);
        let began = self.began.fetch_max(began, Ordering::SeqCst).max(began);
        Timestamp(began.saturating_add(running.0))
    }

    fn ahead_of_machine(&self) -> Span {
        self.now().since(self.machine.wall())
    }

    fn not_before(&self, at: Timestamp) {
        self.began.fetch_max(at.0.saturating_sub(self.machine.running().0), Ordering::SeqCst);
    }
}

/// The machine's clock.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// A machine whose clocks stand still until they are told to move: for tests.
#[derive(Debug)]
pub struct ManualClock {
    wall: AtomicI64,
    running: AtomicI64,
}

impl ManualClock {
    pub fn at(start: Timestamp) -> Self {
        Self { wall: AtomicI64::new(start.0), running: AtomicI64::new(0) }
    }

    /// Time goes by.
    pub fn advance(&self, by: Span) {
        self.wall.fetch_add(by.0, Ordering::SeqCst);
        self.running.fetch_add(by.0, Ordering::SeqCst);
    }

    /// Somebody sets the clock; no time goes by.
    pub fn set(&self, by: Span) {
        self.wall.fetch_add(by.0, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.wall()
    }
}

impl Machine for ManualClock {
    fn wall(&self) -> Timestamp {
        Timestamp(self.wall.load(Ordering::SeqCst))
    }
    fn running(&self) -> Span {
        Span(self.running.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock() -> (Arc<ManualClock>, SteadyClock<Arc<ManualClock>>) {
        let machine = Arc::new(ManualClock::at(Timestamp(1_000_000)));
        (Arc::clone(&machine), SteadyClock::over(machine))
    }

    #[test]
    fn fault_rt13_a_step_back_is_not_followed_and_a_step_forward_is() {
        let (machine, clock) = clock();
        assert_eq!(clock.now(), Timestamp(1_000_000));
        machine.advance(Span::seconds(5));
        machine.set(Span::hours(-1));
        assert_eq!(clock.now(), Timestamp(1_005_000));
        machine.advance(Span::seconds(5));
        assert_eq!(clock.now(), Timestamp(1_010_000), "it goes on at its pace");
        assert_eq!(clock.ahead_of_machine(), Span::hours(1));
        machine.set(Span::hours(1));
        assert_eq!((clock.now(), clock.ahead_of_machine()), (Timestamp(1_010_000), Span(0)));
        machine.set(Span::minutes(2));
        assert_eq!(clock.now(), Timestamp(1_130_000));
    }

    #[test]
    fn fault_rt13_a_restart_does_not_go_behind_what_was_seen() {
        let (machine, clock) = clock();
        clock.not_before(Timestamp(900_000));
        assert_eq!(clock.now(), Timestamp(1_000_000));
        clock.not_before(Timestamp(2_000_000));
        assert_eq!(clock.now(), Timestamp(2_000_000));
        machine.advance(Span::seconds(1));
        assert_eq!((clock.now(), clock.ahead_of_machine()), (Timestamp(2_001_000), Span::seconds(1_000)));
    }
}
