//! Connections over real sockets: whoever is slow is closed, whoever is too many is refused, and the others get in.
//!
//! Nothing here is decided by a clock of ours: a slow client waits until the server closes, and a limit that does not
//! hold shows as a test that ends at [`AT_LAST`].

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use preau::http::connections::{ConnectionLimiter, ConnectionLimits, raise_descriptor_limit};
use preau::http::serve::{ConnectionTimeouts, ReloadableTls, ServerHandle, bind, serve};
use preau::router;
use preau::telemetry::Metrics;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::outgoing::certificates;
use crate::support::TestServer;

/// Far beyond any limit that is set here.
const AT_LAST: Duration = Duration::from_secs(120);

/// Short, so that nobody waits.
const SHORT: ConnectionTimeouts = ConnectionTimeouts {
    handshake: Duration::from_millis(1_500),
    keep_alive: Duration::from_millis(500),
    ping: Duration::from_millis(300),
    write_stall: Duration::from_millis(500),
};

fn limits(all: usize, per_source: usize, patience: ConnectionTimeouts) -> (ConnectionLimiter, ConnectionTimeouts) {
    let most = ConnectionLimits { total: all, per_source, proxies: Vec::new() };
    (ConnectionLimiter::new(most, patience.write_stall, Metrics::default().connections()), patience)
}

/// What a server of a test has that is about something else.
pub fn usual_limits() -> (ConnectionLimiter, ConnectionTimeouts) {
    limits(100, 100, ConnectionTimeouts::default())
}

async fn listen(
    router: Router,
    tls: Option<ReloadableTls>,
    limits: (ConnectionLimiter, ConnectionTimeouts),
) -> SocketAddr {
    let listener = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, router, tls, limits, ServerHandle::default()));
    address
}

/// Says this, then nothing; gives what it was told until the server closed.
async fn until_closed(mut stream: impl AsyncRead + AsyncWrite + Unpin, said: &[u8]) -> Vec<u8> {
    stream.write_all(said).await.unwrap();
    stream.flush().await.unwrap();
    let mut told = Vec::new();
    // An end and a reset are both a close.
    let _closed = tokio::time::timeout(AT_LAST, stream.read_to_end(&mut told)).await.expect("it is never closed");
    told
}

const GOOD: &[u8] = b"GET /aide HTTP/1.1\r\nhost: localhost:8080\r\nconnection: close\r\n\r\n";
const KEPT: &[u8] = b"GET /aide HTTP/1.1\r\nhost: localhost:8080\r\n\r\n";
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// One request in HTTP/2: the preface, our settings, the headers of `GET /aide` (RFC 9113 3.4, RFC 7541).
fn one_request() -> Vec<u8> {
    let mut frames = PREFACE.to_vec();
    let mut block = vec![0x82, 0x86, 0x04, 0x05];
    block.extend_from_slice(b"/aide");
    block.extend_from_slice(&[0x01, 0x09]);
    block.extend_from_slice(b"localhost");
    frames.extend_from_slice(&[0, 0, block.len() as u8, 0x01, 0x05, 0, 0, 0, 1]);
    frames.extend_from_slice(&block);
    frames
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_a2_silent_connections_are_closed_and_a_good_client_gets_in() {
    assert!(raise_descriptor_limit() >= 4_096, "the test itself needs 2 200 descriptors");
    let server = TestServer::start().await;
    let folder = TempDir::new().unwrap();
    certificates(folder.path(), "localhost");
    let tls = ReloadableTls::load(&folder.path().join("server.pem"), &folder.path().join("server.key")).await.unwrap();
    let routes = router::public(server.app.clone()).unwrap();
    let plain = listen(routes.clone(), None, limits(2_000, 2_000, SHORT)).await;
    let secure = listen(routes, Some(tls), limits(2_000, 2_000, SHORT)).await;

    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(folder.path().join("ca.pem")).unwrap()).unwrap();
    let config = Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth());
    let mut silent = JoinSet::new();
    for n in 0..1_100 {
        let (address, said): (SocketAddr, &[u8]) = match n % 11 {
            0..=3 => (plain, b""),
            4 => (plain, b"GE"),
            5 => (plain, b"GET /aide HTTP/1.1\r\nhost: local"),
            6 => (plain, PREFACE),
            7 | 8 => (secure, b""),
            9 => (secure, b"\x16\x03"),
            _ => (secure, b"handshake"),
        };
        let stream = TcpStream::connect(address).await.unwrap();
        let config = Arc::clone(&config);
        silent.spawn(async move {
            if said == b"handshake" {
                let name = ServerName::try_from("localhost").unwrap();
                match TlsConnector::from(config).connect(name, stream).await {
                    Ok(stream) => until_closed(stream, b"").await,
                    // A thousand handshakes on a busy machine: closed before it was done is closed.
                    Err(_) => Vec::new(),
                }
            } else {
                until_closed(stream, said).await
            }
        });
    }
    // While they are there, and on the same listener.
    let good = TcpStream::connect(plain).await.unwrap();
    let told = String::from_utf8(until_closed(good, GOOD).await).unwrap();
    assert!(told.starts_with("HTTP/1.1 200 OK\r\n"), "{told}");
    while let Some(told) = silent.join_next().await {
        let told = told.unwrap();
        assert!(!told.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&told));
    }
}

#[tokio::test]
async fn attack_d8_whoever_was_served_once_is_not_waited_for_either() {
    let server = TestServer::start().await;
    let patience = ConnectionTimeouts { handshake: AT_LAST * 2, ..SHORT };
    let address = listen(router::public(server.app.clone()).unwrap(), None, limits(10, 10, patience)).await;
    let idle = until_closed(TcpStream::connect(address).await.unwrap(), KEPT).await;
    assert!(idle.starts_with(b"HTTP/1.1 200 OK\r\n"), "{}", String::from_utf8_lossy(&idle));
    // It never answers a ping (RFC 9113 6.7).
    let deaf = until_closed(TcpStream::connect(address).await.unwrap(), &one_request()).await;
    assert!(deaf.windows(9).any(|frame| frame[3] == 0x01 && frame[8] == 1), "it was answered: {deaf:?}");
}

#[tokio::test]
async fn attack_d8_a_request_that_never_ends_is_told_when_to_come_back() {
    let server = TestServer::start().await;
    let routes = router::public_with_timeout(server.app.clone(), Duration::from_millis(200)).unwrap();
    let address = listen(routes, None, usual_limits()).await;
    for path in ["/connexion", "/oauth2/token", "/oauth2/authorize"] {
        let said = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost:8080\r\nconnection: close\r\ncontent-length: 100\r\n\
             content-type: application/x-www-form-urlencoded\r\n\r\nidentifiant=a"
        );
        let told = String::from_utf8(until_closed(TcpStream::connect(address).await.unwrap(), said.as_bytes()).await);
        let told = told.unwrap();
        assert!(told.starts_with("HTTP/1.1 503 "), "{path}: {told}");
        assert!(told.contains("retry-after: 5\r\n") && told.contains("cache-control: no-store\r\n"), "{path}: {told}");
    }
}

#[tokio::test]
async fn attack_d8_a_peer_that_takes_no_answer_is_left() {
    let routes = Router::new().route("/long", get(async || vec![b'x'; 64 << 20]));
    let address = listen(routes, None, limits(1, 1, SHORT)).await;
    let mut deaf = TcpStream::connect(address).await.unwrap();
    deaf.write_all(b"GET /long HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    // It holds the only place and reads nothing: the place is free once the server has left it.
    tokio::time::timeout(AT_LAST, async {
        loop {
            let stream = TcpStream::connect(address).await.unwrap();
            if until_closed(stream, b"GET /none HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
                .await
                .starts_with(b"HTTP/1.1 404")
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
    .expect("its place is never free");
    drop(deaf);
}

#[tokio::test]
async fn faults_a2_one_source_takes_its_share_only() {
    let server = TestServer::start().await;
    let patience = ConnectionTimeouts { handshake: AT_LAST * 2, ..SHORT };
    let address = listen(router::public(server.app.clone()).unwrap(), None, limits(5, 4, patience)).await;
    let from = async |last: u8| {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)), 0)).unwrap();
        socket.connect(address).await.unwrap()
    };
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(from(2).await);
    }
    // Accepted in their order: once the fifth is closed, the four are counted.
    let (mut fifth, mut nothing) = (from(2).await, Vec::new());
    let closed = tokio::time::timeout(AT_LAST, fifth.read_to_end(&mut nothing)).await.expect("it is let in");
    assert!(closed.is_err() || nothing.is_empty());
    let good = until_closed(from(3).await, GOOD).await;
    assert!(good.starts_with(b"HTTP/1.1 200 OK\r\n"), "{}", String::from_utf8_lossy(&good));
}

/// A frame of HTTP/2 (RFC 9113 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend_from_slice(&[kind, flags]);
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

/// Sends all of it however the server feels about it, and gives what it said until it closed.
async fn forced(address: SocketAddr, said: Vec<u8>) -> Vec<u8> {
    let (mut from, mut to) = TcpStream::connect(address).await.unwrap().into_split();
    let sending = tokio::spawn(async move {
        // Closed in the middle: that is what is wanted.
        let _cut = to.write_all(&said).await;
        to
    });
    let mut told = Vec::new();
    let _closed = tokio::time::timeout(AT_LAST, from.read_to_end(&mut told)).await.expect("it is never closed");
    sending.abort();
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_rt19_hostile_http_is_cut_off_and_a_good_client_is_answered() {
    let server = TestServer::start().await;
    let address = listen(router::public(server.app.clone()).unwrap(), None, limits(100, 100, SHORT)).await;
    let line = |n: usize| format!("x-{n}: {}\r\n", "y".repeat(20));
    let headers: String = (0..100_000).map(line).collect();
    let many = format!("GET /aide HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n").into_bytes();
    let long = format!("GET /aide HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "y".repeat(1 << 20)).into_bytes();
    for head in [many, long] {
        let told = forced(address, head).await;
        assert!(told.is_empty() || told.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&told));
    }
    // A gigabyte is refused by what it says of itself, before it is sent.
    let huge =
        b"POST /connexion HTTP/1.1\r\nhost: localhost:8080\r\nconnection: close\r\ncontent-length: 1000000000\r\n\
                 content-type: application/x-www-form-urlencoded\r\n\r\n";
    let told = forced(address, huge.to_vec()).await;
    assert!(told.starts_with(b"HTTP/1.1 413 "), "{}", String::from_utf8_lossy(&told));

    // CVE-2023-44487: streams that are opened and reset at once.
    let mut block = vec![0x82, 0x86, 0x04, 0x05];
    block.extend_from_slice(b"/aide\x01\x09localhost");
    let mut reset = PREFACE.to_vec();
    for n in 0..20_000 {
        reset.extend(frame(0x01, 0x05, 2 * n + 1, &block));
        reset.extend(frame(0x03, 0, 2 * n + 1, &[0, 0, 0, 8]));
    }
    // CONTINUATION that never ends: 64 MB of a header that is not finished.
    let mut continued = PREFACE.to_vec();
    continued.extend(frame(0x01, 0x01, 1, &block));
    for _ in 0..4_000 {
        continued.extend(frame(0x09, 0, 1, &[0x00; 16_000]));
    }
    for (what, said) in [("rapid reset", reset), ("endless continuation", continued)] {
        let told = forced(address, said).await;
        let went_away = told.windows(9).any(|frame| frame[3] == 0x07 && frame[5..9] == [0; 4]);
        assert!(went_away || told.len() < 100, "{what}: {} bytes", told.len());
        let good = until_closed(TcpStream::connect(address).await.unwrap(), GOOD).await;
        assert!(good.starts_with(b"HTTP/1.1 200 OK\r\n"), "after {what}");
    }
}

#[tokio::test]
async fn what_was_sent_into_a_stop_is_answered_and_nobody_else_gets_in() {
    let server = TestServer::start().await;
    let routes = router::public(server.app.clone()).unwrap();
    let listener = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    let address = listener.local_addr().unwrap();
    // Two wait before anybody accepts: one in the middle of its request, one that has said nothing.
    let mut begun = TcpStream::connect(address).await.unwrap();
    begun.write_all(&GOOD[..20]).await.unwrap();
    let silent = TcpStream::connect(address).await.unwrap();
    let handle = ServerHandle::default();
    let served = tokio::spawn(serve(listener, routes, None, usual_limits(), handle.clone()));
    // A connection that has been served and is kept.
    let mut kept = TcpStream::connect(address).await.unwrap();
    kept.write_all(KEPT).await.unwrap();
    kept.read_exact(&mut [0; 12]).await.unwrap();
    server.app.start_draining();
    let stopped = tokio::spawn(async move { handle.stop().await });
    let refused = async { while TcpStream::connect(address).await.is_ok() {} };
    tokio::time::timeout(AT_LAST, refused).await.expect("the address is not given up");
    for (connection, rest) in [(begun, &GOOD[20..]), (silent, GOOD)] {
        let told = String::from_utf8(until_closed(connection, rest).await).unwrap();
        assert!(told.starts_with("HTTP/1.1 200"), "{told}");
    }
    let told = String::from_utf8(until_closed(kept, KEPT).await).unwrap();
    assert!(told.contains("connection: close"), "{told}");
    stopped.await.unwrap();
    tokio::time::timeout(AT_LAST, served).await.expect("it does not end").unwrap().unwrap();
}
