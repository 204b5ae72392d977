//! Reminders of a campaign by SMS: whom they reach, what is read before, and how they leave.

use axum::http::StatusCode;
use preau::administrators::roles::AdminRole;
use preau::app::Operation;
use preau::base::clock::Span;
use preau::school_admin::ops::reminders::sending::send_step;
use preau::sms::SmsMessage;

use crate::console_clients::{administrator, end_role_of};
use crate::support::deployment::{MONOD, TOULOUSE};
use crate::support::html::texts;
use crate::support::{Browser, TestAdministrator, TestFamily, TestServer};

const REFUSED: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
const SCHOOL: &str = "/admin/etablissements/0349999J";
/// The beginning of each text of the tests.
const TEXT: &str = "Mon compte École : activez votre compte pour Clg Théodore Monod jusqu'au 9 décembre";

/// A family of one parent and one child, with its number.
pub fn family(key: u32, nom: &'static str, phone: &'static str) -> TestFamily {
    TestFamily { key, nom, prenom: "Dominique", phone, children: vec![(key + 400_000, "Camille", "14/02/2013", "6 A")] }
}

/// Anne has a landline, two share a number, Paule has an account; Paul and Fatou can be reminded.
fn families() -> Vec<TestFamily> {
    let anne = TestFamily { phone: "04 67 00 00 01", ..TestFamily::durand() };
    let twins = [(500_020, "MARTIN"), (500_021, "LEROY")].map(|(key, nom)| family(key, nom, "06 39 98 00 20"));
    let mut all = vec![anne, TestFamily::petit(), TestFamily::ndiaye(), family(500_030, "ROUX", "06 39 98 00 30")];
    all.extend(twins);
    all
}

/// Many families, each with a number of its own.
pub fn many(count: u32) -> Vec<TestFamily> {
    let one = |n: u32| {
        let phone: &'static str = Box::leak(format!("06 39 98 01 {n:02}").into_boxed_str());
        let nom: &'static str =
            Box::leak(format!("N{}", ["OM", "AIN", "UIT"][n as usize % 3].repeat(1 + n as usize % 4)).into_boxed_str());
        family(510_000 + n, nom, phone)
    };
    (0..count).map(one).collect()
}

async fn start() -> (TestServer, TestAdministrator) {
    let server = TestServer::start_with_open_campaign(&families()).await;
    server.create_account_of("montpellier", &family(500_030, "ROUX", "")).await;
    let head = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    (server, head)
}

/// Opens the reading of reminders from the page of the school; returns its address.
async fn read(head: &mut TestAdministrator) -> String {
    head.browser.get(SCHOOL).await;
    head.browser.submit("rappeler", &[]).await;
    let review = head.browser.page.location().to_owned();
    assert!(review.starts_with("/admin/etablissements/rappel/"), "{review}");
    head.browser.get(&review).await;
    assert_eq!(head.browser.page.status, StatusCode::OK);
    review
}

/// Orders reminders.
async fn order(head: &mut TestAdministrator) {
    read(head).await;
    head.browser.submit("confirmer", &[]).await;
    assert_eq!(head.browser.page.location(), format!("{SCHOOL}?fait=reminded"), "{}", head.browser.page.visible_text());
}

/// Works as the worker does, and hands the messages over.
pub async fn work(server: &TestServer, steps: usize, pause: Span) {
    for _ in 0..steps {
        while send_step(&Operation::of_job(&server.app, "reminders")).await.unwrap() {}
        server.drain_outbox().await;
        server.advance(pause);
    }
}

fn reminders(server: &TestServer) -> Vec<SmsMessage> {
    server.messages().into_iter().filter(|message| message.text.contains("activez votre compte")).collect()
}

fn recipients(messages: &[SmsMessage]) -> Vec<String> {
    let mut all: Vec<String> = messages.iter().map(|message| message.to.clone()).collect();
    all.sort();
    all
}

#[tokio::test]
async fn attack_p6_a_reminder_reaches_once_those_who_were_read_and_says_nothing_of_anybody() {
    let (server, mut head) = start().await;
    let review = read(&mut head).await;
    let seen = head.browser.page.visible_text();
    assert!(seen.contains(TEXT) && seen.contains("2 personnes le recevront"), "{seen}");
    assert_eq!(
        texts(&head.browser.page.text(), "main dl dd"),
        ["2", "1", "1", "2", "2, un par personne", "1500 sur 1500"]
    );
    let mut twice = head.browser.clone_browser();
    twice.get(&review).await;
    head.browser.submit("confirmer", &[]).await;
    let done = format!("{SCHOOL}?fait=reminded");
    assert_eq!(head.browser.page.location(), done);
    twice.submit("confirmer", &[]).await;
    assert_eq!(twice.page.location(), done, "posted twice");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM reminder_batch").await, 1);
    assert!(reminders(&server).is_empty(), "nothing leaves by the page");
    work(&server, 3, Span::seconds(11)).await;
    let sent = reminders(&server);
    assert_eq!(recipients(&sent), ["+33639980002", "+33639980010"]);
    for message in &sent {
        assert!(message.text.starts_with(TEXT), "{}", message.text);
        for private in ["http", "/", "@", "Fatou", "DIAYE", "PETIT", "Paul", "Anaïs", "Léo", "6 A", "0349999J"] {
            assert!(!message.text.contains(private), "{private}: {}", message.text);
        }
    }
    let batch = "SELECT state || ' ' || people || ' ' || sent || ' [' || persons || ']' FROM reminder_batch";
    assert_eq!(server.query_texts(batch).await, ["done 2 2 []"]);
    let journal = "SELECT fact || '|' || COALESCE(role, '') || '|' || COALESCE(uai, '') || '|' || detail FROM audit \
                   WHERE fact LIKE 'reminders%' ORDER BY id";
    assert_eq!(
        server.query_texts(journal).await,
        [
            "reminders_ordered|school_head@0349999J|0349999J|2 persons, 2 SMS",
            "reminders_sent||0349999J|2 sent, 0 left out"
        ]
    );
    head.browser.get(SCHOOL).await;
    let seen = head.browser.page.visible_text();
    assert!(seen.contains("2 partis sur 2") && head.browser.page.has_element("svg line.m"), "{seen}");
    // The draft stays what it was.
    head.browser.get(&review).await;
    assert!(head.browser.page.visible_text().contains("C'est commandé."));
}

#[tokio::test]
async fn a_person_is_reminded_once_a_week_by_whichever_school_and_draft() {
    let (server, mut head) = start().await;
    let mut early = head.browser.clone_browser();
    read(&mut head).await;
    early.get(head.browser.url.as_str()).await;
    order(&mut head).await;
    work(&server, 3, Span::seconds(11)).await;
    // A draft of before finds nobody left.
    early.submit("confirmer", &[]).await;
    assert_eq!(early.page.status, REFUSED);
    read(&mut head).await;
    let seen = head.browser.page.visible_text();
    assert!(seen.contains("Il n'y a personne à rappeler") && seen.contains("moins d'une semaine"), "{seen}");
    assert!(!head.browser.page.has_element("#confirmer"));
    server.advance(Span::days(7));
    head.sign_in().await;
    order(&mut head).await;
    // Fatou activates before her message leaves, and gets none.
    let fatou = server.create_account("Fatou", "N'DIAYE").await;
    server.link_person(&fatou, "montpellier", &TestFamily::ndiaye()).await;
    work(&server, 3, Span::seconds(11)).await;
    assert_eq!(recipients(&reminders(&server)), ["+33639980002", "+33639980002", "+33639980010"]);
    let last = "SELECT detail FROM audit WHERE fact = 'reminders_sent' ORDER BY id DESC LIMIT 1";
    assert_eq!(server.query_texts(last).await, ["1 sent, 1 left out"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_while_it_reminds_loses_nobody_and_reminds_nobody_twice() {
    let server = TestServer::start_with_open_campaign(&many(50)).await;
    let mut head = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    order(&mut head).await;
    // Killed in the middle of its first step, whatever it has done.
    let app = server.app.clone();
    let step = tokio::spawn(async move { send_step(&Operation::of_job(&app, "reminders")).await });
    while server.query_count("SELECT COUNT(*) FROM reminder").await < 5 && !step.is_finished() {
        tokio::task::yield_now().await;
    }
    step.abort();
    let _ = step.await;
    let told = server.query_count("SELECT COUNT(*) FROM reminder").await;
    assert!((1..50).contains(&told), "{told}");
    // Two others go on together, once the claim of the dead one has lapsed.
    let other = server.restart().await;
    server.advance(Span::seconds(61));
    for _ in 0..6 {
        let steps = [server.app.clone(), other.app.clone()]
            .map(|app| tokio::spawn(async move { send_step(&Operation::of_job(&app, "reminders")).await.unwrap() }));
        for step in steps {
            step.await.unwrap();
        }
        server.drain_outbox().await;
        server.advance(Span::seconds(61));
    }
    let sent = recipients(&reminders(&server));
    let mut once = sent.clone();
    once.dedup();
    assert_eq!((sent.len(), once.len()), (50, 50));
    assert_eq!(server.query_texts("SELECT state || ' ' || sent FROM reminder_batch").await, ["done 50"]);
}

#[tokio::test]
async fn threat_s07_reminders_use_their_share_of_a_day_and_codes_have_the_rest() {
    let server = TestServer::start_with_config(|config| config.sms.daily_cap = 100).await;
    let mut all = many(30);
    all.push(TestFamily::ndiaye());
    server.import_families("montpellier", MONOD, &all).await;
    server.open_campaign(MONOD).await;
    let mut head = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    read(&mut head).await;
    let seen = head.browser.page.visible_text();
    assert!(seen.contains("20 % au plus") && seen.contains("20 pour tous"), "{seen}");
    head.browser.submit("confirmer", &[]).await;
    work(&server, 40, Span::minutes(6)).await;
    assert_eq!(reminders(&server).len(), 20);
    // Somebody who waits for a code gets it.
    let mut browser = Browser::at_activation(&server).await;
    browser.activate(&server, &TestFamily::ndiaye()).await;
    work(&server, 4, Span::hours(3)).await;
    assert_eq!(reminders(&server).len(), 20, "nothing at night");
    work(&server, 40, Span::minutes(6)).await;
    work(&server, 10, Span::hours(1)).await;
    let sent = recipients(&reminders(&server));
    assert_eq!(server.query_texts("SELECT state FROM reminder_batch").await, ["done"]);
    assert!((30..=31).contains(&sent.len()), "{}", sent.len());
}

#[tokio::test]
async fn a_school_stays_within_its_budget_and_nobody_is_reminded_of_what_is_closed_or_off() {
    let (server, mut head) = start().await;
    let small = server.restart_with_config(|config| config.reminders.school_budget = 1).await;
    let mut browser = head.browser.at_server(&small);
    let review = read(&mut head).await;
    browser.get(&review).await;
    assert!(browser.page.visible_text().contains("C'est plus que ce qu'il reste"), "{}", browser.page.visible_text());
    let form = head.browser.page.form_of("confirmer").fields;
    let fields: Vec<(&str, &str)> = form.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    browser.post(&review, &fields).await;
    assert_eq!(browser.page.status, REFUSED);
    let off = server.restart_with_config(|config| config.reminders.share_percent = 0).await;
    let mut browser = head.browser.at_server(&off);
    browser.get(SCHOOL).await;
    assert!(!browser.page.has_element("#rappeler"));
    browser.post(&review, &fields).await;
    assert_eq!(browser.page.status, REFUSED);
    assert!(browser.page.visible_text().contains("Aucun rappel ne part"));
    // The campaign closes within hours: the text would come too late.
    server.set_campaign(MONOD, Span::days(-3), Span::hours(11)).await;
    head.browser.get(SCHOOL).await;
    assert!(!head.browser.page.has_element("#rappeler"));
    head.browser.get(&review).await;
    assert!(head.browser.page.visible_text().contains("prolongez-la d'abord"));
    assert_eq!(server.query_count("SELECT COUNT(*) FROM reminder_batch").await, 0);
}

#[tokio::test]
async fn threat_s15_attack_p6_reminders_are_ordered_for_what_was_read_by_a_role_for_the_whole_school() {
    let (server, mut head) = start().await;
    let review = read(&mut head).await;
    let form = head.browser.page.form_of("confirmer").fields;
    let fields: Vec<(&str, &str)> = form.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    for (n, (role, territory, may)) in [
        (AdminRole::National, "all", true),
        (AdminRole::Academy, "academy:montpellier", true),
        (AdminRole::Academy, "academy:toulouse", false),
        (AdminRole::SchoolHead, "school:0349998H", false),
        (AdminRole::Delegate, "school:0349999J", false),
        (AdminRole::Delegate, "class:0349999J/6 A", false),
        (AdminRole::HelpDesk, "all", false),
        (AdminRole::Auditor, "all", false),
    ]
    .into_iter()
    .enumerate()
    {
        let mut who = administrator(&server, role, territory, &format!("a{n}@ac.example")).await;
        who.browser.post(&format!("{SCHOOL}/rappel"), &[]).await;
        let status = if may { StatusCode::SEE_OTHER } else { StatusCode::NOT_FOUND };
        assert_eq!(who.browser.page.status, status, "{role:?} {territory}");
        // Nobody else reads or confirms the draft of somebody.
        who.browser.get(&review).await;
        assert_eq!(who.browser.page.status, StatusCode::NOT_FOUND, "{role:?} {territory}");
        who.browser.post(&review, &fields).await;
        assert_eq!(who.browser.page.status, StatusCode::NOT_FOUND, "{role:?} {territory}");
    }
    for path in ["/admin/etablissements/0349990A/rappel", "/admin/etablissements/x/rappel"] {
        head.browser.post(path, &[]).await;
        assert_eq!(head.browser.page.status, StatusCode::NOT_FOUND, "{path}");
    }
    for typed in [("version", "9"), ("version", "x"), ("empreinte", "")] {
        head.browser.get(&review).await;
        head.browser.submit("confirmer", &[typed]).await;
        assert_eq!(head.browser.page.status, REFUSED, "{typed:?}");
    }
    // Somebody activates between the page and its form.
    head.browser.get(&review).await;
    let paul = server.create_account("Paul", "PETIT").await;
    server.link_person(&paul, "montpellier", &TestFamily::petit()).await;
    head.browser.submit("confirmer", &[]).await;
    assert_eq!(head.browser.page.status, REFUSED);
    let seen = head.browser.page.visible_text();
    assert!(seen.contains("Cela a changé depuis") && seen.contains("1 personne le recevra"), "{seen}");
    // The role ends meanwhile, another one stays.
    server.invite_administrator(AdminRole::Delegate, "school:0349999J", "c@ecole.example").await;
    head.browser.get(&review).await;
    end_role_of(&server, "c@ecole.example", AdminRole::SchoolHead).await;
    head.browser.submit("confirmer", &[]).await;
    assert_eq!(head.browser.page.status, REFUSED);
    let seen = head.browser.page.visible_text();
    assert!(seen.contains("Votre rôle sur Clg Théodore Monod est terminé") && !seen.contains(TEXT), "{seen}");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM reminder_batch").await, 0);
}

#[tokio::test]
async fn attack_p6_an_order_ends_with_the_role_of_whoever_gave_it() {
    let server = TestServer::start_with_open_campaign(&many(50)).await;
    let mut head = administrator(&server, AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    order(&mut head).await;
    assert!(send_step(&Operation::of_job(&server.app, "reminders")).await.unwrap());
    server.drain_outbox().await;
    let told = reminders(&server).len();
    assert!((1..50).contains(&told), "{told}");
    end_role_of(&server, "c@ecole.example", AdminRole::SchoolHead).await;
    server.advance(Span::seconds(61));
    work(&server, 4, Span::seconds(61)).await;
    assert_eq!(reminders(&server).len(), told);
    assert_eq!(server.query_texts("SELECT state FROM reminder_batch").await, ["done"]);
    let detail = server.query_texts("SELECT detail FROM audit WHERE fact = 'reminders_sent'").await;
    assert!(detail.len() == 1 && detail[0].ends_with("the role of whoever ordered them has ended"), "{detail:?}");
}

#[tokio::test]
async fn attack_p6_whoever_said_no_is_not_reminded_and_a_number_is_reminded_once_whichever_rows_have_it() {
    let (server, mut head) = start().await;
    let mut paul = Browser::at_activation(&server).await;
    paul.prove_phone(&server, &TestFamily::petit()).await;
    paul.answer_children(&["non"]).await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM link_withheld").await, 1);
    read(&mut head).await;
    let seen = head.browser.page.visible_text();
    assert!(seen.contains("1 personne le recevra") && seen.contains("que l'enfant n'est pas le leur"), "{seen}");
    // Another academy knows Fatou by the same number.
    server.import_families("toulouse", TOULOUSE, &[TestFamily::ndiaye()]).await;
    read(&mut head).await;
    let seen = head.browser.page.visible_text();
    assert!(seen.contains("1 personne le recevra"), "one person of two academies: {seen}");
    head.browser.submit("confirmer", &[]).await;
    work(&server, 3, Span::seconds(11)).await;
    assert_eq!(reminders(&server).len(), 1);
    server.open_campaign(TOULOUSE).await;
    let mut other = administrator(&server, AdminRole::SchoolHead, "school:0319999A", "t@ecole.example").await;
    other.browser.get("/admin/etablissements/0319999A").await;
    other.browser.submit("rappeler", &[]).await;
    let review = other.browser.page.location().to_owned();
    other.browser.get(&review).await;
    let seen = other.browser.page.visible_text();
    assert!(seen.contains("moins d'une semaine") && !other.browser.page.has_element("#confirmer"), "{seen}");
}
