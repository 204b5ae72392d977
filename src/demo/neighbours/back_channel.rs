//! The provider tells that a session ended there (OIDC Back-Channel Logout): ours of it ends too.
//!
//! It comes from the provider's server, without cookies; what it says proves itself or does nothing.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::relying_party::{LogoutToken, LogoutTokenError, addressee};
use super::service::Service;
use super::visitor::Parameters;
use super::{Neighbours, Shared};
use crate::base::clock::Timestamp;

/// More than come in the minutes that they are remembered.
const TOKENS_KEPT: usize = 10_000;

/// Tokens that were taken, until they would be refused anyway: each ends sessions once.
#[derive(Default)]
pub struct Taken(Mutex<HashMap<String, Timestamp>>);

impl Taken {
    /// Whether this is the first time.
    fn first(&self, token: &LogoutToken, now: Timestamp) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= TOKENS_KEPT {
            all.retain(|_, forgotten| now < *forgotten);
        }
        all.len() < TOKENS_KEPT && all.insert(token.jti.clone(), token.forgotten).is_none_or(|until| now >= until)
    }
}

pub async fn at_portal(State(state): State<Shared>, body: Bytes) -> Response {
    told(&state, Service::Ent, &body).await
}

pub async fn at_bourses(State(state): State<Shared>, body: Bytes) -> Response {
    told(&state, Service::Bourses, &body).await
}

async fn told(state: &Neighbours, service: Service, body: &[u8]) -> Response {
    let now = state.clock.now();
    let form = Parameters::parse(body);
    let Some(token) = form.one("logout_token") else { return refused("there is no logout_token") };
    let client = addressee(token).filter(|client| Service::of_client(client) == service);
    let party = client.as_deref().and_then(|client| Some((client, state.parties.get(client)?)));
    let Some((client, party)) = party else { return refused("it is for none of our clients") };
    let token = match party.logout_token(token, now).await {
        Ok(token) => token,
        Err(why) => {
            tracing::warn!(client, %why, "a logout token was refused");
            // What could not be checked now is no fault of the token: the provider tells again.
            return match why {
                LogoutTokenError::Provider(_) | LogoutTokenError::UnknownKey => {
                    StatusCode::SERVICE_UNAVAILABLE.into_response()
                }
                _ => refused("the logout token is not good"),
            };
        }
    };
    if !state.taken.first(&token, now) {
        return refused("the logout token was taken before");
    }
    let ended = state.sessions.end_told(service, client, token.sub.as_deref(), token.sid.as_deref());
    tracing::info!(client, ended, "the provider ended a session");
    StatusCode::OK.into_response()
}

/// BCL 2.8.
fn refused(why: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_request", "error_description": why }))).into_response()
}
