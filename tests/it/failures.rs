//! What failed is in the audit, an hour later: one fact an account, kind and hour, with a count.

use std::time::Duration;

use preau::base::clock::Span;
use preau::{audit, bootstrap, credentials, db};
use tokio::sync::watch;

use crate::support::people::PASSWORD;
use crate::support::{Browser, TestFamily, TestRelyingParty, TestServer};

/// Facts of failures: `fact detail`.
async fn failures(server: &TestServer) -> Vec<String> {
    let sql = "SELECT fact || ' ' || detail FROM audit WHERE account_id IS NOT NULL AND fact IN \
               ('passwords_failed', 'codes_failed', 'birth_dates_failed', 'locked_out') ORDER BY fact, detail";
    server.query_texts(sql).await
}

/// As the worker does.
async fn note(server: &TestServer) {
    while credentials::ops::record_failures(&server.operation()).await.unwrap() > 0 {}
}

async fn tries(browser: &mut Browser, identifiant: &str, passwords: &[&str]) {
    for password in passwords {
        browser.cookies.retain(|name, _| name == "preau_dev_nav");
        browser.get("/connexion").await;
        browser.post("/connexion", &[("identifiant", identifiant), ("mot_de_passe", password)]).await;
    }
}

#[tokio::test]
async fn faults_f7_what_failed_is_one_fact_an_account_kind_and_hour() {
    let server = TestServer::start().await;
    let (one, two) = (server.create_account("Anne", "DURAND").await, server.create_account("Lise", "DURAND").await);
    let mut browser = Browser::new(&server);
    tries(&mut browser, &one.identifiant, &["Faux-1", "Faux-2", PASSWORD, "Faux-3"]).await;
    tries(&mut browser, &two.identifiant, &["F-1", "F-2", "F-3", "F-4", "F-5", "F-6", PASSWORD]).await;
    // Nobody of that name, and somebody who was right at once.
    tries(&mut browser, "x.inconnu12", &["Faux-1", "Faux-2"]).await;
    let three = server.create_account("Paul", "PETIT").await;
    tries(&mut browser, &three.identifiant, &[PASSWORD]).await;
    note(&server).await;
    assert_eq!(failures(&server).await, Vec::<String>::new(), "the hour is not over");
    server.advance(Span::hours(1));
    let neighbour = server.restart().await;
    tokio::join!(note(&server), note(&neighbour));
    let hour = "in the hour of 2026-11-24T09:00Z";
    let told = [
        format!("locked_out password, 1 {hour}"),
        format!("passwords_failed 3 {hour}"),
        format!("passwords_failed 5 {hour}"),
    ];
    assert_eq!(failures(&server).await, told);
    note(&server).await;
    assert_eq!(failures(&server).await, told, "once");
    // The next hour has its own, also where the clock goes back into the one before.
    tries(&mut browser, &one.identifiant, &["Faux-4"]).await;
    server.advance(Span::minutes(-30));
    tries(&mut browser, &one.identifiant, &["Faux-5"]).await;
    server.advance(Span::minutes(90));
    note(&server).await;
    let next = "passwords_failed 2 in the hour of 2026-11-24T10:00Z";
    assert!(failures(&server).await.iter().any(|told| told == next), "{:?}", failures(&server).await);
    let told = server.query_texts("SELECT detail FROM audit").await.concat();
    assert!(!told.contains("Faux") && !told.contains(&one.identifiant));
}

#[tokio::test]
async fn five_wrong_passwords_of_an_hour_are_told_to_the_person_once_a_day() {
    let server = TestServer::start().await;
    let (one, two) = (server.create_account("Anne", "DURAND").await, server.create_account("Lise", "DURAND").await);
    let mut stranger = Browser::new(&server);
    tries(&mut stranger, &one.identifiant, &["F-1", "F-2", "F-3", "F-4", "F-5"]).await;
    tries(&mut stranger, &two.identifiant, &["F-1", "F-2", "F-3", "F-4"]).await;
    let told = "SELECT a.identifiant FROM account_notice n JOIN account a ON a.id = n.account_id \
                WHERE n.kind = 'passwords_failed'";
    note(&server).await;
    assert_eq!(
        server.query_texts(told).await,
        [""; 0],
        "not while the hour lasts: a sign-in does nothing more for who exists"
    );
    server.advance(Span::hours(1));
    note(&server).await;
    note(&server).await;
    assert_eq!(server.query_texts(told).await.join(" "), one.identifiant);
    tries(&mut stranger, &one.identifiant, &["F-6", "F-7", "F-8", "F-9", "F-10"]).await;
    server.advance(Span::hours(2));
    note(&server).await;
    assert_eq!(server.query_texts(told).await.join(" "), one.identifiant, "once a day");
    let mut person = Browser::new(&server);
    server.advance(Span::hours(2));
    tries(&mut person, &one.identifiant, &[PASSWORD]).await;
    person.get("/compte").await;
    let text = person.page.visible_text();
    assert!(text.contains("Des mots de passe faux pour votre compte"), "{text}");
}

#[tokio::test]
async fn faults_f7_codes_and_dates_that_failed_are_told_of_an_account() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
    let mut parent = Browser::new(&server);
    parent.open("/activation").await;
    parent.activate(&server, &TestFamily::durand()).await;
    let mut again = Browser::new(&server);
    again.open("/activation").await;
    again.identify(&TestFamily::durand()).await;
    let code = server.read_code().await;
    again.submit("continuer", &[("code", if code == "123456" { "654321" } else { "123456" })]).await;
    again.type_code(&code).await;
    again.submit("nouveau-mot-de-passe", &[]).await;
    again.follow().await;
    again.answer_children(&["01/01/2013"]).await;
    server.advance(Span::hours(1));
    note(&server).await;
    let hour = "in the hour of 2026-11-24T09:00Z";
    assert_eq!(failures(&server).await, [format!("birth_dates_failed 1 {hour}"), format!("codes_failed 1 {hour}")]);
}

#[tokio::test]
async fn faults_f7_a_sign_in_names_the_client_that_asked() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let mut browser = Browser::new(&server);
    browser.open(&TestRelyingParty::new(&server, "ent").attempt().url).await;
    browser.sign_in(&member).await;
    let mut direct = Browser::new(&server);
    direct.open("/connexion").await;
    direct.sign_in(&member).await;
    let sql = "SELECT COALESCE(client_id, '-') FROM audit WHERE fact = 'signed_in' ORDER BY COALESCE(client_id, '-')";
    assert_eq!(server.query_texts(sql).await, ["-", "ent"]);
}

#[tokio::test]
async fn faults_a5_facts_go_after_their_term_some_at_a_time() {
    let server = TestServer::start_with_config(|config| config.audit.keep_months = 2).await;
    let op = server.operation();
    let mut tx = op.write(db::Durability::Relaxed).await.unwrap();
    for n in 0..1_500 {
        let about = audit::AuditDetails::default();
        tx.now = server.now().minus(Span::days(61 + n / 100));
        audit::store::record(&mut tx, audit::AuditEvent::SignedOut, about).await.unwrap();
    }
    let about = audit::AuditDetails { detail: "kept", ..audit::AuditDetails::default() };
    tx.now = server.now().minus(Span::days(59));
    audit::store::record(&mut tx, audit::AuditEvent::SignedOut, about).await.unwrap();
    let before = server.now().minus(server.app.config.audit.retention());
    assert_eq!(audit::store::delete_expired(&mut tx, before).await.unwrap(), 0, "nothing goes before it is sealed");
    tx.commit().await.unwrap();
    while audit::ops::seal(op.storage()).await.unwrap() > 0 {}
    let mut tx = op.write(db::Durability::Relaxed).await.unwrap();
    assert_eq!(audit::store::delete_expired(&mut tx, before).await.unwrap(), 1_000);
    tx.commit().await.unwrap();
    let (stop, stopped) = watch::channel(false);
    let mut work = bootstrap::spawn_workers(&server.app, &stopped);
    let left = "SELECT COUNT(*) FROM audit WHERE fact = 'signed_out'";
    for _ in 0..6_000 {
        if server.query_count(left).await == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stop.send_replace(true);
    while work.join_next().await.is_some() {}
    assert_eq!(server.query_texts("SELECT detail FROM audit WHERE fact = 'signed_out'").await, ["kept"]);
    let report = audit::ops::verify(op.storage(), before).await.unwrap();
    assert_eq!((report.problems, report.expired, report.rows), (Vec::new(), 15, 1));
}
