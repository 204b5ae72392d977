//! grant_type=refresh_token (RFC 6749 6, OIDCC 12;
//! docs/decisions/0010-refresh-tokens-are-a-family-and-a-generation.md).
//!
//! Client, account, session and the client's current scopes are checked again (docs/threats.md#attack-t3, #attack-t4).
//! The refresh token of a public client is rotated at each use, and reuse of a rotated token ends the family; a
//! confidential client authenticates, so its token is not rotated (FAPI 2.0).

use super::token_request::{TokenRequest, TokenResponse};
use crate::app::Operation;
use crate::base::secret::constant_time_eq;
use crate::clients::GrantType;
use crate::db::Durability;
use crate::federation;
use crate::grants::{self, Grant, RefreshTokenFamily, RefreshTokenStatus, classify};
use crate::oidc::TOKEN_TTL;
use crate::oidc::error::ProtocolError;
use crate::oidc::tokens::claims::{self, ClaimsTarget};
use crate::oidc::tokens::issuer::{self, AccessTokenRequest, IdTokenRequest, SubjectGrant, TokenBinding};
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::scope::{Scope, Scopes};
use crate::roster::store::pupils;
use crate::sessions::store::holders::{self, FamilyHolder};
use crate::subjects;

const UNKNOWN_TOKEN: &str = "the refresh token is unknown, expired or revoked";

pub async fn exchange(asking: &TokenRequest<'_>) -> Result<TokenResponse, ProtocolError> {
    let TokenRequest { op, client, params, .. } = *asking;
    let Operation { app, now, .. } = *op;
    let denied = |detail: &str| Err(OAuthError::invalid_grant(UNKNOWN_TOKEN).detail(detail).into());
    if !client.allows_grant(GrantType::RefreshToken) {
        return Err(OAuthError::new(ErrorCode::UnauthorizedClient, "not registered for this grant").into());
    }
    let Some(token) = params.get("refresh_token") else {
        return Err(OAuthError::invalid_request("refresh_token is missing").into());
    };
    let Some((id, generation)) = grants::parse_refresh_token(&app.master_key, token) else {
        return denied("none of ours");
    };
    let mut tx = app.db.read().await?;
    let space = subjects::ops::known_space(&client.meta);
    let Some(held) = holders::find_family_holder(&mut tx, &id, &space).await? else { return denied("no such family") };
    let FamilyHolder { family, session, client_session, account, recorded_sub } = held;
    // A token of another client is rejected without ending the family, so that no other client can end the family
    // (docs/threats.md#attack-c1).
    if family.grant.client_id != client.id {
        return denied("another client's");
    }
    if !family.is_alive(now) {
        return denied("the family has ended");
    }
    if let Some(bound) = &family.jkt
        && !asking.jkt.as_deref().is_some_and(|jkt| constant_time_eq(bound, jkt))
    {
        return denied("not proven with the key that it is bound to");
    }
    let grant = narrow_grant(asking, &family)?;
    let client_session = client_session.filter(|(sid, _)| *sid == grant.sid);
    let is_bound = family.session_id.is_some();
    if is_bound && (!session.is_some_and(|s| s.is_alive(now)) || client_session.is_none()) {
        return denied("the session has ended");
    }
    if !account.is_usable() || account.id != grant.account_id {
        return denied("the account is not live");
    }
    let (mut children, mut origin) = (Vec::new(), None);
    if client.meta.perimeter.is_about_schools() {
        children = pupils::list_pupils_of_account(&mut tx, &account.id, account.profile).await?;
        if account.is_federated {
            origin = federation::store::find_origin(&mut tx, &app.upstreams(), &account.id).await?;
        }
    }
    if !claims::is_in_perimeter(client, &account, &children, origin.as_ref()) {
        return denied("nothing of the person is in the client's perimeter any more");
    }
    let (key_of, meta) = (&app.master_key, &client.meta);
    let sub = subjects::ops::find_subject_beside(key_of, &mut tx, meta, &account.id, recorded_sub).await?;
    let told = claims::claims_for(app, &mut tx, client, &account, &grant.disclosure, ClaimsTarget::IdToken).await?;
    drop(tx);

    asking.consume_proof().await?;
    let Some(generation) = rotate_token(asking, &family, generation).await? else { return denied("spent before") };
    let holder = match client_session {
        Some((_, generation)) if is_bound => TokenBinding::Session { sid: &grant.sid, generation },
        _ => TokenBinding::Family { id: &family.id, generation: family.access_generation },
    };
    let (jkt, resource, grant_id) = (asking.jkt.as_deref(), grant.resource.as_slice(), grant.id.as_deref());
    let access = AccessTokenRequest { binding: holder, jkt, resource, grant_id };
    // OIDCC 12.2: the ID token of a refresh has no new nonce.
    let id = grant.disclosure.scopes.contains(Scope::Openid).then_some(IdTokenRequest {
        nonce: None,
        code: None,
        claims: told,
    });
    let minted = issuer::issue_tokens(op, client, SubjectGrant { sub: &sub, grant: &grant }, Some(access), id).await?;
    Ok(TokenResponse {
        access_token: minted.access_token.unwrap_or_default(),
        token_type: asking.token_type(),
        expires_in: TOKEN_TTL.as_seconds_ceil(),
        scope: grant.disclosure.scopes.to_scope_string(),
        id_token: minted.id_token,
        refresh_token: Some(grants::encode_refresh_token(&app.master_key, &family.id, generation)),
    })
}

/// Returns the grant of the family, narrowed to the requested scopes and resources (RFC 6749 6, RFC 8707 2.2) and to
/// the scopes that the client is registered for now.
fn narrow_grant(asking: &TokenRequest<'_>, family: &RefreshTokenFamily) -> Result<Grant, OAuthError> {
    let mut grant = family.grant.clone();
    grant.disclosure.scopes = grant.disclosure.scopes.intersection(&asking.client.meta.scopes);
    if let Some(text) = asking.params.get("scope") {
        let known = Scopes::parse(text);
        let all = known.filter(|asked| text.split(' ').all(|word| asked.iter().any(|s| s.name() == word)));
        grant.disclosure.scopes = all
            .filter(|asked| asked.intersection(&grant.disclosure.scopes) == *asked)
            .ok_or_else(|| OAuthError::new(ErrorCode::InvalidScope, "scope is more than was granted"))?;
    }
    grant.resource = asking.granted_resources(&grant.resource)?;
    Ok(grant)
}

/// Rotates the refresh token if the client requires rotation; returns the generation of the token to issue. `None`
/// after reuse detection, which ends the whole family.
async fn rotate_token(
    asking: &TokenRequest<'_>,
    family: &RefreshTokenFamily,
    generation: i64,
) -> anyhow::Result<Option<i64>> {
    let op = asking.op;
    if !asking.client.requirements().rotates_refresh_tokens && generation == family.generation {
        return Ok(Some(generation));
    }
    if grants::ops::rotate_family(op, &family.id, generation).await? {
        return Ok(Some(generation + 1));
    }
    // A concurrent request rotated first, or the token is an old one: the current row decides.
    let mut tx = op.write(Durability::Durable).await?;
    let given = match grants::store::families::find(&mut tx, &family.id).await? {
        Some(now_is)
            if now_is.is_alive(op.now)
                && classify(&now_is, generation, op.now) == RefreshTokenStatus::PreviousWithinGrace =>
        {
            Some(now_is.generation)
        }
        Some(now_is) => {
            grants::ops::handle_reuse(&mut tx, &now_is, TOKEN_TTL).await?;
            None
        }
        None => None,
    };
    tx.commit().await?;
    Ok(given)
}
