//! Consent (OIDCC 3.1.2.4): asked of people for clients that are not of the house, remembered, taken back.

use axum::http::StatusCode;
use preau::clients::GrantType;

use crate::support::{Browser, Landing, TestRelyingParty, TestServer};

async fn fixture() -> (TestServer, TestRelyingParty) {
    let server = TestServer::start().await;
    server
        .change_client("ent", |meta| {
            meta.consent = true;
            meta.grant_types.push(GrantType::RefreshToken);
        })
        .await;
    let rp = TestRelyingParty::new(&server, "ent");
    (server, rp)
}

#[tokio::test]
async fn theme_33_it_is_asked_with_the_values_once_and_remembered() {
    let (server, mut rp) = fixture().await;
    rp.scope = "openid profile";
    let member = server.create_durand().await;
    let mut browser = Browser::new(&server);
    let attempt = rp.attempt();
    browser.open(&attempt.url).await;
    assert!(matches!(browser.sign_in(&member).await, Landing::OwnPage));
    let page = browser.page.text();
    assert!(
        browser.page.has_element("#continuer") && browser.page.has_element("#refuser"),
        "{}",
        browser.page.visible_text()
    );
    assert!(page.contains("DURAND") && page.contains("Service ent"), "the values are shown");
    // Nothing was given yet, and prompt=none is told so.
    let none = rp.attempt_with(&[("prompt", "none")]);
    assert_eq!(
        rp.error(&browser.clone_browser().open(&none.url).await.expect_redirect_away(), &none),
        "consent_required"
    );
    browser.submit("continuer", &[]).await;
    let landed = browser.follow().await.expect_redirect_away();
    rp.tokens(&attempt, &rp.code(&landed, &attempt)).await;
    let again = rp.attempt();
    rp.code(&browser.open(&again.url).await.expect_redirect_away(), &again);
    // More than was agreed to is asked for again; prompt=consent always.
    rp.scope = "openid phone";
    let more = rp.attempt();
    assert!(matches!(browser.open(&more.url).await, Landing::OwnPage));
    browser.submit("continuer", &[]).await;
    rp.code(&browser.follow().await.expect_redirect_away(), &more);
    for agreed in ["openid profile", "openid phone", "openid profile phone"] {
        rp.scope = agreed;
        let again = rp.attempt();
        rp.code(&browser.open(&again.url).await.expect_redirect_away(), &again);
    }
    rp.scope = "openid";
    assert!(matches!(browser.open(&rp.attempt_with(&[("prompt", "consent")]).url).await, Landing::OwnPage));
}

#[tokio::test]
async fn a_refusal_goes_back_and_is_not_remembered() {
    let (server, rp) = fixture().await;
    let member = server.create_durand().await;
    let mut browser = Browser::new(&server);
    let attempt = rp.attempt();
    browser.open(&attempt.url).await;
    browser.sign_in(&member).await;
    browser.click("#refuser").await;
    let landed = browser.follow().await.expect_redirect_away();
    assert_eq!(rp.error(&landed, &attempt), "access_denied");
    assert!(matches!(browser.open(&rp.attempt().url).await, Landing::OwnPage), "asked again");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM consent").await, 0);
}

#[tokio::test]
async fn attack_s5_no_other_site_agrees_for_anybody_and_no_other_account_either() {
    let (server, rp) = fixture().await;
    let member = server.create_durand().await;
    let mut browser = Browser::new(&server);
    browser.open(&rp.attempt().url).await;
    browser.sign_in(&member).await;
    let form = browser.page.form_of("continuer");
    let action = form.action.unwrap();
    let answer = browser.clone_browser().post_cross_site(&action, &[]).await.clone();
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    // Another browser's form changes nothing of this request.
    let mut stranger = Browser::new(&server);
    stranger.post(&action, &[]).await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM consent").await, 0);
}

#[tokio::test]
async fn it_is_taken_back_on_the_persons_own_page_and_everything_ends() {
    let (server, rp) = fixture().await;
    let member = server.create_durand().await;
    let mut browser = Browser::new(&server);
    let attempt = rp.attempt();
    browser.open(&attempt.url).await;
    browser.sign_in(&member).await;
    browser.submit("continuer", &[]).await;
    let landed = browser.follow().await.expect_redirect_away();
    let body = rp.exchange(&attempt, &rp.code(&landed, &attempt)).await.json();
    let access = body["access_token"].as_str().unwrap().to_owned();
    assert_eq!(rp.userinfo(&access).await.status, StatusCode::OK);
    browser.get("/compte/services").await;
    let said = browser.page.visible_text();
    assert!(said.contains("Service ent") && said.contains("aujourd'hui") && said.contains("accepté le"), "{said}");
    browser.post("/compte/services/retirer", &[("client_id", "ent")]).await;
    assert_eq!(rp.userinfo(&access).await.status, StatusCode::UNAUTHORIZED);
    let fields = [
        ("grant_type", "refresh_token".to_owned()),
        ("refresh_token", body["refresh_token"].as_str().unwrap().to_owned()),
    ];
    assert_eq!(rp.post_token(rp.authorization().as_deref(), &fields).await.oauth_error(), "invalid_grant");
    assert!(matches!(browser.open(&rp.attempt().url).await, Landing::OwnPage), "asked again");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM audit WHERE fact = 'consent_withdrawn'").await, 1);
}
