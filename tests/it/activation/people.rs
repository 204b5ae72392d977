//! Who is found by a mobile and a name.

use crate::support::deployment::{MONOD, TOULOUSE};
use crate::support::people::PASSWORD;
use crate::support::{Browser, Family, Server};

fn parent(key: u32, prenom: &'static str, child: (u32, &'static str)) -> Family {
    let children = vec![(child.0, child.1, "14/02/2013", "6 A")];
    Family { key, nom: "PAYET", prenom, phone: "06 39 98 00 20", children }
}

/// What the page of the children says to whoever proves the phone so.
async fn children_of(server: &Server, nom: &str, prenom: &str) -> String {
    let mut browser = Browser::at_activation(server).await;
    browser.identify_as(nom, prenom, "06 39 98 00 20").await;
    browser.follow().await;
    let code = server.code().await;
    browser.type_code(&code).await;
    assert_eq!(browser.page.heading(), "Mes enfants", "{}", browser.page.shown());
    browser.page.shown()
}

#[tokio::test]
async fn two_parents_on_one_mobile_are_told_apart() {
    let (marie, jean) = (parent(500_020, "Marie", (900_020, "Lou")), parent(500_021, "Jean", (900_021, "Max")));
    let server = Server::college(&[marie.clone(), jean.clone()]).await;
    let said = children_of(&server, "Payet", "marie").await;
    assert!(said.contains("Lou P.") && !said.contains("Max"), "{said}");
    let said = children_of(&server, "PAYET", "Jean").await;
    assert!(said.contains("Max P.") && !said.contains("Lou"), "{said}");
    // Neither: nothing is sent.
    let mut browser = Browser::at_activation(&server).await;
    browser.identify_as("Payet", "Paul", "06 39 98 00 20").await;
    server.work_off().await;
    assert_eq!(server.messages().len(), 2);
    // Each has an account.
    let first = Browser::at_activation(&server).await.activate(&server, &marie).await;
    let second = Browser::at_activation(&server).await.activate(&server, &jean).await;
    assert!(first.starts_with("m.payet") && second.starts_with("j.payet"), "{first} {second}");
}

#[tokio::test]
async fn anne_and_anne_sophie_on_one_mobile() {
    let (anne, sophie) = (parent(500_022, "Anne", (900_022, "Lou")), parent(500_023, "Anne-Sophie", (900_023, "Max")));
    let server = Server::college(&[anne, sophie]).await;
    let said = children_of(&server, "Payet", "Anne").await;
    assert!(said.contains("Lou") && !said.contains("Max"), "{said}");
    let said = children_of(&server, "Payet", "ANNE SOPHIE").await;
    assert!(said.contains("Max") && !said.contains("Lou"), "{said}");
}

#[tokio::test]
async fn one_parent_in_two_academies_has_one_account_with_all_children() {
    let here = parent(500_024, "Awa", (900_024, "Lou"));
    let there = Family { nom: "DIOP", ..parent(700_001, "Awa", (800_001, "Max")) };
    let server = Server::college(std::slice::from_ref(&here)).await;
    server.import("toulouse", TOULOUSE, &[there]).await;
    // In Toulouse under the name of birth, in Montpellier with both: found through one another.
    server
        .sql("UPDATE person SET family_name = 'DIOP', usage_name = 'PAYET' WHERE academy = 'montpellier'", vec![])
        .await;
    let mut browser = Browser::at_activation(&server).await;
    browser.prove_phone(&server, &here).await;
    let said = browser.page.shown();
    assert!(said.contains("Lou") && said.contains("Max") && said.contains("Collège des Minimes"), "{said}");
    browser.answer(&["14/02/2013", "14/02/2013"]).await;
    assert!(browser.identifiant().starts_with("a."), "{}", browser.identifiant());
    browser.choose_password(PASSWORD).await;
    assert_eq!(server.count("SELECT COUNT(*) FROM account").await, 1);
    assert_eq!(server.count("SELECT COUNT(*) FROM person WHERE account_id IS NULL").await, 0);
    browser.click("#continuer").await;
    assert!(browser.page.shown().contains("Lou") && browser.page.shown().contains("Max"), "{}", browser.page.shown());
}

#[tokio::test]
async fn a_child_linked_later_is_in_the_account_at_once_without_a_campaign() {
    let family = parent(500_025, "Awa", (900_025, "Lou"));
    let server = Server::college(std::slice::from_ref(&family)).await;
    let mut browser = Browser::at_activation(&server).await;
    browser.activate(&server, &family).await;
    server.sql("DELETE FROM campaign", vec![]).await;
    let mut larger = family.clone();
    larger.children.push((900_026, "Sira", "02/09/2012", "6 B"));
    server.import("montpellier", MONOD, &[larger]).await;
    browser.open("/compte").await;
    assert!(browser.page.shown().contains("Sira"), "{}", browser.page.shown());
}

#[tokio::test]
async fn twins_are_asked_about_one_by_one() {
    let mut family = parent(500_027, "Awa", (900_027, "Lou"));
    family.children.push((900_028, "Max", "14/02/2013", "6 B"));
    let server = Server::college(std::slice::from_ref(&family)).await;
    let mut browser = Browser::at_activation(&server).await;
    browser.prove_phone(&server, &family).await;
    browser.answer(&["14/02/2013", ""]).await;
    assert!(browser.page.shown().contains("Répondez Oui ou Non pour Max."), "{}", browser.page.shown());
    browser.answer(&["", "14/02/2013"]).await;
    assert!(browser.page.has("#terminer"), "{}", browser.page.shown());
}
