//! A mail server that takes nothing: whatever waits goes on waiting, one mail at a time is tried, operators are told,
//! and a mail that is refused for itself ends alone.

use preau::administrators::roles::AdminRole;
use preau::base::clock::Span;
use preau::bootstrap::{check_health, sample_metrics};
use preau::db::Durability;
use preau::doctor::ops::check_server;
use preau::mail::{MailMessage, MailSendError};
use preau::notify::ops::enqueue_mail;

use crate::console_clients::administrator;
use crate::console_reminder_mails::{BY_MAIL, order};
use crate::console_reminders::{many, work};
use crate::support::TestServer;
use crate::support::deployment::MONOD;

/// The reason for which nothing is taken.
#[derive(Clone, Copy, Debug)]
enum Outage {
    Away,
    NoSignIn,
    EverythingRefused,
}

impl Outage {
    fn why(self) -> &'static str {
        match self {
            Outage::Away => "the mail server is not reached",
            Outage::NoSignIn => "it answers 535",
            Outage::EverythingRefused => "it answers 554",
        }
    }

    fn error(self) -> MailSendError {
        let why = self.why().to_owned();
        match self {
            Outage::Away => MailSendError::Unreachable { why, uncertain: false },
            Outage::NoSignIn => MailSendError::Unavailable(why),
            Outage::EverythingRefused => MailSendError::Refused(why),
        }
    }
}

async fn enqueue(server: &TestServer, addresses: &[&str]) {
    let op = server.operation();
    let mut tx = op.write(Durability::Durable).await.unwrap();
    for to in addresses {
        let (subject, text) = ("Sujet".to_owned(), "Texte".to_owned());
        enqueue_mail(&mut tx, &server.app.master_key, to, subject, text).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// Lets minutes pass, and has the outbox worked on in each.
async fn pass_minutes(server: &TestServer, minutes: usize) {
    for _ in 0..minutes {
        server.advance(Span::minutes(1));
        server.drain_outbox().await;
    }
}

async fn degraded(server: &TestServer) -> Vec<String> {
    check_health(&server.app).await.degraded.into_iter().filter(|why| why.starts_with("mail: ")).collect()
}

fn addressed(server: &TestServer, to: &str) -> usize {
    server.mails().iter().filter(|mail| mail.to == to).count()
}

const WAITING: &str = "SELECT COUNT(*) FROM outbox WHERE kind = 'mail' AND state = 'waiting' AND body IS NOT NULL";
const DEAD: &str = "SELECT COUNT(*) FROM outbox WHERE kind = 'mail' AND state = 'dead'";

#[tokio::test]
async fn fault_rt17_a_mail_server_that_takes_nothing_uses_up_no_mail() {
    for outage in [Outage::Away, Outage::NoSignIn, Outage::EverythingRefused] {
        let server = TestServer::start().await;
        let names: Vec<String> = (0..12).map(|n| format!("a{n}@exemple.invalid")).collect();
        let addresses: Vec<&str> = names.iter().map(String::as_str).collect();
        server.refuse_mails(move |_| Some(outage.error()));
        enqueue(&server, &addresses).await;
        server.drain_outbox().await;
        // Three failures open the breaker; as many as are handed over at once may be on their way by then.
        let first = server.tried_mails();
        assert!((3..=6).contains(&first), "{outage:?}: {first}");
        pass_minutes(&server, 180).await;
        let later = server.tried_mails() - first;
        assert!((100..=180).contains(&later), "{outage:?}: one at a time: {later}");
        assert_eq!((server.query_count(WAITING).await, server.query_count(DEAD).await), (12, 0), "{outage:?}");
        assert_eq!(degraded(&server).await, [format!("mail: {}", outage.why())]);
        assert_eq!(sample_metrics(&server.app).await.mail_outages, 1, "{outage:?}");
        let (_, findings) = check_server(&server.app).await;
        assert!(findings.iter().any(|found| found.check == "mail" && found.text.contains("no mail has left since")));
        server.refuse_mails(|_| None);
        pass_minutes(&server, 5).await;
        for address in &addresses {
            assert_eq!(addressed(&server, address), 1, "{outage:?}: {address}");
        }
        assert_eq!(degraded(&server).await, Vec::<String>::new(), "{outage:?}");
        assert_eq!(sample_metrics(&server.app).await.mail_outages, 0, "{outage:?}");
    }
}

#[tokio::test]
async fn attack_d1_a_mail_that_is_refused_for_itself_ends_alone_and_alarms_nobody() {
    let server = TestServer::start().await;
    server.refuse_mails(|mail: &MailMessage| match mail.to.split('@').next().unwrap_or_default() {
        "nobody" => Some(MailSendError::Rejected("it answers 550".to_owned())),
        "odd" => Some(MailSendError::Refused("it answers 554".to_owned())),
        "full" => Some(MailSendError::RecipientBusy("it answers 452".to_owned())),
        "grey" => Some(MailSendError::Unavailable("it answers 451".to_owned())),
        _ => None,
    });
    // Each alone, so that no other mail says that the server is there.
    enqueue(&server, &["nobody@exemple.invalid"]).await;
    server.drain_outbox().await;
    assert_eq!((server.tried_mails(), server.query_count(DEAD).await), (1, 1));
    enqueue(&server, &["odd@exemple.invalid"]).await;
    server.drain_outbox().await;
    assert_eq!(server.query_count(DEAD).await, 1, "it may be of every mail");
    pass_minutes(&server, 10).await;
    assert_eq!((server.tried_mails(), server.query_count(DEAD).await), (4, 2), "tried three times");
    enqueue(&server, &["full@exemple.invalid", "grey@exemple.invalid"]).await;
    for _ in 0..60 {
        pass_minutes(&server, 1).await;
        assert_eq!(degraded(&server).await, Vec::<String>::new());
    }
    assert_eq!((server.query_count(WAITING).await, server.query_count(DEAD).await), (2, 2));
    let tried = server.tried_mails();
    assert!((10..=20).contains(&tried), "{tried}");
    enqueue(&server, &["anne@exemple.invalid"]).await;
    server.drain_outbox().await;
    assert_eq!(addressed(&server, "anne@exemple.invalid"), 1, "others leave at once");
}

/// Addresses for which our mail server says what it says when it is in trouble are anybody's to type.
#[tokio::test]
async fn attack_d1_a_dozen_odd_addresses_hold_no_other_mail_back() {
    let server = TestServer::start().await;
    server.refuse_mails(|mail: &MailMessage| {
        mail.to.starts_with("odd").then(|| MailSendError::Unavailable("it answers 451".to_owned()))
    });
    let names: Vec<String> = (0..12).map(|n| format!("odd{n}@exemple.invalid")).collect();
    enqueue(&server, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    server.drain_outbox().await;
    // Each of them is tried.
    pass_minutes(&server, 15).await;
    assert!(server.app.mail_circuit.is_tripped());
    server.advance(Span::seconds(15));
    enqueue(&server, &["anne@exemple.invalid"]).await;
    server.advance(Span::seconds(16));
    server.drain_outbox().await;
    assert_eq!(addressed(&server, "anne@exemple.invalid"), 1, "the next that is tried");
    assert!(!server.app.mail_circuit.is_tripped());
    // They are tried again, and hold back nobody any more.
    let tried = server.tried_mails();
    pass_minutes(&server, 20).await;
    assert!(server.tried_mails() >= tried + 12);
    assert!(!server.app.mail_circuit.is_tripped());
    assert_eq!(degraded(&server).await, Vec::<String>::new());
    enqueue(&server, &["paul@exemple.invalid"]).await;
    server.drain_outbox().await;
    assert_eq!(addressed(&server, "paul@exemple.invalid"), 1);
}

/// A server that takes a mail and does not say so in time takes it each time that it is handed over.
#[tokio::test]
async fn fault_rt17_a_mail_that_may_have_been_taken_is_not_handed_over_each_half_minute() {
    let server = TestServer::start().await;
    server.refuse_mails(|_| {
        let why = "the mail server does not answer in time".to_owned();
        Some(MailSendError::Unreachable { why, uncertain: true })
    });
    let addresses = ["a@exemple.invalid", "b@exemple.invalid", "c@exemple.invalid", "d@exemple.invalid"];
    enqueue(&server, &addresses).await;
    server.drain_outbox().await;
    pass_minutes(&server, 5).await;
    assert_eq!(degraded(&server).await, ["mail: the mail server does not answer in time"]);
    pass_minutes(&server, 175).await;
    let tried = server.tried_mails();
    assert!((20..=40).contains(&tried), "{tried}");
    assert_eq!((server.query_count(WAITING).await, server.query_count(DEAD).await), (4, 0));
    server.refuse_mails(|_| None);
    pass_minutes(&server, 61).await;
    for address in addresses {
        assert_eq!(addressed(&server, address), 1, "{address}");
    }
}

/// An answer that concerns one recipient is no sign that the others' mails are taken.
#[tokio::test]
async fn fault_rt17_an_address_that_is_there_no_more_ends_no_outage() {
    let server = TestServer::start().await;
    server.refuse_mails(|mail: &MailMessage| match mail.to.starts_with("nobody") {
        true => Some(MailSendError::Rejected("it answers 550".to_owned())),
        false => Some(Outage::EverythingRefused.error()),
    });
    enqueue(&server, &["a@exemple.invalid", "b@exemple.invalid", "c@exemple.invalid"]).await;
    server.drain_outbox().await;
    assert!(server.app.mail_circuit.is_tripped());
    for _ in 0..30 {
        enqueue(&server, &["nobody@exemple.invalid"]).await;
        pass_minutes(&server, 1).await;
    }
    assert_eq!((server.query_count(WAITING).await, server.query_count(DEAD).await), (3, 30));
    assert_eq!(degraded(&server).await, ["mail: it answers 554"]);
}

#[tokio::test]
async fn attack_d1_a_mail_server_that_is_away_uses_up_no_order_of_reminders() {
    let server = TestServer::start().await;
    let families = many(50);
    let mails: Vec<String> = families.iter().map(|one| format!("p{}@exemple.invalid", one.key)).collect();
    let mails: Vec<(u32, &str)> = families.iter().zip(&mails).map(|(one, mail)| (one.key, mail.as_str())).collect();
    server.import_with_mails("montpellier", MONOD, &families, &mails).await;
    server.open_campaign(MONOD).await;
    let mut head = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    server.drain_outbox().await;
    order(&mut head, BY_MAIL).await;
    server.refuse_mails(|_| Some(Outage::EverythingRefused.error()));
    work(&server, 180, Span::minutes(1)).await;
    let sent = "SELECT sent FROM reminder_batch";
    let written = server.query_count(sent).await;
    assert!((20..=40).contains(&written), "{written}");
    assert_eq!((server.query_count(WAITING).await, server.query_count(DEAD).await), (written, 0));
    server.refuse_mails(|_| None);
    work(&server, 20, Span::minutes(1)).await;
    assert_eq!(server.query_texts("SELECT state || ' ' || sent FROM reminder_batch").await, ["done 50"]);
    for (_, mail) in &mails {
        assert_eq!(addressed(&server, mail), 1, "{mail}");
    }
}

#[tokio::test]
async fn a_reminder_whose_mailbox_takes_it_later_is_tried_for_an_hour() {
    let server = TestServer::start().await;
    let families = many(1);
    server.import_with_mails("montpellier", MONOD, &families, &[(families[0].key, "plein@exemple.invalid")]).await;
    server.open_campaign(MONOD).await;
    let mut head = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    server.drain_outbox().await;
    order(&mut head, BY_MAIL).await;
    server.refuse_mails(|_| Some(MailSendError::RecipientBusy("it answers 452".to_owned())));
    let before = server.tried_mails();
    work(&server, 180, Span::minutes(1)).await;
    assert_eq!((server.tried_mails() - before, server.query_count(DEAD).await), (7, 1));
}
