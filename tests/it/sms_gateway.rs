//! A gateway that is busy, away, or takes no message: nobody waits for it, and nobody is sent two messages for one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use preau::base::clock::Span;
use preau::config::{HttpGatewayConfig, Outgoing, SmsGatewayConfig};
use preau::sms::{self, SmsMessage};
use tokio::net::TcpListener;

use crate::support::{Browser, TestFamily, TestServer, deployment::MONOD};

/// What it was handed, and what it says to the next ones: 200 once nothing is left.
#[derive(Default)]
struct Operator {
    taken: Vec<SmsMessage>,
    says: VecDeque<u16>,
}

type Shared = Arc<Mutex<Operator>>;

async fn take(State(state): State<Shared>, Json(message): Json<SmsMessage>) -> StatusCode {
    let mut operator = state.lock().unwrap();
    operator.taken.push(message);
    StatusCode::from_u16(operator.says.pop_front().unwrap_or(200)).unwrap()
}

/// A parent at the page that waits for the code, and the gateway.
async fn waiting(says: &[u16]) -> (TestServer, Shared, Browser) {
    let operator = Shared::default();
    operator.lock().unwrap().says.extend(says);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/sms", listener.local_addr().unwrap());
    let routes = Router::new().route("/sms", post(take)).with_state(Arc::clone(&operator));
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    let http = HttpGatewayConfig::posting_json_to(url);
    let server =
        TestServer::start_with_gateway(sms::open_gateway(&SmsGatewayConfig::Http(http), &Outgoing::default()).unwrap())
            .await;
    server.import_families("montpellier", MONOD, &[TestFamily::durand()]).await;
    server.open_campaign(MONOD).await;
    let mut browser = Browser::at_activation(&server).await;
    browser.identify(&TestFamily::durand()).await;
    server.drain_outbox().await;
    (server, operator, browser)
}

fn taken(operator: &Shared) -> Vec<SmsMessage> {
    operator.lock().unwrap().taken.clone()
}

#[tokio::test]
async fn threat_s07_a_busy_gateway_is_handed_the_same_message_again_and_its_code_works() {
    let (server, operator, mut browser) = waiting(&[503, 429, 500]).await;
    assert_eq!(taken(&operator).len(), 1);
    server.drain_outbox().await;
    assert_eq!(taken(&operator).len(), 1, "not before its time");
    for seconds in [2, 4, 8] {
        server.advance(Span::seconds(seconds));
        server.drain_outbox().await;
    }
    let all = taken(&operator);
    assert_eq!(all.len(), 4);
    assert!(all.iter().all(|message| *message == all[0] && !message.id.is_empty()), "one id: it is one message");
    server.advance(Span::minutes(5));
    server.drain_outbox().await;
    assert_eq!(taken(&operator).len(), 4, "taken is taken");
    let code = all[0].text.rsplit_once('#').unwrap().1.to_owned();
    browser.type_code(&code).await;
    assert_eq!(browser.url.path(), "/activation/enfants", "{}", browser.page.visible_text());
}

#[tokio::test]
async fn a_gateway_that_is_away_is_tried_as_long_as_the_code_is_valid() {
    let (server, operator, mut browser) = waiting(&[503; 100]).await;
    for _ in 0..60 {
        server.advance(Span::minutes(1));
        server.drain_outbox().await;
    }
    let tries = taken(&operator).len();
    assert!((20..40).contains(&tries), "{tries}");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM outbox WHERE state = 'waiting'").await, 0, "given up");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM outbox WHERE body IS NOT NULL").await, 0, "and wiped");
    // The page knows nothing of it, as it knows of nobody (docs/threats.md#threat-s01): it says what to do where
    // nothing arrives.
    browser.reload().await;
    assert!(browser.page.status.as_u16() < 500);
}

#[tokio::test]
async fn a_message_that_no_gateway_will_take_is_not_tried_again() {
    let (server, operator, _browser) = waiting(&[400]).await;
    server.advance(Span::minutes(10));
    server.drain_outbox().await;
    assert_eq!(taken(&operator).len(), 1);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM outbox WHERE state = 'waiting'").await, 0);
}
