//! The Admin API: every endpoint of its table against scopes, roles and territories; forms of answers and refusals.

use axum::http::StatusCode;
use preau::admin_api::VersionUse;
use preau::admin_api::extract::ApiEndpoint;
use preau::administrators::roles::AdminRole;
use preau::base::clock::Span;
use preau::console::api::endpoints;
use serde_json::{Value, json};

use crate::admin_api_tokens::{API, Call, make_token};
use crate::console_clients::administrator;
use crate::oidc::registration::{cantine, registered, text};
use crate::support::deployment::{LYCEE, MONOD};
use crate::support::{TestAdministrator, TestFamily, TestResponse, TestServer};

const ALL: [&str; 13] = [
    "clients:read",
    "clients:request",
    "clients:secret",
    "clients:suspend",
    "schools:read",
    "campaigns:write",
    "persons:read",
    "persons:repair",
    "rosters:read",
    "rosters:write",
    "audit:read",
    "figures:read",
    "team:read",
];

/// A form with a file.
const FORM: &str =
    "--XyZ\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.xml\"\r\n\r\n<a/>\r\n--XyZ--\r\n";

async fn operator(server: &TestServer) -> TestAdministrator {
    administrator(server, AdminRole::National, "all", "n@example.org").await
}

/// Returns a path with something in the place of each parameter.
fn filled(path: &str, client: &str, uai: &str, id: &str) -> String {
    let path = path.replace("{client_id}", client).replace("{uai}", uai).replace("{id}", id);
    path.replace("{code}", "K7P-4MX")
}

/// Calls an endpoint with the smallest request that it takes.
async fn call(server: &TestServer, token: &str, endpoint: &ApiEndpoint, path: &str) -> TestResponse {
    let body = match endpoint.doc.id {
        "suspend_client" => Some(r#"{"reason":"Essai"}"#),
        "change_campaign" => Some(r#"{"order":"open","days":15}"#),
        "repair_person" => Some(r#"{"kind":"reopen","reason":"Essai","identity_check":"paper"}"#),
        "decide_import" => Some(r#"{"choice":"take"}"#),
        "undo_import" => Some(r#"{"reason":"Essai"}"#),
        "upload_roster" => Some(FORM),
        _ => endpoint.doc.body.map(|_| "{}"),
    };
    let query = match endpoint.doc.id {
        "resume_client" => "?reason=Essai",
        "search_persons" => "?q=durand",
        "upload_roster" => "?format=siecle",
        _ => "",
    };
    // Where a version is needed it is read first; of what is not there, any is as good.
    let read = match endpoint.doc.id {
        "change_campaign" => path.trim_end_matches("/campaign"),
        _ => path,
    };
    let version = match endpoint.doc.version {
        VersionUse::Required => server.api_get(token, read).await.header("etag").to_owned(),
        _ => "*".to_owned(),
    };
    let version = if version.is_empty() { "\"1\"" } else { version.as_str() };
    let headers = [("if-match", version), ("content-type", "multipart/form-data; boundary=XyZ")];
    let headers = if endpoint.doc.takes_files { &headers[..] } else { &headers[..1] };
    let with = Call { headers, body };
    server.api(token, (endpoint.doc.method.name(), &format!("{path}{query}")), with).await
}

/// Checks a value against the part of JSON Schema that the document uses.
fn check(schema: &Value, value: &Value, at: &str) {
    if let Some(any) = schema["anyOf"].as_array() {
        let inner = if value.is_null() { &any[1] } else { &any[0] };
        return check(inner, value, at);
    }
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(value), "{at}: {value} is none of {words:?}");
    }
    let is_right = match schema["type"].as_str() {
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        other => panic!("{at}: a schema of {other:?}"),
    };
    assert!(is_right, "{at}: {value} is no {schema}");
    for (n, item) in value.as_array().into_iter().flatten().enumerate() {
        check(&schema["items"], item, &format!("{at}[{n}]"));
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        assert!(
            !value[name.as_str().unwrap()].is_null() || value.get(name.as_str().unwrap()).is_some(),
            "{at}: {name}"
        );
    }
    if let (Some(members), Some(known)) = (value.as_object(), schema["properties"].as_object()) {
        for (name, member) in members {
            let of = known.get(name).unwrap_or_else(|| panic!("{at}: {name} is not in the document"));
            check(of, member, &format!("{at}.{name}"));
        }
    }
}

#[tokio::test]
async fn threat_s15_attack_p1_every_endpoint_asks_for_its_scope_and_answers_as_the_document_says() {
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &[TestFamily::durand(), TestFamily::ndiaye()]).await;
    let client = registered(&server, true, &cantine()).await;
    let mut national = operator(&server).await;
    let whole = make_token(&mut national, &ALL, &[]).await;
    let person = server.query_texts("SELECT id FROM person ORDER BY id LIMIT 1").await.pop().unwrap();
    let nobody = "f".repeat(32);
    let document = server.get("/api/openapi.json").await.json();
    for endpoint in endpoints() {
        let doc = &endpoint.doc;
        let id = if doc.path.starts_with("/persons") { &person } else { &nobody };
        let path = filled(doc.path, text(&client, "client_id"), MONOD, id);
        let answer = call(&server, "", &endpoint, &path).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (StatusCode::UNAUTHORIZED, "missing_token"),
            "{}",
            doc.id
        );
        if let Some(scope) = doc.scope {
            let others: Vec<&str> = ALL.into_iter().filter(|other| *other != scope.name()).collect();
            let lacking = make_token(&mut national, &others, &[]).await;
            let answer = call(&server, &lacking, &endpoint, &path).await;
            assert_eq!(answer.problem(), "insufficient_scope", "{}", doc.id);
            assert!(answer.header("www-authenticate").contains(scope.name()), "{}", doc.id);
            server
                .execute_sql(
                    "UPDATE api_token SET revoked_at = 1 WHERE name = 'Suivi' AND scopes <> $1",
                    vec![ALL.join(" ").into()],
                )
                .await;
        }
        let answer = call(&server, &whole, &endpoint, &path).await;
        let operation = &document["paths"][doc.path][doc.method.name().to_ascii_lowercase()];
        assert_eq!(operation["operationId"], doc.id);
        let said = &operation["responses"][answer.status.as_str()];
        assert!(said.is_object(), "{}: {} is not in the document", doc.id, answer.visible_text());
        if answer.status.is_success() {
            check(&said["content"]["application/json"]["schema"], &answer.json(), doc.id);
        } else {
            let (status, code) = (answer.status, answer.problem());
            assert!(said["description"].as_str().unwrap().contains(&code), "{}: {code}", doc.id);
            assert!(["not_found", "nothing_to_do"].contains(&code.as_str()), "{}: {status} {code}", doc.id);
        }
    }
    let paths = document["paths"].as_object().unwrap();
    let operations: usize = paths.values().map(|methods| methods.as_object().unwrap().len()).sum();
    assert_eq!(operations, endpoints().len(), "the document has nothing else");
    let page = server.get("/api").await;
    assert!(page.is_html() && endpoints().iter().all(|one| page.has_element(&format!("#{}", one.doc.id))));
}

#[tokio::test]
async fn threat_s15_what_is_outside_the_territory_is_answered_byte_for_byte_like_what_is_not_there() {
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &[TestFamily::durand()]).await;
    server.import_families("montpellier", LYCEE, &[TestFamily::ndiaye()]).await;
    let person = server.query_texts("SELECT person_id FROM link WHERE uai = '0349999J' LIMIT 1").await.pop().unwrap();
    let mut toulouse = administrator(&server, AdminRole::Academy, "academy:toulouse", "t@ac.example").await;
    let mut head = administrator(&server, AdminRole::SchoolHead, "school:0349998H", "h@ecole.example").await;
    let academy = make_token(&mut toulouse, &ALL, &[]).await;
    let of_school: Vec<&str> = ALL.into_iter().filter(|scope| !scope.starts_with("clients")).collect();
    let school = make_token(&mut head, &of_school, &[]).await;
    for endpoint in endpoints().iter().filter(|endpoint| endpoint.doc.path_parameters().next().is_some()) {
        if endpoint.doc.id == "get_support_code" {
            continue;
        }
        let theirs = filled(endpoint.doc.path, "ent", MONOD, &person);
        let nothing = filled(endpoint.doc.path, "nothing", "0349999K", &"f".repeat(32));
        for token in [&academy, &school] {
            if *token == school && endpoint.doc.path.starts_with("/client") {
                continue;
            }
            let (theirs, nothing) =
                (call(&server, token, endpoint, &theirs).await, call(&server, token, endpoint, &nothing).await);
            assert_eq!(theirs.problem(), "not_found", "{}", endpoint.doc.id);
            assert_eq!((theirs.status, theirs.bytes), (nothing.status, nothing.bytes), "{}", endpoint.doc.id);
        }
    }
    for path in ["/clients", "/schools", "/persons?q=durand"] {
        let seen = server.api_get(&academy, path).await.json();
        let seen = seen["items"].to_string();
        assert!(!seen.contains(MONOD) && !seen.contains("\"ent\"") && !seen.contains("DURAND"), "{path}: {seen}");
    }
    let kinds = server.query_texts("SELECT DISTINCT actor_kind FROM audit WHERE fact = 'administrator_refused'").await;
    assert_eq!(kinds, ["token"], "each is recorded");
    assert_eq!(server.api_get(&academy, "/nowhere").await.problem(), "not_found");
    let answer = server.api(&academy, ("DELETE", "/clients"), Call::default()).await;
    assert_eq!((answer.status, answer.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET"));
    assert_eq!(answer.problem(), "method_not_allowed");
}

#[tokio::test]
async fn an_idempotent_request_is_done_once_and_a_secret_shown_once() {
    let server = TestServer::start().await;
    let client = registered(&server, true, &cantine()).await;
    let id = text(&client, "client_id");
    let mut national = operator(&server).await;
    let token = make_token(&mut national, &["clients:secret", "clients:read", "clients:request"], &[]).await;
    let secrets = format!("/clients/{id}/secrets");
    let keyed = |body| Call { headers: &[("idempotency-key", "rotation-1")], body: Some(body) };
    let drawn = server.api(&token, ("POST", &secrets), keyed("{}")).await;
    assert_eq!(drawn.status, StatusCode::CREATED, "{}", drawn.visible_text());
    let secret = drawn.json()["secret"].as_str().unwrap().to_owned();
    assert_eq!(server.api(&token, ("POST", &secrets), keyed("{}")).await.problem(), "secret_shown");
    let other = keyed(r#"{"overlap_days":1}"#);
    assert_eq!(server.api(&token, ("POST", &secrets), other).await.problem(), "idempotency_key_reused");
    let kept = server.query_texts("SELECT COALESCE(answer, '') FROM api_answer").await;
    assert!(kept.len() == 1 && !kept[0].contains(&secret));
    let actor = "SELECT actor_kind || ' ' || role || ' ' || SUBSTR(proof, 1, 6) FROM audit \
                 WHERE fact = 'client_changed' AND detail = 'secret rotated'";
    assert_eq!(server.query_texts(actor).await, ["token national@all token:"]);
    // A draft is made once.
    let draft = r#"{"client_name":"Cantine bis","contact":"a@b.example","redirect_uris":["https://c.example/r"],
        "method":"either","schools":["0349999J"],"profiles":["responsable"]}"#;
    let keyed = Call { headers: &[("idempotency-key", "draft-1")], body: Some(draft) };
    let first = server.api(&token, ("POST", "/client-requests"), keyed).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.visible_text());
    let again = server.api(&token, ("POST", "/client-requests"), keyed).await;
    assert_eq!((first.bytes.clone(), first.header("location")), (again.bytes.clone(), again.header("location")));
    assert_eq!(server.query_count("SELECT COUNT(*) FROM client_request").await, 1);
    // A refusal may be tried again; a key with blanks is none.
    let bad = Call { headers: &[("idempotency-key", "a b")], body: Some("{}") };
    assert_eq!(server.api(&token, ("POST", &secrets), bad).await.problem(), "bad_idempotency_key");
    let location = first.header("location").strip_prefix(API).unwrap().to_owned();
    // The version that was read, or nothing.
    let body = Some(r#"{"note":"Pour la rentrée"}"#);
    assert_eq!(
        server.api(&token, ("PATCH", &location), Call { headers: &[], body }).await.problem(),
        "version_required"
    );
    let stale = Call { headers: &[("if-match", "\"99\"")], body };
    assert_eq!(server.api(&token, ("PATCH", &location), stale).await.problem(), "changed");
    let right = Call { headers: &[("if-match", first.header("etag"))], body };
    let changed = server.api(&token, ("PATCH", &location), right).await;
    assert_eq!(changed.json()["answers"]["note"], "Pour la rentrée", "{}", changed.visible_text());
    assert_ne!(changed.header("etag"), first.header("etag"));
    let withdrawn = Call { headers: &[("if-match", changed.header("etag"))], body: Some(r#"{"state":"withdrawn"}"#) };
    assert_eq!(server.api(&token, ("PATCH", &location), withdrawn).await.json()["state"], "withdrawn");
}

#[tokio::test]
async fn a_list_goes_on_where_it_stood_while_rows_change_and_a_cursor_serves_nowhere_else() {
    let server = TestServer::start().await;
    let mut national = operator(&server).await;
    let token = make_token(&mut national, &["clients:read", "schools:read"], &[]).await;
    let other = make_token(&mut national, &["clients:read", "schools:read"], &[]).await;
    let (mut seen, mut next) = (Vec::new(), String::new());
    loop {
        let path = match next.as_str() {
            "" => "/clients?limit=3".to_owned(),
            next => format!("/clients?limit=3&cursor={next}"),
        };
        let page = server.api_get(&token, &path).await.json();
        seen.extend(page["items"].as_array().unwrap().iter().map(|one| text(one, "client_id").to_owned()));
        if seen.len() == 3 {
            // Meanwhile some come and go, before and behind.
            server.execute_sql("UPDATE client SET version = version + 1 WHERE client_id = 'ent'", Vec::new()).await;
            registered(&server, true, &cantine()).await;
            let foreign = server.api_get(&other, &format!("/clients?cursor={}", text(&page, "next"))).await;
            assert_eq!(foreign.problem(), "bad_cursor");
            let elsewhere = server.api_get(&token, &format!("/schools?cursor={}", text(&page, "next"))).await;
            assert_eq!(elsewhere.problem(), "bad_cursor");
            let narrowed = server.api_get(&token, &format!("/clients?q=ent&cursor={}", text(&page, "next"))).await;
            assert_eq!(narrowed.problem(), "bad_cursor");
        }
        match page["next"].as_str() {
            Some(cursor) => next = cursor.to_owned(),
            None => break,
        }
    }
    let mut distinct = seen.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), seen.len(), "none twice: {seen:?}");
    assert!(["app", "bourses", "ent", "strict"].iter().all(|id| seen.iter().any(|one| one == id)), "{seen:?}");
    for (query, code) in [
        ("limit=0", "bad_parameter"),
        ("limit=101", "bad_parameter"),
        ("limt=3", "unknown_parameter"),
        ("cursor=x", "bad_cursor"),
        ("limit=3&limit=4", "bad_parameter"),
        ("q=a%00", "bad_parameter"),
    ] {
        assert_eq!(server.api_get(&token, &format!("/clients?{query}")).await.problem(), code, "{query}");
    }
}

#[tokio::test]
async fn attack_d1_hostile_bodies_get_a_clear_answer() {
    let server = TestServer::start().await;
    let mut national = operator(&server).await;
    let token = make_token(&mut national, &["clients:suspend", "campaigns:write", "schools:read"], &[]).await;
    let put = ("PUT", "/clients/ent/suspension");
    let deep = format!(r#"{{"reason":{}{}}}"#, "[".repeat(4_000), "]".repeat(4_000));
    let long = format!(r#"{{"reason":"{}"}}"#, "x".repeat(10_000));
    let huge = format!(r#"{{"reason":"{}"}}"#, "x".repeat(70_000));
    for (body, code) in [
        ("", "missing_field"),
        ("[]", "bad_json"),
        ("{", "bad_json"),
        (r#"{"reason":"a","reason":"b"}"#, "bad_json"),
        (deep.as_str(), "bad_json"),
        (long.as_str(), "bad_value"),
        (huge.as_str(), "too_large"),
        (r#"{"reason":7}"#, "bad_value"),
        (r#"{"reason":"a\u0000b"}"#, "bad_value"),
        (r#"{"reason":" "}"#, "bad_value"),
        (r#"{"raison":"x"}"#, "unknown_field"),
    ] {
        let answer = server.api(&token, put, Call { headers: &[], body: Some(body) }).await;
        assert_eq!(answer.problem(), code, "{}", body.chars().take(60).collect::<String>());
    }
    let nearest = server.api(&token, put, Call { headers: &[], body: Some(r#"{"reasn":"x"}"#) }).await;
    let nearest: Value = serde_json::from_slice(&nearest.bytes).unwrap();
    assert_eq!((&nearest["field"], &nearest["nearest"]), (&json!("reasn"), &json!("reason")));
    let form = Call { headers: &[("content-type", "text/plain")], body: None };
    let answer = server.api(&token, put, form).await;
    assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::UNSUPPORTED_MEDIA_TYPE, "json_expected"));
    assert_eq!(server.query_count("SELECT COUNT(*) FROM client WHERE state = 'suspended'").await, 0);
    // A campaign by the version that was read, as the console does it.
    let school = server.api_get(&token, &format!("/schools/{MONOD}")).await;
    let campaign = format!("/schools/{MONOD}/campaign");
    let body = Some(r#"{"order":"open","days":15}"#);
    assert_eq!(server.api(&token, ("PUT", &campaign), Call { headers: &[], body }).await.problem(), "version_required");
    let right = Call { headers: &[("if-match", school.header("etag"))], body };
    let opened = server.api(&token, ("PUT", &campaign), right).await;
    assert_eq!(opened.json()["state"], "open", "{}", opened.visible_text());
    assert_eq!(server.api(&token, ("PUT", &campaign), right).await.problem(), "changed", "asked twice");
    let facts = server.query_texts("SELECT actor_kind FROM audit WHERE fact = 'campaign_opened'").await;
    assert_eq!(facts, ["token"]);
    let days = Call { headers: &[("if-match", opened.header("etag"))], body: Some(r#"{"order":"extend","days":8}"#) };
    assert_eq!(server.api(&token, ("PUT", &campaign), days).await.problem(), "bad_value");
}

#[tokio::test]
async fn attack_p1_a_token_reads_some_hundred_people_an_hour_and_the_audit_has_their_number() {
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &[TestFamily::durand()]).await;
    let mut head = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "h@ecole.example").await;
    let token = make_token(&mut head, &["persons:read"], &[]).await;
    assert_eq!(server.api_get(&token, "/persons?q=durand").await.status, StatusCode::OK);
    let read = "SELECT CAST(marks AS BIGINT) FROM budget WHERE action = 'api_persons'";
    let found = server.query_count(read).await;
    assert!(found > 0, "{found}");
    server.execute_sql("UPDATE budget SET marks = '600' WHERE action = 'api_persons'", Vec::new()).await;
    let person = server.query_texts("SELECT person_id FROM link WHERE uai = '0349999J' LIMIT 1").await.pop().unwrap();
    for path in ["/persons?q=durand".to_owned(), format!("/persons/{person}/diagnosis")] {
        let refused = server.api_get(&token, &path).await;
        assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::TOO_MANY_REQUESTS, "too_many_persons"));
        assert!(!refused.header("retry-after").is_empty());
    }
    // Whoever finds nobody reads nobody.
    assert_eq!(server.api_get(&token, "/persons?q=nobodyhere").await.status, StatusCode::OK);
    server.advance(Span::hours(1));
    let taken = "SELECT actor_kind || ' ' || role || ' ' || uai || ' ' || detail FROM audit \
                 WHERE fact = 'persons_exported'";
    for _ in 0..2 {
        preau::bootstrap::settle_and_mail(&server.app, String::new()).await;
        assert_eq!(server.query_texts(taken).await, ["token school_head@0349999J 0349999J api: 600"]);
    }
    assert_eq!(server.api_get(&token, "/persons?q=durand").await.status, StatusCode::OK);
}

#[tokio::test]
async fn threat_s15_a_support_code_names_no_school_outside_the_territory() {
    let server = TestServer::start().await;
    let brother = TestFamily { children: vec![(900_090, "Noé", "14/02/2010", "2 A")], ..TestFamily::durand() };
    for (uai, family) in [(MONOD, TestFamily::durand()), (LYCEE, brother)] {
        server.import_families("montpellier", uai, &[family]).await;
    }
    let persons = server.query_texts("SELECT DISTINCT person_id FROM link WHERE ended_at IS NULL").await;
    let [person] = persons.as_slice() else { panic!("one person of two schools: {persons:?}") };
    for uai in [MONOD, LYCEE] {
        let sql =
            "INSERT INTO notice (id, uai, person_id, kind, support_code, at) VALUES ($1, $1, $2, 'reopening', $3, $4)";
        let code = "K7P-4MX".into();
        server.execute_sql(sql, vec![uai.into(), person.as_str().into(), code, server.now().0.into()]).await;
    }
    let mut head = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "h@ecole.example").await;
    let mut academy = administrator(&server, AdminRole::Academy, "academy:montpellier", "a@ac.example").await;
    for (who, notices) in [(&mut head, 1), (&mut academy, 2)] {
        let token = make_token(who, &["persons:read"], &[]).await;
        let seen = server.api_get(&token, "/support-codes/K7P-4MX").await.json();
        assert_eq!(seen["traces"].as_array().unwrap().len(), notices, "{seen}");
    }
}

#[tokio::test]
async fn attack_p6_any_version_is_no_version_that_was_read_and_any_where_none_is_asked_for() {
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &[TestFamily::durand()]).await;
    let mut national = operator(&server).await;
    let token = make_token(&mut national, &ALL, &[]).await;
    // Every endpoint that asks for a version, whatever its path leads to: nothing is looked at before.
    let nobody = "f".repeat(32);
    for endpoint in endpoints().iter().filter(|endpoint| endpoint.doc.version == VersionUse::Required) {
        let path = filled(endpoint.doc.path, "ent", MONOD, &nobody);
        let at = (endpoint.doc.method.name(), path.as_str());
        for headers in [&[("if-match", "*")][..], &[][..]] {
            let answer = server.api(&token, at, Call { headers, body: Some("{}") }).await;
            assert_eq!(answer.status, StatusCode::PRECONDITION_REQUIRED, "{}", endpoint.doc.id);
            assert_eq!(answer.problem(), "version_required", "{}", endpoint.doc.id);
        }
        for wrong in ["*, \"1\"", "1", ","] {
            let answer = server.api(&token, at, Call { headers: &[("if-match", wrong)], body: Some("{}") }).await;
            assert_eq!(answer.problem(), "bad_parameter", "{}: {wrong}", endpoint.doc.id);
        }
    }
    assert_eq!(server.query_count("SELECT COUNT(*) FROM campaign").await, 0, "nothing was ordered");
    // Where a version is compared if there is one, any is the one that stands (RFC 9110 13.1.1).
    let reason = Some(r#"{"reason":"Essai"}"#);
    let suspend = async |client: &str, version: &str| {
        let with = Call { headers: &[("if-match", version)], body: reason };
        server.api(&token, ("PUT", &format!("/clients/{client}/suspension")), with).await
    };
    assert_eq!(suspend("nothing", "*").await.problem(), "not_found");
    for other in ["\"99\"", "W/\"1\"", "\"98\", , \"99\""] {
        assert_eq!(suspend("ent", other).await.problem(), "changed", "{other}");
    }
    assert_eq!(server.query_count("SELECT COUNT(*) FROM client WHERE state = 'suspended'").await, 0);
    let suspended = suspend("ent", "*").await;
    assert_eq!(suspended.status, StatusCode::OK, "{}", suspended.visible_text());
}
