//! Large bodies: a few at once in memory, one of each sender, each within the time that a slow line takes for it.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest as _, Request};
use axum::http::header;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::error::PageError;

/// The maximum size of a large body.
pub const MAX_LARGE_BODY_BYTES: usize = 32 << 20;
/// The large bodies of this server that are in memory at the same time.
static BODIES: Semaphore = Semaphore::const_new(2);
/// A body has so long, and the time that this rate takes for the length that it says. 32 MB have five and a half minutes.
const LEAST_BODY_SECONDS: u64 = 20;
const MIN_BYTES_A_SECOND: u64 = 100_000;
/// The time after which somebody who found no place comes again, in seconds.
const BUSY_SECONDS: i64 = 20;

/// The senders of whom this server takes a body.
static SENDERS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// The one place of a sender, given back when it is dropped.
struct OwnPlace(String);

impl OwnPlace {
    fn take(sender: &str) -> Option<Self> {
        let mut senders = SENDERS.lock().unwrap_or_else(PoisonError::into_inner);
        senders.insert(sender.to_owned()).then(|| Self(sender.to_owned()))
    }
}

impl Drop for OwnPlace {
    fn drop(&mut self) {
        SENDERS.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
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
    _place: SemaphorePermit<'static>,
}

/// Reads the body of a request of somebody who is known. The route's own limit bounds its size.
///
/// # Errors
/// There is no place now, it comes too slowly, or it is too large.
pub async fn read(request: Request, sender: &str) -> Result<LargeBody, PageError> {
    let busy = || PageError::Busy { seconds: BUSY_SECONDS };
    let own = OwnPlace::take(sender).ok_or_else(busy)?;
    let place = BODIES.try_acquire().map_err(|_| busy())?;
    let body = tokio::time::timeout(time_for(&request), Bytes::from_request(request, &())).await;
    let bytes = body.map_err(|_| busy())?.map_err(|_| PageError::TooLarge)?;
    Ok(LargeBody { bytes, _own: own, _place: place })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_d8_a_slow_body_holds_one_place_of_its_sender_for_a_bounded_time() {
        let held = OwnPlace::take("one");
        assert!(held.is_some() && OwnPlace::take("one").is_none(), "one place for each");
        assert!(OwnPlace::take("other").is_some());
        drop(held);
        assert!(OwnPlace::take("one").is_some());
        let time = |length: &str| {
            let request = Request::builder().header(header::CONTENT_LENGTH, length).body(axum::body::Body::empty());
            time_for(&request.unwrap()).as_secs()
        };
        for (length, right) in [("", 20), ("x", 20), ("2000000", 40), ("33554432", 355), ("99999999999", 355)] {
            assert_eq!(time(length), right, "{length}");
        }
    }
}
