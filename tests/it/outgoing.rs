//! The guarded outgoing client over real TLS: whom it trusts, and that nothing of what it fetched is told.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;

use axum::Router;
use axum::extract::{ConnectInfo, RawForm};
use axum::routing::{get, post};
use preau::base::clock::Span;
use preau::config;
use preau::http::outgoing::{CallPurpose, OutgoingClient, OutgoingError};
use preau::http::serve::{ReloadableTls, ServerHandle, bind, serve};
use preau::sms::{self, SmsMessage};
use tempfile::TempDir;

use crate::connections::usual_limits;

pub fn openssl(folder: &Path, words: &str) {
    let done = Command::new("openssl").args(words.split(' ')).current_dir(folder).output().unwrap();
    assert!(done.status.success(), "openssl {words}: {}", String::from_utf8_lossy(&done.stderr));
}

/// An authority of the test's own, and its certificate for this name.
pub fn certificates(folder: &Path, name: &str) {
    let curve = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    let authority = "-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign";
    openssl(folder, &format!("req -x509 {curve} -days 2 -subj /CN=test -keyout ca.key -out ca.pem {authority}"));
    openssl(folder, &format!("req {curve} -subj /CN={name} -keyout server.key -out server.csr"));
    let more = format!("basicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:{name}");
    std::fs::write(folder.join("ext"), more).unwrap();
    let signed = "-CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out server.pem";
    openssl(folder, &format!("x509 -req -in server.csr {signed}"));
}

/// A server with that certificate; gives its port.
async fn server(folder: &Path) -> u16 {
    let listener = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    let port = listener.local_addr().unwrap().port();
    let routes = Router::new()
        .route("/keys", get(async || "{}"))
        .route("/peer", get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.ip().to_string()))
        .route("/sortie", post(async |RawForm(form): RawForm| assert_eq!(&form[..], b"logout_token=a+b%26")));
    let (certificate, key) = (folder.join("server.pem"), folder.join("server.key"));
    let tls = ReloadableTls::load(&certificate, &key).await.unwrap();
    tokio::spawn(serve(listener, routes, Some(tls), usual_limits(), ServerHandle::default()));
    port
}

fn outgoing(allow_private: bool, ca: Option<PathBuf>) -> OutgoingClient {
    OutgoingClient::new(&config::Outgoing { allow_private, ca, ..config::Outgoing::default() }).unwrap()
}

#[tokio::test]
async fn f_a_server_is_trusted_by_its_authority_and_for_its_name() {
    let folder = TempDir::new().unwrap();
    certificates(folder.path(), "localhost");
    let port = server(folder.path()).await;
    let ca = || Some(folder.path().join("ca.pem"));
    let keys = format!("https://localhost:{port}/keys");
    let trusting = outgoing(true, ca());
    assert_eq!(trusting.get(CallPurpose::Keys, &keys, "application/json", 10).await.unwrap().body, b"{}");
    let peer = trusting
        .get(CallPurpose::Keys, &format!("https://localhost:{port}/peer"), "text/plain", 99)
        .await
        .unwrap()
        .body;
    assert_eq!(peer, b"127.0.0.1", "the listener hands over who called");
    let told = trusting.post_form(&format!("https://localhost:{port}/sortie"), &[("logout_token", "a b&")]).await;
    assert_eq!(told.unwrap(), 200);
    // The same server, by an address that its certificate does not name; or without the authority.
    let by_address = trusting.get(CallPurpose::Keys, &format!("https://127.0.0.1:{port}/keys"), "*/*", 10).await;
    assert!(matches!(by_address, Err(OutgoingError::NoResponse(_))), "{by_address:?}");
    let unknown = outgoing(true, None).get(CallPurpose::Keys, &keys, "*/*", 10).await;
    assert!(matches!(unknown, Err(OutgoingError::NoResponse(_))), "{unknown:?}");
    // A certificate opens no private address.
    let private = outgoing(false, ca()).get(CallPurpose::Keys, &keys, "*/*", 10).await.unwrap_err();
    assert!(private.to_string().contains("no public address"), "{private}");
}

#[tokio::test]
async fn an_authority_that_cannot_be_read_is_named() {
    let folder = TempDir::new().unwrap();
    for (name, text) in [
        ("missing.pem", None),
        ("empty.pem", Some("")),
        ("bad.pem", Some("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n")),
    ] {
        let path = folder.path().join(name);
        if let Some(text) = text {
            std::fs::write(&path, text).unwrap();
        }
        let error = OutgoingClient::new(&config::Outgoing { ca: Some(path), ..config::Outgoing::default() }).err();
        let error = error.unwrap_or_else(|| panic!("{name} was taken"));
        assert!(format!("{error:#}").contains(name), "{error:#}");
    }
}

/// A proxy that leads every tunnel to one port of this machine, and answers plain requests itself; and what it was asked.
async fn proxy(to: u16) -> (String, std::sync::Arc<std::sync::Mutex<Vec<String>>>) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = std::sync::Arc::<std::sync::Mutex<Vec<String>>>::default();
    let seen = std::sync::Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut from, _)) = listener.accept().await {
            let seen = std::sync::Arc::clone(&seen);
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(from.read_u8().await.unwrap());
                }
                let line = String::from_utf8(head).unwrap().lines().next().unwrap().to_owned();
                seen.lock().unwrap().push(line.clone());
                if line.starts_with("CONNECT ") {
                    from.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                    let mut there = tokio::net::TcpStream::connect(("127.0.0.1", to)).await.unwrap();
                    let _ended = tokio::io::copy_bidirectional(&mut from, &mut there).await;
                } else {
                    from.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
                }
            });
        }
    });
    (url, asked)
}

#[tokio::test]
async fn faults_f8_the_internet_is_called_through_the_proxy_and_a_network_of_ours_without_it() {
    // Nobody here resolves this name (RFC 6761 6.4): only the proxy knows it.
    let folder = TempDir::new().unwrap();
    certificates(folder.path(), "service.invalid");
    let (url, asked) = proxy(server(folder.path()).await).await;
    let said = || std::mem::take(&mut *asked.lock().unwrap());
    let ca = Some(folder.path().join("ca.pem"));
    let config = config::Outgoing { proxy: Some(url), ca, ..config::Outgoing::default() };
    let out = OutgoingClient::new(&config).unwrap();
    assert_eq!(out.get(CallPurpose::Keys, "https://service.invalid/keys", "*/*", 10).await.unwrap().body, b"{}");
    assert_eq!(said(), ["CONNECT service.invalid:443 HTTP/1.1"]);
    // A private address is refused here: the proxy, which may reach it, is not asked.
    for address in ["https://localhost/", "https://127.0.0.1/", "https://10.0.0.1/", "https://169.254.169.254/"] {
        let error = out.get(CallPurpose::Keys, address, "*/*", 10).await.unwrap_err();
        assert!(matches!(error, OutgoingError::Address(_)), "{address}: {error}");
    }
    assert_eq!(said(), Vec::<String>::new());

    // A network of ours: called directly.
    let folder = TempDir::new().unwrap();
    certificates(folder.path(), "localhost");
    let port = server(folder.path()).await;
    let (ca, allow_networks) =
        (Some(folder.path().join("ca.pem")), vec!["127.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()]);
    let out = OutgoingClient::new(&config::Outgoing { ca, allow_networks, ..config.clone() }).unwrap();
    assert_eq!(
        out.get(CallPurpose::Keys, &format!("https://localhost:{port}/keys"), "*/*", 10).await.unwrap().body,
        b"{}"
    );
    assert_eq!(said(), Vec::<String>::new());

    // The SMS gateway likewise.
    let http = |url: &str| config::SmsGatewayConfig::Http(config::HttpGatewayConfig::posting_json_to(url.to_owned()));
    let (id, to, text) = ("1".to_owned(), "+33639980001".to_owned(), "x".to_owned());
    let message = SmsMessage { id, to, text, validity: Span::minutes(30) };
    let away = sms::open_gateway(&http("http://sms.invalid/send"), &config).unwrap();
    away.send(&message).await.unwrap();
    assert_eq!(said(), ["POST http://sms.invalid/send HTTP/1.1"]);
    let here = sms::open_gateway(&http(&format!("http://127.0.0.1:{port}/send")), &config).unwrap();
    assert!(here.send(&message).await.is_err(), "what listens there speaks TLS");
    assert_eq!(said(), Vec::<String>::new());
}
