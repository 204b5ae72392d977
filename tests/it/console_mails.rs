//! Mails to administrators: one a day about what waits at a school, and one of each thing that happens to a relying
//! party; notices that settle themselves.

use axum::http::StatusCode;
use preau::administrators::roles::AdminRole;
use preau::base::clock::Span;
use preau::bootstrap::settle_and_mail;
use preau::config::Mail;
use preau::db::Value;
use preau::mail::MailMessage;

use crate::console_clients::administrator;
use crate::console_requests::academy;
use crate::support::deployment::{MONOD, secret};
use crate::support::{Browser, TestFamily, TestServer};

/// Settles and mails as the worker does, at several servers at once; hands the mails over at the first.
async fn mail(servers: &[&TestServer]) {
    let running: Vec<_> = servers
        .iter()
        .map(|server| {
            let app = server.app.clone();
            tokio::spawn(async move { settle_and_mail(&app, String::new()).await })
        })
        .collect();
    for one in running {
        one.await.unwrap();
    }
    servers[0].drain_outbox().await;
}

/// The mails that are no invitation, with plain blanks.
fn mails(server: &TestServer) -> Vec<MailMessage> {
    let plain = |mail: MailMessage| MailMessage {
        subject: mail.subject.replace('\u{a0}', " "),
        text: mail.text.replace('\u{a0}', " "),
        ..mail
    };
    server.mails().into_iter().map(plain).filter(is_told).collect()
}

/// The mails that are no invitation, as `recipient subject`, in order.
fn told(server: &TestServer) -> Vec<String> {
    let mails = mails(server);
    let mut all: Vec<String> = mails.iter().map(|mail| format!("{} {}", mail.to, mail.subject)).collect();
    all.sort();
    all
}

fn is_told(mail: &MailMessage) -> bool {
    !mail.subject.contains("invitation") && !mail.subject.contains("un rôle de plus")
}

fn line(to: &str, subject: &str) -> String {
    format!("{to} Mon compte École : {subject}")
}

/// A parent proves the number and answers the questions about the children.
async fn answer(server: &TestServer, family: &TestFamily, answers: &[&str]) {
    let mut browser = Browser::at_activation(server).await;
    browser.prove_phone(server, family).await;
    browser.answer_children(answers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_school_has_one_mail_a_day_from_two_servers_and_only_if_something_is_new() {
    let families = [TestFamily::durand(), TestFamily::petit(), TestFamily::ndiaye()];
    let server = TestServer::start_with_open_campaign(&families).await;
    let other = server.restart().await;
    for (role, territory, email) in [
        (AdminRole::SchoolHead, "school:0349999J", "c@ecole.example"),
        (AdminRole::Delegate, "class:0349999J/6 A", "d6@ecole.example"),
        (AdminRole::Delegate, "class:0349999J/5 B", "d5@ecole.example"),
        (AdminRole::SchoolHead, "school:0349998H", "lycee@ecole.example"),
        (AdminRole::Academy, "academy:montpellier", "a@ac.example"),
        (AdminRole::HelpDesk, "school:0349999J", "h@ecole.example"),
    ] {
        administrator(&server, role, territory, email).await;
    }
    mail(&[&server, &other]).await;
    assert_eq!(told(&server), Vec::<String>::new(), "nothing waits");
    // Fatou says that Anaïs is not hers.
    answer(&server, &TestFamily::ndiaye(), &["non", "03/05/2011"]).await;
    mail(&[&server, &other, &server, &other]).await;
    let subject = "du nouveau dans votre établissement";
    let first = [line("c@ecole.example", subject), line("d6@ecole.example", subject)];
    assert_eq!(told(&server), first);
    // Something more on the same day waits for the next one; whoever had none yet is told.
    server.advance(Span::hours(2));
    answer(&server, &TestFamily::petit(), &["non"]).await;
    mail(&[&server, &other]).await;
    let [head, delegate] = first;
    assert_eq!(told(&server), [head, line("d5@ecole.example", subject), delegate], "one a day");
    server.advance(Span::hours(12));
    mail(&[&server, &other]).await;
    assert_eq!(told(&server).len(), 3, "nothing at night");
    server.advance(Span::hours(10));
    mail(&[&server, &other]).await;
    assert_eq!(told(&server).len(), 4, "{:?}", told(&server));
    let last = mails(&server).into_iter().rfind(|mail| mail.to == "c@ecole.example").unwrap();
    assert!(last.text.contains("depuis le dernier message : 1. En attente en tout : 2."), "{}", last.text);
    server.advance(Span::days(1));
    mail(&[&server, &other]).await;
    assert_eq!(told(&server).len(), 4, "nothing new");
    // Numbers, and an address that the configuration has: nothing of a person.
    let codes = server.query_texts("SELECT support_code FROM notice").await;
    let ids = server.query_texts("SELECT person_id FROM notice UNION SELECT pupil_id FROM notice").await;
    for mail in mails(&server) {
        let private = ["Fatou", "DIAYE", "Paul", "PETIT", "Anaïs", "Élie", "Léo", "6 A", "3998", "0349999J", "Monod"];
        let private = private.into_iter().chain(codes.iter().chain(&ids).map(String::as_str));
        for word in private.filter(|word| !word.is_empty()) {
            assert!(!mail.text.contains(word) && !mail.subject.contains(word), "{word}: {}", mail.text);
        }
        let links: Vec<&str> = mail.text.split_whitespace().filter(|word| word.contains("://")).collect();
        assert_eq!(links, [format!("{}/admin", server.issuer())]);
    }
}

/// An insider who prints letters and knows the roster could get into an account: the head hears of it.
#[tokio::test(flavor = "multi_thread")]
async fn takeover_w7_a_head_reads_once_what_others_did_yesterday_and_who_did_it() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand(), TestFamily::petit()]).await;
    let other = server.restart().await;
    server.create_account_of("montpellier", &TestFamily::durand()).await;
    let mut head = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "chef@ecole.example").await;
    let mut delegate = administrator(&server, AdminRole::Delegate, "school:0349999J", "cpe@ecole.example").await;
    administrator(&server, AdminRole::SchoolHead, "school:0349998H", "lycee@ecole.example").await;
    let anne = server.query_texts("SELECT id FROM person WHERE person_key = '500001'").await.remove(0);
    let paul = server.query_texts("SELECT id FROM person WHERE person_key = '500002'").await.remove(0);
    let checked = [("preuve", "paper"), ("raison", "Vue au secrétariat")];
    for (who, person) in [(&mut delegate, &anne), (&mut head, &paul)] {
        who.browser.post(&format!("/admin/personnes/{person}/lettre"), &checked).await;
        assert_eq!(who.browser.page.status, StatusCode::OK, "{}", who.browser.page.visible_text());
    }
    let fields = [&[("geste", "end_sessions")][..], &checked[..]].concat();
    delegate.browser.post(&format!("/admin/personnes/{anne}/geste"), &fields).await;
    assert_eq!(delegate.browser.page.status, StatusCode::SEE_OTHER);
    server.advance(Span::hours(1));
    let moved = TestFamily { phone: "06 39 98 00 77", ..TestFamily::petit() };
    server.import_families("montpellier", MONOD, &[TestFamily::durand(), moved]).await;
    mail(&[&server, &other]).await;
    assert_eq!(told(&server), Vec::<String>::new(), "the day is not over");
    server.advance(Span::days(1));
    mail(&[&server, &other, &server, &other]).await;
    assert_eq!(told(&server), [line("chef@ecole.example", "du nouveau dans votre établissement")]);
    let text = mails(&server).pop().unwrap().text;
    for words in [
        "• Nom de cpe : lettres imprimées 1, déblocages 1, portables remplacés 0",
        "• l'exploitation : lettres imprimées 0, déblocages 0, portables remplacés 1",
        "En attente en tout : 0.",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let private = ["Nom de chef", "Anne", "DURAND", "Paul", "PETIT", "secrétariat", "00 77"];
    assert!(!private.iter().any(|word| text.contains(word)), "{text}");
    server.advance(Span::days(1));
    mail(&[&server, &other]).await;
    assert_eq!(told(&server).len(), 1, "nothing was done yesterday");
}

/// A week-end without power must not hide anybody's acts.
#[tokio::test(flavor = "multi_thread")]
async fn takeover_w7_days_without_a_server_are_told_in_one_mail_and_never_twice() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
    server.create_account_of("montpellier", &TestFamily::durand()).await;
    administrator(&server, AdminRole::SchoolHead, "school:0349999J", "chef@ecole.example").await;
    let mut delegate = administrator(&server, AdminRole::Delegate, "school:0349999J", "cpe@ecole.example").await;
    let anne = server.query_texts("SELECT id FROM person WHERE person_key = '500001'").await.remove(0);
    let path = format!("/admin/personnes/{anne}/geste");
    let fields = [("geste", "end_sessions"), ("preuve", "paper"), ("raison", "Vue au secrétariat")];
    // An act on each of three days, and no server that mails.
    for _ in 0..3 {
        delegate.browser.post(&path, &fields).await;
        assert_eq!(delegate.browser.page.status, StatusCode::SEE_OTHER, "{}", delegate.browser.page.visible_text());
        server.advance(Span::days(1));
        delegate.sign_in().await;
    }
    let (one, other) = (server.restart().await, server.restart().await);
    mail(&[&one, &other, &one, &other]).await;
    assert_eq!(told(&one), [line("chef@ecole.example", "du nouveau dans votre établissement")]);
    let text = mails(&one).remove(0).text;
    for words in [
        "Depuis le 24 novembre, d'autres que vous ont agi",
        "• Nom de cpe : lettres imprimées 0, déblocages 3, portables remplacés 0",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    // Neither a restart nor the next day tells them again. An act of the day of the mail waits for the next one.
    delegate.browser.post(&path, &fields).await;
    let again = server.restart().await;
    mail(&[&again, &other]).await;
    assert_eq!(told(&again), Vec::<String>::new(), "one a day");
    server.advance(Span::days(1));
    mail(&[&again, &other, &again]).await;
    assert_eq!(told(&again), [line("chef@ecole.example", "du nouveau dans votre établissement")]);
    let text = mails(&again).remove(0).text;
    assert!(text.contains("Hier, d'autres que vous ont agi") && text.contains("déblocages 1,"), "{text}");
    server.advance(Span::days(1));
    let last = server.restart().await;
    mail(&[&last, &other]).await;
    assert_eq!(told(&last), Vec::<String>::new(), "all was told");
    // It is old news after a week and a day.
    delegate.sign_in().await;
    delegate.browser.post(&path, &fields).await;
    assert_eq!(delegate.browser.page.status, StatusCode::SEE_OTHER);
    server.advance(Span::days(9));
    mail(&[&last, &other]).await;
    assert_eq!(told(&last), Vec::<String>::new(), "older than a week");
    delegate.sign_in().await;
    delegate.browser.post(&path, &fields).await;
    server.advance(Span::days(7));
    mail(&[&last, &other]).await;
    assert!(mails(&last).remove(0).text.contains("déblocages 1,"), "of seven days ago");
}

#[tokio::test]
async fn nothing_is_mailed_where_no_mail_is_sent() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::petit()]).await;
    administrator(&server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    answer(&server, &TestFamily::petit(), &["non"]).await;
    let silent = server.restart_with_config(|config| config.mail = Mail::default()).await;
    mail(&[&silent]).await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM console_mail_day").await, 0);
    mail(&[&server]).await;
    assert_eq!(told(&server).len(), 1);
}

#[tokio::test]
async fn faults_c7_notices_settle_themselves_with_their_reason_when_the_cause_is_gone() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::petit(), TestFamily::ndiaye()]).await;
    let mut head = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    server.set_campaign(MONOD, Span::days(-9), Span::days(-1)).await;
    for family in [TestFamily::petit(), TestFamily::ndiaye()] {
        let mut late = Browser::at_activation(&server).await;
        late.prove_phone(&server, &family).await;
        assert!(late.page.visible_text().contains("Il est trop tard"), "{}", late.page.visible_text());
    }
    let open = "SELECT kind FROM notice WHERE settled_at IS NULL";
    mail(&[&server]).await;
    assert_eq!(server.query_texts(open).await, ["reopening"; 2], "the cause is still there");
    let paul = server.create_account("Paul", "PETIT").await;
    server.link_person(&paul, "montpellier", &TestFamily::petit()).await;
    mail(&[&server]).await;
    assert_eq!(server.query_texts(open).await, ["reopening"]);
    server.open_campaign(MONOD).await;
    server.advance(Span::minutes(1));
    mail(&[&server]).await;
    assert_eq!(server.query_texts(open).await, Vec::<String>::new());
    let why = "SELECT why FROM notice_settlement ORDER BY why";
    assert_eq!(server.query_texts(why).await, ["account_active", "campaign_reopened"]);
    head.browser.get("/admin/etablissements/0349999J").await;
    let seen = head.browser.page.visible_text();
    for words in ["2 points se sont réglés", "a maintenant un compte actif", "peut de nouveau activer son compte"] {
        assert!(seen.contains(words), "{words}: {seen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_told_to_those_who_decide_then_above_them_and_its_decision_to_its_author() {
    let server = TestServer::start().await;
    let other = server.restart().await;
    let mut author = academy(&server, "julien@ac.example").await;
    let mut reader = academy(&server, "nadia@ac.example").await;
    administrator(&server, AdminRole::Academy, "academy:toulouse", "t@ac.example").await;
    administrator(&server, AdminRole::National, "all", "n@ministere.example").await;
    let review = author.send_request(&[]).await;
    mail(&[&server, &other]).await;
    mail(&[&server, &other]).await;
    let waits = line("nadia@ac.example", "une demande attend votre décision");
    assert_eq!(told(&server), [waits.as_str()]);
    let text = mails(&server).pop().unwrap().text;
    // Nobody has agreed with its name yet: a mail says the id.
    assert!(
        text.contains("cantine") && !text.contains("Cantine") && text.contains(&format!("{}{review}", server.issuer())),
        "{text}"
    );
    server.advance(Span::hours(47));
    mail(&[&server, &other]).await;
    assert_eq!(told(&server).len(), 1);
    server.advance(Span::hours(2));
    mail(&[&server, &other]).await;
    mail(&[&server, &other]).await;
    let overdue = line("n@ministere.example", "une demande attend depuis deux jours ouvrés");
    assert_eq!(told(&server), [overdue, waits]);
    reader.sign_in().await;
    let words = "Trop d'établissements <b>pour un essai</b>";
    assert_eq!(reader.decide(&review, "refuse", words).await, StatusCode::SEE_OTHER);
    mail(&[&server, &other]).await;
    mail(&[&server, &other]).await;
    let refused = line("julien@ac.example", "votre demande est refusée");
    assert_eq!(told(&server).iter().filter(|mail| **mail == refused).count(), 1);
    let text = mails(&server).pop().unwrap().text;
    assert!(text.contains(words) && !text.contains("nadia"), "{text}");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM console_mail_sent").await, 3);
}

async fn set(server: &TestServer, sql: &'static str, at: Span) {
    let rows = server.execute_sql(sql, vec![Value::from(server.now().0 + at.0)]).await;
    assert_eq!(rows, 1, "{sql}");
}

#[tokio::test]
async fn what_happens_to_a_service_is_told_once_to_its_technician_or_the_academy_and_no_secret_with_it() {
    let server = TestServer::start().await;
    administrator(&server, AdminRole::ServiceContact, "client:ent", "t@editeur.example").await;
    administrator(&server, AdminRole::Academy, "academy:montpellier", "a@ac.example").await;
    administrator(&server, AdminRole::Academy, "academy:toulouse", "b@ac.example").await;
    mail(&[&server]).await;
    assert_eq!(told(&server), Vec::<String>::new());
    let (technician, academy) = ("t@editeur.example", "a@ac.example");
    let secret_row = "INSERT INTO client_secret (client_id, digest, drawn_at) VALUES ('ent', 'digest-of-ent', $1)";
    let closing = "INSERT INTO client_secret (client_id, digest, closes_at) VALUES ('ent', 'former-of-ent', $1)";
    let failed = "INSERT INTO logout_delivery (id, client_id, sid, state, attempts, problem, created_at) \
                  VALUES ('f', 'ent', 'sid-of-somebody', 'given_up', 6, 'time-out', $1)";
    let delivered = "INSERT INTO logout_delivery (id, client_id, sid, state, attempts, created_at) \
                     VALUES ('d', 'ent', 'another-sid', 'delivered', 1, $1)";
    let trial = "UPDATE client SET probation_until = $1 WHERE client_id = 'ent-post'";
    let unused = "UPDATE client SET last_used_at = $1 WHERE client_id = 'ent'";
    let suspended =
        "UPDATE client SET state = 'suspended', updated_at = $1, version = version + 1 WHERE client_id = 'ent'";
    let (long_ago, soon) = (Span::days(-336), Span::days(10));
    let mut expected: Vec<String> = Vec::new();
    for (sql, at, pass, told_to, subject) in [
        (secret_row, long_ago, Span(0), Some(technician), "un secret a onze mois"),
        (closing, soon, Span(0), Some(technician), "un secret ferme dans moins de 14 jours"),
        (trial, Span::hours(-1), Span(0), Some(academy), "un essai est terminé"),
        (failed, Span::minutes(-50), Span(0), None, ""),
        (unused, Span::days(-90), Span::minutes(11), Some(technician), "des déconnexions n'arrivent pas"),
    ] {
        set(&server, sql, at).await;
        server.advance(pass);
        mail(&[&server]).await;
        mail(&[&server]).await;
        expected.extend(told_to.map(|to| line(to, subject)));
        if sql == unused {
            expected.push(line(technician, "un service n'est plus utilisé"));
        }
        expected.sort();
        assert_eq!(told(&server), expected, "{sql}");
    }
    server.advance(Span::hours(24));
    mail(&[&server]).await;
    expected.push(line(academy, "des déconnexions n'arrivent pas depuis un jour"));
    // They arrive again: nobody is told.
    set(&server, delivered, Span(0)).await;
    server.advance(Span::days(8));
    mail(&[&server]).await;
    expected.push(line(technician, "un secret ferme dans moins de 3 jours"));
    set(&server, suspended, Span(0)).await;
    mail(&[&server]).await;
    mail(&[&server]).await;
    expected.push(line(technician, "un service est suspendu"));
    expected.sort();
    assert_eq!(told(&server), expected);
    for mail in mails(&server) {
        let held = secret("ent");
        let secrets = [held.as_str(), "digest-of-ent", "former-of-ent", "sid-of-somebody", "another-sid", "time-out"];
        assert!(secrets.iter().all(|secret| !mail.text.contains(*secret)), "{}", mail.text);
        assert!(mail.text.contains(&format!("{}/admin/services/ent", server.issuer())), "{}", mail.text);
    }
}
