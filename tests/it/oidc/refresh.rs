//! Refresh tokens (RFC 6749 6, OIDCC 11, 12; docs/decisions/0010-refresh-tokens-are-a-family-and-a-generation.md).

use axum::http::StatusCode;
use preau::base::clock::Span;
use preau::base::typed_ids::AccountId;
use preau::clients::GrantType;
use preau::protocol::scope::Scopes;
use serde_json::Value;

use crate::support::relying_party::decode_part;
use crate::support::{Browser, Landing, TestAccount, TestRelyingParty, TestResponse, TestServer};

const ALL_SCOPES: &str = "openid profile education offline_access";

async fn fixture(client: &'static str) -> (TestServer, TestRelyingParty, TestAccount) {
    let server = TestServer::start().await;
    allow_refresh_tokens(&server, client).await;
    let mut rp = TestRelyingParty::new(&server, client);
    rp.scope = ALL_SCOPES;
    let member = server.create_durand().await;
    (server, rp, member)
}

async fn allow_refresh_tokens(server: &TestServer, client: &str) {
    server
        .change_client(client, |meta| {
            meta.grant_types.push(GrantType::RefreshToken);
            meta.scopes = Scopes::parse(ALL_SCOPES).unwrap();
        })
        .await;
}

/// Signs in; with `consent` the page is asked for and agreed to.
async fn first_tokens(rp: &TestRelyingParty, browser: &mut Browser, member: &TestAccount, consent: bool) -> Value {
    let attempt = rp.attempt_with(if consent { &[("prompt", "consent")] } else { &[] });
    let mut landed = browser.open(&attempt.url).await;
    if matches!(landed, Landing::OwnPage) && browser.page.has_element("#se-connecter") {
        landed = browser.sign_in(member).await;
    }
    if consent {
        assert!(matches!(landed, Landing::OwnPage), "a page asks");
        browser.submit("continuer", &[]).await;
        landed = browser.follow().await;
    }
    let code = rp.code(&landed.expect_redirect_away(), &attempt);
    let answer = rp.exchange(&attempt, &code).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.visible_text());
    answer.json()
}

#[tokio::test]
async fn fault_rt13_a_refresh_token_ends_after_thirty_days_although_the_clock_went_back() {
    let (server, rp, member) = fixture("ent").await;
    let tokens = first_tokens(&rp, &mut Browser::new(&server), &member, true).await;
    server.advance(Span::minutes(30 * 24 * 60 - 10));
    server.clock.step_wall_time(Span::hours(-1));
    assert_eq!(refresh(&rp, &tokens["refresh_token"]).await.status, StatusCode::OK);
    server.advance(Span::minutes(20));
    assert_eq!(refresh(&rp, &tokens["refresh_token"]).await.oauth_error(), "invalid_grant");
}

async fn refresh(rp: &TestRelyingParty, token: &Value) -> TestResponse {
    let mut fields = vec![
        ("grant_type", "refresh_token".to_owned()),
        ("refresh_token", token.as_str().unwrap_or_default().to_owned()),
    ];
    if rp.client_id == "app" {
        fields.push(("client_id", "app".to_owned()));
    }
    rp.post_token(rp.authorization().as_deref(), &fields).await
}

#[tokio::test]
async fn protocol_a18_a_refresh_keeps_who_and_when_and_has_no_nonce() {
    let (server, rp, member) = fixture("ent").await;
    let first = first_tokens(&rp, &mut Browser::new(&server), &member, true).await;
    assert_eq!(first["scope"], ALL_SCOPES);
    server.advance(Span::minutes(20));
    let answer = refresh(&rp, &first["refresh_token"]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.visible_text());
    let again = answer.json();
    let (old, new) =
        (decode_part(first["id_token"].as_str().unwrap(), 1), decode_part(again["id_token"].as_str().unwrap(), 1));
    for name in ["iss", "sub", "aud", "auth_time", "acr", "amr", "sid"] {
        assert_eq!(old[name], new[name], "{name}");
    }
    assert!(old["nonce"].is_string() && new["nonce"].is_null(), "OIDCC 12.2");
    assert!(new["iat"].as_i64() > old["iat"].as_i64());
    assert_eq!(again["refresh_token"], first["refresh_token"], "a confidential client's stays (FAPI 2.0)");
    assert_eq!(rp.userinfo(again["access_token"].as_str().unwrap()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn oidcc_11_offline_access_needs_the_persons_word_on_this_request() {
    let (server, rp, member) = fixture("ent").await;
    let mut browser = Browser::new(&server);
    let body = first_tokens(&rp, &mut browser, &member, false).await;
    assert_eq!(body["scope"], "openid profile education", "not asked, not given");
    assert!(body["refresh_token"].is_string(), "one that ends with the session");
    browser.post("/deconnexion", &[]).await;
    assert_eq!(refresh(&rp, &body["refresh_token"]).await.oauth_error(), "invalid_grant");
    // Agreed with the deployment: no page.
    server.change_client("ent", |meta| meta.offline_agreed = true).await;
    let mut browser = Browser::new(&server);
    let body = first_tokens(&rp, &mut browser, &member, false).await;
    assert_eq!(body["scope"], ALL_SCOPES);
    browser.post("/deconnexion", &[]).await;
    let again = refresh(&rp, &body["refresh_token"]).await;
    assert_eq!(again.status, StatusCode::OK, "offline outlives the session");
    let access = again.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(rp.userinfo(&access).await.status, StatusCode::OK);
    server.advance(Span::days(30));
    assert_eq!(refresh(&rp, &body["refresh_token"]).await.oauth_error(), "invalid_grant", "thirty days");
}

#[tokio::test]
async fn attack_t1_a_public_clients_token_turns_and_a_spent_one_ends_the_family() {
    let (server, rp, member) = fixture("app").await;
    let first = first_tokens(&rp, &mut Browser::new(&server), &member, true).await["refresh_token"].clone();
    let second = refresh(&rp, &first).await.json()["refresh_token"].clone();
    assert_ne!(first, second);
    server.advance(Span::seconds(10));
    assert_eq!(refresh(&rp, &first).await.json()["refresh_token"], second, "rt11: within the grace the same child");
    let third = refresh(&rp, &second).await.json()["refresh_token"].clone();
    server.advance(Span::seconds(11));
    assert_eq!(refresh(&rp, &second).await.oauth_error(), "invalid_grant");
    assert_eq!(refresh(&rp, &third).await.oauth_error(), "invalid_grant", "the whole family");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM audit WHERE fact = 'refresh_token_reused'").await, 1);
}

#[tokio::test]
async fn fault_rt23_fifty_refreshes_at_once_give_one_child() {
    let (server, rp, member) = fixture("app").await;
    let first = first_tokens(&rp, &mut Browser::new(&server), &member, true).await["refresh_token"].clone();
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (rp, first) = (rp.clone(), first.clone());
        all.spawn(async move { refresh(&rp, &first).await });
    }
    let mut children = std::collections::BTreeSet::new();
    while let Some(answer) = all.join_next().await {
        let answer = answer.unwrap();
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.visible_text());
        children.insert(answer.json()["refresh_token"].as_str().unwrap().to_owned());
    }
    assert_eq!(children.len(), 1, "{children:?}");
}

#[tokio::test]
async fn attack_c1_another_clients_refresh_token_is_refused_and_unharmed() {
    let (server, rp, member) = fixture("ent").await;
    allow_refresh_tokens(&server, "bourses").await;
    let token = first_tokens(&rp, &mut Browser::new(&server), &member, true).await["refresh_token"].clone();
    let other = TestRelyingParty::new(&server, "bourses");
    assert_eq!(refresh(&other, &token).await.oauth_error(), "invalid_grant");
    assert_eq!(refresh(&rp, &token).await.status, StatusCode::OK);
    for nonsense in ["", "x", "a.1.b", &format!("{}x", token.as_str().unwrap())] {
        let error = refresh(&rp, &nonsense.into()).await.oauth_error();
        assert!(["invalid_grant", "invalid_request"].contains(&error.as_str()), "{nonsense}: {error}");
    }
}

#[tokio::test]
async fn attack_t3_what_changed_since_is_seen_at_each_refresh() {
    for (case, sql) in [
        ("suspended", "UPDATE account SET suspended_at = 1, suspended_by = 'school'"),
        ("client suspended", "UPDATE client SET state = 'suspended' WHERE client_id = 'ent'"),
        ("no child left", "UPDATE link SET ended_at = 1"),
    ] {
        let (server, rp, member) = fixture("ent").await;
        let token = first_tokens(&rp, &mut Browser::new(&server), &member, true).await["refresh_token"].clone();
        assert_eq!(refresh(&rp, &token).await.status, StatusCode::OK);
        server.execute_sql(sql, Vec::new()).await;
        let error = refresh(&rp, &token).await.oauth_error();
        assert!(["invalid_grant", "invalid_client"].contains(&error.as_str()), "{case}: {error}");
    }
}

#[tokio::test]
async fn attack_t4_a_scope_is_never_raised() {
    let (server, mut rp, member) = fixture("ent").await;
    rp.scope = "openid profile";
    let token = first_tokens(&rp, &mut Browser::new(&server), &member, true).await["refresh_token"].clone();
    let asked = |scope: &str| {
        let fields = vec![
            ("grant_type", "refresh_token".to_owned()),
            ("refresh_token", token.as_str().unwrap().to_owned()),
            ("scope", scope.to_owned()),
        ];
        let rp = rp.clone();
        async move { rp.post_token(rp.authorization().as_deref(), &fields).await }
    };
    assert_eq!(asked("openid education").await.oauth_error(), "invalid_scope");
    assert_eq!(asked("openid nonsense").await.oauth_error(), "invalid_scope");
    let less = asked("openid").await;
    assert_eq!(less.json()["scope"], "openid");
}

#[tokio::test]
async fn attack_c2_a_replayed_code_takes_its_refresh_family_with_it() {
    let (server, rp, member) = fixture("ent").await;
    let mut browser = Browser::new(&server);
    let attempt = rp.attempt_with(&[("prompt", "consent")]);
    browser.open(&attempt.url).await;
    browser.sign_in(&member).await;
    browser.submit("continuer", &[]).await;
    let code = rp.code(&browser.follow().await.expect_redirect_away(), &attempt);
    let body = rp.exchange(&attempt, &code).await.json();
    assert_eq!(rp.exchange(&attempt, &code).await.oauth_error(), "invalid_grant");
    assert_eq!(refresh(&rp, &body["refresh_token"]).await.oauth_error(), "invalid_grant");
    assert_eq!(rp.userinfo(body["access_token"].as_str().unwrap()).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn attack_s8_a_new_password_ends_offline_families_too() {
    let (server, rp, member) = fixture("ent").await;
    let token = first_tokens(&rp, &mut Browser::new(&server), &member, true).await["refresh_token"].clone();
    let op = server.operation();
    let mut tx = op.write(preau::db::Durability::Durable).await.unwrap();
    let id = server.query_texts("SELECT id FROM account").await.remove(0);
    preau::sessions::ops::end_all(&mut tx, &server.app.master_key, &AccountId::new(id), None).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(refresh(&rp, &token).await.oauth_error(), "invalid_grant");
}

#[tokio::test]
async fn attack_s8_no_family_is_born_after_the_end_that_it_raced() {
    for _ in 0..3 {
        let (server, rp, member) = fixture("ent").await;
        server.change_client("ent", |meta| meta.offline_agreed = true).await;
        // The day's first use of a client is written down; from now on an exchange waits for the writer only for its
        // family.
        first_tokens(&rp, &mut Browser::new(&server), &member, false).await;
        let (attempt, code) = rp.obtain_code(&mut Browser::new(&server), &member).await;
        // A new password is under way while the exchange has looked at the session and waits.
        let op = server.operation();
        let mut tx = op.write(preau::db::Durability::Durable).await.unwrap();
        preau::sessions::ops::end_all(&mut tx, &server.app.master_key, &member.account_id, None).await.unwrap();
        let exchange = {
            let (rp, attempt) = (rp.clone(), attempt.clone());
            tokio::spawn(async move { rp.exchange(&attempt, &code).await })
        };
        // Only once it waits for the writer have the two met; before that the test would be about nothing.
        for _ in 0..5_000 {
            if server.app.db.writer_count() > 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        assert!(server.app.db.writer_count() > 0, "the exchange never came to write");
        tx.commit().await.unwrap();
        assert_eq!(exchange.await.unwrap().oauth_error(), "invalid_grant");
        assert_eq!(server.query_count("SELECT COUNT(*) FROM refresh_family WHERE ended_at IS NULL").await, 0);
    }
}

#[tokio::test]
async fn attack_t2_a_restart_changes_nothing() {
    let (server, rp, member) = fixture("app").await;
    let first = first_tokens(&rp, &mut Browser::new(&server), &member, true).await["refresh_token"].clone();
    let second = refresh(&rp, &first).await.json()["refresh_token"].clone();
    server.advance(Span::seconds(11));
    let restarted = server.restart().await;
    allow_refresh_tokens(&restarted, "app").await;
    let rp = TestRelyingParty::new(&restarted, "app");
    assert_eq!(refresh(&rp, &first).await.oauth_error(), "invalid_grant", "spent stays spent");
    assert_eq!(refresh(&rp, &second).await.oauth_error(), "invalid_grant", "and its use ended the family");
}

#[tokio::test]
async fn attack_t12_a_client_that_is_not_registered_for_it_gets_none() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let rp = TestRelyingParty::new(&server, "ent");
    let (attempt, code) = rp.obtain_code(&mut Browser::new(&server), &member).await;
    let body = rp.exchange(&attempt, &code).await.json();
    assert!(body["refresh_token"].is_null());
    assert_eq!(refresh(&rp, &"x".into()).await.oauth_error(), "unauthorized_client");
}
