//! What is announced is wired, and what is wired is announced (OIDCD 3, RFC 8414 2); the keys; who may read.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, StatusCode, header};
use preau::base::clock::Span;
use preau::protocol::response::ResponseType;
use serde_json::Value;

use crate::support::relying_party::decode_part;
use crate::support::{Browser, TestRelyingParty, TestResponse, TestServer, database, deployment};

const DISCOVERY: &str = "/.well-known/openid-configuration";

fn list(document: &Value, name: &str) -> Vec<String> {
    let values = document[name].as_array().unwrap_or_else(|| panic!("{name}"));
    values.iter().map(|v| v.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn protocol_a9_the_document_says_what_there_is_and_what_there_is_not() {
    let server = TestServer::start_with_config(|config| {
        config.server.issuer = "https://id.example.fr".to_owned();
        config.phones.fictitious.clear();
        config.outgoing.allow_private = false;
    })
    .await;
    let answer = server.get(DISCOVERY).await;
    assert_eq!(answer.status, StatusCode::OK);
    let document = answer.json();
    assert_eq!(document["issuer"], "https://id.example.fr");
    for (name, value) in document.as_object().unwrap() {
        if name.ends_with("_endpoint") || name == "jwks_uri" {
            assert!(value.as_str().unwrap().starts_with("https://id.example.fr/oauth2/"), "{name}: {value}");
        }
        if name.ends_with("_supported") {
            let strings = value.as_array().is_some_and(|all| !all.is_empty() && all.iter().all(Value::is_string));
            assert!(value.is_boolean() || strings, "{name}: {value}");
        }
        assert!(!value.is_null(), "{name}");
    }
    // responses.rs, token.rs and refresh.rs try each.
    assert_eq!(list(&document, "response_types_supported"), ResponseType::ALL.map(ResponseType::name));
    assert_eq!(list(&document, "response_modes_supported"), ["query", "fragment", "form_post"]);
    assert_eq!(
        list(&document, "grant_types_supported"),
        ["authorization_code", "implicit", "refresh_token", "client_credentials"]
    );
    assert_eq!(list(&document, "code_challenge_methods_supported"), ["S256"]);
    assert!(list(&document, "id_token_signing_alg_values_supported").contains(&"RS256".to_owned()));
    assert!(list(&document, "scopes_supported").contains(&"openid".to_owned()));
    for name in [
        "request_parameter_supported",
        "request_uri_parameter_supported",
        "require_request_uri_registration",
        "claims_parameter_supported",
        "authorization_response_iss_parameter_supported",
    ] {
        assert_eq!(document[name], true, "{name}");
    }
    assert!(
        !document
            .as_object()
            .unwrap()
            .values()
            .any(|v| v.to_string().contains("none\"") && v.to_string().contains("RS256"))
    );
}

#[tokio::test]
async fn attack_p10_each_announced_endpoint_answers_and_no_other_is_there() {
    let server = TestServer::start().await;
    let document = server.get(DISCOVERY).await.json();
    let path = |name: &str| document[name].as_str().unwrap().strip_prefix(server.issuer()).unwrap().to_owned();
    assert_eq!(server.get(&path("authorization_endpoint")).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(server.post(&path("token_endpoint"), &[], &[]).await.oauth_error(), "invalid_client");
    assert_eq!(server.get(&path("userinfo_endpoint")).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(server.get(&path("end_session_endpoint")).await.status, StatusCode::OK);
    assert_eq!(server.get(&path("jwks_uri")).await.status, StatusCode::OK);
    let announced: BTreeSet<&str> =
        document.as_object().unwrap().keys().map(String::as_str).filter(|n| n.ends_with("_endpoint")).collect();
    let wired = [
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "end_session_endpoint",
        "pushed_authorization_request_endpoint",
        "introspection_endpoint",
        "revocation_endpoint",
        "registration_endpoint",
    ];
    assert_eq!(announced, wired.into());
    for name in ["pushed_authorization_request_endpoint", "introspection_endpoint", "revocation_endpoint"] {
        assert_eq!(server.post(&path(name), &[], &[]).await.oauth_error(), "invalid_client", "{name}");
    }
    // a10: nobody registers himself.
    let answer = server.post(&path("registration_endpoint"), &[], &[]).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    // What is not there yet answers nothing.
    for path in ["/oauth2/device", "/api/admin/v1"] {
        assert_eq!(server.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(server.post(path, &[], &[("token", "x")]).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn protocol_a9_scopes_methods_acr_and_claims_are_those_that_are_given() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    server.confirm_email(&member, "anne.durand@example.org").await;
    let document = server.get(DISCOVERY).await.json();
    let announced: BTreeSet<String> = list(&document, "claims_supported").into_iter().collect();
    let rp = TestRelyingParty::new(&server, "ent");
    let tokens = rp.sign_in(&mut Browser::new(&server), &member).await;
    let userinfo = rp.userinfo(&tokens.access_token).await.json();
    // With a response type that has it (responses.rs).
    // And the class, of a pupil only (letters.rs), and what only people of AAF have (rosters.rs).
    let mut given: BTreeSet<String> = ["c_hash".to_owned(), "class".to_owned(), "FrEduCtRefId".to_owned()].into();
    given.extend(tokens.claims.as_object().unwrap().keys().cloned());
    given.extend(userinfo.as_object().unwrap().keys().cloned());
    assert_eq!(announced, given);
    assert_eq!(list(&document, "scopes_supported").join(" "), format!("{} offline_access", rp.scope));
    assert!(list(&document, "acr_values_supported").iter().any(|acr| tokens.claims["acr"] == **acr));
    let methods = list(&document, "token_endpoint_auth_methods_supported");
    let tried = ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"];
    assert_eq!(methods, tried, "client_auth.rs and assertions.rs try each");
}

/// The JWKS as it was read.
async fn keys(server: &TestServer) -> Vec<Value> {
    server.get("/oauth2/jwks").await.json()["keys"].as_array().unwrap().clone()
}

#[tokio::test]
async fn protocol_a8_the_keys_are_public_named_and_complete() {
    let server = TestServer::start().await;
    let keys = keys(&server).await;
    let mut kids = BTreeSet::new();
    for key in &keys {
        assert!(kids.insert(key["kid"].as_str().unwrap()), "two keys of one name");
        assert_eq!(key["use"], "sig");
        for (name, value) in key.as_object().unwrap() {
            assert!(
                ["kty", "kid", "use", "alg", "n", "e", "crv", "x", "y", "key_ops"].contains(&name.as_str()),
                "{name}"
            );
            let text = value.as_str().unwrap_or_default();
            if ["n", "e", "x", "y"].contains(&name.as_str()) {
                assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{name}: {text}");
            }
        }
    }
    let algs: BTreeSet<&str> = keys.iter().map(|k| k["alg"].as_str().unwrap()).collect();
    assert!(algs.contains("RS256") && algs.contains("ES256"), "{algs:?}");
    let rsa = keys.iter().find(|k| k["alg"] == "RS256").unwrap();
    assert_eq!(rsa["n"].as_str().unwrap().len(), 342, "2048 bits");
    for path in ["/oauth2/jwks", DISCOVERY] {
        assert_eq!(server.get(path).await.header("cache-control"), "public, max-age=300", "{path}");
    }
}

#[tokio::test]
async fn the_keys_survive_a_restart_and_old_tokens_verify() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let tokens = TestRelyingParty::new(&server, "ent").sign_in(&mut Browser::new(&server), &member).await;
    let again = server.restart().await;
    assert_eq!(keys(&again).await, keys(&server).await);
    let answer = TestRelyingParty::new(&again, "ent").userinfo(&tokens.access_token).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        decode_part(&tokens.id_token, 0)["kid"],
        keys(&server).await.iter().find(|k| k["alg"] == "RS256").unwrap()["kid"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_that_start_at_once_publish_the_same_keys() {
    // One SQLite file is one server's; two at once are PostgreSQL's affair.
    if database::postgres().is_none() {
        return;
    }
    let folder = std::sync::Arc::new(tempfile::TempDir::new().unwrap());
    let config = crate::support::server::test_config(&folder).await;
    let clock = std::sync::Arc::new(preau::base::clock::ManualClock::at(crate::support::server::START_TIME));
    let starts = (1..=4).map(|seed| {
        tokio::spawn(TestServer::build(
            config.clone(),
            std::sync::Arc::clone(&clock),
            std::sync::Arc::clone(&folder),
            seed,
        ))
    });
    let mut published = Vec::new();
    for start in starts.collect::<Vec<_>>() {
        published.push(keys(&start.await.unwrap()).await);
    }
    assert!(published.windows(2).all(|two| two[0] == two[1]), "{published:?}");
}

async fn from(
    server: &TestServer,
    method: Method,
    path: &str,
    origin: &str,
    more: &[(&'static str, &str)],
) -> TestResponse {
    let mut request = Request::builder().method(method).uri(path).header(header::ORIGIN, origin);
    for (name, value) in more {
        request = request.header(*name, HeaderValue::from_str(value).unwrap());
    }
    server.call(request.body(Body::from("grant_type=authorization_code&code=x&redirect_uri=x")).unwrap()).await
}

#[tokio::test]
async fn attack_s10_answers_are_read_by_the_client_s_own_origins_only() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    for path in [DISCOVERY, "/oauth2/jwks"] {
        let answer = from(&server, Method::GET, path, "https://any.example", &[]).await;
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert!(answer.header("access-control-allow-credentials").is_empty());
    }
    let rp = TestRelyingParty::new(&server, "ent");
    let tokens = rp.sign_in(&mut Browser::new(&server), &member).await;
    let bearer = format!("Bearer {}", tokens.access_token);
    let basic = rp.authorization().unwrap();
    let form = ("content-type", "application/x-www-form-urlencoded");
    for (origin, may) in [
        ("https://ent.example", true),
        ("https://evil.example", false),
        ("https://bourses.example", false),
        ("https://ent.example.evil.example", false),
        ("http://ent.example", false),
        ("https://ent.example:8443", false),
        ("null", false),
        ("http://localhost:8080", false),
    ] {
        let userinfo = from(&server, Method::GET, "/oauth2/userinfo", origin, &[("authorization", &bearer)]).await;
        let token = from(&server, Method::POST, "/oauth2/token", origin, &[("authorization", &basic), form]).await;
        for answer in [userinfo, token] {
            assert_eq!(answer.header("access-control-allow-origin"), if may { origin } else { "" }, "{origin}");
            assert!(answer.header("access-control-allow-credentials").is_empty());
        }
        for path in ["/connexion", "/compte", "/oauth2/authorize", "/oauth2/logout"] {
            let answer = from(&server, Method::GET, path, origin, &[]).await;
            assert!(answer.header("access-control-allow-origin").is_empty(), "{path} {origin}");
        }
    }
    // A script must be able to read that its token has expired, and nobody else's, or it sees a network that is down.
    server.advance(Span::minutes(6));
    for (origin, may) in [("https://ent.example", true), ("https://bourses.example", false)] {
        let answer = from(&server, Method::GET, "/oauth2/userinfo", origin, &[("authorization", &bearer)]).await;
        assert_eq!((answer.status, answer.oauth_error().as_str()), (StatusCode::UNAUTHORIZED, "invalid_token"));
        assert_eq!(answer.header("access-control-allow-origin"), if may { origin } else { "" }, "{origin}");
    }
    let preflight = from(&server, Method::OPTIONS, "/oauth2/token", "https://ent.example", &[]).await;
    assert_eq!(preflight.status, StatusCode::NO_CONTENT);
    assert!(preflight.header("access-control-allow-headers").contains("authorization"));
    assert!(preflight.header("access-control-allow-credentials").is_empty());
    assert_eq!(deployment::redirect_uri("ent"), "https://ent.example/retour");
}
