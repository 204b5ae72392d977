//! Schools in the console: who sees which, what a campaign counts, orders on campaigns, letters in batches.

use std::time::Instant;

use axum::http::StatusCode;
use preau::administrators::roles::AdminRole;
use preau::app::Operation;
use preau::base::clock::Span;
use preau::school_admin::ops::figures::{count_schools, write_steps};

use crate::console_clients::{administrator, end_role_of};
use crate::support::deployment::{AGRICOLE, LYCEE, MONOD, TOULOUSE};
use crate::support::html::texts;
use crate::support::{Browser, TestAdministrator, TestFamily, TestServer};

const REFUSED: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
const SCHOOLS: [&str; 4] = [MONOD, LYCEE, AGRICOLE, TOULOUSE];

/// Each role with a territory, the schools that it sees, and those whose campaign it changes.
const MATRIX: [(AdminRole, &str, &[&str], &[&str]); 14] = [
    (AdminRole::National, "all", &SCHOOLS, &SCHOOLS),
    (AdminRole::National, "ministry:agriculture", &[AGRICOLE], &[AGRICOLE]),
    (AdminRole::National, "ministry:en", &[MONOD, LYCEE, TOULOUSE], &[MONOD, LYCEE, TOULOUSE]),
    (AdminRole::Academy, "academy:montpellier", &[MONOD, LYCEE], &[MONOD, LYCEE]),
    (AdminRole::Academy, "academy:toulouse", &[TOULOUSE], &[TOULOUSE]),
    (AdminRole::SchoolHead, "school:0349999J", &[MONOD], &[MONOD]),
    (AdminRole::SchoolHead, "school:0349998H", &[LYCEE], &[LYCEE]),
    (AdminRole::Delegate, "school:0349999J", &[MONOD], &[]),
    (AdminRole::Delegate, "class:0349999J/6 A", &[MONOD], &[]),
    (AdminRole::Delegate, "class:0349998H/2 A", &[LYCEE], &[]),
    (AdminRole::HelpDesk, "all", &[], &[]),
    (AdminRole::HelpDesk, "school:0349999J", &[], &[]),
    (AdminRole::ServiceContact, "client:ent", &[], &[]),
    (AdminRole::Auditor, "all", &[], &[]),
];

/// Anne's number is a landline, Paul has none, Fatou has a mobile.
fn families() -> Vec<TestFamily> {
    let anne = TestFamily { phone: "04 67 00 00 01", ..TestFamily::durand() };
    let paul = TestFamily { phone: "", nom: "=PETIT", ..TestFamily::petit() };
    vec![anne, paul, TestFamily::ndiaye()]
}

async fn start() -> TestServer {
    let server = TestServer::start_with_open_campaign(&families()).await;
    let children = vec![(900_090, "Inès", "02/02/2010", "2 A")];
    let other = TestFamily { key: 500_090, nom: "ROUX", prenom: "Paule", phone: "06 39 98 00 90", children };
    server.import_families("montpellier", LYCEE, &[other]).await;
    server
}

async fn write(server: &TestServer) {
    write_steps(&Operation::of_job(&server.app, "figures")).await.unwrap();
    while count_schools(&Operation::of_job(&server.app, "figures")).await.unwrap() > 0 {}
}

async fn see(who: &mut TestAdministrator, path: &str) -> String {
    who.browser.get(path).await;
    assert_eq!(who.browser.page.status, StatusCode::OK, "{path}: {}", who.browser.page.visible_text());
    who.browser.page.visible_text()
}

fn order<'a>(field: &'a str, kind: &'a str) -> [(&'a str, &'a str); 3] {
    [(field, "1"), ("geste", kind), ("jours", "7")]
}

#[tokio::test]
async fn threat_s15_attack_p1_each_role_sees_and_changes_schools_of_its_territory_only() {
    let server = start().await;
    for (n, (role, territory, seen, changed)) in MATRIX.into_iter().enumerate() {
        let mut who = administrator(&server, role, territory, &format!("a{n}@ac.example")).await;
        who.browser.get("/admin/etablissements").await;
        let status = match seen.len() {
            0 => StatusCode::NOT_FOUND,
            1 if !["ministry", "academy"].iter().any(|kind| territory.starts_with(kind)) => StatusCode::SEE_OTHER,
            _ => StatusCode::OK,
        };
        assert_eq!(who.browser.page.status, status, "{role:?} {territory} lists");
        if status == StatusCode::OK {
            let mut listed: Vec<String> = texts(&who.browser.page.text(), "tbody th small");
            listed.iter_mut().for_each(|line| line.truncate(8));
            listed.sort();
            let mut right = seen.to_vec();
            right.sort_unstable();
            assert_eq!(listed, right, "{role:?} {territory} lists");
        }
        let mut unknown = Vec::new();
        for uai in SCHOOLS.into_iter().chain(["0349990A", "0349994D"]) {
            let path = format!("/admin/etablissements/{uai}");
            who.browser.get(&path).await;
            let (status, page) = (who.browser.page.status, who.browser.page.text());
            assert_eq!(status == StatusCode::OK, seen.contains(&uai), "{role:?} {territory} {uai} {status}");
            if !seen.contains(&uai) {
                assert_eq!(status, StatusCode::NOT_FOUND);
                unknown.push(page.replace(&path, ""));
            }
            who.browser.get(&format!("{path}/injoignables.csv")).await;
            let may_export = changed.contains(&uai);
            let status = if may_export { StatusCode::OK } else { StatusCode::NOT_FOUND };
            assert_eq!(who.browser.page.status, status, "{role:?} {territory} exports {uai}");
            let field = format!("ecole-{uai}");
            who.browser.post("/admin/etablissements/campagne", &order(&field, "open")).await;
            let status = if changed.contains(&uai) { StatusCode::SEE_OTHER } else { StatusCode::NOT_FOUND };
            assert_eq!(who.browser.page.status, status, "{role:?} {territory} orders {uai}");
            let fields = [("uai", uai), ("lot", &"0".repeat(32)), ("pour", "injoignables"), ("raison", "x")];
            who.browser.post("/admin/lettres/imprimer", &fields).await;
            let refused = if changed.contains(&uai) { REFUSED } else { StatusCode::NOT_FOUND };
            let printed = who.browser.page.status == StatusCode::OK && changed.contains(&uai);
            assert!(printed || who.browser.page.status == refused, "{role:?} {territory} prints {uai}");
        }
        assert!(unknown.windows(2).all(|two| two[0] == two[1]), "the same bytes as what is not there");
        // One school of others among one's own refuses the whole order.
        if let Some(own) = changed.first().filter(|_| changed.len() < SCHOOLS.len()) {
            let other = SCHOOLS.into_iter().find(|uai| !changed.contains(uai)).unwrap();
            let fields = [format!("ecole-{own}"), format!("ecole-{other}")];
            let fields = [(fields[0].as_str(), "1"), (&fields[1], "1"), ("geste", "close"), ("jours", "7")];
            who.browser.post("/admin/etablissements/campagne", &fields).await;
            assert_eq!(who.browser.page.status, StatusCode::NOT_FOUND, "{role:?} {territory}");
        }
        server.execute_sql("DELETE FROM letter_batch", Vec::new()).await;
    }
    assert_eq!(server.query_count("SELECT COUNT(*) FROM campaign").await, 1, "a draft changes nothing");
    let refused = server.query_count("SELECT COUNT(*) FROM audit WHERE fact = 'administrator_refused'").await;
    assert!(refused > 100, "each refusal is recorded: {refused}");
}

#[tokio::test]
async fn threat_s15_a_delegate_of_a_class_sees_the_parents_and_figures_of_that_class_only() {
    let server = start().await;
    let path = format!("/admin/etablissements/{MONOD}?liste=injoignables");
    let mut delegate = administrator(&server, AdminRole::Delegate, "class:0349999J/5 B", "d@ecole.example").await;
    let seen = see(&mut delegate, &path).await;
    assert!(seen.contains("=PETIT Paul") && !seen.contains("DURAND"), "{seen}");
    assert!(seen.contains("Vous voyez vos classes") && seen.contains("0 sur 1"), "{seen}");
    assert!(!delegate.browser.page.has_element("svg[role=img]"), "the days are the school's");
    let mut head = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    let seen = see(&mut head, &path).await;
    assert!(seen.contains("=PETIT Paul") && seen.contains("DURAND Anne") && seen.contains("0 sur 3"), "{seen}");
    for query in ["liste=%22%3E%3Cscript%3E", "motif=x&apres=%27", "apres=ffffffffffffffffffffffffffffffff", "fait=x"] {
        see(&mut head, &format!("/admin/etablissements/{MONOD}?{query}")).await;
        assert!(!head.browser.page.text().contains("<script>"), "{query}");
    }
    assert_eq!(texts(&head.browser.page.text(), ".tabs a").len(), 3, "all, landline, none");
    see(&mut head, &format!("/admin/etablissements/{MONOD}?motif=landline")).await;
    assert_eq!(texts(&head.browser.page.text(), ".stack tbody th a"), ["DURAND Anne"]);
}

#[tokio::test]
async fn a_campaign_counts_each_person_once_at_each_step_on_its_day() {
    let server = start().await;
    let fatou = TestFamily::ndiaye();
    let count = "SELECT step || '=' || n FROM campaign_day WHERE uai = '0349999J' ORDER BY day, step";
    let mut browser = Browser::at_activation(&server).await;
    browser.identify(&fatou).await;
    server.drain_outbox().await;
    write(&server).await;
    assert_eq!(server.query_texts(count).await, ["asked=1"]);
    // Asked again, from elsewhere: still one person.
    let mut again = Browser::at_activation(&server).await;
    again.activate(&server, &fatou).await;
    write(&server).await;
    assert_eq!(server.query_texts(count).await, ["active=1", "asked=1", "children=1", "code=1"]);
    // A name that nobody has leaves no figure.
    let mut nobody = Browser::at_activation(&server).await;
    nobody.identify(&TestFamily { nom: "INCONNU", ..TestFamily::ndiaye() }).await;
    server.drain_outbox().await;
    // Who has an account and asks is in no campaign.
    let mut third = Browser::at_activation(&server).await;
    third.prove_phone(&server, &fatou).await;
    write(&server).await;
    assert_eq!(server.query_texts(count).await, ["active=1", "asked=1", "children=1", "code=1"]);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM campaign_progress").await, 1);
    let mut head = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    let seen = see(&mut head, &format!("/admin/etablissements/{MONOD}")).await;
    for words in ["33,3 %", "1 sur 3", "2 sur 4", "1 depuis mardi 24 novembre", "Pas de numéro (1)"] {
        assert!(seen.contains(words), "{words}: {seen}");
    }
    // The list has what was counted, once a minute has passed.
    server.advance(Span::minutes(2));
    write(&server).await;
    let figure = "SELECT parents || ' ' || with_account || ' ' || unreachable || ' ' || pupils || ' ' || \
                  pupils_covered FROM school_figure WHERE uai = '0349999J'";
    assert_eq!(server.query_texts(figure).await, ["3 1 2 4 2"]);
    // A restart forgets what was noted and not written: ten seconds of a figure.
    let other = server.restart().await;
    assert!(other.app.campaign_steps.take().persons.is_empty());
}

#[tokio::test]
async fn attack_p6_an_order_does_what_was_read_once_and_nothing_after_a_change_or_the_role() {
    let server = start().await;
    let mut who = administrator(&server, AdminRole::Academy, "academy:montpellier", "m@ac.example").await;
    let fields = [("ecole-0349999J", "1"), ("ecole-0349998H", "1"), ("geste", "open"), ("jours", "30")];
    who.browser.post("/admin/etablissements/campagne", &fields).await;
    let review = who.browser.page.location().to_owned();
    assert!(review.starts_with("/admin/etablissements/relire/"), "{review}");
    let seen = see(&mut who, &review).await;
    assert!(seen.contains("2 établissements changent") && seen.contains("jamais ouverte"), "{seen}");
    // Nobody else reads it.
    let mut other = administrator(&server, AdminRole::National, "all", "n@ac.example").await;
    other.browser.get(&review).await;
    assert_eq!(other.browser.page.status, StatusCode::NOT_FOUND);
    other.browser.post(&review, &[("version", "1"), ("empreinte", "x")]).await;
    assert_eq!(other.browser.page.status, StatusCode::NOT_FOUND);
    // The campaign changes between the page and its form.
    let mut tab = who.browser.clone_browser();
    tab.get(&review).await;
    server.set_campaign(MONOD, Span::days(-1), Span::days(3)).await;
    who.browser.submit("confirmer", &[]).await;
    assert_eq!(who.browser.page.status, REFUSED);
    assert!(who.browser.page.visible_text().contains("Cela a changé depuis"));
    assert_eq!(server.query_count("SELECT COUNT(*) FROM campaign").await, 1, "none of several");
    for typed in [("version", "9"), ("version", "x"), ("empreinte", "")] {
        let mut bent = tab.clone_browser();
        bent.get(&review).await;
        bent.submit("confirmer", &[typed]).await;
        assert_eq!(bent.page.status, REFUSED, "{typed:?}");
    }
    // The new difference is confirmed, twice: once done, the same answer.
    who.browser.get(&review).await;
    let mut twice = who.browser.clone_browser();
    twice.get(&review).await;
    who.browser.submit("confirmer", &[]).await;
    assert_eq!(who.browser.page.location(), review, "{}", who.browser.page.visible_text());
    twice.submit("confirmer", &[]).await;
    assert_eq!(twice.page.location(), review);
    let days = "SELECT uai || ' ' || CAST((closes_at - opens_at) / 86400000 AS TEXT) FROM campaign ORDER BY uai";
    assert_eq!(server.query_texts(days).await, ["0349998H 30", "0349999J 31"]);
    let journal = "SELECT role || '|' || academy || '|' || detail FROM audit WHERE fact = 'campaign_opened'";
    assert_eq!(server.query_texts(journal).await, ["academy@montpellier|montpellier|open"; 2]);
    // One that was read an hour ago is no more what it was.
    who.browser.post("/admin/etablissements/campagne", &order("ecole-0349999J", "close")).await;
    who.browser.follow().await;
    let mut old = who.browser.clone_browser();
    old.get(who.browser.url.as_str()).await;
    server.advance(Span::minutes(61));
    who.sign_in().await;
    old.cookies = who.browser.cookies.clone();
    old.submit("confirmer", &[]).await;
    assert_eq!(old.page.status, REFUSED);
    // The role ends meanwhile, another one stays.
    server.invite_administrator(AdminRole::HelpDesk, "academy:montpellier", "m@ac.example").await;
    who.browser.post("/admin/etablissements/campagne", &order("ecole-0349999J", "close")).await;
    who.browser.follow().await;
    end_role_of(&server, "m@ac.example", AdminRole::Academy).await;
    who.browser.submit("confirmer", &[]).await;
    assert_eq!(who.browser.page.status, REFUSED);
    let seen = who.browser.page.visible_text();
    assert!(seen.contains("Votre rôle sur académie de Montpellier est terminé"), "{seen}");
    // And nothing of how the schools are now.
    assert!(!seen.contains("Théodore") && !who.browser.page.has_element("tbody"), "{seen}");
    assert_eq!(server.query_texts(days).await, ["0349998H 30", "0349999J 31"]);
}

#[tokio::test]
async fn orders_open_extend_close_and_let_latecomers_in() {
    let server = start().await;
    let mut head = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    let path = format!("/admin/etablissements/{MONOD}");
    let days = "SELECT CAST((closes_at - opens_at) / 86400000 AS TEXT) FROM campaign WHERE uai = '0349999J'";
    for (kind, right, words) in [
        ("extend", "22", "La campagne est prolongée."),
        ("close", "0", "La campagne est fermée."),
        ("open", "7", "La campagne est ouverte."),
        ("close", "0", "La campagne est fermée."),
    ] {
        server.advance(Span::minutes(1));
        see(&mut head, &path).await;
        head.browser.submit("relire", &[("geste", kind), ("jours", "7")]).await;
        head.browser.follow().await;
        head.browser.submit("confirmer", &[]).await;
        assert_eq!(head.browser.page.location(), format!("{path}?fait={kind}"));
        head.browser.follow().await;
        assert!(head.browser.page.visible_text().contains(words));
        assert_eq!(server.query_texts(days).await, [right], "{kind}");
    }
    // Fatou comes too late, and is told so; the school sees it, and lets her in alone.
    let fatou = TestFamily::ndiaye();
    let mut late = Browser::at_activation(&server).await;
    late.prove_phone(&server, &fatou).await;
    assert!(late.page.visible_text().contains("Il est trop tard"), "{}", late.page.visible_text());
    let seen = see(&mut head, &path).await;
    assert!(seen.contains("1 personne arrivée trop tard"), "{seen}");
    head.browser.submit("relire", &[("geste", "late"), ("jours", "7")]).await;
    head.browser.follow().await;
    let seen = head.browser.page.visible_text();
    assert!(seen.contains("ouverte pour 1 personne"), "{seen}");
    head.browser.submit("confirmer", &[]).await;
    let mut again = Browser::at_activation(&server).await;
    again.activate(&server, &fatou).await;
    for (fields, status) in [
        (vec![("geste", "open"), ("jours", "7")], REFUSED),
        (vec![("ecole-0349999J", "1"), ("geste", "x"), ("jours", "7")], REFUSED),
        (vec![("ecole-0349999J", "1"), ("geste", "open"), ("jours", "8")], REFUSED),
        (vec![("ecole-0349999J", "1"), ("geste", "open"), ("jours", "-7")], REFUSED),
        (vec![("ecole-../", "1"), ("geste", "open"), ("jours", "7")], StatusCode::NOT_FOUND),
        (vec![("ecole-", "1"), ("geste", "open"), ("jours", "7")], StatusCode::NOT_FOUND),
    ] {
        head.browser.post("/admin/etablissements/campagne", &fields).await;
        assert_eq!(head.browser.page.status, status, "{fields:?}");
    }
}

#[tokio::test]
async fn letters_of_a_class_are_printed_once_and_their_use_is_seen() {
    let server = start().await;
    let mut head = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    see(&mut head, "/admin/lettres").await;
    assert!(head.browser.page.visible_text().contains("Les 2 responsables à qui aucun SMS n'arrive"));
    let mut form = head.browser.clone_browser();
    form.get("/admin/lettres").await;
    let class = [("pour", "eleve"), ("classe", "6 A"), ("raison", "Rentrée")];
    for (typed, words) in [
        ([("pour", ""), ("classe", "6 A"), ("raison", "x")], "Choisissez pour qui"),
        ([("pour", "eleve"), ("classe", ""), ("raison", "x")], "Choisissez pour qui"),
        ([("pour", "eleve"), ("classe", "6 A"), ("raison", " ")], "Dites pourquoi"),
        ([("pour", "eleve"), ("classe", "9 Z"), ("raison", "x")], "Personne n'a besoin"),
        ([("pour", "eleve"), ("classe", "6a"), ("raison", "x")], "Personne n'a besoin"),
    ] {
        head.browser.get("/admin/lettres").await;
        head.browser.submit("imprimer", &typed).await;
        assert_eq!(head.browser.page.status, REFUSED);
        let seen = head.browser.page.visible_text();
        assert!(seen.contains(words), "{words}: {seen}");
    }
    form.submit("imprimer", &class).await;
    assert_eq!(form.page.status, StatusCode::OK);
    assert_eq!((form.page.header("content-type"), form.page.header("cache-control")), ("application/pdf", "no-store"));
    assert!(form.page.bytes.starts_with(b"%PDF"));
    let codes = "SELECT state || ' ' || COALESCE(batch_id, '') FROM letter ORDER BY id";
    let before = server.query_texts(codes).await;
    assert_eq!(before.len(), 2, "Zoé and Anaïs");
    // The same form again prints nothing, and leaves the codes.
    let mut page = form.clone_browser();
    page.get("/admin/lettres").await;
    let lot = server.query_texts("SELECT form_id FROM letter_batch").await.remove(0);
    page.submit("imprimer", &[("lot", &lot), class[0], class[1], class[2]]).await;
    assert_eq!(page.page.status, REFUSED);
    assert!(page.page.visible_text().contains("déjà imprimées"), "{}", page.page.visible_text());
    page.get("/admin/lettres").await;
    page.submit("imprimer", &[("lot", "../x"), class[0], class[1], class[2]]).await;
    assert_eq!(page.page.status, REFUSED);
    assert_eq!(server.query_texts(codes).await, before);
    server
        .execute_sql(
            "UPDATE letter SET state = 'used', ended_at = issued_at WHERE id = (SELECT MIN(id) FROM letter)",
            Vec::new(),
        )
        .await;
    let seen = see(&mut head, "/admin/lettres").await;
    assert_eq!(texts(&head.browser.page.text(), "tbody td.n"), ["2", "1", "1"], "{seen}");
    assert!(seen.contains("Rentrée") && seen.contains("Nom de c"), "{seen}");
    // A delegate of another class sees no batch of this one, and prints none.
    let mut delegate = administrator(&server, AdminRole::Delegate, "class:0349999J/5 B", "d@ecole.example").await;
    let seen = see(&mut delegate, "/admin/lettres").await;
    assert!(seen.contains("Aucune lettre") && !delegate.browser.page.has_element("#imprimer"), "{seen}");
    // A proof of ten minutes ago is none.
    server.advance(Span::minutes(6));
    head.browser.get("/admin/lettres").await;
    head.browser.submit("imprimer", &class).await;
    assert!(head.browser.page.location().starts_with("/admin/preuve"), "{}", head.browser.page.location());
}

#[tokio::test]
async fn takeover_w4_a_school_lists_who_activated_with_a_letter() {
    let server = start().await;
    let anne = server.create_account_of("montpellier", &families()[0]).await;
    server.create_account_of("montpellier", &families()[2]).await;
    let mut head = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "head@ecole.example").await;
    let school = format!("/admin/etablissements/{MONOD}");
    let list = format!("{school}?liste=par-lettre");
    assert!(!see(&mut head, &school).await.contains("activé par lettre"));
    let letter = "INSERT INTO letter (id, account_id, kind, code, state, issued_by, reason, issued_at, expires_at, ended_at) \
                  VALUES ($1, $2, $3, 'x', $4, 'x', 'x', 1, 2, 2)";
    for (id, kind, state) in [("a", "first", "replaced"), ("b", "reset", "used")] {
        let args = vec![id.into(), anne.account_id.as_str().into(), kind.into(), state.into()];
        server.execute_sql(letter, args).await;
    }
    assert!(see(&mut head, &list).await.contains("Personne."), "no first password came by these");
    let args = vec!["c".into(), anne.account_id.as_str().into(), "first".into(), "used".into()];
    server.execute_sql(letter, args).await;
    assert!(see(&mut head, &school).await.contains("1 responsable a activé par lettre"));
    see(&mut head, &list).await;
    assert_eq!(texts(&head.browser.page.text(), "tbody th > a"), ["DURAND Anne"]);
}

#[tokio::test]
async fn attack_x8_the_table_of_unreachable_parents_has_no_formula_and_is_recorded() {
    let server = start().await;
    let mut head = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    head.browser.get(&format!("/admin/etablissements/{MONOD}/injoignables.csv")).await;
    let page = &head.browser.page;
    assert_eq!((page.status, page.header("content-type")), (StatusCode::OK, "text/csv; charset=utf-8"));
    let lines: Vec<String> = page.text().lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(
        lines[1].starts_with("\"'=PETIT\";\"Paul\";\"Léo =. (5 B)\";") || lines[2].starts_with("\"'=PETIT\""),
        "{lines:?}"
    );
    assert!(lines.iter().all(|line| line.trim_start_matches('\u{feff}').starts_with('"')), "{lines:?}");
    let journal = server.query_texts("SELECT detail FROM audit WHERE fact = 'persons_exported'").await;
    assert_eq!(journal, ["unreachable: 2"]);
    server.advance(Span::minutes(6));
    head.browser.get(&format!("/admin/etablissements/{MONOD}/injoignables.csv")).await;
    assert!(head.browser.page.location().starts_with("/admin/preuve"));
}

#[tokio::test]
async fn five_hundred_schools_are_listed_without_counting_anybody() {
    let server = start().await;
    let school =
        "INSERT INTO school (uai, name, academy, ministry, origin) VALUES ($1, $2, 'montpellier', 'en', 'file')";
    let figure = "INSERT INTO school_figure (uai, revision, counted_at, stale, parents, with_account, unreachable, \
                  pupils, pupils_covered) VALUES ($1, 1, $2, FALSE, 600, $3, 50, 500, 400)";
    let campaign = "INSERT INTO campaign (uai, opens_at, closes_at) VALUES ($1, $2, $3)";
    let letter = |n: usize| "ABCDEFGHJKLMNPRSTUVWXYZ".as_bytes()[(340_000 + n) % 23] as char;
    let now = server.now().0;
    for n in 0..500_usize {
        let uai = format!("0{}{}", 340_000 + n, letter(n));
        server.execute_sql(school, vec![uai.as_str().into(), format!("Collège {n}").into()]).await;
        let accounts = i64::try_from(n).unwrap() % 600;
        server.execute_sql(figure, vec![uai.as_str().into(), now.into(), accounts.into()]).await;
        if n % 3 > 0 {
            let closes = now + Span::days(i64::try_from(n % 20).unwrap() - 5).0;
            server
                .execute_sql(campaign, vec![uai.as_str().into(), (now - Span::days(9).0).into(), closes.into()])
                .await;
        }
    }
    let mut who = administrator(&server, AdminRole::Academy, "academy:montpellier", "m@ac.example").await;
    let (mut seen, mut path, mut longest) = (Vec::new(), "/admin/etablissements".to_owned(), 0);
    loop {
        let began = Instant::now();
        see(&mut who, &path).await;
        longest = longest.max(began.elapsed().as_millis());
        seen.extend(texts(&who.browser.page.text(), "tbody th small"));
        if !who.browser.page.has_element(".pages a") {
            break;
        }
        path = who.browser.page.link_target(".pages a");
    }
    assert_eq!(seen.len(), 502, "each once");
    let mut once = seen.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), 502);
    println!("the longest page of 502 schools took {longest} ms");
    assert!(longest < 3_000, "{longest} ms: a debug build on a busy machine, and still no count of people");
    for (query, most) in [("?etat=open", 400), ("?nom=monod", 1), ("?nom=0340", 502), ("?apres=x-y-z", 502)] {
        see(&mut who, &format!("/admin/etablissements{query}")).await;
        let lines = texts(&who.browser.page.text(), "tbody th small").len();
        assert!((1..=50).contains(&lines) && lines <= most, "{query}: {lines}");
    }
}
