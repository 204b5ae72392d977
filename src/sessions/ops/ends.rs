//! Ends sessions, and tells their clients.

use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::actor::Actor;
use crate::base::typed_ids::{AccountId, SessionId};
use crate::crypto::MasterKey;
use crate::db::{Durability, UnitOfWork};
use crate::outbox::JobKind;
use crate::sessions::{SESSION_TTL, Session, store};
use crate::{grants, logouts};

/// Revokes the session's refresh tokens and enqueues the logout notifications, after a session was ended.
async fn propagate_end(
    tx: &mut UnitOfWork<'_>,
    master_key: &MasterKey,
    id: &SessionId,
    account_id: &AccountId,
) -> anyhow::Result<()> {
    grants::ops::revoke_for_session(tx, id).await?;
    logouts::ops::enqueue_logouts(tx, master_key, id, account_id).await
}

/// Ends a session and enqueues the logout notifications. The transaction is durable, because the end user is told of
/// the sign-out.
pub async fn end(op: &Operation<'_>, session: &Session) -> anyhow::Result<()> {
    let Operation { app, now, .. } = *op;
    let mut tx = op.write(Durability::Durable).await?;
    if store::end(&mut tx, now, &session.id).await? {
        tx.actor = Actor::Account(session.account_id.clone());
        let about = AuditDetails { account: Some(&session.account_id), ..AuditDetails::default() };
        audit::store::record(&mut tx, AuditEvent::SignedOut, about).await?;
        propagate_end(&mut tx, &app.master_key, &session.id, &session.account_id).await?;
    }
    tx.commit().await?;
    app.job_notifier.notify(JobKind::BackchannelLogout);
    Ok(())
}

/// Ends every session and refresh token of an account and enqueues the logout notifications
/// (docs/threats.md#attack-s8), inside the caller's transaction. Returns the number of ended sessions. `reason` is an
/// operator's, for the audit.
pub async fn end_all(
    tx: &mut UnitOfWork<'_>,
    master_key: &MasterKey,
    account_id: &AccountId,
    reason: Option<&str>,
) -> anyhow::Result<u64> {
    end_all_but(tx, master_key, account_id, None, reason).await
}

/// Ends the sessions of one device of the account, inside the caller's transaction.
pub async fn end_of_device(
    tx: &mut UnitOfWork<'_>,
    master_key: &MasterKey,
    account_id: &AccountId,
    device_id: &str,
) -> anyhow::Result<()> {
    let now = tx.now;
    for id in store::list_open_of_device(tx, account_id, device_id).await? {
        if store::end(tx, now, &id).await? {
            propagate_end(tx, master_key, &id, account_id).await?;
        }
    }
    Ok(())
}

/// Ends every session of an account but one, like [`end_all`]. Every refresh token of the account is revoked, also that
/// of the session that stays.
pub async fn end_others(
    tx: &mut UnitOfWork<'_>,
    master_key: &MasterKey,
    account_id: &AccountId,
    except: Option<&SessionId>,
) -> anyhow::Result<()> {
    end_all_but(tx, master_key, account_id, except, None).await?;
    Ok(())
}

/// Ends open sessions that began through an upstream, at most `most`, inside the caller's transaction. Returns how many.
pub async fn end_of_upstream(
    tx: &mut UnitOfWork<'_>,
    master_key: &MasterKey,
    upstream: &str,
    most: i64,
) -> anyhow::Result<usize> {
    let now = tx.now;
    let open = store::list_open_of_upstream(tx, upstream, most).await?;
    for (id, account_id) in &open {
        if store::end(tx, now, id).await? {
            propagate_end(tx, master_key, id, account_id).await?;
        }
    }
    Ok(open.len())
}

async fn end_all_but(
    tx: &mut UnitOfWork<'_>,
    master_key: &MasterKey,
    account_id: &AccountId,
    except: Option<&SessionId>,
    reason: Option<&str>,
) -> anyhow::Result<u64> {
    let now = tx.now;
    let mut ended = 0;
    for id in store::list_open(tx, account_id).await? {
        if except != Some(&id) && store::end(tx, now, &id).await? {
            propagate_end(tx, master_key, &id, account_id).await?;
            ended += 1;
        }
    }
    grants::ops::revoke_for_account(tx, account_id).await?;
    let detail = ended.to_string();
    let about = AuditDetails { account: Some(account_id), detail: &detail, reason, ..AuditDetails::default() };
    audit::store::record(tx, AuditEvent::SessionsEnded, about).await?;
    Ok(ended)
}

/// Ends the oldest sessions of an account beyond the maximum number, as if their browsers had signed out, in the
/// transaction in which a new one began.
pub(super) async fn end_excess(
    tx: &mut UnitOfWork<'_>,
    master_key: &MasterKey,
    account_id: &AccountId,
    new: &SessionId,
) -> anyhow::Result<()> {
    let now = tx.now;
    for id in store::list_excess(tx, account_id, new, now.minus(SESSION_TTL)).await? {
        if store::end(tx, now, &id).await? {
            let detail = "the oldest of too many";
            let about = AuditDetails { account: Some(account_id), detail, ..AuditDetails::default() };
            audit::store::record(tx, AuditEvent::SignedOut, about).await?;
            propagate_end(tx, master_key, &id, account_id).await?;
        }
    }
    Ok(())
}
