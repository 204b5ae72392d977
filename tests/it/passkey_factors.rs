//! Passkeys among the second factors: in a recovery, beside applications and backup codes, taken away by the school.

use axum::http::StatusCode;
use preau::base::clock::Span;
use preau::helpdesk::ops::factors::remove_factors;
use preau::helpdesk::ops::show::show;
use preau::notify::ops::NoticeContext;

use crate::factors::{add_application, give};
use crate::passkeys::{RIGHT, enrolled, signed_in};
use crate::support::html::attribute;
use crate::support::people::PASSWORD;
use crate::support::{Browser, SoftAuthenticator, TestAccount, TestFamily, TestServer, WrongWords};

const NEW: &str = "Tilleul+9-orage";
const REFUSED: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

/// A browser whose recovery has the code and the dates, and waits at this step.
async fn recovering(server: &TestServer, account: &TestAccount, step: &str) -> Browser {
    server.advance(Span::days(4));
    let mut browser = Browser::new(server);
    browser.prove_mobile(server, &account.identifiant).await;
    browser.type_dates(&["14/02/2013"]).await;
    assert_eq!(browser.url.path(), format!("/mot-de-passe-oublie/{step}"), "{}", browser.page.visible_text());
    browser
}

#[tokio::test]
async fn attack_m1_a_recovery_of_an_account_with_a_passkey_stops_at_the_passkey() {
    let server = TestServer::start().await;
    let (account, other) = (server.create_durand().await, server.create_account("Lise", "DURAND").await);
    let (_, mut authenticator) = enrolled(&server, &account).await;
    let (_, mut foreign) = enrolled(&server, &other).await;
    server.execute_sql("DELETE FROM backup_code", vec![]).await;
    let mut browser = recovering(&server, &account, "preuve").await;
    assert!(!browser.page.has_element("#code") && browser.page.has_element("#plus-rien"));
    let at = browser.url.to_string();
    let mut sign_in = Browser::at_sign_in(&server).await;
    let (options, state) = sign_in.passkey_form();
    let sent = authenticator.get(&options, &RIGHT);
    browser.post(&at, &[("etat", &state), ("reponse", &sent)]).await;
    assert_eq!(browser.page.status, REFUSED, "of a sign-in");
    for wrong in [
        WrongWords { origin: Some("https://evil.example"), ..RIGHT },
        WrongWords { without_verification: true, ..RIGHT },
        WrongWords { signed_by_another_key: true, ..RIGHT },
    ] {
        browser.use_passkey(&mut authenticator, &wrong).await;
        assert_eq!(browser.page.status, REFUSED, "{wrong:?}");
    }
    browser.use_passkey(&mut foreign, &RIGHT).await;
    assert_eq!(browser.page.status, REFUSED, "another account's");
    browser.post(&at, &[("code", "123456")]).await;
    assert_eq!(browser.page.status, REFUSED, "a code of nothing");
    // The answer given here opens no sign-in.
    browser.get(&at).await;
    let (options, state) = browser.passkey_form();
    let sent = authenticator.get(&options, &RIGHT);
    sign_in.post("/connexion", &[("etat", &state), ("reponse", &sent)]).await;
    assert_eq!((sign_in.page.status, sign_in.has_session()), (REFUSED, false));
    browser.open(&at.replace("/preuve", "/mot-de-passe")).await;
    assert_eq!(browser.url.path(), "/mot-de-passe-oublie/preuve", "the password is not to be chosen yet");

    browser.use_passkey(&mut authenticator, &RIGHT).await;
    assert_eq!(browser.page.status, StatusCode::SEE_OTHER, "{}", browser.page.visible_text());
    browser.follow().await;
    browser.type_new_password(NEW).await;
    assert_eq!(browser.url.path(), "/mot-de-passe-oublie/termine", "{}", browser.page.visible_text());
    assert!(browser.has_session());
}

#[tokio::test]
async fn attack_m1_a_recovery_asks_for_a_passkey_that_was_added_after_its_dates() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let mut browser = recovering(&server, &account, "mot-de-passe").await;
    let mut again = browser.clone_browser();
    again.get(browser.url.as_str()).await;
    let (_, mut authenticator) = enrolled(&server, &account).await;
    browser.type_new_password(NEW).await;
    assert_eq!(browser.url.path(), "/mot-de-passe-oublie/preuve", "{}", browser.page.visible_text());
    browser.use_passkey(&mut authenticator, &RIGHT).await;
    browser.follow().await;
    browser.type_new_password(NEW).await;
    assert_eq!(browser.url.path(), "/mot-de-passe-oublie/termine", "{}", browser.page.visible_text());
}

#[tokio::test]
async fn backup_codes_stand_beside_a_passkey_and_go_with_the_last_factor() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let (mut browser, mut authenticator) = enrolled(&server, &account).await;
    let codes: Vec<String> = crate::support::html::texts(&browser.page.text(), "#codes li");
    assert_eq!(codes.len(), 10);
    // A code opens the account where the passkey is not.
    let mut elsewhere = Browser::at_sign_in(&server).await;
    elsewhere.sign_in_with(&account.identifiant, PASSWORD).await;
    elsewhere.follow().await;
    assert_eq!(give(&mut elsewhere, &codes[0]).await, StatusCode::SEE_OTHER);
    assert_eq!(server.query_texts("SELECT amr FROM session WHERE amr LIKE '%mfa%'").await, ["pwd mfa"]);
    // The application comes, without new codes, and goes: the codes stay with the passkey.
    let (_, more) = add_application(&server, &mut browser).await;
    assert!(more.is_empty() && browser.url.path() == "/compte/securite", "{}", browser.page.visible_text());
    let remove = attribute(&browser.page.text(), "a[href^='/compte/application/retirer']", "href").unwrap();
    browser.get(&remove).await;
    assert!(browser.page.visible_text().contains("clé d'accès et vos codes de secours servent toujours"));
    browser.submit("retirer", &[("mot_de_passe", PASSWORD)]).await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM totp").await, 0, "{}", browser.page.visible_text());
    assert_eq!(server.query_count("SELECT COUNT(*) FROM backup_code WHERE used_at IS NULL").await, 9);
    // They go with the passkey.
    browser.get("/compte/securite").await;
    let edit = attribute(&browser.page.text(), "a[href^='/compte/cle/modifier']", "href").unwrap();
    browser.get(&edit).await;
    browser.use_passkey(&mut authenticator, &RIGHT).await;
    assert_eq!(browser.page.status, StatusCode::SEE_OTHER);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM backup_code").await, 0);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM passkey").await, 0);
}

#[tokio::test]
async fn attack_m9_no_it_was_not_me_removes_exactly_the_passkey_that_was_told() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let (mut home, mut own) = enrolled(&server, &account).await;
    // Somebody with the unlocked device of the person adds one in another browser.
    server.advance(Span::minutes(1));
    let mut thief = Browser::at_sign_in(&server).await;
    thief.use_passkey(&mut own, &RIGHT).await;
    thief.get("/compte/cle").await;
    thief.use_passkey(&mut own, &RIGHT).await;
    let mut theirs = SoftAuthenticator::new(server.issuer());
    thief.create_passkey(&mut theirs, &RIGHT).await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM passkey").await, 2, "{}", thief.page.visible_text());
    home.get("/compte").await;
    assert!(home.page.visible_text().contains("clé d'accès a été ajoutée"), "{}", home.page.visible_text());
    let told = "SELECT id FROM account_notice WHERE kind = 'passkey_added' ORDER BY at DESC, id DESC";
    let id = server.query_texts(told).await.remove(0);
    home.post("/compte/evenement", &[("evenement", &id), ("moi", "non")]).await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM passkey").await, 1);
    let mut gone = Browser::at_sign_in(&server).await;
    gone.use_passkey(&mut theirs, &RIGHT).await;
    assert_eq!((gone.page.status, gone.has_session()), (REFUSED, false));
    gone.get("/connexion").await;
    gone.use_passkey(&mut own, &RIGHT).await;
    assert!(gone.has_session(), "the person's own stays");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM backup_code").await, 10, "and its codes");
}

#[tokio::test]
async fn attack_m9_the_school_has_a_lost_passkey_taken_away_and_the_person_reads_how() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let (mut home, mut authenticator) = enrolled(&server, &account).await;
    let mut lost = Browser::at_sign_in(&server).await;
    lost.sign_in_with(&account.identifiant, PASSWORD).await;
    lost.follow().await;
    let help = lost.page.link_target("#plus-rien");
    lost.get(&help).await;
    let text = lost.page.visible_text();
    assert!(text.contains("clés d'accès comprises") && lost.page.has_element(".support"), "{text}");
    let op = server.operation();
    let report = show(op.storage(), &account.identifiant).await.unwrap();
    assert_eq!((report.factors.applications, report.factors.passkeys, report.factors.backup_codes), (0, 1, 10));
    let notices = NoticeContext::from(&*server.app);
    let removed = remove_factors(op.storage(), notices, &account.identifiant, "vu au guichet").await.unwrap();
    assert_eq!((removed.applications, removed.passkeys), (0, 1));
    let mut gone = Browser::at_sign_in(&server).await;
    gone.use_passkey(&mut authenticator, &RIGHT).await;
    assert_eq!((gone.page.status, gone.has_session()), (REFUSED, false));
    let after = signed_in(&server, &account).await;
    assert!(after.has_session(), "the password alone opens it again");
    assert_eq!(home.get("/compte").await.status, StatusCode::SEE_OTHER, "its sessions end");
}

#[tokio::test]
async fn a_passkey_is_offered_after_an_activation_beside_the_way_on_and_added_in_one_step() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
    server.advance(Span::days(4));
    let mut browser = Browser::at_activation(&server).await;
    browser.activate(&server, &TestFamily::durand()).await;
    assert!(browser.page.text().contains("Se connecter sans mot de passe sur cet appareil"));
    assert!(browser.page.has_element("#ajouter-cle[data-passkey-only][hidden]"), "only where a script shows it");
    assert!(browser.page.has_element("#continuer:not([hidden])"));
    let offered = browser.page.link_target("#ajouter-cle");
    browser.get(&offered).await;
    assert!(browser.page.has_element("form[data-passkey=create][data-start]"), "{}", browser.page.visible_text());
    browser.create_passkey(&mut SoftAuthenticator::new(server.issuer()), &RIGHT).await;
    assert!(browser.page.has_element("#codes"), "{}", browser.page.visible_text());
    browser.get("/activation/terminee").await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM passkey").await, 1);
}

#[tokio::test]
async fn after_a_recovery_a_passkey_is_offered_for_the_end_of_the_caution() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let mut browser = recovering(&server, &account, "mot-de-passe").await;
    browser.type_new_password(NEW).await;
    assert_eq!(browser.url.path(), "/mot-de-passe-oublie/termine", "{}", browser.page.visible_text());
    assert!(!browser.page.has_element("#ajouter-cle"), "a thief with the phone would take it");
    assert!(browser.page.text().contains("vous pourrez vous connecter sans mot de passe"), "{}", browser.page.text());
    assert!(browser.page.has_element("#continuer"));
    browser.get("/compte/cle").await;
    assert!(!browser.page.has_element("form[data-passkey]"), "{}", browser.page.visible_text());
    // A device that another account signed in on is offered nothing.
    let mut shared = Browser::at_sign_in(&server).await;
    shared.sign_in_with(&server.create_account("Lise", "DURAND").await.identifiant, PASSWORD).await;
    let (op, devices) = (server.operation(), [shared.cookie("device").unwrap().to_owned()]);
    let offer = preau::passkeys::ops::find_offer(&op, &account.account_id, &devices).await.unwrap();
    assert_eq!(offer, None);
}
