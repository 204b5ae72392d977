//! Who asks at the token endpoint: one method, the registered one, with the right secret (OIDCC 9, RFC 6749 2.3).

use axum::body::Body;
use axum::http::{HeaderValue, Request, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::relying_party::basic_header;
use crate::support::server::encode_form;
use crate::support::{Browser, TestRelyingParty, TestResponse, TestServer, deployment};

/// An exchange with these credentials instead of the right ones. A code that does not exist suffices: whoever is
/// let in learns that with `invalid_grant`.
async fn post_token(server: &TestServer, authorizations: &[&str], fields: &[(&str, &str)]) -> TestResponse {
    let mut all = vec![("grant_type", "authorization_code"), ("code", "x"), ("redirect_uri", "https://ent.example/")];
    all.extend(fields);
    let mut request = Request::post("/oauth2/token").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    for value in authorizations {
        request = request.header(header::AUTHORIZATION, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    server.call(request.body(Body::from(encode_form(&all))).unwrap()).await
}

/// Let in, and told that there is no such code.
fn assert_authenticated(answer: &TestResponse, case: &str) {
    assert_eq!((answer.status, answer.oauth_error().as_str()), (StatusCode::BAD_REQUEST, "invalid_grant"), "{case}");
}

fn assert_rejected(answer: &TestResponse, by_header: bool, case: &str) {
    assert_eq!((answer.status, answer.oauth_error().as_str()), (StatusCode::UNAUTHORIZED, "invalid_client"), "{case}");
    assert_eq!(answer.header("www-authenticate").starts_with("Basic realm="), by_header, "{case}");
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn protocol_a16_each_method_works_for_the_client_that_registered_it_and_for_no_other() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    for client in ["ent", "ent-post", "app"] {
        TestRelyingParty::new(&server, client).sign_in(&mut Browser::new(&server), &member).await;
    }
    let secret = |id: &str| deployment::secret(id);
    assert_rejected(
        &post_token(&server, &[&basic_header("ent-post", &secret("ent-post"))], &[]).await,
        true,
        "post client by header",
    );
    let fields = [("client_id", "ent"), ("client_secret", &secret("ent"))];
    assert_rejected(&post_token(&server, &[], &fields).await, false, "header client by body");
    assert_rejected(&post_token(&server, &[&basic_header("app", "")], &[]).await, true, "public client by header");
    assert_rejected(
        &post_token(&server, &[], &[("client_id", "app"), ("client_secret", "x")]).await,
        false,
        "public with a secret",
    );
}

#[tokio::test]
async fn attack_c5_c6_a_missing_empty_or_wrong_secret_never_does() {
    let server = TestServer::start().await;
    let secret = deployment::secret("ent");
    let other = deployment::secret("bourses");
    let digest = preau::base::secret::sha256_base64url(&secret);
    for wrong in
        ["", " ", "x", &secret[..secret.len() - 1], &format!("{secret} "), &secret.to_uppercase(), &other, &digest]
    {
        assert_rejected(&post_token(&server, &[&basic_header("ent", wrong)], &[]).await, true, wrong);
        let fields = [("client_id", "ent-post"), ("client_secret", wrong)];
        assert_rejected(&post_token(&server, &[], &fields).await, false, wrong);
    }
    // A confidential client's proof of possession is no substitute for its secret.
    assert_rejected(
        &post_token(&server, &[], &[("client_id", "ent"), ("code_verifier", &"x".repeat(43))]).await,
        false,
        "no secret",
    );
    assert_rejected(&post_token(&server, &[], &[]).await, false, "nobody");
    for unknown in ["nobody", "ENT", "", "ent\u{0}", "é", "<b>", &"x".repeat(500)] {
        assert_rejected(&post_token(&server, &[&basic_header(unknown, &secret)], &[]).await, true, unknown);
    }
    assert_authenticated(&post_token(&server, &[&basic_header("ent", &secret)], &[]).await, "the right one");
}

#[tokio::test]
async fn attack_c11_two_methods_at_once_are_refused_and_the_same_client_id_is_no_second_method() {
    let server = TestServer::start().await;
    let right = basic_header("ent", &deployment::secret("ent"));
    let (secret, secret_post) = (deployment::secret("ent"), deployment::secret("ent-post"));
    for fields in [
        vec![("client_secret", "x")],
        vec![("client_id", "ent"), ("client_secret", &secret)],
        vec![("client_id", "bourses")],
        vec![("client_assertion", "x"), ("client_assertion_type", "x")],
    ] {
        let answer = post_token(&server, &[&right], &fields).await;
        assert_eq!(
            (answer.status, answer.oauth_error().as_str()),
            (StatusCode::BAD_REQUEST, "invalid_request"),
            "{fields:?}"
        );
    }
    let answer = post_token(&server, &[&right, &right], &[]).await;
    assert_eq!(answer.oauth_error(), "invalid_request", "two headers");
    assert_authenticated(&post_token(&server, &[&right], &[("client_id", "ent")]).await, "the same id in the body");
    // Faults D10: libraries send empty fields along (RFC 6749 3.1).
    for fields in [
        vec![("client_secret", "")],
        vec![("client_id", "")],
        vec![("client_id", "ent"), ("client_secret", ""), ("client_assertion", ""), ("client_assertion_type", "")],
    ] {
        assert_authenticated(&post_token(&server, &[&right], &fields).await, "nothing was sent");
    }
    let post = [("client_id", "ent-post"), ("client_secret", secret_post.as_str()), ("client_assertion", "")];
    assert_authenticated(&post_token(&server, &[], &post).await, "an empty assertion is none");
    let assertion = [("client_assertion", "x"), ("client_assertion_type", "x"), ("client_id", "ent")];
    assert_rejected(&post_token(&server, &[], &assertion).await, false, "an assertion is not wired");
}

#[tokio::test]
async fn attack_c11_basic_values_are_form_decoded_and_never_loosely() {
    let server = TestServer::start().await;
    let secret = deployment::secret("ent");
    let raw = |text: &str| format!("Basic {}", STANDARD.encode(text));
    let right = basic_header("ent", &secret);
    assert_authenticated(
        &post_token(&server, &[&right.replace("Basic", "bAsIc")], &[]).await,
        "the scheme has no case",
    );
    for bad in [
        raw(&format!("ent:{secret}")),
        raw(&format!(" ent:{secret}")),
        raw("ent"),
        raw(""),
        right.replace("Basic ", "Basic"),
        right.replace("Basic", "Bearer"),
        right.replace("Basic", "Digest"),
        format!("{right}!"),
        "Basic".to_owned(),
        "Basic \u{fffd}".to_owned(),
        String::new(),
    ] {
        assert_rejected(&post_token(&server, &[&bad], &[]).await, true, &bad);
    }
}

#[tokio::test]
async fn attack_d4_no_authorization_header_is_our_fault() {
    let server = TestServer::start().await;
    let long = format!("Basic {}", "A".repeat(20_000));
    for bytes in
        [&b"\xff\xfe"[..], b"Basic \xff", b"Basic ====", b"Bearer", b" ", b"Basic Og==", b"Basic OjpA", long.as_bytes()]
    {
        for path in ["/oauth2/token", "/oauth2/userinfo", "/oauth2/authorize", "/connexion", "/oauth2/jwks"] {
            let value = HeaderValue::from_bytes(bytes).unwrap();
            let mut request = Request::post(path).header(header::AUTHORIZATION, value);
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            let answer = server.call(request.body(Body::empty()).unwrap()).await;
            assert!(answer.status.is_client_error(), "{path} {bytes:?}: {}", answer.visible_text());
        }
    }
}

#[tokio::test]
async fn threat_s17_a_client_secret_is_kept_as_its_digest() {
    let server = TestServer::start().await;
    let kept = server.query_texts("SELECT secret_digest FROM client WHERE client_id = 'ent'").await;
    assert_eq!(kept, [preau::base::secret::sha256_base64url(&deployment::secret("ent"))]);
}
