//! Where messages may go, and how many of them in a day (docs/threats.md#threat-s07).

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use preau::base::clock::Span;
use preau::base::destinations::DestinationList;
use preau::sms::{SmsFuture, SmsGateway, SmsMessage, SmsSendError};
use preau::{otp, router};
use tower::ServiceExt as _;

use crate::support::deployment::{MONOD, TOULOUSE};
use crate::support::{Browser, TestFamily, TestServer};

fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

/// A parent with a number of one's own.
fn parent(n: u32, phone: &str) -> TestFamily {
    TestFamily {
        key: 540_000 + n,
        phone: leak(phone.to_owned()),
        children: vec![(940_000 + n, "Zoé", "14/02/2013", "6 A")],
        ..TestFamily::durand()
    }
}

async fn asks(server: &TestServer, family: &TestFamily) -> Browser {
    let mut browser = Browser::at_activation(server).await;
    browser.identify(family).await;
    server.drain_outbox().await;
    browser
}

async fn outages(server: &TestServer) -> Vec<String> {
    let all = otp::ops::active_outages(&server.app.db, server.now()).await.unwrap();
    all.iter().map(|outage| outage.reason.name()).collect()
}

async fn used_caps(server: &TestServer) -> Vec<String> {
    let mut tx = server.app.db.read().await.unwrap();
    otp::ops::used_caps(&mut tx, &server.app.config, server.now()).await.unwrap()
}

async fn metrics(server: &TestServer) -> String {
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    let answer = router::operations(server.app.clone()).oneshot(request).await.unwrap();
    String::from_utf8(to_bytes(answer.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
}

/// What the page says, without what is one's own.
fn page_text(browser: &Browser, family: &TestFamily) -> String {
    let text = browser.page.visible_text();
    let code: String =
        text.split("Code d'assistance").nth(1).unwrap_or_default().trim_start().chars().take(9).collect();
    let digits: Vec<char> = family.phone.chars().filter(char::is_ascii_digit).collect();
    let end: String = digits[digits.len() - 4..].iter().collect();
    let (left, right) = end.split_at(2);
    text.replace(code.trim(), "")
        .replace(&format!("{left} {right}"), "## ##")
        .replace(&format!("{left}\u{a0}{right}"), "## ##")
}

#[tokio::test]
async fn threat_s07_a_number_abroad_that_is_not_listed_gets_no_message_and_the_school_is_told() {
    let server = TestServer::start_with_config(|config| {
        config.sms.countries = DestinationList::try_from(vec!["BE".to_owned()]).unwrap();
    })
    .await;
    let latvia = parent(1, "+371 21 23 45 67");
    let belgium = parent(2, "+32 470 12 34 56");
    let france = parent(3, "06 39 98 00 03");
    server.import_families("montpellier", MONOD, &[latvia.clone(), belgium.clone(), france.clone()]).await;
    server.open_campaign(MONOD).await;
    let mut known = asks(&server, &latvia).await;
    assert_eq!(server.messages(), []);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM outbox WHERE state = 'waiting'").await, 0, "settled");
    // The visitor learns nothing of it, and reads what everybody reads.
    let stranger = TestFamily { nom: "INCONNU", phone: "+371 21 23 99 99", ..parent(9, "") };
    let mut unknown = asks(&server, &stranger).await;
    known.reload().await;
    unknown.reload().await;
    assert_eq!(page_text(&known, &latvia), page_text(&unknown, &stranger));
    // The school is told, and the audit knows it; nothing of the budgets is used.
    let notices = server.query_texts("SELECT kind || ' ' || uai FROM notice").await;
    assert_eq!(notices, [format!("country_refused {MONOD}")]);
    let facts = server.audit_facts().await;
    assert_eq!(facts.iter().filter(|fact| *fact == "sms_country_refused").count(), 1, "{facts:?}");
    let counted = "SELECT COUNT(*) FROM budget WHERE action IN ('sms_to_phone', 'sms_of_day', 'sms_to_prefix_of_day')";
    assert_eq!(server.query_count(counted).await, 0);
    assert!(metrics(&server).await.contains("preau_sms_total{outcome=\"country\"} 1"));
    assert_eq!(outages(&server).await, [""; 0]);
    for family in [&belgium, &france] {
        asks(&server, family).await;
    }
    let sent: Vec<String> = server.messages().into_iter().map(|message| message.to).collect();
    assert_eq!(sent, ["+32470123456", "+33639980003"]);
}

#[tokio::test]
async fn threat_s07_a_foreign_prefix_has_a_cap_of_the_day_and_france_has_none_of_its_own() {
    let server = TestServer::start_with_config(|config| config.sms.foreign_prefix_daily_cap = 2).await;
    let abroad: Vec<TestFamily> = (0..3).map(|n| parent(n, &format!("+371 21 23 45 6{n}"))).collect();
    let home: Vec<TestFamily> = (3..7).map(|n| parent(n, &format!("06 39 98 00 0{n}"))).collect();
    server.import_families("montpellier", MONOD, &[abroad.clone(), home.clone()].concat()).await;
    server.open_campaign(MONOD).await;
    asks(&server, &abroad[0]).await;
    assert_eq!(used_caps(&server).await, ["prefix +3712: 1 of 2"], "half of it is told");
    for family in &abroad[1..] {
        asks(&server, family).await;
    }
    assert_eq!(server.messages().len(), 2);
    assert_eq!(outages(&server).await, ["cap of prefix +3712"]);
    assert_eq!(used_caps(&server).await, ["prefix +3712: 2 of 2"]);
    let text = metrics(&server).await;
    for percent in [50, 100] {
        let series = format!("preau_sms_caps_reached_total{{cap=\"prefix\",percent=\"{percent}\"}} 1");
        assert!(text.contains(&series), "{series}\n{text}");
    }
    for family in &home {
        let browser = asks(&server, family).await;
        assert!(!browser.page.visible_text().contains("Les SMS partent avec du retard"));
    }
    assert_eq!(server.messages().len(), 6, "nobody at home waits for it");
    // The next day has another cap.
    server.advance(Span::hours(24));
    assert_eq!(outages(&server).await, [""; 0]);
    asks(&server, &abroad[2]).await;
    assert_eq!(server.messages().len(), 7);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM sms_outage WHERE ended_at IS NULL").await, 0);
}

#[tokio::test]
async fn threat_s07_an_academy_that_used_its_share_leaves_the_others_theirs() {
    let server = TestServer::start_with_config(|config| config.sms.academy_daily_cap = 1).await;
    let (one, two, three) = (parent(1, "06 39 98 00 11"), parent(2, "06 39 98 00 12"), parent(3, "06 39 98 00 13"));
    server.import_families("montpellier", MONOD, &[one.clone(), two.clone()]).await;
    server.import_families("toulouse", TOULOUSE, std::slice::from_ref(&three)).await;
    for uai in [MONOD, TOULOUSE] {
        server.open_campaign(uai).await;
    }
    for family in [&one, &two, &three] {
        asks(&server, family).await;
    }
    let sent: Vec<String> = server.messages().into_iter().map(|message| message.to).collect();
    assert_eq!(sent, ["+33639980011", "+33639980013"]);
    assert_eq!(outages(&server).await, ["cap of academy montpellier"]);
    assert_eq!(used_caps(&server).await, ["academy montpellier: 1 of 1", "academy toulouse: 1 of 1"]);
    // What did not leave is nobody's attempt.
    for n in 0..8 {
        let mut browser = Browser::at_activation(&server).await;
        browser.identify_as(two.nom, two.prenom, two.phone).await;
        browser.follow().await;
        assert_eq!(browser.url.path(), "/activation/code", "{n}: {}", browser.page.visible_text());
        server.advance(Span::minutes(3));
        server.drain_outbox().await;
    }
    assert_eq!(server.messages().len(), 2);
}

/// A gateway that no number is good enough for.
struct RefusingGateway;

impl SmsGateway for RefusingGateway {
    fn send<'a>(&'a self, _: &'a SmsMessage) -> SmsFuture<'a, Result<Option<String>, SmsSendError>> {
        Box::pin(async { Err(SmsSendError::NumberRejected { why: "400".to_owned() }) })
    }

    fn is_idempotent(&self) -> bool {
        true
    }

    fn check_reachable(&self) -> SmsFuture<'_, Result<String, String>> {
        Box::pin(async { Ok("refuses".to_owned()) })
    }
}

#[tokio::test]
async fn faults_f1_a_message_that_never_left_is_taken_back_from_every_cap() {
    let server = TestServer::start_with_gateway(Arc::new(RefusingGateway)).await;
    let family = parent(1, "+371 21 23 45 67");
    server.import_families("montpellier", MONOD, std::slice::from_ref(&family)).await;
    server.open_campaign(MONOD).await;
    asks(&server, &family).await;
    let marks = "SELECT action || ' ' || marks FROM budget WHERE action LIKE 'sms_%of_day' ORDER BY action";
    assert_eq!(server.query_texts(marks).await, ["sms_of_day 0", "sms_to_prefix_of_day 0"]);
}
