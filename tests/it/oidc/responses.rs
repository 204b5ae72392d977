//! Response types and modes (OIDCC 3.2, 3.3; OAuth 2.0 Multiple Response Types and Form Post Response Mode).

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use preau::clients::GrantType;
use preau::protocol::algorithms::Alg;
use preau::protocol::response::ResponseType;
use serde_json::Value;
use sha2::{Digest, Sha256, Sha512};

use crate::support::relying_party::{decode_part, find_pair};
use crate::support::{Browser, Landing, TestRelyingParty, TestServer};

async fn fixture() -> (TestServer, TestRelyingParty) {
    fixture_on(TestServer::start().await).await
}

async fn fixture_on(server: TestServer) -> (TestServer, TestRelyingParty) {
    server
        .change_client("ent", |meta| {
            meta.response_types = ResponseType::ALL.to_vec();
            meta.grant_types = vec![GrantType::AuthorizationCode, GrantType::Implicit];
        })
        .await;
    let rp = TestRelyingParty::new(&server, "ent");
    (server, rp)
}

fn left_half(text: &str) -> Value {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(text.as_bytes())[..16]).into()
}

#[tokio::test]
async fn protocol_a13_each_response_type_gives_what_it_names_with_the_hashes() {
    let (server, rp) = fixture().await;
    let member = server.create_durand().await;
    let mut browser = Browser::new(&server);
    rp.sign_in(&mut browser, &member).await;
    for kind in ResponseType::ALL.into_iter().filter(|kind| kind.uses_front_channel()) {
        let attempt = rp.attempt_with(&[("response_type", kind.name())]);
        let landed = browser.open(&attempt.url).await.expect_redirect_away();
        let all = rp.fragment_response(&landed, &attempt);
        for (name, wanted) in [("code", kind.code), ("id_token", kind.id_token), ("access_token", kind.token)] {
            assert_eq!(find_pair(&all, name).is_some(), wanted, "{kind}: {name}");
        }
        if let Some(token) = find_pair(&all, "access_token") {
            assert_eq!((find_pair(&all, "token_type"), find_pair(&all, "expires_in")), (Some("Bearer"), Some("300")));
            assert_eq!(rp.userinfo(token).await.status, StatusCode::OK, "{kind}");
        }
        if let Some(token) = find_pair(&all, "id_token") {
            let claims = decode_part(token, 1);
            assert_eq!(claims["nonce"], attempt.nonce);
            assert_eq!(claims["at_hash"], find_pair(&all, "access_token").map_or(Value::Null, left_half), "{kind}");
            assert_eq!(claims["c_hash"], find_pair(&all, "code").map_or(Value::Null, left_half), "{kind}");
            // A10: the scopes' claims only where no access token could fetch them.
            assert_eq!(claims["given_name"].is_string(), !kind.code && !kind.token, "{kind}");
        }
        if let Some(code) = find_pair(&all, "code") {
            let tokens = rp.tokens(&attempt, code).await;
            assert_eq!(
                tokens.claims["sub"],
                find_pair(&all, "id_token").map_or(tokens.claims["sub"].clone(), |t| decode_part(t, 1)["sub"].clone())
            );
        }
    }
}

#[tokio::test]
async fn protocol_a20_a_form_post_is_a_page_that_sends_itself_errors_too() {
    let (server, rp) = fixture().await;
    let member = server.create_durand().await;
    let mut browser = Browser::new(&server);
    rp.sign_in(&mut browser, &member).await;
    for kind in ResponseType::ALL {
        let attempt = rp.attempt_with(&[("response_type", kind.name()), ("response_mode", "form_post")]);
        assert!(matches!(browser.open(&attempt.url).await, Landing::OwnPage));
        assert_eq!(browser.page.status, StatusCode::OK);
        let all = rp.form_post_response(&browser.page, &attempt);
        assert_eq!(find_pair(&all, "code").is_some(), kind.code, "{kind}");
        let bent = rp.attempt_with(&[
            ("response_type", kind.name()),
            ("response_mode", "form_post"),
            ("prompt", "none login"),
        ]);
        browser.open(&bent.url).await;
        let all = rp.form_post_response(&browser.page, &bent);
        assert_eq!(find_pair(&all, "error"), Some("invalid_request"), "{kind}");
    }
}

#[tokio::test]
async fn protocol_a7_a_front_channel_id_token_needs_a_nonce_and_never_travels_in_a_query() {
    let (server, rp) = fixture().await;
    let mut browser = Browser::new(&server);
    for (more, error) in [
        (&[("nonce", "")][..], "invalid_request"),
        (&[("response_mode", "query")], "invalid_request"),
        (&[("prompt", "none")], "login_required"),
        (&[("response_mode", "elsewhere")], "invalid_request"),
    ] {
        for kind in ["id_token", "code id_token", "code id_token token", "id_token token"] {
            let mut all = vec![("response_type", kind)];
            all.extend_from_slice(more);
            let attempt = rp.attempt_with(&all);
            let landed = browser.open(&attempt.url).await.expect_redirect_away();
            assert_eq!(find_pair(&rp.fragment_response(&landed, &attempt), "error"), Some(error), "{kind} {more:?}");
        }
    }
    // `code token` needs none, and gets none back.
    let attempt = rp.attempt_with(&[("response_type", "code token"), ("nonce", "")]);
    assert!(matches!(browser.open(&attempt.url).await, Landing::OwnPage), "the sign-in page");
}

#[tokio::test]
async fn attack_c8_a_response_type_that_is_not_registered_is_refused() {
    let server = TestServer::start().await;
    let rp = TestRelyingParty::new(&server, "ent");
    let mut browser = Browser::new(&server);
    for kind in ResponseType::ALL.into_iter().filter(|kind| kind.uses_front_channel()) {
        let attempt = rp.attempt_with(&[("response_type", kind.name())]);
        let landed = browser.open(&attempt.url).await.expect_redirect_away();
        assert_eq!(find_pair(&rp.fragment_response(&landed, &attempt), "error"), Some("unauthorized_client"));
    }
    for kind in ["token", "none", "code code", "code+id_token", "x"] {
        let attempt = rp.attempt_with(&[("response_type", kind)]);
        let landed = browser.open(&attempt.url).await.expect_redirect_away();
        assert_eq!(rp.error(&landed, &attempt), "unsupported_response_type", "{kind}");
    }
}

#[tokio::test]
async fn oidcc_2_id_tokens_are_signed_as_the_client_is_registered() {
    let (server, rp) =
        fixture_on(TestServer::start_with_config(|config| config.keys.algorithms = Alg::ALL.to_vec()).await).await;
    let member = server.create_durand().await;
    for alg in Alg::ALL {
        server.change_client("ent", |meta| meta.id_token.signed = Some(alg)).await;
        let mut browser = Browser::new(&server);
        let (attempt, code) = rp.obtain_code(&mut browser, &member).await;
        let body = rp.exchange(&attempt, &code).await.json();
        let (id, access) = (body["id_token"].as_str().unwrap(), body["access_token"].as_str().unwrap());
        let header = decode_part(id, 0);
        assert_eq!(header["alg"], alg.name());
        let keys = server.get("/oauth2/jwks").await.json();
        let named = keys["keys"].as_array().unwrap().iter().filter(|key| key["kid"] == header["kid"]);
        assert_eq!(named.map(|key| key["alg"].clone()).collect::<Vec<_>>(), [Value::from(alg.name())]);
        let hash = match alg {
            Alg::EdDSA => URL_SAFE_NO_PAD.encode(&Sha512::digest(access.as_bytes())[..32]).into(),
            _ => left_half(access),
        };
        assert_eq!(decode_part(id, 1)["at_hash"], hash, "{}", alg.name());
        // A hint of any of them is known again.
        let attempt = rp.attempt_with(&[("prompt", "none"), ("id_token_hint", id)]);
        assert!(!rp.code(&browser.open(&attempt.url).await.expect_redirect_away(), &attempt).is_empty());
    }
}

#[tokio::test]
async fn rfc_9449_5_2_a_bound_token_never_comes_by_the_front_channel() {
    let (server, rp) = fixture().await;
    server.change_client("ent", |meta| meta.dpop_bound = true).await;
    let attempt = rp.attempt_with(&[("response_type", "id_token token")]);
    let landed = Browser::new(&server).open(&attempt.url).await.expect_redirect_away();
    assert_eq!(find_pair(&rp.fragment_response(&landed, &attempt), "error"), Some("invalid_request"));
}
