//! Logout tokens of the provider: accepted and rejected tokens, and the sessions ended (BCL 2.6).

use std::sync::Arc;

use axum::http::StatusCode;
use openidconnect::PrivateSigningKey as _;
use openidconnect::core::CoreJwsSigningAlgorithm;
use serde_json::{Value, json};

use super::super::relying_party::VerifiedUser;
use super::super::service::SampleService;
use super::super::{SampleSites, SharedSites};
use super::provider::FakeProvider;
use super::{NOW, config, get, post, text};
use crate::base::clock::{ManualClock, Span, Timestamp};
use crate::base::secret::base64url;

struct Fixture {
    fake: Arc<FakeProvider>,
    clock: Arc<ManualClock>,
    state: SharedSites,
}

const PORTAL: &str = "/ent/fin-de-session";

async fn fixture() -> Fixture {
    let fake = FakeProvider::start().await;
    let clock = Arc::new(ManualClock::at(NOW));
    let state = Arc::new(SampleSites::build(config(&fake.issuer, Arc::clone(&clock))).unwrap());
    Fixture { fake, clock, state }
}

impl Fixture {
    fn claims(&self, jti: &str) -> Value {
        json!({
            "iss": self.fake.issuer, "aud": "mon-ent-mer", "iat": NOW.as_seconds(), "exp": NOW.as_seconds() + 120, "jti": jti,
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} }, "sub": "person", "sid": "session-9",
        })
    }

    fn signed(&self, header: &Value, claims: &Value) -> String {
        let message =
            format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(claims.to_string().as_bytes()));
        let signature = self.fake.key().sign(&CoreJwsSigningAlgorithm::EdDsa, message.as_bytes()).unwrap();
        format!("{message}.{}", base64url(&signature))
    }

    fn good_token(&self, claims: &Value) -> String {
        self.signed(&json!({ "alg": "EdDSA", "kid": "one", "typ": "logout+jwt" }), claims)
    }

    async fn post_token(&self, path: &str, token: &str) -> StatusCode {
        let answer = post(&self.state, path, "", &format!("logout_token={token}")).await;
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let status = answer.status();
        // 503: the check is impossible at the moment.
        assert!([StatusCode::OK, StatusCode::BAD_REQUEST, StatusCode::SERVICE_UNAVAILABLE].contains(&status));
        if status == StatusCode::BAD_REQUEST {
            assert!(text(answer).await.contains("\"error\":\"invalid_request\""));
        }
        status
    }

    /// Creates a session at the portal and returns its cookie.
    fn open_session(&self, client: &str, sub: &str, sid: &str) -> String {
        let who = VerifiedUser { sub: sub.to_owned(), sid: Some(sid.to_owned()), ..VerifiedUser::default() };
        let (service, rng) = (SampleService::of_client(client), &*self.state.random);
        format!("{}_session={}", service.prefix(), self.state.sessions.create(service, client, who, NOW, rng))
    }

    async fn is_open(&self, cookie: &str) -> bool {
        get(&self.state, "/ent/accueil", cookie).await.status() == StatusCode::OK
    }
}

#[tokio::test]
async fn bcl_2_6_a_good_token_ends_the_sessions_that_it_names_and_no_other() {
    let s = fixture().await;
    let told = s.open_session("mon-ent-mer", "person", "session-9");
    let others = [
        s.open_session("mon-ent-mer", "person", "session-10"),
        s.open_session("mon-ent-mer", "somebody", "session-9"),
        s.open_session("mon-ent-toulouse", "person", "session-9"),
    ];
    assert_eq!(s.post_token(PORTAL, &s.good_token(&s.claims("1"))).await, StatusCode::OK);
    assert!(!s.is_open(&told).await);
    for other in &others {
        assert!(s.is_open(other).await);
    }
    // No session is left: success all the same.
    assert_eq!(s.post_token(PORTAL, &s.good_token(&s.claims("2"))).await, StatusCode::OK);
    // Without sid: every session of the user.
    let mut claims = s.claims("3");
    claims.as_object_mut().unwrap().remove("sid");
    assert_eq!(s.post_token(PORTAL, &s.good_token(&claims)).await, StatusCode::OK);
    assert!(!s.is_open(&others[0]).await && s.is_open(&others[1]).await && s.is_open(&others[2]).await);
    // A key newer than the cached metadata.
    s.clock.advance(Span::seconds(30));
    s.fake.rotate();
    let renewed = s.signed(&json!({ "alg": "EdDSA", "kid": "two", "typ": "logout+jwt" }), &s.claims("4"));
    assert_eq!(s.post_token(PORTAL, &renewed).await, StatusCode::OK);
}

#[tokio::test]
async fn bcl_2_6_whatever_is_wrong_with_a_token_ends_nothing() {
    let s = fixture().await;
    let session = s.open_session("mon-ent-mer", "person", "session-9");
    let with = |name: &str, value: Value| {
        let mut claims = s.claims("1");
        let map = claims.as_object_mut().unwrap();
        if value.is_null() {
            map.remove(name)
        } else {
            map.insert(name.to_owned(), value)
        };
        s.good_token(&claims)
    };
    let at = |time: Timestamp| json!(time.as_seconds());
    let good = s.good_token(&s.claims("1"));
    let (body, signature) = good.rsplit_once('.').unwrap();
    let mut neither = s.claims("1");
    neither.as_object_mut().unwrap().retain(|name, _| name != "sub" && name != "sid");
    let header = |alg: &str, kid: &str, typ: &str| json!({ "alg": alg, "kid": kid, "typ": typ });
    for (case, token) in [
        ("nothing", String::new()),
        ("rubbish", "a.b.c".to_owned()),
        ("iss", with("iss", json!("http://evil.example"))),
        ("aud", with("aud", json!("another"))),
        ("a client of the neighbour", with("aud", json!("bourses"))),
        ("iat, old", with("iat", at(NOW.minus(Span::minutes(6))))),
        ("iat, ahead", with("iat", at(NOW.plus(Span::minutes(2))))),
        ("exp", with("exp", at(NOW.minus(Span::minutes(2))))),
        ("no exp", with("exp", Value::Null)),
        ("no jti", with("jti", Value::Null)),
        ("no events", with("events", Value::Null)),
        ("another event", with("events", json!({ "x": {} }))),
        (
            "an event that is no object",
            with("events", json!({ "http://schemas.openid.net/event/backchannel-logout": 1 })),
        ),
        ("a nonce", with("nonce", json!("n"))),
        ("neither sub nor sid", s.good_token(&neither)),
        ("an ID token", s.signed(&header("EdDSA", "one", "JWT"), &s.claims("1"))),
        ("no algorithm", s.signed(&header("none", "one", "logout+jwt"), &s.claims("1"))),
        ("another algorithm", s.signed(&header("HS256", "one", "logout+jwt"), &s.claims("1"))),
        ("unsigned", format!("{body}.")),
        ("signature bent", format!("{body}.{}", signature.replace(&signature[..2], "AA"))),
    ] {
        assert_eq!(s.post_token(PORTAL, &token).await, StatusCode::BAD_REQUEST, "{case}");
        assert!(s.is_open(&session).await, "{case}");
    }
    // An unknown key may be too new: the provider tries again.
    let unknown = s.signed(&header("EdDSA", "three", "logout+jwt"), &s.claims("1"));
    assert_eq!(s.post_token(PORTAL, &unknown).await, StatusCode::SERVICE_UNAVAILABLE);
    assert!(s.is_open(&session).await);
    assert_eq!(s.post_token("/bourses/fin-de-session", &good).await, StatusCode::BAD_REQUEST, "the portal's");
    // The token itself is valid: each rejection above was caused by the change.
    assert_eq!(s.post_token(PORTAL, &good).await, StatusCode::OK);
    assert!(!s.is_open(&session).await);
    let again = s.open_session("mon-ent-mer", "person", "session-9");
    assert_eq!(s.post_token(PORTAL, &good).await, StatusCode::BAD_REQUEST, "once");
    assert!(s.is_open(&again).await);
}
