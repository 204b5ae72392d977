//! `/oauth2/par` (RFC 9126): stores an authorization request sent by the client itself, after all checks, and returns a
//! reference.
//!
//! The reference is no credential: it is bound to its client, expires after 60 seconds unless presented, and is
//! consumed when the request is answered, not when a page is first visited.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::client_assertion::ClientEndpoint;
use super::client_authentication::{self, ClientRequest};
use super::error_response::{NO_STORE, allow_origin, busy_as_json};
use super::request_validation::{self, AuthorizeError, RequestOrigin};
use super::{dpop, paths, request_object};
use crate::app::{App, AppState};
use crate::base::clock::{Span, Timestamp};
use crate::base::ids::{id256, is_id};
use crate::base::secret::{constant_time_eq, sha256_base64url};
use crate::clients::Client;
use crate::ephemeral::Namespace;
use crate::http::error::PageError;
use crate::http::request_context::RequestContext;
use crate::protocol::authorize::AuthorizeRequest;
use crate::protocol::error::OAuthError;

/// The prefix of the `request_uri` of a pushed request (RFC 9126 2.2).
const REQUEST_URI_PREFIX: &str = "urn:ietf:params:oauth:request_uri:";
const PUSHED_REQUEST_TTL: Span = Span::seconds(60);

/// True if a `request_uri` is a reference to a pushed request.
pub fn is_pushed_request_uri(uri: &str) -> bool {
    uri.starts_with(REQUEST_URI_PREFIX)
}

/// Returns the pushed request of a reference, unless expired or pushed by another client.
pub async fn find(app: &App, now: Timestamp, client: &Client, uri: &str) -> anyhow::Result<Option<AuthorizeRequest>> {
    let Some(id) = uri.strip_prefix(REQUEST_URI_PREFIX).filter(|id| is_id(id, 43)) else { return Ok(None) };
    let key = sha256_base64url(id);
    let Some(text) = app.ephemeral.get(Namespace::Par, &key, now).await? else { return Ok(None) };
    let request: AuthorizeRequest = serde_json::from_str(&text)?;
    let ours = request.client_id == client.id && client.allows_redirect(&request.redirect_uri);
    // The age of the request counts from its arrival in the browser, so that `prompt=login` requires a sign-in after
    // that time.
    Ok(ours.then_some(AuthorizeRequest { pushed: Some(key), received: now, ..request }))
}

pub async fn post(State(app): State<AppState>, ctx: RequestContext, request: Request) -> Result<Response, PageError> {
    busy_as_json(handle(app, ctx, request).await)
}

async fn handle(app: AppState, ctx: RequestContext, request: Request) -> Result<Response, PageError> {
    let asked = match client_authentication::authenticate_client(&app, ctx.now, ClientEndpoint::Par, request).await? {
        Ok(asked) => asked,
        Err(response) => return Ok(response),
    };
    let mut response = match push_request(&app, &ctx, &asked).await? {
        Ok(uri) => {
            let body = json!({ "request_uri": uri, "expires_in": PUSHED_REQUEST_TTL.as_seconds_ceil() });
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
    let uri = match request_validation::validate_redirect_uri(client, params) {
        Ok(uri) => uri,
        Err(AuthorizeError::Page { error, .. } | AuthorizeError::Redirect { error, .. }) => return Ok(Err(error)),
    };
    let mut request = match request_validation::validate(app, ctx.now, client, &uri, params, came).await? {
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
    let id = id256(app.rng.as_ref());
    let text = serde_json::to_string(&request)?;
    // The client's quota pays for the entry: anybody can push in the name of a public client, and fills only that
    // client's quota.
    let ends = ctx.now.plus(PUSHED_REQUEST_TTL);
    match app.ephemeral.put_for(&client.id, Namespace::Par, &sha256_base64url(&id), &text, ends, ctx.now).await {
        Ok(()) => Ok(Ok(format!("{REQUEST_URI_PREFIX}{id}"))),
        Err(crate::ephemeral::EphemeralError::TooLarge(_)) => {
            Ok(Err(OAuthError::invalid_request("the request is too large")))
        }
        Err(other) => Err(other.into()),
    }
}
