//! Introspection (RFC 7662, RFC 9701): who may ask about a token, and what is told.

use axum::http::StatusCode;
use preau::clients::{GrantType, Protection};
use preau::protocol::algorithms::Alg;
use serde_json::{Value, json};

use crate::support::relying_party::{bend, part};
use crate::support::{Answer, Browser, RelyingParty, Server};

/// A client that refreshes, and what one sign-in gave it.
pub(super) async fn house() -> (Server, RelyingParty, Value) {
    let server = Server::start().await;
    server.change_client("ent", |meta| meta.grant_types.push(GrantType::RefreshToken)).await;
    let member = server.durand().await;
    let rp = RelyingParty::new(&server, "ent");
    let (attempt, code) = rp.code_for(&mut Browser::new(&server), &member).await;
    let body = rp.exchange(&attempt, &code).await.json();
    (server, rp, body)
}

/// Asks about a token, or ends it.
pub(super) async fn call(rp: &RelyingParty, path: &str, token: &str, more: &[(&'static str, &str)]) -> Answer {
    let authorization = rp.authorization();
    let mut headers: Vec<(&str, &str)> = authorization.as_deref().map(|a| ("authorization", a)).into_iter().collect();
    headers.extend_from_slice(more);
    let mut fields = vec![("token", token)];
    if rp.client_id == "app" {
        fields.push(("client_id", "app"));
    }
    rp.server.post(path, &headers, &fields).await
}

pub(super) async fn ask(rp: &RelyingParty, token: &str) -> Value {
    let answer = call(rp, "/oauth2/introspect", token, &[]).await;
    assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "no-store"), "{}", answer.shown());
    answer.json()
}

pub(super) fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body[name].as_str().unwrap()
}

#[tokio::test]
async fn rfc_7662_2_2_a_living_token_is_told_with_what_it_says() {
    let (server, rp, body) = house().await;
    let (access, sub) = (text(&body, "access_token"), part(text(&body, "id_token"), 1)["sub"].clone());
    let told = ask(&rp, access).await;
    assert_eq!(told["active"], true);
    assert_eq!((&told["sub"], &told["client_id"]), (&sub, &json!("ent")));
    assert_eq!((&told["token_type"], &told["iss"]), (&json!("Bearer"), &json!(server.issuer())));
    assert!(told["exp"].is_i64() && told["scope"].is_string());
    for ours in ["sid", "gen", "fam", "grt"] {
        assert!(told[ours].is_null(), "{ours} is ours");
    }
    let told = ask(&rp, text(&body, "refresh_token")).await;
    assert_eq!((&told["active"], &told["sub"]), (&json!(true), &sub));
}

#[tokio::test]
async fn attack_t5_another_client_a_dead_token_and_nonsense_are_told_alike() {
    let (server, rp, body) = house().await;
    let access = text(&body, "access_token");
    let inactive = json!({ "active": false });
    let other = RelyingParty::new(&server, "bourses");
    for token in [access, text(&body, "refresh_token")] {
        assert_eq!(ask(&other, token).await, inactive, "not its own, not for it");
    }
    for token in [text(&body, "id_token"), &bend(access), "x", &access[..access.len() - 1]] {
        assert_eq!(ask(&rp, token).await, inactive);
    }
    server.sql("UPDATE account SET suspended_at = 1, suspended_by = 'school'", Vec::new()).await;
    assert_eq!(ask(&rp, access).await, inactive, "t11");
    assert_eq!(ask(&rp, text(&body, "refresh_token")).await, inactive, "t11");
    let public = call(&RelyingParty::new(&server, "app"), "/oauth2/introspect", access, &[]).await;
    assert_eq!((public.status, public.error().as_str()), (StatusCode::UNAUTHORIZED, "invalid_client"));
}

#[tokio::test]
async fn rfc_8707_a_resource_server_is_told_of_tokens_for_it() {
    let server = Server::start().await;
    server.change_client("ent", |meta| meta.audiences = vec!["bourses".to_owned()]).await;
    let member = server.durand().await;
    let rp = RelyingParty::new(&server, "ent");
    let (attempt, code) = rp.code_for(&mut Browser::new(&server), &member).await;
    let body = rp.exchange(&attempt, &code).await.json();
    let access = text(&body, "access_token");
    assert_eq!(part(access, 1)["aud"], json!([server.issuer(), "bourses"]));
    assert_eq!(ask(&RelyingParty::new(&server, "bourses"), access).await["active"], true);
    // Narrowed to the resource server, it opens nothing of ours.
    let attempt = rp.attempt_with(&[("resource", "bourses")]);
    let mut browser = Browser::new(&server);
    browser.open(&attempt.url).await;
    let code = rp.code(&browser.sign_in(&member).await.away(), &attempt);
    let body = rp.exchange(&attempt, &code).await.json();
    let access = text(&body, "access_token");
    assert_eq!(part(access, 1)["aud"], "bourses");
    assert_eq!(rp.userinfo(access).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn rfc_9701_the_answer_may_be_signed() {
    let (server, rp, body) = house().await;
    const JWT: &str = "application/token-introspection+jwt";
    let access = text(&body, "access_token");
    for (registered, alg) in [(None, "RS256"), (Some(Alg::ES256), "ES256")] {
        server
            .change_client("ent", |meta| meta.introspection = Protection { signed: registered, encrypted: None })
            .await;
        let accept: &[(&'static str, &str)] = if registered.is_none() { &[("accept", JWT)] } else { &[] };
        let answer = call(&rp, "/oauth2/introspect", access, accept).await;
        assert_eq!(answer.header("content-type"), JWT);
        let token = answer.text();
        let (header, claims) = (part(&token, 0), part(&token, 1));
        assert_eq!((&header["typ"], &header["alg"]), (&json!("token-introspection+jwt"), &json!(alg)));
        assert_eq!((&claims["aud"], &claims["iss"]), (&json!("ent"), &json!(server.issuer())));
        assert!(claims["sub"].is_null() && claims["exp"].is_null(), "RFC 9701 8.1");
        assert_eq!(claims["token_introspection"]["active"], true);
    }
}
