//! HTTP itself: headers of every answer, what a Host header may not do, what no path may reach, error pages.
//!
//! Most headers and the cookies' marks are looked at on every answer of every test (`support/answer.rs`).

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, StatusCode};

use crate::support::{Browser, TestRelyingParty, TestResponse, TestServer};

const PAGES: [&str; 19] = [
    "/api",
    "/admin/connexion",
    "/admin/invitation/x",
    "/admin/deconnexion",
    "/",
    "/connexion",
    "/connexion/preuve",
    "/federation",
    "/federation/nobody",
    "/compte",
    "/activation",
    "/identifiant-oublie",
    "/mot-de-passe-oublie",
    "/aide",
    "/donnees",
    "/accessibilite",
    "/oauth2/logout",
    "/oauth2/authorize",
    "/nulle-part",
];

/// Pages of a signed-in person: without a session even what is posted to them leads to the sign-in.
const ACCOUNT_PAGES: [&str; 10] = [
    "/compte/application",
    "/compte/application/code",
    "/compte/application/retirer",
    "/compte/cle/perdue",
    "/compte/codes-de-secours",
    "/compte/enfants",
    "/compte/regrouper",
    "/compte/regrouper/choix",
    "/compte/regrouper/preuve",
    "/compte/securite",
];

async fn ask(server: &TestServer, method: &str, path: &str, headers: &[(&'static str, &str)]) -> TestResponse {
    let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(path);
    for (name, value) in headers {
        request = request.header(*name, HeaderValue::from_str(value).unwrap());
    }
    server.call(request.body(Body::empty()).unwrap()).await
}

async fn over_https() -> TestServer {
    TestServer::start_with_config(|config| {
        config.server.issuer = "https://id.example.fr".to_owned();
        config.phones.fictitious.clear();
        config.outgoing.allow_private = false;
    })
    .await
}

#[tokio::test]
async fn attack_a1_h1_neither_host_nor_forwarded_headers_reach_a_link_a_redirect_or_a_document() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let evil: &[(&'static str, &str)] = &[
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-for", "203.0.113.7"),
        ("x_forwarded_host", "evil.example"),
        ("forwarded", "host=evil.example;proto=https"),
        ("x-original-url", "/evil.example"),
        ("x-rewrite-url", "/evil.example"),
    ];
    for path in PAGES.iter().chain(&ACCOUNT_PAGES).chain(&[
        "/.well-known/openid-configuration",
        "/oauth2/jwks",
        "/oauth2/userinfo",
    ]) {
        let (plain, bent) = (ask(&server, "GET", path, &[]).await, ask(&server, "GET", path, evil).await);
        assert_eq!(plain.status, bent.status, "{path}");
        assert!(!format!("{:?} {}", bent.headers, bent.text()).contains("evil"), "{path}");
        let to = bent.header("location");
        assert!(to.is_empty() || (to.starts_with('/') && !to.starts_with("//")), "{path}: {to}");
    }
    // A whole sign-in behind such headers: tokens are verified against the configured issuer.
    let mut browser = Browser::new(&server);
    browser.headers = evil.iter().map(|(n, v)| (*n, (*v).to_owned())).collect();
    TestRelyingParty::new(&server, "ent").sign_in(&mut browser, &member).await;
    browser.open("/compte").await;
    assert!(!browser.page.text().contains("evil"));
}

#[tokio::test]
async fn attack_h2_ambiguous_paths_lead_nowhere() {
    let server = TestServer::start().await;
    for path in [
        "//connexion",
        "//evil.example/",
        "/connexion/",
        "/connexion;x=y",
        "/connexion%3Bx",
        "/%63onnexion%2f..%2fcompte",
        "/aide/../compte",
        "/aide/..;/compte",
        "/aide/%2e%2e/compte",
        "/aide%2fmot-de-passe",
        "/oauth2//token",
        "/oauth2/authorize%00",
        "/oauth2/authorize%0d%0aset-cookie:x",
        "/OAUTH2/JWKS",
        "/oauth2/jwks.json",
        "/.well-known/openid-configuration/",
        "/.well-known/openid-configuration/ent",
        "/assets/..%2f..%2fCargo.toml",
        "/assets/%2e%2e%2fmessages%2ffr.ftl",
        "/assets/",
        "/.git/config",
        "/keys/master.key",
        "/readyz",
        "/metrics",
    ] {
        let answer = ask(&server, "GET", path, &[]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}: {}", answer.visible_text());
        assert!(answer.header("set-cookie").is_empty() && answer.is_html(), "{path}");
    }
}

#[tokio::test]
async fn attack_h3_x9_over_https_every_kind_of_answer_has_its_headers() {
    // HSTS, frame-ancestors, nosniff, referrer: `Answer::check`, on each of these.
    let server = over_https().await;
    let member = server.create_account("Anne", "DURAND").await;
    for path in PAGES.into_iter().chain(ACCOUNT_PAGES) {
        ask(&server, "GET", path, &[]).await;
        ask(&server, "HEAD", path, &[]).await;
        ask(&server, "DELETE", path, &[]).await;
        server.post(path, &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")], &[]).await;
        server.post(path, &[], &[("x", &"x".repeat(70_000))]).await;
    }
    for path in ["/oauth2/token", "/oauth2/userinfo", "/oauth2/jwks", "/.well-known/openid-configuration"] {
        for method in ["GET", "POST", "OPTIONS", "PUT"] {
            ask(&server, method, path, &[]).await;
        }
    }
    let mut browser = Browser::new(&server);
    TestRelyingParty::new(&server, "strict").sign_in(&mut browser, &member).await;
    assert!(browser.cookie("").is_some() && browser.cookie("nav").is_some() && browser.cookie("device").is_some());
    assert_eq!(browser.cookies.len(), 3, "{:?}", browser.cookies.keys());
}

#[tokio::test]
async fn faults_a18_a_form_from_https_is_another_sites_where_we_are_http() {
    let server = TestServer::start().await;
    let host = ("host", server.app.config.server.host().to_owned());
    let post = async |origin: &str| {
        let headers = [(host.0, host.1.as_str()), ("origin", origin)];
        server.post("/deconnexion", &headers, &[]).await.status
    };
    let here = server.issuer().to_owned();
    assert_ne!(post(&here).await, StatusCode::FORBIDDEN);
    assert_eq!(post(&here.replace("http://", "https://")).await, StatusCode::FORBIDDEN);
    assert_eq!(post("https://evil.example").await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn faults_a18_subdomains_are_included_where_the_configuration_says_so() {
    for (all, value) in [(false, "max-age=31536000"), (true, "max-age=31536000; includeSubDomains")] {
        let server = TestServer::start_with_config(|config| {
            config.server.issuer = "https://id.example.fr".to_owned();
            config.server.hsts_include_subdomains = all;
            config.phones.fictitious.clear();
            config.outgoing.allow_private = false;
        })
        .await;
        assert_eq!(server.get("/connexion").await.header("strict-transport-security"), value);
    }
}

#[tokio::test]
async fn attack_h4_what_is_about_a_person_is_never_kept_and_what_never_changes_is() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let mut browser = Browser::new(&server);
    let rp = TestRelyingParty::new(&server, "ent");
    let tokens = rp.sign_in(&mut browser, &member).await;
    browser.open("/compte").await;
    assert_eq!(browser.page.header("cache-control"), "no-store");
    assert_eq!(rp.userinfo(&tokens.access_token).await.header("cache-control"), "no-store");
    browser.get(&rp.attempt().url).await;
    assert_eq!(browser.page.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.page.header("cache-control"), "no-store", "a redirect with a code");
    let page = server.get("/connexion").await.text();
    let css = crate::support::html::attribute(&page, "link[rel=stylesheet]", "href").unwrap();
    let answer = server.get(&css).await;
    assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
    for other in ["/assets/preau.css", "/assets/preau.css?v=0123456789abcdef"] {
        assert_eq!(server.get(other).await.header("cache-control"), "no-cache", "{other}");
    }
    let etag = answer.header("etag").to_owned();
    assert_eq!(ask(&server, "GET", &css, &[("if-none-match", &etag)]).await.status, StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn attack_h5_addresses_of_ours_hold_no_secret() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let rp = TestRelyingParty::new(&server, "ent");
    let mut browser = Browser::new(&server);
    let attempt = rp.attempt();
    browser.get(&attempt.url).await;
    let mut seen = vec![browser.page.location().to_owned()];
    browser.get(seen[0].clone().as_str()).await;
    browser.sign_in_with(&member.identifiant, &member.password).await;
    seen.push(browser.page.location().to_owned());
    browser.get(seen[1].clone().as_str()).await;
    seen.push(browser.next().unwrap().to_string());
    let secrets = [&member.identifiant, &member.password, browser.cookie("").unwrap(), browser.cookie("nav").unwrap()];
    for address in &seen {
        for secret in secrets.iter().copied().chain([attempt.nonce.as_str(), "redirect_uri", "state"]) {
            assert!(!address.contains(secret), "{address}");
        }
    }
}

#[tokio::test]
async fn errors_are_pages_with_their_status_and_a_way_on() {
    let server = TestServer::start().await;
    for (method, path, status) in [
        ("GET", "/nulle-part", StatusCode::NOT_FOUND),
        ("PUT", "/connexion", StatusCode::METHOD_NOT_ALLOWED),
        ("TRACE", "/connexion", StatusCode::METHOD_NOT_ALLOWED),
        ("BREW", "/aide", StatusCode::METHOD_NOT_ALLOWED),
        ("GET", "/oauth2/token", StatusCode::METHOD_NOT_ALLOWED),
        ("POST", "/oauth2/jwks", StatusCode::METHOD_NOT_ALLOWED),
        ("GET", "/oauth2/authorize?i=nothing", StatusCode::GONE),
    ] {
        let answer = ask(&server, method, path, &[]).await;
        assert_eq!(answer.status, status, "{method} {path}");
        assert!(
            answer.has_element("main a[href]") || answer.has_element("footer a[href]"),
            "{method} {path}: {}",
            answer.text()
        );
        assert!(!answer.heading().is_empty());
    }
    let many = server.post("/connexion", &[], &[("identifiant", &"x".repeat(70_000))]).await;
    assert_eq!(many.status, StatusCode::PAYLOAD_TOO_LARGE);
    let head = ask(&server, "HEAD", "/connexion", &[]).await;
    assert_eq!((head.status, head.bytes.len()), (StatusCode::OK, 0));
}

#[tokio::test]
async fn attack_x11_nul_and_broken_escapes_are_errors_of_theirs() {
    let server = TestServer::start().await;
    for path in PAGES.into_iter().chain(ACCOUNT_PAGES) {
        for query in ["i=%00", "client_id=%00", "lang=%00", "a=%ff%fe", "i=%", "i=%zz", "%00=%00", "i=é", "&&==&", "i"]
        {
            let encoded: String = query.replace('é', "%C3%A9");
            let answer = ask(&server, "GET", &format!("{path}?{encoded}"), &[]).await;
            assert!(!answer.status.is_server_error(), "{path}?{query}");
        }
        let body = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(&b"identifiant=%00&mot_de_passe=\xff\xfe%ff&nom=%00"[..]));
        let status = server.call(body.unwrap()).await.status;
        // A sign-out reads nothing of what is posted.
        let leads_on = ACCOUNT_PAGES.contains(&path) || path == "/admin/deconnexion";
        assert!(status.is_client_error() || (status == StatusCode::SEE_OTHER && leads_on), "{path}: {status}");
    }
    let mut browser = Browser::new(&server);
    browser.open("/connexion").await;
    let answer = browser.post("/connexion", &[("identifiant", "a\0b"), ("mot_de_passe", "x")]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn attack_x2_x3_names_are_text_wherever_they_come_from() {
    let evil = "<img src=x onerror=alert(1)>\"'&{{ 7*7 }}</title><script>";
    let server = TestServer::start().await;
    let member = server.create_account(evil, "DURAND").await;
    let text = serde_json::to_string(evil).unwrap();
    server
        .execute_sql(
            "UPDATE client SET metadata = REPLACE(metadata, '\"Service strict\"', $1) WHERE client_id = 'strict'",
            vec![text.as_str().into()],
        )
        .await;
    // Every page is read whole by `html::check`: no foreign element survives it.
    let rp = TestRelyingParty::new(&server, "strict");
    let mut browser = Browser::new(&server);
    browser.open(&rp.attempt_with(&[("login_hint", evil), ("ui_locales", evil)]).url).await;
    assert!(browser.page.visible_text().contains("onerror=alert(1)"), "shown as text: {}", browser.page.visible_text());
    browser.sign_in_with(evil, evil).await;
    assert!(!browser.page.has_element("main img") && !browser.page.has_element("main script"));
    let answer = browser.sign_in(&member).await.expect_redirect_away();
    assert!(answer.as_str().contains("code="));
    browser.open("/compte").await;
    assert!(browser.page.visible_text().contains("<img src=x"), "{}", browser.page.visible_text());
    // The names of assets hold digests, which may have these digits.
    assert!(
        !browser.page.has_element("main img") && !browser.page.visible_text().contains("49"),
        "no template of theirs"
    );
    browser.open("/oauth2/logout").await;
    browser.submit("confirmer", &[]).await;
    browser.follow().await;
    assert!(!browser.page.has_element("main img"), "{}", browser.page.text());
}

#[tokio::test]
async fn internet_explorer_is_told_which_browsers_work() {
    let server = TestServer::start().await;
    for agent in [
        "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
        "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1)",
    ] {
        for path in ["/", "/connexion", "/activation", "/oauth2/authorize?client_id=ent"] {
            let answer = ask(&server, "GET", path, &[("user-agent", agent)]).await;
            assert_eq!(answer.status, StatusCode::OK);
            assert!(answer.text().contains("Firefox"), "{path}");
            assert!(!answer.has_element("form") && !answer.has_element("script"), "{path}");
        }
    }
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    assert!(ask(&server, "GET", "/connexion", &[("user-agent", firefox)]).await.has_element("#se-connecter"));
}
