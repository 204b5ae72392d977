//! A code of an SMS finds two accounts of one name and mobile number, and proves both for a regroupement.

use axum::http::StatusCode;
use preau::base::clock::Span;
use preau::db::Durability;

use crate::support::deployment::TOULOUSE;
use crate::support::people::PASSWORD;
use crate::support::{Browser, TestAccount, TestFamily, TestServer};

/// Anne Durand in Toulouse, with the mobile number that Montpellier has too.
fn toulouse() -> TestFamily {
    let children = vec![(910_001, "Noé", "02/03/2011", "3 C")];
    TestFamily { key: 510_001, children, ..TestFamily::durand() }
}

async fn two_accounts(server: &TestServer) -> [TestAccount; 2] {
    let first = server.create_durand().await;
    server.import_families("toulouse", TOULOUSE, &[toulouse()]).await;
    let second = server.create_account_of("toulouse", &toulouse()).await;
    // Both numbers are old enough to prove something.
    server.advance(Span::days(4));
    [first, second]
}

/// A browser in which the code of the SMS was typed.
async fn with_code(server: &TestServer) -> Browser {
    let mut browser = Browser::at_activation(server).await;
    browser.prove_phone(server, &TestFamily::durand()).await;
    assert_eq!(browser.url.path(), "/activation/suite", "{}", browser.page.visible_text());
    browser
}

impl Browser {
    async fn enter(&mut self, member: &TestAccount) {
        self.get("/connexion").await;
        self.sign_in_with(&member.identifiant, PASSWORD).await;
        self.get("/compte/regrouper").await;
        assert_eq!(self.page.status, StatusCode::OK);
    }

    fn offers(&self, other: &TestAccount) -> bool {
        self.page.visible_text().contains(&format!("{} est aussi le vôtre", other.identifiant))
    }
}

#[tokio::test]
async fn a_code_that_finds_two_accounts_joins_them_after_a_birth_date() {
    let server = TestServer::start().await;
    let accounts = two_accounts(&server).await;
    // Whichever of the two the person signs in to.
    for [here, there] in [[0, 1], [1, 0]].map(|order| order.map(|n: usize| &accounts[n])) {
        let mut browser = with_code(&server).await;
        for one in &accounts {
            assert!(browser.page.visible_text().contains(&one.identifiant), "{}", browser.page.visible_text());
        }
        browser.enter(here).await;
        assert!(browser.offers(there), "{}", browser.page.visible_text());
        browser.submit("reunir-1", &[]).await;
        browser.follow().await;
        assert_eq!(browser.url.path(), "/compte/regrouper/choix", "{}", browser.page.visible_text());
        assert!(!browser.page.visible_text().contains("Quel compte voulez-vous garder"), "nobody typed its password");
        let shown = browser.page.visible_text();
        let theirs = if here.identifiant == accounts[0].identifiant { "Minimes" } else { "Monod" };
        assert!(!shown.contains(theirs), "the other account's children are shown to nobody before the date: {shown}");
        browser.submit("confirmer", &[("date_naissance", "01/01/2011")]).await;
        assert_eq!(browser.page.status, StatusCode::UNPROCESSABLE_ENTITY);
        let born = if here.identifiant == accounts[0].identifiant { "02/03/2011" } else { "14/02/2013" };
        browser.submit("confirmer", &[("date_naissance", born)]).await;
        browser.follow().await;
        assert!(browser.page.visible_text().contains("Vos comptes sont réunis"), "{}", browser.page.visible_text());
        browser.get("/compte").await;
        assert!(["Zoé", "Noé"].iter().all(|name| browser.page.visible_text().contains(name)));
        browser.get("/compte/regrouper").await;
        assert!(!browser.offers(there), "one account is left");
        browser.submit("defaire", &[("mot_de_passe", PASSWORD)]).await;
        browser.follow().await;
        // The next try of the person is on another day, past the caution of the one before.
        server.advance(Span::days(3));
    }
}

#[tokio::test]
async fn threat_s09_a_code_proves_nothing_to_another_person_another_browser_or_later() {
    let server = TestServer::start().await;
    let [first, second] = two_accounts(&server).await;
    let petit = TestFamily::petit();
    server.import_families("montpellier", crate::support::deployment::LYCEE, std::slice::from_ref(&petit)).await;
    let other = server.create_account_of("montpellier", &petit).await;

    // The next person at a shared computer.
    let mut shared = with_code(&server).await;
    shared.enter(&other).await;
    assert!(!shared.offers(&first) && !shared.offers(&second));
    for one in [&first, &second] {
        shared.post("/compte/regrouper", &[("avec", &one.identifiant)]).await;
        assert_eq!(shared.page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(shared.page.visible_text().contains("ne suffit plus"), "{}", shared.page.visible_text());
    }

    // The person's own account in a browser without the code.
    let mut elsewhere = Browser::new(&server);
    elsewhere.enter(&first).await;
    assert!(!elsewhere.offers(&second));
    elsewhere.post("/compte/regrouper", &[("avec", &second.identifiant)]).await;
    assert_eq!(elsewhere.page.status, StatusCode::UNPROCESSABLE_ENTITY);

    // The browser with the code, after half an hour; and for an account that no code found.
    let mut late = with_code(&server).await;
    late.enter(&first).await;
    assert!(late.offers(&second));
    late.post("/compte/regrouper", &[("avec", &other.identifiant)]).await;
    assert_eq!(late.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    for _ in 0..2 {
        server.advance(Span::minutes(15));
        late.get("/compte/regrouper").await;
    }
    assert!(!late.offers(&second));
    late.post("/compte/regrouper", &[("avec", &second.identifiant), ("actuel", PASSWORD)]).await;
    assert_eq!(late.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!server.audit_facts().await.contains(&"accounts_joined".to_owned()));
}

#[tokio::test]
async fn threat_s09_a_number_that_one_school_wrote_lately_proves_the_other_account_only() {
    let server = TestServer::start().await;
    let [first, second] = two_accounts(&server).await;
    let sql = "UPDATE person SET phone_since = $1, phone_proven_at = NULL WHERE academy = 'toulouse'";
    server.execute_sql(sql, vec![server.now().0.into()]).await;
    let mut browser = with_code(&server).await;
    let shown = browser.page.visible_text();
    assert!(shown.contains(&first.identifiant) && !shown.contains(&second.identifiant), "{shown}");
    let proven = "SELECT academy FROM person WHERE phone_proven_at IS NOT NULL ORDER BY academy";
    assert_eq!(server.query_texts(proven).await, ["montpellier"], "the young number is not made an old one");
    browser.enter(&first).await;
    assert!(!browser.offers(&second));
    browser.post("/compte/regrouper", &[("avec", &second.identifiant)]).await;
    assert_eq!(browser.page.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn attack_m10_a_code_does_not_replace_the_factor_of_the_other_account() {
    let server = TestServer::start().await;
    let [first, second] = two_accounts(&server).await;
    server.enrol_application(&second).await;
    let mut browser = with_code(&server).await;
    browser.enter(&first).await;
    browser.submit("reunir-1", &[]).await;
    assert_eq!(browser.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(browser.page.visible_text().contains("deuxième preuve"), "{}", browser.page.visible_text());
}

#[tokio::test]
async fn threat_s09_a_number_that_changes_before_the_date_is_given_joins_nothing() {
    let server = TestServer::start().await;
    let [first, _] = two_accounts(&server).await;
    let mut browser = with_code(&server).await;
    browser.enter(&first).await;
    browser.submit("reunir-1", &[]).await;
    browser.follow().await;
    let moved = TestFamily { phone: "06 39 98 00 77", ..toulouse() };
    server.import_families("toulouse", TOULOUSE, &[moved]).await;
    browser.submit("confirmer", &[("date_naissance", "02/03/2011")]).await;
    browser.follow().await;
    assert!(browser.page.visible_text().contains("Rien n'est réuni"), "{}", browser.page.visible_text());
    assert!(!server.audit_facts().await.contains(&"accounts_joined".to_owned()));
}

#[tokio::test]
async fn threat_s13_a_record_without_an_account_lends_no_trust_to_a_young_number() {
    let server = TestServer::start().await;
    let first = server.create_durand().await;
    server.import_families("toulouse", TOULOUSE, &[toulouse()]).await;
    server.advance(Span::days(4));
    let sql = "UPDATE person SET phone_since = $1, phone_proven_at = NULL WHERE academy = 'montpellier'";
    server.execute_sql(sql, vec![server.now().0.into()]).await;
    let browser = with_code(&server).await;
    let shown = browser.page.visible_text();
    assert!(shown.contains("Votre numéro vient de changer") && !shown.contains(&first.identifiant), "{shown}");
    let proven = "SELECT academy FROM person WHERE phone_proven_at IS NOT NULL AND academy = 'montpellier'";
    assert!(server.query_texts(proven).await.is_empty(), "the young number is not made an old one");
}

#[tokio::test]
async fn fault_rt25_pages_that_only_read_do_not_wait_for_a_writer() {
    let server = TestServer::start().await;
    let [first, second] = two_accounts(&server).await;
    let mut browser = with_code(&server).await;
    let known = browser.url.clone();
    browser.enter(&first).await;
    // On SQLite nothing else can write while this lasts.
    let writer = server.app.db.write(Durability::Relaxed).await.unwrap();
    browser.get("/compte/regrouper").await;
    assert_eq!(browser.page.status, StatusCode::OK);
    assert!(browser.offers(&second));
    browser.get(known.as_str()).await;
    assert_eq!(browser.page.status, StatusCode::OK);
    assert!(browser.page.visible_text().contains(&second.identifiant));
    writer.rollback().await.unwrap();
}
