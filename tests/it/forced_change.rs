//! Passwords that others may know: the right one leads to a new one, and opens nothing.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use preau::base::clock::{Span, Timestamp};
use preau::base::profile::Profile;
use preau::base::uai::Uai;
use preau::clients::GrantType;
use preau::crypto::Priority;
use preau::db::Durability;
use preau::helpdesk::ops::forced_change::{Cohort, ForcedChange, ForcedChangeReport, force_change};
use preau::protocol::scope::Scopes;

use crate::support::deployment::{LYCEE, MONOD};
use crate::support::masked::masked;
use crate::support::people::PASSWORD;
use crate::support::{Browser, LogoutReceiver, SlowClock, TestAccount, TestFamily, TestRelyingParty, TestServer};

const NEW: &str = "Autre-mot-99";
const DATES: [(&str, &str); 2] = [("date_naissance_1", "14/02/2013"), ("date_naissance_2", "03/05/2011")];

/// The parent of the same school without a mobile.
fn landline() -> TestFamily {
    let children = vec![(900_020, "Hugo", "01/06/2012", "5 B")];
    TestFamily { key: 500_020, nom: "ROUX", prenom: "Paul", phone: "04 67 00 00 10", children }
}

async fn start() -> (TestServer, TestAccount, TestAccount) {
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &[TestFamily::ndiaye(), landline()]).await;
    let member = server.create_account_of("montpellier", &TestFamily::ndiaye()).await;
    let other = server.create_account_of("montpellier", &landline()).await;
    // The mobile is no longer new.
    server.advance(Span::days(4));
    (server, member, other)
}

fn order(cohort: Cohort) -> ForcedChange {
    let reason = "mots de passe volés".to_owned();
    ForcedChange { cohort, profile: None, before: None, except: Vec::new(), reason, dry_run: false }
}

fn school() -> ForcedChange {
    order(Cohort::School(Uai::parse(MONOD).unwrap()))
}

fn listed(accounts: &[&TestAccount]) -> ForcedChange {
    order(Cohort::Listed(accounts.iter().map(|member| member.identifiant.clone()).collect()))
}

async fn force(server: &TestServer, order: &ForcedChange) -> ForcedChangeReport {
    force_change(server.operation().storage(), server.app.clock.as_ref(), order).await.unwrap()
}

async fn sign_in(browser: &mut Browser, identifiant: &str, password: &str) -> StatusCode {
    browser.get("/connexion").await;
    browser.sign_in_with(identifiant, password).await.status
}

/// Goes from the button of the page to the end, with the code and the birth dates.
async fn choose_new(browser: &mut Browser, server: &TestServer) {
    browser.submit("recevoir-le-code", &[]).await;
    browser.follow().await;
    assert_eq!(browser.url.path(), "/mot-de-passe-oublie/code", "{}", browser.page.visible_text());
    let code = server.read_code().await;
    browser.type_code(&code).await;
    browser.submit("confirmer", &DATES).await;
    browser.follow().await;
    browser.submit("terminer", &[("mot_de_passe", NEW), ("confirmation", NEW)]).await;
    browser.follow().await;
}

#[tokio::test]
async fn threat_s18_the_right_password_opens_nothing_and_leads_to_a_new_one_by_code_and_dates() {
    let (server, member, other) = start().await;
    let mut known = Browser::new(&server);
    assert_eq!(sign_in(&mut known, &member.identifiant, PASSWORD).await, StatusCode::SEE_OTHER);
    let ended = force(&server, &listed(&[&member])).await;
    assert_eq!(ended, ForcedChangeReport { accounts: 1, without_mobile: 0, sessions: 1 });
    assert_eq!(known.get("/compte").await.status, StatusCode::SEE_OTHER, "the session ended");

    for browser in [&mut known, &mut Browser::new(&server)] {
        assert_eq!(sign_in(browser, &member.identifiant, PASSWORD).await, StatusCode::FORBIDDEN);
        let said = browser.page.visible_text();
        assert!(said.contains("Pour protéger votre compte") && said.contains("L'ancien ne sert plus"), "{said}");
        assert!(!browser.has_session());
    }
    assert_eq!(server.query_count("SELECT COUNT(*) FROM session WHERE ended_at IS NULL").await, 0);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM device").await, 1, "no device becomes known by it");

    // Who has only the password stands before the code.
    let mut thief = Browser::new(&server);
    sign_in(&mut thief, &member.identifiant, PASSWORD).await;
    thief.submit("recevoir-le-code", &[]).await;
    thief.follow().await;
    assert_eq!(thief.url.path(), "/mot-de-passe-oublie/code");
    server.drain_outbox().await;
    for path in ["enfants", "mot-de-passe"] {
        let to = thief.url.as_str().replace("/code", &format!("/{path}"));
        let mut ahead = thief.clone_browser();
        ahead.open(&to).await;
        assert_eq!(ahead.url.path(), "/mot-de-passe-oublie/code");
    }

    choose_new(&mut known, &server).await;
    assert_eq!(known.page.heading(), "Votre nouveau mot de passe est enregistré.", "{}", known.page.visible_text());
    assert!(known.has_session());
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account WHERE must_change_at IS NOT NULL").await, 0);
    for (identifiant, password, status) in [
        (&member.identifiant, PASSWORD, StatusCode::UNPROCESSABLE_ENTITY),
        (&member.identifiant, NEW, StatusCode::SEE_OTHER),
        (&other.identifiant, PASSWORD, StatusCode::SEE_OTHER),
    ] {
        assert_eq!(sign_in(&mut Browser::new(&server), identifiant, password).await, status);
    }
}

#[tokio::test]
async fn who_has_former_children_only_is_told_which_school_to_call() {
    let (server, member, other) = start().await;
    server.execute_sql("UPDATE link SET ended_at = 5", Vec::new()).await;
    force(&server, &listed(&[&member])).await;
    server.set_suspension(&other, Some("school")).await;
    for (account, told) in [(&member, "Pour protéger votre compte"), (&other, "Ce compte est suspendu")] {
        let mut browser = Browser::new(&server);
        assert_eq!(sign_in(&mut browser, &account.identifiant, PASSWORD).await, StatusCode::FORBIDDEN);
        let said = browser.page.visible_text();
        assert!(said.contains(told) && said.contains("Clg Théodore Monod"), "{said}");
    }
}

#[tokio::test]
async fn threat_s18_the_pending_request_of_a_portal_is_answered_after_the_new_password() {
    let (server, member, _) = start().await;
    force(&server, &school()).await;
    let ent = TestRelyingParty::new(&server, "ent");
    let attempt = ent.attempt();
    let mut browser = Browser::new(&server);
    browser.open(&attempt.url).await;
    browser.sign_in_with(&member.identifiant, PASSWORD).await;
    choose_new(&mut browser, &server).await;
    let to = browser.page.link_target("#continuer");
    let landed = browser.open(&to).await.expect_redirect_away();
    let tokens = ent.tokens(&attempt, &ent.code(&landed, &attempt)).await;
    assert_eq!(ent.userinfo(&tokens.access_token).await.status, StatusCode::OK);
}

#[tokio::test]
async fn threat_s05_a_wrong_password_tells_nothing_of_a_forced_change() {
    let server = TestServer::start().await;
    let member = server.create_account("Zoé", "DURAND").await;
    let other = server.create_account("Lou", "DURANT").await;
    force(&server, &listed(&[&member])).await;
    let mut stories = Vec::new();
    for identifiant in [member.identifiant.as_str(), &other.identifiant, "z.durane99"] {
        let mut browser = Browser::new(&server);
        let mut story = Vec::new();
        for _ in 0..7 {
            sign_in(&mut browser, identifiant, "Faux-mot-2").await;
            story.push(masked(&browser.page).replace(identifiant, "IDENTIFIANT"));
        }
        stories.push(story);
    }
    assert_eq!(stories[0], stories[1]);
    assert_eq!(stories[0], stories[2]);
}

#[tokio::test]
async fn threat_s18_without_a_mobile_a_letter_of_the_school_is_named() {
    let (server, _, other) = start().await;
    let report = force(&server, &school()).await;
    assert_eq!(report, ForcedChangeReport { accounts: 2, without_mobile: 1, sessions: 0 });
    let mut browser = Browser::new(&server);
    assert_eq!(sign_in(&mut browser, &other.identifiant, PASSWORD).await, StatusCode::FORBIDDEN);
    let said = browser.page.visible_text();
    assert!(!browser.page.has_element("#recevoir-le-code"), "{said}");
    assert!(said.contains("Demandez à l'établissement une feuille") && said.contains("Clg Théodore Monod"), "{said}");
    browser.click("#feuille").await;
    assert_eq!(browser.url.path(), "/lettre");
}

#[tokio::test]
async fn threat_s18_a_cohort_is_a_school_an_academy_or_a_list_less_whom_it_does_not_concern() {
    let (server, member, other) = start().await;
    let elsewhere = server.create_account("Lise", "PETIT").await;
    server.advance(Span::minutes(1));
    let forced = async || {
        let set: BTreeSet<String> = server
            .query_texts("SELECT identifiant FROM account WHERE must_change_at IS NOT NULL")
            .await
            .into_iter()
            .collect();
        server.execute_sql("UPDATE account SET must_change_at = NULL", vec![]).await;
        set
    };
    let names = |accounts: &[&TestAccount]| accounts.iter().map(|a| a.identifiant.clone()).collect::<BTreeSet<_>>();
    let dry = ForcedChange { dry_run: true, ..school() };
    assert_eq!(force(&server, &dry).await.accounts, 2);
    assert_eq!(forced().await, names(&[]));
    assert_eq!(server.query_count("SELECT COUNT(*) FROM audit WHERE fact = 'password_change_forced'").await, 0);

    for (change, expected) in [
        (school(), names(&[&member, &other])),
        (order(Cohort::Academy("montpellier".to_owned())), names(&[&member, &other])),
        (order(Cohort::Academy("toulouse".to_owned())), names(&[])),
        (listed(&[&member, &elsewhere]), names(&[&member, &elsewhere])),
        (ForcedChange { profile: Some(Profile::Eleve), ..school() }, names(&[])),
        (ForcedChange { profile: Some(Profile::Eleve), ..listed(&[&member]) }, names(&[])),
        (ForcedChange { profile: Some(Profile::Responsable), ..school() }, names(&[&member, &other])),
        (ForcedChange { except: vec![other.identifiant.clone()], ..school() }, names(&[&member])),
        (ForcedChange { except: vec![other.identifiant.clone()], ..listed(&[&other]) }, names(&[])),
        (ForcedChange { before: Some(Timestamp(server.now().0 - Span::days(5).0)), ..school() }, names(&[])),
        (
            ForcedChange { before: Some(Timestamp(server.now().0 - Span::days(3).0)), ..school() },
            names(&[&member, &other]),
        ),
    ] {
        let report = force(&server, &change).await;
        assert_eq!(forced().await, expected, "{change:?}");
        assert_eq!(report.accounts, u64::try_from(expected.len()).unwrap(), "{change:?}");
    }

    // Without a password, and closed.
    server
        .execute_sql(
            "UPDATE account SET password = NULL WHERE identifiant = $1",
            vec![member.identifiant.as_str().into()],
        )
        .await;
    server
        .execute_sql(
            "UPDATE account SET state = 'closed' WHERE identifiant = $1",
            vec![other.identifiant.as_str().into()],
        )
        .await;
    assert_eq!(force(&server, &school()).await.accounts, 0);
    assert_eq!(force(&server, &listed(&[&member, &other])).await.accounts, 0);

    for (change, said) in [
        (order(Cohort::School(Uai::parse("0341234G").unwrap())), "0341234G is not declared"),
        (order(Cohort::Academy("atlantis".to_owned())), "academy atlantis is not declared"),
        (order(Cohort::Listed(vec!["a.nobody01".to_owned()])), "no account is called a.nobody01"),
        (ForcedChange { except: vec!["a.nobody01".to_owned()], ..school() }, "no account is called a.nobody01"),
        (ForcedChange { reason: " ".to_owned(), ..school() }, "the reason is empty"),
    ] {
        let (op, clock) = (server.operation(), server.app.clock.as_ref());
        let why = force_change(op.storage(), clock, &change).await.unwrap_err().to_string();
        assert!(why.contains(said), "{why}");
    }
}

#[tokio::test]
async fn a_parent_with_two_rows_in_the_academy_is_counted_once_and_forced_once() {
    let (server, member, _) = start().await;
    let second = TestFamily { key: 500_099, ..TestFamily::ndiaye() };
    server.import_families("montpellier", LYCEE, &[second]).await;
    let join =
        "UPDATE person SET account_id = (SELECT id FROM account WHERE identifiant = $1) WHERE person_key = '500099'";
    server.execute_sql(join, vec![member.identifiant.as_str().into()]).await;
    let academy = order(Cohort::Academy("montpellier".to_owned()));
    assert_eq!(force(&server, &ForcedChange { dry_run: true, ..academy.clone() }).await.accounts, 2);
    assert_eq!(force(&server, &academy).await.accounts, 2);
    assert_eq!(force(&server, &academy).await.accounts, 0);
}

/// The audit is sealed a minute after the time of its rows, and the accounts of an academy take longer.
#[tokio::test]
async fn each_batch_has_the_time_at_which_it_is_forced() {
    let (server, _, _) = start().await;
    server.create_account_of_pupil("Hugo").await;
    // Its password is chosen before the order, not at the same moment.
    server.advance(Span::minutes(1));
    let op = server.operation();
    let slow = SlowClock(server.clone());
    let forced = force_change(op.storage(), &slow, &school()).await.unwrap();
    assert_eq!(forced.accounts, 3, "parents, then pupils");
    let times = "SELECT COUNT(DISTINCT at) FROM audit WHERE fact = 'password_change_forced'";
    assert_eq!(server.query_count(times).await, 2);
    let at_begin = "SELECT COUNT(*) FROM audit WHERE fact = 'password_change_forced' AND at <= $1";
    let mut tx = server.app.db.read().await.unwrap();
    assert_eq!(tx.fetch_one::<(i64,)>(at_begin, vec![op.now.0.into()]).await.unwrap().0, 0);
}

#[tokio::test]
async fn threat_s18_sessions_and_offline_tokens_of_a_school_end_and_each_account_has_its_event() {
    const OFFLINE: &str = "openid profile offline_access";
    let (server, member, other) = start().await;
    let receiver = LogoutReceiver::start().await;
    receiver.register_clients(&server, &["ent"]).await;
    server
        .change_client("ent", |meta| {
            meta.grant_types.push(GrantType::RefreshToken);
            meta.scopes = Scopes::parse(OFFLINE).unwrap();
        })
        .await;
    let mut ent = TestRelyingParty::new(&server, "ent");
    ent.scope = OFFLINE;
    let mut browser = Browser::new(&server);
    let offline = ent.attempt_with(&[("prompt", "consent")]);
    browser.open(&offline.url).await;
    browser.sign_in(&member).await;
    browser.submit("continuer", &[]).await;
    let landed = browser.follow().await.expect_redirect_away();
    let code = ent.code(&landed, &offline);
    let body = ent.exchange(&offline, &code).await.json();
    let refresh = body["refresh_token"].as_str().unwrap().to_owned();
    // The person signs out; the offline token lives on, without a session.
    browser.open("/compte").await;
    browser.submit("se-deconnecter", &[]).await;
    let mut second = Browser::new(&server);
    let tokens = ent.sign_in(&mut second, &other).await;
    server.drain_outbox().await;
    let before = receiver.calls().len();

    assert_eq!(force(&server, &school()).await, ForcedChangeReport { accounts: 2, without_mobile: 1, sessions: 1 });
    server.drain_outbox().await;
    assert_eq!(receiver.calls().len(), before + 1);
    assert_eq!(ent.userinfo(&tokens.access_token).await.status, StatusCode::UNAUTHORIZED);
    let fields = [("grant_type", "refresh_token".to_owned()), ("refresh_token", refresh)];
    assert_eq!(ent.post_token(ent.authorization().as_deref(), &fields).await.oauth_error(), "invalid_grant");
    let events = server
        .query_texts(
            "SELECT uai || ' ' || reason || ' ' || actor_kind || ' ' || actor_id || ' ' || a.identifiant FROM audit e \
             JOIN account a ON a.id = e.account_id WHERE fact = 'password_change_forced'",
        )
        .await;
    let expected = [&member, &other].map(|a| format!("{MONOD} mots de passe volés operator test {}", a.identifiant));
    assert_eq!(events.into_iter().collect::<BTreeSet<_>>(), expected.into());
    assert_eq!(force(&server, &school()).await, ForcedChangeReport::default(), "a second call finds nobody");
}

#[tokio::test]
async fn threat_s18_a_cohort_of_several_batches_is_forced_whole() {
    const PEOPLE: i64 = 2_100;
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &[TestFamily::ndiaye()]).await;
    let (pupil,) = (server.query_texts("SELECT id FROM pupil ORDER BY id").await.remove(0),);
    let op = server.operation();
    let mut tx = op.write(Durability::Relaxed).await.unwrap();
    for n in 0..PEOPLE {
        let id = preau::base::ids::row_id(server.now(), server.app.rng.as_ref());
        let name = format!("p.monde{n}");
        let account = "INSERT INTO account (id, identifiant, stem, suffix, state, profile, given_name, family_name, \
                       password, password_at, created_at, updated_at) \
                       VALUES ($1, $2, $2, '', 'active', 'responsable', 'P', 'M', 'x', 1, 1, 1)";
        tx.execute(account, vec![id.as_str().into(), name.as_str().into()]).await.unwrap();
        let person = "INSERT INTO person (id, academy, person_key, family_name, given_name, phone_state, exported_at, \
                      account_id) VALUES ($1, 'montpellier', $2, 'M', 'P', 'none', 1, $1)";
        tx.execute(person, vec![id.as_str().into(), name.into()]).await.unwrap();
        let link = "INSERT INTO link (person_id, pupil_id, uai, level, source) VALUES ($1, $2, $3, 'legal', 'siecle')";
        tx.execute(link, vec![id.into(), pupil.as_str().into(), MONOD.into()]).await.unwrap();
    }
    tx.commit().await.unwrap();
    let people = u64::try_from(PEOPLE).unwrap();
    let expected = ForcedChangeReport { accounts: people, without_mobile: people, sessions: 0 };
    assert_eq!(force(&server, &ForcedChange { dry_run: true, ..school() }).await, expected);
    assert_eq!(force(&server, &school()).await, expected);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account WHERE must_change_at IS NOT NULL").await, PEOPLE);
    let events = "SELECT COUNT(DISTINCT account_id) FROM audit WHERE fact = 'password_change_forced'";
    assert_eq!(server.query_count(events).await, PEOPLE);
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_s18_no_session_is_born_after_the_end_that_it_raced() {
    let (server, member, _) = start().await;
    let tasks: Vec<_> = (0..12)
        .map(|n| {
            let (server, member) = (server.clone(), member.clone());
            tokio::spawn(async move {
                if n == 5 {
                    force(&server, &listed(&[&member])).await;
                } else {
                    sign_in(&mut Browser::new(&server), &member.identifiant, PASSWORD).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(server.query_count("SELECT COUNT(*) FROM session WHERE ended_at IS NULL").await, 0);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account WHERE must_change_at IS NOT NULL").await, 1);
}

#[tokio::test]
async fn threat_s18_a_second_click_on_the_new_password_opens_nothing_once_it_is_forced_too() {
    let (server, member, _) = start().await;
    force(&server, &listed(&[&member])).await;
    let mut browser = Browser::new(&server);
    sign_in(&mut browser, &member.identifiant, PASSWORD).await;
    browser.submit("recevoir-le-code", &[]).await;
    browser.follow().await;
    let code = server.read_code().await;
    browser.type_code(&code).await;
    browser.submit("confirmer", &DATES).await;
    browser.follow().await;
    let mut copies = [browser.clone_browser(), browser.clone_browser()];
    for copy in &mut copies {
        copy.get(browser.url.as_str()).await;
    }
    let typed = [("mot_de_passe", NEW), ("confirmation", NEW)];
    browser.submit("terminer", &typed).await;
    assert!(browser.has_session());
    copies[0].submit("terminer", &typed).await;
    assert!(copies[0].has_session(), "a double click signs in again");
    server.advance(Span::minutes(1));
    force(&server, &listed(&[&member])).await;
    copies[1].submit("terminer", &typed).await;
    assert!(!copies[1].has_session(), "{}", copies[1].page.visible_text());
}

#[tokio::test]
async fn threat_s04_takeover_w10_a_password_that_is_common_by_now_is_forced_at_the_sign_in() {
    const COMMON: &str = "P@ssw0rd";
    let (server, member, other) = start().await;
    let hash = server.app.password_hasher.hash(COMMON, server.app.rng.as_ref(), Priority::Known).await.unwrap();
    let sql = "UPDATE account SET password = $1 WHERE identifiant = $2";
    server.execute_sql(sql, vec![hash.into(), member.identifiant.as_str().into()]).await;
    let mut browser = Browser::new(&server);
    assert_eq!(sign_in(&mut browser, &member.identifiant, "P@ssw0rd1").await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account WHERE must_change_at IS NOT NULL").await, 0);
    for _ in 0..2 {
        assert_eq!(sign_in(&mut browser, &member.identifiant, COMMON).await, StatusCode::FORBIDDEN);
        assert!(!browser.has_session());
    }
    let events = server.query_texts("SELECT detail FROM audit WHERE fact = 'password_change_forced'").await;
    assert_eq!(events, ["common password"], "once");
    assert_eq!(sign_in(&mut browser, &other.identifiant, PASSWORD).await, StatusCode::SEE_OTHER);
    choose_after_page(&mut Browser::new(&server), &server, &member.identifiant, COMMON).await;
}

/// Signs in with a password that must change, and chooses a new one.
async fn choose_after_page(browser: &mut Browser, server: &TestServer, identifiant: &str, password: &str) {
    assert_eq!(sign_in(browser, identifiant, password).await, StatusCode::FORBIDDEN);
    choose_new(browser, server).await;
    assert!(browser.has_session());
}
