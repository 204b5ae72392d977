//! What a client shows of itself on the sign-in page (OIDCR 2): logo, policy, terms.

use std::collections::HashMap;
use std::io::Cursor;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use image::{DynamicImage, ImageFormat, ImageReader};
use preau::base::clock::Span;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{Browser, TestRelyingParty, TestResponse, TestServer, html};

/// Status and body.
type Held = (u16, Vec<u8>);

/// Serves pictures, and counts who asks.
#[derive(Clone, Default)]
struct Pictures {
    base: String,
    held: Arc<Mutex<HashMap<String, Held>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Pictures {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let all = Self { base, ..Self::default() };
        let routes = Router::new().route("/{name}", get(Self::give)).with_state(all.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        all
    }

    async fn give(State(all): State<Pictures>, Path(name): Path<String>, headers: HeaderMap) -> Response {
        assert!(!headers.contains_key("cookie") && !headers.contains_key("referer"), "{headers:?}");
        all.asked.lock().unwrap().push(name.clone());
        let held = all.held.lock().unwrap().get(&name).cloned().unwrap_or((404, Vec::new()));
        // What it says of itself does not count.
        (StatusCode::from_u16(held.0).unwrap(), [("content-type", "text/html"), ("location", "/logo.png")], held.1)
            .into_response()
    }

    /// Holds a file; gives its address.
    fn hold(&self, name: &str, status: u16, bytes: Vec<u8>) -> String {
        self.held.lock().unwrap().insert(name.to_owned(), (status, bytes));
        format!("{}/{name}", self.base)
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    DynamicImage::new_rgba8(width, height).write_to(&mut out, ImageFormat::Png).unwrap();
    out.into_inner()
}

async fn logo_of(server: &TestServer, uri: impl Into<Value>) -> TestResponse {
    server.update_registration("ent", json!({ "logo_uri": uri.into() })).await;
    server.get("/clients/ent/logo").await
}

/// The sign-in page of a request that waits.
async fn sign_in_page(server: &TestServer) -> TestResponse {
    let mut browser = Browser::new(server);
    browser.open(&TestRelyingParty::new(server, "ent").attempt().url).await;
    assert!(browser.page.has_element("#se-connecter"), "{}", browser.page.visible_text());
    browser.page
}

#[tokio::test]
async fn oidcr_2_the_sign_in_page_shows_logo_policy_and_terms() {
    let (server, pictures) = (TestServer::start().await, Pictures::start().await);
    let uri = pictures.hold("logo.png", 200, png(600, 300));
    let links =
        json!({ "logo_uri": uri, "policy_uri": "https://ent.example/d?a=1&b=\"<", "tos_uri": "https://ent.example/c" });
    server.update_registration("ent", links.clone()).await;
    let page = sign_in_page(&server).await;
    assert_eq!(page.link_target("#donnees-du-service"), "https://ent.example/d?a=1&b=\"<", "{}", page.visible_text());
    assert_eq!(page.link_target("#conditions-du-service"), "https://ent.example/c");
    let src = html::attribute(&page.text(), ".service img", "src").unwrap();
    assert!(src.starts_with("/clients/ent/logo?v="), "{src}");
    let logo = server.get(&src).await;
    assert_eq!((logo.status, logo.header("content-type")), (StatusCode::OK, "image/png"));
    let size = ImageReader::with_format(Cursor::new(&logo.bytes), ImageFormat::Png).into_dimensions().unwrap();
    assert_eq!(size, (200, 100));
    // Shown again from the database, by every server.
    let another = server.restart().await;
    another.update_registration("ent", links).await;
    assert!(another.get(&src).await.bytes == logo.bytes, "the same picture");
    assert_eq!(pictures.asked(), 1, "fetched once");
}

#[tokio::test]
async fn attack_x3_a_logo_comes_with_headers_of_its_own() {
    let (server, pictures) = (TestServer::start().await, Pictures::start().await);
    let logo = logo_of(&server, pictures.hold("logo.png", 200, png(10, 10))).await;
    assert!(logo.header("content-security-policy").ends_with("; sandbox"), "{logo:?}");
    assert_eq!(logo.header("cross-origin-resource-policy"), "same-origin");
    assert_eq!(logo.header("x-content-type-options"), "nosniff");
    assert!(logo.cookies().is_empty());
}

#[tokio::test]
async fn attack_x3_only_https_becomes_a_link() {
    let server = TestServer::start().await;
    for uri in [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "http://ent.example/",
        "//evil.example/",
        "/compte",
    ] {
        server.update_registration("ent", json!({ "policy_uri": uri, "tos_uri": uri, "logo_uri": uri })).await;
        let page = sign_in_page(&server).await;
        assert!(
            !page.has_element("#donnees-du-service") && !page.has_element("#conditions-du-service"),
            "{uri}: {}",
            page.visible_text()
        );
        assert!(!page.text().contains(uri) || uri == "/compte", "{uri} is nowhere on the page");
        assert_eq!(server.get("/clients/ent/logo").await.status, StatusCode::NOT_FOUND, "{uri}");
    }
}

#[tokio::test]
async fn attack_d9_what_is_no_small_picture_is_no_logo() {
    let (server, pictures) = (TestServer::start().await, Pictures::start().await);
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec();
    let mut large = png(10, 10);
    large.resize(200 * 1024 + 1, 0);
    for (name, status, bytes) in [
        ("logo.svg", 200, svg),
        ("large.png", 200, large),
        ("wide.png", 200, png(2_049, 1)),
        ("page.html", 200, b"<html>".to_vec()),
        ("empty", 200, Vec::new()),
        ("elsewhere", 302, png(10, 10)),
        ("gone", 404, png(10, 10)),
    ] {
        let logo = logo_of(&server, pictures.hold(name, status, bytes)).await;
        assert_eq!(logo.status, StatusCode::NOT_FOUND, "{name}");
        assert!(!logo.text().contains(&pictures.base), "F: nothing of it is echoed: {}", logo.visible_text());
    }
    assert_eq!(pictures.asked(), 7, "F2: the redirect was not followed");
}

#[tokio::test]
async fn attack_f4_an_address_is_asked_once_an_hour_at_the_most() {
    let (server, pictures) = (TestServer::start().await, Pictures::start().await);
    let uri = pictures.hold("logo.png", 503, Vec::new());
    for _ in 0..3 {
        assert_eq!(logo_of(&server, uri.clone()).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(pictures.asked(), 1);
    pictures.hold("logo.png", 200, png(10, 10));
    server.advance(Span::minutes(61));
    assert_eq!(logo_of(&server, uri).await.status, StatusCode::OK);
    // Another address at once.
    assert_eq!(logo_of(&server, pictures.hold("new.png", 200, png(20, 20))).await.status, StatusCode::OK);
    assert_eq!(pictures.asked(), 3);
}

#[tokio::test]
async fn attack_f4_a_crowd_at_a_new_logo_makes_one_call() {
    let (server, pictures) = (TestServer::start().await, Pictures::start().await);
    let uri = pictures.hold("logo.png", 200, png(10, 10));
    server.update_registration("ent", json!({ "logo_uri": uri })).await;
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let server = server.clone();
        all.spawn(async move { server.get("/clients/ent/logo").await.status });
    }
    let all = all.join_all().await;
    assert!(all.contains(&StatusCode::OK), "{all:?}");
    assert_eq!(pictures.asked(), 1);
}

#[tokio::test]
async fn attack_p6_a_client_that_may_not_be_used_shows_nothing_and_has_nothing_fetched() {
    let (server, pictures) = (TestServer::start().await, Pictures::start().await);
    let uri = pictures.hold("logo.png", 200, png(10, 10));
    server.update_registration("ent", json!({ "logo_uri": uri })).await;
    for state in ["pending", "suspended", "gone"] {
        server.execute_sql("UPDATE client SET state = $1 WHERE client_id = 'ent'", vec![state.into()]).await;
        assert_eq!(server.get("/clients/ent/logo").await.status, StatusCode::NOT_FOUND, "{state}");
    }
    assert_eq!(server.get("/clients/nobody/logo").await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.get("/clients/%22%3E/logo").await.status, StatusCode::NOT_FOUND);
    assert_eq!(pictures.asked(), 0);
    server.execute_sql("UPDATE client SET state = 'active' WHERE client_id = 'ent'", Vec::new()).await;
    assert_eq!(server.get("/clients/ent/logo").await.status, StatusCode::OK);
}
