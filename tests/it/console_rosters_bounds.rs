//! What a roster on screen may not do: write people of other schools, a year or a time that are none, a plan that nobody
//! read, an undo without the agreement of its upload.

use axum::http::StatusCode;
use preau::administrators::roles::AdminRole;
use preau::app::Operation;
use preau::base::clock::Span;
use preau::db::Durability;
use preau::roster::formats::RosterFormat;
use preau::roster::ops::{ImportBounds, ImportContext, ImportRequest, import_files};
use preau::roster::reconcile::RemovalPolicy;
use preau::roster_admin::ops::claims::claim_next;
use preau::roster_admin::ops::work::work_on;
use preau::roster_admin::store::{UploadClaim, delete_expired, renew};

use crate::console_clients::administrator;
use crate::console_rosters::{count_pupils, crowd, multipart, work};
use crate::support::deployment::{LYCEE, MONOD};
use crate::support::people::school_exports;
use crate::support::{TestAdministrator, TestFamily, TestServer, WrongWords};

const REFUSED: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

async fn head(server: &TestServer) -> TestAdministrator {
    administrator(server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await
}

async fn academy(server: &TestServer, email: &str) -> TestAdministrator {
    administrator(server, AdminRole::Academy, "academy:montpellier", email).await
}

fn family(key: u32, phone: &'static str, child: u32) -> TestFamily {
    TestFamily { key, nom: "ROUX", prenom: "Paule", phone, children: vec![(child, "Inès", "02/02/2013", "6 A")] }
}

async fn phones(server: &TestServer) -> Vec<String> {
    server.query_texts("SELECT COALESCE(phone_blind, '') FROM person WHERE person_key = '600001'").await
}

#[tokio::test]
async fn threat_s15_attack_p1_a_school_writes_nobody_of_another_school_without_the_academy() {
    let server = TestServer::start().await;
    server.import_families("montpellier", LYCEE, &[family(600_001, "06 39 98 00 90", 960_001)]).await;
    let before = phones(&server).await;
    let mut head = head(&server).await;
    let mut one = academy(&server, "m@ac.example").await;
    let bait = family(600_002, "06 39 98 00 91", 960_002);
    for (n, stranger) in [
        // The parent of another school, with the head's own mobile, for a child of one's own: unlike and alike.
        family(600_001, "06 39 98 00 66", 960_003),
        family(600_001, "06 39 98 00 90", 960_003),
        // The child of another school.
        family(600_003, "06 39 98 00 66", 960_001),
    ]
    .into_iter()
    .enumerate()
    {
        let path = head.give_school(MONOD, &[bait.clone(), stranger]).await;
        work(&server).await;
        let seen = head.read(&path).await;
        assert!(!head.browser.page.has_element("#decider"), "{n}: {seen}");
        // Somebody known elsewhere looks like somebody new.
        let known = if n == 2 { "ELEVE 960001" } else { "PERSONNE 600001" };
        assert!(seen.contains(&format!("+ {known} : n'est pas encore connu")), "{n}: {seen}");
        assert!(!seen.contains("~ ") && !seen.contains("~1") && !seen.contains("~2"), "{n}: {seen}");
        assert!(!seen.contains("change : portable") && !seen.contains("concernée"), "{n}: {seen}");
        head.browser.get(&format!("{path}/rapport.csv")).await;
        let table = head.browser.page.text();
        assert!(!table.contains("~ ") && !table.contains("~1") && !table.contains("~2"), "{table}");
        head.browser.post(&format!("{path}/decision"), &[("decision", "take"), ("version", "2")]).await;
        assert_eq!(head.browser.page.status, StatusCode::NOT_FOUND);
        let seen = one.read(&path).await;
        assert!(seen.contains("d'un autre établissement est concernée"), "{n}: {seen}");
        one.browser.submit("decider", &[("decision", "take"), ("raison", "")]).await;
        assert_eq!(one.browser.page.status, REFUSED, "{n}: a reason is asked for");
        work(&server).await;
        assert_eq!((phones(&server).await, count_pupils(&server).await), (before.clone(), 0), "{n}");
    }
    // With a reason it is written; what was agreed with once needs no agreement where it stays as it is.
    let path = head.give_school(MONOD, &[bait.clone(), family(600_001, "06 39 98 00 66", 960_003)]).await;
    work(&server).await;
    one.read(&path).await;
    one.browser.submit("decider", &[("decision", "take"), ("raison", "Frère et sœur")]).await;
    work(&server).await;
    assert_ne!(phones(&server).await, before);
    let more = family(600_004, "06 39 98 00 92", 960_004);
    let families = [bait, family(600_001, "06 39 98 00 66", 960_003), more];
    let path = head.give_school(MONOD, &families).await;
    work(&server).await;
    let seen = head.read(&path).await;
    assert!(head.browser.page.has_element("#decider"), "{seen}");
    // A mail address gives no power over an account: where it alone is another one, nobody else is asked.
    let opening = "<PERSONNE PERSONNE_ID=\"600001\">";
    let [pupils, persons] = school_exports(MONOD, &families);
    let persons = persons.replace(opening, &format!("{opening}<MEL>paule@exemple.invalid</MEL>"));
    let path = give_texts(&mut head, [pupils, persons]).await;
    work(&server).await;
    let seen = head.read(&path).await;
    assert!(head.browser.page.has_element("#decider") && seen.contains("~ PERSONNE 600001"), "{seen}");
}

async fn give_texts(who: &mut TestAdministrator, [pupils, persons]: [String; 2]) -> String {
    let files = [("eleves.xml", pupils.as_bytes()), ("responsables.xml", persons.as_bytes())];
    let status = who.give(multipart(&[("uai", MONOD), ("format", "siecle")], &files)).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{}", who.browser.page.visible_text());
    who.browser.page.location().to_owned()
}

#[tokio::test]
async fn attack_p6_a_new_school_year_is_no_leave_to_remove_and_the_future_none_to_lock_the_school() {
    let server = TestServer::start().await;
    let mut head = head(&server).await;
    let last_year = |text: String| text.replace("SCOLAIRE>2026<", "SCOLAIRE>2025<").replace("20/11/2026", "08/09/2025");
    let path = give_texts(&mut head, school_exports(MONOD, &crowd(30)).map(last_year)).await;
    work(&server).await;
    head.read(&path).await;
    head.browser.submit("decider", &[]).await;
    work(&server).await;
    assert_eq!(count_pupils(&server).await, 30);
    for (count, words) in [(27, "L'accord de l'académie est demandé"), (20, "deux personnes de l'académie")] {
        let path = head.give_school(MONOD, &crowd(count)).await;
        work(&server).await;
        let seen = head.read(&path).await;
        assert!(seen.contains(words) && !head.browser.page.has_element("#decider"), "{count}: {seen}");
    }
    for (from, to, words) in [
        ("SCOLAIRE>2026<", "SCOLAIRE>2099<", "il est de l'année scolaire 2099"),
        ("SCOLAIRE>2026<", "SCOLAIRE>2027<", "il est de l'année scolaire 2027"),
        ("20/11/2026", "20/11/2099", "l'export est de demain ou de plus tard"),
    ] {
        let path = give_texts(&mut head, school_exports(MONOD, &crowd(30)).map(|text| text.replace(from, to))).await;
        work(&server).await;
        let seen = head.read(&path).await;
        assert!(seen.contains("Refusé") && seen.contains(words), "{words}: {seen}");
    }
    // The genuine one is taken after them.
    let path = head.give_school(MONOD, &crowd(30)).await;
    work(&server).await;
    head.read(&path).await;
    head.browser.submit("decider", &[]).await;
    work(&server).await;
    assert!(head.read(&path).await.contains("Pris"));
}

#[tokio::test]
async fn attack_p6_an_undo_needs_what_its_upload_needed_and_undoes_nothing_else() {
    let server = TestServer::start().await;
    let mut head = head(&server).await;
    let mut one = academy(&server, "m@ac.example").await;
    let path = head.give_school(MONOD, &crowd(30)).await;
    work(&server).await;
    head.read(&path).await;
    head.browser.submit("decider", &[]).await;
    work(&server).await;
    // All would go: no school does that alone.
    head.read(&path).await;
    assert!(!head.browser.page.has_element("#defaire"));
    head.browser.post(&format!("{path}/defaire"), &[("version", "4")]).await;
    assert_eq!(head.browser.page.status, StatusCode::NOT_FOUND);
    one.read(&path).await;
    server.advance(Span::minutes(6));
    one.browser.submit("defaire", &[]).await;
    assert!(one.browser.page.location().starts_with("/admin/preuve"), "{}", one.browser.page.location());
    one.browser.follow().await;
    one.browser.use_passkey(&mut one.authenticator, &WrongWords::default()).await;
    one.read(&path).await;
    let mut late = one.browser.clone_browser();
    late.get(&path).await;
    let why = [("raison", "Export d'un groupe")];
    // An import in between is not undone instead.
    server.import_families("montpellier", MONOD, &crowd(31)).await;
    late.submit("defaire", &why).await;
    assert_eq!((late.page.status, count_pupils(&server).await), (REFUSED, 31));
    // Interrupted after the undo, it is ended by doing it again.
    let path = head.give_school(MONOD, &crowd(34)).await;
    work(&server).await;
    head.read(&path).await;
    head.browser.submit("decider", &[]).await;
    work(&server).await;
    one.read(&path).await;
    one.browser.submit("defaire", &why).await;
    assert_eq!(count_pupils(&server).await, 31);
    server.execute_sql("UPDATE roster_upload SET state = 'taken' WHERE state = 'undone'", Vec::new()).await;
    one.read(&path).await;
    one.browser.submit("defaire", &why).await;
    assert!(one.read(&path).await.contains("Défait"));
    assert_eq!(count_pupils(&server).await, 31);
}

#[tokio::test]
async fn fault_rt14_two_uploads_of_one_school_are_written_one_after_the_other_each_as_it_was_read() {
    let server = TestServer::start().await;
    let mut head = head(&server).await;
    let first = head.give_school(MONOD, &crowd(30)).await;
    server.advance(Span::seconds(1));
    let second = head.give_school(MONOD, &crowd(31)).await;
    work(&server).await;
    for path in [&first, &second] {
        head.read(path).await;
        server.advance(Span::seconds(1));
        head.browser.submit("decider", &[]).await;
    }
    // Another server is at the first one; the second one was claimed before, and not written.
    let claimed =
        "UPDATE roster_upload SET claimed_until = $1, attempts = 1 WHERE id = (SELECT MIN(id) FROM roster_upload)";
    server.execute_sql(claimed, vec![(server.now().0 + 600_000).into()]).await;
    work(&server).await;
    assert_eq!(count_pupils(&server).await, 0, "one of a school at a time");
    server.execute_sql("UPDATE roster_upload SET claimed_until = 0, attempts = 2", Vec::new()).await;
    work(&server).await;
    let states =
        "SELECT state || ' ' || CASE WHEN run_id IS NULL THEN 'none' ELSE 'run' END FROM roster_upload ORDER BY id";
    assert_eq!(server.query_texts(states).await, ["taken run", "waiting none"], "nobody read the second difference");
    assert_eq!(count_pupils(&server).await, 30);
    // What is not the agreed plan is not written, even between the comparison and the writing.
    let files: Vec<_> = school_exports(MONOD, &crowd(40))
        .into_iter()
        .enumerate()
        .map(|(n, text)| {
            let path = server.folder().join(format!("agreed-{n}.xml"));
            std::fs::write(&path, text).unwrap();
            path
        })
        .collect();
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
    let bounds = ImportBounds { upload_id: "x", agreed: Some("the digest of another plan") };
    let ctx = ImportContext::new(op.storage(), &server.app.phone_parser).with_bounds(bounds);
    let mut said = String::new();
    let taken = import_files(ctx, &request, &mut |finding| said = format!("{said}{finding}\n")).await.unwrap();
    assert!(!taken && said.contains("something else than what was agreed with"), "{said}");
    assert_eq!(count_pupils(&server).await, 30);
}

#[tokio::test]
async fn fault_rt14_a_server_whose_claim_of_an_upload_was_lost_writes_nothing() {
    let server = TestServer::start().await;
    let mut head = head(&server).await;
    let path = head.give_school(MONOD, &crowd(30)).await;
    let job = || Operation::of_job(&server.app, "uploads");
    // Read by two: the slow one's claim ends, and the other one is first.
    let slow = claim_next(&job()).await.unwrap().unwrap();
    assert!(claim_next(&job()).await.unwrap().is_none(), "it is claimed");
    server.advance(Span::minutes(9));
    let renewed = async |claim: &UploadClaim| {
        let op = job();
        let mut tx = op.write(Durability::Relaxed).await.unwrap();
        let holds = renew(&mut tx, claim, server.now().plus(Span::minutes(10))).await.unwrap();
        tx.commit().await.unwrap();
        holds
    };
    assert!(renewed(&slow).await);
    server.advance(Span::minutes(9));
    assert!(claim_next(&job()).await.unwrap().is_none(), "it was renewed");
    server.advance(Span::minutes(2));
    let second = claim_next(&job()).await.unwrap().unwrap();
    assert!(!renewed(&slow).await, "lost");
    Box::pin(work_on(&job(), &slow)).await.unwrap();
    assert_eq!(server.query_texts("SELECT state FROM roster_upload").await, ["received"]);
    Box::pin(work_on(&job(), &second)).await.unwrap();
    assert_eq!(server.query_texts("SELECT state FROM roster_upload").await, ["waiting"]);
    assert!(!renewed(&second).await, "nothing is left to do");
    // Written by two.
    head.sign_in().await;
    head.read(&path).await;
    head.browser.submit("decider", &[]).await;
    let slow = claim_next(&job()).await.unwrap().unwrap();
    server.advance(Span::minutes(11));
    let second = claim_next(&job()).await.unwrap().unwrap();
    Box::pin(work_on(&job(), &slow)).await.unwrap();
    assert_eq!(count_pupils(&server).await, 0, "not by the one that lost it");
    Box::pin(work_on(&job(), &second)).await.unwrap();
    assert_eq!(count_pupils(&server).await, 30);
    assert_eq!(server.query_texts("SELECT state FROM roster_upload").await, ["taken"]);
}

#[tokio::test]
async fn attack_p6_another_choice_on_the_same_page_is_not_answered_as_done() {
    let server = TestServer::start().await;
    let mut head = head(&server).await;
    let path = head.give_school(MONOD, &crowd(30)).await;
    work(&server).await;
    head.read(&path).await;
    let mut back = head.browser.clone_browser();
    back.get(&path).await;
    let mut same = back.clone_browser();
    same.get(&path).await;
    head.browser.submit("decider", &[("decision", "take")]).await;
    back.submit("decider", &[("decision", "refuse"), ("raison", "Mauvais fichier")]).await;
    assert_eq!(back.page.status, REFUSED);
    assert!(back.page.visible_text().contains("Cela a changé depuis"), "{}", back.page.visible_text());
    same.submit("decider", &[("decision", "take")]).await;
    assert_eq!(same.page.location(), path, "the same choice has the same answer");
    work(&server).await;
    assert_eq!(count_pupils(&server).await, 30);
}

#[tokio::test]
async fn attack_p1_a_school_asks_eight_times_a_day_at_most_whether_somebody_is_known_elsewhere() {
    let server = TestServer::start().await;
    server.import_families("montpellier", LYCEE, &[family(600_001, "06 39 98 00 90", 960_001)]).await;
    let mut head = head(&server).await;
    let mut one = academy(&server, "m@ac.example").await;
    for _ in 0..8 {
        head.give_school(MONOD, &[family(600_001, "06 39 98 00 66", 960_003)]).await;
    }
    let [pupils, persons] = school_exports(MONOD, &crowd(3));
    let files = [("eleves.xml", pupils.as_bytes()), ("responsables.xml", persons.as_bytes())];
    let body = || multipart(&[("uai", MONOD), ("format", "siecle")], &files);
    assert_eq!(head.give(body()).await, REFUSED, "before the first one is read");
    work(&server).await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM roster_upload WHERE asks_others").await, 8);
    assert_eq!(head.give(body()).await, REFUSED);
    assert!(head.browser.page.visible_text().contains("Revenez demain"), "{}", head.browser.page.visible_text());
    // Whoever agrees learns nothing by it.
    assert_eq!(one.give(body()).await, StatusCode::SEE_OTHER);
    server.advance(Span::hours(25));
    head.sign_in().await;
    assert_eq!(head.give(body()).await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn attack_d1_files_that_nobody_decides_on_do_not_fill_the_database_and_are_forgotten() {
    let server = TestServer::start().await;
    let mut head = head(&server).await;
    let path = head.give_school(MONOD, &crowd(30)).await;
    work(&server).await;
    let given = server.query_count("SELECT bytes FROM roster_upload").await;
    assert!(given > 1_000, "{given}");
    // The school's figure is used up; the academy's; all of it.
    for (sql, words) in [
        ("UPDATE roster_upload SET bytes = 67108000", "de cet établissement attendent déjà"),
        ("UPDATE roster_upload SET bytes = 2147483600, uai = '0349998H'", "de l'académie attendent"),
        ("UPDATE roster_upload SET bytes = 8589934500, academy = 'toulouse'", "pour en garder d'autres"),
    ] {
        server.execute_sql(sql, Vec::new()).await;
        let body = multipart(&[("uai", MONOD), ("format", "siecle")], &[("a.xml", &[b'x'; 2_000])]);
        assert_eq!(head.give(body).await, REFUSED, "{words}");
        let seen = head.browser.page.visible_text();
        assert!(seen.contains(words), "{words}: {seen}");
    }
    let back = "UPDATE roster_upload SET bytes = 1, uai = '0349999J', academy = 'montpellier'";
    server.execute_sql(back, Vec::new()).await;
    assert_eq!(
        server.query_count("SELECT COUNT(*) FROM roster_upload").await,
        1,
        "nothing of what was refused is kept"
    );
    // A week without a decision.
    let seen = head.read(&path).await;
    assert!(seen.contains("Sans décision d'ici mardi 1er décembre"), "{seen}");
    let clean = async || {
        let op = Operation::of_job(&server.app, "cleanup");
        let mut tx = op.write(Durability::Relaxed).await.unwrap();
        delete_expired(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
    };
    server.advance(Span::days(6));
    clean().await;
    assert!(server.query_count("SELECT COUNT(*) FROM roster_upload_part").await > 0);
    server.advance(Span::days(1));
    clean().await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM roster_upload_part").await, 0);
    head.sign_in().await;
    let seen = head.read(&path).await;
    assert!(seen.contains("Arrêté") && seen.contains("Personne n'a décidé à temps"), "{seen}");
    // What waits for others waits longer.
    server.import_families("montpellier", MONOD, &crowd(30)).await;
    let path = head.give_school(MONOD, &crowd(12)).await;
    work(&server).await;
    server.advance(Span::days(29));
    clean().await;
    head.sign_in().await;
    assert!(head.read(&path).await.contains("deux personnes de l'académie"));
    server.advance(Span::days(1));
    clean().await;
    head.sign_in().await;
    assert!(head.read(&path).await.contains("Personne n'a décidé à temps"));
}
