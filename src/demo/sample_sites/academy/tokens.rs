//! The token and userinfo endpoints of an academy.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::people::AcademySite;
use super::{AcademyGrant, CLIENT_ID, GRANT_TTL, issuer, keep, lock};
use crate::base::ids::id256;
use crate::base::secret::{constant_time_eq, sha256_base64url};
use crate::demo::sample_sites::site_request::FormParameters;
use crate::demo::sample_sites::{SampleSites, SharedSites};
use crate::jose::{self, Alg, left_half_hash};
use secrecy::ExposeSecret as _;

fn refusal(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({ "error": error }))).into_response()
}

/// True if the call has Préau's id and secret of this academy, by HTTP Basic (RFC 6749 2.3.1).
fn is_authenticated(state: &SampleSites, academy: &AcademySite, headers: &HeaderMap) -> bool {
    let text = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Basic "));
    let pair = text.and_then(|text| String::from_utf8(STANDARD.decode(text).ok()?).ok());
    let Some((id, secret)) = pair.as_deref().and_then(|pair| pair.split_once(':')) else { return false };
    let decode = |text: &str| {
        form_urlencoded::parse(text.as_bytes()).next().map(|(text, _)| text.into_owned()).unwrap_or_default()
    };
    let right = state.academies.secrets.get(academy.slug);
    decode(id) == CLIENT_ID && right.is_some_and(|right| constant_time_eq(&decode(secret), right.expose_secret()))
}

/// POST: exchanges a code, once.
pub async fn token(
    State(state): State<SharedSites>,
    Path(slug): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(academy) = AcademySite::find(&slug) else { return StatusCode::NOT_FOUND.into_response() };
    if !is_authenticated(&state, academy, &headers) {
        return refusal(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    let form = FormParameters::parse(&body);
    let now = state.clock.now();
    let taken = form.single("code").and_then(|code| lock(&state.academies.codes).remove(&sha256_base64url(code)));
    let proven = |grant: &AcademyGrant| match &grant.challenge {
        Some(challenge) => form.single("code_verifier").is_some_and(|v| sha256_base64url(v) == *challenge),
        None => true,
    };
    let grant = taken.filter(|grant| {
        grant.academy == academy.slug
            && now < grant.until
            && form.single("grant_type") == Some("authorization_code")
            && form.single("redirect_uri") == Some(&grant.redirect_uri)
            && proven(grant)
    });
    let Some(grant) = grant else { return refusal(StatusCode::BAD_REQUEST, "invalid_grant") };
    let access_token = id256(&*state.random);
    let mut claims = json!({
        "iss": issuer(&state, academy),
        "sub": grant.person.sub,
        "aud": CLIENT_ID,
        "iat": now.as_seconds(),
        "exp": now.plus(GRANT_TTL).as_seconds(),
        "auth_time": grant.authenticated_at.as_seconds(),
        "acr": "eidas1",
        "amr": ["pwd"],
        "at_hash": left_half_hash(Alg::RS256, &access_token),
    });
    if let (Some(nonce), Some(map)) = (&grant.nonce, claims.as_object_mut()) {
        map.insert("nonce".to_owned(), json!(nonce));
    }
    let Ok(id_token) = jose::sign(&state.academies.ring, Alg::RS256, "JWT", &claims) else {
        return refusal(StatusCode::INTERNAL_SERVER_ERROR, "server_error");
    };
    let seconds = GRANT_TTL.as_seconds_ceil();
    keep(&state.academies.tokens, &access_token, AcademyGrant { until: now.plus(GRANT_TTL), ..grant }, now);
    Json(json!({
        "access_token": access_token, "token_type": "Bearer", "expires_in": seconds, "id_token": id_token,
    }))
    .into_response()
}

/// GET: the claims of the directory, by the names that academies use.
pub async fn userinfo(State(state): State<SharedSites>, Path(slug): Path<String>, headers: HeaderMap) -> Response {
    let token = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let found = token.and_then(|token| lock(&state.academies.tokens).get(&sha256_base64url(token)).cloned());
    let Some(grant) = found.filter(|grant| grant.academy == slug && state.clock.now() < grant.until) else {
        return refusal(StatusCode::UNAUTHORIZED, "invalid_token");
    };
    let person = grant.person;
    let mut claims: Map<String, Value> = Map::new();
    claims.insert("sub".to_owned(), json!(person.sub));
    claims.insert("given_name".to_owned(), json!(person.given_name));
    claims.insert("family_name".to_owned(), json!(person.family_name));
    claims.insert("title".to_owned(), json!(person.title));
    if !person.schools.is_empty() {
        claims.insert("FrEduRne".to_owned(), json!(person.schools));
    }
    Json(Value::Object(claims)).into_response()
}
