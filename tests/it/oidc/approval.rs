//! Registered clients and those who decide of them: approval, suspension, and what lifts neither
//! (docs/threats.md#attack-p4, #attack-p6).

use axum::body::Body;
use axum::http::{Request, StatusCode};
use preau::clients::ClientState;
use preau::clients::ops::lifecycle::{self, Decision};
use preau::clients::store::registered as registered_row;
use serde_json::{Value, json};

use super::registration::{
    can_authenticate, cantine, client_state, create_initial_token, manage, register, registered, text, unauthorized,
};
use crate::support::relying_party::basic_header;
use crate::support::server::encode_form;
use crate::support::{Browser, Landing, TestServer};

fn authorize(client: &Value) -> String {
    let fields = [
        ("response_type", "code"),
        ("client_id", text(client, "client_id")),
        ("redirect_uri", "https://cantine.example/retour"),
        ("scope", "openid"),
        ("state", "s"),
    ];
    format!("/oauth2/authorize?{}", encode_form(&fields))
}

/// What each endpoint that asks for the client says: none of it may be yes.
pub async fn shut_out(server: &TestServer, client: &Value, case: &str) {
    let mut browser = Browser::new(server);
    assert!(matches!(browser.open(&authorize(client)).await, Landing::OwnPage), "{case}");
    assert_eq!(browser.page.status, StatusCode::BAD_REQUEST, "{case}: {}", browser.page.visible_text());
    let who = basic_header(text(client, "client_id"), text(client, "client_secret"));
    for (path, fields) in [
        ("/oauth2/token", vec![("grant_type", "authorization_code"), ("code", "x")]),
        ("/oauth2/token", vec![("grant_type", "client_credentials")]),
        ("/oauth2/par", vec![("response_type", "code"), ("redirect_uri", "https://cantine.example/retour")]),
        ("/oauth2/introspect", vec![("token", "x")]),
        ("/oauth2/revoke", vec![("token", "x")]),
    ] {
        let answer = server.post(path, &[("authorization", &who)], &fields).await;
        assert_eq!(
            (answer.status, answer.oauth_error().as_str()),
            (StatusCode::UNAUTHORIZED, "invalid_client"),
            "{case} {path}"
        );
    }
}

#[tokio::test]
async fn attack_p6_nothing_works_for_a_client_until_it_is_approved_and_everything_after() {
    let server = TestServer::start().await;
    let client = registered(&server, false, &cantine()).await;
    assert_eq!(client_state(&server, &client).await, ClientState::Pending);
    shut_out(&server, &client, "pending").await;
    let id = text(&client, "client_id");
    assert_eq!(approve(&server, id).await.unwrap(), ClientState::Active);
    assert!(can_authenticate(&server, &client, text(&client, "client_secret")).await);
    let mut browser = Browser::new(&server);
    browser.open(&authorize(&client)).await;
    assert!(browser.page.has_element("#se-connecter"), "{}", browser.page.visible_text());
    lifecycle::decide(server.operation().storage(), id, Decision::Suspend).await.unwrap();
    shut_out(&server, &client, "suspended").await;
    let mut browser = Browser::new(&server);
    browser.open(&authorize(&client)).await;
    let seen = browser.page.visible_text();
    assert!(seen.contains("Ce service est suspendu"), "{seen}");
    assert!(!seen.contains(text(&client, "client_name")), "neither name nor link: {seen}");
}

#[tokio::test]
async fn attack_p6_tokens_of_a_client_that_is_suspended_open_nothing() {
    let server = TestServer::start().await;
    let body = json!({"client_name": "Robot", "grant_types": ["client_credentials"]});
    let client = registered(&server, true, &body).await;
    let who = basic_header(text(&client, "client_id"), text(&client, "client_secret"));
    let token = server.post("/oauth2/token", &[("authorization", &who)], &[("grant_type", "client_credentials")]).await;
    assert_eq!(token.status, StatusCode::OK, "{}", token.visible_text());
    let token = token.json()["access_token"].as_str().unwrap().to_owned();
    let ask = async || server.post("/oauth2/introspect", &[("authorization", &who)], &[("token", &token)]).await;
    assert_eq!(ask().await.json()["active"], true);
    lifecycle::decide(server.operation().storage(), text(&client, "client_id"), Decision::Suspend).await.unwrap();
    assert_eq!(ask().await.status, StatusCode::UNAUTHORIZED);
    let request = Request::get("/oauth2/userinfo").header("authorization", format!("Bearer {token}"));
    let userinfo = server.call(request.body(Body::empty()).unwrap()).await;
    assert_eq!(userinfo.status, StatusCode::UNAUTHORIZED, "{}", userinfo.visible_text());
}

/// Approves what stands there now.
async fn approve(server: &TestServer, id: &str) -> Result<ClientState, lifecycle::LifecycleError> {
    let held = registered_row::find(&mut server.app.db.read().await.unwrap(), id).await.unwrap().unwrap();
    lifecycle::decide(server.operation().storage(), id, Decision::Approve { version: held.version }).await
}

#[tokio::test]
async fn attack_p6_an_approval_is_of_what_was_looked_at() {
    let server = TestServer::start().await;
    let client = registered(&server, false, &cantine()).await;
    let id = text(&client, "client_id");
    let seen = registered_row::find(&mut server.app.db.read().await.unwrap(), id).await.unwrap().unwrap().version;
    let mut moved = cantine();
    moved["redirect_uris"] = json!(["https://ailleurs.example/retour"]);
    assert_eq!(manage(&server, "PUT", &client, Some(&moved)).await.status, StatusCode::OK);
    let refused = lifecycle::decide(server.operation().storage(), id, Decision::Approve { version: seen }).await;
    assert!(matches!(refused, Err(lifecycle::LifecycleError::Changed(_))), "{refused:?}");
    assert_eq!(client_state(&server, &client).await, ClientState::Pending);
    assert_eq!(approve(&server, id).await.unwrap(), ClientState::Active);
}

#[tokio::test]
async fn attack_p4_p6_a_registration_lifts_no_suspension_and_new_addresses_need_approval_again() {
    let server = TestServer::start().await;
    let client = registered(&server, false, &cantine()).await;
    let id = text(&client, "client_id");
    let mut moved = cantine();
    moved["redirect_uris"] = json!(["https://ailleurs.example/retour"]);
    let mut same = cantine();
    same["contacts"] = json!(["a@cantine.example"]);
    let put = async |body: &Value| assert_eq!(manage(&server, "PUT", &client, Some(body)).await.status, StatusCode::OK);

    put(&same).await;
    assert_eq!(client_state(&server, &client).await, ClientState::Pending, "nobody approved it");
    approve(&server, id).await.unwrap();
    put(&cantine()).await;
    assert_eq!(client_state(&server, &client).await, ClientState::Active);
    // Another address, or another's picture on the sign-in page.
    let mut disguised = cantine();
    disguised["logo_uri"] = json!("https://cantine.example/banque.png");
    let with = |name: &str, value: Value| {
        let mut body = cantine();
        body[name] = value;
        body
    };
    let others = [
        moved.clone(),
        disguised,
        with("client_name", json!("La banque")),
        with("scope", json!("openid")),
        with("subject_type", json!("public")),
        with("policy_uri", json!("https://cantine.example/p")),
        with("post_logout_redirect_uris", json!(["https://cantine.example/adieu"])),
        with("frontchannel_logout_uri", json!("https://cantine.example/fin")),
        with("application_type", json!("native")),
    ];
    for other in &others {
        put(other).await;
        assert_eq!(client_state(&server, &client).await, ClientState::Pending, "{other}");
        approve(&server, id).await.unwrap();
    }

    lifecycle::decide(server.operation().storage(), id, Decision::Suspend).await.unwrap();
    put(&moved).await;
    assert_eq!(client_state(&server, &client).await, ClientState::Suspended);
    // What is changed under a suspension is not approved by its end.
    put(&cantine()).await;
    assert_eq!(client_state(&server, &client).await, ClientState::Suspended);
    assert_eq!(
        lifecycle::decide(server.operation().storage(), id, Decision::Resume).await.unwrap(),
        ClientState::Pending
    );
    shut_out(&server, &client, "resumed, not approved").await;
    assert!(lifecycle::decide(server.operation().storage(), id, Decision::Resume).await.is_err());

    // Where the academy's token approves, it approves what comes later too; but it lifts nothing.
    let trusted = registered(&server, true, &cantine()).await;
    assert_eq!(manage(&server, "PUT", &trusted, Some(&moved)).await.status, StatusCode::OK);
    assert_eq!(client_state(&server, &trusted).await, ClientState::Active);
    lifecycle::decide(server.operation().storage(), text(&trusted, "client_id"), Decision::Suspend).await.unwrap();
    assert_eq!(manage(&server, "PUT", &trusted, Some(&cantine())).await.status, StatusCode::OK);
    assert_eq!(client_state(&server, &trusted).await, ClientState::Suspended);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attack_p4_a_suspension_that_comes_between_is_not_written_over() {
    let server = TestServer::start().await;
    let client = registered(&server, true, &cantine()).await;
    let writers: Vec<_> = (0..20)
        .map(|_| {
            let (server, client) = (server.clone(), client.clone());
            tokio::spawn(async move { manage(&server, "PUT", &client, Some(&cantine())).await.status })
        })
        .collect();
    // It may itself come second: an operator looks again.
    let mut decided = false;
    for _ in 0..200 {
        decided = lifecycle::decide(server.operation().storage(), text(&client, "client_id"), Decision::Suspend)
            .await
            .is_ok();
        if decided {
            break;
        }
    }
    assert!(decided, "two hundred looks, and another was always quicker");
    for writer in writers {
        let status = writer.await.unwrap();
        assert!([StatusCode::OK, StatusCode::CONFLICT].contains(&status), "{status}");
    }
    assert_eq!(client_state(&server, &client).await, ClientState::Suspended);
}

#[tokio::test]
async fn attack_p4_who_is_suspended_does_not_come_back_by_the_same_token() {
    let server = TestServer::start().await;
    let (token, _) = create_initial_token(&server, 3, true).await;
    let first = register(&server, &token, &cantine()).await.json();
    let (other, _) = create_initial_token(&server, 3, true).await;
    lifecycle::decide(server.operation().storage(), text(&first, "client_id"), Decision::Suspend).await.unwrap();
    unauthorized(&register(&server, &token, &cantine()).await);
    assert_eq!(register(&server, &other, &cantine()).await.status, StatusCode::CREATED, "another's token counts");
    // The end of the suspension does not bring the token back.
    lifecycle::decide(server.operation().storage(), text(&first, "client_id"), Decision::Resume).await.unwrap();
    unauthorized(&register(&server, &token, &cantine()).await);
}
