//! The account page, and what its person changes there.

use axum::http::StatusCode;
use preau::base::clock::Span;

use crate::support::people::PASSWORD;
use crate::support::{Browser, TestAccount, TestServer};

const NEW: &str = "Tilleul+9-orage";
const PAGE: &str = "/compte/mot-de-passe";

async fn change(browser: &mut Browser, current: &str, new: &str, again: &str) -> StatusCode {
    browser.post(PAGE, &[("actuel", current), ("mot_de_passe", new), ("confirmation", again)]).await.status
}

async fn sign_in_status(server: &TestServer, account: &TestAccount, password: &str) -> StatusCode {
    let mut browser = Browser::new(server);
    browser.get("/connexion").await;
    browser.sign_in_with(&account.identifiant, password).await.status
}

#[tokio::test]
async fn a_new_password_ends_what_the_former_one_opened_and_keeps_this_browser_signed_in() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let sister = server.create_account("Lise", "DURAND").await;
    let mut elsewhere = Browser::signed_in_at(&server, &account, PAGE).await;
    let mut hers = Browser::new(&server);
    hers.get("/connexion").await;
    hers.sign_in_with(&sister.identifiant, &sister.password).await;
    let mut browser = Browser::signed_in_at(&server, &account, PAGE).await;
    let before = browser.cookie("").unwrap().to_owned();
    browser.submit("changer-mot-de-passe", &[("actuel", PASSWORD), ("mot_de_passe", NEW), ("confirmation", NEW)]).await;
    assert_eq!(browser.page.status, StatusCode::SEE_OTHER, "{}", browser.page.visible_text());
    assert_ne!(browser.cookie("").unwrap(), before, "a new session");
    browser.follow().await;
    assert!(browser.page.has_element("#change"), "{}", browser.page.visible_text());
    browser.get("/compte").await;
    assert_eq!(browser.page.status, StatusCode::OK);
    assert_eq!(elsewhere.get("/compte").await.status, StatusCode::SEE_OTHER, "the other browser is signed out");
    assert_eq!(hers.get("/compte").await.status, StatusCode::OK, "another account is untouched");
    assert_eq!(sign_in_status(&server, &account, PASSWORD).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(sign_in_status(&server, &account, NEW).await, StatusCode::SEE_OTHER);
    let facts = server.audit_facts().await;
    assert_eq!(facts.iter().filter(|fact| *fact == "password_replaced").count(), 1, "{facts:?}");
}

#[tokio::test]
async fn a_session_left_open_changes_no_password_without_the_current_one_whose_tries_are_counted() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let mut browser = Browser::signed_in_at(&server, &account, PAGE).await;
    assert_eq!(change(&mut browser, "", NEW, NEW).await, StatusCode::UNPROCESSABLE_ENTITY);
    for n in 0..5 {
        assert_eq!(change(&mut browser, "Faux-mot-2", NEW, NEW).await, StatusCode::UNPROCESSABLE_ENTITY, "{n}");
    }
    assert_eq!(change(&mut browser, PASSWORD, NEW, NEW).await, StatusCode::TOO_MANY_REQUESTS, "not compared");
    assert_eq!(sign_in_status(&server, &account, PASSWORD).await, StatusCode::SEE_OTHER, "another bucket");
    server.advance(Span::minutes(25));
    assert_eq!(change(&mut browser, PASSWORD, NEW, NEW).await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_new_password_that_is_refused_costs_no_try_and_changes_nothing() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let mut browser = Browser::signed_in_at(&server, &account, PAGE).await;
    for n in 0..8 {
        let (new, again) = if n % 2 == 0 { ("court", "court") } else { (NEW, "Autre+9-orage") };
        assert_eq!(change(&mut browser, PASSWORD, new, again).await, StatusCode::UNPROCESSABLE_ENTITY, "{n}");
    }
    assert_eq!(sign_in_status(&server, &account, PASSWORD).await, StatusCode::SEE_OTHER);
    assert_eq!(change(&mut browser, PASSWORD, NEW, NEW).await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn password_managers_find_the_page_and_who_is_signed_out_signs_in_first() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    browser.get("/.well-known/change-password").await;
    assert_eq!(browser.page.status, StatusCode::FOUND);
    assert!(browser.next().unwrap().path().ends_with(PAGE));
    browser.get(PAGE).await;
    assert_eq!(browser.page.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.next().unwrap().path(), "/connexion");
    assert_eq!(change(&mut browser, PASSWORD, NEW, NEW).await, StatusCode::SEE_OTHER);
    assert_eq!(browser.next().unwrap().path(), "/connexion");
}

#[tokio::test]
async fn threat_s18_the_same_password_is_no_new_one() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let mut browser = Browser::signed_in_at(&server, &account, PAGE).await;
    assert_eq!(change(&mut browser, PASSWORD, PASSWORD, PASSWORD).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(browser.page.visible_text().contains("déjà votre mot de passe"), "{}", browser.page.visible_text());
    assert_eq!(change(&mut browser, PASSWORD, NEW, NEW).await, StatusCode::SEE_OTHER, "no try was used up");
}

/// Somebody walks away in the middle of a form, and comes back when the session is over.
#[tokio::test]
async fn a_session_that_ended_in_the_middle_of_a_form_leads_to_the_sign_in_and_changes_nothing() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    server.confirm_email(&account, "anne@example.org").await;
    let mut browser = Browser::signed_in_at(&server, &account, PAGE).await;
    let before = server.audit_facts().await;
    server.advance(Span::minutes(31));
    let (proof, code) = (("mot_de_passe", PASSWORD), ("code", "123456"));
    let forms: [(&str, &[(&str, &str)]); 19] = [
        (PAGE, &[("actuel", PASSWORD), ("mot_de_passe", NEW), ("confirmation", NEW)]),
        ("/compte/adresse", &[("adresse", "autre@example.org"), proof]),
        ("/compte/adresse/code", &[code]),
        ("/compte/adresse/retirer", &[proof]),
        ("/compte/enfants", &[("contester", "x")]),
        ("/compte/enfants/ajouter", &[("date_naissance", "14/02/2013")]),
        ("/compte/enfants/lettre", &[("code", "K7PM-4HXA-9RTC")]),
        ("/compte/enfants/code", &[proof]),
        ("/compte/donnees", &[proof]),
        ("/compte/evenement", &[("moi", "oui")]),
        ("/compte/securite", &[("oublier", "autres")]),
        ("/compte/application", &[proof]),
        ("/compte/application/code", &[code]),
        ("/compte/codes-de-secours", &[proof]),
        ("/compte/portable", &[proof]),
        ("/compte/portable/verifier", &[proof]),
        ("/compte/fermer", &[proof]),
        ("/compte/regrouper", &[("identifiant", "z.personne07"), proof]),
        ("/compte/regrouper/defaire", &[proof]),
    ];
    for (path, fields) in forms {
        let answer = browser.post(path, fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}: {}", answer.visible_text());
        assert!(answer.location().starts_with("/connexion"), "{path}: {}", answer.location());
    }
    assert_eq!(server.audit_facts().await, before, "nothing was done");
    browser.follow().await;
    browser.sign_in(&account).await;
    assert_eq!(browser.url.path(), "/compte", "{}", browser.page.visible_text());
    assert!(browser.page.visible_text().contains("anne@example.org"));
}
