//! Two hundred relying parties, fifty of which never answer (docs/threats.md#fault-rt17).

use std::time::Instant;

use preau::bootstrap;
use serde_json::json;
use tokio::sync::watch;

use crate::support::{Browser, LogoutReceiver, TestRelyingParty, TestServer};

const CLIENT_COUNT: usize = 200;
const UNREACHABLE_COUNT: usize = 50;

/// Anne in a session that two hundred clients have a part in; the deaf ones come first.
async fn fixture() -> (TestServer, LogoutReceiver, Browser) {
    let server = TestServer::start().await;
    let receiver = LogoutReceiver::start().await;
    let member = server.create_durand().await;
    let mut browser = Browser::new(&server);
    TestRelyingParty::new(&server, "ent").sign_in(&mut browser, &member).await;
    let insert = "INSERT INTO client (client_id, origin, state, metadata, updated_at) \
                  SELECT $1, 'file', 'active', metadata, 0 FROM client WHERE client_id = 'ent'";
    let held = "INSERT INTO session_client (session_id, client_id, sid, generation, created_at) \
                SELECT session_id, $1, $1, 1, created_at FROM session_client WHERE client_id = 'ent'";
    for n in 0..CLIENT_COUNT {
        let id = format!("rp-{n:03}");
        server.execute_sql(insert, vec![id.as_str().into()]).await;
        server.execute_sql(held, vec![id.as_str().into()]).await;
        server.update_registration(&id, json!({ "backchannel_logout_uri": receiver.uri(&id) })).await;
        if n < UNREACHABLE_COUNT {
            receiver.answer_with(&id, 0);
        }
    }
    (server, receiver, browser)
}

fn is_unreachable(client: &str) -> bool {
    client[3..].parse::<usize>().unwrap() < UNREACHABLE_COUNT
}

/// Waits for it; a minute without it is a failure and not a speed.
async fn wait_until(it_is_so: impl Fn() -> bool) {
    for _ in 0..12_000 {
        if it_is_so() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("it did not happen within a minute");
}

/// The times are printed, for `--nocapture`; what holds is the order.
#[tokio::test(flavor = "multi_thread")]
async fn fault_rt17_the_others_are_told_before_the_deaf_are_asked_again_and_a_code_waits_for_none() {
    let (server, receiver, mut browser) = fixture().await;
    browser.open("/compte").await;
    let (tell, told) = watch::channel(false);
    let mut work = bootstrap::spawn_workers(&server.app, &told);
    let began = Instant::now();
    browser.submit("se-deconnecter", &[]).await;
    println!("the sign-out took {:?}", began.elapsed());
    let told = || receiver.calls().iter().filter(|call| !is_unreachable(&call.client)).count();
    wait_until(|| told() >= CLIENT_COUNT - UNREACHABLE_COUNT).await;
    println!("{} were told after {:?}", CLIENT_COUNT - UNREACHABLE_COUNT, began.elapsed());
    // The deaf hold their places; a message goes out all the same.
    let message = json!({ "id": "", "to": "+33639980001", "text": "x" }).to_string();
    let op = server.operation();
    let mut tx = op.write(preau::db::Durability::Relaxed).await.unwrap();
    let (master_key, kind) = (&server.app.master_key, preau::outbox::JobKind::Sms);
    preau::outbox::enqueue(&mut tx, master_key, kind, &message).await.unwrap();
    tx.commit().await.unwrap();
    server.app.job_notifier.notify(kind);
    wait_until(|| !server.messages().is_empty()).await;
    println!("a message went out after {:?}", began.elapsed());
    tell.send_replace(true);
    while work.join_next().await.is_some() {}
    let calls = receiver.calls();
    let mut clients: Vec<&str> = calls.iter().map(|call| call.client.as_str()).collect();
    clients.sort_unstable();
    clients.dedup();
    assert_eq!(
        (clients.len(), calls.len()),
        (CLIENT_COUNT, CLIENT_COUNT),
        "everybody once: no deaf one was asked again before"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_rt17_a_busy_party_that_is_away_does_not_hold_every_place() {
    let (server, receiver, mut browser) = fixture().await;
    // Three hundred sign-outs of it wait before this one.
    let op = server.operation();
    let mut tx = op.write(preau::db::Durability::Relaxed).await.unwrap();
    for n in 0..300 {
        let body = json!({ "client_id": "rp-000", "sid": format!("sid-{n}"), "account_id": "x" }).to_string();
        let master_key = &server.app.master_key;
        let kind = preau::outbox::JobKind::BackchannelLogout;
        preau::outbox::enqueue(&mut tx, master_key, kind, &body).await.unwrap();
    }
    tx.commit().await.unwrap();
    server.advance(preau::base::clock::Span(1));
    browser.open("/compte").await;
    browser.submit("se-deconnecter", &[]).await;
    server.drain_outbox().await;
    let (its, others): (Vec<_>, Vec<_>) = receiver.calls().into_iter().partition(|call| call.client == "rp-000");
    // The third failure is what counts; until then the places of the first two are taken again.
    assert!((64..=66).contains(&its.len()), "one round of the lane, then it is left alone: {}", its.len());
    assert_eq!(others.len(), CLIENT_COUNT - 1);
    let waiting = server.query_count("SELECT COUNT(*) FROM outbox WHERE state = 'waiting' AND attempts = 0").await;
    assert_eq!(usize::try_from(waiting).unwrap(), 300 + 1 - its.len(), "what was not tried counts as no attempt");
}
