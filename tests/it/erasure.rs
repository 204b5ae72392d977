//! Erasure: people whom no school names any more, and what is left of closed accounts.

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::StatusCode;
use preau::accounts;
use preau::app::Operation;
use preau::base::clock::{Span, Timestamp};
use preau::base::profile::Profile;
use preau::bootstrap::tell_what_is_due;
use preau::db::Durability;
use preau::erasure::ops::erase_due;
use preau::erasure::{ErasedCounts, store};
use preau::my_account::ops::{ask_house_closings, close_due};
use preau::passes::{CLAIM_TTL, DailyPass};
use preau::roster::ops::ImportContext;
use preau::roster::ops::undo::{ImportUndo, undo_last_run};
use preau::roster::ops::words::index_batch;
use preau::roster::store::erased::{ErasureTimes, GoneRow, erase_persons, erase_pupils, list_gone_persons};

use crate::support::deployment::MONOD;
use crate::support::people::PASSWORD;
use crate::support::{Browser, TestFamily, TestServer};

/// Noon in Paris, on days of 2027.
const MARCH_1: Timestamp = Timestamp(1_803_898_800_000);
const JULY_7: Timestamp = Timestamp(1_814_954_400_000);
const OCTOBER_30: Timestamp = Timestamp(1_824_890_400_000);
const OCTOBER_31: Timestamp = Timestamp(1_824_980_400_000);

const NOBODY: ErasedCounts = ErasedCounts { accounts: 0, persons: 0, pupils: 0 };
const A_FAMILY: ErasedCounts = ErasedCounts { accounts: 0, persons: 1, pupils: 1 };

fn durand() -> TestFamily {
    TestFamily::durand()
}

impl TestServer {
    fn set_time(&self, at: Timestamp) {
        self.advance(Span(at.0 - self.now().0));
    }

    /// Erases what is due, as the hourly work of a running server does.
    async fn erase(&self) -> ErasedCounts {
        erase_due(&self.app, &|| false).await.unwrap()
    }

    /// Ends every link and enrolment of the children of a person, so many days ago.
    async fn end_links(&self, key: u32, days: i64) {
        let at = self.now().minus(Span::days(days)).0;
        let key = key.to_string();
        for sql in [
            "UPDATE enrolment SET ended_at = $1 WHERE pupil_id IN (SELECT l.pupil_id FROM link l \
             JOIN person p ON p.id = l.person_id WHERE p.person_key = $2)",
            "UPDATE link SET ended_at = $1 WHERE person_id IN (SELECT id FROM person WHERE person_key = $2)",
        ] {
            self.execute_sql(sql, vec![at.into(), key.as_str().into()]).await;
        }
    }

    async fn names(&self) -> [Vec<String>; 2] {
        [
            self.query_texts("SELECT given_name FROM person ORDER BY given_name").await,
            self.query_texts("SELECT given_name FROM pupil ORDER BY given_name").await,
        ]
    }

    async fn index_words(&self) {
        while index_batch(self.operation().storage()).await.unwrap() > 0 {}
    }
}

/// The families Durand, who left, and Petit, who stay; in March, when no export came since November.
async fn start() -> TestServer {
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &[durand(), TestFamily::petit()]).await;
    server.set_time(MARCH_1);
    server.index_words().await;
    server
}

#[tokio::test]
async fn threat_s14_people_whom_no_school_names_for_92_days_are_erased_with_what_names_them() {
    let server = start().await;
    server.execute_sql("UPDATE link SET level = 'contact' WHERE level <> 'none'", Vec::new()).await;
    server.end_links(500_001, 91).await;
    let person = server.query_texts("SELECT id FROM person WHERE person_key = '500001'").await.remove(0);
    let pupil = server.query_texts("SELECT id FROM pupil WHERE pupil_key = '900001'").await.remove(0);
    let ids = || vec![person.as_str().into(), pupil.as_str().into()];
    for sql in [
        "INSERT INTO notice (id, uai, person_id, pupil_id, kind, support_code, at) \
         VALUES ('n', '0349999J', $1, $2, 'contested', 'K7P-4MX', 1)",
        "INSERT INTO link_withheld (person_id, pupil_id, kind, at) VALUES ($1, $2, 'contested', 1)",
    ] {
        server.execute_sql(sql, ids()).await;
    }
    for sql in [
        "INSERT INTO activation_near (id, person_id, at, support_code, last2) VALUES ('a', $1, 1, 'K7P-4MX', '88')",
        "INSERT INTO campaign_exception (person_id, until, given_by, given_at) VALUES ($1, 1, 'x', 1)",
        "INSERT INTO campaign_progress (person_id, step, at) VALUES ($1, 1, 1)",
    ] {
        server.execute_sql(sql, vec![person.as_str().into()]).await;
    }
    assert_eq!(server.erase().await, NOBODY, "91 days");
    server.advance(Span::days(1));
    assert_eq!(server.erase().await, A_FAMILY);
    assert_eq!(server.names().await, [vec!["Paul"], vec!["Léo"]]);
    for (table, count) in [
        ("SELECT COUNT(*) FROM link", 1),
        ("SELECT COUNT(*) FROM enrolment", 1),
        ("SELECT COUNT(*) FROM link_withheld", 0),
        ("SELECT COUNT(*) FROM notice", 0),
        ("SELECT COUNT(*) FROM activation_near", 0),
        ("SELECT COUNT(*) FROM campaign_exception", 0),
        ("SELECT COUNT(*) FROM campaign_progress", 0),
        ("SELECT COUNT(*) FROM search_word WHERE word LIKE 'durand%' OR word IN ('anne', 'zoe')", 0),
    ] {
        assert_eq!(server.query_count(table).await, count, "{table}");
    }
    let recorded = server
        .query_texts(
            "SELECT COALESCE(academy, '') || ' ' || detail FROM audit WHERE fact = 'people_erased' ORDER BY detail",
        )
        .await;
    assert_eq!(recorded, ["montpellier persons: 1", "montpellier pupils: 1"]);
    server.advance(Span::days(100));
    assert_eq!(server.erase().await, NOBODY, "whoever is named stays, however old the export");
}

#[tokio::test]
async fn nobody_is_erased_between_two_school_years_nor_whom_a_late_export_names() {
    let server = start().await;
    server.set_time(JULY_7);
    server.end_links(500_001, 0).await;
    server.set_time(OCTOBER_30);
    assert_eq!(server.erase().await, NOBODY, "115 days, but schools are still enrolling");
    server.set_time(OCTOBER_31);
    // A person whom an export still names, without a link, would come back with the next one.
    let since = OCTOBER_31.minus(Span::days(3));
    server.execute_sql("UPDATE person SET exported_at = $1", vec![since.0.into()]).await;
    assert_eq!(server.erase().await, ErasedCounts { pupils: 1, ..NOBODY });
    server.set_time(OCTOBER_31.plus(Span::days(90)));
    assert_eq!(server.erase().await, ErasedCounts { persons: 1, ..NOBODY });
}

#[tokio::test]
async fn a_link_that_returns_in_time_keeps_everybody_and_so_does_one_that_returns_during_a_step() {
    let server = start().await;
    server.end_links(500_001, 93).await;
    let times = ErasureTimes { before: server.now().minus(Span::days(92)), now: server.now() };
    let op = server.operation();
    let listed = list_gone_persons(&mut server.app.db.read().await.unwrap(), ("", "g"), times, 10).await.unwrap();
    assert_eq!(listed.len(), 1);
    let pupil = server.query_texts("SELECT id FROM pupil WHERE pupil_key = '900001'").await.remove(0);
    let pupils = [GoneRow { id: pupil, academy: "montpellier".to_owned() }];
    // An import, or an account, came since the list was read.
    for (done, undone) in [
        ("UPDATE link SET ended_at = NULL", ""),
        ("UPDATE enrolment SET ended_at = NULL", "UPDATE enrolment SET ended_at = 1"),
        ("UPDATE person SET exported_at = 1900000000000", "UPDATE person SET exported_at = 1"),
    ] {
        // A link alone is none: its pupil is enrolled nowhere.
        server.execute_sql(done, Vec::new()).await;
        let mut tx = op.write(Durability::Durable).await.unwrap();
        let gone = [
            erase_persons(&mut tx, &listed, times).await.unwrap().len(),
            erase_pupils(&mut tx, &pupils, times).await.unwrap().len(),
        ];
        tx.rollback().await.unwrap();
        match done {
            "UPDATE link SET ended_at = NULL" => assert_eq!(gone, [1, 1], "{done}"),
            "UPDATE enrolment SET ended_at = NULL" => assert_eq!(gone, [0, 0], "{done}"),
            _ => assert_eq!(gone[0], 0, "{done}"),
        }
        if !undone.is_empty() {
            server.execute_sql(undone, Vec::new()).await;
        }
    }
    server.end_links(500_001, 91).await;
    server.advance(Span::hours(1));
    server.import_families("montpellier", MONOD, &[durand(), TestFamily::petit()]).await;
    server.advance(Span::days(30));
    assert_eq!(server.erase().await, NOBODY);
    assert_eq!(server.names().await, [vec!["Anne", "Paul"], vec!["Léo", "Zoé"]]);
}

#[tokio::test]
async fn a_person_with_an_account_and_the_last_child_go_after_the_account() {
    let server = start().await;
    let account = server.create_account_of("montpellier", &durand()).await;
    server.end_links(500_001, 93).await;
    let op = || Operation::of_job(&server.app, "closing");
    assert_eq!(ask_house_closings(&server.app, &|| false).await.unwrap().asked, 1);
    assert_eq!(server.erase().await, NOBODY, "the birth date is still the proof of a recovery");
    // A sign-in keeps the account: everybody stays, and the next closing finds the account by the ended link.
    Browser::signed_in_at(&server, &account, "/compte").await;
    server.advance(Span::days(31));
    assert_eq!((close_due(&op()).await.unwrap(), server.erase().await), (0, NOBODY));
    server.advance(Span::days(62));
    assert_eq!(ask_house_closings(&server.app, &|| false).await.unwrap().asked, 1);
    server.set_time(OCTOBER_31);
    assert_eq!(close_due(&op()).await.unwrap(), 1);
    assert_eq!(server.erase().await, A_FAMILY);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account WHERE state = 'closed'").await, 1);
}

#[tokio::test]
async fn a_child_who_left_goes_though_the_parent_of_another_one_has_an_account() {
    let server = TestServer::start().await;
    let family = TestFamily::ndiaye();
    server.import_families("montpellier", MONOD, std::slice::from_ref(&family)).await;
    let account = server.create_account_of("montpellier", &family).await;
    server.set_time(MARCH_1);
    let ended = server.now().minus(Span::days(93)).0;
    for sql in [
        "UPDATE enrolment SET ended_at = $1 WHERE pupil_id IN (SELECT id FROM pupil WHERE given_name = 'Élie')",
        "UPDATE link SET ended_at = $1 WHERE pupil_id IN (SELECT id FROM pupil WHERE given_name = 'Élie')",
    ] {
        server.execute_sql(sql, vec![ended.into()]).await;
    }
    let proof = "INSERT INTO link_proof (account_id, pupil_id, means, at) SELECT $1, id, 'date', 1 FROM pupil";
    server.execute_sql(proof, vec![account.account_id.as_str().into()]).await;
    assert_eq!(server.erase().await, ErasedCounts { pupils: 1, ..NOBODY });
    assert_eq!(server.names().await, [vec!["Fatou"], vec!["Anaïs"]]);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM link_proof").await, 1, "the other child's");
    let browser = Browser::signed_in_at(&server, &account, "/compte/enfants").await;
    assert!(browser.page.visible_text().contains("Anaïs"), "{}", browser.page.visible_text());
}

#[tokio::test]
async fn one_server_at_a_time_erases_and_another_one_goes_on_where_it_was_cut() {
    let server = start().await;
    let other = server.restart().await;
    server.end_links(500_001, 93).await;
    // Cut after the persons' first step.
    let steps = AtomicUsize::new(0);
    let cut = erase_due(&server.app, &|| steps.fetch_add(1, Ordering::SeqCst) >= 1).await.unwrap();
    assert_eq!(cut, ErasedCounts { persons: 1, ..NOBODY });
    assert_eq!(other.erase().await, ErasedCounts { pupils: 1, ..NOBODY }, "the rest, at once");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM daily_pass WHERE finished_at IS NOT NULL").await, 1);
    server.end_links(500_002, 93).await;
    assert_eq!(other.erase().await, NOBODY, "once a day");
    server.advance(Span::days(1));
    // A server that died at it.
    let op = Operation::of_job(&server.app, "erasure");
    let mut tx = op.write(Durability::Durable).await.unwrap();
    let claim = preau::passes::store::claim(&mut tx, DailyPass::Erasure).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    assert_eq!(other.erase().await, NOBODY, "it may be alive");
    server.advance(CLAIM_TTL);
    assert_eq!(other.erase().await, A_FAMILY);
    // It was alive after all: its step writes nothing.
    let op = Operation::of_job(&server.app, "erasure");
    let mut tx = op.write(Durability::Durable).await.unwrap();
    assert_eq!(preau::passes::store::advance(&mut tx, &claim, "persons/0".to_owned()).await.unwrap(), None);
    preau::passes::store::finish(&mut tx, &claim).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(server.query_texts("SELECT position FROM daily_pass").await, [""]);
}

#[tokio::test]
async fn a_letter_that_still_serves_keeps_the_person_whom_it_is_to_join() {
    let server = start().await;
    let account = server.create_account_of("montpellier", &TestFamily::petit()).await;
    server.end_links(500_001, 93).await;
    let letter = "INSERT INTO letter (id, account_id, kind, code, state, person_id, pupil_id, issued_by, reason, issued_at, \
                  expires_at) SELECT 'l', $1, 'child', 'x', 'issued', l.person_id, l.pupil_id, 'x', 'x', $2, $3 \
                  FROM link l JOIN person p ON p.id = l.person_id WHERE p.person_key = '500001'";
    let until = server.now().plus(Span::days(15));
    let args = vec![account.account_id.as_str().into(), server.now().0.into(), until.0.into()];
    assert_eq!(server.execute_sql(letter, args).await, 1);
    assert_eq!(server.erase().await, NOBODY);
    server.set_time(until);
    assert_eq!(server.erase().await, A_FAMILY);
    let named = "SELECT COUNT(*) FROM letter WHERE person_id IS NOT NULL OR pupil_id IS NOT NULL";
    assert_eq!((server.query_count("SELECT COUNT(*) FROM letter").await, server.query_count(named).await), (1, 0));
}

#[tokio::test]
async fn an_activation_on_its_way_ends_like_that_of_somebody_without_a_child() {
    let server = start().await;
    server.end_links(500_001, 93).await;
    let mut told = Vec::new();
    for erased in [false, true] {
        let mut browser = Browser::at_activation(&server).await;
        browser.identify(&durand()).await;
        let code = server.read_code().await;
        if erased {
            assert_eq!(server.erase().await, A_FAMILY);
        }
        browser.type_code(&code).await;
        assert_ne!(browser.page.status, StatusCode::INTERNAL_SERVER_ERROR, "{}", browser.page.visible_text());
        told.push((browser.page.status, browser.page.heading()));
        server.advance(Span::minutes(10));
    }
    assert_eq!(told[0], told[1]);
    // The next one is nobody's, and reads as everybody's.
    let mut browser = Browser::at_activation(&server).await;
    browser.identify(&durand()).await;
    let sent = server.messages().len();
    server.drain_outbox().await;
    assert_eq!(server.messages().len(), sent);
}

#[tokio::test]
async fn an_undo_of_an_import_stops_at_whoever_was_erased() {
    let server = start().await;
    let other_number = |family: TestFamily| TestFamily { phone: "06 39 98 00 77", ..family };
    server.import_families("montpellier", MONOD, &[other_number(durand()), other_number(TestFamily::petit())]).await;
    // The import is younger than the ends that it found; so it may be undone.
    server.end_links(500_001, 93).await;
    assert_eq!(server.erase().await, A_FAMILY);
    let op = server.operation();
    let ctx = ImportContext::new(op.storage(), &server.app.phone_parser);
    let undone = Box::pin(undo_last_run(ctx, "montpellier", None)).await.unwrap();
    let ImportUndo::Done { schools, .. } = undone else { panic!("{undone:?}") };
    assert!(schools.iter().all(|(_, undone)| *undone), "{schools:?}");
    assert_eq!(server.names().await, [vec!["Paul"], vec!["Léo"]]);
    let orphans = "SELECT COUNT(*) FROM roster_statement s WHERE NOT EXISTS (SELECT 1 FROM person p WHERE p.id = s.row_id) \
                   AND NOT EXISTS (SELECT 1 FROM pupil u WHERE u.id = s.row_id)";
    assert_eq!(server.query_count(orphans).await, 0);
    // The school names them again: new rows, and nothing of the former ones.
    server.import_families("montpellier", MONOD, &[durand(), TestFamily::petit()]).await;
    assert_eq!(server.names().await, [vec!["Anne", "Paul"], vec!["Léo", "Zoé"]]);
}

#[tokio::test]
async fn what_an_undo_would_put_back_goes_before_people_do() {
    let server = start().await;
    let kept = async || server.query_count("SELECT COUNT(*) FROM import_run_set WHERE former <> ''").await;
    let number = TestFamily { phone: "06 39 98 00 77", ..durand() };
    server.import_families("montpellier", MONOD, &[number, TestFamily::petit()]).await;
    assert_eq!(kept().await, 1);
    server.advance(Span::days(29));
    server.erase().await;
    assert_eq!(kept().await, 1);
    server.advance(Span::days(2));
    server.erase().await;
    assert_eq!(kept().await, 0);
}

#[tokio::test]
async fn attack_a13_what_is_left_of_a_closed_account_goes_after_a_year_but_for_what_is_never_given_again() {
    let server = start().await;
    let account = server.create_account_of("montpellier", &durand()).await;
    Browser::signed_in_at(&server, &account, "/compte").await;
    let id = account.account_id.as_str();
    for sql in [
        "INSERT INTO account_notice (id, account_id, kind, detail, at) VALUES ('n', $1, 'child_gone', 'Zoé', 1)",
        "INSERT INTO link_proof (account_id, pupil_id, means, at) SELECT $1, id, 'date', 1 FROM pupil",
        "INSERT INTO subject (space, account_id, value, created_at) VALUES ('s', $1, 'v', 1)",
    ] {
        server.execute_sql(sql, vec![id.into()]).await;
    }
    server.execute_sql("UPDATE account SET closes_at = 1", Vec::new()).await;
    let closed_at = server.now();
    assert_eq!(close_due(&Operation::of_job(&server.app, "closing")).await.unwrap(), 1);
    server.set_time(closed_at.plus(Span::days(364)));
    assert_eq!(server.erase().await.accounts, 0);
    // In summer too: this waits for no school year.
    server.set_time(closed_at.plus(Span::days(365)));
    assert_eq!(server.erase().await.accounts, 1);
    let row = "SELECT state || '/' || given_name || '/' || family_name || '/' || identifiant FROM account";
    assert_eq!(server.query_texts(row).await, [format!("closed///{}", account.identifiant)]);
    for table in
        ["SELECT COUNT(*) FROM account_notice", "SELECT COUNT(*) FROM link_proof", "SELECT COUNT(*) FROM device"]
    {
        assert_eq!(server.query_count(table).await, 0, "{table}");
    }
    assert_eq!(server.query_count("SELECT COUNT(*) FROM subject").await, 1);
    let facts = server.audit_facts().await;
    assert!(facts.contains(&"account_closed".to_owned()) && facts.contains(&"account_erased".to_owned()), "{facts:?}");
    // The hundred identifiants of the stem but this one.
    let op = server.operation();
    let mut tx = op.write(Durability::Durable).await.unwrap();
    for _ in 0..99 {
        let new = accounts::ops::create_account(&mut tx, Profile::Responsable, "Anne", "DURAND", None).await.unwrap();
        assert_ne!(new.identifiant, account.identifiant);
    }
    tx.commit().await.unwrap();
    assert_eq!(server.erase().await.accounts, 0, "once");
}

#[tokio::test]
async fn an_account_that_is_open_again_or_may_be_is_not_erased() {
    let server = start().await;
    let account = server.create_account_of("montpellier", &durand()).await;
    let other = server.create_account_of("montpellier", &TestFamily::petit()).await;
    server.execute_sql("UPDATE account SET state = 'closed', updated_at = 1", Vec::new()).await;
    let (before, id) = (server.now().minus(Span::days(365)), &account.account_id);
    let joined = "INSERT INTO regroupement (id, asked_by, other, session_id, proof, state, kept, absorbed, support_code, \
                  created_at, expires_at) VALUES ('r', $1, $2, 's', 'password', 'done', $1, $2, 'K7P-4MX', 1, 1)";
    let pair = vec![id.as_str().into(), other.account_id.as_str().into()];
    server.execute_sql(joined, pair).await;
    let due = store::list_due_accounts(&mut server.app.db.read().await.unwrap(), before).await.unwrap();
    assert_eq!(due, std::slice::from_ref(id), "the absorbed one may still be separated again");
    // Somebody opened it again since the list was read: an operator, by a copy of the database.
    server.execute_sql("UPDATE account SET state = 'active' WHERE id = $1", vec![id.as_str().into()]).await;
    let op = server.operation();
    let mut tx = op.write(Durability::Durable).await.unwrap();
    for id in [id, &other.account_id] {
        assert!(!store::erase_account(&mut tx, id, before).await.unwrap());
    }
    tx.commit().await.unwrap();
    server.execute_sql("UPDATE regroupement SET state = 'final'", Vec::new()).await;
    assert_eq!(server.erase().await.accounts, 1);
    assert_eq!(server.query_texts("SELECT given_name FROM account ORDER BY given_name").await, ["", "Anne"]);
}

#[tokio::test]
async fn a_closing_that_a_sign_in_ends_erases_nothing() {
    let server = start().await;
    let account = server.create_account_of("montpellier", &durand()).await;
    let mut browser = Browser::signed_in_at(&server, &account, "/compte").await;
    browser.get("/compte/fermer").await;
    browser.submit("fermer", &[("mot_de_passe", PASSWORD)]).await;
    server.advance(Span::days(29));
    Browser::signed_in_at(&server, &account, "/compte").await;
    server.advance(Span::days(400));
    tell_what_is_due(&server.app).await;
    assert_eq!(server.erase().await, NOBODY);
    assert_eq!(server.query_texts("SELECT given_name FROM account").await, ["Anne"]);
}
