//! The answer to an authorization request: a code, an ID token, an access token, whatever its response type says
//! (OIDCC 3.1.2.5, 3.2.2.5, 3.3.2.5).

use axum::response::Response;

use super::back::Back;
use super::claims::{self, Where};
use super::mint::{self, AccessToken, Holder, IdToken};
use super::person::Person;
use super::{CODE_LIFE, CodeGrant, TOKEN_LIFE, respond};
use crate::app::AppState;
use crate::base::ids::{id128, id256};
use crate::base::secret::digest;
use crate::clients::{Client, GrantType};
use crate::db::Durability;
use crate::ephemeral::{Kind, Taken};
use crate::grants::{self, Grant};
use crate::http::error::PageError;
use crate::http::visit::Visit;
use crate::protocol::authorize::AuthorizeRequest;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::response::ResponseType;
use crate::protocol::scope::Scope;

/// `said_yes`: the person agreed on the page of this very request.
pub async fn answer(
    app: &AppState,
    visit: &Visit,
    client: &Client,
    request: &AuthorizeRequest,
    p: &Person,
    said_yes: bool,
) -> Result<Response, PageError> {
    let back = Back::of(request);
    // A pushed request is spent by its answer, not by the first look at a page (docs/threats.md#protocol-a24).
    if let Some(pushed) = &request.pushed
        && spent(app, visit, pushed).await?
    {
        let error = OAuthError::new(ErrorCode::InvalidRequestUri, "the pushed request was answered before");
        return respond::error(app, visit, &back, &error);
    }
    let grant = granted(app, visit, client, request, p, said_yes).await?;
    let kind = request.response_type;
    let mut pairs: Vec<(&str, String)> = Vec::new();
    let code = match kind.code {
        true => Some(code(app, visit, request, &grant).await?),
        false => None,
    };
    if kind.is_front() {
        let holder = Holder::Session { sid: &grant.sid, generation: grant.generation };
        let access = kind.token.then_some(AccessToken { holder, jkt: None, resource: &grant.resource, grant_id: None });
        let id = match kind.id_token {
            false => None,
            true => {
                let place = if alone(kind) { Where::IdTokenAlone } else { Where::IdToken };
                let mut tx = app.db.read().await?;
                let told =
                    claims::told(app, &mut tx, client, &p.account, (&grant.scopes, &grant.claims), place).await?;
                Some(IdToken { nonce: request.nonce.as_deref(), code: code.as_deref(), told })
            }
        };
        let minted = mint::mint(app, visit.now, client, (&p.sub, &grant), access, id).await?;
        if let Some(token) = minted.access_token {
            pairs.push(("access_token", token));
            pairs.push(("token_type", "Bearer".to_owned()));
            pairs.push(("expires_in", TOKEN_LIFE.as_seconds_up().to_string()));
            pairs.push(("scope", grant.scopes.text()));
        }
        pairs.extend(minted.id_token.map(|token| ("id_token", token)));
    }
    pairs.extend(code.map(|code| ("code", code)));
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
    respond::answer(app, visit, &back, &pairs)
}

async fn spent(app: &AppState, visit: &Visit, pushed: &str) -> anyhow::Result<bool> {
    Ok(matches!(app.ephemeral.take(Kind::Par, pushed, visit.now).await?, Taken::Before(_)))
}

/// An ID token without anything that could open userinfo.
fn alone(kind: ResponseType) -> bool {
    !kind.code && !kind.token
}

async fn granted(
    app: &AppState,
    visit: &Visit,
    client: &Client,
    request: &AuthorizeRequest,
    p: &Person,
    said_yes: bool,
) -> anyhow::Result<Grant> {
    let held = join(app, visit, &p.session.id, &client.id).await?;
    let refreshes = request.response_type.code && client.may(GrantType::RefreshToken);
    // OIDCC 11: only with the person's agreement on this request, or agreed with the deployment.
    let offline = refreshes && request.scopes.has(Scope::OfflineAccess) && (said_yes || client.meta.offline_agreed);
    Ok(Grant {
        client_id: client.id.clone(),
        account_id: p.account.id.clone(),
        scopes: if offline { request.scopes.clone() } else { request.scopes.without(Scope::OfflineAccess) },
        claims: request.claims.clone(),
        resource: request.resource.clone(),
        id: request.response_type.code.then(|| id128(app.rng.as_ref())),
        sid: held.sid,
        generation: held.generation,
        family: refreshes.then(|| id128(app.rng.as_ref())),
        offline,
        authenticated_at: p.session.authenticated_at,
        amr: p.session.amr.clone(),
        acr: p.level().answering(&request.acr.levels),
    })
}

/// A code, kept as its digest: bound to client, redirect URI, challenge, session and generation.
async fn code(app: &AppState, visit: &Visit, request: &AuthorizeRequest, grant: &Grant) -> anyhow::Result<String> {
    let granted = CodeGrant {
        grant: grant.clone(),
        redirect_uri: request.redirect_uri.clone(),
        nonce: request.nonce.clone(),
        code_challenge: request.code_challenge.clone(),
        dpop_jkt: request.dpop_jkt.clone(),
    };
    let code = id256(app.rng.as_ref());
    let text = serde_json::to_string(&granted)?;
    app.ephemeral.put(Kind::Code, &digest(&code), &text, visit.now.plus(CODE_LIFE), visit.now).await?;
    Ok(code)
}

/// The client's place in the session; written at its first request only.
async fn join(app: &AppState, visit: &Visit, session: &str, client: &str) -> anyhow::Result<grants::SessionClient> {
    if let Some(held) = grants::store::find(&mut app.db.read().await?, session, client).await? {
        return Ok(held);
    }
    let mut tx = app.db.write(Durability::Relaxed).await?;
    grants::store::join(&mut tx, visit.now, session, client, &id128(app.rng.as_ref())).await?;
    let held = grants::store::find(&mut tx, session, client).await?;
    tx.commit().await?;
    held.ok_or_else(|| anyhow::anyhow!("the row just written is not there"))
}
