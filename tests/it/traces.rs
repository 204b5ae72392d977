//! Traces: what a collector gets, that nobody stands in it, and that a collector which is away delays nobody.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::{Request, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use preau::bootstrap;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::support::people::PASSWORD;
use crate::support::{Browser, LogoutReceiver, TestFamily, TestRelyingParty, TestServer};

const CALLER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

type Received = Arc<Mutex<Vec<Value>>>;

/// A collector that keeps what it gets.
async fn collector() -> (String, Received) {
    async fn take(State(received): State<Received>, Json(body): Json<Value>) -> StatusCode {
        received.lock().unwrap().push(body);
        StatusCode::OK
    }
    let received = Received::default();
    let routes = Router::new().route("/v1/traces", post(take)).with_state(Arc::clone(&received));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/v1/traces", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    (endpoint, received)
}

async fn start(endpoint: &str) -> TestServer {
    let endpoint = endpoint.to_owned();
    TestServer::start_with_config(move |config| {
        config.traces.endpoint = endpoint;
        config.traces.sample_percent = 100;
    })
    .await
}

/// Runs the background work to its end, which sends what waits.
async fn run_workers(server: &TestServer) {
    let (tell, stop) = watch::channel(false);
    let mut work = bootstrap::spawn_workers(&server.app, &stop);
    tell.send_replace(true);
    let ended = tokio::time::timeout(Duration::from_secs(60), async { while work.join_next().await.is_some() {} });
    assert!(ended.await.is_ok(), "the workers did not end");
}

fn spans(received: &Received) -> Vec<Value> {
    let all = received.lock().unwrap().clone();
    all.iter().flat_map(|body| body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().clone()).collect()
}

fn attribute<'a>(span: &'a Value, key: &str) -> &'a Value {
    let all = span["attributes"].as_array().unwrap();
    all.iter().find(|attribute| attribute["key"] == key).map_or(&Value::Null, |attribute| &attribute["value"])
}

#[tokio::test]
async fn a_collector_gets_requests_and_jobs_of_a_trace_and_no_person() {
    let (endpoint, received) = collector().await;
    let server = start(&endpoint).await;
    let family = TestFamily::durand();
    server.import_families("montpellier", crate::support::deployment::MONOD, std::slice::from_ref(&family)).await;
    server.open_campaign(crate::support::deployment::MONOD).await;
    let request = Request::get("/connexion?identifiant=a.durand55").header("traceparent", CALLER);
    server.call(request.body(Body::empty()).unwrap()).await;
    server.get("/nulle-part/secret").await;
    let mut browser = Browser::at_activation(&server).await;
    let identifiant = browser.activate(&server, &family).await;
    run_workers(&server).await;

    let spans = spans(&received);
    let named = |name: &str| spans.iter().filter(|span| span["name"] == name).collect::<Vec<_>>();
    let joined = spans.iter().find(|span| span["traceId"] == "4bf92f3577b34da6a3ce929d0e0e4736").unwrap();
    assert!(joined["name"] == "GET /connexion" && joined["kind"] == 2, "{joined}");
    assert_eq!(joined["parentSpanId"], "00f067aa0ba902b7");
    assert_eq!(attribute(joined, "http.response.status_code")["intValue"], "200");
    assert_eq!(attribute(joined, "preau.outcome")["stringValue"], "ok");
    let nanos = |key: &str| joined[key].as_str().unwrap().parse::<u128>().unwrap();
    assert!(nanos("endTimeUnixNano") >= nanos("startTimeUnixNano"));
    assert_eq!(nanos("startTimeUnixNano") / 1_000_000, u128::try_from(crate::support::server::START_TIME.0).unwrap());
    for name in ["GET none", "POST /activation", "POST /activation/code", "job find_and_send", "job sms"] {
        assert!(!named(name).is_empty(), "{name}: {spans:?}");
    }
    let asked = named("POST /activation").remove(0);
    let found = named("job find_and_send").remove(0);
    assert_eq!((&found["traceId"], &found["parentSpanId"]), (&asked["traceId"], &asked["spanId"]), "what caused it");
    let text = serde_json::to_string(&spans).unwrap();
    for canary in [identifiant.as_str(), PASSWORD, family.nom, family.prenom, "+33", "durand", "nulle-part"] {
        assert!(!text.contains(canary), "{canary}: {text}");
    }
}

#[tokio::test]
async fn a_collector_that_is_away_costs_spans_and_nothing_else() {
    let server = start("http://127.0.0.1:9/v1/traces").await;
    assert_eq!(server.get("/connexion").await.status, StatusCode::OK);
    run_workers(&server).await;
    assert_eq!(server.get("/connexion").await.status, StatusCode::OK);
    assert_eq!(server.app.tracer.as_ref().unwrap().take().0.len(), 1, "those before were given up");
    assert!(TestServer::start().await.app.tracer.is_none(), "without a collector");
}

#[tokio::test]
async fn threat_s14_two_relying_parties_get_no_common_value_with_a_sign_out() {
    let (endpoint, received) = collector().await;
    let server = start(&endpoint).await;
    let receiver = LogoutReceiver::start().await;
    receiver.register_clients(&server, &["ent", "bourses"]).await;
    let member = server.create_durand().await;
    let mut browser = Browser::new(&server);
    for client in ["ent", "bourses"] {
        TestRelyingParty::new(&server, client).sign_in(&mut browser, &member).await;
    }
    browser.open("/compte").await;
    browser.submit("se-deconnecter", &[]).await;
    browser.follow().await;
    server.drain_outbox().await;
    run_workers(&server).await;

    let calls = receiver.calls();
    assert_eq!(receiver.called_clients(), ["bourses", "ent"]);
    // What every call has, whoever is signed out.
    let usual = ["accept", "content-length", "content-type", "host", "user-agent"];
    for call in &calls {
        let names: Vec<&str> = call.headers.keys().map(axum::http::HeaderName::as_str).collect();
        assert!(names.iter().all(|name| usual.contains(name)), "{names:?}");
    }
    let [first, second] = [0, 1].map(|at| calls[at].claims());
    for name in ["sub", "sid", "jti"] {
        assert!(first[name].is_string() && first[name] != second[name], "{name}: {first} {second}");
    }
    // The calls are traced all the same.
    assert!(spans(&received).iter().any(|span| span["name"] == "call"));
}

#[tokio::test]
async fn a_browsers_trace_decides_nothing_behind_a_proxy_that_hands_it_on() {
    let (endpoint, _) = collector().await;
    for (decides, sent) in [(false, 0), (true, 1)] {
        let endpoint = endpoint.clone();
        let server = TestServer::start_with_config(move |config| {
            config.traces.endpoint = endpoint;
            config.traces.sample_percent = 100;
            config.traces.trust_proxy_decision = decides;
            config.server.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        })
        .await;
        let mut request = Request::get("/connexion").header("traceparent", CALLER.replace("-01", "-00"));
        request = request.extension(ConnectInfo(SocketAddr::from(([10, 0, 0, 1], 4_000))));
        server.call(request.body(Body::empty()).unwrap()).await;
        let spans = server.app.tracer.as_ref().unwrap().take().0;
        assert_eq!(spans.len(), 1 - sent, "trusted: {decides}");
    }
}
