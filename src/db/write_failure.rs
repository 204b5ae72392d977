//! The failure of the last write, for health checks: only a write reveals a full disk, a read does not.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{DbError, Result};

/// The time after a failure before a probe tries to write again.
const WRITE_RETRY_INTERVAL: Duration = Duration::from_secs(3);

/// A failed write: the time and the reason.
#[derive(Clone, Debug)]
pub struct WriteFailure {
    at: Instant,
    reason: String,
}

impl WriteFailure {
    pub fn is_recent(&self) -> bool {
        self.at.elapsed() < WRITE_RETRY_INTERVAL
    }

    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// The outcome of the latest writes.
#[derive(Debug, Default)]
pub(super) struct LastWrite(Mutex<Option<WriteFailure>>);

impl LastWrite {
    pub fn failure(&self) -> Option<WriteFailure> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Records an `Unwritable` error, and returns the result unchanged.
    pub fn observe<T>(&self, result: Result<T>) -> Result<T> {
        if let Err(error @ DbError::Unwritable(_)) = &result {
            let fault = WriteFailure { at: Instant::now(), reason: error.to_string() };
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
        }
        result
    }

    /// Clears the failure after a successful write.
    pub fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
