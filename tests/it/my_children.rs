//! A parent's children on the account page: one less, one more, and a code for one who forgot the password.

use axum::http::StatusCode;
use preau::base::clock::Span;

use crate::support::deployment::{MONOD, TOULOUSE};
use crate::support::people::PASSWORD;
use crate::support::{Browser, TestAccount, TestFamily, TestServer};

const NEW: &str = "Tilleul+9-orage";
const ZOE: &str = "14/02/2013";

async fn signed_in(server: &TestServer, identifiant: &str) -> Browser {
    let mut browser = Browser::new(server);
    browser.get("/connexion").await;
    browser.sign_in_with(identifiant, PASSWORD).await;
    browser.get("/compte/enfants").await;
    browser
}

async fn start() -> (TestServer, TestAccount, String) {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let pupil = server.create_account_of_pupil("Zoé").await.identifiant;
    (server, account, pupil)
}

impl Browser {
    fn reads(&self, text: &str) -> bool {
        self.page.visible_text().contains(text)
    }

    /// Types the birth date of an offered child.
    async fn add(&mut self, given_name: &str, date: &str) {
        let labels = crate::support::html::texts(&self.page.text(), "button[id^=ajouter]");
        let place = labels.iter().position(|label| label.contains(given_name)).expect("not offered");
        self.submit(&format!("ajouter-{}", place + 1), &[("date_naissance", date)]).await;
    }

    async fn ask_for_code(&mut self, password: &str, date: &str) {
        self.get("/compte/enfants").await;
        self.click("#oubli-1").await;
        let fields = [("mot_de_passe", password), ("date_naissance", date)];
        self.submit("obtenir", &fields).await;
    }
}

#[tokio::test]
async fn threat_s14_a_parent_hands_a_code_over_and_the_pupil_chooses_and_is_told() {
    let (server, account, pupil) = start().await;
    let mut browser = signed_in(&server, &account.identifiant).await;
    assert!(browser.reads(&pupil), "{}", browser.page.visible_text());
    // The birth date is asked once, with the password each time.
    browser.ask_for_code(PASSWORD, "15/02/2013").await;
    assert!(browser.reads("Il reste 4 essais"), "{}", browser.page.visible_text());
    browser.ask_for_code("Faux-mot-2", ZOE).await;
    assert_eq!(browser.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    browser.ask_for_code(PASSWORD, ZOE).await;
    let code = crate::support::html::text(&browser.page.text(), "#code").expect("a code");
    assert!(server.query_count("SELECT COUNT(*) FROM letter WHERE kind = 'parent_for_pupil'").await == 1);
    browser.get("/compte/enfants").await;
    browser.click("#oubli-1").await;
    assert!(!browser.page.has_element("[name=date_naissance_jour]"), "given once");

    // The pupil's password serves until the new one; the pupil is told, not by whom.
    let mut theirs = Browser::new(&server);
    theirs.get("/connexion").await;
    theirs.sign_in_with(&pupil, PASSWORD).await;
    theirs.get("/compte").await;
    assert!(theirs.reads("Un parent a demandé un code") && !theirs.reads("Anne"), "{}", theirs.page.visible_text());
    // In the field of the password, at sign-in.
    let mut child = Browser::new(&server);
    child.get("/lettre").await;
    child.submit("continuer", &[("identifiant", &pupil), ("code", &code)]).await;
    child.follow().await;
    assert_eq!(child.page.heading(), "C'est bien moi", "{}", child.page.visible_text());
    assert!(child.reads("Ce code est pour Zoé D.") && !child.reads("feuille"), "{}", child.page.visible_text());
    child.submit("confirmer", &[("date_naissance", ZOE)]).await;
    child.follow().await;
    child.submit("terminer", &[("mot_de_passe", NEW), ("confirmation", NEW)]).await;
    child.follow().await;
    assert!(child.has_session(), "{}", child.page.visible_text());
    assert_eq!(theirs.get("/compte").await.status, StatusCode::SEE_OTHER, "the former password's sessions ended");
    // Once.
    let mut again = Browser::new(&server);
    again.get("/lettre").await;
    again.submit("continuer", &[("identifiant", &pupil), ("code", &code)]).await;
    assert!(again.reads("a déjà servi"), "{}", again.page.visible_text());
}

#[tokio::test]
async fn takeover_w9_three_codes_a_day_none_during_caution_and_none_from_fifteen_on() {
    let (server, account, _) = start().await;
    let mut browser = signed_in(&server, &account.identifiant).await;
    for _ in 0..3 {
        browser.ask_for_code(PASSWORD, ZOE).await;
        assert_eq!(browser.page.status, StatusCode::OK, "{}", browser.page.visible_text());
    }
    browser.ask_for_code(PASSWORD, ZOE).await;
    assert_eq!(browser.page.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(server.query_texts("SELECT state FROM letter WHERE ended_at IS NULL").await, ["issued"], "the last");
    server.advance(Span::days(1));
    server.execute_sql("UPDATE account SET caution_until = 1900000000000", Vec::new()).await;
    let mut browser = signed_in(&server, &account.identifiant).await;
    browser.ask_for_code(PASSWORD, ZOE).await;
    assert!(browser.reads("Par prudence"), "{}", browser.page.visible_text());
    // Born in February 2013: fifteen from February 2028 on.
    server.advance(Span::days(460));
    let browser = signed_in(&server, &account.identifiant).await;
    assert!(
        !browser.page.has_element("#oubli-1") && browser.reads("en âge de gérer"),
        "{}",
        browser.page.visible_text()
    );
}

#[tokio::test]
async fn a_code_for_somebody_elses_child_is_not_there() {
    let (server, _, pupil) = start().await;
    server.import_families("montpellier", MONOD, &[TestFamily::durand(), TestFamily::petit()]).await;
    let petit = server.create_account_of("montpellier", &TestFamily::petit()).await;
    let id = server.query_texts("SELECT id FROM pupil WHERE given_name = 'Zoé'").await.remove(0);
    let mut browser = signed_in(&server, &petit.identifiant).await;
    browser.get(&format!("/compte/enfants/code?enfant={id}")).await;
    assert_eq!(browser.page.status, StatusCode::SEE_OTHER);
    let fields = [("enfant", id.as_str()), ("mot_de_passe", PASSWORD), ("date_naissance", ZOE)];
    browser.post("/compte/enfants/code", &fields).await;
    assert_eq!(browser.page.status, StatusCode::SEE_OTHER);
    browser.post("/compte/enfants", &[("contester", &id)]).await;
    browser.post("/compte/enfants/ajouter", &fields).await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM letter").await, 0);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM link_withheld").await, 0);
    // A pupil has no such pages.
    let mut theirs = Browser::new(&server);
    theirs.get("/connexion").await;
    theirs.sign_in_with(&pupil, PASSWORD).await;
    for page in ["/compte/enfants", "/compte/fermer"] {
        assert_eq!(theirs.get(page).await.status, StatusCode::NOT_FOUND, "{page}");
    }
}

#[tokio::test]
async fn a_child_taken_out_is_told_to_the_school_and_comes_back_by_the_birth_date() {
    let (server, account, _) = start().await;
    let mut browser = signed_in(&server, &account.identifiant).await;
    browser.submit("retirer-1", &[]).await;
    browser.follow().await;
    assert!(browser.reads("Un enfant à ajouter"), "{}", browser.page.visible_text());
    assert_eq!(server.query_texts("SELECT kind FROM notice").await, ["contested"]);
    for (date, status) in [("", 422), ("14/02/2014", 422)] {
        browser.submit("ajouter-1", &[("date_naissance", date)]).await;
        assert_eq!(browser.page.status.as_u16(), status, "{}", browser.page.visible_text());
    }
    browser.submit("ajouter-1", &[("date_naissance", ZOE)]).await;
    browser.follow().await;
    assert!(browser.page.has_element("#retirer-1") && !browser.reads("Un enfant à ajouter"));
    assert_eq!(server.query_count("SELECT COUNT(*) FROM link_withheld").await, 0);
}

#[tokio::test]
async fn threat_s08_a_child_of_another_academy_joins_by_name_mobile_and_birth_date() {
    let (server, account, _) = start().await;
    let toulouse = TestFamily {
        key: 700_001,
        children: vec![(910_001, "Noé", "03/09/2014", "6 B"), (910_003, "Max", "05/05/2015", "6 B")],
        ..TestFamily::durand()
    };
    let father = TestFamily {
        key: 700_002,
        prenom: "Luc",
        children: vec![(910_002, "Ida", "03/09/2014", "6 B")],
        ..TestFamily::durand()
    };
    server.import_families("toulouse", TOULOUSE, &[toulouse, father]).await;
    let browser = signed_in(&server, &account.identifiant).await;
    assert!(!browser.reads("Noé D."), "no code was ever typed from this number: {}", browser.page.visible_text());
    server
        .execute_sql("UPDATE person SET phone_proven_at = phone_since WHERE account_id IS NOT NULL", Vec::new())
        .await;
    server.advance(Span::days(4));
    let mut browser = signed_in(&server, &account.identifiant).await;
    assert!(browser.reads("Noé D.") && browser.reads("Max D."), "{}", browser.page.visible_text());
    assert!(!browser.reads("Ida"), "the other parent's child, on the same mobile: {}", browser.page.visible_text());
    for left in [4, 3, 2, 1, 0] {
        browser.add("Noé", "04/09/2014").await;
        let said = if left > 0 { format!("Il reste {left} essai") } else { "Il reste 0".to_owned() };
        assert!(browser.reads(&said), "{left}: {}", browser.page.visible_text());
    }
    browser.add("Noé", "03/09/2014").await;
    assert_eq!(browser.page.status, StatusCode::TOO_MANY_REQUESTS);
    server.advance(Span::days(1));
    let mut browser = signed_in(&server, &account.identifiant).await;
    browser.add("Noé", "03/09/2014").await;
    browser.follow().await;
    assert!(browser.page.has_element("#retirer-2"), "{}", browser.page.visible_text());
    assert_eq!(server.query_count("SELECT COUNT(*) FROM person WHERE account_id IS NOT NULL").await, 2);
    assert!(browser.reads("Max D."), "a sibling joins by the own date: {}", browser.page.visible_text());
    assert!(!browser.page.has_element("#retirer-3"), "{}", browser.page.visible_text());
    browser.add("Max", "05/05/2015").await;
    browser.follow().await;
    assert!(browser.page.has_element("#retirer-3"), "{}", browser.page.visible_text());
}

#[tokio::test]
async fn a_suspended_pupil_is_led_to_the_own_school() {
    let (server, _, pupil) = start().await;
    let sql = "UPDATE account SET suspended_by = 'operator' WHERE profile = 'eleve'";
    assert_eq!(server.execute_sql(sql, Vec::new()).await, 1);
    let mut browser = Browser::new(&server);
    browser.get("/connexion").await;
    browser.sign_in_with(&pupil, PASSWORD).await;
    assert_eq!(browser.page.status, StatusCode::FORBIDDEN);
    assert!(browser.reads("Adressez-vous à Clg Théodore Monod"), "{}", browser.page.visible_text());
}
