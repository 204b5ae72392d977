//! Several servers of one house: one database and one store. Any of them answers any step
//! (docs/decisions/0006-what-sql-keeps-and-what-may-be-lost.md). A store in memory is one server's, so these need a
//! redis-server.

use axum::http::StatusCode;

use crate::support::redis::OwnRedis;
use crate::support::relying_party::decode_part;
use crate::support::{Browser, TestRelyingParty, TestServer};

/// Two servers, and the store they share.
async fn two_servers() -> (TestServer, TestServer, OwnRedis) {
    let own = OwnRedis::start(&[]).await;
    let store = own.store();
    let first = TestServer::start_with_config(|config| config.ephemeral = store).await;
    let second = first.restart().await;
    (first, second, own)
}

/// The same browser, with the page it shows, at the other server.
fn carry_browser(browser: &Browser, server: &TestServer) -> Browser {
    let mut there = browser.at_server(server);
    (there.page, there.url) = (browser.page.clone(), browser.url.clone());
    there
}

#[tokio::test]
async fn a_sign_in_is_answered_by_either_in_turn() {
    let (first, second, _store) = two_servers().await;
    let member = first.create_durand().await;
    let (at_first, at_second) = (TestRelyingParty::new(&first, "ent"), TestRelyingParty::new(&second, "ent"));
    let attempt = at_first.attempt();
    let mut browser = Browser::new(&first);
    // The request at one, the form's answer at the other, the way on at the first, the code at the second.
    browser.open(&attempt.url).await;
    let mut browser = carry_browser(&browser, &second);
    browser.sign_in_with(&member.identifiant, &member.password).await;
    let mut browser = carry_browser(&browser, &first);
    let landed = browser.follow().await.expect_redirect_away();
    let tokens = at_second.tokens(&attempt, &at_first.code(&landed, &attempt)).await;
    assert_eq!(at_first.userinfo(&tokens.access_token).await.status, StatusCode::OK);
    // Single sign-on at the other.
    let mut browser = carry_browser(&browser, &second);
    let silent = at_second.attempt_with(&[("prompt", "none")]);
    let landed = browser.open(&silent.url).await.expect_redirect_away();
    let again = at_first.tokens(&silent, &at_second.code(&landed, &silent)).await;
    assert_eq!(decode_part(&again.id_token, 1)["sid"], decode_part(&tokens.id_token, 1)["sid"]);
    // The sign-out is asked at one and confirmed at the other; both know at once.
    browser.open(&at_second.logout_url(&[])).await;
    let mut browser = carry_browser(&browser, &first);
    browser.submit("confirmer", &[]).await;
    let mut browser = carry_browser(&browser, &second);
    browser.follow().await;
    assert!(!browser.has_session());
    for rp in [&at_first, &at_second] {
        assert_eq!(rp.userinfo(&tokens.access_token).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn attack_c2_a_code_used_at_one_is_used_at_the_other() {
    let (first, second, _store) = two_servers().await;
    let member = first.create_durand().await;
    let (at_first, at_second) = (TestRelyingParty::new(&first, "ent"), TestRelyingParty::new(&second, "ent"));
    let (attempt, code) = at_first.obtain_code(&mut Browser::new(&first), &member).await;
    let tokens = at_first.tokens(&attempt, &code).await;
    assert_eq!(at_second.exchange(&attempt, &code).await.oauth_error(), "invalid_grant");
    assert_eq!(at_first.userinfo(&tokens.access_token).await.status, StatusCode::UNAUTHORIZED, "revoked");
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_c2_of_parallel_exchanges_at_both_one_wins_at_most() {
    let (first, second, _store) = two_servers().await;
    let member = first.create_durand().await;
    let both = [TestRelyingParty::new(&first, "ent"), TestRelyingParty::new(&second, "ent")];
    let mut browser = Browser::new(&first);
    let mut all = 0;
    for many in [1, 2, 2, 20, 50] {
        let (attempt, code) = both[0].obtain_code(&mut browser, &member).await;
        let mut tasks = Vec::new();
        for n in 0..many {
            let (rp, attempt, code) = (both[n % 2].clone(), attempt.clone(), code.clone());
            tasks.push(tokio::spawn(async move { rp.exchange(&attempt, &code).await }));
        }
        let mut won = 0;
        for task in tasks {
            let answer = task.await.unwrap();
            if answer.status == StatusCode::OK {
                won += 1;
            } else {
                assert_eq!(answer.oauth_error(), "invalid_grant", "{many}");
            }
        }
        assert!(won <= 1, "{many}: {won}");
        all += won;
    }
    assert!(all >= 1, "one alone wins");
}
