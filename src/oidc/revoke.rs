//! `/oauth2/revoke` (RFC 7009): a client gives up a token.
//!
//! A refresh token takes its whole family with it, and the access tokens that came with it; an access token is revoked
//! alone (RFC 7009 2.1). What is unknown or over is answered like what was revoked (RFC 7009 2.2).

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::access;
use super::assertion::Endpoint;
use super::refusal::{NO_STORE, allow_origin, in_json};
use super::{TOKEN_LIFE, client_auth};
use crate::app::AppState;
use crate::audit::{self, About, Fact};
use crate::base::clock::Timestamp;
use crate::clients::Client;
use crate::db::Durability;
use crate::grants::{self, Family};
use crate::http::error::PageError;
use crate::http::visit::Visit;
use crate::protocol::error::OAuthError;

pub async fn post(State(app): State<AppState>, visit: Visit, request: Request) -> Result<Response, PageError> {
    in_json(answered(app, visit, request).await)
}

async fn answered(app: AppState, visit: Visit, request: Request) -> Result<Response, PageError> {
    let asked = match client_auth::asked(&app, visit.now, Endpoint::Revocation, request).await? {
        Ok(asked) => asked,
        Err(response) => return Ok(response),
    };
    let mut response = match asked.params.get("token") {
        None => asked.refusal(&OAuthError::invalid_request("token is missing")),
        Some(token) => match revoke(&app, visit.now, &asked.client, token).await? {
            Ok(()) => (StatusCode::OK, NO_STORE).into_response(),
            Err(error) => asked.refusal(&error),
        },
    };
    allow_origin(&asked.client, &asked.headers, response.headers_mut());
    Ok(response)
}

/// What the token is shows its form: `token_type_hint` is not needed (RFC 7009 2.1).
async fn revoke(
    app: &AppState,
    now: Timestamp,
    client: &Client,
    token: &str,
) -> anyhow::Result<Result<(), OAuthError>> {
    let another = || Ok(Err(OAuthError::invalid_grant("the token is another client's")));
    let mut tx = app.db.read().await?;
    let (account, ended) = if let Some((id, _)) = grants::read_refresh_token(&app.vault, token) {
        let Some(family) = grants::store::families::find(&mut tx, &id).await? else { return Ok(Ok(())) };
        if family.grant.client_id != client.id {
            return another();
        }
        (family.grant.account_id.clone(), Ended::Family(Box::new(family)))
    } else {
        let Some(access) = access::open(app, now, &mut tx, token).await? else { return Ok(Ok(())) };
        if access.client.id != client.id {
            return another();
        }
        let account = access.person.as_ref().map(|p| p.account.id.clone()).unwrap_or_default();
        (account, Ended::Access { jti: access.jti().to_owned(), expires: access.expires() })
    };
    drop(tx);
    let mut tx = app.db.write(Durability::Durable).await?;
    let done = match &ended {
        Ended::Family(family) => grants::ops::end_family(&mut tx, now, family, TOKEN_LIFE).await?,
        Ended::Access { jti, expires } => grants::store::revoked::insert(&mut tx, jti, *expires).await?,
    };
    if done {
        let about = About { account: Some(&account), client: Some(&client.id), ..About::default() };
        audit::store::record(&mut tx, app.rng.as_ref(), now, Fact::TokensRevoked, about).await?;
    }
    tx.commit().await?;
    Ok(Ok(()))
}

enum Ended {
    Family(Box<Family>),
    /// It need not be remembered for longer than it lives.
    Access {
        jti: String,
        expires: Timestamp,
    },
}
