//! What gateways by HTTP say later of messages: who may say it, and what comes of it.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use preau::config::{Config, HttpGatewayConfig, ReceiptCallConfig, SmsGatewayConfig, SmsGatewayRole};
use preau::otp;
use serde_json::{Value, json};

use crate::support::{CapturedLog, TestFamily, TestResponse, TestServer, deployment::MONOD};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const WAITING_FOR_RECEIPTS: &str = "SELECT message_id FROM sms_handed ORDER BY message_id";

fn receipts(more: Value) -> ReceiptCallConfig {
    let mut all = json!({
        "secret": SECRET, "id": "/message/id", "status": "/message/state", "error": "/message/error",
        "delivered": "ok", "expired": "late", "failed": ["ko"], "number_errors": [21],
    });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(all).unwrap()
}

/// A server whose gateway took messages with the ids `a1` to `a9`.
async fn server_with(change: impl FnOnce(&mut Config)) -> TestServer {
    let server = TestServer::start_with_config(change).await;
    server.import_families("montpellier", MONOD, &[TestFamily::durand()]).await;
    let persons = server.query_texts("SELECT id FROM person").await;
    let persons = serde_json::to_string(&persons).unwrap();
    for n in 1..10 {
        let sql = "INSERT INTO sms_handed (gateway, message_id, persons, support_code, sent_at) \
                   VALUES ('primary', $1, $2, 'K7P-4MX', $3)";
        server.execute_sql(sql, vec![format!("a{n}").into(), persons.clone().into(), server.now().into()]).await;
    }
    server
}

fn with_receipts(config: &mut Config, receipts: ReceiptCallConfig) {
    let mut http = HttpGatewayConfig::posting_json_to("http://127.0.0.1:1/sms".to_owned());
    http.receipts = Some(receipts);
    config.sms.gateway = SmsGatewayConfig::Http(http);
}

async fn calls(server: &TestServer, path: &str, bearer: Option<&str>, body: &str) -> TestResponse {
    let mut request = Request::post(path).header("content-type", "application/json");
    if let Some(token) = bearer {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    server.call(request.body(Body::from(body.to_owned())).unwrap()).await
}

fn message(id: &str, state: &str, error: i64) -> String {
    json!({ "message": { "id": id, "state": state, "error": error, "to": "+33639980001" } }).to_string()
}

#[tokio::test]
async fn a_gateway_by_http_says_what_became_of_messages_by_its_secret_in_the_address_or_as_a_token() {
    let server = server_with(|config| with_receipts(config, receipts(json!({})))).await;
    let in_path = format!("/sms/receipts/primary/{SECRET}");
    let bearer = Some(SECRET);
    for (path, bearer, body) in [
        (in_path.as_str(), None, message("a1", "ok", 0)),
        ("/sms/receipts/primary", bearer, message("a2", "ko", 99)),
        ("/sms/receipts/primary", bearer, message("a3", "late", 0)),
        ("/sms/receipts/primary", bearer, message("a4", "queued", 0)),
    ] {
        let answer = calls(&server, path, bearer, &body).await;
        assert_eq!((answer.status, answer.bytes.len()), (StatusCode::NO_CONTENT, 0), "{body}");
    }
    assert_eq!(server.query_texts(WAITING_FOR_RECEIPTS).await, ["a4", "a5", "a6", "a7", "a8", "a9"]);
    assert_eq!(server.query_texts("SELECT kind FROM notice").await, [""; 0], "nothing spoke of the number");
    calls(&server, &in_path, None, &message("a5", "ko", 21)).await;
    assert_eq!(server.query_texts("SELECT kind FROM notice").await, ["unreachable"]);
    for id in ["a6", "a7"] {
        calls(&server, &in_path, None, &message(id, "ko", 99)).await;
    }
    let outages = otp::ops::active_outages(&server.app.db, server.now()).await.unwrap();
    let told: Vec<_> = outages.iter().map(|outage| format!("{}: {}", outage.reason.name(), outage.detail)).collect();
    assert_eq!(told, ["undelivered by primary: ko, error 99"]);
}

#[tokio::test]
async fn a_call_by_query_or_form_is_taken_too() {
    let fields = json!({ "id": "id", "status": "ptt", "error": null, "number_errors": [], "delivered": [1] });
    let server = server_with(|config| with_receipts(config, receipts(fields))).await;
    let path = format!("/sms/receipts/primary/{SECRET}");
    let by_query = server.get(&format!("{path}?id=a1&ptt=1&description=re%C3%A7u")).await;
    let by_form = server.post(&path, &[], &[("id", "a2"), ("ptt", "1")]).await;
    assert_eq!((by_query.status, by_form.status), (StatusCode::NO_CONTENT, StatusCode::NO_CONTENT));
    assert_eq!(server.query_texts(WAITING_FOR_RECEIPTS).await.len(), 7);
}

#[tokio::test]
async fn threat_s05_nobody_learns_from_receipts_what_is_there() {
    let server = server_with(|config| with_receipts(config, receipts(json!({})))).await;
    let log = CapturedLog::capture("info");
    let known = calls(&server, "/sms/receipts/primary", Some(SECRET), &message("a1", "ok", 0)).await;
    let unknown = calls(&server, "/sms/receipts/primary", Some(SECRET), &message("b1", "ok", 0)).await;
    assert_eq!((known.status, &known.bytes), (unknown.status, &unknown.bytes));
    assert!(log.text().contains("id=\"b1\""), "told to operators: {}", log.text());
    // Without the secret there is nothing, whatever is asked for.
    let nothing = server.get("/sms/receipts").await.status;
    let wrong = "0123456789abcdef0123456789abcdeg";
    let in_path = format!("/sms/receipts/primary/{wrong}");
    for (path, bearer) in [
        ("/sms/receipts/primary", None),
        ("/sms/receipts/primary", Some("")),
        ("/sms/receipts/primary", Some(wrong)),
        ("/sms/receipts/primary/", None),
        (in_path.as_str(), None),
        ("/sms/receipts/fallback", Some(SECRET)),
        ("/sms/receipts/voice", Some(SECRET)),
        ("/sms/receipts/other", Some(SECRET)),
    ] {
        let answer = calls(&server, path, bearer, &message("a2", "ok", 0)).await;
        assert_eq!((answer.status, nothing), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND), "{path} {bearer:?}");
    }
    calls(&server, &format!("/sms/receipts/primary/{SECRET}"), None, &message("a3", "ok", 0)).await;
    assert_eq!(server.query_texts(WAITING_FOR_RECEIPTS).await, ["a2", "a4", "a5", "a6", "a7", "a8", "a9"]);
    let text = log.text();
    assert!(!text.contains(SECRET) && !text.contains("+33639980001") && text.contains("path=/sms/receipts "), "{text}");
}

#[tokio::test]
async fn there_is_no_such_address_unless_it_is_configured() {
    let server = server_with(|_| {}).await;
    for path in ["/sms/receipts/primary", &format!("/sms/receipts/primary/{SECRET}")] {
        let answer = calls(&server, path, Some(SECRET), &message("a1", "ok", 0)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_call_that_is_too_long_unreadable_or_not_written_is_refused_and_loses_nothing() {
    let server = server_with(|config| with_receipts(config, receipts(json!({})))).await;
    let path = format!("/sms/receipts/primary/{SECRET}");
    let long = format!("{{\"message\": {{\"id\": \"a1\", \"state\": \"ok\", \"x\": \"{}\"}}}}", "x".repeat(70_000));
    for (body, status) in [
        (long.as_str(), StatusCode::PAYLOAD_TOO_LARGE),
        ("", StatusCode::BAD_REQUEST),
        ("{", StatusCode::BAD_REQUEST),
        ("{\"message\": {\"id\": \"a1\"}}", StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(calls(&server, &path, None, body).await.status, status);
    }
    server.execute_sql("ALTER TABLE sms_handed RENAME TO sms_hidden", vec![]).await;
    let answer = calls(&server, &path, None, &message("a1", "ok", 0)).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "the gateway calls again");
    server.execute_sql("ALTER TABLE sms_hidden RENAME TO sms_handed", vec![]).await;
    assert_eq!(server.query_texts(WAITING_FOR_RECEIPTS).await.len(), 9);
    assert_eq!(server.app.config.sms.section_of(SmsGatewayRole::Primary), "sms.http");
}

async fn signed_call(server: &TestServer, header: &str, signature: &str, body: &str) -> StatusCode {
    let request = Request::post("/sms/receipts/primary")
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {SECRET}"))
        .header(header, signature);
    server.call(request.body(Body::from(body.to_owned())).unwrap()).await.status
}

#[tokio::test]
async fn threat_s05_a_call_with_several_receipts_is_taken_as_it_was_signed_and_not_otherwise() {
    const KEY: &str = "the gateway's own key";
    let more = json!({
        "hmac_secret": KEY, "hmac_header": "X-Gateway-Signature", "list": "/results",
        "id": "/id", "status": "/state", "error": null, "number_errors": [],
    });
    let server = server_with(|config| with_receipts(config, receipts(more))).await;
    let body = json!({ "results": [
        { "id": "a1", "state": "ok" }, { "id": "a2" }, { "id": "b9", "state": "ok" }, { "id": "a3", "state": "late" },
    ] })
    .to_string();
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, KEY.as_bytes());
    let tag = aws_lc_rs::hmac::sign(&key, body.as_bytes());
    let hex = tag.as_ref().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    let other = aws_lc_rs::hmac::sign(&key, b"another body");
    let wrong = other.as_ref().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    for (header, signature) in [
        ("X-Gateway-Signature", ""),
        ("X-Gateway-Signature", &wrong),
        ("X-Signature", &hex),
        ("X-Gateway-Signature", "é"),
    ] {
        assert_eq!(signed_call(&server, header, signature, &body).await, StatusCode::NOT_FOUND, "{header} {signature}");
    }
    assert_eq!(server.query_texts(WAITING_FOR_RECEIPTS).await.len(), 9);
    let signature = format!("sha256={hex}");
    assert_eq!(signed_call(&server, "X-Gateway-Signature", &signature, &body).await, StatusCode::NO_CONTENT);
    assert_eq!(server.query_texts(WAITING_FOR_RECEIPTS).await, ["a2", "a4", "a5", "a6", "a7", "a8", "a9"]);
    let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, tag.as_ref());
    assert_eq!(signed_call(&server, "x-gateway-signature", &base64, &body).await, StatusCode::NO_CONTENT, "repeated");
}

#[tokio::test]
async fn threat_s07_a_number_that_nobody_has_says_nothing_against_its_academy() {
    let server = server_with(|config| with_receipts(config, receipts(json!({})))).await;
    let slot = server.now().0.div_euclid(300_000);
    let sql = "INSERT INTO sms_academy_traffic (academy, slot, sent, entered) VALUES ('montpellier', $1, 60, 20)";
    server.execute_sql(sql, vec![slot.into()]).await;
    let counted = "UPDATE sms_handed SET academy = 'montpellier' WHERE message_id IN ('a1', 'a2')";
    server.execute_sql(counted, vec![]).await;
    let sent = "SELECT CAST(sent AS TEXT) FROM sms_academy_traffic";
    let path = format!("/sms/receipts/primary/{SECRET}");
    calls(&server, &path, None, &message("a1", "late", 0)).await;
    calls(&server, &path, None, &message("a3", "ko", 21)).await;
    assert_eq!(server.query_texts(sent).await, ["60"], "not reached in time, or not counted");
    for _ in 0..2 {
        calls(&server, &path, None, &message("a2", "ko", 21)).await;
    }
    assert_eq!(server.query_texts(sent).await, ["59"], "once");
}
