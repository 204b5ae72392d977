//! grant_type=refresh_token (RFC 6749 6, OIDCC 12;
//! docs/decisions/0010-refresh-tokens-are-a-family-and-a-generation.md).
//!
//! Everything is looked at again: client, account, session, what the client may still have (docs/threats.md#attack-t3,
//! #attack-t4). A public client's token turns with each use, and a spent one ends the family; a confidential client
//! proves itself, so its token stays (FAPI 2.0).

use super::outcome::{Asking, Exchanged, Tokens};
use crate::accounts::{self, Account};
use crate::base::secret::same;
use crate::clients::GrantType;
use crate::db::Durability;
use crate::grants::{self, Family, Grant, Presented, judge};
use crate::oidc::TOKEN_LIFE;
use crate::oidc::claims::{self, Where};
use crate::oidc::mint::{self, AccessToken, Holder, IdToken};
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::scope::{Scope, Scopes};
use crate::sessions;

const UNKNOWN: &str = "the refresh token is unknown, expired or revoked";

pub async fn exchange(asking: &Asking<'_>) -> anyhow::Result<Exchanged> {
    let Asking { app, now, client, params, .. } = *asking;
    let denied = |detail: &str| Ok(Exchanged::Denied(OAuthError::invalid_grant(UNKNOWN).detail(detail)));
    if !client.may(GrantType::RefreshToken) {
        return Ok(Exchanged::Denied(OAuthError::new(ErrorCode::UnauthorizedClient, "not registered for this grant")));
    }
    let Some(token) = params.get("refresh_token") else {
        return Ok(Exchanged::Denied(OAuthError::invalid_request("refresh_token is missing")));
    };
    let Some((id, generation)) = grants::read_refresh_token(&app.vault, token) else { return denied("none of ours") };
    let mut tx = app.db.read().await?;
    let Some(family) = grants::store::families::find(&mut tx, &id).await? else { return denied("no such family") };
    // Another client's: it is refused, and the family is not harmed by a stranger (docs/threats.md#attack-c1).
    if family.grant.client_id != client.id {
        return denied("another client's");
    }
    if !family.is_alive(now) {
        return denied("the family has ended");
    }
    if let Some(bound) = &family.jkt
        && !asking.jkt.as_deref().is_some_and(|jkt| same(bound, jkt))
    {
        return denied("not proven with the key that it is bound to");
    }
    let grant = match narrowed(asking, &family) {
        Ok(grant) => grant,
        Err(error) => return Ok(Exchanged::Denied(error)),
    };
    let held = grants::store::by_sid(&mut tx, &grant.sid).await?;
    if let Some(session_id) = &family.session_id {
        let session = sessions::store::find(&mut tx, session_id).await?;
        if !session.is_some_and(|s| s.is_alive(now)) || held.is_none() {
            return denied("the session has ended");
        }
    }
    let account = accounts::store::by_id(&mut tx, &grant.account_id).await?.filter(Account::is_live);
    let Some(account) = account else { return denied("the account is not live") };
    let children = crate::roster::store::children_of_account(&mut tx, &account.id).await?;
    if !claims::concerns(client, &account, &children) {
        return denied("nothing of the person is in the client's perimeter any more");
    }
    let sub = claims::subject(&app.vault, &mut tx, client, &account.id).await?;
    let told = claims::told(app, &mut tx, client, &account, (&grant.scopes, &grant.claims), Where::IdToken).await?;
    drop(tx);

    if let Err(error) = asking.spend_proof().await? {
        return Ok(Exchanged::Denied(error));
    }
    let Some(generation) = turned(asking, &family, generation).await? else { return denied("spent before") };
    let holder = match (&family.session_id, &held) {
        (Some(_), Some(held)) => Holder::Session { sid: &grant.sid, generation: held.generation },
        _ => Holder::Family { id: &family.id, generation: family.access_generation },
    };
    let (jkt, resource, grant_id) = (asking.jkt.as_deref(), grant.resource.as_slice(), grant.id.as_deref());
    let access = AccessToken { holder, jkt, resource, grant_id };
    // OIDCC 12.2: no new nonce.
    let id = grant.scopes.has(Scope::Openid).then_some(IdToken { nonce: None, code: None, told });
    let minted = mint::mint(app, now, client, (&sub, &grant), Some(access), id).await?;
    Ok(Exchanged::Tokens(Box::new(Tokens {
        access_token: minted.access_token.unwrap_or_default(),
        token_type: asking.token_type(),
        expires_in: TOKEN_LIFE.as_seconds_up(),
        scope: grant.scopes.text(),
        id_token: minted.id_token,
        refresh_token: Some(grants::refresh_token(&app.vault, &family.id, generation)),
    })))
}

/// The family's grant, narrowed by what is asked for now (RFC 6749 6, RFC 8707 2.2) and by what the client may have
/// today.
fn narrowed(asking: &Asking<'_>, family: &Family) -> Result<Grant, OAuthError> {
    let mut grant = family.grant.clone();
    grant.scopes = grant.scopes.within(&asking.client.meta.scopes);
    if let Some(text) = asking.params.get("scope") {
        let known = Scopes::parse(text);
        let all = known.filter(|asked| text.split(' ').all(|word| asked.iter().any(|s| s.name() == word)));
        grant.scopes = all
            .filter(|asked| asked.within(&grant.scopes) == *asked)
            .ok_or_else(|| OAuthError::new(ErrorCode::InvalidScope, "scope is more than was granted"))?;
    }
    grant.resource = asking.resource(&grant.resource)?;
    Ok(grant)
}

/// The generation whose token goes out; `None` where the presented one was spent, and everything of it is now ended.
async fn turned(asking: &Asking<'_>, family: &Family, generation: i64) -> anyhow::Result<Option<i64>> {
    let Asking { app, now, .. } = *asking;
    if !asking.client.demands().rotates && generation == family.generation {
        return Ok(Some(generation));
    }
    let mut tx = app.db.write(Durability::Durable).await?;
    let given = if grants::store::families::turn(&mut tx, now, &family.id, generation).await? {
        Some(generation + 1)
    } else {
        // Another call was first, or this token is an old one: the row as it is now decides.
        match grants::store::families::find(&mut tx, &family.id).await? {
            Some(now_is) if now_is.is_alive(now) && judge(&now_is, generation, now) == Presented::JustTurned => {
                Some(now_is.generation)
            }
            Some(now_is) => {
                grants::ops::reused(&mut tx, app, now, &now_is, TOKEN_LIFE).await?;
                None
            }
            None => None,
        }
    };
    tx.commit().await?;
    Ok(given)
}
