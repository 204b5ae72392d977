//! The journal and the figures of the console: who reads what, what is taken along, what is counted.

use axum::http::StatusCode;
use preau::administrators::roles::AdminRole;
use preau::app::Operation;
use preau::audit::{self, AuditDetails, AuditEvent};
use preau::base::actor::Actor;
use preau::base::clock::Span;
use preau::base::typed_ids::{AccountId, ClientId, PersonId};
use preau::base::uai::Uai;
use preau::db::Durability;
use preau::figures::ops::write_sign_ins;

use crate::console_clients::administrator;
use crate::support::deployment::{AGRICOLE, LYCEE, MONOD, TOULOUSE};
use crate::support::html::texts;
use crate::support::{Browser, TestAccount, TestAdministrator, TestRelyingParty, TestServer};

const REFUSED: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
/// The rows of [`record_everywhere`], by their reasons.
const EVERYWHERE: [&str; 7] = [MONOD, LYCEE, AGRICOLE, TOULOUSE, "ent", "ent-toulouse", "nowhere"];

/// Each role with a territory, the rows that it reads, and the territories of which it reads figures.
const MATRIX: [(AdminRole, &str, &[&str], &[&str]); 14] = [
    (AdminRole::National, "all", &EVERYWHERE, &TERRITORIES),
    (AdminRole::National, "ministry:agriculture", &[AGRICOLE], &["ministry:agriculture", "school:0349996F"]),
    (AdminRole::Academy, "academy:montpellier", &[MONOD, LYCEE, "ent"], &MONTPELLIER),
    (AdminRole::Academy, "academy:toulouse", &[TOULOUSE, "ent-toulouse"], &["client:ent-toulouse"]),
    (AdminRole::SchoolHead, "school:0349999J", &[MONOD], &["school:0349999J"]),
    (AdminRole::SchoolHead, "school:0349998H", &[LYCEE], &[]),
    (AdminRole::Delegate, "school:0349999J", &[], &[]),
    (AdminRole::Delegate, "class:0349999J/6 A", &[], &[]),
    (AdminRole::HelpDesk, "all", &[], &[]),
    (AdminRole::HelpDesk, "school:0349999J", &[], &[]),
    (AdminRole::ServiceContact, "client:ent", &["ent"], &["client:ent"]),
    (AdminRole::Auditor, "all", &EVERYWHERE, &TERRITORIES),
    (AdminRole::Auditor, "academy:montpellier", &[MONOD, LYCEE, "ent"], &MONTPELLIER),
    (AdminRole::Auditor, "school:0349999J", &[MONOD], &["school:0349999J"]),
];
const MONTPELLIER: [&str; 3] = ["academy:montpellier", "school:0349999J", "client:ent"];
const TERRITORIES: [&str; 7] = [
    "all",
    "ministry:agriculture",
    "academy:montpellier",
    "school:0349999J",
    "school:0349996F",
    "client:ent",
    "client:ent-toulouse",
];

async fn record(server: &TestServer, fact: AuditEvent, about: AuditDetails<'_>) {
    let op = server.operation().by(Actor::Operator("test".to_owned()));
    let mut tx = op.write(Durability::Relaxed).await.unwrap();
    audit::store::record(&mut tx, fact, about).await.unwrap();
    tx.commit().await.unwrap();
}

/// Records an act at each school, on two relying parties, and on an account.
async fn record_everywhere(server: &TestServer) {
    for uai in [MONOD, LYCEE, AGRICOLE, TOULOUSE] {
        let school: Uai = uai.parse().unwrap();
        let about = AuditDetails { uai: Some(&school), reason: Some(uai), ..AuditDetails::default() };
        record(server, AuditEvent::CampaignOpened, about).await;
    }
    for (client, academy) in [("ent", "montpellier"), ("ent-toulouse", "toulouse")] {
        let id = ClientId::new(client);
        let about =
            AuditDetails { client: Some(&id), academy: Some(academy), reason: Some(client), ..AuditDetails::default() };
        record(server, AuditEvent::ClientChanged, about).await;
    }
    let account = AccountId::new("0".repeat(32));
    let about = AuditDetails { account: Some(&account), reason: Some("nowhere"), ..AuditDetails::default() };
    record(server, AuditEvent::AccountSuspended, about).await;
}

async fn see(who: &mut TestAdministrator, path: &str) -> String {
    who.browser.get(path).await;
    assert_eq!(who.browser.page.status, StatusCode::OK, "{path}: {}", who.browser.page.visible_text());
    who.browser.page.visible_text()
}

/// The reasons on the page, newest first.
fn reasons(who: &TestAdministrator) -> Vec<String> {
    texts(&who.browser.page.text(), "tbody td:last-child > bdi")
}

async fn write(server: &TestServer) -> usize {
    write_sign_ins(&Operation::of_job(&server.app, "figures")).await.unwrap()
}

#[tokio::test]
async fn threat_s15_attack_p1_each_role_reads_rows_and_figures_of_its_territory_only() {
    let server = TestServer::start().await;
    for (n, (role, territory, rows, figures)) in MATRIX.into_iter().enumerate() {
        let mut who = administrator(&server, role, territory, &format!("a{n}@ac.example")).await;
        server.advance(Span::seconds(1));
        record_everywhere(&server).await;
        server.advance(Span::seconds(1));
        see(&mut who, "/admin/journal").await;
        let mut seen = reasons(&who);
        seen.retain(|reason| EVERYWHERE.contains(&reason.as_str()));
        let (mut newest, mut right) = (seen.iter().take(rows.len()).cloned().collect::<Vec<_>>(), rows.to_vec());
        newest.sort();
        right.sort_unstable();
        assert_eq!(newest, right, "{role:?} {territory}");
        assert!(seen.iter().all(|reason| rows.contains(&reason.as_str())), "{role:?} {territory}: {seen:?}");
        // What a filter names outside the territory is not shown either.
        for uai in [MONOD, LYCEE, AGRICOLE, TOULOUSE] {
            see(&mut who, &format!("/admin/journal?gestes=tous&lieu={uai}")).await;
            let found = reasons(&who).contains(&uai.to_owned());
            assert_eq!(found, rows.contains(&uai), "{role:?} {territory} {uai}");
        }
        who.open("/admin/journal/export.jsonl?gestes=tous").await;
        assert_eq!(who.browser.page.status, StatusCode::OK, "{role:?} {territory}");
        let lines = who.browser.page.text();
        for reason in EVERYWHERE {
            let found = lines.contains(&format!("\"reason\":\"{reason}\""));
            assert_eq!(found, rows.contains(&reason), "{role:?} {territory} takes {reason} along");
        }
        who.browser.get("/admin/chiffres").await;
        let reads = !matches!(role, AdminRole::Delegate | AdminRole::HelpDesk);
        assert_eq!(who.browser.page.status == StatusCode::OK, reads, "{role:?} {territory}");
        let mut unknown = Vec::new();
        for asked in TERRITORIES.into_iter().chain(["school:0349990A", "client:nobody", "class:0349999J/6 A", "x"]) {
            for path in ["/admin/chiffres", "/admin/chiffres/connexions.csv"] {
                let path = format!("{path}?lieu={}", asked.replace(':', "%3A").replace(' ', "%20"));
                who.browser.get(&path).await;
                let status = if figures.contains(&asked) { StatusCode::OK } else { StatusCode::NOT_FOUND };
                let is_own = asked == territory && reads;
                assert!(who.browser.page.status == status || is_own, "{role:?} {territory} {asked}");
                if status == StatusCode::NOT_FOUND && !is_own {
                    let page = who.browser.page.text().replace(&path, "");
                    unknown.push(page.replace("/connexions.csv", "").replace("/admin/chiffres", ""));
                }
            }
        }
        assert!(unknown.windows(2).all(|two| two[0] == two[1]), "the same bytes as what is not there");
    }
}

#[tokio::test]
async fn threat_s15_attack_p1_what_was_refused_outside_a_territory_is_for_those_above_to_read() {
    let server = TestServer::start().await;
    let mut head = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    let mut above = administrator(&server, AdminRole::National, "all", "n@ministere.example").await;
    head.browser.get(&format!("/admin/etablissements/{TOULOUSE}")).await;
    assert_eq!(head.browser.page.status, StatusCode::NOT_FOUND);
    let refused = "SELECT COUNT(*) FROM audit WHERE fact = 'administrator_refused' AND academy = 'toulouse'";
    assert_eq!(server.query_count(refused).await, 1);
    for (who, reads) in [(&mut head, false), (&mut above, true)] {
        who.open("/admin/journal/export.jsonl?gestes=tous").await;
        assert_eq!(who.browser.page.status, StatusCode::OK);
        assert_eq!(who.browser.page.text().contains("administrator_refused"), reads, "{}", who.browser.page.text());
    }
    assert!(!see(&mut head, "/admin/journal").await.contains("Minimes"));
}

#[tokio::test]
async fn hostile_filters_are_refused_in_words_or_find_nothing() {
    let server = TestServer::start().await;
    let mut who = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    let (long_actor, long_place) = (format!("qui={}", "x".repeat(2_000)), format!("lieu={}", "x".repeat(2_000)));
    for (query, status) in [
        ("du=9999-12-31&au=9999-12-31", StatusCode::OK),
        ("du=1900-01-01&au=9999-12-31", StatusCode::OK),
        ("du=2026-02-30", REFUSED),
        ("du=99999-99-99", REFUSED),
        ("du=2026-11-26&au=2026-11-25", REFUSED),
        ("au=%27%20OR%201%3D1", REFUSED),
        ("lieu=%25&qui=%25&gestes=tous", StatusCode::OK),
        ("qui=%22%3E%3Cscript%3E", StatusCode::OK),
        ("gestes=%3Cscript%3E&avant=%27&personne=%25", StatusCode::OK),
        ("avant=ffffffffffffffffffffffffffffffff&gestes=tous", StatusCode::OK),
        ("avant=00000000000000000000000000000000&gestes=tous", StatusCode::OK),
        (long_actor.as_str(), REFUSED),
        (long_place.as_str(), REFUSED),
    ] {
        who.browser.get(&format!("/admin/journal?{query}")).await;
        let page = &who.browser.page;
        assert_eq!(page.status, status, "{}", query.chars().take(80).collect::<String>());
        assert!(!page.text().contains("\"><script>"), "{query}");
        assert_eq!(status == REFUSED, page.has_element(".wrong[role=alert]"), "{query}");
    }
    who.browser.get("/admin/journal?du=2030-01-01&au=2030-01-01").await;
    assert!(who.browser.page.visible_text().contains("Aucun geste ce jour-là."));
    who.browser.get(&format!("/admin/journal?qui={}", "x".repeat(10_000))).await;
    assert!(who.browser.page.status.is_client_error(), "{}", who.browser.page.status);
    for (query, status) in
        [("uai=%22%3E%3Cscript%3E", REFUSED), ("jours=-9", StatusCode::OK), ("uai=0319999A", StatusCode::NOT_FOUND)]
    {
        who.browser.get(&format!("/admin/chiffres?{query}")).await;
        assert_eq!(who.browser.page.status, status, "{query}");
        assert!(!who.browser.page.text().contains("\"><script>"), "{query}");
    }
}

#[tokio::test]
async fn pages_have_each_row_once_while_rows_are_added() {
    let server = TestServer::start().await;
    let uai: Uai = MONOD.parse().unwrap();
    let add = async |n: usize| {
        let reason = format!("row {n:03}");
        let about = AuditDetails { uai: Some(&uai), reason: Some(&reason), ..AuditDetails::default() };
        record(&server, AuditEvent::CampaignOpened, about).await;
        server.advance(Span::seconds(1));
    };
    for n in 0..120 {
        add(n).await;
    }
    let mut who = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    let (mut path, mut seen) = ("/admin/journal".to_owned(), Vec::new());
    for page in 0..4 {
        see(&mut who, &path).await;
        seen.extend(reasons(&who).into_iter().filter(|reason| reason.starts_with("row ")));
        add(200 + page).await;
        if !who.browser.page.has_element(".pages a[href*=avant]") {
            break;
        }
        path = who.browser.page.link_target(".pages a[href*=avant]");
    }
    let right: Vec<String> = (0..120).rev().map(|n| format!("row {n:03}")).collect();
    assert_eq!(seen, right);
}

#[tokio::test]
async fn attack_x8_an_export_asks_for_a_proof_is_recorded_and_has_no_formula() {
    let server = TestServer::start().await;
    let uai: Uai = MONOD.parse().unwrap();
    for reason in ["=1+1", "@SUM(A1)", "-2\"x", "ligne\r\n;=3"] {
        let about = AuditDetails { uai: Some(&uai), reason: Some(reason), ..AuditDetails::default() };
        record(&server, AuditEvent::CampaignOpened, about).await;
    }
    let mut who = administrator(&server, AdminRole::Academy, "academy:montpellier", "m@ac.example").await;
    server.advance(Span::minutes(6));
    who.browser.get("/admin/journal/export.csv").await;
    assert!(who.browser.page.location().starts_with("/admin/preuve"), "{}", who.browser.page.location());
    assert_eq!(server.query_count("SELECT COUNT(*) FROM audit WHERE fact = 'journal_exported'").await, 0);
    who.open("/admin/journal/export.csv").await;
    let table = who.browser.page.text();
    for field in ["\"'=1+1\"", "\"'@SUM(A1)\"", "\"'-2\"\"x\""] {
        assert!(table.contains(field), "{field}: {table}");
    }
    assert!(table.starts_with("\u{feff}\"id\";\"at\""));
    let told = "SELECT detail || ' ' || academy FROM audit WHERE fact = 'journal_exported'";
    let told = server.query_texts(told).await;
    assert!(told.len() == 1 && told[0].starts_with("csv: ") && told[0].ends_with(" montpellier"), "{told:?}");
    assert!(see(&mut who, "/admin/journal").await.contains("a emporté une partie du journal"));
}

#[tokio::test]
async fn a_person_is_named_to_whoever_may_see_that_person_and_to_nobody_else() {
    let server = TestServer::start().await;
    server.create_durand().await;
    let id = PersonId::new(server.query_texts("SELECT id FROM person").await[0].clone());
    let uai: Uai = MONOD.parse().unwrap();
    let about = AuditDetails { uai: Some(&uai), person: Some(&id), detail: "reopen: paper", ..AuditDetails::default() };
    record(&server, AuditEvent::PersonUnblocked, about).await;
    for (n, (role, territory, named, finds)) in [
        (AdminRole::SchoolHead, "school:0349999J", true, true),
        (AdminRole::Auditor, "school:0349999J", false, true),
        (AdminRole::SchoolHead, "school:0349998H", false, false),
    ]
    .into_iter()
    .enumerate()
    {
        let mut who = administrator(&server, role, territory, &format!("p{n}@ac.example")).await;
        let seen = see(&mut who, &format!("/admin/journal?personne={id}")).await;
        assert_eq!(seen.contains("Anne DURAND"), named, "{role:?} {territory}: {seen}");
        assert_eq!(seen.contains("a débloqué une personne"), finds, "{role:?} {territory}: {seen}");
        who.open("/admin/journal/export.jsonl").await;
        assert_eq!(who.browser.page.text().contains("DURAND"), named, "{role:?} {territory}");
    }
}

#[tokio::test]
async fn a_role_that_was_given_or_ended_is_told_in_words() {
    let server = TestServer::start().await;
    server.create_administrator(AdminRole::Delegate, "class:0349999J/6 A", "d@ecole.example").await;
    crate::console_clients::end_roles(&server, "d@ecole.example").await;
    let mut who = administrator(&server, AdminRole::National, "all", "n@example.org").await;
    for (lang, given, all) in [
        ("fr", "Délégation, 0349999J/6 A", "Administration nationale"),
        ("en", "Delegate, 0349999J/6 A", "National administration"),
    ] {
        let seen = see(&mut who, &format!("/admin/journal?lang={lang}")).await;
        let page = who.browser.page.text();
        assert_eq!((texts(&page, "td > del"), texts(&page, "td > ins").len()), (vec![given.to_owned()], 2), "{seen}");
        assert!(texts(&page, "td > ins").contains(&given.to_owned()) && seen.contains(all), "{seen}");
        assert!(!seen.contains("delegate@") && !seen.contains("national@"), "{seen}");
    }
}

#[tokio::test]
async fn states_dates_and_lists_are_told_in_words_and_exported_as_they_are_stored() {
    let server = TestServer::start().await;
    let (account, client, uai) = (AccountId::new("0".repeat(32)), ClientId::new("ent"), MONOD.parse::<Uai>().unwrap());
    let of_account = AuditDetails { account: Some(&account), ..AuditDetails::default() };
    let states = AuditDetails { before: Some("active"), after: Some("suspended"), ..of_account };
    record(&server, AuditEvent::AccountSuspended, states).await;
    let resumed = AuditDetails { before: Some("suspended by school"), after: Some("hibernating"), ..of_account };
    record(&server, AuditEvent::AccountResumed, resumed).await;
    let span = AuditDetails {
        uai: Some(&uai),
        before: Some("none"),
        after: Some("1795510800000 1795597200000"),
        ..AuditDetails::default()
    };
    record(&server, AuditEvent::CampaignOpened, span).await;
    let states = AuditDetails { client: Some(&client), after: Some("suspended"), ..AuditDetails::default() };
    record(&server, AuditEvent::ClientChanged, states).await;
    let mut who = administrator(&server, AdminRole::National, "all", "n@example.org").await;
    for (lang, words) in [
        (
            "fr",
            [
                "compte actif",
                "compte suspendu",
                "compte suspendu par l'établissement",
                "jamais ouverte",
                "du 24 novembre 2026, 10 h au 25 novembre 2026, 10 h",
            ],
        ),
        (
            "en",
            [
                "active account",
                "suspended account",
                "account suspended by the school",
                "never open",
                "from 24 November 2026, 10:00 to 25 November 2026, 10:00",
            ],
        ),
    ] {
        see(&mut who, &format!("/admin/journal?lang={lang}")).await;
        let page = who.browser.page.text();
        let told = [texts(&page, "td > del"), texts(&page, "td > ins")].concat();
        let told: Vec<String> = told.iter().map(|text| text.replace('\u{a0}', " ")).collect();
        for word in words {
            assert!(told.iter().any(|told| told == word), "{word}: {told:?}");
        }
        assert!(told.contains(&"hibernating".to_owned()), "a word of a newer release stays: {told:?}");
        assert!(["active", "none"].iter().all(|word| !told.contains(&(*word).to_owned())), "{told:?}");
    }
    who.open("/admin/journal/export.jsonl").await;
    let lines = who.browser.page.text();
    for stored in [
        "\"before\":\"active\",\"after\":\"suspended\"",
        "\"before\":\"suspended by school\"",
        "\"after\":\"1795510800000 1795597200000\"",
    ] {
        assert!(lines.contains(stored), "{stored}: {lines}");
    }
}

#[tokio::test]
async fn the_page_tells_whether_the_shown_rows_are_as_they_were_sealed() {
    let server = TestServer::start().await;
    record_everywhere(&server).await;
    let mut who = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    assert!(see(&mut who, "/admin/journal").await.contains("n'a pas encore été vérifiée"));
    let check = async || {
        let since = server.now().minus(Span::days(400));
        audit::ops::check_if_due(server.operation().storage(), since).await.unwrap()
    };
    server.advance(Span::minutes(2));
    while audit::ops::seal(server.operation().storage()).await.unwrap() > 0 {}
    assert_eq!(check().await.map(|report| report.problems.len()), Some(0));
    assert!(check().await.is_none(), "once a day");
    assert!(see(&mut who, "/admin/journal").await.contains("aucune rupture"));
    server.execute_sql("UPDATE audit SET reason = 'autre' WHERE reason = '0349999J'", Vec::new()).await;
    server.advance(Span::hours(25));
    assert!(check().await.is_some_and(|report| !report.problems.is_empty()));
    who.sign_in().await;
    let seen = see(&mut who, &format!("/admin/journal?lieu={MONOD}")).await;
    assert!(seen.contains("ont été changées ou retirées"), "{seen}");
}

#[tokio::test]
async fn sign_ins_are_counted_by_place_client_and_reason_and_small_counts_are_told_to_schools_only() {
    let server = TestServer::start().await;
    let TestAccount { identifiant, password, .. } = server.create_durand().await;
    let mut browser = Browser::new(&server);
    browser.open(&TestRelyingParty::new(&server, "ent").attempt().url).await;
    browser.sign_in_with("x.personne12", "Faux-2026!").await;
    for _ in 0..3 {
        browser.sign_in_with(&identifiant, "Faux-2026!").await;
    }
    browser.sign_in_with(&identifiant, &password).await;
    server.execute_sql("ALTER TABLE sign_in_day RENAME TO sign_in_day_away", Vec::new()).await;
    let op = Operation::of_job(&server.app, "figures");
    assert!(write_sign_ins(&op).await.is_err());
    server.execute_sql("ALTER TABLE sign_in_day_away RENAME TO sign_in_day", Vec::new()).await;
    assert_eq!(write(&server).await, 3, "what could not be written is written later");
    assert_eq!(write(&server).await, 0, "once");
    let rows = "SELECT place_kind || ' ' || place || ' ' || client_id || ' ' || result || ' ' || n FROM sign_in_day \
                WHERE client_id = 'ent' ORDER BY 1";
    let mut counted = server.query_texts(rows).await;
    counted.sort();
    let right = [
        "academy montpellier ent signed_in 1",
        "academy montpellier ent wrong_password 4",
        "all  ent signed_in 1",
        "all  ent wrong_password 4",
        "ministry en ent signed_in 1",
        "ministry en ent wrong_password 3",
        "school 0349999J ent signed_in 1",
        "school 0349999J ent wrong_password 3",
    ];
    assert_eq!(counted, right);
    let everywhere = "SELECT CAST(SUM(n) AS BIGINT) FROM sign_in_day WHERE place_kind = 'all' AND client_id = ''";
    assert_eq!(server.query_count(everywhere).await, 5);
    let mut head = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    let seen = see(&mut head, "/admin/chiffres?jours=7").await;
    assert!(seen.contains("Identifiant ou mot de passe faux 3") && !seen.contains("moins de 5"), "{seen}");
    assert!(see(&mut head, "/admin").await.contains("Connexions par jour"));
    see(&mut head, "/admin/chiffres/connexions.csv").await;
    assert!(head.browser.page.text().contains(";\"Identifiant ou mot de passe faux\";\"3\""));
    let mut academy = administrator(&server, AdminRole::Academy, "academy:montpellier", "m@ac.example").await;
    let seen = see(&mut academy, "/admin/chiffres").await;
    assert!(seen.contains("Identifiant ou mot de passe faux moins de 5") && seen.contains("Service ent"), "{seen}");
    see(&mut academy, "/admin/chiffres/connexions.csv").await;
    assert!(academy.browser.page.text().contains(";\"Identifiant ou mot de passe faux\";\"moins de 5\""));
    assert!(see(&mut academy, "/admin/chiffres?uai=0349999j").await.contains("Identifiant ou mot de passe faux 3"));
    let mut contact = administrator(&server, AdminRole::ServiceContact, "client:ent", "t@ent.example").await;
    assert!(!see(&mut contact, "/admin/chiffres").await.contains("Où en sont les responsables"));
}
