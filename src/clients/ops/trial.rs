//! The trial of a client: for its first days a hundred persons may sign in there.

use crate::app::Operation;
use crate::base::typed_ids::AccountId;
use crate::clients::Client;
use crate::clients::store::trial;
use crate::db::Durability;

/// The maximum number of persons of a trial.
pub const MAX_TRIAL_PERSONS: i64 = 100;

/// Returns true if a person may sign in at the client: it is not on trial, or the person is one of the first.
pub async fn admit(op: &Operation<'_>, client: &Client, account_id: &AccountId) -> anyhow::Result<bool> {
    if !client.is_on_trial(op.now) {
        return Ok(true);
    }
    let mut tx = op.app.db.read().await?;
    if trial::is_in(&mut tx, &client.id, account_id).await? {
        return Ok(true);
    }
    // A full trial writes nothing, however many come.
    if trial::count(&mut tx, &client.id).await? >= MAX_TRIAL_PERSONS {
        return Ok(false);
    }
    drop(tx);
    let mut tx = op.write(Durability::Relaxed).await?;
    let admitted = trial::enter(&mut tx, op.now, (&client.id, account_id), MAX_TRIAL_PERSONS).await?;
    tx.commit().await?;
    Ok(admitted)
}
