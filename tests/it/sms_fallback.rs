//! Two gateways: the fallback takes over within seconds, and nobody gets one message from both.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::http::Request;
use preau::base::clock::Span;
use preau::db::Durability;
use preau::otp;
use preau::outbox::{self, ClaimFilter, ClaimRequest, Job, JobKind};
use preau::router;
use preau::sms::{SmsFuture, SmsGateway, SmsMessage, SmsSendError};
use tokio::sync::Notify;
use tower::ServiceExt as _;

use crate::support::{Browser, TestFamily, TestServer, deployment::MONOD};

/// What a gateway does with every message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum GatewayMood {
    #[default]
    Takes,
    Fails,
    /// It takes the message, and its answer is lost.
    TakesAndLosesTheAnswer,
    /// It takes the message and answers never.
    TakesAndHangs,
    RefusesTheNumber,
}

#[derive(Default)]
struct ScriptedGateway {
    mood: Mutex<GatewayMood>,
    /// True if it does not take a repeated id for the same message.
    forgets: AtomicBool,
    has_taken: Notify,
    asked: Mutex<usize>,
    taken: Mutex<Vec<SmsMessage>>,
}

impl ScriptedGateway {
    fn is(&self, mood: GatewayMood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }

    /// The messages as a phone receives them: a repeated id is the same one.
    fn taken(&self) -> Vec<SmsMessage> {
        self.taken.lock().unwrap().clone()
    }
}

impl SmsGateway for ScriptedGateway {
    fn send<'a>(&'a self, message: &'a SmsMessage) -> SmsFuture<'a, Result<Option<String>, SmsSendError>> {
        *self.asked.lock().unwrap() += 1;
        let mood = *self.mood.lock().unwrap();
        let takes =
            [GatewayMood::Takes, GatewayMood::TakesAndLosesTheAnswer, GatewayMood::TakesAndHangs].contains(&mood);
        let mut taken = self.taken.lock().unwrap();
        if takes && !taken.iter().any(|m| m.id == message.id) {
            taken.push(message.clone());
        }
        if mood == GatewayMood::TakesAndHangs {
            self.has_taken.notify_one();
        }
        Box::pin(async move {
            match mood {
                GatewayMood::Takes => Ok(None),
                GatewayMood::Fails => Err(SmsSendError::Deployment { why: "503".to_owned(), uncertain: false }),
                GatewayMood::TakesAndLosesTheAnswer => {
                    Err(SmsSendError::Deployment { why: "no answer".to_owned(), uncertain: true })
                }
                GatewayMood::TakesAndHangs => std::future::pending().await,
                GatewayMood::RefusesTheNumber => Err(SmsSendError::NumberRejected { why: "400".to_owned() }),
            }
        })
    }

    fn is_idempotent(&self) -> bool {
        !self.forgets.load(Ordering::SeqCst)
    }

    fn check_reachable(&self) -> SmsFuture<'_, Result<String, String>> {
        Box::pin(async { Ok("scripted".to_owned()) })
    }
}

/// Distinct parents of one school.
fn families(count: u32) -> Vec<TestFamily> {
    let phone = |n| -> &'static str { Box::leak(format!("06 39 98 03 {n:02}").into_boxed_str()) };
    (0..count)
        .map(|n| TestFamily {
            key: 530_000 + n,
            phone: phone(n),
            children: vec![(930_000 + n, "Zoé", "14/02/2013", "6 A")],
            ..TestFamily::durand()
        })
        .collect()
}

struct TwoGateways {
    server: TestServer,
    primary: Arc<ScriptedGateway>,
    fallback: Arc<ScriptedGateway>,
    families: Vec<TestFamily>,
}

impl TwoGateways {
    async fn start() -> Self {
        let (primary, fallback) = (Arc::<ScriptedGateway>::default(), Arc::<ScriptedGateway>::default());
        let server = TestServer::start_with_gateways(primary.clone(), fallback.clone()).await;
        let families = families(12);
        server.import_families("montpellier", MONOD, &families).await;
        server.open_campaign(MONOD).await;
        Self { server, primary, fallback, families }
    }

    async fn parent_asks(&self, n: usize) -> Browser {
        let mut browser = Browser::at_activation(&self.server).await;
        browser.identify(&self.families[n]).await;
        self.server.drain_outbox().await;
        browser
    }

    async fn advance_seconds(&self, seconds: i64) {
        for _ in 0..seconds {
            self.server.advance(Span::seconds(1));
            self.server.drain_outbox().await;
        }
    }

    async fn claim(&self) -> Vec<Job> {
        let request = ClaimRequest { kind: JobKind::Sms, filter: ClaimFilter::Due, max_jobs: 10 };
        outbox::claim(&self.server.app.db, &self.server.app.master_key, self.server.now(), request).await.unwrap()
    }

    /// The process is gone once the primary gateway has a message.
    async fn dies_in(&self, job: &Job) {
        let operation = self.server.operation();
        tokio::select! {
            biased;
            delivered = otp::ops::deliver(&operation, job) => panic!("{delivered:?}"),
            () = self.primary.has_taken.notified() => {}
        }
    }

    async fn outages(&self) -> Vec<String> {
        let all = otp::ops::active_outages(&self.server.app.db, self.server.now()).await.unwrap();
        all.iter().map(|outage| outage.reason.name()).collect()
    }

    async fn metric(&self, series: &str) -> String {
        let request = Request::get("/metrics").body(Body::empty()).unwrap();
        let answer = router::operations(self.server.app.clone()).oneshot(request).await.unwrap();
        let text = String::from_utf8(to_bytes(answer.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap();
        let value = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        value.unwrap_or("0").to_owned()
    }
}

#[tokio::test]
async fn faults_f1_the_fallback_takes_over_within_ten_seconds_and_hands_back() {
    let two = TwoGateways::start().await;
    two.parent_asks(0).await;
    assert_eq!((two.primary.taken().len(), two.fallback.taken().len()), (1, 0), "the primary carries");
    two.primary.is(GatewayMood::Fails);
    let mut browser = two.parent_asks(1).await;
    assert_eq!(two.fallback.taken().len(), 0, "not at the first failure");
    two.advance_seconds(10).await;
    let [message] = &two.fallback.taken()[..] else { panic!("{:?}", two.fallback.taken()) };
    browser.type_code(message.text.rsplit_once('#').unwrap().1).await;
    assert_eq!(browser.url.path(), "/activation/enfants", "{}", browser.page.visible_text());
    // Now the primary is left alone but for a trial, and nobody waits.
    for n in 2..6 {
        let browser = two.parent_asks(n).await;
        two.advance_seconds(3).await;
        assert_eq!(two.fallback.taken().len(), n, "{n}");
        let text = browser.page.visible_text();
        assert!(!text.contains("Les SMS partent avec du retard"), "{text}");
    }
    assert_eq!(two.outages().await, ["primary"], "told to operators, not to pages");
    let health = preau::bootstrap::check_health(&two.server.app).await;
    assert!(health.degraded.iter().any(|why| why.starts_with("SMS: primary: 503")), "{:?}", health.degraded);
    assert_eq!(two.metric("preau_sms_carried_total{gateway=\"primary\"}").await, "1");
    assert_eq!(two.metric("preau_sms_carried_total{gateway=\"fallback\"}").await, "5");
    two.primary.is(GatewayMood::Takes);
    two.advance_seconds(6).await;
    two.parent_asks(6).await;
    assert_eq!((two.primary.taken().len(), two.fallback.taken().len()), (2, 5), "handed back");
    assert_eq!(two.outages().await, [""; 0]);
}

#[tokio::test]
async fn faults_f1_a_message_that_the_primary_gateway_may_have_taken_is_never_handed_to_the_fallback() {
    let two = TwoGateways::start().await;
    two.primary.is(GatewayMood::TakesAndLosesTheAnswer);
    for n in 0..3 {
        two.parent_asks(n).await;
    }
    two.primary.is(GatewayMood::Fails);
    two.advance_seconds(60).await;
    assert_eq!(two.primary.taken().len(), 3);
    assert!(two.primary.asked() > 6, "tried again there: {}", two.primary.asked());
    assert_eq!(two.fallback.taken(), [], "it would arrive twice");
    // Who asks anew is served at once.
    two.parent_asks(3).await;
    two.advance_seconds(10).await;
    assert_eq!(two.fallback.taken().len(), 1);
}

#[tokio::test]
async fn faults_f1_a_process_that_dies_while_it_hands_a_message_over_leaves_it_to_that_gateway() {
    let two = TwoGateways::start().await;
    two.primary.is(GatewayMood::Fails);
    two.parent_asks(0).await;
    // The next attempt is taken, and the process is gone before it knows.
    two.primary.is(GatewayMood::TakesAndHangs);
    two.server.advance(Span::seconds(2));
    let jobs = two.claim().await;
    assert_eq!(jobs.len(), 1);
    two.dies_in(&jobs[0]).await;
    assert_eq!(two.primary.taken().len(), 1);
    // A minute later it is due again, older than five seconds, and the primary gateway fails.
    two.primary.is(GatewayMood::Fails);
    two.advance_seconds(120).await;
    assert_eq!(two.fallback.taken(), []);
    assert!(two.primary.asked() > 2);
    two.primary.is(GatewayMood::Takes);
    two.advance_seconds(70).await;
    assert_eq!((two.primary.taken().len(), two.fallback.asked()), (1, 0), "the same message to the same gateway");
    assert_eq!(two.server.query_count("SELECT COUNT(*) FROM outbox WHERE state = 'waiting'").await, 0);
}

#[tokio::test]
async fn faults_f1_a_process_that_dies_in_each_attempt_hands_a_message_over_twice_and_no_more() {
    let two = TwoGateways::start().await;
    two.primary.forgets.store(true, Ordering::SeqCst);
    two.primary.is(GatewayMood::TakesAndHangs);
    let mut browser = Browser::at_activation(&two.server).await;
    browser.identify(&two.families[0]).await;
    let waits = "SELECT COUNT(*) FROM outbox WHERE kind = 'sms' AND state = 'waiting'";
    tokio::select! {
        biased;
        () = two.primary.has_taken.notified() => {}
        _ = two.server.drain_outbox() => panic!("it hangs"),
    }
    for _ in 0..4 {
        two.server.advance(Span::seconds(61));
        let Some(job) = two.claim().await.into_iter().next() else { continue };
        if two.primary.asked() < 2 {
            two.dies_in(&job).await;
        } else {
            otp::ops::deliver(&two.server.operation(), &job).await.unwrap();
        }
    }
    assert_eq!((two.primary.asked(), two.fallback.asked()), (2, 0));
    assert_eq!(two.server.query_count(waits).await, 0, "given up");
}

#[tokio::test]
async fn faults_f1_where_both_gateways_fail_pages_say_so_and_either_one_mends_it() {
    let two = TwoGateways::start().await;
    two.primary.is(GatewayMood::Fails);
    two.fallback.is(GatewayMood::Fails);
    let mut browser = two.parent_asks(0).await;
    two.parent_asks(1).await;
    two.advance_seconds(120).await;
    assert_eq!(two.outages().await.len(), 3, "{:?}", two.outages().await);
    browser.reload().await;
    assert!(browser.page.visible_text().contains("Les SMS partent avec du retard"));
    two.fallback.is(GatewayMood::Takes);
    two.advance_seconds(70).await;
    assert_eq!(two.fallback.taken().len(), 2);
    browser.reload().await;
    assert!(!browser.page.visible_text().contains("Les SMS partent avec du retard"));
    assert_eq!(two.outages().await, ["primary"]);
}

/// A fact is still worth knowing the day after, a code is not.
#[tokio::test]
async fn faults_f1_a_notice_waits_for_a_gateway_for_a_day_and_a_code_for_half_an_hour() {
    let primary = Arc::<ScriptedGateway>::default();
    let server = TestServer::start_with_gateway(primary.clone()).await;
    let account = server.create_durand().await;
    let before = primary.taken().len();
    primary.is(GatewayMood::Fails);
    Browser::at_activation(&server).await.identify(&TestFamily::durand()).await;
    let notice = serde_json::json!({
        "account_id": account.account_id, "to": "+33639980001", "kind": "password_replaced", "detail": "", "at": server.now(),
        "lang": "fr",
    });
    let operation = server.operation();
    let mut work = operation.write(Durability::Relaxed).await.unwrap();
    outbox::enqueue(&mut work, &server.app.master_key, JobKind::NoticeSms, &notice.to_string()).await.unwrap();
    work.commit().await.unwrap();
    for _ in 0..20 {
        server.drain_outbox().await;
        server.advance(Span::minutes(9));
    }
    primary.is(GatewayMood::Takes);
    server.drain_outbox().await;
    let taken = primary.taken();
    let [told] = &taken[before..] else { panic!("{taken:?}") };
    assert!(told.text.contains("votre mot de passe a été changé"), "{}", told.text);
    assert_eq!(told.validity, Span::hours(24 - 3), "the operator tries for as long");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM outbox WHERE state = 'waiting'").await, 0);
    Browser::at_activation(&server).await.identify(&TestFamily::durand()).await;
    server.drain_outbox().await;
    assert_eq!(primary.taken()[before + 1].validity, Span::minutes(30));
}

#[tokio::test]
async fn a_number_that_the_primary_gateway_refuses_is_not_offered_to_the_fallback() {
    let two = TwoGateways::start().await;
    two.primary.is(GatewayMood::RefusesTheNumber);
    two.parent_asks(0).await;
    two.advance_seconds(30).await;
    assert_eq!((two.primary.asked(), two.fallback.asked()), (1, 0));
    assert_eq!(two.server.query_texts("SELECT kind FROM notice").await, ["unreachable"]);
}
