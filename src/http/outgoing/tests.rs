//! Tests with real sockets on the local machine.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

fn outgoing_client(allow_private: bool) -> OutgoingClient {
    let config = config::Outgoing { allow_private, ..config::Outgoing::default() };
    OutgoingClient::with_timeout(&config, Duration::from_millis(500)).unwrap()
}

/// Starts a server that sends the answer on every connection, and then holds the connection open.
async fn server(answer: &'static [u8], endless: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://localhost:{}/x", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut asked = [0u8; 4096];
                let _read = socket.read(&mut asked).await;
                let _sent = socket.write_all(answer).await;
                while endless && socket.write_all(&[b'x'; 8192]).await.is_ok() {}
                tokio::time::sleep(Duration::from_secs(5)).await;
            });
        }
    });
    address
}

#[tokio::test]
async fn attack_f1_f3_f4_f5_f6_only_https_to_public_addresses_is_called() {
    let out = outgoing_client(false);
    for address in [
        "http://example.org/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "https://user@example.org/",
        "https://@example.org/",
        "https://allowed\\@example.org/",
        "https:///example.org/",
        "https:example.org/",
        "https://example.org/a b",
        "https://example.org/\r\nx: y",
        "//example.org/",
        "data:application/json,{}",
        "https://example.org:22/",
        "https://example.org:25/",
        "https://example.org:80/",
        "https://10.0.0.1:8443/",
        "https://[64:ff9b::7f00:1]/",
        "https://allowed@127.0.0.1/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://169.254.169.254/latest/meta-data/",
        "nonsense",
    ] {
        let error = out.get(CallPurpose::Keys, address, "*/*", 10).await.unwrap_err();
        assert!(matches!(error, OutgoingError::Address(_)), "{address}: {error}");
    }
}

#[tokio::test]
async fn attack_f4_a_name_that_leads_home_is_not_connected_to() {
    let address = server(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", false).await;
    let port = address.rsplit(':').next().unwrap();
    let error = outgoing_client(false)
        .get(CallPurpose::Keys, &format!("https://localhost:{port}"), "*/*", 10)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("no public address"), "{error}");
    // Only the development switch permits calls to the same machine, and plain http to no other machine.
    assert_eq!(outgoing_client(true).get(CallPurpose::Keys, &address, "*/*", 10).await.unwrap().body, b"hi");
    assert!(outgoing_client(true).get(CallPurpose::Keys, "http://example.org/", "*/*", 10).await.is_err());
}

#[tokio::test]
async fn attack_f2_a_redirect_is_not_followed() {
    let away = b"HTTP/1.1 302 Found\r\nlocation: http://localhost:1/\r\ncontent-length: 0\r\n\r\n";
    let address = server(away, false).await;
    assert!(matches!(
        outgoing_client(true).get(CallPurpose::Keys, &address, "*/*", 10).await,
        Err(OutgoingError::Status(302))
    ));
    assert_eq!(outgoing_client(true).post_form(&address, &[("a", "b")]).await.unwrap(), 302);
}

#[tokio::test]
async fn attack_d6_an_endless_answer_is_cut_and_a_slow_one_left() {
    let endless = server(b"HTTP/1.1 200 OK\r\n\r\n", true).await;
    assert!(matches!(
        outgoing_client(true).get(CallPurpose::Keys, &endless, "*/*", 1000).await,
        Err(OutgoingError::TooLarge(1000))
    ));
    let slow = server(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhi", false).await;
    assert!(matches!(
        outgoing_client(true).get(CallPurpose::Keys, &slow, "*/*", 1000).await,
        Err(OutgoingError::NoResponse(_))
    ));
}

#[tokio::test]
async fn attack_f1_nobody_is_connected_to_before_the_address_is_looked_at() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    for host in ["127.0.0.1", "localhost", "0.0.0.0", "[::ffff:127.0.0.1]", "0177.0.0.1"] {
        assert!(
            outgoing_client(false).get(CallPurpose::Keys, &format!("https://{host}:{port}/"), "*/*", 10).await.is_err(),
            "{host}"
        );
    }
    let called = tokio::time::timeout(Duration::from_millis(100), listener.accept()).await;
    assert!(called.is_err(), "somebody connected");
}

#[tokio::test]
async fn faults_a8_calls_that_never_end_take_the_places_of_their_kind_only() {
    // The kernel accepts connections, but nothing responds.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("http://127.0.0.1:{}/", listener.local_addr().unwrap().port());
    let answering = server(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", false).await;
    let out = std::sync::Arc::new(
        OutgoingClient::with_timeout(
            &config::Outgoing { allow_private: true, ..config::Outgoing::default() },
            Duration::from_secs(30),
        )
        .unwrap(),
    );
    let mut calls = tokio::task::JoinSet::new();
    for purpose in [CallPurpose::RequestObject, CallPurpose::Registration] {
        for _ in 0..purpose.max_concurrent_calls() + 5 {
            let (out, silent) = (std::sync::Arc::clone(&out), silent.clone());
            calls.spawn(async move { out.get(purpose, &silent, "*/*", 10).await.unwrap_err().to_string() });
        }
    }
    // Calls beyond the limit fail at once; the others wait.
    for _ in 0..10 {
        let why = calls.join_next().await.unwrap().unwrap();
        assert!(why.contains("too many calls at once"), "{why}");
    }
    assert_eq!(out.get(CallPurpose::Keys, &answering, "*/*", 10).await.unwrap().body, b"hi");
    assert_eq!(out.post_form(&answering, &[("a", "b")]).await.unwrap(), 200);
    calls.shutdown().await;
    assert_eq!(
        out.request_objects.available_permits(),
        CallPurpose::RequestObject.max_concurrent_calls(),
        "every place is free again"
    );
}

#[tokio::test]
async fn faults_f8_a_network_that_is_allowed_is_called_and_no_other_private_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let allowing = |network: &str| {
        let allow_networks = vec![network.parse().unwrap()];
        let config = config::Outgoing { allow_networks, ..config::Outgoing::default() };
        OutgoingClient::with_timeout(&config, Duration::from_millis(500)).unwrap()
    };
    for host in ["127.0.0.1", "localhost"] {
        let address = format!("https://{host}:{port}/");
        let refused = allowing("10.0.0.0/8").get(CallPurpose::Keys, &address, "*/*", 10).await.unwrap_err().to_string();
        assert!(refused.contains("public"), "{host}: {refused}");
        // The connection is made; the listener does not speak TLS.
        let tried = allowing("127.0.0.0/8").get(CallPurpose::Keys, &address, "*/*", 10).await.unwrap_err().to_string();
        assert!(!tried.contains("public"), "{host}: {tried}");
        let called = tokio::time::timeout(Duration::from_secs(5), listener.accept()).await;
        assert!(called.is_ok(), "{host}");
    }
    let out = allowing("10.0.0.0/8");
    for address in ["https://192.168.0.1/", "https://169.254.169.254/", "https://[fd00::1]/", "https://11.0.0.1:22/"] {
        let error = out.get(CallPurpose::Keys, address, "*/*", 10).await.unwrap_err();
        assert!(matches!(error, OutgoingError::Address(_)), "{address}: {error}");
    }
    // Plain http is limited to development, also within allowed networks.
    assert!(matches!(
        out.get(CallPurpose::Keys, "http://10.0.0.1:8080/", "*/*", 10).await,
        Err(OutgoingError::Address("not https"))
    ));
    assert!(out.validate_url("https://10.1.2.3/").is_ok() && out.validate_url("https://[::ffff:10.1.2.3]/").is_ok());
}
