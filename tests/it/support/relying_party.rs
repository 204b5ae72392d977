//! A relying party: requests, exchanges and verifies, by its own checks and those of the `openidconnect` crate.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::DateTime;
use openidconnect::core::{CoreIdToken, CoreIdTokenVerifier, CoreJsonWebKeySet};
use openidconnect::{ClientId, IssuerUrl, Nonce};
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::Url;

use super::server::encode_form;
use super::{Browser, Landing, TestAccount, TestResponse, TestServer, deployment};

#[derive(Clone)]
pub struct TestRelyingParty {
    pub server: TestServer,
    pub client_id: &'static str,
    pub redirect_uri: String,
    pub scope: &'static str,
    attempt_count: Arc<AtomicU64>,
}

/// The state kept for one authorization request.
#[derive(Clone, Debug)]
pub struct AuthorizationAttempt {
    pub url: String,
    pub state: String,
    pub nonce: String,
    pub verifier: String,
}

/// The verified response of the token endpoint.
#[derive(Clone, Debug)]
pub struct VerifiedTokens {
    pub access_token: String,
    pub id_token: String,
    pub claims: Value,
}

impl TestRelyingParty {
    pub fn new(server: &TestServer, client_id: &'static str) -> Self {
        let redirect_uri = deployment::redirect_uri(client_id);
        let scope = "openid profile email phone education";
        Self { server: server.clone(), client_id, redirect_uri, scope, attempt_count: Arc::default() }
    }

    /// Returns the parameters of a valid request, for a test to modify.
    pub fn parameters(&self, attempt: &AuthorizationAttempt) -> Vec<(String, String)> {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(attempt.verifier.as_bytes()));
        [
            ("response_type", "code"),
            ("client_id", self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", self.scope),
            ("state", &attempt.state),
            ("nonce", &attempt.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]
        .map(|(n, v)| (n.to_owned(), v.to_owned()))
        .to_vec()
    }

    pub fn attempt(&self) -> AuthorizationAttempt {
        self.attempt_with(&[])
    }

    /// Makes a new request; `more` replaces or adds a parameter, or removes a parameter by an empty value.
    pub fn attempt_with(&self, more: &[(&str, &str)]) -> AuthorizationAttempt {
        let n = self.attempt_count.fetch_add(1, Ordering::SeqCst);
        let mut attempt = AuthorizationAttempt {
            url: String::new(),
            state: format!("state-{n}-é&=+ "),
            nonce: format!("nonce-{n}"),
            verifier: format!("verifier-{n:040}"),
        };
        let mut all = self.parameters(&attempt);
        for (name, value) in more {
            all.retain(|(n, _)| n != name);
            if !value.is_empty() {
                all.push(((*name).to_owned(), (*value).to_owned()));
            }
        }
        let pairs: Vec<(&str, &str)> = all.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        attempt.url = format!("/oauth2/authorize?{}", encode_form(&pairs));
        attempt
    }

    /// Returns the response parameters by name, after checking `state` and `iss` (RFC 9207).
    pub fn query_response(&self, landed: &Url, attempt: &AuthorizationAttempt) -> Vec<(String, String)> {
        assert!(landed.as_str().starts_with(&self.redirect_uri), "{landed}");
        assert_eq!(landed.fragment(), None);
        self.check_response(landed.query_pairs().into_owned().collect(), landed.as_str(), attempt)
    }

    /// Returns the parameters of a response in the fragment, and asserts an empty query.
    pub fn fragment_response(&self, landed: &Url, attempt: &AuthorizationAttempt) -> Vec<(String, String)> {
        assert!(landed.as_str().starts_with(&self.redirect_uri), "{landed}");
        assert_eq!(landed.query(), None, "{landed}");
        let fragment = landed.fragment().unwrap_or_default();
        self.check_response(
            form_urlencoded::parse(fragment.as_bytes()).into_owned().collect(),
            landed.as_str(),
            attempt,
        )
    }

    /// Returns the parameters of a response sent as a form (response mode form_post).
    pub fn form_post_response(&self, page: &TestResponse, attempt: &AuthorizationAttempt) -> Vec<(String, String)> {
        let form = page.form_of("continuer");
        assert_eq!((form.action.as_deref(), form.method.as_str()), (Some(self.redirect_uri.as_str()), "post"));
        self.check_response(form.fields, "the form", attempt)
    }

    fn check_response(
        &self,
        all: Vec<(String, String)>,
        landed: &str,
        attempt: &AuthorizationAttempt,
    ) -> Vec<(String, String)> {
        assert_eq!(find_pair(&all, "state"), Some(attempt.state.as_str()), "{landed}");
        assert_eq!(find_pair(&all, "iss"), Some(self.server.issuer()), "{landed}");
        let given = ["code", "id_token", "access_token"].iter().any(|name| find_pair(&all, name).is_some());
        assert_ne!(given, find_pair(&all, "error").is_some(), "{landed}");
        all
    }

    pub fn code(&self, landed: &Url, attempt: &AuthorizationAttempt) -> String {
        let all = self.query_response(landed, attempt);
        find_pair(&all, "code").unwrap_or_else(|| panic!("no code: {landed}")).to_owned()
    }

    pub fn error(&self, landed: &Url, attempt: &AuthorizationAttempt) -> String {
        let all = self.query_response(landed, attempt);
        let words = find_pair(&all, "error_description").unwrap_or_default();
        assert!(words.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E)), "{words}");
        find_pair(&all, "error").unwrap_or_else(|| panic!("no error: {landed}")).to_owned()
    }

    /// Requests a code, signing in if asked to.
    pub async fn obtain_code(&self, browser: &mut Browser, member: &TestAccount) -> (AuthorizationAttempt, String) {
        let attempt = self.attempt();
        let landed = match browser.open(&attempt.url).await {
            Landing::ExternalSite(url) => url,
            Landing::OwnPage => browser.sign_in(member).await.expect_redirect_away(),
        };
        let code = self.code(&landed, &attempt);
        (attempt, code)
    }

    /// Returns the fields of a valid exchange.
    pub fn exchange_fields(&self, attempt: &AuthorizationAttempt, code: &str) -> Vec<(&'static str, String)> {
        let mut fields = vec![
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.to_owned()),
            ("redirect_uri", self.redirect_uri.clone()),
            ("code_verifier", attempt.verifier.clone()),
        ];
        match self.client_id {
            "app" => fields.push(("client_id", self.client_id.to_owned())),
            "ent-post" => {
                fields.push(("client_id", self.client_id.to_owned()));
                fields.push(("client_secret", deployment::secret(self.client_id)));
            }
            _ => {}
        }
        fields
    }

    /// Returns the Authorization header of a client using HTTP Basic.
    pub fn authorization(&self) -> Option<String> {
        (!["app", "ent-post"].contains(&self.client_id))
            .then(|| basic_header(self.client_id, &deployment::secret(self.client_id)))
    }

    pub async fn exchange(&self, attempt: &AuthorizationAttempt, code: &str) -> TestResponse {
        self.post_token(self.authorization().as_deref(), &self.exchange_fields(attempt, code)).await
    }

    pub async fn post_token(&self, authorization: Option<&str>, fields: &[(&'static str, String)]) -> TestResponse {
        let headers: Vec<(&str, &str)> = authorization.map(|a| ("authorization", a)).into_iter().collect();
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let answer = self.server.post("/oauth2/token", &headers, &fields).await;
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("pragma"), "no-cache");
        answer
    }

    /// Exchanges the code and verifies the whole response.
    pub async fn tokens(&self, attempt: &AuthorizationAttempt, code: &str) -> VerifiedTokens {
        let answer = self.exchange(attempt, code).await;
        assert_eq!(answer.status, 200, "{}", answer.visible_text());
        let body = answer.json();
        assert_eq!(body["token_type"], "Bearer");
        assert_eq!(body["expires_in"], 300);
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let (access_token, id_token) = (text("access_token"), text("id_token"));
        let claims = self.verify(&id_token, &access_token, attempt).await;
        VerifiedTokens { access_token, id_token, claims }
    }

    /// Performs a whole sign-in.
    pub async fn sign_in(&self, browser: &mut Browser, member: &TestAccount) -> VerifiedTokens {
        let (attempt, code) = self.obtain_code(browser, member).await;
        self.tokens(&attempt, &code).await
    }

    /// Verifies the ID token by the crate (OIDCC 3.1.3.7) at the server's time, then the claims ignored by the crate.
    pub async fn verify(&self, id_token: &str, access_token: &str, attempt: &AuthorizationAttempt) -> Value {
        let keys: CoreJsonWebKeySet = serde_json::from_value(self.server.get("/oauth2/jwks").await.json()).unwrap();
        let issuer = IssuerUrl::new(self.server.issuer().to_owned()).unwrap();
        let now = DateTime::from_timestamp_millis(self.server.now().0).unwrap();
        let client_id = ClientId::new(self.client_id.to_owned());
        let verifier = CoreIdTokenVerifier::new_public_client(client_id, issuer, keys).set_time_fn(move || now);
        let token: CoreIdToken = id_token.parse().unwrap();
        token.claims(&verifier, &Nonce::new(attempt.nonce.clone())).unwrap();
        let header = decode_part(id_token, 0);
        assert_eq!((&header["alg"], &header["typ"]), (&"RS256".into(), &"JWT".into()));
        assert!(header["kid"].is_string());
        let claims = decode_part(id_token, 1);
        let half = URL_SAFE_NO_PAD.encode(&Sha256::digest(access_token.as_bytes())[..16]);
        assert_eq!(claims["at_hash"], half);
        claims
    }

    pub async fn userinfo(&self, access_token: &str) -> TestResponse {
        let request = axum::http::Request::get("/oauth2/userinfo")
            .header("authorization", format!("Bearer {access_token}"))
            .body(axum::body::Body::empty());
        self.server.call(request.unwrap()).await
    }

    /// Returns the URL of an RP-initiated logout.
    pub fn logout_url(&self, fields: &[(&str, &str)]) -> String {
        format!("/oauth2/logout?{}", encode_form(fields))
    }
}

pub fn find_pair<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut found = pairs.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str());
    let first = found.next();
    assert!(found.next().is_none(), "{name} stands twice");
    first
}

/// Encodes credentials for HTTP Basic (RFC 6749 2.3.1): form-encoded, joined by a colon, base64.
pub fn basic_header(id: &str, secret: &str) -> String {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(id), encode(secret))))
}

/// Decodes the header (0) or claims (1) of a compact token, unverified.
pub fn decode_part(token: &str, n: usize) -> Value {
    let text = token.split('.').nth(n).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}

/// Changes one letter of the token: the first of the signature, if any.
pub fn mutate_token(token: &str) -> String {
    let at = token.rfind('.').map_or(0, |dot| dot + 1);
    let other = if token[at..].starts_with('A') { 'B' } else { 'A' };
    format!("{}{other}{}", &token[..at], &token[at + 1..])
}
