//! The captured log of a test.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::Dispatch;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::EnvFilter;

#[derive(Clone, Default)]
struct LogBuffer(Arc<Mutex<Vec<u8>>>);

impl Write for LogBuffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Captures the log of this thread until dropped: a test's runtime has no other thread.
pub struct CapturedLog {
    lines: LogBuffer,
    _guard: DefaultGuard,
    /// A second subscriber. With a single subscriber `tracing` asks only the first thread to reach a log line,
    /// possibly another test's, about its interest; with two, both are asked.
    _second: Dispatch,
}

impl CapturedLog {
    /// Starts capturing; `filter` has the syntax of `EnvFilter`.
    pub fn capture(filter: &str) -> Self {
        let lines = LogBuffer::default();
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
