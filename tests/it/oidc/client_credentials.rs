//! A client's own token (RFC 6749 4.4).

use axum::http::StatusCode;
use preau::clients::GrantType;

use super::introspection::{introspect, post_as_client, text};
use crate::support::relying_party::decode_part;
use crate::support::{TestRelyingParty, TestServer};

#[tokio::test]
async fn rfc_6749_4_4_a_client_gets_a_token_of_its_own() {
    let server = TestServer::start().await;
    server.change_client("ent", |meta| meta.grant_types.push(GrantType::ClientCredentials)).await;
    let rp = TestRelyingParty::new(&server, "ent");
    let fields = [("grant_type", "client_credentials".to_owned())];
    let answer = rp.post_token(rp.authorization().as_deref(), &fields).await;
    let body = answer.json();
    assert!(body["refresh_token"].is_null() && body["id_token"].is_null() && body["scope"].is_null());
    let access = text(&body, "access_token");
    assert_eq!(decode_part(access, 1)["sub"], "ent");
    assert_eq!(rp.userinfo(access).await.status, StatusCode::FORBIDDEN, "it is nobody's");
    assert_eq!(introspect(&rp, access).await["active"], true);
    // It is revoked like any other (RFC 7009 2.1), and alone.
    let other = rp.post_token(rp.authorization().as_deref(), &fields).await.json();
    assert_eq!(post_as_client(&rp, "/oauth2/revoke", access, &[]).await.status, StatusCode::OK);
    assert_eq!(introspect(&rp, access).await["active"], false);
    assert_eq!(introspect(&rp, text(&other, "access_token")).await["active"], true);
    let of_somebody = "SELECT COUNT(*) FROM audit WHERE fact = 'tokens_revoked' AND account_id IS NOT NULL";
    assert_eq!(server.query_count(of_somebody).await, 0, "nobody's token was revoked");
    let fields = [("grant_type", "client_credentials".to_owned()), ("scope", "education".to_owned())];
    assert_eq!(rp.post_token(rp.authorization().as_deref(), &fields).await.oauth_error(), "invalid_scope");
    // Never a public client, whatever its registration says (T12).
    server.change_client("app", |meta| meta.grant_types.push(GrantType::ClientCredentials)).await;
    let app = TestRelyingParty::new(&server, "app");
    let fields = [("grant_type", "client_credentials".to_owned()), ("client_id", "app".to_owned())];
    assert_eq!(app.post_token(None, &fields).await.oauth_error(), "unauthorized_client");
}
