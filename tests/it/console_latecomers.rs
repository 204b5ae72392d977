//! Latecomers let in by the console: some persons at a time, each time with a fact, and to the end after an interruption.

use std::sync::atomic::{AtomicUsize, Ordering};

use preau::administrators::roles::AdminRole;
use preau::app::Operation;
use preau::base::clock::Span;
use preau::school_admin::ops::latecomers::resume;

use crate::console_clients::{administrator, end_role_of};
use crate::console_rosters::crowd;
use crate::support::deployment::{LYCEE, MONOD};
use crate::support::{TestAdministrator, TestFamily, TestServer};

const LET_IN: &str = "SELECT COUNT(*) FROM campaign_exception";
const STATES: &str = "SELECT state FROM console_draft ORDER BY id";

/// All parents of both schools ask for it, after the end.
async fn all_ask(server: &TestServer) {
    let sql = "INSERT INTO notice (id, uai, person_id, kind, support_code, at) \
               SELECT DISTINCT l.uai || l.person_id || CAST($1 AS TEXT), l.uai, l.person_id, 'reopening', \
               'K7P' || CAST($1 AS TEXT), $2 FROM link l WHERE l.ended_at IS NULL";
    let at = server.now().0;
    server.execute_sql(sql, vec![at.to_string().into(), at.into()]).await;
}

async fn order(who: &mut TestAdministrator) -> String {
    let fields = [("ecole-0349999J", "1"), ("ecole-0349998H", "1"), ("geste", "late"), ("jours", "7")];
    who.browser.post("/admin/etablissements/campagne", &fields).await;
    let review = who.browser.page.location().to_owned();
    who.browser.get(&review).await;
    review
}

async fn start() -> (TestServer, TestAdministrator) {
    let server = TestServer::start_with_open_campaign(&crowd(250)).await;
    let children = vec![(900_090, "Inès", "02/02/2010", "2 A")];
    let other = TestFamily { key: 500_090, nom: "ROUX", prenom: "Paule", phone: "06 39 98 00 90", children };
    server.import_families("montpellier", LYCEE, &[other]).await;
    server.set_campaign(MONOD, Span::days(-9), Span::days(-1)).await;
    all_ask(&server).await;
    let who = administrator(&server, AdminRole::Academy, "academy:montpellier", "m@ac.example").await;
    (server, who)
}

#[tokio::test]
async fn latecomers_are_let_in_some_at_a_time_each_time_with_a_fact() {
    let (server, mut who) = start().await;
    let review = order(&mut who).await;
    let seen = who.browser.page.visible_text();
    assert!(seen.contains("ouverte pour 250 personnes") && seen.contains("ouverte pour 1 personne"), "{seen}");
    let mut twice = who.browser.clone_browser();
    twice.get(&review).await;
    who.browser.submit("confirmer", &[]).await;
    assert_eq!(who.browser.page.location(), review, "{}", who.browser.page.visible_text());
    twice.submit("confirmer", &[]).await;
    assert_eq!(twice.page.location(), review, "posted twice, the same answer");
    assert_eq!(server.query_count(LET_IN).await, 251);
    let facts = "SELECT uai || ' ' || detail || ' ' || actor_kind FROM audit WHERE detail LIKE 'late: %' \
                 ORDER BY uai, detail";
    let facts = server.query_texts(facts).await;
    let right = ["0349998H late: 1", "0349999J late: 100", "0349999J late: 100", "0349999J late: 50"];
    assert_eq!(facts, right.map(|fact| format!("{fact} administrator")));
    let asking = "SELECT COUNT(*) FROM notice WHERE kind = 'reopening' AND settled_at IS NULL";
    assert_eq!(server.query_count(asking).await, 0, "their requests are settled");
    who.browser.get(&review).await;
    assert!(who.browser.page.visible_text().contains("C'est fait."), "{}", who.browser.page.visible_text());
}

#[tokio::test]
async fn fault_rt14_an_interrupted_opening_for_latecomers_is_gone_on_with_unless_the_role_ended() {
    let (server, mut who) = start().await;
    let review = order(&mut who).await;
    let go_on = async || resume(&Operation::of_job(&server.app, "campaigns"), || false).await.unwrap();
    assert!(!go_on().await, "nobody confirmed it");
    // Confirmed, and its server died after the first step.
    let died = "UPDATE console_draft SET state = 'doing', version = 2, done_at = $1, carried_at = $1 \
                WHERE state = 'draft'";
    server.execute_sql(died, vec![server.now().0.into()]).await;
    who.browser.get(&review).await;
    let seen = who.browser.page.visible_text();
    assert!(seen.contains("établissement par établissement") && !who.browser.page.has_element("#confirmer"), "{seen}");
    assert!(!go_on().await, "it may still be at work");
    server.advance(Span::minutes(3));
    assert!(go_on().await);
    assert_eq!((server.query_count(LET_IN).await, go_on().await), (251, false));
    assert_eq!(server.query_texts(STATES).await, ["done"]);
    // Whoever asks after the confirmation was read by nobody.
    server.execute_sql("DELETE FROM campaign_exception", Vec::new()).await;
    order(&mut who).await;
    server.execute_sql(died, vec![server.now().0.into()]).await;
    server.advance(Span::minutes(3));
    all_ask(&server).await;
    assert!(go_on().await);
    assert_eq!(server.query_count(LET_IN).await, 0);
    // The role ended meanwhile.
    order(&mut who).await;
    server.execute_sql(died, vec![server.now().0.into()]).await;
    end_role_of(&server, "m@ac.example", AdminRole::Academy).await;
    server.advance(Span::minutes(3));
    assert!(go_on().await);
    assert_eq!((server.query_count(LET_IN).await, go_on().await), (0, false));
    assert_eq!(server.query_texts(STATES).await, ["done", "done", "cut"]);
}

#[tokio::test]
async fn fault_rt14_a_worker_that_stops_leaves_the_rest_to_the_next_round_and_each_fact_says_the_proof() {
    let (server, mut who) = start().await;
    order(&mut who).await;
    let job = || Operation::of_job(&server.app, "campaigns");
    let confirmed = "UPDATE console_draft SET state = 'doing', version = 2, done_at = $1, carried_at = $1, \
                     form = REPLACE(form, '{\"kind\"', '{\"proof\":\"passkey\",\"kind\"') WHERE state = 'draft'";
    server.execute_sql(confirmed, vec![server.now().0.into()]).await;
    server.advance(Span::minutes(3));
    // One step, and the server is told to stop.
    let asked = AtomicUsize::new(0);
    assert!(resume(&job(), || asked.fetch_add(1, Ordering::SeqCst) > 0).await.unwrap());
    assert_eq!(server.query_count(LET_IN).await, 1);
    assert_eq!(server.query_texts(STATES).await, ["doing"]);
    // It waits for nobody to be missed.
    assert!(resume(&job(), || false).await.unwrap());
    assert_eq!(server.query_count(LET_IN).await, 251);
    let proofs = "SELECT DISTINCT proof FROM audit WHERE detail LIKE 'late: %'";
    assert_eq!(server.query_texts(proofs).await, ["passkey"]);
}

/// An order that always fails stays, and others are gone on with meanwhile.
#[tokio::test]
async fn fault_rt14_an_order_that_fails_does_not_hold_up_the_next_one() {
    let (server, mut who) = start().await;
    for _ in 0..2 {
        order(&mut who).await;
        server.advance(Span::seconds(1));
    }
    let job = || Operation::of_job(&server.app, "campaigns");
    let confirmed = "UPDATE console_draft SET state = 'doing', version = 2, done_at = $1, \
                     carried_at = created_at WHERE state = 'draft'";
    server.execute_sql(confirmed, vec![server.now().0.into()]).await;
    server.advance(Span::minutes(3));
    server.execute_sql("ALTER TABLE campaign_exception RENAME TO campaign_exception_away", Vec::new()).await;
    assert!(resume(&job(), || false).await.is_err());
    server.execute_sql("ALTER TABLE campaign_exception_away RENAME TO campaign_exception", Vec::new()).await;
    let doing = "SELECT id FROM console_draft WHERE state = 'doing' ORDER BY id";
    let ids = server.query_texts(doing).await;
    assert!(resume(&job(), || false).await.unwrap());
    assert_eq!(server.query_texts(doing).await, [ids[0].clone()], "the second one was done");
    assert!(!resume(&job(), || false).await.unwrap(), "the first one waits for its time");
}
