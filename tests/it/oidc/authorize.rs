//! `/oauth2/authorize`: what a request may say, and what is answered (OIDCC 3.1.2).

use axum::http::StatusCode;
use preau::base::clock::Span;
use preau::protocol::redirect::with_query;

use crate::support::relying_party::find_pair;
use crate::support::{Browser, Landing, TestAccount, TestFamily, TestRelyingParty, TestServer, deployment, html};

async fn signed_in(server: &TestServer, member: &TestAccount) -> Browser {
    let mut browser = Browser::new(server);
    browser.open("/connexion").await;
    browser.sign_in(member).await;
    browser
}

/// The fields of an authorize url.
fn fields(url: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(url.split_once('?').unwrap().1.as_bytes()).into_owned().collect()
}

/// Who asks, what is bent, the error.
type Case<'a> = (&'a TestRelyingParty, &'a [(&'a str, &'a str)], &'a str);

const UNMET: &str = "unmet_authentication_requirements";

#[tokio::test]
async fn protocol_a2_every_other_error_goes_back_with_state_and_iss() {
    let server = TestServer::start().await;
    let (ent, bourses) = (TestRelyingParty::new(&server, "ent"), TestRelyingParty::new(&server, "bourses"));
    let hint = "eyJhbGciOiJub25lIn0.e30.";
    let cases: &[Case] = &[
        (&ent, &[("response_type", "")], "invalid_request"),
        (&ent, &[("response_type", "token")], "unsupported_response_type"),
        (&ent, &[("response_type", "none")], "unsupported_response_type"),
        (&ent, &[("response_mode", "elsewhere")], "invalid_request"),
        (&ent, &[("claims", "[]")], "invalid_request"),
        (&ent, &[("claims", r#"{"id_token":{"acr":{"essential":true,"value":"x"}}}"#)], UNMET),
        (&ent, &[("dpop_jkt", "short")], "invalid_request"),
        (&ent, &[("resource", "https://elsewhere.example")], "invalid_target"),
        (&ent, &[("scope", "")], "invalid_scope"),
        (&ent, &[("scope", "profile education")], "invalid_scope"),
        (&ent, &[("scope", "OPENID")], "invalid_scope"),
        (&ent, &[("scope", "openid é")], "invalid_scope"),
        (&ent, &[("prompt", "none login")], "invalid_request"),
        (&ent, &[("prompt", "none none")], "invalid_request"),
        (&ent, &[("max_age", "-1")], "invalid_request"),
        (&ent, &[("max_age", "1.5")], "invalid_request"),
        (&ent, &[("max_age", "99999999999999999999")], "invalid_request"),
        (&ent, &[("request", "x")], "invalid_request_object"),
        (&ent, &[("request", "x"), ("request_uri", "https://ent.example/r")], "invalid_request"),
        (&ent, &[("request_uri", "https://ent.example/r")], "invalid_request_uri"),
        (&ent, &[("registration", "{}")], "registration_not_supported"),
        (&ent, &[("id_token_hint", hint)], "invalid_request"),
        (&ent, &[("code_challenge", "")], "invalid_request"),
        (&ent, &[("code_challenge", ""), ("code_challenge_method", "")], "invalid_request"),
        (&ent, &[("code_challenge_method", "")], "invalid_request"),
        (&ent, &[("code_challenge_method", "plain")], "invalid_request"),
        (&ent, &[("code_challenge_method", "s256")], "invalid_request"),
        (&ent, &[("code_challenge", "short")], "invalid_request"),
        (&bourses, &[("code_challenge", "")], "invalid_request"),
        (&bourses, &[("code_challenge_method", "plain")], "invalid_request"),
        (&ent, &[("prompt", "none")], "login_required"),
        (&ent, &[("prompt", "none"), ("max_age", "0")], "login_required"),
    ];
    for (rp, more, error) in cases {
        let attempt = rp.attempt_with(more);
        let landed = Browser::new(&server).open(&attempt.url).await.expect_redirect_away();
        assert_eq!(rp.error(&landed, &attempt), *error, "{more:?}");
    }
}

#[tokio::test]
async fn protocol_a2_state_comes_back_unchanged_whatever_it_is_and_not_if_none_was_sent() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let mut browser = signed_in(&server, &member).await;
    let ent = TestRelyingParty::new(&server, "ent");
    // Faults D8: as long as any parameter may be, and what JSON and addresses make longest.
    let (long, longest, quotes) = ("é".repeat(1_000), "s".repeat(6 * 1024), "\"".repeat(6 * 1024));
    for state in ["x", &"s".repeat(384), "a b+c&d=e%20#\"'<>\\/é日\n\t", &long, &longest, &quotes] {
        let mut attempt = ent.attempt_with(&[("state", state)]);
        attempt.state = state.to_owned();
        let landed = browser.open(&attempt.url).await.expect_redirect_away();
        ent.code(&landed, &attempt);
        attempt = ent.attempt_with(&[("state", state), ("response_type", "token")]);
        attempt.state = state.to_owned();
        let landed = browser.open(&attempt.url).await.expect_redirect_away();
        ent.error(&landed, &attempt);
    }
    let landed = browser.open(&ent.attempt_with(&[("state", "")]).url).await.expect_redirect_away();
    let all: Vec<_> = landed.query_pairs().into_owned().collect();
    assert!(find_pair(&all, "state").is_none() && find_pair(&all, "code").is_some(), "{landed}");
}

#[tokio::test]
async fn protocol_a4_prompt_none_is_silent_for_who_is_signed_in() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let ent = TestRelyingParty::new(&server, "ent");
    let mut browser = Browser::new(&server);
    let first = ent.sign_in(&mut browser, &member).await;
    server.advance(Span::minutes(5));
    for more in [
        vec![("prompt", "none")],
        vec![("prompt", "none"), ("id_token_hint", first.id_token.as_str())],
        vec![("prompt", "none"), ("max_age", "10000")],
        vec![("id_token_hint", first.id_token.as_str())],
    ] {
        let attempt = ent.attempt_with(&more);
        let landed = browser.open(&attempt.url).await.expect_redirect_away();
        let again = ent.tokens(&attempt, &ent.code(&landed, &attempt)).await;
        for name in ["sub", "auth_time", "sid"] {
            assert_eq!(again.claims[name], first.claims[name], "{name} {more:?}");
        }
        assert_eq!(again.claims["iat"], server.now().as_seconds());
    }
}

#[tokio::test]
async fn oidcc_3_1_2_1_a_hint_of_somebody_else_asks_who_is_here() {
    let server = TestServer::start().await;
    server.import_families("montpellier", deployment::MONOD, &[TestFamily::durand(), TestFamily::petit()]).await;
    let anne = server.create_account_of("montpellier", &TestFamily::durand()).await;
    let paul = server.create_account_of("montpellier", &TestFamily::petit()).await;
    let ent = TestRelyingParty::new(&server, "ent");
    let hint = ent.sign_in(&mut Browser::new(&server), &anne).await.id_token;
    let mut browser = signed_in(&server, &paul).await;
    server.advance(Span::seconds(1));
    let silent = ent.attempt_with(&[("id_token_hint", &hint), ("prompt", "none")]);
    let landed = browser.open(&silent.url).await.expect_redirect_away();
    assert_eq!(ent.error(&landed, &silent), "login_required");
    // Paul again: that is an answer about the wrong person, which is refused; Anne is who was meant.
    let attempt = ent.attempt_with(&[("id_token_hint", &hint)]);
    browser.open(&attempt.url).await;
    let landed = browser.sign_in(&paul).await.expect_redirect_away();
    assert_eq!(ent.error(&landed, &attempt), "login_required");
    let attempt = ent.attempt_with(&[("id_token_hint", &hint)]);
    server.advance(Span::seconds(1));
    browser.open(&attempt.url).await;
    let landed = browser.sign_in(&anne).await.expect_redirect_away();
    ent.tokens(&attempt, &ent.code(&landed, &attempt)).await;
    // A hint that another client was given, or nobody, says nothing here.
    let other = TestRelyingParty::new(&server, "bourses");
    let bent = crate::support::relying_party::mutate_token(&hint);
    for (rp, hint) in [(&other, hint.as_str()), (&ent, bent.as_str()), (&ent, "x"), (&ent, "a.b.c")] {
        let attempt = rp.attempt_with(&[("id_token_hint", hint)]);
        let landed = browser.open(&attempt.url).await.expect_redirect_away();
        assert_eq!(rp.error(&landed, &attempt), "invalid_request", "{hint}");
    }
}

#[tokio::test]
async fn protocol_a5_prompt_login_and_max_age_ask_again_and_auth_time_says_so() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let ent = TestRelyingParty::new(&server, "ent");
    let mut browser = Browser::new(&server);
    let mut last = ent.sign_in(&mut browser, &member).await.claims["auth_time"].as_i64().unwrap();
    for more in [
        ("prompt", "login"),
        ("prompt", "select_account"),
        ("max_age", "1"),
        ("max_age", "0"),
        ("prompt", "consent login"),
    ] {
        server.advance(Span::seconds(2));
        let attempt = ent.attempt_with(&[more]);
        assert!(matches!(browser.open(&attempt.url).await, Landing::OwnPage), "{more:?}");
        server.advance(Span::seconds(3));
        let mut landed = browser.sign_in(&member).await;
        if more.1.contains("consent") {
            browser.submit("continuer", &[]).await;
            landed = browser.follow().await;
        }
        let tokens = ent.tokens(&attempt, &ent.code(&landed.expect_redirect_away(), &attempt)).await;
        let now = tokens.claims["auth_time"].as_i64().unwrap();
        assert_eq!(now, last + 5, "{more:?}");
        last = now;
    }
    server.advance(Span::seconds(2));
    let attempt = ent.attempt_with(&[("max_age", "10000")]);
    let landed = browser.open(&attempt.url).await.expect_redirect_away();
    let tokens = ent.tokens(&attempt, &ent.code(&landed, &attempt)).await;
    assert_eq!(tokens.claims["auth_time"], last, "no needless sign-in");
}

#[tokio::test]
async fn oidcr_2_default_max_age_of_the_client_counts() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let strict = TestRelyingParty::new(&server, "strict");
    let mut browser = signed_in(&server, &member).await;
    server.advance(Span::seconds(300));
    assert!(matches!(browser.open(&strict.attempt().url).await, Landing::ExternalSite(_)));
    server.advance(Span::seconds(1));
    assert!(matches!(browser.open(&strict.attempt().url).await, Landing::OwnPage));
    assert!(matches!(browser.open(&strict.attempt_with(&[("max_age", "1000")]).url).await, Landing::ExternalSite(_)));
}

#[tokio::test]
async fn protocol_a6_post_is_taken_like_get_also_from_another_site() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let ent = TestRelyingParty::new(&server, "ent");
    for known in [false, true] {
        let mut browser = if known { signed_in(&server, &member).await } else { Browser::new(&server) };
        let attempt = ent.attempt();
        let all = fields(&attempt.url);
        let all: Vec<(&str, &str)> = all.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        browser.post_cross_site("/oauth2/authorize", &all).await;
        let landed = match browser.follow().await {
            Landing::ExternalSite(url) => url,
            Landing::OwnPage => browser.sign_in(&member).await.expect_redirect_away(),
        };
        ent.tokens(&attempt, &ent.code(&landed, &attempt)).await;
        assert_eq!(
            known,
            server.query_count("SELECT COUNT(*) FROM session").await == 2,
            "asked only who was not known"
        );
    }
    // An error of a POST cannot redirect out of the form: it is told over our own GET.
    let attempt = ent.attempt_with(&[("response_type", "token")]);
    let all = fields(&attempt.url);
    let all: Vec<(&str, &str)> = all.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let mut browser = Browser::new(&server);
    browser.post_cross_site("/oauth2/authorize", &all).await;
    let landed = browser.follow().await.expect_redirect_away();
    assert_eq!(ent.error(&landed, &attempt), "unsupported_response_type");
}

#[tokio::test]
async fn protocol_a6_what_is_not_served_is_passed_over() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let mut browser = signed_in(&server, &member).await;
    let ent = TestRelyingParty::new(&server, "ent");
    for more in [
        ("display", "page"),
        ("display", "popup"),
        ("ui_locales", "se"),
        ("claims_locales", "se"),
        ("login_hint", "buffy@localhost"),
        ("acr_values", "1 2"),
        ("acr_values", "eidas1"),
        ("extra", "foobar"),
        ("claims", "{\"userinfo\":{\"name\":{\"essential\":true}}}"),
        ("scope", "education unknown phone profile openid"),
        ("response_mode", "query"),
        ("nonce", &"n".repeat(384)),
    ] {
        let mut attempt = ent.attempt_with(&[more]);
        if more.0 == "nonce" {
            attempt.nonce = more.1.to_owned();
        }
        let landed = browser.open(&attempt.url).await.expect_redirect_away();
        let tokens = ent.tokens(&attempt, &ent.code(&landed, &attempt)).await;
        assert_eq!(tokens.claims["acr"], "eidas1", "{more:?}");
    }
    // Parameters in another order.
    let attempt = ent.attempt();
    let mut all = fields(&attempt.url);
    all.reverse();
    let all: Vec<(&str, &str)> = all.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let landed = browser
        .open(&format!("/oauth2/authorize?{}", crate::support::server::encode_form(&all)))
        .await
        .expect_redirect_away();
    ent.tokens(&attempt, &ent.code(&landed, &attempt)).await;
}

#[tokio::test]
async fn protocol_a7_a_nonce_is_optional_and_absent_when_absent() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let mut browser = signed_in(&server, &member).await;
    let ent = TestRelyingParty::new(&server, "ent");
    let attempt = ent.attempt_with(&[("nonce", "")]);
    let landed = browser.open(&attempt.url).await.expect_redirect_away();
    let answer = ent.exchange(&attempt, &ent.code(&landed, &attempt)).await.json();
    let claims = crate::support::relying_party::decode_part(answer["id_token"].as_str().unwrap(), 1);
    assert!(claims.get("nonce").is_none(), "{claims}");
}

#[tokio::test]
async fn a_login_hint_fills_the_field_only_if_it_is_an_identifiant() {
    let server = TestServer::start().await;
    let ent = TestRelyingParty::new(&server, "ent");
    for (hint, shown) in [("a.durand12", "a.durand12"), ("buffy@localhost", ""), ("<script>", ""), ("\"'", "")] {
        let mut browser = Browser::new(&server);
        browser.open(&ent.attempt_with(&[("login_hint", hint)]).url).await;
        let form = browser.page.form_of("se-connecter");
        assert_eq!(find_pair(&form.fields, "identifiant"), Some(shown), "{hint}");
    }
}

#[tokio::test]
async fn a_person_outside_of_the_perimeter_gets_a_page_or_interaction_required() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let toulouse = TestRelyingParty::new(&server, "ent-toulouse");
    let mut browser = signed_in(&server, &member).await;
    let silent = toulouse.attempt_with(&[("prompt", "none")]);
    let landed = browser.open(&silent.url).await.expect_redirect_away();
    assert_eq!(toulouse.error(&landed, &silent), "interaction_required");
    let attempt = toulouse.attempt();
    assert!(matches!(browser.open(&attempt.url).await, Landing::OwnPage));
    assert_eq!(browser.page.status, StatusCode::FORBIDDEN);
    assert!(browser.page.visible_text().contains("Clg Théodore Monod"), "{}", browser.page.visible_text());
    // docs/threats.md#faults-e5: where the children are, and the same portal's button that goes there; no other
    // client's.
    assert!(browser.page.visible_text().contains("académie de Montpellier"), "{}", browser.page.visible_text());
    let doors = html::attributes(&browser.page.text(), "a[id^=bonne-porte]", "href");
    let initiate = with_query("https://ent.example/initiate", &[("iss", server.issuer())]);
    assert_eq!(doors, [initiate, "https://ent-post.example/".to_owned()]);
    let mut back = browser.clone_browser();
    (back.page, back.url) = (browser.page.clone(), browser.url.clone());
    back.click("#continuer").await;
    let landed = back.follow().await.expect_redirect_away();
    assert_eq!(toulouse.error(&landed, &attempt), "access_denied");
    // Another account of the same browser, for the same request.
    server.import_families("toulouse", deployment::TOULOUSE, &[TestFamily::petit()]).await;
    let paul = server.create_account_of("toulouse", &TestFamily::petit()).await;
    browser.submit("changer", &[]).await;
    browser.follow().await;
    let landed = browser.sign_in(&paul).await.expect_redirect_away();
    toulouse.tokens(&attempt, &toulouse.code(&landed, &attempt)).await;
}

#[tokio::test]
async fn attack_d10_a_request_too_large_to_be_kept_is_told_so() {
    let server = TestServer::start().await;
    let ent = TestRelyingParty::new(&server, "ent");
    for (name, length) in [("state", 6 * 1024 + 1), ("nonce", 2_049)] {
        let attempt = ent.attempt_with(&[(name, &"x".repeat(length))]);
        let landed = Browser::new(&server).open(&attempt.url).await.expect_redirect_away();
        let all: Vec<_> = landed.query_pairs().into_owned().collect();
        assert_eq!(find_pair(&all, "error"), Some("invalid_request"), "{name}");
    }
}

#[tokio::test]
async fn faults_d8_a_long_state_outlives_a_sign_in_and_a_push() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let ent = TestRelyingParty::new(&server, "ent");
    for state in ["s".repeat(6 * 1024), "\"".repeat(6 * 1024)] {
        let mut attempt = ent.attempt_with(&[("state", &state)]);
        attempt.state.clone_from(&state);
        let mut browser = Browser::new(&server);
        assert!(matches!(browser.open(&attempt.url).await, Landing::OwnPage));
        let landed = browser.sign_in(&member).await.expect_redirect_away();
        ent.tokens(&attempt, &ent.code(&landed, &attempt)).await;
        let authorization = ent.authorization().unwrap();
        let mut fields = ent.parameters(&attempt);
        fields.retain(|(name, _)| name != "state");
        fields.push(("state".to_owned(), state));
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let pushed = server.post("/oauth2/par", &[("authorization", &authorization)], &fields).await;
        assert_eq!(pushed.status, StatusCode::CREATED, "{}", pushed.visible_text());
    }
}

#[tokio::test]
async fn faults_d13_prompt_create_leads_to_the_activation_and_an_unknown_word_is_an_error() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let ent = TestRelyingParty::new(&server, "ent");
    for mut browser in [Browser::new(&server), signed_in(&server, &member).await] {
        server.advance(Span::seconds(1));
        let attempt = ent.attempt_with(&[("prompt", "create")]);
        assert!(matches!(browser.open(&attempt.url).await, Landing::OwnPage));
        assert_eq!(browser.url.path(), "/activation");
        // Who has an account after all signs in from there, and is not sent round in a circle.
        let query = browser.url.query().unwrap().to_owned();
        assert!(query.contains("i=") && query.contains("client_id=ent"), "{query}");
        browser.open(&format!("/connexion?{query}&motif=encore")).await;
        let landed = browser.sign_in(&member).await.expect_redirect_away();
        ent.tokens(&attempt, &ent.code(&landed, &attempt)).await;
    }
    let announced = server.get("/.well-known/openid-configuration").await.json()["prompt_values_supported"].clone();
    assert!(announced.as_array().unwrap().contains(&"create".into()), "{announced}");
    for word in ["unheard-of", "login unheard-of", "Login", "none create"] {
        let attempt = ent.attempt_with(&[("prompt", word)]);
        let landed = Browser::new(&server).open(&attempt.url).await.expect_redirect_away();
        assert_eq!(ent.error(&landed, &attempt), "invalid_request", "{word}");
    }
}
