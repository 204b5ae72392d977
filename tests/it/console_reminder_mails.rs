//! Reminders of a campaign by mail: whom they reach, once a week by whichever means, and behind all other mails.

use axum::http::StatusCode;
use preau::administrators::roles::AdminRole;
use preau::app::Operation;
use preau::base::clock::Span;
use preau::db::Durability;
use preau::mail::MailMessage;
use preau::notify::ops::enqueue_mail;
use preau::outbox::{self, JobKind};
use preau::school_admin::ops::reminders::sending::send_step;

use crate::admin_api_tokens::{Call, make_token};
use crate::console_clients::administrator;
use crate::console_reminders::{family, work};
use crate::support::deployment::MONOD;
use crate::support::html::texts;
use crate::support::{TestAdministrator, TestFamily, TestServer};

const SCHOOL: &str = "/admin/etablissements/0349999J";
const MAILS: [(u32, &str); 5] = [
    (500_001, "Anne@exemple.invalid"),
    (500_002, "paul@exemple.invalid"),
    (500_020, "commun@exemple.invalid"),
    (500_021, "commun@EXEMPLE.invalid"),
    (500_030, "compte@exemple.invalid"),
];

/// Anne has a landline, two share a number and an address, Dominique Roux has an account, Fatou has no address.
fn families() -> Vec<TestFamily> {
    let anne = TestFamily { phone: "04 67 00 00 01", ..TestFamily::durand() };
    let twins = [(500_020, "MARTIN"), (500_021, "LEROY")].map(|(key, nom)| family(key, nom, "06 39 98 00 20"));
    let mut all = vec![anne, TestFamily::petit(), TestFamily::ndiaye(), family(500_030, "ROUX", "06 39 98 00 30")];
    all.extend(twins);
    all
}

async fn furnish(server: &TestServer) -> TestAdministrator {
    server.import_with_mails("montpellier", MONOD, &families(), &MAILS).await;
    server.open_campaign(MONOD).await;
    server.create_account_of("montpellier", &family(500_030, "ROUX", "")).await;
    administrator(server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await
}

async fn start() -> (TestServer, TestAdministrator) {
    let server = TestServer::start().await;
    let head = furnish(&server).await;
    (server, head)
}

/// Opens the reading of reminders by a button of the school's page; returns its address.
pub async fn read(head: &mut TestAdministrator, button: &str) -> String {
    head.browser.get(SCHOOL).await;
    head.browser.submit(button, &[]).await;
    let review = head.browser.page.location().to_owned();
    head.browser.get(&review).await;
    assert_eq!(head.browser.page.status, StatusCode::OK);
    review
}

pub const BY_MAIL: &str = "rappeler-par-courriel";
pub const BY_SMS: &str = "rappeler";

/// Orders reminders by a button of the school's page.
pub async fn order(head: &mut TestAdministrator, button: &str) {
    read(head, button).await;
    head.browser.submit("confirmer", &[]).await;
    assert_eq!(head.browser.page.location(), format!("{SCHOOL}?fait=reminded"), "{}", head.browser.page.visible_text());
}

fn reminders(server: &TestServer) -> Vec<MailMessage> {
    server.mails().into_iter().filter(|mail| mail.subject.contains("ouvrez votre compte")).collect()
}

fn recipients(server: &TestServer) -> Vec<String> {
    let mut all: Vec<String> = reminders(server).into_iter().map(|mail| mail.to).collect();
    all.sort();
    all
}

fn reminded_by_sms(server: &TestServer) -> usize {
    server.messages().iter().filter(|message| message.text.contains("activez votre compte")).count()
}

#[tokio::test]
async fn attack_p6_a_mail_reaches_whoever_has_an_address_and_says_nothing_of_anybody() {
    let (server, mut head) = start().await;
    let review = read(&mut head, BY_MAIL).await;
    let seen = head.browser.page.visible_text();
    assert!(seen.contains("Rappeler l'activation par e-mail") && seen.contains("3 personnes le recevront"), "{seen}");
    assert!(seen.contains("Mon compte École : ouvrez votre compte pour Clg Théodore Monod"), "{seen}");
    assert!(seen.contains("jusqu'au 9 décembre") && seen.contains("« Je n'ai pas de compte »"), "{seen}");
    assert!(!seen.contains("Ce que cela coûte"), "{seen}");
    assert_eq!(texts(&head.browser.page.text(), "main dl dd"), ["3", "1", "1", "1"]);
    let mut twice = head.browser.clone_browser();
    twice.get(&review).await;
    head.browser.submit("confirmer", &[]).await;
    twice.submit("confirmer", &[]).await;
    assert_eq!(twice.page.location(), format!("{SCHOOL}?fait=reminded"), "posted twice");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM reminder_batch").await, 1);
    assert!(reminders(&server).is_empty(), "nothing leaves by the page");
    work(&server, 3, Span::seconds(11)).await;
    let right = ["Anne@exemple.invalid", "commun@exemple.invalid", "paul@exemple.invalid"];
    assert_eq!(recipients(&server), right);
    assert_eq!(reminded_by_sms(&server), 0);
    for mail in reminders(&server) {
        for private in ["http", "/", "@", "DURAND", "PETIT", "MARTIN", "Zoé", "Léo", "Camille", "6 A", "0349999J", "#"]
        {
            assert!(!mail.text.contains(private) && !mail.subject.contains(private), "{private}: {}", mail.text);
        }
        let stranger = "Vous n'avez pas d'enfant dans cet établissement\u{a0}? Dites-le à son secrétariat";
        assert!(mail.text.contains(stranger), "{}", mail.text);
        assert!(mail.text.contains("Écrivez vous-même l'adresse du site"), "{}", mail.text);
    }
    let batch =
        "SELECT state || ' ' || channel || ' ' || people || ' ' || sent || ' [' || persons || ']' FROM reminder_batch";
    assert_eq!(server.query_texts(batch).await, ["done mail 3 3 []"]);
    let journal = "SELECT fact || '|' || COALESCE(role, '') || '|' || COALESCE(uai, '') || '|' || detail FROM audit \
                   WHERE fact LIKE 'reminders%' ORDER BY id";
    assert_eq!(
        server.query_texts(journal).await,
        [
            "reminders_ordered|school_head@0349999J|0349999J|3 persons, 3 mails",
            "reminders_sent||0349999J|3 sent by mail, 0 left out"
        ]
    );
    head.browser.get(SCHOOL).await;
    let seen = head.browser.page.visible_text();
    assert!(seen.contains("par e-mail : 3 partis sur 3"), "{seen}");
}

#[tokio::test]
async fn a_person_is_reminded_once_a_week_by_sms_or_by_mail() {
    let (server, mut head) = start().await;
    order(&mut head, BY_SMS).await;
    work(&server, 3, Span::seconds(11)).await;
    assert_eq!(reminded_by_sms(&server), 2, "Paul and Fatou");
    read(&mut head, BY_MAIL).await;
    assert_eq!(texts(&head.browser.page.text(), "main dl dd"), ["2", "1", "1", "1", "1"]);
    head.browser.submit("confirmer", &[]).await;
    work(&server, 3, Span::seconds(11)).await;
    assert_eq!(recipients(&server), ["Anne@exemple.invalid", "commun@exemple.invalid"]);
    for button in [BY_MAIL, BY_SMS] {
        read(&mut head, button).await;
        let seen = head.browser.page.visible_text();
        assert!(seen.contains("Il n'y a personne à rappeler"), "{button}: {seen}");
    }
    // A week later by mail first: Paul gets no SMS then.
    server.advance(Span::days(7));
    head.sign_in().await;
    order(&mut head, BY_MAIL).await;
    work(&server, 3, Span::seconds(11)).await;
    assert_eq!(recipients(&server).len(), 5);
    order(&mut head, BY_SMS).await;
    work(&server, 3, Span::seconds(11)).await;
    assert_eq!(reminded_by_sms(&server), 3);
}

#[tokio::test]
async fn whoever_is_reminded_by_sms_or_activates_before_the_mail_leaves_gets_none() {
    let (server, mut head) = start().await;
    // Both are ordered before either leaves.
    order(&mut head, BY_SMS).await;
    order(&mut head, BY_MAIL).await;
    let anne = server.create_account("Anne", "DURAND").await;
    server.link_person(&anne, "montpellier", &TestFamily::durand()).await;
    work(&server, 4, Span::seconds(11)).await;
    let by_mail = recipients(&server);
    let has_mail = |address: &str| by_mail.iter().any(|to| to == address);
    let by_sms = server.messages().iter().any(|message| message.to == "+33639980002");
    assert_ne!(has_mail("paul@exemple.invalid"), by_sms, "one of both: {by_mail:?}");
    assert!(!has_mail("Anne@exemple.invalid") && has_mail("commun@exemple.invalid"), "{by_mail:?}");
}

#[tokio::test]
async fn attack_d1_reminders_by_mail_leave_after_all_other_mails_and_within_their_bound_of_a_day() {
    let server = TestServer::start_with_config(|config| config.reminders.mail_daily_cap = 2).await;
    let mut head = furnish(&server).await;
    order(&mut head, BY_MAIL).await;
    server.drain_outbox().await;
    while send_step(&Operation::of_job(&server.app, "reminders")).await.unwrap() {}
    let first = "SELECT id FROM outbox WHERE kind = 'mail' AND state = 'waiting' ORDER BY turn_at, id";
    assert_eq!(server.query_texts(first).await.len(), 2);
    // Somebody waits for a code meanwhile.
    server.advance(Span::seconds(5));
    let op = server.operation();
    let mut tx = op.write(Durability::Durable).await.unwrap();
    let (subject, text) = ("Votre code".to_owned(), "123456".to_owned());
    let code = enqueue_mail(&mut tx, &server.app.master_key, "a@exemple.invalid", subject, text).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(server.query_texts(first).await[0], code);
    server.drain_outbox().await;
    assert_eq!(recipients(&server).len(), 2);
    work(&server, 3, Span::minutes(6)).await;
    assert_eq!(recipients(&server).len(), 2, "no more today");
    work(&server, 8, Span::hours(9)).await;
    assert_eq!(recipients(&server).len(), 3);
    assert_eq!(server.query_texts("SELECT state FROM reminder_batch").await, ["done"]);
}

#[tokio::test]
async fn no_mail_is_offered_or_ordered_where_none_is_sent() {
    let (server, mut head) = start().await;
    let review = read(&mut head, BY_MAIL).await;
    let form = head.browser.page.form_of("confirmer").fields;
    let fields: Vec<(&str, &str)> = form.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let off = server.restart_with_config(|config| config.reminders.mail_daily_cap = 0).await;
    let mut browser = head.browser.at_server(&off);
    browser.get(SCHOOL).await;
    assert!(!browser.page.has_element("#rappeler-par-courriel") && browser.page.has_element("#rappeler"));
    browser.post(&review, &fields).await;
    assert_eq!(browser.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(browser.page.visible_text().contains("Aucun rappel ne part par e-mail de ce service"));
    assert_eq!(server.query_count("SELECT COUNT(*) FROM reminder_batch").await, 0);
    // What was ordered before ends at once, with the reason.
    order(&mut head, BY_MAIL).await;
    while send_step(&Operation::of_job(&off.app, "reminders")).await.unwrap() {}
    assert_eq!(server.query_texts("SELECT state FROM reminder_batch").await, ["done"]);
    let sent = "SELECT detail FROM audit WHERE fact = 'reminders_sent'";
    assert_eq!(server.query_texts(sent).await, ["0 sent by mail, 3 left out; reminders by mail are off"]);
    // SMS that are off leave mails alone.
    let other = server.restart_with_config(|config| config.reminders.share_percent = 0).await;
    let mut browser = head.browser.at_server(&other);
    browser.get(SCHOOL).await;
    assert!(browser.page.has_element("#rappeler-par-courriel") && !browser.page.has_element("#rappeler"));
}

#[tokio::test]
async fn attack_p6_a_program_orders_the_mails_that_it_read() {
    let (server, mut head) = start().await;
    let token = make_token(&mut head, &["campaigns:write"], &[]).await;
    let (path, by_sms) = ("/schools/0349999J/reminders?channel=mail", "/schools/0349999J/reminders");
    let seen = server.api_get(&token, path).await;
    let (preview, version) = (seen.json(), seen.header("etag").to_owned());
    assert_eq!(preview["channel"], "mail");
    assert_eq!((preview["mails"].as_i64(), preview["sms"].as_i64()), (Some(3), Some(0)), "{preview}");
    assert_eq!(preview["mails_left"].as_i64(), Some(2_000), "{preview}");
    assert!(preview["sms_left"].is_null() && preview["price_cents"].is_null(), "{preview}");
    assert!(preview["subject"].as_str().unwrap().contains("ouvrez votre compte"), "{preview}");
    assert_eq!(preview["left_out"]["same_address"], 1);
    let sms = server.api_get(&token, by_sms).await;
    assert_eq!(sms.json()["channel"], "sms");
    assert!(sms.json()["subject"].is_null() && sms.json()["sms_left"].is_number(), "{}", sms.json());
    assert!(sms.json()["mails_left"].is_null(), "{}", sms.json());
    let order = async |path: &str, version: &str| {
        let headers = [("if-match", version)];
        server.api(&token, ("POST", path), Call { headers: &headers, body: None }).await
    };
    // What was read of one means is no order by the other.
    assert_eq!(order(by_sms, &version).await.problem(), "changed");
    let ordered = order(path, &version).await;
    assert_eq!((ordered.status, ordered.json()["mails"].as_i64()), (StatusCode::CREATED, Some(3)));
    assert_eq!(server.query_texts("SELECT channel FROM reminder_batch").await, ["mail"]);
    // One order by mail goes on at a time.
    let seen = server.api_get(&token, path).await;
    assert_eq!(seen.json()["obstacle"], "under_way");
    assert_eq!(seen.json()["mails_left"].as_i64(), Some(1_997));
    assert_eq!(order(path, seen.header("etag")).await.problem(), "reminders_under_way");
    let wrong = server.api_get(&token, "/schools/0349999J/reminders?channel=fax").await;
    assert_eq!(wrong.problem(), "bad_parameter");
}

#[tokio::test]
async fn attack_d1_a_school_orders_no_more_mails_than_its_own() {
    let server = TestServer::start_with_config(|config| config.reminders.school_mails = 5).await;
    let mut head = furnish(&server).await;
    order(&mut head, BY_MAIL).await;
    work(&server, 3, Span::seconds(11)).await;
    assert_eq!(recipients(&server).len(), 3);
    server.advance(Span::days(8));
    head.sign_in().await;
    read(&mut head, BY_MAIL).await;
    let seen = head.browser.page.visible_text();
    assert!(seen.contains("C'est plus que ce qu'il reste") && seen.contains("2 sur 5"), "{seen}");
    assert!(!head.browser.page.has_element("#confirmer"));
}

#[tokio::test]
async fn whoever_shares_an_address_gets_the_mail_in_the_place_of_whoever_activated_meanwhile() {
    let (server, mut head) = start().await;
    order(&mut head, BY_MAIL).await;
    let persons = server.query_texts("SELECT persons FROM reminder_batch").await.remove(0);
    assert_eq!((persons.lines().count(), server.query_count("SELECT people FROM reminder_batch").await), (4, 3));
    let twins = server.query_texts("SELECT id || ' ' || person_key FROM person WHERE person_key LIKE '50002%'").await;
    let stands_in = persons.lines().last().unwrap();
    let first = twins.iter().find(|twin| !twin.starts_with(stands_in)).unwrap();
    let key = if first.ends_with("500020") { 500_020 } else { 500_021 };
    server.create_account_of("montpellier", &family(key, "MARTIN", "")).await;
    work(&server, 3, Span::seconds(11)).await;
    assert!(recipients(&server).iter().any(|to| to.to_lowercase() == "commun@exemple.invalid"));
    let sent = "SELECT detail FROM audit WHERE fact = 'reminders_sent'";
    assert_eq!(server.query_texts(sent).await, ["3 sent by mail, 0 left out"]);
}

#[tokio::test]
async fn attack_d1_an_address_that_takes_no_mail_stops_no_other_and_alarms_nobody() {
    let (server, mut head) = start().await;
    order(&mut head, BY_MAIL).await;
    server.drain_outbox().await;
    while send_step(&Operation::of_job(&server.app, "reminders")).await.unwrap() {}
    let counts = async || {
        let mut tx = server.app.db.read().await.unwrap();
        let (late, _) = outbox::backlog(&mut tx).await.unwrap();
        (outbox::count_waiting(&mut tx, JobKind::Mail, 40).await.unwrap(), late)
    };
    assert_eq!(counts().await, (3, 0));
    let tried = "UPDATE outbox SET attempts = 5 WHERE kind = 'mail' AND state = 'waiting'";
    server.execute_sql(tried, Vec::new()).await;
    assert_eq!(counts().await, (0, 0));
    // Other mails that were put last say that the mail server is away.
    let other = "UPDATE outbox SET expires_at = created_at + 86400000 WHERE kind = 'mail' AND state = 'waiting'";
    server.execute_sql(other, Vec::new()).await;
    assert_eq!(counts().await, (0, 3));
}
