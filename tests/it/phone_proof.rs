//! `/compte/portable/verifier`: a code by SMS proves the account's mobile.

use axum::http::StatusCode;
use preau::base::clock::Span;

use crate::support::deployment::MONOD;
use crate::support::people::PASSWORD;
use crate::support::{Browser, TestAccount, TestFamily, TestServer};

const PAGE: &str = "/compte/portable/verifier";
const CODE: &str = "/compte/portable/verifier/code";
const OTHER_FAMILY: &str = "06 39 98 00 02";

/// Anne Durand's account, whose number is four days old.
async fn start() -> (TestServer, TestAccount, Browser) {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    server.advance(Span::days(4));
    let browser = Browser::signed_in_at(&server, &account, "/compte").await;
    (server, account, browser)
}

impl TestServer {
    /// Writes the newest export of the school as made an hour after, or before, the number was given up.
    async fn export(&self, after: bool) {
        let sql = if after {
            "UPDATE person SET exported_at = phone_disowned_at + 3600000"
        } else {
            "UPDATE person SET exported_at = phone_disowned_at"
        };
        assert_eq!(self.execute_sql(sql, Vec::new()).await, 1);
    }

    async fn is_given_up(&self) -> bool {
        self.query_count("SELECT COUNT(*) FROM person WHERE phone_disowned_at IS NOT NULL").await == 1
    }

    async fn is_proven(&self) -> bool {
        self.query_count("SELECT COUNT(*) FROM person WHERE phone_proven_at IS NOT NULL").await == 1
    }
}

impl Browser {
    async fn give_up(&mut self) {
        self.get("/compte/portable").await;
        self.submit("retirer", &[("mot_de_passe", PASSWORD)]).await;
        self.follow().await;
    }

    async fn ask_code(&mut self, password: &str) {
        self.post(PAGE, &[("mot_de_passe", password)]).await;
        if self.page.status.is_redirection() {
            self.follow().await;
        }
    }

    async fn type_proof(&mut self, code: &str) {
        self.post(CODE, &[("code", code)]).await;
        if self.page.status.is_redirection() {
            self.follow().await;
        }
    }
}

fn wrong(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

#[tokio::test]
async fn threat_s13_a_code_typed_in_the_session_that_asked_proves_the_mobile_once() {
    let (server, account, mut browser) = start().await;
    browser.click("#verifier-portable").await;
    browser.ask_code("Faux-mot-2").await;
    assert_eq!(browser.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    server.drain_outbox().await;
    assert!(server.messages().is_empty(), "no code without the password");
    browser.ask_code(PASSWORD).await;
    browser.ask_code(PASSWORD).await;
    let code = server.read_code().await;
    assert_eq!(server.messages().len(), 1, "a double click sends one");
    assert!(!browser.page.text().contains("980001"), "only the last digits");

    browser.type_proof(&wrong(&code)).await;
    assert_eq!(browser.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!server.is_proven().await, "a wrong code");
    let mut elsewhere = Browser::signed_in_at(&server, &account, "/compte").await;
    elsewhere.type_proof(&code).await;
    assert!(!server.is_proven().await, "another session");
    browser.type_proof(&code).await;
    assert!(browser.page.has_element("#verifie"), "{}", browser.page.visible_text());
    assert!(server.is_proven().await);
    server.execute_sql("UPDATE person SET phone_proven_at = NULL", Vec::new()).await;
    browser.type_proof(&code).await;
    assert!(!server.is_proven().await, "a code serves once");
    assert!(server.audit_facts().await.contains(&"phone_proven".to_owned()));
}

#[tokio::test]
async fn threat_s13_a_mobile_given_up_comes_back_where_the_school_exported_it_again_and_a_code_was_typed() {
    let (server, account, mut browser) = start().await;
    server.confirm_email(&account, "anne.durand@example.org").await;
    browser.give_up().await;
    browser.click("#verifier").await;
    assert!(browser.page.has_element("#rendu") && !browser.page.has_element("#envoyer"));
    server.export(false).await;
    browser.ask_code(PASSWORD).await;
    server.drain_outbox().await;
    assert!(server.messages().is_empty(), "exported before");

    server.export(true).await;
    browser.get(PAGE).await;
    assert!(browser.page.has_element("#envoyer") && server.is_given_up().await, "the export alone brings nothing back");
    browser.ask_code(PASSWORD).await;
    let code = server.read_code().await;
    // An export undone between the code and its answer: the number stays given up.
    server.export(false).await;
    browser.type_proof(&code).await;
    assert!(server.is_given_up().await);

    server.export(true).await;
    server.advance(Span::minutes(2));
    browser.ask_code(PASSWORD).await;
    let code = server.read_code().await;
    browser.type_proof(&wrong(&code)).await;
    assert!(server.is_given_up().await, "a wrong code");
    browser.type_proof(&code).await;
    assert!(!server.is_given_up().await && server.is_proven().await);
    server.drain_outbox().await;
    assert!(server.mails().last().unwrap().subject.contains("sert de nouveau"), "told by mail");
    browser.get("/compte").await;
    assert!(browser.page.visible_text().contains("Votre portable sert de nouveau"), "told on the page");
    let open = "SELECT COUNT(*) FROM notice WHERE kind = 'phone_disowned' AND settled_at IS NULL";
    assert_eq!(server.query_count(open).await, 0, "the school's list");
    assert!(server.audit_facts().await.contains(&"phone_restored".to_owned()));
}

#[tokio::test]
async fn threat_s13_a_code_asked_for_before_the_mobile_was_given_up_brings_nothing_back() {
    let (server, _, mut browser) = start().await;
    browser.ask_code(PASSWORD).await;
    let code = server.read_code().await;
    browser.give_up().await;
    server.export(true).await;
    browser.type_proof(&code).await;
    assert!(server.is_given_up().await && !server.is_proven().await);
}

#[tokio::test]
async fn threat_s13_a_code_proves_no_number_that_the_school_wrote_since() {
    let (server, account, mut browser) = start().await;
    browser.ask_code(PASSWORD).await;
    let code = server.read_code().await;
    server.advance(Span::minutes(1));
    server
        .import_families("montpellier", MONOD, &[TestFamily { phone: "06 39 98 00 09", ..TestFamily::durand() }])
        .await;
    browser.type_proof(&code).await;
    assert!(!server.is_proven().await);
    // The new number waits three days, as in a recovery.
    browser.ask_code(PASSWORD).await;
    assert!(browser.page.visible_text().contains("vient d'indiquer ce numéro"), "{}", browser.page.visible_text());
    server.advance(Span::hours(72));
    let mut browser = Browser::signed_in_at(&server, &account, "/compte").await;
    browser.ask_code(PASSWORD).await;
    let code = server.read_code().await;
    browser.type_proof(&code).await;
    assert!(server.is_proven().await);
}

#[tokio::test]
async fn threat_s13_another_accounts_code_proves_nothing() {
    let server = TestServer::start().await;
    let petit = TestFamily { phone: OTHER_FAMILY, ..TestFamily::petit() };
    server.import_families("montpellier", MONOD, &[TestFamily::durand(), petit.clone()]).await;
    let anne = server.create_account_of("montpellier", &TestFamily::durand()).await;
    let paul = server.create_account_of("montpellier", &petit).await;
    server.advance(Span::days(4));
    let mut hers = Browser::signed_in_at(&server, &anne, "/compte").await;
    let mut his = Browser::signed_in_at(&server, &paul, "/compte").await;
    hers.ask_code(PASSWORD).await;
    let code = server.read_code().await;
    his.type_proof(&code).await;
    his.ask_code(PASSWORD).await;
    server.drain_outbox().await;
    his.type_proof(&code).await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM person WHERE phone_proven_at IS NOT NULL").await, 0);
    hers.type_proof(&code).await;
    assert!(server.is_proven().await);
}

#[tokio::test]
async fn threat_s13_nothing_is_proven_during_the_caution() {
    let (server, account, mut browser) = start().await;
    browser.ask_code(PASSWORD).await;
    let code = server.read_code().await;
    let until = server.now().plus(Span::hours(48)).0;
    server.execute_sql("UPDATE account SET caution_until = $1", vec![until.into()]).await;
    browser.type_proof(&code).await;
    assert!(browser.page.visible_text().contains("Par prudence"), "{}", browser.page.visible_text());
    browser.ask_code(PASSWORD).await;
    assert!(browser.page.visible_text().contains("Par prudence"), "{}", browser.page.visible_text());
    assert!(!server.is_proven().await);
    server.advance(Span::hours(48));
    let mut later = Browser::signed_in_at(&server, &account, "/compte").await;
    later.ask_code(PASSWORD).await;
    let code = server.read_code().await;
    later.type_proof(&code).await;
    assert!(server.is_proven().await);
}

#[tokio::test]
async fn attack_l1_codes_of_a_day_and_wrong_ones_have_the_budgets_of_every_code() {
    let (server, _, mut browser) = start().await;
    for _ in 0..5 {
        browser.ask_code(PASSWORD).await;
        assert_eq!(browser.page.status, StatusCode::OK);
        server.advance(Span::minutes(2));
    }
    browser.ask_code(PASSWORD).await;
    assert_eq!(browser.page.status, StatusCode::TOO_MANY_REQUESTS);
    let code = server.read_code().await;
    for _ in 0..3 {
        browser.type_proof(&wrong(&code)).await;
    }
    browser.type_proof(&code).await;
    assert!(!server.is_proven().await, "three tries");
}
