//! Telling relying parties that a session ended (BCL): what is told, whom, when, and what if nobody listens.

use axum::http::StatusCode;
use preau::base::clock::Span;
use preau::base::typed_ids::ClientId;
use preau::logouts::{self, DeliveryState, LogoutDelivery};
use serde_json::{Value, json};

use crate::support::people::PASSWORD;
use crate::support::relying_party::decode_part;
use crate::support::{
    Browser, Landing, LogoutReceiver, TestAccount, TestFamily, TestRelyingParty, TestServer, deployment,
};

struct Fixture {
    server: TestServer,
    receiver: LogoutReceiver,
    member: TestAccount,
    browser: Browser,
    ent: TestRelyingParty,
    bourses: TestRelyingParty,
}

const BOTH: [&str; 2] = ["ent", "bourses"];

/// Anne, with a browser in which nobody is signed in; the ENT and the grants listen.
async fn fixture() -> Fixture {
    let server = TestServer::start().await;
    let receiver = LogoutReceiver::start().await;
    receiver.register_clients(&server, &BOTH).await;
    let member = server.create_durand().await;
    let (ent, bourses) = (TestRelyingParty::new(&server, "ent"), TestRelyingParty::new(&server, "bourses"));
    Fixture { browser: Browser::new(&server), server, receiver, member, ent, bourses }
}

impl Fixture {
    /// Presses « Se déconnecter » on the account's page.
    async fn leave(&mut self) {
        self.browser.open("/compte").await;
        self.browser.submit("se-deconnecter", &[]).await;
        self.browser.follow().await;
    }

    async fn deliveries(&self, client: &str) -> Vec<LogoutDelivery> {
        logouts::store::list_for_client(&mut self.server.app.db.read().await.unwrap(), client, 100).await.unwrap()
    }

    async fn delivery(&self, client: &str) -> LogoutDelivery {
        let all = self.deliveries(client).await;
        assert_eq!(all.len(), 1, "{all:?}");
        all[0].clone()
    }
}

#[tokio::test]
async fn bcl_2_4_the_token_says_exactly_what_it_must() {
    let mut s = fixture().await;
    let held = s.ent.sign_in(&mut s.browser, &s.member).await;
    let other = s.bourses.sign_in(&mut s.browser, &s.member).await;
    s.leave().await;
    assert!(s.receiver.calls().is_empty(), "the person did not wait for it");
    assert_eq!(s.server.drain_outbox().await, 2);
    assert_eq!(s.receiver.called_clients(), ["bourses", "ent"]);
    let call = s.receiver.calls_of("ent").remove(0);
    assert_eq!(call.headers["content-type"], "application/x-www-form-urlencoded");
    assert!(!call.headers.contains_key("cookie") && !call.headers.contains_key("authorization"));

    let header = decode_part(call.token(), 0);
    assert_eq!((&header["typ"], &header["alg"]), (&json!("logout+jwt"), &json!("RS256")));
    let keys = s.server.get("/oauth2/jwks").await.json();
    assert!(keys["keys"].as_array().unwrap().iter().any(|key| key["kid"] == header["kid"]));
    let now = s.server.now().as_seconds();
    let mut claims = call.claims();
    let jti = claims.as_object_mut().unwrap().remove("jti").unwrap();
    assert_eq!(jti.as_str().unwrap().len(), 22);
    let expected = json!({
        "iss": s.server.issuer(), "aud": "ent", "iat": now, "exp": now + 120,
        "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        "sub": held.claims["sub"], "sid": held.claims["sid"],
    });
    assert_eq!(claims, expected, "and nothing else, no nonce above all");

    // Pairwise: neither sub nor sid ties the two together.
    let theirs = s.receiver.calls_of("bourses").remove(0).claims();
    assert_eq!((&theirs["sub"], &theirs["sid"]), (&other.claims["sub"], &other.claims["sid"]));
    assert_ne!(theirs["sub"], held.claims["sub"]);
    assert_ne!(theirs["sid"], held.claims["sid"]);
    assert_ne!(theirs["jti"], jti);
}

#[tokio::test]
async fn bcl_2_4_the_token_is_signed_as_the_client_s_id_tokens_are() {
    for alg in ["PS256", "ES256"] {
        let mut s = fixture().await;
        s.ent.sign_in(&mut s.browser, &s.member).await;
        s.server.update_registration("ent", json!({ "id_token": { "signed": alg } })).await;
        s.leave().await;
        s.server.drain_outbox().await;
        let call = s.receiver.calls_of("ent").remove(0);
        assert_eq!(decode_part(call.token(), 0)["alg"], alg);
        let verified = preau::jose::verify(&s.server.app.key_ring(), "logout+jwt", call.token());
        assert_eq!(verified.unwrap()["aud"], "ent", "{alg}");
    }
}

#[tokio::test]
async fn attack_j12_a_logout_token_is_neither_an_id_token_nor_an_access_token() {
    let mut s = fixture().await;
    s.ent.sign_in(&mut s.browser, &s.member).await;
    s.leave().await;
    s.server.drain_outbox().await;
    let token = s.receiver.calls_of("ent").remove(0).token().to_owned();
    s.ent.sign_in(&mut s.browser, &s.member).await;
    let fields = [("id_token_hint", token.as_str()), ("post_logout_redirect_uri", "https://ent.example/adieu")];
    assert!(matches!(s.browser.open(&s.ent.logout_url(&fields)).await, Landing::OwnPage));
    assert!(s.browser.page.has_element("#confirmer"), "{}", s.browser.page.visible_text());
    assert_eq!(s.ent.userinfo(&token).await.status, StatusCode::UNAUTHORIZED);
    let hinted = s.ent.attempt_with(&[("id_token_hint", &token), ("prompt", "none")]);
    let landed = s.browser.open(&hinted.url).await.expect_redirect_away();
    assert_eq!(s.ent.error(&landed, &hinted), "invalid_request");
}

#[tokio::test]
async fn bcl_2_5_every_end_of_a_session_is_told_to_its_clients() {
    // By a client's own request, at once.
    let mut s = fixture().await;
    let held = s.ent.sign_in(&mut s.browser, &s.member).await;
    s.bourses.sign_in(&mut s.browser, &s.member).await;
    let fields = [("id_token_hint", held.id_token.as_str())];
    s.browser.open(&s.ent.logout_url(&fields)).await;
    s.server.drain_outbox().await;
    assert_eq!(s.receiver.called_clients(), ["bourses", "ent"], "also the one that asked");
    // Afterwards nobody is signed in without a word.
    let silent = s.ent.attempt_with(&[("prompt", "none")]);
    let landed = s.browser.open(&silent.url).await.expect_redirect_away();
    assert_eq!(s.ent.error(&landed, &silent), "login_required");
    assert_eq!(s.ent.userinfo(&held.access_token).await.status, StatusCode::UNAUTHORIZED);

    // Confirmed on our page.
    let mut s = fixture().await;
    s.ent.sign_in(&mut s.browser, &s.member).await;
    s.browser.open("/oauth2/logout").await;
    s.browser.submit("confirmer", &[]).await;
    s.server.drain_outbox().await;
    assert_eq!(s.receiver.called_clients(), ["ent"], "the grants had no part in it");

    // « Changer de compte ».
    let mut s = fixture().await;
    s.ent.sign_in(&mut s.browser, &s.member).await;
    let toulouse = TestRelyingParty::new(&s.server, "ent-toulouse");
    s.browser.open(&toulouse.attempt().url).await;
    let form = s.browser.page.text();
    assert!(form.contains("changer"), "{}", s.browser.page.visible_text());
    let query = s.browser.url.query().unwrap().to_owned();
    s.browser.post(&format!("/deconnexion?{query}"), &[("changer", "1")]).await;
    s.server.drain_outbox().await;
    assert_eq!(s.receiver.called_clients(), ["ent"]);

    // Somebody else signs in in the same browser.
    let mut s = fixture().await;
    let held = s.ent.sign_in(&mut s.browser, &s.member).await;
    let other = s.server.create_account("Sam", "AUTRE").await;
    s.server.advance(Span::seconds(1));
    s.browser.open(&TestRelyingParty::new(&s.server, "strict").attempt_with(&[("prompt", "login")]).url).await;
    s.browser.sign_in(&other).await.expect_redirect_away();
    s.server.drain_outbox().await;
    assert_eq!(s.receiver.called_clients(), ["ent"]);
    assert_eq!(s.receiver.calls()[0].claims()["sub"], held.claims["sub"], "Anne's session");
    assert_eq!(s.ent.userinfo(&held.access_token).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_eleventh_session_of_a_person_ends_the_oldest_like_a_sign_out() {
    let mut s = fixture().await;
    let held = s.ent.sign_in(&mut s.browser, &s.member).await;
    let mut others = Vec::new();
    for _ in 0..9 {
        s.server.advance(Span::seconds(1));
        others.push(s.ent.sign_in(&mut Browser::new(&s.server), &s.member).await);
    }
    s.server.drain_outbox().await;
    assert!(s.receiver.calls().is_empty(), "ten are a person's");
    // In a browser of one of them: the new session takes the place of its own, and of no other one.
    s.server.advance(Span::seconds(1));
    let mut same = s.browser.clone_browser();
    same.open(&s.ent.attempt_with(&[("prompt", "login")]).url).await;
    same.sign_in(&s.member).await.expect_redirect_away();
    s.server.drain_outbox().await;
    assert!(s.receiver.calls().is_empty());
    for tokens in others.iter().chain([&held]) {
        assert_eq!(s.ent.userinfo(&tokens.access_token).await.status, StatusCode::OK);
    }
    // The oldest is now the first of the others.
    s.server.advance(Span::seconds(1));
    let eleventh = s.ent.sign_in(&mut Browser::new(&s.server), &s.member).await;
    s.server.drain_outbox().await;
    let calls = s.receiver.calls();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].claims()["sid"], others[0].claims["sid"]);
    assert_eq!(s.ent.userinfo(&others[0].access_token).await.status, StatusCode::UNAUTHORIZED);
    for tokens in others[1..].iter().chain([&held, &eleventh]) {
        assert_eq!(s.ent.userinfo(&tokens.access_token).await.status, StatusCode::OK);
    }
    assert_eq!(s.server.query_count("SELECT COUNT(*) FROM session WHERE ended_at IS NULL").await, 10);
    assert_eq!(s.server.query_count("SELECT COUNT(*) FROM audit WHERE fact = 'signed_out'").await, 1);
}

/// The answer of an upstream may be older than every session: the one that begins with it is not the one that ends.
#[tokio::test]
async fn a_session_never_ends_by_its_own_beginning_and_those_of_yesterday_do_not_count() {
    let s = fixture().await;
    for n in 0..12 {
        let sql = "INSERT INTO session (id, account_id, authenticated_at, amr, seen_at) VALUES ($1, $2, $3, 'pwd', $3)";
        let at = s.server.now().minus(Span::hours(if n < 2 { 12 } else { 1 })).0;
        let values = vec![format!("s{n}").into(), s.member.account_id.as_str().into(), at.into()];
        s.server.execute_sql(sql, values).await;
    }
    let alive = s.server.now().minus(Span::hours(12));
    let mut tx = s.server.app.db.read().await.unwrap();
    for (new, expected) in [("s2", vec![]), ("s0", vec!["s9"])] {
        let new = preau::base::typed_ids::SessionId::new(new);
        let found = preau::sessions::store::list_excess(&mut tx, &s.member.account_id, &new, alive).await.unwrap();
        let found: Vec<&str> = found.iter().map(|id| id.as_str()).collect();
        assert_eq!(found, expected, "{new}");
    }
}

#[tokio::test]
async fn attack_s8_a_new_password_tells_every_client_of_every_session() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
    let receiver = LogoutReceiver::start().await;
    receiver.register_clients(&server, &BOTH).await;
    let identifiant = Browser::at_activation(&server).await.activate(&server, &TestFamily::durand()).await;
    let member = TestAccount {
        account_id: preau::base::typed_ids::AccountId::new(""),
        identifiant,
        password: PASSWORD.to_owned(),
    };
    let mut sids = Vec::new();
    let mut here = Browser::new(&server);
    for client in BOTH {
        sids.push(TestRelyingParty::new(&server, client).sign_in(&mut here, &member).await.claims["sid"].clone());
    }
    let mut phone = Browser::new(&server);
    sids.push(TestRelyingParty::new(&server, "ent").sign_in(&mut phone, &member).await.claims["sid"].clone());

    // In the browser that is signed in: its session does not live on in the new one.
    server.advance(Span::minutes(5));
    here.get("/activation").await;
    here.prove_phone(&server, &TestFamily::durand()).await;
    here.submit("nouveau-mot-de-passe", &[]).await;
    here.follow().await;
    here.answer_children(&["14/02/2013"]).await;
    here.choose_password("Nouveau-motdepasse7").await;
    assert_eq!(here.url.path(), "/mot-de-passe-oublie/termine", "{}", here.page.visible_text());
    server.drain_outbox().await;
    let mut told: Vec<Value> = receiver.calls().iter().map(|call| call.claims()["sid"].clone()).collect();
    let text = |sid: &Value| sid.as_str().unwrap().to_owned();
    told.sort_by_key(text);
    sids.sort_by_key(text);
    assert_eq!(told, sids);
}

#[tokio::test]
async fn the_same_person_signing_in_again_is_no_end_and_keeps_every_sid() {
    for ask in [("prompt", "login"), ("max_age", "0")] {
        let mut s = fixture().await;
        let first = s.ent.sign_in(&mut s.browser, &s.member).await;
        let grants = s.bourses.sign_in(&mut s.browser, &s.member).await;
        let former = s.browser.cookie("").unwrap().to_owned();
        let stolen = s.browser.clone_browser();
        s.server.advance(Span::minutes(2));
        let attempt = s.ent.attempt_with(&[ask]);
        s.browser.open(&attempt.url).await;
        let landed = s.browser.sign_in(&s.member).await.expect_redirect_away();
        let second = s.ent.tokens(&attempt, &s.ent.code(&landed, &attempt)).await;
        assert_eq!(second.claims["sid"], first.claims["sid"], "{ask:?}");
        assert_ne!(s.browser.cookie(""), Some(former.as_str()), "S1: a new cookie at each sign-in");
        assert_ne!(
            stolen.clone_browser().get("/compte").await.status,
            StatusCode::OK,
            "S3: the old one is worth nothing"
        );
        assert_eq!(s.server.drain_outbox().await, 0, "nobody is told anything");
        for tokens in [&first, &second, &grants] {
            assert_eq!(s.ent.userinfo(&tokens.access_token).await.status, StatusCode::OK, "the others go on");
        }
        // Twelve hours from the new sign-in; then the sign-out reaches those that the first one opened.
        s.leave().await;
        s.server.drain_outbox().await;
        assert_eq!(s.receiver.called_clients(), ["bourses", "ent"]);
        let sid = s.receiver.calls_of("bourses")[0].claims()["sid"].clone();
        assert_eq!(sid, grants.claims["sid"]);
    }
}

#[tokio::test]
async fn a_code_from_before_the_second_sign_in_is_good_and_its_replay_still_revokes() {
    let mut s = fixture().await;
    let (attempt, code) = s.ent.obtain_code(&mut s.browser, &s.member).await;
    s.server.advance(Span::seconds(10));
    s.browser.open(&s.bourses.attempt_with(&[("prompt", "login")]).url).await;
    s.browser.sign_in(&s.member).await.expect_redirect_away();
    let tokens = s.ent.tokens(&attempt, &code).await;
    assert_eq!(s.ent.userinfo(&tokens.access_token).await.status, StatusCode::OK);
    assert_eq!(s.ent.exchange(&attempt, &code).await.oauth_error(), "invalid_grant");
    assert_eq!(s.ent.userinfo(&tokens.access_token).await.status, StatusCode::UNAUTHORIZED, "C2");
}

#[tokio::test]
async fn tokens_of_a_day_that_is_over_do_not_wake_up_with_the_next_sign_in() {
    let mut s = fixture().await;
    let first = s.ent.sign_in(&mut s.browser, &s.member).await;
    s.server.advance(Span::hours(13));
    let second = s.ent.sign_in(&mut s.browser, &s.member).await;
    assert_ne!(second.claims["sid"], first.claims["sid"]);
    assert_eq!(s.server.drain_outbox().await, 0, "the person is just coming, nobody is signed out by it");
}

#[tokio::test]
async fn protocol_a22_who_signs_out_after_an_hour_in_the_portal_signs_out_everywhere() {
    let mut s = fixture().await;
    let held = s.ent.sign_in(&mut s.browser, &s.member).await;
    let grants = s.bourses.sign_in(&mut s.browser, &s.member).await;
    s.server.advance(Span::minutes(3));
    assert_eq!(s.bourses.userinfo(&grants.access_token).await.status, StatusCode::OK);
    // Half an hour later single sign-on sleeps; tokens and services do not.
    s.server.advance(Span::minutes(60));
    s.browser.open(&s.ent.logout_url(&[("id_token_hint", &held.id_token)])).await;
    assert!(!s.browser.has_session());
    s.server.drain_outbox().await;
    assert_eq!(s.receiver.called_clients(), ["bourses", "ent"]);
    assert_eq!(s.server.query_count("SELECT COUNT(*) FROM session WHERE ended_at IS NULL").await, 0);
}

#[tokio::test]
async fn bcl_2_8_what_an_answer_means_and_each_attempt_is_signed_anew() {
    for (status, state, calls) in [
        (200, DeliveryState::Delivered, 1),
        (204, DeliveryState::Delivered, 1),
        (400, DeliveryState::Refused, 1),
        (404, DeliveryState::GivenUp, 6),
        (302, DeliveryState::GivenUp, 6),
        (500, DeliveryState::GivenUp, 6),
        (503, DeliveryState::GivenUp, 6),
    ] {
        let mut s = fixture().await;
        s.receiver.answer_with("ent", status);
        s.ent.sign_in(&mut s.browser, &s.member).await;
        s.leave().await;
        for wait in [0, 5, 30, 120, 600, 1800, 3600] {
            s.server.advance(Span::seconds(wait));
            s.server.drain_outbox().await;
        }
        let heard = s.receiver.calls_of("ent");
        assert_eq!(heard.len(), calls, "{status}");
        let delivery = s.delivery("ent").await;
        assert_eq!((delivery.state, delivery.attempts), (state, i64::try_from(calls).unwrap()), "{status}");
        assert_eq!(delivery.problem.is_some(), state != DeliveryState::Delivered, "{status}: {delivery:?}");
        assert!(delivery.ended_at.is_some());
        assert_eq!(s.server.query_count("SELECT COUNT(*) FROM outbox WHERE body IS NOT NULL").await, 0, "wiped");
        let mut seen = std::collections::HashSet::new();
        for (call, after) in heard.iter().zip([0, 5, 35, 155, 755, 2555]) {
            let claims = call.claims();
            assert_eq!(claims["iat"], crate::support::server::START_TIME.as_seconds() + after, "{status}");
            assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 120);
            assert!(seen.insert(claims["jti"].to_string()), "a jti came twice");
        }
        assert!(s.receiver.calls_of("elsewhere").is_empty(), "no redirect is followed");
    }
}

#[tokio::test]
async fn fault_rt17_who_never_answers_is_asked_again_and_nobody_waits_for_it() {
    let mut s = fixture().await;
    s.receiver.answer_with("ent", 0);
    s.ent.sign_in(&mut s.browser, &s.member).await;
    s.bourses.sign_in(&mut s.browser, &s.member).await;
    s.leave().await;
    s.server.drain_outbox().await;
    assert_eq!(s.delivery("bourses").await.state, DeliveryState::Delivered);
    let waiting = s.delivery("ent").await;
    assert_eq!((waiting.state, waiting.attempts), (DeliveryState::Waiting, 1), "{waiting:?}");
    s.receiver.answer_with("ent", 200);
    assert_eq!(s.server.drain_outbox().await, 0, "not before its time");
    s.server.advance(Span::seconds(5));
    s.server.drain_outbox().await;
    let told = s.delivery("ent").await;
    assert_eq!((told.state, told.attempts), (DeliveryState::Delivered, 2), "{told:?}");
}

#[tokio::test]
async fn a_job_survives_a_restart_and_a_client_that_is_suspended_meanwhile_is_not_called() {
    let mut s = fixture().await;
    s.ent.sign_in(&mut s.browser, &s.member).await;
    s.bourses.sign_in(&mut s.browser, &s.member).await;
    s.leave().await;
    s.server.execute_sql("UPDATE client SET state = 'suspended' WHERE client_id = 'bourses'", vec![]).await;
    let tables = s.server.query_texts("SELECT body FROM outbox WHERE kind = 'backchannel_logout'").await;
    // What is sealed has no brace, whatever the randomness; what is not is an object of JSON.
    assert!(tables.len() == 2 && tables.iter().all(|body| !body.contains('{')), "sealed: {tables:?}");
    // Another server of the house does it. A restart reads the files again, which name no address.
    let neighbour = s.server.restart().await;
    s.receiver.register_clients(&neighbour, &BOTH).await;
    assert_eq!(neighbour.drain_outbox().await, 2);
    assert_eq!(s.receiver.called_clients(), ["ent"]);
    assert_eq!(s.delivery("bourses").await.state, DeliveryState::Refused);
}

#[tokio::test]
async fn the_account_of_deliveries_is_kept_a_month_and_what_was_lost_is_given_up() {
    let mut s = fixture().await;
    s.ent.sign_in(&mut s.browser, &s.member).await;
    s.leave().await;
    let clean = async |server: &TestServer| {
        let mut tx = server.app.db.write(preau::db::Durability::Relaxed).await.unwrap();
        logouts::store::delete_expired(&mut tx, server.now()).await.unwrap();
        tx.commit().await.unwrap();
    };
    // No server ran for two hours: the job is dead when one looks again.
    s.server.advance(Span::hours(2));
    s.server.drain_outbox().await;
    assert!(s.receiver.calls().is_empty());
    clean(&s.server).await;
    assert_eq!(s.delivery("ent").await.state, DeliveryState::GivenUp);
    let mut tx = s.server.app.db.read().await.unwrap();
    let sums = logouts::store::count_undelivered(&mut tx).await.unwrap();
    assert_eq!(sums, [(ClientId::new("ent"), "given_up".to_owned(), 1)]);
    drop(tx);
    s.server.advance(Span::days(31));
    clean(&s.server).await;
    assert!(s.deliveries("ent").await.is_empty());
    assert_eq!(deployment::goodbye_uri("ent"), "https://ent.example/adieu");
}

#[tokio::test]
async fn fault_rt17_the_queue_of_one_client_is_bounded() {
    let mut s = fixture().await;
    let sql = "INSERT INTO logout_delivery (id, client_id, sid, state, attempts, created_at) \
               VALUES ($1, 'ent', 'x', 'waiting', 0, 0)";
    let mut tx = s.server.app.db.write(preau::db::Durability::Relaxed).await.unwrap();
    for n in 0..logouts::MAX_WAITING_PER_CLIENT {
        tx.execute(sql, vec![format!("row-{n}").into()]).await.unwrap();
    }
    tx.commit().await.unwrap();
    s.ent.sign_in(&mut s.browser, &s.member).await;
    s.bourses.sign_in(&mut s.browser, &s.member).await;
    s.leave().await;
    assert_eq!(s.server.drain_outbox().await, 1);
    assert_eq!(s.receiver.called_clients(), ["bourses"], "the others are told");
    assert_eq!(s.deliveries("ent").await[0].state, DeliveryState::GivenUp);
}
