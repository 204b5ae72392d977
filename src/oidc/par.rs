//! `/oauth2/par` (RFC 9126): a request that the client itself brings, checked at once, named by a reference.
//!
//! The reference opens nothing by itself: it is bound to its client, lives 60 seconds until it is presented, and is
//! spent when the request is answered, not when a page is first visited.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::assertion::Endpoint;
use super::checks::{self, Came, Refused};
use super::client_auth::{self, Asked};
use super::refusal::{NO_STORE, allow_origin, in_json};
use super::{dpop, path, request_object};
use crate::app::{App, AppState};
use crate::base::clock::{Span, Timestamp};
use crate::base::ids::{id256, is_id};
use crate::base::secret::{digest, same};
use crate::clients::Client;
use crate::ephemeral::Kind;
use crate::http::error::PageError;
use crate::http::visit::Visit;
use crate::protocol::authorize::AuthorizeRequest;
use crate::protocol::error::OAuthError;

/// RFC 9126 2.2.
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";
const LIFE: Span = Span::seconds(60);

/// Whether a `request_uri` names something that was pushed here.
pub fn is_reference(uri: &str) -> bool {
    uri.starts_with(PREFIX)
}

/// The pushed request of this reference, if it is this client's and still lives.
pub async fn find(app: &App, now: Timestamp, client: &Client, uri: &str) -> anyhow::Result<Option<AuthorizeRequest>> {
    let Some(id) = uri.strip_prefix(PREFIX).filter(|id| is_id(id, 43)) else { return Ok(None) };
    let key = digest(id);
    let Some(text) = app.ephemeral.get(Kind::Par, &key, now).await? else { return Ok(None) };
    let request: AuthorizeRequest = serde_json::from_str(&text)?;
    let ours = request.client_id == client.id && client.allows_redirect(&request.redirect_uri);
    // From now on it is as old as a request that came by the browser: `prompt=login` means a sign-in after this.
    Ok(ours.then_some(AuthorizeRequest { pushed: Some(key), received: now, ..request }))
}

pub async fn post(State(app): State<AppState>, visit: Visit, request: Request) -> Result<Response, PageError> {
    in_json(answered(app, visit, request).await)
}

async fn answered(app: AppState, visit: Visit, request: Request) -> Result<Response, PageError> {
    let asked = match client_auth::asked(&app, visit.now, Endpoint::Par, request).await? {
        Ok(asked) => asked,
        Err(response) => return Ok(response),
    };
    let mut response = match push(&app, &visit, &asked).await? {
        Ok(uri) => {
            let body = json!({ "request_uri": uri, "expires_in": LIFE.as_seconds_up() });
            (StatusCode::CREATED, NO_STORE, Json(body)).into_response()
        }
        Err(error) => asked.refusal(&error),
    };
    dpop::offer_nonce(&app, visit.now, &asked.headers, &mut response);
    allow_origin(&asked.client, &asked.headers, response.headers_mut());
    Ok(response)
}

async fn push(app: &AppState, visit: &Visit, asked: &Asked) -> anyhow::Result<Result<String, OAuthError>> {
    let Asked { client, params, headers, .. } = asked;
    // RFC 9126 2.1.
    if params.get("request_uri").is_some() {
        return Ok(Err(OAuthError::invalid_request("request_uri cannot be pushed")));
    }
    let proof = match dpop::proven(app, visit.now, headers, &Method::POST, path::PAR, client) {
        Ok(proof) => proof,
        Err(error) => return Ok(Err(error)),
    };
    let object = match request_object::read(app, visit.now, client, params).await? {
        Ok(object) => object,
        Err(refusal) => return Ok(Err(refusal.error)),
    };
    let came = Came { pushed: true, signed: object.is_some() };
    let params = object.as_ref().unwrap_or(params);
    let uri = match checks::redirect_uri(client, params) {
        Ok(uri) => uri,
        Err(Refused::Page { error, .. } | Refused::Redirect { error, .. }) => return Ok(Err(error)),
    };
    let mut request = match checks::rest(app, visit.now, client, &uri, params, came).await? {
        Ok(request) => request,
        Err(error) => return Ok(Err(error)),
    };
    // RFC 9449 10.1: a proof at this endpoint binds the code to its key.
    if let Some(proof) = &proof {
        if request.dpop_jkt.as_ref().is_some_and(|asked| !same(asked, &proof.jkt)) {
            return Ok(Err(OAuthError::invalid_request("dpop_jkt is not the key of the proof")));
        }
        request.dpop_jkt = Some(proof.jkt.clone());
        if let Err(error) = proof.spend(app, &client.id, visit.now).await? {
            return Ok(Err(error));
        }
    }
    let id = id256(app.rng.as_ref());
    let text = serde_json::to_string(&request)?;
    // At the client's expense: strangers can push in the name of a public one, and fill its place and nobody else's.
    let ends = visit.now.plus(LIFE);
    match app.ephemeral.put_for(&client.id, Kind::Par, &digest(&id), &text, ends, visit.now).await {
        Ok(()) => Ok(Ok(format!("{PREFIX}{id}"))),
        Err(crate::ephemeral::Error::TooLarge(_)) => Ok(Err(OAuthError::invalid_request("the request is too large"))),
        Err(other) => Err(other.into()),
    }
}
