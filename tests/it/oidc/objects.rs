//! Types of what stands in a request object, and parameters that may stand more than once (OIDCC 6, RFC 9101, RFC 8707).

use axum::http::StatusCode;
use preau::protocol::authorize::{PARAMETERS, ParameterType};
use serde_json::{Value, json};

use super::pushed::{object, push};
use crate::support::client_key::ClientKey;
use crate::support::relying_party::decode_part;
use crate::support::{Browser, TestRelyingParty, TestServer};

const ONE: &str = "https://api.one";
const TWO: &str = "https://api.two";

async fn fixture() -> (TestServer, TestRelyingParty, ClientKey) {
    let server = TestServer::start().await;
    let key = ClientKey::new("k1");
    server
        .change_client("ent", |meta| {
            meta.jwks = Some(key.public_jwks());
            meta.audiences = [ONE, TWO, "https://api.three"].map(str::to_owned).to_vec();
        })
        .await;
    let rp = TestRelyingParty::new(&server, "ent");
    (server, rp, key)
}

/// Audiences of the token that this request gives.
async fn audiences(
    rp: &TestRelyingParty,
    browser: &mut Browser,
    url: &str,
    attempt: &crate::support::AuthorizationAttempt,
) -> Value {
    let landed = browser.open(url).await.expect_redirect_away();
    let tokens = rp.tokens(attempt, &rp.code(&landed, attempt)).await;
    decode_part(&tokens.access_token, 1)["aud"].clone()
}

#[tokio::test]
async fn faults_a12_a_resource_inside_a_request_object_narrows_the_token() {
    let (server, rp, key) = fixture().await;
    let member = server.create_durand().await;
    let mut browser = Browser::new(&server);
    browser.open("/connexion").await;
    browser.sign_in(&member).await;
    for (inside, expected) in [
        (json!(ONE), json!(ONE)),
        (json!([ONE]), json!(ONE)),
        (json!([TWO, ONE, TWO]), json!([ONE, TWO])),
        (json!([server.issuer()]), json!(server.issuer())),
    ] {
        let attempt = rp.attempt();
        let signed = object(&rp, &attempt, &key, json!({ "resource": inside }));
        let url = rp.attempt_with(&[("request", &signed)]).url;
        assert_eq!(audiences(&rp, &mut browser, &url, &attempt).await, expected, "{inside}");
    }
    for inside in [json!([ONE, "https://elsewhere.example"]), json!("https://elsewhere.example")] {
        let attempt = rp.attempt();
        let signed = object(&rp, &attempt, &key, json!({ "resource": inside }));
        let url = rp.attempt_with(&[("request", &signed)]).url;
        assert_eq!(rp.error(&browser.open(&url).await.expect_redirect_away(), &attempt), "invalid_target", "{inside}");
    }
}

#[tokio::test]
async fn faults_a12_a_member_of_another_type_is_refused_whatever_it_is() {
    let (server, rp, key) = fixture().await;
    let member = server.create_durand().await;
    let mut browser = Browser::new(&server);
    browser.open("/connexion").await;
    browser.sign_in(&member).await;
    for (name, kind) in PARAMETERS {
        let own = rp.parameters(&rp.attempt()).into_iter().find(|(n, _)| n == name).map_or("x".to_owned(), |(_, v)| v);
        let mut wrong =
            vec![json!(null), json!(true), json!([]), json!([1]), json!([own, null]), json!([""]), json!(1.5)];
        match kind {
            ParameterType::TextList => wrong.push(json!({})),
            ParameterType::Number => wrong.extend([json!([own]), json!({}), json!(-1)]),
            ParameterType::Text => wrong.extend([json!([own]), json!({}), json!(1)]),
            ParameterType::Object => wrong.extend([json!([{}]), json!(1)]),
        }
        for value in wrong {
            let attempt = rp.attempt();
            // Null takes a member away in the helper, so it is put in by hand.
            let mut claims = decode_part(&object(&rp, &attempt, &key, json!({})), 1);
            claims[name] = value.clone();
            let signed = key.sign(&claims);
            // The state inside is the one that goes back, unless it is what is wrong.
            let sent = rp.attempt_with(&[("request", &signed), ("state", &attempt.state)]);
            let error = rp.error(&browser.open(&sent.url).await.expect_redirect_away(), &attempt);
            assert_eq!(error, "invalid_request_object", "{name}: {value}");
            let pushed = push(&rp, &[("request".to_owned(), signed)]).await;
            let refused = (pushed.status, pushed.oauth_error());
            assert_eq!(refused, (StatusCode::BAD_REQUEST, "invalid_request_object".to_owned()), "{name}: {value}");
        }
    }
    for (name, value) in [("client_id", json!(["ent"])), ("sub", json!(["ent"])), ("iss", json!(["ent"]))] {
        let attempt = rp.attempt();
        let signed = object(&rp, &attempt, &key, json!({ name: value }));
        let url = rp.attempt_with(&[("request", &signed)]).url;
        assert_eq!(
            rp.error(&browser.open(&url).await.expect_redirect_away(), &attempt),
            "invalid_request_object",
            "{name}"
        );
    }
    // What nobody here reads may be anything (RFC 6749 3.1), and the right types are taken.
    let attempt = rp.attempt();
    let more = json!({ "unheard_of": [{}], "max_age": 86_400, "claims": { "id_token": { "given_name": null } } });
    let signed = object(&rp, &attempt, &key, more);
    let url = rp.attempt_with(&[("request", &signed)]).url;
    let landed = browser.open(&url).await.expect_redirect_away();
    let tokens = rp.tokens(&attempt, &rp.code(&landed, &attempt)).await;
    assert_eq!(tokens.claims["given_name"], "Anne");
}

#[tokio::test]
async fn faults_d8_the_state_of_a_signed_request_goes_back_though_the_request_is_refused() {
    let (server, rp, key) = fixture().await;
    let attempt = rp.attempt();
    let signed = object(&rp, &attempt, &key, json!({ "prompt": ["login"] }));
    let outside = [("client_id", "ent"), ("redirect_uri", rp.redirect_uri.as_str()), ("request", &signed)];
    let url = format!("/oauth2/authorize?{}", crate::support::server::encode_form(&outside));
    let landed = Browser::new(&server).open(&url).await.expect_redirect_away();
    assert_eq!(rp.error(&landed, &attempt), "invalid_request_object");
}

#[tokio::test]
async fn faults_d9_resource_may_stand_twice_at_both_endpoints() {
    let (server, rp, _) = fixture().await;
    let member = server.create_durand().await;
    let mut browser = Browser::new(&server);
    browser.open("/connexion").await;
    browser.sign_in(&member).await;
    let attempt = rp.attempt();
    let twice = format!("{}&resource={ONE}&resource={TWO}", attempt.url);
    assert_eq!(audiences(&rp, &mut browser, &twice, &attempt).await, json!([ONE, TWO]));
    // At the token endpoint: of those granted.
    let three = "https://api.three";
    for (asked, expected) in [
        (&[ONE, TWO][..], Some(json!([ONE, TWO]))),
        (&[TWO, TWO], Some(json!(TWO))),
        (&[], Some(json!([ONE, TWO]))),
        (&[ONE, three], None),
        (&[ONE, "https://elsewhere.example"], None),
    ] {
        let attempt = rp.attempt();
        let landed =
            browser.open(&format!("{}&resource={ONE}&resource={TWO}", attempt.url)).await.expect_redirect_away();
        let code = rp.code(&landed, &attempt);
        let mut fields = rp.exchange_fields(&attempt, &code);
        fields.extend(asked.iter().map(|one| ("resource", (*one).to_owned())));
        let answer = rp.post_token(rp.authorization().as_deref(), &fields).await;
        match expected {
            Some(audience) => {
                assert_eq!(answer.status, StatusCode::OK, "{asked:?}: {}", answer.visible_text());
                assert_eq!(
                    decode_part(answer.json()["access_token"].as_str().unwrap(), 1)["aud"],
                    audience,
                    "{asked:?}"
                );
            }
            None => assert_eq!(answer.oauth_error(), "invalid_target", "{asked:?}"),
        }
    }
    // Nothing else may.
    let attempt = rp.attempt();
    let landed = browser.open(&format!("{}&scope=openid", attempt.url)).await.expect_redirect_away();
    assert_eq!(rp.error(&landed, &attempt), "invalid_request");
}
