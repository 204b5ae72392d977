//! Enqueues logout notifications.

use super::{LogoutIntent, MAX_WAITING_PER_CLIENT, store};
use crate::base::ids::row_id;
use crate::base::typed_ids::{AccountId, SessionId};
use crate::crypto::MasterKey;
use crate::db::UnitOfWork;
use crate::outbox::{self, JobKind};
use crate::subjects;

/// Enqueues a notification for every client of an ended session with a back-channel logout URI (BCL 2.5), in the
/// transaction that ends the session. After the commit the caller may wake the worker by
/// [`JobNotifier`](outbox::JobNotifier).
pub async fn enqueue_logouts(
    tx: &mut UnitOfWork<'_>,
    master_key: &MasterKey,
    session_id: &SessionId,
    account_id: &AccountId,
) -> anyhow::Result<()> {
    let now = tx.now;
    for party in store::list_recipients(tx, session_id).await? {
        if party.backchannel_uri().is_none() {
            continue;
        }
        if store::count_waiting(tx, &party.client_id, MAX_WAITING_PER_CLIENT).await? >= MAX_WAITING_PER_CLIENT {
            tracing::warn!(client = party.client_id.as_str(), "too many sign-outs wait for it, this one is given up");
            let id = row_id(now, tx.rng);
            store::insert(tx, now, &id, &party, Some("too many waited for it")).await?;
            continue;
        }
        let sub = subjects::ops::find_subject(master_key, tx, &party.meta, account_id).await?;
        let intent = LogoutIntent {
            client_id: party.client_id.clone(),
            sid: party.sid.clone(),
            account_id: account_id.clone(),
            sub: Some(sub),
        };
        let body = serde_json::to_string(&intent)?;
        let id = outbox::enqueue(tx, master_key, JobKind::BackchannelLogout, &body).await?;
        store::insert(tx, now, &id, &party, None).await?;
    }
    Ok(())
}
