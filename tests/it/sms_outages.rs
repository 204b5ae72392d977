//! Messages that cannot leave: tried again while their code lives, free for whoever asked, told to operators, and the
//! same to everybody on the page.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use preau::activation;
use preau::base::clock::Span;
use preau::base::typed_ids::PersonId;
use preau::config::{HttpGatewayConfig, Outgoing, SmsGatewayConfig};
use preau::db::Durability;
use preau::limits::RateLimit;
use preau::otp;
use preau::otp::store::outages;
use preau::outbox::{self, ClaimFilter, ClaimRequest, JobKind};
use preau::sms::{self, SmsGateway, SmsMessage};
use tokio::net::TcpListener;

use crate::support::{Browser, TestFamily, TestServer, deployment::MONOD};

/// A gateway that answers every message with one status, until that is changed.
#[derive(Clone)]
struct FakeGateway {
    status: Arc<AtomicU16>,
    taken: Arc<Mutex<Vec<SmsMessage>>>,
    refused: Arc<Mutex<Vec<SmsMessage>>>,
}

async fn take(State(operator): State<FakeGateway>, Json(message): Json<SmsMessage>) -> StatusCode {
    let status = StatusCode::from_u16(operator.status.load(Ordering::SeqCst)).unwrap();
    let list = if status.is_success() { &operator.taken } else { &operator.refused };
    list.lock().unwrap().push(message);
    status
}

impl FakeGateway {
    fn set_status(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    fn accepted(&self) -> Vec<SmsMessage> {
        self.taken.lock().unwrap().clone()
    }

    fn refused(&self) -> usize {
        self.refused.lock().unwrap().len()
    }
}

/// A collège, and the gateway that its messages go to.
async fn server_with_gateway(status: u16) -> (TestServer, FakeGateway) {
    let operator =
        FakeGateway { status: Arc::new(AtomicU16::new(status)), taken: Arc::default(), refused: Arc::default() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/sms", listener.local_addr().unwrap());
    let routes = Router::new().route("/sms", post(take)).with_state(operator.clone());
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    let server = TestServer::start_with_gateway(gateway(url)).await;
    server.import_families("montpellier", MONOD, &[TestFamily::durand(), TestFamily::petit()]).await;
    server.open_campaign(MONOD).await;
    (server, operator)
}

fn gateway(url: String) -> Arc<dyn SmsGateway> {
    let http = HttpGatewayConfig::posting_json_to(url);
    sms::open_gateway(&SmsGatewayConfig::Http(http), &Outgoing::default()).unwrap()
}

/// Somebody whom the roster does not know.
fn stranger() -> TestFamily {
    TestFamily { nom: "INCONNU", prenom: "Jean", phone: "06 39 98 77 77", ..TestFamily::durand() }
}

async fn browser_at_code(server: &TestServer, family: &TestFamily) -> Browser {
    let mut browser = Browser::at_activation(server).await;
    browser.identify(family).await;
    browser
}

/// Lets time pass, in steps short enough for every retry.
async fn advance_minutes(server: &TestServer, minutes: i64) {
    for _ in 0..minutes * 6 {
        server.advance(Span::seconds(10));
        server.drain_outbox().await;
    }
}

/// What readiness comes to, but for the clock: a PostgreSQL has another one than the test.
async fn ready(server: &TestServer) -> (StatusCode, String) {
    let mut health = preau::bootstrap::check_health(&server.app).await;
    health.failures.retain(|why| !why.starts_with("clock: "));
    let status = if health.failures.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let degraded: Vec<String> = health.degraded.iter().map(|why| format!("degraded: {why}\n")).collect();
    (status, format!("ready\n{}", degraded.concat()))
}

/// What the page of a code says, without what is one's own.
fn page_text(browser: &Browser) -> String {
    let text = browser.page.visible_text();
    let after = text.split("Code d'assistance").nth(1).unwrap_or_default();
    let code: String = after.chars().skip_while(|c| !c.is_ascii_uppercase() && !c.is_ascii_digit()).take(7).collect();
    let text = if code.is_empty() { text } else { text.replace(&code, "") };
    text.replace("77 77", "00 01")
}

async fn refresh(browser: &mut Browser) -> String {
    browser.reload().await;
    page_text(browser)
}

const DELAY_NOTICE: &str = "Les SMS partent avec du retard en ce moment";

#[tokio::test]
async fn faults_f1_a_refusal_of_the_deployment_is_tried_again_and_the_code_arrives_once_it_is_mended() {
    for status in [302, 401, 403, 404, 405, 410, 429, 500, 503] {
        let (server, operator) = server_with_gateway(status).await;
        let mut browser = browser_at_code(&server, &TestFamily::durand()).await;
        advance_minutes(&server, 5).await;
        assert!((3..40).contains(&operator.refused()), "{status}: {}", operator.refused());
        let (code, text) = ready(&server).await;
        assert_eq!(code, StatusCode::OK, "{status}: degraded, not dead");
        assert!(text.contains("degraded: SMS: gateway") && text.contains(&status.to_string()), "{status}: {text}");
        operator.set_status(200);
        advance_minutes(&server, 2).await;
        let [message] = &operator.accepted()[..] else { panic!("{status}: {:?}", operator.accepted()) };
        assert_eq!(ready(&server).await.1, "ready\n", "{status}");
        let code = message.text.rsplit_once('#').unwrap().1;
        browser.type_code(code).await;
        assert_eq!(browser.url.path(), "/activation/enfants", "{status}: {}", browser.page.visible_text());
    }
}

#[tokio::test]
async fn faults_f1_a_gateway_that_is_not_there_is_an_outage_that_says_why() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for (url, why) in [(format!("http://{nobody}/sms"), "refused"), (format!("https://{nobody}/sms"), "refused")] {
        let server = TestServer::start_with_gateway(gateway(url)).await;
        server.import_families("montpellier", MONOD, &[TestFamily::durand()]).await;
        browser_at_code(&server, &TestFamily::durand()).await;
        advance_minutes(&server, 2).await;
        let all = otp::ops::active_outages(&server.app.db, server.now()).await.unwrap();
        let [outage] = &all[..] else { panic!("{all:?}") };
        assert!(outage.detail.contains(why) && !outage.detail.contains(&nobody.to_string()), "{outage:?}");
        assert_eq!(server.query_count("SELECT COUNT(*) FROM sms_outage WHERE told_at IS NOT NULL").await, 1, "told");
    }
}

/// A newer server beside this one writes reasons that this one cannot know.
#[tokio::test]
async fn faults_f1_an_outage_with_a_reason_of_a_later_version_is_told_as_it_is_written_and_breaks_no_page() {
    let (server, operator) = server_with_gateway(200).await;
    let mut tx = server.app.db.write(Durability::Durable).await.unwrap();
    let sql = "INSERT INTO sms_outage (id, reason, detail, began_at, last_at, refusals) \
               VALUES ('o', 'letter of a pigeon', 'it is moulting', $1, $1, 7)";
    tx.execute(sql, vec![preau::db::Value::from(server.now())]).await.unwrap();
    tx.commit().await.unwrap();
    let mut browser = browser_at_code(&server, &TestFamily::durand()).await;
    server.drain_outbox().await;
    assert!(!refresh(&mut browser).await.contains(DELAY_NOTICE));
    assert!(ready(&server).await.1.contains("degraded: SMS: letter of a pigeon"));
    let all = otp::ops::active_outages(&server.app.db, server.now()).await.unwrap();
    let [outage] = &all[..] else { panic!("{all:?}") };
    let remedy = outage.remedy(&server.app.config.sms);
    assert!(remedy.contains("another version") && outage.detail == "it is moulting", "{remedy}");
    let [message] = &operator.accepted()[..] else { panic!("{:?}", operator.accepted()) };
    browser.type_code(message.text.rsplit_once('#').unwrap().1).await;
    assert_eq!(browser.url.path(), "/activation/enfants", "{}", browser.page.visible_text());
    server.advance(Span::days(1));
    assert!(otp::ops::active_outages(&server.app.db, server.now()).await.unwrap().is_empty(), "not renewed");
    assert_eq!(otp::ops::resume(server.operation().database()).await.unwrap().outages, 1);
}

#[tokio::test]
async fn faults_f1_while_no_message_leaves_every_page_says_so_in_the_same_bytes() {
    let (server, operator) = server_with_gateway(401).await;
    let (mut known, mut unknown) =
        (browser_at_code(&server, &TestFamily::durand()).await, browser_at_code(&server, &stranger()).await);
    assert_eq!(refresh(&mut known).await, refresh(&mut unknown).await);
    assert!(!page_text(&known).contains(DELAY_NOTICE));
    advance_minutes(&server, 3).await;
    let late = refresh(&mut known).await;
    assert!(late.contains(DELAY_NOTICE) && !late.contains("un SMS vient de partir"), "{late}");
    assert_eq!(late, refresh(&mut unknown).await);
    for browser in [&mut known, &mut unknown] {
        browser.submit("renvoyer", &[]).await;
        browser.follow().await;
        assert!(page_text(browser).contains("Votre nouvelle demande est gardée."), "{}", page_text(browser));
    }
    assert_eq!(page_text(&known), page_text(&unknown));
    for browser in [&mut known, &mut unknown] {
        assert!(browser.type_code("000000").await.visible_text().contains(DELAY_NOTICE));
    }
    assert_eq!(page_text(&known), page_text(&unknown));
    operator.set_status(200);
    advance_minutes(&server, 2).await;
    assert!(!refresh(&mut known).await.contains(DELAY_NOTICE));
    assert_eq!(page_text(&known), refresh(&mut unknown).await);
}

#[tokio::test]
async fn faults_f1_what_never_left_costs_nobody_anything() {
    let (server, operator) = server_with_gateway(403).await;
    // Nine requests in an hour, three a challenge: many more than a day's five.
    for round in 0..3 {
        for family in [TestFamily::durand(), stranger()] {
            let mut browser = browser_at_code(&server, &family).await;
            for _ in 0..4 {
                advance_minutes(&server, 3).await;
                browser.submit("renvoyer", &[]).await;
                browser.follow().await;
                let text = browser.page.visible_text();
                assert!(text.contains("Votre nouvelle demande est gardée."), "{round}: {text}");
            }
        }
        advance_minutes(&server, 31).await;
    }
    assert_eq!(server.query_count("SELECT COUNT(*) FROM outbox WHERE state = 'waiting'").await, 0);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM outbox WHERE body IS NOT NULL").await, 0, "wiped");
    assert_eq!(operator.accepted(), []);
    let used = "SELECT COUNT(*) FROM budget WHERE action = 'sms_to_phone' AND marks <> ''";
    assert_eq!(server.query_count(used).await, 0, "the phone's five");
    assert_eq!(server.query_texts("SELECT marks FROM budget WHERE action = 'sms_of_day'").await, ["0"], "the day's");
    assert_eq!(server.query_count("SELECT CAST(SUM(sent) AS BIGINT) FROM sms_traffic").await, 0);
    // Mended: five of the day, for either, and no more; each code that arrives is the only one that was asked for last.
    operator.set_status(200);
    browser_at_code(&server, &TestFamily::petit()).await;
    advance_minutes(&server, 1).await;
    for n in 1..=6 {
        for family in [TestFamily::durand(), stranger()] {
            let mut browser = Browser::at_activation(&server).await;
            browser.identify_as(family.nom, family.prenom, family.phone).await;
            browser.follow().await;
            assert_eq!(browser.url.path() == "/activation/code", n <= 5, "{n}: {}", browser.page.visible_text());
        }
        server.drain_outbox().await;
        server.advance(Span::minutes(3));
    }
    assert_eq!(operator.accepted().iter().filter(|m| m.to == "+33639980001").count(), 5);
}

#[tokio::test]
async fn faults_f1_only_the_code_that_was_asked_for_last_is_sent_and_none_after_its_life() {
    let (server, operator) = server_with_gateway(500).await;
    let mut browser = browser_at_code(&server, &TestFamily::durand()).await;
    advance_minutes(&server, 3).await;
    browser.submit("renvoyer", &[]).await;
    advance_minutes(&server, 3).await;
    operator.set_status(200);
    advance_minutes(&server, 3).await;
    let [message] = &operator.accepted()[..] else { panic!("{:?}", operator.accepted()) };
    browser.follow().await;
    browser.type_code(message.text.rsplit_once('#').unwrap().1).await;
    assert_eq!(browser.url.path(), "/activation/enfants");

    operator.set_status(500);
    browser_at_code(&server, &TestFamily::petit()).await;
    advance_minutes(&server, 30).await;
    operator.set_status(200);
    advance_minutes(&server, 5).await;
    assert_eq!(operator.accepted().len(), 1, "its code has expired");
}

#[tokio::test]
async fn faults_f1_a_refusal_of_the_number_is_final_told_to_the_school_and_not_to_the_page() {
    for status in [400, 422] {
        let (server, operator) = server_with_gateway(status).await;
        let (mut known, mut unknown) =
            (browser_at_code(&server, &TestFamily::durand()).await, browser_at_code(&server, &stranger()).await);
        advance_minutes(&server, 5).await;
        assert_eq!(operator.refused(), 1, "{status}: final");
        let notices =
            "SELECT n.kind || ' ' || p.given_name || ' ' || n.uai FROM notice n JOIN person p ON p.id = n.person_id";
        assert_eq!(server.query_texts(notices).await, [format!("unreachable Anne {MONOD}")], "{status}");
        assert_eq!(refresh(&mut known).await, refresh(&mut unknown).await);
        assert!(!page_text(&known).contains(DELAY_NOTICE));
        assert_eq!(ready(&server).await.1, "ready\n");
        assert_eq!(server.query_texts("SELECT marks FROM budget WHERE action = 'sms_of_day'").await, ["0"]);
        // What shows is counted for everybody alike: whoever asks learns nothing of it.
        for family in [TestFamily::durand(), stranger()] {
            for n in 2..=6 {
                let mut browser = Browser::at_activation(&server).await;
                browser.identify_as(family.nom, family.prenom, family.phone).await;
                assert_eq!(browser.page.status == StatusCode::SEE_OTHER, n <= 5, "{n}");
                server.drain_outbox().await;
            }
        }
    }
}

#[tokio::test]
async fn faults_f1_what_is_given_back_is_given_back_once_whoever_settles_it_again() {
    let (server, operator) = server_with_gateway(200).await;
    // Two of the phone's five: one message that leaves, and one that never does.
    let mut browser = browser_at_code(&server, &TestFamily::durand()).await;
    server.drain_outbox().await;
    operator.set_status(503);
    server.advance(Span::seconds(61));
    browser.submit("renvoyer", &[]).await;
    server.drain_outbox().await;
    server.advance(Span::minutes(31));
    let claim = || {
        outbox::claim(
            &server.app.db,
            &server.app.master_key,
            server.now(),
            ClaimRequest { kind: JobKind::Sms, filter: ClaimFilter::Due, max_jobs: 10 },
        )
    };
    let first = claim().await.unwrap();
    assert!(first.len() == 1 && first[0].overdue, "{first:?}");
    // The process dies before it settles: a minute later it is claimed again, and the first one was only slow.
    server.advance(Span::minutes(2));
    let second = claim().await.unwrap();
    assert_eq!(second.len(), 1);
    let (phone, day) = (
        "SELECT marks FROM budget WHERE action = 'sms_to_phone'",
        "SELECT marks FROM budget WHERE action = 'sms_of_day'",
    );
    assert_eq!(server.query_texts(day).await, ["2"]);
    let both = server.query_texts(phone).await.remove(0);
    let (that_left, _) = both.split_once(',').unwrap();
    for job in [&second[0], &first[0], &second[0]] {
        otp::ops::deliver(&server.operation(), job).await.unwrap();
    }
    assert_eq!(server.query_texts(phone).await, [that_left]);
    assert_eq!(server.query_texts(day).await, ["1"]);
}

#[tokio::test]
async fn faults_f1_the_cap_of_the_day_is_told_forgiven_and_tried_again_after_midnight() {
    let families: Vec<TestFamily> = (0..3)
        .map(|n| TestFamily {
            key: 510_000 + n,
            phone: Box::leak(format!("06 39 98 02 {n:02}").into_boxed_str()),
            children: vec![(910_000 + n, "Zoé", "14/02/2013", "6 A")],
            ..TestFamily::durand()
        })
        .collect();
    let server = TestServer::start_with_config(|config| config.sms.daily_cap = 1).await;
    server.import_families("montpellier", MONOD, &families).await;
    server.open_campaign(MONOD).await;
    browser_at_code(&server, &families[0]).await;
    server.drain_outbox().await;
    assert_eq!(ready(&server).await.1, "ready\n");
    // 11:00 in Paris: its code dies long before midnight.
    server.advance(Span::hours(1));
    let (mut known, mut unknown) =
        (browser_at_code(&server, &families[1]).await, browser_at_code(&server, &stranger()).await);
    server.drain_outbox().await;
    assert!(ready(&server).await.1.contains("degraded: SMS: cap"), "at once");
    assert!(refresh(&mut known).await.contains(DELAY_NOTICE));
    assert_eq!(page_text(&known).replace("02 01", "00 01"), refresh(&mut unknown).await);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM sms_outage WHERE told_at IS NOT NULL").await, 1);
    advance_minutes(&server, 40).await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM outbox WHERE state = 'waiting'").await, 0, "given up");
    // 23:50.
    server.advance(Span(Span::hours(12).0 + Span::minutes(10).0));
    browser_at_code(&server, &families[2]).await;
    server.drain_outbox().await;
    assert_eq!(server.messages().len(), 1);
    advance_minutes(&server, 15).await;
    assert_eq!(server.messages().len(), 2, "a new day");
    assert_eq!(ready(&server).await.1, "ready\n");
    let open = "SELECT COUNT(*) FROM sms_outage WHERE ended_at IS NULL";
    assert_eq!(server.query_count(open).await, 0);
}

#[tokio::test]
async fn faults_f1_the_school_lifts_the_budgets_of_one_person_and_of_nobody_else() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand(), TestFamily::petit()]).await;
    let spent = async |family: &TestFamily| {
        for _ in 0..5 {
            let mut browser = Browser::at_activation(&server).await;
            browser.identify_as(family.nom, family.prenom, family.phone).await;
            server.drain_outbox().await;
        }
    };
    let asks = async |family: &TestFamily| {
        let mut browser = Browser::at_activation(&server).await;
        browser.identify_as(family.nom, family.prenom, family.phone).await.status
    };
    spent(&TestFamily::durand()).await;
    spent(&TestFamily::petit()).await;
    assert_eq!(server.messages().len(), 10);
    assert_eq!(asks(&TestFamily::durand()).await, StatusCode::TOO_MANY_REQUESTS);
    let anne = server.query_texts("SELECT id FROM person WHERE given_name = 'Anne'").await.remove(0);
    assert!(activation::ops::reset_sms_budgets(&server.operation(), &PersonId::new(anne), "0349999J").await.unwrap());
    assert_eq!(asks(&TestFamily::durand()).await, StatusCode::SEE_OTHER);
    server.drain_outbox().await;
    assert_eq!(server.messages().len(), 11, "the phone's too");
    assert_eq!(asks(&TestFamily::petit()).await, StatusCode::TOO_MANY_REQUESTS);
    assert!(server.audit_facts().await.contains(&"sms_budgets_lifted".to_owned()));
    assert!(
        !activation::ops::reset_sms_budgets(&server.operation(), &PersonId::new("nobody"), "0349999J").await.unwrap()
    );
}

#[tokio::test]
async fn faults_f1_the_operator_lifts_everybody_s_budgets_after_messages_that_never_arrived() {
    let (server, operator) = server_with_gateway(200).await;
    let mut browser = browser_at_code(&server, &TestFamily::durand()).await;
    for _ in 0..2 {
        server.advance(Span::minutes(3));
        browser.submit("renvoyer", &[]).await;
        browser.follow().await;
    }
    server.advance(Span::minutes(3));
    browser.submit("renvoyer", &[]).await;
    browser.follow().await;
    assert!(
        browser.page.visible_text().contains("Nous ne pouvons pas envoyer d'autre code"),
        "{}",
        browser.page.visible_text()
    );
    operator.set_status(503);
    browser_at_code(&server, &TestFamily::petit()).await;
    server.drain_outbox().await;
    operator.set_status(200);
    let done = otp::ops::resume(server.operation().database()).await.unwrap();
    assert!(done.outages == 1 && done.jobs >= 1 && done.budgets >= 3, "{done:?}");
    server.drain_outbox().await;
    assert!(operator.accepted().iter().any(|m| m.to == "+33639980002"), "at once");
    browser.submit("renvoyer", &[]).await;
    browser.follow().await;
    assert!(browser.page.visible_text().contains("Un nouveau code part."), "{}", browser.page.visible_text());
    let peek =
        preau::limits::store::daily_count(&mut server.app.db.read().await.unwrap(), RateLimit::DailySms, "2026-11-24")
            .await;
    assert!(peek.unwrap() > 0, "what left stays counted for the money");
}

/// docs/threats.md#threat-s07: a roster filled with numbers that earn somebody money.
#[tokio::test]
async fn threat_s07_numbers_abroad_whose_codes_nobody_enters_get_no_more_and_operators_are_told() {
    let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let families: Vec<TestFamily> = (0..130)
        .map(|n| TestFamily {
            key: 520_000 + n,
            nom: "OZOLS",
            prenom: leak(format!(
                "Janis{}",
                ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"].map(|c| c.repeat((n / 10 + 1) as usize))
                    [(n % 10) as usize]
            )),
            phone: leak(format!("+371 21 23 {:02} {:02}", n / 100, n % 100)),
            children: vec![(920_000 + n, "Zoé", "14/02/2013", "6 A")],
        })
        .collect();
    // From everywhere: no source is at its limit.
    let server = TestServer::start_with_config(|config| {
        config.limits.activations = 1_000;
        config.limits.activations_of_browser = 1_000;
    })
    .await;
    server.import_families("montpellier", crate::support::deployment::MONOD, &families).await;
    server.open_campaign(crate::support::deployment::MONOD).await;
    for family in &families {
        browser_at_code(&server, family).await;
        server.drain_outbox().await;
    }
    let sent = server.messages().len();
    assert!((50..=100).contains(&sent), "{sent}");
    let all = otp::ops::active_outages(&server.app.db, server.now()).await.unwrap();
    // All of them are of one academy, whose numbers abroad are judged beside the prefix.
    let reasons: BTreeSet<String> = all.iter().map(|o| o.reason.name()).collect();
    assert_eq!(Vec::from_iter(reasons), ["codes abroad of academy montpellier", "prefix +3712"]);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM sms_outage WHERE told_at IS NOT NULL").await, 2);
    // Nobody else waits for it.
    server.import_families("toulouse", crate::support::deployment::TOULOUSE, &[TestFamily::petit()]).await;
    let mut other = browser_at_code(&server, &TestFamily::petit()).await;
    server.drain_outbox().await;
    assert_eq!(server.messages().len(), sent + 1);
    assert!(!refresh(&mut other).await.contains(DELAY_NOTICE));
    // Looked at, and found honest: what is asked for again is sent.
    otp::ops::resume(server.operation().database()).await.unwrap();
    server.drain_outbox().await;
    assert!(server.messages().len() > sent + 1);
}

#[tokio::test]
async fn a_message_whose_count_is_forgotten_is_not_taken_back() {
    let server = TestServer::start().await;
    let op = server.operation();
    let mut tx = op.write(Durability::Relaxed).await.unwrap();
    for sent in [0, 1] {
        outages::subtract_sent(&mut tx, server.now(), "+33").await.unwrap();
        assert_eq!(outages::traffic(&mut tx, "+33").await.unwrap(), (0, 0), "{sent}");
        outages::add_traffic(&mut tx, "+33", 1, 0).await.unwrap();
        outages::subtract_sent(&mut tx, server.now(), "+33").await.unwrap();
    }
}
