//! grant_type=authorization_code (RFC 6749 4.1.3, RFC 7636 4.6, OIDCC 3.1.3).
//!
//! A request that does not match the code (client, redirect URI, proofs) neither consumes the code nor revokes a token:
//! otherwise anybody who saw a code could revoke the tokens issued for the code. The code is then consumed in one
//! atomic step before any token is issued; a later failure leaves the code consumed. A second matching use revokes the
//! tokens of the first. After the consumption no concurrent request changes the response, so exactly one of several
//! concurrent requests gets tokens. A successful exchange writes nothing to SQL unless a refresh token is issued (and
//! once a day for a client whose code had neither PKCE nor nonce).

use super::token_request::{TokenRequest, TokenResponse};
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::Span;
use crate::base::ids::is_id;
use crate::base::secret::{constant_time_eq, sha256_base64url};
use crate::clients::{self, Client, GrantType};
use crate::db::Durability;
use crate::ephemeral::{Namespace, TakeResult};
use crate::grants;
use crate::grants::ops::SessionEnd;
use crate::oidc::AUTHORIZATION_CODE_TTL;
use crate::oidc::CodeGrant;
use crate::oidc::TOKEN_TTL;
use crate::oidc::error::ProtocolError;
use crate::oidc::tokens::claims::{self, ClaimsTarget};
use crate::oidc::tokens::issuer::{self, AccessTokenRequest, IdTokenRequest, SubjectGrant, TokenBinding};
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::params::Params;
use crate::protocol::pkce;
use crate::sessions;
use crate::sessions::store::holders::{self, SessionHolder};
use crate::subjects;

/// The time after which every access token of a consumed code has expired: a token may be issued until the TTL of the
/// code is over.
const LAST_TOKEN_TTL: Span = Span(TOKEN_TTL.0 + AUTHORIZATION_CODE_TTL.0);
const UNKNOWN_CODE: &str = "the code is unknown, expired or used";

pub async fn exchange(asking: &TokenRequest<'_>) -> Result<TokenResponse, ProtocolError> {
    let TokenRequest { op, client, params, .. } = *asking;
    let Operation { app, now, .. } = *op;
    let denied = |words: &'static str, detail: &str| Err(OAuthError::invalid_grant(words).detail(detail).into());
    if !client.allows_grant(GrantType::AuthorizationCode) {
        return Err(OAuthError::new(ErrorCode::UnauthorizedClient, "not registered for this grant").into());
    }
    let Some(code) = params.get("code") else {
        return Err(OAuthError::invalid_request("code is missing").into());
    };
    if !is_id(code, 43) {
        return denied(UNKNOWN_CODE, "malformed");
    }
    let key = sha256_base64url(code);
    let Some(seen) = app.ephemeral.peek(Namespace::Code, &key, now).await? else {
        return denied(UNKNOWN_CODE, "unknown");
    };
    let granted: CodeGrant = serde_json::from_str(&seen.value).map_err(anyhow::Error::from)?;
    if let Err(why) = verify_code_binding(&granted, client, params, asking.jkt.as_deref()) {
        return denied("the code does not fit this request", why);
    }
    if seen.consumed {
        return deny_replay(asking.op, &granted).await;
    }
    if granted.code_challenge.is_none() && granted.nonce.is_none() {
        clients::ops::record_unprotected_exchange(asking.op, client).await;
    }
    let grant = &granted.grant;
    let resource = asking.granted_resources(&grant.resource)?;
    let mut tx = app.db.read().await?;
    let space = subjects::ops::known_space(&client.meta);
    let held = holders::find_session_holder(&mut tx, &grant.sid, &space).await?.filter(|held| {
        let fits = held.generation == grant.generation && held.account.id == grant.account_id;
        fits && held.session.is_alive(now) && held.account.is_usable()
    });
    let Some(SessionHolder { session_id, session, account, recorded_sub, .. }) = held else {
        return denied(UNKNOWN_CODE, "the session has ended");
    };
    let (key_of, meta) = (&app.master_key, &client.meta);
    let sub = subjects::ops::find_subject_beside(key_of, &mut tx, meta, &account.id, recorded_sub).await?;
    let told = claims::claims_for(app, &mut tx, client, &account, &grant.disclosure, ClaimsTarget::IdToken).await?;
    drop(tx);
    asking.consume_proof().await?;
    match app.ephemeral.take(Namespace::Code, &key, now).await? {
        TakeResult::Taken(_) => {}
        TakeResult::AlreadyTaken(_) => return deny_replay(asking.op, &granted).await,
        TakeResult::NotFound => return denied(UNKNOWN_CODE, "expired meanwhile"),
    }

    let family = match grant.family {
        None => None,
        Some(_) => {
            let mut tx = asking.op.write(Durability::Durable).await?;
            // A logout or a password change may have committed while this transaction waited for the write lock:
            // afterwards no family may be created.
            if !sessions::store::lock(&mut tx, &session_id).await? {
                return denied(UNKNOWN_CODE, "the session ended meanwhile");
            }
            // RFC 9449 5: the refresh token of a public client is bound to the key; a confidential client authenticates
            // anyway.
            let jkt = asking.jkt.clone().filter(|_| client.is_public());
            let until = SessionEnd { session: &session_id, at: session.authenticated_at.plus(sessions::SESSION_TTL) };
            // If the code was replayed or the grant revoked meanwhile, the family is created as ended, and the tokens
            // issued now are invalid.
            let family = grants::ops::create_family(&mut tx, grant, until, jkt).await?;
            tx.commit().await?;
            family
        }
    };
    let holder = match &family {
        Some(f) if grant.offline => TokenBinding::Family { id: &f.id, generation: f.access_generation },
        _ => TokenBinding::Session { sid: &grant.sid, generation: grant.generation },
    };
    let (jkt, grant_id) = (asking.jkt.as_deref(), grant.id.as_deref());
    let access = AccessTokenRequest { binding: holder, jkt, resource: &resource, grant_id };
    let id = IdTokenRequest { nonce: granted.nonce.as_deref(), code: None, claims: told };
    let minted = issuer::issue_tokens(op, client, SubjectGrant { sub: &sub, grant }, Some(access), Some(id)).await?;
    Ok(TokenResponse {
        access_token: minted.access_token.unwrap_or_default(),
        token_type: asking.token_type(),
        expires_in: TOKEN_TTL.as_seconds_ceil(),
        scope: grant.disclosure.scopes.to_scope_string(),
        id_token: minted.id_token,
        refresh_token: family.map(|f| grants::encode_refresh_token(&app.master_key, &f.id, f.generation)),
    })
}

/// Checks that client, redirect URI and proofs match the authorization request of the code (docs/threats.md#attack-c1,
/// #attack-c3, #attack-c4). Also what a test sign-in checks.
pub fn verify_code_binding(
    granted: &CodeGrant,
    client: &Client,
    params: &Params,
    jkt: Option<&str>,
) -> Result<(), &'static str> {
    if granted.grant.client_id != client.id {
        return Err("another client's");
    }
    if params.get("redirect_uri") != Some(&granted.redirect_uri) {
        return Err("another redirect_uri");
    }
    match (&granted.code_challenge, params.get("code_verifier")) {
        (Some(challenge), Some(verifier)) if pkce::matches(verifier, challenge) => {}
        (Some(_), Some(_)) => return Err("code_verifier does not match"),
        (Some(_), None) => return Err("code_verifier is missing"),
        (None, Some(_)) => return Err("code_verifier without a challenge"),
        (None, None) => {}
    }
    match &granted.dpop_jkt {
        Some(bound) if !jkt.is_some_and(|jkt| constant_time_eq(bound, jkt)) => {
            Err("not proven with the key that it is bound to")
        }
        _ => Ok(()),
    }
}

/// Denies a second use of the code by a matching request, and revokes the tokens of the first use.
async fn deny_replay(op: &Operation<'_>, granted: &CodeGrant) -> Result<TokenResponse, ProtocolError> {
    revoke_code_tokens(op, granted).await?;
    Err(OAuthError::invalid_grant(UNKNOWN_CODE).detail("used before: its tokens are revoked").into())
}

/// Revokes the tokens issued for the code, and no others (RFC 6749 4.1.2).
async fn revoke_code_tokens(op: &Operation<'_>, granted: &CodeGrant) -> anyhow::Result<()> {
    let grant = &granted.grant;
    let mut tx = op.write(Durability::Durable).await?;
    if grants::ops::revoke_for_code(&mut tx, grant, LAST_TOKEN_TTL).await? {
        let about = AuditDetails {
            account: Some(&grant.account_id),
            client: Some(&grant.client_id),
            ..AuditDetails::default()
        };
        audit::store::record(&mut tx, AuditEvent::CodeReplayed, about).await?;
    }
    tx.commit().await?;
    Ok(())
}
