//! The endpoints that programs call: every parameter bent in every way has a clear answer, and loses nothing.

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use preau::clients::GrantType;
use preau::protocol::scope::Scopes;
use serde_json::{Value, json};

use super::registration::{cantine, create_initial_token, register};
use super::requests::mutated;
use crate::support::server::encode_form;
use crate::support::{Browser, TestAccount, TestRelyingParty, TestResponse, TestServer, deployment};

/// A refusal as RFC 6749 5.2 has it, in words of ours and in ASCII; or the success that a harmless change leaves.
fn assert_clear_answer(answer: &TestResponse, case: &str) {
    let body = answer.json();
    match answer.status.as_u16() {
        200 | 201 => {}
        400 | 401 => {
            let description = body["error_description"].as_str().unwrap_or_else(|| panic!("{case}: no description"));
            assert!(description.bytes().all(|b| (0x20..0x7f).contains(&b) && b != b'"' && b != b'\\'), "{case}");
            assert!(!description.contains("xxxx") && !description.contains("7*7"), "{case}: it repeats the request");
            assert!(body["error"].as_str().is_some_and(|error| error.is_ascii()), "{case}");
            assert_eq!(answer.header("cache-control"), "no-store", "{case}");
        }
        other => panic!("{case}: {other} {}", answer.visible_text()),
    }
}

async fn post(server: &TestServer, path: &str, body: String) -> TestResponse {
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    server.call(request.body(Body::from(body)).unwrap()).await
}

/// Signed in, with a client that may ask for everything by its secret in the form.
struct Fixture {
    server: TestServer,
    rp: TestRelyingParty,
    member: TestAccount,
    browser: Browser,
}

impl Fixture {
    async fn new() -> Self {
        let server = TestServer::start().await;
        server
            .change_client("ent-post", |meta| {
                meta.grant_types.extend([GrantType::RefreshToken, GrantType::ClientCredentials]);
                meta.scopes = Scopes::parse("openid profile email phone education offline_access").unwrap();
            })
            .await;
        let member = server.create_durand().await;
        let (rp, browser) = (TestRelyingParty::new(&server, "ent-post"), Browser::new(&server));
        Self { server, rp, member, browser }
    }

    fn own(&self, more: &[(&str, &str)]) -> Vec<(String, String)> {
        let secret = deployment::secret("ent-post");
        let own = [("client_id", "ent-post"), ("client_secret", secret.as_str())];
        more.iter().chain(&own).map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
    }

    /// A request in good order to each endpoint, with a code and tokens that nobody has used.
    async fn good(&mut self, which: &str) -> (&'static str, Vec<(String, String)>) {
        let (attempt, code) = self.rp.obtain_code(&mut self.browser, &self.member).await;
        if which == "code" {
            let fields = self.rp.exchange_fields(&attempt, &code);
            return ("/oauth2/token", fields.into_iter().map(|(n, v)| (n.to_owned(), v)).collect());
        }
        let given = self.rp.exchange(&attempt, &code).await.json();
        let token = |name: &str| given[name].as_str().unwrap().to_owned();
        match which {
            "refresh" => {
                let token = token("refresh_token");
                let fields = [("grant_type", "refresh_token"), ("refresh_token", &token), ("scope", "openid")];
                ("/oauth2/token", self.own(&fields))
            }
            "client" => ("/oauth2/token", self.own(&[("grant_type", "client_credentials")])),
            "par" => {
                let mut fields = self.rp.parameters(&self.rp.attempt());
                fields.push(("client_secret".to_owned(), deployment::secret("ent-post")));
                ("/oauth2/par", fields)
            }
            "introspect" | "revoke" => {
                let token = token("access_token");
                let fields = self.own(&[("token", &token), ("token_type_hint", "access_token")]);
                (if which == "revoke" { "/oauth2/revoke" } else { "/oauth2/introspect" }, fields)
            }
            other => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn protocol_a6_every_parameter_that_a_program_sends_missing_doubled_empty_or_huge_has_a_clear_answer() {
    let mut house = Fixture::new().await;
    for which in ["code", "refresh", "client", "par", "introspect", "revoke"] {
        let (path, fields) = house.good(which).await;
        let mut names: Vec<String> = fields.iter().map(|(name, _)| name.clone()).collect();
        names.extend(["client_assertion", "client_assertion_type", "request", "nothing"].map(str::to_owned));
        for name in names {
            for (how, _) in mutated(&[], "x") {
                // New ones each time: one request may spend what the next needs.
                let (_, fields) = house.good(which).await;
                let body = mutated(&fields, &name).into_iter().find(|(h, _)| *h == how).unwrap().1;
                let case = format!("{which}: {name} {how}");
                let answer = post(&house.server, path, body).await;
                if which == "revoke" && answer.status == StatusCode::OK {
                    assert!(answer.bytes.is_empty(), "{case}");
                    continue;
                }
                assert_clear_answer(&answer, &case);
                let broken = ["doubled", "10 kB", "NUL", "no UTF-8", "half an escape"].contains(&how);
                if broken {
                    assert_eq!(answer.oauth_error(), "invalid_request", "{case}");
                }
            }
        }
        let (path, fields) = house.good(which).await;
        let pairs: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let answer = post(&house.server, path, encode_form(&pairs)).await;
        assert!(answer.status.is_success(), "{which} in good order: {}", answer.visible_text());
    }
}

/// Whatever the body calls itself, and whatever it is.
#[tokio::test]
async fn rfc_6749_3_2_a_body_of_another_kind_is_refused() {
    let mut house = Fixture::new().await;
    for which in ["code", "par", "introspect", "revoke"] {
        let (path, fields) = house.good(which).await;
        let pairs: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let object: Value = fields.iter().map(|(n, v)| (n.clone(), json!(v))).collect::<serde_json::Map<_, _>>().into();
        for (kind, body) in [
            ("application/json", object.to_string().into_bytes()),
            ("multipart/form-data; boundary=x", b"--x\r\n\r\n--x--".to_vec()),
            ("text/plain", encode_form(&pairs).into_bytes()),
            ("application/x-www-form-urlencoded", vec![0xff, 0xfe, 0x00]),
            ("application/x-www-form-urlencoded", b"a=1&".repeat(100)),
            ("application/x-www-form-urlencoded", vec![b'x'; 70_000]),
            ("application/x-www-form-urlencoded", Vec::new()),
        ] {
            let request = Request::post(path).header(header::CONTENT_TYPE, kind).body(Body::from(body)).unwrap();
            let answer = house.server.call(request).await;
            assert!([400, 401, 413, 415].contains(&answer.status.as_u16()), "{path} {kind}: {}", answer.status);
        }
        let answer = house.server.call(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
}

const METADATA: [&str; 38] = [
    "client_name",
    "client_uri",
    "logo_uri",
    "policy_uri",
    "tos_uri",
    "contacts",
    "redirect_uris",
    "post_logout_redirect_uris",
    "initiate_login_uri",
    "request_uris",
    "jwks",
    "jwks_uri",
    "token_endpoint_auth_method",
    "token_endpoint_auth_signing_alg",
    "grant_types",
    "response_types",
    "application_type",
    "scope",
    "subject_type",
    "sector_identifier_uri",
    "default_max_age",
    "require_auth_time",
    "default_acr_values",
    "id_token_signed_response_alg",
    "id_token_encrypted_response_alg",
    "id_token_encrypted_response_enc",
    "userinfo_signed_response_alg",
    "userinfo_encrypted_response_alg",
    "userinfo_encrypted_response_enc",
    "introspection_signed_response_alg",
    "request_object_signing_alg",
    "require_signed_request_object",
    "require_pushed_authorization_requests",
    "dpop_bound_access_tokens",
    "backchannel_logout_uri",
    "backchannel_logout_session_required",
    "frontchannel_logout_uri",
    "software_statement",
];

#[tokio::test]
async fn rfc_7591_3_2_2_every_member_of_another_type_or_size_is_named_in_the_refusal() {
    let server = TestServer::start().await;
    let (token, _) = create_initial_token(&server, 10_000, false).await;
    for name in METADATA {
        for value in [
            json!(null),
            json!(""),
            json!("x".repeat(10_000)),
            json!("\u{202e}<b>7*7"),
            json!("élève"),
            json!("https%3A%2F%2Frp.example%252F"),
            json!(-1),
            json!(1e300),
            json!(true),
            json!([]),
            json!([[["x"]]]),
            json!({}),
            json!({ "keys": [{ "kty": "oct", "k": "AA" }] }),
        ] {
            let mut body = cantine();
            body[name] = value.clone();
            let answer = register(&server, &token, &body).await;
            let case = format!("{name}: {value:.60}");
            assert_clear_answer(&answer, &case);
            if answer.status == StatusCode::BAD_REQUEST {
                let codes = ["invalid_redirect_uri", "invalid_client_metadata", "invalid_software_statement"];
                assert!(codes.contains(&answer.oauth_error().as_str()), "{case}: {}", answer.oauth_error());
                // It, or what it needs beside it.
                let told = answer.json()["error_description"].as_str().unwrap().to_owned();
                let named = METADATA.iter().any(|name| told.starts_with(&format!("{name}:")));
                assert!(named || told.starts_with("software statements"), "{case}: {told}");
            }
        }
    }
}

/// An endpoint for programs sets no cookie and never sends a browser away.
#[tokio::test]
async fn nothing_of_a_browser_comes_back_from_them() {
    let mut house = Fixture::new().await;
    for which in ["code", "refresh", "par", "introspect", "revoke"] {
        let (path, fields) = house.good(which).await;
        let pairs: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let headers: HeaderMap = post(&house.server, path, encode_form(&pairs)).await.headers;
        assert!(!headers.contains_key("set-cookie") && !headers.contains_key("location"), "{which}");
    }
}
