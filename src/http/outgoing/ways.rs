//! By which way a call leaves: directly, to addresses that were looked at; or through the proxy of the configuration.
//!
//! A proxy resolves names itself, so a name is looked up here first, and one that leads into a private network that is
//! not allowed never reaches the proxy, which may well have a way there. A name that only the proxy can resolve, usual
//! behind one, is its to judge. Redirects are followed by neither.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder, Proxy, RequestBuilder, Response};
use tokio::sync::Semaphore;
use url::{Host, Url};

use super::{OutgoingError, is_public, no_answer};
use crate::base::source::{Network, Source};
use crate::config;

/// Names that are looked up at once: by what nobody can cause at will, and by the rest.
const LOOKUPS: usize = 32;
/// How long a name of ours may take.
const OURS: Duration = Duration::from_secs(2);

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Which addresses may be called.
#[derive(Clone, Debug)]
pub(super) struct Allowed {
    /// Every one: for development.
    pub(super) private: bool,
    networks: Vec<Network>,
}

impl Allowed {
    pub(super) fn of(config: &config::Outgoing) -> Self {
        Self { private: config.allow_private, networks: config.allow_networks.clone() }
    }

    pub(super) fn may(&self, ip: IpAddr) -> bool {
        self.private || is_public(ip) || self.networks.iter().any(|network| network.contains(Source::new(ip)))
    }
}

/// Both ways.
pub(super) struct Ways {
    direct: Client,
    /// To the internet, where there is a proxy.
    proxied: Option<Client>,
    allowed: Allowed,
    lookups: Arc<Semaphore>,
    patience: Duration,
}

impl Ways {
    pub(super) fn new(config: &config::Outgoing, patience: Duration) -> anyhow::Result<Self> {
        let (allowed, lookups) = (Allowed::of(config), Arc::new(Semaphore::new(LOOKUPS)));
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
            with_authority(builder, config)
        };
        let looked = Looked { allowed: allowed.clone(), lookups: Arc::clone(&lookups) };
        let direct = builder()?.dns_resolver(looked).build().context("outgoing client")?;
        let proxied = match proxy(config)? {
            Some(proxy) => Some(builder()?.proxy(proxy).build().context("outgoing client")?),
            None => None,
        };
        Ok(Self { direct, proxied, allowed, lookups, patience })
    }

    /// Sends to an address whose form was looked at.
    pub(super) async fn send(
        &self,
        url: &Url,
        request: impl FnOnce(&Client) -> RequestBuilder,
    ) -> Result<Response, OutgoingError> {
        if let Some(proxied) = self.by_proxy(url).await? {
            return request(proxied).send().await.map_err(no_answer);
        }
        let response = request(&self.direct).send().await.map_err(no_answer)?;
        // The resolver gave such addresses only; this holds the connection to them.
        match response.remote_addr() {
            Some(peer) if self.allowed.may(peer.ip()) => Ok(response),
            _ => Err(OutgoingError::Address("not public")),
        }
    }

    /// The proxy's client, where that is the way.
    async fn by_proxy(&self, url: &Url) -> Result<Option<&Client>, OutgoingError> {
        let Some(proxied) = &self.proxied else { return Ok(None) };
        let found = tokio::time::timeout(self.patience, addresses(url, Arc::clone(&self.lookups))).await;
        let found = found.map_err(|_| OutgoingError::NoAnswer("its name is not resolved in time".to_owned()))?;
        if found.iter().all(|ip| is_public(*ip)) {
            return Ok(Some(proxied));
        }
        if found.iter().all(|ip| self.allowed.may(*ip)) { Ok(None) } else { Err(OutgoingError::Address("not public")) }
    }
}

/// The way to an address that the configuration names, and nobody else chose: it may be anywhere.
pub struct OwnWays {
    direct: Client,
    proxied: Option<Client>,
}

impl OwnWays {
    /// # Errors
    /// The extra authority cannot be read, or the proxy is none.
    pub fn new(config: &config::Outgoing, patience: Duration) -> anyhow::Result<Self> {
        let builder = || {
            let builder =
                Client::builder().timeout(patience).connect_timeout(patience / 2).redirect(Policy::none()).no_proxy();
            with_authority(builder, config)
        };
        let proxied = match proxy(config)? {
            Some(proxy) => Some(builder()?.proxy(proxy).build()?),
            None => None,
        };
        Ok(Self { direct: builder()?.build()?, proxied })
    }

    /// The client for this address: what leads into a private network needs no proxy.
    pub async fn to(&self, address: &str) -> &Client {
        let (Some(proxied), Ok(url)) = (&self.proxied, Url::parse(address)) else { return &self.direct };
        let found = tokio::time::timeout(OURS, addresses(&url, Arc::new(Semaphore::new(1)))).await.unwrap_or_default();
        if found.iter().all(|ip| is_public(*ip)) { proxied } else { &self.direct }
    }
}

fn with_authority(mut builder: ClientBuilder, config: &config::Outgoing) -> anyhow::Result<ClientBuilder> {
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

/// The proxy of the configuration; those of the environment are not asked.
fn proxy(config: &config::Outgoing) -> anyhow::Result<Option<Proxy>> {
    config.proxy.as_ref().map(Proxy::all).transpose().context("outgoing.proxy")
}

/// Where an address leads; nowhere, if its name is not known here.
async fn addresses(url: &Url, lookups: Arc<Semaphore>) -> Vec<IpAddr> {
    match url.host() {
        Some(Host::Ipv4(ip)) => vec![IpAddr::V4(ip)],
        Some(Host::Ipv6(ip)) => vec![IpAddr::V6(ip)],
        Some(Host::Domain(name)) => lookup(name.to_owned(), lookups).await.unwrap_or_default(),
        None => Vec::new(),
    }
}

async fn lookup(name: String, lookups: Arc<Semaphore>) -> Result<Vec<IpAddr>, BoxError> {
    // The system's resolver takes a thread for as long as it likes, whatever our patience: the place is given back when
    // the thread is.
    let place = lookups.try_acquire_owned().map_err(|_| "too many names are being looked up")?;
    let found = tokio::task::spawn_blocking(move || {
        let _place = place;
        (name.as_str(), 0).to_socket_addrs()
    });
    Ok(found.await??.map(|to| to.ip()).collect())
}

/// Resolves, and gives only what may be connected to.
struct Looked {
    allowed: Allowed,
    lookups: Arc<Semaphore>,
}

impl Resolve for Looked {
    fn resolve(&self, name: Name) -> Resolving {
        let (allowed, lookups) = (self.allowed.clone(), Arc::clone(&self.lookups));
        Box::pin(async move {
            let found = lookup(name.as_str().to_owned(), lookups).await?.into_iter();
            // Port 0 becomes the URL's.
            let may: Vec<SocketAddr> = found.filter(|ip| allowed.may(*ip)).map(|ip| SocketAddr::new(ip, 0)).collect();
            if may.is_empty() {
                return Err(OutgoingError::Address("no public address").into());
            }
            let all: Addrs = Box::new(may.into_iter());
            Ok(all)
        })
    }
}
