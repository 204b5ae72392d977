//! Rosters by the Admin API: given once, read page by page, decided as far as a school decides alone, undone.

use axum::http::StatusCode;
use preau::administrators::roles::AdminRole;
use preau::base::clock::Span;
use serde_json::Value;

use crate::admin_api_tokens::{API, Call, make_token};
use crate::console_clients::administrator;
use crate::console_rosters::{count_pupils, crowd, multipart, work};
use crate::support::deployment::MONOD;
use crate::support::people::school_exports;
use crate::support::{TestFamily, TestResponse, TestServer};

const UPLOAD: &str = "/schools/0349999J/imports?format=siecle";
const SCOPES: [&str; 2] = ["rosters:read", "rosters:write"];

/// A form with files, as programs send it.
fn form(boundary: &str, files: &[(&str, &str, &str)]) -> String {
    let mut out = String::new();
    for (part, name, content) in files {
        out.push_str(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{part}\"; filename=\"{name}\"\r\n\r\n{content}\r\n"
        ));
    }
    out.push_str(&format!("--{boundary}--\r\n"));
    out
}

async fn give(server: &TestServer, token: &str, boundary: &str, body: &str, key: &str) -> TestResponse {
    let kind = format!("multipart/form-data; boundary={boundary}");
    let mut headers = vec![("content-type", kind.as_str())];
    if !key.is_empty() {
        headers.push(("idempotency-key", key));
    }
    server.api(token, ("POST", UPLOAD), Call { headers: &headers, body: Some(body) }).await
}

/// Gives the exports of the school. Returns the address of the upload, and its version.
async fn give_school(server: &TestServer, token: &str, families: &[TestFamily]) -> (String, String) {
    let [pupils, persons] = school_exports(MONOD, families);
    let body =
        form("XyZ", &[("files", "eleves.xml", pupils.as_str()), ("files", "responsables.xml", persons.as_str())]);
    let given = give(server, token, "XyZ", &body, "").await;
    assert_eq!(given.status, StatusCode::CREATED, "{}", given.visible_text());
    let path = given.header("location").strip_prefix(API).unwrap().to_owned();
    work(server).await;
    let version = server.api_get(token, &path).await.header("etag").to_owned();
    (path, version)
}

async fn act(server: &TestServer, token: &str, path: &str, version: &str, body: &str) -> TestResponse {
    server.api(token, ("POST", path), Call { headers: &[("if-match", version)], body: Some(body) }).await
}

#[tokio::test]
async fn a_program_gives_a_roster_reads_the_difference_takes_it_and_goes_back() {
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &crowd(30)).await;
    let mut head = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    let token = make_token(&mut head, &SCOPES, &[]).await;
    // Later than the import before it: which of the two is the last is asked below.
    server.advance(Span::seconds(1));
    let (path, version) = give_school(&server, &token, &crowd(31)).await;
    let seen = server.api_get(&token, &path).await.json();
    assert_eq!((&seen["state"], &seen["needs"]), (&"waiting".into(), &"confirmation".into()), "{seen}");
    assert_eq!((&seen["program_may_decide"], &seen["preview"]["enrolments"]["new"]), (&true.into(), &1.into()));
    // Page by page; a cursor of the lines of another version is none.
    let first = server.api_get(&token, &format!("{path}/changes?limit=1")).await.json();
    let next = first["next"].as_str().unwrap().to_owned();
    assert!(first["all"].as_i64().unwrap() > 1 && first["items"].as_array().unwrap().len() == 1, "{first}");
    let second = server.api_get(&token, &format!("{path}/changes?limit=1&cursor={next}")).await.json();
    assert_ne!(first["items"], second["items"]);
    let elsewhere = server.api_get(&token, &format!("{path}/report?cursor={next}")).await;
    assert_eq!(elsewhere.problem(), "bad_cursor");
    // What was read, or nothing.
    let decision = format!("{path}/decision");
    let take = r#"{"choice":"take"}"#;
    let bare = server.api(&token, ("POST", &decision), Call { headers: &[], body: Some(take) }).await;
    assert_eq!(bare.problem(), "version_required");
    assert_eq!(act(&server, &token, &decision, "\"99\"", take).await.problem(), "changed");
    let refused = act(&server, &token, &decision, &version, r#"{"choice":"refuse","reason":" "}"#).await;
    assert_eq!(refused.problem(), "bad_value", "a refusal has a reason");
    let taken = act(&server, &token, &decision, &version, take).await;
    assert_eq!((taken.status, &taken.json()["state"]), (StatusCode::OK, &"writing".into()));
    assert_eq!(act(&server, &token, &decision, &version, take).await.problem(), "changed", "asked twice");
    assert_eq!(server.api_get(&token, &format!("{path}/changes?cursor={next}")).await.problem(), "bad_cursor");
    work(&server).await;
    assert_eq!(count_pupils(&server).await, 31);
    let seen = server.api_get(&token, &path).await;
    let version = seen.header("etag").to_owned();
    assert_eq!(seen.json()["program_may_undo"], true, "{}", seen.visible_text());
    let report = server.api_get(&token, &format!("{path}/report")).await.json();
    assert_eq!(report["items"].as_array().map(Vec::len), report["all"].as_u64().map(|n| n as usize), "{report}");
    let stopped = server.api(&token, ("DELETE", &path), Call { headers: &[("if-match", &version)], body: None }).await;
    assert_eq!(stopped.problem(), "not_open");
    let undo = format!("{path}/undo");
    assert_eq!(act(&server, &token, &undo, &version, r#"{"reason":" "}"#).await.problem(), "bad_value");
    let undone = act(&server, &token, &undo, &version, r#"{"reason":"Essai"}"#).await;
    assert_eq!((undone.status, &undone.json()["state"]), (StatusCode::OK, &"undone".into()));
    assert_eq!(count_pupils(&server).await, 30);
    let by = "SELECT DISTINCT actor_kind || ' ' || role FROM audit WHERE fact = 'roster_upload_decided'";
    assert_eq!(server.query_texts(by).await, ["token school_head@0349999J"]);
}

#[tokio::test]
async fn attack_p6_no_program_accepts_removals_and_what_waits_is_taken_back() {
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &crowd(30)).await;
    let mut academy = administrator(&server, AdminRole::Academy, "academy:montpellier", "a@ac.example").await;
    let token = make_token(&mut academy, &SCOPES, &[]).await;
    for left in [27, 12] {
        let (path, version) = give_school(&server, &token, &crowd(left)).await;
        let seen = server.api_get(&token, &path).await.json();
        assert_eq!(seen["program_may_decide"], false, "{seen}");
        for choice in [r#"{"choice":"take","reason":"x"}"#, r#"{"choice":"refuse","reason":"x"}"#] {
            let answer = act(&server, &token, &format!("{path}/decision"), &version, choice).await;
            assert_eq!(answer.problem(), "person_decides");
        }
        let with = Call { headers: &[("if-match", &version)], body: None };
        assert_eq!(server.api(&token, ("DELETE", &path), with).await.json()["state"], "stopped");
    }
    work(&server).await;
    assert_eq!(count_pupils(&server).await, 30);
}

#[tokio::test]
async fn attack_d1_hostile_files_of_a_program_write_nothing_and_one_key_is_one_upload() {
    let server = TestServer::start().await;
    let mut head = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    let token = make_token(&mut head, &SCOPES, &[]).await;
    let one = form("XyZ", &[("files", "a.xml", "<a/>")]);
    let five = form("XyZ", &[("files", "a.xml", "<a/>"); 5]);
    let of = |part, name, content| form("XyZ", &[(part, name, content)]);
    let bodies = [
        (String::new(), "bad_files"),
        ("--XyZ--\r\n".to_owned(), "bad_files"),
        (one[..one.len() - 6].to_owned(), "bad_files"),
        (form("Other", &[("files", "a.xml", "<a/>")]), "bad_files"),
        (of("fichiers", "a.xml", "<a/>"), "unknown_field"),
        (of("files", "a.xml", ""), "bad_files"),
        (of("files", "a.zip", "PK\u{3}\u{4} no zip"), "bad_files"),
        (five, "bad_files"),
    ];
    for (body, code) in bodies {
        let answer = give(&server, &token, "XyZ", &body, "").await;
        assert_eq!(answer.problem(), code, "{}", body.chars().take(60).collect::<String>());
    }
    let json = Call { headers: &[], body: Some("{}") };
    assert_eq!(server.api(&token, ("POST", UPLOAD), json).await.problem(), "files_expected");
    let kind = [("content-type", "multipart/form-data; boundary=XyZ")];
    for path in ["/schools/0349999J/imports", "/schools/0349999J/imports?format=aaf"] {
        let answer = server.api(&token, ("POST", path), Call { headers: &kind, body: Some(&one) }).await;
        assert_eq!(answer.problem(), "bad_parameter", "{path}");
    }
    let other = Call { headers: &kind, body: Some(&one) };
    let outside = server.api(&token, ("POST", "/schools/0349998H/imports?format=siecle"), other).await;
    assert_eq!(outside.problem(), "not_found");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM roster_upload").await, 0);
    // The same files in a form with another boundary are the same request.
    let first = give(&server, &token, "XyZ", &one, "night-1").await;
    let again = give(&server, &token, "AbC", &form("AbC", &[("files", "a.xml", "<a/>")]), "night-1").await;
    assert_eq!((first.status, &first.bytes), (StatusCode::CREATED, &again.bytes));
    let changed = give(&server, &token, "XyZ", &form("XyZ", &[("files", "a.xml", "<b/>")]), "night-1").await;
    assert_eq!(changed.problem(), "idempotency_key_reused");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM roster_upload").await, 1);
    let seen: Value = server.api_get(&token, "/imports").await.json();
    assert_eq!(seen["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn attack_d1_programs_that_ask_for_agreement_use_up_a_share_of_their_own() {
    let server = TestServer::start().await;
    let mut head = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    let token = make_token(&mut head, &SCOPES, &[]).await;
    let by_program = form("XyZ", &[("files", "a.xml", "<a/>")]);
    let by_hand = || multipart(&[("uai", MONOD), ("format", "siecle")], &[("a.xml", b"<a/>")]);
    // Whatever is not read yet may ask for it.
    for _ in 0..8 {
        let given = give(&server, &token, "XyZ", &by_program, "").await;
        assert_eq!(given.status, StatusCode::CREATED, "{}", given.visible_text());
    }
    assert_eq!(give(&server, &token, "XyZ", &by_program, "").await.problem(), "too_many_of_day");
    for _ in 0..8 {
        assert_eq!(head.give(by_hand()).await, StatusCode::SEE_OTHER, "{}", head.browser.page.visible_text());
    }
    assert_eq!(head.give(by_hand()).await, StatusCode::UNPROCESSABLE_ENTITY);
    // The other way round: the person used up the own share, and the program goes on.
    server.execute_sql("DELETE FROM roster_upload_part", Vec::new()).await;
    server.execute_sql("DELETE FROM roster_upload WHERE token_id IS NOT NULL", Vec::new()).await;
    assert_eq!(head.give(by_hand()).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(give(&server, &token, "XyZ", &by_program, "").await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn attack_d1_files_of_programs_that_nobody_decides_on_leave_room_for_those_of_persons() {
    let server = TestServer::start().await;
    let mut head = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    let token = make_token(&mut head, &SCOPES, &[]).await;
    let content = "x".repeat(2_000);
    let by_program = form("XyZ", &[("files", "a.xml", content.as_str())]);
    let by_hand = || multipart(&[("uai", MONOD), ("format", "siecle")], &[("a.xml", content.as_bytes())]);
    assert_eq!(give(&server, &token, "XyZ", &by_program, "").await.status, StatusCode::CREATED);
    assert_eq!(head.give(by_hand()).await, StatusCode::SEE_OTHER);
    let fill = "UPDATE roster_upload SET bytes = CASE WHEN (token_id IS NOT NULL) = $1 THEN $2 ELSE 1 END, uai = $3, \
                academy = $4";
    let (school, academy, programs) = (67_108_000_i64, 2_147_483_600_i64, 4_294_967_000_i64);
    for (bytes, uai, of_academy, place) in [
        (school, MONOD, "montpellier", "school"),
        (academy, "0349998H", "montpellier", "academy"),
        (programs, "0319999A", "toulouse", "deployment"),
    ] {
        server.execute_sql(fill, vec![true.into(), bytes.into(), uai.into(), of_academy.into()]).await;
        let refused = give(&server, &token, "XyZ", &by_program, "").await;
        assert_eq!(refused.problem(), "uploads_full", "{place}");
        let told: Value = serde_json::from_slice(&refused.bytes).unwrap();
        assert_eq!(told["place"], place);
        assert_eq!(head.give(by_hand()).await, StatusCode::SEE_OTHER, "{place}");
    }
    server.execute_sql(fill, vec![false.into(), school.into(), MONOD.into(), "montpellier".into()]).await;
    assert_eq!(head.give(by_hand()).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(give(&server, &token, "XyZ", &by_program, "").await.status, StatusCode::CREATED);
}
