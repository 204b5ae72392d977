//! A server of the bench's demo on a free port, for the time of a measurement over HTTP.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use crate::app::AppState;
use crate::http::connections::{ConnectionLimiter, ConnectionLimits};
use crate::http::serve::{self, ConnectionTimeouts, ServerHandle};
use crate::router;

/// Serves until the work is done, which blocks a thread of its own and is given the server's address.
pub async fn measure_served<T, W>(app: &AppState, work: W) -> anyhow::Result<T>
where
    T: Send + 'static,
    W: FnOnce(SocketAddr) -> anyhow::Result<T> + Send + 'static,
{
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let (at, handle) = (listener.local_addr()?, ServerHandle::default());
    let limits = ConnectionLimits { total: 100, per_source: 100, proxies: Vec::new() };
    let timeouts = ConnectionTimeouts { keep_alive: Duration::from_secs(600), ..ConnectionTimeouts::default() };
    let limiter = ConnectionLimiter::new(limits, timeouts.write_stall, app.metrics.connections());
    let server = serve::serve(listener, router::public(app.clone())?, None, (limiter, timeouts), handle.clone());
    let server = tokio::spawn(server);
    let done = tokio::task::spawn_blocking(move || work(at)).await?;
    handle.stop_at_once();
    server.await??;
    done
}
