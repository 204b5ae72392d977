//! A clock that is set back in the middle of everything lengthens nothing (docs/threats.md#fault-rt13).

use std::sync::Arc;

use axum::http::StatusCode;
use preau::base::clock::{ManualClock, Span, Timestamp};
use preau::bootstrap;
use preau::jose::{Alg, KeyState};
use preau::keys::ops as keys;
use tempfile::TempDir;

use crate::support::{Browser, Landing, TestFamily, TestRelyingParty, TestServer};

/// Somebody sets the clock back, as a machine does whose battery is empty.
fn set_back(server: &TestServer) {
    server.clock.step_wall_time(Span::hours(-1));
}

#[tokio::test]
async fn fault_rt13_a_code_ends_after_its_half_hour_although_the_clock_went_back() {
    let family = TestFamily::durand();
    let server = TestServer::start_with_open_campaign(std::slice::from_ref(&family)).await;
    let mut browser = Browser::at_activation(&server).await;
    browser.identify(&family).await;
    let code = server.read_code().await;
    server.advance(Span::minutes(29));
    set_back(&server);
    server.advance(Span::minutes(2));
    browser.type_code(&code).await;
    assert_eq!(browser.url.path(), "/activation/code", "{}", browser.page.visible_text());
}

#[tokio::test]
async fn fault_rt13_a_lock_ends_after_its_minute_although_the_clock_went_back() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let mut browser = Browser::new(&server);
    browser.open("/connexion").await;
    for _ in 0..5 {
        browser.sign_in_with(&member.identifiant, "Faux-1-faux").await;
    }
    set_back(&server);
    assert_eq!(browser.sign_in_with(&member.identifiant, &member.password).await.status, StatusCode::TOO_MANY_REQUESTS);
    server.advance(Span::seconds(61));
    let signed_in = browser.sign_in_with(&member.identifiant, &member.password).await;
    assert_eq!(signed_in.status, StatusCode::SEE_OTHER, "{}", signed_in.visible_text());
}

#[tokio::test]
async fn fault_rt13_a_session_ends_when_idle_although_the_clock_went_back() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let mut browser = Browser::new(&server);
    let tokens = TestRelyingParty::new(&server, "ent").sign_in(&mut browser, &member).await;
    assert!(matches!(browser.open("/compte").await, Landing::OwnPage));
    assert_eq!(browser.url.path(), "/compte");
    server.advance(Span::minutes(29));
    set_back(&server);
    server.advance(Span::minutes(2));
    browser.open("/compte").await;
    assert_eq!(browser.url.path(), "/connexion", "{}", browser.page.visible_text());
    let token = TestRelyingParty::new(&server, "ent").userinfo(&tokens.access_token).await;
    assert_eq!(token.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn fault_rt13_a_restart_with_an_older_clock_goes_on_where_the_house_was() {
    let server = TestServer::start().await;
    let before = server.now();
    server.app.db.record_time(before).await.unwrap();
    set_back(&server);
    let again = server.restart().await;
    assert_eq!(again.now(), before);
    again.advance(Span::seconds(10));
    assert_eq!(again.now(), before.plus(Span::seconds(10)));
    // Nothing that is older changes what was seen, but the operator's word.
    again.app.db.record_time(before.minus(Span::hours(5))).await.unwrap();
    assert_eq!(again.app.db.last_seen_time().await.unwrap(), Some(before));
    again.app.db.reset_seen_time(before.minus(Span::hours(1))).await.unwrap();
    assert_eq!(again.restart().await.now(), before.minus(Span::hours(1)).plus(Span::seconds(10)));
}

#[tokio::test]
async fn fault_rt13_a_server_whose_clock_went_back_leaves_the_rotation() {
    let server = TestServer::start_at_system_time().await;
    assert_eq!(bootstrap::check_health(&server.app).await.failures, Vec::<String>::new());
    server.clock.step_wall_time(Span::seconds(-50));
    assert_eq!(bootstrap::check_health(&server.app).await.failures, Vec::<String>::new(), "NTP may mend that");
    server.clock.step_wall_time(Span::seconds(-50));
    let wrong = bootstrap::check_health(&server.app).await.failures;
    assert!(wrong.len() == 1 && wrong[0].contains("went back by 100 s"), "{wrong:?}");
    server.clock.step_wall_time(Span::seconds(100));
    assert_eq!(bootstrap::check_health(&server.app).await.failures, Vec::<String>::new());
    // Another server of the house was farther than we are.
    server.app.db.record_time(server.now().plus(Span::seconds(90))).await.unwrap();
    let wrong = bootstrap::check_health(&server.app).await.failures;
    assert!(wrong.len() == 1 && wrong[0].contains("90 s ahead"), "{wrong:?}");
}

/// Another server of the house, with a clock of its own.
async fn beside(server: &TestServer, at: Timestamp, seed: u64) -> TestServer {
    let (config, clock) = (server.app.config.clone(), Arc::new(ManualClock::at(at)));
    TestServer::build(config, clock, Arc::new(TempDir::new().unwrap()), seed).await
}

async fn waiting(server: &TestServer) -> i64 {
    server.query_count("SELECT COUNT(*) FROM outbox WHERE state = 'waiting' AND attempts = 0").await
}

async fn state_of(server: &TestServer, kid: &str) -> KeyState {
    let lives = keys::lifecycles(&server.app.db).await.unwrap();
    lives.iter().find(|key| *key.kid == *kid).unwrap().state
}

#[tokio::test]
async fn fault_rt13_a_server_whose_clock_is_wrong_beside_others_leaves_the_work_to_them() {
    let family = TestFamily::durand();
    let right = TestServer::start_at_system_time().await;
    if right.app.db.is_sqlite() {
        // Nobody else would do it.
        set_back(&right);
        bootstrap::check_clock(&right.app).await;
        assert_eq!(bootstrap::check_health(&right.app).await.failures.len(), 1);
        assert!(!right.app.is_work_paused());
        return;
    }
    let ahead = beside(&right, right.now(), 2).await;
    let behind = beside(&right, right.now().minus(Span::hours(2)), 3).await;
    let upcoming = keys::publish_next(right.operation().storage(), Alg::ES256).await.unwrap();
    let mut browser = Browser::at_activation(&right).await;
    browser.identify(&family).await;
    assert_eq!(waiting(&right).await, 1);
    bootstrap::check_clock(&ahead.app).await;
    assert!(!ahead.app.is_work_paused());
    ahead.advance(Span::hours(2));
    for wrong in [&ahead, &behind] {
        bootstrap::check_clock(&wrong.app).await;
        assert!(wrong.app.is_work_paused());
        assert_eq!(wrong.drain_outbox().await, 0);
        keys::refresh_keys(&wrong.operation()).await.unwrap();
        bootstrap::delete_expired(&wrong.app, &tokio::sync::watch::channel(false).1).await.unwrap();
        assert_eq!(waiting(&right).await, 1);
        assert_eq!(state_of(&right, &upcoming).await, KeyState::Upcoming);
        assert!(wrong.app.key_ring().by_kid(&upcoming).is_some(), "what others did is read all the same");
    }
    // A clock that is right again goes on by itself.
    behind.clock.step_wall_time(Span::hours(2));
    bootstrap::check_clock(&behind.app).await;
    assert!(!behind.app.is_work_paused());
    assert!(behind.drain_outbox().await > 0);
    assert_eq!(waiting(&right).await, 0);
}
