//! Revocation (RFC 7009): who may end a token, and how much ends with it.

use axum::http::StatusCode;

use preau::base::clock::Span;
use preau::clients::GrantType;
use serde_json::Value;

use super::introspection::{fixture, introspect, post_as_client, text};
use crate::support::{Browser, TestRelyingParty, TestServer};

#[tokio::test]
async fn rfc_7009_2_a_revoked_token_is_dead_at_once() {
    let (_server, rp, body) = fixture().await;
    let (access, refresh) = (text(&body, "access_token"), text(&body, "refresh_token"));
    assert_eq!(rp.userinfo(access).await.status, StatusCode::OK);
    for _twice in 0..2 {
        assert_eq!(post_as_client(&rp, "/oauth2/revoke", access, &[]).await.status, StatusCode::OK);
    }
    assert_eq!(rp.userinfo(access).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(introspect(&rp, access).await["active"], false);
    assert_eq!(introspect(&rp, refresh).await["active"], true, "an access token takes no family with it");
    assert_eq!(post_as_client(&rp, "/oauth2/revoke", refresh, &[]).await.status, StatusCode::OK);
    assert_eq!(introspect(&rp, refresh).await["active"], false);
    assert_eq!(post_as_client(&rp, "/oauth2/revoke", "nonsense", &[]).await.status, StatusCode::OK, "RFC 7009 2.2");
}

#[tokio::test]
async fn rfc_7009_2_1_nobody_ends_anothers_token() {
    let (server, rp, body) = fixture().await;
    let other = TestRelyingParty::new(&server, "bourses");
    for name in ["access_token", "refresh_token"] {
        assert_eq!(
            post_as_client(&other, "/oauth2/revoke", text(&body, name), &[]).await.oauth_error(),
            "invalid_grant",
            "{name}"
        );
    }
    assert_eq!(rp.userinfo(text(&body, "access_token")).await.status, StatusCode::OK);
    assert_eq!(server.post("/oauth2/revoke", &[], &[("token", "x")]).await.oauth_error(), "invalid_client");
}

async fn refreshed(rp: &TestRelyingParty, token: &str) -> Value {
    let fields = [("grant_type", "refresh_token".to_owned()), ("refresh_token", token.to_owned())];
    let answer = rp.post_token(rp.authorization().as_deref(), &fields).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.visible_text());
    answer.json()
}

#[tokio::test]
async fn faults_d11_one_access_token_is_revoked_and_no_other() {
    let (server, rp, body) = fixture().await;
    let (first, refresh) = (text(&body, "access_token"), text(&body, "refresh_token"));
    let second = refreshed(&rp, refresh).await;
    let second = text(&second, "access_token");
    assert_eq!(post_as_client(&rp, "/oauth2/revoke", first, &[]).await.status, StatusCode::OK);
    assert_eq!(rp.userinfo(first).await.status, StatusCode::UNAUTHORIZED, "the token named");
    assert_eq!(rp.userinfo(second).await.status, StatusCode::OK, "not its sister");
    assert_eq!(introspect(&rp, second).await["active"], true);
    let third = refreshed(&rp, refresh).await;
    assert_eq!(rp.userinfo(text(&third, "access_token")).await.status, StatusCode::OK);
    // The row is forgotten when the token has expired: nothing grows with what was revoked.
    assert_eq!(server.query_count("SELECT COUNT(*) FROM revoked_token").await, 1);
    server.advance(Span::minutes(6));
    let mut tx = server.app.db.write(preau::db::Durability::Relaxed).await.unwrap();
    assert_eq!(preau::grants::store::revoked::delete_expired(&mut tx, server.now()).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn faults_d11_a_refresh_token_takes_the_access_tokens_that_came_with_it_and_no_others() {
    let server = TestServer::start().await;
    server.change_client("ent", |meta| meta.grant_types.push(GrantType::RefreshToken)).await;
    let member = server.create_durand().await;
    let rp = TestRelyingParty::new(&server, "ent");
    let mut browser = Browser::new(&server);
    let mut bodies = Vec::new();
    for _ in 0..2 {
        let (attempt, code) = rp.obtain_code(&mut browser, &member).await;
        bodies.push(rp.exchange(&attempt, &code).await.json());
    }
    let (first, other) = (&bodies[0], &bodies[1]);
    let again = refreshed(&rp, text(first, "refresh_token")).await;
    assert_eq!(post_as_client(&rp, "/oauth2/revoke", text(first, "refresh_token"), &[]).await.status, StatusCode::OK);
    for dead in [text(first, "access_token"), text(&again, "access_token")] {
        assert_eq!(rp.userinfo(dead).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(rp.userinfo(text(other, "access_token")).await.status, StatusCode::OK);
    assert_eq!(introspect(&rp, text(other, "refresh_token")).await["active"], true);
}

#[tokio::test]
async fn faults_d11_a_replayed_code_ends_the_tokens_of_that_code_and_no_others() {
    let server = TestServer::start().await;
    server.change_client("ent", |meta| meta.grant_types.push(GrantType::RefreshToken)).await;
    let member = server.create_durand().await;
    let rp = TestRelyingParty::new(&server, "ent");
    let mut browser = Browser::new(&server);
    let (attempt, code) = rp.obtain_code(&mut browser, &member).await;
    let other = rp.exchange(&attempt, &code).await.json();
    let (attempt, code) = rp.obtain_code(&mut browser, &member).await;
    let first = rp.exchange(&attempt, &code).await.json();
    let again = refreshed(&rp, text(&first, "refresh_token")).await;
    assert_eq!(rp.exchange(&attempt, &code).await.oauth_error(), "invalid_grant");
    for dead in [text(&first, "access_token"), text(&again, "access_token")] {
        assert_eq!(rp.userinfo(dead).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(introspect(&rp, text(&first, "refresh_token")).await["active"], false);
    assert_eq!(rp.userinfo(text(&other, "access_token")).await.status, StatusCode::OK);
    assert_eq!(introspect(&rp, text(&other, "refresh_token")).await["active"], true);
}
