//! The log of a test, which the test reads.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::Dispatch;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::EnvFilter;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What this thread logs, as long as this lives: a test's runtime has no other thread.
pub struct Log {
    lines: Lines,
    _guard: DefaultGuard,
    /// While there is just one subscriber, `tracing` asks the thread that meets a line first whether anybody wants it,
    /// and that may be another test's: two make it ask both.
    _second: Dispatch,
}

impl Log {
    /// In the syntax of `EnvFilter`.
    pub fn of(filter: &str) -> Self {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(filter))
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .finish();
        let second = Dispatch::new(tracing_subscriber::registry());
        Self { lines, _guard: tracing::subscriber::set_default(subscriber), _second: second }
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.lines.0.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap()
    }
}
