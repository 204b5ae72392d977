//! DPoP (RFC 9449) at every endpoint that it touches.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use preau::base::clock::Span;
use preau::clients::GrantType;
use serde_json::{Value, json};

use crate::support::client_key::digest;
use crate::support::relying_party::{decode_part, mutate_token};
use crate::support::{Browser, ClientKey, TestAccount, TestRelyingParty, TestResponse, TestServer};

struct Fixture {
    server: TestServer,
    rp: TestRelyingParty,
    member: TestAccount,
    key: ClientKey,
}

async fn fixture(client: &'static str) -> Fixture {
    let server = TestServer::start().await;
    server.change_client(client, |meta| meta.grant_types.push(GrantType::RefreshToken)).await;
    let (rp, member) = (TestRelyingParty::new(&server, client), server.create_durand().await);
    Fixture { server, rp, member, key: ClientKey::new("d") }
}

impl Fixture {
    fn proof(&self, jti: &str, more: Value) -> String {
        let url = format!("{}/oauth2/token", self.server.issuer());
        self.key.dpop_proof("POST", &url, self.server.now().as_seconds(), jti, &more)
    }

    async fn post(&self, proofs: &[&str], fields: &[(&'static str, String)]) -> TestResponse {
        let authorization = self.rp.authorization();
        let mut headers: Vec<(&str, &str)> =
            authorization.as_deref().map(|a| ("authorization", a)).into_iter().collect();
        headers.extend(proofs.iter().map(|proof| ("dpop", *proof)));
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
        self.server.post("/oauth2/token", &headers, &fields).await
    }

    async fn exchange(&self, proofs: &[&str], more: &[(&str, &str)]) -> TestResponse {
        let mut browser = Browser::new(&self.server);
        let attempt = self.rp.attempt_with(more);
        browser.open(&attempt.url).await;
        let landed = browser.sign_in(&self.member).await.expect_redirect_away();
        let code = self.rp.code(&landed, &attempt);
        self.post(proofs, &self.rp.exchange_fields(&attempt, &code)).await
    }

    async fn userinfo(&self, scheme: &str, token: &str, proof: Option<&str>) -> TestResponse {
        let mut request = Request::get("/oauth2/userinfo").header("authorization", format!("{scheme} {token}"));
        if let Some(proof) = proof {
            request = request.header("dpop", proof);
        }
        self.server.call(request.body(Body::empty()).unwrap()).await
    }

    fn proof_for(&self, key: &ClientKey, token: &str, jti: &str, more: Value) -> String {
        let url = format!("{}/oauth2/userinfo", self.server.issuer());
        let mut all = json!({ "ath": digest(token) });
        for (name, value) in more.as_object().unwrap() {
            all[name] = value.clone();
        }
        key.dpop_proof("GET", &url, self.server.now().as_seconds(), jti, &all)
    }
}

#[tokio::test]
async fn rfc_9449_5_a_token_is_bound_to_the_key_of_the_proof() {
    let h = fixture("ent").await;
    let body = h.exchange(&[&h.proof("1", json!({}))], &[]).await.json();
    assert_eq!(body["token_type"], "DPoP");
    let token = body["access_token"].as_str().unwrap();
    assert_eq!(decode_part(token, 1)["cnf"]["jkt"], h.key.thumbprint());
    let answer = h.userinfo("DPoP", token, Some(&h.proof_for(&h.key, token, "2", json!({})))).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.visible_text());
    assert!(!answer.header("dpop-nonce").is_empty());
    assert_eq!(
        h.userinfo("dpop", token, Some(&h.proof_for(&h.key, token, "3", json!({})))).await.status,
        StatusCode::OK
    );
    let stranger = ClientKey::new("s");
    for (case, scheme, proof) in [
        ("no proof", "DPoP", None),
        ("as a bearer token", "Bearer", Some(h.proof_for(&h.key, token, "4", json!({})))),
        ("another key", "DPoP", Some(h.proof_for(&stranger, token, "5", json!({})))),
        ("of another token", "DPoP", Some(h.proof_for(&h.key, "other", "6", json!({})))),
        ("without ath", "DPoP", Some(h.proof_for(&h.key, token, "7", json!({ "ath": null })))),
        ("another method", "DPoP", Some(h.proof_for(&h.key, token, "8", json!({ "htm": "POST" })))),
        ("another address", "DPoP", Some(h.proof_for(&h.key, token, "9", json!({ "htu": "https://evil.example/" })))),
        ("used before", "DPoP", Some(h.proof_for(&h.key, token, "2", json!({})))),
    ] {
        let answer = h.userinfo(scheme, token, proof.as_deref()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{case}");
        assert!(answer.header("www-authenticate").contains("error="), "{case}");
        assert!(answer.header("www-authenticate").starts_with("DPoP "), "{case}: RFC 9449 7.1");
    }
    // Of a token that says nothing more, the scheme that was tried.
    for scheme in ["DPoP", "Bearer"] {
        let answer = h.userinfo(scheme, "x.y.z", None).await;
        let challenge = answer.header("www-authenticate");
        assert!(challenge.starts_with(scheme) && challenge.contains("error=\"invalid_token\""), "{challenge}");
        assert_eq!(challenge.contains("algs="), scheme == "DPoP", "{challenge}");
    }
}

#[tokio::test]
async fn rfc_9449_4_3_a_proof_that_does_not_hold_is_refused_at_the_token_endpoint() {
    let h = fixture("ent").await;
    let now = h.server.now().as_seconds();
    let good = h.proof("a", json!({}));
    for (case, proofs) in [
        ("two", vec![good.clone(), h.proof("b", json!({}))]),
        ("nonsense", vec!["x.y.z".to_owned()]),
        ("an hour old", vec![h.proof("c", json!({ "iat": now - 3_600 }))]),
        ("a minute ahead", vec![h.proof("d", json!({ "iat": now + 60 }))]),
        ("no iat", vec![h.proof("e", json!({ "iat": null }))]),
        ("no jti", vec![h.proof("f", json!({ "jti": null }))]),
        ("another method", vec![h.proof("g", json!({ "htm": "GET" }))]),
        ("another address", vec![h.proof("h", json!({ "htu": "https://evil.example/oauth2/token" }))]),
        ("bent", vec![mutate_token(&good)]),
    ] {
        let proofs: Vec<&str> = proofs.iter().map(String::as_str).collect();
        let answer = h.post(&proofs, &[("grant_type", "authorization_code".to_owned())]).await;
        assert_eq!(
            (answer.status, answer.oauth_error().as_str()),
            (StatusCode::BAD_REQUEST, "invalid_dpop_proof"),
            "{case}"
        );
    }
    // Ten seconds ahead is a clock, not an attack.
    let answer = h.exchange(&[&h.proof("i", json!({ "iat": now + 9 }))], &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.visible_text());
}

/// docs/threats.md#faults-a7: a proof costs its client a place only with a request that holds; strangers can name a
/// public client.
#[tokio::test]
async fn faults_a7_a_proof_counts_once_and_only_where_all_else_holds() {
    for client in ["ent", "app"] {
        let h = fixture(client).await;
        let proof = h.proof("1", json!({}));
        for fields in [
            h.rp.exchange_fields(&h.rp.attempt(), &"c".repeat(43)),
            vec![("grant_type", "refresh_token".to_owned()), ("refresh_token", "x".to_owned())],
        ] {
            let mut fields = fields;
            if client == "app" && !fields.iter().any(|(name, _)| *name == "client_id") {
                fields.push(("client_id", client.to_owned()));
            }
            assert_eq!(h.post(&[&proof], &fields).await.oauth_error(), "invalid_grant", "{client}");
        }
        assert_eq!(h.exchange(&[&proof], &[]).await.status, StatusCode::OK, "{client}: not spent by those");
        assert_eq!(h.exchange(&[&proof], &[]).await.oauth_error(), "invalid_dpop_proof", "{client}: spent");
    }
}

#[tokio::test]
async fn rfc_9449_8_a_nonce_of_ours_is_offered_and_a_foreign_one_refused() {
    let h = fixture("ent").await;
    let answer = h.post(&[&h.proof("1", json!({ "nonce": "theirs" }))], &[]).await;
    assert_eq!(answer.oauth_error(), "use_dpop_nonce");
    let nonce = answer.header("dpop-nonce").to_owned();
    let answer = h.exchange(&[&h.proof("2", json!({ "nonce": nonce }))], &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.visible_text());
    h.server.advance(Span::minutes(6));
    let answer = h.post(&[&h.proof("3", json!({ "nonce": nonce }))], &[]).await;
    assert_eq!(answer.oauth_error(), "use_dpop_nonce", "it grows old");
}

#[tokio::test]
async fn rfc_9449_8_nonces_may_be_demanded() {
    let server = TestServer::start_with_config(|config| config.protocol.dpop_nonce_required = true).await;
    let rp = TestRelyingParty::new(&server, "ent");
    let member = server.create_durand().await;
    let h = Fixture { server, rp, member, key: ClientKey::new("d") };
    let answer = h.post(&[&h.proof("1", json!({}))], &[]).await;
    assert_eq!(answer.oauth_error(), "use_dpop_nonce");
    let nonce = answer.header("dpop-nonce").to_owned();
    assert_eq!(h.exchange(&[&h.proof("2", json!({ "nonce": nonce }))], &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn rfc_9449_10_a_code_may_be_bound_beforehand() {
    let h = fixture("ent").await;
    let jkt = h.key.thumbprint();
    let answer = h.exchange(&[&h.proof("1", json!({}))], &[("dpop_jkt", &jkt)]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.visible_text());
    assert_eq!(h.exchange(&[], &[("dpop_jkt", &jkt)]).await.oauth_error(), "invalid_grant", "no proof");
    let other = digest("another key");
    assert_eq!(h.exchange(&[&h.proof("2", json!({}))], &[("dpop_jkt", &other)]).await.oauth_error(), "invalid_grant");
}

#[tokio::test]
async fn rfc_9449_5_a_public_clients_refresh_token_is_bound_a_confidential_ones_not() {
    for (client, bound) in [("app", true), ("ent", false)] {
        let h = fixture(client).await;
        let token = h.exchange(&[&h.proof("1", json!({}))], &[]).await.json()["refresh_token"].clone();
        let mut fields =
            vec![("grant_type", "refresh_token".to_owned()), ("refresh_token", token.as_str().unwrap().to_owned())];
        if bound {
            fields.push(("client_id", client.to_owned()));
        }
        let without = h.post(&[], &fields).await;
        assert_eq!(without.status == StatusCode::OK, !bound, "{client}: {}", without.visible_text());
        let with = h.post(&[&h.proof("2", json!({}))], &fields).await;
        assert_eq!(with.json()["token_type"], "DPoP", "{client}");
    }
}

#[tokio::test]
async fn rfc_9449_5_2_a_client_may_be_registered_for_bound_tokens_only() {
    let h = fixture("ent").await;
    h.server.change_client("ent", |meta| meta.dpop_bound = true).await;
    assert_eq!(h.exchange(&[], &[]).await.oauth_error(), "invalid_dpop_proof");
    assert_eq!(h.exchange(&[&h.proof("1", json!({}))], &[]).await.status, StatusCode::OK);
}
