//! Every audit event names who did it.

use preau::base::clock::Span;
use preau::base::uai::Uai;
use preau::clients::ops::lifecycle::{self, Decision};
use preau::keys;
use preau::tenants::ops::{CampaignChange, change_campaign};

use crate::support::{Browser, TestFamily, TestRelyingParty, TestServer};

/// The actors of one kind of event, each once, as `kind id`; an account's id is left out.
async fn actors(server: &TestServer, fact: &str) -> Vec<String> {
    let rows = server
        .query_texts(
            "SELECT fact || '=' || COALESCE(actor_kind, '-') || ' ' || \
             CASE WHEN actor_kind = 'account' THEN CASE WHEN actor_id = account_id THEN 'own' ELSE 'other' END \
             ELSE COALESCE(actor_id, '') END FROM audit ORDER BY id",
        )
        .await;
    let mut found: Vec<String> =
        rows.iter().filter_map(|row| row.strip_prefix(&format!("{fact}="))).map(|who| who.trim().to_owned()).collect();
    found.dedup();
    found
}

#[tokio::test]
async fn every_event_has_an_actor_and_one_of_a_request_its_id() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
    let mut parent = Browser::new(&server);
    parent.open("/activation").await;
    parent.activate(&server, &TestFamily::durand()).await;
    for fact in ["code_accepted", "children_confirmed", "identifiant_given", "password_chosen"] {
        assert_eq!(actors(&server, fact).await, ["anonymous"], "{fact}");
    }
    assert_eq!(actors(&server, "activation_started").await, ["job find_and_send"]);

    let member = server.create_account("Lise", "PETIT").await;
    let rp = TestRelyingParty::new(&server, "ent");
    let mut browser = Browser::new(&server);
    let attempt = rp.attempt();
    browser.open(&attempt.url).await;
    browser.sign_in(&member).await;
    assert_eq!(actors(&server, "signed_in").await, ["account own"]);
    browser.open("/compte").await;
    browser.submit("se-deconnecter", &[]).await;
    assert_eq!(actors(&server, "signed_out").await, ["account own"]);

    assert_eq!(actors(&server, "roster_imported").await, ["operator test"]);
    change_campaign(server.operation().database(), &Uai::parse("0349999J").unwrap(), CampaignChange::Close)
        .await
        .unwrap();
    assert_eq!(actors(&server, "campaign_closed").await, ["operator test"]);
    let uai = server.query_texts("SELECT DISTINCT uai FROM audit WHERE fact IN ('roster_imported', 'campaign_closed')");
    assert_eq!(uai.await, ["0349999J"]);
    lifecycle::decide(server.operation().storage(), "ent", Decision::Suspend).await.unwrap();
    assert!(actors(&server, "client_changed").await.contains(&"operator test".to_owned()));

    server.advance(Span::days(400));
    keys::ops::refresh_keys(&preau::app::Operation::of_job(&server.app, "keys")).await.unwrap();
    assert_eq!(actors(&server, "key_published").await, ["job keys"]);

    assert_eq!(server.query_count("SELECT COUNT(*) FROM audit WHERE actor_kind IS NULL").await, 0);
    let requests = "SELECT COUNT(*) FROM audit WHERE actor_kind IN ('anonymous', 'account') AND request_id IS NULL";
    assert_eq!(server.query_count(requests).await, 0);
}
