//! The journal, the figures and the reminders by the Admin API, and the shares of programs.

use axum::http::StatusCode;
use preau::administrators::roles::AdminRole;
use preau::audit::{self, AuditDetails, AuditEvent};
use preau::base::actor::Actor;
use preau::base::clock::Span;
use preau::base::uai::Uai;
use preau::db::Durability;
use serde_json::Value;

use crate::admin_api_tokens::{Call, make_token};
use crate::console_clients::administrator;
use crate::support::deployment::{LYCEE, MONOD, TOULOUSE};
use crate::support::{TestFamily, TestServer};

async fn record(server: &TestServer, uai: &str, reason: &str) {
    let school: Uai = uai.parse().unwrap();
    let op = server.operation().by(Actor::Operator("root".to_owned()));
    let mut tx = op.write(Durability::Relaxed).await.unwrap();
    let about = AuditDetails { uai: Some(&school), reason: Some(reason), ..AuditDetails::default() };
    audit::store::record(&mut tx, AuditEvent::CampaignOpened, about).await.unwrap();
    tx.commit().await.unwrap();
}

fn reasons(page: &Value) -> Vec<String> {
    let rows = page["items"].as_array().unwrap();
    rows.iter().filter_map(|row| row["reason"].as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn threat_s15_attack_p1_a_token_reads_the_journal_of_its_territory_and_no_names() {
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &[TestFamily::durand()]).await;
    for uai in [MONOD, LYCEE, TOULOUSE] {
        record(&server, uai, uai).await;
    }
    let mut academy = administrator(&server, AdminRole::Academy, "academy:montpellier", "a@ac.example").await;
    let whole = make_token(&mut academy, &["audit:read"], &[]).await;
    let part = make_token(&mut academy, &["audit:read", "persons:read"], &[("territoire", MONOD)]).await;
    for (token, right) in [(&whole, vec![LYCEE, MONOD]), (&part, vec![MONOD])] {
        let seen = server.api_get(token, "/journal").await.json();
        let mut found = reasons(&seen);
        found.sort();
        assert_eq!(found, right, "{seen}");
        assert!(!seen.to_string().contains("DURAND") && !seen.to_string().contains("root"), "{seen}");
    }
    // The part has nothing of what its maker did elsewhere: the making of a token is no act of that school.
    let made = |seen: &Value| seen["items"].as_array().unwrap().iter().any(|row| row["fact"] == "api_token_made");
    assert!(!made(&server.api_get(&part, "/journal?kind=all").await.json()));
    for (query, code) in [
        ("from=2026-02-30", "bad_parameter"),
        ("from=demain", "bad_parameter"),
        ("from=2026-11-30&to=2026-11-29", "bad_parameter"),
        ("kind=gestes", "bad_parameter"),
        ("cursor=x", "bad_cursor"),
        ("personne=x", "unknown_parameter"),
        ("place=a%00", "bad_parameter"),
    ] {
        assert_eq!(server.api_get(&whole, &format!("/journal?{query}")).await.problem(), code, "{query}");
    }
    let of_place = server.api_get(&whole, &format!("/journal?kind=all&place={TOULOUSE}")).await.json();
    assert_eq!(reasons(&of_place), Vec::<String>::new(), "a filter shows nothing more");
    // That a program reads it is recorded, once an hour and token.
    let exports = "SELECT COUNT(*) FROM audit WHERE fact = 'journal_exported' AND actor_kind = 'token'";
    assert_eq!(server.query_count(exports).await, 2);
    server.advance(Span::hours(2));
    server.api_get(&whole, "/journal").await;
    assert_eq!(server.query_count(exports).await, 3);
}

#[tokio::test]
async fn a_program_that_pages_while_rows_are_added_sees_each_row_once() {
    let server = TestServer::start().await;
    let mut head = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    let token = make_token(&mut head, &["audit:read"], &[]).await;
    for n in 0..10 {
        server.advance(Span::seconds(1));
        record(&server, MONOD, &format!("row {n}")).await;
    }
    let (mut seen, mut next, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page = server.api_get(&token, &format!("/journal?limit=3&cursor={next}")).await.json();
        seen.extend(reasons(&page));
        server.advance(Span::seconds(1));
        record(&server, MONOD, &format!("later {pages}")).await;
        pages += 1;
        match page["next"].as_str() {
            Some(cursor) if pages < 20 => next = cursor.to_owned(),
            _ => break,
        }
    }
    let rows: Vec<&String> = seen.iter().filter(|reason| reason.starts_with("row")).collect();
    let right: Vec<String> = (0..10).rev().map(|n| format!("row {n}")).collect();
    assert_eq!(rows, right.iter().collect::<Vec<_>>(), "{seen:?}");
    assert!(seen.iter().all(|reason| !reason.starts_with("later")), "what came later is before the first page");
}

#[tokio::test]
async fn threat_s15_figures_of_a_program_hide_small_counts_above_a_school() {
    let server = TestServer::start().await;
    let sql = "INSERT INTO sign_in_day (place_kind, place, client_id, day, result, n) VALUES ($1, $2, '', $3, $4, 3)";
    let day = preau::http::pages::dates::date_key(server.now());
    for (kind, place) in [("all", ""), ("academy", "montpellier"), ("school", MONOD)] {
        let values = vec![kind.into(), place.into(), day.as_str().into(), "signed_in".into()];
        server.execute_sql(sql, values).await;
    }
    let mut academy = administrator(&server, AdminRole::Auditor, "academy:montpellier", "v@ac.example").await;
    let token = make_token(&mut academy, &["figures:read"], &[]).await;
    let of = async |query: &str| server.api_get(&token, &format!("/figures{query}")).await;
    let own = of("").await.json();
    assert_eq!((&own["territory"], &own["signed_in"]["few"]), (&"academy:montpellier".into(), &true.into()), "{own}");
    assert!(own["signed_in"]["n"].is_null() && !own.to_string().contains(":3,"), "{own}");
    let school = of("?territory=school:0349999J&days=7").await.json();
    assert_eq!((&school["signed_in"]["n"], &school["by_day"][0]["signed_in"]["n"]), (&3.into(), &3.into()), "{school}");
    let unknown = of("?territory=academy:nowhere").await;
    assert_eq!(unknown.problem(), "not_found");
    let school = format!("school:{TOULOUSE}");
    for outside in ["all", "academy:toulouse", school.as_str(), "client:ent-toulouse", "class:0349999J/6 A"] {
        let answer = of(&format!("?territory={}", outside.replace(' ', "%20"))).await;
        assert_eq!((answer.status, &answer.bytes), (StatusCode::NOT_FOUND, &unknown.bytes), "{outside}");
    }
    for bad in ["?territory=x", "?days=8", "?territory=school:x"] {
        assert_eq!(of(bad).await.problem(), "bad_parameter", "{bad}");
    }
}

#[tokio::test]
async fn attack_p6_reminders_of_a_program_are_ordered_for_what_was_read() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand(), TestFamily::ndiaye()]).await;
    let mut head = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    let token = make_token(&mut head, &["campaigns:write"], &[]).await;
    let path = "/schools/0349999J/reminders";
    let seen = server.api_get(&token, path).await;
    let (preview, version) = (seen.json(), seen.header("etag").to_owned());
    assert!(preview["people"].as_i64().unwrap() > 0 && preview["obstacle"].is_null(), "{preview}");
    assert!(preview["text"].as_str().unwrap().contains("activez votre compte"), "{preview}");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM console_draft").await, 0, "a reading keeps nothing");
    let order = async |version: &str| {
        let headers = [("if-match", version)];
        let headers = if version.is_empty() { &[][..] } else { &headers[..] };
        server.api(&token, ("POST", path), Call { headers, body: None }).await
    };
    assert_eq!(order("").await.problem(), "version_required");
    assert_eq!(order("\"another\"").await.problem(), "changed");
    // Somebody more may be reminded since.
    server
        .import_families("montpellier", MONOD, &[TestFamily::durand(), TestFamily::ndiaye(), TestFamily::petit()])
        .await;
    assert_eq!(order(&version).await.problem(), "changed");
    let now = server.api_get(&token, path).await;
    let ordered = order(now.header("etag")).await;
    assert_eq!((ordered.status, &ordered.json()["people"]), (StatusCode::CREATED, &now.json()["people"]));
    let facts = "SELECT actor_kind || ' ' || role FROM audit WHERE fact = 'reminders_ordered'";
    assert_eq!(server.query_texts(facts).await, ["token school_head@0349999J"]);
    server.execute_sql("UPDATE campaign SET closes_at = $1", vec![server.now().0.into()]).await;
    let closed = server.api_get(&token, path).await;
    assert_eq!(closed.json()["obstacle"], "not_open");
    assert_eq!(order(closed.header("etag")).await.problem(), "campaign_not_open");
}

#[tokio::test]
async fn attack_d1_a_program_does_not_use_up_what_its_maker_may_keep() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
    let mut head = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    let token = make_token(&mut head, &["campaigns:write", "schools:read"], &[]).await;
    let campaign = format!("/schools/{MONOD}/campaign");
    let extend = async || {
        let school = server.api_get(&token, &format!("/schools/{MONOD}")).await;
        let headers = [("if-match", school.header("etag"))];
        let with = Call { headers: &headers, body: Some(r#"{"order":"extend","days":7}"#) };
        server.api(&token, ("PUT", &campaign), with).await
    };
    let extended = extend().await;
    assert_eq!(extended.status, StatusCode::OK, "{}", extended.visible_text());
    // As if it had ordered all day.
    let more = "INSERT INTO console_draft (id, kind, form, state, version, author_id, created_at, token_id) \
                SELECT id || $1, kind, form, state, version, author_id, created_at, token_id FROM console_draft \
                WHERE LENGTH(id) = 32";
    for n in 0..199 {
        server.execute_sql(more, vec![format!("-{n}").into()]).await;
    }
    let refused = extend().await;
    assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::TOO_MANY_REQUESTS, "too_many_of_day"));
    // The person goes on; and a person who used up the own share leaves that of the programs.
    head.browser.get("/admin/etablissements/0349999J").await;
    head.browser.submit("rappeler", &[]).await;
    assert!(head.browser.page.location().starts_with("/admin/etablissements/rappel/"));
    server.execute_sql("UPDATE console_draft SET token_id = NULL", Vec::new()).await;
    let done = extend().await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.visible_text());
    let kept = "SELECT COUNT(*) FROM console_draft WHERE token_id IS NOT NULL";
    assert_eq!(server.query_count(kept).await, 1);
}
