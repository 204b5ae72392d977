//! OIDC Back-Channel Logout: the provider reports the end of its session, and the site's sessions end too.
//!
//! The request comes from the provider's server, without cookies; only a valid logout token has an effect.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::relying_party::{LogoutToken, LogoutTokenError, unverified_client_id};
use super::service::SampleService;
use super::site_request::FormParameters;
use super::{SampleSites, SharedSites};
use crate::base::clock::Timestamp;

/// Far more tokens than arrive during the minutes of their validity.
const MAX_SEEN_TOKENS: usize = 10_000;

/// The accepted tokens, remembered until expiry: each token ends sessions once.
#[derive(Default)]
pub struct SeenLogoutTokens(Mutex<HashMap<String, Timestamp>>);

impl SeenLogoutTokens {
    /// Returns true if the token is new.
    fn insert_if_new(&self, token: &LogoutToken, now: Timestamp) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MAX_SEEN_TOKENS {
            all.retain(|_, forgotten| now < *forgotten);
        }
        all.len() < MAX_SEEN_TOKENS
            && all.insert(token.jti.clone(), token.remember_until).is_none_or(|until| now >= until)
    }
}

pub async fn at_portal(State(state): State<SharedSites>, body: Bytes) -> Response {
    receive_logout_token(&state, SampleService::Ent, &body).await
}

pub async fn at_bourses(State(state): State<SharedSites>, body: Bytes) -> Response {
    receive_logout_token(&state, SampleService::Bourses, &body).await
}

async fn receive_logout_token(state: &SampleSites, service: SampleService, body: &[u8]) -> Response {
    let now = state.clock.now();
    let form = FormParameters::parse(body);
    let Some(token) = form.single("logout_token") else { return bad_request("there is no logout_token") };
    let client = unverified_client_id(token).filter(|client| SampleService::of_client(client) == service);
    let party = client.as_deref().and_then(|client| Some((client, state.relying_parties.get(client)?)));
    let Some((client, party)) = party else { return bad_request("it is for none of our clients") };
    let token = match party.verify_logout_token(token, now).await {
        Ok(token) => token,
        Err(why) => {
            tracing::warn!(client, %why, "a logout token was refused");
            // A check impossible at the moment is no fault of the token: after a 503 the provider tries again.
            return match why {
                LogoutTokenError::Provider(_) | LogoutTokenError::UnknownKey => {
                    StatusCode::SERVICE_UNAVAILABLE.into_response()
                }
                _ => bad_request("the logout token is not good"),
            };
        }
    };
    if !state.seen_logout_tokens.insert_if_new(&token, now) {
        return bad_request("the logout token was taken before");
    }
    let ended = state.sessions.end_matching(service, client, token.sub.as_deref(), token.sid.as_deref());
    tracing::info!(client, ended, "the provider ended a session");
    StatusCode::OK.into_response()
}

/// The error response of BCL 2.8.
fn bad_request(why: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_request", "error_description": why }))).into_response()
}
