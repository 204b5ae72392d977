//! Introspection (RFC 7662, RFC 9701): who may ask about a token, and what is told.

use axum::http::StatusCode;
use preau::clients::{GrantType, ResponseProtection};
use preau::protocol::algorithms::Alg;
use serde_json::{Value, json};

use crate::support::relying_party::{decode_part, mutate_token};
use crate::support::{Browser, TestRelyingParty, TestResponse, TestServer};

/// A client that refreshes, and what one sign-in gave it.
pub(super) async fn fixture() -> (TestServer, TestRelyingParty, Value) {
    let server = TestServer::start().await;
    server.change_client("ent", |meta| meta.grant_types.push(GrantType::RefreshToken)).await;
    let member = server.create_durand().await;
    let rp = TestRelyingParty::new(&server, "ent");
    let (attempt, code) = rp.obtain_code(&mut Browser::new(&server), &member).await;
    let body = rp.exchange(&attempt, &code).await.json();
    (server, rp, body)
}

/// Asks about a token, or ends it.
pub(super) async fn post_as_client(
    rp: &TestRelyingParty,
    path: &str,
    token: &str,
    more: &[(&'static str, &str)],
) -> TestResponse {
    let authorization = rp.authorization();
    let mut headers: Vec<(&str, &str)> = authorization.as_deref().map(|a| ("authorization", a)).into_iter().collect();
    headers.extend_from_slice(more);
    let mut fields = vec![("token", token)];
    if rp.client_id == "app" {
        fields.push(("client_id", "app"));
    }
    rp.server.post(path, &headers, &fields).await
}

pub(super) async fn introspect(rp: &TestRelyingParty, token: &str) -> Value {
    let answer = post_as_client(rp, "/oauth2/introspect", token, &[]).await;
    assert_eq!(
        (answer.status, answer.header("cache-control")),
        (StatusCode::OK, "no-store"),
        "{}",
        answer.visible_text()
    );
    answer.json()
}

pub(super) fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body[name].as_str().unwrap()
}

#[tokio::test]
async fn rfc_7662_2_2_a_living_token_is_told_with_what_it_says() {
    let (server, rp, body) = fixture().await;
    let (access, sub) = (text(&body, "access_token"), decode_part(text(&body, "id_token"), 1)["sub"].clone());
    let told = introspect(&rp, access).await;
    assert_eq!(told["active"], true);
    assert_eq!((&told["sub"], &told["client_id"]), (&sub, &json!("ent")));
    assert_eq!((&told["token_type"], &told["iss"]), (&json!("Bearer"), &json!(server.issuer())));
    assert!(told["exp"].is_i64() && told["scope"].is_string());
    for ours in ["sid", "gen", "fam", "grt"] {
        assert!(told[ours].is_null(), "{ours} is ours");
    }
    let told = introspect(&rp, text(&body, "refresh_token")).await;
    assert_eq!((&told["active"], &told["sub"]), (&json!(true), &sub));
}

#[tokio::test]
async fn attack_t5_another_client_a_dead_token_and_nonsense_are_told_alike() {
    let (server, rp, body) = fixture().await;
    let access = text(&body, "access_token");
    let inactive = json!({ "active": false });
    let other = TestRelyingParty::new(&server, "bourses");
    for token in [access, text(&body, "refresh_token")] {
        assert_eq!(introspect(&other, token).await, inactive, "not its own, not for it");
    }
    for token in [text(&body, "id_token"), &mutate_token(access), "x", &access[..access.len() - 1]] {
        assert_eq!(introspect(&rp, token).await, inactive);
    }
    server.execute_sql("UPDATE account SET suspended_at = 1, suspended_by = 'school'", Vec::new()).await;
    assert_eq!(introspect(&rp, access).await, inactive, "t11");
    assert_eq!(introspect(&rp, text(&body, "refresh_token")).await, inactive, "t11");
    let public = post_as_client(&TestRelyingParty::new(&server, "app"), "/oauth2/introspect", access, &[]).await;
    assert_eq!((public.status, public.oauth_error().as_str()), (StatusCode::UNAUTHORIZED, "invalid_client"));
}

#[tokio::test]
async fn rfc_8707_a_resource_server_is_told_of_tokens_for_it() {
    let server = TestServer::start().await;
    server.change_client("ent", |meta| meta.audiences = vec!["bourses".to_owned()]).await;
    let member = server.create_durand().await;
    let rp = TestRelyingParty::new(&server, "ent");
    let (attempt, code) = rp.obtain_code(&mut Browser::new(&server), &member).await;
    let body = rp.exchange(&attempt, &code).await.json();
    let access = text(&body, "access_token");
    assert_eq!(decode_part(access, 1)["aud"], json!([server.issuer(), "bourses"]));
    assert_eq!(introspect(&TestRelyingParty::new(&server, "bourses"), access).await["active"], true);
    // Narrowed to the resource server, it opens nothing of ours.
    let attempt = rp.attempt_with(&[("resource", "bourses")]);
    let mut browser = Browser::new(&server);
    browser.open(&attempt.url).await;
    let code = rp.code(&browser.sign_in(&member).await.expect_redirect_away(), &attempt);
    let body = rp.exchange(&attempt, &code).await.json();
    let access = text(&body, "access_token");
    assert_eq!(decode_part(access, 1)["aud"], "bourses");
    assert_eq!(rp.userinfo(access).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn rfc_9701_the_answer_may_be_signed() {
    let (server, rp, body) = fixture().await;
    const JWT: &str = "application/token-introspection+jwt";
    let access = text(&body, "access_token");
    for (registered, alg) in [(None, "RS256"), (Some(Alg::ES256), "ES256")] {
        server
            .change_client("ent", |meta| {
                meta.introspection = ResponseProtection { signed: registered, encrypted: None }
            })
            .await;
        let accept: &[(&'static str, &str)] = if registered.is_none() { &[("accept", JWT)] } else { &[] };
        let answer = post_as_client(&rp, "/oauth2/introspect", access, accept).await;
        assert_eq!(answer.header("content-type"), JWT);
        let token = answer.text();
        let (header, claims) = (decode_part(&token, 0), decode_part(&token, 1));
        assert_eq!((&header["typ"], &header["alg"]), (&json!("token-introspection+jwt"), &json!(alg)));
        assert_eq!((&claims["aud"], &claims["iss"]), (&json!("ent"), &json!(server.issuer())));
        assert!(claims["sub"].is_null() && claims["exp"].is_null(), "RFC 9701 8.1");
        assert_eq!(claims["token_introspection"]["active"], true);
    }
}
