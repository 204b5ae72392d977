//! Second factors that change while something else is under way: recoveries, sessions and proofs of before.

use axum::http::StatusCode;
use preau::accounts::Account;
use preau::base::clock::Span;
use preau::base::lang::Lang;
use preau::credentials::factors::TypedFactor;
use preau::credentials::ops::{FactorOwner, SessionFactorOutcome, prove_in_session, start_totp};
use preau::helpdesk::AccountChangeError;
use preau::helpdesk::ops::factors::remove_factors;
use preau::notify::ops::NoticeContext;
use preau::sessions::Session;

use crate::factors::{add_application, at_factor, enrol, give, signed_in};
use crate::support::people::PASSWORD;
use crate::support::{Browser, TestAccount, TestServer};

const NEW: &str = "Tilleul+9-orage";

/// A browser whose recovery has the code and the dates.
async fn recovering(server: &TestServer, account: &TestAccount) -> Browser {
    server.advance(Span::days(4));
    let mut browser = Browser::new(server);
    browser.prove_mobile(server, &account.identifiant).await;
    browser.type_dates(&["14/02/2013"]).await;
    browser
}

/// A second tab at the same page.
async fn copy(browser: &Browser) -> Browser {
    let mut copy = browser.clone_browser();
    copy.get(browser.url.as_str()).await;
    copy
}

/// The session and the account of a browser, as a request loads them.
async fn current(server: &TestServer, browser: &Browser) -> (Session, Account) {
    preau::sessions::ops::current(&server.operation(), browser.cookie("")).await.unwrap().unwrap()
}

#[tokio::test]
async fn attack_m1_a_recovery_asks_for_a_factor_that_was_added_after_its_dates() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let mut browser = recovering(&server, &account).await;
    assert_eq!(browser.url.path(), "/mot-de-passe-oublie/mot-de-passe");
    server.advance(Span::minutes(1));
    let secret = server.enrol_application(&account).await;
    server.advance(Span::minutes(1));
    browser.type_new_password(NEW).await;
    assert_eq!(browser.url.path(), "/mot-de-passe-oublie/preuve", "{}", browser.page.visible_text());
    assert_eq!(server.query_count("SELECT COUNT(*) FROM session").await, 0);
    assert_eq!(give(&mut browser, &secret.code_at(server.now())).await, StatusCode::SEE_OTHER);
    browser.follow().await;
    browser.type_new_password(NEW).await;
    assert_eq!(browser.url.path(), "/mot-de-passe-oublie/termine", "{}", browser.page.visible_text());
}

/// Whoever has the browser of a recovery that is done, and its password, gets past no factor of since then.
#[tokio::test]
async fn attack_m1_a_repeated_click_begins_no_session_past_a_factor_of_since_then() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let mut browser = recovering(&server, &account).await;
    let (mut again, mut twice) = (copy(&browser).await, copy(&browser).await);
    browser.type_new_password(NEW).await;
    assert!(browser.has_session());
    twice.type_new_password(NEW).await;
    assert!(twice.has_session(), "a double click");
    server.advance(Span::minutes(1));
    server.enrol_application(&account).await;
    server.advance(Span::minutes(1));
    again.type_new_password(NEW).await;
    assert!(!again.has_session(), "{}", again.url);
}

#[tokio::test]
async fn a_double_click_on_the_factor_of_a_recovery_goes_on_and_another_code_does_not() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let mut home = signed_in(&server, &account).await;
    let (secret, codes) = add_application(&server, &mut home).await;
    for backup in [false, true] {
        let mut browser = recovering(&server, &account).await;
        assert_eq!(browser.url.path(), "/mot-de-passe-oublie/preuve", "{}", browser.page.visible_text());
        let (mut twice, at) = (copy(&browser).await, browser.url.to_string());
        let former = browser.clone_browser();
        let code = if backup { codes[0].clone() } else { secret.code_at(server.now()) };
        assert_eq!(give(&mut browser, &code).await, StatusCode::SEE_OTHER);
        for wrong in ["000000", &codes[1], &secret.code_at(server.now().plus(Span::seconds(30)))] {
            let other = &mut former.clone_browser();
            assert_eq!(other.post(&at, &[("code", wrong)]).await.status, StatusCode::NOT_FOUND, "{wrong}");
        }
        assert_eq!(give(&mut twice, &code).await, StatusCode::SEE_OTHER, "{}", twice.page.visible_text());
        twice.follow().await;
        assert_eq!(twice.url.path(), "/mot-de-passe-oublie/mot-de-passe", "{}", twice.page.visible_text());
        let unused = "SELECT COUNT(*) FROM backup_code WHERE used_at IS NULL";
        assert_eq!(server.query_count(unused).await, if backup { 9 } else { 10 });
        if backup {
            twice.type_new_password(NEW).await;
            assert_eq!(twice.url.path(), "/mot-de-passe-oublie/termine", "{}", twice.page.visible_text());
        }
    }
}

/// The mark of the device was lost with its cookie: the page of the factor and the errand behind it agree all the same.
#[tokio::test]
async fn a_factor_shown_in_a_session_is_fresh_without_a_known_device_too() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let secret = enrol(&server, &account).await;
    let mut browser = at_factor(&server, &account).await;
    assert_eq!(give(&mut browser, &secret.code_at(server.now())).await, StatusCode::SEE_OTHER);
    browser.follow().await;
    server.advance(Span::minutes(6));
    browser.cookies.retain(|name, _| name != "preau_dev_device");
    browser.post("/compte/donnees", &[("mot_de_passe", PASSWORD)]).await;
    browser.follow().await;
    assert_eq!(browser.url.path(), "/connexion/preuve");
    assert_eq!(give(&mut browser, &secret.code_at(server.now())).await, StatusCode::SEE_OTHER);
    browser.follow().await;
    assert_eq!(browser.url.path(), "/compte/donnees");
    browser.submit("telecharger", &[("mot_de_passe", PASSWORD)]).await;
    assert_eq!(browser.page.header("content-type"), "application/json");
}

#[tokio::test]
async fn what_a_session_waits_for_goes_on_after_a_factor_gave_it_a_new_cookie() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let secret = enrol(&server, &account).await;
    let mut browser = at_factor(&server, &account).await;
    assert_eq!(give(&mut browser, &secret.code_at(server.now())).await, StatusCode::SEE_OTHER);
    browser.follow().await;
    browser.open("/compte/adresse").await;
    browser.submit("envoyer", &[("adresse", "anne@example.org"), ("mot_de_passe", PASSWORD)]).await;
    browser.open("/compte/application").await;
    browser.submit("continuer", &[("mot_de_passe", PASSWORD)]).await;
    let regroupement = "INSERT INTO regroupement (id, asked_by, other, session_id, proof, state, support_code, created_at, \
                        expires_at) SELECT 'r', account_id, account_id, id, 'password', 'proven', 'K7P-4MX', 0, 0 \
                        FROM session WHERE ended_at IS NULL";
    server.execute_sql(regroupement, Vec::new()).await;
    server.advance(Span::minutes(6));
    let before = browser.cookie("").unwrap().to_owned();
    browser.post("/compte/donnees", &[("mot_de_passe", PASSWORD)]).await;
    browser.follow().await;
    assert_eq!(give(&mut browser, &secret.code_at(server.now())).await, StatusCode::SEE_OTHER);
    assert_ne!(browser.cookie("").unwrap(), before);
    let session = server.query_texts("SELECT id FROM session WHERE ended_at IS NULL").await;
    for waiting in [
        "SELECT session_id FROM email WHERE state = 'asked'",
        "SELECT session_id FROM totp WHERE confirmed_at IS NULL",
        "SELECT session_id FROM regroupement",
    ] {
        assert_eq!(server.query_texts(waiting).await, session, "{waiting}");
    }
    browser.open("/compte/application/code").await;
    assert_eq!(browser.url.path(), "/compte/application/code");
    browser.open("/compte/adresse/code").await;
    assert_eq!(browser.url.path(), "/compte/adresse/code");
}

/// While a hash is computed, what was judged before may have changed.
#[tokio::test]
async fn attack_m9_a_password_proof_is_judged_again_once_the_account_is_locked() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let browser = signed_in(&server, &account).await;
    let (session, loaded) = current(&server, &browser).await;
    let owner = FactorOwner { session: &session, account: &loaded, device_secrets: &[], lang: Lang::Fr };
    let later = server.now().plus(Span::hours(48)).0;
    for (change, undo) in [
        (
            "UPDATE account SET password = password || 'x'",
            "UPDATE account SET password = substr(password, 1, length(password) - 1)",
        ),
        ("UPDATE account SET suspended_by = 'school'", "UPDATE account SET suspended_by = NULL"),
        ("UPDATE account SET caution_until = $1", "UPDATE account SET caution_until = NULL"),
        ("UPDATE session SET ended_at = 1", "UPDATE session SET ended_at = NULL"),
    ] {
        let args = if change.contains("$1") { vec![later.into()] } else { Vec::new() };
        server.execute_sql(change, args).await;
        assert!(start_totp(&server.operation(), owner, PASSWORD).await.unwrap().is_err(), "{change}");
        assert_eq!(server.query_count("SELECT COUNT(*) FROM totp").await, 0, "{change}");
        server.execute_sql(undo, Vec::new()).await;
    }
    start_totp(&server.operation(), owner, PASSWORD).await.unwrap().unwrap();
    assert_eq!(server.query_count("SELECT COUNT(*) FROM totp").await, 1);
}

#[tokio::test]
async fn attack_m9_of_several_secrets_asked_for_at_once_one_waits() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let browser = signed_in(&server, &account).await;
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let mut tab = browser.clone_browser();
        running.spawn(async move { tab.post("/compte/application", &[("mot_de_passe", PASSWORD)]).await.status });
    }
    let answers = running.join_all().await;
    assert!(answers.iter().all(|status| *status == StatusCode::SEE_OTHER), "{answers:?}");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM totp").await, 1);
}

#[tokio::test]
async fn attack_s8_a_factor_in_a_session_begins_none_for_an_account_that_was_suspended_meanwhile() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let secret = enrol(&server, &account).await;
    let mut browser = at_factor(&server, &account).await;
    assert_eq!(give(&mut browser, &secret.code_at(server.now())).await, StatusCode::SEE_OTHER);
    browser.follow().await;
    server.advance(Span::minutes(1));
    let (session, _) = current(&server, &browser).await;
    server.set_suspension(&account, Some("school")).await;
    let Ok(typed) = TypedFactor::parse(&secret.code_at(server.now())) else { panic!("six digits") };
    let outcome = prove_in_session(&server.operation(), &session, &[], &typed).await.unwrap();
    assert!(matches!(outcome, SessionFactorOutcome::SessionEnded), "{outcome:?}");
}

#[tokio::test]
async fn attack_m9_an_operator_removes_the_factors_and_what_waits_for_them_ends() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    server.confirm_email(&account, "anne@example.org").await;
    let secret = enrol(&server, &account).await;
    let mut recovery = recovering(&server, &account).await;
    let mut home = at_factor(&server, &account).await;
    assert_eq!(give(&mut home, &secret.code_at(server.now())).await, StatusCode::SEE_OTHER);
    home.follow().await;
    let mut waiting = at_factor(&server, &account).await;
    let remove = async |identifiant: &str, reason: &str| {
        remove_factors(server.operation().storage(), NoticeContext::from(&*server.app), identifiant, reason).await
    };
    assert!(remove(&account.identifiant, " ").await.is_err(), "no reason");
    let removed = remove(&account.identifiant, " vu au guichet ").await.unwrap();
    assert_eq!((removed.applications, removed.sessions), (1, 1));
    for table in ["totp", "backup_code"] {
        assert_eq!(server.query_count(Box::leak(format!("SELECT COUNT(*) FROM {table}").into_boxed_str())).await, 0);
    }
    let audited =
        server.query_texts("SELECT actor_kind || ' ' || reason FROM audit WHERE fact = 'factor_removed'").await;
    assert_eq!(audited, ["operator vu au guichet"]);
    server.drain_outbox().await;
    assert!(server.mails().iter().any(|mail| mail.subject.contains("retirée")), "told by mail");
    assert_eq!(home.get("/compte").await.status, StatusCode::SEE_OTHER, "its sessions end");
    assert_eq!(give(&mut waiting, &secret.code_at(server.now())).await, StatusCode::GONE);
    recovery.reload().await;
    recovery.follow().await;
    assert_eq!(recovery.url.path(), "/mot-de-passe-oublie/suite", "{}", recovery.page.visible_text());
    let mut again = signed_in(&server, &account).await;
    assert!(again.page.visible_text().contains("retirée"), "told by banner: {}", again.page.visible_text());
    again.open("/compte/application").await;
    again.submit("continuer", &[("mot_de_passe", PASSWORD)]).await;
    assert!(again.page.visible_text().contains("Par prudence"), "{}", again.page.visible_text());
    let refused = remove(&account.identifiant, "x").await.unwrap_err().downcast::<AccountChangeError>().unwrap();
    assert!(refused.to_string().ends_with("has no second factor"), "{refused}");
    // A browser in which the removed factor was shown does not skip the next one.
    server.enrol_application(&account).await;
    home.open("/connexion").await;
    home.sign_in(&account).await;
    assert_eq!(home.url.path(), "/connexion/preuve");
}

/// Answers the newest banner of a kind with « Non, ce n'était pas moi ».
async fn disown(server: &TestServer, browser: &mut Browser, kind: &'static str) {
    let newest = "SELECT id FROM account_notice WHERE answer IS NULL AND kind = ";
    let sql = Box::leak(format!("{newest}'{kind}' ORDER BY at DESC").into_boxed_str());
    let id = server.query_texts(sql).await.remove(0);
    browser.post("/compte/evenement", &[("evenement", &id), ("moi", "non")]).await;
    browser.follow().await;
}

async fn change_password(browser: &mut Browser) -> StatusCode {
    let fields = [("actuel", PASSWORD), ("mot_de_passe", NEW), ("confirmation", NEW)];
    browser.submit("changer-mot-de-passe", &fields).await.status
}

#[tokio::test]
async fn attack_m9_no_it_was_not_me_removes_the_only_factor_and_a_new_password_is_possible() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let mut home = signed_in(&server, &account).await;
    server.advance(Span::minutes(1));
    let mut thief = signed_in(&server, &account).await;
    add_application(&server, &mut thief).await;
    home.get("/compte").await;
    assert!(home.page.visible_text().contains("ajoutée à votre compte"), "{}", home.page.visible_text());
    disown(&server, &mut home, "factor_added").await;
    assert_eq!(home.url.path(), "/compte/mot-de-passe");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM totp").await, 0);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM backup_code").await, 0);
    assert!(server.audit_facts().await.contains(&"factor_removed".to_owned()));
    assert_eq!(thief.get("/compte").await.status, StatusCode::SEE_OTHER);
    assert_eq!(change_password(&mut home).await, StatusCode::SEE_OTHER, "{}", home.page.visible_text());
}

#[tokio::test]
async fn attack_m9_no_it_was_not_me_removes_exactly_what_was_told_and_only_from_a_device_of_before() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let mut home = signed_in(&server, &account).await;
    let (own, codes) = add_application(&server, &mut home).await;
    server.advance(Span::minutes(1));
    let mut thief = at_factor(&server, &account).await;
    assert_eq!(give(&mut thief, &codes[0]).await, StatusCode::SEE_OTHER);
    thief.follow().await;
    let (theirs, _) = add_application(&server, &mut thief).await;
    thief.open("/compte/codes-de-secours").await;
    thief.submit("renouveler", &[("mot_de_passe", PASSWORD)]).await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM backup_code WHERE used_at IS NULL").await, 10);
    // A device that is younger than the notice answers after two days, and removes nothing.
    server.advance(Span::minutes(1));
    let mut young = at_factor(&server, &account).await;
    assert_eq!(give(&mut young, &theirs.code_at(server.now())).await, StatusCode::SEE_OTHER);
    young.follow().await;
    young.get("/compte").await;
    home.get("/compte").await;
    assert!(home.page.visible_text().contains("De nouveaux codes de secours ont été faits"));
    let (mut late, count) = (young.clone_browser(), "SELECT COUNT(*) FROM totp");
    disown(&server, &mut home, "backup_codes_renewed").await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM backup_code").await, 0);
    assert_eq!(server.query_count(count).await, 2);
    server.advance(Span::hours(49));
    server.execute_sql("UPDATE device SET forgotten_at = NULL", Vec::new()).await;
    late.open("/connexion").await;
    late.sign_in(&account).await;
    late.follow().await;
    assert_eq!(late.url.path(), "/compte", "{}", late.page.visible_text());
    server.execute_sql("UPDATE account_notice SET answer = NULL WHERE kind = 'factor_added'", Vec::new()).await;
    disown(&server, &mut late, "factor_added").await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account_notice WHERE answer = 'not_mine'").await, 2);
    assert_eq!(server.query_count(count).await, 2, "answered, and nothing removed");
    server.execute_sql("UPDATE account_notice SET answer = NULL WHERE kind = 'factor_added'", Vec::new()).await;
    server.execute_sql("UPDATE device SET forgotten_at = NULL", Vec::new()).await;
    home.open("/connexion").await;
    home.sign_in(&account).await;
    home.follow().await;
    disown(&server, &mut home, "factor_added").await;
    assert_eq!(server.query_count(count).await, 1);
    server.advance(Span::minutes(1));
    let mut again = at_factor(&server, &account).await;
    assert_eq!(give(&mut again, &theirs.code_at(server.now())).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(give(&mut again, &own.code_at(server.now())).await, StatusCode::SEE_OTHER);
}
