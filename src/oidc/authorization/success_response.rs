//! The successful authorization response: a code, an ID token and an access token, as the response type requires (OIDCC
//! 3.1.2.5, 3.2.2.5, 3.3.2.5).

use axum::response::Response;
use serde_json::Map;

use super::pushed_request;
use crate::app::{App, Operation};
use crate::base::ids::{id128, id256};
use crate::base::secret::sha256_base64url;
use crate::base::typed_ids::ClientSessionId;
use crate::clients::Client;
use crate::clients::ops::trial;
use crate::db::Durability;
use crate::ephemeral::Namespace;
use crate::grants::{self, Grant};
use crate::http::error::PageError;
use crate::http::request_context::RequestContext;
use crate::oidc::AUTHORIZATION_CODE_TTL;
use crate::oidc::TOKEN_TTL;
use crate::oidc::authorization::end_user::EndUser;
use crate::oidc::authorization::granted::{
    GrantedAccess, GrantingSignIn, code_grant, front_channel_claims, front_channel_tokens, make_grant,
};
use crate::oidc::authorization::response;
use crate::oidc::authorization::target::ResponseTarget;
use crate::oidc::tokens::claims;
use crate::oidc::tokens::issuer::{self, SubjectGrant};
use crate::protocol::authorize::AuthorizeRequest;
use crate::protocol::disclosure::Disclosure;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::sessions::Session;
use crate::subjects;

/// Completes an authorization request. `said_yes` is true if the end user consented on the page of this request.
pub async fn complete_authorization(
    app: &App,
    ctx: &RequestContext,
    client: &Client,
    request: &AuthorizeRequest,
    p: &EndUser,
    said_yes: bool,
) -> Result<Option<Response>, PageError> {
    let op = Operation::of_request(app, ctx);
    let back = ResponseTarget::for_request(request);
    // The level is compared once more where the answer is made, however the browser came here
    // (docs/threats.md#attack-m1).
    if request.acr.minimum().is_some_and(|least| p.acr() < Some(least)) {
        let error = response::standard_error(ErrorCode::UnmetAuthenticationRequirements);
        return response::send_error(app, ctx, &back, &error).map(Some);
    }
    // A pushed request is consumed by its response, not by the first visit of a page (docs/threats.md#protocol-a24).
    if let Some(pushed) = &request.pushed
        && !pushed_request::consume(&op, client, pushed).await?
    {
        let error = OAuthError::new(ErrorCode::InvalidRequestUri, "the pushed request was answered before");
        return response::send_error(app, ctx, &back, &error).map(Some);
    }
    // Whoever is not answered for takes no place. Two may come for the last one at the same time: they are counted one
    // after the other.
    if !trial::admit(&op, client, &p.account.id).await? {
        return Ok(None);
    }
    let grant = build_grant(app, ctx, client, request, p, said_yes).await?;
    let kind = request.response_type;
    let mut pairs: Vec<(&str, String)> = Vec::new();
    let code = match kind.code {
        true => Some(issue_code(app, ctx, request, &grant).await?),
        false => None,
    };
    if kind.uses_front_channel() {
        let told = match kind.id_token {
            false => Map::new(),
            true => {
                let mut tx = app.db.read().await?;
                let place = front_channel_claims(kind);
                claims::claims_for(app, &mut tx, client, &p.account, &grant.disclosure, place).await?
            }
        };
        let (access, id) = front_channel_tokens(request, &grant, code.as_deref(), told);
        let minted = issuer::issue_tokens(&op, client, SubjectGrant { sub: &p.sub, grant: &grant }, access, id).await?;
        if let Some(token) = minted.access_token {
            pairs.push(("access_token", token));
            pairs.push(("token_type", "Bearer".to_owned()));
            pairs.push(("expires_in", TOKEN_TTL.as_seconds_ceil().to_string()));
            pairs.push(("scope", grant.disclosure.scopes.to_scope_string()));
        }
        pairs.extend(minted.id_token.map(|token| ("id_token", token)));
    }
    pairs.extend(code.map(|code| ("code", code)));
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
    response::send(app, ctx, &back, &pairs).map(Some)
}

async fn build_grant(
    app: &App,
    ctx: &RequestContext,
    client: &Client,
    request: &AuthorizeRequest,
    p: &EndUser,
    said_yes: bool,
) -> anyhow::Result<Grant> {
    let access = GrantedAccess::of(client, request, said_yes);
    let held = ensure_client_session(app, ctx, &p.session, client, &access.disclosure).await?;
    let by = GrantingSignIn {
        account_id: &p.session.account_id,
        at: p.session.authenticated_at,
        amr: &p.session.amr,
        acr: p.acr(),
        sid: &held.sid,
        generation: held.generation,
    };
    Ok(make_grant(app, client, request, access, by))
}

/// Issues a code, stored under its digest.
async fn issue_code(
    app: &App,
    ctx: &RequestContext,
    request: &AuthorizeRequest,
    grant: &Grant,
) -> anyhow::Result<String> {
    let granted = code_grant(request, grant);
    let code = id256(app.rng.as_ref());
    let text = serde_json::to_string(&granted)?;
    app.ephemeral
        .put(Namespace::Code, &sha256_base64url(&code), &text, ctx.now.plus(AUTHORIZATION_CODE_TTL), ctx.now)
        .await?;
    Ok(code)
}

/// Returns the client's row in the session, created at the first request of the client, with the account's `sub`. What
/// the client is granted of the account is recorded then, and when it grows.
async fn ensure_client_session(
    app: &App,
    ctx: &RequestContext,
    session: &Session,
    party: &Client,
    disclosure: &Disclosure,
) -> anyhow::Result<grants::ClientSession> {
    let (session_id, account_id, client) = (&session.id, &session.account_id, &party.id);
    let mut tx = app.db.read().await?;
    let held = grants::store::find(&mut tx, session_id, client).await?;
    let known = grants::store::uses::find(&mut tx, account_id, client).await?.map(|service| service.disclosure);
    drop(tx);
    if let Some(held) = held
        && known.as_ref().is_some_and(|known| known.covers(disclosure))
    {
        return Ok(held);
    }
    let mut tx = app.db.write(Durability::Relaxed).await?;
    // Read again: another request may have been granted more meanwhile.
    let known = grants::store::uses::find(&mut tx, account_id, client).await?.map(|service| service.disclosure);
    let granted = known.map_or_else(|| disclosure.clone(), |known| known.union(disclosure));
    let claims = serde_json::to_string(&granted.claims)?;
    let sid = ClientSessionId::new(id128(app.rng.as_ref()));
    grants::store::insert_if_absent(&mut tx, ctx.now, session_id, client, &sid).await?;
    let told = (&*granted.scopes.to_scope_string(), &*claims);
    grants::store::uses::upsert(&mut tx, ctx.now, (account_id, client), told).await?;
    subjects::ops::record_subject(&app.master_key, &mut tx, ctx.now, &party.meta, account_id).await?;
    let held = grants::store::find(&mut tx, session_id, client).await?;
    tx.commit().await?;
    held.ok_or_else(|| anyhow::anyhow!("the row just written is not there"))
}
