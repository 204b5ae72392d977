//! Clients that register themselves (RFC 7591, RFC 7592, OIDCR; docs/threats.md#attack-p4 to #attack-p6, #attack-r6 to
//! #attack-r8).

use axum::body::Body;
use axum::http::{Request, StatusCode};
use preau::base::clock::Span;
use preau::clients::ClientState;
use preau::clients::ops::lifecycle::{self, Decision, InitialTokenRequest};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::approval::shut_out;
use crate::support::relying_party::basic_header;
use crate::support::{TestResponse, TestServer};

/// An initial access token of Montpellier, and its id.
pub async fn create_initial_token(server: &TestServer, uses: i64, approves: bool) -> (String, String) {
    let academy = "montpellier".to_owned();
    let wanted =
        InitialTokenRequest { academy, uses, ttl: Span::days(7), auto_approves: approves, label: "essai".to_owned() };
    let (token, id) = lifecycle::issue_initial_token(server.operation().storage(), wanted).await.unwrap();
    (token.expose_secret().to_owned(), id)
}

async fn send(server: &TestServer, method: &str, path: &str, token: &str, body: Option<&Value>) -> TestResponse {
    let mut request = Request::builder().method(method).uri(path);
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    if body.is_some() {
        request = request.header("content-type", "application/json");
    }
    let body = body.map_or(Body::empty(), |body| Body::from(body.to_string()));
    let answer = server.call(request.body(body).unwrap()).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    answer
}

pub fn cantine() -> Value {
    json!({ "client_name": "Cantine", "redirect_uris": ["https://cantine.example/retour"] })
}

pub async fn register(server: &TestServer, token: &str, body: &Value) -> TestResponse {
    send(server, "POST", "/oauth2/register", token, Some(body)).await
}

/// A registered client, as it was told of itself.
pub async fn registered(server: &TestServer, approves: bool, body: &Value) -> Value {
    let (token, _) = create_initial_token(server, 1, approves).await;
    let answer = register(server, &token, body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.visible_text());
    answer.json()
}

#[tokio::test]
async fn faults_d1_redirect_uris_of_two_hosts_are_registered_with_a_sector_of_their_own() {
    let server = TestServer::start().await;
    let two = json!({ "redirect_uris": ["https://one.example/retour", "https://two.example/retour"] });
    let client = registered(&server, true, &two).await;
    assert_eq!(client["subject_type"], "pairwise");
    assert_eq!(client["sector"], format!("client:{}", text(&client, "client_id")), "the answer says so");
    // What it was told it may write back.
    let answer = manage(&server, "PUT", &client, Some(&client)).await;
    assert_eq!(
        (answer.status, &answer.json()["sector"]),
        (StatusCode::OK, &client["sector"]),
        "{}",
        answer.visible_text()
    );
    // Another client of the same two hosts is another sector.
    let other = registered(&server, true, &two).await;
    assert_ne!(other["sector"], client["sector"]);
    // Who asks for it by name says which sector.
    let (token, _) = create_initial_token(&server, 1, true).await;
    let mut by_name = two;
    by_name["subject_type"] = json!("pairwise");
    let refused = register(&server, &token, &by_name).await;
    assert_eq!((refused.status, refused.oauth_error().as_str()), (StatusCode::BAD_REQUEST, "invalid_client_metadata"));
    assert_eq!(registered(&server, true, &cantine()).await["sector"], "host:cantine.example");
}

#[tokio::test]
async fn faults_d2_a_registration_for_an_algorithm_that_is_not_offered_is_refused_with_its_name() {
    let server = TestServer::start().await;
    let (token, _) = create_initial_token(&server, 5, true).await;
    for field in ["id_token_signed_response_alg", "userinfo_signed_response_alg"] {
        let mut body = cantine();
        body[field] = json!("EdDSA");
        let answer = register(&server, &token, &body).await;
        assert_eq!(
            (answer.status, answer.oauth_error().as_str()),
            (StatusCode::BAD_REQUEST, "invalid_client_metadata")
        );
        let said = answer.json()["error_description"].as_str().unwrap().to_owned();
        assert!(said.starts_with(field), "{said}");
        body[field] = json!("PS256");
        assert_eq!(register(&server, &token, &body).await.status, StatusCode::CREATED);
    }
}

pub fn text<'a>(client: &'a Value, name: &str) -> &'a str {
    client[name].as_str().unwrap_or_else(|| panic!("no {name}: {client}"))
}

pub async fn manage(server: &TestServer, method: &str, client: &Value, body: Option<&Value>) -> TestResponse {
    let path = text(client, "registration_client_uri").strip_prefix(server.issuer()).unwrap().to_owned();
    send(server, method, &path, text(client, "registration_access_token"), body).await
}

pub async fn client_state(server: &TestServer, client: &Value) -> ClientState {
    let mut tx = server.app.db.read().await.unwrap();
    preau::clients::store::find(&mut tx, text(client, "client_id")).await.unwrap().unwrap().state
}

pub fn unauthorized(answer: &TestResponse) {
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.visible_text());
    assert_eq!(answer.oauth_error(), "invalid_token");
    assert!(answer.header("www-authenticate").starts_with("Bearer"));
}

/// Whether the client is let in at the token endpoint.
pub async fn can_authenticate(server: &TestServer, client: &Value, secret: &str) -> bool {
    let who = basic_header(text(client, "client_id"), secret);
    let fields =
        [("grant_type", "authorization_code"), ("code", "x"), ("redirect_uri", "https://cantine.example/retour")];
    let answer = server.post("/oauth2/token", &[("authorization", &who)], &fields).await;
    match answer.oauth_error().as_str() {
        "invalid_grant" => true,
        "invalid_client" => false,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn protocol_b4_a_registration_is_answered_with_everything_that_was_taken() {
    let server = TestServer::start().await;
    let body = json!({
        "client_name": "Cantine", "redirect_uris": ["https://cantine.example/retour?x=1"], "logo_uri": "https://cantine.example/logo.png",
        "initiate_login_uri": "https://cantine.example/entrer", "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "client_secret_post", "subject_type": "public", "client_name#en": "Canteen",
        "userinfo_signed_response_alg": "RS256", "scope": "openid profile email offline_access", "unknown": {"a": 1},
    });
    let client = registered(&server, false, &body).await;
    for name in [
        "client_name",
        "redirect_uris",
        "logo_uri",
        "initiate_login_uri",
        "grant_types",
        "token_endpoint_auth_method",
        "subject_type",
        "userinfo_signed_response_alg",
    ] {
        assert_eq!(client[name], body[name], "{name}");
    }
    assert_eq!(client["scope"], "openid profile email offline_access");
    assert_eq!(client["response_types"], json!(["code"]), "defaults are said too");
    assert_eq!(client["id_token_signed_response_alg"], "RS256");
    assert_eq!(client["client_secret_expires_at"], 0);
    assert_eq!(client["client_id_issued_at"], server.now().as_seconds());
    assert_eq!((text(&client, "client_secret").len(), text(&client, "registration_access_token").len()), (43, 43));
    assert!(client.get("unknown").is_none() && client.get("perimeter").is_none());
    // Neither secret is kept.
    let kept = server
        .query_texts("SELECT metadata || secret_digest || registration_digest FROM client WHERE origin = 'registered'")
        .await;
    assert!(
        !kept[0].contains(text(&client, "client_secret"))
            && !kept[0].contains(text(&client, "registration_access_token"))
    );

    // OIDCC 4, 3rd-party-init-login: the same again.
    let read = manage(&server, "GET", &client, None).await;
    assert_eq!(read.status, StatusCode::OK);
    let read = read.json();
    assert_eq!(read["registration_access_token"], client["registration_access_token"]);
    assert!(read.get("client_secret").is_none(), "it is shown once");
    for (name, value) in client.as_object().unwrap().iter().filter(|(n, _)| !n.starts_with("client_secret")) {
        assert_eq!(read[name], *value, "{name}");
    }
    let ours = "SELECT COUNT(*) FROM audit a LEFT JOIN client c ON c.client_id = a.client_id \
                WHERE a.fact = 'client_changed' AND COALESCE(c.origin, '') <> 'file'";
    assert_eq!(server.query_count(ours).await, 2);
}

#[tokio::test]
async fn rfc_7591_3_without_a_living_initial_token_nothing_is_registered() {
    let server = TestServer::start().await;
    let (spent, _) = create_initial_token(&server, 1, false).await;
    assert_eq!(register(&server, &spent, &cantine()).await.status, StatusCode::CREATED);
    let (revoked, id) = create_initial_token(&server, 5, false).await;
    lifecycle::revoke_initial_token(server.operation().storage(), &id).await.unwrap();
    let (expired, _) = create_initial_token(&server, 5, false).await;
    let digest = preau::base::secret::sha256_base64url(&expired);
    for token in ["", "x", &spent, &revoked, &digest, &"A".repeat(43)] {
        unauthorized(&register(&server, token, &cantine()).await);
    }
    server.advance(Span::days(7));
    unauthorized(&register(&server, &expired, &cantine()).await);
    // Not in the body, not in the query, not by another scheme.
    let (living, _) = create_initial_token(&server, 5, false).await;
    for (path, scheme) in [("/oauth2/register", "Basic"), ("/oauth2/register?access_token=", "Other")] {
        let request = Request::post(format!("{path}{}", if path.ends_with('=') { &living } else { "" }))
            .header("authorization", format!("{scheme} {living}"))
            .header("content-type", "application/json")
            .body(Body::from(cantine().to_string()));
        unauthorized(&server.call(request.unwrap()).await);
    }
    assert_eq!(server.query_count("SELECT COUNT(*) FROM client WHERE origin = 'registered'").await, 1);
}

#[tokio::test]
async fn rfc_7591_3_2_2_what_is_wrong_is_said_and_costs_no_use() {
    let server = TestServer::start().await;
    let (token, _) = create_initial_token(&server, 1, false).await;
    for (name, value, code) in [
        ("redirect_uris", json!(["https://cantine.example/#x"]), "invalid_redirect_uri"),
        ("redirect_uris", json!(["javascript:alert(1)"]), "invalid_redirect_uri"),
        ("redirect_uris", json!([]), "invalid_redirect_uri"),
        ("redirect_uris", Value::Null, "invalid_redirect_uri"),
        ("redirect_uris", json!("https://cantine.example/"), "invalid_client_metadata"),
        ("initiate_login_uri", json!("http://cantine.example/"), "invalid_client_metadata"),
        ("logo_uri", json!("data:image/png;base64,AA"), "invalid_client_metadata"),
        ("subject_type", json!("roster"), "invalid_client_metadata"),
        ("response_types", json!(["id_token"]), "invalid_client_metadata"),
        ("client_name", json!("\u{7}"), "invalid_client_metadata"),
        ("client_name", json!(7), "invalid_client_metadata"),
        ("sector_identifier_uri", json!("https://nobody.invalid/uris"), "invalid_client_metadata"),
        ("software_statement", json!("e30.e30.e30"), "invalid_software_statement"),
    ] {
        let mut body = cantine();
        body[name] = value.clone();
        let answer = register(&server, &token, &body).await;
        assert_eq!((answer.status, answer.oauth_error().as_str()), (StatusCode::BAD_REQUEST, code), "{name} {value}");
    }
    for raw in ["", "[]", "{\"client_name\":\"a\",\"client_name\":\"b\"}", "x=1"] {
        let request = Request::post("/oauth2/register")
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .body(Body::from(raw.to_owned()));
        let answer = server.call(request.unwrap()).await;
        assert_eq!(
            (answer.status, answer.oauth_error().as_str()),
            (StatusCode::BAD_REQUEST, "invalid_client_metadata"),
            "{raw}"
        );
    }
    assert_eq!(register(&server, &token, &cantine()).await.status, StatusCode::CREATED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attack_p5_fifty_at_once_on_a_token_of_three_uses_are_three() {
    let server = TestServer::start().await;
    let (token, _) = create_initial_token(&server, 3, false).await;
    let all: Vec<_> = (0..50)
        .map(|_| {
            let (server, token) = (server.clone(), token.clone());
            tokio::spawn(async move { register(&server, &token, &cantine()).await.status })
        })
        .collect();
    let mut taken = 0;
    for one in all {
        match one.await.unwrap() {
            StatusCode::CREATED => taken += 1,
            other => assert_eq!(other, StatusCode::UNAUTHORIZED),
        }
    }
    assert_eq!(taken, 3);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM client WHERE origin = 'registered'").await, 3);
    assert_eq!(server.query_count("SELECT MIN(remaining) FROM initial_token").await, 0);
}

#[tokio::test]
async fn rfc_7592_2_the_registration_is_its_own_clients_alone() {
    let server = TestServer::start().await;
    let (mine, other) = (registered(&server, true, &cantine()).await, registered(&server, true, &cantine()).await);
    let right = text(&mine, "registration_access_token");
    let bodies = [None, Some(cantine()), None];
    for (method, body) in ["GET", "PUT", "DELETE"].into_iter().zip(&bodies) {
        let mut answers = Vec::new();
        for (id, token) in [
            (text(&mine, "client_id"), text(&other, "registration_access_token")),
            (text(&mine, "client_id"), text(&mine, "client_secret")),
            (text(&mine, "client_id"), "x"),
            (&"A".repeat(22), right),
            ("ent", right),
            ("<b>", right),
        ] {
            let path =
                format!("/oauth2/register/{}", form_urlencoded::byte_serialize(id.as_bytes()).collect::<String>());
            let answer = send(&server, method, &path, token, body.as_ref()).await;
            unauthorized(&answer);
            answers.push((answer.bytes.clone(), answer.header("www-authenticate").to_owned()));
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{method}: it tells which clients there are");
        let path = format!("/oauth2/register/{}", text(&mine, "client_id"));
        unauthorized(&send(&server, method, &path, "", body.as_ref()).await);
    }
    assert!(can_authenticate(&server, &mine, text(&mine, "client_secret")).await);
}

#[tokio::test]
async fn rfc_7592_2_2_a_replacement_replaces_everything() {
    let server = TestServer::start().await;
    let mut body = cantine();
    body["logo_uri"] = json!("https://cantine.example/logo.png");
    body["default_max_age"] = json!(60);
    let client = registered(&server, true, &body).await;
    let secret = text(&client, "client_secret");
    for (name, value) in [("client_id", json!("ent")), ("client_secret", json!("wrong")), ("client_id", json!(1))] {
        let mut body = cantine();
        body[name] = value;
        let answer = manage(&server, "PUT", &client, Some(&body)).await;
        assert_eq!(
            (answer.status, answer.oauth_error().as_str()),
            (StatusCode::BAD_REQUEST, "invalid_client_metadata"),
            "{name}"
        );
    }
    let mut body = cantine();
    body["client_id"] = client["client_id"].clone();
    body["client_secret"] = json!(secret);
    body["tos_uri"] = json!("https://cantine.example/tos");
    let answer = manage(&server, "PUT", &client, Some(&body)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.visible_text());
    let now = answer.json();
    assert_eq!(now["tos_uri"], "https://cantine.example/tos");
    assert!(now.get("logo_uri").is_none() && now.get("default_max_age").is_none(), "left out means the default");
    assert!(can_authenticate(&server, &client, secret).await, "the secret stays");
    assert_eq!(client_state(&server, &client).await, ClientState::Active);

    // Another method that needs a secret of another kind draws one; one that needs none leaves none.
    body["token_endpoint_auth_method"] = json!("none");
    assert_eq!(manage(&server, "PUT", &client, Some(&body)).await.status, StatusCode::OK);
    assert!(!can_authenticate(&server, &client, secret).await);
    body["token_endpoint_auth_method"] = json!("client_secret_basic");
    body.as_object_mut().unwrap().remove("client_secret");
    let again = manage(&server, "PUT", &client, Some(&body)).await.json();
    assert!(!can_authenticate(&server, &client, secret).await);
    assert!(can_authenticate(&server, &client, text(&again, "client_secret")).await);
}

#[tokio::test]
async fn rfc_7592_2_3_a_client_that_is_removed_is_gone_at_once() {
    let server = TestServer::start().await;
    let client = registered(&server, true, &cantine()).await;
    assert_eq!(manage(&server, "DELETE", &client, None).await.status, StatusCode::NO_CONTENT);
    for method in ["GET", "DELETE"] {
        unauthorized(&manage(&server, method, &client, None).await);
    }
    unauthorized(&manage(&server, "PUT", &client, Some(&cantine())).await);
    shut_out(&server, &client, "gone").await;
    for decision in [Decision::Approve { version: 1 }, Decision::Resume, Decision::Suspend] {
        assert!(lifecycle::decide(server.operation().storage(), text(&client, "client_id"), decision).await.is_err());
    }
    // A start reads the files again: what registered itself is none of their business.
    let other = registered(&server, true, &cantine()).await;
    let again = server.restart().await;
    assert_eq!(client_state(&again, &client).await, ClientState::Gone);
    assert_eq!(client_state(&again, &other).await, ClientState::Active);
}

/// docs/threats.md#faults-a15: each rule is held at the endpoint, and its words say what to write.
#[tokio::test]
async fn faults_a15_what_leads_to_this_machine_or_to_ours_is_not_registered() {
    let server = TestServer::start_with_config(|config| {
        config.server.issuer = "https://id.example.fr".to_owned();
        config.phones.fictitious.clear();
        config.outgoing.allow_private = false;
    })
    .await;
    let (token, _) = create_initial_token(&server, 20, true).await;
    for (change, error, words) in [
        (json!({ "redirect_uris": ["http://localhost/cb"] }), "invalid_redirect_uri", "application_type native"),
        (json!({ "redirect_uris": ["https://192.0.2.7/cb"] }), "invalid_redirect_uri", "the host name"),
        (json!({ "redirect_uris": ["https://cantine/cb"] }), "invalid_redirect_uri", "in full"),
        (json!({ "redirect_uris": ["https://cantine.example:0/cb"] }), "invalid_redirect_uri", "leave it out"),
        (json!({ "redirect_uris": ["https://id.example.fr/connexion"] }), "invalid_redirect_uri", "the client's own"),
        (json!({ "client_name": server.app.config.deployment.name }), "invalid_client_metadata", "the client's own"),
        (json!({ "frontchannel_logout_uri": "https://elsewhere.example/" }), "invalid_client_metadata", "one of them"),
    ] {
        let mut body = cantine();
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let answer = register(&server, &token, &body).await;
        assert_eq!((answer.status, answer.oauth_error().as_str()), (StatusCode::BAD_REQUEST, error), "{change}");
        let told = answer.json()["error_description"].as_str().unwrap().to_owned();
        assert!(told.contains(words), "{told}");
    }
    // A replacement is held to the same.
    let client = registered(&server, true, &cantine()).await;
    let mut body = cantine();
    body["redirect_uris"] = json!(["http://127.0.0.1/cb"]);
    body["client_id"] = client["client_id"].clone();
    assert_eq!(manage(&server, "PUT", &client, Some(&body)).await.oauth_error(), "invalid_redirect_uri");
    // An installed application has its own machine.
    body = json!({ "client_name": "App", "application_type": "native", "token_endpoint_auth_method": "none",
                   "redirect_uris": ["http://127.0.0.1/cb", "fr.exemple.app:/retour"] });
    assert_eq!(register(&server, &token, &body).await.status, StatusCode::CREATED);
}
