//! Sessions and their cookies: drawn anew, bound, ended; kept over a restart.

use axum::http::StatusCode;
use preau::base::clock::Span;
use preau::base::secret::sha256_base64url;

use crate::support::{Browser, Landing, TestAccount, TestRelyingParty, TestServer};

async fn signed_in(server: &TestServer, member: &TestAccount) -> Browser {
    let mut browser = Browser::new(server);
    browser.open("/connexion").await;
    browser.sign_in(member).await;
    assert_eq!(browser.url.path(), "/compte", "{}", browser.page.visible_text());
    browser
}

/// Whether a browser with these cookies is somebody.
async fn is_known(browser: &Browser) -> bool {
    let mut other = browser.clone_browser();
    other.get("/compte").await.status == StatusCode::OK
}

#[tokio::test]
async fn attack_s1_each_sign_in_draws_a_new_session_and_ends_the_old_one() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let mut browser = signed_in(&server, &member).await;
    let stolen = browser.clone_browser();
    let first = browser.cookie("").unwrap().to_owned();
    server.advance(Span::seconds(1));
    browser.open(&TestRelyingParty::new(&server, "ent").attempt_with(&[("prompt", "login")]).url).await;
    browser.sign_in(&member).await.expect_redirect_away();
    assert_ne!(browser.cookie(""), Some(first.as_str()));
    assert!(!is_known(&stolen).await, "the old cookie is worth nothing");
    assert!(is_known(&browser).await);
}

#[tokio::test]
async fn attack_s1_a_planted_cookie_is_not_taken_over() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let planted = "A".repeat(43);
    let mut browser = Browser::new(&server);
    browser.open("/connexion").await;
    browser.cookies.insert("preau_dev".to_owned(), planted.clone());
    browser.sign_in(&member).await;
    assert_ne!(browser.cookie(""), Some(planted.as_str()));
    let mut attacker = Browser::new(&server);
    attacker.cookies.insert("preau_dev".to_owned(), planted);
    assert!(!is_known(&attacker).await);
}

#[tokio::test]
async fn attack_s1_over_https_cookies_are_bound_to_the_host() {
    let server = TestServer::start_with_config(|config| {
        config.server.issuer = "https://id.example.fr".to_owned();
        config.phones.fictitious.clear();
        config.outgoing.allow_private = false;
    })
    .await;
    let member = server.create_account("Anne", "DURAND").await;
    // Names and marks are looked at on every answer.
    let browser = signed_in(&server, &member).await;
    assert!(browser.cookies.keys().all(|name| name.starts_with("__Host-preau")), "{:?}", browser.cookies);
}

#[tokio::test]
async fn attack_s2_threat_s17_cookies_are_long_and_kept_as_digests() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let browser = signed_in(&server, &member).await;
    let cookie = browser.cookie("").unwrap();
    assert_eq!(cookie.len(), 43);
    assert_eq!(server.query_texts("SELECT id FROM session").await, [sha256_base64url(cookie)]);
    let mut thief = Browser::new(&server);
    thief.cookies.insert("preau_dev".to_owned(), sha256_base64url(cookie));
    assert!(!is_known(&thief).await, "a row of the database signs nobody in");
}

#[tokio::test]
async fn attack_s3_each_client_of_a_session_has_its_own_sid_and_no_two_are_alike() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let mut seen = std::collections::HashSet::new();
    for _ in 0..3 {
        let mut browser = signed_in(&server, &member).await;
        for client in ["ent", "ent-post", "bourses"] {
            let tokens = TestRelyingParty::new(&server, client).sign_in(&mut browser, &member).await;
            assert!(seen.insert(tokens.claims["sid"].as_str().unwrap().to_owned()));
        }
    }
    let mut browser = signed_in(&server, &member).await;
    let ent = TestRelyingParty::new(&server, "ent");
    let (one, two) = (ent.sign_in(&mut browser, &member).await, ent.sign_in(&mut browser, &member).await);
    assert_eq!(one.claims["sid"], two.claims["sid"], "the same session and client");
}

#[tokio::test]
async fn attack_s4_a_new_sign_in_that_was_asked_for_and_left_is_not_taken_as_done() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let ent = TestRelyingParty::new(&server, "ent");
    let mut browser = signed_in(&server, &member).await;
    server.advance(Span::minutes(5));
    for more in [("prompt", "login"), ("prompt", "select_account"), ("max_age", "60")] {
        let attempt = ent.attempt_with(&[more]);
        browser.open(&attempt.url).await;
        assert_eq!(browser.url.path(), "/connexion");
        let query = browser.url.query().unwrap().replace("&motif=encore", "");
        // Around the page, as an impatient person or an attacker would.
        for around in [format!("/oauth2/authorize?{query}"), format!("/connexion/suite?{query}")] {
            let landed = browser.open(&around).await;
            assert!(
                matches!(landed, Landing::OwnPage) && browser.page.has_element("#se-connecter"),
                "{more:?} {around}"
            );
        }
        let refused = browser.open(&format!("/oauth2/authorize?{query}&refuser=1")).await.expect_redirect_away();
        assert_eq!(ent.error(&refused, &attempt), "access_denied");
    }
    assert!(is_known(&browser).await, "the old session stays what it was");
    let attempt = ent.attempt_with(&[("prompt", "login")]);
    browser.open(&attempt.url).await;
    let landed = browser.sign_in(&member).await.expect_redirect_away();
    let tokens = ent.tokens(&attempt, &ent.code(&landed, &attempt)).await;
    assert_eq!(tokens.claims["auth_time"], server.now().as_seconds());
}

#[tokio::test]
async fn attack_s5_another_site_cannot_sign_somebody_in_or_out() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let fields = [("identifiant", member.identifiant.as_str()), ("mot_de_passe", member.password.as_str())];
    let mut victim = Browser::new(&server);
    victim.open("/connexion").await;
    assert_eq!(victim.post_cross_site("/connexion", &fields).await.status, StatusCode::FORBIDDEN);
    assert!(!victim.has_session());
    // A browser that does not say where it comes from: the cookie of the form's page is missing.
    let answer = server.post("/connexion", &[], &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!answer.cookies().iter().any(|c| c.starts_with("preau_dev=")));

    let mut victim = signed_in(&server, &member).await;
    for path in ["/deconnexion", "/deconnexion/confirmer"] {
        victim.post_cross_site(path, &[]).await;
        assert_eq!(victim.page.status, StatusCode::FORBIDDEN, "{path}");
    }
    victim.open("/oauth2/logout").await;
    assert!(victim.page.has_element("#confirmer"), "by GET it is asked first");
    let mut again = victim.clone_browser();
    again.post_cross_site("/oauth2/logout", &[]).await;
    assert!(is_known(&victim).await);
    victim.submit("confirmer", &[]).await;
    victim.follow().await;
    assert!(!victim.has_session());
}

#[tokio::test]
async fn attack_s6_malformed_cookies_are_nobody() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let good = signed_in(&server, &member).await;
    let cookie = good.cookie("").unwrap().to_owned();
    for bad in [
        String::new(),
        "x".to_owned(),
        format!("{cookie}A"),
        cookie[..42].to_owned(),
        format!("\"{cookie}\""),
        format!("%41{}", &cookie[3..]),
        "' OR 1=1 --".to_owned(),
        "é".repeat(22),
        "A".repeat(9_000),
    ] {
        let mut browser = Browser::new(&server);
        browser.cookies.insert("preau_dev".to_owned(), bad.clone());
        browser.cookies.insert("preau_dev_nav".to_owned(), bad.clone());
        browser.cookies.insert("preau_dev_lang".to_owned(), bad.clone());
        browser.open("/compte").await;
        assert_eq!(browser.url.path(), "/connexion", "{bad}");
        assert_eq!(browser.page.status, StatusCode::OK);
    }
    assert!(is_known(&good).await);
}

#[tokio::test]
async fn attack_s7_a_dead_session_s_cookie_goes_when_the_sign_in_page_is_shown() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let mut browser = signed_in(&server, &member).await;
    server.advance(Span::minutes(31));
    browser.open("/connexion").await;
    assert!(browser.page.has_element("#se-connecter"));
    assert!(!browser.has_session());
}

#[tokio::test]
async fn attack_s8_t11_a_suspension_is_seen_at_once() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let ent = TestRelyingParty::new(&server, "ent");
    let mut browser = signed_in(&server, &member).await;
    let tokens = ent.sign_in(&mut browser, &member).await;
    let (attempt, code) = ent.obtain_code(&mut browser, &member).await;
    server.set_suspension(&member, Some("school")).await;
    assert!(!is_known(&browser).await);
    assert_eq!(ent.userinfo(&tokens.access_token).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(ent.exchange(&attempt, &code).await.oauth_error(), "invalid_grant");
    let none = ent.attempt_with(&[("prompt", "none")]);
    let landed = browser.open(&none.url).await.expect_redirect_away();
    assert_eq!(ent.error(&landed, &none), "login_required");
}

#[tokio::test]
async fn attack_s8_ending_all_sessions_of_an_account_ends_every_browser_and_token() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let ent = TestRelyingParty::new(&server, "ent");
    let mut browsers = [signed_in(&server, &member).await, signed_in(&server, &member).await];
    let tokens = ent.sign_in(&mut browsers[0], &member).await;
    let op = server.operation();
    let mut tx = op.write(preau::db::Durability::Durable).await.unwrap();
    preau::sessions::ops::end_all(&mut tx, &server.app.master_key, &member.account_id, None).await.unwrap();
    tx.commit().await.unwrap();
    for browser in &browsers {
        assert!(!is_known(browser).await);
    }
    assert_eq!(ent.userinfo(&tokens.access_token).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_session_sleeps_after_thirty_idle_minutes_and_dies_after_twelve_hours() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let mut browser = signed_in(&server, &member).await;
    // A visit every 29 minutes keeps it awake, until it is 12 h old.
    for _ in 0..24 {
        server.advance(Span::minutes(29));
        assert_eq!(browser.get("/compte").await.status, StatusCode::OK, "at {}", server.now());
    }
    server.advance(Span::minutes(24));
    assert!(!is_known(&browser).await, "twelve hours are over");

    let browser = signed_in(&server, &member).await;
    server.advance(Span::minutes(30));
    assert!(!is_known(&browser).await, "idle");
}

#[tokio::test]
async fn silent_requests_tokens_and_userinfo_keep_no_session_awake_and_sleep_ends_no_token() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let ent = TestRelyingParty::new(&server, "ent");
    let mut browser = signed_in(&server, &member).await;
    server.advance(Span::minutes(2));
    ent.sign_in(&mut browser, &member).await;
    for _ in 0..2 {
        server.advance(Span::minutes(14));
        let none = ent.attempt_with(&[("prompt", "none")]);
        let landed = browser.open(&none.url).await.expect_redirect_away();
        let tokens = ent.tokens(&none, &ent.code(&landed, &none)).await;
        assert_eq!(ent.userinfo(&tokens.access_token).await.status, StatusCode::OK);
    }
    let none = ent.attempt_with(&[("prompt", "none")]);
    let landed = browser.open(&none.url).await.expect_redirect_away();
    let tokens = ent.tokens(&none, &ent.code(&landed, &none)).await;
    server.advance(Span::minutes(3));
    assert!(!is_known(&browser).await, "31 minutes since the last visit");
    assert_eq!(ent.userinfo(&tokens.access_token).await.status, StatusCode::OK, "sign-on sleeps, the token lives");
}

#[tokio::test]
async fn a_restart_signs_nobody_out_and_loses_only_a_request_that_was_too_long_for_an_address() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let browser = signed_in(&server, &member).await;
    let ent = TestRelyingParty::new(&server, "ent");
    let (short, long) = (ent.attempt(), ent.attempt_with(&[("nonce", &"n".repeat(2_000))]));
    let (mut carried, mut waiting) = (Browser::new(&server), Browser::new(&server));
    carried.open(&short.url).await;
    waiting.open(&long.url).await;

    let restarted = server.restart_with_empty_store().await;
    assert!(is_known(&browser.at_server(&restarted)).await);
    // The form is still open in the other browsers.
    let after = |before: &Browser| {
        let mut moved = before.at_server(&restarted);
        (moved.page, moved.url) = (before.page.clone(), before.url.clone());
        moved
    };
    let mut carried = after(&carried);
    let landed = carried.sign_in(&member).await.expect_redirect_away();
    ent.code(&landed, &short);
    // The other request is forgotten, the sign-in is not lost.
    let mut waiting = after(&waiting);
    waiting.sign_in(&member).await;
    assert_eq!(waiting.page.status, StatusCode::GONE, "{}", waiting.page.visible_text());
    let again = waiting.page.link_target("#continuer");
    assert_eq!(again, "https://ent.example/initiate?iss=http%3A%2F%2Flocalhost%3A8080");
    let fresh = TestRelyingParty::new(&restarted, "ent");
    let attempt = fresh.attempt();
    let landed = waiting.open(&attempt.url).await.expect_redirect_away();
    fresh.tokens(&attempt, &fresh.code(&landed, &attempt)).await;
}
