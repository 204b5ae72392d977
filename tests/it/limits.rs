//! Floods: what is too much is refused early, by their error or with a time to come back.
//!
//! How often a password may be tried is in `sign_in.rs`.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use preau::base::clock::Span;
use preau::base::source::SourceAddress;
use preau::crypto::{PasswordCost, Priority};
use preau::db::Durability;
use preau::ephemeral::{MAX_STATE_PARAMETER_BYTES, Namespace};
use preau::{bootstrap, limits};
use tokio::sync::watch;

use crate::support::redis::OwnRedis;
use crate::support::{Browser, Landing, TestRelyingParty, TestServer};

#[tokio::test]
async fn attack_d1_many_or_long_parameters_are_refused() {
    let server = TestServer::start().await;
    let rp = TestRelyingParty::new(&server, "ent");
    let attempt = rp.attempt();
    let many: String = (0..100).map(|n| format!("&p{n}=1")).collect();
    for more in [many.clone(), format!("&unknown={}", "x".repeat(7_000)), format!("&{}=1", "n".repeat(300))] {
        let landed = Browser::new(&server).open(&format!("{}{more}", attempt.url)).await.expect_redirect_away();
        assert_eq!(rp.error(&landed, &attempt), "invalid_request");
    }
    let scope = format!("openid {}", "profile ".repeat(700));
    let landed = Browser::new(&server).open(&rp.attempt_with(&[("scope", &scope)]).url).await;
    assert!(matches!(landed, Landing::OwnPage), "a long list of known scopes is only long");
    for path in ["/connexion", "/activation", "/deconnexion"] {
        let body = format!("identifiant=x&mot_de_passe=y{many}");
        let request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap();
        assert_eq!(server.call(request).await.status, StatusCode::BAD_REQUEST, "{path}");
    }
}

#[tokio::test]
async fn attack_d1_d3_bodies_end_at_64_kib_and_are_never_inflated() {
    let server = TestServer::start().await;
    let exact = "x".repeat(64 * 1024);
    for path in ["/connexion", "/activation", "/deconnexion", "/oauth2/authorize", "/oauth2/logout", "/oauth2/token"] {
        let post = |body: Vec<u8>, encoding: Option<&'static str>| {
            let mut request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
            if let Some(encoding) = encoding {
                request = request.header("content-encoding", encoding);
            }
            server.call(request.body(Body::from(body)).unwrap())
        };
        let answer = post(exact.clone().into_bytes(), None).await;
        assert_ne!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        let answer = post(format!("{exact}x").into_bytes(), None).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        if path == "/oauth2/token" {
            assert_eq!(answer.json()["error"], "invalid_request", "a program reads it");
        }
        // A bomb's first bytes: read as they are, which is no text.
        let answer = post(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03".to_vec(), Some("gzip")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
    }
}

/// docs/threats.md#faults-a6: what a stranger asks travels in an address until it is answered.
#[tokio::test]
async fn faults_a6_strangers_leave_nothing_behind() {
    let own = OwnRedis::start(&[]).await;
    let store = own.store();
    let server = TestServer::start_with_config(|config| config.ephemeral = store).await;
    let rp = TestRelyingParty::new(&server, "ent");
    let rows = "SELECT (SELECT COUNT(*) FROM session) + (SELECT COUNT(*) FROM audit) + (SELECT COUNT(*) FROM budget)";
    let before = server.query_count(rows).await;
    for _ in 0..50 {
        let attempt = rp.attempt();
        let landed = Browser::new(&server).open(&attempt.url).await;
        assert!(matches!(landed, Landing::OwnPage));
        let fields = rp.parameters(&attempt);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        Browser::new(&server).post_cross_site("/oauth2/authorize", &fields).await;
        Browser::new(&server).post_cross_site("/oauth2/logout", &[("state", "x")]).await;
        let (code, redirect) = ("x".repeat(43), rp.redirect_uri.clone());
        let fields = vec![("grant_type", "authorization_code".to_owned()), ("code", code), ("redirect_uri", redirect)];
        rp.post_token(rp.authorization().as_deref(), &fields).await;
    }
    assert_eq!(server.query_count(rows).await, before);
    assert_eq!(own.command(&["DBSIZE"]).trim(), "0");
}

/// docs/threats.md#faults-a6: what is too long for an address is kept, so much and no more, and takes nobody's place.
#[tokio::test]
async fn faults_a6_a_stranger_never_evicts_a_person() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let rp = TestRelyingParty::new(&server, "bourses");
    let nonce = "n".repeat(2_000);
    let long = || rp.attempt_with(&[("nonce", &nonce)]);
    let (first, short) = (long(), rp.attempt());
    let (mut person, mut other) = (Browser::new(&server), Browser::new(&server));
    assert!(matches!(person.open(&first.url).await, Landing::OwnPage));
    let i = person.url.query_pairs().find(|(name, _)| name == "i").unwrap().1.into_owned();
    assert_eq!(i.len(), 22, "kept");
    assert!(matches!(other.open(&short.url).await, Landing::OwnPage));
    assert!(other.url.as_str().len() < MAX_STATE_PARAMETER_BYTES + 100, "{}", other.url);
    // Strangers of the same network ask until nothing more is kept for it, and those of every other one.
    let (now, value) = (server.now(), "x".repeat(8_000));
    let ours = SourceAddress::default().narrow_network().to_string();
    let mut networks = vec![ours.clone(); 500];
    networks.extend((0..2_500).map(|n| (n % 40).to_string()));
    for (n, owner) in networks.iter().enumerate() {
        let key = n.to_string();
        let ends = now.plus(Span::hours(2));
        let _full = server.app.ephemeral.put_for(owner, Namespace::Interaction, &key, &value, ends, now).await;
    }
    let mut stranger = Browser::new(&server);
    let mut asked = 0;
    loop {
        stranger.open(&long().url).await;
        if !stranger.page.has_element("#se-connecter") {
            break;
        }
        asked += 1;
        assert!(asked < 5, "no end");
    }
    assert_eq!((stranger.page.status, stranger.page.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "5"));
    for (browser, attempt) in [(&mut person, first), (&mut other, short)] {
        let landed = browser.sign_in(&member).await.expect_redirect_away();
        rp.code(&landed, &attempt);
    }
    rp.sign_in(&mut Browser::new(&server), &member).await;
}

/// docs/threats.md#faults-a6, #faults-a7: a client that filled its place is told when to come back; another is not
/// concerned.
#[tokio::test]
async fn faults_a6_a7_a_client_that_fills_its_place_is_alone_with_that() {
    let server = TestServer::start().await;
    let (now, end) = (server.now(), server.now().plus(Span::seconds(60)));
    let value = "x".repeat(1_000);
    for n in 0..Namespace::Par.quota().per_owner / value.len() {
        let _full = server.app.ephemeral.put_for("app", Namespace::Par, &n.to_string(), &value, end, now).await;
    }
    server.fill_with_claims("app", Namespace::DpopProof, end).await;
    for (client, status) in [("app", StatusCode::SERVICE_UNAVAILABLE), ("ent", StatusCode::CREATED)] {
        let rp = TestRelyingParty::new(&server, client);
        let attempt = rp.attempt_with(&[("nonce", &"n".repeat(2_000))]);
        let query = attempt.url.split_once('?').unwrap().1;
        let fields: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let authorization = rp.authorization();
        let headers: Vec<(&str, &str)> = authorization.as_deref().map(|a| ("authorization", a)).into_iter().collect();
        let answer = server.post("/oauth2/par", &headers, &fields).await;
        assert_eq!(answer.status, status, "{client}: {}", answer.visible_text());
    }
}

/// What anonymous requests leave behind in every table: the next day the activation that a support code finds, wiped,
/// and after a month nothing.
#[tokio::test]
async fn attack_d10_what_strangers_make_us_keep_is_bounded_and_goes() {
    let server = TestServer::start().await;
    let rp = TestRelyingParty::new(&server, "ent");
    let rows = "SELECT (SELECT COUNT(*) FROM session) + (SELECT COUNT(*) FROM audit) + (SELECT COUNT(*) FROM budget) \
                + (SELECT COUNT(*) FROM activation) + (SELECT COUNT(*) FROM challenge) \
                + (SELECT COUNT(*) FROM outbox) + (SELECT COUNT(*) FROM source_account) + (SELECT COUNT(*) FROM device)";
    let before = server.query_count(rows).await;
    for n in 0..15 {
        let mut browser = Browser::new(&server);
        browser.open(&rp.attempt().url).await;
        browser.sign_in_with(&format!("x.inconnu{n}"), &format!("Faux-mot-{n}")).await;
        browser.open("/activation").await;
        browser.identify_as("INCONNUE", "Prune", &format!("06 39 98 20 {n:02}")).await;
        Browser::new(&server).post_cross_site("/oauth2/logout", &[("state", "x")]).await;
        let (code, redirect) = ("x".repeat(43), rp.redirect_uri.clone());
        let fields = vec![("grant_type", "authorization_code".to_owned()), ("code", code), ("redirect_uri", redirect)];
        rp.post_token(rp.authorization().as_deref(), &fields).await;
    }
    server.drain_outbox().await;
    // An activation, its challenge, the budgets of what was typed: nothing else, and no fact.
    assert_eq!(server.query_count(rows).await - before, 15 * 4);
    for (days, left) in [(2, 15 * 2), (31, 0)] {
        server.advance(Span::days(days));
        let (stop, stopped) = watch::channel(false);
        let mut work = bootstrap::spawn_workers(&server.app, &stopped);
        for _ in 0..6_000 {
            if server.query_count(rows).await == before + left {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        stop.send_replace(true);
        while work.join_next().await.is_some() {}
        assert_eq!(server.query_count(rows).await - before, left, "{days} days");
    }
}

#[tokio::test]
async fn attack_d2_a_full_queue_says_when_to_come_back_and_costs_nobody_an_attempt() {
    // The better part of a second a hash: none ends while the browser asks, and the first that does makes the queue
    // shorter by what it took.
    let server = TestServer::start_with_password_cost(PasswordCost { memory_kib: 4_096, passes: 400 }).await;
    let member = server.create_account("Anne", "DURAND").await;
    let mut browser = Browser::new(&server);
    browser.open("/connexion").await;
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
    let mut crowd = Vec::new();
    for _ in 0..cores * 400 {
        let app = server.app.clone();
        crowd.push(tokio::spawn(async move { app.password_hasher.verify("x", None, Priority::Unknown).await.is_ok() }));
    }
    // The crowd takes its places first: there is one thread, which runs some of them at a time.
    for _ in &crowd {
        tokio::task::yield_now().await;
    }
    // NoticeRequest at once: the queue is full before and after, so nothing of it was waited for.
    let answer = browser.sign_in_with(&member.identifiant, &member.password).await.clone();
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.visible_text());
    let seconds: u32 = answer.header("retry-after").parse().unwrap();
    assert!(seconds >= 4, "{seconds}");
    assert!(answer.has_element("#se-connecter"), "the form is still there");
    assert_eq!(
        server.query_texts("SELECT marks FROM budget WHERE marks <> ''").await,
        Vec::<String>::new(),
        "not counted"
    );
    for one in &crowd {
        one.abort();
    }
    for one in crowd {
        // Aborted or done: either way its place is free again.
        let _ = one.await;
    }
    let status = browser.sign_in_with(&member.identifiant, &member.password).await.status;
    assert_eq!(status, StatusCode::SEE_OTHER);
}

/// More than one transaction forgets, and what still counts stays.
#[tokio::test]
async fn attack_d1_a_backlog_is_forgotten_some_rows_at_a_time_until_none_is_left() {
    let server = TestServer::start().await;
    let many = "INSERT INTO budget (action, key, marks, touched_at) \
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) \
                SELECT 'password', CAST(i AS TEXT), '', $1 FROM n";
    let old = server.now().minus(Span::days(2)).0;
    assert_eq!(server.execute_sql(many, vec![old.into()]).await, 2_500);
    let fresh = "INSERT INTO budget (action, key, marks, touched_at) VALUES ('password', 'fresh', '', $1)";
    server.execute_sql(fresh, vec![server.now().0.into()]).await;
    let op = server.operation();
    let mut tx = op.write(Durability::Relaxed).await.unwrap();
    assert_eq!(limits::store::delete_expired(&mut tx).await.unwrap(), 1_000);
    tx.commit().await.unwrap();
    let (stop, stopped) = watch::channel(false);
    let mut work = bootstrap::spawn_workers(&server.app, &stopped);
    for _ in 0..6_000 {
        if server.query_count("SELECT COUNT(*) FROM budget").await == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stop.send_replace(true);
    while work.join_next().await.is_some() {}
    assert_eq!(server.query_texts("SELECT key FROM budget").await, ["fresh"]);
}
