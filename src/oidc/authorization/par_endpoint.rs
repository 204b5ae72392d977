//! `/oauth2/par` (RFC 9126): stores an authorization request sent by the client itself, after all checks, and returns a
//! reference (`pushed_request.rs`).

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::pushed_request;
use crate::app::AppState;
use crate::base::secret::constant_time_eq;
use crate::http::error::PageError;
use crate::http::request_context::RequestContext;
use crate::oidc::authorization::request_object;
use crate::oidc::authorization::validation::{self, AuthorizeError, RequestOrigin};
use crate::oidc::client_authentication::assertion::ClientEndpoint;
use crate::oidc::client_authentication::extract::{self, ClientRequest};
use crate::oidc::dpop;
use crate::oidc::error_response::{NO_STORE, allow_origin, busy_as_json};
use crate::oidc::paths;
use crate::protocol::error::OAuthError;

pub async fn post(State(app): State<AppState>, ctx: RequestContext, request: Request) -> Result<Response, PageError> {
    busy_as_json(handle(app, ctx, request).await)
}

async fn handle(app: AppState, ctx: RequestContext, request: Request) -> Result<Response, PageError> {
    let asked = match extract::authenticate_client(&app, ctx.now, ClientEndpoint::Par, request).await? {
        Ok(asked) => asked,
        Err(response) => return Ok(response),
    };
    let mut response = match push_request(&app, &ctx, &asked).await? {
        Ok(uri) => {
            let body =
                json!({ "request_uri": uri, "expires_in": pushed_request::PUSHED_REQUEST_TTL.as_seconds_ceil() });
            (StatusCode::CREATED, NO_STORE, Json(body)).into_response()
        }
        Err(error) => asked.error_response(&error),
    };
    dpop::offer_nonce(&app, ctx.now, &asked.headers, &mut response);
    allow_origin(&asked.client, &asked.headers, response.headers_mut());
    Ok(response)
}

async fn push_request(
    app: &AppState,
    ctx: &RequestContext,
    asked: &ClientRequest,
) -> anyhow::Result<Result<String, OAuthError>> {
    let ClientRequest { client, params, headers, .. } = asked;
    // RFC 9126 2.1 forbids a `request_uri` in a pushed request.
    if params.get("request_uri").is_some() {
        return Ok(Err(OAuthError::invalid_request("request_uri cannot be pushed")));
    }
    let proof = match dpop::extract_proof(app, ctx.now, headers, &Method::POST, paths::PAR, client) {
        Ok(proof) => proof,
        Err(error) => return Ok(Err(error)),
    };
    let object = match request_object::extract(app, ctx.now, client, params).await? {
        Ok(object) => object,
        Err(refusal) => return Ok(Err(refusal.error)),
    };
    let came = RequestOrigin { pushed: true, signed: object.is_some() };
    let params = object.as_ref().unwrap_or(params);
    let uri = match validation::validate_redirect_uri(client, params) {
        Ok(uri) => uri,
        Err(AuthorizeError::Page { error, .. } | AuthorizeError::Redirect { error, .. }) => return Ok(Err(error)),
    };
    let mut request = match validation::validate(app, ctx.now, client, &uri, params, came).await? {
        Ok(request) => request,
        Err(error) => return Ok(Err(error)),
    };
    // RFC 9449 10.1: a proof at this endpoint binds the code to its key.
    if let Some(proof) = &proof {
        if request.dpop_jkt.as_ref().is_some_and(|asked| !constant_time_eq(asked, &proof.jkt)) {
            return Ok(Err(OAuthError::invalid_request("dpop_jkt is not the key of the proof")));
        }
        request.dpop_jkt = Some(proof.jkt.clone());
        if let Err(error) = proof.consume(app, &client.id, ctx.now).await? {
            return Ok(Err(error));
        }
    }
    pushed_request::store(app, ctx.now, client, &request).await
}
