//! The trial of a service: each person is told once that it is one, and the hundred and first is told on a page.

use axum::http::StatusCode;
use preau::base::clock::Span;
use preau::base::typed_ids::{AccountId, ClientId};
use preau::clients::ops::trial::MAX_TRIAL_PERSONS;
use preau::clients::store::trial::enter;
use preau::db::Durability;

use crate::support::deployment::LYCEE;
use crate::support::{Browser, Landing, TestAccount, TestFamily, TestRelyingParty, TestServer};

const TOLD: &str = "Service à l'essai depuis le";
const PERSONS: &str = "SELECT COUNT(*) FROM client_trial WHERE client_id = 'ent'";

/// A server whose client `ent` is on trial; it asks for no consent.
async fn fixture() -> (TestServer, TestRelyingParty) {
    let server = TestServer::start().await;
    put_on_trial(&server).await;
    let rp = TestRelyingParty::new(&server, "ent");
    (server, rp)
}

async fn put_on_trial(server: &TestServer) {
    let until = server.now().plus(Span::hours(72)).0;
    server.execute_sql("UPDATE client SET probation_until = $1 WHERE client_id = 'ent'", vec![until.into()]).await;
}

/// Lets so many other persons in.
async fn fill(server: &TestServer, persons: i64) {
    let mut tx = server.app.db.write(Durability::Relaxed).await.unwrap();
    for n in 0..persons {
        let account = AccountId::new(format!("account-{n}"));
        assert!(enter(&mut tx, server.now(), (&ClientId::new("ent"), &account), MAX_TRIAL_PERSONS).await.unwrap());
    }
    tx.commit().await.unwrap();
}

async fn petit(server: &TestServer) -> TestAccount {
    server.import_families("montpellier", LYCEE, &[TestFamily::petit()]).await;
    server.create_account_of("montpellier", &TestFamily::petit()).await
}

#[tokio::test]
async fn threat_s10_each_person_of_a_trial_is_told_once_and_nobody_elsewhere() {
    let (server, rp) = fixture().await;
    let account = server.create_durand().await;
    let mut person = Browser::new(&server);
    let attempt = rp.attempt();
    person.open(&attempt.url).await;
    assert!(matches!(person.sign_in(&account).await, Landing::OwnPage));
    let seen = person.page.visible_text();
    assert!(seen.contains(TOLD) && seen.contains("Nous ne vous le dirons qu'une fois."), "{seen}");
    assert_eq!(server.query_count(PERSONS).await, 0, "who only looked is none of them");
    // Without a page it cannot be told.
    let none = rp.attempt_with(&[("prompt", "none")]);
    let landed = person.clone_browser().open(&none.url).await.expect_redirect_away();
    assert_eq!(rp.error(&landed, &none), "consent_required");
    person.submit("continuer", &[]).await;
    let landed = person.follow().await.expect_redirect_away();
    rp.tokens(&attempt, &rp.code(&landed, &attempt)).await;
    assert_eq!(server.query_count(PERSONS).await, 1);
    // From then on nothing is said, in any browser; where the page is asked for, it says the rest only.
    let again = rp.attempt();
    rp.code(&person.open(&again.url).await.expect_redirect_away(), &again);
    let mut other = Browser::new(&server);
    rp.sign_in(&mut other, &account).await;
    other.open(&rp.attempt_with(&[("prompt", "consent")]).url).await;
    let seen = other.page.visible_text();
    assert!(other.page.has_element("#continuer") && !seen.contains(TOLD), "{seen}");
    // Another person is told, in their language.
    let second = petit(&server).await;
    let mut person = Browser::new(&server);
    person.open(&rp.attempt_with(&[("ui_locales", "en")]).url).await;
    person.sign_in(&second).await;
    let seen = person.page.visible_text();
    assert!(seen.contains("Service on trial since") && !seen.contains(TOLD), "{seen}");
    // A service in use by all tells nobody and writes nothing.
    let bourses = TestRelyingParty::new(&server, "bourses");
    bourses.sign_in(&mut Browser::new(&server), &account).await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM client_trial").await, 1);
    server.advance(Span::hours(72));
    rp.sign_in(&mut Browser::new(&server), &second).await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM client_trial").await, 1, "the trial is over");
}

#[tokio::test]
async fn threat_s10_person_101_is_told_on_a_page_and_the_service_hears_of_it_when_they_go_back() {
    let (server, rp) = fixture().await;
    let account = server.create_durand().await;
    fill(&server, MAX_TRIAL_PERSONS).await;
    server.change_client("ent", |meta| meta.consent = true).await;
    let mut person = Browser::new(&server);
    let attempt = rp.attempt();
    person.open(&attempt.url).await;
    assert!(matches!(person.sign_in(&account).await, Landing::OwnPage), "no error is sent before the person goes back");
    assert_eq!(person.page.status, StatusCode::FORBIDDEN);
    let seen = person.page.visible_text();
    for words in [
        "Ce service est à l'essai",
        "Service ent est un nouveau service.",
        "cent personnes au plus",
        "Ce n'est pas de votre fait",
        "L'essai se termine le",
        "demandez à Service ent",
    ] {
        assert!(seen.contains(words), "{words}: {seen}");
    }
    // The one way back is by this server, to the registered address.
    let back = person.page.link_target("#continuer");
    assert!(back.starts_with("/oauth2/authorize?i="), "{back}");
    assert!(!person.page.has_element("main a[href^='http']"), "{}", person.page.text());
    let mut english = person.clone_browser();
    english.open(&format!("{}&lang=en", back.replace("&refuser=1", ""))).await;
    assert!(english.page.visible_text().contains("This service is on trial"), "{}", english.page.visible_text());
    assert_eq!(server.query_count(PERSONS).await, MAX_TRIAL_PERSONS);
    for nothing in ["SELECT COUNT(*) FROM consent", "SELECT COUNT(*) FROM session_client"] {
        assert_eq!(server.query_count(nothing).await, 0, "{nothing}");
    }
    let none = rp.attempt_with(&[("prompt", "none")]);
    let landed = person.clone_browser().open(&none.url).await.expect_redirect_away();
    assert_eq!(rp.error(&landed, &none), "interaction_required");
    person.click("#continuer").await;
    let landed = person.follow().await.expect_redirect_away();
    assert_eq!(rp.error(&landed, &attempt), "access_denied", "with the state of the request");
    // Who was in goes in, and after the trial everybody.
    let now = server.now().0;
    let args = vec![account.account_id.as_str().into(), now.into()];
    server
        .execute_sql(
            "UPDATE client_trial SET account_id = $1, at = $2 WHERE client_id = 'ent' AND account_id = 'account-7'",
            args,
        )
        .await;
    let again = rp.attempt();
    person.open(&again.url).await;
    assert!(!person.page.visible_text().contains(TOLD), "{}", person.page.visible_text());
    person.submit("continuer", &[]).await;
    rp.code(&person.follow().await.expect_redirect_away(), &again);
    server.advance(Span::hours(72));
    let second = petit(&server).await;
    let mut person = Browser::new(&server);
    person.open(&rp.attempt().url).await;
    person.sign_in(&second).await;
    assert_eq!((person.page.status, person.page.has_element("#refuser")), (StatusCode::OK, true), "the usual page");
}

#[tokio::test]
async fn threat_s10_two_who_come_for_the_last_place_get_one_of_it_and_one_is_told() {
    let (server, rp) = fixture().await;
    let (first, second) = (server.create_durand().await, petit(&server).await);
    fill(&server, MAX_TRIAL_PERSONS - 1).await;
    let mut people = Vec::new();
    for account in [&first, &second] {
        let mut person = Browser::new(&server);
        let attempt = rp.attempt();
        person.open(&attempt.url).await;
        assert!(matches!(person.sign_in(account).await, Landing::OwnPage));
        assert!(person.page.visible_text().contains(TOLD), "both may still take it");
        people.push((person, attempt));
    }
    let (mut late, late_attempt) = people.pop().unwrap();
    let (mut early, early_attempt) = people.pop().unwrap();
    early.submit("continuer", &[]).await;
    rp.code(&early.follow().await.expect_redirect_away(), &early_attempt);
    late.submit("continuer", &[]).await;
    assert!(matches!(late.follow().await, Landing::OwnPage));
    assert_eq!(late.page.status, StatusCode::FORBIDDEN, "{}", late.page.visible_text());
    assert_eq!(server.query_count(PERSONS).await, MAX_TRIAL_PERSONS);
    late.click("#continuer").await;
    let landed = late.follow().await.expect_redirect_away();
    assert_eq!(rp.error(&landed, &late_attempt), "access_denied");
}
