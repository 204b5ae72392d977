//! RT-07: the store is killed, hangs, is emptied, is full. Each with a redis-server of the test's own.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use preau::ephemeral::{self, Kind};

use crate::support::redis::OwnRedis;
use crate::support::{Browser, Member, RelyingParty, Server};

struct Scene {
    own: OwnRedis,
    server: Server,
    member: Member,
    ent: RelyingParty,
}

async fn scene(more: &'static [&'static str]) -> Scene {
    let own = OwnRedis::start(more).await;
    let server = Server::start_as(own.configure()).await;
    let member = server.durand().await;
    let ent = RelyingParty::new(&server, "ent");
    let scene = Scene { own, server, member, ent };
    scene.recovered().await;
    scene
}

impl Scene {
    /// What readiness comes to, but for the clock: a PostgreSQL has another one than the test.
    async fn ready(&self) -> StatusCode {
        let mut health = preau::compose::health(&self.server.app).await;
        health.wrong.retain(|why| !why.starts_with("clock: "));
        if health.wrong.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
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
        assert!(browser.page.has("#se-connecter"), "{what}: {}", browser.page.shown());
        let began = Instant::now();
        browser.open(&self.ent.attempt_with(&[("nonce", &"n".repeat(2_000))]).url).await;
        assert_eq!(browser.page.status, StatusCode::SERVICE_UNAVAILABLE, "{what}");
        assert_eq!(browser.page.header("retry-after"), "5", "{what}");
        assert!(browser.page.header("content-type").starts_with("text/html"), "{what}");
        assert!(began.elapsed() < Duration::from_secs(1), "{what}: {:?}", began.elapsed());
        let began = Instant::now();
        let answer = self.ent.exchange(&self.ent.attempt(), &"c".repeat(43)).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{what}");
        assert_eq!((answer.error().as_str(), answer.header("retry-after")), ("temporarily_unavailable", "5"), "{what}");
        assert!(began.elapsed() < Duration::from_secs(1), "{what}: {:?}", began.elapsed());
        assert_eq!(self.ready().await, StatusCode::SERVICE_UNAVAILABLE, "{what}");
    }

    async fn signs_in(&self) {
        self.ent.sign_in(&mut Browser::new(&self.server), &self.member).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rt_07_a_killed_store_is_a_503_and_comes_back_by_itself() {
    let mut s = scene(&[]).await;
    let mut known = Browser::new(&s.server);
    s.ent.sign_in(&mut known, &s.member).await;
    let (attempt, code) = s.ent.code_for(&mut known, &s.member).await;
    s.own.kill();
    s.says_503_in_time("killed").await;
    // What needs no store goes on: a session, and a sign-in at our own door.
    assert_eq!(known.copy().get("/compte").await.status, StatusCode::OK);
    let mut own = Browser::new(&s.server);
    own.get("/connexion").await;
    own.sign_in_with(&s.member.identifiant, &s.member.password).await;
    assert!(own.has_session(), "{}", own.page.shown());
    s.own.again().await;
    s.recovered().await;
    assert_eq!(s.ent.exchange(&attempt, &code).await.error(), "invalid_grant", "the code is lost with its store");
    s.signs_in().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rt_07_a_hanging_store_is_found_out_in_time() {
    let s = scene(&[]).await;
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
    let s = scene(&[]).await;
    let mut browser = Browser::new(&s.server);
    browser.open(&s.ent.attempt().url).await;
    s.own.signal("-STOP");
    // The form was open: the person is signed in, and the page that leads on is shown.
    browser.sign_in_with(&s.member.identifiant, &s.member.password).await;
    assert!(browser.has_session(), "{}", browser.page.shown());
    s.own.signal("-CONT");
    s.recovered().await;
    browser.follow().await.away();
}

#[tokio::test]
async fn rt_07_an_emptied_store_gives_no_try_back_and_no_code_twice() {
    let s = scene(&[]).await;
    let (attempt, code) = s.ent.code_for(&mut Browser::new(&s.server), &s.member).await;
    let tokens = s.ent.tokens(&attempt, &code).await;
    let (other, unused) = s.ent.code_for(&mut Browser::new(&s.server), &s.member).await;
    let mut browser = Browser::new(&s.server);
    for n in 0..5 {
        browser.open(&s.ent.attempt().url).await;
        browser.sign_in_with(&s.member.identifiant, &format!("Faux-mot-{n}")).await;
        assert_eq!(browser.page.status, StatusCode::UNPROCESSABLE_ENTITY, "{n}");
    }
    let counted = s.server.texts("SELECT marks FROM budget ORDER BY 1").await;
    s.own.command(&["FLUSHALL"]);
    assert_eq!(s.ent.exchange(&attempt, &code).await.error(), "invalid_grant", "replayed");
    assert_eq!(s.ent.exchange(&other, &unused).await.error(), "invalid_grant", "forgotten");
    assert_eq!(s.server.texts("SELECT marks FROM budget ORDER BY 1").await, counted);
    let mut stranger = Browser::new(&s.server);
    stranger.open(&s.ent.attempt().url).await;
    stranger.sign_in_with(&s.member.identifiant, &s.member.password).await;
    assert_eq!(stranger.page.status, StatusCode::TOO_MANY_REQUESTS, "the delay stands: {}", stranger.page.shown());
    // Nobody is signed out.
    assert_eq!(s.ent.userinfo(&tokens.access_token).await.status, StatusCode::OK);
}

#[tokio::test]
async fn rt_07_a_full_store_and_a_replica_are_a_503() {
    let s = scene(&["--maxmemory-policy", "noeviction"]).await;
    s.own.command(&["CONFIG", "SET", "maxmemory", "1"]);
    let now = s.server.now();
    let claim = s.server.app.ephemeral.claim("c", Kind::Assertion, "x", now, now).await;
    assert!(matches!(claim, Err(ephemeral::Error::Full(Kind::Assertion))), "{claim:?}");
    let mut browser = Browser::new(&s.server);
    let long = s.ent.attempt_with(&[("nonce", &"n".repeat(2_000))]).url;
    browser.open(&long).await;
    assert_eq!(browser.page.status, StatusCode::SERVICE_UNAVAILABLE);
    s.own.command(&["CONFIG", "SET", "maxmemory", "0"]);
    s.signs_in().await;
    s.own.command(&["REPLICAOF", "127.0.0.1", "1"]);
    browser.open(&long).await;
    assert_eq!(browser.page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(ephemeral::examine(&s.server.app.config.ephemeral).await.is_err(), "doctor sees it");
    s.own.command(&["REPLICAOF", "NO", "ONE"]);
    s.signs_in().await;
}

#[tokio::test]
async fn doctor_tells_a_store_that_answers_from_one_that_forgets_or_is_away() {
    let mut own = OwnRedis::start(&[]).await;
    let store = own.store();
    let told = ephemeral::examine(&store).await.unwrap();
    assert!(told.starts_with("Redis ") && told.contains("redis.sock"), "{told}");
    own.command(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    assert!(ephemeral::examine(&store).await.unwrap_err().to_string().contains("allkeys-lru"));
    own.kill();
    let error = ephemeral::examine(&store).await.unwrap_err();
    assert!(matches!(error, ephemeral::Error::Unavailable(_)), "{error}");
}
