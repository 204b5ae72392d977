//! What clients publish at addresses of theirs: keys (OIDCC 10.1.1) and the document of a sector (OIDCR 5).

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use preau::base::clock::Span;
use preau::clients::store;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::registration::{create_initial_token, register, registered};
use crate::support::client_key::ClientKey;
use crate::support::{TestResponse, TestServer};

/// A site of a client's.
#[derive(Clone)]
struct Site {
    uri: String,
    state: Arc<Mutex<(u16, String, usize)>>,
}

impl Site {
    async fn start(body: &Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://127.0.0.1:{}/it.json", listener.local_addr().unwrap().port());
        let state = Arc::new(Mutex::new((200, body.to_string(), 0)));
        let routes = Router::new().route("/it.json", get(answer)).with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { uri, state }
    }

    fn says(&self, status: u16, body: &str) {
        let mut state = self.state.lock().unwrap();
        (state.0, state.1) = (status, body.to_owned());
    }

    fn asked(&self) -> usize {
        self.state.lock().unwrap().2
    }
}

async fn answer(State(state): State<Arc<Mutex<(u16, String, usize)>>>) -> Response {
    let mut state = state.lock().unwrap();
    state.2 += 1;
    let kind = [("content-type", "application/json"), ("location", "/it.json")];
    (StatusCode::from_u16(state.0).unwrap(), kind, state.1.clone()).into_response()
}

#[tokio::test]
async fn oidcr_5_the_sector_s_document_names_every_redirect_uri() {
    let server = TestServer::start().await;
    let uris = ["https://a.example/cb", "https://b.example/cb"];
    let site = Site::start(&json!(uris)).await;
    let (token, _) = create_initial_token(&server, 5, true).await;
    let body = json!({"client_name": "Groupe", "redirect_uris": uris, "sector_identifier_uri": site.uri});
    let answer = register(&server, &token, &body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.visible_text());
    assert_eq!(answer.json()["sector_identifier_uri"], json!(site.uri));
    let large = format!("[{}\"https://a.example/cb\",\"https://b.example/cb\"]", "\"x\",".repeat(20_000));
    for (status, document) in [
        (200, json!(uris[..1]).to_string()),
        (200, json!(["https://a.example/cb/", "https://b.example/cb"]).to_string()),
        (200, json!({"uris": uris}).to_string()),
        (200, large),
        (200, String::new()),
        (404, json!(uris).to_string()),
        (302, json!(uris).to_string()),
    ] {
        site.says(status, &document);
        let answer = register(&server, &token, &body).await;
        let case = document.chars().take(60).collect::<String>();
        assert_eq!(
            (answer.status, answer.oauth_error().as_str()),
            (StatusCode::BAD_REQUEST, "invalid_client_metadata"),
            "{status} {case}"
        );
    }
    let asked = site.asked();
    assert_eq!(register(&server, &"A".repeat(43), &body).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(site.asked(), asked, "a stranger has nothing fetched");
}

/// What the token endpoint says to an assertion of this key.
async fn assert_by(server: &TestServer, client_id: &str, key: &ClientKey, jti: &str) -> TestResponse {
    let claims = json!({
        "iss": client_id, "sub": client_id, "aud": server.issuer(), "jti": jti,
        "iat": server.now().as_seconds(), "exp": server.now().as_seconds() + 60,
    });
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", &key.sign(&claims)),
    ];
    server.post("/oauth2/token", &[], &fields).await
}

#[tokio::test]
async fn protocol_a18_keys_at_an_address_are_remembered_and_read_again_for_a_new_kid() {
    let server = TestServer::start().await;
    let (first, second, strange) = (ClientKey::new("a"), ClientKey::new("b"), ClientKey::new("c"));
    let site = Site::start(&first.public_jwks()).await;
    let body = json!({"client_name": "Robot", "grant_types": ["client_credentials"],
                      "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": site.uri});
    let client = registered(&server, true, &body).await;
    assert!(client.get("client_secret").is_none());
    let id = client["client_id"].as_str().unwrap();
    let ask = async |key: &ClientKey, jti: &str| assert_by(&server, id, key, jti).await.status;
    // All of its servers start at once: one call asks for the keys, and the others wait for them.
    let (a, b, c, d) = tokio::join!(ask(&first, "a"), ask(&first, "b"), ask(&first, "c"), ask(&first, "d"));
    assert_eq!([a, b, c, d], [StatusCode::OK; 4]);
    assert_eq!(site.asked(), 1);
    assert_eq!(ask(&first, "1").await, StatusCode::OK);
    assert_eq!(ask(&first, "2").await, StatusCode::OK);
    assert_eq!(site.asked(), 1);
    // The client takes a new key and uses it at once.
    site.says(200, &second.public_jwks().to_string());
    assert_eq!(ask(&second, "3").await, StatusCode::OK);
    assert_eq!(ask(&first, "4").await, StatusCode::UNAUTHORIZED, "it was taken back");
    // Strangers invent kids at no cost: the address does not hear of them (docs/threats.md#attack-j2).
    for n in 0..20 {
        assert_eq!(ask(&strange, &format!("s{n}")).await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(site.asked(), 2);
    server.advance(Span::seconds(10));
    assert_eq!(ask(&strange, "s").await, StatusCode::UNAUTHORIZED);
    assert_eq!(site.asked(), 3);

    // Silent for a while: the keys of before serve an hour, and no longer.
    site.says(500, "");
    server.advance(Span::minutes(30));
    assert_eq!(ask(&second, "5").await, StatusCode::OK);
    assert_eq!(site.asked(), 4);
    server.advance(Span::minutes(30));
    assert_eq!(ask(&second, "6").await, StatusCode::UNAUTHORIZED);
    site.says(200, &second.public_jwks().to_string());
    server.advance(Span::seconds(10));
    assert_eq!(ask(&second, "7").await, StatusCode::OK);
}

#[tokio::test]
async fn a_file_gives_keys_by_value_and_what_it_misspells_is_named() {
    let server = TestServer::start().await;
    let key = ClientKey::new("k");
    let public = key.public_jwk();
    let at = server.folder().join("deployment/clients/robot.toml");
    let file = format!(
        "client_id = \"robot\"\nclient_name = \"Robot\"\nsector = \"robot\"\ngrant_types = [\"client_credentials\"]\n\
         token_endpoint_auth_method = \"private_key_jwt\"\ntoken_endpoint_auth_signing_alg = \"ES256\"\n\
         id_token_signed_response_alg = \"PS256\"\n\
         [[jwks.keys]]\nkty = \"EC\"\ncrv = \"P-256\"\nkid = \"k\"\nx = {}\ny = {}\n",
        public["x"], public["y"]
    );
    std::fs::write(&at, &file).unwrap();
    let again = server.restart().await;
    assert_eq!(assert_by(&again, "robot", &key, "1").await.status, StatusCode::OK);
    assert_eq!(assert_by(&again, "robot", &ClientKey::new("k"), "2").await.status, StatusCode::UNAUTHORIZED);
    let found = store::find(&mut again.app.db.read().await.unwrap(), "robot").await.unwrap().unwrap();
    assert_eq!(found.meta.id_token.signed.map(|alg| alg.name()), Some("PS256"));

    for (bad, word) in [
        (file.replace("sector =", "sektor ="), "sektor"),
        (file.replace("token_endpoint_auth_signing_alg", "token_endpoint_alg"), "token_endpoint_alg"),
        (file.replace("\"ES256\"", "\"RS256\""), "jwks: no key for the signatures"),
        (file.replace("client_name =", "logo_uri = \"javascript:x\"\nclient_name ="), "logo_uri"),
        (file.replace("[\"client_credentials\"]", "\"client_credentials\""), "grant_types"),
    ] {
        std::fs::write(&at, bad).unwrap();
        let declared = preau::bootstrap::read_deployment(&again.app.config).unwrap();
        let plan =
            preau::clients::ops::publish::plan(&mut again.app.db.read().await.unwrap(), &declared).await.unwrap();
        let text: String = plan.broken.iter().map(|file| format!("{file}\n")).collect();
        assert!(text.contains(word), "{text}");
    }
}
