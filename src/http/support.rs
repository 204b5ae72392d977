//! Pages that showed a support code, in memory until the worker writes them.
//!
//! Bounded in everything: a stranger can call up an error page as often as they like. What finds no place stands in the
//! log only.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::base::clock::{Span, Timestamp};
use crate::base::source::{Network, Source};

/// Pages that wait at once.
const WAITING: usize = 500;
/// Of one source within an hour that are looked at at all, and that are written though they are nobody's.
const NOTED: u32 = 100;
pub const NOBODYS: u32 = 10;
/// Sources that are counted; more, and the counts begin anew.
const SOURCES: usize = 10_000;
const HOUR: Span = Span::hours(1);

/// Of a page that shows a support code: rides in its response to the frame.
#[derive(Clone, Copy, Debug)]
pub struct ShowsCode(pub &'static str);

/// A page that was shown, and what may say whose it was.
#[derive(Clone, Debug)]
pub struct Noted {
    pub code: String,
    pub at: Timestamp,
    /// Its template.
    pub page: &'static str,
    pub path: String,
    pub request_id: String,
    pub source: Source,
    /// The session's cookie.
    pub session: Option<String>,
    /// Secrets of the activations under way in the browser.
    pub secrets: Vec<String>,
    /// The activation of the page's address.
    pub activation: Option<String>,
    pub client_id: Option<String>,
}

#[derive(Default)]
pub struct SupportPages(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    waiting: VecDeque<Noted>,
    since: Option<Timestamp>,
    /// For each source: noted, and written though nobody's.
    counts: HashMap<Network, (u32, u32)>,
}

impl Inner {
    fn count(&mut self, source: Source, now: Timestamp) -> &mut (u32, u32) {
        let source = source.narrow();
        let over = self.since.is_none_or(|since| now.since(since) >= HOUR || now < since);
        if over || (self.counts.len() >= SOURCES && !self.counts.contains_key(&source)) {
            self.counts.clear();
            self.since = Some(now);
        }
        self.counts.entry(source).or_default()
    }
}

impl SupportPages {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a page, if its source has shown few within the hour and there is a place.
    pub fn note(&self, page: Noted) {
        let mut inner = self.inner();
        let (noted, _) = inner.count(page.source, page.at);
        *noted += 1;
        if *noted <= NOTED && inner.waiting.len() < WAITING {
            inner.waiting.push_back(page);
        }
    }

    /// What waits, and no longer waits here.
    pub fn take(&self) -> Vec<Noted> {
        self.inner().waiting.drain(..).collect()
    }

    /// Whether one more page that is nobody's may be written for this source.
    pub fn spend(&self, source: Source, now: Timestamp) -> bool {
        let mut inner = self.inner();
        let (_, written) = inner.count(source, now);
        *written += 1;
        *written <= NOBODYS
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn from(last: u8) -> Source {
        Source::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)))
    }

    fn page(last: u8, at: i64) -> Noted {
        Noted {
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
        let pages = SupportPages::default();
        for _ in 0..300 {
            pages.note(page(1, 0));
        }
        pages.note(page(2, 0));
        assert_eq!(pages.take().len(), 101);
        assert!(pages.take().is_empty());
        for last in 3..=20 {
            for _ in 0..100 {
                pages.note(page(last, 0));
            }
        }
        assert_eq!(pages.take().len(), WAITING);
        assert_eq!((0..30).filter(|_| pages.spend(from(1), Timestamp(1))).count(), 10);
        assert!(pages.spend(from(2), Timestamp(1)), "another source");
        assert!(pages.spend(from(1), Timestamp(HOUR.0 + 1)), "an hour later");
    }
}
