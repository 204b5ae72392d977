//! Relying parties in the console: who sees which, who suspends them, and what a suspension ends.

use axum::http::StatusCode;
use preau::administrators::roles::AdminRole;
use preau::administrators::store::{find_by_email, roles};
use preau::base::clock::Span;

use crate::support::deployment::MONOD;
use crate::support::html::texts;
use crate::support::{Browser, TestAdministrator, TestFamily, TestRelyingParty, TestServer};

const REFUSED: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
/// The relying parties of the tests' files, in the order of their ids.
const ALL: [&str; 8] = ["app", "bourses", "ent", "ent-agents", "ent-agricole", "ent-post", "ent-toulouse", "strict"];

/// Each role with a territory, the relying parties that it sees, and those that it may suspend.
const MATRIX: [(AdminRole, &str, &[&str], &[&str]); 13] = [
    (AdminRole::National, "all", &ALL, &ALL),
    (AdminRole::National, "ministry:agriculture", &["ent-agents", "ent-agricole"], &["ent-agricole"]),
    (
        AdminRole::National,
        "ministry:en",
        &["app", "bourses", "ent", "ent-agents", "ent-post", "ent-toulouse"],
        &["app"],
    ),
    (
        AdminRole::Academy,
        "academy:montpellier",
        &["app", "bourses", "ent", "ent-agents", "ent-post"],
        &["app", "ent", "ent-post"],
    ),
    (AdminRole::Academy, "academy:toulouse", &["bourses", "ent-toulouse"], &["ent-toulouse"]),
    (AdminRole::Academy, "academy:agricole", &["ent-agents", "ent-agricole"], &[]),
    (AdminRole::ServiceContact, "client:ent", &["ent"], &[]),
    (AdminRole::ServiceContact, "client:strict", &["strict"], &[]),
    (AdminRole::SchoolHead, "school:0349999J", &[], &[]),
    (AdminRole::Delegate, "school:0349999J", &[], &[]),
    (AdminRole::HelpDesk, "academy:montpellier", &[], &[]),
    (AdminRole::HelpDesk, "all", &[], &[]),
    (AdminRole::Auditor, "all", &[], &[]),
];

/// Creates an administrator who has the passkeys that the role asks for.
pub async fn administrator(server: &TestServer, role: AdminRole, territory: &str, email: &str) -> TestAdministrator {
    let mut administrator = server.create_administrator(role, territory, email).await;
    if role.needs_two_passkeys() {
        administrator.add_second_passkey().await;
    }
    administrator
}

/// Ends the roles of an administrator, as somebody above does.
pub async fn end_roles(server: &TestServer, email: &str) {
    end_some(server, email, |_| true).await;
}

/// Ends one role of an administrator.
pub async fn end_role_of(server: &TestServer, email: &str, role: AdminRole) {
    end_some(server, email, |other| other == role).await;
}

async fn end_some(server: &TestServer, email: &str, which: impl Fn(AdminRole) -> bool) {
    use preau::administrators::ops::invite::{RoleGiver, end_role};
    let mut tx = server.app.db.read().await.unwrap();
    let found = find_by_email(&mut tx, &server.app.master_key, email).await.unwrap().unwrap();
    let grants = roles::list(&mut tx, &found.id).await.unwrap();
    drop(tx);
    for grant in grants.into_iter().filter(|grant| which(grant.role)) {
        end_role(server.operation().storage(), RoleGiver::Operator("test"), &grant.id).await.unwrap();
    }
}

async fn listed(who: &mut TestAdministrator, query: &str) -> Vec<String> {
    who.browser.get(&format!("/admin/services{query}")).await;
    match who.browser.page.status {
        StatusCode::OK => texts(&who.browser.page.text(), "tbody th small"),
        StatusCode::NOT_FOUND => Vec::new(),
        other => panic!("{other}: {}", who.browser.page.visible_text()),
    }
}

async fn resume_all(server: &TestServer) {
    server.execute_sql("UPDATE client SET state = 'active'", Vec::new()).await;
}

#[tokio::test]
async fn threat_s15_attack_p1_each_role_sees_and_suspends_relying_parties_of_its_territory_only() {
    let server = TestServer::start().await;
    for (n, (role, territory, seen, suspended)) in MATRIX.into_iter().enumerate() {
        // Whoever suspended last may resume, and the journal says when.
        server.advance(Span::seconds(1));
        let mut who = administrator(&server, role, territory, &format!("a{n}@ac.example")).await;
        assert_eq!(listed(&mut who, "").await, seen, "{role:?} {territory} lists");
        let mut unknown = Vec::new();
        for id in ALL.into_iter().chain(["nobody"]) {
            who.browser.get(&format!("/admin/services/{id}")).await;
            let (status, page) = (who.browser.page.status, who.browser.page.text());
            let sees = seen.contains(&id);
            assert_eq!(status == StatusCode::OK, sees, "{role:?} {territory} {id} {status}");
            if !sees {
                assert_eq!(status, StatusCode::NOT_FOUND);
                unknown.push(page.replace(&format!("/admin/services/{id}"), ""));
            }
            who.browser.post(&format!("/admin/services/{id}/suspendre"), &[("raison", "Domaine vendu")]).await;
            let may = suspended.contains(&id);
            let status = if may { StatusCode::SEE_OTHER } else { StatusCode::NOT_FOUND };
            assert_eq!(who.browser.page.status, status, "{role:?} {territory} suspends {id}");
            if may {
                assert_eq!(who.browser.page.location(), format!("/admin/services/{id}?fait=suspended"));
            }
        }
        let first = unknown.first();
        assert!(unknown.iter().all(|page| Some(page) == first), "the same bytes as what is not there");
        let states = server.query_count("SELECT COUNT(*) FROM client WHERE state = 'suspended'").await;
        assert_eq!(states, i64::try_from(suspended.len()).unwrap(), "{role:?} {territory}");
        // What is suspended, the same people resume.
        for id in ALL {
            who.browser.post(&format!("/admin/services/{id}/reprendre"), &[("raison", "Erreur")]).await;
            let status = if suspended.contains(&id) { StatusCode::SEE_OTHER } else { StatusCode::NOT_FOUND };
            assert_eq!(who.browser.page.status, status, "{role:?} {territory} resumes {id}");
        }
        assert_eq!(server.query_count("SELECT COUNT(*) FROM client WHERE state = 'suspended'").await, 0);
        resume_all(&server).await;
    }
    let refused = server.query_count("SELECT COUNT(*) FROM audit WHERE fact = 'administrator_refused'").await;
    assert!(refused > 100, "each refusal is recorded: {refused}");
}

#[tokio::test]
async fn the_list_is_narrowed_and_names_what_is_to_be_repaired() {
    let server = TestServer::start().await;
    let mut who = administrator(&server, AdminRole::National, "all", "n@ac.example").await;
    for (query, right) in [
        ("?nom=bourses", vec!["bourses"]),
        ("?nom=SERVICE+ent-t", vec!["ent-toulouse"]),
        ("?nom=strict.example", vec!["strict"]),
        ("?nom=%25", vec![]),
        ("?nom=%3Cscript%3E", vec![]),
        ("?etat=suspended", vec![]),
        ("?etat=nothing&nom=app", vec!["app"]),
        ("?apres=ent-post", vec!["ent-toulouse", "strict"]),
        ("?apres=%22%3E%3Cscript%3E&nom=app", vec!["app"]),
    ] {
        assert_eq!(listed(&mut who, query).await, right, "{query}");
        assert!(!who.browser.page.text().contains("<script>"), "{query}");
    }
    let insert = "INSERT INTO logout_delivery (id, client_id, sid, state, attempts, problem, created_at) \
                  VALUES ($1, 'ent', 's', $2, 2, $3, $4)";
    for (id, state, problem) in
        [("1", "delivered", None), ("2", "given_up", Some("answered 503")), ("3", "waiting", None)]
    {
        let problem: Option<&str> = problem;
        let args = vec![id.into(), state.into(), problem.map(str::to_owned).into(), server.now().0.into()];
        server.execute_sql(insert, args).await;
    }
    assert_eq!(listed(&mut who, "?etat=to_repair").await, ["ent"]);
    who.browser.get("/admin/services/ent").await;
    let seen = who.browser.page.visible_text();
    for words in ["À réparer", "Remises en 7 jours : 1 sur 2", "le site répond 503", "abandonnée", "en attente"] {
        assert!(seen.contains(words), "{words}: {seen}");
    }
    assert!(seen.contains("Ce service est décrit par un fichier du déploiement"), "{seen}");
    for words in ["https://ent.example/retour", "PKCE exigé", "propre au secteur mon-ent", "client_secret_basic"] {
        assert!(seen.contains(words), "{words}: {seen}");
    }
    // Old ones are no matter of today.
    server.advance(Span::days(8));
    who.sign_in().await;
    assert_eq!(listed(&mut who, "?etat=to_repair").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_long_list_goes_on_where_it_stopped() {
    let server = TestServer::start().await;
    let mut who = administrator(&server, AdminRole::Academy, "academy:toulouse", "t@ac.example").await;
    let copy = "INSERT INTO client (client_id, origin, state, metadata, updated_at) \
                SELECT $1, 'registered', state, metadata, updated_at FROM client WHERE client_id = $2";
    for n in 0..260 {
        // One in two is of another territory.
        let of = if n % 2 == 0 { "ent-toulouse" } else { "ent" };
        server.execute_sql(copy, vec![format!("c{n:03}").into(), of.into()]).await;
    }
    let mut seen = Vec::new();
    let mut query = String::new();
    for _ in 0..10 {
        let page = listed(&mut who, &query).await;
        assert!(page.len() <= 50);
        seen.extend(page);
        if !who.browser.page.has_element(".pages a") {
            break;
        }
        query = who.browser.page.link_target(".pages a").strip_prefix("/admin/services").unwrap().to_owned();
    }
    assert_eq!(seen.len(), 130 + 2, "each once");
    let mut once = seen.clone();
    once.dedup();
    assert_eq!(once, seen);
}

#[tokio::test]
async fn attack_p6_a_suspension_ends_sign_ins_tokens_and_the_clients_own_calls_within_ten_seconds_on_every_server() {
    let server = TestServer::start().await;
    let other = server.restart().await;
    let (rp, elsewhere) = (TestRelyingParty::new(&server, "ent"), TestRelyingParty::new(&other, "ent"));
    let account = server.create_durand().await;
    let mut person = Browser::new(&server);
    let attempt = rp.attempt();
    person.open(&attempt.url).await;
    let landed = person.sign_in(&account).await.expect_redirect_away();
    let tokens = rp.tokens(&attempt, &rp.code(&landed, &attempt)).await;
    assert_eq!(elsewhere.userinfo(&tokens.access_token).await.status, StatusCode::OK);
    let mut who = administrator(&server, AdminRole::Academy, "academy:montpellier", "m@ac.example").await;
    who.browser.get("/admin/services/ent").await;
    who.browser.submit("suspendre", &[("raison", "  ")]).await;
    assert_eq!(who.browser.page.status, REFUSED);
    who.browser.submit("suspendre", &[("raison", &"é".repeat(301))]).await;
    assert_eq!(who.browser.page.status, REFUSED);
    assert_eq!(rp.userinfo(&tokens.access_token).await.status, StatusCode::OK, "nothing was done");
    who.browser.submit("suspendre", &[("raison", "Domaine <b>vendu</b> \u{202e}")]).await;
    assert_eq!(who.browser.page.status, StatusCode::SEE_OTHER, "{}", who.browser.page.visible_text());
    who.browser.follow().await;
    let seen = who.browser.page.visible_text();
    assert!(seen.contains("Le service est suspendu") && seen.contains("par Nom de m"), "{seen}");
    assert!(!who.browser.page.text().contains("<b>vendu"), "a reason is no markup");
    for (server, rp, later) in [(&server, &rp, 0), (&other, &elsewhere, 10)] {
        server.advance(Span::seconds(later));
        assert_eq!(rp.userinfo(&tokens.access_token).await.status, StatusCode::UNAUTHORIZED);
        let mut fresh = Browser::new(server);
        fresh.open(&rp.attempt().url).await;
        assert_eq!(fresh.page.status, StatusCode::BAD_REQUEST, "{}", fresh.page.visible_text());
        let secret = crate::support::deployment::secret("ent");
        let header = crate::support::relying_party::basic_header("ent", &secret);
        let fields = [("grant_type", "authorization_code"), ("code", "x"), ("redirect_uri", "https://ent.example/")];
        let answer = server.post("/oauth2/token", &[("authorization", &header)], &fields).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
    let journal = "SELECT role || '|' || proof || '|' || academy || '|' || before || '|' || after || '|' || reason \
                   FROM audit WHERE fact = 'client_changed' AND detail = 'suspended'";
    let journal = server.query_texts(journal).await;
    assert_eq!(journal.len(), 1);
    assert!(journal[0].starts_with("academy@montpellier|passkey|montpellier|active|suspended|Domaine"), "{journal:?}");
    // Posted again, the same answer, and nothing more in the journal.
    who.browser.post("/admin/services/ent/suspendre", &[("raison", "encore")]).await;
    assert_eq!(who.browser.page.location(), "/admin/services/ent?fait=suspended");
    who.browser.get("/admin/services/ent").await;
    who.browser.submit("reprendre", &[("raison", "Erreur de domaine")]).await;
    assert_eq!(who.browser.page.location(), "/admin/services/ent?fait=resumed");
    who.browser.follow().await;
    assert!(who.browser.page.visible_text().contains("La suspension est terminée"));
    let count =
        server.query_count("SELECT COUNT(*) FROM audit WHERE fact = 'client_changed' AND role IS NOT NULL").await;
    assert_eq!(count, 2);
    let mut fresh = Browser::new(&server);
    fresh.open(&rp.attempt().url).await;
    assert_eq!(fresh.page.status, StatusCode::OK);
}

#[tokio::test]
async fn attack_p1_a_suspension_asks_for_a_fresh_proof_and_stops_with_the_role() {
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &[TestFamily::durand()]).await;
    let mut who = administrator(&server, AdminRole::Academy, "academy:montpellier", "m@ac.example").await;
    server.advance(Span::minutes(6));
    who.browser.get("/admin/services/ent").await;
    who.browser.submit("suspendre", &[("raison", "Domaine vendu")]).await;
    assert!(who.browser.page.location().starts_with("/admin/preuve?vers="), "{}", who.browser.page.location());
    let suspended = "SELECT COUNT(*) FROM client WHERE state = 'suspended'";
    assert_eq!(server.query_count(suspended).await, 0);
    // The proof leads back to the page.
    who.open("/admin/services/ent/suspendre").await;
    who.browser.follow().await;
    assert_eq!(who.browser.url.path(), "/admin/services/ent");
    // One passkey is too few for the role.
    let mut single = server.create_administrator(AdminRole::Academy, "academy:montpellier", "s@ac.example").await;
    single.browser.post("/admin/services/ent/suspendre", &[("raison", "x")]).await;
    assert_eq!(single.browser.page.location(), "/admin/moi");
    // The role ends between the page and its form.
    who.browser.get("/admin/services/ent").await;
    end_roles(&server, "m@ac.example").await;
    who.browser.submit("suspendre", &[("raison", "Domaine vendu")]).await;
    assert!(who.browser.page.location().starts_with("/admin/connexion"), "{}", who.browser.page.location());
    assert_eq!(server.query_count(suspended).await, 0);
}
