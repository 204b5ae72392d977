//! The steps that every endpoint for clients shares: authentication, errors as JSON, no caching, the DPoP nonce and
//! CORS. An endpoint hands its own part to [`respond`], and cannot forget one.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};

use super::client_authentication::assertion::ClientEndpoint;
use super::client_authentication::extract::{AuthenticatedClient, ClientAuthenticationError, authenticate_client};
use super::dpop;
use super::error::ProtocolError;
use super::error_response::{NO_STORE, allow_origin, busy_as_json};
use crate::app::{AppState, Operation};
use crate::http::error::PageError;
use crate::http::request_context::RequestContext;

/// The result of an endpoint's own part.
pub type ClientEndpointResult = Result<Response, ProtocolError>;

/// Authenticates the client, has the endpoint answer, and completes the response.
pub async fn respond<F, A>(
    app: AppState,
    ctx: RequestContext,
    endpoint: ClientEndpoint,
    request: Request,
    answer: F,
) -> Result<Response, PageError>
where
    F: FnOnce(AppState, RequestContext, Arc<AuthenticatedClient>) -> A,
    A: Future<Output = ClientEndpointResult>,
{
    let op = Operation::of_request(&app, &ctx);
    let asking = match authenticate_client(&op, endpoint, request).await {
        Ok(asking) => Arc::new(asking),
        Err(ClientAuthenticationError::Refused(response)) => return Ok(*response),
        Err(ClientAuthenticationError::Failed(error)) => return busy_as_json(Err(error)),
    };
    let mut response = match answer(app.clone(), ctx.clone(), Arc::clone(&asking)).await {
        Ok(response) => (NO_STORE, response).into_response(),
        Err(ProtocolError::Denied(error)) => asking.error_response(&error),
        Err(ProtocolError::Failed(error)) => return busy_as_json(Err(error)),
    };
    dpop::offer_nonce(&op, &asking.headers, &mut response);
    if endpoint.allows_scripts() {
        allow_origin(&asking.client, &asking.headers, response.headers_mut());
    }
    Ok(response)
}
