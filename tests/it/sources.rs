//! Limits by where requests come from: who gets in all the same, and who does not.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::http::StatusCode;
use preau::base::clock::Span;
use preau::limits::RateLimit;
use preau::outbox::{self, ClaimFilter, ClaimRequest, JobKind};

use crate::support::people::PASSWORD;
use crate::support::{Browser, TestAccount, TestFamily, TestResponse, TestServer};

const RIGHT: StatusCode = StatusCode::SEE_OTHER;
const WRONG: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
const LIMITED: StatusCode = StatusCode::TOO_MANY_REQUESTS;

/// A browser of that address, on the sign-in page.
async fn at(server: &TestServer, address: impl Into<IpAddr>) -> Browser {
    let mut browser = Browser::new(server);
    browser.address = address.into();
    browser.get("/connexion").await;
    browser
}

/// One attempt of a browser that is known to nobody.
async fn attempt(browser: &mut Browser, identifiant: &str, password: &str) -> StatusCode {
    for cookie in ["preau_dev", "preau_dev_device"] {
        browser.cookies.remove(cookie);
    }
    browser.post("/connexion", &[("identifiant", identifiant), ("mot_de_passe", password)]).await.status
}

/// Many of that address, each another identifiant and password: how many were judged, and the last answer.
async fn guesses(browser: &mut Browser, from: u32, many: u32) -> (u32, TestResponse) {
    let mut judged = 0;
    for n in from..from + many {
        judged += u32::from(attempt(browser, &format!("x.inconnu{n}"), &format!("Faux-mot-{n}")).await == WRONG);
    }
    (judged, browser.page.clone())
}

fn school() -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7))
}

/// Accounts that share a hash: the crowd of an evening.
async fn crowd(server: &TestServer, many: usize) -> Vec<TestAccount> {
    let first = server.create_account("Famille", "NOMBREUSE").await;
    let mut members = vec![first.clone()];
    let sql = "INSERT INTO account (id, identifiant, stem, suffix, state, profile, given_name, family_name, password, \
               password_at, created_at, updated_at) SELECT $2, $3, 'f.crowd', $2, state, profile, given_name, \
               family_name, password, password_at, created_at, updated_at FROM account WHERE id = $1";
    for n in 1..many {
        let (account_id, identifiant) = (format!("crowd{n}"), format!("f.crowd{n}"));
        server
            .execute_sql(
                sql,
                vec![first.account_id.as_str().into(), account_id.as_str().into(), identifiant.as_str().into()],
            )
            .await;
        members.push(TestAccount {
            account_id: preau::base::typed_ids::AccountId::new(account_id),
            identifiant,
            password: PASSWORD.to_owned(),
        });
    }
    members
}

#[tokio::test]
async fn threat_s04_a_thousand_families_behind_one_address_all_get_in() {
    let server = TestServer::start().await;
    let families = crowd(&server, 1_000).await;
    let mut server = server;
    let mut browser = at(&server, school()).await;
    for (n, family) in families.iter().enumerate() {
        if n % 2 == 0 {
            let slip = format!("Cheval-{n}-bleu");
            assert_eq!(attempt(&mut browser, &family.identifiant, &slip).await, WRONG, "{n}");
        }
        assert_eq!(attempt(&mut browser, &family.identifiant, &family.password).await, RIGHT, "{n}");
        server.advance(Span::seconds(7));
        match n {
            // A restart, and a clock that goes back an hour, in the middle of it.
            400 => {
                server = server.restart().await;
                browser = browser.at_server(&server);
                browser.address = school();
            }
            600 => server.advance(Span::hours(-1)),
            _ => {}
        }
    }
}

#[tokio::test]
async fn threat_s04_one_password_on_five_hundred_identifiants_from_one_address_is_seen() {
    let server = TestServer::start().await;
    let members = crowd(&server, 3).await;
    let mut home = at(&server, school()).await;
    home.submit("se-connecter", &[("identifiant", &members[0].identifiant), ("mot_de_passe", PASSWORD)]).await;
    let mut spray = at(&server, school()).await;
    let mut judged = 0;
    for n in 0..500 {
        let identifiant = format!("x.inconnu{n}");
        judged += u32::from(attempt(&mut spray, &identifiant, PASSWORD).await == WRONG);
    }
    assert_eq!(judged, 16, "wrong on more than 15");
    // Each hash moves the mean of what one costs.
    let cost = server.app.password_hasher.queue_load().cost;
    assert_eq!(attempt(&mut spray, &members[1].identifiant, PASSWORD).await, LIMITED, "also where it would be right");
    assert_eq!(server.app.password_hasher.queue_load().cost, cost, "nothing is hashed for it");
    let seconds: i64 = spray.page.header("retry-after").parse().unwrap();
    assert!((1..=3_600).contains(&seconds), "{seconds}");
    assert!(
        spray.page.visible_text().contains("votre téléphone portable"),
        "it says what to do: {}",
        spray.page.visible_text()
    );
    assert!(spray.page.has_element("#se-connecter"), "the form is still there");
    // Another password from there, and this one from elsewhere, are judged.
    assert_eq!(attempt(&mut spray, &members[1].identifiant, "Faux-mot-2").await, WRONG);
    let mut elsewhere = at(&server, Ipv4Addr::new(198, 51, 100, 1)).await;
    assert_eq!(attempt(&mut elsewhere, &members[1].identifiant, PASSWORD).await, RIGHT);
    // Who is known here gets in.
    home.cookies.remove("preau_dev");
    home.get("/connexion").await;
    assert_eq!(home.sign_in_with(&members[0].identifiant, PASSWORD).await.status, RIGHT);
    server.advance(Span::minutes(61));
    assert_eq!(attempt(&mut spray, &members[2].identifiant, PASSWORD).await, RIGHT, "an hour later");
}

#[tokio::test]
async fn threat_s04_a_slow_spray_from_many_addresses_is_seen_everywhere() {
    let server = TestServer::start().await;
    let members = crowd(&server, 2).await;
    let mut home = at(&server, school()).await;
    home.submit("se-connecter", &[("identifiant", &members[0].identifiant), ("mot_de_passe", PASSWORD)]).await;
    let mut judged = 0;
    for n in 0..200u32 {
        let address = Ipv4Addr::from_octets([203, 0, (n % 200) as u8, 9]);
        let mut browser = at(&server, address).await;
        judged += u32::from(attempt(&mut browser, &format!("x.inconnu{n}"), PASSWORD).await == WRONG);
        server.advance(Span::seconds(15));
    }
    assert_eq!(judged, 151);
    let mut elsewhere = at(&server, Ipv4Addr::new(198, 51, 100, 1)).await;
    assert_eq!(attempt(&mut elsewhere, &members[1].identifiant, PASSWORD).await, LIMITED);
    assert!(
        elsewhere.page.visible_text().contains("un appareil qui a déjà servi"),
        "{}",
        elsewhere.page.visible_text()
    );
    home.cookies.remove("preau_dev");
    home.get("/connexion").await;
    assert_eq!(home.sign_in_with(&members[0].identifiant, PASSWORD).await.status, RIGHT, "a known device");
}

#[tokio::test]
async fn threat_s04_a_thousand_sources_of_one_48_are_one_network() {
    let server = TestServer::start().await;
    let member = server.create_account("Anne", "DURAND").await;
    let source = |n: u16| Ipv6Addr::new(0x2001, 0xdb8, 1, n, 0, 0, 0, 1);
    let mut judged = 0;
    let mut browser = at(&server, source(0)).await;
    for n in 0..1_000u16 {
        browser.address = source(n).into();
        judged += guesses(&mut browser, u32::from(n), 1).await.0;
    }
    assert_eq!(judged, 480, "eight times what one source may");
    browser.address = source(2_000).into();
    let cost = server.app.password_hasher.queue_load().cost;
    assert_eq!(attempt(&mut browser, &member.identifiant, PASSWORD).await, LIMITED);
    assert_eq!(server.app.password_hasher.queue_load().cost, cost, "nothing is hashed for it");
    browser.address = Ipv6Addr::new(0x2001, 0xdb8, 2, 0, 0, 0, 0, 1).into();
    assert_eq!(attempt(&mut browser, &member.identifiant, PASSWORD).await, RIGHT, "the next network");
}

#[tokio::test]
async fn threat_s04_faults_a5_all_sources_together_have_a_limit_too() {
    let server = TestServer::start_with_config(|config| config.limits.in_all = 1).await;
    let network = |n: u8| Ipv4Addr::new(203, 0, n, 9);
    let (mut judged, mut begun) = (0, 0);
    let mut browser = at(&server, network(0)).await;
    for n in 0..100 {
        browser.address = network(n).into();
        judged += guesses(&mut browser, n.into(), 1).await.0;
    }
    assert_eq!(judged, 60, "as many as one source may, in these tests");
    assert!(browser.page.visible_text().contains("un appareil qui a déjà servi"), "{}", browser.page.visible_text());
    for n in 0..100 {
        let mut stranger = at(&server, network(n)).await;
        begun += u32::from(asks(&mut stranger, n.into()).await == RIGHT);
    }
    assert_eq!(begun, 60);
}

#[tokio::test]
async fn attack_l3_no_forwarded_address_resets_a_source_s_count_unless_a_trusted_proxy_wrote_it() {
    let proxy = Ipv4Addr::new(10, 0, 0, 1);
    let server =
        TestServer::start_with_config(|config| config.server.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()])
            .await;
    let mut browser = at(&server, school()).await;
    let mut judged = 0;
    for n in 0..70u32 {
        browser.headers.clear();
        for name in ["x-forwarded-for", "x-real-ip", "forwarded", "client-ip", "true-client-ip"] {
            browser.headers.push((name, format!("203.0.113.{n}")));
        }
        judged += guesses(&mut browser, n, 1).await.0;
    }
    assert_eq!(judged, 60, "nobody believes who is no proxy");
    let mut through = at(&server, proxy).await;
    for (n, client) in [(0, "198.51.100.1"), (100, "198.51.100.2")] {
        // What the client itself wrote stands left of it.
        through.headers = vec![("x-forwarded-for", format!("203.0.113.9, {client}, 10.0.0.2"))];
        let (judged, refused) = guesses(&mut through, n, 61).await;
        assert_eq!((judged, refused.status), (60, LIMITED), "{client} has its own");
    }
    through.headers = vec![("x-forwarded-for", "198.51.100.3, _hidden".to_owned())];
    let (judged, _) = guesses(&mut through, 200, 61).await;
    assert_eq!(judged, 60, "what cannot be read counts for the proxy");
    through.headers.clear();
    assert_eq!(guesses(&mut through, 300, 1).await.1.status, LIMITED, "as what has no header does");
}

#[tokio::test]
async fn attack_l1_parallel_guesses_do_not_race_past_a_source_s_count_and_nobody_right_is_refused() {
    let server = TestServer::start().await;
    let members = crowd(&server, 150).await;
    let all = async |tries: Vec<(String, String)>| {
        let mut set = tokio::task::JoinSet::new();
        for (identifiant, password) in tries {
            let mut browser = at(&server, school()).await;
            set.spawn(async move { attempt(&mut browser, &identifiant, &password).await });
        }
        set.join_all().await
    };
    let right = all(members.iter().map(|m| (m.identifiant.clone(), PASSWORD.to_owned())).collect()).await;
    assert!(right.iter().all(|status| *status == RIGHT), "{right:?}");
    server.execute_sql("DELETE FROM source_account", Vec::new()).await;
    let wrong = all((0..200).map(|n| (format!("x.inconnu{n}"), format!("Faux-mot-{n}"))).collect()).await;
    assert_eq!(wrong.iter().filter(|status| **status == WRONG).count(), 60);
    assert_eq!(wrong.iter().filter(|status| **status == LIMITED).count(), 140);
}

#[tokio::test]
async fn a_source_earns_with_every_account_and_one_that_is_shared_begins_with_more() {
    let shared = Ipv4Addr::new(198, 51, 100, 1);
    let server =
        TestServer::start_with_config(|config| config.limits.shared_sources = vec!["198.51.100.0/24".parse().unwrap()])
            .await;
    let members = crowd(&server, 2).await;
    let mut browser = at(&server, school()).await;
    for member in members.iter().chain(&members) {
        assert_eq!(attempt(&mut browser, &member.identifiant, PASSWORD).await, RIGHT);
    }
    assert_eq!(guesses(&mut browser, 0, 110).await.0, 100, "60, and 20 for each of two accounts");
    let mut carrier = at(&server, shared).await;
    assert_eq!(guesses(&mut carrier, 1_000, 300).await.0, 300);
    // Known for thirty days: whose digest, nobody can tell.
    let known = server.query_texts("SELECT member FROM source_account").await.concat();
    assert!(members.iter().all(|m| !known.contains(&*m.account_id)));
    assert!(!server.query_texts("SELECT source FROM source_account").await.concat().contains("192.0.2"));
    server.advance(Span::days(31));
    browser.get("/connexion").await;
    assert_eq!(guesses(&mut browser, 5_000, 110).await.0, 60, "forgotten");
}

#[tokio::test]
async fn behind_a_proxy_that_nobody_named_no_source_is_limited_but_a_spray_is_seen() {
    let server = TestServer::start_with_config(|config| {
        config.server.issuer = "https://id.example.fr".to_owned();
        config.phones.fictitious.clear();
        config.outgoing.allow_private = false;
    })
    .await;
    let mut browser = at(&server, school()).await;
    assert_eq!(guesses(&mut browser, 0, 100).await.0, 100);
    let mut judged = 0;
    for n in 0..200 {
        judged += u32::from(attempt(&mut browser, &format!("y.inconnu{n}"), PASSWORD).await == WRONG);
    }
    assert_eq!(judged, 151);
}

/// Types an identity of nobody; the status.
async fn asks(browser: &mut Browser, n: u32) -> StatusCode {
    browser.get("/activation").await;
    browser.identify_as("INCONNUE", "Prune", &format!("06 39 98 {:02} {:02}", 20 + n / 100, n % 100)).await.status
}

#[tokio::test]
async fn faults_a5_activations_of_one_source_or_browser_are_refused_before_any_row() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
    let mut one = at(&server, school()).await;
    for n in 0..20 {
        assert_eq!(asks(&mut one, n).await, RIGHT, "{n}");
    }
    assert_eq!(asks(&mut one, 20).await, LIMITED, "one browser may have twenty");
    assert!(one.page.visible_text().contains("code"), "{}", one.page.visible_text());
    let mut n = 20;
    while n < 60 {
        let mut other = at(&server, school()).await;
        for _ in 0..10 {
            assert_eq!(asks(&mut other, n).await, RIGHT, "{n}");
            n += 1;
        }
    }
    let rows = "SELECT (SELECT COUNT(*) FROM activation) + (SELECT COUNT(*) FROM challenge) \
                + (SELECT COUNT(*) FROM budget) + (SELECT COUNT(*) FROM outbox) + (SELECT COUNT(*) FROM audit)";
    let before = server.query_count(rows).await;
    let mut last = at(&server, school()).await;
    assert_eq!(asks(&mut last, 60).await, LIMITED);
    assert!(last.page.visible_text().contains("votre téléphone portable"), "{}", last.page.visible_text());
    assert!(last.page.header("retry-after").parse::<i64>().unwrap() > 0);
    assert!(last.page.has_element("#continuer"), "the form is still there, filled");
    assert_eq!(server.query_count(rows).await, before);
    // From elsewhere, a parent gets their code; and what strangers typed leaves no fact and no job.
    let mut parent = at(&server, Ipv4Addr::new(198, 51, 100, 1)).await;
    parent.get("/activation").await;
    parent.prove_phone(&server, &TestFamily::durand()).await;
    assert_eq!(parent.url.path(), "/activation/enfants", "{}", parent.page.visible_text());
    assert_eq!(server.query_count("SELECT COUNT(*) FROM audit WHERE fact = 'activation_started'").await, 1);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM outbox WHERE kind = 'find_and_send'").await, 1);
    server.advance(Span::minutes(71));
    last.get("/connexion").await;
    assert_eq!(asks(&mut last, 61).await, RIGHT, "an hour later");
}

#[tokio::test]
async fn faults_a5_who_types_a_right_code_is_not_counted_and_typing_again_is_no_second_one() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
    let mut parent = at(&server, school()).await;
    for _ in 0..30 {
        parent.get("/activation").await;
        parent.identify(&TestFamily::durand()).await;
    }
    let code = server.read_code().await;
    parent.type_code(&code).await;
    assert_eq!(parent.url.path(), "/activation/enfants", "{}", parent.page.visible_text());
    for n in 0..20 {
        assert_eq!(asks(&mut parent, n).await, RIGHT, "{n}");
    }
    assert_eq!(asks(&mut parent, 20).await, LIMITED);
}

#[tokio::test]
async fn faults_a5_a_crowd_of_strangers_stands_before_nobody() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
    let mut browsers = Vec::new();
    for _ in 0..6 {
        browsers.push(at(&server, school()).await);
    }
    for n in 0..60u32 {
        assert_eq!(asks(&mut browsers[n as usize / 10], n).await, RIGHT);
    }
    let mut parent = at(&server, Ipv4Addr::new(198, 51, 100, 1)).await;
    parent.get("/activation").await;
    parent.identify(&TestFamily::durand()).await;
    let app = &server.app;
    let first = outbox::claim(
        &app.db,
        &app.master_key,
        server.now(),
        ClaimRequest { kind: JobKind::SendCode, filter: ClaimFilter::Due, max_jobs: 2 },
    )
    .await
    .unwrap();
    let alone = "SELECT MIN(id) FROM outbox WHERE kind = 'find_and_send' GROUP BY source HAVING COUNT(*) = 1";
    let parents = server.query_texts(alone).await.remove(0);
    assert!(first.iter().any(|job| job.id == parents), "the last that came is among the first two");
}

#[test]
fn every_limit_has_a_name_of_its_own() {
    let all = [
        RateLimit::Password,
        RateLimit::SmsCode,
        RateLimit::BirthDate,
        RateLimit::SmsToPhone,
        RateLimit::SmsPerIdentity,
        RateLimit::DailySms,
        RateLimit::WrongSignIn,
        RateLimit::Activation,
    ];
    let names: std::collections::BTreeSet<_> = all.iter().map(|action| action.name()).collect();
    assert_eq!(names.len(), all.len());
}
