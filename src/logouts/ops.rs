//! Writing the intent.

use super::{Intent, MOST_WAITING, store};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::ids::row_id;
use crate::db::Tx;
use crate::outbox::{self, JobKind};

/// Has every client of an ended session told that has an address for it (BCL 2.5), in the transaction that ends it.
/// After the commit the outbox's bell may be rung.
pub async fn tell(tx: &mut Tx, app: &App, now: Timestamp, session_id: &str, account_id: &str) -> anyhow::Result<()> {
    for party in store::parties(tx, session_id).await? {
        if party.backchannel_uri().is_none() {
            continue;
        }
        let rng = app.rng.as_ref();
        if store::waiting(tx, &party.client_id, MOST_WAITING).await? >= MOST_WAITING {
            tracing::warn!(client = party.client_id, "too many sign-outs wait for it, this one is given up");
            store::insert(tx, now, &row_id(now, rng), &party, Some("too many waited for it")).await?;
            continue;
        }
        let intent =
            Intent { client_id: party.client_id.clone(), sid: party.sid.clone(), account_id: account_id.to_owned() };
        let body = serde_json::to_string(&intent)?;
        let id = outbox::enqueue(tx, &app.vault, rng, now, JobKind::BackchannelLogout, &body).await?;
        store::insert(tx, now, &id, &party, None).await?;
    }
    Ok(())
}
