//! An operator's commands on accounts: `preau account`.

use axum::http::StatusCode;
use preau::accounts::store::emails::{self, NewEmail};
use preau::base::clock::Span;
use preau::base::typed_ids::{AccountId, ChallengeId, SessionId};
use preau::base::uai::Uai;
use preau::db::Durability;
use preau::helpdesk::ops::forced_change::{Cohort, ForcedChange, force_change};
use preau::helpdesk::report::{AccountReport, PupilReport};
use preau::helpdesk::{AccountChangeError, ops};

use crate::support::deployment::MONOD;
use crate::support::people::PASSWORD;
use crate::support::{Browser, LogoutReceiver, TestAccount, TestFamily, TestRelyingParty, TestServer};

/// A server where the parent has an account, and relying parties hear of sign-outs.
async fn start() -> (TestServer, LogoutReceiver, TestAccount) {
    let server = TestServer::start().await;
    let receiver = LogoutReceiver::start().await;
    receiver.register_clients(&server, &["ent"]).await;
    let member = server.create_durand().await;
    (server, receiver, member)
}

async fn sign_in(server: &TestServer, member: &TestAccount) -> Browser {
    let mut browser = Browser::new(server);
    browser.get("/connexion").await;
    browser.sign_in_with(&member.identifiant, PASSWORD).await;
    browser.follow().await;
    browser
}

/// The newest event of a kind, as `actor reason: before > after`.
async fn event(server: &TestServer, fact: &str) -> String {
    let rows = server
        .query_texts(
            "SELECT fact || '=' || actor_kind || ' ' || actor_id || ' ' || COALESCE(reason, '-') || ': ' || \
             COALESCE(before, '') || ' > ' || COALESCE(after, '') FROM audit WHERE actor_id IS NOT NULL ORDER BY id DESC",
        )
        .await;
    rows.iter().find_map(|row| row.strip_prefix(&format!("{fact}="))).unwrap_or_default().to_owned()
}

fn refusal<T>(done: anyhow::Result<T>) -> String {
    done.err().unwrap().downcast::<AccountChangeError>().unwrap().to_string()
}

#[tokio::test]
async fn attack_s8_a_suspension_ends_sessions_tokens_and_devices_and_relying_parties_are_told() {
    let (server, receiver, member) = start().await;
    let ent = TestRelyingParty::new(&server, "ent");
    let mut browser = Browser::new(&server);
    let tokens = ent.sign_in(&mut browser, &member).await;
    let op = server.operation();
    let typed = format!(" {} ", member.identifiant.to_uppercase());
    let ended = ops::suspend(op.storage(), &typed, " vol signalé ").await.unwrap();
    assert_eq!((ended.identifiant.as_str(), ended.sessions, ended.devices), (member.identifiant.as_str(), 1, 1));

    assert_eq!(browser.get("/compte").await.status, StatusCode::SEE_OTHER);
    assert_eq!(ent.userinfo(&tokens.access_token).await.status, StatusCode::UNAUTHORIZED);
    server.drain_outbox().await;
    assert_eq!(receiver.called_clients(), ["ent"]);
    browser.get("/connexion").await;
    let page = browser.sign_in_with(&member.identifiant, PASSWORD).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{}", page.visible_text());
    assert_eq!(event(&server, "account_suspended").await, "operator test vol signalé: active > suspended");
    assert_eq!(event(&server, "sessions_ended").await, "operator test vol signalé:  > ");

    let again = refusal(ops::suspend(op.storage(), &member.identifiant, "x").await);
    assert!(again.contains("suspended already, by the operator"), "{again}");
    ops::resume(op.storage(), &member.identifiant, "retrouvé").await.unwrap();
    assert_eq!(event(&server, "account_resumed").await, "operator test retrouvé: suspended by operator > active");
    let again = refusal(ops::resume(op.storage(), &member.identifiant, "x").await);
    assert!(again.contains("is not suspended"), "{again}");
    let mut browser = sign_in(&server, &member).await;
    assert_eq!(browser.get("/compte").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_change_without_account_or_reason_is_refused_and_writes_nothing() {
    let (server, _receiver, member) = start().await;
    let op = server.operation();
    for (identifiant, reason, said) in [
        ("a.nobody01", "x", "no account is called a.nobody01"),
        (member.identifiant.as_str(), "  ", "the reason is empty"),
    ] {
        for done in [
            refusal(ops::suspend(op.storage(), identifiant, reason).await),
            refusal(ops::resume(op.storage(), identifiant, reason).await),
            refusal(ops::end_sessions(op.storage(), identifiant, reason, true).await),
        ] {
            assert!(done.contains(said), "{done}");
        }
    }
    server.execute_sql("UPDATE account SET state = 'closed'", vec![]).await;
    for done in [
        refusal(ops::suspend(op.storage(), &member.identifiant, "x").await),
        refusal(ops::end_sessions(op.storage(), &member.identifiant, "x", false).await),
    ] {
        assert!(done.contains("is closed"), "{done}");
    }
    assert_eq!(event(&server, "account_suspended").await, "");
}

#[tokio::test]
async fn of_two_suspensions_at_once_one_is_refused() {
    let (server, _receiver, member) = start().await;
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (server, identifiant) = (server.clone(), member.identifiant.clone());
            tokio::spawn(async move { ops::suspend(server.operation().storage(), &identifiant, "x").await.is_ok() })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        done += usize::from(task.await.unwrap());
    }
    assert_eq!(done, 1);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM audit WHERE fact = 'account_suspended'").await, 1);
}

#[tokio::test]
async fn sessions_end_without_the_password_and_devices_stay_known_unless_forgotten() {
    let (server, receiver, member) = start().await;
    let ent = TestRelyingParty::new(&server, "ent");
    let (mut first, mut second) = (Browser::new(&server), Browser::new(&server));
    ent.sign_in(&mut first, &member).await;
    ent.sign_in(&mut second, &member).await;
    let op = server.operation();
    let ended = ops::end_sessions(op.storage(), &member.identifiant, "poste partagé", false).await.unwrap();
    assert_eq!((ended.sessions, ended.devices), (2, 0));
    assert_eq!(event(&server, "sessions_ended").await, "operator test poste partagé:  > ");
    assert_eq!(event(&server, "device_forgotten").await, "");
    server.drain_outbox().await;
    assert_eq!(receiver.called_clients(), ["ent", "ent"]);
    for browser in [&mut first, &mut second] {
        assert_eq!(browser.get("/compte").await.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(server.query_count("SELECT COUNT(*) FROM device WHERE forgotten_at IS NULL").await, 2);

    sign_in(&server, &member).await;
    let ended = ops::end_sessions(op.storage(), &member.identifiant, "poste volé", true).await.unwrap();
    assert_eq!((ended.sessions, ended.devices), (1, 3));
    assert_eq!(event(&server, "device_forgotten").await, "operator test poste volé:  > ");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM device WHERE forgotten_at IS NULL").await, 0);
    sign_in(&server, &member).await;
}

#[tokio::test]
async fn a_suspension_ends_what_a_right_code_had_opened() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
    let member = server.create_account_of("montpellier", &TestFamily::durand()).await;
    server.advance(Span::days(4));
    let mut browser = Browser::new(&server);
    browser.get("/mot-de-passe-oublie").await;
    browser.submit("continuer", &[("identifiant", &member.identifiant)]).await;
    browser.follow().await;
    let code = server.read_code().await;
    browser.type_code(&code).await;
    let mut activating = Browser::at_activation(&server).await;
    server.advance(Span::minutes(5));
    activating.prove_phone(&server, &TestFamily::durand()).await;
    let op = server.operation();
    ops::suspend(op.storage(), &member.identifiant, "x").await.unwrap();
    ops::resume(op.storage(), &member.identifiant, "x").await.unwrap();
    for browser in [&mut browser, &mut activating] {
        browser.reload().await;
        browser.follow().await;
        let said = browser.page.visible_text();
        assert!(said.contains("suspendu") && !browser.page.has_element("form"), "{said}");
    }
}

async fn show(server: &TestServer, identifiant: &str) -> AccountReport {
    ops::show::show(server.operation().storage(), identifiant).await.unwrap()
}

#[tokio::test]
async fn one_screen_shows_an_account_without_a_code_a_whole_number_or_an_address() {
    const ADDRESS: &str = "fatou.durand@example.org";
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
    server.advance(Span::days(4));
    let mut browser = Browser::at_activation(&server).await;
    let identifiant = browser.activate(&server, &TestFamily::durand()).await;
    browser.get("/compte").await;
    let activated = server.now();
    let account = server.query_texts("SELECT id FROM account").await.remove(0);
    let op = server.operation();
    let mut tx = op.write(Durability::Durable).await.unwrap();
    let ids = (AccountId::new(account), ChallengeId::new("c"), SessionId::new("s"));
    let new = NewEmail { id: "e", account_id: &ids.0, address: ADDRESS, challenge_id: &ids.1, session_id: &ids.2 };
    emails::insert(&mut tx, &server.app.master_key, new).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(show(&server, &identifiant).await.email, None, "an address that was only typed is none");
    server.execute_sql("UPDATE email SET state = 'confirmed', confirmed_at = 1", vec![]).await;

    let seen = show(&server, &format!(" {} ", identifiant.to_uppercase())).await;
    assert_eq!((seen.state, seen.profile, seen.name.as_str()), ("active", "responsable", "Anne DURAND"));
    assert_eq!((seen.activated_at, seen.password_at, seen.must_change_at), (Some(activated), Some(activated), None));
    let [person] = &seen.persons[..] else { panic!("{seen:?}") };
    assert_eq!((person.academy.as_str(), person.phone_state.as_str()), ("montpellier", "mobile"));
    let number = TestFamily::durand().phone.replace(' ', "");
    let end = person.phone_end.as_ref().unwrap().replace(' ', "");
    assert!(end.len() == 4 && number.ends_with(&end), "{end}");
    assert!(person.since.is_some() && person.proven_at == Some(activated) && person.disowned_at.is_none(), "{seen:?}");
    let pupil = PupilReport {
        academy: "montpellier".to_owned(),
        pupil_key: TestFamily::durand().children[0].0.to_string(),
        given_name: TestFamily::durand().children[0].1.to_owned(),
        class: Some(TestFamily::durand().children[0].3.to_owned()),
        uai: Uai::parse(MONOD).unwrap(),
        school: "Clg Théodore Monod".to_owned(),
    };
    assert_eq!(seen.pupils, [pupil]);
    assert_eq!(seen.email.as_deref(), Some("f…@e….org"));
    assert_eq!((seen.sessions.alive, seen.sessions.seen_at, seen.devices), (1, Some(activated), 1));
    assert!(seen.letters.is_empty() && seen.last_recovery.is_none(), "{seen:?}");
    let text = serde_json::to_string(&seen).unwrap();
    assert!(!text.contains(&number[4..]) && !text.contains("fatou"), "{text}");

    let op = server.operation();
    let order = ForcedChange {
        cohort: Cohort::Listed(vec![identifiant.clone()]),
        profile: None,
        before: None,
        except: Vec::new(),
        reason: "x".to_owned(),
        dry_run: false,
    };
    server.advance(Span::minutes(1));
    force_change(server.operation().storage(), server.app.clock.as_ref(), &order).await.unwrap();
    ops::suspend(op.storage(), &identifiant, "x").await.unwrap();
    let seen = show(&server, &identifiant).await;
    assert_eq!((seen.suspended_by, seen.must_change_at), (Some("operator"), Some(server.now())));
    assert_eq!((seen.sessions.alive, seen.devices), (0, 0));
}

#[tokio::test]
async fn a_support_code_of_a_recovery_or_an_activation_shows_the_account() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
    server.advance(Span::days(4));
    let identifiant = Browser::at_activation(&server).await.activate(&server, &TestFamily::durand()).await;
    let by_code = async |code: &str| {
        let found = ops::show::show_by_code(server.operation().storage(), code).await.unwrap();
        found.into_iter().map(|report| (report.identifiant, report.last_recovery)).collect::<Vec<_>>()
    };
    let code = server.query_texts("SELECT support_code FROM activation").await.remove(0);
    let found = by_code(&format!(" {} ", code.to_lowercase())).await;
    assert!(found.len() == 1 && found[0].0 == identifiant && found[0].1.is_none(), "{found:?}");

    server.advance(Span::minutes(5));
    let mut browser = Browser::new(&server);
    browser.get("/mot-de-passe-oublie").await;
    browser.submit("continuer", &[("identifiant", &identifiant)]).await;
    browser.follow().await;
    let code = server.query_texts("SELECT support_code FROM recovery").await.remove(0);
    assert_eq!(by_code(&code).await.len(), 0, "nobody is known before the right code");
    let sms = server.read_code().await;
    browser.type_code(&sms).await;
    let found = by_code(&code).await;
    let last = found[0].1.as_ref().unwrap();
    assert_eq!((last.channel.as_str(), last.step.as_str(), last.outcome.as_deref()), ("sms", "dates", None));
    ops::suspend(server.operation().storage(), &identifiant, "x").await.unwrap();
    let last = by_code(&code).await[0].1.clone().unwrap();
    assert_eq!((last.step.as_str(), last.outcome.as_deref()), ("ended", Some("suspended")));
    assert_eq!(by_code("AAA-AAA").await.len(), 0);
}
