//! grant_type=authorization_code (RFC 6749 4.1.3, RFC 7636 4.6, OIDCC 3.1.3).
//!
//! Whoever could have the tokens is looked at first: a request that does not fit the code neither spends it nor revokes
//! anything, or any stranger who saw a code could end what came of it. Then the code is taken in one atomic step before
//! anything is minted: a failure afterwards leaves it spent. A second use revokes what the first gave. From the taking
//! on nobody else's request changes the answer, so of many at once exactly one gets tokens. Nothing is written to SQL on
//! the good path, unless a refresh token goes with it (and once a day that nothing protected the client's code).

use super::outcome::{Asking, Exchanged, Tokens};
use crate::accounts::{self, Account};
use crate::app::AppState;
use crate::audit::{self, About, Fact};
use crate::base::clock::{Span, Timestamp};
use crate::base::ids::is_id;
use crate::base::secret::{digest, same};
use crate::clients::{self, Client, GrantType};
use crate::db::Durability;
use crate::ephemeral::{Kind, Taken};
use crate::grants;
use crate::oidc::claims::{self, Where};
use crate::oidc::mint::{self, AccessToken, Holder, IdToken};
use crate::oidc::{CODE_LIFE, CodeGrant, TOKEN_LIFE};
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::params::Params;
use crate::protocol::pkce;
use crate::sessions;

/// Until the last access token of a code has expired: it may be made this long after the code was spent.
const LAST_TOKEN: Span = Span(TOKEN_LIFE.0 + CODE_LIFE.0);
const UNKNOWN: &str = "the code is unknown, expired or used";

pub async fn exchange(asking: &Asking<'_>) -> anyhow::Result<Exchanged> {
    let Asking { app, now, client, params, .. } = *asking;
    let denied = |words, detail: &str| Ok(Exchanged::Denied(OAuthError::invalid_grant(words).detail(detail)));
    if !client.may(GrantType::AuthorizationCode) {
        return Ok(Exchanged::Denied(OAuthError::new(ErrorCode::UnauthorizedClient, "not registered for this grant")));
    }
    let Some(code) = params.get("code") else {
        return Ok(Exchanged::Denied(OAuthError::invalid_request("code is missing")));
    };
    if !is_id(code, 43) {
        return denied(UNKNOWN, "malformed");
    }
    let key = digest(code);
    let Some(seen) = app.ephemeral.look(Kind::Code, &key, now).await? else { return denied(UNKNOWN, "unknown") };
    let granted: CodeGrant = serde_json::from_str(&seen.value)?;
    if let Err(why) = fits(&granted, client, params, asking.jkt.as_deref()) {
        return denied("the code does not fit this request", why);
    }
    if seen.taken {
        return replayed(app, now, &granted).await;
    }
    if granted.code_challenge.is_none() && granted.nonce.is_none() {
        clients::ops::unprotected(app, now, client).await;
    }
    let grant = &granted.grant;
    let resource = match asking.resource(&grant.resource) {
        Ok(resource) => resource,
        Err(error) => return Ok(Exchanged::Denied(error)),
    };
    let mut tx = app.db.read().await?;
    let held = grants::store::by_sid(&mut tx, &grant.sid).await?.filter(|h| h.generation == grant.generation);
    let session = match &held {
        Some(held) => sessions::store::find(&mut tx, &held.session_id).await?.filter(|s| s.is_alive(now)),
        None => None,
    };
    let account = accounts::store::by_id(&mut tx, &grant.account_id).await?.filter(Account::is_live);
    let (Some(session), Some(account)) = (session, account) else { return denied(UNKNOWN, "the session has ended") };
    let sub = claims::subject(&app.vault, &mut tx, client, &account.id).await?;
    let told = claims::told(app, &mut tx, client, &account, (&grant.scopes, &grant.claims), Where::IdToken).await?;
    drop(tx);
    if let Err(error) = asking.spend_proof().await? {
        return Ok(Exchanged::Denied(error));
    }
    match app.ephemeral.take(Kind::Code, &key, now).await? {
        Taken::Now(_) => {}
        Taken::Before(_) => return replayed(app, now, &granted).await,
        Taken::Unknown => return denied(UNKNOWN, "expired meanwhile"),
    }

    let family = match grant.family {
        None => None,
        Some(_) => {
            let mut tx = app.db.write(Durability::Durable).await?;
            // A sign-out or a new password may have come while this waited for the writer: no family is born after it.
            if !sessions::store::hold(&mut tx, &session.id).await? {
                return denied(UNKNOWN, "the session ended meanwhile");
            }
            // RFC 9449 5: a public client's refresh token is bound to the key; a confidential one proves itself anyway.
            let jkt = asking.jkt.clone().filter(|_| client.is_public());
            let ends = (session.id.as_str(), session.authenticated_at.plus(sessions::LIFE));
            // Replayed or taken back meanwhile: what is given now is dead already, and nothing is born that could
            // outlive it.
            let family = grants::ops::begin_family(&mut tx, now, grant, ends, jkt).await?;
            tx.commit().await?;
            family
        }
    };
    let holder = match &family {
        Some(f) if grant.offline => Holder::Family { id: &f.id, generation: f.access_generation },
        _ => Holder::Session { sid: &grant.sid, generation: grant.generation },
    };
    let (jkt, grant_id) = (asking.jkt.as_deref(), grant.id.as_deref());
    let access = AccessToken { holder, jkt, resource: &resource, grant_id };
    let id = IdToken { nonce: granted.nonce.as_deref(), code: None, told };
    let minted = mint::mint(app, now, client, (&sub, grant), Some(access), Some(id)).await?;
    Ok(Exchanged::Tokens(Box::new(Tokens {
        access_token: minted.access_token.unwrap_or_default(),
        token_type: asking.token_type(),
        expires_in: TOKEN_LIFE.as_seconds_up(),
        scope: grant.scopes.text(),
        id_token: minted.id_token,
        refresh_token: family.map(|f| grants::refresh_token(&app.vault, &f.id, f.generation)),
    })))
}

/// Client, redirect URI and proofs are those of the request that the code answers (docs/threats.md#attack-c1,
/// #attack-c3, #attack-c4).
fn fits(granted: &CodeGrant, client: &Client, params: &Params, jkt: Option<&str>) -> Result<(), &'static str> {
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
        Some(bound) if !jkt.is_some_and(|jkt| same(bound, jkt)) => Err("not proven with the key that it is bound to"),
        _ => Ok(()),
    }
}

/// A second use by who could have been the first.
async fn replayed(app: &AppState, now: Timestamp, granted: &CodeGrant) -> anyhow::Result<Exchanged> {
    revoke(app, now, granted).await?;
    Ok(Exchanged::Denied(OAuthError::invalid_grant(UNKNOWN).detail("used before: its tokens are revoked")))
}

/// RFC 6749 4.1.2: a code used twice takes its tokens with it, and no others.
async fn revoke(app: &AppState, now: Timestamp, granted: &CodeGrant) -> anyhow::Result<()> {
    let grant = &granted.grant;
    let mut tx = app.db.write(Durability::Durable).await?;
    if grants::ops::end_of_code(&mut tx, now, grant, LAST_TOKEN).await? {
        let about = About { account: Some(&grant.account_id), client: Some(&grant.client_id), ..About::default() };
        audit::store::record(&mut tx, app.rng.as_ref(), now, Fact::CodeReplayed, about).await?;
    }
    tx.commit().await?;
    Ok(())
}
