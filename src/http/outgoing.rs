//! The client for addresses chosen by third parties: `jwks_uri`, `request_uri`, sector documents, logos, back-channel
//! logouts (docs/threats.md#attack-f1 to #attack-f6).
//!
//! Calls use https only, without redirects or cookies, with a timeout of 2.5 seconds and a limited body. A name is
//! resolved once, and the connection uses one of the checked public addresses. The response is never echoed to the
//! party that chose the address. `[outgoing] allow_private` permits calls to the same machine, for development and the
//! demo; `allow_networks` permits private networks, and `proxy` routes the calls to all other addresses.
//!
//! Each purpose has its own limit of concurrent calls: unresponsive addresses of one purpose do not delay calls of
//! another purpose. Otherwise, an unauthenticated client that presents a `request_uri` repeatedly could keep other
//! clients from authenticating (docs/threats.md#faults-a8).

mod addresses;
mod answers;
mod cache;
mod routing;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::{Client, Method, Response, StatusCode};
use tokio::sync::{Semaphore, SemaphorePermit};
use url::{Host, Url};

use crate::config;
use routing::{AddressPolicy, GuardedClient};

pub use addresses::is_public;
pub use answers::{EndpointAnswer, EndpointCall, UpstreamShare};
use answers::{MAX_CALLS_PER_UPSTREAM, MAX_STARTS_PER_UPSTREAM};
pub use cache::{CacheLookup, FetchCache, JWKS_CACHE_POLICY, REQUEST_OBJECT_CACHE_POLICY};
pub use routing::ConfiguredClient;

/// The timeout of a call, from name resolution to the last byte.
const CALL_TIMEOUT: Duration = Duration::from_millis(2_500);
/// The timeout of a call of an upstream: a provider that many sign in through at once may be slow, and a person waits.
const UPSTREAM_CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// The number of upstreams that may hang at once before the calls of another one fail; each has shares of its own.
const MAX_HANGING_UPSTREAMS: usize = 16;
/// The maximum length of a URL in bytes, equal to the limit for registered URLs.
const MAX_URL_BYTES: usize = 2_000;

/// The reasons of a failed call, for the log and the operator, never for the party that chose the address.
#[derive(Debug, thiserror::Error)]
pub enum OutgoingError {
    #[error("the address is not one that is called: {0}")]
    Address(&'static str),
    #[error("no answer: {0}")]
    NoResponse(String),
    #[error("no answer: too many calls of this upstream at once")]
    Busy,
    #[error("answered {0}")]
    Status(u16),
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
}

/// A response with status 200.
#[derive(Debug)]
pub struct Fetched {
    /// The media type without parameters, in lower case; empty if absent.
    pub media_type: String,
    pub body: Vec<u8>,
}

/// An answer of which only the head counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probed {
    pub status: u16,
    /// The address that the answer leads to.
    pub location: Option<String>,
}

/// The purpose of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallPurpose {
    /// A client's keys, required to authenticate the client.
    Keys,
    /// A back-channel logout.
    SignOut,
    /// A request object by reference, which any browser can trigger.
    RequestObject,
    /// A document named by a registration: a sector document or a logo.
    Registration,
    /// An upstream's endpoint, which a browser with an open sign-in can trigger.
    Upstream,
}

impl CallPurpose {
    /// Returns the maximum number of concurrent calls; further calls fail at once.
    fn max_concurrent_calls(self) -> usize {
        match self {
            CallPurpose::Keys => 32,
            // Equal to the concurrency of the outbox for this kind of job.
            CallPurpose::SignOut => 64,
            CallPurpose::RequestObject => 16,
            CallPurpose::Registration => 8,
            CallPurpose::Upstream => MAX_HANGING_UPSTREAMS * (MAX_CALLS_PER_UPSTREAM + MAX_STARTS_PER_UPSTREAM),
        }
    }
}

pub struct OutgoingClient {
    /// Several clients, because a name lookup that hangs holds its lookup permit beyond the call's timeout.
    protocol_client: GuardedClient,
    untrusted_client: GuardedClient,
    upstream_client: GuardedClient,
    allowed: AddressPolicy,
    keys: Semaphore,
    sign_outs: Semaphore,
    request_objects: Semaphore,
    registrations: Semaphore,
    upstreams: Semaphore,
    /// The shares of each upstream, by id: of those who come back from it, and of those who are sent there (`true`).
    upstream_shares: Mutex<HashMap<(String, bool), Arc<Semaphore>>>,
}

impl OutgoingClient {
    /// # Errors
    /// Fails if the extra CA file cannot be read or has no certificate.
    pub fn new(config: &config::Outgoing) -> anyhow::Result<Self> {
        Self::with_timeout(config, CALL_TIMEOUT)
    }

    fn with_timeout(config: &config::Outgoing, patience: Duration) -> anyhow::Result<Self> {
        let places = |purpose: CallPurpose| Semaphore::new(purpose.max_concurrent_calls());
        Ok(Self {
            protocol_client: GuardedClient::new(config, patience)?,
            untrusted_client: GuardedClient::new(config, patience)?,
            upstream_client: GuardedClient::new(config, UPSTREAM_CALL_TIMEOUT)?,
            allowed: AddressPolicy::from_config(config),
            keys: places(CallPurpose::Keys),
            sign_outs: places(CallPurpose::SignOut),
            request_objects: places(CallPurpose::RequestObject),
            registrations: places(CallPurpose::Registration),
            upstreams: places(CallPurpose::Upstream),
            upstream_shares: Mutex::default(),
        })
    }

    /// Fetches a URL with a response of at most `most` bytes.
    pub async fn get(
        &self,
        purpose: CallPurpose,
        address: &str,
        accept: &str,
        most: usize,
    ) -> Result<Fetched, OutgoingError> {
        let url = self.validate_url(address)?;
        let (ways, _place) = self.acquire(purpose)?;
        let request = |client: &Client| client.request(Method::GET, url.clone()).header("accept", accept);
        let response = ways.send(&url, request).await?;
        if response.status() != StatusCode::OK {
            return Err(OutgoingError::Status(response.status().as_u16()));
        }
        Ok(Fetched { media_type: media_type(&response), body: read_body(response, most).await? })
    }

    /// Posts a form; returns the status. The body of the response is not read.
    pub async fn post_form(&self, address: &str, fields: &[(&str, &str)]) -> Result<u16, OutgoingError> {
        let url = self.validate_url(address)?;
        let (ways, _place) = self.acquire(CallPurpose::SignOut)?;
        let request = |client: &Client| client.request(Method::POST, url.clone()).form(fields);
        Ok(ways.send(&url, request).await?.status().as_u16())
    }

    /// Looks whether an address answers, and where it leads: no redirect is followed, and no body is read.
    pub async fn probe(&self, address: &str) -> Result<Probed, OutgoingError> {
        let url = self.validate_url(address)?;
        let (ways, _place) = self.acquire(CallPurpose::Registration)?;
        let response = ways.send(&url, |client: &Client| client.request(Method::GET, url.clone())).await?;
        let location = response.headers().get("location").and_then(|to| to.to_str().ok()).map(str::to_owned);
        Ok(Probed { status: response.status().as_u16(), location })
    }

    fn acquire(&self, purpose: CallPurpose) -> Result<(&GuardedClient, SemaphorePermit<'_>), OutgoingError> {
        let (ways, places) = match purpose {
            CallPurpose::Keys => (&self.protocol_client, &self.keys),
            CallPurpose::SignOut => (&self.protocol_client, &self.sign_outs),
            CallPurpose::RequestObject => (&self.untrusted_client, &self.request_objects),
            CallPurpose::Registration => (&self.untrusted_client, &self.registrations),
            CallPurpose::Upstream => (&self.upstream_client, &self.upstreams),
        };
        match places.try_acquire() {
            Ok(place) => Ok((ways, place)),
            Err(_) => Err(OutgoingError::NoResponse("too many calls at once".to_owned())),
        }
    }

    /// Checks a URL as far as possible before name resolution.
    fn validate_url(&self, address: &str) -> Result<Url, OutgoingError> {
        let refused = |why| Err(OutgoingError::Address(why));
        // Rejects characters that a parser drops or rewrites: tabs, line ends, backslashes, `https:///host`.
        if address.len() > MAX_URL_BYTES || address.bytes().any(|b| !(0x21..=0x7E).contains(&b) || b == b'\\') {
            return refused("its form");
        }
        let Ok(url) = Url::parse(address) else { return refused("not a URL") };
        match authority(address) {
            "" => return refused("no host"),
            named if named.contains('@') => return refused("a user name in it"),
            _ => {}
        }
        // An IP literal is not resolved, so the address is checked here.
        let literal = match url.host() {
            None => return refused("no host"),
            Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
            Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
            Some(Host::Domain(_)) => None,
        };
        if literal.is_some_and(|ip| !self.allowed.permits(ip)) {
            return refused("not public");
        }
        let here = url.host_str() == Some("localhost") || literal.is_some_and(|ip| ip.is_loopback());
        // Ports below 1024 belong to other services, some of which would interpret the bytes of a form or a handshake.
        let for_https = matches!(url.port_or_known_default(), Some(443 | 1024..));
        match url.scheme() {
            "https" if for_https || (self.allowed.private && here) => Ok(url),
            "https" => refused("a port for something else"),
            "http" if self.allowed.private && here => Ok(url),
            _ => refused("not https"),
        }
    }
}

/// Returns the text between `://` and the path, unparsed.
fn authority(address: &str) -> &str {
    let rest = address.split_once("://").map_or("", |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// Converts a transport error, without the URL, which may contain confidential data.
fn transport_error(error: reqwest::Error) -> OutgoingError {
    let error = error.without_url();
    let mut words = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        words = format!("{words}: {cause}");
        source = cause.source();
    }
    OutgoingError::NoResponse(words)
}

/// Returns the media type without parameters, in lower case; empty if absent.
fn media_type(response: &Response) -> String {
    let kind = response.headers().get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

async fn read_body(mut response: Response, most: usize) -> Result<Vec<u8>, OutgoingError> {
    let mut out = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(transport_error)? {
        if out.len().saturating_add(chunk.len()) > most {
            return Err(OutgoingError::TooLarge(most));
        }
        out.extend_from_slice(&chunk);
    }
    Ok(out)
}

#[cfg(test)]
mod tests;
