//! Time, read once per request and passed down.
//!
//! Expiry times are stored with each value and compared with a [`Timestamp`] from the caller, so that tests of expiry
//! and replay do not sleep. Only this file reads the system clock.
//!
//! The system clock may be set back at any time. [`SteadyClock`] never goes back: a lifetime of one minute stays one
//! minute (docs/threats.md#fault-rt13).

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z, the form of every stored time (`BIGINT`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Returns whole seconds, the unit of JWT claims (RFC 7519 2, NumericDate).
    pub fn as_seconds(self) -> i64 {
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

    /// Returns the time elapsed since `earlier`; negative if `earlier` is later than `self`.
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
    /// Returns whole seconds, rounded up, for waiting times shown to users.
    pub fn as_seconds_ceil(self) -> i64 {
        self.0.saturating_add(999).div_euclid(1000)
    }
}

/// The source of the current time.
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Timestamp;

    /// Returns the lead of [`Clock::now`] over the system clock, greater than zero after the system clock was set back.
    fn ahead_of_wall_clock(&self) -> Span {
        Span(0)
    }

    /// Advances the clock to `at` if the clock is behind; no earlier time is returned afterwards.
    fn advance_to(&self, _at: Timestamp) {}
}

/// The two clocks of the operating system.
pub trait ClockSource: Send + Sync + 'static {
    /// Returns the wall clock time, which an administrator or NTP can set.
    fn wall_time(&self) -> Timestamp;
    /// Returns the monotonic time since the start, which cannot be set.
    fn uptime(&self) -> Span;
}

impl<M: ClockSource> ClockSource for Arc<M> {
    fn wall_time(&self) -> Timestamp {
        (**self).wall_time()
    }
    fn uptime(&self) -> Span {
        (**self).uptime()
    }
}

/// The clocks of the machine that runs the process.
#[derive(Debug)]
pub struct SystemClockSource(Instant);

impl ClockSource for SystemClockSource {
    fn wall_time(&self) -> Timestamp {
        SystemClock.now()
    }
    fn uptime(&self) -> Span {
        Span(i64::try_from(self.0.elapsed().as_millis()).unwrap_or(i64::MAX))
    }
}

/// A clock that follows a wall clock set forward, and continues at the monotonic pace after a wall clock set back.
#[derive(Debug)]
pub struct SteadyClock<M> {
    source: M,
    /// The wall clock time at monotonic zero, in milliseconds; never decreases.
    boot_time: AtomicI64,
}

impl SteadyClock<SystemClockSource> {
    pub fn system() -> Self {
        Self::new(SystemClockSource(Instant::now()))
    }
}

impl<M: ClockSource> SteadyClock<M> {
    pub fn new(machine: M) -> Self {
        Self { source: machine, boot_time: AtomicI64::new(i64::MIN) }
    }
}

impl<M: ClockSource> Clock for SteadyClock<M> {
    fn now(&self) -> Timestamp {
        // The order matters: if the thread is suspended between the two reads, the result is too early, never too late.
        let wall = self.source.wall_time();
        let running = self.source.uptime();
        let began = wall.0.saturating_sub(running.0);
        let began = self.boot_time.fetch_max(began, Ordering::SeqCst).max(began);
        Timestamp(began.saturating_add(running.0))
    }

    fn ahead_of_wall_clock(&self) -> Span {
        self.now().since(self.source.wall_time())
    }

    fn advance_to(&self, at: Timestamp) {
        self.boot_time.fetch_max(at.0.saturating_sub(self.source.uptime().0), Ordering::SeqCst);
    }
}

/// The wall clock of the system.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// A source of both clocks that moves only on request, for tests.
#[derive(Debug)]
pub struct ManualClock {
    wall: AtomicI64,
    uptime: AtomicI64,
}

impl ManualClock {
    pub fn at(start: Timestamp) -> Self {
        Self { wall: AtomicI64::new(start.0), uptime: AtomicI64::new(0) }
    }

    /// Advances both clocks.
    pub fn advance(&self, by: Span) {
        self.wall.fetch_add(by.0, Ordering::SeqCst);
        self.uptime.fetch_add(by.0, Ordering::SeqCst);
    }

    /// Steps the wall clock only, as an administrator would.
    pub fn step_wall_time(&self, by: Span) {
        self.wall.fetch_add(by.0, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.wall_time()
    }
}

impl ClockSource for ManualClock {
    fn wall_time(&self) -> Timestamp {
        Timestamp(self.wall.load(Ordering::SeqCst))
    }
    fn uptime(&self) -> Span {
        Span(self.uptime.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock() -> (Arc<ManualClock>, SteadyClock<Arc<ManualClock>>) {
        let machine = Arc::new(ManualClock::at(Timestamp(1_000_000)));
        (Arc::clone(&machine), SteadyClock::new(machine))
    }

    #[test]
    fn fault_rt13_a_step_back_is_not_followed_and_a_step_forward_is() {
        let (machine, clock) = clock();
        assert_eq!(clock.now(), Timestamp(1_000_000));
        machine.advance(Span::seconds(5));
        machine.step_wall_time(Span::hours(-1));
        assert_eq!(clock.now(), Timestamp(1_005_000));
        machine.advance(Span::seconds(5));
        assert_eq!(clock.now(), Timestamp(1_010_000), "it goes on at its pace");
        assert_eq!(clock.ahead_of_wall_clock(), Span::hours(1));
        machine.step_wall_time(Span::hours(1));
        assert_eq!((clock.now(), clock.ahead_of_wall_clock()), (Timestamp(1_010_000), Span(0)));
        machine.step_wall_time(Span::minutes(2));
        assert_eq!(clock.now(), Timestamp(1_130_000));
    }

    #[test]
    fn fault_rt13_a_restart_does_not_go_behind_what_was_seen() {
        let (machine, clock) = clock();
        clock.advance_to(Timestamp(900_000));
        assert_eq!(clock.now(), Timestamp(1_000_000));
        clock.advance_to(Timestamp(2_000_000));
        assert_eq!(clock.now(), Timestamp(2_000_000));
        machine.advance(Span::seconds(1));
        assert_eq!((clock.now(), clock.ahead_of_wall_clock()), (Timestamp(2_001_000), Span::seconds(1_000)));
    }
}
