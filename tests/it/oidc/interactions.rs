//! A request that waits while a person signs in: whose it is, how long, in which language.

use axum::http::StatusCode;
use preau::base::clock::Span;

use crate::support::{Browser, Landed, Member, RelyingParty, Server};

async fn signed_in(server: &Server, member: &Member) -> Browser {
    let mut browser = Browser::new(server);
    browser.open("/connexion").await;
    browser.sign_in(member).await;
    browser
}

#[tokio::test]
async fn two_tabs_are_two_requests_and_the_second_goes_on_by_itself() {
    let server = Server::start().await;
    let member = server.durand().await;
    let (ent, bourses) = (RelyingParty::new(&server, "ent"), RelyingParty::new(&server, "bourses"));
    let (first, second) = (ent.attempt(), bourses.attempt());
    let mut browser = Browser::new(&server);
    browser.open(&first.url).await;
    let tab = (browser.page.clone(), browser.at.clone());
    browser.open(&second.url).await;
    let other = browser.at.to_string();
    (browser.page, browser.at) = tab;
    let landed = browser.sign_in(&member).await.away();
    ent.tokens(&first, &ent.code(&landed, &first)).await;
    let landed = browser.open(&other).await.away();
    bourses.tokens(&second, &bourses.code(&landed, &second)).await;
}

#[tokio::test]
async fn a_form_of_another_site_leaves_the_other_tabs_alone() {
    let server = Server::start().await;
    let member = server.durand().await;
    let (ent, bourses) = (RelyingParty::new(&server, "ent"), RelyingParty::new(&server, "bourses"));
    let (first, second) = (ent.attempt(), bourses.attempt());
    let mut browser = Browser::new(&server);
    browser.open(&first.url).await;
    let tab = (browser.page.clone(), browser.at.clone());
    let fields: Vec<(String, String)> = bourses.parameters(&second);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    browser.post_from_elsewhere("/oauth2/authorize", &fields).await;
    let kept = browser.page.location().to_owned();
    assert!(matches!(browser.open(&kept).await, Landed::Here));
    assert!(browser.page.has("#se-connecter"), "{}", browser.page.shown());
    let posted = browser.at.to_string();
    browser.post_from_elsewhere("/oauth2/logout", &[]).await;
    (browser.page, browser.at) = tab;
    let landed = browser.sign_in(&member).await.away();
    ent.tokens(&first, &ent.code(&landed, &first)).await;
    let landed = browser.open(&posted).await.away();
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
    let server = Server::start().await;
    let member = server.durand().await;
    let mut attacker = Browser::new(&server);
    attacker.open(&RelyingParty::new(&server, "ent").attempt().url).await;
    let mut victim = signed_in(&server, &member).await;
    let landed = victim.open(&format!("/oauth2/authorize?{}", attacker.at.query().unwrap())).await;
    assert!(matches!(landed, Landed::Here));
    assert_eq!(victim.page.status, StatusCode::GONE);
}

#[tokio::test]
async fn a_request_that_begins_late_in_the_navigation_cookie_s_life_is_not_lost_with_it() {
    let server = Server::start().await;
    let member = server.durand().await;
    let (ent, bourses) = (RelyingParty::new(&server, "ent"), RelyingParty::new(&server, "bourses"));
    let mut browser = Browser::new(&server);
    browser.open(&ent.attempt().url).await;
    for _ in 0..3 {
        server.advance(Span::minutes(115));
        let attempt = bourses.attempt();
        browser.open(&attempt.url).await;
        let mut other_tab = browser.copy();
        (other_tab.page, other_tab.at) = (browser.page.clone(), browser.at.clone());
        server.advance(Span::minutes(20));
        let landed = other_tab.sign_in(&member).await.away();
        bourses.code(&landed, &attempt);
    }
}

#[tokio::test]
async fn a_request_older_than_ten_minutes_begins_again_at_its_client() {
    let server = Server::start().await;
    let member = server.durand().await;
    let (ent, bourses) = (RelyingParty::new(&server, "ent"), RelyingParty::new(&server, "bourses"));
    let mut browser = Browser::new(&server);
    browser.open(&ent.attempt().url).await;
    server.advance(Span::minutes(10));
    let landed = browser.sign_in(&member).await.away();
    assert_eq!(landed.as_str(), "https://ent.example/initiate?iss=http%3A%2F%2Flocalhost%3A8080");
    // A client that cannot begin again is answered, up to the two hours that a request waits.
    let mut browser = Browser::new(&server);
    let attempt = bourses.attempt();
    browser.open(&attempt.url).await;
    server.advance(Span::minutes(119));
    let landed = browser.sign_in(&member).await.away();
    bourses.tokens(&attempt, &bourses.code(&landed, &attempt)).await;
    let mut browser = Browser::new(&server);
    browser.open(&bourses.attempt().url).await;
    server.advance(Span::minutes(121));
    browser.sign_in(&member).await;
    assert_eq!(browser.page.status, StatusCode::UNPROCESSABLE_ENTITY, "the form's own cookie is gone, too");
    browser.sign_in(&member).await;
    assert_eq!(browser.page.status, StatusCode::GONE);
    assert_eq!(browser.page.link("#continuer"), "https://bourses.example/", "its site");
}

#[tokio::test]
async fn the_language_is_the_link_s_then_the_request_s_then_the_browser_s() {
    let server = Server::start().await;
    let ent = RelyingParty::new(&server, "ent");
    let lang = |browser: &Browser| ["en", "fr"].into_iter().find(|l| browser.page.has(&format!("html[lang={l}]")));
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
