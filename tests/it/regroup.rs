//! Two accounts of one person become one: what proves both, what refuses, what moves, and the undo.

use axum::http::StatusCode;
use preau::accounts;
use preau::base::clock::Span;
use preau::base::profile::Profile;
use preau::base::rng::{Random, SeededRandom};
use preau::base::uai::Uai;
use preau::clients::SubjectType;
use preau::db::Durability;
use preau::letters::code::LetterCode;
use preau::letters::ops::recipients::{self, LetterScope};
use preau::letters::ops::{LetterOrder, draw, issue};
use preau::regroup;
use serde_json::json;

use crate::support::deployment::{AGRICOLE, LYCEE, MONOD, TOULOUSE};
use crate::support::html::text;
use crate::support::masked::masked;
use crate::support::people::PASSWORD;
use crate::support::{Browser, LogoutReceiver, TestAccount, TestFamily, TestRelyingParty, TestServer};

const OTHER_PASSWORD: &str = "Tilleul+9-orage";

/// Anne Durand in Toulouse, where her child is at another school.
fn toulouse() -> TestFamily {
    let children = vec![(910_001, "Noé", "02/03/2011", "3 C")];
    TestFamily { key: 510_001, children, ..TestFamily::durand() }
}

/// Two accounts of Anne: Zoé's in Montpellier, and Noé's in Toulouse with another password.
async fn two_accounts(server: &TestServer) -> [TestAccount; 2] {
    let first = server.create_durand().await;
    server.import_families("toulouse", TOULOUSE, &[toulouse()]).await;
    let mut second = server.create_account_of("toulouse", &toulouse()).await;
    set_password(server, &second, OTHER_PASSWORD).await;
    OTHER_PASSWORD.clone_into(&mut second.password);
    // What a sign-in of this moment proves is newer than the passwords.
    server.advance(Span::minutes(1));
    [first, second]
}

async fn set_password(server: &TestServer, member: &TestAccount, password: &str) {
    let app = &server.app;
    let hash = app.password_hasher.hash(password, app.rng.as_ref(), preau::crypto::Priority::Known).await.unwrap();
    let op = server.operation();
    let mut tx = op.write(Durability::Durable).await.unwrap();
    assert!(accounts::store::set_password(&mut tx, &member.account_id, &hash).await.unwrap());
    tx.commit().await.unwrap();
}

async fn signed_in(server: &TestServer, member: &TestAccount) -> Browser {
    Browser::signed_in_at(server, member, "/compte/regrouper").await
}

impl Browser {
    fn tells(&self, words: &str) -> bool {
        self.page.visible_text().contains(words)
    }

    async fn prove(&mut self, identifiant: &str, proof: &str) {
        self.get("/compte/regrouper").await;
        self.submit("continuer", &[("identifiant", identifiant), ("mot_de_passe", proof)]).await;
        self.follow().await;
    }

    async fn join(&mut self, kept: &str) {
        assert_eq!(self.url.path(), "/compte/regrouper/choix", "{}", self.page.visible_text());
        self.submit("confirmer", &[("garder", kept)]).await;
        self.follow().await;
    }

    async fn undo(&mut self, password: &str) {
        self.get("/compte/regrouper").await;
        self.submit("defaire", &[("mot_de_passe", password)]).await;
        self.follow().await;
    }

    async fn children(&mut self) -> Vec<&'static str> {
        self.get("/compte").await;
        ["Zoé", "Noé", "Léo"].into_iter().filter(|name| self.tells(name)).collect()
    }
}

/// Everything that an undo must put back.
async fn picture(server: &TestServer) -> Vec<String> {
    let mut all = Vec::new();
    for sql in [
        "SELECT identifiant || ' ' || state || ' ' || COALESCE(password, '') || ' ' || COALESCE(merged_into, '') \
         FROM account ORDER BY id",
        "SELECT id || ' ' || COALESCE(account_id, '') FROM person ORDER BY id",
        "SELECT account_id || ' ' || pupil_id FROM link_proof ORDER BY account_id, pupil_id",
        "SELECT space || ' ' || account_id || ' ' || value FROM subject ORDER BY space, account_id",
        "SELECT space || ' ' || account_id || ' ' || value FROM former_subject ORDER BY space, account_id, value",
    ] {
        all.extend(server.query_texts(sql).await);
    }
    all
}

#[tokio::test]
async fn one_account_has_the_children_of_both_and_the_undo_gives_everything_back() {
    let server = TestServer::start().await;
    let [first, second] = two_accounts(&server).await;
    let mut elsewhere = signed_in(&server, &second).await;
    let mut here = signed_in(&server, &first).await;
    let before = picture(&server).await;
    here.prove(&second.identifiant.to_uppercase(), &second.password).await;
    assert!(
        here.tells(&first.identifiant) && here.tells(&second.identifiant) && here.tells("Noé (Collège des Minimes)")
    );
    here.join("a").await;
    assert!(
        here.tells("Vos comptes sont réunis. Vous pouvez les séparer de nouveau sur cette page jusqu'au mardi 1"),
        "{}",
        here.page.visible_text()
    );
    assert_eq!(here.children().await, ["Zoé", "Noé"]);
    assert!(here.tells("Vos deux comptes ont été réunis"), "the banner, in this browser too");

    // The other session ended; its identifiant opens the kept account, with the kept password only.
    elsewhere.get("/compte").await;
    assert_eq!(elsewhere.next().unwrap().path(), "/connexion");
    let mut again = Browser::new(&server);
    again.get("/connexion").await;
    again.sign_in_with(&second.identifiant, OTHER_PASSWORD).await;
    assert_eq!(again.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    again.sign_in_with(&second.identifiant, PASSWORD).await;
    assert_eq!(again.children().await, ["Zoé", "Noé"]);
    assert!(again.tells(&first.identifiant) && !again.tells(&format!("identifiant {}", second.identifiant)));
    let facts = server.audit_facts().await;
    assert_eq!(facts.iter().filter(|fact| *fact == "accounts_joined").count(), 2, "on both");

    // A wrong password undoes nothing.
    here.undo(OTHER_PASSWORD).await;
    assert_eq!((here.page.status, here.children().await), (StatusCode::UNPROCESSABLE_ENTITY, vec!["Zoé", "Noé"]));
    here.undo(PASSWORD).await;
    assert!(here.tells("de nouveau séparés"), "{}", here.page.visible_text());
    assert_eq!(picture(&server).await, before);
    assert_eq!(here.children().await, ["Zoé"]);
    again.get("/compte").await;
    assert_eq!(again.next().unwrap().path(), "/connexion", "other sessions of the kept account end with the undo");
    assert_eq!(signed_in(&server, &second).await.children().await, ["Noé"]);
    assert!(!here.page.has_element("#defaire"));
}

#[tokio::test]
async fn the_other_account_may_be_kept_and_services_know_the_person_by_what_they_knew() {
    let server = TestServer::start().await;
    let receiver = LogoutReceiver::start().await;
    receiver.register_clients(&server, &["ent", "ent-toulouse", "bourses"]).await;
    for client in ["ent", "ent-toulouse", "bourses"] {
        server.change_client(client, |meta| meta.former_subs = true).await;
    }
    let [first, second] = two_accounts(&server).await;
    let party = |id| TestRelyingParty::new(&server, id);
    let mut here = Browser::new(&server);
    // Both accounts are known in the sector mon-ent; only the first one at bourses.
    let old_ent = party("ent").sign_in(&mut here, &first).await.claims["sub"].clone();
    let bourses = party("bourses").sign_in(&mut here, &first).await.claims["sub"].clone();
    let mut there = Browser::new(&server);
    let kept_ent = party("ent-toulouse").sign_in(&mut there, &second).await.claims["sub"].clone();
    here.prove(&second.identifiant, &second.password).await;
    here.join("b").await;
    assert!(here.tells("Vos comptes sont réunis"), "{}", here.page.visible_text());
    here.get("/compte").await;
    assert!(here.tells(&format!("identifiant {}", second.identifiant)), "{}", here.page.visible_text());
    server.drain_outbox().await;
    let told =
        |client: &str| receiver.calls_of(client).iter().map(|call| call.claims()["sub"].clone()).collect::<Vec<_>>();
    assert_eq!(told("ent"), std::slice::from_ref(&old_ent), "the sub by which the session was known");
    assert_eq!(told("bourses"), std::slice::from_ref(&bourses));
    assert_eq!(told("ent-toulouse"), std::slice::from_ref(&kept_ent));

    let now = TestAccount { password: OTHER_PASSWORD.to_owned(), ..second.clone() };
    let ent = party("ent").sign_in(&mut Browser::new(&server), &now).await;
    assert_eq!((&ent.claims["sub"], &ent.claims["former_subs"]), (&kept_ent, &json!([old_ent])));
    let info = party("ent").userinfo(&ent.access_token).await.json();
    assert_eq!((&info["sub"], &info["former_subs"]), (&kept_ent, &json!([old_ent])));
    let grants = party("bourses").sign_in(&mut Browser::new(&server), &now).await;
    assert_eq!((&grants.claims["sub"], grants.claims.get("former_subs")), (&bourses, None), "known there by one only");

    here.undo(OTHER_PASSWORD).await;
    assert!(here.tells("de nouveau séparés"), "{}", here.page.visible_text());
    for (client, member, sub) in
        [("ent", &first, &old_ent), ("bourses", &first, &bourses), ("ent-toulouse", &second, &kept_ent)]
    {
        let told = party(client).sign_in(&mut Browser::new(&server), member).await;
        assert_eq!((&told.claims["sub"], told.claims.get("former_subs")), (sub, None), "{client}");
    }
}

#[tokio::test]
async fn an_undo_signs_out_of_the_services_that_knew_the_session_by_the_other_accounts_sub() {
    let server = TestServer::start().await;
    let receiver = LogoutReceiver::start().await;
    receiver.register_clients(&server, &["bourses"]).await;
    let [first, second] = two_accounts(&server).await;
    let bourses = TestRelyingParty::new(&server, "bourses");
    let lent = bourses.sign_in(&mut Browser::new(&server), &second).await.claims["sub"].clone();
    let mut here = signed_in(&server, &first).await;
    here.prove(&second.identifiant, &second.password).await;
    here.join("a").await;
    server.drain_outbox().await;
    let joined = bourses.sign_in(&mut here, &first).await;
    assert_eq!(joined.claims["sub"], lent, "the kept account has it for these seven days");
    let before = receiver.calls_of("bourses").len();
    here.undo(PASSWORD).await;
    server.drain_outbox().await;
    let told: Vec<_> =
        receiver.calls_of("bourses").iter().skip(before).map(|call| call.claims()["sub"].clone()).collect();
    assert_eq!(told, [lent], "by the sub that it knew");
    assert_eq!(bourses.userinfo(&joined.access_token).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(here.children().await, ["Zoé"], "in a new session of this browser");
}

#[tokio::test]
async fn property_p06_a_sub_that_was_lent_until_an_undo_is_lent_again() {
    for kept in ["a", "b"] {
        let server = TestServer::start().await;
        server.change_client("bourses", |meta| meta.former_subs = true).await;
        let [first, second] = two_accounts(&server).await;
        let bourses = TestRelyingParty::new(&server, "bourses");
        let known = bourses.sign_in(&mut Browser::new(&server), &second).await.claims["sub"].clone();
        let mut here = signed_in(&server, &first).await;
        here.prove(&second.identifiant, &second.password).await;
        here.join("a").await;
        // A client that knows the second account alone sees the first one by its value, until the undo.
        assert_eq!(bourses.sign_in(&mut here, &first).await.claims["sub"], known);
        server.advance(Span::minutes(1));
        here.undo(PASSWORD).await;
        server.advance(Span::minutes(1));
        let mut here = signed_in(&server, &first).await;
        here.prove(&second.identifiant, &second.password).await;
        here.join(kept).await;
        assert!(here.tells("Vos comptes sont réunis"), "{}", here.page.visible_text());
        let member = if kept == "a" { &first } else { &second };
        let told = bourses.sign_in(&mut Browser::new(&server), member).await;
        assert_eq!((&told.claims["sub"], told.claims.get("former_subs")), (&known, None), "{kept}");
    }
}

#[tokio::test]
async fn threat_s09_the_accounts_of_two_persons_are_never_joined() {
    let server = TestServer::start().await;
    let [first, _] = two_accounts(&server).await;
    let marc = TestFamily { key: 510_002, prenom: "Marc", phone: "06 39 98 00 09", ..toulouse() };
    server.import_families("agricole", AGRICOLE, std::slice::from_ref(&marc)).await;
    let father = server.create_account_of("agricole", &marc).await;
    let before = picture(&server).await;
    let mut here = signed_in(&server, &first).await;
    here.prove(&father.identifiant, PASSWORD).await;
    assert_eq!(here.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(here.tells("Les noms des deux comptes ne sont pas les mêmes"), "{}", here.page.visible_text());
    assert_eq!(picture(&server).await, before);
    // A pupil has no such page, and is no other account either.
    let hash = server.app.password_hasher.hash(PASSWORD, server.app.rng.as_ref(), preau::crypto::Priority::Known).await;
    let op = server.operation();
    let mut tx = op.write(Durability::Durable).await.unwrap();
    let pupil = accounts::ops::create_account(&mut tx, Profile::Eleve, "Anne", "DURAND", None).await.unwrap();
    accounts::store::set_password(&mut tx, &pupil.id, &hash.unwrap()).await.unwrap();
    tx.commit().await.unwrap();
    here.prove(&pupil.identifiant, PASSWORD).await;
    assert!(here.tells("Les noms des deux comptes ne sont pas les mêmes"), "{}", here.page.visible_text());
    let mut theirs = Browser::new(&server);
    theirs.get("/connexion").await;
    theirs.sign_in_with(&pupil.identifiant, PASSWORD).await;
    theirs.get("/compte/regrouper").await;
    assert_eq!(theirs.page.status, StatusCode::NOT_FOUND);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM regroupement").await, 0);
}

#[tokio::test]
async fn attack_l2_two_identifiants_of_one_account_have_one_budget() {
    let server = TestServer::start().await;
    let [first, second] = two_accounts(&server).await;
    let mut here = signed_in(&server, &first).await;
    here.prove(&second.identifiant, &second.password).await;
    here.join("a").await;
    let mut stranger = Browser::new(&server);
    stranger.get("/connexion").await;
    for name in [&first, &second, &first, &second, &second] {
        stranger.sign_in_with(&name.identifiant, "Faux-mot-2").await;
        assert_eq!(stranger.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    for name in [&first, &second] {
        stranger.sign_in_with(&name.identifiant, PASSWORD).await;
        assert_eq!(stranger.page.status, StatusCode::TOO_MANY_REQUESTS, "{}", stranger.page.visible_text());
    }
}

#[tokio::test]
async fn attack_l1_the_other_password_is_counted_on_its_own_budget_and_says_nothing_of_who_exists() {
    let server = TestServer::start().await;
    let [first, second] = two_accounts(&server).await;
    let mut here = signed_in(&server, &first).await;
    let mut pages = Vec::new();
    // As long as the other one, which stands in the page.
    let nobody = second.identifiant.replace("a.", "z.");
    for identifiant in [&second.identifiant, &nobody] {
        let mut seen = Vec::new();
        for _ in 0..6 {
            here.prove(identifiant, "Faux-mot-2").await;
            seen.push((here.page.status, masked(&here.page).replace(identifiant, "_")));
        }
        assert_eq!(seen[0].0, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(seen[5].0, StatusCode::TOO_MANY_REQUESTS);
        pages.push(seen);
    }
    assert_eq!(pages[0], pages[1]);
    // The same budget as the sign-in's.
    let mut theirs = Browser::new(&server);
    theirs.get("/connexion").await;
    theirs.sign_in_with(&second.identifiant, &second.password).await;
    assert_eq!(theirs.page.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM regroupement").await, 0);
}

#[tokio::test]
async fn what_is_not_quiet_waits_and_an_old_sign_in_is_proven_again() {
    let server = TestServer::start().await;
    let [first, second] = two_accounts(&server).await;
    let mut here = signed_in(&server, &first).await;
    let until = server.now().plus(Span::hours(2)).0;
    let caution = "UPDATE account SET caution_until = $2 WHERE id = $1";
    for member in [&first, &second] {
        server.execute_sql(caution, vec![(&member.account_id).into(), until.into()]).await;
        here.prove(&second.identifiant, &second.password).await;
        assert!(here.tells("ceci sera possible à partir du"), "{}", here.page.visible_text());
        server.execute_sql(caution, vec![(&member.account_id).into(), 0_i64.into()]).await;
    }
    server.set_suspension(&second, Some("school")).await;
    here.prove(&second.identifiant, &second.password).await;
    assert!(here.tells("Un des deux comptes est suspendu"), "{}", here.page.visible_text());
    server.set_suspension(&second, None).await;
    let forced = "UPDATE account SET must_change_at = $2 WHERE id = $1";
    server.execute_sql(forced, vec![(&second.account_id).into(), server.now().0.into()]).await;
    here.prove(&second.identifiant, &second.password).await;
    let named = format!("du compte {} doit d'abord être changé", second.identifiant);
    assert!(here.tells(&named), "{}", here.page.visible_text());
    server.execute_sql("UPDATE account SET must_change_at = NULL", Vec::new()).await;
    here.prove(&first.identifiant, &first.password).await;
    assert!(here.tells("ouvrent déjà le même compte"), "{}", here.page.visible_text());

    server.advance(regroup::FRESH_SIGN_IN);
    let mut typed = vec![("identifiant", second.identifiant.as_str()), ("mot_de_passe", OTHER_PASSWORD)];
    for own in ["", "Faux-mot-2"] {
        here.get("/compte/regrouper").await;
        typed.truncate(2);
        typed.push(("actuel", own));
        here.submit("continuer", &typed).await;
        assert_eq!(here.page.status, StatusCode::UNPROCESSABLE_ENTITY, "{own}");
    }
    here.get("/compte/regrouper").await;
    typed.truncate(2);
    typed.push(("actuel", PASSWORD));
    here.submit("continuer", &typed).await;
    here.follow().await;
    // A password chosen since the proof, and the end of the quarter of an hour, end the choice.
    server.advance(Span::minutes(1));
    set_password(&server, &second, "Autre-mot-99").await;
    here.join("a").await;
    assert_eq!(here.url.path(), "/compte/regrouper");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account WHERE merged_into IS NOT NULL").await, 0);
    here.get("/compte/regrouper").await;
    let typed = [("identifiant", second.identifiant.as_str()), ("mot_de_passe", "Autre-mot-99"), ("actuel", PASSWORD)];
    here.submit("continuer", &typed).await;
    here.follow().await;
    server.advance(regroup::REGROUP_TTL);
    here.join("a").await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account WHERE merged_into IS NOT NULL").await, 0);
}

#[tokio::test]
async fn two_keys_of_one_academy_of_which_an_ent_knows_one_are_the_schools_business() {
    let server = TestServer::start().await;
    server.change_client("ent", |meta| meta.subject_type = SubjectType::Roster).await;
    let first = server.create_durand().await;
    let lycee = TestFamily { key: 500_900, ..toulouse() };
    server.import_families("montpellier", LYCEE, std::slice::from_ref(&lycee)).await;
    let second = server.create_account_of("montpellier", &lycee).await;
    server.advance(Span::minutes(1));
    let mut here = signed_in(&server, &first).await;
    here.prove(&second.identifiant, PASSWORD).await;
    assert_eq!(here.url.path(), "/compte/regrouper/choix", "no ENT knows either of them");
    TestRelyingParty::new(&server, "ent").sign_in(&mut Browser::new(&server), &second).await;
    // Also between the proof and the choice.
    here.join("a").await;
    assert!(here.tells("comme deux comptes différents"), "{}", here.page.visible_text());
    here.prove(&second.identifiant, PASSWORD).await;
    assert!(here.tells("comme deux comptes différents"), "{}", here.page.visible_text());
    // Also once no client of the space is left: what stands in a row was told.
    server.execute_sql("DELETE FROM service_use", Vec::new()).await;
    server.execute_sql("DELETE FROM session_client", Vec::new()).await;
    here.prove(&second.identifiant, PASSWORD).await;
    assert!(here.tells("comme deux comptes différents"), "{}", here.page.visible_text());
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account WHERE merged_into IS NOT NULL").await, 0);
}

#[tokio::test]
async fn attack_m2_a_choice_belongs_to_its_session_and_is_made_once() {
    let server = TestServer::start().await;
    let [first, second] = two_accounts(&server).await;
    let mut here = signed_in(&server, &first).await;
    here.prove(&second.identifiant, &second.password).await;
    let choice = here.url.to_string();
    let mut other_session = signed_in(&server, &first).await;
    other_session.get(&choice).await;
    assert_eq!(other_session.next().unwrap().path(), "/compte/regrouper");
    let mut of_the_other = signed_in(&server, &second).await;
    of_the_other.get(&choice).await;
    assert_eq!(of_the_other.next().unwrap().path(), "/compte/regrouper");
    let mut clicks = tokio::task::JoinSet::new();
    for n in 0..8 {
        let mut browser = here.clone_browser();
        browser.page = here.page.clone();
        let choice = choice.clone();
        clicks.spawn(async move {
            browser.get(&choice).await;
            if browser.page.has_element("#confirmer") {
                browser.submit("confirmer", &[("garder", if n % 2 == 0 { "a" } else { "b" })]).await;
                assert!(browser.page.status.is_redirection(), "{}", browser.page.visible_text());
            }
        });
    }
    clicks.join_all().await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account WHERE merged_into IS NOT NULL").await, 1);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM regroupement WHERE state = 'done'").await, 1);
    let facts = server.audit_facts().await;
    assert_eq!(facts.iter().filter(|fact| *fact == "accounts_joined").count(), 2);
}

#[tokio::test]
async fn attack_a13_after_seven_days_it_is_final_and_no_identifiant_or_sub_is_given_again() {
    let server = TestServer::start().await;
    let [first, second] = two_accounts(&server).await;
    let ent = TestRelyingParty::new(&server, "ent-toulouse");
    let sub = ent.sign_in(&mut Browser::new(&server), &second).await.claims["sub"].clone();
    let mut here = signed_in(&server, &first).await;
    here.prove(&second.identifiant, &second.password).await;
    here.join("a").await;
    let clean = async || {
        let op = server.operation();
        regroup::ops::finish_due(&op).await.unwrap()
    };
    server.advance(Span(regroup::UNDO_TTL.0 - 1));
    assert_eq!(clean().await, 0);
    let mut here = signed_in(&server, &first).await;
    assert!(here.page.has_element("#defaire"));
    server.advance(Span(1));
    // Also before the job has run.
    here.submit("defaire", &[("mot_de_passe", PASSWORD)]).await;
    here.follow().await;
    assert!(!here.page.has_element("#defaire"));
    assert_eq!((clean().await, clean().await), (1, 0));
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account WHERE state = 'closed' AND password IS NULL").await, 1);
    let alias = TestAccount { password: PASSWORD.to_owned(), ..second };
    assert_eq!(signed_in(&server, &alias).await.children().await, ["Zoé", "Noé"]);
    assert_eq!(ent.sign_in(&mut Browser::new(&server), &alias).await.claims["sub"], sub);
    let taken = server.query_count("SELECT COUNT(*) FROM account").await;
    let third = server.create_account("Anne", "DURAND").await;
    assert_eq!(server.query_count("SELECT COUNT(DISTINCT identifiant) FROM account").await, taken + 1);
    assert_ne!(third.identifiant, alias.identifiant);
}

async fn print_letter(server: &TestServer, uai: &str, pupil: &str) -> (String, LetterCode) {
    let op = server.operation();
    let uai = Uai::parse(uai).unwrap();
    let mut tx = op.write(Durability::Durable).await.unwrap();
    let scope = LetterScope::Family(pupil.to_owned());
    let all = recipients::list(&mut tx, &uai, &scope, Profile::Responsable, true).await.unwrap();
    let account = recipients::account_for(&mut tx, &all[0]).await.unwrap();
    let order = LetterOrder {
        account_id: &account.id,
        kind: all[0].kind(),
        uai: &uai,
        person_id: None,
        pupil_id: None,
        reason: "test",
    };
    let drawn = draw(&mut tx, order.kind, &uai).await.unwrap();
    issue(&mut tx, &server.app.master_key, order, &drawn).await.unwrap();
    tx.commit().await.unwrap();
    (account.identifiant, drawn.code)
}

#[tokio::test]
async fn a_letter_proves_the_other_account_with_a_birth_date_and_once() {
    let server = TestServer::start().await;
    let first = server.create_durand().await;
    server.import_families("toulouse", TOULOUSE, &[toulouse()]).await;
    let (identifiant, code) = print_letter(&server, TOULOUSE, "910001").await;
    let code = code.to_printed_form();
    let mut here = signed_in(&server, &first).await;
    here.prove(&identifiant, "K7PM-4HXA-9RTA").await;
    assert_eq!(here.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    here.prove(&identifiant, &code).await;
    assert!(!here.page.has_element("#garder-b"), "it has no password that could be kept");
    for date in ["01/03/2011", ""] {
        here.submit("confirmer", &[("date_naissance", date)]).await;
        assert_eq!(here.page.status, StatusCode::UNPROCESSABLE_ENTITY, "{date}");
    }
    assert_eq!(here.children().await, ["Zoé"], "the code alone opens nothing");
    here.prove(&identifiant, &code).await;
    here.submit("confirmer", &[("date_naissance", "02/03/2011")]).await;
    here.follow().await;
    assert!(here.tells("Vos comptes sont réunis"), "{}", here.page.visible_text());
    assert_eq!(here.children().await, ["Zoé", "Noé"]);
    assert_eq!(server.query_texts("SELECT state FROM letter").await, ["used"]);
    here.undo(PASSWORD).await;
    assert_eq!(here.children().await, ["Zoé"]);
    assert_eq!(server.query_texts("SELECT state FROM account ORDER BY state").await, ["active", "pending"]);
    here.prove(&identifiant, &code).await;
    assert_eq!(here.page.status, StatusCode::UNPROCESSABLE_ENTITY, "used");
}

#[tokio::test]
async fn a_letters_code_never_keeps_the_account_whose_password_nobody_typed() {
    let server = TestServer::start().await;
    let [first, second] = two_accounts(&server).await;
    let (identifiant, code) = print_letter(&server, TOULOUSE, "910001").await;
    assert_eq!(identifiant, second.identifiant, "an account with a password");
    let mut here = signed_in(&server, &first).await;
    here.prove(&identifiant, &code.to_printed_form()).await;
    assert!(here.page.has_element("#confirmer") && !here.page.has_element("#garder-b"), "{}", here.page.visible_text());
    here.submit("confirmer", &[("garder", "b"), ("date_naissance", "02/03/2011")]).await;
    here.follow().await;
    assert!(here.tells("Vos comptes sont réunis"), "{}", here.page.visible_text());
    let kept = server.query_texts("SELECT identifiant FROM account WHERE state = 'active'").await;
    assert_eq!(kept, [first.identifiant]);
}

#[tokio::test]
async fn the_date_of_a_disputed_child_proves_nothing_and_the_child_stays_hidden() {
    let server = TestServer::start().await;
    let first = server.create_durand().await;
    let children = vec![(910_001, "Noé", "02/03/2011", "3 C"), (910_002, "Léo", "03/05/2012", "4 A")];
    server.import_families("toulouse", TOULOUSE, &[TestFamily { children, ..toulouse() }]).await;
    let (identifiant, code) = print_letter(&server, TOULOUSE, "910001").await;
    let code = code.to_printed_form();
    let hide = "INSERT INTO link_withheld (person_id, pupil_id, kind, at) SELECT l.person_id, l.pupil_id, 'contested', 1 \
                FROM link l JOIN pupil u ON u.id = l.pupil_id WHERE u.pupil_key = $1";
    let mut here = signed_in(&server, &first).await;
    server.execute_sql(hide, vec!["910001".into()]).await;
    server.execute_sql(hide, vec!["910002".into()]).await;
    here.prove(&identifiant, &code).await;
    assert!(!here.tells("Noé") && !here.tells("Léo"), "{}", here.page.visible_text());
    here.submit("confirmer", &[("date_naissance", "02/03/2011")]).await;
    here.follow().await;
    assert!(here.tells("Aucun enfant de cet autre compte"), "{}", here.page.visible_text());
    let show = "DELETE FROM link_withheld WHERE pupil_id = (SELECT id FROM pupil WHERE pupil_key = '910002')";
    server.execute_sql(show, Vec::new()).await;
    here.prove(&identifiant, &code).await;
    assert!(!here.tells("Noé") && here.tells("Léo"), "{}", here.page.visible_text());
    here.submit("confirmer", &[("date_naissance", "02/03/2011")]).await;
    assert_eq!(here.page.status, StatusCode::UNPROCESSABLE_ENTITY, "the date of the hidden one");
    here.submit("confirmer", &[("date_naissance", "03/05/2012")]).await;
    here.follow().await;
    assert!(here.tells("Vos comptes sont réunis"), "{}", here.page.visible_text());
    assert_eq!(here.children().await, ["Zoé", "Léo"]);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM link_withheld").await, 1);
}

#[tokio::test]
async fn unfinished_recoveries_of_both_accounts_end_with_a_regroupement_and_with_its_undo() {
    let server = TestServer::start().await;
    let [first, second] = two_accounts(&server).await;
    let begin = async |n: i64| {
        for member in [&first, &second] {
            let sql = "INSERT INTO recovery (id, channel, state, browser, typed, typed_budget, support_code, lang, \
                       account_id, children, created_at, expires_at) VALUES ($1, 'sms', 'dates', $1, '', $1, 'K7PM', \
                       'fr', $2, '[]', $3, $4)";
            let id = format!("{n}/{}", member.account_id);
            let (now, until) = (server.now().0, server.now().plus(Span::hours(2)).0);
            let values = vec![id.into(), (&member.account_id).into(), now.into(), until.into()];
            assert_eq!(server.execute_sql(sql, values).await, 1);
        }
    };
    let open = async || server.query_count("SELECT COUNT(*) FROM recovery WHERE state <> 'ended'").await;
    let mut here = signed_in(&server, &first).await;
    begin(1).await;
    here.prove(&second.identifiant, &second.password).await;
    assert_eq!(open().await, 2);
    here.join("a").await;
    assert_eq!(open().await, 0);
    begin(2).await;
    here.undo(PASSWORD).await;
    assert!(here.tells("de nouveau séparés, chacun comme avant"), "{}", here.page.visible_text());
    assert_eq!(open().await, 0);
}

#[tokio::test]
async fn an_activation_that_was_open_at_a_regroupement_gives_nobody_to_the_absorbed_account() {
    let server = TestServer::start().await;
    let elsewhere = TestFamily { phone: "06 39 98 00 09", ..TestFamily::durand() };
    server.import_families("montpellier", MONOD, std::slice::from_ref(&elsewhere)).await;
    let first = server.create_account_of("montpellier", &elsewhere).await;
    let more = TestFamily { key: 510_009, children: vec![(910_009, "Léo", "02/03/2011", "3 C")], ..toulouse() };
    server.import_families("toulouse", TOULOUSE, &[toulouse(), more.clone()]).await;
    server.open_campaign(TOULOUSE).await;
    let (identifiant, code) = print_letter(&server, TOULOUSE, "910001").await;
    let mut activating = Browser::at_activation(&server).await;
    activating.prove_phone(&server, &more).await;
    assert!(activating.tells("Noé") && activating.tells("Léo"), "{}", activating.page.visible_text());
    let mut here = signed_in(&server, &first).await;
    here.prove(&identifiant, &code.to_printed_form()).await;
    here.submit("confirmer", &[("date_naissance", "02/03/2011")]).await;
    here.follow().await;
    assert!(here.tells("Vos comptes sont réunis"), "{}", here.page.visible_text());
    assert_eq!(server.query_texts("SELECT state FROM activation").await, ["ended"]);
    // One whose code was judged while the accounts were joined is still there.
    let open = "UPDATE activation SET state = 'children', open = $1, outcome = NULL";
    server.execute_sql(open, vec![true.into()]).await;
    activating.answer_children(&["02/03/2011", "02/03/2011"]).await;
    let lost = "SELECT COUNT(*) FROM person p JOIN account a ON a.id = p.account_id WHERE a.state = 'closed'";
    assert_eq!(server.query_count(lost).await, 0, "{}", activating.page.visible_text());
    assert_eq!(here.children().await, ["Zoé", "Noé", "Léo"]);
}

#[tokio::test]
async fn services_and_consents_are_known_on_the_kept_account_and_a_closing_goes_on_after_the_undo() {
    let server = TestServer::start().await;
    let [first, second] = two_accounts(&server).await;
    TestRelyingParty::new(&server, "ent-toulouse").sign_in(&mut Browser::new(&server), &second).await;
    for client in ["ent-toulouse", "bourses"] {
        let sql = "INSERT INTO consent (account_id, client_id, scopes, claims, granted_at) VALUES ($1, $2, 'openid', \
                   '[]', $3) ON CONFLICT DO NOTHING";
        server.execute_sql(sql, vec![(&second.account_id).into(), client.into(), 1_i64.into()]).await;
    }
    let closes = server.now().plus(Span::days(20)).0;
    let close = "UPDATE account SET closes_at = $2 WHERE id = $1";
    server.advance(Span::minutes(1));
    let mut here = signed_in(&server, &first).await;
    server.execute_sql(close, vec![(&second.account_id).into(), closes.into()]).await;
    let rows = async |member: &TestAccount| {
        let all = server
            .query_texts(
                "SELECT account_id || ' use ' || client_id FROM service_use UNION ALL \
                 SELECT account_id || ' consent ' || client_id FROM consent ORDER BY 1",
            )
            .await;
        let own = |row: &String| row.strip_prefix(&format!("{} ", member.account_id)).map(str::to_owned);
        all.iter().filter_map(own).collect::<Vec<_>>()
    };
    let all = ["consent bourses", "consent ent-toulouse", "use ent-toulouse"];
    assert_eq!((rows(&first).await.len(), rows(&second).await), (0, all.map(str::to_owned).to_vec()));
    here.prove(&second.identifiant, &second.password).await;
    here.join("a").await;
    assert_eq!(rows(&first).await, all);
    // What the person withdraws meanwhile is not given back.
    let withdraw = "DELETE FROM consent WHERE account_id = $1 AND client_id = 'bourses'";
    server.execute_sql(withdraw, vec![(&first.account_id).into()]).await;
    here.undo(PASSWORD).await;
    assert_eq!((rows(&first).await.len(), rows(&second).await), (0, all[1..].iter().map(|&s| s.to_owned()).collect()));
    let left = "SELECT COUNT(*) FROM account WHERE state = 'active' AND closes_at IS NOT NULL";
    assert_eq!(server.query_count(left).await, 1);
}

#[tokio::test]
async fn no_sms_tells_of_a_regroupement_that_was_undone() {
    let server = TestServer::start().await;
    let [first, second] = two_accounts(&server).await;
    let mut here = signed_in(&server, &first).await;
    here.prove(&second.identifiant, &second.password).await;
    here.join("a").await;
    server.advance(Span::minutes(1));
    here.undo(PASSWORD).await;
    server.advance(Span::days(1));
    server.drain_outbox().await;
    let sent: Vec<String> = server.messages().into_iter().map(|message| message.text).collect();
    assert!(sent.iter().all(|text| !text.contains("ont été réunis")), "{sent:?}");
}

/// Visits of ENTs that know people by the roster's keys, between and after regroupements and undos of three accounts, of
/// which two have keys of one academy: after the last undo every account is known by its own key, and meanwhile no key
/// is the `sub` of two accounts.
#[tokio::test]
async fn property_p06_a_roster_key_is_the_sub_of_one_account_through_any_regroupement_visit_and_undo() {
    let mut visits_of_joined = 0;
    for seed in 0..6 {
        let server = TestServer::start().await;
        for client in ["ent", "ent-toulouse"] {
            server.change_client(client, |meta| meta.subject_type = SubjectType::Roster).await;
        }
        let [first, second] = two_accounts(&server).await;
        let lycee = TestFamily { key: 500_900, ..toulouse() };
        server.import_families("montpellier", LYCEE, std::slice::from_ref(&lycee)).await;
        let third = server.create_account_of("montpellier", &lycee).await;
        server.advance(Span::minutes(1));
        let own = [("ent", "MONTPELLIER-500001"), ("ent-toulouse", "TOULOUSE-510001"), ("ent", "MONTPELLIER-500900")];
        let members = [first, second, third];
        let rng: &dyn Random = &SeededRandom::new(seed);
        let mut stack: Vec<(usize, usize)> = Vec::new();
        for step in 0..9 {
            let alive: Vec<usize> = (0..3).filter(|n| !stack.iter().any(|(_, absorbed)| absorbed == n)).collect();
            let here = alive[rng.below(u32::try_from(alive.len()).unwrap()) as usize];
            match rng.below(4) {
                0 if !stack.is_empty() => {
                    let (kept, _) = stack.pop().unwrap();
                    let mut browser = signed_in(&server, &members[kept]).await;
                    browser.undo(&members[kept].password).await;
                    assert!(browser.tells("de nouveau séparés"), "seed {seed} step {step}");
                }
                1 if alive.len() > 1 => {
                    let there = *alive.iter().find(|n| **n != here).unwrap();
                    let mut browser = signed_in(&server, &members[here]).await;
                    browser.prove(&members[there].identifiant, &members[there].password).await;
                    if browser.page.has_element("#confirmer") {
                        browser.join("a").await;
                        stack.push((here, there));
                    } else {
                        assert!(browser.tells("comme deux comptes différents"), "seed {seed} step {step}");
                    }
                }
                _ => {
                    // The account of the visit has the persons of every account that it absorbed.
                    let mut group = vec![here];
                    for (kept, absorbed) in stack.iter().rev() {
                        if group.contains(kept) {
                            group.push(*absorbed);
                        }
                    }
                    visits_of_joined += usize::from(group.len() > 1);
                    let (client, _) = own[group[rng.below(u32::try_from(group.len()).unwrap()) as usize]];
                    let party = TestRelyingParty::new(&server, client);
                    let told = party.sign_in(&mut Browser::new(&server), &members[here]).await;
                    let keys = group.iter().map(|n| own[*n].1).collect::<Vec<_>>();
                    assert!(keys.contains(&told.claims["sub"].as_str().unwrap()), "seed {seed} step {step}: {keys:?}");
                }
            }
            let rows = server.query_texts("SELECT value FROM subject WHERE space LIKE 'roster/%' ORDER BY value").await;
            let mut once = rows.clone();
            once.dedup();
            assert_eq!(rows, once, "seed {seed} step {step}");
            server.advance(Span::minutes(1));
        }
        while let Some((kept, _)) = stack.pop() {
            signed_in(&server, &members[kept]).await.undo(&members[kept].password).await;
        }
        for (member, (client, key)) in members.iter().zip(own) {
            let told = TestRelyingParty::new(&server, client).sign_in(&mut Browser::new(&server), member).await;
            assert_eq!(told.claims["sub"], key, "seed {seed}");
        }
        let sql = "SELECT account_id || ' ' || value FROM subject WHERE space LIKE 'roster/%' ORDER BY account_id";
        let expected = members.iter().zip(own).map(|(member, (_, key))| format!("{} {key}", member.account_id));
        let mut expected: Vec<String> = expected.collect();
        expected.sort();
        assert_eq!(server.query_texts(sql).await, expected, "seed {seed}");
    }
    assert!(visits_of_joined > 3, "{visits_of_joined}");
}

#[tokio::test]
async fn both_accounts_are_told_and_a_shared_number_once() {
    let server = TestServer::start().await;
    let [first, second] = two_accounts(&server).await;
    server.confirm_email(&first, "anne@example.org").await;
    let mut here = signed_in(&server, &first).await;
    here.prove(&second.identifiant, &second.password).await;
    here.join("a").await;
    server.drain_outbox().await;
    let mails = server.mails();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].subject.contains("vos deux comptes ont été réunis"), "{}", mails[0].subject);
    assert!(!mails[0].text.contains(&second.identifiant), "no identifiant in a mail");
    assert!(server.messages().is_empty(), "not tonight");
    server.advance(Span::days(1));
    server.drain_outbox().await;
    let sent: Vec<String> = server.messages().into_iter().map(|message| message.text).collect();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert!(sent[0].contains("vos deux comptes ont été réunis"), "{sent:?}");
}

/// Three accounts of one person, two clients, and any order of regroupements and undos: a client that knows one account
/// of the person sees one `sub`, and where it knew several, that of the account that the person kept.
#[tokio::test]
async fn property_p06_a_sub_is_the_same_through_any_regroupement_and_undo() {
    for seed in 0..6 {
        let server = TestServer::start().await;
        let [first, second] = two_accounts(&server).await;
        let field = TestFamily { key: 520_001, children: vec![(920_001, "Léo", "03/05/2012", "4 A")], ..toulouse() };
        server.import_families("agricole", AGRICOLE, std::slice::from_ref(&field)).await;
        let third = server.create_account_of("agricole", &field).await;
        server.advance(Span::minutes(1));
        let members = [first, second, third];
        let rng: &dyn Random = &SeededRandom::new(seed);
        // Which accounts each space knows, and by what.
        let mut born = Vec::new();
        for (client, knows) in [("ent", [0].as_slice()), ("ent-toulouse", &[1]), ("bourses", &[0, 1])] {
            for member in knows {
                let party = TestRelyingParty::new(&server, client);
                let told = party.sign_in(&mut Browser::new(&server), &members[*member]).await;
                let space = format!("pairwise/{}", if client == "bourses" { "bourses" } else { "mon-ent" });
                born.push((
                    space,
                    members[*member].account_id.clone(),
                    told.claims["sub"].as_str().unwrap().to_owned(),
                ));
            }
        }
        let start = picture(&server).await;
        let mut stack: Vec<(usize, usize, Vec<String>)> = Vec::new();
        for step in 0..12 {
            let alive: Vec<usize> = (0..3).filter(|n| !stack.iter().any(|(_, absorbed, _)| absorbed == n)).collect();
            let undoes = !stack.is_empty() && (alive.len() == 1 || rng.below(2) == 0);
            if undoes {
                let (kept, _, before) = stack.pop().unwrap();
                let mut browser = signed_in(&server, &members[kept]).await;
                browser.undo(&members[kept].password).await;
                assert!(
                    browser.tells("de nouveau séparés"),
                    "seed {seed} step {step}: {}",
                    browser.page.visible_text()
                );
                assert_eq!(picture(&server).await, before, "seed {seed} step {step}");
            } else {
                let here = alive[rng.below(u32::try_from(alive.len()).unwrap()) as usize];
                let others: Vec<usize> = alive.iter().copied().filter(|n| *n != here).collect();
                let there = others[rng.below(u32::try_from(others.len()).unwrap()) as usize];
                let keeps_other = rng.below(2) == 0;
                let before = picture(&server).await;
                let mut browser = signed_in(&server, &members[here]).await;
                browser.prove(&members[there].identifiant, &members[there].password).await;
                browser.join(if keeps_other { "b" } else { "a" }).await;
                assert!(browser.tells("Vos comptes sont réunis"), "seed {seed} step {step}");
                let (kept, absorbed) = if keeps_other { (there, here) } else { (here, there) };
                stack.push((kept, absorbed, before));
            }
            // A value that was ever told stands in exactly one place: as the `sub`, or a former one, of an account that
            // the person can open.
            for (space, _, value) in &born {
                let held = picture(&server).await.into_iter().filter(|row| row.contains(value)).collect::<Vec<_>>();
                assert!(held.len() == 1 || held.len() == 2, "seed {seed} step {step}: {space} {held:?}");
                let mut rows = server
                    .query_texts(
                        "SELECT s.space || ' ' || s.value FROM subject s JOIN account a ON a.id = s.account_id \
                     WHERE a.state = 'active' UNION ALL SELECT f.space || ' ' || f.value FROM former_subject f \
                     JOIN account a ON a.id = f.account_id WHERE a.state = 'active'",
                    )
                    .await;
                rows.retain(|row| *row == format!("{space} {value}"));
                assert_eq!(rows.len(), 1, "seed {seed} step {step}: {space} {value}");
            }
            server.advance(Span::minutes(1));
        }
        while let Some((kept, ..)) = stack.pop() {
            signed_in(&server, &members[kept]).await.undo(&members[kept].password).await;
        }
        assert_eq!(picture(&server).await, start, "seed {seed}");
        for (space, account, value) in &born {
            let rows = picture(&server).await;
            assert!(rows.contains(&format!("{space} {account} {value}")), "seed {seed}");
        }
    }
}

#[tokio::test]
async fn a_slip_in_a_letter_s_code_is_said_at_the_code_and_not_at_the_identifiant() {
    let server = TestServer::start().await;
    let [first, second] = two_accounts(&server).await;
    let mut here = signed_in(&server, &first).await;
    here.prove(&second.identifiant, "ACDE-FHJK-MNPR").await;
    assert!(
        here.page.has_element("#mdp-faute") && !here.page.has_element("#identifiant-faute"),
        "{}",
        here.page.text()
    );
    here.prove(&second.identifiant, "Faux-mot-2").await;
    assert!(here.page.has_element("#identifiant-faute") && here.tells("Relisez les deux"), "{}", here.page.text());
}

#[tokio::test]
async fn the_page_shows_the_way_back_only_where_there_is_one() {
    let server = TestServer::start().await;
    let [first, _] = two_accounts(&server).await;
    let mut here = signed_in(&server, &first).await;
    assert!(!here.page.has_element("#defaire"));
    here.get("/compte/regrouper/choix?r=AAAAAAAAAAAAAAAAAAAAAA").await;
    here.follow().await;
    assert_eq!(here.url.path(), "/compte/regrouper");
    assert!(here.tells("Rien n'est réuni"), "{}", here.page.visible_text());
    here.get("/compte").await;
    assert!(text(&here.page.text(), "#regrouper strong").is_some_and(|t| t.contains("J'ai un autre compte")));
}

#[tokio::test]
async fn attack_m10_an_account_with_a_factor_is_joined_by_password_and_factor_on_its_budgets_and_stays() {
    let server = TestServer::start().await;
    let [first, second] = two_accounts(&server).await;
    let mut here = signed_in(&server, &first).await;
    here.prove(&second.identifiant, &second.password).await;
    let secret = server.enrol_application(&second).await;
    here.submit("confirmer", &[("garder", "a")]).await;
    here.follow().await;
    assert!(here.tells("recommencez"), "enrolled since the proofs: {}", here.page.visible_text());
    let merged = "SELECT COUNT(*) FROM account WHERE merged_into IS NOT NULL";
    assert_eq!(server.query_count(merged).await, 0);

    here.prove(&second.identifiant, &second.password).await;
    assert_eq!(here.url.path(), "/compte/regrouper/preuve", "{}", here.page.visible_text());
    let at = here.url.to_string();
    let id = at.split("r=").nth(1).unwrap().to_owned();
    assert!(!here.tells("Noé"), "nothing of the other account yet");
    for path in ["/compte/regrouper/choix", &format!("/compte/regrouper/choix?r={id}")] {
        here.post(path, &[("r", &id), ("garder", "b")]).await;
        assert!(here.page.status.is_redirection(), "{path}");
        assert_eq!(server.query_count(merged).await, 0, "{path}");
    }
    // Another browser of the person, or a thief's, cannot show it here.
    let mut elsewhere = signed_in(&server, &first).await;
    elsewhere.post(&at, &[("code", &secret.code_at(server.now()))]).await;
    assert!(elsewhere.page.location().starts_with("/compte/regrouper/choix"), "{}", elsewhere.page.location());
    assert_eq!(server.query_count("SELECT COUNT(*) FROM regroupement WHERE factor_at IS NOT NULL").await, 0);
    here.get(&at).await;
    here.submit("confirmer", &[("code", "")]).await;
    assert_eq!(here.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    here.submit("confirmer", &[("code", &secret.code_at(server.now()))]).await;
    here.follow().await;
    assert_eq!(here.url.path(), "/compte/regrouper/choix", "{}", here.page.visible_text());
    assert!(!here.page.has_element("#garder-a") && here.tells("garde sa deuxième preuve"), "the factor stays");
    here.post("/compte/regrouper/choix", &[("r", &id), ("garder", "a")]).await;
    let kept = server.query_texts("SELECT merged_into FROM account WHERE merged_into IS NOT NULL").await;
    assert_eq!(kept, [second.account_id.as_str()], "{}", here.page.visible_text());
    assert!(server.audit_facts().await.contains(&"factor_proven".to_owned()));
}

#[tokio::test]
async fn attack_m3_wrong_factors_of_the_other_account_count_as_at_its_sign_in_and_are_told() {
    let server = TestServer::start().await;
    let [first, second] = two_accounts(&server).await;
    server.enrol_application(&second).await;
    let mut here = signed_in(&server, &first).await;
    here.prove(&second.identifiant, &second.password).await;
    let at = here.url.to_string();
    for n in 0..5 {
        here.post(&at, &[("code", "ACDE-FHJK")]).await;
        assert_eq!(here.page.status, StatusCode::UNPROCESSABLE_ENTITY, "{n}");
    }
    here.post(&at, &[("code", "ACDE-FHJK")]).await;
    assert_eq!(here.page.status, StatusCode::TOO_MANY_REQUESTS);
    // At its own sign-in the same budget is used up.
    let mut there = Browser::new(&server);
    there.get("/connexion").await;
    there.sign_in_with(&second.identifiant, &second.password).await;
    there.follow().await;
    there.submit("confirmer", &[("code", "ACDE-FHJK")]).await;
    assert_eq!(there.page.status, StatusCode::TOO_MANY_REQUESTS);
    let told = "SELECT a.identifiant FROM account_notice n JOIN account a ON a.id = n.account_id WHERE n.kind = 'factors_failed'";
    assert_eq!(server.query_texts(told).await, [second.identifiant.as_str()]);
}

#[tokio::test]
async fn attack_m10_of_two_accounts_the_one_with_the_factor_is_kept_whatever_is_sent() {
    let server = TestServer::start().await;
    let [first, second] = two_accounts(&server).await;
    let mut here = signed_in(&server, &first).await;
    let secret = server.enrol_application(&first).await;
    here.prove(&second.identifiant, &second.password).await;
    assert_eq!(here.url.path(), "/connexion/preuve", "asked of a young sign-in too");
    here.submit("confirmer", &[("code", &secret.code_at(server.now()))]).await;
    here.prove(&second.identifiant, &second.password).await;
    let at = here.url.to_string();
    let id = at.split("r=").nth(1).unwrap().to_owned();
    assert!(!here.page.has_element("#garder-b"));
    here.post("/compte/regrouper/choix", &[("r", &id), ("garder", "b")]).await;
    let kept = server.query_texts("SELECT merged_into FROM account WHERE merged_into IS NOT NULL").await;
    assert_eq!(kept, [first.account_id.as_str()], "{}", here.page.visible_text());
}

#[tokio::test]
async fn with_a_factor_each_the_person_chooses_which_account_stays() {
    let server = TestServer::start().await;
    let [first, second] = two_accounts(&server).await;
    let (own, others) = (server.enrol_application(&first).await, server.enrol_application(&second).await);
    server.advance(Span::minutes(1));
    let mut here = Browser::new(&server);
    here.get("/connexion").await;
    here.sign_in_with(&first.identifiant, &first.password).await;
    here.follow().await;
    here.submit("confirmer", &[("code", &own.code_at(server.now()))]).await;
    here.follow().await;
    here.prove(&second.identifiant, &second.password).await;
    here.submit("confirmer", &[("code", &others.code_at(server.now()))]).await;
    here.follow().await;
    assert!(here.page.has_element("#garder-a") && here.page.has_element("#garder-b"), "{}", here.page.visible_text());
    here.join("b").await;
    assert!(here.tells("Vos comptes sont réunis"), "{}", here.page.visible_text());
    let kept = server.query_texts("SELECT merged_into FROM account WHERE merged_into IS NOT NULL").await;
    assert_eq!(kept, [second.account_id.as_str()]);
}

/// A known device may skip the factor at the sign-in: a young sign-in alone is then no fresh proof of the own account.
#[tokio::test]
async fn attack_m10_a_young_sign_in_that_skipped_the_factor_does_not_stand_in_for_it() {
    let server = TestServer::start().await;
    let [first, second] = two_accounts(&server).await;
    let secret = server.enrol_application(&first).await;
    server.advance(Span::hours(1));
    let mut here = Browser::new(&server);
    here.get("/connexion").await;
    here.sign_in_with(&first.identifiant, &first.password).await;
    here.follow().await;
    here.submit("confirmer", &[("code", &secret.code_at(server.now()))]).await;
    here.follow().await;
    here.submit("se-deconnecter", &[]).await;
    server.advance(Span::hours(1));
    here.get("/connexion").await;
    here.sign_in_with(&first.identifiant, &first.password).await;
    here.follow().await;
    assert_eq!(here.url.path(), "/compte", "skipped on this device: {}", here.page.visible_text());
    here.prove(&second.identifiant, &second.password).await;
    assert_eq!(here.url.path(), "/connexion/preuve", "{}", here.page.visible_text());
    here.submit("confirmer", &[("code", &secret.code_at(server.now()))]).await;
    here.follow().await;
    assert_eq!(here.url.path(), "/compte/regrouper");
    here.prove(&second.identifiant, &second.password).await;
    assert_eq!(here.url.path(), "/compte/regrouper/choix", "{}", here.page.visible_text());
}
