//! Clients that prove themselves by a signed assertion (RFC 7523, OIDCC 9).

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use preau::base::clock::Span;
use preau::clients::AuthMethod;
use preau::ephemeral::Namespace;
use serde_json::{Value, json};

use crate::support::{Browser, ClientKey, LogoutReceiver, TestRelyingParty, TestResponse, TestServer};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

async fn fixture() -> (TestServer, TestRelyingParty, ClientKey) {
    let server = TestServer::start().await;
    let key = ClientKey::new("k1");
    server
        .change_client("ent", |meta| {
            meta.auth_method = AuthMethod::PrivateKeyJwt;
            meta.jwks = Some(key.public_jwks());
        })
        .await;
    let rp = TestRelyingParty::new(&server, "ent");
    (server, rp, key)
}

fn assertion(server: &TestServer, key: &ClientKey, jti: &str, more: Value) -> String {
    let now = server.now().as_seconds();
    let mut claims =
        json!({ "iss": "ent", "sub": "ent", "aud": server.issuer(), "iat": now, "exp": now + 60, "jti": jti });
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, v| !v.is_null());
    key.sign(&claims)
}

async fn post_assertion(rp: &TestRelyingParty, text: &str, more: &[(&'static str, String)]) -> TestResponse {
    let mut fields = vec![("client_assertion_type", TYPE.to_owned()), ("client_assertion", text.to_owned())];
    fields.extend_from_slice(more);
    rp.post_token(None, &fields).await
}

#[tokio::test]
async fn protocol_a23_a_good_assertion_is_taken_once_whatever_audience_libraries_write() {
    let (server, rp, key) = fixture().await;
    let member = server.create_durand().await;
    let mut browser = Browser::new(&server);
    let token = format!("{}/oauth2/token", server.issuer());
    let audiences =
        [json!(server.issuer()), json!(token), json!([server.issuer()]), json!(["https://x.example", token])];
    for (n, aud) in audiences.into_iter().enumerate() {
        let (attempt, code) = rp.obtain_code(&mut browser, &member).await;
        let text = assertion(&server, &key, &n.to_string(), json!({ "aud": aud }));
        let fields = rp.exchange_fields(&attempt, &code);
        let answer = post_assertion(&rp, &text, &fields).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.visible_text());
        let replayed = post_assertion(&rp, &text, &fields).await;
        assert_eq!(
            (replayed.status, replayed.oauth_error().as_str()),
            (StatusCode::UNAUTHORIZED, "invalid_client"),
            "t14"
        );
    }
}

#[tokio::test]
async fn attack_t14_an_assertion_that_does_not_hold_is_refused() {
    let (server, rp, key) = fixture().await;
    let now = server.now().as_seconds();
    let stranger = ClientKey::new("k1");
    let make = |n: &str, more: Value| assertion(&server, &key, n, more);
    for (case, text) in [
        ("another key", assertion(&server, &stranger, "a", json!({}))),
        ("an unknown kid", assertion(&server, &ClientKey::new("k2"), "b", json!({}))),
        ("iss", make("c", json!({ "iss": "bourses" }))),
        ("no sub", make("d", json!({ "sub": null }))),
        ("no aud", make("e", json!({ "aud": null }))),
        ("aud", make("f", json!({ "aud": "https://elsewhere.example" }))),
        ("no exp", make("g", json!({ "exp": null }))),
        ("expired", make("h", json!({ "exp": now }))),
        ("exp far away", make("i", json!({ "exp": now + 86_400 }))),
        ("exp no integer", make("j", json!({ "exp": "soon" }))),
        ("nbf ahead", make("k", json!({ "nbf": now + 60 }))),
        ("iat ahead", make("l", json!({ "iat": now + 60 }))),
        ("no jti", make("m", json!({ "jti": null }))),
        ("nonsense", "x".to_owned()),
    ] {
        let answer = post_assertion(&rp, &text, &[]).await;
        assert_eq!(
            (answer.status, answer.oauth_error().as_str()),
            (StatusCode::UNAUTHORIZED, "invalid_client"),
            "{case}"
        );
    }
    // Ten seconds ahead is a clock.
    let answer = post_assertion(&rp, &make("n", json!({ "iat": now + 9, "nbf": now + 9 })), &[]).await;
    assert_eq!(answer.oauth_error(), "invalid_request", "past authentication: grant_type is missing");
}

/// docs/threats.md#faults-a7: minutes (RFC 7523 3 (4) and (6)), and a jti is known as long as the assertion could be
/// taken.
#[tokio::test]
async fn faults_a7_an_assertion_is_good_for_five_minutes_whatever_it_says() {
    let (server, rp, key) = fixture().await;
    let make = |n: &str, more: Value| assertion(&server, &key, n, more);
    let now = server.now().as_seconds();
    for (case, more, taken) in [
        ("an hour from now, as libraries write", json!({ "exp": now + 3_600 }), true),
        ("more than an hour", json!({ "exp": now + 3_601 }), false),
        ("without iat, four minutes", json!({ "iat": null, "exp": now + 240 }), true),
        ("without iat, six minutes", json!({ "iat": null, "exp": now + 360 }), false),
        ("made four minutes ago", json!({ "iat": now - 240, "exp": now + 3_000 }), true),
        ("made six minutes ago", json!({ "iat": now - 360, "exp": now + 3_000 }), false),
    ] {
        let error = post_assertion(&rp, &make(case, more), &[]).await.oauth_error();
        assert_eq!(error, if taken { "invalid_request" } else { "invalid_client" }, "{case}");
    }
    let text = make("again", json!({ "exp": now + 3_600 }));
    assert_eq!(post_assertion(&rp, &text, &[]).await.oauth_error(), "invalid_request");
    for seconds in [0, 150, 148, 2, 60] {
        server.advance(Span::seconds(seconds));
        assert_eq!(post_assertion(&rp, &text, &[]).await.oauth_error(), "invalid_client", "{seconds} s later");
    }
}

/// docs/threats.md#faults-a7: who fills its place fills nobody else's.
#[tokio::test]
async fn faults_a7_a_client_without_room_for_a_jti_is_alone_with_that() {
    let (server, rp, key) = fixture().await;
    server
        .change_client("bourses", |meta| {
            meta.auth_method = AuthMethod::PrivateKeyJwt;
            meta.jwks = Some(key.public_jwks());
        })
        .await;
    let end = server.now().plus(Span::minutes(4));
    for owner in ["ent", "a", "b", "c"] {
        server.fill_with_claims(owner, Namespace::Assertion, end).await;
    }
    let full = post_assertion(&rp, &assertion(&server, &key, "1", json!({})), &[]).await;
    assert_eq!((full.status, full.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "5"));
    let other = assertion(&server, &key, "1", json!({ "iss": "bourses", "sub": "bourses" }));
    assert_eq!(post_assertion(&rp, &other, &[]).await.oauth_error(), "invalid_request", "past authentication");
    server.advance(Span::minutes(5));
    let later = post_assertion(&rp, &assertion(&server, &key, "1", json!({})), &[]).await;
    assert_eq!(later.oauth_error(), "invalid_request", "in minutes");
}

#[tokio::test]
async fn attack_c11_one_method_at_once_and_the_registered_one() {
    let (server, rp, key) = fixture().await;
    let text = assertion(&server, &key, "1", json!({}));
    let two = post_assertion(&rp, &text, &[("client_secret", "x".to_owned())]).await;
    assert_eq!(two.oauth_error(), "invalid_request");
    let basic = rp.post_token(rp.authorization().as_deref(), &[]).await;
    assert_eq!(basic.oauth_error(), "invalid_client", "its secret no longer counts");
    let other = post_assertion(&rp, &text, &[("client_id", "bourses".to_owned())]).await;
    assert_eq!(other.oauth_error(), "invalid_client");
    let wrong = rp.post_token(None, &[("client_assertion_type", "x".to_owned()), ("client_assertion", text)]).await;
    assert_eq!(wrong.oauth_error(), "invalid_client");
    // A client that is registered for a secret is not proven by a key.
    server.change_client("ent", |meta| meta.auth_method = AuthMethod::ClientSecretBasic).await;
    let answer = post_assertion(&rp, &assertion(&server, &key, "2", json!({})), &[]).await;
    assert_eq!(answer.oauth_error(), "invalid_client");
}

#[tokio::test]
async fn fault_rt23_a_jti_counts_once_among_fifty() {
    let (server, rp, key) = fixture().await;
    let text = assertion(&server, &key, "1", json!({}));
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (rp, text) = (rp.clone(), text.clone());
        all.spawn(async move { post_assertion(&rp, &text, &[]).await.oauth_error() });
    }
    let mut taken = 0;
    while let Some(error) = all.join_next().await {
        taken += usize::from(error.unwrap() == "invalid_request");
    }
    assert_eq!(taken, 1);
}

/// docs/threats.md#faults-a14: with the neutral point as its key, `R` neutral and `s` zero sign whatever is said.
#[tokio::test]
async fn faults_a14_nobody_signs_for_a_client_whose_key_is_a_point_of_small_order() {
    let server = TestServer::start().await;
    let mut neutral = [0_u8; 32];
    neutral[0] = 1;
    let jwks =
        json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "k", "x": URL_SAFE_NO_PAD.encode(neutral) }] });
    let now = server.now().as_seconds();
    let claims = json!({ "iss": "ent", "sub": "ent", "aud": server.issuer(), "iat": now, "exp": now + 60, "jti": "1" });
    let [header, body] = [json!({ "alg": "EdDSA", "kid": "k" }), claims].map(|v| URL_SAFE_NO_PAD.encode(v.to_string()));
    let signature = URL_SAFE_NO_PAD.encode([neutral, [0; 32]].concat());
    let forged = format!("{header}.{body}.{signature}");
    let rp = TestRelyingParty::new(&server, "ent");
    let published = LogoutReceiver::serve_text(jwks.to_string()).await;
    for (jwks, jwks_uri) in [(Some(jwks), None), (None, Some(published))] {
        server
            .change_client("ent", |meta| {
                meta.auth_method = AuthMethod::PrivateKeyJwt;
                (meta.jwks, meta.jwks_uri) = (jwks, jwks_uri);
            })
            .await;
        assert_eq!(post_assertion(&rp, &forged, &[]).await.oauth_error(), "invalid_client");
    }
}
