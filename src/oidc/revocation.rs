//! `/oauth2/revoke` (RFC 7009): revokes a token of the calling client.
//!
//! A refresh token is revoked with its whole family and the access tokens issued with the family; an access token is
//! revoked alone (RFC 7009 2.1). Unknown and expired tokens get the response of a successful revocation (RFC 7009 2.2).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::client_authentication::assertion::ClientEndpoint;
use super::client_authentication::extract::AuthenticatedClient;
use super::client_endpoint::{self, ClientEndpointResult};
use super::error::ProtocolError;
use crate::app::{AppState, Operation};
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::actor::Actor;
use crate::base::clock::Timestamp;
use crate::clients::Client;
use crate::db::Durability;
use crate::grants::{self, RefreshTokenFamily};
use crate::http::error::PageError;
use crate::http::request_context::RequestContext;
use crate::oidc::TOKEN_TTL;
use crate::oidc::tokens::access_token_validation;
use crate::protocol::error::OAuthError;

pub async fn post(State(app): State<AppState>, ctx: RequestContext, request: Request) -> Result<Response, PageError> {
    client_endpoint::respond(app, ctx, ClientEndpoint::Revocation, request, revoke).await
}

async fn revoke(app: AppState, ctx: RequestContext, asking: Arc<AuthenticatedClient>) -> ClientEndpointResult {
    let Some(token) = asking.params.get("token") else {
        return Err(OAuthError::invalid_request("token is missing").into());
    };
    let op = Operation::of_request(&app, &ctx).by(Actor::Client(asking.client.id.clone()));
    revoke_token(&op, &asking.client, token).await?;
    Ok(StatusCode::OK.into_response())
}

/// Revokes a token. The format tells the type of the token, so `token_type_hint` is not needed (RFC 7009 2.1).
async fn revoke_token(op: &Operation<'_>, client: &Client, token: &str) -> Result<(), ProtocolError> {
    let app = op.app;
    let another = || Err(OAuthError::invalid_grant("the token is another client's").into());
    let (account, ended) = if let Some((id, _)) = grants::parse_refresh_token(&app.master_key, token) {
        let Some(family) = grants::store::families::find(&mut app.db.read().await?, &id).await? else { return Ok(()) };
        if family.grant.client_id != client.id {
            return another();
        }
        (Some(family.grant.account_id.clone()), RevocationTarget::Family(Box::new(family)))
    } else {
        let Some((access, _)) = access_token_validation::validate(op, token).await? else {
            return Ok(());
        };
        if access.client.id != client.id {
            return another();
        }
        let account = access.subject.as_ref().map(|p| p.account.id.clone());
        (account, RevocationTarget::Access { jti: access.jti().to_owned(), expires: access.expires_at() })
    };
    let mut tx = op.write(Durability::Durable).await?;
    let done = match &ended {
        RevocationTarget::Family(family) => grants::ops::revoke_family(&mut tx, family, TOKEN_TTL).await?,
        RevocationTarget::Access { jti, expires } => grants::store::revoked::insert(&mut tx, jti, *expires).await?,
    };
    if done {
        let about = AuditDetails { account: account.as_ref(), client: Some(&client.id), ..AuditDetails::default() };
        audit::store::record(&mut tx, AuditEvent::TokensRevoked, about).await?;
    }
    tx.commit().await?;
    Ok(())
}

enum RevocationTarget {
    Family(Box<RefreshTokenFamily>),
    /// The revocation is stored until the token expires.
    Access {
        jti: String,
        expires: Timestamp,
    },
}
