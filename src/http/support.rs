//! Buffers views of pages with a support code in memory until written by the worker.
//!
//! Everything is bounded, because an unauthenticated client can request error pages without end. Views above the limits
//! are only logged.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::base::clock::{Span, Timestamp};
use crate::base::source::{Network, SourceAddress};

/// The maximum number of buffered views.
const MAX_PENDING_PAGES: usize = 500;
/// The maximum number of views per source and hour that are considered at all.
const MAX_PAGES_PER_SOURCE: u32 = 100;
/// The maximum number of views per source and hour that are written without an activation or a session.
pub const MAX_ANONYMOUS_PAGES_PER_SOURCE: u32 = 10;
/// The maximum number of counted sources; above the limit, all counters restart.
const MAX_SOURCES: usize = 10_000;
const COUNTING_WINDOW: Span = Span::hours(1);

/// Marks the response of a page with a support code, for the middleware.
#[derive(Clone, Copy, Debug)]
pub struct SupportCodeShown(pub &'static str);

/// A page view with a support code, with the secrets that can identify the page's account or activation.
#[derive(Clone, Debug)]
pub struct SupportPageView {
    pub code: String,
    pub at: Timestamp,
    /// The page's template.
    pub page: &'static str,
    pub path: String,
    pub request_id: String,
    pub source: SourceAddress,
    /// The value of the session cookie.
    pub session: Option<String>,
    /// The secrets of the browser's pending activations.
    pub secrets: Vec<String>,
    /// The activation in the page's address.
    pub activation: Option<String>,
    pub client_id: Option<String>,
}

#[derive(Default)]
pub struct SupportPageBuffer(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    pending: VecDeque<SupportPageView>,
    window_start: Option<Timestamp>,
    /// The counters of each source: views considered, and views written without an activation or a session.
    counts: HashMap<Network, (u32, u32)>,
}

impl Inner {
    fn count(&mut self, source: SourceAddress, now: Timestamp) -> &mut (u32, u32) {
        let source = source.narrow_network();
        let over = self.window_start.is_none_or(|since| now.since(since) >= COUNTING_WINDOW || now < since);
        if over || (self.counts.len() >= MAX_SOURCES && !self.counts.contains_key(&source)) {
            self.counts.clear();
            self.window_start = Some(now);
        }
        self.counts.entry(source).or_default()
    }
}

impl SupportPageBuffer {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Buffers a view if the source is below its hourly limit and the buffer has room.
    pub fn push(&self, page: SupportPageView) {
        let mut inner = self.inner();
        let (noted, _) = inner.count(page.source, page.at);
        *noted += 1;
        if *noted <= MAX_PAGES_PER_SOURCE && inner.pending.len() < MAX_PENDING_PAGES {
            inner.pending.push_back(page);
        }
    }

    /// Removes and returns all buffered views.
    pub fn drain(&self) -> Vec<SupportPageView> {
        self.inner().pending.drain(..).collect()
    }

    /// Counts a view without an activation or a session; true if the source is within its hourly limit.
    pub fn allow_anonymous(&self, source: SourceAddress, now: Timestamp) -> bool {
        let mut inner = self.inner();
        let (_, written) = inner.count(source, now);
        *written += 1;
        *written <= MAX_ANONYMOUS_PAGES_PER_SOURCE
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn from(last: u8) -> SourceAddress {
        SourceAddress::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)))
    }

    fn page(last: u8, at: i64) -> SupportPageView {
        SupportPageView {
            code: "K7P-4MX".to_owned(),
            at: Timestamp(at),
            page: "http/bad_form.html",
            path: "/connexion".to_owned(),
            request_id: String::new(),
            source: from(last),
            session: None,
            secrets: Vec::new(),
            activation: None,
            client_id: None,
        }
    }

    #[test]
    fn a_source_has_its_share_of_an_hour_and_memory_its_bound() {
        let pages = SupportPageBuffer::default();
        for _ in 0..300 {
            pages.push(page(1, 0));
        }
        pages.push(page(2, 0));
        assert_eq!(pages.drain().len(), 101);
        assert!(pages.drain().is_empty());
        for last in 3..=20 {
            for _ in 0..100 {
                pages.push(page(last, 0));
            }
        }
        assert_eq!(pages.drain().len(), MAX_PENDING_PAGES);
        assert_eq!((0..30).filter(|_| pages.allow_anonymous(from(1), Timestamp(1))).count(), 10);
        assert!(pages.allow_anonymous(from(2), Timestamp(1)), "another source");
        assert!(pages.allow_anonymous(from(1), Timestamp(COUNTING_WINDOW.0 + 1)), "an hour later");
    }
}
