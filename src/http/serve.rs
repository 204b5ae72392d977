//! Listening: plain http or TLS 1.2 and 1.3, time limits for slow clients, a graceful stop.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;

/// How long requests under way may take once the stop was asked for.
const GRACE: Duration = Duration::from_secs(20);
/// A client that has not sent its headers by then is slow on purpose (ABUSE D8).
const HEADERS: Duration = Duration::from_secs(10);

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
    tls: Option<(&Path, &Path)>,
    handle: Handle<SocketAddr>,
) -> io::Result<()> {
    // The address at the other end: `http/frame.rs` reads it.
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    match tls {
        None => {
            let mut server = axum_server::from_tcp(listener)?.handle(handle);
            limits(server.http_builder());
            server.serve(service).await
        }
        Some((certificate, key)) => {
            let config = RustlsConfig::from_pem_file(certificate, key).await?;
            let mut server = axum_server::from_tcp_rustls(listener, config)?.handle(handle);
            limits(server.http_builder());
            server.serve(service).await
        }
    }
}

fn limits(builder: &mut hyper_util::server::conn::auto::Builder<hyper_util::rt::TokioExecutor>) {
    let timer = hyper_util::rt::TokioTimer::new;
    builder.http1().timer(timer()).header_read_timeout(HEADERS).max_headers(64);
    builder.http2().timer(timer()).max_concurrent_streams(64).max_header_list_size(32 * 1024);
}

/// Asks for the graceful stop.
pub fn stop(handle: &Handle<SocketAddr>) {
    handle.graceful_shutdown(Some(GRACE));
}
