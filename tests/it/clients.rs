//! What an operator decides of clients, and what of it lasts (docs/threats.md#attack-c6, #attack-p4, #attack-p6;
//! docs/decisions/0037-relying-parties-are-files.md).

use axum::http::StatusCode;
use preau::base::clock::Span;
use preau::clients::ops::lifecycle::{self, Decision, LifecycleError};
use preau::clients::ops::secrets;
use preau::clients::{ClientState, store};
use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::oidc::registration::{cantine, registered};
use crate::support::relying_party::basic_header;
use crate::support::{TestServer, deployment};

async fn can_authenticate(server: &TestServer, client: &str, secret: &str) -> bool {
    let fields = [("grant_type", "authorization_code"), ("code", "x"), ("redirect_uri", "https://ent.example/")];
    let answer = server.post("/oauth2/token", &[("authorization", &basic_header(client, secret))], &fields).await;
    answer.status != StatusCode::UNAUTHORIZED
}

async fn client_state(server: &TestServer, id: &str) -> ClientState {
    store::find(&mut server.app.db.read().await.unwrap(), id).await.unwrap().unwrap().state
}

#[tokio::test]
async fn a_suspension_survives_a_new_reading_of_the_files_and_a_file_that_is_gone_and_back() {
    let server = TestServer::start().await;
    lifecycle::decide(server.operation().storage(), "ent", Decision::Suspend).await.unwrap();
    assert!(!can_authenticate(&server, "ent", &deployment::secret("ent")).await);
    let again = server.restart().await;
    assert_eq!(client_state(&again, "ent").await, ClientState::Suspended);
    let (file, aside) = (again.folder().join("deployment/clients/ent.toml"), again.folder().join("ent.toml"));
    std::fs::rename(&file, &aside).unwrap();
    let again = again.restart().await;
    assert_eq!(client_state(&again, "ent").await, ClientState::Suspended);
    // The end of a suspension does not bring back what no file declares.
    assert_eq!(
        lifecycle::decide(again.operation().storage(), "ent", Decision::Resume).await.unwrap(),
        ClientState::Gone
    );
    std::fs::rename(&aside, &file).unwrap();
    let again = again.restart().await;
    assert_eq!(client_state(&again, "ent").await, ClientState::Active);
    lifecycle::decide(again.operation().storage(), "ent", Decision::Suspend).await.unwrap();
    std::fs::rename(&file, &aside).unwrap();
    let again = again.restart().await;
    std::fs::rename(&aside, &file).unwrap();
    let again = again.restart().await;
    assert_eq!(client_state(&again, "ent").await, ClientState::Suspended);
    lifecycle::decide(again.operation().storage(), "ent", Decision::Resume).await.unwrap();
    assert!(can_authenticate(&again, "ent", &deployment::secret("ent")).await);
    // Decided twice, or of nobody: said.
    assert!(matches!(
        lifecycle::decide(again.operation().storage(), "ent", Decision::Resume).await,
        Err(LifecycleError::State(..))
    ));
    let held = store::registered::find(&mut again.app.db.read().await.unwrap(), "ent").await.unwrap().unwrap();
    let approval = Decision::Approve { version: held.version };
    assert!(matches!(
        lifecycle::decide(again.operation().storage(), "ent", approval).await,
        Err(LifecycleError::State(..))
    ));
    assert!(matches!(
        lifecycle::decide(again.operation().storage(), "x", Decision::Suspend).await,
        Err(LifecycleError::Unknown(_))
    ));
}

#[tokio::test]
async fn a_new_secret_is_taken_at_once_and_the_former_one_as_long_as_was_said() {
    let server = TestServer::start().await;
    let client = registered(&server, true, &cantine()).await;
    let (id, first) = (client["client_id"].as_str().unwrap(), client["client_secret"].as_str().unwrap());
    let second = secrets::rotate_secret(server.operation().storage(), id, Span::days(2)).await.unwrap();
    assert!(can_authenticate(&server, id, first).await && can_authenticate(&server, id, second.expose_secret()).await);
    assert!(!can_authenticate(&server, id, "").await);
    server.advance(Span::days(2));
    assert!(!can_authenticate(&server, id, first).await && can_authenticate(&server, id, second.expose_secret()).await);
    let third = secrets::rotate_secret(server.operation().storage(), id, Span(0)).await.unwrap();
    assert!(
        !can_authenticate(&server, id, second.expose_secret()).await
            && can_authenticate(&server, id, third.expose_secret()).await
    );

    let refused = secrets::rotate_secret(server.operation().storage(), "ent", Span(0)).await;
    assert!(matches!(refused, Err(LifecycleError::FileDecides(_))), "{refused:?}");
    let public = json!({"token_endpoint_auth_method": "none", "redirect_uris": ["https://a.example/cb"]});
    let public = registered(&server, true, &public).await;
    assert!(public.get("client_secret").is_none() && public.get("client_secret_expires_at").is_none());
    let refused =
        secrets::rotate_secret(server.operation().storage(), public["client_id"].as_str().unwrap(), Span(0)).await;
    assert!(matches!(refused, Err(LifecycleError::NoSecret(..))), "{refused:?}");
}

#[tokio::test]
async fn the_secret_of_a_client_that_signs_is_sealed_and_no_other_is_kept() {
    let server = TestServer::start().await;
    let mut body = cantine();
    body["token_endpoint_auth_method"] = json!("client_secret_jwt");
    let client = registered(&server, true, &body).await;
    let (id, secret) = (client["client_id"].as_str().unwrap(), client["client_secret"].as_str().unwrap());
    assert_eq!(client["token_endpoint_auth_signing_alg"], "HS256");
    let found = store::find(&mut server.app.db.read().await.unwrap(), id).await.unwrap().unwrap();
    assert!(!found.secret_sealed.as_ref().unwrap().contains(secret));
    let opened = preau::clients::ops::signing_secret(&server.app, &found).unwrap().unwrap();
    assert_eq!(opened.expose_secret(), secret);
    let overlap = secrets::rotate_secret(server.operation().storage(), id, Span::days(1)).await;
    assert!(matches!(overlap, Err(LifecycleError::NoOverlap(_))));
    let new = secrets::rotate_secret(server.operation().storage(), id, Span(0)).await.unwrap();
    let found = store::find(&mut server.app.db.read().await.unwrap(), id).await.unwrap().unwrap();
    let opened = preau::clients::ops::signing_secret(&server.app, &found).unwrap().unwrap();
    assert_eq!(opened.expose_secret(), new.expose_secret());
    assert_eq!(server.query_count("SELECT COUNT(*) FROM client WHERE secret_sealed IS NOT NULL").await, 1);
}

#[tokio::test]
async fn a_use_is_written_once_a_day() {
    let server = TestServer::start().await;
    let secret = deployment::secret("ent");
    let used = async || {
        let found = store::find(&mut server.app.db.read().await.unwrap(), "ent").await.unwrap().unwrap();
        found.last_used_at
    };
    assert!(!can_authenticate(&server, "ent", "wrong").await);
    assert_eq!(used().await, None);
    let first = server.now();
    assert!(can_authenticate(&server, "ent", &secret).await);
    assert_eq!(used().await, Some(first));
    server.advance(Span::hours(23));
    assert!(can_authenticate(&server, "ent", &secret).await);
    assert_eq!(used().await, Some(first));
    server.advance(Span::hours(1));
    assert!(can_authenticate(&server, "ent", &secret).await);
    assert_eq!(used().await, Some(server.now()));
}

#[tokio::test]
async fn a_start_that_finds_the_same_files_changes_nothing_and_a_new_line_is_a_new_version() {
    let server = TestServer::start().await;
    let seen =
        async || server.query_texts("SELECT client_id || version || ' ' || updated_at FROM client ORDER BY 1").await;
    let first = seen().await;
    server.advance(Span::hours(1));
    let _restarted = server.restart().await;
    assert_eq!(seen().await, first);
    let file = server.folder().join("deployment/clients/ent.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("Service ent", "Mon ENT")).unwrap();
    let _restarted = server.restart().await;
    let changed = seen().await.into_iter().zip(first).filter(|(now, before)| now != before).count();
    assert_eq!(changed, 1);
}
