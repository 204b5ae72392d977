//! The help desk of the console: the search, why somebody does not get in, and what repairs it.

use axum::http::StatusCode;
use preau::administrators::roles::{AdminRole, Permission};
use preau::base::clock::Span;
use preau::base::roster_key::RosterKey;
use preau::clients::SubjectType;
use preau::helpdesk;
use preau::helpdesk::ops::repairs::HelpdeskAct;
use preau::roster::ops::words::index_batch;
use strum::IntoEnumIterator as _;

use crate::admin_api_tokens::{Call, make_token};
use crate::console_clients::administrator;
use crate::support::deployment::{LYCEE, MONOD, TOULOUSE};
use crate::support::{Browser, TestAdministrator, TestFamily, TestRelyingParty, TestServer};

const REFUSED: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

/// Each role with a territory, and whether Anne DURAND is in it.
const ROLES: [(AdminRole, &str, bool); 12] = [
    (AdminRole::National, "all", true),
    (AdminRole::National, "ministry:agriculture", false),
    (AdminRole::Academy, "academy:montpellier", true),
    (AdminRole::Academy, "academy:toulouse", false),
    (AdminRole::SchoolHead, "school:0349999J", true),
    (AdminRole::SchoolHead, "school:0349998H", false),
    (AdminRole::Delegate, "class:0349999J/6 A", true),
    (AdminRole::Delegate, "class:0349999J/4 C", false),
    (AdminRole::HelpDesk, "academy:montpellier", true),
    (AdminRole::HelpDesk, "school:0349998H", false),
    (AdminRole::ServiceContact, "client:ent", false),
    (AdminRole::Auditor, "all", true),
];

/// A parent of the lycée of the same academy.
fn elsewhere() -> TestFamily {
    let children = vec![(900_090, "Inès", "02/02/2010", "2 A")];
    TestFamily { key: 500_090, nom: "DURANDEL", prenom: "Paule", phone: "06 39 98 00 90", children }
}

async fn start() -> TestServer {
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &[TestFamily::durand(), TestFamily::ndiaye()]).await;
    server.import_families("montpellier", LYCEE, &[elsewhere()]).await;
    server.open_campaign(MONOD).await;
    while index_batch(server.operation().storage()).await.unwrap() > 0 {}
    server
}

async fn person_id(server: &TestServer, key: u32) -> String {
    let mut tx = server.app.db.read().await.unwrap();
    let sql = "SELECT id FROM person WHERE person_key = $1";
    tx.fetch_one::<(String,)>(sql, vec![key.to_string().into()]).await.unwrap().0
}

impl TestAdministrator {
    async fn search(&mut self, q: &str) -> Vec<String> {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("q", q).finish();
        self.browser.get(&format!("/admin/personnes?{query}")).await;
        assert_eq!(self.browser.page.status, StatusCode::OK, "{q}: {}", self.browser.page.visible_text());
        crate::support::html::texts(&self.browser.page.text(), "tbody th > a")
    }

    async fn see(&mut self, id: &str) -> String {
        self.browser.get(&format!("/admin/personnes/{id}")).await;
        assert_eq!(self.browser.page.status, StatusCode::OK);
        self.browser.page.visible_text()
    }

    async fn act(&mut self, button: &str) -> StatusCode {
        let typed = [("preuve", "paper"), ("raison", "Vue au secrétariat")];
        self.browser.submit(button, &typed).await;
        self.browser.page.status
    }
}

#[tokio::test]
async fn threat_s15_people_are_found_by_what_is_typed_and_on_the_own_territory_only() {
    let server = start().await;
    let account = server.create_account_of("montpellier", &TestFamily::durand()).await;
    let mut head = server.create_administrator(AdminRole::SchoolHead, "school:0349999J", "a@ecole.example").await;
    let mut desk = server.create_administrator(AdminRole::HelpDesk, "academy:montpellier", "h@ac.example").await;
    let mut other = server.create_administrator(AdminRole::HelpDesk, "academy:toulouse", "t@ac.example").await;
    for (q, of_school, of_academy) in [
        (
            "durand",
            vec!["DURAND Anne", "DURAND Zoé"],
            vec!["DURAND Anne", "DURANDEL Paule", "DURAND Zoé", "DURANDEL Inès"],
        ),
        ("Anne DURAND", vec!["DURAND Anne"], vec!["DURAND Anne"]),
        ("n'diaye fatou", vec!["N'DIAYE Fatou"], vec!["N'DIAYE Fatou"]),
        ("ndiaye élie", vec!["N'DIAYE Fatou", "N'DIAYE Élie"], vec!["N'DIAYE Élie"]),
        ("0001", vec!["DURAND Anne"], vec!["DURAND Anne"]),
        (
            "durandel",
            vec!["DURAND Anne (nom proche)", "DURAND Zoé (nom proche)"],
            vec!["DURANDEL Paule", "DURANDEL Inès"],
        ),
        (account.identifiant.as_str(), vec!["DURAND Anne"], vec!["DURAND Anne"]),
        ("%", vec![], vec![]),
        ("x", vec![], vec![]),
        ("<script>", vec![], vec![]),
    ] {
        let sort = |mut names: Vec<String>| {
            names.sort();
            names
        };
        let words = |names: Vec<&str>| sort(names.into_iter().map(str::to_owned).collect());
        assert_eq!(sort(head.search(q).await), words(of_school), "{q} at the school");
        assert_eq!(sort(desk.search(q).await), words(of_academy), "{q} in the academy");
        assert_eq!(other.search(q).await, Vec::<String>::new(), "{q} elsewhere");
    }
    assert_eq!(head.search("01").await, ["DURAND Anne"], "two digits suffice at a school");
    desk.search("01").await;
    assert!(desk.browser.page.visible_text().contains("quatre derniers chiffres"));
    head.search(&"durand ".repeat(1_500).chars().take(5_000).collect::<String>()).await;
    let near = head.search("durant").await;
    assert!(near.iter().any(|name| name.contains("(nom proche)")), "{near:?}");
    let logged = server.query_count("SELECT COUNT(*) FROM audit WHERE detail LIKE '%urand%'").await;
    assert_eq!(logged, 0, "what was searched is kept nowhere");
}

/// Indexes more people called DURANAL in the academy than a search looks at.
async fn add_namesakes(server: &TestServer) {
    let words = "INSERT INTO search_word (academy, word, kind, subject_id) \
                 WITH RECURSIVE n (i) AS (SELECT CAST($1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < $2) \
                 SELECT 'montpellier', 'duranal', $3, 'x' || i FROM n";
    for kind in ["person", "pupil"] {
        server.execute_sql(words, vec![1_i64.into(), 10_001_i64.into(), kind.into()]).await;
    }
}

#[tokio::test]
async fn a_name_of_thousands_asks_for_more_letters_and_reads_no_more_people_than_a_rare_one() {
    let server = start().await;
    add_namesakes(&server).await;
    let mut desk = server.create_administrator(AdminRole::HelpDesk, "academy:montpellier", "h@ac.example").await;
    assert_eq!(desk.search("duran").await, Vec::<String>::new());
    let told = desk.browser.page.visible_text();
    assert!(told.contains("Trop de personnes ont un nom qui commence ainsi"), "{told}");
    assert_eq!(desk.search("durande").await, ["DURANDEL Paule", "DURANDEL Inès"]);
    assert!(!desk.browser.page.visible_text().contains("Il y en a d'autres"));
    // Another word leads there.
    assert_eq!(desk.search("paule duran").await, ["DURANDEL Paule"]);
    assert_eq!(desk.search("duran paule").await, ["DURANDEL Paule"], "in whichever order");
    assert_eq!(desk.search("durande pau").await, ["DURANDEL Paule"]);
}

#[tokio::test]
async fn a_person_of_a_small_ministry_is_not_missed_behind_the_namesakes_of_the_others() {
    let server = start().await;
    add_namesakes(&server).await;
    let to_agriculture = "UPDATE school SET ministry = 'agriculture' WHERE uai = $1";
    server.execute_sql(to_agriculture, vec![LYCEE.into()]).await;
    let mut small = server.create_administrator(AdminRole::National, "ministry:agriculture", "a@agri.example").await;
    assert_eq!(small.search("duran").await, ["DURANDEL Paule", "DURANDEL Inès"], "nobody of the other schools");
    assert!(!small.browser.page.visible_text().contains("Il y en a d'autres"), "all of its schools were gone through");
    assert_eq!(small.search("duran ine").await, ["DURANDEL Inès"]);
    assert_eq!(small.search("duran zoe").await, Vec::<String>::new());
    // In the whole academy the name is still that of too many.
    let mut desk = server.create_administrator(AdminRole::HelpDesk, "academy:montpellier", "h@ac.example").await;
    assert_eq!(desk.search("duran").await, Vec::<String>::new());
}

#[tokio::test]
async fn fifty_people_are_shown_and_others_are_told_of() {
    let server = TestServer::start().await;
    let family = |n: u32| TestFamily {
        key: 500_100 + n,
        children: vec![(900_100 + n, "Inès", "02/02/2010", "2 A")],
        ..elsewhere()
    };
    let families: Vec<TestFamily> = (0..30).map(family).collect();
    server.import_families("montpellier", LYCEE, &families).await;
    while index_batch(server.operation().storage()).await.unwrap() > 0 {}
    let mut desk = server.create_administrator(AdminRole::HelpDesk, "academy:montpellier", "h@ac.example").await;
    let found = desk.search("durandel").await;
    let parents = found.iter().filter(|name| *name == "DURANDEL Paule").count();
    assert_eq!((found.len(), parents), (50, 30), "{found:?}");
    assert!(desk.browser.page.visible_text().contains("Il y en a d'autres"));
    assert_eq!(desk.search("durandel paule").await.len(), 30);
    assert!(!desk.browser.page.visible_text().contains("Il y en a d'autres"));
}

#[tokio::test]
async fn threat_s15_a_person_outside_the_territory_is_answered_like_nobody() {
    let server = start().await;
    let (inside, outside) = (person_id(&server, 500_001).await, person_id(&server, 500_090).await);
    let mut head = server.create_administrator(AdminRole::SchoolHead, "school:0349999J", "a@ecole.example").await;
    let mut auditor = server.create_administrator(AdminRole::Auditor, "academy:montpellier", "v@ac.example").await;
    head.see(&inside).await;
    let mut seen = Vec::new();
    for id in [outside.as_str(), &"f".repeat(32)] {
        head.browser.get(&format!("/admin/personnes/{id}")).await;
        assert_eq!(head.browser.page.status, StatusCode::NOT_FOUND);
        seen.push(head.browser.page.text().replace(id, ""));
        head.browser.post(&format!("/admin/personnes/{id}/geste"), &[("geste", "reopen")]).await;
        assert_eq!(head.browser.page.status, StatusCode::NOT_FOUND);
        head.browser.post(&format!("/admin/personnes/{id}/lettre"), &[("preuve", "paper"), ("raison", "x")]).await;
        assert_eq!(head.browser.page.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(seen[0], seen[1], "the same bytes");
    for path in ["/admin/personnes", "/admin/personnes?q=durand", "/admin/codes/K7P-4MX"] {
        auditor.browser.get(path).await;
        assert_eq!(auditor.browser.page.status, StatusCode::NOT_FOUND, "{path}");
    }
    auditor.browser.get(&format!("/admin/personnes/{inside}")).await;
    assert_eq!(auditor.browser.page.status, StatusCode::NOT_FOUND);
    let refused = server.query_count("SELECT COUNT(*) FROM audit WHERE fact = 'administrator_refused'").await;
    assert_eq!(refused, 3 + 3 + 1, "each is recorded, what is not there is not");
}

#[tokio::test]
async fn threat_s15_a_delegate_sees_the_own_classes_only() {
    let server = start().await;
    let mut delegate = server.create_administrator(AdminRole::Delegate, "class:0349999J/4 C", "d@ecole.example").await;
    assert_eq!(delegate.search("durand").await, Vec::<String>::new());
    assert_eq!(delegate.search("ndiaye").await, ["N'DIAYE Fatou", "N'DIAYE Élie"]);
    let (theirs, others) = (person_id(&server, 500_010).await, person_id(&server, 500_001).await);
    delegate.see(&theirs).await;
    delegate.browser.get(&format!("/admin/personnes/{others}")).await;
    assert_eq!(delegate.browser.page.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_parent_with_another_number_is_no_longer_invisible() {
    let server = start().await;
    let mut head = server.create_administrator(AdminRole::SchoolHead, "school:0349999J", "a@ecole.example").await;
    let id = person_id(&server, 500_001).await;
    let before = head.see(&id).await;
    assert!(before.contains("Personne n'a encore demandé d'activation"), "{before}");
    let mut parent = Browser::at_activation(&server).await;
    parent.identify_as("Durand", "Anne", "06 39 98 77 88").await;
    server.drain_outbox().await;
    assert!(server.messages().is_empty());
    let seen = head.see(&id).await;
    assert!(seen.contains("avec un portable qui finit par 88"), "{seen}");
    assert!(!seen.contains("7788") && !seen.contains("77 88"), "never the whole number");
    let code = server.query_texts("SELECT support_code FROM activation_near").await.pop().unwrap();
    head.browser.get(&format!("/admin/personnes?q={code}")).await;
    assert_eq!(head.browser.page.location(), format!("/admin/codes/{code}"));
    head.browser.follow().await;
    assert!(head.browser.page.has_element(&format!("a[href='/admin/personnes/{id}']")));
    // Of another territory, the code leads to no person.
    let mut other = server.create_administrator(AdminRole::SchoolHead, "school:0319999A", "b@ecole.example").await;
    other.browser.get(&format!("/admin/codes/{code}")).await;
    assert!(!other.browser.page.text().contains("DURAND"), "{}", other.browser.page.visible_text());
    // A name that nobody has leaves nothing, neither does the right number.
    let mut stranger = Browser::at_activation(&server).await;
    stranger.identify_as("Inconnu", "Anne", "06 39 98 77 89").await;
    let mut right = Browser::at_activation(&server).await;
    right.identify(&TestFamily::ndiaye()).await;
    server.drain_outbox().await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM activation_near").await, 1);
}

#[tokio::test]
async fn the_activation_opens_again_for_one_person_alone() {
    let server = start().await;
    server.set_campaign(MONOD, Span::days(-30), Span::days(-10)).await;
    let mut desk = server.create_administrator(AdminRole::HelpDesk, "academy:montpellier", "h@ac.example").await;
    let id = person_id(&server, 500_001).await;
    let seen = desk.see(&id).await;
    assert!(seen.contains("L'activation est fermée depuis"), "{seen}");
    // Neither without the check nor without the reason.
    desk.browser.submit("faire", &[("raison", "Au téléphone")]).await;
    assert_eq!(desk.browser.page.status, REFUSED);
    desk.browser.submit("faire", &[("preuve", "known"), ("raison", "  ")]).await;
    assert_eq!(desk.browser.page.status, REFUSED);
    assert_eq!(desk.act("faire").await, StatusCode::SEE_OTHER);
    assert_eq!(desk.browser.page.location(), format!("/admin/personnes/{id}?fait=reopen"));
    let journal = server
        .query_texts(
            "SELECT role || ' ' || detail || ' ' || reason || ' ' || COALESCE(uai, '') || ' ' || proof FROM audit \
             WHERE fact = 'person_unblocked'",
        )
        .await;
    assert_eq!(journal, ["help_desk@montpellier reopen: paper Vue au secrétariat 0349999J passkey"]);
    let mut parent = Browser::at_activation(&server).await;
    parent.prove_phone(&server, &TestFamily::durand()).await;
    assert_eq!(parent.url.path(), "/activation/enfants", "{}", parent.page.visible_text());
    let mut other = Browser::at_activation(&server).await;
    other.prove_phone(&server, &TestFamily::ndiaye()).await;
    assert_eq!(other.url.path(), "/activation/suite", "the others wait");
    server.advance(Span::days(8));
    desk.sign_in().await;
    assert!(desk.see(&id).await.contains("fermée depuis"), "seven days");
}

#[tokio::test]
async fn tries_come_back_and_a_contest_is_lifted() {
    let server = start().await;
    let mut head = server.create_administrator(AdminRole::SchoolHead, "school:0349999J", "a@ecole.example").await;
    let mut parent = Browser::at_activation(&server).await;
    parent.prove_phone(&server, &TestFamily::ndiaye()).await;
    // Anaïs is denied, Élie's date is right.
    parent.answer_children(&["non", "03/05/2011"]).await;
    let id = person_id(&server, 500_010).await;
    let seen = head.see(&id).await;
    assert!(seen.contains("« Non » pour Anaïs"), "{seen}");
    assert_eq!(head.act("faire").await, StatusCode::SEE_OTHER);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM link_withheld").await, 0);
    assert!(!head.see(&id).await.contains("« Non » pour"));
    // Posted again, there is nothing to do.
    let fields = [("geste", "lift_contest"), ("preuve", "paper"), ("raison", "encore")];
    head.browser.post(&format!("/admin/personnes/{id}/geste"), &fields).await;
    assert_eq!(head.browser.page.status, REFUSED);
    // Five wrong dates of Zoé.
    let mut anne = Browser::at_activation(&server).await;
    anne.prove_phone(&server, &TestFamily::durand()).await;
    for _ in 0..5 {
        anne.answer_children(&["01/01/2012"]).await;
    }
    let id = person_id(&server, 500_001).await;
    assert!(head.see(&id).await.contains("Trop de dates de naissance fausses pour Zoé"));
    assert_eq!(head.act("faire").await, StatusCode::SEE_OTHER);
    let mut again = Browser::at_activation(&server).await;
    again.prove_phone(&server, &TestFamily::durand()).await;
    again.answer_children(&["14/02/2013"]).await;
    assert_eq!(again.url.path(), "/activation/mot-de-passe", "{}", again.page.visible_text());
}

#[tokio::test]
async fn the_page_never_shows_a_number_a_date_or_the_identifiant_and_showing_it_is_an_act() {
    let server = start().await;
    let account = server.create_account_of("montpellier", &TestFamily::durand()).await;
    let mut head = server.create_administrator(AdminRole::SchoolHead, "school:0349999J", "a@ecole.example").await;
    let id = person_id(&server, 500_001).await;
    let seen = head.see(&id).await;
    assert!(seen.contains("finit par 01") && seen.contains("Le compte marche"), "{seen}");
    for secret in [account.identifiant.as_str(), "9980001", "98 00 01", "2013", "14/02", "N'DIAYE"] {
        assert!(!head.browser.page.text().contains(secret), "{secret}");
    }
    head.browser.submit("montrer", &[]).await;
    assert_eq!(head.browser.page.status, REFUSED);
    head.see(&id).await;
    assert_eq!(head.act("montrer").await, StatusCode::OK);
    assert_eq!(crate::support::html::text(&head.browser.page.text(), "#identifiant").unwrap(), account.identifiant);
    let journal = server.query_count("SELECT COUNT(*) FROM audit WHERE detail = 'show_identifiant: paper'").await;
    assert_eq!(journal, 1);
    server.set_suspension(&account, Some("school")).await;
    let mut desk = server.create_administrator(AdminRole::HelpDesk, "school:0349999J", "h@ecole.example").await;
    let seen = desk.see(&id).await;
    assert!(seen.contains("revient à la direction"), "{seen}");
    let fields = [("geste", "resume"), ("preuve", "paper"), ("raison", "x")];
    desk.browser.post(&format!("/admin/personnes/{id}/geste"), &fields).await;
    assert_eq!(desk.browser.page.status, StatusCode::NOT_FOUND);
    head.see(&id).await;
    assert_eq!(head.act("faire").await, StatusCode::SEE_OTHER, "{}", head.browser.page.visible_text());
    assert!(head.see(&id).await.contains("Le compte marche"));
}

#[tokio::test]
async fn after_a_lost_phone_every_session_ends_and_the_password_stays() {
    let server = start().await;
    let account = server.create_account_of("montpellier", &TestFamily::durand()).await;
    let id = person_id(&server, 500_001).await;
    let mut desk = server.create_administrator(AdminRole::HelpDesk, "school:0349999J", "h@ecole.example").await;
    let open = "SELECT COUNT(*) FROM session WHERE ended_at IS NULL";
    Browser::signed_in_at(&server, &account, "/compte").await;
    assert!(server.query_count(open).await > 0, "the phone is signed in");
    desk.see(&id).await;
    // Without the check of who asks, nothing ends.
    desk.browser.submit("deconnecter", &[("raison", "Téléphone perdu")]).await;
    assert_eq!(desk.browser.page.status, REFUSED);
    assert!(server.query_count(open).await > 0);
    desk.see(&id).await;
    assert_eq!(desk.act("deconnecter").await, StatusCode::SEE_OTHER);
    assert_eq!(desk.browser.page.location(), format!("/admin/personnes/{id}?fait=end_sessions"));
    assert_eq!(server.query_count(open).await, 0);
    let journal = server.query_count("SELECT COUNT(*) FROM audit WHERE detail = 'end_sessions: paper'").await;
    assert_eq!(journal, 1);
    Browser::signed_in_at(&server, &account, "/compte").await;
    assert!(server.query_count(open).await > 0, "the password opens the account");
    // Of another territory, there is no such person.
    let mut other = server.create_administrator(AdminRole::SchoolHead, "school:0319999A", "b@ecole.example").await;
    let fields = [("geste", "end_sessions"), ("preuve", "paper"), ("raison", "x")];
    other.browser.post(&format!("/admin/personnes/{id}/geste"), &fields).await;
    assert_eq!(other.browser.page.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_letter_is_printed_for_one_person_and_not_by_the_help_desk() {
    let server = start().await;
    let id = person_id(&server, 500_001).await;
    let mut head = server.create_administrator(AdminRole::SchoolHead, "school:0349999J", "a@ecole.example").await;
    let mut desk = server.create_administrator(AdminRole::HelpDesk, "school:0349999J", "h@ecole.example").await;
    desk.see(&id).await;
    assert!(!desk.browser.page.has_element("#lettre") && !desk.browser.page.has_element("#faire"));
    let path = format!("/admin/personnes/{id}/lettre");
    desk.browser.post(&path, &[("preuve", "paper"), ("raison", "x")]).await;
    assert_eq!(desk.browser.page.status, StatusCode::NOT_FOUND);
    head.see(&id).await;
    assert_eq!(head.act("lettre").await, StatusCode::OK);
    assert_eq!(head.browser.page.header("content-type"), "application/pdf");
    assert_eq!(head.browser.page.header("cache-control"), "no-store");
    assert!(head.browser.page.bytes.starts_with(b"%PDF"));
    assert_eq!(server.query_count("SELECT COUNT(*) FROM letter WHERE ended_at IS NULL").await, 1);
    let by = server.query_texts("SELECT role FROM audit WHERE fact = 'letter_issued'").await;
    assert_eq!(by, ["school_head@0349999J"]);
    // At a school of another academy there is nobody to print for.
    let mut other = server.create_administrator(AdminRole::SchoolHead, "school:0319999A", "b@ecole.example").await;
    other.browser.post(&path, &[("preuve", "paper"), ("raison", "x")]).await;
    assert_eq!(other.browser.page.status, StatusCode::NOT_FOUND);
    assert_eq!(TOULOUSE, "0319999A");
}

#[tokio::test]
async fn whom_the_portal_does_not_know_before_the_night_is_told_so() {
    let server = start().await;
    let account = server.create_account_of("montpellier", &TestFamily::durand()).await;
    let id = person_id(&server, 500_001).await;
    let mut desk = server.create_administrator(AdminRole::HelpDesk, "academy:montpellier", "h@ac.example").await;
    assert!(desk.see(&id).await.contains("Rien n'empêche d'entrer"));
    // The academy's export for ENT has not come: there is no key of it.
    server
        .change_client("ent", |meta| (meta.subject_type, meta.roster_key) = (SubjectType::Roster, Some(RosterKey::Aaf)))
        .await;
    let seen = desk.see(&id).await;
    assert!(seen.contains("Demain dans l'ENT") && seen.contains("Service ent ne connaît pas encore"), "{seen}");
    assert!(seen.contains("Service ent vous connaîtra demain"), "the words to say: {seen}");
    assert!(!desk.browser.page.has_element("#faire"), "there is nothing to repair");
    // What keeps the person out before the service comes first, and another academy's service is nobody's matter here.
    server.set_suspension(&account, Some("school")).await;
    assert!(!desk.see(&id).await.contains("Demain dans l'ENT"));
    server.set_suspension(&account, None).await;
    server.change_client("ent", |meta| meta.perimeter.academies = vec!["toulouse".to_owned()]).await;
    assert!(!desk.see(&id).await.contains("Demain dans l'ENT"));
    server
        .change_client("ent", |meta| {
            meta.perimeter.academies = vec!["montpellier".to_owned()];
            meta.roster_key = Some(RosterKey::Siecle);
        })
        .await;
    assert!(desk.see(&id).await.contains("Rien n'empêche d'entrer"), "this key is there");
}

#[tokio::test]
async fn threat_s15_who_tries_the_service_of_other_schools_is_led_to_the_one_of_their_own() {
    let server = start().await;
    let account = server.create_account_of("montpellier", &TestFamily::durand()).await;
    let id = person_id(&server, 500_001).await;
    let mut desk = server.create_administrator(AdminRole::HelpDesk, "academy:montpellier", "h@ac.example").await;
    let mut browser = Browser::new(&server);
    browser.open(&TestRelyingParty::new(&server, "ent-toulouse").attempt().url).await;
    browser.sign_in(&account).await;
    assert_eq!(browser.page.status, StatusCode::FORBIDDEN);
    server.drain_outbox().await;
    let seen = desk.see(&id).await;
    assert!(seen.contains("Service ent-toulouse ne concerne pas"), "{seen}");
    assert!(seen.contains("revenez à la liste de choix, et prenez"), "the one act is a sentence: {seen}");
    assert!(!desk.browser.page.has_element("#faire"), "there is nothing to repair");
    // Without a service of the same portal for them, none is named.
    server.change_client("ent-toulouse", |meta| meta.sector = "elsewhere".to_owned()).await;
    let seen = desk.see(&id).await;
    assert!(seen.contains("Service ent-toulouse ne concerne pas") && !seen.contains("revenez"), "{seen}");
    // What keeps the person out of everything comes first; once the service is for them, or after a week, all is well.
    server.set_suspension(&account, Some("school")).await;
    assert!(!desk.see(&id).await.contains("ne concerne pas"));
    server.set_suspension(&account, None).await;
    server.change_client("ent-toulouse", |meta| meta.perimeter.academies.push("montpellier".to_owned())).await;
    assert!(desk.see(&id).await.contains("Rien n'empêche d'entrer"));
    server.change_client("ent-toulouse", |meta| meta.perimeter.academies.retain(|one| one != "montpellier")).await;
    assert!(desk.see(&id).await.contains("ne concerne pas"));
    server.advance(Span::days(8));
    let mut desk = server.create_administrator(AdminRole::HelpDesk, "academy:montpellier", "i@ac.example").await;
    assert!(desk.see(&id).await.contains("Rien n'empêche d'entrer"));
}

#[tokio::test]
async fn threat_s15_attack_p1_each_act_is_done_by_the_roles_of_the_table_on_their_territory_and_three_by_programs() {
    let server = start().await;
    let account = server.create_account_of("montpellier", &TestFamily::durand()).await;
    let id = person_id(&server, 500_001).await;
    for (n, (role, territory, is_inside)) in ROLES.into_iter().enumerate() {
        let mut who = administrator(&server, role, territory, &format!("r{n}@ac.example")).await;
        for act in HelpdeskAct::iter() {
            server.set_suspension(&account, (act == HelpdeskAct::Resume).then_some("school")).await;
            let fields = [("geste", act.name()), ("preuve", "paper"), ("raison", "Essai")];
            who.browser.post(&format!("/admin/personnes/{id}/geste"), &fields).await;
            let status = who.browser.page.status;
            let may = is_inside && role.permission(act.needs()) != Permission::No;
            assert_eq!(status != StatusCode::NOT_FOUND, may, "{act:?} by {role:?} of {territory}: {status}");
            let answers = [StatusCode::OK, StatusCode::SEE_OTHER, REFUSED, StatusCode::NOT_FOUND];
            assert!(answers.contains(&status), "{act:?} by {role:?} of {territory}: {status}");
        }
        server.set_suspension(&account, None).await;
        let sees = is_inside && role.permission(HelpdeskAct::ShowIdentifiant.needs()) != Permission::No;
        who.browser.get(&format!("/admin/personnes/{id}")).await;
        assert_eq!(who.browser.page.status == StatusCode::OK, sees, "{role:?} of {territory}");
        let suspends = is_inside && role.permission(HelpdeskAct::Suspend.needs()) != Permission::No;
        assert_eq!(sees && who.browser.page.has_element("#suspendre"), suspends, "{role:?} of {territory}");
    }
    let mut suspended = server.query_texts("SELECT role FROM audit WHERE fact = 'account_suspended'").await;
    suspended.sort();
    assert_eq!(suspended, ["academy@montpellier", "national@all", "school_head@0349999J"], "each once");
    // What asks for a person who was proven lately is no program's.
    let mut national = administrator(&server, AdminRole::National, "all", "programs@example.org").await;
    let token = make_token(&mut national, &["persons:repair"], &[]).await;
    for act in HelpdeskAct::iter() {
        let body = format!(r#"{{"kind":"{}","reason":"Essai","identity_check":"paper"}}"#, act.name());
        let with = Call { headers: &[], body: Some(body.as_str()) };
        let answer = server.api(&token, ("POST", &format!("/persons/{id}/repairs")), with).await;
        let is_programs = matches!(act, HelpdeskAct::Reopen | HelpdeskAct::GiveTriesBack | HelpdeskAct::LiftContest);
        assert_eq!(answer.problem(), if is_programs { "nothing_to_do" } else { "bad_value" }, "{act:?}");
    }
}

#[tokio::test]
async fn attack_a14_a_suspension_with_its_reason_ends_what_is_open_and_a_fresh_proof_comes_first() {
    let server = start().await;
    let account = server.create_account_of("montpellier", &TestFamily::durand()).await;
    let id = person_id(&server, 500_001).await;
    let mut head = server.create_administrator(AdminRole::SchoolHead, "school:0349999J", "a@ecole.example").await;
    let open = "SELECT COUNT(*) FROM session WHERE ended_at IS NULL";
    let mut parent = Browser::signed_in_at(&server, &account, "/compte").await;
    assert!(server.query_count(open).await > 0, "somebody is signed in");
    head.see(&id).await;
    head.browser.submit("suspendre", &[("raison", "  ")]).await;
    assert_eq!(head.browser.page.status, REFUSED);
    assert!(head.browser.page.has_element("#suspend-raison[aria-invalid]"), "{}", head.browser.page.text());
    assert!(server.query_count(open).await > 0, "nothing without a reason");
    head.see(&id).await;
    head.browser.submit("suspendre", &[("raison", "Décision de justice")]).await;
    assert_eq!(head.browser.page.location(), format!("/admin/personnes/{id}?fait=suspend"));
    assert_eq!(server.query_count(open).await, 0);
    let told = "SELECT role || ' ' || proof || ' ' || uai || ' ' || academy || ' ' || reason || ' ' || before || ' ' || \
                after || ' ' || CASE WHEN person_id IS NULL THEN 'nobody' ELSE 'somebody' END \
                FROM audit WHERE fact = 'account_suspended'";
    let right = "school_head@0349999J passkey 0349999J montpellier Décision de justice active suspended somebody";
    assert_eq!(server.query_texts(told).await, [right]);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM audit WHERE fact = 'person_unblocked'").await, 0);
    // The right password opens nothing, and says whom to turn to.
    parent.open("/connexion").await;
    parent.sign_in(&account).await;
    let said = parent.page.visible_text();
    assert!(said.contains("suspendu par l'établissement. Adressez-vous à Clg Théodore Monod"), "{said}");
    // Suspended it is already.
    let fields = [("geste", "suspend"), ("raison", "encore")];
    head.browser.post(&format!("/admin/personnes/{id}/geste"), &fields).await;
    assert_eq!(head.browser.page.status, REFUSED);
    let seen = head.see(&id).await;
    assert!(seen.contains("suspendu par l'établissement") && !head.browser.page.has_element("#suspendre"), "{seen}");
    assert_eq!(head.act("faire").await, StatusCode::SEE_OTHER);
    Browser::signed_in_at(&server, &account, "/compte").await;
    server.advance(Span::minutes(6));
    head.see(&id).await;
    head.browser.submit("suspendre", &[("raison", "Décision de justice")]).await;
    assert!(head.browser.page.location().starts_with("/admin/preuve"), "{}", head.browser.page.location());
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account WHERE suspended_by IS NOT NULL").await, 0);
}

#[tokio::test]
async fn attack_p1_what_the_academy_suspended_no_school_resumes_and_what_the_operator_did_no_academy() {
    let server = start().await;
    let account = server.create_account_of("montpellier", &TestFamily::durand()).await;
    let id = person_id(&server, 500_001).await;
    let mut head = server.create_administrator(AdminRole::SchoolHead, "school:0349999J", "a@ecole.example").await;
    let mut academy = administrator(&server, AdminRole::Academy, "academy:montpellier", "m@ac.example").await;
    let mut national = administrator(&server, AdminRole::National, "all", "n@example.org").await;
    let resume = [("geste", "resume"), ("preuve", "paper"), ("raison", "x")];
    let path = format!("/admin/personnes/{id}/geste");
    academy.see(&id).await;
    academy.browser.submit("suspendre", &[("raison", "Enquête")]).await;
    assert_eq!(academy.browser.page.status, StatusCode::SEE_OTHER, "{}", academy.browser.page.visible_text());
    let seen = head.see(&id).await;
    assert!(seen.contains("suspendu par l'académie") && seen.contains("Ce geste revient à l'académie"), "{seen}");
    assert!(!head.browser.page.has_element("#faire"));
    head.browser.post(&path, &resume).await;
    assert_eq!(head.browser.page.status, StatusCode::NOT_FOUND);
    academy.see(&id).await;
    assert_eq!(academy.act("faire").await, StatusCode::SEE_OTHER, "its own");
    server.advance(Span::minutes(1));
    helpdesk::ops::suspend(server.operation().storage(), &account.identifiant, "Fraude").await.unwrap();
    assert!(academy.see(&id).await.contains("Ce geste revient à l'administration nationale"));
    for (who, status) in [(&mut academy, StatusCode::NOT_FOUND), (&mut national, StatusCode::SEE_OTHER)] {
        who.see(&id).await;
        assert_eq!(who.browser.page.has_element("#faire"), status == StatusCode::SEE_OTHER);
        who.browser.post(&path, &resume).await;
        assert_eq!(who.browser.page.status, status, "{}", who.browser.page.visible_text());
    }
    // Somebody without an account has nothing to suspend, nor to resume.
    let nobody = person_id(&server, 500_010).await;
    head.see(&nobody).await;
    assert!(!head.browser.page.has_element("#suspendre"));
    for act in ["suspend", "resume", "remove_factors", "end_sessions"] {
        let fields = [("geste", act), ("preuve", "paper"), ("raison", "x")];
        head.browser.post(&format!("/admin/personnes/{nobody}/geste"), &fields).await;
        assert_eq!(head.browser.page.status, REFUSED, "{act}");
    }
}
