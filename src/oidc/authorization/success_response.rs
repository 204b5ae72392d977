//! The successful authorization response: a code, an ID token and an access token, as the response type requires (OIDCC
//! 3.1.2.5, 3.2.2.5, 3.3.2.5).

use axum::response::Response;

use super::pushed_request;
use crate::app::{App, Operation};
use crate::base::ids::{id128, id256};
use crate::base::secret::sha256_base64url;
use crate::base::typed_ids::{ClientSessionId, RefreshFamilyId};
use crate::clients::ops::trial;
use crate::clients::{Client, GrantType};
use crate::db::Durability;
use crate::ephemeral::Namespace;
use crate::grants::{self, Grant};
use crate::http::error::PageError;
use crate::http::request_context::RequestContext;
use crate::oidc::AUTHORIZATION_CODE_TTL;
use crate::oidc::CodeGrant;
use crate::oidc::TOKEN_TTL;
use crate::oidc::authorization::end_user::EndUser;
use crate::oidc::authorization::response;
use crate::oidc::authorization::target::ResponseTarget;
use crate::oidc::tokens::claims::{self, ClaimsTarget};
use crate::oidc::tokens::issuer::{self, AccessTokenRequest, IdTokenRequest, SubjectGrant, TokenBinding};
use crate::protocol::authorize::AuthorizeRequest;
use crate::protocol::disclosure::Disclosure;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::response::ResponseType;
use crate::protocol::scope::Scope;
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
) -> Result<Response, PageError> {
    let op = Operation::of_request(app, ctx);
    let back = ResponseTarget::for_request(request);
    // The level is compared once more where the answer is made, however the browser came here
    // (docs/threats.md#attack-m1).
    if request.acr.minimum().is_some_and(|least| p.acr() < Some(least)) {
        let error = response::standard_error(ErrorCode::UnmetAuthenticationRequirements);
        return response::send_error(app, ctx, &back, &error);
    }
    if !trial::admit(&op, client, &p.account.id).await? {
        let error = OAuthError::new(ErrorCode::AccessDenied, "the client is on trial, and has its hundred persons");
        return response::send_error(app, ctx, &back, &error);
    }
    // A pushed request is consumed by its response, not by the first visit of a page (docs/threats.md#protocol-a24).
    if let Some(pushed) = &request.pushed
        && !pushed_request::consume(&op, client, pushed).await?
    {
        let error = OAuthError::new(ErrorCode::InvalidRequestUri, "the pushed request was answered before");
        return response::send_error(app, ctx, &back, &error);
    }
    let grant = build_grant(app, ctx, client, request, p, said_yes).await?;
    let kind = request.response_type;
    let mut pairs: Vec<(&str, String)> = Vec::new();
    let code = match kind.code {
        true => Some(issue_code(app, ctx, request, &grant).await?),
        false => None,
    };
    if kind.uses_front_channel() {
        let holder = TokenBinding::Session { sid: &grant.sid, generation: grant.generation };
        let access = kind.token.then_some(AccessTokenRequest {
            binding: holder,
            jkt: None,
            resource: &grant.resource,
            grant_id: None,
        });
        let id = match kind.id_token {
            false => None,
            true => {
                let place = if is_id_token_only(kind) { ClaimsTarget::IdTokenOnly } else { ClaimsTarget::IdToken };
                let mut tx = app.db.read().await?;
                let told = claims::claims_for(app, &mut tx, client, &p.account, &grant.disclosure, place).await?;
                Some(IdTokenRequest { nonce: request.nonce.as_deref(), code: code.as_deref(), claims: told })
            }
        };
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
    response::send(app, ctx, &back, &pairs)
}

/// True if the response has only an ID token, and so no access to userinfo.
fn is_id_token_only(kind: ResponseType) -> bool {
    !kind.code && !kind.token
}

async fn build_grant(
    app: &App,
    ctx: &RequestContext,
    client: &Client,
    request: &AuthorizeRequest,
    p: &EndUser,
    said_yes: bool,
) -> anyhow::Result<Grant> {
    let refreshes = request.response_type.code && client.allows_grant(GrantType::RefreshToken);
    // OIDCC 11: offline access requires consent to this request, or an agreement with the deployment, in the file of
    // the client.
    let offline = refreshes
        && request.disclosure.scopes.contains(Scope::OfflineAccess)
        && (said_yes || client.meta.offline_agreed);
    let disclosure =
        if offline { request.disclosure.clone() } else { request.disclosure.without(Scope::OfflineAccess) };
    let held = ensure_client_session(app, ctx, &p.session, client, &disclosure).await?;
    Ok(Grant {
        client_id: client.id.clone(),
        account_id: p.session.account_id.clone(),
        disclosure,
        resource: request.resource.clone(),
        id: request.response_type.code.then(|| id128(app.rng.as_ref())),
        sid: held.sid,
        generation: held.generation,
        family: refreshes.then(|| RefreshFamilyId::new(id128(app.rng.as_ref()))),
        offline,
        authenticated_at: p.session.authenticated_at,
        amr: p.session.amr.clone(),
        acr: p.acr().map(|reached| reached.best_match(&request.acr.levels)),
    })
}

/// Issues a code, stored under its digest: bound to client, redirect URI, challenge, session and generation.
async fn issue_code(
    app: &App,
    ctx: &RequestContext,
    request: &AuthorizeRequest,
    grant: &Grant,
) -> anyhow::Result<String> {
    let granted = CodeGrant {
        grant: grant.clone(),
        redirect_uri: request.redirect_uri.clone(),
        nonce: request.nonce.clone(),
        code_challenge: request.code_challenge.clone(),
        dpop_jkt: request.dpop_jkt.clone(),
    };
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
