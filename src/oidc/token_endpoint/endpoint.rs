//! `/oauth2/token` (RFC 6749 3.2): authenticates the client, then dispatches to one file per grant type.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::response::{IntoResponse, Response};

use super::token_request::{ExchangeOutcome, TokenRequest};
use super::{authorization_code, client_credentials, refresh_token};
use crate::app::AppState;
use crate::clients::metadata;
use crate::http::error::PageError;
use crate::http::request_context::RequestContext;
use crate::oidc::client_authentication::assertion::ClientEndpoint;
use crate::oidc::client_authentication::extract;
use crate::oidc::dpop;
use crate::oidc::error_response::{NO_STORE, allow_origin, busy_as_json};
use crate::oidc::paths;
use crate::protocol::error::{ErrorCode, OAuthError};

pub async fn post(State(app): State<AppState>, ctx: RequestContext, request: Request) -> Result<Response, PageError> {
    busy_as_json(handle(app, ctx, request).await)
}

async fn handle(app: AppState, ctx: RequestContext, request: Request) -> Result<Response, PageError> {
    let asked = match extract::authenticate_client(&app, ctx.now, ClientEndpoint::Token, request).await? {
        Ok(asked) => asked,
        Err(response) => return Ok(response),
    };
    let (client, params, headers) = (&asked.client, &asked.params, &asked.headers);
    let mut response = match dpop::extract_required_proof(&app, ctx.now, headers, &Method::POST, paths::TOKEN, client) {
        Err(error) => asked.error_response(&error),
        Ok(proof) => {
            let jkt = proof.as_ref().map(|proof| proof.jkt.clone());
            let asking = TokenRequest { app: &app, now: ctx.now, client, params, jkt, proof };
            let outcome = match params.get("grant_type") {
                _ if metadata::check_offered_algorithms(&client.meta, &app.config.keys.algorithms).is_err() => {
                    let words = "this client is registered for a signature that is not offered any more";
                    ExchangeOutcome::Denied(OAuthError::new(ErrorCode::UnauthorizedClient, words))
                }
                Some("authorization_code") => authorization_code::exchange(&asking).await?,
                Some("refresh_token") => refresh_token::exchange(&asking).await?,
                Some("client_credentials") => client_credentials::exchange(&asking).await?,
                Some(_) => {
                    let words = "grant_type is not supported";
                    ExchangeOutcome::Denied(OAuthError::new(ErrorCode::UnsupportedGrantType, words))
                }
                None => ExchangeOutcome::Denied(OAuthError::invalid_request("grant_type is missing")),
            };
            match outcome {
                ExchangeOutcome::Issued(tokens) => (NO_STORE, Json(tokens)).into_response(),
                ExchangeOutcome::Denied(error) => asked.error_response(&error),
            }
        }
    };
    dpop::offer_nonce(&app, ctx.now, headers, &mut response);
    allow_origin(client, headers, response.headers_mut());
    Ok(response)
}
