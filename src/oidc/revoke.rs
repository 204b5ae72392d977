//! `/oauth2/revoke` (RFC 7009): a client gives up a token.
//!
//! A refresh token takes its whole family with it, an access token those of its generation (DESIGN 7). What is unknown
//! or over is answered like what was revoked (RFC 7009 2.2).

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::access::{self, Holder};
use super::assertion::Endpoint;
use super::client_auth;
use super::refusal::{NO_STORE, allow_origin, in_json};
use crate::app::AppState;
use crate::audit::{self, About, Fact};
use crate::base::clock::Timestamp;
use crate::clients::Client;
use crate::db::Durability;
use crate::grants;
use crate::http::error::PageError;
use crate::http::visit::Visit;
use crate::protocol::error::{ErrorCode, OAuthError};

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
        (family.grant.account_id, Ended::Family(id))
    } else {
        let Some(access) = access::open(app, now, &mut tx, token).await? else { return Ok(Ok(())) };
        if access.client.id != client.id {
            return another();
        }
        let account = access.person.map(|p| p.account.id).unwrap_or_default();
        match access.holder {
            Holder::Session { sid, generation } => (account, Ended::Session { sid, generation }),
            Holder::Family { id, generation } => (account, Ended::Access { id, generation }),
            Holder::Client => {
                let words = "a token of the client itself ends by its time";
                return Ok(Err(OAuthError::new(ErrorCode::UnsupportedTokenType, words)));
            }
        }
    };
    drop(tx);
    let mut tx = app.db.write(Durability::Durable).await?;
    let done = match &ended {
        Ended::Family(id) => grants::store::families::end(&mut tx, now, id).await?,
        Ended::Session { sid, generation } => grants::store::next_generation(&mut tx, sid, *generation).await?,
        Ended::Access { id, generation } => {
            grants::store::families::next_access_generation(&mut tx, id, *generation).await?
        }
    };
    if done {
        let about = About { account: Some(&account), client: Some(&client.id), ..About::default() };
        audit::store::record(&mut tx, app.rng.as_ref(), now, Fact::TokensRevoked, about).await?;
    }
    tx.commit().await?;
    Ok(Ok(()))
}

enum Ended {
    Family(String),
    Session { sid: String, generation: i64 },
    Access { id: String, generation: i64 },
}
