//! RT-07: the store is killed, hangs, is emptied, is full. Each with a redis-server of the test's own.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use preau::ephemeral::{self, Namespace};

use crate::support::redis::OwnRedis;
use crate::support::{Browser, TestAccount, TestRelyingParty, TestServer};

struct Fixture {
    own: OwnRedis,
    server: TestServer,
    member: TestAccount,
    ent: TestRelyingParty,
}

async fn fixture(more: &'static [&'static str]) -> Fixture {
    let own = OwnRedis::start(more).await;
    let server = TestServer::start_with_config(own.configure()).await;
    let member = server.create_durand().await;
    let ent = TestRelyingParty::new(&server, "ent");
    let scene = Fixture { own, server, member, ent };
    scene.recovered().await;
    scene
}

impl Fixture {
    /// What readiness comes to, but for the clock: a PostgreSQL has another one than the test.
    async fn ready(&self) -> StatusCode {
        let mut health = preau::bootstrap::check_health(&self.server.app).await;
        health.failures.retain(|why| !why.starts_with("clock: "));
        if health.failures.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
    }

    /// Waits until the connection is there: it is made in the background.
    async fn recovered(&self) {
        let began = Instant::now();
        while self.ready().await != StatusCode::OK {
            assert!(began.elapsed() < Duration::from_secs(20), "it does not come back");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Every endpoint that needs the store says when to come back, within a second, each in its own language.
    async fn says_503_in_time(&self, what: &str) {
        // The sign-in page needs it for a request that is too long for an address only.
        let mut browser = Browser::new(&self.server);
        browser.open(&self.ent.attempt().url).await;
        assert!(browser.page.has_element("#se-connecter"), "{what}: {}", browser.page.visible_text());
        let began = Instant::now();
        browser.open(&self.ent.attempt_with(&[("nonce", &"n".repeat(2_000))]).url).await;
        assert_eq!(browser.page.status, StatusCode::SERVICE_UNAVAILABLE, "{what}");
        assert_eq!(browser.page.header("retry-after"), "5", "{what}");
        assert!(browser.page.header("content-type").starts_with("text/html"), "{what}");
        assert!(began.elapsed() < Duration::from_secs(1), "{what}: {:?}", began.elapsed());
        let began = Instant::now();
        let answer = self.ent.exchange(&self.ent.attempt(), &"c".repeat(43)).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{what}");
        assert_eq!(
            (answer.oauth_error().as_str(), answer.header("retry-after")),
            ("temporarily_unavailable", "5"),
            "{what}"
        );
        assert!(began.elapsed() < Duration::from_secs(1), "{what}: {:?}", began.elapsed());
        assert_eq!(self.ready().await, StatusCode::SERVICE_UNAVAILABLE, "{what}");
    }

    async fn signs_in(&self) {
        self.ent.sign_in(&mut Browser::new(&self.server), &self.member).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rt_07_a_killed_store_is_a_503_and_comes_back_by_itself() {
    let mut s = fixture(&[]).await;
    let mut known = Browser::new(&s.server);
    s.ent.sign_in(&mut known, &s.member).await;
    let (attempt, code) = s.ent.obtain_code(&mut known, &s.member).await;
    s.own.kill();
    s.says_503_in_time("killed").await;
    // What needs no store goes on: a session, and a sign-in at our own door.
    assert_eq!(known.clone_browser().get("/compte").await.status, StatusCode::OK);
    let mut own = Browser::new(&s.server);
    own.get("/connexion").await;
    own.sign_in_with(&s.member.identifiant, &s.member.password).await;
    assert!(own.has_session(), "{}", own.page.visible_text());
    s.own.restart().await;
    s.recovered().await;
    assert_eq!(s.ent.exchange(&attempt, &code).await.oauth_error(), "invalid_grant", "the code is lost with its store");
    s.signs_in().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rt_07_a_hanging_store_is_found_out_in_time() {
    let s = fixture(&[]).await;
    s.own.signal("-STOP");
    for round in 0..3 {
        s.says_503_in_time(&format!("hanging {round}")).await;
    }
    s.own.signal("-CONT");
    s.recovered().await;
    s.signs_in().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rt_07_a_page_on_the_way_is_shown_without_the_store() {
    let s = fixture(&[]).await;
    let mut browser = Browser::new(&s.server);
    browser.open(&s.ent.attempt().url).await;
    s.own.signal("-STOP");
    // The form was open: the person is signed in, and the page that leads on is shown.
    browser.sign_in_with(&s.member.identifiant, &s.member.password).await;
    assert!(browser.has_session(), "{}", browser.page.visible_text());
    s.own.signal("-CONT");
    s.recovered().await;
    browser.follow().await.expect_redirect_away();
}

#[tokio::test]
async fn rt_07_an_emptied_store_gives_no_try_back_and_no_code_twice() {
    let s = fixture(&[]).await;
    let (attempt, code) = s.ent.obtain_code(&mut Browser::new(&s.server), &s.member).await;
    let tokens = s.ent.tokens(&attempt, &code).await;
    let (other, unused) = s.ent.obtain_code(&mut Browser::new(&s.server), &s.member).await;
    let mut browser = Browser::new(&s.server);
    for n in 0..5 {
        browser.open(&s.ent.attempt().url).await;
        browser.sign_in_with(&s.member.identifiant, &format!("Faux-mot-{n}")).await;
        assert_eq!(browser.page.status, StatusCode::UNPROCESSABLE_ENTITY, "{n}");
    }
    let counted = s.server.query_texts("SELECT marks FROM budget ORDER BY 1").await;
    s.own.command(&["FLUSHALL"]);
    assert_eq!(s.ent.exchange(&attempt, &code).await.oauth_error(), "invalid_grant", "replayed");
    assert_eq!(s.ent.exchange(&other, &unused).await.oauth_error(), "invalid_grant", "forgotten");
    assert_eq!(s.server.query_texts("SELECT marks FROM budget ORDER BY 1").await, counted);
    let mut stranger = Browser::new(&s.server);
    stranger.open(&s.ent.attempt().url).await;
    stranger.sign_in_with(&s.member.identifiant, &s.member.password).await;
    assert_eq!(
        stranger.page.status,
        StatusCode::TOO_MANY_REQUESTS,
        "the delay stands: {}",
        stranger.page.visible_text()
    );
    // Nobody is signed out.
    assert_eq!(s.ent.userinfo(&tokens.access_token).await.status, StatusCode::OK);
}

#[tokio::test]
async fn rt_07_a_full_store_and_a_replica_are_a_503() {
    let s = fixture(&["--maxmemory-policy", "noeviction"]).await;
    s.own.command(&["CONFIG", "SET", "maxmemory", "1"]);
    let now = s.server.now();
    let claim = s.server.app.ephemeral.claim_once("c", Namespace::Assertion, "x", now, now).await;
    assert!(matches!(claim, Err(ephemeral::EphemeralError::Full(Namespace::Assertion))), "{claim:?}");
    let mut browser = Browser::new(&s.server);
    let long = s.ent.attempt_with(&[("nonce", &"n".repeat(2_000))]).url;
    browser.open(&long).await;
    assert_eq!(browser.page.status, StatusCode::SERVICE_UNAVAILABLE);
    s.own.command(&["CONFIG", "SET", "maxmemory", "0"]);
    s.signs_in().await;
    s.own.command(&["REPLICAOF", "127.0.0.1", "1"]);
    browser.open(&long).await;
    assert_eq!(browser.page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(ephemeral::diagnose(&s.server.app.config.ephemeral).await.is_err(), "doctor sees it");
    s.own.command(&["REPLICAOF", "NO", "ONE"]);
    s.signs_in().await;
}

#[tokio::test]
async fn doctor_tells_a_store_that_answers_from_one_that_forgets_or_is_away() {
    let mut own = OwnRedis::start(&[]).await;
    let store = own.store();
    let told = ephemeral::diagnose(&store).await.unwrap();
    assert!(told.starts_with("Redis ") && told.contains("redis.sock"), "{told}");
    own.command(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    assert!(ephemeral::diagnose(&store).await.unwrap_err().to_string().contains("allkeys-lru"));
    own.kill();
    let error = ephemeral::diagnose(&store).await.unwrap_err();
    assert!(matches!(error, ephemeral::EphemeralError::Unavailable(_)), "{error}");
}
