//! `profile = "fapi2"` in a client's file: what FAPI 2.0 demands, of its clients and of no others.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::relying_party::decode_part;
use crate::support::server::encode_form;
use crate::support::{
    AuthorizationAttempt, Browser, ClientKey, TestAccount, TestRelyingParty, TestResponse, TestServer,
};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

struct Fixture {
    server: TestServer,
    rp: TestRelyingParty,
    member: TestAccount,
    key: ClientKey,
    jti_count: std::cell::Cell<u32>,
}

/// The lines of the client's file; its key stands at the end.
fn client_file(key: &ClientKey, more: &str) -> String {
    let public = key.public_jwk();
    format!(
        "client_id = \"fapi\"\nclient_name = \"Service fapi\"\nprofile = \"fapi2\"\nsector = \"fapi\"\n\
         redirect_uris = [\"https://fapi.example/retour\"]\nscope = \"openid profile\"\n\
         grant_types = [\"authorization_code\", \"refresh_token\"]\n{more}\n\
         [perimeter]\nacademies = [\"montpellier\"]\n\
         [[jwks.keys]]\nkty = \"EC\"\ncrv = \"P-256\"\nkid = \"k1\"\nx = {}\ny = {}\n",
        public["x"], public["y"]
    )
}

async fn fixture(more: &str) -> Fixture {
    let first = TestServer::start().await;
    let key = ClientKey::new("k1");
    std::fs::write(first.folder().join("deployment/clients/fapi.toml"), client_file(&key, more)).unwrap();
    let server = first.restart().await;
    let member = server.create_durand().await;
    let mut rp = TestRelyingParty::new(&server, "fapi");
    rp.scope = "openid profile";
    Fixture { server, rp, member, key, jti_count: std::cell::Cell::default() }
}

impl Fixture {
    fn jti(&self) -> String {
        self.jti_count.set(self.jti_count.get() + 1);
        format!("jti-{}", self.jti_count.get())
    }

    fn endpoint_url(&self, path: &str) -> String {
        format!("{}{path}", self.server.issuer())
    }

    async fn post(&self, path: &str, aud: &Value, proof: bool, fields: &[(&str, &str)]) -> TestResponse {
        let now = self.server.now().as_seconds();
        let claims =
            json!({ "iss": "fapi", "sub": "fapi", "aud": aud, "iat": now, "exp": now + 60, "jti": self.jti() });
        let assertion = self.key.sign(&claims);
        let mut all = vec![("client_assertion_type", TYPE), ("client_assertion", assertion.as_str())];
        all.extend_from_slice(fields);
        let proof = proof.then(|| self.key.dpop_proof("POST", &self.endpoint_url(path), now, &self.jti(), &json!({})));
        let headers: Vec<(&str, &str)> = proof.as_deref().map(|proof| ("dpop", proof)).into_iter().collect();
        self.server.post(path, &headers, &all).await
    }

    async fn push(&self, fields: &[(&str, &str)]) -> TestResponse {
        self.post("/oauth2/par", &json!(self.server.issuer()), false, fields).await
    }

    /// The parameters of an attempt; `without` takes one away.
    fn parameters(&self, attempt: &AuthorizationAttempt, without: &str) -> Vec<(String, String)> {
        let mut all = self.rp.parameters(attempt);
        all.retain(|(name, _)| name != without);
        all
    }

    async fn push_all(&self, fields: &[(String, String)]) -> TestResponse {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        self.push(&fields).await
    }

    async fn code(&self, attempt: &AuthorizationAttempt) -> String {
        let pushed = self.push_all(&self.parameters(attempt, "")).await;
        assert_eq!(pushed.status, StatusCode::CREATED, "{}", pushed.visible_text());
        let uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
        let mut browser = Browser::new(&self.server);
        browser
            .open(&format!("/oauth2/authorize?{}", encode_form(&[("client_id", "fapi"), ("request_uri", &uri)])))
            .await;
        self.rp.code(&browser.sign_in(&self.member).await.expect_redirect_away(), attempt)
    }

    async fn exchange(&self, attempt: &AuthorizationAttempt, code: &str, aud: &Value, proof: bool) -> TestResponse {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.rp.redirect_uri),
            ("code_verifier", &attempt.verifier),
        ];
        self.post("/oauth2/token", aud, proof, &fields).await
    }
}

#[tokio::test]
async fn faults_d3_a_sign_in_by_fapi_2_is_as_the_profile_says() {
    let h = fixture("").await;
    let attempt = h.rp.attempt();
    let code = h.code(&attempt).await;
    let issuer = json!(h.server.issuer());
    let unbound = h.exchange(&attempt, &code, &issuer, false).await;
    assert_eq!(unbound.oauth_error(), "invalid_dpop_proof", "no token without a key");
    let answer = h.exchange(&attempt, &code, &issuer, true).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.visible_text());
    let body = answer.json();
    assert_eq!(body["token_type"], "DPoP");
    let id = body["id_token"].as_str().unwrap();
    assert_eq!(decode_part(id, 0)["alg"], "PS256");
    assert!(decode_part(id, 1)["sid"].is_null(), "it has no address for a sign-out");
    assert_eq!(decode_part(body["access_token"].as_str().unwrap(), 1)["cnf"]["jkt"], h.key.thumbprint());
    // Not rotated, and good once more (5.3.2.1).
    let refresh = body["refresh_token"].as_str().unwrap();
    for _ in 0..2 {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
        let again = h.post("/oauth2/token", &issuer, true, &fields).await;
        assert_eq!(again.status, StatusCode::OK, "{}", again.visible_text());
        assert_eq!(again.json()["refresh_token"], refresh);
    }
}

#[tokio::test]
async fn faults_d3_only_the_issuer_as_one_string_is_an_audience() {
    let h = fixture("").await;
    let (issuer, token, par) =
        (h.server.issuer().to_owned(), h.endpoint_url("/oauth2/token"), h.endpoint_url("/oauth2/par"));
    for aud in [json!([issuer]), json!([issuer, "https://x.example"]), json!(token), json!(par), json!([token])] {
        let attempt = h.rp.attempt();
        let all = h.parameters(&attempt, "");
        let fields: Vec<(&str, &str)> = all.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let refused = h.post("/oauth2/par", &aud, false, &fields).await;
        assert_eq!(
            (refused.status, refused.oauth_error().as_str()),
            (StatusCode::UNAUTHORIZED, "invalid_client"),
            "{aud}"
        );
        let refused = h.exchange(&attempt, &"A".repeat(43), &aud, true).await;
        assert_eq!(refused.oauth_error(), "invalid_client", "{aud}");
    }
}

#[tokio::test]
async fn faults_d3_what_is_not_pushed_or_has_no_pkce_is_refused() {
    let h = fixture("").await;
    let attempt = h.rp.attempt();
    let landed = Browser::new(&h.server).open(&attempt.url).await.expect_redirect_away();
    assert_eq!(h.rp.error(&landed, &attempt), "invalid_request", "not pushed");
    for without in ["code_challenge", "redirect_uri", "response_type"] {
        let refused = h.push_all(&h.parameters(&attempt, without)).await;
        assert_eq!(
            (refused.status, refused.oauth_error().as_str()),
            (StatusCode::BAD_REQUEST, "invalid_request"),
            "{without}"
        );
    }
    // A request object is not demanded; where there is one, its times are.
    assert_eq!(h.push_all(&h.parameters(&attempt, "")).await.status, StatusCode::CREATED);
}

/// A request object of the client.
fn request_object(h: &Fixture, more: Value) -> String {
    let now = h.server.now().as_seconds();
    let mut claims = json!({ "iss": "fapi", "aud": h.server.issuer(), "nbf": now, "exp": now + 300 });
    for (name, value) in h.rp.parameters(&h.rp.attempt()) {
        claims[name] = value.into();
    }
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, v| !v.is_null());
    h.key.sign(&claims)
}

#[tokio::test]
async fn faults_d3_message_signing_demands_a_signed_request_with_its_times() {
    let h = fixture("require_signed_request_object = true").await;
    let now = h.server.now().as_seconds();
    let unsigned = h.push_all(&h.parameters(&h.rp.attempt(), "")).await;
    assert_eq!((unsigned.status, unsigned.oauth_error().as_str()), (StatusCode::BAD_REQUEST, "invalid_request"));
    for (case, more) in [
        ("no exp", json!({ "exp": null })),
        ("no nbf", json!({ "nbf": null })),
        ("no aud", json!({ "aud": null })),
        ("exp over 60 min", json!({ "exp": now + 3_601 })),
        ("exp far after nbf", json!({ "nbf": now - 1_800, "exp": now + 1_801 })),
        ("nbf over 60 min", json!({ "nbf": now - 3_601, "exp": now + 1 })),
        ("nbf ahead", json!({ "nbf": now + 60 })),
        ("expired", json!({ "exp": now })),
    ] {
        let refused = h.push(&[("request", &request_object(&h, more))]).await;
        let said = (refused.status, refused.oauth_error());
        assert_eq!(said, (StatusCode::BAD_REQUEST, "invalid_request_object".to_owned()), "{case}");
    }
    for (case, more) in [
        ("as it should be", json!({})),
        ("8 s ahead", json!({ "nbf": now + 8 })),
        ("to the second", json!({ "nbf": now - 1_800, "exp": now + 1_800 })),
        ("one of several audiences", json!({ "aud": [h.server.issuer(), "https://x.example"] })),
    ] {
        let taken = h.push(&[("request", &request_object(&h, more))]).await;
        assert_eq!(taken.status, StatusCode::CREATED, "{case}: {}", taken.visible_text());
    }
}

#[tokio::test]
async fn faults_d3_a_file_that_contradicts_is_refused_with_the_line() {
    let h = fixture("").await;
    let at = h.server.folder().join("deployment/clients/fapi.toml");
    for (more, field) in [
        ("token_endpoint_auth_method = \"client_secret_basic\"", "token_endpoint_auth_method"),
        ("dpop_bound_access_tokens = false", "dpop_bound_access_tokens"),
        ("require_pushed_authorization_requests = false", "require_pushed_authorization_requests"),
        ("response_types = [\"code id_token\"]", "response_types"),
        ("id_token_signed_response_alg = \"RS256\"", "id_token_signed_response_alg"),
        ("require_pkce = false", "require_pkce"),
    ] {
        std::fs::write(&at, client_file(&h.key, more)).unwrap();
        let declared = preau::bootstrap::read_deployment(&h.server.app.config).unwrap();
        let plan = preau::clients::ops::publish::plan(&mut h.server.app.db.read().await.unwrap(), &declared).await;
        let said: String = plan.unwrap().broken.iter().map(ToString::to_string).collect();
        assert!(said.contains(&format!("clients/fapi.toml: fapi: {field}: profile fapi2 has")), "{said}");
        assert!(said.contains("fapi.toml, line 8)"), "{said}");
    }
}
