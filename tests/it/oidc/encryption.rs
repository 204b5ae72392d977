//! Answers for the client's eyes alone: signed, and encrypted to its key (OIDCC 5.3.2, 10.2).

use josekit::jwe::{RSA_OAEP_256, deserialize_compact};
use josekit::jwk::Jwk;
use preau::clients::ResponseProtection;
use preau::protocol::algorithms::{Alg, ContentEncryption, Encryption, KeyManagement};
use serde_json::json;

use super::introspection::text;
use crate::support::relying_party::{VerifiedTokens, decode_part};
use crate::support::{Browser, TestRelyingParty, TestServer};

#[tokio::test]
async fn oidcc_5_3_2_userinfo_and_id_tokens_may_be_for_the_client_alone() {
    let server = TestServer::start().await;
    let jwk = Jwk::generate_rsa_key(2048).unwrap();
    let mut public = serde_json::to_value(jwk.to_public_key().unwrap().as_ref()).unwrap();
    public["use"] = "enc".into();
    public["kid"] = "e".into();
    let how = Encryption { alg: KeyManagement::RsaOaep256, enc: ContentEncryption::A256Gcm };
    server
        .change_client("ent", |meta| {
            meta.jwks = Some(json!({ "keys": [public] }));
            meta.userinfo = ResponseProtection { signed: Some(Alg::RS256), encrypted: None };
        })
        .await;
    let member = server.create_durand().await;
    let rp = TestRelyingParty::new(&server, "ent");
    let mut browser = Browser::new(&server);
    let tokens: VerifiedTokens = rp.sign_in(&mut browser, &member).await;
    let answer = rp.userinfo(&tokens.access_token).await;
    assert_eq!(answer.header("content-type"), "application/jwt");
    let claims = decode_part(&answer.text(), 1);
    assert_eq!((&claims["aud"], &claims["sub"]), (&json!("ent"), &tokens.claims["sub"]));
    assert!(claims["nonce"].is_null() && claims["given_name"].is_string());

    server
        .change_client("ent", |meta| {
            meta.userinfo.encrypted = Some(how);
            meta.id_token.encrypted = Some(how);
        })
        .await;
    let decrypter = RSA_OAEP_256.decrypter_from_jwk(&jwk).unwrap();
    let open = |token: &str| {
        let (payload, header) = deserialize_compact(token, &decrypter).unwrap();
        assert_eq!((header.content_type(), header.key_id()), (Some("JWT"), Some("e")), "OIDCC 10.2");
        decode_part(&String::from_utf8(payload).unwrap(), 1)
    };
    let (attempt, code) = rp.obtain_code(&mut browser, &member).await;
    let body = rp.exchange(&attempt, &code).await.json();
    assert_eq!(open(text(&body, "id_token"))["sub"], tokens.claims["sub"]);
    let answer = rp.userinfo(text(&body, "access_token")).await;
    assert_eq!(open(&answer.text())["sub"], tokens.claims["sub"]);
}
