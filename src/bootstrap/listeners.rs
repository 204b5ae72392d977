//! The sockets that the server listens on, with the certificate of the public one.

use std::io;
use std::net::{SocketAddr, TcpListener};

use anyhow::Context as _;

use crate::base::clock::{Clock as _, SystemClock};
use crate::config::Server;
use crate::http::certificate;
use crate::http::connections::{ConnectionLimits, raise_descriptor_limit};
use crate::http::serve::{self, ReloadableTls};

/// The two listening sockets, bound before anything else: two servers on one address, or an unreadable certificate,
/// are detected at once.
pub struct Listeners {
    pub public: TcpListener,
    pub operations: TcpListener,
    pub tls: Option<ReloadableTls>,
}

impl Listeners {
    pub async fn bind(server: &Server) -> anyhow::Result<Self> {
        let tls = match &server.tls {
            None => None,
            Some(tls) => {
                // An expired certificate would be served to everybody and refused by all.
                certificate::validate(&tls.certificate, &tls.key, SystemClock.now()).context("server.tls")?;
                Some(ReloadableTls::load(&tls.certificate, &tls.key).await.context("server.tls")?)
            }
        };
        Ok(Self {
            tls,
            public: bind_listener("server.listen", server.listen)?,
            operations: bind_listener("server.operations", server.operations)?,
        })
    }
}

/// Binds a listener; the error for an address in use names the configuration key.
pub fn bind_listener(key: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    serve::bind(address).map_err(|e| match e.kind() {
        io::ErrorKind::AddrInUse => anyhow::anyhow!("another program listens on {address} already ({key})"),
        _ => anyhow::anyhow!("cannot listen on {address} ({key}): {e}"),
    })
}

/// Returns the configured connection limits, lowered to the available file descriptors.
pub fn connection_limits(server: &Server) -> ConnectionLimits {
    let asked = ConnectionLimits {
        total: server.max_connections,
        per_source: server.max_connections_per_source,
        proxies: server.trusted_proxies.clone(),
    };
    let descriptors = raise_descriptor_limit();
    let most = asked.capped_by_descriptors(descriptors);
    if most.total < server.max_connections {
        tracing::warn!(
            descriptors,
            connections = most.total,
            "fewer connections than server.max_connections: ulimit -n"
        );
    }
    most
}
