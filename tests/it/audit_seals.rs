//! The seals of the audit: what was changed is found, and nothing else.

use preau::audit::{self, AuditDetails, AuditEvent};
use preau::base::clock::Span;
use preau::db::Durability;
use preau::roster::formats::RosterFormat;
use preau::roster::ops::undo::{ImportUndo, undo_last_run};
use preau::roster::ops::{ImportContext, ImportRequest, import_files};
use preau::roster::reconcile::RemovalPolicy;
use preau::roster::report::ImportFinding;
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use crate::support::deployment::{LYCEE, MONOD};
use crate::support::people::school_exports;
use crate::support::{SlowClock, TestFamily, TestServer};

async fn record(server: &TestServer, detail: &str) {
    let op = server.operation();
    let mut tx = op.write(Durability::Relaxed).await.unwrap();
    audit::store::record(&mut tx, AuditEvent::SignedOut, AuditDetails { detail, ..AuditDetails::default() })
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn seal(server: &TestServer) -> i64 {
    audit::ops::seal(server.operation().storage()).await.unwrap()
}

async fn problems(server: &TestServer) -> usize {
    let kept_since = server.now().minus(Span::days(400));
    audit::ops::verify(server.operation().storage(), kept_since).await.unwrap().problems.len()
}

/// Three seals: of the start, of two events, of one.
async fn sealed() -> TestServer {
    let server = TestServer::start().await;
    server.advance(Span::minutes(2));
    assert!(seal(&server).await > 0);
    for detail in ["one", "two"] {
        record(&server, detail).await;
        server.advance(Span::seconds(1));
    }
    assert_eq!(seal(&server).await, 0, "the last minute is not sealed yet");
    server.advance(Span::minutes(2));
    assert_eq!(seal(&server).await, 2);
    record(&server, "three").await;
    server.advance(Span::minutes(2));
    assert_eq!(seal(&server).await, 1);
    assert_eq!(problems(&server).await, 0);
    server
}

#[tokio::test]
async fn whatever_is_changed_behind_the_programs_back_is_found() {
    for sql in [
        "UPDATE audit SET detail = 'other' WHERE detail = 'one'",
        "UPDATE audit SET actor_id = 'somebody' WHERE detail = 'two'",
        "UPDATE audit SET at = at + 1 WHERE detail = 'two'",
        "DELETE FROM audit WHERE detail = 'three'",
        "DELETE FROM audit WHERE detail = 'two'",
        "DELETE FROM audit_seal WHERE seq = 2",
        "UPDATE audit_seal SET count = 1, last = first WHERE seq = 2",
        "INSERT INTO audit (id, at, fact, detail) SELECT first || '0', sealed_at, 'signed_in', '' FROM audit_seal \
         WHERE seq = 2",
    ] {
        let server = sealed().await;
        assert_eq!(server.execute_sql(sql, Vec::new()).await, 1, "{sql}");
        assert!(problems(&server).await > 0, "{sql}");
    }
}

#[tokio::test]
async fn two_servers_seal_the_same_events_once() {
    let server = TestServer::start().await;
    server.advance(Span::minutes(2));
    let (a, b) = (server.operation(), server.operation());
    let (a, b) = tokio::join!(audit::ops::seal(a.storage()), audit::ops::seal(b.storage()));
    let (a, b) = (a.unwrap(), b.unwrap());
    assert!(a > 0 || b > 0);
    while seal(&server).await > 0 {}
    assert_eq!(problems(&server).await, 0);
    let counted = server.query_count("SELECT CAST(SUM(count) AS BIGINT) FROM audit_seal").await;
    assert_eq!(counted, server.query_count("SELECT COUNT(*) FROM audit").await);
}

#[tokio::test]
async fn an_empty_audit_has_nothing_to_seal_and_is_sound() {
    let server = TestServer::start().await;
    server.execute_sql("DELETE FROM audit", Vec::new()).await;
    server.advance(Span::minutes(2));
    assert_eq!((seal(&server).await, problems(&server).await), (0, 0));
}

/// Of an import and of its undo, what is sealed after a school is not followed by facts of another one from before.
#[tokio::test(flavor = "multi_thread")]
async fn an_import_of_rosters_and_its_undo_that_take_minutes_leave_the_seals_whole() {
    let server = TestServer::start().await;
    let mut files = Vec::new();
    for (uai, family) in [(MONOD, TestFamily::durand()), (LYCEE, TestFamily::petit())] {
        for (what, text) in ["eleves", "responsables"].into_iter().zip(school_exports(uai, &[family])) {
            files.push(server.folder().join(format!("{uai}-{what}.xml")));
            std::fs::write(files.last().unwrap(), text).unwrap();
        }
    }
    let request = ImportRequest {
        format: RosterFormat::Siecle,
        academy: "montpellier".to_owned(),
        files,
        tables: None,
        removals: RemovalPolicy::Accepted,
        takes_lead: false,
        dry_run: false,
    };
    let op = server.operation();
    let ctx = ImportContext::new(op.storage(), &server.app.phone_parser);
    let mut tell = |finding: ImportFinding| {
        let ImportFinding::School(_) = finding else { return };
        server.advance(Span::minutes(2));
        block_in_place(|| Handle::current().block_on(async { while seal(&server).await > 0 {} }));
    };
    assert!(import_files(ctx.with_clock(server.app.clock.as_ref()), &request, &mut tell).await.unwrap());
    let slow = SlowClock(server.clone());
    let undone = undo_last_run(ctx.with_clock(&slow), "montpellier", None).await.unwrap();
    assert!(matches!(undone, ImportUndo::Done { .. }), "{undone:?}");
    server.advance(Span::minutes(2));
    while seal(&server).await > 0 {}
    let kept_since = server.now().minus(Span::days(400));
    let report = audit::ops::verify(server.operation().storage(), kept_since).await.unwrap();
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    for fact in ["roster_imported", "roster_import_undone"] {
        let mut tx = server.app.db.read().await.unwrap();
        let sql = "SELECT COUNT(DISTINCT at) FROM audit WHERE fact = $1";
        assert_eq!(tx.fetch_one::<(i64,)>(sql, vec![fact.into()]).await.unwrap().0, 2, "{fact}");
    }
}
