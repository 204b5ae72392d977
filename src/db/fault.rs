//! The last time that something could not be written: a disk that is full is seen by whoever writes, not by who looks.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Error, Result};

/// So long after a fault nobody tries whether it is over.
const RECENT: Duration = Duration::from_secs(3);

/// That something could not be written.
#[derive(Clone, Debug)]
pub struct Fault {
    at: Instant,
    why: String,
}

impl Fault {
    pub fn is_recent(&self) -> bool {
        self.at.elapsed() < RECENT
    }

    pub fn why(&self) -> &str {
        &self.why
    }
}

/// What the last writes came to.
#[derive(Debug, Default)]
pub(super) struct LastWrite(Mutex<Option<Fault>>);

impl LastWrite {
    pub fn fault(&self) -> Option<Fault> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Gives the result on.
    pub fn noted<T>(&self, result: Result<T>) -> Result<T> {
        if let Err(error @ Error::Unwritable(_)) = &result {
            let fault = Fault { at: Instant::now(), why: error.to_string() };
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
        }
        result
    }

    /// Something was written.
    pub fn done(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
