//! `/academie`: the academies' own OpenID providers, for those who work at schools.
//!
//! One provider an academy, each with its own issuer, as in production: discovery, authorization, token, userinfo, keys
//! and sign-out. Whoever opens the authorization page chooses one of the fictitious people; there is no password.

mod authorize;
mod people;
mod tokens;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::Json;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::{SampleSites, SharedSites};
use crate::base::clock::{Span, Timestamp};
use crate::base::secret::sha256_base64url;
use crate::http::routing::{get, post};
use crate::jose::{Alg, KeyError, KeyRing, KeyState, SigningKey};
use secrecy::{ExposeSecret as _, SecretString};

pub use people::ACADEMIES;
use people::{AcademyPerson, AcademySite};

/// The `client_id` of Préau at each academy.
const CLIENT_ID: &str = "preau";
/// The lifetime of a code and of an access token.
const GRANT_TTL: Span = Span::minutes(1);
/// The maximum number of codes and tokens, to bound memory.
const MAX_GRANTS: usize = 1_000;

/// The secrets of the academies, drawn once.
pub struct AcademyConfig {
    /// The secret of Préau at each academy, by its slug.
    pub secrets: HashMap<String, SecretString>,
    /// The private key of all academies, as JWK, and its `kid`.
    pub key: (SecretString, String),
}

/// A code or an access token: what it was given for.
#[derive(Clone, Debug)]
struct AcademyGrant {
    academy: &'static str,
    person: &'static AcademyPerson,
    redirect_uri: String,
    nonce: Option<String>,
    challenge: Option<String>,
    authenticated_at: Timestamp,
    until: Timestamp,
}

/// The state of the academies.
pub struct Academies {
    secrets: HashMap<String, SecretString>,
    ring: KeyRing,
    codes: Mutex<HashMap<String, AcademyGrant>>,
    tokens: Mutex<HashMap<String, AcademyGrant>>,
}

impl Academies {
    /// # Errors
    /// The key is none for RS256.
    pub fn new(config: AcademyConfig) -> Result<Self, KeyError> {
        let (jwk, kid) = config.key;
        let key = SigningKey::from_jwk(&kid, Alg::RS256, KeyState::Active, jwk.expose_secret())?;
        let ring = KeyRing::new(vec![key]);
        Ok(Self { secrets: config.secrets, ring, codes: Mutex::default(), tokens: Mutex::default() })
    }
}

fn lock(map: &Mutex<HashMap<String, AcademyGrant>>) -> MutexGuard<'_, HashMap<String, AcademyGrant>> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps a grant under the digest of its code or token.
fn keep(map: &Mutex<HashMap<String, AcademyGrant>>, secret: &str, grant: AcademyGrant, now: Timestamp) {
    let mut map = lock(map);
    map.retain(|_, grant| now < grant.until);
    if map.len() < MAX_GRANTS {
        map.insert(sha256_base64url(secret), grant);
    }
}

/// Returns the issuer of an academy.
fn issuer(state: &SampleSites, academy: &AcademySite) -> String {
    format!("{}academie/{}", state.base, academy.slug)
}

/// Returns the redirect URI of Préau at an academy, registered there.
fn redirect_uri(state: &SampleSites, academy: &AcademySite) -> String {
    format!("{}/federation/academie-{}/retour", state.issuer, academy.slug)
}

/// The routes of browsers.
pub fn routes() -> Router<SharedSites> {
    Router::new()
        .route("/academie/{slug}/authorize", get(authorize::show))
        .route("/academie/{slug}/entrer", get(authorize::enter))
        .route("/academie/{slug}/fin", get(authorize::end_session).merge(post(authorize::confirm_end)))
        .route("/academie/{slug}/au-revoir", get(authorize::goodbye))
}

/// The routes of programs, which send no forms of this site.
pub fn program_routes() -> Router<SharedSites> {
    Router::new()
        .route("/academie/{slug}/.well-known/openid-configuration", get(discovery))
        .route("/academie/{slug}/jwks", get(jwks))
        .route("/academie/{slug}/token", post(tokens::token))
        .route("/academie/{slug}/userinfo", get(tokens::userinfo))
}

async fn discovery(State(state): State<SharedSites>, Path(slug): Path<String>) -> Response {
    let Some(academy) = AcademySite::find(&slug) else { return StatusCode::NOT_FOUND.into_response() };
    let issuer = issuer(&state, academy);
    let at = |path: &str| format!("{issuer}/{path}");
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "userinfo_endpoint": at("userinfo"),
        "jwks_uri": at("jwks"),
        "end_session_endpoint": at("fin"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "profile", "education"],
        "authorization_response_iss_parameter_supported": true,
    }))
    .into_response()
}

async fn jwks(State(state): State<SharedSites>, Path(slug): Path<String>) -> Response {
    match AcademySite::find(&slug) {
        Some(_) => Json(state.academies.ring.jwks()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
