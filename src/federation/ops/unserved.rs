//! The end of what upstreams vouched for that serve no more (docs/threats.md#attack-a14): an operator disables one
//! because it is not to be believed, and its people are signed in at services still.

use std::collections::BTreeSet;

use crate::app::Operation;
use crate::db::Durability;
use crate::federation::store;
use crate::outbox::JobKind;
use crate::{grants, sessions};

/// The sessions, and the accounts, of one transaction: SQLite's other writers wait for it.
const BATCH_ROWS: i64 = 200;

/// Ends the sessions that began through upstreams which serve no more, by id, and the refresh tokens of the accounts that
/// they made; services are told.
///
/// # Errors
/// The database fails; what was ended stays ended.
pub async fn end_unserved(op: &Operation<'_>, upstreams: &BTreeSet<String>) -> anyhow::Result<()> {
    let app = op.app;
    for upstream in upstreams {
        let mut ended = 0;
        loop {
            let mut tx = op.write(Durability::Durable).await?;
            let count = sessions::ops::end_of_upstream(&mut tx, &app.master_key, upstream, BATCH_ROWS).await?;
            let accounts = store::list_accounts_with_tokens(&mut tx, upstream, BATCH_ROWS).await?;
            for account in &accounts {
                grants::ops::revoke_for_account(&mut tx, account).await?;
            }
            tx.commit().await?;
            if count == 0 && accounts.is_empty() {
                break;
            }
            ended += count;
        }
        if ended > 0 {
            tracing::warn!(%upstream, ended, "sessions ended: their upstream serves no more");
            app.job_notifier.notify(JobKind::BackchannelLogout);
        }
    }
    Ok(())
}
