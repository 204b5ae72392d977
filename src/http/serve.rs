//! The listener: plain http or TLS 1.2 and 1.3, timeouts for slow clients, graceful shutdown.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use axum_server::{Handle, Server};
use tokio::sync::watch;

use super::connections::ConnectionLimiter;
use super::listener::{ClosableListener, PeerAddress};

/// The maximum duration of pending requests after a shutdown request.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(20);

/// The maximum time for which connections are still read after the address was given up: a request may be on its way.
const UNREAD_GRACE: Duration = Duration::from_secs(2);
/// The interval in which it is seen that no connection is left.
const EMPTY_CHECK_INTERVAL: Duration = Duration::from_millis(20);

/// Stops a listener.
#[derive(Clone)]
pub struct ServerHandle {
    server: Handle<PeerAddress>,
    closing: watch::Sender<bool>,
}

impl Default for ServerHandle {
    fn default() -> Self {
        Self { server: Handle::new(), closing: watch::Sender::new(false) }
    }
}

impl ServerHandle {
    /// Stops gracefully: gives the address up, lets connections end that are being read, then has the others finish their
    /// request. Returns once that is asked for; [`serve`] returns when it is done.
    pub async fn stop(&self) {
        self.closing.send_replace(true);
        let empty = async {
            // A connection that was accepted in this moment is counted in the next one.
            tokio::time::sleep(EMPTY_CHECK_INTERVAL).await;
            while self.server.connection_count() > 0 {
                tokio::time::sleep(EMPTY_CHECK_INTERVAL).await;
            }
        };
        // Whoever keeps an idle connection is not waited for.
        let _idle = tokio::time::timeout(UNREAD_GRACE, empty).await;
        self.server.graceful_shutdown(Some(SHUTDOWN_GRACE));
    }

    /// Stops at once, whatever is under way.
    pub fn stop_at_once(&self) {
        self.server.shutdown();
    }
}

/// The timeouts of a connection. Tests use shorter timeouts.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionTimeouts {
    /// From accept to the end of the TLS handshake, and then to the headers of the first request, in either protocol.
    pub handshake: Duration,
    /// From the end of a request to the headers of the next request, in HTTP/1.
    pub keep_alive: Duration,
    /// The interval of HTTP/2 keep-alive pings, and the timeout of the reply.
    pub ping: Duration,
    /// The maximum time that the client may not read a response.
    pub write_stall: Duration,
}

impl Default for ConnectionTimeouts {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            // Longer than the idle timeout of most proxies, and short enough to free idle connections soon.
            keep_alive: Duration::from_secs(15),
            ping: Duration::from_secs(20),
            write_stall: Duration::from_secs(30),
        }
    }
}

/// Certificate and key of a listener. Reloading replaces both for new connections.
#[derive(Clone)]
pub struct ReloadableTls(RustlsConfig);

impl ReloadableTls {
    /// # Errors
    /// Fails if a file cannot be read or the key does not belong to the certificate.
    pub async fn load(certificate: &Path, key: &Path) -> io::Result<Self> {
        RustlsConfig::from_pem_file(certificate, key).await.map(Self)
    }

    /// Reads the files again. The former certificate stays if that fails.
    ///
    /// # Errors
    /// Fails as [`ReloadableTls::load`] does.
    pub async fn reload(&self, certificate: &Path, key: &Path) -> io::Result<()> {
        self.0.reload_from_pem_file(certificate, key).await
    }
}

/// Binds the address before the start of other services, so that an address in use is detected first.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Serves until `handle` requests the shutdown; then finishes the pending requests.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<ReloadableTls>,
    (connections, patience): (ConnectionLimiter, ConnectionTimeouts),
    handle: ServerHandle,
) -> io::Result<()> {
    let listener = ClosableListener::new(listener, handle.closing.subscribe())?;
    let server = Server::<PeerAddress>::from_listener(listener).handle(handle.server);
    // The peer address is read by `http/middleware.rs`.
    let service = connections.limit_service(router.into_make_service_with_connect_info::<SocketAddr>());
    match tls {
        None => with_timeouts(server.acceptor(connections.clone()), connections, patience).serve(service).await,
        Some(ReloadableTls(config)) => {
            let tls = RustlsAcceptor::new(config).handshake_timeout(patience.handshake).acceptor(connections.clone());
            with_timeouts(server.acceptor(tls), connections, patience).serve(service).await
        }
    }
}

fn with_timeouts<A>(
    server: Server<PeerAddress, A>,
    connections: ConnectionLimiter,
    patience: ConnectionTimeouts,
) -> Server<PeerAddress, A> {
    let mut server = server
        .first_request_timeout(patience.handshake)
        .accept_error_handler(move |peer, error| connections.record_accept_error(peer.map(|peer| &peer.0), error));
    let builder = server.http_builder();
    let timer = hyper_util::rt::TokioTimer::new;
    builder
        .http1()
        .timer(timer())
        .header_read_timeout(patience.keep_alive)
        .max_headers(64)
        .max_buf_size(MAX_HEAD_BYTES);
    builder
        .http2()
        .timer(timer())
        .keep_alive_interval(patience.ping)
        .keep_alive_timeout(patience.ping)
        .max_concurrent_streams(64)
        .max_header_list_size(32 * 1024);
    server
}

/// The maximum size of an HTTP/1 request head in bytes, enough for the longest query and the cookies of a whole host.
const MAX_HEAD_BYTES: usize = 64 * 1024;
