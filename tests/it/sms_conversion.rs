//! Codes that nobody enters, and more messages than an hour is expected to have: where sending stops, for whom, and
//! until when (docs/threats.md#threat-s07).

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use preau::base::clock::Span;
use preau::sms::{SmsFuture, SmsGateway, SmsMessage, SmsSendError};
use preau::{config::Config, otp, router};
use tower::ServiceExt as _;

use crate::support::deployment::{MONOD, TOULOUSE};
use crate::support::{Browser, TestFamily, TestServer};

fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

/// A name of letters only, another one for each number.
fn letters(n: u32) -> String {
    format!("{n:05}")
        .chars()
        .map(|digit| char::from(b'a' + u8::try_from(digit.to_digit(10).unwrap()).unwrap()))
        .collect()
}

fn parent(n: u32, phone: &str) -> TestFamily {
    TestFamily {
        key: 570_000 + n,
        nom: "OZOLS",
        prenom: leak(format!("Janis {}", letters(n))),
        phone: leak(phone.to_owned()),
        children: vec![(970_000 + n, "Zoé", "14/02/2013", "6 A")],
    }
}

fn at_home(n: u32) -> TestFamily {
    parent(n, &format!("06 39 98 {:02} {:02}", n / 100, n % 100))
}

/// From everywhere: no source is at its limit.
fn no_source_limits(config: &mut Config) {
    config.limits.activations = 1_000_000;
    config.limits.activations_of_browser = 1_000_000;
    config.limits.in_all = 1_000_000;
}

async fn server_with(academy: &str, uai: &'static str, families: &[TestFamily]) -> TestServer {
    let server = TestServer::start_with_config(no_source_limits).await;
    server.import_families(academy, uai, families).await;
    server.open_campaign(uai).await;
    server
}

async fn asks(server: &TestServer, family: &TestFamily) -> Browser {
    let mut browser = Browser::at_activation(server).await;
    browser.identify(family).await;
    server.drain_outbox().await;
    browser
}

/// The reasons for which messages stop; few codes of a prefix at home are an alarm only.
async fn outages(server: &TestServer) -> Vec<String> {
    let all = otp::ops::active_outages(&server.app.db, server.now()).await.unwrap();
    all.iter().map(|outage| outage.reason.name()).filter(|name| name != "prefix +3363").collect()
}

async fn metrics(server: &TestServer) -> String {
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    let answer = router::operations(server.app.clone()).oneshot(request).await.unwrap();
    String::from_utf8(to_bytes(answer.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
}

/// Lets time pass, in steps short enough for every retry.
async fn advance_minutes(server: &TestServer, minutes: i64) {
    for _ in 0..minutes * 2 {
        server.advance(Span::seconds(30));
        server.drain_outbox().await;
    }
}

/// What the page of a code says, without what is one's own.
fn page_text(browser: &Browser, family: &TestFamily) -> String {
    let text = browser.page.visible_text();
    let after = text.split("Code d'assistance").nth(1).unwrap_or_default();
    let code: String = after.chars().skip_while(|c| !c.is_ascii_uppercase() && !c.is_ascii_digit()).take(7).collect();
    let digits: String = family.phone.chars().filter(char::is_ascii_digit).collect();
    let (left, right) = digits[digits.len() - 4..].split_at(2);
    text.replace(&code, "").replace(&format!("{left} {right}"), "##").replace(&format!("{left}\u{a0}{right}"), "##")
}

/// Five hundred identities, from a hundred addresses: no start knows of another one here, so more would prove no more.
#[tokio::test]
async fn threat_s07_hundreds_of_starts_outside_of_the_roster_send_nothing() {
    let server = server_with("montpellier", MONOD, &[TestFamily::durand()]).await;
    let mut browser = Browser::at_activation(&server).await;
    for n in 0..500_u32 {
        let [_, _, high, low] = (n % 100).to_be_bytes();
        browser.address = IpAddr::from([203, 0, high, low]);
        let (nom, phone) = (letters(n), format!("06 39 98 {:02} {:02}", n / 100, n % 100));
        let typed = [("nom", nom.as_str()), ("prenom", "Anne"), ("telephone", &phone)];
        browser.post("/activation", &typed).await;
        assert_eq!(browser.page.status, StatusCode::SEE_OTHER, "{n}: {}", browser.page.visible_text());
        if n % 100 == 99 {
            server.drain_outbox().await;
        }
    }
    server.drain_outbox().await;
    assert_eq!(server.messages(), []);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM outbox").await, 0, "nothing of it is kept");
}

/// A roster that was filled with numbers of countries where calls and messages earn their owner money: few of each
/// prefix, so that none of them alone is noticed.
#[tokio::test]
async fn threat_s07_premium_numbers_of_many_prefixes_stop_within_a_hundred_messages_of_their_academy() {
    const AREAS: [u32; 50] = [
        201, 202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 224, 225, 228, 229, 231,
        234, 239, 240, 248, 251, 252, 253, 254, 256, 260, 262, 267, 269, 270, 301, 302, 303, 304, 305, 307, 308, 309,
        310, 312, 313, 314, 315, 316,
    ];
    let poisoned: Vec<TestFamily> =
        (0..200).map(|n| parent(n, &format!("+1 {} 555 {:04}", AREAS[n as usize % 50], 1_000 + n))).collect();
    let honest = at_home(900);
    let server = server_with("montpellier", MONOD, &[poisoned.clone(), vec![honest.clone()]].concat()).await;
    let abroad = parent(901, "+1 201 555 9999");
    server.import_families("toulouse", TOULOUSE, std::slice::from_ref(&abroad)).await;
    server.open_campaign(TOULOUSE).await;
    let mut browser = Browser::at_activation(&server).await;
    for family in &poisoned {
        browser.get("/activation").await;
        browser.identify(family).await;
        server.drain_outbox().await;
    }
    let sent = server.messages().len();
    assert!((50..=100).contains(&sent), "{sent}");
    assert_eq!(outages(&server).await, ["codes abroad of academy montpellier"]);
    assert!(metrics(&server).await.contains("preau_sms_total{outcome=\"stopped\"}"));
    // Its parents at home, and another academy's abroad, are none of it.
    for family in [&honest, &abroad] {
        let browser = asks(&server, family).await;
        assert!(!browser.page.visible_text().contains("Les SMS partent avec du retard"));
    }
    assert_eq!(server.messages().len(), sent + 2);
    // Looked at, and found honest.
    otp::ops::resume(server.operation().database()).await.unwrap();
    asks(&server, &poisoned[199]).await;
    assert!(server.messages().len() > sent + 2);
}

#[tokio::test]
async fn threat_s07_an_academy_whose_codes_nobody_enters_gets_no_more_for_an_hour_and_the_page_says_nothing_of_it() {
    let families: Vec<TestFamily> = (0..64).map(at_home).collect();
    let (asking, later) = families.split_at(60);
    let server = server_with("montpellier", MONOD, &families).await;
    let elsewhere = at_home(70);
    server.import_families("toulouse", TOULOUSE, std::slice::from_ref(&elsewhere)).await;
    server.open_campaign(TOULOUSE).await;
    // An account, and a browser that knows it.
    let mut known = Browser::at_activation(&server).await;
    known.activate(&server, &later[3]).await;
    let before = server.messages().len();
    for family in asking {
        asks(&server, family).await;
    }
    assert_eq!(server.messages().len(), before + 60, "an evening on which many ask at once stops nothing");
    assert_eq!(outages(&server).await, [""; 0]);
    server.advance(Span::minutes(16));

    let mut stopped = asks(&server, &later[0]).await;
    assert_eq!(server.messages().len(), before + 60);
    assert_eq!(outages(&server).await, ["codes of academy montpellier"]);
    let stranger = TestFamily { nom: "INCONNU", ..at_home(80) };
    let mut unknown = asks(&server, &stranger).await;
    stopped.reload().await;
    unknown.reload().await;
    let told = page_text(&stopped, &later[0]);
    assert_eq!(told, page_text(&unknown, &stranger));
    assert!(told.contains("une lettre avec un code"), "the next step is the school's: {told}");
    // Another academy's parents, and a browser in which its person typed a right code before, are none of it.
    asks(&server, &elsewhere).await;
    assert_eq!(server.messages().len(), before + 61);
    known.get("/activation").await;
    known.identify(&later[3]).await;
    server.drain_outbox().await;
    assert_eq!(server.messages().len(), before + 62);

    // What did not leave is nobody's attempt, however often it is asked for.
    for n in 0..8 {
        let mut browser = Browser::at_activation(&server).await;
        browser.identify(&later[1]).await;
        browser.follow().await;
        assert_eq!(browser.url.path(), "/activation/code", "{n}: {}", browser.page.visible_text());
        advance_minutes(&server, 3).await;
    }
    // An hour after those messages others are tried, and whoever waits with a living code gets it.
    advance_minutes(&server, 30).await;
    let waiting: Vec<String> = server.messages().into_iter().skip(before + 62).map(|message| message.to).collect();
    assert!(waiting.iter().any(|to| to == "+33639980061"), "{waiting:?}");
    asks(&server, &later[2]).await;
    assert_eq!(outages(&server).await, [""; 0]);
}

#[tokio::test]
async fn threat_s07_an_academy_whose_parents_enter_their_codes_is_never_stopped_however_often_they_ask() {
    let families: Vec<TestFamily> = (0..61).map(at_home).collect();
    let server = server_with("montpellier", MONOD, &families).await;
    for (n, family) in families[..60].iter().enumerate() {
        let mut browser = asks(&server, family).await;
        // Two of three messages are late, and asked for again.
        if n % 3 != 0 {
            server.advance(Span::seconds(61));
            browser.submit("renvoyer", &[]).await;
            browser.follow().await;
            server.drain_outbox().await;
        }
        // Four of five parents end it.
        if n % 5 != 0 {
            let code = server.read_code().await;
            browser.type_code(&code).await;
            assert_eq!(browser.url.path(), "/activation/enfants", "{n}: {}", browser.page.visible_text());
        }
    }
    server.advance(Span::minutes(11));
    let before = server.messages().len();
    asks(&server, &families[60]).await;
    assert_eq!(server.messages().len(), before + 1);
    assert_eq!(outages(&server).await, [""; 0]);
}

/// A gateway that is away until it is switched on.
struct SwitchedGateway {
    on: AtomicBool,
}

impl SmsGateway for SwitchedGateway {
    fn send<'a>(&'a self, _: &'a SmsMessage) -> SmsFuture<'a, Result<Option<String>, SmsSendError>> {
        Box::pin(async {
            if self.on.load(Ordering::SeqCst) {
                return Ok(None);
            }
            Err(SmsSendError::Deployment { why: "away".to_owned(), uncertain: false })
        })
    }

    fn is_idempotent(&self) -> bool {
        true
    }

    fn check_reachable(&self) -> SmsFuture<'_, Result<String, String>> {
        Box::pin(async { Ok("there".to_owned()) })
    }
}

#[tokio::test]
async fn faults_f1_messages_that_wait_for_a_gateway_stop_no_academy_once_it_is_back() {
    let gateway = Arc::new(SwitchedGateway { on: AtomicBool::new(false) });
    let server = TestServer::start_with_gateway(gateway.clone()).await;
    let families: Vec<TestFamily> = (0..56).map(at_home).collect();
    server.import_families("montpellier", MONOD, &families).await;
    server.open_campaign(MONOD).await;
    for family in &families[..55] {
        asks(&server, family).await;
    }
    advance_minutes(&server, 20).await;
    gateway.on.store(true, Ordering::SeqCst);
    advance_minutes(&server, 2).await;
    asks(&server, &families[55]).await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM outbox WHERE state = 'waiting'").await, 0);
    assert_eq!(outages(&server).await, [""; 0]);
}

#[tokio::test]
async fn threat_s07_twice_the_forecast_of_an_hour_leaves_and_the_rest_at_that_pace() {
    let server = TestServer::start_with_config(|config| config.sms.hourly_forecast = 3).await;
    let families: Vec<TestFamily> = (0..9).map(at_home).collect();
    server.import_families("montpellier", MONOD, &families).await;
    server.open_campaign(MONOD).await;
    for family in &families[..6] {
        asks(&server, family).await;
    }
    assert_eq!(server.messages().len(), 6);
    let mut late = asks(&server, &families[6]).await;
    assert_eq!(server.messages().len(), 6);
    assert_eq!(outages(&server).await, ["pace"]);
    late.reload().await;
    assert!(late.page.visible_text().contains("Les SMS partent avec du retard"), "{}", late.page.visible_text());
    // All servers share it, and a restart does not reset it.
    let server = server.restart().await;
    server.drain_outbox().await;
    assert_eq!(server.messages().len(), 0);
    // Ten minutes are worth one message.
    advance_minutes(&server, 11).await;
    assert_eq!(server.messages().len(), 1);
    assert_eq!(outages(&server).await, [""; 0]);
    asks(&server, &families[7]).await;
    assert_eq!(server.messages().len(), 1);
    // Whoever waited asked for nothing.
    assert_eq!(server.query_count("SELECT COUNT(*) FROM budget WHERE action = 'sms_to_phone'").await, 7);
}
