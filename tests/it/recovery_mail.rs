//! A new password by the confirmed address: the code by mail in place of the SMS, for parents and for pupils from 15.

use axum::http::StatusCode;
use preau::accounts;
use preau::accounts::emails::EmailState;
use preau::accounts::store::emails::{self, NewEmail};
use preau::base::clock::Span;
use preau::base::lang::Lang;
use preau::base::profile::Profile;
use preau::base::typed_ids::{ChallengeId, SessionId};
use preau::config::MailGatewayConfig;
use preau::crypto::Priority;
use preau::db::Durability;
use preau::mail::MailSendError;
use preau::notify::AccountNoticeKind;
use preau::notify::ops::{NoticeRequest, notify_person};
use preau::outbox::{self, ClaimFilter, ClaimRequest, Job, JobKind, JobOutcome};

use crate::support::deployment::MONOD;
use crate::support::masked::masked;
use crate::support::people::PASSWORD;
use crate::support::{Browser, TestAccount, TestFamily, TestResponse, TestServer};

const NEW: &str = "Autre-mot-99";
const ADDRESS: &str = "fatou@example.org";
/// Thirteen and fifteen years old.
const DATES: [&str; 2] = ["14/02/2013", "03/05/2011"];

/// A server where the parent has an account whose address was confirmed three days ago.
async fn start() -> (TestServer, TestAccount) {
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &[TestFamily::ndiaye()]).await;
    let account = server.create_account_of("montpellier", &TestFamily::ndiaye()).await;
    server.confirm_email(&account, ADDRESS).await;
    server.advance(Span::days(3));
    (server, account)
}

/// The account of a pupil of the roster, with an address.
async fn pupil_account(server: &TestServer, key: &'static str) -> TestAccount {
    let hash = server.app.password_hasher.hash(PASSWORD, server.app.rng.as_ref(), Priority::Known).await.unwrap();
    let op = server.operation();
    let mut tx = op.write(Durability::Durable).await.unwrap();
    let account = accounts::ops::create_account(&mut tx, Profile::Eleve, "Élie", "N'DIAYE", None).await.unwrap();
    assert!(accounts::store::set_password(&mut tx, &account.id, &hash).await.unwrap());
    tx.commit().await.unwrap();
    let args = vec![account.id.as_str().into(), key.into()];
    server.execute_sql("UPDATE pupil SET account_id = $1 WHERE pupil_key = $2", args).await;
    let member =
        TestAccount { account_id: account.id, identifiant: account.identifiant, password: PASSWORD.to_owned() };
    server.confirm_email(&member, ADDRESS).await;
    member
}

impl Browser {
    async fn ask_by_mail(&mut self, server: &TestServer, identifiant: &str) {
        self.forget(identifiant).await;
        server.drain_outbox().await;
        self.submit("par-e-mail", &[]).await;
        self.follow().await;
        server.drain_outbox().await;
    }
}

/// The six digits of the last mail, if the number of mails is this.
fn mailed_code(server: &TestServer, mails: usize) -> String {
    let all = server.mails();
    assert_eq!(all.len(), mails, "{all:?}");
    let text = &all.last().unwrap().text;
    let digits = |word: &&str| word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit());
    text.split([' ', '.']).find(digits).expect("no code").to_owned()
}

#[tokio::test]
async fn a_parent_without_the_phone_gets_the_code_by_mail_and_gives_the_dates() {
    let (server, account) = start().await;
    let mut browser = Browser::new(&server);
    browser.ask_by_mail(&server, &account.identifiant).await;
    assert_eq!(browser.page.heading(), "J'indique le code reçu par e-mail");
    let mail = server.mails().remove(0);
    assert_eq!(mail.to, ADDRESS);
    let personal = [account.identifiant.as_str(), "Fatou", "Anaïs", "http"];
    assert!(personal.iter().all(|word| !mail.text.contains(word)), "{}", mail.text);
    let sms = server.messages().last().unwrap().text.clone();
    let code = mailed_code(&server, 1);
    assert!(!sms.contains(&code), "a code of its own");
    let budgets = server.query_count("SELECT COUNT(DISTINCT person_budget) FROM challenge").await;
    assert_eq!(budgets, 1, "wrong codes of both ways are counted together");
    browser.type_code(&code).await;
    assert_eq!(browser.url.path(), "/mot-de-passe-oublie/enfants", "{}", browser.page.visible_text());
    assert_eq!(server.query_count("SELECT COUNT(*) FROM person WHERE phone_proven_at IS NOT NULL").await, 0);
    browser.type_dates(&DATES).await;
    browser.type_new_password(NEW).await;
    assert!(browser.has_session());
    assert_eq!(server.query_texts("SELECT amr FROM session ORDER BY authenticated_at DESC").await[0], "pwd");
    let caution = server.query_count("SELECT caution_until FROM account").await;
    assert_eq!(caution, server.now().plus(Span::hours(48)).0);
    server.drain_outbox().await;
    assert!(server.mails().iter().any(|mail| mail.subject.contains("mot de passe a été changé")));
    server.advance(Span::hours(24));
    server.drain_outbox().await;
    assert!(server.messages().last().unwrap().text.contains("mot de passe a été changé"), "and an SMS in the morning");
}

/// The first due jobs of a queue, claimed.
async fn claim(server: &TestServer, kind: JobKind, max_jobs: i64) -> Vec<Job> {
    let request = ClaimRequest { kind, filter: ClaimFilter::Due, max_jobs };
    outbox::claim(&server.app.db, &server.app.master_key, server.now(), request).await.unwrap()
}

/// The first pass that tells of ages tells every pupil of them: whoever asks for a code then must not wait for all of that.
#[tokio::test]
async fn a_code_by_mail_leaves_before_thousands_of_notices_that_came_earlier() {
    let (server, account) = start().await;
    let op = server.operation();
    let mut tx = op.write(Durability::Relaxed).await.unwrap();
    for n in 0..2_000 {
        let (account_id, kind, detail) = (&account.account_id, AccountNoticeKind::OfAge, n.to_string());
        let what = NoticeRequest { account_id, kind, detail: &detail, device_id: None, lang: Lang::Fr };
        notify_person(&mut tx, (&*server.app).into(), what).await.unwrap();
    }
    tx.commit().await.unwrap();
    let waiting = "SELECT COUNT(*) FROM outbox WHERE kind = 'mail' AND state = 'waiting'";
    assert_eq!(server.query_count(waiting).await, 2_000);
    server.advance(Span::minutes(10));
    let mut browser = Browser::new(&server);
    browser.forget(&account.identifiant).await;
    browser.submit("par-e-mail", &[]).await;
    browser.follow().await;
    for job in claim(&server, JobKind::SendRecoveryCode, 16).await {
        let op = server.operation();
        let done = preau::recovery::ops::send_code_if_known(&op, &job).await.unwrap();
        outbox::finish(op.write(Durability::Relaxed).await.unwrap(), &job, done).await.unwrap();
    }
    assert_eq!(server.query_count(waiting).await, 2_001);
    let is_code = |job: &Job| job.body.contains("choisir un nouveau mot de passe");
    let first = claim(&server, JobKind::Mail, 1).await;
    assert!(is_code(&first[0]), "{}", first[0].body);
    // The mail server was away: what is tried again stays behind.
    let rest = claim(&server, JobKind::Mail, 4).await;
    assert!(!rest.iter().any(is_code));
    for job in &rest {
        let op = server.operation();
        outbox::finish(op.write(Durability::Relaxed).await.unwrap(), job, JobOutcome::Retry).await.unwrap();
    }
    server.advance(Span::minutes(3));
    assert!(is_code(&claim(&server, JobKind::Mail, 1).await[0]));
    // What waits there for hours is nothing that an operator should look at.
    let (stuck, _) = outbox::backlog(&mut server.app.db.read().await.unwrap()).await.unwrap();
    assert_eq!(stuck, 1, "the code");
}

#[tokio::test]
async fn a_code_by_mail_is_not_sent_once_it_serves_no_more() {
    let (server, account) = start().await;
    let away = || MailSendError::Unreachable { why: "the mail server is not reached".to_owned(), uncertain: false };
    server.refuse_mails(move |_| Some(away()));
    Browser::new(&server).ask_by_mail(&server, &account.identifiant).await;
    let waiting = "SELECT COUNT(*) FROM outbox WHERE kind = 'mail' AND state = 'waiting'";
    assert_eq!(server.query_count(waiting).await, 1);
    server.advance(Span::minutes(31));
    server.refuse_mails(|_| None);
    server.drain_outbox().await;
    assert_eq!((server.query_count(waiting).await, server.mails().len()), (0, 0));
}

#[tokio::test]
async fn the_code_of_the_former_channel_serves_no_more() {
    let (server, account) = start().await;
    let mut browser = Browser::new(&server);
    browser.forget(&account.identifiant).await;
    let sms = server.read_code().await;
    browser.submit("par-e-mail", &[]).await;
    browser.follow().await;
    browser.type_code(&sms).await;
    assert_eq!(browser.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    server.drain_outbox().await;
    let mail = mailed_code(&server, 1);
    browser.submit("par-sms", &[]).await;
    browser.follow().await;
    browser.type_code(&mail).await;
    assert_eq!(browser.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let sms = server.read_code().await;
    browser.type_code(&sms).await;
    assert_eq!(browser.url.path(), "/mot-de-passe-oublie/enfants");
}

/// Who exists in a server, by its identifiant: with an address, without one, or nobody.
async fn everything(which: &str) -> Vec<String> {
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &[TestFamily::ndiaye()]).await;
    let account = server.create_account_of("montpellier", &TestFamily::ndiaye()).await;
    if which == "address" {
        server.confirm_email(&account, ADDRESS).await;
    }
    server.advance(Span::days(3));
    // As long as the real one, so that the pages are.
    let identifiant = if which == "nobody" { "f.ndiayz00" } else { account.identifiant.as_str() };
    let shown = |page: &TestResponse| masked(page).replace(identifiant, "{identifiant}");
    let mut seen = Vec::new();
    let mut browser = Browser::new(&server);
    browser.forget(identifiant).await;
    server.drain_outbox().await;
    seen.push(shown(browser.submit("par-e-mail", &[]).await));
    browser.follow().await;
    seen.push(shown(&browser.page));
    server.drain_outbox().await;
    let wrong = ["000000", "000001"].into_iter().find(|c| !server.mails().iter().any(|m| m.text.contains(c)));
    for seconds in [0, 60, 120] {
        server.advance(Span::seconds(seconds));
        seen.push(shown(browser.submit("renvoyer", &[]).await));
        browser.follow().await;
        seen.push(shown(&browser.page));
        server.drain_outbox().await;
        for _ in 0..4 {
            seen.push(shown(browser.submit("continuer", &[("code", wrong.unwrap())]).await));
        }
    }
    for button in ["par-sms", "par-e-mail", "par-sms"] {
        if !browser.page.has_element(&format!("#{button}")) {
            continue;
        }
        seen.push(shown(browser.submit(button, &[]).await));
        browser.follow().await;
        seen.push(shown(&browser.page));
        server.drain_outbox().await;
    }
    if which == "address" {
        assert!(!server.mails().is_empty());
    } else {
        assert!(server.mails().is_empty());
    }
    seen
}

#[tokio::test]
async fn threat_s05_the_same_bytes_by_mail_for_who_has_an_address_who_has_none_and_nobody() {
    let known = everything("address").await;
    assert!(known.iter().any(|page| page.contains("renvoi=limite")), "the budgets were used up");
    for other in ["none", "nobody"] {
        let seen = everything(other).await;
        for (n, (known, seen)) in known.iter().zip(&seen).enumerate() {
            assert_eq!(known, seen, "{other}, answer {n}");
        }
        assert_eq!(known.len(), seen.len());
    }
}

#[tokio::test]
async fn attack_a8_an_address_of_less_than_two_days_or_of_an_account_in_caution_gets_no_code() {
    let (server, account) = start().await;
    let wait = Span::minutes(2);
    server
        .execute_sql("UPDATE email SET confirmed_at = $1", vec![(server.now().minus(Span::hours(47))).0.into()])
        .await;
    Browser::new(&server).ask_by_mail(&server, &account.identifiant).await;
    assert_eq!(server.mails().len(), 0, "too young");
    server
        .execute_sql("UPDATE email SET confirmed_at = $1", vec![(server.now().minus(Span::hours(48))).0.into()])
        .await;
    let until = server.now().plus(Span::hours(1)).0;
    server.execute_sql("UPDATE account SET caution_until = $1", vec![until.into()]).await;
    server.advance(wait);
    Browser::new(&server).ask_by_mail(&server, &account.identifiant).await;
    assert_eq!(server.mails().len(), 0, "caution");
    server.advance(Span::hours(25));
    Browser::new(&server).ask_by_mail(&server, &account.identifiant).await;
    assert_eq!(server.mails().len(), 1);
}

#[tokio::test]
async fn attack_a8_a_code_that_was_sent_before_the_caution_opens_nothing() {
    let (server, account) = start().await;
    let mut browser = Browser::new(&server);
    browser.ask_by_mail(&server, &account.identifiant).await;
    let code = mailed_code(&server, 1);
    let until = server.now().plus(Span::hours(48)).0;
    server.execute_sql("UPDATE account SET caution_until = $1", vec![until.into()]).await;
    browser.type_code(&code).await;
    assert_eq!(browser.page.heading(), "Une lettre de l'établissement est nécessaire");
    assert!(browser.page.visible_text().contains("cette adresse ne sert plus"), "{}", browser.page.visible_text());
}

/// Puts another confirmed address in the place of the account's, three days ago.
async fn replace_email(server: &TestServer, account: &TestAccount, address: &str) {
    let op = server.operation();
    let mut tx = op.write(Durability::Durable).await.unwrap();
    emails::end_confirmed(&mut tx, &account.account_id, EmailState::Replaced).await.unwrap();
    let (challenge_id, session_id) = (&ChallengeId::new("c2"), &SessionId::new("s2"));
    let account_id = &account.account_id;
    let new = NewEmail { id: "second", account_id, address, challenge_id, session_id };
    emails::insert(&mut tx, &server.app.master_key, new).await.unwrap();
    assert!(emails::confirm(&mut tx, "second").await.unwrap());
    tx.commit().await.unwrap();
    server.advance(Span::days(3));
}

#[tokio::test]
async fn attack_a8_a_code_serves_for_the_address_alone_that_it_was_sent_to() {
    let (server, account) = start().await;
    replace_email(&server, &account, "voleur@example.org").await;
    let mut thief = Browser::new(&server);
    thief.ask_by_mail(&server, &account.identifiant).await;
    let code = mailed_code(&server, 1);
    assert_eq!(server.mails()[0].to, "voleur@example.org");
    // As two requests at once would leave it: the owner's address is back, confirmed long ago.
    server.execute_sql("UPDATE email SET state = 'undone' WHERE id = 'second'", Vec::new()).await;
    server.execute_sql("UPDATE email SET state = 'confirmed', ended_at = NULL WHERE id <> 'second'", Vec::new()).await;
    thief.type_code(&code).await;
    assert_eq!(thief.page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", thief.page.visible_text());
    thief.type_code(&code).await;
    assert_eq!(thief.page.status, StatusCode::UNPROCESSABLE_ENTITY, "nor the second time");
    server.advance(Span::minutes(2));
    thief.submit("renvoyer", &[]).await;
    server.drain_outbox().await;
    assert_eq!(server.mails().last().unwrap().to, ADDRESS, "the next one goes where the account is now");
}

#[tokio::test]
async fn attack_a8_an_address_that_is_taken_back_or_removed_ends_what_began_by_mail() {
    let (server, account) = start().await;
    replace_email(&server, &account, "voleur@example.org").await;
    let mut waiting = Browser::new(&server);
    waiting.ask_by_mail(&server, &account.identifiant).await;
    let code = mailed_code(&server, 1);
    let mut asked = Browser::new(&server);
    asked.ask_by_mail(&server, &account.identifiant).await;
    let second = mailed_code(&server, 2);
    asked.type_code(&second).await;
    assert_eq!(asked.url.path(), "/mot-de-passe-oublie/enfants");
    let mut owner = Browser::new(&server);
    owner.get("/connexion").await;
    owner.sign_in_with(&account.identifiant, PASSWORD).await;
    owner.get("/compte/adresse").await;
    owner.submit("reprendre-1", &[("mot_de_passe", PASSWORD)]).await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM email WHERE state = 'undone'").await, 1);
    waiting.type_code(&code).await;
    assert_eq!(waiting.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    asked.type_dates(&DATES).await;
    assert!(asked.page.visible_text().contains("cette adresse ne sert plus"), "{}", asked.page.visible_text());
}

#[tokio::test]
async fn attack_a8_an_address_that_is_removed_ends_a_recovery_by_mail_that_waits_for_the_factor() {
    let (server, account) = start().await;
    let secret = server.enrol_application(&account).await;
    let mut asked = Browser::new(&server);
    asked.ask_by_mail(&server, &account.identifiant).await;
    let code = mailed_code(&server, 1);
    asked.type_code(&code).await;
    asked.type_dates(&DATES).await;
    assert_eq!(asked.url.path(), "/mot-de-passe-oublie/preuve", "{}", asked.page.visible_text());
    let op = server.operation();
    let mut tx = op.write(Durability::Durable).await.unwrap();
    preau::recovery::store::end_by_mail(&mut tx, &account.account_id).await.unwrap();
    tx.commit().await.unwrap();
    asked.submit("confirmer", &[("code", &secret.code_at(server.now()))]).await;
    asked.follow().await;
    assert!(asked.page.visible_text().contains("cette adresse ne sert plus"), "{}", asked.page.visible_text());
    assert_eq!(server.query_count("SELECT COUNT(*) FROM session").await, 0);
}

#[tokio::test]
async fn attack_l9_an_address_gets_five_codes_a_day_whoever_asks() {
    let (server, account) = start().await;
    let mut sent = 0;
    for _ in 0..2 {
        // Without the budget of the typed identifiant, as if another account had the same address.
        let mut browser = Browser::new(&server);
        browser.ask_by_mail(&server, &account.identifiant).await;
        for _ in 0..2 {
            server.advance(Span::minutes(2));
            browser.submit("renvoyer", &[]).await;
            browser.follow().await;
            server.drain_outbox().await;
        }
        sent = server.mails().len();
        server.execute_sql("DELETE FROM budget WHERE action = 'sms_asked'", Vec::new()).await;
    }
    assert_eq!(sent, 5, "of six that were asked for");
}

#[tokio::test]
async fn a_pupil_recovers_by_mail_from_15_on_with_the_own_birth_date() {
    let (server, _) = start().await;
    server.execute_sql("DELETE FROM email", Vec::new()).await;
    let elie = pupil_account(&server, "900011").await;
    server.advance(Span::days(3));
    let mut browser = Browser::new(&server);
    browser.ask_by_mail(&server, &elie.identifiant).await;
    let code = mailed_code(&server, 1);
    browser.type_code(&code).await;
    assert_eq!(browser.url.path(), "/mot-de-passe-oublie/naissance");
    browser.type_own_date(DATES[1]).await;
    browser.type_new_password(NEW).await;
    assert!(browser.has_session(), "{}", browser.page.visible_text());
}

#[tokio::test]
async fn a_pupil_below_15_or_below_the_age_of_the_parents_codes_gets_no_mail() {
    let (server, _) = start().await;
    server.execute_sql("DELETE FROM email", Vec::new()).await;
    let anais = pupil_account(&server, "900010").await;
    server.advance(Span::days(3));
    Browser::new(&server).ask_by_mail(&server, &anais.identifiant).await;
    assert_eq!(server.mails().len(), 0);
    server.execute_sql("UPDATE pupil SET account_id = NULL", Vec::new()).await;
    server.execute_sql("DELETE FROM email", Vec::new()).await;
    let elie = pupil_account(&server, "900011").await;
    let server = server.restart_with_config(|config| config.pupils.parent_reset_until = 16).await;
    server.advance(Span::days(3));
    Browser::new(&server).ask_by_mail(&server, &elie.identifiant).await;
    assert_eq!(server.mails().len(), 0, "a parent may still help");
    let server = server.restart_with_config(|config| config.pupils.parent_reset_until = 0).await;
    server.advance(Span::minutes(2));
    Browser::new(&server).ask_by_mail(&server, &elie.identifiant).await;
    assert_eq!(server.mails().len(), 1);
}

#[tokio::test]
async fn where_no_mail_is_sent_no_code_is_offered_by_mail() {
    let server = TestServer::start_with_config(|config| config.mail.gateway = MailGatewayConfig::Absent).await;
    let account = server.create_durand().await;
    let mut browser = Browser::new(&server);
    browser.forget(&account.identifiant).await;
    assert!(!browser.page.has_element("#par-e-mail"));
    let here = browser.url.query().unwrap().to_owned();
    browser.post(&format!("/mot-de-passe-oublie/e-mail?{here}"), &[]).await;
    assert_eq!(browser.page.status, StatusCode::NOT_FOUND);
}
