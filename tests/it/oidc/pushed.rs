//! Pushed requests (RFC 9126) and request objects (RFC 9101, OIDCC 6).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::StatusCode;
use preau::base::clock::Span;
use preau::clients::AuthMethod;
use preau::protocol::algorithms::Alg;
use serde_json::{Value, json};

use crate::support::relying_party::find_pair;
use crate::support::{
    AuthorizationAttempt, Browser, ClientKey, Landing, LogoutReceiver, TestRelyingParty, TestResponse, TestServer,
};

pub(super) async fn push(rp: &TestRelyingParty, fields: &[(String, String)]) -> TestResponse {
    let authorization = rp.authorization().unwrap();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    rp.server.post("/oauth2/par", &[("authorization", &authorization)], &fields).await
}

async fn pushed(rp: &TestRelyingParty, attempt: &AuthorizationAttempt) -> String {
    let answer = push(rp, &rp.parameters(attempt)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.visible_text());
    assert_eq!(answer.header("cache-control"), "no-store");
    let body = answer.json();
    assert_eq!(body["expires_in"], 60);
    body["request_uri"].as_str().unwrap().to_owned()
}

fn short(rp: &TestRelyingParty, uri: &str) -> String {
    format!("/oauth2/authorize?client_id={}&request_uri={uri}", rp.client_id)
}

#[tokio::test]
async fn protocol_a24_a_pushed_request_is_spent_by_its_answer_not_by_a_look() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let rp = TestRelyingParty::new(&server, "ent");
    let attempt = rp.attempt();
    let uri = pushed(&rp, &attempt).await;
    let mut browser = Browser::new(&server);
    assert!(matches!(browser.open(&short(&rp, &uri)).await, Landing::OwnPage));
    // Looked at once more, in another tab.
    assert!(matches!(browser.clone_browser().open(&short(&rp, &uri)).await, Landing::OwnPage));
    // The reference has expired meanwhile, the request that the person answers has not.
    server.advance(Span::seconds(90));
    let landed = browser.sign_in(&member).await.expect_redirect_away();
    let code = rp.code(&landed, &attempt);
    rp.tokens(&attempt, &code).await;
}

#[tokio::test]
async fn fault_rt23_a_pushed_request_is_answered_once() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let rp = TestRelyingParty::new(&server, "ent");
    let mut browser = Browser::new(&server);
    rp.sign_in(&mut browser, &member).await;
    let attempt = rp.attempt();
    let uri = pushed(&rp, &attempt).await;
    let code = rp.code(&browser.open(&short(&rp, &uri)).await.expect_redirect_away(), &attempt);
    rp.tokens(&attempt, &code).await;
    browser.open(&short(&rp, &uri)).await;
    assert_eq!(browser.page.status, StatusCode::BAD_REQUEST, "a page: nothing else says where to go");
}

#[tokio::test]
async fn protocol_a24_presented_twice_it_is_answered_once_however_long_the_person_takes() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    // With that address, a request that is so old would begin anew.
    server.change_client("ent", |meta| meta.initiate_login_uri = None).await;
    let rp = TestRelyingParty::new(&server, "ent");
    let attempt = rp.attempt();
    let uri = pushed(&rp, &attempt).await;
    let (mut one, mut two) = (Browser::new(&server), Browser::new(&server));
    for browser in [&mut one, &mut two] {
        assert!(matches!(browser.open(&short(&rp, &uri)).await, Landing::OwnPage));
    }
    server.advance(Span::minutes(5));
    let code = rp.code(&one.sign_in(&member).await.expect_redirect_away(), &attempt);
    rp.tokens(&attempt, &code).await;
    // Longer than what a taken record is remembered for.
    server.advance(Span::minutes(60));
    let landed = two.sign_in(&member).await.expect_redirect_away();
    assert_eq!(rp.error(&landed, &attempt), "invalid_request_uri");
}

#[tokio::test]
async fn rfc_9126_2_only_good_requests_of_proven_clients_are_kept() {
    let server = TestServer::start().await;
    let rp = TestRelyingParty::new(&server, "ent");
    let attempt = rp.attempt();
    let bent = |name: &str, value: &str| {
        let mut all = rp.parameters(&attempt);
        all.retain(|(n, _)| n != name);
        if !value.is_empty() {
            all.push((name.to_owned(), value.to_owned()));
        }
        all
    };
    for (fields, error) in [
        (bent("request_uri", "urn:ietf:params:oauth:request_uri:x"), "invalid_request"),
        (bent("redirect_uri", "https://evil.example/cb"), "invalid_request"),
        (bent("redirect_uri", ""), "invalid_request"),
        (bent("response_type", "nonsense"), "unsupported_response_type"),
        (bent("response_type", "code id_token"), "unauthorized_client"),
        (bent("code_challenge", ""), "invalid_request"),
        (bent("code_challenge_method", "plain"), "invalid_request"),
        (bent("scope", "profile"), "invalid_scope"),
        (bent("client_id", "bourses"), "invalid_request"),
        (bent("state", &"x".repeat(7_000)), "invalid_request"),
    ] {
        let answer = push(&rp, &fields).await;
        assert_eq!((answer.status, answer.oauth_error().as_str()), (StatusCode::BAD_REQUEST, error), "{fields:?}");
    }
    let answer = server.post("/oauth2/par", &[], &[("client_id", "ent")]).await;
    assert_eq!((answer.status, answer.oauth_error().as_str()), (StatusCode::UNAUTHORIZED, "invalid_client"));
    assert_eq!(server.get("/oauth2/par").await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn attack_c1_a_reference_is_its_clients_and_short_lived() {
    let server = TestServer::start().await;
    let rp = TestRelyingParty::new(&server, "ent");
    let uri = pushed(&rp, &rp.attempt()).await;
    let other = TestRelyingParty::new(&server, "ent-toulouse");
    let mut browser = Browser::new(&server);
    for url in [short(&other, &uri), short(&rp, &format!("{uri}x")), short(&rp, "urn:ietf:params:oauth:request_uri:x")]
    {
        browser.open(&url).await;
        assert_eq!(browser.page.status, StatusCode::BAD_REQUEST, "{url}");
    }
    server.advance(Span::seconds(60));
    browser.open(&short(&rp, &uri)).await;
    assert_eq!(browser.page.status, StatusCode::BAD_REQUEST, "expired");
}

#[tokio::test]
async fn rfc_9126_6_a_client_that_must_push_is_refused_without() {
    let server = TestServer::start().await;
    server.change_client("ent", |meta| meta.require_par = true).await;
    let rp = TestRelyingParty::new(&server, "ent");
    let mut browser = Browser::new(&server);
    let attempt = rp.attempt();
    assert_eq!(rp.error(&browser.open(&attempt.url).await.expect_redirect_away(), &attempt), "invalid_request");
    let uri = pushed(&rp, &rp.attempt()).await;
    assert!(matches!(browser.open(&short(&rp, &uri)).await, Landing::OwnPage));
}

/// A request object of the parameters; `more` replaces claims, null takes one away.
pub(super) fn object(rp: &TestRelyingParty, attempt: &AuthorizationAttempt, key: &ClientKey, more: Value) -> String {
    let mut claims =
        json!({ "iss": rp.client_id, "aud": rp.server.issuer(), "exp": rp.server.now().as_seconds() + 60 });
    for (name, value) in rp.parameters(attempt) {
        claims[name] = value.into();
    }
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, v| !v.is_null());
    key.sign(&claims)
}

#[tokio::test]
async fn protocol_a19_of_a_signed_request_only_the_inside_counts() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let key = ClientKey::new("k1");
    server.change_client("ent", |meta| meta.jwks = Some(key.public_jwks())).await;
    let rp = TestRelyingParty::new(&server, "ent");
    let attempt = rp.attempt();
    let signed = object(&rp, &attempt, &key, json!({}));
    // Outside stands another address, a state, a scope: none of it counts (RFC 9101 6.3).
    let outside = [
        ("client_id", "ent"),
        ("response_type", "code"),
        ("scope", "openid"),
        ("redirect_uri", "https://evil.example/cb"),
        ("state", "outside"),
        ("prompt", "none"),
        ("request", &signed),
    ];
    let url = format!("/oauth2/authorize?{}", crate::support::server::encode_form(&outside));
    let mut browser = Browser::new(&server);
    assert!(matches!(browser.open(&url).await, Landing::OwnPage), "prompt=none outside does not count");
    let landed = browser.sign_in(&member).await.expect_redirect_away();
    rp.tokens(&attempt, &rp.code(&landed, &attempt)).await;
}

#[tokio::test]
async fn attack_j1_to_j3_a_request_object_that_does_not_hold_is_refused() {
    let server = TestServer::start().await;
    let (key, other) = (ClientKey::new("k1"), ClientKey::new("k1"));
    server.change_client("ent", |meta| meta.jwks = Some(key.public_jwks())).await;
    let rp = TestRelyingParty::new(&server, "ent");
    let attempt = rp.attempt();
    let now = server.now().as_seconds();
    let good = object(&rp, &attempt, &key, json!({}));
    let unsigned = {
        let head = "eyJhbGciOiJub25lIn0";
        format!("{head}.{}.", good.split('.').nth(1).unwrap())
    };
    let cases = [
        ("another key", object(&rp, &attempt, &other, json!({}))),
        ("none", unsigned),
        ("expired", object(&rp, &attempt, &key, json!({ "exp": now }))),
        ("ahead", object(&rp, &attempt, &key, json!({ "nbf": now + 60 }))),
        ("another issuer", object(&rp, &attempt, &key, json!({ "iss": "bourses" }))),
        ("another audience", object(&rp, &attempt, &key, json!({ "aud": "https://elsewhere.example" }))),
        ("another client", object(&rp, &attempt, &key, json!({ "client_id": "bourses" }))),
        ("nested", object(&rp, &attempt, &key, json!({ "request": "x" }))),
        ("an assertion", object(&rp, &attempt, &key, json!({ "sub": "ent" }))),
        ("nonsense", "x.y.z".to_owned()),
        ("cut", good[..good.len() - 4].to_owned()),
    ];
    let mut browser = Browser::new(&server);
    for (case, text) in cases {
        let bent = rp.attempt_with(&[("request", &text), ("state", &attempt.state)]);
        let error = rp.error(&browser.open(&bent.url).await.expect_redirect_away(), &attempt);
        assert_eq!(error, "invalid_request_object", "{case}");
    }
    // Never to an address that is not registered, whatever is wrong (docs/threats.md#protocol-a19).
    let bent = rp.attempt_with(&[("request", "x.y.z"), ("redirect_uri", "https://evil.example/cb")]);
    browser.open(&bent.url).await;
    assert_eq!(browser.page.status, StatusCode::BAD_REQUEST);
    server.change_client("ent", |meta| meta.request_object_signing_alg = Some(Alg::RS256)).await;
    let bent = rp.attempt_with(&[("request", &good)]);
    assert_eq!(
        rp.error(&browser.open(&bent.url).await.expect_redirect_away(), &bent),
        "invalid_request_object",
        "not the registered alg"
    );
    server.change_client("ent", |meta| meta.require_signed_request_object = true).await;
    let plain = rp.attempt();
    assert_eq!(
        rp.error(&browser.open(&plain.url).await.expect_redirect_away(), &plain),
        "invalid_request",
        "RFC 9101 10.5"
    );
}

#[tokio::test]
async fn attack_f3_only_a_registered_reference_is_fetched() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let key = ClientKey::new("k1");
    let rp = TestRelyingParty::new(&server, "ent");
    let attempt = rp.attempt();
    let text = object(&rp, &attempt, &key, json!({}));
    let at = LogoutReceiver::serve_text(text).await;
    server
        .change_client("ent", |meta| {
            meta.jwks = Some(key.public_jwks());
            meta.request_uris = vec![at.clone()];
        })
        .await;
    let url = |uri: &str| {
        let all = [("client_id", "ent"), ("response_type", "code"), ("scope", "openid"), ("request_uri", uri)];
        format!("/oauth2/authorize?{}", crate::support::server::encode_form(&all))
    };
    let mut browser = Browser::new(&server);
    assert!(
        matches!(browser.open(&url(&format!("{at}#v1"))).await, Landing::OwnPage),
        "{}",
        browser.page.visible_text()
    );
    let landed = browser.sign_in(&member).await.expect_redirect_away();
    rp.tokens(&attempt, &rp.code(&landed, &attempt)).await;
    let bent = rp.attempt_with(&[("request_uri", &format!("{at}/else"))]);
    let landed = browser.open(&bent.url).await.expect_redirect_away();
    assert_eq!(find_pair(&rp.query_response(&landed, &bent), "error"), Some("invalid_request_uri"));
}

/// A server that takes connections and answers none; its address, and how many there are.
async fn silent() -> (String, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://127.0.0.1:{}/object", listener.local_addr().unwrap().port());
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        let mut all = Vec::new();
        while let Ok((socket, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            all.push(socket);
        }
    });
    (address, count)
}

/// docs/threats.md#faults-a8: strangers present a request_uri that never answers; another client's keys are read all
/// the same.
#[tokio::test(flavor = "multi_thread")]
async fn faults_a8_ninety_references_that_hang_keep_no_key_waiting() {
    let server = TestServer::start().await;
    let (at, connections) = silent().await;
    server.change_client("ent", |meta| meta.request_uris = vec![at.clone(), format!("{at}/2")]).await;
    let key = ClientKey::new("k1");
    let published = LogoutReceiver::serve_text(key.public_jwks().to_string()).await;
    server
        .change_client("bourses", |meta| {
            meta.auth_method = AuthMethod::PrivateKeyJwt;
            meta.jwks_uri = Some(published);
        })
        .await;
    let mut strangers = tokio::task::JoinSet::new();
    for n in 0..90 {
        let (server, rp, at) = (server.clone(), TestRelyingParty::new(&server, "ent"), at.clone());
        strangers.spawn(async move {
            let uri = if n % 2 == 0 { format!("{at}#{n}") } else { format!("{at}/2#{n}") };
            let attempt = rp.attempt_with(&[("request_uri", &uri)]);
            let landed = Browser::new(&server).open(&attempt.url).await.expect_redirect_away();
            rp.error(&landed, &attempt)
        });
    }
    while connections.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    let rp = TestRelyingParty::new(&server, "bourses");
    let now = server.now().as_seconds();
    let claims =
        json!({ "iss": "bourses", "sub": "bourses", "aud": server.issuer(), "iat": now, "exp": now + 60, "jti": "1" });
    let fields = [
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned()),
        ("client_assertion", key.sign(&claims)),
    ];
    assert_eq!(rp.post_token(None, &fields).await.oauth_error(), "invalid_request", "past authentication");
    assert_eq!(connections.load(Ordering::SeqCst), 1, "one of a client at a time");
    for error in strangers.join_all().await {
        assert_eq!(error, "invalid_request_uri");
    }
    assert!(connections.load(Ordering::SeqCst) <= 2, "once an address, and not again for a while");
}

/// OIDCC 6.2, docs/threats.md#faults-a8: what was fetched just now is not fetched again; a version that names another
/// digest is.
#[tokio::test]
async fn faults_a8_a_reference_is_fetched_once_until_it_may_have_changed() {
    let server = TestServer::start().await;
    let rp = TestRelyingParty::new(&server, "ent");
    let (key, attempt) = (ClientKey::new("k1"), rp.attempt());
    let text = object(&rp, &attempt, &key, json!({}));
    let (at, times) = LogoutReceiver::serve_text_counted(text.clone()).await;
    server
        .change_client("ent", |meta| {
            meta.jwks = Some(key.public_jwks());
            meta.request_uris = vec![at.clone()];
        })
        .await;
    let ask = async |uri: &str| {
        let all = [("client_id", "ent"), ("response_type", "code"), ("scope", "openid"), ("request_uri", uri)];
        let url = format!("/oauth2/authorize?{}", crate::support::server::encode_form(&all));
        let mut browser = Browser::new(&server);
        assert!(matches!(browser.open(&url).await, Landing::OwnPage), "{uri}");
        assert!(browser.page.has_element("#se-connecter"), "{uri}: {}", browser.page.visible_text());
    };
    let named = format!("{at}#{}", preau::base::secret::sha256_base64url(&text));
    for (uri, fetched) in [(&at, 1), (&at, 1), (&named, 1), (&format!("{at}#another"), 2)] {
        ask(uri).await;
        assert_eq!(times.load(Ordering::SeqCst), fetched, "{uri}");
    }
    server.advance(Span::seconds(10));
    ask(&named).await;
    assert_eq!(times.load(Ordering::SeqCst), 2, "its digest says that it is the same");
    ask(&at).await;
    assert_eq!(times.load(Ordering::SeqCst), 3);
}
