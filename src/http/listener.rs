//! A listener that can stop accepting before its connections are told to end.
//!
//! The server's own graceful stop does both at once: what waits in the kernel's queue is reset, and a connection whose
//! first byte has not been read is closed. A proxy that has just sent a request there cannot repeat one that is not safe
//! (RFC 9110 9.2.2), so first the queue is emptied and the address given up, and connections get a moment to be read.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum_server::{AddrListener, Address};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The address of a peer, of a connection that a [`ClosableListener`] accepted.
#[derive(Clone, Copy, Debug)]
pub struct PeerAddress(pub SocketAddr);

impl Address for PeerAddress {
    type Stream = TcpStream;
    type Listener = ClosableListener;
}

/// Accepts connections until it is told to close; then whatever waits already, and nothing more.
#[derive(Debug)]
pub struct ClosableListener {
    /// `None` once closed.
    listener: Mutex<Option<Arc<TcpListener>>>,
    address: SocketAddr,
    closing: watch::Receiver<bool>,
}

impl ClosableListener {
    /// # Errors
    /// Fails if the runtime cannot register the socket.
    pub fn new(listener: std::net::TcpListener, closing: watch::Receiver<bool>) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let address = listener.local_addr()?;
        Ok(Self { listener: Mutex::new(Some(Arc::new(listener))), address, closing })
    }

    fn current(&self) -> Option<Arc<TcpListener>> {
        self.listener.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl AddrListener<TcpStream, PeerAddress> for ClosableListener {
    async fn bind_to(PeerAddress(address): PeerAddress) -> io::Result<Self> {
        // Nobody closes this one.
        let (_never, closing) = watch::channel(false);
        Self::new(std::net::TcpListener::bind(address)?, closing)
    }

    async fn accept_stream(&self) -> io::Result<(TcpStream, PeerAddress)> {
        if let Some(listener) = self.current() {
            let mut closing = self.closing.clone();
            let closed = async move { closing.wait_for(|closing| *closing).await.is_ok() };
            tokio::select! {
                // Whatever waits is accepted first.
                biased;
                accepted = listener.accept() => return accepted.map(|(stream, peer)| (stream, PeerAddress(peer))),
                true = closed => {}
            }
            drop(listener);
            *self.listener.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        std::future::pending().await
    }

    fn get_local_addr(&self) -> io::Result<PeerAddress> {
        Ok(PeerAddress(self.address))
    }
}
