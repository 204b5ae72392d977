//! What client programs get that were given an id and a secret and nothing else: their own defaults must sign in.
//!
//! The programs themselves are tried in `tests/interop`; here is each default alone.

use std::fs;

use axum::http::StatusCode;
use preau::base::clock::Span;
use serde_json::json;

use super::registration::{can_authenticate, cantine, client_state, manage, registered, text};
use crate::support::relying_party::{basic_header, decode_part};
use crate::support::{
    Browser, CapturedLog, Landing, LogoutReceiver, TestAccount, TestRelyingParty, TestResponse, TestServer, deployment,
};

/// A client whose file holds the least that it may, and these lines.
const BARE: &str = "cantine";

/// A server with that client, and somebody who signs in there.
async fn fixture(lines: &str) -> (TestServer, TestRelyingParty, TestAccount) {
    let text = format!(
        "client_id = {BARE:?}\nclient_name = \"Cantine\"\nclient_secret = {:?}\nredirect_uris = [{:?}]\n\
         scope = \"openid profile education\"\nsector = {BARE:?}\n{lines}\n[perimeter]\nacademies = [\"montpellier\"]\n",
        deployment::secret(BARE),
        deployment::redirect_uri(BARE),
    );
    let server = TestServer::start_with_config(|config| {
        fs::write(config.deployment.directory.join("clients/cantine.toml"), text).unwrap();
    })
    .await;
    let member = server.create_durand().await;
    let rp = TestRelyingParty::new(&server, BARE);
    (server, rp, member)
}

/// Of a request: nothing, PKCE, or a nonce.
const NO_PKCE: [(&str, &str); 2] = [("code_challenge", ""), ("code_challenge_method", "")];
const NO_NONCE: (&str, &str) = ("nonce", "");

/// Signs in with a request bent so, and exchanges the code.
async fn exchange(rp: &TestRelyingParty, member: &TestAccount, bent: &[(&str, &str)]) -> TestResponse {
    let attempt = rp.attempt_with(bent);
    let mut browser = Browser::new(&rp.server);
    browser.open(&attempt.url).await;
    let code = rp.code(&browser.sign_in(member).await.expect_redirect_away(), &attempt);
    let mut fields = rp.exchange_fields(&attempt, &code);
    if bent.contains(&NO_PKCE[0]) {
        fields.retain(|(name, _)| *name != "code_verifier");
    }
    rp.post_token(rp.authorization().as_deref(), &fields).await
}

async fn refused_without_pkce(rp: &TestRelyingParty) {
    let attempt = rp.attempt_with(&NO_PKCE);
    let landed = Browser::new(&rp.server).open(&attempt.url).await.expect_redirect_away();
    assert_eq!(rp.error(&landed, &attempt), "invalid_request");
}

#[tokio::test]
async fn faults_d5_pkce_is_demanded_of_public_clients_and_where_the_file_says_so() {
    let (server, rp, member) = fixture("").await;
    assert_eq!(exchange(&rp, &member, &NO_PKCE).await.status, StatusCode::OK);
    assert_eq!(exchange(&rp, &member, &[]).await.status, StatusCode::OK, "what is sent counts");
    refused_without_pkce(&TestRelyingParty::new(&server, "app")).await;
    let (_, rp, member) = fixture("require_pkce = true").await;
    refused_without_pkce(&rp).await;
    assert_eq!(exchange(&rp, &member, &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn faults_d5_a_client_that_sends_neither_pkce_nor_nonce_is_remembered_once_a_day() {
    let (server, rp, member) = fixture("").await;
    let remembered =
        || server.query_count("SELECT COALESCE(unprotected_at, 0) FROM client WHERE client_id = 'cantine'");
    exchange(&rp, &member, &NO_PKCE).await;
    exchange(&rp, &member, &[NO_NONCE]).await;
    assert_eq!(remembered().await, 0, "either protects");
    let neither = [NO_PKCE[0], NO_PKCE[1], NO_NONCE];
    let first = server.now();
    assert_eq!(exchange(&rp, &member, &neither).await.status, StatusCode::OK);
    assert_eq!(remembered().await, first.0);
    server.advance(Span::hours(1));
    exchange(&rp, &member, &neither).await;
    assert_eq!(remembered().await, first.0, "a request writes nothing");
    server.advance(Span::days(1));
    exchange(&rp, &member, &neither).await;
    assert_eq!(remembered().await, server.now().0);
    // Anybody can ask so for it, but only the client exchanges.
    server.advance(Span::days(2));
    let before = remembered().await;
    let attempt = rp.attempt_with(&neither);
    let mut browser = Browser::new(&server);
    browser.open(&attempt.url).await;
    browser.sign_in(&member).await;
    assert_eq!(remembered().await, before);
}

/// An exchange of a code that does not exist: whoever is let in learns that.
async fn post_token(server: &TestServer, authorization: Option<&str>, more: &[(&str, &str)]) -> TestResponse {
    let mut fields =
        vec![("grant_type", "authorization_code"), ("code", "x"), ("redirect_uri", "https://cantine.example/retour")];
    fields.extend(more);
    let headers: Vec<(&str, &str)> = authorization.map(|value| ("authorization", value)).into_iter().collect();
    server.post("/oauth2/token", &headers, &fields).await
}

#[tokio::test]
async fn faults_d6_a_secret_comes_in_the_header_or_in_the_body_unless_a_method_is_named() {
    let secret = deployment::secret(BARE);
    let (header, body) = (basic_header(BARE, &secret), [("client_id", BARE), ("client_secret", secret.as_str())]);
    for (lines, by_header, by_body) in [
        ("", true, true),
        ("token_endpoint_auth_method = \"client_secret_basic\"", true, false),
        ("token_endpoint_auth_method = \"client_secret_post\"", false, true),
        ("token_endpoint_auth_method = \"client_secret_jwt\"", false, false),
    ] {
        let (server, ..) = fixture(lines).await;
        let error = |taken| if taken { "invalid_grant" } else { "invalid_client" };
        assert_eq!(post_token(&server, Some(&header), &[]).await.oauth_error(), error(by_header), "{lines} by header");
        assert_eq!(post_token(&server, None, &body).await.oauth_error(), error(by_body), "{lines} by body");
        // Never both, never without, never a wrong one.
        assert_eq!(post_token(&server, Some(&header), &body).await.oauth_error(), "invalid_request", "{lines}");
        assert_eq!(post_token(&server, None, &body[..1]).await.oauth_error(), "invalid_client", "{lines}");
        assert_eq!(
            post_token(&server, Some(&basic_header(BARE, "x")), &[]).await.oauth_error(),
            "invalid_client",
            "{lines}"
        );
        assert_eq!(
            post_token(&server, None, &[body[0], ("client_secret", "x")]).await.oauth_error(),
            "invalid_client",
            "{lines}"
        );
    }
}

#[tokio::test]
async fn faults_d6_a_registration_is_told_its_method_and_held_to_one_that_it_named() {
    let server = TestServer::start().await;
    let by_body = async |client: &serde_json::Value| {
        let who = [("client_id", text(client, "client_id")), ("client_secret", text(client, "client_secret"))];
        post_token(&server, None, &who).await.oauth_error()
    };
    let free = registered(&server, true, &cantine()).await;
    assert_eq!(free["token_endpoint_auth_method"], "client_secret_basic", "OIDCR 2: the default is said");
    assert!(can_authenticate(&server, &free, text(&free, "client_secret")).await);
    assert_eq!(by_body(&free).await, "invalid_grant");
    let mut body = cantine();
    body["token_endpoint_auth_method"] = json!("client_secret_basic");
    let named = registered(&server, true, &body).await;
    assert_eq!(by_body(&named).await, "invalid_client");
    // Who writes back what it read (RFC 7592 2.2) has named it, and needs nobody's approval for that.
    let asking = registered(&server, false, &cantine()).await;
    preau_approve(&server, &asking).await;
    assert_eq!(manage(&server, "PUT", &asking, Some(&body)).await.status, StatusCode::OK);
    assert_eq!(client_state(&server, &asking).await.name(), "active");
    assert_eq!(by_body(&asking).await, "invalid_client");
}

async fn preau_approve(server: &TestServer, client: &serde_json::Value) {
    use preau::clients::ops::lifecycle::{Decision, decide};
    let id = text(client, "client_id");
    decide(server.operation().storage(), id, Decision::Approve { version: 1 }).await.unwrap();
}

#[tokio::test]
async fn faults_d7_a_refusal_names_client_and_methods_in_one_line_and_all_have_one_answer() {
    let log = CapturedLog::capture("info");
    let (server, ..) = fixture("token_endpoint_auth_method = \"client_secret_basic\"").await;
    let secret = deployment::secret(BARE);
    let logged = |from: usize| {
        let all = log.text().split_off(from);
        let found: Vec<String> = all.lines().filter(|line| line.contains("refused")).map(str::to_owned).collect();
        assert_eq!(found.len(), 1, "{all}");
        found[0].clone()
    };
    let wrong = [("client_id", BARE), ("client_secret", secret.as_str())];
    let right = basic_header(BARE, &secret);
    server.execute_sql("UPDATE client SET state = 'suspended' WHERE client_id = 'strict'", Vec::new()).await;
    let mut answers = Vec::new();
    for (case, header, fields, said) in [
        (
            "another method",
            None,
            wrong.to_vec(),
            vec!["client=\"cantine\"", "used=\"client_secret_post\"", "registered=\"client_secret_basic\"", "method"],
        ),
        (
            "a wrong secret",
            Some(basic_header(BARE, "x")),
            vec![],
            vec!["client=\"cantine\"", "used=\"client_secret_basic\""],
        ),
        (
            "nobody",
            Some(basic_header("nobody", "x")),
            vec![],
            vec!["client=\"nobody\"", "registered=\"\"", "unknown client"],
        ),
        ("suspended", Some(basic_header("strict", "x")), vec![], vec!["client=\"strict\"", "may not be used"]),
        ("no credentials", None, vec![], vec!["client=\"\"", "nothing says which client"]),
        (
            "a public one with a secret",
            None,
            vec![("client_id", "app"), ("client_secret", "x")],
            vec!["client=\"app\"", "used=\"client_secret_post\"", "registered=\"none\""],
        ),
        ("odd header", Some("Bearer x".to_owned()), vec![], vec!["not Basic"]),
    ] {
        for path in ["/oauth2/token", "/oauth2/introspect", "/oauth2/revoke", "/oauth2/par"] {
            let from = log.text().len();
            let headers: Vec<_> = header.as_deref().map(|value| ("authorization", value)).into_iter().collect();
            let answer = server.post(path, &headers, &fields).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{case} {path}");
            let line = logged(from);
            assert!(said.iter().all(|word| line.contains(word)) && !line.contains(&secret), "{case} {path}: {line}");
            answers.push(answer.json());
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    // What a client asks that is let in is refused in its name too.
    let from = log.text().len();
    assert_eq!(post_token(&server, Some(&right), &[]).await.oauth_error(), "invalid_grant");
    assert!(logged(from).contains("client=\"cantine\""));
}

#[tokio::test]
async fn faults_d15_an_access_token_says_jwt_for_whom_its_file_says_so_and_no_other_token_passes_for_it() {
    for (lines, typ) in [("", "at+jwt"), ("access_token_typ = \"JWT\"", "JWT")] {
        let (server, rp, member) = fixture(lines).await;
        let receiver = LogoutReceiver::start().await;
        receiver.register_clients(&server, &[BARE]).await;
        let changes = json!({"tolerances": {"access_token_typ": typ, "logout_token_typ": "JWT"},
                             "userinfo": {"signed": "RS256"}});
        server.update_registration(BARE, changes).await;
        let mut browser = Browser::new(&server);
        let held = rp.sign_in(&mut browser, &member).await;
        assert_eq!(decode_part(&held.access_token, 0)["typ"], typ);
        let userinfo = rp.userinfo(&held.access_token).await;
        assert_eq!(userinfo.status, StatusCode::OK, "{typ}: {}", userinfo.visible_text());
        let introspected = async |token: &str| {
            let who = basic_header(BARE, &deployment::secret(BARE));
            let answer = server.post("/oauth2/introspect", &[("authorization", &who)], &[("token", token)]).await;
            answer.json()["active"].as_bool().unwrap()
        };
        assert!(introspected(&held.access_token).await);
        // The other kinds with the type JWT, told apart by what they say.
        let signed = String::from_utf8(userinfo.bytes.clone()).unwrap();
        let other = rp.sign_in(&mut Browser::new(&server), &member).await;
        browser.open("/compte").await;
        browser.submit("se-deconnecter", &[]).await;
        server.drain_outbox().await;
        let logout = receiver.calls_of(BARE).remove(0).token().to_owned();
        assert_eq!(decode_part(&logout, 0)["typ"], "JWT");
        for (kind, token) in [("ID token", &other.id_token), ("userinfo", &signed), ("logout token", &logout)] {
            assert_eq!(decode_part(token, 0)["typ"], "JWT", "{kind}");
            assert_eq!(rp.userinfo(token).await.status, StatusCode::UNAUTHORIZED, "{kind}");
            assert!(!introspected(token).await, "{kind}");
        }
        // And none of them, but an ID token, is a hint of who somebody is.
        for (kind, hint, known) in [
            ("ID token", &other.id_token, true),
            ("access token", &other.access_token, false),
            ("userinfo", &signed, false),
            ("logout token", &logout, false),
        ] {
            let attempt = rp.attempt_with(&[("prompt", "none"), ("id_token_hint", hint)]);
            let Landing::ExternalSite(landed) = Browser::new(&server).open(&attempt.url).await else {
                panic!("{kind}")
            };
            let error = if known { "login_required" } else { "invalid_request" };
            assert_eq!(rp.error(&landed, &attempt), error, "{kind}");
        }
    }
}

#[tokio::test]
async fn faults_d15_an_access_token_that_says_jwt_opens_nothing_once_its_file_says_so_no_more() {
    let (server, rp, member) = fixture("access_token_typ = \"JWT\"").await;
    let held = rp.sign_in(&mut Browser::new(&server), &member).await;
    assert_eq!(rp.userinfo(&held.access_token).await.status, StatusCode::OK);
    server.update_registration(BARE, json!({"tolerances": {}})).await;
    assert_eq!(rp.userinfo(&held.access_token).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn faults_d15_a_logout_token_says_what_the_file_says() {
    for (lines, typ) in [("", "logout+jwt"), ("logout_token_typ = \"JWT\"", "JWT")] {
        let (server, rp, member) = fixture(lines).await;
        let receiver = LogoutReceiver::start().await;
        receiver.register_clients(&server, &[BARE]).await;
        let mut browser = Browser::new(&server);
        rp.sign_in(&mut browser, &member).await;
        browser.open("/compte").await;
        browser.submit("se-deconnecter", &[]).await;
        server.drain_outbox().await;
        let call = receiver.calls_of(BARE).remove(0);
        assert_eq!(decode_part(call.token(), 0)["typ"], typ);
        assert!(call.claims()["events"].is_object() && call.claims().get("nonce").is_none());
    }
}

#[tokio::test]
async fn faults_d15_claims_stand_in_the_id_token_of_whom_never_asks_userinfo() {
    for (lines, there) in [("", false), ("claims_in_id_token = true", true)] {
        let (server, rp, member) = fixture(lines).await;
        let held = rp.sign_in(&mut Browser::new(&server), &member).await;
        assert_eq!(held.claims.get("given_name").is_some(), there, "{lines}");
        assert_eq!(held.claims.get("children").is_some(), there, "{lines}");
        assert!(held.claims.get("phone_number").is_none(), "a scope that it has not");
        let userinfo = rp.userinfo(&held.access_token).await.json();
        assert!(userinfo["children"].is_array(), "userinfo has them in any case");
        for (name, value) in userinfo.as_object().unwrap() {
            assert!(!there || held.claims[name] == *value, "{name}");
        }
    }
}
