//! Routing of outgoing calls: directly to checked addresses, or through the configured proxy.
//!
//! A proxy resolves names itself, so a name is resolved locally first: a name in a private network that is not allowed
//! never reaches the proxy, which may have a route to that network. A name that only the proxy can resolve, as is usual
//! behind a proxy, is left to the proxy. Neither route follows redirects.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder, Proxy, RequestBuilder, Response};
use tokio::sync::Semaphore;
use url::{Host, Url};

use super::{OutgoingError, is_public, transport_error};
use crate::base::source::{Network, SourceAddress};
use crate::config;
use crate::telemetry::TracedCall;

/// The maximum number of concurrent name lookups of each client: the protocol client and the untrusted client.
const MAX_CONCURRENT_LOOKUPS: usize = 32;
/// The timeout for resolving a configured host name.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(2);

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The policy of callable addresses.
#[derive(Clone, Debug)]
pub(super) struct AddressPolicy {
    /// Permits all addresses, for development.
    pub(super) private: bool,
    networks: Vec<Network>,
}

impl AddressPolicy {
    pub(super) fn from_config(config: &config::Outgoing) -> Self {
        Self { private: config.allow_private, networks: config.allow_networks.clone() }
    }

    pub(super) fn permits(&self, ip: IpAddr) -> bool {
        self.private || is_public(ip) || self.networks.iter().any(|network| network.contains(SourceAddress::new(ip)))
    }
}

/// A client with both routes: direct and through the proxy.
pub(super) struct GuardedClient {
    direct: Client,
    /// The client for the internet through the proxy, if configured.
    proxied: Option<Client>,
    allowed: AddressPolicy,
    lookup_permits: Arc<Semaphore>,
    timeout: Duration,
}

impl GuardedClient {
    pub(super) fn new(config: &config::Outgoing, patience: Duration) -> anyhow::Result<Self> {
        let (allowed, lookups) = (AddressPolicy::from_config(config), Arc::new(Semaphore::new(MAX_CONCURRENT_LOOKUPS)));
        let builder = || {
            let builder = Client::builder()
                .redirect(Policy::none())
                .https_only(!config.allow_private)
                .no_proxy()
                .referer(false)
                .timeout(patience)
                .connect_timeout(patience)
                .pool_max_idle_per_host(0)
                .user_agent("Preau");
            with_extra_ca(builder, config)
        };
        let looked = PublicOnlyResolver { allowed: allowed.clone(), lookup_permits: Arc::clone(&lookups) };
        let direct = builder()?.dns_resolver(looked).build().context("outgoing client")?;
        let proxied = match proxy(config)? {
            Some(proxy) => Some(builder()?.proxy(proxy).build().context("outgoing client")?),
            None => None,
        };
        Ok(Self { direct, proxied, allowed, lookup_permits: lookups, timeout: patience })
    }

    /// Sends a request to a URL checked before. Never with `traceparent`: two relying parties that get the same trace, as
    /// at a sign-out, could join what they know of a person under different subjects.
    pub(super) async fn send(
        &self,
        url: &Url,
        request: impl FnOnce(&Client) -> RequestBuilder,
    ) -> Result<Response, OutgoingError> {
        let Some(call) = TracedCall::begin() else { return self.send_untraced(url, request).await };
        let answer = self.send_untraced(url, request).await;
        let status = answer.as_ref().ok().map(|answer| answer.status().as_u16());
        call.end("call", url.host_str().unwrap_or_default(), status);
        answer
    }

    async fn send_untraced(
        &self,
        url: &Url,
        request: impl FnOnce(&Client) -> RequestBuilder,
    ) -> Result<Response, OutgoingError> {
        if let Some(proxied) = self.proxy_for(url).await? {
            return request(proxied).send().await.map_err(transport_error);
        }
        let response = request(&self.direct).send().await.map_err(transport_error)?;
        // The resolver returns permitted addresses only; the check of the peer enforces the rule for the connection.
        match response.remote_addr() {
            Some(peer) if self.allowed.permits(peer.ip()) => Ok(response),
            _ => Err(OutgoingError::Address("not public")),
        }
    }

    /// Returns the proxy's client if the proxy is the route to the URL.
    async fn proxy_for(&self, url: &Url) -> Result<Option<&Client>, OutgoingError> {
        let Some(proxied) = &self.proxied else { return Ok(None) };
        let found = tokio::time::timeout(self.timeout, resolve_host(url, Arc::clone(&self.lookup_permits))).await;
        let found = found.map_err(|_| OutgoingError::NoResponse("its name is not resolved in time".to_owned()))?;
        if found.iter().all(|ip| is_public(*ip)) {
            return Ok(Some(proxied));
        }
        if found.iter().all(|ip| self.allowed.permits(*ip)) {
            Ok(None)
        } else {
            Err(OutgoingError::Address("not public"))
        }
    }
}

/// A client for configured addresses, not chosen by third parties, and therefore without address checks.
pub struct ConfiguredClient {
    direct: Client,
    proxied: Option<Client>,
}

impl ConfiguredClient {
    /// # Errors
    /// Fails if the extra CA file cannot be read or the proxy URL is invalid.
    pub fn new(config: &config::Outgoing, patience: Duration) -> anyhow::Result<Self> {
        let builder = || {
            let builder =
                Client::builder().timeout(patience).connect_timeout(patience / 2).redirect(Policy::none()).no_proxy();
            with_extra_ca(builder, config)
        };
        let proxied = match proxy(config)? {
            Some(proxy) => Some(builder()?.proxy(proxy).build()?),
            None => None,
        };
        Ok(Self { direct: builder()?.build()?, proxied })
    }

    /// Returns the client for the address: an address in a private network is called directly, without the proxy.
    pub async fn client_for(&self, address: &str) -> &Client {
        let (Some(proxied), Ok(url)) = (&self.proxied, Url::parse(address)) else { return &self.direct };
        let found = tokio::time::timeout(LOOKUP_TIMEOUT, resolve_host(&url, Arc::new(Semaphore::new(1))))
            .await
            .unwrap_or_default();
        if found.iter().all(|ip| is_public(*ip)) { proxied } else { &self.direct }
    }
}

fn with_extra_ca(mut builder: ClientBuilder, config: &config::Outgoing) -> anyhow::Result<ClientBuilder> {
    let Some(path) = &config.ca else { return Ok(builder) };
    let named = || format!("outgoing.ca {}", path.display());
    let pem = std::fs::read(path).with_context(named)?;
    let all = Certificate::from_pem_bundle(&pem).with_context(named)?;
    anyhow::ensure!(!all.is_empty(), "outgoing.ca {}: no certificate in it", path.display());
    for certificate in all {
        builder = builder.add_root_certificate(certificate);
    }
    Ok(builder)
}

/// Returns the configured proxy; proxies of the environment are ignored.
fn proxy(config: &config::Outgoing) -> anyhow::Result<Option<Proxy>> {
    config.proxy.as_ref().map(Proxy::all).transpose().context("outgoing.proxy")
}

/// Resolves the host of a URL; empty if the name is unknown locally.
async fn resolve_host(url: &Url, lookups: Arc<Semaphore>) -> Vec<IpAddr> {
    match url.host() {
        Some(Host::Ipv4(ip)) => vec![IpAddr::V4(ip)],
        Some(Host::Ipv6(ip)) => vec![IpAddr::V6(ip)],
        Some(Host::Domain(name)) => resolve_name(name.to_owned(), lookups).await.unwrap_or_default(),
        None => Vec::new(),
    }
}

async fn resolve_name(name: String, lookups: Arc<Semaphore>) -> Result<Vec<IpAddr>, BoxError> {
    // The system's resolver may block a thread beyond the timeout, so the permit is released only with the thread.
    let place = lookups.try_acquire_owned().map_err(|_| "too many names are being looked up")?;
    let found = tokio::task::spawn_blocking(move || {
        let _place = place;
        (name.as_str(), 0).to_socket_addrs()
    });
    Ok(found.await??.map(|to| to.ip()).collect())
}

/// A DNS resolver that returns only permitted addresses.
struct PublicOnlyResolver {
    allowed: AddressPolicy,
    lookup_permits: Arc<Semaphore>,
}

impl Resolve for PublicOnlyResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (allowed, lookups) = (self.allowed.clone(), Arc::clone(&self.lookup_permits));
        Box::pin(async move {
            let found = resolve_name(name.as_str().to_owned(), lookups).await?.into_iter();
            // Port 0 is replaced by the port of the URL.
            let may: Vec<SocketAddr> =
                found.filter(|ip| allowed.permits(*ip)).map(|ip| SocketAddr::new(ip, 0)).collect();
            if may.is_empty() {
                return Err(OutgoingError::Address("no public address").into());
            }
            let all: Addrs = Box::new(may.into_iter());
            Ok(all)
        })
    }
}
