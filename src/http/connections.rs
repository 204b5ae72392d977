//! Connection limits: the number of connections in total and per source, and the time limits of a connection
//! (docs/threats.md#attack-d8, #fault-rt19).
//!
//! A connection costs a descriptor and some memory before its first byte, so every connection is counted on accept and
//! closed if the limit is exceeded. Slow clients are closed by timeouts: from accept to the handshake, to the first
//! request, between requests, and while a response is not read. `serve.rs` sets the timeouts that hyper enforces; the
//! write timeout is enforced here, because hyper waits without limit for a peer that does not read.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum_server::accept::Accept;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;
use tower::Service;

use super::listener::PeerAddress;
use crate::base::source::{Network, SourceAddress};
use crate::telemetry::ConnectionMetrics;

/// The number of file descriptors reserved for databases, outgoing calls and files, regardless of the configured
/// connection limit.
const RESERVED_DESCRIPTORS: usize = 256;
/// The minimum interval between two log lines about the same problem.
const WARNING_INTERVAL: Duration = Duration::from_secs(60);

/// The connection limits.
#[derive(Clone, Debug)]
pub struct ConnectionLimits {
    pub total: usize,
    pub per_source: usize,
    /// The trusted proxies, exempt from the limit per source because a proxy forwards the requests of many clients.
    pub proxies: Vec<Network>,
}

impl ConnectionLimits {
    /// Caps the total at the number of available file descriptors, less the reserved descriptors.
    #[must_use]
    pub fn capped_by_descriptors(self, descriptors: usize) -> Self {
        let room = descriptors.saturating_sub(RESERVED_DESCRIPTORS).max(descriptors / 4).max(1);
        Self { total: self.total.min(room), ..self }
    }
}

/// Raises the soft limit of open files to the hard limit; returns the limit in effect.
pub fn raise_descriptor_limit() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let held = if setrlimit(Resource::Nofile, raised).is_ok() { limit.maximum } else { limit.current };
    held.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX))
}

/// The connection limiter of one listener.
#[derive(Clone)]
pub struct ConnectionLimiter(Arc<ConnectionTable>);

struct ConnectionTable {
    limits: ConnectionLimits,
    /// The maximum time that a peer may not read a response.
    stall_timeout: Duration,
    open_by_network: Mutex<HashMap<Network, usize>>,
    total: Mutex<usize>,
    metrics: ConnectionMetrics,
    last_warned: Mutex<HashMap<&'static str, Instant>>,
}

impl ConnectionLimiter {
    pub fn new(most: ConnectionLimits, stall: Duration, counted: ConnectionMetrics) -> Self {
        let table = ConnectionTable {
            limits: most,
            stall_timeout: stall,
            open_by_network: Mutex::default(),
            total: Mutex::default(),
            metrics: counted,
            last_warned: Mutex::default(),
        };
        Self(Arc::new(table))
    }

    /// Returns a permit for a connection of this peer, or the exceeded limit.
    fn admit(&self, peer: SocketAddr) -> Result<ConnectionPermit, &'static str> {
        let table = &self.0;
        let source = SourceAddress::new(peer.ip());
        let exempt = table.limits.proxies.iter().any(|network| network.contains(source));
        let mut total = lock(&table.total);
        if *total >= table.limits.total {
            return Err("all");
        }
        let network = (!exempt).then(|| source.narrow_network());
        if let Some(network) = network {
            let mut open = lock(&table.open_by_network);
            let here = open.entry(network).or_default();
            if *here >= table.limits.per_source {
                return Err("source");
            }
            *here += 1;
        }
        *total += 1;
        table.metrics.record_opened();
        Ok(ConnectionPermit { table: Arc::clone(table), network })
    }

    /// Records a failed accept or handshake: counts exhausted descriptors and logs server-side problems.
    pub fn record_accept_error(&self, peer: Option<&SocketAddr>, error: &io::Error) {
        use rustix::io::Errno;
        let full = [Errno::MFILE, Errno::NFILE].map(Errno::raw_os_error);
        if error.raw_os_error().is_some_and(|code| full.contains(&code)) {
            self.record_refusal("descriptors");
        } else if peer.is_none() {
            tracing::warn!(%error, "a connection was not accepted");
        } else {
            // A failed handshake, or a refusal already counted: not a problem of the server.
            tracing::debug!(%error, "a connection ended before its first request");
        }
    }

    fn record_refusal(&self, reason: &'static str) {
        self.0.metrics.record_refused(reason);
        let mut said = lock(&self.0.last_warned);
        if said.get(reason).is_some_and(|at| at.elapsed() < WARNING_INTERVAL) {
            return;
        }
        said.insert(reason, Instant::now());
        let most = &self.0.limits;
        match reason {
            "descriptors" => tracing::error!("connections are refused: no file descriptor is free (ulimit -n)"),
            "all" => tracing::error!(max_connections = most.total, "connections are refused: there are too many"),
            _ => tracing::warn!(
                max_connections_per_source = most.per_source,
                "connections of one source are refused: it has too many"
            ),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A permit of a counted connection; dropping the permit releases the connection's place.
pub struct ConnectionPermit {
    table: Arc<ConnectionTable>,
    network: Option<Network>,
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        *lock(&self.table.total) -= 1;
        if let Some(network) = self.network {
            let mut open = lock(&self.table.open_by_network);
            if let Some(here) = open.get_mut(&network) {
                *here -= 1;
                if *here == 0 {
                    open.remove(&network);
                }
            }
        }
        self.table.metrics.record_closed();
    }
}

/// Creates the service of each connection if the limits permit the connection. The listener calls this service before
/// the next accept, and drops refused connections, so that a burst cannot take every descriptor before being counted.
#[derive(Clone)]
pub struct LimitedMakeService<M> {
    connections: ConnectionLimiter,
    make: M,
}

impl ConnectionLimiter {
    pub fn limit_service<M>(&self, make: M) -> LimitedMakeService<M> {
        LimitedMakeService { connections: self.clone(), make }
    }
}

impl<M> Service<PeerAddress> for LimitedMakeService<M>
where
    M: Service<SocketAddr, Error = Infallible>,
    M::Response: Send + 'static,
    M::Future: Send + 'static,
{
    type Response = PermittedService<M::Response>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.make.poll_ready(cx).map_err(|never| match never {})
    }

    fn call(&mut self, PeerAddress(peer): PeerAddress) -> Self::Future {
        match self.connections.admit(peer) {
            Ok(place) => {
                let made = self.make.call(peer);
                Box::pin(async move {
                    let Ok(service) = made.await;
                    Ok(PermittedService { service, permit: Arc::new(place) })
                })
            }
            Err(reason) => {
                self.connections.record_refusal(reason);
                let refused = io::Error::new(io::ErrorKind::QuotaExceeded, "too many connections");
                Box::pin(std::future::ready(Err(refused)))
            }
        }
    }
}

/// The service of a connection with its permit.
#[derive(Clone)]
pub struct PermittedService<S> {
    service: S,
    permit: Arc<ConnectionPermit>,
}

impl<S: Service<R>, R> Service<R> for PermittedService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> S::Future {
        self.service.call(request)
    }
}

/// Moves the permit into the stream, so that both end together.
impl<S> Accept<TcpStream, PermittedService<S>> for ConnectionLimiter {
    type Stream = StallTimeoutStream;
    type Service = S;
    type Future = std::future::Ready<io::Result<(StallTimeoutStream, S)>>;

    fn accept(
        &self,
        stream: TcpStream,
        PermittedService { service, permit: place }: PermittedService<S>,
    ) -> Self::Future {
        // A response is a single write, and must not wait for the acknowledgement of the previous write (Nagle).
        let ready = stream.set_nodelay(true).map(|()| {
            let connection =
                StallTimeoutStream { stream, stall_timeout: self.0.stall_timeout, stall_timer: None, _permit: place };
            (connection, service)
        });
        std::future::ready(ready)
    }
}

/// A TCP stream that fails with `TimedOut` if the peer does not read for too long.
pub struct StallTimeoutStream {
    stream: TcpStream,
    stall_timeout: Duration,
    /// The timer, running while the peer does not read.
    stall_timer: Option<Pin<Box<Sleep>>>,
    _permit: Arc<ConnectionPermit>,
}

impl StallTimeoutStream {
    fn with_stall_timeout<T>(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.stall_timer = None;
            return polled;
        }
        let patience = self.stall_timeout;
        let stalled = self.stall_timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        stalled.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for StallTimeoutStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for StallTimeoutStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.with_stall_timeout(cx, polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.with_stall_timeout(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::Metrics;

    fn connections(all: usize, per_source: usize) -> ConnectionLimiter {
        let proxies = vec!["10.0.0.0/8".parse().unwrap()];
        let most = ConnectionLimits { total: all, per_source, proxies };
        ConnectionLimiter::new(most, Duration::from_secs(1), Metrics::default().connections())
    }

    fn at(address: &str) -> SocketAddr {
        SocketAddr::new(address.parse().unwrap(), 4711)
    }

    #[test]
    fn faults_a2_a_source_has_its_share_and_a_proxy_has_everybodys() {
        let connections = connections(6, 2);
        let mut held: Vec<ConnectionPermit> = Vec::new();
        for address in ["192.0.2.1", "192.0.2.1", "2001:db8::1", "2001:db8::2"] {
            held.push(connections.admit(at(address)).unwrap_or_else(|why| panic!("{address}: {why}")));
        }
        for address in ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::3"] {
            assert_eq!(connections.admit(at(address)).err(), Some("source"), "{address}");
        }
        held.push(connections.admit(at("10.0.0.1")).ok().unwrap());
        held.push(connections.admit(at("10.0.0.1")).ok().unwrap());
        assert_eq!(connections.admit(at("10.0.0.1")).err(), Some("all"));
        assert_eq!(connections.admit(at("192.0.2.9")).err(), Some("all"));
        held.clear();
        assert!(lock(&connections.0.open_by_network).is_empty(), "nothing is kept of who left");
        assert!(connections.admit(at("192.0.2.1")).is_ok());
    }

    #[test]
    fn fault_rt18_descriptors_are_left_for_everything_else() {
        let within = |descriptors| {
            ConnectionLimits { total: 4_096, per_source: 1, proxies: Vec::new() }
                .capped_by_descriptors(descriptors)
                .total
        };
        assert_eq!(within(65_536), 4_096);
        assert_eq!(within(1_024), 768);
        assert_eq!(within(128), 32);
        assert_eq!(within(0), 1);
        assert!(raise_descriptor_limit() >= 256);
    }
}
