//! Rosters on screen: who gives them, what is read before anything is written, who agrees, the undo, hostile uploads.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use preau::administrators::roles::AdminRole;
use preau::app::Operation;
use preau::base::clock::Span;
use preau::roster_admin::ops::work::work_once;

use crate::console_clients::{administrator, end_role_of};
use crate::support::deployment::{LYCEE, MONOD};
use crate::support::people::school_exports;
use crate::support::{TestAdministrator, TestFamily, TestServer};

const REFUSED: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

/// A family for each number, in one of two classes.
pub fn crowd(count: u32) -> Vec<TestFamily> {
    let family = |n: u32| TestFamily {
        key: 510_000 + n,
        nom: ["ABADIE", "BARTHE", "CARRIERE", "DUPUY", "ESTEVE"][n as usize % 5],
        prenom: ["Anne", "Benoît", "Chloé", "David", "Élise", "Farid", "Gaël"][n as usize % 7],
        phone: "",
        children: vec![(910_000 + n, "Zoé", "14/02/2013", if n.is_multiple_of(2) { "6 A" } else { "6 B" })],
    };
    (0..count).map(family).collect()
}

/// Encodes a form with files.
pub fn multipart(fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in fields {
        let part = format!("--XyZ\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        out.extend_from_slice(part.as_bytes());
    }
    for (name, content) in files {
        let head = format!(
            "--XyZ\r\nContent-Disposition: form-data; name=\"fichiers\"; filename=\"{name}\"\r\n\
             Content-Type: text/xml\r\n\r\n"
        );
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(content);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"--XyZ--\r\n");
    out
}

impl TestAdministrator {
    pub async fn give(&mut self, body: Vec<u8>) -> StatusCode {
        self.browser.post_body("/admin/bases/deposer", "multipart/form-data; boundary=XyZ", Body::from(body)).await;
        self.browser.page.status
    }

    /// Gives the exports of a school. Returns the address of the upload.
    pub async fn give_school(&mut self, uai: &str, families: &[TestFamily]) -> String {
        let [pupils, persons] = school_exports(uai, families);
        let files = [("eleves.xml", pupils.as_bytes()), ("responsables.xml", persons.as_bytes())];
        let status = self.give(multipart(&[("uai", uai), ("format", "siecle")], &files)).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{}", self.browser.page.visible_text());
        self.browser.page.location().to_owned()
    }

    pub async fn read(&mut self, path: &str) -> String {
        self.browser.get(path).await;
        assert_eq!(self.browser.page.status, StatusCode::OK, "{path}");
        self.browser.page.visible_text()
    }
}

pub async fn work(server: &TestServer) {
    while Box::pin(work_once(&Operation::of_job(&server.app, "uploads"))).await.unwrap() {}
}

pub async fn count_pupils(server: &TestServer) -> i64 {
    server.query_count("SELECT COUNT(*) FROM enrolment WHERE uai = '0349999J' AND ended_at IS NULL").await
}

#[tokio::test]
async fn threat_s15_attack_p1_each_role_gives_and_reads_rosters_of_its_territory_only() {
    let server = TestServer::start().await;
    let mut head = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    let path = head.give_school(MONOD, &crowd(3)).await;
    work(&server).await;
    for (n, (role, territory, may)) in [
        (AdminRole::National, "all", true),
        (AdminRole::National, "ministry:en", true),
        (AdminRole::National, "ministry:agriculture", false),
        (AdminRole::Academy, "academy:montpellier", true),
        (AdminRole::Academy, "academy:toulouse", false),
        (AdminRole::SchoolHead, "school:0349999J", true),
        (AdminRole::SchoolHead, "school:0349998H", false),
        (AdminRole::Delegate, "school:0349999J", false),
        (AdminRole::Delegate, "class:0349999J/6 A", false),
        (AdminRole::HelpDesk, "all", false),
        (AdminRole::ServiceContact, "client:ent", false),
        (AdminRole::Auditor, "all", false),
    ]
    .into_iter()
    .enumerate()
    {
        let mut who = administrator(&server, role, territory, &format!("a{n}@ac.example")).await;
        let right = if may { StatusCode::OK } else { StatusCode::NOT_FOUND };
        let mut unknown = Vec::new();
        for path in [path.clone(), format!("/admin/bases/{}", "f".repeat(32))] {
            who.browser.get(&path).await;
            let sees = may && !path.ends_with('f');
            assert_eq!(who.browser.page.status == StatusCode::OK, sees, "{role:?} {territory} {path}");
            if !sees {
                unknown.push(who.browser.page.text().replace(&path, ""));
            }
            who.browser.get(&format!("{path}/rapport.csv")).await;
            assert_eq!(who.browser.page.status == StatusCode::OK, sees, "{role:?} {territory} {path}");
            for act in ["decision", "arreter", "defaire"] {
                who.browser.post(&format!("{path}/{act}"), &[("version", "77"), ("decision", "take")]).await;
                let status = if sees { REFUSED } else { StatusCode::NOT_FOUND };
                assert_eq!(who.browser.page.status, status, "{role:?} {territory} {act}");
            }
        }
        assert!(unknown.windows(2).all(|two| two[0] == two[1]), "the same bytes as what is not there");
        let body = multipart(&[("uai", MONOD), ("format", "siecle")], &[("a.xml", b"<a/>")]);
        let status = who.give(body).await;
        assert_eq!(status, if may { StatusCode::SEE_OTHER } else { StatusCode::NOT_FOUND }, "{role:?} {territory}");
        who.browser.get("/admin/bases").await;
        let lists = matches!(role, AdminRole::National | AdminRole::Academy | AdminRole::SchoolHead);
        assert_eq!(who.browser.page.status == StatusCode::OK, lists, "{role:?} {territory}");
        let listed = lists && who.browser.page.text().contains(&path);
        assert_eq!(listed, may, "{role:?} {territory} lists {right}");
    }
    assert_eq!(count_pupils(&server).await, 0, "nothing is written before a decision");
}

#[tokio::test]
async fn a_school_gives_its_files_reads_the_difference_confirms_and_goes_back() {
    let server = TestServer::start().await;
    let mut head = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    let path = head.give_school(MONOD, &crowd(30)).await;
    let seen = head.read(&path).await;
    assert!(seen.contains("Les fichiers sont lus") && head.browser.page.text().contains("http-equiv=\"refresh\""));
    assert!(!head.read(&format!("{path}?arret=1")).await.contains("Ne plus actualiser"));
    let sealed = server.query_texts("SELECT content FROM roster_upload_part").await;
    assert!(!sealed.is_empty() && sealed.iter().all(|part| !part.contains("ABADIE")), "sealed");
    work(&server).await;
    let seen = head.read(&path).await;
    assert!(seen.contains("Attend une décision") && seen.contains("n'est pas encore connu"), "{seen}");
    assert!(!head.browser.page.text().contains("http-equiv") && !seen.contains("ABADIE"), "no name");
    assert_eq!(count_pupils(&server).await, 0);
    let mut twice = head.browser.clone_browser();
    twice.get(&path).await;
    head.browser.submit("decider", &[]).await;
    assert_eq!(head.browser.page.location(), path);
    twice.submit("decider", &[]).await;
    assert_eq!(twice.page.location(), path, "posted twice, the same answer");
    work(&server).await;
    let seen = head.read(&path).await;
    assert!(seen.contains("Pris") && seen.contains("30 élèves présents"), "{seen}");
    assert_eq!(count_pupils(&server).await, 30);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM roster_upload_part").await, 0, "the files are forgotten");
    let by = "SELECT role || '|' || actor_kind FROM audit WHERE fact = 'roster_imported'";
    assert_eq!(server.query_texts(by).await, ["school_head@0349999J|administrator"]);
    head.browser.get(&format!("{path}/rapport.csv")).await;
    let table = head.browser.page.text();
    assert!(table.contains("30 current pupils"), "the table has the command's sentences: {table}");
    assert!(table.lines().skip(1).all(|line| line.starts_with("\"0349999J\";\"")), "{table}");
    assert!(table.contains("\"'+ ELEVE"), "no formula: {table}");
    // All of it: two persons of the academy take that back, and say why.
    let mut one = administrator(&server, AdminRole::Academy, "academy:montpellier", "m@ac.example").await;
    let mut two = administrator(&server, AdminRole::Academy, "academy:montpellier", "n@ac.example").await;
    assert!(one.read(&path).await.contains("deux personnes de l'académie doivent"));
    let mut same = one.browser.clone_browser();
    same.get(&path).await;
    for reason in ["", "  ", &"x".repeat(301)] {
        one.browser.submit("defaire", &[("raison", reason)]).await;
        assert_eq!(one.browser.page.status, REFUSED, "{reason}");
    }
    let why = [("raison", "Mauvais établissement")];
    for browser in [&mut one.browser, &mut same] {
        browser.submit("defaire", &why).await;
        assert_eq!(browser.page.location(), path, "{}", browser.page.visible_text());
    }
    assert_eq!(count_pupils(&server).await, 30, "one agreement undoes nothing");
    let seen = one.read(&path).await;
    assert!(seen.contains("Il manque une deuxième personne") && !one.browser.page.has_element("#defaire"), "{seen}");
    let version = server.query_count("SELECT version FROM roster_upload").await.to_string();
    one.browser.post(&format!("{path}/defaire"), &[("version", &version), why[0]]).await;
    assert_eq!(one.browser.page.status, REFUSED, "the same person twice is one person");
    assert!(two.read(&path).await.contains("Mauvais établissement"));
    let mut again = two.browser.clone_browser();
    again.get(&path).await;
    for browser in [&mut two.browser, &mut again] {
        browser.submit("defaire", &[("raison", "Vu avec le collège")]).await;
        assert_eq!(browser.page.location(), path, "{}", browser.page.visible_text());
    }
    let seen = head.read(&path).await;
    assert!(seen.contains("Défait") && seen.contains("Vu avec le collège"), "{seen}");
    assert_eq!(count_pupils(&server).await, 0);
    let facts = "SELECT detail || '|' || reason FROM audit WHERE detail LIKE 'siecle: und%' ORDER BY detail";
    let right = ["siecle: undo first|Mauvais établissement", "siecle: undone|Vu avec le collège"];
    assert_eq!(server.query_texts(facts).await, right);
}

#[tokio::test]
async fn attack_p6_many_departures_need_the_academy_and_a_fifth_of_them_two_persons() {
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &crowd(30)).await;
    let mut head = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    let mut one = administrator(&server, AdminRole::Academy, "academy:montpellier", "m@ac.example").await;
    let mut two = administrator(&server, AdminRole::Academy, "academy:montpellier", "n@ac.example").await;
    let path = head.give_school(MONOD, &crowd(27)).await;
    work(&server).await;
    let seen = head.read(&path).await;
    assert!(seen.contains("3 élèves sur 30 partiraient (10,0") && !head.browser.page.has_element("#decider"), "{seen}");
    let decision = format!("{path}/decision");
    head.browser.post(&decision, &[("decision", "take"), ("version", "2"), ("raison", "x")]).await;
    assert_eq!(head.browser.page.status, StatusCode::NOT_FOUND, "a school does not accept its own");
    one.read(&path).await;
    one.browser.submit("decider", &[("decision", "take"), ("raison", " ")]).await;
    assert_eq!(one.browser.page.status, REFUSED);
    one.browser.submit("decider", &[("decision", "take"), ("raison", "Départs réels")]).await;
    assert_eq!(one.browser.page.location(), path, "{}", one.browser.page.visible_text());
    work(&server).await;
    assert_eq!(count_pupils(&server).await, 27);
    // A fifth and more: the same person twice is one person.
    let path = head.give_school(MONOD, &crowd(12)).await;
    work(&server).await;
    let seen = one.read(&path).await;
    assert!(seen.contains("deux personnes de l'académie"), "{seen}");
    let take = [("decision", "take"), ("raison", "Fermeture de classes")];
    one.browser.submit("decider", &take).await;
    assert_eq!(one.browser.page.location(), path);
    assert!(
        one.read(&path).await.contains("Il manque une deuxième personne") && !one.browser.page.has_element("#decider")
    );
    let row = server.query_texts("SELECT version || ' ' || digest FROM roster_upload WHERE state = 'waiting'").await;
    let (version, digest) = row[0].split_once(' ').unwrap();
    let own = [("decision", "take"), ("raison", "encore"), ("version", version), ("empreinte", digest)];
    one.browser.post(&format!("{path}/decision"), &own).await;
    assert_eq!(one.browser.page.status, REFUSED);
    work(&server).await;
    assert_eq!(count_pupils(&server).await, 27, "one agreement writes nothing");
    two.read(&path).await;
    // Something else is imported between the page and its form: what is written is what was read, or nothing.
    server.import_families("montpellier", MONOD, &crowd(26)).await;
    two.browser.submit("decider", &take).await;
    work(&server).await;
    assert_eq!(count_pupils(&server).await, 26);
    let seen = two.read(&path).await;
    assert!(seen.contains("Attend une décision") && seen.contains("14 élèves sur 26"), "{seen}");
    // Both agree again; the first one's role ends before the worker comes.
    two.browser.submit("decider", &take).await;
    one.read(&path).await;
    one.browser.submit("decider", &take).await;
    end_role_of(&server, "n@ac.example", AdminRole::Academy).await;
    work(&server).await;
    assert_eq!(count_pupils(&server).await, 26);
    assert!(one.read(&path).await.contains("Refusé"));
    // A stale proof leads to the proof.
    let path = head.give_school(MONOD, &crowd(24)).await;
    work(&server).await;
    one.read(&path).await;
    server.advance(Span::minutes(6));
    one.browser.submit("decider", &take).await;
    assert!(one.browser.page.location().starts_with("/admin/preuve"), "{}", one.browser.page.location());
}

#[tokio::test]
async fn attack_d1_cut_oversized_foreign_and_hostile_uploads_write_nothing() {
    let server = TestServer::start().await;
    let mut head = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    let [pupils, persons] = school_exports(MONOD, &crowd(3));
    let fields = [("uai", MONOD), ("format", "siecle")];
    let whole = multipart(&fields, &[("a.xml", pupils.as_bytes()), ("b.xml", persons.as_bytes())]);
    for length in [0, 10, whole.len() / 2, whole.len() - 10] {
        assert_eq!(head.give(whole[..length].to_vec()).await, StatusCode::BAD_REQUEST, "{length}");
    }
    let large = multipart(&fields, &[("a.xml", &vec![b' '; 33 << 20])]);
    assert_eq!(head.give(large).await, StatusCode::PAYLOAD_TOO_LARGE);
    let xml = pupils.as_bytes();
    for (fields, files, words) in [
        (fields, vec![], "Choisissez de 1 à 4 fichiers"),
        (fields, vec![("a.xml", xml); 5], "Choisissez de 1 à 4 fichiers"),
        (fields, vec![("a.xml", &b""[..])], "vide"),
        (fields, vec![("a.zip", &b"PK\x03\x04zzzz"[..])], "ne s'ouvre pas"),
        ([("uai", "0349999"), ("format", "siecle")], vec![("a.xml", xml)], "sept chiffres et une lettre"),
        ([("uai", MONOD), ("format", "aaf")], vec![("a.xml", xml)], "Dites quels fichiers"),
    ] {
        assert_eq!(head.give(multipart(&fields, &files)).await, REFUSED, "{words}");
        let seen = head.browser.page.visible_text();
        assert!(seen.contains(words), "{words}: {seen}");
    }
    // Another school's UAI, and another school's files under one's own.
    assert_eq!(
        head.give(multipart(&[("uai", LYCEE), ("format", "siecle")], &[("a.xml", xml)])).await,
        StatusCode::NOT_FOUND
    );
    let others = school_exports(LYCEE, &crowd(3));
    let files = [("../../é\".xml", others[0].as_bytes()), ("b.xml", others[1].as_bytes())];
    assert_eq!(head.give(multipart(&fields, &files)).await, StatusCode::SEE_OTHER);
    let path = head.browser.page.location().to_owned();
    work(&server).await;
    let seen = head.read(&path).await;
    assert!(seen.contains("Refusé") && seen.contains("les fichiers sont d'un autre établissement"), "{seen}");
    // An entity, half a file, no XML at all: refused by the reader.
    for content in
        ["<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><BEE_ELEVES>&x;</BEE_ELEVES>", "\0\0", &pupils[..200]]
    {
        assert_eq!(head.give(multipart(&fields, &[("x.xml", content.as_bytes())])).await, StatusCode::SEE_OTHER);
        let path = head.browser.page.location().to_owned();
        work(&server).await;
        let seen = head.read(&path).await;
        assert!(seen.contains("Refusé") && !seen.contains("root:"), "{seen}");
        assert!(!seen.contains("/proc/self"), "its own name: {seen}");
    }
    // A form of another site, and nobody's.
    let request = |origin: &'static str| {
        Request::post("/admin/bases/deposer")
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=XyZ")
            .header(header::ORIGIN, origin)
            .header("sec-fetch-site", if origin.contains("evil") { "cross-site" } else { "same-origin" })
            .body(Body::from(whole.clone()))
            .unwrap()
    };
    assert_eq!(server.call(request("https://evil.example")).await.status, StatusCode::FORBIDDEN);
    let nobody = Request::post("/admin/bases/deposer").body(Body::from(whole.clone())).unwrap();
    assert_eq!(server.call(nobody).await.status, StatusCode::SEE_OTHER);
    assert_eq!(count_pupils(&server).await, 0);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM roster_upload_part").await, 0);
}

#[tokio::test]
async fn fault_rt14_an_upload_survives_a_restart_and_is_written_once() {
    let server = TestServer::start().await;
    let mut head = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    let path = head.give_school(MONOD, &crowd(30)).await;
    let other = server.restart().await;
    work(&other).await;
    head.read(&path).await;
    head.browser.submit("decider", &[]).await;
    // Somebody claimed it and died.
    server
        .execute_sql(
            "UPDATE roster_upload SET claimed_until = $1, attempts = 1",
            vec![(server.now().0 + 600_000).into()],
        )
        .await;
    work(&other).await;
    assert_eq!(count_pupils(&server).await, 0, "it is another server's for ten minutes");
    server.advance(Span::minutes(11));
    // And had written it already.
    server.execute_sql("UPDATE roster_upload SET claimed_until = 0, attempts = 0", Vec::new()).await;
    work(&other).await;
    let seen = head.read(&path).await;
    assert!(seen.contains("Pris"), "{seen}");
    assert_eq!(count_pupils(&server).await, 30);
    let written = "SELECT COUNT(*) FROM audit WHERE fact = 'roster_imported'";
    assert_eq!(server.query_count(written).await, 1);
    // Taken back before it was read, nothing is left of it.
    let path = head.give_school(MONOD, &crowd(30)).await;
    head.read(&path).await;
    head.browser.submit("arreter", &[]).await;
    work(&server).await;
    assert!(head.read(&path).await.contains("Arrêté"));
    assert_eq!(server.query_count("SELECT COUNT(*) FROM roster_upload_part").await, 0);
}
