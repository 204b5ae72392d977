//! The operator's page: who sees it, what it says of a sound deployment and of a broken one, and what it never says.

use std::sync::Arc;

use axum::http::StatusCode;
use preau::administrators::roles::AdminRole;
use preau::base::clock::Span;
use preau::db::Durability;
use preau::doctor::ops::check_server;
use preau::outbox::{self, JobKind};
use preau::telemetry::CheckLevel;

use crate::console_clients::administrator;
use crate::support::html::texts;
use crate::support::{TestAdministrator, TestServer};

const PATH: &str = "/admin/systeme";

/// Each role with a territory, and whether it is the whole deployment's.
const MATRIX: [(AdminRole, &str, bool); 10] = [
    (AdminRole::National, "all", true),
    (AdminRole::National, "ministry:en", false),
    (AdminRole::Academy, "academy:montpellier", false),
    (AdminRole::SchoolHead, "school:0349999J", false),
    (AdminRole::Delegate, "school:0349999J", false),
    (AdminRole::HelpDesk, "all", false),
    (AdminRole::HelpDesk, "academy:montpellier", false),
    (AdminRole::ServiceContact, "client:ent", false),
    (AdminRole::Auditor, "all", false),
    (AdminRole::Auditor, "academy:montpellier", false),
];

async fn see(who: &mut TestAdministrator) -> String {
    who.browser.get(PATH).await;
    assert_eq!(who.browser.page.status, StatusCode::OK, "{}", who.browser.page.visible_text());
    who.browser.page.visible_text()
}

#[tokio::test]
async fn attack_p1_the_operator_alone_sees_how_the_deployment_stands() {
    let server = TestServer::start().await;
    for (n, (role, territory, may)) in MATRIX.into_iter().enumerate() {
        let mut who = administrator(&server, role, territory, &format!("a{n}@ac.example")).await;
        who.browser.get("/admin").await;
        let offered = who.browser.page.has_element(&format!("nav a[href='{PATH}']"));
        who.browser.get(PATH).await;
        let status = if may { StatusCode::OK } else { StatusCode::NOT_FOUND };
        assert_eq!((who.browser.page.status, offered), (status, may), "{role:?} {territory}");
        let page = who.browser.page.text();
        assert_eq!(page.contains("Clés de signature"), may, "{role:?} {territory}");
        // Nothing is done there.
        who.browser.post(PATH, &[]).await;
        assert_eq!(who.browser.page.status, StatusCode::METHOD_NOT_ALLOWED, "{role:?} {territory}");
    }
    let refused = "SELECT DISTINCT detail FROM audit WHERE fact = 'administrator_refused'";
    assert_eq!(server.query_texts(refused).await, ["configure"]);
}

#[tokio::test]
async fn a_sound_deployment_is_in_order_and_the_page_holds_no_secret() {
    let server = TestServer::start().await;
    let mut who = administrator(&server, AdminRole::National, "all", "n@ac.example").await;
    let said = see(&mut who).await;
    for words in
        ["RS256", "signe", "SMS du jour", "0 sur", "Aucune importation complète.", "aucune", env!("CARGO_PKG_VERSION")]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    let (_, findings) = check_server(&server.app).await;
    let found = |check: &str| findings.iter().find(|finding| finding.check == check).map(|finding| finding.level);
    for check in ["migrations", "signing keys", "outbox", "SMS", "ephemeral store", "codes protected"] {
        assert_eq!(found(check), Some(CheckLevel::Ok), "{check}: {findings:?}");
    }
    let page = who.browser.page.text();
    let key = std::fs::read_to_string(server.folder().join("keys/master.key")).unwrap_or_default();
    let sealed = server.query_texts("SELECT sealed FROM signing_key").await;
    for secret in [key.trim(), "s3cret", "n@ac.example"].into_iter().chain(sealed.iter().map(String::as_str)) {
        assert!(secret.is_empty() || !page.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn what_waits_and_what_fails_is_counted_and_checked_once_a_minute() {
    let server = TestServer::start().await;
    let mut who = administrator(&server, AdminRole::National, "all", "n@ac.example").await;
    server.drain_outbox().await;
    let (first, findings) = check_server(&server.app).await;
    assert!(findings.iter().all(|finding| finding.check != "outbox" || finding.level == CheckLevel::Ok));
    let op = server.operation();
    let mut tx = op.write(Durability::Durable).await.unwrap();
    for _ in 0..3 {
        outbox::enqueue(&mut tx, &server.app.master_key, JobKind::Sms, "{}").await.unwrap();
    }
    tx.commit().await.unwrap();
    let tried = "UPDATE outbox SET attempts = 4 WHERE id = (SELECT MIN(id) FROM outbox WHERE state = 'waiting')";
    assert_eq!(server.execute_sql(tried, Vec::new()).await, 1);
    server.advance(Span::seconds(30));
    // The queues are as they are; the checks are those of a minute.
    let said = see(&mut who).await;
    assert!(said.contains("SMS et appels"), "{said}");
    assert_eq!(texts(&who.browser.page.text(), "td[data-l='En attente']"), ["3"]);
    assert_eq!(texts(&who.browser.page.text(), "td[data-l='Déjà essayés sans succès']"), ["1"]);
    let (again, kept) = check_server(&server.app).await;
    assert!(again == first && Arc::ptr_eq(&kept, &findings));
    server.advance(Span::minutes(2));
    let (later, new) = check_server(&server.app).await;
    let outbox = new.iter().find(|finding| finding.check == "outbox").unwrap();
    assert!(
        later > first && outbox.level == CheckLevel::Critical && outbox.text.contains("3 messages wait"),
        "{new:?}"
    );
    let said = see(&mut who).await;
    assert!(said.contains("à réparer") && said.contains("3 messages wait"), "{said}");
    // What is wrong stands first.
    let rows = texts(&who.browser.page.text(), "tbody th");
    let place = |name: &str| rows.iter().position(|row| row == name);
    assert!(place("Envois") < place("Codes protégés par les services"), "{rows:?}");
    who.browser.get(&format!("{PATH}?lang=en")).await;
    let said = who.browser.page.visible_text();
    assert!(said.contains("to be repaired") && said.contains("Signing keys"), "{said}");
}
