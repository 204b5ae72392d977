//! Large bodies: a few at once in memory, one of each sender, each within the time that a slow line takes for it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest as _, Request};
use axum::http::header;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::PageError;

/// The maximum size of a large body.
pub const MAX_LARGE_BODY_BYTES: usize = 32 << 20;
/// The maximum number of large bodies that a server has in memory at the same time.
const MAX_LARGE_BODIES: usize = 2;
/// A body has so long, and the time that this rate takes for the length that it says. 32 MB have five and a half minutes.
const LEAST_BODY_SECONDS: u64 = 20;
const MIN_BYTES_A_SECOND: u64 = 100_000;
/// The time after which somebody who found no place comes again, in seconds.
const BUSY_SECONDS: i64 = 20;

/// The places of a server for large bodies.
#[derive(Debug)]
pub struct LargeBodyPlaces {
    places: Arc<Semaphore>,
    /// The senders of whom a body is taken.
    senders: Arc<Mutex<BTreeSet<String>>>,
}

impl Default for LargeBodyPlaces {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(MAX_LARGE_BODIES)), senders: Arc::default() }
    }
}

impl LargeBodyPlaces {
    fn take_own(&self, sender: &str) -> Option<OwnPlace> {
        let mut senders = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
        let own = || OwnPlace { senders: Arc::clone(&self.senders), sender: sender.to_owned() };
        senders.insert(sender.to_owned()).then(own)
    }
}

/// The one place of a sender, given back when it is dropped.
struct OwnPlace {
    senders: Arc<Mutex<BTreeSet<String>>>,
    sender: String,
}

impl Drop for OwnPlace {
    fn drop(&mut self) {
        self.senders.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.sender);
    }
}

/// Returns the time for a body: that of a slow line for its length, so that a place is not held by bytes that trickle in.
fn time_for(request: &Request) -> Duration {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|text| text.to_str().ok()?.parse::<u64>().ok());
    let most = u64::try_from(MAX_LARGE_BODY_BYTES).unwrap_or(u64::MAX);
    Duration::from_secs(LEAST_BODY_SECONDS + length.unwrap_or_default().min(most) / MIN_BYTES_A_SECOND)
}

/// A large body, and its places, which are given back with it.
pub struct LargeBody {
    pub bytes: Bytes,
    _own: OwnPlace,
    _place: OwnedSemaphorePermit,
}

impl LargeBodyPlaces {
    /// Reads the body of a request of somebody who is known. The route's own limit bounds its size.
    ///
    /// # Errors
    /// There is no place now, it comes too slowly, or it is too large.
    pub async fn read(&self, request: Request, sender: &str) -> Result<LargeBody, PageError> {
        let busy = || PageError::Busy { seconds: BUSY_SECONDS };
        let own = self.take_own(sender).ok_or_else(busy)?;
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| busy())?;
        let body = tokio::time::timeout(time_for(&request), Bytes::from_request(request, &())).await;
        let bytes = body.map_err(|_| busy())?.map_err(|_| PageError::TooLarge)?;
        Ok(LargeBody { bytes, _own: own, _place: place })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_d8_a_slow_body_holds_one_place_of_its_sender_for_a_bounded_time() {
        let places = LargeBodyPlaces::default();
        let held = places.take_own("one");
        assert!(held.is_some() && places.take_own("one").is_none(), "one place for each");
        assert!(places.take_own("other").is_some());
        drop(held);
        assert!(places.take_own("one").is_some());
        let time = |length: &str| {
            let request = Request::builder().header(header::CONTENT_LENGTH, length).body(axum::body::Body::empty());
            time_for(&request.unwrap()).as_secs()
        };
        for (length, right) in [("", 20), ("x", 20), ("2000000", 40), ("33554432", 355), ("99999999999", 355)] {
            assert_eq!(time(length), right, "{length}");
        }
    }
}
