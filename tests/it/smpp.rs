//! The gateway of SMPP 3.4, against an SMSC over TLS: what arrives there, and what its failures mean for messages.
//!
//! The SMSC is one in this process, or, by `TEST_SMSC=tests/sms/smsc.js`, that of npm's `smpp`.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use preau::base::clock::Span;
use preau::config::{LongMessages, Outgoing, SmppGatewayConfig, SmsGatewayConfig, SmsGatewayRole};
use preau::db::Durability;
use preau::otp::store::handed::NewHandedMessage;
use preau::sms::{self, ReceiptState, SmsGateway, SmsMessage, SmsReceipt, SmsSendError};
use preau::{bootstrap, otp, router};

use crate::support::smsc::TestSmsc;
use crate::support::{Browser, TestFamily, TestServer, deployment::MONOD};
use tokio::sync::watch;
use tower::ServiceExt as _;

fn open(config: SmppGatewayConfig) -> Arc<dyn SmsGateway> {
    sms::open_gateway(&SmsGatewayConfig::Smpp(Box::new(config)), &Outgoing::default()).unwrap()
}

fn message(id: &str, text: &str) -> SmsMessage {
    let (id, to, text) = (id.to_owned(), "+33639980001".to_owned(), text.to_owned());
    SmsMessage { id, to, text, validity: Span::minutes(30) }
}

/// A parent who asks for a code, on a server that sends by the SMSC.
async fn parent_asks(server: &TestServer, n: u32) -> Browser {
    let mut browser = Browser::at_activation(server).await;
    browser.identify(&parent(n)).await;
    server.drain_outbox().await;
    browser
}

fn parent(n: u32) -> TestFamily {
    TestFamily {
        key: 560_000 + n,
        phone: Box::leak(format!("06 39 98 05 {n:02}").into_boxed_str()),
        children: vec![(960_000 + n, "Zoé", "14/02/2013", "6 A")],
        ..TestFamily::durand()
    }
}

async fn server_at(config: SmppGatewayConfig) -> TestServer {
    let server = TestServer::start_with_gateway(open(config)).await;
    let families: Vec<TestFamily> = (0..10).map(parent).collect();
    server.import_families("montpellier", MONOD, &families).await;
    server.open_campaign(MONOD).await;
    server
}

async fn outages(server: &TestServer) -> Vec<String> {
    let all = otp::ops::active_outages(&server.app.db, server.now()).await.unwrap();
    all.iter().map(|outage| format!("{}: {}", outage.reason.name(), outage.detail)).collect()
}

async fn metric(server: &TestServer, series: &str) -> String {
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    let answer = router::operations(server.app.clone()).oneshot(request).await.unwrap();
    let text = String::from_utf8(to_bytes(answer.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap();
    text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')).unwrap_or("0").to_owned()
}

async fn waiting_jobs(server: &TestServer) -> i64 {
    server.query_count("SELECT COUNT(*) FROM outbox WHERE state = 'waiting'").await
}

#[tokio::test]
async fn a_code_leaves_by_smpp_with_its_accents_and_opens_the_activation() {
    let smsc = TestSmsc::start().await;
    let server = server_at(smsc.config()).await;
    let mut browser = parent_asks(&server, 0).await;
    let [sent] = &smsc.taken().await[..] else { panic!("{:?}", smsc.taken().await) };
    assert_eq!((sent.to.as_str(), sent.source.as_str()), ("33639980500", "MonCompte"));
    assert_eq!((sent.source_ton, sent.destination_ton, sent.coding, sent.receipt), (5, 1, 0, 1));
    assert!(sent.text.contains("Ne le donnez à personne."), "{}", sent.text);
    let code = sent.text.rsplit_once('#').unwrap().1.to_owned();
    browser.type_code(&code).await;
    assert_eq!(browser.url.path(), "/activation/enfants", "{}", browser.page.visible_text());
    assert_eq!(waiting_jobs(&server).await, 0);
}

#[tokio::test]
async fn a_text_beyond_the_default_alphabet_or_one_message_arrives_whole() {
    let smsc = TestSmsc::start().await;
    let gateway = open(smsc.config());
    gateway.send(&message("1", "Reçu : forêt, œuf\u{a0}!")).await.unwrap();
    let long = "é".repeat(170);
    gateway.send(&message("2", &long)).await.unwrap();
    let parts = open(SmppGatewayConfig { long_messages: LongMessages::Sar, ..smsc.config() });
    parts.send(&message("3", &long)).await.unwrap();
    let taken = smsc.taken().await;
    assert_eq!((taken[0].coding, taken[0].text.as_str()), (8, "Reçu : forêt, œuf !"));
    assert_eq!((taken[1].coding, taken[1].parts, taken[1].text == long), (0, 1, true), "message_payload");
    assert_eq!((taken[2].parts, taken[3].parts), (2, 2));
    assert_eq!(format!("{}{}", taken[2].text, taken[3].text), long);
    assert_eq!(smsc.count("binds").await, 2, "one session a gateway");
}

/// Lets the background work of a server hear the SMSC, and stops it.
async fn with_workers<T>(server: &TestServer, what: impl Future<Output = T>) -> T {
    let (stop, stopped) = watch::channel(false);
    let mut workers = bootstrap::spawn_workers(&server.app, &stopped);
    let found = what.await;
    stop.send(true).unwrap();
    while workers.join_next().await.is_some() {}
    found
}

const WAITING_FOR_RECEIPTS: &str = "SELECT message_id FROM sms_handed ORDER BY message_id";
const NOTICES: &str = "SELECT kind FROM notice";

#[tokio::test]
async fn a_receipt_tells_the_school_of_a_number_that_is_not_reachable_and_of_nothing_else() {
    let smsc = TestSmsc::start().await;
    let server = server_at(SmppGatewayConfig { number_errors: vec![34], ..smsc.config() }).await;
    for n in 0..6 {
        parent_asks(&server, n).await;
    }
    assert_eq!(server.query_texts(WAITING_FOR_RECEIPTS).await, ["m1", "m2", "m3", "m4", "m5", "m6"]);
    with_workers(&server, async {
        assert_eq!(smsc.tells("m1", "DELIVRD").await, 0, "confirmed");
        assert_eq!(server.query_texts(WAITING_FOR_RECEIPTS).await.len(), 5, "and written down by then");
        // A sender that is barred, an operator that refuses, a phone that was off.
        for (id, stat) in [("m2", "UNDELIV"), ("m3", "REJECTD"), ("m4", "EXPIRED")] {
            assert_eq!(smsc.tells(id, stat).await, 0);
        }
        assert_eq!(server.query_texts(NOTICES).await, [""; 0], "the numbers may be right");
        assert_eq!(smsc.tells_with_error("m5", "UNDELIV", 34).await, 0);
        assert_eq!(server.query_texts(NOTICES).await, ["unreachable"]);
        // A phone's own message is answered, and is nobody's receipt.
        assert_eq!(smsc.tells("m9", "STOP").await, 0);
        // A repeated receipt, and one of another program with the same account.
        for id in ["m5", "m99"] {
            assert_eq!(smsc.tells(id, "UNDELIV").await, 0);
        }
    })
    .await;
    assert_eq!(server.query_texts(WAITING_FOR_RECEIPTS).await, ["m6"]);
    let receipts = async |state| {
        metric(&server, &format!("preau_sms_receipts_total{{gateway=\"primary\",state=\"{state}\"}}")).await
    };
    assert_eq!((receipts("failed").await, receipts("unreachable").await), ("4".to_owned(), "1".to_owned()));
    assert_eq!(metric(&server, "preau_sms_unmatched_receipts_total{gateway=\"primary\"}").await, "2");
}

#[tokio::test]
async fn faults_f1_messages_that_are_taken_and_fail_on_the_way_are_an_alarm_until_one_arrives() {
    let smsc = TestSmsc::start().await;
    let server = server_at(smsc.config()).await;
    for n in 0..5 {
        parent_asks(&server, n).await;
    }
    with_workers(&server, async {
        for id in ["m1", "m2"] {
            assert_eq!(smsc.tells_with_error(id, "UNDELIV", 69).await, 0);
        }
        assert_eq!(outages(&server).await, [""; 0], "two may be chance");
        assert_eq!(smsc.tells_with_error("m3", "UNDELIV", 69).await, 0);
        assert_eq!(outages(&server).await, ["undelivered by primary: UNDELIV, error 69"]);
        let browser = parent_asks(&server, 6).await;
        assert!(!browser.page.visible_text().contains("Les SMS partent avec du retard"));
        assert_eq!(smsc.tells("m4", "DELIVRD").await, 0);
        assert_eq!(outages(&server).await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn a_receipt_in_another_base_than_the_answer_finds_its_message() {
    let smsc = TestSmsc::start().await;
    let server = server_at(smsc.config()).await;
    let waits = async |id: &str| {
        let operation = server.operation();
        let mut work = operation.write(Durability::Relaxed).await.unwrap();
        let message_id = &sms::kept_form(id);
        let (gateway, support_code) = ("primary", "K7P-4MX");
        let new = NewHandedMessage { gateway, message_id, persons: &[], support_code, academy: None };
        otp::store::handed::insert(&mut work, &new).await.unwrap();
        work.commit().await.unwrap();
    };
    let settles = async |id: &str| {
        let (message_id, state, words) = (id.to_owned(), ReceiptState::Delivered, String::new());
        let receipt = SmsReceipt { message_id, state, words };
        otp::ops::settle_receipt(&server.operation(), SmsGatewayRole::Primary, &receipt).await.unwrap()
    };
    for (answered, receipt) in [("07A3B2F1", "128168689"), ("128168689", "7a3b2f1"), ("abc", "ABC"), ("17", "17")] {
        waits(answered).await;
        assert!(settles(receipt).await, "{answered} {receipt}");
        assert!(!settles(receipt).await, "once");
    }
    // 16 in decimal is 10 in hexadecimal, and both wait: nobody knows whose it is.
    waits("16").await;
    waits("10").await;
    assert!(!settles("16").await);
    assert_eq!(server.query_texts(WAITING_FOR_RECEIPTS).await, ["10", "16"]);
}

#[tokio::test]
async fn a_receipt_that_cannot_be_written_down_is_the_smscs_to_repeat() {
    let smsc = TestSmsc::start().await;
    let server = server_at(smsc.config()).await;
    parent_asks(&server, 0).await;
    // Nobody reads: the server stops.
    let gateway = server.app.sms_gateways.get(SmsGatewayRole::Primary).unwrap();
    let heard = async { drop(gateway.next_receipt().await) };
    let (status, ()) = tokio::join!(smsc.tells("m1", "DELIVRD"), heard);
    assert_eq!(status, 0x64, "dropped");
    server.execute_sql("ALTER TABLE sms_handed RENAME TO sms_hidden", vec![]).await;
    with_workers(&server, async { assert_eq!(smsc.tells("m1", "DELIVRD").await, 0x64, "not written") }).await;
    server.execute_sql("ALTER TABLE sms_hidden RENAME TO sms_handed", vec![]).await;
    let stops = async {
        let held = gateway.next_receipt().await;
        tokio::join!(bootstrap::close_gateways(&server.app), async { drop(held) });
    };
    let (status, ()) = tokio::join!(smsc.tells("m1", "DELIVRD"), stops);
    assert_eq!((status, smsc.count("unbinds").await), (0x64, 1), "answered before the session is left");
    assert_eq!(server.query_texts(WAITING_FOR_RECEIPTS).await, ["m1"], "and it is still waited for");
}

#[tokio::test]
async fn faults_f1_a_throttled_message_leaves_later_and_is_no_outage() {
    let smsc = TestSmsc::start().await;
    let server = server_at(smsc.config()).await;
    smsc.is("throttles").await;
    for n in 0..4 {
        parent_asks(&server, n).await;
    }
    assert_eq!(smsc.taken().await, []);
    assert_eq!(outages(&server).await, [""; 0], "it is there");
    assert_eq!(metric(&server, "preau_sms_total{outcome=\"throttled\"}").await, "4");
    smsc.is("takes").await;
    server.advance(Span::seconds(2));
    server.drain_outbox().await;
    assert_eq!(smsc.taken().await.len(), 4, "none lost");
    assert_eq!(smsc.count("binds").await, 1, "by the same session");
    // One that lasts is told.
    smsc.is("throttles").await;
    parent_asks(&server, 5).await;
    for _ in 0..9 {
        server.advance(Span::minutes(1));
        server.drain_outbox().await;
    }
    let told = outages(&server).await;
    assert!(told[0].starts_with("gateway: the SMSC answers 88 (ESME_RTHROTTLED)"), "{told:?}");
    // However often it was put off, it leaves within five seconds once there is room.
    smsc.is("takes").await;
    server.advance(Span::seconds(5));
    server.drain_outbox().await;
    assert_eq!(smsc.taken().await.len(), 5);
}

#[tokio::test]
async fn faults_f1_a_refused_number_is_final_and_a_failing_smsc_is_not() {
    let smsc = TestSmsc::start().await;
    let server = server_at(smsc.config()).await;
    smsc.is("refuses_number").await;
    parent_asks(&server, 0).await;
    assert_eq!(waiting_jobs(&server).await, 0);
    assert_eq!(server.query_texts("SELECT kind FROM notice").await, ["unreachable"]);
    smsc.is("fails").await;
    parent_asks(&server, 1).await;
    assert_eq!(waiting_jobs(&server).await, 1);
    smsc.is("takes").await;
    server.advance(Span::seconds(2));
    server.drain_outbox().await;
    let taken = smsc.taken().await;
    assert_eq!(taken.iter().map(|sms| sms.to.as_str()).collect::<Vec<_>>(), ["33639980501"]);
}

#[tokio::test]
async fn faults_f1_a_wrong_password_is_our_fault_and_nothing_is_lost() {
    let smsc = TestSmsc::start().await;
    let wrong = SmppGatewayConfig { password: Some("other".into()), ..smsc.config() };
    let server = server_at(wrong.clone()).await;
    parent_asks(&server, 0).await;
    for _ in 0..5 {
        server.advance(Span::seconds(10));
        server.drain_outbox().await;
    }
    assert_eq!(outages(&server).await, ["gateway: the SMSC refuses the bind: 13 (ESME_RBINDFAIL)"]);
    assert_eq!(waiting_jobs(&server).await, 1, "kept");
    assert_eq!(smsc.count("submits").await, 0);
    // What doctor asks.
    assert_eq!(open(wrong).check_reachable().await.unwrap_err(), "the SMSC refuses the bind: 13 (ESME_RBINDFAIL)");
    // What the operator's page asks binds nothing.
    let said = open(smsc.config()).check_connection().await.unwrap();
    assert_eq!(said, format!("preau is not bound at localhost:{} at this moment", smsc.port));
    assert_eq!(smsc.count("unbinds").await, 0);
    let said = open(smsc.config()).check_reachable().await.unwrap();
    assert_eq!(said, format!("binds preau at localhost:{}", smsc.port));
    assert_eq!(smsc.count("unbinds").await, 1, "a check leaves in order");
}

#[tokio::test]
async fn an_smsc_of_another_authority_gets_neither_password_nor_message() {
    let (smsc, other) = (TestSmsc::start().await, TestSmsc::start().await);
    for config in [
        SmppGatewayConfig { ca: Some(other.authority()), ..smsc.config() },
        SmppGatewayConfig { ca: None, ..smsc.config() },
        SmppGatewayConfig { address: format!("127.0.0.1:{}", smsc.port), ..smsc.config() },
    ] {
        let sent = open(config).send(&message("1", "x")).await;
        assert!(
            matches!(&sent, Err(SmsSendError::Deployment { uncertain: false, why })
            if why.starts_with("the SMSC is not reached: invalid peer certificate")),
            "{sent:?}"
        );
    }
    assert_eq!((smsc.count("binds").await, smsc.count("refused_binds").await), (0, 0));
    // Trusted beside the public authorities.
    let outgoing = Outgoing { ca: Some(smsc.authority()), ..Outgoing::default() };
    let config = SmsGatewayConfig::Smpp(Box::new(SmppGatewayConfig { ca: None, ..smsc.config() }));
    sms::open_gateway(&config, &outgoing).unwrap().send(&message("1", "x")).await.unwrap();
}

#[tokio::test]
async fn faults_f1_a_connection_that_is_cut_in_a_message_costs_nobody_the_code_and_at_most_one_more_message() {
    let smsc = TestSmsc::start().await;
    let server = server_at(smsc.config()).await;
    smsc.is("takes_and_cuts").await;
    parent_asks(&server, 0).await;
    assert_eq!(smsc.taken().await.len(), 1);
    let unsure = "SELECT COUNT(*) FROM outbox WHERE kind = 'sms' AND handovers = 1";
    assert_eq!(server.query_count(unsure).await, 1, "it may have left, and the row says so");
    server.advance(Span::seconds(2));
    server.drain_outbox().await;
    assert_eq!(smsc.taken().await.len(), 2, "once more, because nobody knows");
    for _ in 0..10 {
        server.advance(Span::minutes(1));
        server.drain_outbox().await;
    }
    let taken = smsc.taken().await;
    assert_eq!(taken.len(), 2, "and no third time");
    assert_eq!(taken[0].text, taken[1].text, "the same code");
    // One that was certainly not taken is handed over until it is; after two sessions that were cut there is a pause.
    smsc.is("fails").await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    parent_asks(&server, 1).await;
    smsc.is("takes").await;
    server.advance(Span::seconds(30));
    server.drain_outbox().await;
    assert_eq!(smsc.taken().await.len(), 3);
    assert_eq!(waiting_jobs(&server).await, 0);
}

#[tokio::test]
async fn faults_f1_a_process_that_dies_in_a_message_repeats_it_once_at_most() {
    let smsc = TestSmsc::start().await;
    let server = server_at(smsc.config()).await;
    let mut browser = Browser::at_activation(&server).await;
    browser.identify(&parent(0)).await;
    smsc.is("silent").await;
    let drained = tokio::time::timeout(Duration::from_millis(800), server.drain_outbox()).await;
    assert!(drained.is_err(), "it died while it waited");
    assert_eq!(smsc.taken().await.len(), 1);
    for _ in 0..5 {
        server.advance(Span::minutes(1));
        server.drain_outbox().await;
    }
    assert_eq!(smsc.taken().await.len(), 2, "the first answer is missing, and so is the second one's");
    assert_eq!(waiting_jobs(&server).await, 0);
}

#[tokio::test]
async fn faults_f1_a_silent_smsc_holds_nobody_for_long_and_is_left() {
    let smsc = TestSmsc::start().await;
    let config = SmppGatewayConfig { timeout_seconds: 1, enquire_link_seconds: 1, ..smsc.config() };
    let gateway = open(config.clone());
    gateway.send(&message("1", "x")).await.unwrap();
    smsc.is("silent").await;
    let began = std::time::Instant::now();
    let sent = gateway.send(&message("2", "x")).await;
    assert!(matches!(sent, Err(SmsSendError::Deployment { uncertain: true, .. })), "{sent:?}");
    assert!(began.elapsed() < Duration::from_secs(3));
    // It is asked whether it is there, and is left.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert!(smsc.count("enquiries").await >= 1);
    assert_eq!(smsc.count("bound").await, 0);
    smsc.is("takes").await;
    gateway.send(&message("3", "x")).await.unwrap();
    assert_eq!(smsc.count("binds").await, 2);
    // Nor does one wait that never answers a bind.
    smsc.is("deaf").await;
    let began = std::time::Instant::now();
    let sent = open(config).send(&message("4", "x")).await;
    let Err(SmsSendError::Deployment { why, uncertain: false }) = sent else { panic!("{sent:?}") };
    assert_eq!(why, "the SMSC is not reached: it does not answer in time");
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn faults_f1_a_full_window_refuses_what_was_certainly_not_sent() {
    let smsc = TestSmsc::start().await;
    let config = SmppGatewayConfig { timeout_seconds: 1, window: 2, ..smsc.config() };
    let gateway = open(config);
    gateway.send(&message("0", "x")).await.unwrap();
    smsc.is("silent").await;
    let texts = ["1", "2", "3", "4"].map(|id| message(id, "x"));
    let sent = futures_of(&*gateway, &texts).await;
    let uncertain = sent.iter().filter(|sent| matches!(sent, Err(SmsSendError::Deployment { uncertain: true, .. })));
    let certain = sent.iter().filter(|sent| matches!(sent, Err(SmsSendError::Deployment { uncertain: false, .. })));
    assert_eq!((uncertain.count(), certain.count()), (2, 2), "{sent:?}");
    assert_eq!(smsc.taken().await.len(), 3, "the first and the window");
    smsc.is("takes").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    gateway.send(&message("5", "x")).await.unwrap();
}

async fn futures_of(gateway: &dyn SmsGateway, messages: &[SmsMessage; 4]) -> [Result<Option<String>, SmsSendError>; 4] {
    let [a, b, c, d] = messages;
    tokio::join!(gateway.send(a), gateway.send(b), gateway.send(c), gateway.send(d)).into()
}

#[tokio::test]
async fn faults_f1_a_restarted_smsc_is_bound_again_and_a_stopped_server_leaves_in_order() {
    let smsc = TestSmsc::start().await;
    let server = server_at(smsc.config()).await;
    parent_asks(&server, 0).await;
    smsc.stop().await;
    parent_asks(&server, 1).await;
    assert_eq!(waiting_jobs(&server).await, 1);
    let unsure = "SELECT COUNT(*) FROM outbox WHERE kind = 'sms' AND state = 'waiting' AND handovers > 0";
    assert_eq!(server.query_count(unsure).await, 0, "nothing left, and that is known");
    smsc.listen().await;
    server.advance(Span::seconds(5));
    server.drain_outbox().await;
    assert_eq!(smsc.taken().await.len(), 2);
    // One that leaves in order is bound again too.
    smsc.unbinds().await;
    parent_asks(&server, 2).await;
    server.advance(Span::seconds(5));
    server.drain_outbox().await;
    assert_eq!(smsc.taken().await.len(), 3);
    bootstrap::close_gateways(&server.app).await;
    assert_eq!((smsc.count("unbinds").await, smsc.count("bound").await), (1, 0));
}

#[tokio::test]
async fn a_session_is_kept_for_receipts_and_several_servers_have_one_each() {
    let smsc = TestSmsc::start().await;
    let (one, two) = (open(smsc.config()), open(smsc.config()));
    let listens = |gateway: Arc<dyn SmsGateway>| {
        tokio::spawn(async move {
            let heard = gateway.next_receipt().await;
            let id = heard.receipt.message_id.clone();
            heard.confirm();
            id
        })
    };
    let (first, second) = (listens(one), listens(two));
    let bound = async |wanted: u64| {
        for _ in 0..100 {
            if smsc.count("bound").await == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{} are bound", smsc.count("bound").await);
    };
    bound(2).await;
    smsc.stop().await;
    smsc.listen().await;
    bound(2).await;
    assert_eq!(smsc.count("submits").await, 0, "without any message");
    assert_eq!(smsc.tells("a1", "DELIVRD").await, 0);
    let heard = tokio::select! { heard = first => heard, heard = second => heard };
    assert_eq!(heard.unwrap(), "a1");
}

#[tokio::test]
async fn fault_rt17_an_smsc_that_binds_and_cuts_is_not_bound_again_and_again() {
    let smsc = TestSmsc::start().await;
    let gateway = open(smsc.config());
    smsc.is("takes_and_cuts").await;
    for id in ["1", "2", "3", "4", "5", "6"] {
        gateway.send(&message(id, "x")).await.unwrap_err();
    }
    assert_eq!(smsc.taken().await.len(), 2, "the third waits for a second, and binds nothing");
}

#[tokio::test]
async fn faults_f1_an_smsc_that_answers_probes_and_no_message_is_left() {
    let smsc = TestSmsc::start().await;
    let gateway = open(SmppGatewayConfig { timeout_seconds: 1, window: 10, ..smsc.config() });
    gateway.send(&message("0", "x")).await.unwrap();
    smsc.is("silent").await;
    // One slot of ten: the window is never full.
    gateway.send(&message("1", "x")).await.unwrap_err();
    tokio::time::sleep(Duration::from_millis(800)).await;
    smsc.is("takes").await;
    gateway.send(&message("2", "x")).await.unwrap();
    assert_eq!(smsc.count("binds").await, 2, "the silent session was left");
}
