//! Pushed requests: what `/oauth2/par` stores and `/oauth2/authorize` finds again (RFC 9126 2.2, 4).
//!
//! The reference is no credential: it is bound to its client, expires after 60 seconds unless presented, and is
//! consumed when the request is answered, not when a page is first visited.

use crate::app::Operation;
use crate::base::clock::Span;
use crate::base::ids::{id256, is_id};
use crate::base::secret::sha256_base64url;
use crate::clients::Client;
use crate::ephemeral::{EphemeralError, Namespace, TakeResult};
use crate::interactions::INTERACTION_TTL;
use crate::oidc::error::ProtocolError;
use crate::protocol::authorize::AuthorizeRequest;
use crate::protocol::error::OAuthError;

/// The prefix of the `request_uri` of a pushed request (RFC 9126 2.2).
const REQUEST_URI_PREFIX: &str = "urn:ietf:params:oauth:request_uri:";
pub const PUSHED_REQUEST_TTL: Span = Span::seconds(60);

/// True if a `request_uri` is a reference to a pushed request.
pub fn is_pushed_request_uri(uri: &str) -> bool {
    uri.starts_with(REQUEST_URI_PREFIX)
}

/// Returns the pushed request of a reference, unless expired or pushed by another client.
pub async fn find(op: &Operation<'_>, client: &Client, uri: &str) -> anyhow::Result<Option<AuthorizeRequest>> {
    let Some(id) = uri.strip_prefix(REQUEST_URI_PREFIX).filter(|id| is_id(id, 43)) else { return Ok(None) };
    let key = sha256_base64url(id);
    let Some(text) = op.app.ephemeral.get(Namespace::Par, &key, op.now).await? else { return Ok(None) };
    let request: AuthorizeRequest = serde_json::from_str(&text)?;
    let ours = request.client_id == client.id && client.allows_redirect(&request.redirect_uri);
    // The age of the request counts from its arrival in the browser, so that `prompt=login` requires a sign-in after
    // that time.
    Ok(ours.then_some(AuthorizeRequest { pushed: Some(key), received: op.now, ..request }))
}

/// Consumes the reference of a request that is about to be answered; false if it was answered before. A browser may
/// have presented the reference in time and take longer than the reference lives, so the answer is remembered as long
/// as an interaction.
pub async fn consume(op: &Operation<'_>, client: &Client, key: &str) -> anyhow::Result<bool> {
    let Operation { app, now, .. } = *op;
    let taken = app.ephemeral.take(Namespace::Par, key, now).await?;
    if matches!(taken, TakeResult::AlreadyTaken(_)) {
        return Ok(false);
    }
    let until = now.plus(INTERACTION_TTL);
    match app.ephemeral.claim_once(&client.id, Namespace::AnsweredPar, key, until, now).await {
        Ok(first) => Ok(first),
        // The reference is no credential: rather than refuse everybody, a busy client's late second answer is risked.
        Err(EphemeralError::Full(_)) => {
            tracing::warn!(client = %client.id, "no room to remember an answered pushed request");
            Ok(true)
        }
        Err(other) => Err(other.into()),
    }
}

/// Stores a validated request; returns its `request_uri`. The client's quota pays for the entry: anybody can push in
/// the name of a public client, and fills only that client's quota.
pub async fn store(op: &Operation<'_>, client: &Client, request: &AuthorizeRequest) -> Result<String, ProtocolError> {
    let Operation { app, now, .. } = *op;
    let id = id256(app.rng.as_ref());
    let (key, text) = (sha256_base64url(&id), serde_json::to_string(request).map_err(anyhow::Error::from)?);
    match app.ephemeral.put_for(&client.id, Namespace::Par, &key, &text, now.plus(PUSHED_REQUEST_TTL), now).await {
        Ok(()) => Ok(format!("{REQUEST_URI_PREFIX}{id}")),
        Err(EphemeralError::TooLarge(_)) => Err(OAuthError::invalid_request("the request is too large").into()),
        Err(other) => Err(other.into()),
    }
}
