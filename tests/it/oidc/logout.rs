//! Signing out (RPIL): who may ask without a word of the person, and where the browser may go then.

use axum::http::StatusCode;
use preau::base::clock::Span;

use crate::support::relying_party::{VerifiedTokens, mutate_token};
use crate::support::{Browser, Landing, TestAccount, TestRelyingParty, TestServer, deployment};

struct Fixture {
    server: TestServer,
    member: TestAccount,
    ent: TestRelyingParty,
    browser: Browser,
    tokens: VerifiedTokens,
}

/// Anne signed in at the ENT.
async fn fixture() -> Fixture {
    signed_in_at(TestServer::start().await).await
}

async fn signed_in_at(server: TestServer) -> Fixture {
    let member = server.create_durand().await;
    let ent = TestRelyingParty::new(&server, "ent");
    let mut browser = Browser::new(&server);
    let tokens = ent.sign_in(&mut browser, &member).await;
    Fixture { server, member, ent, browser, tokens }
}

impl Fixture {
    async fn is_signed_in(&self) -> bool {
        self.browser.clone_browser().get("/compte").await.status == StatusCode::OK
    }

    /// Confirms, and follows to where it ends.
    async fn confirm(&mut self) -> Landing {
        assert!(self.browser.page.has_element("#confirmer"), "{}", self.browser.page.visible_text());
        assert!(self.is_signed_in().await, "not before the person said so");
        self.browser.submit("confirmer", &[]).await;
        self.browser.follow().await
    }

    async fn assert_signed_out(&mut self, case: &str) {
        assert!(!self.is_signed_in().await, "{case}");
        assert!(!self.browser.has_session(), "{case}");
        let silent = self.ent.attempt_with(&[("prompt", "none")]);
        let landed = self.browser.open(&silent.url).await.expect_redirect_away();
        assert_eq!(self.ent.error(&landed, &silent), "login_required", "{case}");
        assert_eq!(self.ent.userinfo(&self.tokens.access_token).await.status, StatusCode::UNAUTHORIZED, "{case}");
    }
}

const GOODBYE: &str = "https://ent.example/adieu";

#[tokio::test]
async fn protocol_a22_the_client_s_own_hint_signs_out_at_once_and_leads_back_with_state() {
    for state in ["", "x y&z=é#", &"s".repeat(128)] {
        let mut s = fixture().await;
        let hint = s.tokens.id_token.clone();
        let mut fields = vec![("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", GOODBYE)];
        if !state.is_empty() {
            fields.push(("state", state));
        }
        let landed = s.browser.open(&s.ent.logout_url(&fields)).await.expect_redirect_away();
        assert!(landed.as_str().starts_with(GOODBYE), "{landed}");
        let back: Vec<_> = landed.query_pairs().into_owned().collect();
        let expected: Vec<(String, String)> =
            if state.is_empty() { vec![] } else { vec![("state".to_owned(), state.to_owned())] };
        assert_eq!(back, expected, "state comes back if it was sent, and nothing else");
        s.assert_signed_out(state).await;
    }
}

#[tokio::test]
async fn protocol_a22_an_expired_hint_counts_and_a_client_id_beside_it_must_match() {
    let mut s = fixture().await;
    s.server.advance(Span::minutes(20));
    let hint = s.tokens.id_token.clone();
    let fields = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", GOODBYE), ("client_id", "ent")];
    s.browser.open(&s.ent.logout_url(&fields)).await.expect_redirect_away();
    s.assert_signed_out("expired").await;

    let mut s = fixture().await;
    let hint = s.tokens.id_token.clone();
    let fields = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", GOODBYE), ("client_id", "bourses")];
    s.browser.open(&s.ent.logout_url(&fields)).await;
    assert!(matches!(s.confirm().await, Landing::OwnPage), "another client's name");
    s.assert_signed_out("confirmed").await;
}

#[tokio::test]
async fn attack_r10_without_a_hint_of_ours_it_is_asked_and_never_leads_away() {
    let s = fixture().await;
    let hint = &s.tokens.id_token;
    let claims = hint.split('.').nth(1).unwrap();
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}.");
    let (bent, access) = (mutate_token(hint), s.tokens.access_token.clone());
    let elsewhere = signed_in_at(TestServer::start_elsewhere().await).await.tokens.id_token;
    let back = ("post_logout_redirect_uri", GOODBYE);
    for (case, fields) in [
        ("no parameters", vec![]),
        ("only state", vec![("state", "x")]),
        ("no hint", vec![back, ("state", "x")]),
        ("a wrong hint, a client_id", vec![back, ("client_id", "ent"), ("id_token_hint", bent.as_str())]),
        ("alg none", vec![back, ("id_token_hint", unsigned.as_str())]),
        ("signature changed", vec![back, ("id_token_hint", bent.as_str())]),
        ("signed by another house", vec![back, ("id_token_hint", elsewhere.as_str())]),
        ("an access token", vec![back, ("id_token_hint", access.as_str())]),
        ("rubbish", vec![back, ("id_token_hint", "<script>")]),
    ] {
        let mut s = Fixture {
            browser: s.browser.clone_browser(),
            server: s.server.clone(),
            member: s.member.clone(),
            ent: s.ent.clone(),
            tokens: s.tokens.clone(),
        };
        s.tokens = s.ent.sign_in(&mut s.browser, &s.member).await;
        s.browser.open(&s.ent.logout_url(&fields)).await;
        let at = s.browser.url.path().to_owned();
        assert_eq!(at, "/oauth2/logout", "{case}");
        assert!(matches!(s.confirm().await, Landing::OwnPage), "{case}");
        assert!(!s.browser.page.has_element("main a[href^=https]"), "{case}: {}", s.browser.page.text());
        s.assert_signed_out(case).await;
    }
}

#[tokio::test]
async fn faults_d12_a_client_that_names_itself_is_named_and_led_back_to_after_the_persons_word() {
    let back = ("post_logout_redirect_uri", GOODBYE);
    let mut s = fixture().await;
    s.browser.open(&s.ent.logout_url(&[("client_id", "ent"), back, ("state", "x y")])).await;
    assert!(s.browser.page.visible_text().contains("Service ent"), "the page names who asks");
    assert_eq!(s.confirm().await.expect_redirect_away().as_str(), "https://ent.example/adieu?state=x+y");
    s.assert_signed_out("confirmed").await;
    // Nobody is signed in any more: there is nothing to confirm.
    let landed = s.browser.open(&s.ent.logout_url(&[("client_id", "ent"), back])).await;
    assert_eq!(landed.expect_redirect_away().as_str(), GOODBYE);

    // Without a way back, or with another's: a link to the registered site, and who asked is not called open.
    for more in [vec![], vec![("post_logout_redirect_uri", "https://bourses.example/adieu")]] {
        let mut s = fixture().await;
        TestRelyingParty::new(&s.server, "bourses").sign_in(&mut s.browser, &s.member).await;
        s.browser.open(&s.ent.logout_url(&[&[("client_id", "ent")][..], &more].concat())).await;
        assert!(matches!(s.confirm().await, Landing::OwnPage), "{more:?}");
        assert_eq!(s.browser.page.link_target("main a.button"), "https://ent.example/", "{more:?}");
        let open = crate::support::html::text(&s.browser.page.text(), "main p.note").unwrap_or_default();
        assert!(open.contains("Service bourses") && !open.contains("Service ent"), "{more:?}: {open}");
    }
    // A client that is none, or may do nothing, is not named.
    s.server.execute_sql("UPDATE client SET state = 'suspended' WHERE client_id = 'bourses'", vec![]).await;
    s.ent.sign_in(&mut s.browser, &s.member).await;
    for id in ["nobody", "<b>", "bourses"] {
        s.browser.open(&s.ent.logout_url(&[("client_id", id), back])).await;
        assert!(s.browser.page.has_element("#confirmer") && !s.browser.page.visible_text().contains("Service"), "{id}");
    }
}

#[tokio::test]
async fn faults_d12_a_hint_does_not_stay_in_the_address_bar() {
    let mut s = fixture().await;
    let mine = s.tokens.id_token.clone();
    let elsewhere = s.ent.sign_in(&mut Browser::new(&s.server), &s.member).await.id_token;
    // Of another session: asked. Of this one: done. Of one that has ended. Of nobody.
    for hint in [&elsewhere, &mine, &mine, &mutate_token(&mine)] {
        let landed = s.browser.open(&s.ent.logout_url(&[("id_token_hint", hint)])).await;
        assert!(matches!(landed, Landing::OwnPage), "{landed:?}");
        assert!(!s.browser.url.as_str().contains("id_token_hint"), "{}", s.browser.url);
        assert_eq!(s.browser.page.status, StatusCode::OK);
    }
    s.assert_signed_out("by the second").await;
}

#[tokio::test]
async fn attack_r10_r6_a_foreign_way_back_is_not_taken_though_the_hint_is_right() {
    for uri in [
        "https://evil.example/adieu",
        "https://ent.example/adieu?x=1",
        "https://ent.example/adieu/",
        "https://ent.example/retour",
        "https://ent.example.evil.example/adieu",
        "https://ent.example@evil.example/adieu",
        "https://bourses.example/adieu",
        "http://ent.example/adieu",
        "javascript:alert('evil')",
        "//evil.example",
        "/compte",
        "",
    ] {
        let mut s = fixture().await;
        let hint = s.tokens.id_token.clone();
        let fields = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", uri), ("state", "x")];
        let landed = s.browser.open(&s.ent.logout_url(&fields)).await;
        assert!(matches!(landed, Landing::OwnPage), "{uri}: {landed:?}");
        assert!(!s.browser.page.text().contains("evil") && !s.browser.page.text().contains(&hint), "{uri}");
        s.assert_signed_out(uri).await;
    }
}

#[tokio::test]
async fn a_state_that_nobody_could_keep_leads_to_our_own_page() {
    let (long, longer) = ("é".repeat(2_500), "s".repeat(9_000));
    let everywhere = ["here", "elsewhere", "another session"];
    for (from, long) in everywhere.iter().flat_map(|from| [(*from, &long), (*from, &longer)]) {
        let mut s = fixture().await;
        let mut hint = s.tokens.id_token.clone();
        if from == "another session" {
            hint = s.ent.sign_in(&mut Browser::new(&s.server), &s.member).await.id_token;
        }
        let fields = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", GOODBYE), ("state", long)];
        if from == "elsewhere" {
            s.browser.post_cross_site("/oauth2/logout", &fields).await;
        } else {
            s.browser.get(&s.ent.logout_url(&fields)).await;
        }
        assert!(matches!(s.browser.follow().await, Landing::OwnPage), "{from}");
        if from == "another session" {
            assert!(matches!(s.confirm().await, Landing::OwnPage));
        }
        s.assert_signed_out(from).await;
    }
    let s = fixture().await;
    s.server
        .update_registration("ent", serde_json::json!({ "frontchannel_logout_uri": "https://ent.example/fin" }))
        .await;
    let mut browser = s.browser.clone_browser();
    let to = format!("/deconnexion?client_id={longer}&i=x");
    assert_eq!(browser.post(&to, &[("changer", "1")]).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn attack_s5_a_hint_of_another_session_is_asked_first() {
    let mut s = fixture().await;
    let other = s.ent.sign_in(&mut Browser::new(&s.server), &s.member).await.id_token;
    let stranger = s.server.create_account("Sam", "AUTRE").await;
    let strict = TestRelyingParty::new(&s.server, "strict");
    let theirs = strict.sign_in(&mut Browser::new(&s.server), &stranger).await.id_token;
    for hint in [&other, &theirs] {
        s.browser.open(&s.ent.logout_url(&[("id_token_hint", hint)])).await;
        assert!(s.browser.page.has_element("#confirmer"), "{}", s.browser.page.visible_text());
        assert!(s.is_signed_in().await);
    }
    let fields = [("id_token_hint", other.as_str()), ("post_logout_redirect_uri", GOODBYE)];
    s.browser.open(&s.ent.logout_url(&fields)).await;
    assert!(s.browser.page.visible_text().contains("Service ent"), "the page names who asked");
    let landed = s.confirm().await.expect_redirect_away();
    assert_eq!(landed.as_str(), GOODBYE);
    s.assert_signed_out("confirmed").await;
}

#[tokio::test]
async fn protocol_a22_a_post_of_the_relying_party_goes_on_by_our_own_get() {
    let mut s = fixture().await;
    let hint = s.tokens.id_token.clone();
    let fields = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", GOODBYE), ("state", "é")];
    s.browser.post_cross_site("/oauth2/logout", &fields).await;
    let to = s.browser.page.location().to_owned();
    assert!(to.starts_with("/oauth2/logout?i="), "{to}");
    assert!(s.is_signed_in().await, "it came without the session's cookie");
    let landed = s.browser.follow().await.expect_redirect_away();
    assert_eq!(landed.query_pairs().next().unwrap().1, "é");
    s.assert_signed_out("by POST").await;
    // What was kept belongs to that browser.
    let s = signed_in_at(TestServer::start_elsewhere().await).await;
    let mut attacker = Browser::new(&s.server);
    attacker.post_cross_site("/oauth2/logout", &fields).await;
    let to = attacker.page.location().to_owned();
    let mut victim = s.browser.clone_browser();
    assert!(matches!(victim.open(&to).await, Landing::OwnPage));
    assert!(s.is_signed_in().await);
}

#[tokio::test]
async fn nobody_is_asked_who_is_not_signed_in() {
    let mut s = fixture().await;
    s.browser.open("/compte").await;
    s.browser.submit("se-deconnecter", &[]).await;
    let hint = s.tokens.id_token.clone();
    for browser in [&mut Browser::new(&s.server), &mut s.browser] {
        let fields = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", GOODBYE)];
        assert_eq!(browser.open(&s.ent.logout_url(&fields)).await.expect_redirect_away().as_str(), GOODBYE);
        assert!(matches!(browser.open("/oauth2/logout").await, Landing::OwnPage));
        assert!(!browser.page.has_element("#confirmer"), "{}", browser.page.visible_text());
    }
}

#[tokio::test]
async fn the_page_says_what_stays_open() {
    let mut s = fixture().await;
    let bourses = TestRelyingParty::new(&s.server, "bourses").sign_in(&mut s.browser, &s.member).await;
    s.browser.open(&s.ent.logout_url(&[("id_token_hint", &s.tokens.id_token)])).await;
    let words = s.browser.page.visible_text();
    assert!(words.contains("Service bourses"), "{words}");
    assert_eq!(s.browser.page.link_target("main a.button"), "https://ent.example/", "back to who asked");
    let answer = s.ent.userinfo(&bourses.access_token).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "its tokens are dead all the same");
    s.assert_signed_out("by the ENT").await;

    for client in ["ent", "bourses"] {
        TestRelyingParty::new(&s.server, client).sign_in(&mut s.browser, &s.member).await;
    }
    s.browser.open("/compte").await;
    s.browser.submit("se-deconnecter", &[]).await;
    s.browser.follow().await;
    let words = s.browser.page.visible_text();
    assert!(words.contains("Service ent") && words.contains("Service bourses"), "{words}");
}

#[tokio::test]
async fn one_browser_s_sign_out_leaves_the_others_and_its_cookies_are_worth_nothing() {
    let s = fixture().await;
    let mut second = Browser::new(&s.server);
    let tokens = s.ent.sign_in(&mut second, &s.member).await;
    let stolen = s.browser.clone_browser();
    let nav = s.browser.cookie("nav").unwrap().to_owned();
    let mut leaving = s.browser.clone_browser();
    leaving.open("/compte").await;
    leaving.submit("se-deconnecter", &[]).await;
    leaving.follow().await;
    assert_ne!(leaving.cookie("nav").unwrap(), nav, "a sign-out renews it");
    assert_ne!(stolen.clone_browser().get("/compte").await.status, StatusCode::OK);
    assert_eq!(second.get("/compte").await.status, StatusCode::OK);
    assert_eq!(s.ent.userinfo(&tokens.access_token).await.status, StatusCode::OK);
    for path in ["/deconnexion", "/deconnexion/confirmer"] {
        assert_eq!(second.get(path).await.status, StatusCode::METHOD_NOT_ALLOWED, "by GET nothing is done");
    }
    let facts = s.server.query_texts("SELECT fact FROM audit").await;
    assert!(facts.iter().any(|fact| fact == "signed_out"), "{facts:?}");
    assert_eq!(deployment::goodbye_uri("ent"), GOODBYE);
}

#[tokio::test]
async fn attack_s5_an_unknown_sign_out_is_asked_for_and_never_told_as_done() {
    let mut s = fixture().await;
    for i in ["AAAAAAAAAAAAAAAAAAAAAA", "x", ""] {
        assert!(matches!(s.browser.open(&format!("/oauth2/logout?i={i}")).await, Landing::OwnPage));
        assert!(s.browser.page.has_element("#confirmer"), "{i}: {}", s.browser.page.visible_text());
        assert!(s.is_signed_in().await, "{i}");
    }
}

#[tokio::test]
async fn design_9_a_sign_out_that_goes_back_renews_the_navigation_cookie() {
    let mut s = fixture().await;
    let before = s.browser.cookie("nav").map(str::to_owned);
    let hint = s.tokens.id_token.clone();
    let to = s.ent.logout_url(&[("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", GOODBYE)]);
    assert!(matches!(s.browser.open(&to).await, Landing::ExternalSite(_)));
    assert!(before.is_some() && s.browser.cookie("nav").map(str::to_owned) != before);
}
