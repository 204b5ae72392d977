//! Who could take over whose account, and what stops them (docs/threats.md#takeovers). Ways that belong to one feature
//! have their tests there, under the same names.

use axum::http::StatusCode;
use preau::base::clock::Span;

use crate::support::deployment::MONOD;
use crate::support::people::PASSWORD;
use crate::support::{Browser, TestAccount, TestFamily, TestServer};

const NEW: &str = "Autre-mot-99";
const ZOE: &str = "14/02/2013";
const ADDRESS: &str = "anne@example.org";

/// A server with these families, where Anne has an account and an address, and no number is new.
async fn start(families: &[TestFamily]) -> (TestServer, TestAccount) {
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, families).await;
    let account = server.create_account_of("montpellier", &TestFamily::durand()).await;
    server.confirm_email(&account, ADDRESS).await;
    server.advance(Span::days(4));
    (server, account)
}

/// A browser of somebody who has Anne's phone and knows her child's birth date, after the dates.
async fn past_the_dates(server: &TestServer, account: &TestAccount) -> Browser {
    let mut browser = Browser::new(server);
    browser.prove_mobile(server, &account.identifiant).await;
    assert_eq!(browser.page.heading(), "Mes enfants", "{}", browser.page.visible_text());
    browser.type_dates(&[ZOE]).await;
    browser
}

/// Asserts that the account's person is told of the new password: a mail at once, an SMS at nine the next morning.
async fn assert_told(server: &TestServer, sms_begins: &str) {
    let before = server.messages().len();
    server.drain_outbox().await;
    let mail = server.mails().into_iter().find(|mail| mail.to == ADDRESS).expect("a mail");
    assert!(mail.subject.contains("votre mot de passe a été changé"), "{}", mail.subject);
    assert_eq!(server.messages().len(), before, "whoever holds the phone tonight would delete it");
    server.advance(Span::hours(24));
    server.drain_outbox().await;
    let sms = server.messages().split_off(before);
    assert_eq!(sms.len(), 1, "{sms:?}");
    assert!(sms[0].text.starts_with(sms_begins) && sms[0].text.contains("votre mot de passe a été changé"), "{sms:?}");
}

#[tokio::test]
async fn takeover_w1_the_other_parent_on_a_shared_mobile_meets_the_factor_or_is_told_of() {
    let marc = TestFamily { key: 500_099, prenom: "Marc", ..TestFamily::durand() };
    let families = [TestFamily::durand(), marc.clone()];
    let (server, account) = start(&families).await;
    server.enrol_application(&account).await;
    let stopped = past_the_dates(&server, &account).await;
    assert_eq!(stopped.url.path(), "/mot-de-passe-oublie/preuve", "the factor is needed");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM notice").await, 0, "nothing was replaced");

    let (server, account) = start(&families).await;
    server.create_account_of("montpellier", &marc).await;
    let mut other = past_the_dates(&server, &account).await;
    other.type_new_password(NEW).await;
    assert!(other.has_session(), "what remains: {}", other.page.visible_text());
    let open = "SELECT kind || ' ' || uai FROM notice WHERE settled_at IS NULL";
    assert_eq!(server.query_texts(open).await, [format!("shared_mobile {MONOD}")], "the school is told");
    assert_told(&server, "Pour Anne : ").await;
    // The school mends the number: there is nothing to look at any more.
    server
        .import_families("montpellier", MONOD, &[TestFamily::durand(), TestFamily { phone: "06 39 98 00 98", ..marc }])
        .await;
    assert_eq!(server.query_texts(open).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_new_password_by_a_mobile_of_one_person_is_no_school_s_matter() {
    // Another record of the same person is not another person, in capitals neither.
    let again = TestFamily { key: 500_098, prenom: "ANNE", ..TestFamily::durand() };
    let (server, account) = start(&[TestFamily::durand(), again]).await;
    let mut browser = past_the_dates(&server, &account).await;
    browser.type_new_password(NEW).await;
    assert!(browser.has_session(), "{}", browser.page.visible_text());
    assert_eq!(server.query_count("SELECT COUNT(*) FROM notice").await, 0);
}

#[tokio::test]
async fn takeover_w3_whoever_has_the_phone_for_an_evening_keeps_nothing_of_it() {
    let (server, account) = start(&[TestFamily::durand()]).await;
    server.create_account_of_pupil("Zoé").await;
    let mut sibling = past_the_dates(&server, &account).await;
    sibling.type_new_password(NEW).await;
    assert!(sibling.has_session(), "{}", sibling.page.visible_text());
    let forms = [
        ("/compte/adresse", "envoyer", Some(("adresse", "moi@example.org"))),
        ("/compte/donnees", "telecharger", None),
        ("/compte/fermer", "fermer", None),
        ("/compte/portable", "retirer", None),
    ];
    for (page, button, typed) in forms {
        sibling.get(page).await;
        let fields: Vec<_> = typed.into_iter().chain([("mot_de_passe", NEW)]).collect();
        sibling.submit(button, &fields).await;
        assert_eq!(sibling.page.status, StatusCode::UNPROCESSABLE_ENTITY, "{page}");
        assert!(sibling.page.visible_text().contains("Par prudence"), "{page}: {}", sibling.page.visible_text());
    }
    sibling.get("/compte/enfants").await;
    sibling.click("#oubli-1").await;
    sibling.submit("obtenir", &[("mot_de_passe", NEW), ("date_naissance", ZOE)]).await;
    assert!(!sibling.page.has_element("#code"), "no code for the pupil: {}", sibling.page.visible_text());
    for table in ["SELECT COUNT(*) FROM totp", "SELECT COUNT(*) FROM letter", "SELECT COUNT(*) FROM passkey"] {
        assert_eq!(server.query_count(table).await, 0, "{table}");
    }
    assert_eq!(server.query_texts("SELECT address FROM email").await.len(), 1);
    assert_told(&server, "Mon compte École : ").await;
}

#[tokio::test]
async fn takeover_w5_the_new_owner_of_a_number_gets_no_account_by_it() {
    let (server, account) = start(&[TestFamily::durand()]).await;
    let mut stranger = Browser::at_activation(&server).await;
    stranger.identify_as("LEROY", "Max", "06 39 98 00 01").await;
    server.drain_outbox().await;
    assert_eq!(server.messages().len(), 0, "no code without the name");
    // An old message told the name. The identifiant is told then; the password asks for the dates.
    let mut named = Browser::at_activation(&server).await;
    named.prove_phone(&server, &TestFamily::durand()).await;
    named.submit("nouveau-mot-de-passe", &[]).await;
    named.follow().await;
    for _ in 0..5 {
        assert_eq!(named.url.path(), "/mot-de-passe-oublie/enfants", "{}", named.page.visible_text());
        named.type_dates(&["01/01/2010"]).await;
    }
    assert_eq!(named.page.heading(), "Nous ne pouvons pas continuer");
    let mut anne = Browser::new(&server);
    anne.get("/connexion").await;
    anne.sign_in_with(&account.identifiant, PASSWORD).await;
    assert!(anne.has_session(), "the password is what it was");

    // Two years without a proof, and the number tells of nobody.
    let (server, account) = start(&[TestFamily::durand()]).await;
    server.advance(Span::days(731));
    let mut late = Browser::at_activation(&server).await;
    late.prove_phone(&server, &TestFamily::durand()).await;
    assert_eq!(late.url.path(), "/activation/suite", "{}", late.page.visible_text());
    assert!(!late.page.text().contains(&account.identifiant) && !late.page.has_element("#nouveau-mot-de-passe"));
    late.prove_mobile(&server, &account.identifiant).await;
    assert!(!late.page.has_element("#confirmer"), "{}", late.page.visible_text());
    assert_eq!(late.page.heading(), "Une lettre de l'établissement est nécessaire");
}
