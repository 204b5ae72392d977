//! `[server]`: the issuer, the listeners, TLS and trusted proxies.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::ConfigError;
use crate::base::source::Network;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// The issuer (OIDCD 3), compared character for character, without a trailing slash. Every absolute link to Préau
    /// begins with the issuer, never with the value of a request header (docs/threats.md#attack-a1).
    pub issuer: String,
    /// The socket address of pages and protocol endpoints.
    pub listen: SocketAddr,
    /// The socket address of `/healthz`, `/readyz` and `/metrics`, for the operator's machines only.
    pub operations: SocketAddr,
    /// The maximum number of concurrent connections. Each connection costs a file descriptor and, with TLS, about 40
    /// KB. The limit of open files lowers this number if necessary.
    pub max_connections: usize,
    /// The maximum number of concurrent connections from one IPv4 address or IPv6 /64: enough for a school with a
    /// thousand families behind one address, too few for a flood. Trusted proxies are exempt.
    pub max_connections_per_source: usize,
    /// True if the HSTS header covers all subdomains of the issuer's host: only if every subdomain is yours and
    /// supports https.
    pub hsts_include_subdomains: bool,
    /// The delay between SIGTERM, after which `/readyz` responds 503, and the stop, in seconds: enough for a load
    /// balancer that checks every two seconds and needs two failures.
    pub drain_seconds: u64,
    /// The TLS certificate. Absent: plain http, only for a loopback issuer or behind a proxy that terminates TLS.
    pub tls: Option<Tls>,
    /// Addresses and networks of the reverse proxies. Only the part of `proxy_header` appended by these proxies
    /// determines a request's source; the header of any other peer is ignored (docs/threats.md#attack-l3). Empty: the
    /// header is always ignored.
    pub trusted_proxies: Vec<Network>,
    /// The header to which the proxies append the client's address. Only this header is trusted: a proxy writes one of
    /// the two headers and passes the other through.
    pub proxy_header: ProxyHeader,
}

/// The header in which reverse proxies forward the client's address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub enum ProxyHeader {
    #[default]
    #[serde(rename = "X-Forwarded-For", alias = "x-forwarded-for")]
    XForwardedFor,
    /// RFC 7239.
    #[serde(rename = "Forwarded", alias = "forwarded")]
    Forwarded,
}

/// The PEM files of the TLS listener.
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

/// The warning for a server with [`Server::has_undeclared_proxy`].
pub const UNNAMED_PROXY: &str = "the issuer is https and [server.tls] is not there, so a proxy is: name its address in \
                                 server.trusted_proxies, or nobody can be limited by where they come from";

impl Server {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let bad = |why: &str| Err(ConfigError::Invalid(format!("server.issuer {why}")));
        let Ok(url) = Url::parse(&self.issuer) else { return bad("is not a URL") };
        if self.issuer.ends_with('/') || url.query().is_some() || url.fragment().is_some() || url.path() != "/" {
            return bad("has no path, no slash at the end, no query and no fragment");
        }
        // It stands in settings that a shell reads (`src/clients/snippets.rs`).
        if !self.issuer.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":/.-_[]".contains(&byte)) {
            return bad("has a host of letters, digits, dots and - only (another one is written xn--…), and no user");
        }
        if self.trusted_proxies.iter().any(|network| network.is_whole_internet()) {
            let why = "server.trusted_proxies is the whole internet: anybody could say to be anybody";
            return Err(ConfigError::Invalid(why.into()));
        }
        if self.max_connections == 0 || self.max_connections_per_source == 0 {
            return Err(ConfigError::Invalid("server.max_connections lets at least one in".into()));
        }
        match url.scheme() {
            "https" => Ok(()),
            "http" if self.is_loopback() => Ok(()),
            _ => bad("is https, or http on a loopback host"),
        }
    }

    /// True if the issuer's host is a loopback host: the demo or a test.
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

    /// True if an undeclared proxy must be in front of the server: all requests then seem to have the proxy's address,
    /// so no limit by source is possible.
    pub fn has_undeclared_proxy(&self) -> bool {
        self.is_https() && self.tls.is_none() && self.trusted_proxies.is_empty()
    }

    /// Returns host and port of the issuer, as typed by an end user.
    pub fn host(&self) -> &str {
        self.issuer.split_once("://").map_or(self.issuer.as_str(), |(_, rest)| rest)
    }
}
