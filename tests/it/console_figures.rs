//! The figures of campaigns: nothing that was noted is lost, whatever fails or happens at the same time.

use preau::administrators::roles::AdminRole;
use preau::app::Operation;
use preau::base::clock::Span;
use preau::db::Durability;
use preau::school_admin::ops::figures::{count_schools, mark_unmarked, write_steps};
use preau::school_admin::store::delete_expired;
use preau::school_admin::store::progress::{SchoolFigureRow, claim_count, set_figures};
use preau::tenants::store::figures::mark_figures;

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
    assert!(count().await > 0, "an import marks its school");
    assert_eq!(count().await, 0);
    let stale = "SELECT COUNT(*) FROM school_figure WHERE uai = '0349999J' AND stale";
    let claim = async |minutes| {
        let op = server.operation();
        let mut tx = op.write(Durability::Relaxed).await.unwrap();
        let is_first = claim_count(&mut tx, &uai, server.now().plus(Span::minutes(minutes))).await.unwrap();
        tx.commit().await.unwrap();
        is_first
    };
    let mark = async || {
        let op = server.operation();
        let mut tx = op.write(Durability::Relaxed).await.unwrap();
        mark_figures(&mut tx, &uai).await.unwrap();
        tx.commit().await.unwrap();
    };
    assert!(!claim(5).await, "it is not due");
    mark().await;
    assert_eq!(count().await, 0, "once a minute at most");
    server.advance(Span::seconds(61));
    assert!(claim(5).await);
    assert!(!claim(5).await, "one server counts it");
    assert_eq!((server.query_count(stale).await, count().await), (0, 0));
    // Somebody comes further while it is counted.
    mark().await;
    assert_eq!(count().await, 0, "nobody counts it beside the one that does");
    let op = server.operation();
    let mut tx = op.write(Durability::Relaxed).await.unwrap();
    let row = SchoolFigureRow { revision: 1, ..SchoolFigureRow::default() };
    // A claim that was lost writes nothing: it would take the mark of the other one.
    let lost = (server.now(), server.now().plus(Span::minutes(4)));
    set_figures(&mut tx, &uai, lost, SchoolFigureRow { revision: 9, ..row }).await.unwrap();
    set_figures(&mut tx, &uai, (server.now(), server.now().plus(Span::minutes(5))), row).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((server.query_count(stale).await, count().await), (1, 0));
    server.advance(Span::seconds(61));
    assert_eq!(count().await, 1);
    assert_eq!((server.query_count(stale).await, count().await), (0, 0));
    // A server that claimed it and died.
    mark().await;
    server.advance(Span::minutes(2));
    assert!(claim(5).await);
    assert_eq!(count().await, 0);
    server.advance(Span::minutes(6));
    assert_eq!(count().await, 1);
    // Old figures are counted again, whatever happened.
    assert_eq!(count().await, 0);
    server.advance(Span::days(1));
    assert_eq!(count().await, 1);
}

#[tokio::test]
async fn fault_rt14_a_count_looks_at_marked_schools_only_and_an_import_of_an_older_release_is_found() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::ndiaye()]).await;
    let job = || Operation::of_job(&server.app, "figures");
    while count_schools(&job()).await.unwrap() > 0 {}
    let figures = "SELECT uai || ' ' || revision || ' ' || parents FROM school_figure ORDER BY uai";
    assert_eq!(server.query_texts(figures).await, ["0349999J 1 1"]);
    // What nobody marked is not counted.
    server.execute_sql("UPDATE roster_set SET revision = 2", Vec::new()).await;
    assert_eq!(count_schools(&job()).await.unwrap(), 0);
    server.advance(Span::minutes(2));
    let place = mark_unmarked(&job(), "").await.unwrap();
    assert_eq!(place, MONOD);
    assert_eq!(count_schools(&job()).await.unwrap(), 1);
    assert_eq!(server.query_texts(figures).await, ["0349999J 2 1"]);
    assert_eq!(mark_unmarked(&job(), &place).await.unwrap(), "", "at the end it begins again");
    // A school whose figures an older release never had.
    server.execute_sql("DELETE FROM school_figure", Vec::new()).await;
    mark_unmarked(&job(), "").await.unwrap();
    assert_eq!(count_schools(&job()).await.unwrap(), 1);
    mark_unmarked(&job(), "").await.unwrap();
    assert_eq!(count_schools(&job()).await.unwrap(), 0, "once");
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

#[tokio::test]
async fn numbers_of_days_stay_three_school_years_and_batches_of_letters_as_long_as_the_journal() {
    let server = TestServer::start().await;
    let day = "INSERT INTO campaign_day (uai, day, step, n) VALUES ('0349999J', $1, 'asked', 3)";
    for one in ["2023-11-20", "2023-11-21", "2023-11-22", "2026-11-23"] {
        server.execute_sql(day, vec![one.into()]).await;
    }
    let batch = "INSERT INTO letter_batch (id, uai, class, part, profile, printed_by, printed_at, reason, letters) \
                 VALUES ($1, '0349999J', '6 A', 'class', 'eleve', 'x', $2, 'Rentrée', 3)";
    for (id, months) in [("old", 14), ("young", 12)] {
        let at = server.now().minus(Span::days(months * 30 + 10)).0;
        server.execute_sql(batch, vec![id.into(), at.into()]).await;
    }
    let clean = async || {
        let op = Operation::of_job(&server.app, "cleanup");
        let mut tx = op.write(Durability::Relaxed).await.unwrap();
        let rows = delete_expired(&mut tx, op.now.minus(server.app.config.audit.retention())).await.unwrap();
        tx.commit().await.unwrap();
        rows
    };
    while clean().await > 0 {}
    let days = "SELECT day FROM campaign_day ORDER BY day";
    assert_eq!(server.query_texts(days).await, ["2023-11-22", "2026-11-23"]);
    assert_eq!(server.query_texts("SELECT id FROM letter_batch").await, ["young"]);
}
