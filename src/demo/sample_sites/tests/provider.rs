//! A whole sign-in against a fake provider with selectable misbehaviour.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openidconnect::core::{CoreEdDsaPrivateSigningKey, CoreJwsSigningAlgorithm};
use openidconnect::{AccessToken, AccessTokenHash, JsonWebKeyId, PrivateSigningKey as _};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use url::Url;

use super::super::{SampleSites, SharedSites, routes};
use super::{NOW, config, location, set_cookies, text};
use crate::base::clock::{ManualClock, Span};
use crate::base::secret::{base64url, sha256};
use crate::http::routing::{get, post};

/// Used for signing in tests only.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIF8tzbbledoGBbGIM3uOQuqA45udCC6HiC8e9FZ9CrKO\n\
                   -----END PRIVATE KEY-----\n";

const ACCESS_TOKEN: &str = "an-access-token";

/// A misbehaviour of the provider, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Misbehaviour {
    None,
    NewKey,
    UnknownKey,
    Signature,
    Nonce,
    NoNonce,
    Issuer,
    Audience,
    Expired,
    Old,
    AccessTokenHash,
    OtherPerson,
    NoIdToken,
    TokenNoHeader,
    NoResponseIssuer,
}

pub struct FakeProvider {
    pub issuer: String,
    lie: Mutex<Misbehaviour>,
    /// The parameters of the last token request.
    last_token_request: Mutex<HashMap<String, String>>,
    nonce: Mutex<String>,
}

type SharedFakeProvider = Arc<FakeProvider>;

impl FakeProvider {
    pub async fn start() -> SharedFakeProvider {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Arc::new(Self {
            issuer: format!("http://{}", listener.local_addr().unwrap()),
            lie: Mutex::new(Misbehaviour::None),
            last_token_request: Mutex::default(),
            nonce: Mutex::default(),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks", get(keys))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .with_state(Arc::clone(&fake));
        tokio::spawn(async move { axum::serve(listener, router).await });
        fake
    }

    fn misbehaviour(&self) -> Misbehaviour {
        *self.lie.lock().unwrap()
    }

    /// Signs with the second key from now on.
    pub fn rotate(&self) {
        *self.lie.lock().unwrap() = Misbehaviour::NewKey;
    }

    pub fn key(&self) -> CoreEdDsaPrivateSigningKey {
        let kid = if self.misbehaviour() == Misbehaviour::NewKey { "two" } else { "one" };
        CoreEdDsaPrivateSigningKey::from_ed25519_pem(KEY, Some(JsonWebKeyId::new(kid.into()))).unwrap()
    }

    fn id_token(&self) -> String {
        let (lie, key) = (self.misbehaviour(), self.key());
        let hash = |token: &str| {
            let token = AccessToken::new(token.into());
            let alg = CoreJwsSigningAlgorithm::EdDsa;
            AccessTokenHash::from_token(&token, &alg, &key.as_verification_key()).unwrap().to_string()
        };
        let mut claims = json!({
            "iss": self.issuer, "aud": ["mon-ent-mer"], "sub": "person", "sid": "session-9",
            "nonce": *self.nonce.lock().unwrap(),
            "iat": NOW.as_seconds(), "exp": NOW.as_seconds() + 300, "at_hash": hash(ACCESS_TOKEN),
        });
        match lie {
            Misbehaviour::Nonce => claims["nonce"] = json!("another"),
            Misbehaviour::NoNonce => claims["nonce"] = Value::Null,
            Misbehaviour::Issuer => claims["iss"] = json!("http://evil.example"),
            Misbehaviour::Audience => claims["aud"] = json!(["mon-ent-toulouse"]),
            Misbehaviour::Expired => claims["exp"] = json!(NOW.as_seconds()),
            Misbehaviour::Old => claims["iat"] = json!(NOW.minus(Span::minutes(11)).as_seconds()),
            Misbehaviour::AccessTokenHash => claims["at_hash"] = json!(hash("another")),
            _ => {}
        }
        let kid = match lie {
            Misbehaviour::NewKey => "two",
            Misbehaviour::UnknownKey => "three",
            _ => "one",
        };
        let header = base64url(json!({ "alg": "EdDSA", "kid": kid }).to_string().as_bytes());
        let message = format!("{header}.{}", base64url(claims.to_string().as_bytes()));
        let mut signature = key.sign(&CoreJwsSigningAlgorithm::EdDsa, message.as_bytes()).unwrap();
        if lie == Misbehaviour::Signature {
            signature[7] ^= 1;
        }
        format!("{message}.{}", base64url(&signature))
    }
}

async fn discovery(State(fake): State<SharedFakeProvider>) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", fake.issuer);
    Json(json!({
        "issuer": fake.issuer, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"),
        "userinfo_endpoint": at("/userinfo"), "jwks_uri": at("/jwks"), "end_session_endpoint": at("/logout"),
        "response_types_supported": ["code"], "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256", "EdDSA"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

async fn keys(State(fake): State<SharedFakeProvider>) -> Json<Value> {
    Json(json!({ "keys": [fake.key().as_verification_key()] }))
}

async fn token(State(fake): State<SharedFakeProvider>, headers: HeaderMap, body: Bytes) -> Response {
    let mut asked: HashMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    let basic = headers.get(AUTHORIZATION).unwrap().to_str().unwrap().strip_prefix("Basic ").unwrap().to_owned();
    asked.insert("basic".into(), String::from_utf8(STANDARD.decode(basic).unwrap()).unwrap());
    *fake.last_token_request.lock().unwrap() = asked;
    let access_token =
        if fake.misbehaviour() == Misbehaviour::TokenNoHeader { "an\naccess-token" } else { ACCESS_TOKEN };
    let mut answer = json!({ "access_token": access_token, "token_type": "Bearer", "expires_in": 300 });
    if fake.misbehaviour() != Misbehaviour::NoIdToken {
        answer["id_token"] = json!(fake.id_token());
    }
    Json(answer).into_response()
}

async fn userinfo(State(fake): State<SharedFakeProvider>, headers: HeaderMap) -> Response {
    if headers.get(AUTHORIZATION).unwrap() != &format!("Bearer {ACCESS_TOKEN}") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let sub = if fake.misbehaviour() == Misbehaviour::OtherPerson { "somebody" } else { "person" };
    Json(json!({
        "sub": sub, "given_name": "Marianne", "family_name": "Lefèvre", "education_profile": "responsable",
        "children": [
            { "given_name": "Élie", "uai": "0349997G", "school": "LPM Paul Bousquet", "academy": "montpellier" },
        ],
        "schools": [{ "uai": "0349997G", "name": "LPM Paul Bousquet", "academy": "montpellier" }],
        "FrEduVecteur": ["2|LEFEVRE|Marianne|1234|0349997G"],
    }))
    .into_response()
}

/// Goes to the provider and returns with a code; returns the response of the callback.
async fn sign_in(state: &SharedSites, fake: &FakeProvider) -> (HashMap<String, String>, Response) {
    let get = |path: String, cookie: String| {
        let request = Request::get(path).header(COOKIE, cookie).body(Body::empty()).unwrap();
        routes(Arc::clone(state)).oneshot(request)
    };
    let out = get("/ent/connexion?choix=mer".into(), String::new()).await.unwrap();
    let url = Url::parse(location(&out)).unwrap();
    let sent: HashMap<String, String> = url.query_pairs().into_owned().collect();
    assert!(url.as_str().starts_with(&format!("{}/authorize?", fake.issuer)), "{url}");
    fake.nonce.lock().unwrap().clone_from(&sent["nonce"]);
    let cookie = set_cookies(&out)[0].split(';').next().unwrap().to_owned();
    let mut back = form_urlencoded::Serializer::new(String::new());
    back.append_pair("code", "the-code").append_pair("state", &sent["state"]);
    if fake.misbehaviour() != Misbehaviour::NoResponseIssuer {
        back.append_pair("iss", &fake.issuer);
    }
    let response = get(format!("/ent/retour?{}", back.finish()), cookie).await.unwrap();
    (sent, response)
}

fn portal(fake: &FakeProvider) -> SharedSites {
    Arc::new(SampleSites::build(config(&fake.issuer, Arc::new(ManualClock::at(NOW)))).unwrap())
}

#[tokio::test]
async fn a_sign_in_asks_for_what_it_needs_and_shows_who_it_is() {
    let fake = FakeProvider::start().await;
    let state = portal(&fake);
    let (sent, response) = sign_in(&state, &fake).await;
    assert_eq!(sent["scope"].split(' ').collect::<Vec<_>>(), ["openid", "profile", "education"]);
    assert_eq!(sent["client_id"], "mon-ent-mer");
    assert_eq!(sent["redirect_uri"], "http://localhost:8090/ent/retour");
    assert_eq!(sent["code_challenge_method"], "S256");
    assert_eq!(sent["ui_locales"], "fr");
    let asked = fake.last_token_request.lock().unwrap().clone();
    assert_eq!(base64url(&sha256(asked["code_verifier"].as_bytes())), sent["code_challenge"]);
    assert_eq!(asked["redirect_uri"], sent["redirect_uri"]);
    // RFC 6749 2.3.1: both parts are encoded before joining.
    assert_eq!(asked["basic"], "mon-ent-mer:s%2Be+c");
    assert_eq!(location(&response), "/ent/accueil");

    let session = set_cookies(&response).into_iter().find(|cookie| cookie.starts_with("ent_session=")).unwrap();
    assert!(session.contains("; HttpOnly; SameSite=Lax; Path=/ent"), "{session}");
    let session = session.split(';').next().unwrap();
    let request = |path| Request::get(path).header(COOKIE, session).body(Body::empty()).unwrap();
    let home = routes(Arc::clone(&state)).oneshot(request("/ent/accueil")).await.unwrap();
    let home = text(home).await;
    for shown in ["Marianne Lefèvre", "Élie", "LPM Paul Bousquet", "2|LEFEVRE|Marianne|1234|0349997G", "session-9"] {
        assert!(home.contains(shown), "{shown}: {home}");
    }
    let school = routes(Arc::clone(&state)).oneshot(request("/ent/etablissement?uai=0349997G")).await.unwrap();
    assert_eq!(school.status(), StatusCode::OK);

    let leave = Request::post("/ent/deconnexion-partout").header(COOKIE, session).body(Body::empty()).unwrap();
    let response = routes(Arc::clone(&state)).oneshot(leave).await.unwrap();
    let cookie = set_cookies(&response).into_iter().find(|cookie| cookie.starts_with("ent_sortie=")).unwrap();
    let go = Request::get("/ent/sortie/suite").header(COOKIE, cookie.split(';').next().unwrap());
    let response = routes(Arc::clone(&state)).oneshot(go.body(Body::empty()).unwrap()).await.unwrap();
    let url = Url::parse(location(&response)).unwrap();
    let sent: HashMap<String, String> = url.query_pairs().into_owned().collect();
    assert_eq!(url.path(), "/logout");
    assert_eq!(sent["client_id"], "mon-ent-mer");
    assert_eq!(sent["id_token_hint"].split('.').count(), 3);
    assert!(!sent.contains_key("post_logout_redirect_uri"), "{url}");
}

#[tokio::test]
async fn whatever_is_wrong_with_the_answer_signs_nobody_in() {
    let fake = FakeProvider::start().await;
    let state = portal(&fake);
    for (lie, reason) in [
        (Misbehaviour::Signature, "reponse"),
        (Misbehaviour::UnknownKey, "reponse"),
        (Misbehaviour::Nonce, "reponse"),
        (Misbehaviour::NoNonce, "reponse"),
        (Misbehaviour::Issuer, "reponse"),
        (Misbehaviour::Audience, "reponse"),
        (Misbehaviour::Expired, "reponse"),
        (Misbehaviour::Old, "reponse"),
        (Misbehaviour::AccessTokenHash, "reponse"),
        (Misbehaviour::OtherPerson, "reponse"),
        (Misbehaviour::NoIdToken, "reponse"),
        (Misbehaviour::TokenNoHeader, "reponse"),
        (Misbehaviour::NoResponseIssuer, "emetteur"),
    ] {
        *fake.lie.lock().unwrap() = lie;
        let (_, response) = sign_in(&state, &fake).await;
        assert_eq!(location(&response), format!("/ent/echec?motif={reason}&choix=mer"), "{lie:?}");
        assert!(!set_cookies(&response).iter().any(|cookie| cookie.starts_with("ent_session")), "{lie:?}");
    }
    // The same provider without misbehaviour: each rejection above was caused by the misbehaviour.
    *fake.lie.lock().unwrap() = Misbehaviour::None;
    assert_eq!(location(&sign_in(&state, &fake).await.1), "/ent/accueil");
    // A key newer than the cached metadata causes one refetch.
    *fake.lie.lock().unwrap() = Misbehaviour::NewKey;
    assert_eq!(location(&sign_in(&state, &fake).await.1), "/ent/accueil");
}
