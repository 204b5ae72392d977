//! `/oauth2/token`: what a code gives, to whom, and how often (RFC 6749 4.1.3, OIDCC 3.1.3).

use std::collections::BTreeSet;

use axum::http::StatusCode;
use preau::base::clock::Span;
use preau::clients::GrantType;
use serde_json::Value;

use crate::support::redis::{self, OwnRedis};
use crate::support::relying_party::decode_part;
use crate::support::{AuthorizationAttempt, Browser, TestRelyingParty, TestResponse, TestServer};

fn names(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// The exchange with some fields replaced, or left out where the new value is empty.
async fn exchange_mutated(
    rp: &TestRelyingParty,
    attempt: &AuthorizationAttempt,
    code: &str,
    more: &[(&'static str, &str)],
) -> TestResponse {
    let mut fields = rp.exchange_fields(attempt, code);
    for (name, value) in more {
        fields.retain(|(n, _)| n != name);
        if !value.is_empty() {
            fields.push((name, (*value).to_owned()));
        }
    }
    rp.post_token(rp.authorization().as_deref(), &fields).await
}

fn assert_denied(answer: &TestResponse, error: &str, case: &str) {
    assert_eq!((answer.status, answer.oauth_error().as_str()), (StatusCode::BAD_REQUEST, error), "{case}");
}

#[tokio::test]
async fn protocol_a10_the_id_token_says_who_and_when_and_nothing_more() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let rp = TestRelyingParty::new(&server, "ent");
    let mut browser = Browser::new(&server);
    let signed_in = server.now();
    rp.sign_in(&mut browser, &member).await;
    server.advance(Span::minutes(5));
    let (attempt, code) = rp.obtain_code(&mut browser, &member).await;
    let body = rp.exchange(&attempt, &code).await.json();
    assert_eq!(names(&body), ["access_token", "token_type", "expires_in", "scope", "id_token"].into());
    assert_eq!(body["scope"], "openid profile email phone education");

    let id = decode_part(body["id_token"].as_str().unwrap(), 1);
    let expected =
        ["iss", "sub", "aud", "iat", "exp", "auth_time", "acr", "amr", "sid", "nonce", "at_hash"].map(Value::from);
    assert_eq!(names(&id), expected.iter().map(|v| v.as_str().unwrap()).collect());
    assert_eq!(id["iss"], server.issuer());
    assert_eq!(id["aud"], "ent");
    assert_eq!(id["nonce"], attempt.nonce);
    assert_eq!(id["auth_time"], signed_in.as_seconds());
    assert_eq!(id["iat"], server.now().as_seconds());
    assert_eq!(id["exp"], server.now().as_seconds() + 300);
    assert_eq!((&id["acr"], &id["amr"]), (&"eidas1".into(), &serde_json::json!(["pwd"])));
    let sub = id["sub"].as_str().unwrap();
    assert!((1..=255).contains(&sub.len()) && sub.is_ascii(), "{sub}");
}

#[tokio::test]
async fn faults_d4_sid_stands_only_where_somebody_has_a_use_for_it() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let rp = TestRelyingParty::new(&server, "ent");
    let uri = "https://ent.example/fin".to_owned();
    for (case, told) in [("none", false), ("back", true), ("front", true), ("way back", true)] {
        server
            .change_client("ent", |meta| {
                meta.backchannel_logout_uri = (case == "back").then(|| uri.clone());
                meta.frontchannel_logout_uri = (case == "front").then(|| uri.clone());
                meta.post_logout_redirect_uris = if case == "way back" { vec![uri.clone()] } else { Vec::new() };
            })
            .await;
        let tokens = rp.sign_in(&mut Browser::new(&server), &member).await;
        assert_eq!(tokens.claims["sid"].is_string(), told, "{case}");
    }
}

#[tokio::test]
async fn rfc_9068_the_access_token_is_at_jwt_signed_by_es256() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let rp = TestRelyingParty::new(&server, "ent");
    let mut browser = Browser::new(&server);
    let (one, two) = (rp.sign_in(&mut browser, &member).await, rp.sign_in(&mut browser, &member).await);
    let header = decode_part(&one.access_token, 0);
    assert_eq!((&header["typ"], &header["alg"]), (&"at+jwt".into(), &"ES256".into()));
    let kids = server.get("/oauth2/jwks").await.json();
    assert!(kids["keys"].as_array().unwrap().iter().any(|k| k["kid"] == header["kid"]), "{header}");
    let claims = decode_part(&one.access_token, 1);
    assert_eq!(claims["iss"], server.issuer());
    assert_eq!(claims["aud"], server.issuer());
    assert_eq!(claims["client_id"], "ent");
    assert_eq!(claims["sub"], one.claims["sub"]);
    assert_eq!(claims["exp"], server.now().as_seconds() + 300);
    assert_eq!(claims["scope"], "openid profile email phone education");
    assert_ne!(claims["jti"], decode_part(&two.access_token, 1)["jti"]);
    for told in ["Anne", "DURAND", "Zoé", "0639980001"] {
        assert!(!claims.to_string().contains(told), "{claims}");
    }
}

#[tokio::test]
async fn attack_c2_a_code_gives_tokens_once_and_a_replay_takes_them_back() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let rp = TestRelyingParty::new(&server, "ent");
    let mut browser = Browser::new(&server);
    for seconds in [0, 30, 240] {
        let (attempt, code) = rp.obtain_code(&mut browser, &member).await;
        let tokens = rp.tokens(&attempt, &code).await;
        assert_eq!(rp.userinfo(&tokens.access_token).await.status, StatusCode::OK);
        server.advance(Span::seconds(seconds));
        assert_denied(&rp.exchange(&attempt, &code).await, "invalid_grant", "used before");
        let answer = rp.userinfo(&tokens.access_token).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "replayed after {seconds} s");
        assert_denied(&rp.exchange(&attempt, &code).await, "invalid_grant", "a third time");
    }
    // Only the tokens of that code: the session goes on, and so does another client's.
    let bourses = TestRelyingParty::new(&server, "bourses").sign_in(&mut browser, &member).await;
    let tokens = rp.sign_in(&mut browser, &member).await;
    let (attempt, code) = rp.obtain_code(&mut browser, &member).await;
    rp.tokens(&attempt, &code).await;
    assert_denied(&rp.exchange(&attempt, &code).await, "invalid_grant", "used before");
    assert_eq!(rp.userinfo(&bourses.access_token).await.status, StatusCode::OK);
    assert_eq!(rp.userinfo(&tokens.access_token).await.status, StatusCode::OK, "the same client's of another code");
    assert_eq!(rp.userinfo(&rp.sign_in(&mut browser, &member).await.access_token).await.status, StatusCode::OK);
    assert!(server.query_texts("SELECT fact FROM audit").await.iter().any(|fact| fact.contains("replay")), "audited");
}

/// In memory, and in a Redis of the test's own where the run has none.
async fn on_every_store() -> Vec<(TestServer, Option<OwnRedis>)> {
    let mut all = vec![(TestServer::start().await, None)];
    if redis::shared_url().is_none() {
        let own = OwnRedis::start(&[]).await;
        let store = own.store();
        all.push((TestServer::start_with_config(|config| config.ephemeral = store).await, Some(own)));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_a13_of_parallel_exchanges_exactly_one_wins_and_its_tokens_are_dead() {
    for (server, _alive) in on_every_store().await {
        let member = server.create_durand().await;
        let plain = TestRelyingParty::new(&server, "ent");
        let refreshing = TestRelyingParty::new(&server, "ent-toulouse");
        server
            .change_client("ent-toulouse", |meta| {
                meta.grant_types.push(GrantType::RefreshToken);
                meta.perimeter.academies.push("montpellier".to_owned());
            })
            .await;
        let mut browser = Browser::new(&server);
        for (rp, many) in [2, 2, 2, 20, 20, 20, 50].into_iter().flat_map(|n| [(&plain, n), (&refreshing, n)]) {
            let (attempt, code) = rp.obtain_code(&mut browser, &member).await;
            let mut tasks = Vec::new();
            for _ in 0..many {
                let (rp, attempt, code) = (rp.clone(), attempt.clone(), code.clone());
                tasks.push(tokio::spawn(async move { rp.exchange(&attempt, &code).await }));
            }
            let mut won = Vec::new();
            for task in tasks {
                let answer = task.await.unwrap();
                match answer.status {
                    StatusCode::OK => won.push(answer.json()),
                    _ => assert_denied(&answer, "invalid_grant", "lost"),
                }
            }
            let [tokens] = won.as_slice() else { panic!("{many} of {}: {} won", rp.client_id, won.len()) };
            let access = tokens["access_token"].as_str().unwrap();
            assert_eq!(rp.userinfo(access).await.status, StatusCode::UNAUTHORIZED, "{many}");
            // Nothing outlives the replay: no refresh token, or a dead one.
            if let Some(token) = tokens["refresh_token"].as_str() {
                let fields = [("grant_type", "refresh_token".to_owned()), ("refresh_token", token.to_owned())];
                let answer = rp.post_token(rp.authorization().as_deref(), &fields).await;
                assert_denied(&answer, "invalid_grant", "refreshed");
            }
        }
    }
}

/// Who knows a code, used or not, and can prove neither the client's secret nor the verifier, harms nobody.
#[tokio::test]
async fn faults_a13_a_stranger_with_a_code_spends_nothing_and_revokes_nothing() {
    for (server, _alive) in on_every_store().await {
        let member = server.create_durand().await;
        let mut browser = Browser::new(&server);
        for owner in ["ent", "app"] {
            let rp = TestRelyingParty::new(&server, owner);
            let (attempt, code) = rp.obtain_code(&mut browser, &member).await;
            strangers(&server, &rp, &attempt, &code).await;
            let tokens = rp.tokens(&attempt, &code).await;
            strangers(&server, &rp, &attempt, &code).await;
            assert_eq!(rp.userinfo(&tokens.access_token).await.status, StatusCode::OK, "{owner}: nothing is revoked");
            assert_eq!(
                server.query_count("SELECT COUNT(*) FROM audit WHERE fact = 'authorization_code_replayed'").await,
                0,
                "{owner}"
            );
        }
        // Its own client's replay still is one.
        let rp = TestRelyingParty::new(&server, "app");
        let (attempt, code) = rp.obtain_code(&mut browser, &member).await;
        let tokens = rp.tokens(&attempt, &code).await;
        assert_denied(&rp.exchange(&attempt, &code).await, "invalid_grant", "used before");
        assert_eq!(rp.userinfo(&tokens.access_token).await.status, StatusCode::UNAUTHORIZED);
    }
}

async fn strangers(server: &TestServer, rp: &TestRelyingParty, attempt: &AuthorizationAttempt, code: &str) {
    for other in ["app", "bourses", "ent-post", "ent"] {
        let mut thief = TestRelyingParty::new(server, other);
        thief.redirect_uri.clone_from(&rp.redirect_uri);
        for verifier in ["", "x".repeat(43).as_str()] {
            let answer = exchange_mutated(&thief, attempt, code, &[("code_verifier", verifier)]).await;
            assert_denied(&answer, "invalid_grant", other);
        }
    }
    // The code's own client by name, without its secret.
    if rp.client_id != "app" {
        let mut fields = rp.exchange_fields(attempt, code);
        fields.push(("client_id", rp.client_id.to_owned()));
        assert_eq!(rp.post_token(None, &fields).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn attack_c12_a_code_lives_sixty_seconds_and_has_256_bits() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let rp = TestRelyingParty::new(&server, "ent");
    let mut browser = Browser::new(&server);
    let (attempt, code) = rp.obtain_code(&mut browser, &member).await;
    assert_eq!(code.len(), 43);
    server.advance(Span(59_999));
    rp.tokens(&attempt, &code).await;
    let (attempt, code) = rp.obtain_code(&mut browser, &member).await;
    server.advance(Span::seconds(60));
    assert_denied(&rp.exchange(&attempt, &code).await, "invalid_grant", "60 s");
}

#[tokio::test]
async fn attack_c1_a_code_is_its_client_s_and_its_redirect_uri_s() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let rp = TestRelyingParty::new(&server, "ent");
    let mut browser = Browser::new(&server);
    for thief in ["ent-post", "bourses", "app"] {
        let (attempt, code) = rp.obtain_code(&mut browser, &member).await;
        let mut other = TestRelyingParty::new(&server, thief);
        assert_denied(&other.exchange(&attempt, &code).await, "invalid_grant", thief);
        other.redirect_uri = rp.redirect_uri.clone();
        assert_denied(&other.exchange(&attempt, &code).await, "invalid_grant", thief);
        rp.tokens(&attempt, &code).await;
    }
    for uri in ["", "https://ent.example/autre?choix=1", "https://ent.example/retour/", "https://evil.example/"] {
        let (attempt, code) = rp.obtain_code(&mut browser, &member).await;
        assert_denied(&exchange_mutated(&rp, &attempt, &code, &[("redirect_uri", uri)]).await, "invalid_grant", uri);
    }
}

#[tokio::test]
async fn attack_c3_c4_the_proof_is_demanded_compared_and_never_taken_unasked() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let mut browser = Browser::new(&server);
    let rp = TestRelyingParty::new(&server, "ent");
    let wrong = "x".repeat(43);
    let (short, long) = ("x".repeat(42), "x".repeat(129));
    for verifier in ["", &wrong, &short, &long, "é".repeat(30).as_str(), "CHALLENGE"] {
        let (attempt, code) = rp.obtain_code(&mut browser, &member).await;
        let challenge = rp.parameters(&attempt).into_iter().find(|(n, _)| n == "code_challenge").unwrap().1;
        let verifier = if verifier == "CHALLENGE" { &challenge } else { verifier };
        assert_denied(
            &exchange_mutated(&rp, &attempt, &code, &[("code_verifier", verifier)]).await,
            "invalid_grant",
            verifier,
        );
    }
    // A client that need not: neither is fine, one without the other is not.
    let free = TestRelyingParty::new(&server, "bourses");
    for (asked, proved, fine) in [(false, false, true), (false, true, false), (true, false, false), (true, true, true)]
    {
        let none: &[(&str, &str)] = &[("code_challenge", ""), ("code_challenge_method", "")];
        let attempt = free.attempt_with(if asked { &[] } else { none });
        let landed = browser.open(&attempt.url).await.expect_redirect_away();
        let code = free.code(&landed, &attempt);
        let more: &[(&'static str, &str)] = if proved { &[] } else { &[("code_verifier", "")] };
        let answer = exchange_mutated(&free, &attempt, &code, more).await;
        assert_eq!(answer.status == StatusCode::OK, fine, "{asked} {proved}: {}", answer.visible_text());
        if !fine {
            assert_denied(&answer, "invalid_grant", "downgrade");
        }
    }
}

#[tokio::test]
async fn attack_c7_c10_t9_no_other_secret_is_a_code_and_a_code_is_no_other_secret() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let rp = TestRelyingParty::new(&server, "ent");
    let mut browser = Browser::new(&server);
    let mut waiting = Browser::new(&server);
    waiting.open(&rp.attempt().url).await;
    let i = waiting.url.query_pairs().find(|(n, _)| n == "i").unwrap().1.into_owned();
    let tokens = rp.sign_in(&mut browser, &member).await;
    let (attempt, code) = rp.obtain_code(&mut browser, &member).await;
    let (session, nav) = (browser.cookie("").unwrap().to_owned(), browser.cookie("nav").unwrap().to_owned());
    let sid = tokens.claims["sid"].as_str().unwrap();
    let (cut, longer, digest) = (&code[..42], format!("{code}A"), preau::base::secret::sha256_base64url(&code));
    let others =
        [&session, &nav, &i, sid, &attempt.state, &tokens.access_token, &tokens.id_token, cut, &longer, &digest];
    for other in others {
        assert_denied(&rp.exchange(&attempt, other).await, "invalid_grant", other);
    }
    let mut thief = Browser::new(&server);
    thief.cookies.insert("preau_dev".to_owned(), code.clone());
    thief.open("/compte").await;
    assert_eq!(thief.url.path(), "/connexion");
    assert_eq!(rp.userinfo(&code).await.status, StatusCode::UNAUTHORIZED);
    rp.tokens(&attempt, &code).await;
}

#[tokio::test]
async fn protocol_a16_any_parameter_missing_doubled_empty_or_huge_is_an_error_of_theirs() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let mut browser = Browser::new(&server);
    for client in ["ent", "ent-post", "app"] {
        let rp = TestRelyingParty::new(&server, client);
        let sent: Vec<&'static str> = rp.exchange_fields(&rp.attempt(), "").into_iter().map(|(n, _)| n).collect();
        for name in sent {
            let huge = "x".repeat(10_000);
            for value in [None, Some(""), Some("x"), Some("é\u{7f}"), Some("\0"), Some(huge.as_str())] {
                let (attempt, code) = rp.obtain_code(&mut browser, &member).await;
                let mut fields = rp.exchange_fields(&attempt, &code);
                match value {
                    None => fields.retain(|(n, _)| *n != name),
                    Some(value) => fields.iter_mut().filter(|(n, _)| *n == name).for_each(|f| f.1 = value.to_owned()),
                }
                one_of_theirs(&rp, &fields, name).await;
                // Both the same.
                let mut fields = rp.exchange_fields(&attempt, &code);
                let copy = fields.iter().find(|(n, _)| *n == name).unwrap().clone();
                fields.push(copy);
                assert_denied(&one_of_theirs(&rp, &fields, name).await, "invalid_request", name);
            }
        }
    }
}

#[tokio::test]
async fn faults_d10_an_empty_parameter_beside_the_right_one_was_not_sent() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let mut browser = Browser::new(&server);
    for client in ["ent", "ent-post", "app"] {
        let rp = TestRelyingParty::new(&server, client);
        let (attempt, code) = rp.obtain_code(&mut browser, &member).await;
        let mut fields = rp.exchange_fields(&attempt, &code);
        let names: Vec<&'static str> = fields.iter().map(|(name, _)| *name).collect();
        fields.extend(names.into_iter().chain(["client_secret", "client_assertion"]).map(|name| (name, String::new())));
        let answer = rp.post_token(rp.authorization().as_deref(), &fields).await;
        assert_eq!(answer.status, StatusCode::OK, "{client}: {}", answer.visible_text());
    }
}

async fn one_of_theirs(rp: &TestRelyingParty, fields: &[(&'static str, String)], case: &str) -> TestResponse {
    let answer = rp.post_token(rp.authorization().as_deref(), fields).await;
    let error = answer.oauth_error();
    let known = ["invalid_request", "invalid_client", "invalid_grant", "unsupported_grant_type"];
    assert!(known.contains(&error.as_str()), "{case}: {}", answer.visible_text());
    let status = if error == "invalid_client" { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
    assert_eq!(answer.status, status, "{case}");
    answer
}

#[tokio::test]
async fn attack_t12_only_wired_and_registered_grants_are_there() {
    let server = TestServer::start().await;
    let rp = TestRelyingParty::new(&server, "ent");
    for grant in ["refresh_token", "client_credentials"] {
        let answer = exchange_mutated(&rp, &rp.attempt(), "x", &[("grant_type", grant)]).await;
        assert_denied(&answer, "unauthorized_client", grant);
    }
    for grant in [
        "password",
        "implicit",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "Authorization_Code",
        "<script>",
    ] {
        let answer = exchange_mutated(&rp, &rp.attempt(), "x", &[("grant_type", grant)]).await;
        assert_denied(&answer, "unsupported_grant_type", grant);
        assert!(!answer.text().contains("<script"), "never repeated");
    }
}

#[tokio::test]
async fn the_body_is_a_form_and_nothing_is_read_from_the_query() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let rp = TestRelyingParty::new(&server, "ent");
    let (attempt, code) = rp.obtain_code(&mut Browser::new(&server), &member).await;
    let fields = rp.exchange_fields(&attempt, &code);
    let pairs: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let query = crate::support::server::encode_form(&pairs);
    let authorization = rp.authorization().unwrap();
    let answer = server.post(&format!("/oauth2/token?{query}"), &[("authorization", &authorization)], &[]).await;
    assert_denied(&answer, "invalid_request", "all in the query");
    let json = axum::http::Request::post("/oauth2/token")
        .header("authorization", &authorization)
        .header("content-type", "application/json")
        .body(axum::body::Body::from("{\"grant_type\":\"authorization_code\"}"));
    assert_denied(&server.call(json.unwrap()).await, "invalid_request", "JSON");
    assert_eq!(server.get(&format!("/oauth2/token?{query}")).await.status, StatusCode::METHOD_NOT_ALLOWED);
    rp.tokens(&attempt, &code).await;
}
