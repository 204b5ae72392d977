//! Telling relying parties by the browser (FCL): the page that loads theirs, and where it goes on to.

use axum::http::StatusCode;
use serde_json::json;

use crate::support::html::{attributes, refresh};
use crate::support::relying_party::VerifiedTokens;
use crate::support::{Browser, Landing, TestAccount, TestRelyingParty, TestServer};

const GOODBYE: &str = "https://ent.example/adieu";
const FRAMES: &str = "main iframe[hidden]";

struct Fixture {
    server: TestServer,
    member: TestAccount,
    browser: Browser,
    ent: TestRelyingParty,
    tokens: VerifiedTokens,
    bourses: VerifiedTokens,
}

/// Anne, signed in at the ENT, whose page signs out in a frame, and at the grants.
async fn fixture() -> Fixture {
    let server = TestServer::start().await;
    server.update_registration("ent", json!({ "frontchannel_logout_uri": "https://ent.example/fin?x=1" })).await;
    let member = server.create_durand().await;
    let ent = TestRelyingParty::new(&server, "ent");
    let mut browser = Browser::new(&server);
    let tokens = ent.sign_in(&mut browser, &member).await;
    let bourses = TestRelyingParty::new(&server, "bourses").sign_in(&mut browser, &member).await;
    Fixture { server, member, browser, ent, tokens, bourses }
}

impl Fixture {
    fn framed(&self) -> Vec<String> {
        attributes(&self.browser.page.text(), FRAMES, "src")
    }

    fn policy(&self) -> &str {
        self.browser.page.header("content-security-policy")
    }

    fn ent_frame(&self) -> String {
        let sid = self.tokens.claims["sid"].as_str().unwrap();
        format!("https://ent.example/fin?x=1&iss=http%3A%2F%2Flocalhost%3A8080&sid={sid}")
    }
}

#[tokio::test]
async fn fcl_3_the_page_loads_each_client_s_page_with_iss_and_sid_and_then_goes_back() {
    let mut s = fixture().await;
    s.server
        .update_registration("bourses", json!({ "frontchannel_logout_uri": "https://bourses.example:8443/fin" }))
        .await;
    let fields =
        [("id_token_hint", s.tokens.id_token.as_str()), ("post_logout_redirect_uri", GOODBYE), ("state", "a&b")];
    s.browser.get(&s.ent.logout_url(&fields)).await;
    // First away from the address that holds the hint.
    let own = s.browser.page.location().to_owned();
    assert!(own.starts_with("/oauth2/logout?i="), "{own}");
    s.browser.get(&own).await;
    assert_eq!(s.browser.page.status, StatusCode::OK, "no redirect: the frames need a page");
    let theirs = s.bourses.claims["sid"].as_str().unwrap();
    let expected =
        [format!("https://bourses.example:8443/fin?iss=http%3A%2F%2Flocalhost%3A8080&sid={theirs}"), s.ent_frame()];
    assert_eq!(s.framed(), expected);
    assert!(s.policy().ends_with("; frame-src https://bourses.example:8443 https://ent.example"), "{}", s.policy());
    let back = format!("{GOODBYE}?state=a%26b");
    let (seconds, to) = refresh(&s.browser.page.text()).unwrap();
    assert!((1..=10).contains(&seconds) && to == back, "{seconds} {to}");
    assert_eq!(s.browser.page.link_target("#continuer"), back);
    assert!(s.browser.page.has_element("a#continuer[data-when-framed]"));
    assert!(!s.browser.has_session());
    assert_eq!(s.browser.follow().await.expect_redirect_away().as_str(), back);
    assert_eq!(s.ent.userinfo(&s.tokens.access_token).await.status, StatusCode::UNAUTHORIZED);
    let silent = s.ent.attempt_with(&[("prompt", "none")]);
    let landed = s.browser.open(&silent.url).await.expect_redirect_away();
    assert_eq!(s.ent.error(&landed, &silent), "login_required");
}

#[tokio::test]
async fn fcl_3_confirmed_or_from_our_own_page_it_loads_them_too() {
    let mut s = fixture().await;
    s.browser.open("/oauth2/logout").await;
    assert!(s.framed().is_empty() && !s.policy().contains("frame-src"), "nothing before the person said so");
    s.browser.submit("confirmer", &[]).await;
    assert!(matches!(s.browser.follow().await, Landing::OwnPage));
    assert_eq!(s.framed(), [s.ent_frame()]);
    let words = s.browser.page.visible_text();
    assert!(words.contains("Service bourses") && !words.contains("Service ent"), "only who hears nothing: {words}");
    assert!(!s.browser.page.has_element("meta[http-equiv=refresh]"), "there is nowhere to go");

    let mut s = fixture().await;
    s.browser.open("/compte").await;
    s.browser.submit("se-deconnecter", &[]).await;
    s.browser.follow().await;
    assert_eq!(s.framed(), [s.ent_frame()]);
    // Whoever opens that address in another browser learns nothing.
    let mut other = Browser::new(&s.server);
    other.open(s.browser.url.as_str()).await;
    assert!(
        !other.page.has_element(FRAMES) && !other.page.visible_text().contains("bourses"),
        "{}",
        other.page.visible_text()
    );
}

#[tokio::test]
async fn fcl_3_another_account_is_asked_for_after_the_frames() {
    let mut s = fixture().await;
    let toulouse = TestRelyingParty::new(&s.server, "ent-toulouse");
    s.browser.open(&toulouse.attempt().url).await;
    let query = s.browser.url.query().unwrap().to_owned();
    s.browser.post(&format!("/deconnexion?{query}"), &[("changer", "1")]).await;
    let to = s.browser.page.location().to_owned();
    s.browser.get(&to).await;
    assert_eq!(s.framed(), [s.ent_frame()]);
    assert!(matches!(s.browser.follow().await, Landing::OwnPage));
    assert_eq!(s.browser.url.path(), "/connexion");
    // The waiting request is still there for who signs in now.
    let other = s.member.clone();
    assert!(matches!(s.browser.sign_in(&other).await, Landing::OwnPage));
    assert!(s.browser.page.visible_text().contains("Service ent-toulouse"), "{}", s.browser.page.visible_text());
}

#[tokio::test]
async fn fcl_3_without_such_clients_nothing_changes_and_others_are_not_loaded() {
    for client in
        [json!({ "frontchannel_logout_uri": null }), json!({ "frontchannel_logout_uri": "https://a;sandbox/" })]
    {
        let mut s = fixture().await;
        s.server.update_registration("ent", client).await;
        // One that the person never used.
        s.server
            .update_registration("strict", json!({ "frontchannel_logout_uri": "https://strict.example/fin" }))
            .await;
        let fields = [("id_token_hint", s.tokens.id_token.as_str()), ("post_logout_redirect_uri", GOODBYE)];
        s.browser.get(&s.ent.logout_url(&fields)).await;
        assert_eq!(s.browser.page.location(), GOODBYE, "at once");
        assert!(!s.policy().contains("frame-src"));
    }
    let mut s = fixture().await;
    s.server.execute_sql("UPDATE client SET state = 'suspended' WHERE client_id = 'ent'", vec![]).await;
    s.browser.open("/oauth2/logout").await;
    s.browser.submit("confirmer", &[]).await;
    s.browser.follow().await;
    assert!(s.framed().is_empty());
    assert!(s.browser.page.visible_text().contains("Service ent"), "{}", s.browser.page.visible_text());
}

#[tokio::test]
async fn only_those_whom_neither_channel_reaches_stay_open() {
    let mut s = fixture().await;
    s.server.update_registration("bourses", json!({ "backchannel_logout_uri": "http://127.0.0.1:9/fin" })).await;
    TestRelyingParty::new(&s.server, "strict").sign_in(&mut s.browser, &s.member).await;
    s.browser.open("/compte").await;
    s.browser.submit("se-deconnecter", &[]).await;
    s.browser.follow().await;
    let words = s.browser.page.visible_text();
    assert!(
        words.contains("Service strict") && !words.contains("bourses") && !words.contains("Service ent"),
        "{words}"
    );
}

#[tokio::test]
async fn a_session_with_very_many_clients_still_signs_out() {
    let mut s = fixture().await;
    let insert = "INSERT INTO client (client_id, origin, state, metadata, updated_at) \
                  SELECT $1, 'file', 'active', metadata, 0 FROM client WHERE client_id = $2";
    let held = "INSERT INTO session_client (session_id, client_id, sid, generation, created_at) \
                SELECT session_id, $1, $1, 1, created_at FROM session_client WHERE client_id = 'ent'";
    for n in 0..300 {
        let id = format!("more-{n:03}");
        let model = if n % 2 == 0 { "ent" } else { "bourses" };
        s.server.execute_sql(insert, vec![id.as_str().into(), model.into()]).await;
        s.server.execute_sql(held, vec![id.as_str().into()]).await;
    }
    s.browser.open("/compte").await;
    s.browser.submit("se-deconnecter", &[]).await;
    s.browser.follow().await;
    assert_eq!(s.browser.page.status, StatusCode::OK);
    assert_eq!(s.framed().len(), 30, "not three hundred pages");
    assert!(s.browser.page.visible_text().contains("Service bourses"), "{}", s.browser.page.visible_text());
    assert!(s.policy().len() < 400, "each origin once");
}
