//! `[server]`: who we are, where we listen.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::ConfigError;
use crate::base::source::Network;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// The issuer (OIDCD 3), character for character, without a slash at the end. Every link of ours begins
    /// with it; no header of a request ever does (docs/threats.md#attack-a1).
    pub issuer: String,
    /// Where the pages and the protocol are served.
    pub listen: SocketAddr,
    /// `/healthz`, `/readyz` and `/metrics`: for the operator's machines only.
    pub operations: SocketAddr,
    /// Connections at once, in all: each costs a descriptor and, under TLS, some 40 KB. Fewer where the limit of open
    /// files says so.
    pub max_connections: usize,
    /// Connections at once from one IPv4 address or IPv6 /64: a school whose thousand families sign in behind one
    /// address fits, a flood does not. A trusted proxy has no such limit.
    pub max_connections_per_source: usize,
    /// Whether browsers are told to use https for every name below the issuer's too (HSTS): only where all of them are
    /// yours and have it.
    pub hsts_include_subdomains: bool,
    /// Between SIGTERM, when `/readyz` begins to answer 503, and the stop: a load balancer that asks every two
    /// seconds and wants two answers has noticed.
    pub drain_seconds: u64,
    /// Absent: plain http, only for a loopback issuer or behind a proxy that ends TLS.
    pub tls: Option<Tls>,
    /// Addresses and networks of the proxies in front of us. Only what they append to `proxy_header` says where a
    /// request comes from; from everybody else that header is ignored (docs/threats.md#attack-l3). Empty: nobody is
    /// believed.
    pub trusted_proxies: Vec<Network>,
    /// The header to which they append the address that called them. Exactly one is believed: a proxy writes the one
    /// and lets the other through.
    pub proxy_header: ProxyHeader,
}

/// How proxies say who called them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub enum ProxyHeader {
    #[default]
    #[serde(rename = "X-Forwarded-For", alias = "x-forwarded-for")]
    XForwardedFor,
    /// RFC 7239.
    #[serde(rename = "Forwarded", alias = "forwarded")]
    Forwarded,
}

/// PEM files of the listener.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            issuer: "http://localhost:8080".into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            operations: SocketAddr::from(([127, 0, 0, 1], 9080)),
            max_connections: 4_096,
            max_connections_per_source: 1_024,
            hsts_include_subdomains: false,
            drain_seconds: 5,
            tls: None,
            trusted_proxies: Vec::new(),
            proxy_header: ProxyHeader::default(),
        }
    }
}

/// What is said where [`Server::hides_sources`].
pub const UNNAMED_PROXY: &str = "the issuer is https and [server.tls] is not there, so a proxy is: name its address in \
                                 server.trusted_proxies, or nobody can be limited by where they come from";

impl Server {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let bad = |why: &str| Err(ConfigError::Rule(format!("server.issuer {why}")));
        let Ok(url) = Url::parse(&self.issuer) else { return bad("is not a URL") };
        if self.issuer.ends_with('/') || url.query().is_some() || url.fragment().is_some() || url.path() != "/" {
            return bad("has no path, no slash at the end, no query and no fragment");
        }
        if self.trusted_proxies.iter().any(|network| network.is_everything()) {
            let why = "server.trusted_proxies is the whole internet: anybody could say to be anybody";
            return Err(ConfigError::Rule(why.into()));
        }
        if self.max_connections == 0 || self.max_connections_per_source == 0 {
            return Err(ConfigError::Rule("server.max_connections lets at least one in".into()));
        }
        match url.scheme() {
            "https" => Ok(()),
            "http" if self.is_loopback() => Ok(()),
            _ => bad("is https, or http on a loopback host"),
        }
    }

    /// Whether this is a machine talking to itself: the demo, a test.
    pub fn is_loopback(&self) -> bool {
        let Ok(url) = Url::parse(&self.issuer) else { return false };
        match url.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        }
    }

    pub fn is_https(&self) -> bool {
        self.issuer.starts_with("https://")
    }

    /// Whether something stands in front of us that we were not told of: everybody seems to come from its address, so
    /// nobody can be limited by theirs.
    pub fn hides_sources(&self) -> bool {
        self.is_https() && self.tls.is_none() && self.trusted_proxies.is_empty()
    }

    /// Host and port of the issuer, as a person would type it.
    pub fn host(&self) -> &str {
        self.issuer.split_once("://").map_or(self.issuer.as_str(), |(_, rest)| rest)
    }
}
