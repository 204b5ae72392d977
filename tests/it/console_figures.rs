//! The figures of campaigns: nothing that was noted is lost, whatever fails or happens at the same time.

use preau::administrators::roles::AdminRole;
use preau::app::Operation;
use preau::base::clock::Span;
use preau::db::Durability;
use preau::school_admin::ops::figures::{count_schools, write_steps};
use preau::school_admin::store::progress::{SchoolFigureRow, begin_count, mark_stale, set_figures};

use crate::console_clients::administrator;
use crate::console_rosters::crowd;
use crate::support::deployment::MONOD;
use crate::support::{Browser, TestFamily, TestServer};

const DAYS: &str = "SELECT step || '=' || n FROM campaign_day WHERE uai = '0349999J' ORDER BY day, step";

async fn write(server: &TestServer) -> anyhow::Result<usize> {
    write_steps(&Operation::of_job(&server.app, "figures")).await
}

#[tokio::test]
async fn fault_rt14_notes_that_could_not_be_written_are_written_later() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::ndiaye()]).await;
    let mut browser = Browser::at_activation(&server).await;
    browser.identify(&TestFamily::ndiaye()).await;
    server.drain_outbox().await;
    server.execute_sql("ALTER TABLE campaign_day RENAME TO campaign_day_away", Vec::new()).await;
    assert!(write(&server).await.is_err());
    assert!(write(&server).await.is_err(), "and is tried again");
    server.execute_sql("ALTER TABLE campaign_day_away RENAME TO campaign_day", Vec::new()).await;
    assert_eq!(write(&server).await.unwrap(), 1);
    assert_eq!(server.query_texts(DAYS).await, ["asked=1"]);
    assert_eq!(write(&server).await.unwrap(), 0);
    assert_eq!(server.query_texts(DAYS).await, ["asked=1"], "once");
}

#[tokio::test]
async fn fault_rt14_a_mark_during_a_count_and_a_count_that_ends_early_are_counted_again() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::ndiaye()]).await;
    let uai = MONOD.parse().unwrap();
    let count = async || count_schools(&Operation::of_job(&server.app, "figures")).await.unwrap();
    assert!(count().await > 0);
    assert_eq!(count().await, 0);
    let stale = "SELECT COUNT(*) FROM school_figure WHERE uai = '0349999J' AND stale";
    let op = server.operation();
    let mut tx = op.write(Durability::Relaxed).await.unwrap();
    mark_stale(&mut tx, &uai).await.unwrap();
    begin_count(&mut tx, &uai).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(server.query_count(stale).await, 0);
    // Somebody comes further while it is counted.
    let mut tx = op.write(Durability::Relaxed).await.unwrap();
    mark_stale(&mut tx, &uai).await.unwrap();
    set_figures(&mut tx, &uai, server.now(), SchoolFigureRow { revision: 1, ..SchoolFigureRow::default() })
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(server.query_count(stale).await, 1);
    server.advance(Span::minutes(2));
    assert!(count().await > 0);
    assert_eq!((server.query_count(stale).await, count().await), (0, 0));
    // A count that was begun by a server which died.
    let mut tx = op.write(Durability::Relaxed).await.unwrap();
    begin_count(&mut tx, &uai).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count().await, 1);
}

#[tokio::test]
async fn a_campaign_that_opens_again_counts_who_comes_back() {
    let fatou = TestFamily::ndiaye();
    let server = TestServer::start_with_open_campaign(std::slice::from_ref(&fatou)).await;
    let mut browser = Browser::at_activation(&server).await;
    browser.identify(&fatou).await;
    server.drain_outbox().await;
    write(&server).await.unwrap();
    server.advance(Span::days(2));
    let opens = vec![server.now().0.into(), (server.now().0 + Span::days(9).0).into()];
    server.execute_sql("UPDATE campaign SET opens_at = $1, closes_at = $2 WHERE uai = '0349999J'", opens).await;
    server.advance(Span::hours(1));
    let mut again = Browser::at_activation(&server).await;
    again.identify(&fatou).await;
    server.drain_outbox().await;
    write(&server).await.unwrap();
    assert_eq!(server.query_texts(DAYS).await, ["asked=1", "asked=1"], "a day of each campaign");
    // And once in this one.
    let mut third = Browser::at_activation(&server).await;
    third.identify(&fatou).await;
    server.drain_outbox().await;
    write(&server).await.unwrap();
    assert_eq!(server.query_texts(DAYS).await, ["asked=1", "asked=1"]);
}

#[tokio::test]
async fn attack_d1_more_pupils_than_a_batch_holds_get_no_letter_and_no_account() {
    let server = TestServer::start_with_open_campaign(&crowd(250)).await;
    let mut head = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    let before = server.query_count("SELECT COUNT(*) FROM account").await;
    head.browser.get("/admin/lettres").await;
    head.browser.submit("imprimer", &[("pour", "eleve"), ("classe", "6 A"), ("raison", "Rentrée")]).await;
    assert_eq!(head.browser.page.status, axum::http::StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        head.browser.page.visible_text().contains("C'est plus de 120 lettres"),
        "{}",
        head.browser.page.visible_text()
    );
    assert_eq!(server.query_count("SELECT COUNT(*) FROM letter").await, 0);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account").await, before);
}
