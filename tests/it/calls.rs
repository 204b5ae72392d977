//! A code spoken by a call: for the landline that a school wrote where a mobile should stand, and for no other number.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU16, Ordering};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use preau::base::clock::Span;
use preau::config::{HttpGatewayConfig, SmsGatewayConfig};
use preau::otp;
use preau::sms::SmsMessage;
use tokio::net::TcpListener;

use crate::support::deployment::MONOD;
use crate::support::{Browser, TestFamily, TestServer};

/// An interface that calls, and answers every request with one status until that is changed.
#[derive(Clone)]
struct CallingGateway {
    status: Arc<AtomicU16>,
    calls: Arc<Mutex<Vec<SmsMessage>>>,
}

async fn take(State(gateway): State<CallingGateway>, Json(message): Json<SmsMessage>) -> StatusCode {
    let status = StatusCode::from_u16(gateway.status.load(Ordering::SeqCst)).unwrap();
    if status.is_success() {
        gateway.calls.lock().unwrap().push(message);
    }
    status
}

impl CallingGateway {
    fn calls(&self) -> Vec<SmsMessage> {
        self.calls.lock().unwrap().clone()
    }
}

/// A collège with a parent who has a landline, one with a mobile, and an interface that calls.
async fn start() -> (TestServer, CallingGateway) {
    let gateway = CallingGateway { status: Arc::new(AtomicU16::new(200)), calls: Arc::default() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/call", listener.local_addr().unwrap());
    let routes = Router::new().route("/call", post(take)).with_state(gateway.clone());
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    let server = TestServer::start_with_config(|config| {
        config.sms.voice = Some(SmsGatewayConfig::Http(HttpGatewayConfig::posting_json_to(url)));
    })
    .await;
    server.import_families("montpellier", MONOD, &[landry(), TestFamily::durand()]).await;
    server.open_campaign(MONOD).await;
    (server, gateway)
}

fn landry() -> TestFamily {
    TestFamily {
        key: 580_001,
        nom: "LANDRY",
        prenom: "Gérard",
        phone: "04 67 12 34 56",
        children: vec![(980_001, "Zélie", "16/04/2013", "6 A")],
    }
}

fn stranger() -> TestFamily {
    TestFamily { nom: "INCONNU", ..landry() }
}

/// Asks for a call on the page of the code.
async fn asks_for_call(server: &TestServer, browser: &mut Browser) {
    let button = if browser.page.has_element("#appel") { "appel" } else { "renvoyer" };
    browser.submit(button, &[]).await;
    browser.follow().await;
    server.drain_outbox().await;
}

/// The six digits that a call says, each of them alone, twice.
fn spoken_code(text: &str) -> String {
    let groups: Vec<String> = text
        .split(". ")
        .filter_map(|sentence| sentence.split_once('\u{a0}').map(|(_, said)| said.trim_start_matches([':', ' '])))
        .filter(|said| said.contains(", "))
        .map(|said| said.split(", ").collect())
        .collect();
    let [first, again] = &groups[..] else { panic!("{text}") };
    assert_eq!(first, again, "{text}");
    assert!(first.len() == 6 && first.bytes().all(|b| b.is_ascii_digit()), "{text}");
    first.clone()
}

fn says(browser: &Browser, words: &str) -> bool {
    browser.page.visible_text().replace('\u{a0}', " ").contains(words)
}

fn page_text(browser: &Browser) -> String {
    let text = browser.page.visible_text();
    let after = text.split("Code d'assistance").nth(1).unwrap_or_default();
    let code: String = after.chars().skip_while(|c| !c.is_ascii_uppercase() && !c.is_ascii_digit()).take(7).collect();
    text.replace(&code, "")
}

#[tokio::test]
async fn a_parent_with_a_landline_hears_the_code_and_activates_the_account() {
    let (server, gateway) = start().await;
    let mut browser = Browser::at_activation(&server).await;
    assert!(browser.page.visible_text().contains("Pas de portable"), "{}", browser.page.visible_text());
    browser.identify(&landry()).await;
    server.drain_outbox().await;
    // It does not ring before somebody is beside it.
    assert_eq!(gateway.calls(), []);
    assert!(browser.page.has_element("#appel") && !browser.page.has_element("#code"));
    assert!(browser.page.visible_text().contains("Recevoir un appel"));
    asks_for_call(&server, &mut browser).await;
    assert_eq!(server.messages(), [], "no SMS goes to a landline");
    let [call] = &gateway.calls()[..] else { panic!("{:?}", gateway.calls()) };
    assert_eq!(call.to, "+33467123456");
    let text = browser.page.visible_text();
    assert!(text.contains("34\u{a0}56") || text.contains("34 56"), "{text}");
    browser.type_code(&spoken_code(&call.text)).await;
    assert_eq!(browser.url.path(), "/activation/enfants", "{}", browser.page.visible_text());
    browser.answer_children(&["16/04/2013"]).await;
    let identifiant = browser.shown_identifiant();
    browser.choose_password("Cheval-7-bleu").await;
    assert_eq!(browser.url.path(), "/activation/terminee");
    let mut elsewhere = Browser::new(&server);
    elsewhere.get("/connexion").await;
    elsewhere.sign_in_with(&identifiant, "Cheval-7-bleu").await;
    elsewhere.follow().await;
    assert!(elsewhere.has_session());
    // In the database the number is sealed.
    let rows =
        server.query_texts("SELECT COALESCE(landline, '') || phone_state FROM person WHERE landline IS NOT NULL");
    let rows = rows.await;
    assert!(rows.len() == 1 && !rows[0].contains("467123456") && rows[0].ends_with("unusable"), "{rows:?}");
}

#[tokio::test]
async fn threat_s05_a_landline_of_nobody_gets_the_same_pages_and_no_call() {
    let (server, gateway) = start().await;
    let mut known = Browser::at_activation(&server).await;
    known.identify(&landry()).await;
    let mut unknown = Browser::at_activation(&server).await;
    unknown.identify(&stranger()).await;
    assert_eq!(page_text(&known), page_text(&unknown));
    asks_for_call(&server, &mut known).await;
    asks_for_call(&server, &mut unknown).await;
    assert_eq!(page_text(&known), page_text(&unknown));
    for code in ["123 456", "12"] {
        for browser in [&mut known, &mut unknown] {
            browser.submit("continuer", &[("code", code)]).await;
        }
        assert_eq!(page_text(&known), page_text(&unknown));
    }
    assert_eq!(gateway.calls().len(), 1);
    // A mobile of the roster is never called, and a landline never gets an SMS.
    let mut mobile = Browser::at_activation(&server).await;
    mobile.identify(&TestFamily::durand()).await;
    server.drain_outbox().await;
    assert!(!mobile.page.has_element("#appel"));
    assert_eq!(gateway.calls().len(), 1);
    assert_eq!(server.messages().iter().map(|message| message.to.as_str()).collect::<Vec<_>>(), ["+33639980001"]);
}

#[tokio::test]
async fn threat_s07_a_landline_has_the_budgets_of_a_mobile() {
    let (server, gateway) = start().await;
    let mut browser = Browser::at_activation(&server).await;
    browser.identify(&landry()).await;
    for wanted in [1, 2, 3, 3] {
        asks_for_call(&server, &mut browser).await;
        assert_eq!(gateway.calls().len(), wanted, "three for one challenge");
        server.advance(Span::minutes(3));
    }
    for _ in 0..4 {
        let mut other = Browser::at_activation(&server).await;
        other.identify_as(landry().nom, landry().prenom, landry().phone).await;
        other.follow().await;
        if other.page.has_element("#appel") {
            asks_for_call(&server, &mut other).await;
        }
    }
    assert_eq!(gateway.calls().len(), 5, "five for one number in a day");
    let sent = otp::ops::sent_today(&mut server.app.db.read().await.unwrap(), server.now()).await.unwrap();
    assert_eq!(sent, 5, "on the cap of the day");
}

#[tokio::test]
async fn faults_f1_a_call_that_cannot_leave_is_kept_told_and_free() {
    let (server, gateway) = start().await;
    gateway.status.store(503, Ordering::SeqCst);
    let mut browser = Browser::at_activation(&server).await;
    browser.identify(&landry()).await;
    asks_for_call(&server, &mut browser).await;
    for _ in 0..12 {
        server.advance(Span::seconds(20));
        server.drain_outbox().await;
    }
    let all = otp::ops::active_outages(&server.app.db, server.now()).await.unwrap();
    assert_eq!(all.iter().map(|outage| outage.reason.name()).collect::<Vec<_>>(), ["voice"]);
    browser.reload().await;
    assert!(browser.page.visible_text().contains("Les appels partent avec du retard"));
    // SMS are none of it.
    let mut mobile = Browser::at_activation(&server).await;
    mobile.identify(&TestFamily::durand()).await;
    server.drain_outbox().await;
    mobile.reload().await;
    assert_eq!(server.messages().len(), 1);
    assert!(!mobile.page.visible_text().contains("avec du retard"), "{}", mobile.page.visible_text());
    gateway.status.store(200, Ordering::SeqCst);
    for _ in 0..6 {
        server.advance(Span::seconds(20));
        server.drain_outbox().await;
    }
    let [call] = &gateway.calls()[..] else { panic!("{:?}", gateway.calls()) };
    browser.reload().await;
    browser.type_code(&spoken_code(&call.text)).await;
    assert_eq!(browser.url.path(), "/activation/enfants", "{}", browser.page.visible_text());
    assert!(otp::ops::active_outages(&server.app.db, server.now()).await.unwrap().is_empty());
}

/// Whoever knows a name and a number must not have a family woken.
#[tokio::test]
async fn threat_s07_no_telephone_rings_at_night_and_the_page_is_that_of_everybody() {
    let (server, gateway) = start().await;
    // 20 h 58 in Paris: asked for in time.
    server.advance(Span::minutes(10 * 60 + 58));
    let mut early = Browser::at_activation(&server).await;
    early.identify(&landry()).await;
    early.submit("appel", &[]).await;
    early.follow().await;
    // It is late when the message would leave.
    server.advance(Span::minutes(3));
    server.drain_outbox().await;
    assert_eq!(gateway.calls(), []);
    early.reload().await;
    assert!(early.page.has_element("#code") && !early.page.has_element("#renvoyer"));
    assert!(says(&early, "demain à partir de 8 h"), "{}", early.page.visible_text());
    server.advance(Span::minutes(30));
    server.drain_outbox().await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM outbox WHERE state = 'waiting'").await, 0, "given up");
    let used = "SELECT COUNT(*) FROM budget WHERE action = 'sms_to_phone' AND marks <> ''";
    assert_eq!(server.query_count(used).await, 0, "and free");

    let mut known = Browser::at_activation(&server).await;
    known.identify(&landry()).await;
    let mut unknown = Browser::at_activation(&server).await;
    unknown.identify(&stranger()).await;
    for browser in [&known, &unknown] {
        assert!(!browser.page.has_element("#appel") && !browser.page.has_element("#code"));
        assert!(says(browser, "demain à partir de 8 h"), "{}", browser.page.visible_text());
    }
    assert_eq!(page_text(&known), page_text(&unknown));
    // A page of before 21 h still has its button.
    for browser in [&mut known, &mut unknown] {
        browser.post("/activation/code/renvoyer", &[]).await;
        browser.follow().await;
        server.drain_outbox().await;
    }
    assert_eq!(page_text(&known), page_text(&unknown));
    assert_eq!(gateway.calls(), []);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM outbox WHERE state = 'waiting'").await, 0, "nothing waits");
    // A mobile is written to at any hour: nobody is woken who asked.
    let mut mobile = Browser::at_activation(&server).await;
    mobile.identify(&TestFamily::durand()).await;
    server.drain_outbox().await;
    assert_eq!(server.messages().len(), 1);
    // 7 h 59 and 8 h.
    server.advance(Span::minutes(10 * 60 + 28));
    let mut morning = Browser::at_activation(&server).await;
    morning.identify(&landry()).await;
    assert!(morning.page.visible_text().contains("aujourd'hui à partir de 8 h"), "{}", morning.page.visible_text());
    server.advance(Span::minutes(1));
    morning.reload().await;
    asks_for_call(&server, &mut morning).await;
    assert_eq!(gateway.calls().len(), 1);
}

#[tokio::test]
async fn without_an_interface_that_calls_a_landline_is_neither_kept_nor_taken() {
    let server = TestServer::start_with_open_campaign(&[landry()]).await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM person WHERE landline IS NOT NULL").await, 0);
    let mut browser = Browser::at_activation(&server).await;
    assert!(!browser.page.visible_text().contains("Pas de portable"));
    let page = browser.identify_as("LANDRY", "Gérard", "04 67 12 34 56").await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.visible_text().contains("n'est pas celui d'un portable"), "{}", page.visible_text());
}

/// A number that the school replaces is unproven again: whoever has the new one does not enter an account at once.
#[tokio::test]
async fn threat_s13_another_landline_opens_no_account_for_three_days() {
    let (server, gateway) = start().await;
    let mut browser = Browser::at_activation(&server).await;
    browser.identify(&landry()).await;
    asks_for_call(&server, &mut browser).await;
    browser.type_code(&spoken_code(&gateway.calls()[0].text)).await;
    browser.answer_children(&["16/04/2013"]).await;
    browser.choose_password("Cheval-7-bleu").await;
    server.advance(Span::hours(100));
    let moved = TestFamily { phone: "04 67 65 43 21", ..landry() };
    server.import_families("montpellier", MONOD, &[moved.clone(), TestFamily::durand()]).await;
    let mut other = Browser::at_activation(&server).await;
    other.identify(&moved).await;
    asks_for_call(&server, &mut other).await;
    let call = gateway.calls().pop().unwrap();
    assert_eq!(call.to, "+33467654321");
    other.type_code(&spoken_code(&call.text)).await;
    let text = other.page.visible_text();
    assert!(!text.contains("g.landry"), "{text}");
    assert!(text.contains("Votre numéro vient de changer"), "{text}");
}
