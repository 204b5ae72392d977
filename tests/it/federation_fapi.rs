//! An academy's provider of FAPI 2.0: Préau signs instead of keeping a secret, and pushes its requests.

use axum::http::StatusCode;
use preau::base::clock::Span;

use crate::support::{Browser, FakeUpstream, Lie, TestServer};

const START: &str = "/federation/academie";

async fn strict_server(upstream: &FakeUpstream, more: &str) -> TestServer {
    let server =
        TestServer::start_with_config(|config| upstream.declare_fapi(&config.deployment.directory, "academie", more))
            .await;
    upstream.demand_fapi(&server);
    server
}

#[tokio::test]
async fn rfc_9126_rfc_7523_a_pushed_request_and_a_code_are_signed_for() {
    for more in ["", "token_endpoint_auth_signing_alg = \"ES256\"\n"] {
        let upstream = FakeUpstream::start().await;
        let server = strict_server(&upstream, more).await;
        let mut browser = Browser::new(&server);
        upstream.sign_in(&server, &mut browser, START).await;
        browser.follow().await;
        assert!(browser.has_session(), "{}", browser.page.visible_text());
        // Each call has a token of its own: none serves twice.
        server.advance(Span::minutes(2));
        let mut other = Browser::new(&server);
        upstream.sign_in(&server, &mut other, START).await;
        other.follow().await;
        assert!(other.has_session(), "{}", other.page.visible_text());
        assert_eq!((upstream.calls("par"), upstream.calls("token")), (2, 2));
        assert_eq!(server.query_count("SELECT COUNT(*) FROM account").await, 1);
    }
}

#[tokio::test]
async fn rfc_9207_the_answer_of_another_issuer_ends_the_attempt_there_too() {
    let upstream = FakeUpstream::start().await;
    let server = strict_server(&upstream, "").await;
    let mut browser = Browser::new(&server);
    let request = browser.open(START).await.expect_redirect_away();
    let back = upstream.approve(&server, &request);
    let (head, _) = back.split_once("&iss=").unwrap();
    for wrong in [format!("{head}&iss=https%3A%2F%2Fop.example"), back.clone()] {
        browser.get(&wrong).await;
        assert!(!browser.has_session(), "{wrong}");
    }
    assert_eq!(upstream.calls("token"), 0);
}

#[tokio::test]
async fn a_pushed_request_that_is_not_taken_sends_nobody_away() {
    let upstream = FakeUpstream::start().await;
    let server = strict_server(&upstream, "").await;
    for (lie, status) in [
        (Lie::Status("par", 400), StatusCode::BAD_GATEWAY),
        (Lie::Status("par", 500), StatusCode::SERVICE_UNAVAILABLE),
        (Lie::RedirectLoop("par"), StatusCode::SERVICE_UNAVAILABLE),
        (Lie::Huge("par"), StatusCode::SERVICE_UNAVAILABLE),
        (Lie::Hang("par"), StatusCode::SERVICE_UNAVAILABLE),
        (Lie::Html("par"), StatusCode::SERVICE_UNAVAILABLE),
    ] {
        upstream.be_honest();
        upstream.lie(lie.clone());
        let mut browser = Browser::new(&server);
        browser.get(START).await;
        assert_eq!(browser.page.status, status, "{lie:?}");
        assert!(browser.page.has_element("#identifiant"), "{lie:?}");
    }
    // A provider that does not know our keys.
    upstream.be_honest();
    upstream.demand_other_keys();
    let mut browser = Browser::new(&server);
    browser.get(START).await;
    assert_eq!(browser.page.status, StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn threat_s13_whoever_starts_too_many_sign_ins_has_the_upstream_called_no_more() {
    for is_required in [false, true] {
        let upstream = FakeUpstream::start().await;
        if is_required {
            upstream.require_pushed_requests();
        }
        let server = TestServer::start_with_config(|config| {
            config.limits.wrong_sign_ins = 3;
            upstream.declare_fapi(&config.deployment.directory, "academie", "");
        })
        .await;
        upstream.demand_fapi(&server);
        for _ in 0..3 {
            let to = Browser::new(&server).open(START).await.expect_redirect_away();
            let to = to.as_str();
            assert!(to.contains("request_uri=urn") && !to.contains("redirect_uri="), "{to}");
        }
        for _ in 0..3 {
            let mut browser = Browser::new(&server);
            browser.get(START).await;
            if is_required {
                assert_eq!(browser.page.status, StatusCode::SERVICE_UNAVAILABLE);
                assert!(browser.page.has_element("#identifiant"));
            } else {
                let to = browser.open(START).await.expect_redirect_away();
                let to = to.as_str();
                assert!(!to.contains("request_uri=urn") && to.contains("redirect_uri="), "{to}");
            }
        }
        assert_eq!(upstream.calls("par"), 3);
        server.advance(Span::hours(2));
        Browser::new(&server).open(START).await.expect_redirect_away();
        assert_eq!(upstream.calls("par"), 4);
    }
}
