//! Revocation (RFC 7009): who may end a token, and how much ends with it.

use axum::http::StatusCode;

use super::introspection::{ask, call, house, text};
use crate::support::RelyingParty;

#[tokio::test]
async fn rfc_7009_2_a_revoked_token_is_dead_at_once() {
    let (_server, rp, body) = house().await;
    let (access, refresh) = (text(&body, "access_token"), text(&body, "refresh_token"));
    assert_eq!(rp.userinfo(access).await.status, StatusCode::OK);
    for _twice in 0..2 {
        assert_eq!(call(&rp, "/oauth2/revoke", access, &[]).await.status, StatusCode::OK);
    }
    assert_eq!(rp.userinfo(access).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(ask(&rp, access).await["active"], false);
    assert_eq!(ask(&rp, refresh).await["active"], true, "an access token takes no family with it");
    assert_eq!(call(&rp, "/oauth2/revoke", refresh, &[]).await.status, StatusCode::OK);
    assert_eq!(ask(&rp, refresh).await["active"], false);
    assert_eq!(call(&rp, "/oauth2/revoke", "nonsense", &[]).await.status, StatusCode::OK, "RFC 7009 2.2");
}

#[tokio::test]
async fn rfc_7009_2_1_nobody_ends_anothers_token() {
    let (server, rp, body) = house().await;
    let other = RelyingParty::new(&server, "bourses");
    for name in ["access_token", "refresh_token"] {
        assert_eq!(call(&other, "/oauth2/revoke", text(&body, name), &[]).await.error(), "invalid_grant", "{name}");
    }
    assert_eq!(rp.userinfo(text(&body, "access_token")).await.status, StatusCode::OK);
    assert_eq!(server.post("/oauth2/revoke", &[], &[("token", "x")]).await.error(), "invalid_client");
}
