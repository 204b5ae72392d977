//! The one client that calls addresses which others chose: `jwks_uri`, `request_uri`, sector documents, logos,
//! back-channel sign-outs (docs/threats.md#attack-f1 to #attack-f6).
//!
//! https only, no redirects, no cookies, 2.5 seconds in all, a bounded body. A name is resolved once, and the
//! connection goes to one of the addresses that were looked at: a public one. What came back is never echoed to whoever
//! chose the address. `[outgoing] allow_private` lets a machine talk to itself, for development and the demo;
//! `allow_networks` opens networks of one's own, and `proxy` is the way to everything else.
//!
//! Places are apart by purpose: addresses of one kind that never answer keep no call of another kind waiting, or a
//! stranger who presents a `request_uri` again and again would keep other clients from proving themselves
//! (docs/threats.md#faults-a8).

mod addresses;
mod memory;
mod ways;

use std::net::IpAddr;
use std::time::Duration;

use reqwest::{Client, Method, Response, StatusCode};
use tokio::sync::{Semaphore, SemaphorePermit};
use url::{Host, Url};

use crate::config;
use ways::{Allowed, Ways};

pub use addresses::is_public;
pub use memory::{DOCUMENTS, FetchMemory, KEYS, Remembered};
pub use ways::OwnWays;

/// How long a call may take, from the name to the last byte.
const PATIENCE: Duration = Duration::from_millis(2_500);
/// As long as what may be registered.
const LONGEST: usize = 2_000;

/// Why there is no answer. For the log and the operator; never for whoever chose the address.
#[derive(Debug, thiserror::Error)]
pub enum OutgoingError {
    #[error("the address is not one that is called: {0}")]
    Address(&'static str),
    #[error("no answer: {0}")]
    NoAnswer(String),
    #[error("answered {0}")]
    Status(u16),
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
}

/// An answer with status 200.
#[derive(Debug)]
pub struct Fetched {
    /// Media type without parameters, lower case; empty where there is none.
    pub kind: String,
    pub body: Vec<u8>,
}

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A client's keys: without them it cannot prove itself.
    Keys,
    /// A client is told that a session ended.
    SignOut,
    /// A request by reference: whoever has a browser causes it.
    RequestObject,
    /// What a registration names: sector documents, logos.
    Registration,
}

impl Purpose {
    /// Calls under way at once; whoever finds no place has no answer.
    fn places(self) -> usize {
        match self {
            Purpose::Keys => 32,
            // As many as the outbox has jobs of this kind under way.
            Purpose::SignOut => 64,
            Purpose::RequestObject => 16,
            Purpose::Registration => 8,
        }
    }
}

pub struct Outgoing {
    /// Two clients, because a name that is never resolved holds its look-up for longer than the call.
    ours: Ways,
    at_will: Ways,
    allowed: Allowed,
    keys: Semaphore,
    sign_outs: Semaphore,
    request_objects: Semaphore,
    registrations: Semaphore,
}

impl Outgoing {
    /// # Errors
    /// The extra authority cannot be read, or is none.
    pub fn new(config: &config::Outgoing) -> anyhow::Result<Self> {
        Self::with_patience(config, PATIENCE)
    }

    fn with_patience(config: &config::Outgoing, patience: Duration) -> anyhow::Result<Self> {
        let places = |purpose: Purpose| Semaphore::new(purpose.places());
        Ok(Self {
            ours: Ways::new(config, patience)?,
            at_will: Ways::new(config, patience)?,
            allowed: Allowed::of(config),
            keys: places(Purpose::Keys),
            sign_outs: places(Purpose::SignOut),
            request_objects: places(Purpose::RequestObject),
            registrations: places(Purpose::Registration),
        })
    }

    /// Fetches what stands at an address.
    pub async fn get(
        &self,
        purpose: Purpose,
        address: &str,
        accept: &str,
        most: usize,
    ) -> Result<Fetched, OutgoingError> {
        let url = self.vetted(address)?;
        let (ways, _place) = self.place(purpose)?;
        let request = |client: &Client| client.request(Method::GET, url.clone()).header("accept", accept);
        let response = ways.send(&url, request).await?;
        if response.status() != StatusCode::OK {
            return Err(OutgoingError::Status(response.status().as_u16()));
        }
        let kind = response.headers().get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        Ok(Fetched { kind, body: body(response, most).await? })
    }

    /// Sends a form; gives the status. The body of the answer is not read.
    pub async fn post_form(&self, address: &str, fields: &[(&str, &str)]) -> Result<u16, OutgoingError> {
        let url = self.vetted(address)?;
        let (ways, _place) = self.place(Purpose::SignOut)?;
        let request = |client: &Client| client.request(Method::POST, url.clone()).form(fields);
        Ok(ways.send(&url, request).await?.status().as_u16())
    }

    fn place(&self, purpose: Purpose) -> Result<(&Ways, SemaphorePermit<'_>), OutgoingError> {
        let (ways, places) = match purpose {
            Purpose::Keys => (&self.ours, &self.keys),
            Purpose::SignOut => (&self.ours, &self.sign_outs),
            Purpose::RequestObject => (&self.at_will, &self.request_objects),
            Purpose::Registration => (&self.at_will, &self.registrations),
        };
        match places.try_acquire() {
            Ok(place) => Ok((ways, place)),
            Err(_) => Err(OutgoingError::NoAnswer("too many calls at once".to_owned())),
        }
    }

    /// What can be said of an address before its name is resolved.
    fn vetted(&self, address: &str) -> Result<Url, OutgoingError> {
        let refused = |why| Err(OutgoingError::Address(why));
        // What a parser drops or turns around is not fetched: tabs, line ends, backslashes, `https:///host`.
        if address.len() > LONGEST || address.bytes().any(|b| !(0x21..=0x7E).contains(&b) || b == b'\\') {
            return refused("its form");
        }
        let Ok(url) = Url::parse(address) else { return refused("not a URL") };
        match authority(address) {
            "" => return refused("no host"),
            named if named.contains('@') => return refused("a user name in it"),
            _ => {}
        }
        // A literal address is not resolved, so it is looked at here.
        let literal = match url.host() {
            None => return refused("no host"),
            Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
            Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
            Some(Host::Domain(_)) => None,
        };
        if literal.is_some_and(|ip| !self.allowed.may(ip)) {
            return refused("not public");
        }
        let here = url.host_str() == Some("localhost") || literal.is_some_and(|ip| ip.is_loopback());
        // Below 1024 other services listen, and some can be made to hear what a form or a handshake says.
        let for_https = matches!(url.port_or_known_default(), Some(443 | 1024..));
        match url.scheme() {
            "https" if for_https || (self.allowed.private && here) => Ok(url),
            "https" => refused("a port for something else"),
            "http" if self.allowed.private && here => Ok(url),
            _ => refused("not https"),
        }
    }
}

/// What stands between `://` and the path, as it was written.
fn authority(address: &str) -> &str {
    let rest = address.split_once("://").map_or("", |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// Without the address: it may hold what is nobody's business in a log.
fn no_answer(error: reqwest::Error) -> OutgoingError {
    let error = error.without_url();
    let mut words = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        words = format!("{words}: {cause}");
        source = cause.source();
    }
    OutgoingError::NoAnswer(words)
}

async fn body(mut response: Response, most: usize) -> Result<Vec<u8>, OutgoingError> {
    let mut out = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(no_answer)? {
        if out.len().saturating_add(chunk.len()) > most {
            return Err(OutgoingError::TooLarge(most));
        }
        out.extend_from_slice(&chunk);
    }
    Ok(out)
}

#[cfg(test)]
mod tests;
