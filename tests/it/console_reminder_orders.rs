//! Orders of reminders under way: shown with what left and what waits, and cancelled by whoever may order.

use axum::http::StatusCode;
use preau::administrators::roles::AdminRole;
use preau::app::Operation;
use preau::base::clock::Span;
use preau::db::Durability;
use preau::mail::{MailMessage, MailSendError};
use preau::notify::ops::deliver_mail;
use preau::outbox::{self, ClaimFilter, ClaimRequest, Job, JobKind, JobOutcome};
use preau::school_admin::ops::reminders::sending::send_step;

use crate::admin_api_tokens::{Call, make_token};
use crate::console_clients::administrator;
use crate::console_reminder_mails::{BY_MAIL, BY_SMS, order, read};
use crate::console_reminders::{many, work};
use crate::support::deployment::MONOD;
use crate::support::html::texts;
use crate::support::{TestAdministrator, TestServer};

const SCHOOL: &str = "/admin/etablissements/0349999J";

/// A collège with so many parents, each with a number and an address, and its head.
async fn start(parents: u32) -> (TestServer, TestAdministrator) {
    let server = TestServer::start_with_config(|config| config.sms.academy_daily_cap = 1_000).await;
    let families = many(parents);
    let mails: Vec<String> = families.iter().map(|one| format!("p{}@exemple.invalid", one.key)).collect();
    let mails: Vec<(u32, &str)> = families.iter().zip(&mails).map(|(one, mail)| (one.key, mail.as_str())).collect();
    server.import_with_mails("montpellier", MONOD, &families, &mails).await;
    server.open_campaign(MONOD).await;
    let head = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    server.drain_outbox().await;
    (server, head)
}

/// Does what is due of the orders, and hands nothing over.
async fn write(server: &TestServer) {
    while send_step(&Operation::of_job(&server.app, "reminders")).await.unwrap() {}
}

/// Has twenty reminders leave, and twenty more written.
async fn send_some(server: &TestServer) {
    write(server).await;
    server.drain_outbox().await;
    server.advance(Span::seconds(11));
    write(server).await;
}

fn mailed(server: &TestServer) -> usize {
    let mut all: Vec<String> = reminders(server).into_iter().map(|mail| mail.to).collect();
    all.sort();
    let count = all.len();
    all.dedup();
    assert_eq!(all.len(), count, "nobody twice");
    count
}

fn reminders(server: &TestServer) -> Vec<MailMessage> {
    server.mails().into_iter().filter(|mail| mail.subject.contains("ouvrez votre compte")).collect()
}

fn reminded_by_sms(server: &TestServer) -> usize {
    server.messages().iter().filter(|message| message.text.contains("activez votre compte")).count()
}

/// Opens the last order from the page of the school; returns its address.
async fn open(server: &TestServer, head: &mut TestAdministrator) -> String {
    let id = server.query_texts("SELECT id FROM reminder_batch ORDER BY id DESC").await.remove(0);
    let path = format!("/admin/etablissements/rappels/{id}");
    head.browser.get(SCHOOL).await;
    assert!(head.browser.page.has_element(&format!("a[href='{path}']")), "{}", head.browser.page.visible_text());
    head.browser.get(&path).await;
    assert_eq!(head.browser.page.status, StatusCode::OK);
    path
}

fn counts(head: &TestAdministrator) -> Vec<String> {
    texts(&head.browser.page.text(), "main dl.counts dd")
}

const BATCH: &str = "SELECT state || ' ' || sent || ' [' || persons || '] ' || CASE WHEN cancelled_at IS NULL THEN '-' \
                     ELSE 'cancelled' END FROM reminder_batch ORDER BY id";
const CANCELLED: &str = "SELECT COALESCE(role, '') || '|' || COALESCE(uai, '') || '|' || detail FROM audit \
                         WHERE fact = 'reminders_cancelled' ORDER BY id";
const WAITING: &str = "SELECT COUNT(*) FROM outbox WHERE batch_id IS NOT NULL AND state = 'waiting'";

#[tokio::test]
async fn attack_p6_an_order_of_mails_is_cancelled_and_what_did_not_leave_is_as_if_never_ordered() {
    let (server, mut head) = start(50).await;
    order(&mut head, BY_MAIL).await;
    send_some(&server).await;
    assert_eq!(mailed(&server), 20);
    let path = open(&server, &mut head).await;
    assert_eq!(counts(&head), ["50", "20", "30"]);
    let mut twice = head.browser.clone_browser();
    twice.get(&path).await;
    head.browser.submit("arreter", &[]).await;
    assert_eq!(head.browser.page.location(), path);
    twice.submit("arreter", &[]).await;
    assert_eq!(twice.page.location(), path, "posted twice");
    head.browser.get(&path).await;
    assert_eq!(counts(&head), ["50", "20"]);
    let seen = head.browser.page.visible_text();
    assert!(seen.contains("les autres ne partiront pas") && !head.browser.page.has_element("#arreter"), "{seen}");
    assert_eq!(server.query_texts(BATCH).await, ["done 20 [] cancelled"]);
    assert_eq!(server.query_texts(CANCELLED).await, ["school_head@0349999J|0349999J|20 sent by mail, 30 not sent"]);
    assert_eq!(server.query_count(WAITING).await, 0);
    // The bound of the day, the budget of the school, and the week of those who got none.
    let day = "SELECT marks FROM budget WHERE action = 'reminder_mails_of_day'";
    assert_eq!(server.query_texts(day).await, ["20"]);
    assert_eq!(server.query_count("SELECT COUNT(DISTINCT job_id) FROM reminder").await, 20);
    work(&server, 4, Span::seconds(61)).await;
    assert_eq!(mailed(&server), 20, "the rest never leaves");
    read(&mut head, BY_MAIL).await;
    let seen = head.browser.page.visible_text();
    assert!(seen.contains("30 personnes le recevront") && seen.contains("1980 sur 2000"), "{seen}");
    head.browser.submit("confirmer", &[]).await;
    work(&server, 4, Span::seconds(61)).await;
    assert_eq!(mailed(&server), 50);
    let path = open(&server, &mut head).await;
    head.browser.post(&path, &[]).await;
    assert_eq!(head.browser.page.status, StatusCode::UNPROCESSABLE_ENTITY, "everything has left");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM audit WHERE fact = 'reminders_cancelled'").await, 1);
    let pages = head.browser.page.visible_text();
    assert!(pages.contains("Il n'y a plus rien"), "{pages}");
}

#[tokio::test]
async fn attack_p6_an_order_of_sms_is_cancelled_and_gives_back_what_it_did_not_spend() {
    let (server, mut head) = start(50).await;
    order(&mut head, BY_SMS).await;
    send_some(&server).await;
    assert_eq!(reminded_by_sms(&server), 20);
    let caps = "SELECT action || ' ' || marks FROM budget WHERE action IN ('sms_of_day', 'sms_of_academy_of_day', \
                'reminders_of_day') ORDER BY action, key";
    let before = server.query_texts(caps).await;
    assert!(before.len() == 4 && before.iter().all(|cap| cap.ends_with(" 40")), "{before:?}");
    open(&server, &mut head).await;
    assert_eq!(counts(&head), ["50", "20", "30"]);
    head.browser.submit("arreter", &[]).await;
    assert_eq!(server.query_texts(BATCH).await, ["done 20 [] cancelled"]);
    let after = server.query_texts(caps).await;
    assert_eq!(after.len(), before.len());
    assert!(after.iter().all(|cap| cap.ends_with(" 20")), "{after:?}");
    work(&server, 4, Span::seconds(61)).await;
    assert_eq!(reminded_by_sms(&server), 20);
    read(&mut head, BY_SMS).await;
    let seen = head.browser.page.visible_text();
    assert!(seen.contains("30 personnes le recevront") && seen.contains("1480 sur 1500"), "{seen}");
    assert_eq!(server.query_texts(CANCELLED).await, ["school_head@0349999J|0349999J|20 sent, 30 not sent"]);
}

async fn claim(server: &TestServer, max_jobs: i64) -> Vec<Job> {
    let request = ClaimRequest { kind: JobKind::Mail, filter: ClaimFilter::Due, max_jobs };
    outbox::claim(&server.app.db, &server.app.master_key, server.now(), request).await.unwrap()
}

#[tokio::test]
async fn attack_p6_a_mail_that_is_handed_over_is_sent_and_one_that_is_taken_back_is_not() {
    let (server, mut head) = start(20).await;
    order(&mut head, BY_MAIL).await;
    write(&server).await;
    // Both are claimed, and one of them is on its way to the mail server.
    let jobs = claim(&server, 2).await;
    let [under_way, late] = &jobs[..] else { panic!("{jobs:?}") };
    let op = server.operation();
    let mut tx = op.write(Durability::Relaxed).await.unwrap();
    assert!(outbox::begin_handover_in(&mut tx, under_way, "mail").await.unwrap());
    tx.commit().await.unwrap();
    open(&server, &mut head).await;
    assert_eq!(counts(&head), ["20", "1", "19"]);
    head.browser.submit("arreter", &[]).await;
    assert_eq!(server.query_texts(BATCH).await, ["done 1 [] cancelled"]);
    assert_eq!(deliver_mail(&op, late).await.unwrap(), None);
    outbox::finish(op.write(Durability::Relaxed).await.unwrap(), under_way, JobOutcome::Done).await.unwrap();
    work(&server, 3, Span::seconds(61)).await;
    assert_eq!((server.query_count(WAITING).await, mailed(&server)), (0, 0), "that one went by another hand");
    assert_eq!(server.query_count("SELECT COUNT(DISTINCT job_id) FROM reminder").await, 1);
}

/// The mailbox takes its mail later, or the mail server is away: later, nobody is to get it.
#[tokio::test]
async fn attack_p6_a_mail_that_was_on_its_way_is_not_handed_over_again_after_a_cancellation() {
    let (server, mut head) = start(3).await;
    order(&mut head, BY_MAIL).await;
    write(&server).await;
    let jobs = claim(&server, 1).await;
    let op = server.operation();
    let mut tx = op.write(Durability::Relaxed).await.unwrap();
    assert!(outbox::begin_handover_in(&mut tx, &jobs[0], "mail").await.unwrap());
    tx.commit().await.unwrap();
    open(&server, &mut head).await;
    head.browser.submit("arreter", &[]).await;
    assert_eq!(server.query_texts(BATCH).await, ["done 1 [] cancelled"]);
    let mut tx = op.write(Durability::Relaxed).await.unwrap();
    outbox::undo_handover_in(&mut tx, &jobs[0]).await.unwrap();
    outbox::finish(tx, &jobs[0], JobOutcome::Retry).await.unwrap();
    assert_eq!(server.query_count(WAITING).await, 1);
    work(&server, 5, Span::minutes(1)).await;
    assert_eq!((server.query_count(WAITING).await, mailed(&server)), (0, 0));
}

#[tokio::test]
async fn a_mail_that_waited_for_its_server_until_the_night_leaves_in_the_morning() {
    let (server, mut head) = start(3).await;
    // It is 14 h.
    server.advance(Span::hours(4));
    head.sign_in().await;
    order(&mut head, BY_MAIL).await;
    let away = || MailSendError::Unreachable { why: "the mail server is not reached".to_owned(), uncertain: false };
    server.refuse_mails(move |_| Some(away()));
    work(&server, 9, Span::hours(1)).await;
    server.refuse_mails(|_| None);
    work(&server, 8, Span::hours(1)).await;
    assert_eq!(mailed(&server), 0, "from 23 h to 7 h");
    assert_eq!(server.query_count(WAITING).await, 3);
    server.advance(Span::hours(2));
    work(&server, 3, Span::minutes(1)).await;
    assert_eq!(mailed(&server), 3);
}

#[tokio::test]
async fn an_order_that_is_written_whole_is_cancelled_while_its_mails_wait_for_the_mail_server() {
    let (server, mut head) = start(15).await;
    order(&mut head, BY_MAIL).await;
    let away = || MailSendError::Unreachable { why: "the mail server is not reached".to_owned(), uncertain: false };
    server.refuse_mails(move |_| Some(away()));
    work(&server, 3, Span::minutes(1)).await;
    assert_eq!(server.query_texts("SELECT state FROM reminder_batch").await, ["done"]);
    head.browser.get(SCHOOL).await;
    let seen = head.browser.page.visible_text();
    assert!(seen.contains("0 partis sur 15") && seen.contains("en cours"), "{seen}");
    open(&server, &mut head).await;
    assert_eq!(counts(&head), ["15", "0", "15"]);
    head.browser.submit("arreter", &[]).await;
    assert_eq!(server.query_texts(CANCELLED).await, ["school_head@0349999J|0349999J|0 sent by mail, 15 not sent"]);
    head.browser.follow().await;
    let seen = head.browser.page.visible_text();
    assert!(seen.contains("Aucun rappel n'était parti"), "{seen}");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM reminder").await, 0);
    server.refuse_mails(|_| None);
    work(&server, 5, Span::minutes(1)).await;
    assert_eq!(mailed(&server), 0);
}

#[tokio::test]
async fn attack_p6_a_program_reads_orders_and_cancels_one_that_a_person_gave() {
    let (server, mut head) = start(50).await;
    let token = make_token(&mut head, &["campaigns:write"], &[]).await;
    order(&mut head, BY_MAIL).await;
    send_some(&server).await;
    let listed = server.api_get(&token, "/schools/0349999J/reminder-orders").await.json();
    let one = &listed["items"][0];
    assert_eq!((&one["state"], &one["channel"]), (&"sending".into(), &"mail".into()), "{listed}");
    assert_eq!((&one["people"], &one["sent"], &one["waiting"]), (&50.into(), &20.into(), &30.into()), "{listed}");
    let path = format!("/reminder-orders/{}", one["id"].as_str().unwrap());
    for _ in 0..2 {
        let answer = server.api(&token, ("DELETE", &path), Call::default()).await;
        let order = answer.json();
        assert_eq!((answer.status, &order["state"]), (StatusCode::OK, &"cancelled".into()), "{order}");
        assert_eq!((&order["sent"], &order["waiting"]), (&20.into(), &0.into()), "{order}");
        assert!(order["cancelled_at"].is_string(), "{order}");
    }
    let facts = "SELECT actor_kind || ' ' || role FROM audit WHERE fact = 'reminders_cancelled'";
    assert_eq!(server.query_texts(facts).await, ["token school_head@0349999J"]);
    order(&mut head, BY_MAIL).await;
    work(&server, 4, Span::seconds(61)).await;
    let listed = server.api_get(&token, "/schools/0349999J/reminder-orders").await.json();
    assert_eq!((&listed["items"][0]["state"], &listed["items"][1]["state"]), (&"over".into(), &"cancelled".into()));
    let path = format!("/reminder-orders/{}", listed["items"][0]["id"].as_str().unwrap());
    assert_eq!(server.api(&token, ("DELETE", &path), Call::default()).await.problem(), "nothing_to_do");
    let nothing = format!("/reminder-orders/{}", "f".repeat(32));
    assert_eq!(server.api(&token, ("DELETE", &nothing), Call::default()).await.problem(), "not_found");
}

#[tokio::test]
async fn threat_s15_an_order_is_cancelled_by_a_role_for_the_whole_school_and_by_nobody_else() {
    let (server, mut head) = start(50).await;
    order(&mut head, BY_MAIL).await;
    send_some(&server).await;
    let path = open(&server, &mut head).await;
    for (n, (role, territory)) in [
        (AdminRole::Academy, "academy:toulouse"),
        (AdminRole::SchoolHead, "school:0349998H"),
        (AdminRole::Delegate, "school:0349999J"),
        (AdminRole::Delegate, "class:0349999J/6 A"),
        (AdminRole::HelpDesk, "all"),
        (AdminRole::Auditor, "all"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut who = administrator(&server, role, territory, &format!("a{n}@ac.example")).await;
        who.browser.get(&path).await;
        assert_eq!(who.browser.page.status, StatusCode::NOT_FOUND, "{role:?} {territory}");
        who.browser.post(&path, &[]).await;
        assert_eq!(who.browser.page.status, StatusCode::NOT_FOUND, "{role:?} {territory}");
    }
    assert_eq!(server.query_count("SELECT COUNT(*) FROM reminder_batch WHERE cancelled_at IS NOT NULL").await, 0);
    let mut above = administrator(&server, AdminRole::Academy, "academy:montpellier", "n@ac.example").await;
    above.browser.post(&path, &[]).await;
    assert_eq!(above.browser.page.location(), path);
    assert_eq!(server.query_texts(CANCELLED).await, ["academy@montpellier|0349999J|20 sent by mail, 30 not sent"]);
}
