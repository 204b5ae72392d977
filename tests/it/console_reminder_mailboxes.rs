//! Mailboxes that parents of several schools share: one mail a week, and an SMS to one of them keeps none from the
//! others.

use preau::administrators::roles::AdminRole;
use preau::base::clock::Span;

use crate::console_clients::administrator;
use crate::console_reminder_mails::{BY_MAIL, BY_SMS, order};
use crate::console_reminders::work;
use crate::support::deployment::{MONOD, TOULOUSE};
use crate::support::{TestAdministrator, TestFamily, TestServer};

const SCHOOLS: [&str; 2] = ["/admin/etablissements/0349999J", "/admin/etablissements/0319999A"];
const COMMON: &str = "commun@exemple.invalid";

/// Paul Petit at one school and somebody else at another one, with one mailbox, and both heads.
async fn start(other: TestFamily) -> (TestServer, [TestAdministrator; 2]) {
    let server = TestServer::start().await;
    let (paul, key) = (TestFamily::petit(), other.key);
    server.import_with_mails("montpellier", MONOD, &[paul], &[(500_002, COMMON)]).await;
    server.import_with_mails("toulouse", TOULOUSE, &[other], &[(key, "Commun+ecole@EXEMPLE.invalid")]).await;
    server.open_campaign(MONOD).await;
    server.open_campaign(TOULOUSE).await;
    let first = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "m@ecole.example").await;
    let second = administrator(&server, AdminRole::SchoolHead, "school:0319999A", "t@ecole.example").await;
    server.drain_outbox().await;
    (server, [first, second])
}

/// Opens the reading of reminders at a school; returns what it says.
async fn read_at(head: &mut TestAdministrator, school: &str, button: &str) -> String {
    head.browser.get(school).await;
    head.browser.submit(button, &[]).await;
    head.browser.follow().await;
    head.browser.page.visible_text()
}

async fn order_at(head: &mut TestAdministrator, school: &str, button: &str) {
    let seen = read_at(head, school, button).await;
    assert!(head.browser.page.has_element("#confirmer"), "{seen}");
    head.browser.submit("confirmer", &[]).await;
    assert_eq!(head.browser.page.location(), format!("{school}?fait=reminded"));
}

fn mailed(server: &TestServer) -> usize {
    server.mails().iter().filter(|mail| mail.subject.contains("ouvrez votre compte")).count()
}

fn reminded_by_sms(server: &TestServer) -> usize {
    server.messages().iter().filter(|message| message.text.contains("activez votre compte")).count()
}

#[tokio::test]
async fn an_sms_to_one_parent_keeps_no_mail_from_another_one_at_another_school() {
    let (server, [mut first, mut second]) = start(TestFamily::ndiaye()).await;
    order_at(&mut first, SCHOOLS[0], BY_SMS).await;
    work(&server, 3, Span::seconds(11)).await;
    assert_eq!((reminded_by_sms(&server), mailed(&server)), (1, 0));
    order_at(&mut second, SCHOOLS[1], BY_MAIL).await;
    work(&server, 3, Span::seconds(11)).await;
    assert_eq!(mailed(&server), 1, "nobody reminded her");
    // Whoever had the SMS gets no mail.
    let seen = read_at(&mut first, SCHOOLS[0], BY_MAIL).await;
    assert!(seen.contains("Il n'y a personne à rappeler"), "{seen}");
}

#[tokio::test]
async fn attack_d1_a_mailbox_gets_one_reminder_a_week_whatever_the_school() {
    let (server, [mut first, mut second]) = start(TestFamily::ndiaye()).await;
    // Both are ordered before either leaves.
    order_at(&mut first, SCHOOLS[0], BY_MAIL).await;
    order_at(&mut second, SCHOOLS[1], BY_MAIL).await;
    work(&server, 4, Span::seconds(11)).await;
    assert_eq!(mailed(&server), 1);
    let sent = "SELECT CAST(SUM(sent) AS BIGINT) FROM reminder_batch WHERE state = 'done'";
    assert_eq!(server.query_count(sent).await, 1);
    for (head, school) in [(&mut first, SCHOOLS[0]), (&mut second, SCHOOLS[1])] {
        let seen = read_at(head, school, BY_MAIL).await;
        assert!(seen.contains("moins d'une semaine") && !head.browser.page.has_element("#confirmer"), "{seen}");
    }
    server.advance(Span::days(7));
    second.sign_in().await;
    order_at(&mut second, SCHOOLS[1], BY_MAIL).await;
    work(&server, 3, Span::seconds(11)).await;
    assert_eq!(mailed(&server), 2);
}

#[tokio::test]
async fn a_person_of_two_academies_is_reminded_by_one_of_them_though_each_has_another_number() {
    let paul = TestFamily { phone: "05 61 00 00 02", ..TestFamily::petit() };
    let (server, [mut first, mut second]) = start(paul).await;
    order_at(&mut first, SCHOOLS[0], BY_SMS).await;
    work(&server, 3, Span::seconds(11)).await;
    order_at(&mut second, SCHOOLS[1], BY_MAIL).await;
    work(&server, 3, Span::seconds(11)).await;
    assert_eq!((reminded_by_sms(&server), mailed(&server)), (1, 0));
    let detail = "SELECT detail FROM audit WHERE fact = 'reminders_sent' ORDER BY id DESC";
    assert_eq!(server.query_texts(detail).await[0], "0 sent by mail, 1 left out");
}

#[tokio::test]
async fn what_was_taken_by_a_mail_holds_the_sms_of_the_same_parent() {
    let (server, [mut first, _]) = start(TestFamily::ndiaye()).await;
    // Both are ordered before either leaves.
    order(&mut first, BY_MAIL).await;
    order(&mut first, BY_SMS).await;
    work(&server, 4, Span::seconds(11)).await;
    assert_eq!(reminded_by_sms(&server) + mailed(&server), 1);
}
