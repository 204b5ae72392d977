//! An OpenID provider of others, on loopback, which can lie in every way that matters.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path as FilePath;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use aws_lc_rs::hmac;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use preau::base::clock::Timestamp;
use preau::base::secret::sha256_base64url;
use preau::jose::{self, Alg, ExpectedTyp, KeyRing, KeySet, KeyState, SigningKey, left_half_hash};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

use super::{Browser, TestServer};

/// The secret of Préau at every upstream of the tests: long enough for HS256.
pub const SECRET: &str = "upstream s3cret+&=:% of at least thirty-two bytes";

/// A lie of the provider.
#[derive(Clone, Debug, PartialEq)]
pub enum Lie {
    /// Changes claims of the ID token; null removes one.
    IdToken(Value),
    /// Changes claims of userinfo; null removes one.
    Userinfo(Value),
    /// `alg: none`, without a signature.
    Unsigned,
    /// HS256 with the bytes of the public key.
    HmacOfPublicKey,
    /// HS256 with the client's secret.
    HmacOfSecret,
    /// Another key under the known `kid`.
    ForeignKey,
    /// Another key under a `kid` that is not published.
    UnpublishedKey,
    /// Another key, published from now on: what an honest provider does too.
    ChangedKey,
    /// Another key, published in place of the former one under its name: as if neither had a `kid`.
    RenewedKey,
    /// The discovery document speaks of another issuer.
    DiscoveryIssuer,
    /// An endpoint (`discovery`, `jwks`, `token`, `userinfo`) answers with this status.
    Status(&'static str, u16),
    /// An endpoint never answers.
    Hang(&'static str),
    /// An endpoint redirects to itself.
    RedirectLoop(&'static str),
    /// An endpoint answers with ten megabytes.
    Huge(&'static str),
    /// An endpoint answers with a page.
    Html(&'static str),
    /// Userinfo is plain JSON though it should be signed, and the other way round.
    UserinfoOtherForm,
}

/// A key with its `kid`.
struct FakeKey {
    ring: KeyRing,
    kid: String,
    jwk: String,
}

fn make_key() -> FakeKey {
    let (jwk, kid) = jose::generate(Alg::RS256).unwrap();
    let ring = KeyRing::new(vec![SigningKey::from_jwk(&kid, Alg::RS256, KeyState::Active, &jwk).unwrap()]);
    FakeKey { ring, kid, jwk }
}

static KEY: LazyLock<FakeKey> = LazyLock::new(make_key);
static OTHER_KEY: LazyLock<FakeKey> = LazyLock::new(make_key);

/// A code that was given: for whom, and what the token must say.
#[derive(Clone)]
struct FakeCode {
    nonce: String,
    challenge: String,
    redirect_uri: String,
    now: Timestamp,
}

struct FakeState {
    base: String,
    person: Value,
    auth_time: bool,
    signed_userinfo: bool,
    announces_iss: bool,
    requires_par: bool,
    /// The keys of Préau, at a provider of FAPI 2.0: no secrets, and pushed requests only.
    fapi: Option<KeySet>,
    pushed: HashMap<String, HashMap<String, String>>,
    assertions: HashSet<String>,
    lies: Vec<Lie>,
    codes: HashMap<String, FakeCode>,
    calls: HashMap<&'static str, usize>,
    count: usize,
}

/// The provider of an academy.
#[derive(Clone)]
pub struct FakeUpstream {
    state: Arc<Mutex<FakeState>>,
}

impl FakeUpstream {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let person = json!({
            "sub": "agent-1", "given_name": "Claire", "family_name": "FONTAINE", "title": "ENS",
            "FrEduRne": ["0349999J$UAJ$PU$N$T3$CLG$340"],
        });
        let state = Arc::new(Mutex::new(FakeState {
            base,
            person,
            auth_time: true,
            signed_userinfo: false,
            announces_iss: true,
            requires_par: false,
            fapi: None,
            pushed: HashMap::new(),
            assertions: HashSet::new(),
            lies: Vec::new(),
            codes: HashMap::new(),
            calls: HashMap::new(),
            count: 0,
        }));
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks", get(jwks))
            .route("/par", post(par))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { state }
    }

    pub fn issuer(&self) -> String {
        self.state.lock().unwrap().base.clone()
    }

    /// Writes the file of this upstream, an academy of Montpellier; `more` is put before its tables.
    pub fn declare(&self, directory: &FilePath, id: &str, more: &str) {
        let folder = directory.join("upstreams");
        fs::create_dir_all(&folder).unwrap();
        let realm = if more.contains("academy =") { "" } else { "academy = \"montpellier\"\n" };
        let profiles = ["enseignant", "personnel", "invite", "eleve", "responsable"];
        let values = [("ENS", 0), ("DIR", 1), ("INV", 2), ("ELV", 3), ("PAR", 4)]
            .map(|(value, n)| format!("[[profile_value]]\nvalue = \"{value}\"\nprofile = \"{}\"\n", profiles[n]));
        let text = format!(
            "kind = \"academy\"\nlabel = \"Académie {id}\"\nissuer = \"{}\"\nclient_id = \"preau\"\n\
             client_secret = {SECRET:?}\nscopes = [\"openid\", \"profile\"]\ntimeout_seconds = 2\n\
             id_token_signed_response_algs = [\"RS256\"]\n{realm}profiles = {profiles:?}\n{more}\n\
             [claims]\nprofile = [\"FrEduFonctAdm\", \"title\"]\nschools = \"FrEduRne\"\n{}\
             [[acr_value]]\nvalue = \"eidas1\"\nlevel = \"eidas1\"\n\
             [[acr_value]]\nvalue = \"strong\"\nlevel = \"https://refeds.org/profile/mfa\"\n",
            self.issuer(),
            values.concat(),
        );
        fs::write(folder.join(format!("{id}.toml")), text).unwrap();
    }

    /// Becomes a provider of FAPI 2.0, which knows Préau by the keys that it publishes.
    pub fn demand_fapi(&self, server: &TestServer) {
        self.state.lock().unwrap().fapi = Some(KeySet::parse(&server.app.key_ring().jwks()).unwrap());
    }

    /// Knows Préau by keys that are not its own.
    pub fn demand_other_keys(&self) {
        self.state.lock().unwrap().fapi = Some(KeySet::parse(&OTHER_KEY.ring.jwks()).unwrap());
    }

    /// Writes the file of such a provider; `more` is put before its tables.
    pub fn declare_fapi(&self, directory: &FilePath, id: &str, more: &str) {
        self.declare(directory, id, &format!("token_endpoint_auth_method = \"private_key_jwt\"\n{more}"));
        let path = directory.join("upstreams").join(format!("{id}.toml"));
        let text = fs::read_to_string(&path).unwrap();
        fs::write(path, text.replace(&format!("client_secret = {SECRET:?}\n"), "")).unwrap();
    }

    /// Has the discovery document say that other requests than pushed ones are refused.
    pub fn require_pushed_requests(&self) {
        self.state.lock().unwrap().requires_par = true;
    }

    /// Writes the file of this upstream as FranceConnect.
    pub fn declare_franceconnect(&self, directory: &FilePath) {
        let folder = directory.join("upstreams");
        fs::create_dir_all(&folder).unwrap();
        let text = format!(
            "kind = \"franceconnect\"\nlabel = \"FranceConnect\"\nissuer = \"{}\"\nclient_id = \"preau\"\n\
             client_secret = {SECRET:?}\nscopes = [\"openid\", \"given_name\", \"family_name\", \
             \"preferred_username\"]\nacr_values = [\"eidas1\"]\nid_token_signed_response_algs = [\"RS256\"]\n\
             userinfo_signed_response_alg = \"RS256\"\ntimeout_seconds = 2\n\
             [claims]\nusage_name = \"preferred_username\"\n\
             [[acr_value]]\nvalue = \"eidas1\"\nlevel = \"eidas1\"\n",
            self.issuer(),
        );
        fs::write(folder.join("franceconnect.toml"), text).unwrap();
    }

    /// Starts a server with this upstream under an id.
    pub async fn server(&self, id: &str) -> TestServer {
        TestServer::start_with_config(|config| self.declare(&config.deployment.directory, id, "")).await
    }

    /// Changes the person that signs in: members of userinfo; null removes one.
    pub fn set_person(&self, changes: Value) {
        merge(&mut self.state.lock().unwrap().person, &changes);
    }

    pub fn lie(&self, lie: Lie) {
        self.state.lock().unwrap().lies.push(lie);
    }

    pub fn be_honest(&self) {
        self.state.lock().unwrap().lies.clear();
    }

    /// Leaves `auth_time` out of ID tokens from now on.
    pub fn omit_auth_time(&self) {
        self.state.lock().unwrap().auth_time = false;
    }

    /// Announces RFC 9207 no more.
    pub fn omit_iss(&self) {
        self.state.lock().unwrap().announces_iss = false;
    }

    /// Answers userinfo as a signed token.
    pub fn sign_userinfo(&self) {
        self.state.lock().unwrap().signed_userinfo = true;
    }

    pub fn calls(&self, endpoint: &'static str) -> usize {
        self.state.lock().unwrap().calls.get(endpoint).copied().unwrap_or_default()
    }

    /// Signs the person in at the upstream, and returns the path by which the browser comes back.
    pub fn approve(&self, server: &TestServer, request: &Url) -> String {
        let mut query: HashMap<String, String> = request.query_pairs().into_owned().collect();
        if self.state.lock().unwrap().fapi.is_some() {
            let names: HashSet<&str> = query.keys().map(String::as_str).collect();
            assert_eq!(names, ["kept", "client_id", "request_uri"].into(), "{request}");
            let pushed = self.state.lock().unwrap().pushed.remove(&query["request_uri"]);
            query = pushed.expect("a pushed request, once");
        }
        for (name, wanted) in [("response_type", "code"), ("client_id", "preau"), ("code_challenge_method", "S256")] {
            assert_eq!(query[name], wanted, "{request}");
        }
        assert!(query["scope"].split(' ').any(|scope| scope == "openid"), "{request}");
        assert!(query["nonce"].len() >= 22 && query["state"].len() >= 22, "{request}");
        let mut state = self.state.lock().unwrap();
        state.count += 1;
        let code = format!("code-{}", state.count);
        let given = FakeCode {
            nonce: query["nonce"].clone(),
            challenge: query["code_challenge"].clone(),
            redirect_uri: query["redirect_uri"].clone(),
            now: server.now(),
        };
        state.codes.insert(code.clone(), given);
        self.answer_path(&state.base, &query, &[("code", &code)], state.announces_iss)
    }

    /// Returns the path by which the browser comes back with an error.
    pub fn refuse(&self, request: &Url, error: &str) -> String {
        let query: HashMap<String, String> = request.query_pairs().into_owned().collect();
        let state = self.state.lock().unwrap();
        self.answer_path(&state.base, &query, &[("error", error)], state.announces_iss)
    }

    fn answer_path(
        &self,
        base: &str,
        query: &HashMap<String, String>,
        pairs: &[(&str, &str)],
        announces_iss: bool,
    ) -> String {
        let mut out = form_urlencoded::Serializer::new(String::new());
        out.extend_pairs(pairs).append_pair("state", &query["state"]);
        if announces_iss {
            out.append_pair("iss", base);
        }
        let back = Url::parse(&query["redirect_uri"]).unwrap();
        format!("{}?{}", back.path(), out.finish())
    }

    /// Opens an address that leads to this upstream, approves there, and comes back.
    pub async fn sign_in(&self, server: &TestServer, browser: &mut Browser, start: &str) {
        let request = browser.open(start).await.expect_redirect_away();
        assert!(request.as_str().starts_with(&self.issuer()), "{request}");
        let back = self.approve(server, &request);
        browser.get(&back).await;
    }
}

fn merge(target: &mut Value, changes: &Value) {
    let map = target.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => map.remove(name),
            value => map.insert(name.clone(), value.clone()),
        };
    }
}

type Shared = State<Arc<Mutex<FakeState>>>;

/// Counts the call, and returns the answer of a lie about this endpoint, if there is one.
async fn lied(state: &Arc<Mutex<FakeState>>, endpoint: &'static str) -> Option<Response> {
    let lies = {
        let mut state = state.lock().unwrap();
        *state.calls.entry(endpoint).or_default() += 1;
        state.lies.clone()
    };
    for lie in lies {
        match lie {
            Lie::Status(at, status) if at == endpoint => {
                let body = json!({ "error": "server_error", "error_description": "<script>alert(1)</script>" });
                return Some((StatusCode::from_u16(status).unwrap(), Json(body)).into_response());
            }
            Lie::Hang(at) if at == endpoint => tokio::time::sleep(Duration::from_secs(60)).await,
            Lie::RedirectLoop(at) if at == endpoint => {
                return Some((StatusCode::FOUND, [(header::LOCATION, format!("/{at}"))]).into_response());
            }
            Lie::Huge(at) if at == endpoint => return Some(" ".repeat(10 << 20).into_response()),
            Lie::Html(at) if at == endpoint => return Some("<html>Bonjour</html>".into_response()),
            _ => {}
        }
    }
    None
}

async fn discovery(State(state): Shared) -> Response {
    if let Some(answer) = lied(&state, "discovery").await {
        return answer;
    }
    let state = state.lock().unwrap();
    let base = &state.base;
    let issuer = if state.lies.contains(&Lie::DiscoveryIssuer) { "https://op.example" } else { base };
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{base}/authorize?kept=1"),
        "token_endpoint": format!("{base}/token"),
        "jwks_uri": format!("{base}/jwks"),
        "userinfo_endpoint": format!("{base}/userinfo"),
        "end_session_endpoint": format!("{base}/fin"),
        "authorization_response_iss_parameter_supported": state.announces_iss,
    });
    if state.fapi.is_some() {
        document["pushed_authorization_request_endpoint"] = json!(format!("{base}/par"));
        document["require_pushed_authorization_requests"] = json!(state.requires_par);
    }
    Json(document).into_response()
}

/// Judges how Préau authenticates itself: by its secret, else by a token of its key, used once.
fn is_client(state: &mut FakeState, headers: &HeaderMap, form: &HashMap<String, String>) -> bool {
    let Some(keys) = &state.fapi else {
        let basic = super::relying_party::basic_header("preau", SECRET);
        return headers.get(header::AUTHORIZATION).is_some_and(|given| *given == *basic);
    };
    assert!(!headers.contains_key(header::AUTHORIZATION) && !form.contains_key("client_secret"));
    assert_eq!(form["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    let allowed = [Alg::ES256, Alg::PS256, Alg::EdDSA];
    let Ok((_, claims)) = keys.verify(&form["client_assertion"], &allowed, ExpectedTyp::AbsentOr(&["JWT"])) else {
        return false;
    };
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let seconds = |name: &str| claims.get(name).and_then(Value::as_i64).unwrap();
    assert!((1..=60).contains(&(seconds("exp") - seconds("iat"))));
    (text("iss"), text("sub"), text("aud")) == ("preau".to_owned(), "preau".to_owned(), state.base.clone())
        && form["client_id"] == "preau"
        && state.assertions.insert(text("jti"))
}

fn refused_client() -> Response {
    (StatusCode::UNAUTHORIZED, Json(json!({ "error": "invalid_client" }))).into_response()
}

/// Takes a pushed request (RFC 9126 2).
async fn par(State(state): Shared, headers: HeaderMap, body: Bytes) -> Response {
    if let Some(answer) = lied(&state, "par").await {
        return answer;
    }
    let form: HashMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    let mut state = state.lock().unwrap();
    if !is_client(&mut state, &headers, &form) {
        return refused_client();
    }
    state.count += 1;
    let uri = format!("urn:ietf:params:oauth:request_uri:{}", state.count);
    state.pushed.insert(uri.clone(), form);
    (StatusCode::CREATED, Json(json!({ "request_uri": uri, "expires_in": 60 }))).into_response()
}

async fn jwks(State(state): Shared) -> Response {
    if let Some(answer) = lied(&state, "jwks").await {
        return answer;
    }
    let lies = state.lock().unwrap().lies.clone();
    let is_changed = lies.contains(&Lie::ChangedKey) || lies.contains(&Lie::RenewedKey);
    let mut keys = if is_changed { OTHER_KEY.ring.jwks() } else { KEY.ring.jwks() };
    if lies.contains(&Lie::RenewedKey) {
        keys["keys"][0]["kid"] = json!(KEY.kid);
    }
    Json(keys).into_response()
}

async fn token(State(state): Shared, headers: HeaderMap, body: Bytes) -> Response {
    if let Some(answer) = lied(&state, "token").await {
        return answer;
    }
    let form: HashMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    let mut state = state.lock().unwrap();
    if !is_client(&mut state, &headers, &form) {
        return refused_client();
    }
    let Some(code) = state.codes.remove(&form["code"]) else {
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response();
    };
    assert_eq!(form["redirect_uri"], code.redirect_uri);
    if sha256_base64url(&form["code_verifier"]) != code.challenge {
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response();
    }
    let access_token = format!("access-{}", form["code"]);
    let now = code.now.as_seconds();
    let mut claims = json!({
        "iss": state.base, "sub": state.person["sub"], "aud": "preau", "iat": now, "exp": now + 60,
        "nonce": code.nonce, "at_hash": left_half_hash(Alg::RS256, &access_token), "acr": "eidas1", "amr": ["pwd"],
    });
    if state.auth_time {
        claims["auth_time"] = json!(now);
    }
    for lie in &state.lies {
        if let Lie::IdToken(changes) = lie {
            merge(&mut claims, changes);
        }
    }
    let id_token = sign(&state.lies, &claims);
    Json(json!({ "access_token": access_token, "token_type": "Bearer", "expires_in": 60, "id_token": id_token }))
        .into_response()
}

fn sign(lies: &[Lie], claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let mac = |secret: &[u8]| {
        let head = json!({ "alg": "HS256", "typ": "JWT", "kid": KEY.kid });
        let input = format!("{}.{}", encode(&head), encode(claims));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), input.as_bytes());
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()))
    };
    let by = |key: &FakeKey| jose::sign(&key.ring, Alg::RS256, "JWT", claims).unwrap();
    for lie in lies {
        match lie {
            Lie::Unsigned => return format!("{}.{}.", encode(&json!({ "alg": "none" })), encode(claims)),
            Lie::HmacOfPublicKey => return mac(KEY.ring.jwks()["keys"][0].to_string().as_bytes()),
            Lie::HmacOfSecret => return mac(SECRET.as_bytes()),
            Lie::ForeignKey | Lie::RenewedKey => {
                let key = SigningKey::from_jwk(&KEY.kid, Alg::RS256, KeyState::Active, &OTHER_KEY.jwk).unwrap();
                return jose::sign(&KeyRing::new(vec![key]), Alg::RS256, "JWT", claims).unwrap();
            }
            Lie::UnpublishedKey | Lie::ChangedKey => return by(&OTHER_KEY),
            _ => {}
        }
    }
    by(&KEY)
}

async fn userinfo(State(state): Shared, headers: HeaderMap) -> Response {
    if let Some(answer) = lied(&state, "userinfo").await {
        return answer;
    }
    assert!(headers.get(header::AUTHORIZATION).unwrap().to_str().unwrap().starts_with("Bearer access-code-"));
    let state = state.lock().unwrap();
    let mut claims = state.person.clone();
    for lie in &state.lies {
        if let Lie::Userinfo(changes) = lie {
            merge(&mut claims, changes);
        }
    }
    let signed = state.signed_userinfo != state.lies.contains(&Lie::UserinfoOtherForm);
    if !signed {
        return Json(claims).into_response();
    }
    merge(&mut claims, &json!({ "iss": state.base, "aud": "preau" }));
    let token = jose::sign(&KEY.ring, Alg::RS256, "JWT", &claims).unwrap();
    ([(header::CONTENT_TYPE, "application/jwt")], token).into_response()
}
