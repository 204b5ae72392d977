//! FranceConnect: parents who sign in with it, the first time and later, and whose account it may open.

use axum::http::StatusCode;
use preau::base::clock::Span;
use serde_json::json;

use crate::support::people::PASSWORD;
use crate::support::{Browser, FakeUpstream, TestFamily, TestRelyingParty, TestServer, deployment};

const START: &str = "/federation/franceconnect";
const LINK_PAGE: &str = "/compte/franceconnect";

/// Starts FranceConnect, which signs userinfo, with Anne Durand in front of it; her names are there as in the civil
/// registry.
async fn franceconnect() -> FakeUpstream {
    let upstream = FakeUpstream::start().await;
    upstream.sign_userinfo();
    upstream.omit_iss();
    upstream.set_person(json!({
        "sub": "parent-1", "given_name": "Anne Marie Lucie", "family_name": "MARTIN", "preferred_username": "DURAND",
        "email": "anne@example.org", "title": null, "FrEduRne": null,
    }));
    upstream
}

async fn server_with_family(upstream: &FakeUpstream) -> TestServer {
    let server =
        TestServer::start_with_config(|config| upstream.declare_franceconnect(&config.deployment.directory)).await;
    server.import_families("montpellier", deployment::MONOD, &[TestFamily::durand()]).await;
    server.open_campaign(deployment::MONOD).await;
    server
}

/// Comes from FranceConnect, and follows to the page that it leads to.
async fn come(upstream: &FakeUpstream, server: &TestServer) -> Browser {
    let mut browser = Browser::new(server);
    upstream.sign_in(server, &mut browser, START).await;
    browser.follow().await;
    browser
}

/// Finishes the activation of somebody who came from FranceConnect.
async fn activate(upstream: &FakeUpstream, server: &TestServer) -> Browser {
    let mut browser = come(upstream, server).await;
    browser.submit("continuer", &[("telephone", TestFamily::durand().phone)]).await;
    browser.follow().await;
    let code = server.read_code().await;
    browser.type_code(&code).await;
    browser.answer_children(&["14/02/2013"]).await;
    browser.submit("terminer", &[]).await;
    browser.follow().await;
    assert_eq!(browser.url.path(), "/activation/terminee", "{}", browser.page.visible_text());
    browser
}

/// Types the password for a link, goes to FranceConnect and comes back.
async fn link(upstream: &FakeUpstream, server: &TestServer, browser: &mut Browser) {
    browser.get(LINK_PAGE).await;
    browser.submit("relier", &[("mot_de_passe", PASSWORD)]).await;
    browser.follow().await;
    let to = browser.page.link_target("#continuer");
    upstream.sign_in(server, browser, &to).await;
    browser.follow().await;
}

async fn links(server: &TestServer) -> Vec<String> {
    server.query_texts("SELECT sub FROM upstream_link ORDER BY sub").await
}

#[tokio::test]
async fn a_parent_activates_with_franceconnect_and_needs_no_password() {
    let upstream = franceconnect().await;
    let server = server_with_family(&upstream).await;
    let mut browser = Browser::new(&server);
    browser.get("/connexion").await;
    assert_eq!(browser.page.link_target("#franceconnect"), START);
    let mut browser = come(&upstream, &server).await;
    assert_eq!(browser.url.path(), "/activation");
    let text = browser.page.visible_text();
    assert!(text.contains("Anne MARTIN DURAND") && !browser.page.has_element("#nom"), "{text}");
    // Names that are typed nevertheless do not count: somebody else would be linked.
    let (at, phone) = (browser.url.to_string(), TestFamily::durand().phone);
    browser.post(&at, &[("nom", "PETIT"), ("prenom", "Paul"), ("telephone", phone)]).await;
    browser.follow().await;
    let code = server.read_code().await;
    browser.type_code(&code).await;
    browser.answer_children(&["14/02/2013"]).await;
    assert!(!browser.page.has_element("#mot-de-passe"), "{}", browser.page.visible_text());
    let identifiant = browser.shown_identifiant();
    assert!(links(&server).await.is_empty());
    browser.submit("terminer", &[]).await;
    browser.follow().await;
    assert_eq!(browser.url.path(), "/activation/terminee", "{}", browser.page.visible_text());
    assert!(browser.has_session());
    assert_eq!(links(&server).await, ["parent-1"]);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account WHERE password IS NOT NULL").await, 0);

    // Later, elsewhere: straight in, as the parent of the roster.
    let rp = TestRelyingParty::new(&server, "ent");
    let attempt = rp.attempt();
    let mut later = Browser::new(&server);
    later.open(&attempt.url).await;
    let door = later.page.link_target("#franceconnect");
    upstream.sign_in(&server, &mut later, &door).await;
    let landed = later.follow().await.expect_redirect_away();
    let tokens = rp.tokens(&attempt, &rp.code(&landed, &attempt)).await;
    assert_eq!((&tokens.claims["acr"], tokens.claims.get("amr")), (&json!("eidas1"), None));
    let told = rp.userinfo(&tokens.access_token).await.json();
    assert_eq!((&told["given_name"], &told["family_name"]), (&json!("Anne"), &json!("DURAND")));
    assert_eq!(told["children"].as_array().unwrap().len(), 1, "{told}");

    // The password that it has not opens nothing; a new one comes by the mobile.
    let mut stranger = Browser::new(&server);
    stranger.get("/connexion").await;
    stranger.sign_in_with(&identifiant, "").await;
    stranger.sign_in_with(&identifiant, PASSWORD).await;
    assert!(!stranger.has_session());
}

#[tokio::test]
async fn the_last_way_in_is_not_removed() {
    let upstream = franceconnect().await;
    let server = server_with_family(&upstream).await;
    let mut browser = activate(&upstream, &server).await;
    browser.get("/compte/securite").await;
    assert!(browser.page.has_element("#choisir-mot-de-passe") && browser.page.has_element("#lien-franceconnect"));
    // Nothing that would ask for a password.
    assert!(!browser.page.has_element("#ajouter-application"), "{}", browser.page.visible_text());
    browser.get(LINK_PAGE).await;
    assert!(!browser.page.has_element("#retirer"), "{}", browser.page.visible_text());
    browser.post(LINK_PAGE, &[("faire", "retirer"), ("mot_de_passe", PASSWORD)]).await;
    assert_eq!(links(&server).await, ["parent-1"]);
}

#[tokio::test]
async fn names_that_the_roster_does_not_know_link_nothing() {
    let upstream = franceconnect().await;
    let server = server_with_family(&upstream).await;
    upstream.set_person(json!({ "family_name": "LEFEBVRE", "preferred_username": null }));
    let mut browser = come(&upstream, &server).await;
    let (other, with_password) = (browser.page.link_target("#deja"), browser.page.link_target("#avec-mot-de-passe"));
    assert!(other.starts_with("/connexion"), "{other}");
    browser.submit("continuer", &[("telephone", TestFamily::durand().phone)]).await;
    browser.follow().await;
    // The same page as for everybody; no code comes.
    assert_eq!(browser.url.path(), "/activation/code");
    server.drain_outbox().await;
    assert!(server.messages().is_empty());
    // The ordinary activation goes on with a password, and links nothing.
    browser.get(&with_password).await;
    browser.activate(&server, &TestFamily::durand()).await;
    assert!(links(&server).await.is_empty());
}

#[tokio::test]
async fn attack_a5_the_proof_of_another_browser_names_nobody() {
    let upstream = franceconnect().await;
    let server = server_with_family(&upstream).await;
    let browser = come(&upstream, &server).await;
    let (at, mut other) = (browser.url.to_string(), Browser::at_activation(&server).await);
    other.get(&at).await;
    assert!(other.page.has_element("#nom"), "{}", other.page.visible_text());
    // Half an hour later it names nobody in the first one either.
    let mut browser = browser;
    server.advance(Span::minutes(31));
    browser.get(&at).await;
    assert!(browser.page.has_element("#nom"), "{}", browser.page.visible_text());
}

#[tokio::test]
async fn an_account_with_a_password_is_linked_from_its_own_session() {
    let upstream = franceconnect().await;
    let server = server_with_family(&upstream).await;
    let member = server.create_account_of("montpellier", &TestFamily::durand()).await;
    // The name and the address alone open nothing, and the mobile leads to the sign-in.
    let mut browser = come(&upstream, &server).await;
    browser.submit("continuer", &[("telephone", TestFamily::durand().phone)]).await;
    browser.follow().await;
    let code = server.read_code().await;
    browser.type_code(&code).await;
    assert!(browser.page.has_element("#relier"), "{}", browser.page.visible_text());
    assert!(links(&server).await.is_empty() && !browser.has_session());

    let mut own = Browser::signed_in_at(&server, &member, "/compte/securite").await;
    own.click("#lien-franceconnect").await;
    // Without the password, nothing: neither by the form nor by the address.
    own.submit("relier", &[("mot_de_passe", "Faux-mot-2")]).await;
    assert_eq!(own.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    own.get(&format!("{START}?relier=1")).await;
    assert_eq!(own.page.status, StatusCode::FORBIDDEN);
    link(&upstream, &server, &mut own).await;
    assert!(own.page.has_element("#dit"), "{}", own.page.visible_text());
    assert_eq!(links(&server).await, ["parent-1"]);
    // The permission was used.
    own.get(&format!("{START}?relier=1")).await;
    assert_eq!(own.page.status, StatusCode::FORBIDDEN);
    let later = come(&upstream, &server).await;
    assert!(later.has_session());
    assert_eq!(later.url.path(), "/compte");

    own.get(LINK_PAGE).await;
    own.submit("retirer", &[("mot_de_passe", PASSWORD)]).await;
    own.follow().await;
    assert!(own.page.has_element("#dit"), "{}", own.page.visible_text());
    assert!(links(&server).await.is_empty());
    assert!(!come(&upstream, &server).await.has_session());
    let events = server.audit_facts().await;
    for wanted in ["upstream_linked", "upstream_unlinked"] {
        assert!(events.iter().any(|event| event == wanted), "{wanted}: {events:?}");
    }
}

#[tokio::test]
async fn attack_m11_a_link_is_for_the_persons_own_name_and_for_one_account() {
    let upstream = franceconnect().await;
    let server = server_with_family(&upstream).await;
    server.import_families("montpellier", deployment::LYCEE, &[TestFamily::petit()]).await;
    let anne = server.create_account_of("montpellier", &TestFamily::durand()).await;
    let paul = server.create_account_of("montpellier", &TestFamily::petit()).await;
    // Whoever has Paul's password does not make his account theirs.
    let mut browser = Browser::signed_in_at(&server, &paul, LINK_PAGE).await;
    link(&upstream, &server, &mut browser).await;
    assert_eq!(browser.page.status, StatusCode::FORBIDDEN, "{}", browser.page.visible_text());
    let mut browser = Browser::signed_in_at(&server, &anne, LINK_PAGE).await;
    link(&upstream, &server, &mut browser).await;
    assert_eq!(links(&server).await, ["parent-1"]);
    // Somebody of the same name, with the same person at FranceConnect.
    let namesake = server.create_account("Anne", "DURAND").await;
    let mut browser = Browser::signed_in_at(&server, &namesake, LINK_PAGE).await;
    link(&upstream, &server, &mut browser).await;
    assert_eq!(browser.page.status, StatusCode::FORBIDDEN, "{}", browser.page.visible_text());
    assert_eq!(server.query_count("SELECT COUNT(*) FROM upstream_link").await, 1);
}

#[tokio::test]
async fn a_sub_that_changed_takes_the_place_of_the_old_one() {
    let upstream = franceconnect().await;
    let server = server_with_family(&upstream).await;
    let member = server.create_account_of("montpellier", &TestFamily::durand()).await;
    let mut browser = Browser::signed_in_at(&server, &member, LINK_PAGE).await;
    link(&upstream, &server, &mut browser).await;
    // Corrected at the civil registry: FranceConnect knows somebody else now.
    upstream.set_person(json!({ "sub": "parent-1-corrected" }));
    assert!(!come(&upstream, &server).await.has_session());
    link(&upstream, &server, &mut browser).await;
    assert_eq!(links(&server).await, ["parent-1-corrected"]);
    assert!(come(&upstream, &server).await.has_session());
}

#[tokio::test]
async fn attack_m11_a_link_that_was_not_the_persons_is_told_and_taken_away() {
    let upstream = franceconnect().await;
    let server = server_with_family(&upstream).await;
    let member = server.create_account_of("montpellier", &TestFamily::durand()).await;
    let mut home = Browser::signed_in_at(&server, &member, "/compte").await;
    server.advance(Span::minutes(1));
    let mut elsewhere = Browser::signed_in_at(&server, &member, LINK_PAGE).await;
    link(&upstream, &server, &mut elsewhere).await;
    assert_eq!(links(&server).await.len(), 1);
    home.get("/compte").await;
    let ids = server.query_texts("SELECT id FROM account_notice WHERE kind = 'upstream_linked'").await;
    assert!(home.page.values_of("evenement").contains(&ids[0]), "{}", home.page.visible_text());
    home.post("/compte/evenement", &[("evenement", &ids[0]), ("moi", "non")]).await;
    assert!(links(&server).await.is_empty());
}

#[tokio::test]
async fn franceconnect_does_not_stand_for_a_second_factor() {
    let upstream = franceconnect().await;
    let server = server_with_family(&upstream).await;
    let member = server.create_account_of("montpellier", &TestFamily::durand()).await;
    let mut browser = Browser::signed_in_at(&server, &member, LINK_PAGE).await;
    link(&upstream, &server, &mut browser).await;
    server.enrol_application(&member).await;
    let refused = come(&upstream, &server).await;
    assert_eq!(refused.page.status, StatusCode::FORBIDDEN);
    assert!(!refused.has_session() && refused.page.has_element("#identifiant"));
}

#[tokio::test]
async fn userinfo_that_is_not_signed_is_not_believed() {
    let upstream = franceconnect().await;
    let server = server_with_family(&upstream).await;
    upstream.lie(crate::support::Lie::UserinfoOtherForm);
    let browser = come(&upstream, &server).await;
    assert_eq!(browser.page.status, StatusCode::BAD_GATEWAY);
}

/// Who has no password confirms by coming back from FranceConnect, whatever is typed.
#[tokio::test]
async fn attack_a5_an_account_without_a_password_is_given_up_after_a_fresh_return() {
    let upstream = franceconnect().await;
    let server = server_with_family(&upstream).await;
    let mut browser = activate(&upstream, &server).await;
    server.advance(Span::minutes(6));
    for (page, button) in [("/compte/donnees", "telecharger"), ("/compte/fermer", "fermer")] {
        browser.get(page).await;
        let text = browser.page.visible_text();
        assert!(!browser.page.has_element("#mot-de-passe") && text.contains("FranceConnect"), "{text}");
        // An open browser is not enough, nor is a password that there is not.
        browser.post(page, &[("mot_de_passe", PASSWORD)]).await;
        assert_eq!(browser.page.status, StatusCode::SEE_OTHER);
        browser.get(page).await;
        browser.submit(button, &[]).await;
        assert_eq!(server.query_count("SELECT COUNT(*) FROM account WHERE closes_at IS NOT NULL").await, 0);
        let to = browser.follow().await.expect_redirect_away();
        assert!(to.query_pairs().any(|pair| pair == ("prompt".into(), "login".into())), "{to}");
        let back = upstream.approve(&server, &to);
        browser.get(&back).await;
        browser.follow().await;
        assert_eq!(browser.url.path(), page, "{}", browser.page.visible_text());
        browser.submit(button, &[]).await;
        match button {
            "telecharger" => {
                assert_eq!(browser.page.status, StatusCode::OK);
                assert!(browser.page.text().contains("\"signs_in_through\""));
            }
            _ => {
                browser.follow().await;
                assert!(!browser.has_session());
            }
        }
        server.advance(Span::minutes(6));
    }
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account WHERE closes_at IS NOT NULL").await, 1);
    // No other page is opened by names alone, nor another site.
    let mut browser = come(&upstream, &server).await;
    for word in ["", "mot-de-passe/x", "//op.example", "https://op.example"] {
        browser.get(&format!("/compte/confirmer?vers={word}")).await;
        assert!(!browser.page.text().contains("op.example"));
    }
}

/// Comes back from FranceConnect to the page that wanted a fresh proof. `away` is the time spent there.
async fn confirm(upstream: &FakeUpstream, server: &TestServer, browser: &mut Browser, away: Span) {
    let to = browser.follow().await.expect_redirect_away();
    server.advance(away);
    let back = upstream.approve(server, &to);
    browser.get(&back).await;
    browser.follow().await;
}

#[tokio::test]
async fn attack_a5_every_page_that_asks_for_the_password_takes_a_fresh_return_where_there_is_none() {
    let upstream = franceconnect().await;
    let server = server_with_family(&upstream).await;
    activate(&upstream, &server).await;
    // The mobile is not young any more.
    server.advance(Span::days(4));
    let mut browser = come(&upstream, &server).await;
    assert_eq!(browser.url.path(), "/compte");
    server.advance(Span::minutes(6));
    for (page, button) in
        [("/compte/adresse", "envoyer"), ("/compte/portable/verifier", "envoyer"), ("/compte/portable", "retirer")]
    {
        browser.get(page).await;
        let text = browser.page.visible_text();
        assert!(!browser.page.has_element("#mot-de-passe") && text.contains("FranceConnect"), "{page}: {text}");
        let typed = [("adresse", "anne@example.org")];
        let fields: &[(&str, &str)] = if page == "/compte/adresse" { &typed } else { &[] };
        browser.submit(button, fields).await;
        assert_eq!(browser.page.status, StatusCode::SEE_OTHER, "{page}: an open browser is not enough");
        confirm(&upstream, &server, &mut browser, Span::seconds(20)).await;
        let back = if page == "/compte/portable/verifier" { "/compte/portable" } else { page };
        assert_eq!(browser.url.path(), back, "{}", browser.page.visible_text());
        browser.get(page).await;
        browser.submit(button, fields).await;
        browser.follow().await;
        assert_eq!(browser.page.status, StatusCode::OK, "{page}: {}", browser.page.visible_text());
        server.advance(Span::minutes(6));
    }
    assert_eq!(server.query_count("SELECT COUNT(*) FROM email").await, 1);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM person WHERE phone_disowned_at IS NOT NULL").await, 1);
    // Another account is joined after a return too.
    browser.get("/compte/regrouper").await;
    assert!(!browser.page.has_element("#actuel"), "{}", browser.page.visible_text());
    browser.submit("continuer", &[("identifiant", "p.martin12"), ("mot_de_passe", "Faux-mot-2")]).await;
    confirm(&upstream, &server, &mut browser, Span::seconds(20)).await;
    assert_eq!(browser.url.path(), "/compte/regrouper");
    browser.submit("continuer", &[("identifiant", "p.martin12"), ("mot_de_passe", "Faux-mot-2")]).await;
    assert_eq!(browser.page.status, StatusCode::UNPROCESSABLE_ENTITY, "judged: {}", browser.page.visible_text());
}

/// A factor would shut the account: FranceConnect stands for a password, not for a factor. A first password is chosen by
/// the recovery alone.
#[tokio::test]
async fn attack_m10_who_has_no_password_adds_no_factor_and_chooses_none_in_a_session() {
    let upstream = franceconnect().await;
    let server = server_with_family(&upstream).await;
    activate(&upstream, &server).await;
    let mut browser = come(&upstream, &server).await;
    for page in ["/compte/application", "/compte/codes-de-secours", "/compte/cle", "/compte/mot-de-passe"] {
        browser.get(page).await;
        browser.follow().await;
        assert_eq!(browser.url.path(), "/compte/securite", "{page}");
        assert!(browser.page.has_element("#choisir-mot-de-passe"), "{page}");
        let typed = [("actuel", ""), ("mot_de_passe", PASSWORD), ("confirmation", PASSWORD)];
        browser.post(page, &typed).await;
        assert_eq!(browser.page.status, StatusCode::SEE_OTHER, "{page}");
    }
    assert_eq!(server.query_count("SELECT COUNT(*) FROM totp").await, 0);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account WHERE password IS NOT NULL").await, 0);
    assert!(come(&upstream, &server).await.has_session());
}

/// FranceConnect does not say when it asked: a service is told the departure, which is the safe side; a page that wants a
/// fresh proof counts from the answer.
#[tokio::test]
async fn attack_a5_the_five_minutes_of_a_return_begin_with_the_answer() {
    let upstream = franceconnect().await;
    upstream.omit_auth_time();
    let server = server_with_family(&upstream).await;
    let mut browser = activate(&upstream, &server).await;
    server.advance(Span::minutes(6));
    browser.get("/compte/fermer").await;
    browser.submit("fermer", &[]).await;
    confirm(&upstream, &server, &mut browser, Span::minutes(6)).await;
    assert_eq!(browser.url.path(), "/compte/fermer", "{}", browser.page.visible_text());
    server.advance(Span::minutes(4));
    let told = "SELECT COUNT(*) FROM session WHERE ended_at IS NULL AND answered_at >= authenticated_at + 360000";
    assert_eq!(server.query_count(told).await, 1, "a service is told when the person left");
    browser.submit("fermer", &[]).await;
    browser.follow().await;
    assert!(!browser.has_session(), "{}", browser.page.visible_text());
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account WHERE closes_at IS NOT NULL").await, 1);
    // Five minutes after the answer, it is asked again.
    let mut browser = come(&upstream, &server).await;
    server.advance(Span::minutes(5));
    browser.get("/compte/donnees").await;
    browser.submit("telecharger", &[]).await;
    assert_eq!(browser.page.status, StatusCode::SEE_OTHER);
}
