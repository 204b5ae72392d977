//! `/oauth2/par` (RFC 9126): stores an authorization request sent by the client itself, after all checks, and returns a
//! reference (`pushed_request.rs`).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::pipeline::{AuthorizeError, Stage, check_request};
use super::pushed_request::{self, PUSHED_REQUEST_TTL};
use crate::app::{AppState, Operation};
use crate::http::error::PageError;
use crate::http::paths;
use crate::http::request_context::RequestContext;
use crate::oidc::client_authentication::assertion::ClientEndpoint;
use crate::oidc::client_authentication::extract::AuthenticatedClient;
use crate::oidc::client_endpoint::{self, ClientEndpointResult};
use crate::oidc::dpop::{self, DpopTarget};

pub async fn post(State(app): State<AppState>, ctx: RequestContext, request: Request) -> Result<Response, PageError> {
    client_endpoint::respond(app, ctx, ClientEndpoint::Par, request, push).await
}

async fn push(app: AppState, ctx: RequestContext, asking: Arc<AuthenticatedClient>) -> ClientEndpointResult {
    let AuthenticatedClient { client, params, headers, .. } = &*asking;
    let target = DpopTarget { method: &Method::POST, path: paths::PAR };
    let op = Operation::of_request(&app, &ctx);
    let proof = dpop::extract_proof(&op, headers, target, client)?;
    let stage = Stage::Pushed { client, proof: proof.as_ref() };
    let checked = check_request(&op, stage, params).await;
    let (_, request) = checked.map_err(AuthorizeError::into_protocol_error)?;
    let uri = pushed_request::store(&op, client, &request).await?;
    let body = json!({ "request_uri": uri, "expires_in": PUSHED_REQUEST_TTL.as_seconds_ceil() });
    Ok((StatusCode::CREATED, Json(body)).into_response())
}
