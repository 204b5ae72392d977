//! Operators with interfaces of their own: what they are handed, and how their answers are read.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use preau::base::clock::Span;
use preau::config::{AnswerRule, Config, HttpGatewayConfig, Outgoing, SmsGatewayConfig};
use preau::sms::{self, SmsGateway, SmsMessage, SmsSendError};
use tokio::net::TcpListener;

use crate::support::{Browser, TestFamily, TestServer, deployment::MONOD};

/// A request as it arrived.
#[derive(Clone, Debug)]
struct ReceivedRequest {
    line: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl ReceivedRequest {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// An operator's answer: a status and a body; 0 is silence, 1 the status 200 and a body that breaks off.
type OperatorAnswer = (u16, String);

#[derive(Default)]
struct OperatorState {
    received: Vec<ReceivedRequest>,
    answers: Vec<OperatorAnswer>,
}

/// An operator on this machine: the last of its answers is repeated.
#[derive(Clone)]
struct FakeOperator {
    base: String,
    state: Arc<Mutex<OperatorState>>,
}

impl FakeOperator {
    async fn start(answers: &[(u16, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::<Mutex<OperatorState>>::default();
        state.lock().unwrap().answers = answers.iter().rev().map(|(s, b)| (*s, (*b).to_owned())).collect();
        let routes = Router::new().fallback(answer).with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { base, state }
    }

    fn received(&self) -> Vec<ReceivedRequest> {
        self.state.lock().unwrap().received.clone()
    }

    /// Opens a gateway to this operator instead of the one of the settings.
    fn gateway(&self, http: &HttpGatewayConfig) -> Arc<dyn SmsGateway> {
        let mut http = Box::new(http.clone());
        let host = http.url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        http.url = http.url.replacen(&host, &self.base, 1);
        sms::open_gateway(&SmsGatewayConfig::Http(http), &Outgoing::default()).unwrap()
    }
}

async fn answer(State(state): State<Arc<Mutex<OperatorState>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let headers = parts.headers.iter().map(|(n, v)| (n.to_string(), v.to_str().unwrap().to_owned())).collect();
    let body = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
    let (status, text) = {
        let mut state = state.lock().unwrap();
        state.received.push(ReceivedRequest { line: format!("{} {}", parts.method, parts.uri), headers, body });
        if state.answers.len() > 1 { state.answers.pop().unwrap() } else { state.answers[0].clone() }
    };
    match status {
        0 => std::future::pending().await,
        1 => ([("content-length", "1000")], Bytes::from(text)).into_response(),
        status => (StatusCode::from_u16(status).unwrap(), text).into_response(),
    }
}

/// Loads an example of `config/examples/sms`, with `key` in the files that it names.
fn example(name: &str) -> Box<HttpGatewayConfig> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/examples/sms").join(name);
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    for file in text.split('"').filter_map(|word| word.strip_prefix("/etc/preau/")) {
        let content = if file.contains("receipts") { "0123456789abcdef0123456789abcdef" } else { "Bearer key" };
        std::fs::write(folder.path().join(file), format!("{content}\n")).unwrap();
    }
    std::fs::write(folder.path().join("preau.toml"), text.replace("/etc/preau", folder.path().to_str().unwrap()))
        .unwrap();
    let config = Config::load(Some(&folder.path().join("preau.toml"))).unwrap();
    let SmsGatewayConfig::Http(http) = config.sms.gateway else { panic!("{name}") };
    http
}

fn message() -> SmsMessage {
    SmsMessage {
        id: "0193".to_owned(),
        to: "+33639980001".to_owned(),
        text: "Mon compte École : « 123456 » & \"fin\"\n@id.example #123456".to_owned(),
        validity: Span::minutes(30),
    }
}

/// Sends the message, and names the outcome as a worker would treat it.
async fn outcome(gateway: &Arc<dyn SmsGateway>) -> (&'static str, String) {
    match gateway.send(&message()).await {
        Ok(_) => ("taken", String::new()),
        Err(SmsSendError::Throttled { why }) => ("later", why),
        Err(SmsSendError::NumberRejected { why }) => ("number", why),
        Err(SmsSendError::Deployment { why, uncertain: true }) => ("uncertain", why),
        Err(SmsSendError::Deployment { why, uncertain: false }) => ("retry", why),
    }
}

async fn outcomes_of(http: &HttpGatewayConfig, cases: &[(u16, &str, &str)]) {
    for (status, body, wanted) in cases {
        let operator = FakeOperator::start(&[(*status, *body)]).await;
        let (what, why) = outcome(&operator.gateway(http)).await;
        assert_eq!(what, *wanted, "{status} {body}: {why}");
        assert!(!why.contains("33639980001") && !why.contains("123456"), "{why}");
    }
}

#[tokio::test]
async fn the_example_with_json_sends_what_its_operator_reads_and_understands_its_answers() {
    let http = example("smsfactor.toml");
    let operator = FakeOperator::start(&[(200, r#"{"status":1,"message":"OK","sent":1}"#)]).await;
    let gateway = operator.gateway(&http);
    assert_eq!(outcome(&gateway).await.0, "taken");
    let [request] = &operator.received()[..] else { panic!() };
    assert_eq!(request.line, "POST /send");
    for (name, value) in
        [("authorization", "Bearer key"), ("accept", "application/json"), ("content-type", "application/json")]
    {
        assert_eq!(request.header(name), Some(value), "{request:?}");
    }
    let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(body["sms"]["message"]["text"], message().text);
    assert_eq!(body["sms"]["recipients"]["gsm"][0]["value"], "33639980001");
    assert_eq!(body["sms"]["recipients"]["gsm"][0]["gsmsmsid"], "0193");
    assert!(!gateway.is_idempotent(), "its reference is not compared with earlier ones");
    outcomes_of(
        &http,
        &[
            (200, r#"{"status":-8,"sent":1}"#, "taken"),
            (200, r#"{"status":1,"sent":0,"npai":1}"#, "number"),
            (200, r#"{"status":-1,"message":"Authentication error"}"#, "retry"),
            (200, r#"{"status":-3,"message":"Not enough credits"}"#, "retry"),
            (200, r#"{"status":"+33639980001 123456"}"#, "retry"),
            (503, "", "retry"),
            (401, "", "retry"),
            // Its front gave up waiting: what stands behind it may have taken the message.
            (500, "oops", "uncertain"),
            (502, "", "uncertain"),
            (504, "", "uncertain"),
            (408, "", "uncertain"),
            // What it took is not known: a page of a proxy, or half an answer.
            (200, "<html>please wait</html>", "uncertain"),
            (200, "", "uncertain"),
            (200, r#"{"sta"#, "uncertain"),
            (1, r#"{"status":1"#, "uncertain"),
        ],
    )
    .await;
    let (_, why) = outcome(&FakeOperator::start(&[(200, r#"{"status":-3}"#)]).await.gateway(&http)).await;
    assert_eq!(why, "the gateway answers 200 OK, /status is \"-3\"", "operators read the gateway's own word");
}

#[tokio::test]
async fn the_example_with_a_form_sends_what_its_operator_reads_and_understands_its_answers() {
    let http = example("twilio.toml");
    let operator = FakeOperator::start(&[(201, r#"{"sid":"SM1","status":"queued"}"#)]).await;
    assert_eq!(outcome(&operator.gateway(&http)).await.0, "taken");
    let [request] = &operator.received()[..] else { panic!() };
    assert!(request.line.starts_with("POST /2010-04-01/Accounts/AC000") && request.line.ends_with("/Messages.json"));
    assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
    // AC000…:Bearer key
    assert!(request.header("authorization").unwrap().starts_with("Basic QUMwMDAw"), "{request:?}");
    let fields: Vec<(String, String)> = form_urlencoded::parse(request.body.as_bytes()).into_owned().collect();
    let field = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
    assert_eq!(field("To"), Some("+33639980001".to_owned()));
    assert_eq!(field("Body"), Some(message().text));
    outcomes_of(
        &http,
        &[
            (400, r#"{"code":21211,"message":"Invalid 'To' Phone Number: +33639980001","status":400}"#, "number"),
            (400, r#"{"code":21610}"#, "number"),
            (400, r#"{"code":21606,"message":"The From number is not yours"}"#, "retry"),
            (400, "", "retry"),
            (401, r#"{"code":20003}"#, "retry"),
            (429, r#"{"code":20429}"#, "retry"),
            (201, r#"{"status":"failed"}"#, "retry"),
            (200, r#"{"status":"queued"}"#, "retry"),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_gateway_may_be_asked_by_get_with_its_key_in_the_address_and_is_looked_at_without_sending() {
    let mut http = HttpGatewayConfig::posting_json_to(
        "https://sms.example/http2sms.cgi?account=sms-1&password={secret}&to={to}&message={text}&tag={id}".to_owned(),
    );
    http.method = "GET".to_owned();
    http.secret = Some("p&ss".to_owned().into());
    http.success =
        AnswerRule { json_pointer: Some("/status".to_owned()), equals: vec!["100".to_owned()], status: vec![] };
    let operator = FakeOperator::start(&[(200, r#"{"status":100}"#)]).await;
    let gateway = operator.gateway(&http);
    assert_eq!(outcome(&gateway).await.0, "taken");
    let said = gateway.check_reachable().await.unwrap();
    assert_eq!(said, "answers (200 OK)");
    let [request, look] = &operator.received()[..] else { panic!() };
    assert!(
        request
            .line
            .starts_with("GET /http2sms.cgi?account=sms-1&password=p%26ss&to=%2B33639980001&message=Mon%20compte"),
        "{}",
        request.line
    );
    assert!(request.line.ends_with("%0A%40id.example%20%23123456&tag=0193"), "{}", request.line);
    assert_eq!(request.body, "");
    assert_eq!(look.line, "HEAD /http2sms.cgi", "neither key nor number");
}

#[tokio::test]
async fn without_a_template_the_request_is_the_json_of_id_to_and_text() {
    let operator = FakeOperator::start(&[(202, "")]).await;
    let mut http = HttpGatewayConfig::posting_json_to("https://sms.example/messages?x={y".to_owned());
    http.authorization = Some("Bearer abc".to_owned().into());
    let gateway = operator.gateway(&http);
    assert_eq!(outcome(&gateway).await.0, "taken");
    let [request] = &operator.received()[..] else { panic!() };
    assert_eq!(request.line, "POST /messages?x={y");
    assert_eq!(
        request.body,
        "{\"id\":\"0193\",\"to\":\"+33639980001\",\"text\":\"Mon compte École : « 123456 » & \\\"fin\\\"\\n@id.example #123456\"}"
    );
    let mut names: Vec<&str> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "authorization", "content-length", "content-type", "host"]);
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert!(gateway.is_idempotent());
}

/// Receipts name either our id or the operator's own.
#[tokio::test]
async fn a_message_waits_for_its_receipt_by_the_id_that_the_receipt_will_name() {
    let operator = FakeOperator::start(&[(201, r#"{"sid":"SM1","status":"queued"}"#)]).await;
    let twilio = example("twilio.toml");
    let taken = async |change: fn(&mut HttpGatewayConfig)| {
        let mut http = twilio.clone();
        change(&mut http);
        operator.gateway(&http).send(&message()).await.unwrap()
    };
    assert_eq!(taken(|_| {}).await.as_deref(), Some("SM1"));
    assert_eq!(taken(|http| http.message_id = Some("/absent".to_owned())).await, None, "nothing to wait for");
    assert_eq!(
        taken(|http| {
            http.message_id = None;
            http.body = Some("To={to}&Body={text}&Reference={id}".to_owned());
        })
        .await
        .as_deref(),
        Some("0193")
    );
    assert_eq!(taken(|http| http.receipts = None).await, None);
}

#[tokio::test]
async fn faults_f1_a_gateway_that_says_nothing_is_left_in_its_time() {
    let operator = FakeOperator::start(&[(0, "")]).await;
    let mut http = HttpGatewayConfig::posting_json_to("https://sms.example/send".to_owned());
    http.timeout_seconds = 1;
    let gateway = operator.gateway(&http);
    let answer = tokio::time::timeout(Duration::from_secs(5), outcome(&gateway)).await.unwrap();
    assert_eq!(answer.0, "uncertain", "{}", answer.1);
    assert!(answer.1.contains("does not answer in time"), "{}", answer.1);
}

/// A parent at the page of the code, whose message went to an operator with these answers.
async fn parent_waiting(http: Box<HttpGatewayConfig>, answers: &[(u16, &str)]) -> (TestServer, FakeOperator, Browser) {
    let operator = FakeOperator::start(answers).await;
    let server = TestServer::start_with_gateway(operator.gateway(&http)).await;
    server.import_families("montpellier", MONOD, &[TestFamily::durand()]).await;
    server.open_campaign(MONOD).await;
    let mut browser = Browser::at_activation(&server).await;
    browser.identify(&TestFamily::durand()).await;
    server.drain_outbox().await;
    (server, operator, browser)
}

async fn advance_minutes(server: &TestServer, minutes: i64) {
    for _ in 0..minutes * 6 {
        server.advance(Span::seconds(10));
        server.drain_outbox().await;
    }
}

/// A gateway that takes every message and loses every answer: each repetition would be paid for, and read by a parent.
#[tokio::test]
async fn faults_f1_a_message_whose_answer_is_lost_goes_twice_at_most_to_who_does_not_know_it_again() {
    let lost = "<html>502</html>";
    let (server, operator, _browser) = parent_waiting(example("smsfactor.toml"), &[(200, lost)]).await;
    advance_minutes(&server, 35).await;
    assert_eq!(operator.received().len(), 2);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM outbox WHERE state = 'waiting' OR body IS NOT NULL").await, 0);
    let used = "SELECT COUNT(*) FROM budget WHERE action = 'sms_to_phone' AND marks <> ''";
    assert_eq!(server.query_count(used).await, 1, "it may have arrived, so it counts");

    let mut knows = example("smsfactor.toml");
    knows.idempotent = Some(true);
    let (server, operator, _browser) = parent_waiting(knows, &[(200, lost)]).await;
    advance_minutes(&server, 35).await;
    let all = operator.received();
    assert!(all.len() > 10, "{}", all.len());
    assert!(all.iter().all(|request| request.body == all[0].body), "one id: it is one message");
}

#[tokio::test]
async fn faults_f1_an_account_without_credit_is_an_outage_and_the_code_arrives_once_it_is_filled() {
    let no_credit = r#"{"status":-3,"message":"Not enough credits"}"#;
    let answers = [(200, no_credit), (200, no_credit), (200, no_credit), (200, r#"{"status":1,"sent":1}"#)];
    let (server, operator, mut browser) = parent_waiting(example("smsfactor.toml"), &answers).await;
    server.advance(Span::seconds(2));
    server.drain_outbox().await;
    server.advance(Span::seconds(4));
    server.drain_outbox().await;
    let outages = preau::otp::ops::active_outages(&server.app.db, server.now()).await.unwrap();
    assert_eq!(outages[0].detail, "the gateway answers 200 OK, /status is \"-3\"");
    advance_minutes(&server, 2).await;
    assert_eq!(operator.received().len(), 4);
    let body: serde_json::Value = serde_json::from_str(&operator.received()[3].body).unwrap();
    let text = body["sms"]["message"]["text"].as_str().unwrap().to_owned();
    browser.type_code(text.rsplit_once('#').unwrap().1).await;
    assert_eq!(browser.url.path(), "/activation/enfants");
}
