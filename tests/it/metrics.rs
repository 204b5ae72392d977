//! `/metrics` of the operations listener: what is counted, and that nobody is in it.

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use preau::base::clock::Span;
use preau::router;
use tower::ServiceExt as _;

use crate::support::deployment::MONOD;
use crate::support::people::PASSWORD;
use crate::support::{Browser, TestFamily, TestRelyingParty, TestServer};

async fn metrics(server: &TestServer) -> String {
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    let answer = router::operations(server.app.clone()).oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/plain; version=0.0.4; charset=utf-8");
    String::from_utf8(to_bytes(answer.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
}

/// The value of a series; 0 where it was never counted.
fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().unwrap())
}

#[tokio::test]
async fn sign_ins_requests_and_limits_are_counted() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let mut browser = Browser::new(&server);
    TestRelyingParty::new(&server, "ent").sign_in(&mut browser, &member).await;
    for _ in 0..6 {
        let mut stranger = Browser::new(&server);
        stranger.open("/connexion").await;
        stranger.sign_in_with(&member.identifiant, "Faux-1-faux").await;
    }
    for path in ["/nulle-part/00001", "/nulle-part/00002", "/clients/ent/logo", "/clients/nobody/logo"] {
        server.get(path).await;
    }
    let text = metrics(&server).await;
    for (series, least) in [
        ("preau_sign_ins_total{outcome=\"done\"}", 1.0),
        ("preau_sign_ins_total{outcome=\"wrong\"}", 5.0),
        ("preau_sign_ins_total{outcome=\"waiting\"}", 1.0),
        ("preau_limited_total{action=\"password\",reason=\"budget\"}", 1.0),
        ("preau_http_requests_total{route=\"none\",method=\"GET\",class=\"4xx\"}", 2.0),
        ("preau_http_requests_total{route=\"/clients/{client_id}/logo\",method=\"GET\",class=\"4xx\"}", 1.0),
        ("preau_http_requests_total{route=\"/oauth2/token\",method=\"POST\",class=\"2xx\"}", 1.0),
        ("preau_http_outcomes_total{route=\"/connexion\",method=\"POST\",outcome=\"wrong\"}", 5.0),
        ("preau_http_request_duration_seconds_count{route=\"/connexion\",method=\"POST\"}", 6.0),
        ("preau_signing_key_age_seconds{algorithm=\"RS256\"}", 0.0),
        ("preau_pool_connections_max{pool=\"write\"}", 1.0),
        ("preau_cache_lookups_total{cache=\"clients\",result=\"hit\"}", 1.0),
        ("preau_memory_resident_bytes", 1.0),
        ("preau_store_up", 1.0),
        ("preau_database_up", 1.0),
    ] {
        assert!(text.lines().any(|line| line.starts_with(&format!("{series} "))), "{series}\n{text}");
        assert!(value(&text, series) >= least, "{series}\n{text}");
    }
    assert!(value(&text, "preau_hash_cost_seconds") > 0.0, "{text}");
}

#[tokio::test]
async fn threat_s14_an_activation_is_counted_by_step_and_nobody_stands_in_the_metrics() {
    let family = TestFamily::durand();
    let server = TestServer::start_with_open_campaign(std::slice::from_ref(&family)).await;
    let mut browser = Browser::at_activation(&server).await;
    browser.prove_phone(&server, &family).await;
    let dates: Vec<&str> = family.children.iter().map(|(_, _, date, _)| *date).collect();
    browser.answer_children(&dates).await;
    let identifiant = browser.shown_identifiant();
    browser.choose_password(PASSWORD).await;
    server.drain_outbox().await;
    let text = metrics(&server).await;
    for step in ["code", "children", "password", "done"] {
        assert!(value(&text, &format!("preau_activations_total{{step=\"{step}\"}}")) >= 1.0, "{step}\n{text}");
    }
    for series in ["preau_sms_day_used", "preau_sms_codes_asked", "preau_sms_codes_entered", "preau_campaigns_open"] {
        assert!(value(&text, series) >= 1.0, "{series}\n{text}");
    }
    for outcome in ["queued", "sent"] {
        assert!(value(&text, &format!("preau_sms_total{{outcome=\"{outcome}\"}}")) >= 1.0, "{outcome}\n{text}");
    }
    for canary in [identifiant.as_str(), PASSWORD, family.nom, family.prenom, "+33", MONOD] {
        assert!(!text.contains(canary), "{canary}\n{text}");
    }
}

#[tokio::test]
async fn faults_f1_a_reason_for_which_messages_do_not_leave_is_counted() {
    let server = TestServer::start_with_config(|config| config.sms.daily_cap = 1).await;
    server.import_families("montpellier", MONOD, &[TestFamily::durand(), TestFamily::petit()]).await;
    server.open_campaign(MONOD).await;
    for (family, outages) in [(TestFamily::durand(), 0.0), (TestFamily::petit(), 1.0)] {
        Browser::at_activation(&server).await.identify(&family).await;
        server.drain_outbox().await;
        // The database's figures are read once a minute.
        server.clock.advance(Span::minutes(1));
        let text = metrics(&server).await;
        assert_eq!(value(&text, "preau_sms_outages"), outages, "{text}");
    }
}
