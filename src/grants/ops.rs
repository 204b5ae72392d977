//! Revokes grants inside the caller's transaction, and records consents.

use super::{Grant, RefreshTokenFamily, store};
use crate::app::{FamilyRotation, Operation};
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::{AccountId, ClientId, RefreshFamilyId, SessionId};
use crate::db::{Tx, UnitOfWork, WriteTurn};
use crate::protocol::disclosure::Disclosure;

/// A session that holds grants, and the end of its lifetime.
#[derive(Clone, Copy, Debug)]
pub struct SessionEnd<'a> {
    pub session: &'a SessionId,
    pub at: Timestamp,
}

/// Revokes the refresh token families of an ended session. Offline families remain.
pub async fn revoke_for_session(tx: &mut UnitOfWork<'_>, session_id: &SessionId) -> anyhow::Result<()> {
    let now = tx.now;
    store::families::revoke_for_session(tx, now, session_id).await?;
    Ok(())
}

/// Moves the grants of a session to a new session of the same end user in the same browser, with the same `sid` and
/// generation; the refresh token families then expire with the new session.
pub async fn move_session(tx: &mut Tx, from: &SessionId, to: SessionEnd<'_>) -> anyhow::Result<()> {
    store::move_clients(tx, from, to.session).await?;
    store::families::move_to_session(tx, from, to.session, to.at).await?;
    Ok(())
}

/// Revokes every refresh token family of an account, offline families included.
pub async fn revoke_for_account(tx: &mut UnitOfWork<'_>, account_id: &AccountId) -> anyhow::Result<()> {
    let now = tx.now;
    store::families::revoke_for_account(tx, now, account_id).await?;
    Ok(())
}

/// Rotates a valid family from this generation to the next, in one commit with those of other requests that wait for the
/// database. False if another request rotated the family, or the family was revoked.
pub async fn rotate_family(op: &Operation<'_>, family: &RefreshFamilyId, generation: i64) -> anyhow::Result<bool> {
    let rotation = FamilyRotation { family: family.clone(), generation, at: op.now };
    match op.app.rotations.join(&op.app.db, rotation).await? {
        WriteTurn::Answered(rotated) => Ok(rotated),
        WriteTurn::Writes(mut tx, group) => {
            let rotated = store::families::rotate(&mut tx, &group.arguments()).await?;
            tx.commit().await?;
            Ok(group.answer(rotated).unwrap_or_default())
        }
    }
}

/// Inserts the refresh token family named by the grant of a code. Returns `None` without writing if the grant names no
/// family, or if the tokens of the client session were revoked meanwhile. A concurrent replay of the code either waits
/// for the row's lock and revokes the family, or precedes and makes the new family revoked from the start: the first
/// exchange of a code succeeds, even if its tokens are revoked at once.
///
/// # Errors
/// The caller must roll the transaction back.
pub async fn create_family(
    tx: &mut UnitOfWork<'_>,
    grant: &Grant,
    session: SessionEnd<'_>,
    jkt: Option<String>,
) -> anyhow::Result<Option<RefreshTokenFamily>> {
    let Some(id) = grant.family.clone() else { return Ok(None) };
    let now = tx.now;
    if !store::lock(tx, &grant.sid, grant.generation).await? {
        return Ok(None);
    }
    let family = RefreshTokenFamily {
        id,
        grant: grant.clone(),
        session_id: (!grant.offline).then(|| session.session.clone()),
        jkt,
        generation: 1,
        rotated_at: now,
        access_generation: 1,
        expires_at: if grant.offline { now.plus(super::OFFLINE_TTL) } else { session.at },
        ended: false,
    };
    store::families::insert(tx, now, &family, &serde_json::to_string(grant)?).await?;
    if let Some(id) = &grant.id
        && store::revoked::is_revoked(tx, id).await?
    {
        store::families::revoke(tx, now, &family.id).await?;
    }
    Ok(Some(family))
}

/// Revokes the tokens of one code only (RFC 6749 4.1.2): its refresh token family, and its access tokens until the
/// expiry of the last one, `last` from now. Returns true if this call revoked any token.
pub async fn revoke_for_code(tx: &mut UnitOfWork<'_>, grant: &Grant, last: Span) -> anyhow::Result<bool> {
    let now = tx.now;
    // A concurrent exchange of the code holds the row's lock: either its family is visible here, or the exchange sees
    // the revocation.
    store::lock(tx, &grant.sid, grant.generation).await?;
    let revoked = match &grant.id {
        Some(id) => store::revoked::insert(tx, id, now.plus(last)).await?,
        None => false,
    };
    let ended = match &grant.family {
        Some(id) => store::families::revoke(tx, now, id).await?,
        None => false,
    };
    Ok(revoked || ended)
}

/// Revokes a family and its access tokens (RFC 7009 2.1), until the expiry of the last one, `last` from now. Returns
/// true if this call revoked the family.
pub async fn revoke_family(tx: &mut UnitOfWork<'_>, family: &RefreshTokenFamily, last: Span) -> anyhow::Result<bool> {
    let now = tx.now;
    if let Some(id) = &family.grant.id {
        store::revoked::insert(tx, id, now.plus(last)).await?;
    }
    Ok(store::families::revoke(tx, now, &family.id).await?)
}

/// Handles the reuse of a rotated refresh token: revokes the whole family and records the event in the audit.
pub async fn handle_reuse(tx: &mut UnitOfWork<'_>, family: &RefreshTokenFamily, last: Span) -> anyhow::Result<()> {
    if revoke_family(tx, family, last).await? {
        let (account, client) = (Some(&family.grant.account_id), Some(&family.grant.client_id));
        let about = AuditDetails { account, client, ..AuditDetails::default() };
        audit::store::record(tx, AuditEvent::RefreshTokenReused, about).await?;
    }
    Ok(())
}

/// Records a consent in addition to the earlier ones, so that a service with varying requests does not ask for consent
/// each time.
pub async fn record_consent(
    tx: &mut UnitOfWork<'_>,
    account_id: &AccountId,
    client_id: &ClientId,
    consent: &Disclosure,
) -> anyhow::Result<()> {
    let now = tx.now;
    let before = store::consents::find(tx, account_id, client_id).await?.unwrap_or_default();
    let Disclosure { scopes, claims } = before.union(consent);
    let (scopes, claims) = (scopes.to_scope_string(), serde_json::to_string(&claims)?);
    store::consents::upsert(tx, now, account_id, client_id, &scopes, &claims).await?;
    let about =
        AuditDetails { account: Some(account_id), client: Some(client_id), detail: &scopes, ..AuditDetails::default() };
    audit::store::record(tx, AuditEvent::ConsentGiven, about).await?;
    Ok(())
}

/// Withdraws a consent and revokes every token of the account held by the client. Returns true if there was a consent.
pub async fn withdraw_consent(
    tx: &mut UnitOfWork<'_>,
    account_id: &AccountId,
    client_id: &ClientId,
) -> anyhow::Result<bool> {
    let now = tx.now;
    let was = store::consents::delete(tx, account_id, client_id).await?;
    // Access tokens first, under the lock of the client sessions: a concurrent exchange with the lock inserts its
    // family before, and the next statement revokes this family too.
    store::revoke_access_tokens(tx, account_id, client_id).await?;
    store::families::revoke_for_client(tx, now, account_id, client_id).await?;
    if was {
        let about = AuditDetails { account: Some(account_id), client: Some(client_id), ..AuditDetails::default() };
        audit::store::record(tx, AuditEvent::ConsentWithdrawn, about).await?;
    }
    Ok(was)
}
