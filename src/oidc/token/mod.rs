//! `/oauth2/token` (RFC 6749 3.2): who asks, then one file a grant.

mod authorization_code;
mod client_credentials;
mod outcome;
mod refresh_token;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::response::{IntoResponse, Response};

use outcome::{Asking, Exchanged};

use super::assertion::Endpoint;
use super::refusal::{NO_STORE, allow_origin, in_json};
use super::{client_auth, dpop, path};
use crate::app::AppState;
use crate::clients::metadata;
use crate::http::error::PageError;
use crate::http::visit::Visit;
use crate::protocol::error::{ErrorCode, OAuthError};

pub async fn post(State(app): State<AppState>, visit: Visit, request: Request) -> Result<Response, PageError> {
    in_json(answered(app, visit, request).await)
}

async fn answered(app: AppState, visit: Visit, request: Request) -> Result<Response, PageError> {
    let asked = match client_auth::asked(&app, visit.now, Endpoint::Token, request).await? {
        Ok(asked) => asked,
        Err(response) => return Ok(response),
    };
    let (client, params, headers) = (&asked.client, &asked.params, &asked.headers);
    let mut response = match dpop::at_endpoint(&app, visit.now, headers, &Method::POST, path::TOKEN, client) {
        Err(error) => asked.refusal(&error),
        Ok(proof) => {
            let jkt = proof.as_ref().map(|proof| proof.jkt.clone());
            let asking = Asking { app: &app, now: visit.now, client, params, jkt, proof };
            let outcome = match params.get("grant_type") {
                _ if metadata::offered(&client.meta, &app.config.keys.algorithms).is_err() => {
                    let words = "this client is registered for a signature that is not offered any more";
                    Exchanged::Denied(OAuthError::new(ErrorCode::UnauthorizedClient, words))
                }
                Some("authorization_code") => authorization_code::exchange(&asking).await?,
                Some("refresh_token") => refresh_token::exchange(&asking).await?,
                Some("client_credentials") => client_credentials::exchange(&asking).await?,
                Some(_) => {
                    let words = "grant_type is not supported";
                    Exchanged::Denied(OAuthError::new(ErrorCode::UnsupportedGrantType, words))
                }
                None => Exchanged::Denied(OAuthError::invalid_request("grant_type is missing")),
            };
            match outcome {
                Exchanged::Tokens(tokens) => (NO_STORE, Json(tokens)).into_response(),
                Exchanged::Denied(error) => asked.refusal(&error),
            }
        }
    };
    dpop::offer_nonce(&app, visit.now, headers, &mut response);
    allow_origin(client, headers, response.headers_mut());
    Ok(response)
}
