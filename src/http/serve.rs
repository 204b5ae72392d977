//! Listening: plain http or TLS 1.2 and 1.3, time limits for slow clients, a graceful stop.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use axum_server::{Handle, Server};

use super::connections::Connections;

/// How long requests under way may take once the stop was asked for.
const GRACE: Duration = Duration::from_secs(20);

/// How long a client may keep us waiting. A test makes it short.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// From accept to the end of the TLS handshake; then again to the headers of the first request, in whichever
    /// protocol.
    pub first: Duration,
    /// From one request's end to the headers of the next, in HTTP/1.
    pub between: Duration,
    /// HTTP/2 is asked for a sign of life so often, and has as long to give it.
    pub ping: Duration,
    /// As long as the client takes nothing of an answer.
    pub stall: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(10),
            // Longer than a proxy keeps a connection for its next request, mostly; shorter than one is worth having.
            between: Duration::from_secs(15),
            ping: Duration::from_secs(20),
            stall: Duration::from_secs(30),
        }
    }
}

/// Certificate and key of a listener. Reading them again replaces them for the connections that come.
#[derive(Clone)]
pub struct Tls(RustlsConfig);

impl Tls {
    /// # Errors
    /// A file that cannot be read, or a key that is not the certificate's.
    pub async fn read(certificate: &Path, key: &Path) -> io::Result<Self> {
        RustlsConfig::from_pem_file(certificate, key).await.map(Self)
    }

    /// Reads the files again. Where that fails, the old ones stay.
    ///
    /// # Errors
    /// As [`Tls::read`].
    pub async fn reread(&self, certificate: &Path, key: &Path) -> io::Result<()> {
        self.0.reload_from_pem_file(certificate, key).await
    }
}

/// Binds first, so that two servers on one address are found out before anything else starts.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Serves until `handle` says stop; then finishes what is under way.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<Tls>,
    (connections, patience): (Connections, Patience),
    handle: Handle<SocketAddr>,
) -> io::Result<()> {
    let server = axum_server::from_tcp(listener)?.handle(handle);
    // The address at the other end: `http/frame.rs` reads it.
    let service = connections.admitting(router.into_make_service_with_connect_info::<SocketAddr>());
    match tls {
        None => patient(server.acceptor(connections.clone()), connections, patience).serve(service).await,
        Some(Tls(config)) => {
            let tls = RustlsAcceptor::new(config).handshake_timeout(patience.first).acceptor(connections.clone());
            patient(server.acceptor(tls), connections, patience).serve(service).await
        }
    }
}

fn patient<A>(server: Server<SocketAddr, A>, connections: Connections, patience: Patience) -> Server<SocketAddr, A> {
    let mut server = server
        .first_request_timeout(patience.first)
        .accept_error_handler(move |peer, error| connections.failed(peer, error));
    let builder = server.http_builder();
    let timer = hyper_util::rt::TokioTimer::new;
    builder.http1().timer(timer()).header_read_timeout(patience.between).max_headers(64).max_buf_size(HEAD);
    builder
        .http2()
        .timer(timer())
        .keep_alive_interval(patience.ping)
        .keep_alive_timeout(patience.ping)
        .max_concurrent_streams(64)
        .max_header_list_size(32 * 1024);
    server
}

/// The longest head of an HTTP/1 request, in bytes: a query of ours and the cookies of a whole host fit.
const HEAD: usize = 64 * 1024;

/// Asks for the graceful stop.
pub fn stop(handle: &Handle<SocketAddr>) {
    handle.graceful_shutdown(Some(GRACE));
}
