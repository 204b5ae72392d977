//! Connections: how many there may be, in all and from one source, and how long one may keep us waiting
//! (docs/threats.md#attack-d8, #fault-rt19).
//!
//! A connection costs a descriptor and some memory before it has said a word, so it is counted as soon as it is
//! accepted and closed where there are too many. Whoever is slow afterwards is closed by a time limit: from accept to
//! the handshake, to the first request, between requests, and while an answer is not taken. `serve.rs` sets the limits
//! that hyper keeps; a peer that does not read is noticed here, for hyper waits for it without end.

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

use crate::base::source::{Network, Source};
use crate::telemetry::Connections as Counted;

/// Descriptors that are left for databases, outgoing calls and files, however many connections the configuration
/// allows.
const RESERVED: usize = 256;
/// The same trouble is logged once in so long.
const SAID_AGAIN: Duration = Duration::from_secs(60);

/// How many connections there may be.
#[derive(Clone, Debug)]
pub struct Most {
    pub all: usize,
    pub per_source: usize,
    /// Everybody comes from these: no limit for one source.
    pub proxies: Vec<Network>,
}

impl Most {
    /// No more than there are descriptors for.
    #[must_use]
    pub fn within(self, descriptors: usize) -> Self {
        let room = descriptors.saturating_sub(RESERVED).max(descriptors / 4).max(1);
        Self { all: self.all.min(room), ..self }
    }
}

/// Raises the soft limit of open files to the hard one; gives the limit that holds.
pub fn raise_descriptors() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let held = if setrlimit(Resource::Nofile, raised).is_ok() { limit.maximum } else { limit.current };
    held.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX))
}

/// The connections of one listener.
#[derive(Clone)]
pub struct Connections(Arc<Table>);

struct Table {
    most: Most,
    /// A peer that takes nothing of an answer for so long is closed.
    stall: Duration,
    open: Mutex<HashMap<Network, usize>>,
    total: Mutex<usize>,
    counted: Counted,
    said: Mutex<HashMap<&'static str, Instant>>,
}

impl Connections {
    pub fn new(most: Most, stall: Duration, counted: Counted) -> Self {
        let table =
            Table { most, stall, open: Mutex::default(), total: Mutex::default(), counted, said: Mutex::default() };
        Self(Arc::new(table))
    }

    /// A place for a connection from there, if there is one.
    fn admit(&self, peer: SocketAddr) -> Result<Place, &'static str> {
        let table = &self.0;
        let source = Source::new(peer.ip());
        let exempt = table.most.proxies.iter().any(|network| network.contains(source));
        let mut total = lock(&table.total);
        if *total >= table.most.all {
            return Err("all");
        }
        let network = (!exempt).then(|| source.narrow());
        if let Some(network) = network {
            let mut open = lock(&table.open);
            let here = open.entry(network).or_default();
            if *here >= table.most.per_source {
                return Err("source");
            }
            *here += 1;
        }
        *total += 1;
        table.counted.opened();
        Ok(Place { table: Arc::clone(table), network })
    }

    /// Accepting failed, or a handshake did: counted, and said once in a while where it is our trouble.
    pub fn failed(&self, peer: Option<&SocketAddr>, error: &io::Error) {
        use rustix::io::Errno;
        let full = [Errno::MFILE, Errno::NFILE].map(Errno::raw_os_error);
        if error.raw_os_error().is_some_and(|code| full.contains(&code)) {
            self.refused("descriptors");
        } else if peer.is_none() {
            tracing::warn!(%error, "a connection was not accepted");
        } else {
            // A handshake that failed, or a refusal that was counted: the peer's affair.
            tracing::debug!(%error, "a connection ended before its first request");
        }
    }

    fn refused(&self, reason: &'static str) {
        self.0.counted.refused(reason);
        let mut said = lock(&self.0.said);
        if said.get(reason).is_some_and(|at| at.elapsed() < SAID_AGAIN) {
            return;
        }
        said.insert(reason, Instant::now());
        let most = &self.0.most;
        match reason {
            "descriptors" => tracing::error!("connections are refused: no file descriptor is free (ulimit -n)"),
            "all" => tracing::error!(max_connections = most.all, "connections are refused: there are too many"),
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

/// Counted as long as it lives.
pub struct Place {
    table: Arc<Table>,
    network: Option<Network>,
}

impl Drop for Place {
    fn drop(&mut self) {
        *lock(&self.table.total) -= 1;
        if let Some(network) = self.network {
            let mut open = lock(&self.table.open);
            if let Some(here) = open.get_mut(&network) {
                *here -= 1;
                if *here == 0 {
                    open.remove(&network);
                }
            }
        }
        self.table.counted.closed();
    }
}

/// Makes the service of each connection, where there is a place for it. The listener asks before it accepts the next
/// one and drops what is refused: a burst must not take every descriptor before the first of it is counted.
#[derive(Clone)]
pub struct Admitting<M> {
    connections: Connections,
    make: M,
}

impl Connections {
    pub fn admitting<M>(&self, make: M) -> Admitting<M> {
        Admitting { connections: self.clone(), make }
    }
}

impl<M> Service<SocketAddr> for Admitting<M>
where
    M: Service<SocketAddr, Error = Infallible>,
    M::Response: Send + 'static,
    M::Future: Send + 'static,
{
    type Response = Placed<M::Response>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.make.poll_ready(cx).map_err(|never| match never {})
    }

    fn call(&mut self, peer: SocketAddr) -> Self::Future {
        match self.connections.admit(peer) {
            Ok(place) => {
                let made = self.make.call(peer);
                Box::pin(async move {
                    let Ok(service) = made.await;
                    Ok(Placed { service, place: Arc::new(place) })
                })
            }
            Err(reason) => {
                self.connections.refused(reason);
                let refused = io::Error::new(io::ErrorKind::QuotaExceeded, "too many connections");
                Box::pin(std::future::ready(Err(refused)))
            }
        }
    }
}

/// The service of a connection, and its place.
#[derive(Clone)]
pub struct Placed<S> {
    service: S,
    place: Arc<Place>,
}

impl<S: Service<R>, R> Service<R> for Placed<S> {
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

/// The place goes with the stream, and ends with it.
impl<S> Accept<TcpStream, Placed<S>> for Connections {
    type Stream = Connection;
    type Service = S;
    type Future = std::future::Ready<io::Result<(Connection, S)>>;

    fn accept(&self, stream: TcpStream, Placed { service, place }: Placed<S>) -> Self::Future {
        // An answer is one write: it must not wait for the acknowledgement of the one before.
        let ready = stream.set_nodelay(true).map(|()| {
            let connection = Connection { stream, patience: self.0.stall, stalled: None, _place: place };
            (connection, service)
        });
        std::future::ready(ready)
    }
}

/// A stream that ends when its peer takes nothing for too long.
pub struct Connection {
    stream: TcpStream,
    patience: Duration,
    /// Runs while the peer takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
    _place: Arc<Place>,
}

impl Connection {
    fn watched<T>(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.stalled = None;
            return polled;
        }
        let patience = self.patience;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        stalled.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watched(cx, polled)
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
        self.watched(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::Metrics;

    fn connections(all: usize, per_source: usize) -> Connections {
        let proxies = vec!["10.0.0.0/8".parse().unwrap()];
        let most = Most { all, per_source, proxies };
        Connections::new(most, Duration::from_secs(1), Metrics::default().connections())
    }

    fn at(address: &str) -> SocketAddr {
        SocketAddr::new(address.parse().unwrap(), 4711)
    }

    #[test]
    fn faults_a2_a_source_has_its_share_and_a_proxy_has_everybodys() {
        let connections = connections(6, 2);
        let mut held: Vec<Place> = Vec::new();
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
        assert!(lock(&connections.0.open).is_empty(), "nothing is kept of who left");
        assert!(connections.admit(at("192.0.2.1")).is_ok());
    }

    #[test]
    fn fault_rt18_descriptors_are_left_for_everything_else() {
        let within = |descriptors| Most { all: 4_096, per_source: 1, proxies: Vec::new() }.within(descriptors).all;
        assert_eq!(within(65_536), 4_096);
        assert_eq!(within(1_024), 768);
        assert_eq!(within(128), 32);
        assert_eq!(within(0), 1);
        assert!(raise_descriptors() >= 256);
    }
}
