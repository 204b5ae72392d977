//! The second factor: at a sign-in, in a session, and what it says of a session.

use std::process::Command;

use axum::http::StatusCode;
use preau::base::clock::{Span, Timestamp};
use preau::base::rng::{Random, SeededRandom};
use preau::credentials::totp::TotpSecret;

use crate::support::people::PASSWORD;
use crate::support::{Browser, TestAccount, TestRelyingParty, TestServer};

const REFUSED: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
const WAIT: StatusCode = StatusCode::TOO_MANY_REQUESTS;
const MFA: &str = "https://refeds.org/profile/mfa";
const ESSENTIAL: (&str, &str) =
    ("claims", r#"{"id_token":{"acr":{"essential":true,"value":"https://refeds.org/profile/mfa"}}}"#);

/// Gives the account an application, confirmed an hour ago.
pub async fn enrol(server: &TestServer, account: &TestAccount) -> TotpSecret {
    let secret = server.enrol_application(account).await;
    server.advance(Span::hours(1));
    secret
}

/// A browser at the page of the factor, after the right password.
pub async fn at_factor(server: &TestServer, account: &TestAccount) -> Browser {
    let mut browser = Browser::new(server);
    browser.get("/connexion").await;
    browser.sign_in(account).await;
    assert_eq!(browser.url.path(), "/connexion/preuve", "{}", browser.page.visible_text());
    assert!(!browser.has_session(), "no session for the password alone");
    browser
}

pub async fn give(browser: &mut Browser, code: &str) -> StatusCode {
    browser.submit("confirmer", &[("code", code)]).await.status
}

/// A code that is none of these moments.
fn wrong(secret: &TotpSecret, now: Timestamp) -> String {
    let near: Vec<String> = (-3..=3).map(|n| secret.code_at(now.plus(Span::seconds(30 * n)))).collect();
    ["000000", "111111", "222222", "333333"]
        .into_iter()
        .find(|code| !near.iter().any(|n| n == code))
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn attack_m1_the_password_alone_opens_nothing_and_the_code_opens_a_session_that_says_so() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let secret = enrol(&server, &account).await;
    let ent = TestRelyingParty::new(&server, "ent");
    let attempt = ent.attempt();
    let mut browser = Browser::new(&server);
    browser.open(&attempt.url).await;
    browser.sign_in(&account).await;
    assert_eq!(browser.url.path(), "/connexion/preuve");
    assert!(!browser.has_session());
    assert!(browser.page.visible_text().contains("Service ent"), "{}", browser.page.visible_text());
    // Neither the account nor the request goes on without the code.
    let at = browser.url.to_string();
    for path in ["/compte", &attempt.url] {
        browser.open(path).await;
        assert_eq!(browser.url.path(), "/connexion", "{path}");
    }
    browser.get(&at).await;
    let wrong = wrong(&secret, server.now());
    assert_eq!(give(&mut browser, &wrong).await, REFUSED);
    assert_eq!(give(&mut browser, "").await, REFUSED);
    assert_eq!(give(&mut browser, &secret.code_at(server.now())).await, StatusCode::SEE_OTHER);
    let landed = browser.follow().await.expect_redirect_away();
    let tokens = ent.tokens(&attempt, &ent.code(&landed, &attempt)).await;
    assert_eq!(tokens.claims["acr"], MFA);
    assert_eq!(tokens.claims["amr"], serde_json::json!(["pwd", "otp", "mfa"]));
    assert_eq!(server.query_texts("SELECT amr FROM session").await, ["pwd otp mfa"]);
}

#[tokio::test]
async fn attack_l1_a_code_serves_once_and_ten_wrong_ones_are_a_day_s() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let secret = enrol(&server, &account).await;
    let code = secret.code_at(server.now());
    let mut first = at_factor(&server, &account).await;
    let mut second = at_factor(&server, &account).await;
    assert_eq!(give(&mut first, &code).await, StatusCode::SEE_OTHER);
    assert_eq!(give(&mut second, &code).await, REFUSED, "served already");
    assert_eq!(give(&mut second, &secret.code_at(server.now().minus(Span::seconds(30)))).await, REFUSED, "earlier");
    let wrong = wrong(&secret, server.now());
    for n in 2..5 {
        assert_eq!(give(&mut second, &wrong).await, REFUSED, "{n}");
    }
    server.advance(Span::seconds(30));
    assert_eq!(give(&mut second, &secret.code_at(server.now())).await, WAIT, "even the right one waits");
    let mut judged = 5;
    for _ in 0..24 * 6 {
        let mut browser = at_factor(&server, &account).await;
        judged += i32::from(give(&mut browser, "000001").await == REFUSED);
        server.advance(Span::minutes(9));
    }
    assert_eq!(judged, 10);
}

#[tokio::test]
async fn a_clock_that_is_one_step_off_is_taken_and_two_are_not() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let secret = enrol(&server, &account).await;
    // The server stands at the beginning of a step: a phone 40 s ahead is one step off, 20 s later it is two.
    server.advance(Span(30_000 - server.now().0.rem_euclid(30_000)));
    let ahead = |server: &TestServer, seconds| secret.code_at(server.now().plus(Span::seconds(seconds)));
    let mut browser = at_factor(&server, &account).await;
    assert_eq!(give(&mut browser, &ahead(&server, 65)).await, REFUSED, "two steps");
    assert_eq!(give(&mut browser, &ahead(&server, -40)).await, REFUSED, "two steps late");
    assert_eq!(give(&mut browser, &ahead(&server, 40)).await, StatusCode::SEE_OTHER, "one step");
    server.advance(Span::seconds(100));
    let mut browser = at_factor(&server, &account).await;
    assert_eq!(give(&mut browser, &ahead(&server, -30)).await, StatusCode::SEE_OTHER, "one step late");
}

#[tokio::test]
async fn attack_l1_of_fifty_equal_codes_at_once_one_opens_a_session() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let secret = enrol(&server, &account).await;
    let code = secret.code_at(server.now());
    let mut browsers = Vec::new();
    for _ in 0..50 {
        browsers.push(at_factor(&server, &account).await);
    }
    let mut running = tokio::task::JoinSet::new();
    for mut browser in browsers {
        let code = code.clone();
        running.spawn(async move { give(&mut browser, &code).await });
    }
    let answers = running.join_all().await;
    assert_eq!(answers.iter().filter(|status| **status == StatusCode::SEE_OTHER).count(), 1, "{answers:?}");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM session").await, 1);
}

#[tokio::test]
async fn attack_m1_an_attempt_is_one_browser_s_one_account_s_and_ten_minutes_long() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let other = server.create_account("Paul", "PETIT").await;
    let (secret, others) = (enrol(&server, &account).await, enrol(&server, &other).await);
    let mut browser = at_factor(&server, &account).await;
    let at = browser.url.to_string();
    let mut stranger = Browser::new(&server);
    stranger.get(&at).await;
    assert_eq!(stranger.page.status, StatusCode::GONE, "the address alone is nothing");
    stranger.post(&at, &[("code", &secret.code_at(server.now()))]).await;
    assert_eq!(stranger.page.status, StatusCode::GONE);
    assert_eq!(give(&mut browser, &others.code_at(server.now())).await, REFUSED, "a code of another account");
    let mut copy = browser.clone_browser();
    copy.get(&at).await;
    assert_eq!(give(&mut browser, &secret.code_at(server.now())).await, StatusCode::SEE_OTHER);
    server.advance(Span::seconds(30));
    assert_eq!(give(&mut copy, &secret.code_at(server.now())).await, StatusCode::GONE, "an attempt ends with its use");
    let mut late = at_factor(&server, &account).await;
    server.advance(Span::minutes(10));
    assert_eq!(give(&mut late, &secret.code_at(server.now())).await, StatusCode::GONE);
    assert!(late.page.has_element("#continuer"), "{}", late.page.visible_text());
}

#[tokio::test]
async fn attack_m1_a_new_password_or_a_suspension_ends_the_attempts_of_the_old_one() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let secret = enrol(&server, &account).await;
    let mut browser = at_factor(&server, &account).await;
    server.set_suspension(&account, Some("school")).await;
    assert_eq!(give(&mut browser, &secret.code_at(server.now())).await, StatusCode::GONE);
    server.set_suspension(&account, None).await;
    let mut browser = at_factor(&server, &account).await;
    server.advance(Span::seconds(30));
    let args = vec![server.now().0.into()];
    server.execute_sql("UPDATE account SET password_at = $1", args).await;
    server.advance(Span::seconds(30));
    assert_eq!(give(&mut browser, &secret.code_at(server.now())).await, StatusCode::GONE);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM session").await, 0);
}

#[tokio::test]
async fn attack_m1_a_device_where_a_factor_was_shown_skips_it_for_the_lower_level_only() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    // Known by its password before there was a factor: no reason to skip it.
    let mut old = Browser::new(&server);
    old.get("/connexion").await;
    old.sign_in(&account).await;
    let secret = enrol(&server, &account).await;
    old.cookies.retain(|name, _| name != "preau_dev" && name != "__Host-preau");
    old.open("/connexion").await;
    old.sign_in(&account).await;
    assert_eq!(old.url.path(), "/connexion/preuve");
    let mut browser = at_factor(&server, &account).await;
    assert_eq!(give(&mut browser, &secret.code_at(server.now())).await, StatusCode::SEE_OTHER);
    browser.follow().await;
    browser.submit("se-deconnecter", &[]).await;
    let ent = TestRelyingParty::new(&server, "ent");
    let tokens = ent.sign_in(&mut browser, &account).await;
    assert_eq!((&tokens.claims["acr"], &tokens.claims["amr"]), (&"eidas1".into(), &serde_json::json!(["pwd"])));
    // A request for more leads this signed-in person to the factor, and the level rises in the same sign-in.
    server.advance(Span::minutes(1));
    let attempt = ent.attempt_with(&[ESSENTIAL]);
    let before = browser.cookie("").unwrap().to_owned();
    browser.open(&attempt.url).await;
    assert_eq!(browser.url.path(), "/connexion/preuve");
    assert_eq!(give(&mut browser, &secret.code_at(server.now())).await, StatusCode::SEE_OTHER);
    let landed = browser.follow().await.expect_redirect_away();
    let raised = ent.tokens(&attempt, &ent.code(&landed, &attempt)).await;
    assert_eq!(
        (&raised.claims["acr"], &raised.claims["amr"]),
        (&MFA.into(), &serde_json::json!(["pwd", "otp", "mfa"]))
    );
    assert_eq!(raised.claims["auth_time"], tokens.claims["auth_time"], "the password was proven then");
    assert_ne!(browser.cookie("").unwrap(), before, "a rise of privilege has a new cookie");
    // Whoever asks for it before the sign-in gets no skipped factor.
    browser.open("/compte").await;
    browser.submit("se-deconnecter", &[]).await;
    let attempt = ent.attempt_with(&[("acr_values", "https://refeds.org/profile/mfa eidas1")]);
    browser.open(&attempt.url).await;
    browser.sign_in(&account).await;
    assert_eq!(browser.url.path(), "/connexion/preuve");
}

#[tokio::test]
async fn attack_m1_a_level_that_no_factor_reaches_is_explained_and_refused_never_claimed() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let ent = TestRelyingParty::new(&server, "ent");
    let attempt = ent.attempt_with(&[ESSENTIAL]);
    let mut browser = Browser::new(&server);
    browser.open(&attempt.url).await;
    browser.sign_in(&account).await;
    assert_eq!(browser.url.path(), "/connexion/preuve");
    assert!(browser.page.visible_text().contains("n'en a pas encore"), "{}", browser.page.visible_text());
    assert!(browser.page.has_element("#ajouter[href='/compte/application']"), "{}", browser.page.text());
    browser.click("#refuser").await;
    let landed = browser.follow().await.expect_redirect_away();
    assert_eq!(ent.error(&landed, &attempt), "unmet_authentication_requirements");
    // Enrolled in this session: it proves nothing in it, from the next sign-in on it does.
    let secret = enrol(&server, &account).await;
    server.execute_sql("UPDATE session SET seen_at = $1", vec![server.now().0.into()]).await;
    let attempt = ent.attempt_with(&[ESSENTIAL]);
    browser.open(&attempt.url).await;
    assert!(browser.page.visible_text().contains("Vous venez d'en ajouter une"), "{}", browser.page.visible_text());
    let at = browser.url.to_string();
    browser.post(&at, &[("code", &secret.code_at(server.now()))]).await;
    browser.follow().await;
    assert_eq!(server.query_texts("SELECT amr FROM session WHERE ended_at IS NULL").await, ["pwd"], "attack M9");
    browser.click("#continuer").await;
    server.advance(Span::seconds(30));
    browser.sign_in(&account).await;
    assert_eq!(give(&mut browser, &secret.code_at(server.now())).await, StatusCode::SEE_OTHER);
    let landed = browser.follow().await.expect_redirect_away();
    let tokens = ent.tokens(&attempt, &ent.code(&landed, &attempt)).await;
    assert_eq!(tokens.claims["acr"], MFA);
    let none = ent.attempt_with(&[ESSENTIAL, ("prompt", "none")]);
    let landed = browser.open(&none.url).await.expect_redirect_away();
    ent.code(&landed, &none);
}

#[tokio::test]
async fn whoever_has_neither_application_nor_codes_is_sent_to_the_school() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    enrol(&server, &account).await;
    let mut browser = at_factor(&server, &account).await;
    browser.click("#plus-rien").await;
    let text = browser.page.visible_text();
    assert!(text.contains("il vérifie qui vous êtes") && text.contains("Monod"), "{text}");
    let code = server.query_texts("SELECT support_code FROM sign_in_attempt").await;
    assert!(text.contains(&code[0]), "{text}");
}

/// A browser on an account's pages, signed in.
pub async fn signed_in(server: &TestServer, account: &TestAccount) -> Browser {
    let mut browser = Browser::new(server);
    browser.get("/connexion").await;
    browser.sign_in(account).await;
    assert_eq!(browser.url.path(), "/compte", "{}", browser.page.visible_text());
    browser
}

/// Adds an application by the pages, as a person does. Returns its secret and the backup codes shown.
pub async fn add_application(server: &TestServer, browser: &mut Browser) -> (TotpSecret, Vec<String>) {
    let confirmed = "SELECT COUNT(*) FROM totp WHERE confirmed_at IS NOT NULL";
    let before = server.query_count(confirmed).await;
    browser.open("/compte/application").await;
    browser.submit("continuer", &[("mot_de_passe", PASSWORD)]).await;
    browser.follow().await;
    assert_eq!(browser.url.path(), "/compte/application/code", "{}", browser.page.visible_text());
    let shown = crate::support::html::text(&browser.page.text(), "#secret").unwrap();
    let secret = TotpSecret::parse(&shown.replace([' ', '\u{a0}'], "")).unwrap();
    assert!(browser.page.has_element("svg.qr"));
    assert_eq!(browser.submit("ajouter", &[("code", "000000")]).await.status, REFUSED, "not before a code of it");
    assert_eq!(server.query_count(confirmed).await, before);
    browser.submit("ajouter", &[("code", &secret.code_at(server.now()))]).await;
    // Without new codes to show, the page of before.
    browser.follow().await;
    assert_eq!(browser.page.status, StatusCode::OK, "{}", browser.page.visible_text());
    assert_eq!(server.query_count(confirmed).await, before + 1);
    let text = browser.page.visible_text();
    let codes = text.split_whitespace().filter(|word| word.len() == 9 && word.as_bytes()[4] == b'-');
    (secret, codes.map(str::to_owned).collect())
}

#[tokio::test]
async fn attack_m9_an_application_is_added_by_the_password_and_a_code_and_removed_by_a_factor() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    server.confirm_email(&account, "anne@example.org").await;
    let mut browser = signed_in(&server, &account).await;
    browser.open("/compte/application").await;
    browser.submit("continuer", &[("mot_de_passe", "Faux-mot-2")]).await;
    assert_eq!(browser.page.status, REFUSED);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM totp").await, 0, "no secret without the password");
    let (secret, codes) = add_application(&server, &mut browser).await;
    assert_eq!(codes.len(), 10, "{}", browser.page.visible_text());
    server.drain_outbox().await;
    assert!(server.mails().iter().any(|mail| mail.subject.contains("application de codes")), "told at once");
    // Each backup code serves once, and only with the password.
    let mut other = at_factor(&server, &account).await;
    assert_eq!(give(&mut other, &codes[0]).await, StatusCode::SEE_OTHER);
    assert_eq!(server.query_texts("SELECT amr FROM session ORDER BY amr").await, ["pwd", "pwd mfa"]);
    let mut third = at_factor(&server, &account).await;
    assert_eq!(give(&mut third, &codes[0].to_lowercase()).await, REFUSED);
    // Five minutes later a session left open removes nothing, though it has the password.
    server.advance(Span::minutes(6));
    browser.open("/compte/securite").await;
    browser.click("a[href^='/compte/application/retirer']").await;
    browser.submit("retirer", &[("mot_de_passe", PASSWORD)]).await;
    browser.follow().await;
    assert_eq!(browser.url.path(), "/connexion/preuve", "{}", browser.page.visible_text());
    assert_eq!(give(&mut browser, &secret.code_at(server.now())).await, StatusCode::SEE_OTHER);
    browser.follow().await;
    assert_eq!(browser.url.path(), "/compte/securite");
    browser.click("a[href^='/compte/application/retirer']").await;
    browser.submit("retirer", &[("mot_de_passe", PASSWORD)]).await;
    browser.follow().await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM totp").await, 0, "{}", browser.page.visible_text());
    assert!(browser.page.visible_text().contains("L'application est retirée"), "{}", browser.page.visible_text());
    assert_eq!(server.query_count("SELECT COUNT(*) FROM backup_code").await, 0, "they go with the last one");
    signed_in(&server, &account).await;
}

#[tokio::test]
async fn attack_m10_what_a_thief_would_want_asks_for_the_factor_too() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let mut browser = signed_in(&server, &account).await;
    let secret = enrol(&server, &account).await;
    server.execute_sql("UPDATE session SET seen_at = $1", vec![server.now().0.into()]).await;
    for path in ["/compte/donnees", "/compte/fermer", "/compte/portable"] {
        browser.post(path, &[("mot_de_passe", PASSWORD)]).await;
        assert_eq!(browser.page.status, StatusCode::SEE_OTHER, "{path}");
        assert_eq!(browser.next().unwrap().path(), "/connexion/preuve", "{path}");
    }
    browser.post("/compte/donnees", &[("mot_de_passe", PASSWORD)]).await;
    browser.follow().await;
    assert_eq!(give(&mut browser, &secret.code_at(server.now())).await, StatusCode::SEE_OTHER);
    browser.follow().await;
    assert_eq!(browser.url.path(), "/compte/donnees");
    browser.submit("telecharger", &[("mot_de_passe", PASSWORD)]).await;
    assert_eq!(browser.page.header("content-type"), "application/json");
    let factors = &browser.page.json()["second_factors"];
    assert_eq!(factors["applications"].as_array().unwrap().len(), 1, "{factors}");
    assert!(!browser.page.text().contains(&secret.to_groups().replace([' ', '\u{a0}'], "")), "no secret");
    server.advance(Span::minutes(5));
    browser.post("/compte/donnees", &[("mot_de_passe", PASSWORD)]).await;
    assert_eq!(browser.page.status, StatusCode::SEE_OTHER, "five minutes");
}

#[tokio::test]
async fn attack_m9_no_factor_during_the_caution_and_a_secret_is_one_session_s_and_minutes_long() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let mut browser = signed_in(&server, &account).await;
    let until = server.now().plus(Span::hours(48)).0;
    server.execute_sql("UPDATE account SET caution_until = $1", vec![until.into()]).await;
    browser.open("/compte/application").await;
    browser.submit("continuer", &[("mot_de_passe", PASSWORD)]).await;
    assert_eq!(browser.page.status, REFUSED);
    assert!(browser.page.visible_text().contains("Par prudence"), "{}", browser.page.visible_text());
    server.execute_sql("UPDATE account SET caution_until = NULL", Vec::new()).await;
    browser.open("/compte/application").await;
    browser.submit("continuer", &[("mot_de_passe", PASSWORD)]).await;
    let mut other = signed_in(&server, &account).await;
    other.open("/compte/application/code").await;
    assert_eq!(other.url.path(), "/compte/securite", "another session sees no secret");
    server.advance(Span::minutes(15));
    browser.open("/compte/application/code").await;
    assert_eq!(browser.url.path(), "/compte/securite", "fifteen minutes");
    assert!(browser.page.visible_text().contains("Rien n'est ajouté"), "{}", browser.page.visible_text());
}

#[tokio::test]
async fn every_change_of_a_factor_says_how_it_ended() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let mut browser = signed_in(&server, &account).await;
    browser.open("/compte/application").await;
    browser.submit("continuer", &[("mot_de_passe", PASSWORD)]).await;
    browser.follow().await;
    // A caution that begins meanwhile is said with its end.
    let until = server.now().plus(Span::hours(48)).0;
    server.execute_sql("UPDATE account SET caution_until = $1", vec![until.into()]).await;
    assert_eq!(browser.submit("ajouter", &[("code", "123456")]).await.status, REFUSED);
    assert!(browser.page.visible_text().contains("Par prudence"), "{}", browser.page.visible_text());
    server.execute_sql("UPDATE account SET caution_until = NULL", Vec::new()).await;
    let (secret, _) = add_application(&server, &mut browser).await;
    browser.open("/compte/application/code").await;
    let text = browser.page.visible_text();
    assert!(text.contains("L'application est ajoutée") && !text.contains("Rien n'est ajouté"), "back: {text}");
    // The second one draws no backup codes, and is told.
    server.advance(Span::minutes(6));
    browser.open("/compte/application").await;
    browser.submit("continuer", &[("mot_de_passe", PASSWORD)]).await;
    browser.follow().await;
    assert_eq!(browser.url.path(), "/connexion/preuve", "{}", browser.page.visible_text());
    assert!(browser.page.visible_text().contains("la remplirez de nouveau"), "{}", browser.page.visible_text());
    server.advance(Span::seconds(30));
    give(&mut browser, &secret.code_at(server.now())).await;
    browser.open("/compte/application").await;
    browser.submit("continuer", &[("mot_de_passe", PASSWORD)]).await;
    browser.follow().await;
    let shown = crate::support::html::text(&browser.page.text(), "#secret").unwrap();
    let second = TotpSecret::parse(&shown.replace([' ', '\u{a0}'], "")).unwrap();
    browser.submit("ajouter", &[("code", &second.code_at(server.now()))]).await;
    browser.follow().await;
    assert!(browser.page.visible_text().contains("L'application est ajoutée"), "{}", browser.page.visible_text());
    browser.click("a[href^='/compte/application/retirer']").await;
    let stale = browser.url.to_string();
    browser.submit("retirer", &[("mot_de_passe", PASSWORD)]).await;
    browser.follow().await;
    assert!(browser.page.visible_text().contains("L'application est retirée"), "{}", browser.page.visible_text());
    browser.open(&stale).await;
    assert!(browser.page.visible_text().contains("Rien n'a changé"), "{}", browser.page.visible_text());
}

#[tokio::test]
async fn without_backup_codes_the_page_of_the_factor_speaks_of_none() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    enrol(&server, &account).await;
    let mut browser = at_factor(&server, &account).await;
    for code in ["", "1234"] {
        assert_eq!(give(&mut browser, code).await, REFUSED);
        assert!(!browser.page.visible_text().contains("secours"), "{code}: {}", browser.page.visible_text());
    }
}

#[tokio::test]
async fn whoever_shows_no_factor_in_a_session_goes_back_to_the_service_that_asked() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let secret = enrol(&server, &account).await;
    let mut browser = at_factor(&server, &account).await;
    give(&mut browser, &secret.code_at(server.now())).await;
    browser.follow().await;
    server.advance(Span::minutes(6));
    let weaker = "UPDATE session SET amr = 'pwd', factor_at = NULL";
    server.execute_sql(weaker, Vec::new()).await;
    let ent = TestRelyingParty::new(&server, "ent");
    let attempt = ent.attempt_with(&[ESSENTIAL]);
    browser.open(&attempt.url).await;
    assert_eq!(browser.url.path(), "/connexion/preuve", "{}", browser.page.visible_text());
    browser.click("#plus-rien").await;
    browser.click("#refuser").await;
    let landed = browser.follow().await.expect_redirect_away();
    assert_eq!(ent.error(&landed, &attempt), "unmet_authentication_requirements");
    // The errand of an account leads back to the account.
    browser.open("/compte/donnees").await;
    browser.submit("telecharger", &[("mot_de_passe", PASSWORD)]).await;
    browser.follow().await;
    browser.click("#plus-rien").await;
    assert!(browser.page.has_element("#revenir") && !browser.page.has_element("#refuser"));
}

/// ACCOUNT: the older sibling with the phone, and a SIM swap, have code and dates, and stop at the factor.
#[tokio::test]
async fn attack_m1_takeover_w6_a_recovery_of_an_account_with_a_factor_stops_at_the_factor() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let secret = enrol(&server, &account).await;
    server.advance(Span::days(4));
    let mut browser = Browser::new(&server);
    browser.prove_mobile(&server, &account.identifiant).await;
    browser.type_dates(&["14/02/2013"]).await;
    assert_eq!(browser.url.path(), "/mot-de-passe-oublie/preuve", "{}", browser.page.visible_text());
    let at = browser.url.to_string();
    browser.open(&at.replace("/preuve", "/mot-de-passe")).await;
    assert_eq!(browser.url.path(), "/mot-de-passe-oublie/preuve", "the password is not to be chosen yet");
    let query = browser.url.query().unwrap().to_owned();
    let fields = [("mot_de_passe", "Autre-mot-99"), ("confirmation", "Autre-mot-99")];
    browser.post(&format!("/mot-de-passe-oublie/mot-de-passe?{query}"), &fields).await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM session").await, 0);
    browser.open(&at).await;
    assert_eq!(give(&mut browser, "000000").await, REFUSED);
    browser.click("#plus-rien").await;
    assert!(browser.page.visible_text().contains("il vérifie qui vous êtes"), "{}", browser.page.visible_text());
    browser.click("#revenir").await;
    assert_eq!(give(&mut browser, &secret.code_at(server.now())).await, StatusCode::SEE_OTHER);
    browser.follow().await;
    browser.type_new_password("Autre-mot-99").await;
    assert_eq!(browser.url.path(), "/mot-de-passe-oublie/termine", "{}", browser.page.visible_text());
    assert_eq!(server.query_texts("SELECT amr FROM session WHERE ended_at IS NULL").await, ["sms pwd"]);
}

#[test]
fn rfc_6238_the_codes_of_an_application_are_those_of_oathtool() {
    for seed in 0..20 {
        let rng: &dyn Random = &SeededRandom::new(seed);
        let secret = TotpSecret::draw(rng);
        let at = Timestamp(i64::from(rng.below(u32::MAX)) * 1_000);
        let moment = format!("@{}", at.as_seconds());
        let mut oathtool = Command::new("oathtool");
        let said = oathtool.args(["--totp", "--base32", &secret.to_base32(), "--now", &moment]).output();
        let said = said.expect("oathtool is the Debian package of that name");
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        assert_eq!(String::from_utf8(said.stdout).unwrap().trim(), secret.code_at(at), "seed {seed} {moment}");
    }
}
