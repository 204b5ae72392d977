//! `/oauth2/token` (RFC 6749 3.2): authenticates the client, then dispatches to one file per grant type.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::response::{IntoResponse, Response};

use super::token_request::TokenRequest;
use super::{authorization_code, client_credentials, refresh_token};
use crate::app::{AppState, Operation};
use crate::base::actor::Actor;
use crate::clients::metadata;
use crate::http::error::PageError;
use crate::http::paths;
use crate::http::request_context::RequestContext;
use crate::oidc::client_authentication::assertion::ClientEndpoint;
use crate::oidc::client_authentication::extract::AuthenticatedClient;
use crate::oidc::client_endpoint::{self, ClientEndpointResult};
use crate::oidc::dpop::{self, DpopTarget};
use crate::protocol::error::{ErrorCode, OAuthError};

pub async fn post(State(app): State<AppState>, ctx: RequestContext, request: Request) -> Result<Response, PageError> {
    client_endpoint::respond(app, ctx, ClientEndpoint::Token, request, exchange).await
}

async fn exchange(app: AppState, ctx: RequestContext, asking: Arc<AuthenticatedClient>) -> ClientEndpointResult {
    let AuthenticatedClient { client, params, headers, .. } = &*asking;
    let target = DpopTarget { method: &Method::POST, path: paths::TOKEN };
    let op = &Operation::of_request(&app, &ctx).by(Actor::Client(client.id.clone()));
    let proof = dpop::extract_required_proof(op, headers, target, client)?;
    if metadata::check_offered_algorithms(&client.meta, &app.config.keys.algorithms).is_err() {
        let words = "this client is registered for a signature that is not offered any more";
        return Err(OAuthError::new(ErrorCode::UnauthorizedClient, words).into());
    }
    let jkt = proof.as_ref().map(|proof| proof.jkt.clone());
    let request = TokenRequest { op, client, params, jkt, proof };
    let tokens = match params.get("grant_type") {
        Some("authorization_code") => authorization_code::exchange(&request).await?,
        Some("refresh_token") => refresh_token::exchange(&request).await?,
        Some("client_credentials") => client_credentials::exchange(&request).await?,
        Some(_) => {
            return Err(OAuthError::new(ErrorCode::UnsupportedGrantType, "grant_type is not supported").into());
        }
        None => return Err(OAuthError::invalid_request("grant_type is missing").into()),
    };
    Ok(Json(tokens).into_response())
}
