//! Rotation of the signing keys: published before it signs, there until its last token ended, once by any number of
//! servers; and what is left of a key that somebody else may have.

use preau::app::Operation;
use preau::base::clock::Span;
use preau::base::clock::Timestamp;
use preau::config::Keys;
use preau::jose::{self, Alg, ExpectedTyp, KeySet, KeyState};
use preau::keys::ops;
use preau::keys::rotation::{JWKS_MAX_AGE, MAX_TOKEN_TTL, PUBLISH_LEAD, RETIRE_AFTER, RETIRED_KEY_RETENTION};
use preau::oidc::logout::backchannel;
use preau::oidc::{ID_TOKEN_TYP, TOKEN_TTL};
use preau::protocol::tolerance::AccessTokenTyp;
use serde_json::{Value, json};

use crate::support::{Browser, TestRelyingParty, TestServer};

async fn tend(server: &TestServer) {
    ops::refresh_keys(&server.operation()).await.unwrap();
}

async fn published(server: &TestServer) -> Value {
    serde_json::from_str(&server.get("/oauth2/jwks").await.text()).unwrap()
}

fn signed(server: &TestServer, alg: Alg, typ: &str) -> String {
    jose::sign(&server.app.key_ring(), alg, typ, &json!({"sub": "x"})).unwrap()
}

/// As a relying party does it, by the JWKS that it has.
fn verifies(jwks: &Value, token: &str) -> bool {
    KeySet::parse(jwks).unwrap().verify(token, &Alg::ALL, ExpectedTyp::Exactly(ID_TOKEN_TYP)).is_ok()
}

async fn states(server: &TestServer, alg: Alg) -> Vec<KeyState> {
    let mut lives = ops::lifecycles(&server.app.db).await.unwrap();
    lives.retain(|key| key.alg == alg);
    lives.into_iter().map(|key| key.state).collect()
}

async fn facts(server: &TestServer, fact: &str) -> usize {
    let all = server.query_texts("SELECT fact FROM audit").await;
    all.iter().filter(|one| *one == fact).count()
}

#[tokio::test]
async fn protocol_a8_fault_rt08_every_token_of_a_rotation_verifies_by_every_jwks_of_any_server() {
    let first = TestServer::start_with_config(|config| config.keys.rotate_after_days = 1).await;
    let second = first.restart().await;
    first.advance(Span::hours(23));
    let began = first.now();
    let mut seen: Vec<(Timestamp, Vec<(String, String)>)> = Vec::new();
    // The servers read at different moments, so that one signs with the old key while the other has the new one.
    for minute in 0..150 {
        tend(&first).await;
        first.advance(Span::seconds(30));
        tend(&second).await;
        let mut now = Vec::new();
        for server in [&first, &second] {
            now.push((signed(server, Alg::ES256, ID_TOKEN_TYP), published(server).await.to_string()));
        }
        seen.push((first.now(), now));
        if minute % 50 == 0 {
            assert_eq!(published(&first).await["keys"].as_array().unwrap().len(), 3, "at rest: one of each");
        }
        first.advance(Span::seconds(30));
    }
    let kid = |token: &str| jose_header(token)["kid"].as_str().unwrap().to_owned();
    let kids: std::collections::BTreeSet<_> = seen.iter().flat_map(|(_, s)| s.iter().map(|(t, _)| kid(t))).collect();
    assert_eq!(kids.len(), 2, "one rotation in {} minutes", first.now().since(began).0 / 60_000);
    // Hundreds of servings are a few sets: each token is verified by each of them once.
    let mut verified = std::collections::BTreeSet::new();
    for (signed_at, tokens) in &seen {
        for (fetched_at, sets) in &seen {
            // Verified at any moment of its life, with a JWKS that is at most max-age old then.
            if *fetched_at < signed_at.minus(JWKS_MAX_AGE) || *fetched_at > signed_at.plus(MAX_TOKEN_TTL) {
                continue;
            }
            for (token, _) in tokens {
                for (_, jwks) in sets {
                    if verified.insert((token, jwks)) {
                        let jwks = serde_json::from_str(jwks).unwrap();
                        assert!(verifies(&jwks, token), "signed at {signed_at}, JWKS of {fetched_at}");
                    }
                }
            }
        }
    }
    assert_eq!(states(&first, Alg::ES256).await, [KeyState::Active, KeyState::Retired]);
}

fn jose_header(token: &str) -> Value {
    crate::support::relying_party::decode_part(token, 0)
}

#[tokio::test]
async fn any_number_of_servers_rotate_once() {
    let first = TestServer::start().await;
    let second = first.restart().await;
    let together = async || {
        let (one, two) = (first.operation(), second.operation());
        let (a, b) = tokio::join!(ops::refresh_keys(&one), ops::refresh_keys(&two));
        a.unwrap();
        b.unwrap();
    };
    first.advance(Span::days(90));
    together().await;
    for alg in Keys::default().algorithms {
        assert_eq!(states(&first, alg).await, [KeyState::Upcoming, KeyState::Active], "{alg:?}");
    }
    assert_eq!(facts(&first, "key_published").await, 3);
    let before = published(&first).await;
    assert_eq!(before["keys"].as_array().unwrap().len(), 6);
    first.advance(PUBLISH_LEAD);
    together().await;
    assert_eq!(facts(&first, "key_activated").await, 3);
    assert!(verifies(&before, &signed(&second, Alg::RS256, ID_TOKEN_TYP)), "it was published before it signed");
    first.advance(RETIRE_AFTER);
    together().await;
    assert_eq!(facts(&first, "key_retired").await, 3);
    assert_eq!(published(&second).await["keys"].as_array().unwrap().len(), 3);
    for alg in Keys::default().algorithms {
        assert_eq!(states(&first, alg).await, [KeyState::Active, KeyState::Retired]);
    }
    // A restart has no memory of its own, and still does not rotate again (docs/threats.md#attack-t2).
    let third = first.restart().await;
    tend(&third).await;
    assert_eq!(facts(&first, "key_published").await, 3);
}

#[tokio::test]
async fn rpil_2_a_retired_key_verifies_hints_and_no_access_token_until_it_is_forgotten() {
    let server = TestServer::start_with_config(|config| config.keys.rotate_after_days = 0).await;
    let (hint, access) =
        (signed(&server, Alg::ES256, ID_TOKEN_TYP), signed(&server, Alg::ES256, AccessTokenTyp::AtJwt.name()));
    server.advance(Span::days(3650));
    tend(&server).await;
    assert_eq!(states(&server, Alg::ES256).await, [KeyState::Active], "0 days: never by itself");
    ops::publish_next(server.operation().storage(), Alg::ES256).await.unwrap();
    let twice = ops::publish_next(server.operation().storage(), Alg::ES256).await.unwrap_err().to_string();
    assert!(twice.contains("has an upcoming key already"), "{twice}");
    for span in [PUBLISH_LEAD, RETIRE_AFTER] {
        server.advance(span);
        tend(&server).await;
    }
    let verify = async || {
        let op = Operation::of_job(&server.app, "keys");
        let hint = ops::verify_hint(&op, ID_TOKEN_TYP, &hint).await.unwrap().is_ok();
        (hint, ops::verify(&op, AccessTokenTyp::AtJwt.name(), &access).await.unwrap().is_ok())
    };
    assert_eq!(verify().await, (true, false));
    server.advance(RETIRED_KEY_RETENTION);
    tend(&server).await;
    assert_eq!(verify().await, (false, false));
    assert_eq!(states(&server, Alg::ES256).await, [KeyState::Active]);
    assert_eq!(facts(&server, "key_forgotten").await, 1);
}

#[tokio::test]
async fn fault_rt09_a_revoked_key_signs_verifies_and_is_published_no_more() {
    let server = TestServer::start().await;
    let other = server.restart().await;
    let kid = server.app.key_ring().active(Alg::ES256).unwrap().kid().to_owned();
    let (hint, access) =
        (signed(&server, Alg::ES256, ID_TOKEN_TYP), signed(&server, Alg::ES256, AccessTokenTyp::AtJwt.name()));
    let upcoming = ops::publish_next(server.operation().storage(), Alg::ES256).await.unwrap();
    let new = ops::revoke(server.operation().storage(), &kid).await.unwrap().unwrap();
    // Both read again within a minute.
    server.advance(Span::minutes(1));
    for server in [&server, &other] {
        tend(server).await;
        let op = Operation::of_job(&server.app, "keys");
        assert_eq!(server.app.key_ring().active(Alg::ES256).unwrap().kid(), &*new);
        assert!(ops::verify(&op, AccessTokenTyp::AtJwt.name(), &access).await.unwrap().is_err());
        assert!(ops::verify_hint(&op, ID_TOKEN_TYP, &hint).await.unwrap().is_err());
        let jwks = published(server).await.to_string();
        assert!(jwks.contains(&*new) && !jwks.contains(&kid) && !jwks.contains(&*upcoming));
        assert!(verifies(&published(server).await, &signed(server, Alg::ES256, ID_TOKEN_TYP)));
    }
    let left = server.query_texts("SELECT sealed FROM signing_key WHERE state = 'revoked'").await;
    assert_eq!(left, ["", ""], "nothing of it is kept");
    let again = ops::revoke(server.operation().storage(), &kid).await.unwrap_err().to_string();
    assert!(again.contains("revoked already"), "{again}");
    assert!(ops::revoke(server.operation().storage(), "nobody").await.is_err());
    // A key that does not sign leaves without a successor.
    assert_eq!(facts(&server, "key_revoked").await, 2);
    let next = ops::publish_next(server.operation().storage(), Alg::ES256).await.unwrap();
    assert_eq!(ops::revoke(server.operation().storage(), &next).await.unwrap(), None);
    server.advance(Span::days(1));
    tend(&server).await;
    assert_eq!(server.app.key_ring().active(Alg::ES256).unwrap().kid(), &*new);
}

#[tokio::test]
async fn fault_rt09_another_server_learns_of_a_revoked_key_without_waiting_for_its_minute() {
    let server = TestServer::start().await;
    let other = server.restart().await;
    let kid = other.app.key_ring().active(Alg::ES256).unwrap().kid().to_owned();
    let access = signed(&other, Alg::ES256, AccessTokenTyp::AtJwt.name());
    assert!(!ops::drop_revoked_keys(&other.operation()).await.unwrap(), "nothing is revoked");
    let new = ops::revoke(server.operation().storage(), &kid).await.unwrap().unwrap();
    assert_eq!(other.app.key_ring().active(Alg::ES256).unwrap().kid(), kid, "it was not told");
    assert!(ops::drop_revoked_keys(&other.operation()).await.unwrap());
    assert_eq!(other.app.key_ring().active(Alg::ES256).unwrap().kid(), &*new);
    assert!(!published(&other).await.to_string().contains(&kid));
    assert!(ops::verify(&other.operation(), AccessTokenTyp::AtJwt.name(), &access).await.unwrap().is_err());
    assert!(!ops::drop_revoked_keys(&other.operation()).await.unwrap(), "once");
}

#[tokio::test]
async fn nothing_of_a_private_key_is_left_once_it_is_retired() {
    let server = TestServer::start().await;
    let key = server.app.key_ring().active(Alg::RS256).unwrap().kid().to_owned();
    ops::publish_next(server.operation().storage(), Alg::RS256).await.unwrap();
    for span in [PUBLISH_LEAD, RETIRE_AFTER] {
        server.advance(span);
        tend(&server).await;
    }
    let rows = server.query_texts("SELECT sealed FROM signing_key WHERE state = 'retired'").await;
    let place = preau::crypto::AssociatedData { table: "signing_key", column: "sealed", row: &key };
    let jwk: Value = serde_json::from_str(&server.app.master_key.open(place, &rows[0]).unwrap()).unwrap();
    assert_eq!(jwk["kid"], key);
    for private in ["d", "p", "q", "dp", "dq", "qi"] {
        assert!(jwk.get(private).is_none(), "{private}");
    }
}

#[tokio::test]
async fn faults_d2_an_algorithm_that_leaves_the_list_signs_no_more_and_verifies_to_its_end() {
    let every = TestServer::start_with_config(|config| config.keys.algorithms = Alg::ALL.to_vec()).await;
    let algs = async |server: &TestServer| {
        let keys = published(server).await["keys"].as_array().unwrap().clone();
        keys.iter().map(|key| key["alg"].as_str().unwrap().to_owned()).collect::<std::collections::BTreeSet<_>>()
    };
    let offered = async |server: &TestServer| {
        let said = server.get("/.well-known/openid-configuration").await.json();
        said["id_token_signing_alg_values_supported"].clone()
    };
    assert_eq!(algs(&every).await, ["ES256", "EdDSA", "PS256", "RS256"].map(str::to_owned).into());
    assert_eq!(offered(&every).await, json!(["RS256", "PS256", "ES256", "EdDSA"]));
    let hint = signed(&every, Alg::EdDSA, ID_TOKEN_TYP);
    // The same house, started without it.
    let fewer = every.restart_with_config(|config| config.keys.algorithms = Keys::default().algorithms).await;
    assert_eq!(offered(&fewer).await, json!(["RS256", "ES256", "PS256"]));
    assert_eq!(states(&fewer, Alg::EdDSA).await, [KeyState::Retiring]);
    assert!(jose::sign(&fewer.app.key_ring(), Alg::EdDSA, ID_TOKEN_TYP, &json!({})).is_err());
    assert!(verifies(&published(&fewer).await, &hint), "until the last token has ended");
    fewer.advance(RETIRE_AFTER);
    tend(&fewer).await;
    assert_eq!(algs(&fewer).await, ["ES256", "PS256", "RS256"].map(str::to_owned).into());
    let known = async || {
        let op = Operation::of_job(&fewer.app, "keys");
        ops::verify_hint(&op, ID_TOKEN_TYP, &hint).await.unwrap().is_ok()
    };
    assert!(known().await, "as a hint for longer");
    assert!(fewer.app.key_ring().can_sign(&fewer.app.config.keys.algorithms));
    // Listed again: a new key.
    let again = fewer.restart_with_config(|config| config.keys.algorithms = Alg::ALL.to_vec()).await;
    assert_eq!(states(&again, Alg::EdDSA).await, [KeyState::Active, KeyState::Retired]);
    assert!(known().await);
}

#[tokio::test]
async fn faults_d2_servers_of_two_lists_side_by_side_leave_each_other_s_keys_and_stay_ready() {
    let failures = async |server: &TestServer| {
        let health = preau::bootstrap::check_health(&server.app).await;
        let about_keys = |all: Vec<String>| all.into_iter().filter(|why| why.contains("key")).collect::<Vec<_>>();
        (about_keys(health.failures), about_keys(health.degraded))
    };
    let old = TestServer::start().await;
    let new = old.restart_with_config(|config| config.keys.algorithms = Alg::ALL.to_vec()).await;
    for minute in 0..3 {
        old.advance(Span::minutes(1));
        tend(&old).await;
        tend(&new).await;
        assert_eq!(states(&new, Alg::EdDSA).await, [KeyState::Active], "{minute}");
    }
    assert_eq!(failures(&new).await, (vec![], vec![]));
    // The other way: the newer one signs with an algorithm less.
    let fewer = old.restart().await;
    tend(&new).await;
    assert_eq!(states(&fewer, Alg::EdDSA).await, [KeyState::Retiring]);
    assert_eq!(failures(&new).await, (vec![], vec!["keys: no signing key for EdDSA".to_owned()]));
    assert_eq!(failures(&fewer).await, (vec![], vec![]));
    // Nobody signs in without these two.
    new.app.set_key_ring(preau::jose::KeyRing::default());
    assert_eq!(failures(&new).await.0, ["no signing key"]);
}

#[tokio::test]
async fn faults_d2_a_client_of_an_algorithm_that_is_gone_is_refused_in_words() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let rp = TestRelyingParty::new(&server, "ent");
    let mut browser = Browser::new(&server);
    let (attempt, code) = rp.obtain_code(&mut browser, &member).await;
    server.change_client("ent", |meta| meta.id_token.signed = Some(Alg::EdDSA)).await;
    assert_eq!(rp.exchange(&attempt, &code).await.oauth_error(), "unauthorized_client");
    let attempt = rp.attempt();
    assert_eq!(rp.error(&browser.open(&attempt.url).await.expect_redirect_away(), &attempt), "unauthorized_client");
}

#[test]
fn no_token_lives_longer_than_a_rotation_allows_for() {
    assert!(TOKEN_TTL <= MAX_TOKEN_TTL && backchannel::LOGOUT_TOKEN_TTL <= MAX_TOKEN_TTL);
}
