//! Who is found by a mobile and a name.

use crate::support::deployment::{MONOD, TOULOUSE};
use crate::support::people::PASSWORD;
use crate::support::{Browser, TestFamily, TestServer};

fn parent(key: u32, prenom: &'static str, child: (u32, &'static str)) -> TestFamily {
    let children = vec![(child.0, child.1, "14/02/2013", "6 A")];
    TestFamily { key, nom: "PAYET", prenom, phone: "06 39 98 00 20", children }
}

/// What the page of the children says to whoever proves the phone so.
async fn children_of(server: &TestServer, nom: &str, prenom: &str) -> String {
    let mut browser = Browser::at_activation(server).await;
    browser.identify_as(nom, prenom, "06 39 98 00 20").await;
    browser.follow().await;
    let code = server.read_code().await;
    browser.type_code(&code).await;
    assert_eq!(browser.page.heading(), "Mes enfants", "{}", browser.page.visible_text());
    browser.page.visible_text()
}

#[tokio::test]
async fn two_parents_on_one_mobile_are_told_apart() {
    let (marie, jean) = (parent(500_020, "Marie", (900_020, "Lou")), parent(500_021, "Jean", (900_021, "Max")));
    let server = TestServer::start_with_open_campaign(&[marie.clone(), jean.clone()]).await;
    let said = children_of(&server, "Payet", "marie").await;
    assert!(said.contains("Lou P.") && !said.contains("Max"), "{said}");
    let said = children_of(&server, "PAYET", "Jean").await;
    assert!(said.contains("Max P.") && !said.contains("Lou"), "{said}");
    // Neither: nothing is sent.
    let mut browser = Browser::at_activation(&server).await;
    browser.identify_as("Payet", "Paul", "06 39 98 00 20").await;
    server.drain_outbox().await;
    assert_eq!(server.messages().len(), 2);
    // Each has an account.
    let first = Browser::at_activation(&server).await.activate(&server, &marie).await;
    let second = Browser::at_activation(&server).await.activate(&server, &jean).await;
    assert!(first.starts_with("m.payet") && second.starts_with("j.payet"), "{first} {second}");
}

#[tokio::test]
async fn faults_c3_c4_letters_that_the_roster_could_not_write_find_the_parent() {
    let yildiz = TestFamily { nom: "YILDIZ", ..parent(500_030, "Ayse", (900_030, "Lou")) };
    let lost = TestFamily { nom: "YILDIZO?LU", ..parent(500_031, "Mehmet", (900_031, "Max")) };
    let server = TestServer::start_with_open_campaign(&[yildiz.clone(), lost.clone()]).await;
    let said = children_of(&server, "Yıldız", "Ayşe").await;
    assert!(said.contains("Lou Y.") && !said.contains("Max"), "{said}");
    let said = children_of(&server, "Yıldızoğlu", "Mehmet").await;
    assert!(said.contains("Max Y.") && !said.contains("Lou"), "{said}");
    let identifiant = Browser::at_activation(&server).await.activate(&server, &lost).await;
    assert!(identifiant.starts_with("m.yildizolu"), "{identifiant}");
}

#[tokio::test]
async fn faults_c3_an_identifiant_once_given_stays_when_the_reduction_changes() {
    let yildiz = TestFamily { nom: "Yıldız", ..parent(500_032, "Ayşe", (900_032, "Lou")) };
    let server = TestServer::start_with_open_campaign(std::slice::from_ref(&yildiz)).await;
    let member = server.create_account_of("montpellier", &yildiz).await;
    assert!(member.identifiant.starts_with("a.yildiz"), "{}", member.identifiant);
    // As it was drawn before ı was spelt out.
    server.execute_sql("UPDATE account SET identifiant = 'a.yldz07', stem = 'a.yldz', suffix = '07'", vec![]).await;
    let mut browser = Browser::at_activation(&server).await;
    browser.prove_phone(&server, &yildiz).await;
    assert_eq!(
        (browser.page.heading(), browser.shown_identifiant().as_str()),
        ("Vous avez déjà un compte".into(), "a.yldz07")
    );
    browser.click("#se-connecter").await;
    browser.sign_in_with("a.yldz07", PASSWORD).await;
    assert!(browser.has_session(), "{}", browser.page.visible_text());
    assert_eq!(server.query_texts("SELECT identifiant FROM account").await, ["a.yldz07"]);
}

#[tokio::test]
async fn anne_and_anne_sophie_on_one_mobile() {
    let (anne, sophie) = (parent(500_022, "Anne", (900_022, "Lou")), parent(500_023, "Anne-Sophie", (900_023, "Max")));
    let server = TestServer::start_with_open_campaign(&[anne, sophie]).await;
    let said = children_of(&server, "Payet", "Anne").await;
    assert!(said.contains("Lou") && !said.contains("Max"), "{said}");
    let said = children_of(&server, "Payet", "ANNE SOPHIE").await;
    assert!(said.contains("Max") && !said.contains("Lou"), "{said}");
}

#[tokio::test]
async fn one_parent_in_two_academies_has_one_account_with_all_children() {
    let here = parent(500_024, "Awa", (900_024, "Lou"));
    let there = TestFamily { nom: "DIOP", ..parent(700_001, "Awa", (800_001, "Max")) };
    let server = TestServer::start_with_open_campaign(std::slice::from_ref(&here)).await;
    server.import_families("toulouse", TOULOUSE, &[there]).await;
    // In Toulouse under the name of birth, in Montpellier with both: found through one another.
    server
        .execute_sql(
            "UPDATE person SET family_name = 'DIOP', usage_name = 'PAYET' WHERE academy = 'montpellier'",
            vec![],
        )
        .await;
    let mut browser = Browser::at_activation(&server).await;
    browser.prove_phone(&server, &here).await;
    let said = browser.page.visible_text();
    assert!(said.contains("Lou") && said.contains("Max") && said.contains("Collège des Minimes"), "{said}");
    browser.answer_children(&["14/02/2013", "14/02/2013"]).await;
    assert!(browser.shown_identifiant().starts_with("a."), "{}", browser.shown_identifiant());
    browser.choose_password(PASSWORD).await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account").await, 1);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM person WHERE account_id IS NULL").await, 0);
    browser.click("#continuer").await;
    assert!(
        browser.page.visible_text().contains("Lou") && browser.page.visible_text().contains("Max"),
        "{}",
        browser.page.visible_text()
    );
}

#[tokio::test]
async fn a_child_linked_later_is_in_the_account_at_once_without_a_campaign() {
    let family = parent(500_025, "Awa", (900_025, "Lou"));
    let server = TestServer::start_with_open_campaign(std::slice::from_ref(&family)).await;
    let mut browser = Browser::at_activation(&server).await;
    browser.activate(&server, &family).await;
    server.execute_sql("DELETE FROM campaign", vec![]).await;
    let mut larger = family.clone();
    larger.children.push((900_026, "Sira", "02/09/2012", "6 B"));
    server.import_families("montpellier", MONOD, &[larger]).await;
    browser.open("/compte").await;
    assert!(browser.page.visible_text().contains("Sira"), "{}", browser.page.visible_text());
}

#[tokio::test]
async fn twins_are_asked_about_one_by_one() {
    let mut family = parent(500_027, "Awa", (900_027, "Lou"));
    family.children.push((900_028, "Max", "14/02/2013", "6 B"));
    let server = TestServer::start_with_open_campaign(std::slice::from_ref(&family)).await;
    let mut browser = Browser::at_activation(&server).await;
    browser.prove_phone(&server, &family).await;
    browser.answer_children(&["14/02/2013", ""]).await;
    assert!(browser.page.visible_text().contains("Répondez Oui ou Non pour Max."), "{}", browser.page.visible_text());
    browser.answer_children(&["", "14/02/2013"]).await;
    assert!(browser.page.has_element("#terminer"), "{}", browser.page.visible_text());
}
