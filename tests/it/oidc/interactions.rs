//! A request that waits while a person signs in: whose it is, how long, in which language.

use axum::http::StatusCode;
use preau::base::clock::Span;

use crate::support::{Browser, Landing, TestAccount, TestRelyingParty, TestServer};

async fn signed_in(server: &TestServer, member: &TestAccount) -> Browser {
    let mut browser = Browser::new(server);
    browser.open("/connexion").await;
    browser.sign_in(member).await;
    browser
}

#[tokio::test]
async fn two_tabs_are_two_requests_and_the_second_goes_on_by_itself() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let (ent, bourses) = (TestRelyingParty::new(&server, "ent"), TestRelyingParty::new(&server, "bourses"));
    let (first, second) = (ent.attempt(), bourses.attempt());
    let mut browser = Browser::new(&server);
    browser.open(&first.url).await;
    let tab = (browser.page.clone(), browser.url.clone());
    browser.open(&second.url).await;
    let other = browser.url.to_string();
    (browser.page, browser.url) = tab;
    let landed = browser.sign_in(&member).await.expect_redirect_away();
    ent.tokens(&first, &ent.code(&landed, &first)).await;
    let landed = browser.open(&other).await.expect_redirect_away();
    bourses.tokens(&second, &bourses.code(&landed, &second)).await;
}

#[tokio::test]
async fn a_form_of_another_site_leaves_the_other_tabs_alone() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let (ent, bourses) = (TestRelyingParty::new(&server, "ent"), TestRelyingParty::new(&server, "bourses"));
    let (first, second) = (ent.attempt(), bourses.attempt());
    let mut browser = Browser::new(&server);
    browser.open(&first.url).await;
    let tab = (browser.page.clone(), browser.url.clone());
    let fields: Vec<(String, String)> = bourses.parameters(&second);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    browser.post_cross_site("/oauth2/authorize", &fields).await;
    let kept = browser.page.location().to_owned();
    assert!(matches!(browser.open(&kept).await, Landing::OwnPage));
    assert!(browser.page.has_element("#se-connecter"), "{}", browser.page.visible_text());
    let posted = browser.url.to_string();
    browser.post_cross_site("/oauth2/logout", &[]).await;
    (browser.page, browser.url) = tab;
    let landed = browser.sign_in(&member).await.expect_redirect_away();
    ent.tokens(&first, &ent.code(&landed, &first)).await;
    let landed = browser.open(&posted).await.expect_redirect_away();
    bourses.tokens(&second, &bourses.code(&landed, &second)).await;
    // What it became is that browser's; and who comes late to where the form led is too late.
    server.advance(Span::minutes(2));
    let mut other = signed_in(&server, &member).await;
    for address in [&posted, &kept] {
        other.open(&address.replace("/connexion", "/oauth2/authorize")).await;
        assert_eq!(other.page.status, StatusCode::GONE, "{address}");
    }
}

#[tokio::test]
async fn an_interaction_belongs_to_one_browser() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let mut attacker = Browser::new(&server);
    attacker.open(&TestRelyingParty::new(&server, "ent").attempt().url).await;
    let mut victim = signed_in(&server, &member).await;
    let landed = victim.open(&format!("/oauth2/authorize?{}", attacker.url.query().unwrap())).await;
    assert!(matches!(landed, Landing::OwnPage));
    assert_eq!(victim.page.status, StatusCode::GONE);
}

#[tokio::test]
async fn a_request_that_begins_late_in_the_navigation_cookie_s_life_is_not_lost_with_it() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let (ent, bourses) = (TestRelyingParty::new(&server, "ent"), TestRelyingParty::new(&server, "bourses"));
    let mut browser = Browser::new(&server);
    browser.open(&ent.attempt().url).await;
    for _ in 0..3 {
        server.advance(Span::minutes(115));
        let attempt = bourses.attempt();
        browser.open(&attempt.url).await;
        let mut other_tab = browser.clone_browser();
        (other_tab.page, other_tab.url) = (browser.page.clone(), browser.url.clone());
        server.advance(Span::minutes(20));
        let landed = other_tab.sign_in(&member).await.expect_redirect_away();
        bourses.code(&landed, &attempt);
    }
}

#[tokio::test]
async fn a_request_older_than_ten_minutes_begins_again_at_its_client() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let (ent, bourses) = (TestRelyingParty::new(&server, "ent"), TestRelyingParty::new(&server, "bourses"));
    let mut browser = Browser::new(&server);
    browser.open(&ent.attempt().url).await;
    server.advance(Span::minutes(10));
    let landed = browser.sign_in(&member).await.expect_redirect_away();
    assert_eq!(landed.as_str(), "https://ent.example/initiate?iss=http%3A%2F%2Flocalhost%3A8080");
    // A client that cannot begin again is answered, up to the two hours that a request waits.
    let mut browser = Browser::new(&server);
    let attempt = bourses.attempt();
    browser.open(&attempt.url).await;
    server.advance(Span::minutes(119));
    let landed = browser.sign_in(&member).await.expect_redirect_away();
    bourses.tokens(&attempt, &bourses.code(&landed, &attempt)).await;
    let mut browser = Browser::new(&server);
    browser.open(&bourses.attempt().url).await;
    server.advance(Span::minutes(121));
    browser.sign_in(&member).await;
    assert_eq!(browser.page.status, StatusCode::UNPROCESSABLE_ENTITY, "the form's own cookie is gone, too");
    browser.sign_in(&member).await;
    assert_eq!(browser.page.status, StatusCode::GONE);
    assert_eq!(browser.page.link_target("#continuer"), "https://bourses.example/", "its site");
}

#[tokio::test]
async fn the_language_is_the_link_s_then_the_request_s_then_the_browser_s() {
    let server = TestServer::start().await;
    let ent = TestRelyingParty::new(&server, "ent");
    let lang =
        |browser: &Browser| ["en", "fr"].into_iter().find(|l| browser.page.has_element(&format!("html[lang={l}]")));
    let mut browser = Browser::new(&server);
    browser.open("/connexion").await;
    assert_eq!(lang(&browser), Some("fr"));
    browser.headers.push(("accept-language", "en-GB,fr;q=0.5".to_owned()));
    browser.open("/connexion").await;
    assert_eq!(lang(&browser), Some("en"));
    browser.open(&ent.attempt_with(&[("ui_locales", "oc fr-FR")]).url).await;
    assert_eq!(lang(&browser), Some("fr"));
    browser.click("header a[hreflang=en]").await;
    assert_eq!(lang(&browser), Some("en"));
    browser.open(&ent.attempt_with(&[("ui_locales", "fr")]).url).await;
    assert_eq!(lang(&browser), Some("en"), "chosen once, kept");
}
